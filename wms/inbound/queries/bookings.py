"""Reads of inbound, always within the actor's sellers and warehouses."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select, text

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.inbound.models import Booking, Carton, CartonLine, CartonTally, Difference, Receipt
from wms.inbound.queries.lots import LineLots, lots_of_lines
from wms.inbound.workflow import BookingState
from wms.inventory.models import Lot
from wms.platform.database import session
from wms.platform.listing import Listing, in_order


def in_scope(statement: Select[Any], actor: Actor) -> Select[Any]:
    if actor.seller_ids is not None:
        statement = statement.where(Booking.owner_id.in_(actor.seller_ids))
    if actor.warehouse_ids is not None:
        statement = statement.where(Booking.warehouse_id.in_(actor.warehouse_ids))
    return statement


def load_booking(actor: Actor, booking_id: uuid.UUID) -> Booking:
    """404 outside the actor's sellers and warehouses."""
    booking = session().get(Booking, booking_id, populate_existing=True)
    if booking is None or not actor.sees_seller(booking.owner_id) or not actor.sees_warehouse(booking.warehouse_id):
        raise not_found("booking")
    return booking


BOOKINGS = Listing(
    "booking", BookingState.COMPLETED.value, (
        "SELECT id FROM booking WHERE tracking_number = :search",
        "SELECT booking_id FROM carton WHERE barcode = upper(:search)",
    ),
)  # fmt: skip


def bookings_page(
    actor: Actor,
    *,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
    state: str | None = None,
    reference: str | None = None,
    warehouse: str | None = None,
    updated_since: datetime | None = None,
) -> list[dict[str, Any]]:
    """Headers of bookings, newest first; `after` is (created_at, id) of the last one seen."""
    found = BOOKINGS.page(
        actor, states=() if state is None else (state,), reference=reference, warehouse=warehouse,
        updated_since=updated_since, after=after, limit=limit,
    )  # fmt: skip
    rows = session().execute(_headers().where(Booking.id.in_(found))).all()
    return [dict(row._mapping) for row in in_order(found, rows)]


def _headers() -> Select[Any]:
    columns = [getattr(Booking, name) for name in _HEADER]
    return (
        select(*columns, Seller.code.label("seller"), Warehouse.code.label("warehouse"))
        .join(Seller, Seller.id == Booking.owner_id)
        .join(Warehouse, Warehouse.id == Booking.warehouse_id)
    )


_HEADER = (
    "id", "number", "reference", "state", "version", "owner_id", "warehouse_id", "transport", "expected_on",
    "tracking_number", "container_number", "air_waybill", "remark", "carton_count",
    "dock_cartons", "created_at", "updated_at", "submitted_at",
    "arrived_at", "received_at", "completed_at", "closed_at", "cancelled_at", "transfer_order_id", "counting",
    "count_blind",
)  # fmt: skip
_CARTON = (
    "id", "number", "barcode", "pallet", "reference_box_no", "state", "declared_weight_g", "declared_length_mm",
    "declared_width_mm", "declared_height_mm", "measured_weight_g", "measured_length_mm", "measured_width_mm",
    "measured_height_mm", "arrived_at", "counted_at", "stowed_at", "counting", "recount_at",
)  # fmt: skip


def booking_detail(actor: Actor, booking_id: uuid.UUID) -> dict[str, Any]:
    """A booking with its cartons and lines: declared, received, put away, what differs, and, where it was counted blind
    and twice, what was counted first.
    """
    header = session().execute(in_scope(_headers(), actor).where(Booking.id == booking_id)).one_or_none()
    if header is None:
        raise not_found("booking")
    columns = [getattr(Carton, name) for name in _CARTON]
    cartons = session().execute(select(*columns).where(Carton.booking_id == booking_id).order_by(Carton.number))
    lines = _lines(CartonLine.booking_id == booking_id)
    shown = [{**row._mapping, "lines": lines[row.id]} for row in cartons]
    first = _first_counts(booking_id)
    for carton in shown:
        for line in carton["lines"]:
            line["first_count"] = first[carton["id"]].get(line["product_id"], 0) if carton["id"] in first else None
    every = [line for each in lines.values() for line in each]
    names = ("declared", "received", "put_away", "unaccounted")
    totals = {name: sum(line[name] for line in every) for name in names}
    return {**header._mapping, "totals": totals, "cartons": shown}


