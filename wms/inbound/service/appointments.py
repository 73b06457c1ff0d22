"""A dock kept free for a booking's lorry. The docks' rows are locked: two lorries never get one dock at one time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, invalid, invalid_fields
from wms.facility.models import Location, LocationKind
from wms.inbound import rules
from wms.inbound.models import DockAppointment
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
    and at its field a time or dock that cannot be.
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
    taken = _taken([each.id for each in docks], starts_at)
    place = next((each for each in docks if _is_free(taken[each.id], starts_at, ends_at)), None)
    if place is None:
        free_from = min(_free_from(taken[each.id], starts_at, ends_at - starts_at) for each in docks)
        raise Refused("docks_taken", {"free_from": free_from.isoformat(timespec="minutes")})
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


Times = list[tuple[datetime, datetime]]


def _taken(dock_ids: Sequence[uuid.UUID], since: datetime) -> dict[uuid.UUID, Times]:
    """What is booked at each dock and not over by then, in order."""
    query = select(DockAppointment.location_id, DockAppointment.starts_at, DockAppointment.ends_at).where(
        DockAppointment.location_id.in_(dock_ids), DockAppointment.state != AppointmentState.CANCELLED.value,
        DockAppointment.starts_at > since - timedelta(minutes=rules.MAX_APPOINTMENT), DockAppointment.ends_at > since,
    )  # fmt: skip
    found: dict[uuid.UUID, Times] = {key: [] for key in dock_ids}
    for dock_id, starts_at, ends_at in session().execute(query.order_by(DockAppointment.starts_at)):
        found[dock_id].append((starts_at, ends_at))
    return found


def _is_free(taken: Times, starts_at: datetime, ends_at: datetime) -> bool:
    return all(end <= starts_at or ends_at <= start for start, end in taken)


def _free_from(taken: Times, starts_at: datetime, length: timedelta) -> datetime:
    """The first time from then on at which the dock is free for so long."""
    at = starts_at
    for start, end in taken:
        if at + length <= start:
            break
        at = max(at, end)
    return at
