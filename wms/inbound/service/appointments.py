"""A dock kept free for a booking's lorry. The docks' rows are locked: two lorries never get one dock at one time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, invalid_fields, not_found
from wms.facility.models import Location, LocationKind, Warehouse
from wms.inbound import docks as calendar
from wms.inbound import rules
from wms.inbound.docks import Hours
from wms.inbound.models import DockAppointment, DockHours
from wms.inbound.queries.appointments import dock_hours, taken_times
from wms.inbound.service.loading import load_booking_to_edit, refused_now
from wms.inbound.workflow import APPOINTMENT, AppointmentState, BookingState
from wms.platform.database import session
from wms.platform.locks import Rank, lock

# Before anything is here; what has begun to arrive is at its dock.
_AWAITED = frozenset({BookingState.SUBMITTED.value, BookingState.IN_TRANSIT.value})


def make_appointment(
    actor: Actor, booking_id: uuid.UUID, starts_at: datetime, minutes: int, *, dock: str | None = None, note: str = ""
) -> DockAppointment:
    """An appointment for a submitted booking, in the place of the one it has. Without `dock` (a code) the first dock
    that is free then.

    Refuses `docks_taken` with the next time that is free (`free_from`), `not_allowed_now` (a draft, or here already),
    and at its field a time or dock that cannot be, or at which no dock takes lorries (`docks_closed`).
    """
    booking = load_booking_to_edit(actor, booking_id)
    if booking.state not in _AWAITED:
        raise refused_now("appoint", booking.state)
    faults = rules.appointment_faults(starts_at, minutes, clock.now())
    if faults:
        raise invalid_fields(faults)
    docks = _docks(booking.warehouse_id, dock)
    ends_at = starts_at + timedelta(minutes=minutes)
    former = _booked(booking_id)
    if former is not None:
        former.state = APPOINTMENT.apply("cancel", former.state).value
        session().flush()
    zone = ZoneInfo(session().get_one(Warehouse, booking.warehouse_id).time_zone)
    hours = dock_hours([each.id for each in docks])
    opened = [each for each in docks if calendar.is_open(hours[each.id], starts_at, ends_at, zone)]
    if not opened:
        raise invalid("/starts_at", "docks_closed")
    taken = taken_times([each.id for each in docks], starts_at)
    place = next((each for each in opened if calendar.is_free(taken[each.id], starts_at, ends_at)), None)
    if place is None:
        found = [
            calendar.next_free(hours[each.id], taken[each.id], starts_at, ends_at - starts_at, zone) for each in docks
        ]
        raise _taken(min((each for each in found if each is not None), default=None))
    made = DockAppointment(
        id=new_id(), warehouse_id=booking.warehouse_id, location_id=place.id, owner_id=booking.owner_id,
        booking_id=booking_id, starts_at=starts_at, ends_at=ends_at, state=APPOINTMENT.initial.value, note=note,
        made_by=actor.id, made_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    booking.version += 1
    booking.updated_at = clock.now()
    session().flush()
    return made


def cancel_appointment(actor: Actor, booking_id: uuid.UUID) -> DockAppointment:
    """The dock is free again. Refuses `no_appointment`."""
    booking = load_booking_to_edit(actor, booking_id)
    found = _booked(booking_id)
    if found is None:
        raise Refused("no_appointment", {})
    found.state = APPOINTMENT.apply("cancel", found.state).value
    booking.version += 1
    booking.updated_at = clock.now()
    session().flush()
    return found


def _docks(warehouse_id: uuid.UUID, code: str | None) -> Sequence[Location]:
    """The docks that may serve, locked."""
    query = select(Location.id).where(
        Location.warehouse_id == warehouse_id, Location.kind == LocationKind.DOCK.value, Location.is_active
    )
    if code is not None:
        query = query.where(Location.code == code)
    docks = lock(Rank.DOCUMENT, Location, session().scalars(query))
    if not docks:
        raise invalid("/dock", "no_dock")
    return sorted(docks, key=lambda each: each.code)


def _booked(booking_id: uuid.UUID) -> DockAppointment | None:
    query = select(DockAppointment).where(
        DockAppointment.booking_id == booking_id, DockAppointment.state == AppointmentState.BOOKED.value
    )
    return session().scalar(query.execution_options(populate_existing=True))


def _taken(free_from: datetime | None) -> Refused:
    if free_from is None:
        return Refused("docks_taken_long", {"days": calendar.LOOK_AHEAD.days})
    return Refused("docks_taken", {"free_from": free_from.isoformat(timespec="minutes")})


def set_dock_hours(actor: Actor, location_id: uuid.UUID, hours: Sequence[Hours]) -> None:
    """When a dock takes lorries from now on; none: at any time. Appointments that stand stay. 404 for no dock that the actor
    sees; refuses, at its weekday, hours that end before they begin.
    """
    dock = session().get(Location, location_id)
    if dock is None or dock.kind != LocationKind.DOCK or not actor.sees_warehouse(dock.warehouse_id):
        raise not_found("dock")
    if not (actor.is_staff and actor.may(Permission.EXCEPTIONS_MANAGE)):
        raise not_found("dock")
    faults = calendar.hours_faults(hours)
    if faults:
        raise invalid_fields(faults)
    lock(Rank.DOCUMENT, Location, [location_id])
    session().execute(delete(DockHours).where(DockHours.location_id == location_id))
    session().add_all([DockHours(location_id=location_id, **vars(each)) for each in hours])
    session().flush()