def _lines(condition: Any) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Lines by carton with their differences and lots."""
    statement = select(CartonLine, Product.sku).join(Product, Product.id == CartonLine.product_id).where(condition)
    ordered = statement.order_by(CartonLine.position, CartonLine.id).execution_options(populate_existing=True)
    rows = session().execute(ordered).all()
    lots = lots_of_lines([line.id for line, _ in rows])
    differing: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    found = select(Difference.carton_line_id, Difference.kind, Difference.quantity)
    joined = found.join(CartonLine, CartonLine.id == Difference.carton_line_id).where(condition)
    for line_id, kind, quantity in session().execute(joined.order_by(Difference.kind)):
        differing[line_id][kind] = quantity
    by_carton: dict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for line, sku in rows:
        by_carton[line.carton_id].append(_line(line, sku, differing[line.id], lots[line.id]))
    return by_carton


def _first_counts(booking_id: uuid.UUID) -> dict[uuid.UUID, dict[uuid.UUID, int]]:
    """What the first of two blind counts said, by carton and product; not while the second goes on."""
    over = or_(Carton.counting != "blind", Carton.counted_at.is_not(None))
    twice = select(Carton.id).where(Carton.booking_id == booking_id, Carton.recount_at.is_not(None), over)
    found: dict[uuid.UUID, dict[uuid.UUID, int]] = {carton_id: {} for carton_id in session().scalars(twice)}
    if not found:
        return found
    columns = (CartonTally.carton_id, CartonTally.product_id)
    first = select(*columns, func.sum(CartonTally.quantity)).where(
        CartonTally.carton_id.in_(found), ~CartonTally.is_second, ~CartonTally.is_taken_back
    )
    for carton_id, product_id, units in session().execute(first.group_by(*columns)):
        found[carton_id][product_id] = int(units)
    return found


def _line(line: CartonLine, sku: str, differences: dict[str, int], lots: LineLots) -> dict[str, Any]:
    received = line.received_good + line.received_damaged
    return {
        "id": line.id, "product_id": line.product_id, "sku": sku, "declared": line.declared, "received": received,
        "received_good": line.received_good, "received_damaged": line.received_damaged,
        "unaccounted": line.unaccounted, "put_away": line.put_away, "difference": received - line.declared,
        "differences": differences, "lots": lots.announced, "came": lots.came,
    }  # fmt: skip


class CartonCard(NamedTuple):
    """What a screen shows of a scanned carton: n of N of which booking, and its lines (as of `booking_detail`)."""

    id: uuid.UUID
    barcode: str
    reference_box_no: str | None
    number: int
    total: int
    state: str
    booking_id: uuid.UUID
    booking_number: str
    booking_state: str
    booking_version: int
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    handling_unit_id: uuid.UUID | None


def _cards() -> Select[Any]:
    columns: tuple[Any, ...] = (
        Carton.id, Carton.barcode, Carton.reference_box_no, Carton.number, Booking.carton_count, Carton.state,
        Booking.id, Booking.number, Booking.state, Booking.version, Booking.owner_id, Booking.warehouse_id,
        Carton.handling_unit_id,
    )  # fmt: skip
    return select(*columns).join(Booking, Booking.id == Carton.booking_id)


def cartons_by_code(actor: Actor, code: str, warehouse_id: uuid.UUID | None = None) -> list[CartonCard]:
    """Cartons that a scanned code means: our label first; else the seller's box number, in one warehouse if given.

    More than one where sellers' box numbers repeat: the screen then asks whose it is.
    """
    upper = code.upper() if code.isascii() else code
    found = session().execute(in_scope(_cards(), actor).where(Carton.barcode == upper)).all()
    if not found:
        by_box = in_scope(_cards(), actor).where(Carton.reference_box_no == code).order_by(Booking.id.desc()).limit(7)
        if warehouse_id is not None:
            by_box = by_box.where(Booking.warehouse_id == warehouse_id)
        found = session().execute(by_box).all()
    return [CartonCard(*row) for row in found]


def carton_by_barcode(actor: Actor, barcode: str) -> CartonCard:
    """The carton under our label; 404 outside the actor's scope."""
    found = session().execute(in_scope(_cards(), actor).where(Carton.barcode == barcode.upper())).one_or_none()
    if found is None:
        raise not_found("carton")
    return CartonCard(*found)


