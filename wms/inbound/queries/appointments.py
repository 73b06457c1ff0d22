"""The docks' calendar, and the appointment of a booking."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from wms.core.actor import Actor
from wms.facility.models import Location, Warehouse
from wms.identity.models import Seller
from wms.inbound.models import Booking, DockAppointment
from wms.inbound.queries.bookings import in_scope, load_booking
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


def dock_calendar(actor: Actor, warehouse_id: uuid.UUID, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The appointments of a warehouse that begin within these instants, in order."""
    query = in_scope(_rows(), actor).where(
        DockAppointment.warehouse_id == warehouse_id, DockAppointment.state != AppointmentState.CANCELLED.value,
        DockAppointment.starts_at >= since, DockAppointment.starts_at < until,
    )  # fmt: skip
    rows = session().execute(query.order_by(DockAppointment.starts_at, Location.code).limit(500))
    return [dict(row._mapping) for row in rows]
