"""What stands at the dock: bookings that a lorry brings, and what no booking announces."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.inbound import rules
from wms.inbound.models import Booking, Carton, InboundFile, UnidentifiedArrival
from wms.inbound.queries.bookings import in_scope
from wms.inbound.workflow import WORKABLE, CartonState
from wms.platform.database import session
from wms.platform.files import read_file


def unidentified_arrivals(actor: Actor, warehouse_id: uuid.UUID) -> Sequence[UnidentifiedArrival]:
    """The open entries of a warehouse's register, oldest first."""
    if not actor.is_staff or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    statement = select(UnidentifiedArrival).where(
        UnidentifiedArrival.warehouse_id == warehouse_id, UnidentifiedArrival.closed_at.is_(None)
    )
    return session().scalars(statement.order_by(UnidentifiedArrival.id)).all()


def bookings_on_lorry(actor: Actor, code: str) -> list[dict[str, Any]]:
    """Bookings with cartons still awaited that a code at the gate means: a container, a waybill or tracking number, or
    a booking's own number; with what is awaited by pallet.
    """
    number = rules.plain_number(code) or ""
    waybill = rules.plain_waybill(code)
    awaited = func.count(Carton.id).filter(Carton.state == CartonState.DECLARED.value)
    columns: tuple[Any, ...] = (
        Booking.id, Booking.number, Booking.state, Booking.transport, Booking.container_number,
        Booking.tracking_number, Booking.air_waybill, Booking.carton_count, Booking.dock_cartons,
        Seller.code.label("seller"), Warehouse.code.label("warehouse"), awaited.label("awaited"),
        func.array_agg(Carton.pallet.distinct())
        .filter(Carton.pallet.is_not(None), Carton.state == CartonState.DECLARED.value).label("pallets"),
    )  # fmt: skip
    named = or_(
        Booking.container_number == number, Booking.tracking_number == code, Booking.air_waybill == waybill,
        Booking.number == code.upper(),
    )  # fmt: skip
    statement = (
        select(*columns)
        .join(Carton, Carton.booking_id == Booking.id)
        .join(Seller, Seller.id == Booking.owner_id)
        .join(Warehouse, Warehouse.id == Booking.warehouse_id)
        .where(named, Booking.state.in_([state.value for state in WORKABLE]))
        .group_by(Booking.id, Seller.code, Warehouse.code).order_by(Booking.id).limit(100)
    )  # fmt: skip
    statement = in_scope(statement, actor)
    return [dict(row._mapping) for row in session().execute(statement)]


def arrivals_by_code(actor: Actor, code: str) -> list[dict[str, Any]]:
    """Open entries of the register whose label says exactly this. Sellers see them so and never listed."""
    if len(code) < rules.MIN_CODE:
        return []
    statement = (
        select(UnidentifiedArrival.id, UnidentifiedArrival.code, UnidentifiedArrival.state,
               UnidentifiedArrival.registered_at, Warehouse.code.label("warehouse"), Warehouse.time_zone)
        .join(Warehouse, Warehouse.id == UnidentifiedArrival.warehouse_id)
        .where(UnidentifiedArrival.code == code, UnidentifiedArrival.closed_at.is_(None))
    )  # fmt: skip
    if actor.warehouse_ids is not None:
        statement = statement.where(UnidentifiedArrival.warehouse_id.in_(actor.warehouse_ids))
    rows = session().execute(statement.order_by(UnidentifiedArrival.id).limit(10))
    return [dict(row._mapping) for row in rows]


def arrivals_register(actor: Actor) -> list[dict[str, Any]]:
    """The open entries of the actor's warehouses with who claims them and their photos, claimed ones first."""
    photos = select(func.array_agg(InboundFile.id)).where(InboundFile.arrival_id == UnidentifiedArrival.id)
    statement = (
        select(UnidentifiedArrival, Warehouse.code.label("warehouse"), Warehouse.time_zone,
               Seller.code.label("claimed_by"), photos.scalar_subquery().label("photos"))
        .join(Warehouse, Warehouse.id == UnidentifiedArrival.warehouse_id)
        .outerjoin(Seller, Seller.id == UnidentifiedArrival.claimed_owner_id)
        .where(UnidentifiedArrival.closed_at.is_(None))
    )  # fmt: skip
    if not actor.is_staff:
        raise not_found("warehouse")
    if actor.warehouse_ids is not None:
        statement = statement.where(UnidentifiedArrival.warehouse_id.in_(actor.warehouse_ids))
    rows = session().execute(statement.order_by(UnidentifiedArrival.state, UnidentifiedArrival.id).limit(200))
    return [
        {"arrival": row[0], "warehouse": row.warehouse, "time_zone": row.time_zone, "claimed_by": row.claimed_by,
         "photos": row.photos or []}
        for row in rows
    ]  # fmt: skip


def arrival_photo(actor: Actor, file_id: uuid.UUID) -> tuple[bytes, str, str]:
    """A photo of an open entry, for the warehouse's people: (bytes, media type, name)."""
    row = session().get(InboundFile, file_id)
    arrival = session().get(UnidentifiedArrival, row.arrival_id) if row is not None and row.arrival_id else None
    if row is None or arrival is None or not actor.is_staff or not actor.sees_warehouse(arrival.warehouse_id):
        raise not_found("file")
    name = row.name
    found = read_file(row.file_id)
    if found is None:
        raise not_found("file")
    return found[0], found[1], name