def carton_by_id(actor: Actor, carton_id: uuid.UUID) -> CartonCard:
    """404 outside the actor's scope."""
    found = session().execute(in_scope(_cards(), actor).where(Carton.id == carton_id)).one_or_none()
    if found is None:
        raise not_found("carton")
    return CartonCard(*found)


def cartons_in_work(actor: Actor, warehouse_id: uuid.UUID, states: Iterable[str]) -> list[CartonCard]:
    """Cartons of a warehouse in these states, the oldest booking first: what the dock and the trolley have before
    them.
    """
    statement = in_scope(_cards(), actor).where(Carton.warehouse_id == warehouse_id, Carton.state.in_(list(states)))
    return [CartonCard(*row) for row in session().execute(statement.order_by(Booking.id, Carton.number).limit(500))]


def carton_lines(carton_id: uuid.UUID) -> list[dict[str, Any]]:
    """The lines of a carton that the caller has loaded, as in `booking_detail`."""
    return _lines(CartonLine.carton_id == carton_id)[carton_id]


class DockStock(NamedTuple):
    """Goods counted and not yet put away: one row for each carton, product, lot and condition."""

    carton_id: uuid.UUID
    carton_barcode: str
    booking_number: str
    owner_id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    lot_id: uuid.UUID | None
    batch: str | None
    expires_on: Any
    condition: str
    on_hand: int
    carton_state: str


_DOCK = text(
    "SELECT c.id, c.barcode, k.number, b.owner_id, b.product_id, p.sku, b.lot_id, t.batch, t.expires_on, b.condition,"
    " b.on_hand, c.state FROM carton c JOIN booking k ON k.id = c.booking_id"
    " JOIN balance b ON b.handling_unit_id = c.handling_unit_id AND b.is_there JOIN product p ON p.id = b.product_id"
    " LEFT JOIN lot t ON t.id = b.lot_id WHERE c.warehouse_id = :warehouse"
    " AND c.state IN ('counting', 'counted', 'stowing') AND (CAST(:carton AS uuid) IS NULL OR c.id = :carton)"
    " ORDER BY c.arrived_at, c.id, p.sku, b.id LIMIT 1000"
)


def dock_stock(actor: Actor, warehouse_id: uuid.UUID, carton_id: uuid.UUID | None = None) -> list[DockStock]:
    """What waits to be put away in a warehouse (待上架), or of one carton."""
    if not actor.is_staff or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    rows = session().execute(_DOCK, {"warehouse": warehouse_id, "carton": carton_id})
    return [DockStock(*row) for row in rows]


def receipts_page(
    actor: Actor, booking_id: uuid.UUID, *, after: uuid.UUID | None = None, limit: int = 200
) -> list[dict[str, Any]]:
    """What was counted of a booking, in order, with what was taken back."""
    load_booking(actor, booking_id)
    statement = (
        select(
            Receipt.id, Receipt.act_id, Carton.number.label("carton"), Receipt.product_id, Product.sku, Lot.batch,
            Lot.expires_on, Receipt.condition, Receipt.quantity, Receipt.is_surplus.label("unaccounted"),
            Receipt.undone_by.is_not(None).label("undone"), Receipt.posting_id, Receipt.counted_at,
        )
        .join(Carton, Carton.id == Receipt.carton_id)
        .join(Product, Product.id == Receipt.product_id)
        .outerjoin(Lot, Lot.id == Receipt.lot_id)
        .where(Receipt.booking_id == booking_id)
    )  # fmt: skip
    if after is not None:
        statement = statement.where(Receipt.id > after)
    return [dict(row._mapping) for row in session().execute(statement.order_by(Receipt.id).limit(limit))]
