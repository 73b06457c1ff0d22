"""The docks' calendar, and the appointment of a booking."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from wms.core import clock
from wms.core.actor import Actor
from wms.facility.models import Location, LocationKind, Warehouse
from wms.identity.models import Seller
from wms.inbound.docks import Hours, Offer, offers
from wms.inbound.models import Booking, DockAppointment, DockHours
from wms.inbound.queries.bookings import in_scope, load_booking
from wms.inbound.rules import AHEAD_DAYS, MAX_APPOINTMENT
from wms.inbound.workflow import AppointmentState
from wms.platform.database import session


def _rows() -> Select[Any]:
    columns: tuple[Any, ...] = (
        DockAppointment.id, DockAppointment.starts_at, DockAppointment.ends_at, DockAppointment.state,
        DockAppointment.note, Location.code.label("dock"), Booking.id.label("booking_id"),
        Booking.number.label("booking"), Booking.carton_count, Booking.transport, Booking.container_number,
        Booking.state.label("booking_state"), Seller.code.label("seller"), Warehouse.time_zone,
    )  # fmt: skip
    return (
        select(*columns)
        .join(Location, Location.id == DockAppointment.location_id)
        .join(Booking, Booking.id == DockAppointment.booking_id)
        .join(Seller, Seller.id == Booking.owner_id)
        .join(Warehouse, Warehouse.id == DockAppointment.warehouse_id)
    )


def appointment_of(actor: Actor, booking_id: uuid.UUID) -> dict[str, Any] | None:
    """The appointment that a booking has or had kept; None without one. 404 outside the actor's scope."""
    load_booking(actor, booking_id)
    query = _rows().where(
        DockAppointment.booking_id == booking_id, DockAppointment.state != AppointmentState.CANCELLED.value
    )
    row = session().execute(query.order_by(DockAppointment.id.desc()).limit(1)).one_or_none()
    return None if row is None else dict(row._mapping)


def dock_hours(dock_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[Hours]]:
    """By dock, Monday first; none: at any time."""
    found: dict[uuid.UUID, list[Hours]] = defaultdict(list)
    query = select(DockHours).where(DockHours.location_id.in_(dock_ids)).order_by(DockHours.weekday)
    for row in session().scalars(query.execution_options(populate_existing=True)):
        found[row.location_id].append(Hours(row.weekday, row.opens, row.closes))
    return found


def taken_times(
    dock_ids: Collection[uuid.UUID], since: datetime, besides: uuid.UUID | None = None
) -> dict[uuid.UUID, list[tuple[datetime, datetime]]]:
    """What is booked at each dock and not over by then, in order; without what one booking has there."""
    query = select(DockAppointment.location_id, DockAppointment.starts_at, DockAppointment.ends_at).where(
        DockAppointment.location_id.in_(dock_ids), DockAppointment.state != AppointmentState.CANCELLED.value,
        DockAppointment.starts_at > since - timedelta(minutes=MAX_APPOINTMENT), DockAppointment.ends_at > since,
    )  # fmt: skip
    if besides is not None:
        query = query.where(DockAppointment.booking_id != besides)
    found: dict[uuid.UUID, list[tuple[datetime, datetime]]] = {key: [] for key in dock_ids}
    for dock_id, starts_at, ends_at in session().execute(query.order_by(DockAppointment.starts_at)):
        found[dock_id].append((starts_at, ends_at))
    return found


def offered_times(actor: Actor, booking_id: uuid.UUID, day: date | None, minutes: int) -> list[Offer]:
    """The times of a day (None: today), by the warehouse's calendar, that a booking may choose from: docks that take lorries
    then and are free for so long. Its own appointment stands in nobody's way. None in the past, nor further ahead than one
    may appoint.
    """
    booking = load_booking(actor, booking_id)
    zone, now = ZoneInfo(session().get_one(Warehouse, booking.warehouse_id).time_zone), clock.now()
    today = now.astimezone(zone).date()
    day = day or today
    if not 0 <= (day - today).days <= AHEAD_DAYS:
        return []
    query = select(Location.id, Location.code).where(
        Location.warehouse_id == booking.warehouse_id, Location.kind == LocationKind.DOCK.value, Location.is_active
    )
    docks = {row.id: row.code for row in session().execute(query.order_by(Location.code))}
    hours, taken = dock_hours(docks), taken_times(docks, datetime.combine(day, time(), zone), besides=booking_id)
    return list(offers({code: (hours[key], taken[key]) for key, code in docks.items()}, day, minutes, zone, now))


def dock_calendar(actor: Actor, warehouse_id: uuid.UUID, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The appointments of a warehouse that begin within these instants, in order."""
    query = in_scope(_rows(), actor).where(
        DockAppointment.warehouse_id == warehouse_id, DockAppointment.state != AppointmentState.CANCELLED.value,
        DockAppointment.starts_at >= since, DockAppointment.starts_at < until,
    )  # fmt: skip
    rows = session().execute(query.order_by(DockAppointment.starts_at, Location.code).limit(500))
    return [dict(row._mapping) for row in rows]
