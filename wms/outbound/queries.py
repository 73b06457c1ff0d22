"""Reads of orders and work. What callers show, and what `returns` needs to know of what was shipped."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.addresses import warnings_of
from wms.core.ids import parse_id
from wms.facility.models import HandlingUnit
from wms.facility.queries import codes_of
from wms.outbound.deadlines import risk
from wms.outbound.extras.queries import buyers_ids, extras_of
from wms.outbound.kinds import boxes, fba, pick_up, transfers
from wms.outbound.kinds.models import FbaLine
from wms.outbound.models import (
    Consignee,
    Demand,
    Destruction,
    Interception,
    LearnedTare,
    LearnedWeight,
    Order,
    OrderHold,
    OrderLine,
)
from wms.outbound.routing.queries import route_of
from wms.outbound.rules import DESTRUCTION, TRANSFER, WITHOUT_BUYER, WITHOUT_SERVICE, changeable
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.listing import Listing, in_order
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement
from wms.shipping.models import ParcelState
from wms.shipping.queries import brings_labels, live_parcels

_SHIPPING = Statement(
    "SELECT s.id AS service_id, s.code, p.id AS parcel_id, p.tracking_number, p.weight_g, p.state, p.units,"
    " k.name AS packaging FROM (SELECT CAST(:service AS uuid) AS id) wanted LEFT JOIN service s ON s.id = wanted.id"
    " LEFT JOIN parcel p ON p.shipment_id = :shipment LEFT JOIN packaging k ON k.id = p.packaging_id ORDER BY p.n"
)


# Of the buyer; never the ID number.
SHOWN = (
    "name", "company", "phone", "email", "country", "state", "city", "district", "postcode", "address1", "address2", "address3",
)  # fmt: skip


def order_detail(order: Order) -> dict[str, Any]:
    """One order as its seller sees it, with consignee (never the ID number)."""
    consignee = session().get_one(Consignee, order.id)
    shipping = _SHIPPING.all({"shipment": order.shipment_id, "service": order.service_id})
    contents = boxes.contents_of(order.id)
    return {
        **order_row(order, codes_of({order.warehouse_id})[order.warehouse_id]),
        "service": shipping[0].code,
        "remark": order.remark,
        "cancel_reason": order.cancel_reason,
        "consignee": {name: getattr(consignee, name) for name in SHOWN} | buyers_ids(consignee),
        **extras_of(order.id),
        "brings_labels": brings_labels(order.service_id),
        "route": route_of(order.id),
        "lines": _lines(order.id),
        "parcels": [
            {"tracking_number": row.tracking_number, "weight_g": row.weight_g, "state": row.state, "units": row.units,
             "packaging": row.packaging, "contents": contents.get(row.parcel_id, [])}
            for row in shipping
            if row.parcel_id is not None
        ],
        "destruction": _destruction(order),
        "to_warehouse": _goes_to(order),
        "pick_up": pick_up.facts(order),
        "fba": fba.facts(order),
        "back_order_of": order.back_order_of,
        "back_orders": list(session().scalars(select(Order.id).where(Order.back_order_of == order.id).order_by(Order.id))),
        "changeable": sorted(changeable_now(order)),
        "address_warnings": address_warnings(consignee) if _is_addressed(order, consignee) else [],
        "holds": holds_of(order.id),
        "interceptions": interceptions_of(order.id),
    }  # fmt: skip


def _is_addressed(order: Order, consignee: Consignee) -> bool:
    """Whether somebody carries it to an address that its seller gave, and that is not forgotten yet."""
    return consignee.erased_at is None and order.kind not in WITHOUT_BUYER | WITHOUT_SERVICE


def address_warnings(consignee: Consignee) -> list[dict[str, Any]]:
    """What looks wrong with an address, in the reader's words; by the rules of today, whatever they were when it came."""
    found = warnings_of({name: getattr(consignee, name) for name in SHOWN})
    return [
        {
            "field": each.field, "code": each.code, "params": dict(each.params),
            "message": refusal_texts.translate(each.code, each.params),
        }
        for each in found
    ]  # fmt: skip


def changeable_now(order: Order) -> frozenset[str]:
    """What may change of an order as it stands: what is offered, and all that is not refused."""
    boxes = live_parcels(order.shipment_id) if order.shipment_id is not None else []
    closed = any(each.state != ParcelState.OPEN.value for each in boxes)
    return changeable(order.state, order.customs_state, order.kind, box_closed=closed)


def _destruction(order: Order) -> dict[str, Any] | None:
    """How the goods of an order of that kind ended; None until then."""
    found = session().get(Destruction, order.id) if order.kind == DESTRUCTION else None
    if found is None:
        return None
    return {name: getattr(found, name) for name in ("units", "witness", "note", "done_at")}


def _goes_to(order: Order) -> str | None:
    """The code of the warehouse that a transfer goes to."""
    target = transfers.goes_to(order.id) if order.kind == TRANSFER else None
    return None if target is None else target.code


def holds_of(order_id: uuid.UUID) -> list[dict[str, Any]]:
    """All holds of an order, oldest first. Who placed and ended them is the warehouse's to know, not the API's."""
    query = select(OrderHold).where(OrderHold.order_id == order_id).order_by(OrderHold.placed_at, OrderHold.id)
    names = ("side", "reason", "note", "keeps_stock", "state", "placed_at", "ended_at", "overruled")
    return [_row_of(each, names) for each in session().scalars(query)]


def interceptions_of(order_id: uuid.UUID) -> list[dict[str, Any]]:
    """All requests to stop an order, oldest first, with their answers."""
    query = select(Interception).where(Interception.order_id == order_id)
    names = ("reason", "state", "resume_state", "requested_at", "answered_at", "refusal")
    return [_row_of(each, names) for each in session().scalars(query.order_by(Interception.requested_at))]


def _row_of(record: Any, names: Sequence[str]) -> dict[str, Any]:
    return {"id": str(record.id), **{name: getattr(record, name) for name in names}}


def _lines(order_id: uuid.UUID) -> list[dict[str, Any]]:
    rows = (
        session()
        .execute(
            select(OrderLine, Product.sku, Product.name_en, Product.name_zh, HandlingUnit.code, FbaLine.fnsku)
            .join(Product, Product.id == OrderLine.product_id)
            .outerjoin(HandlingUnit, HandlingUnit.id == OrderLine.handling_unit_id)
            .outerjoin(FbaLine, FbaLine.order_line_id == OrderLine.id)
            .where(OrderLine.order_id == order_id)
            .order_by(OrderLine.position)
        )
        .all()
    )
    done = {
        row.order_line_id: row
        for row in session().execute(
            text(
                "SELECT order_line_id, sum(picked) AS picked, sum(shipped) AS shipped FROM demand"
                " WHERE order_id = :id GROUP BY 1"
            ),
            {"id": order_id},
        )
    }
    return [
        {
            "position": line.position, "sku": sku, "name_en": name_en, "name_zh": name_zh,
            "quantity": line.quantity, "batch": line.batch, "min_expires_on": line.min_expires_on,
            "condition": line.condition, "container": container, "fnsku": fnsku,
            "unit_value_minor": line.unit_value_minor, "currency": line.currency,
            "picked": int(done[line.id].picked), "shipped": int(done[line.id].shipped),
        }
        for line, sku, name_en, name_zh, container, fnsku in rows
    ]  # fmt: skip


def order_row(order: Order, warehouse: str) -> dict[str, Any]:
    """The part of an order that lists show, with the code of its warehouse; no personal data."""
    return {
        "id": str(order.id),
        "number": order.number,
        "reference": order.reference,
        "kind": order.kind,
        "state": order.state,
        "customs_state": order.customs_state,
        "on_hold": order.holds > 0,
        "interception": order.interception,
        "warehouse": warehouse,
        "priority": order.priority,
        "version": order.version,
        "ordered_at": order.ordered_at.isoformat(),
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "shipped_at": order.shipped_at.isoformat() if order.shipped_at else None,
        "fill": order.fill_rule,
        "release_by": order.release_by,
        "ship_by": order.ship_by,
        "risk": risk(order.state, order.release_by, order.ship_by, clock.now()).value,
    }


# A tracking number names the order that its parcel is of now.
_TRACKED = (
    "SELECT d.id FROM parcel p JOIN shipment s ON s.id = p.shipment_id JOIN outbound_order d ON d.id = s.subject_id"
    " AND d.shipment_id = s.id WHERE p.tracking_number = :search AND s.subject_kind = 'order'"
)
ORDERS = Listing("outbound_order", OrderState.SHIPPED.value, (_TRACKED,), knows_changes=True)


def list_orders(
    actor: Actor,
    *,
    state: str | None = None,
    reference: str | None = None,
    warehouse: str | None = None,
    warehouse_id: uuid.UUID | None = None,
    updated_since: datetime | None = None,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> Sequence[Order]:
    """Orders within the actor's scope, newest first, one more than `limit` so that the caller sees a next page."""
    found = ORDERS.page(
        actor, states=() if state is None else (state,), reference=reference, warehouse=warehouse,
        warehouse_id=warehouse_id, updated_since=updated_since, after=after, limit=limit + 1,
    )  # fmt: skip
    return in_order(found, session().scalars(select(Order).where(Order.id.in_(found))).all())


def find_order(actor: Actor, text_: str) -> Order | None:
    """An order by its number or its seller's reference, within scope."""
    query = select(Order).where((Order.number == text_) | (Order.reference == text_)).limit(2)
    if actor.seller_ids is not None:
        query = query.where(Order.owner_id.in_(actor.seller_ids))
    if actor.warehouse_ids is not None:
        query = query.where(Order.warehouse_id.in_(actor.warehouse_ids))
    found = session().scalars(query).all()
    return found[0] if len(found) == 1 else None


def learned_weight(product_id: uuid.UUID) -> LearnedWeight | None:
    """What its last parcels say one unit weighs, while they agree."""
    return session().get(LearnedWeight, product_id)


def learned_tares(packaging_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LearnedTare]:
    """What boxes and bags weigh with their filling by their last parcels."""
    rows = session().scalars(select(LearnedTare).where(LearnedTare.packaging_id.in_(set(packaging_ids))))
    return {row.packaging_id: row for row in rows}


@dataclass(frozen=True)
class OtherPart:
    """Another part of an order that goes in parts: from another warehouse, or the rest that waits for stock."""

    id: uuid.UUID
    number: str
    reference: str
    state: str
    kind: str
    warehouse_id: uuid.UUID
    warehouse: str


# A part that was routed to another warehouse has back orders of its own: up to the first of all, and down again from there,
# each looked up by itself (OFFSET 0): how many there are is not known beforehand, and a join would read all orders.
_OTHER_PARTS = Statement(
    "WITH RECURSIVE up AS (SELECT id, back_order_of FROM outbound_order WHERE id = :order UNION SELECT f.id, f.back_order_of"
    "  FROM up CROSS JOIN LATERAL (SELECT id, back_order_of FROM outbound_order WHERE id = up.back_order_of OFFSET 0) f),"
    " part AS (SELECT id FROM up UNION SELECT b.id FROM part CROSS JOIN LATERAL"
    "  (SELECT id FROM outbound_order WHERE back_order_of = part.id OFFSET 0) b)"
    " SELECT o.id, o.number, o.reference, o.state, o.kind, o.warehouse_id, w.code AS warehouse FROM part CROSS JOIN LATERAL"
    "  (SELECT * FROM outbound_order WHERE id = part.id OFFSET 0) o"
    " JOIN warehouse w ON w.id = o.warehouse_id WHERE o.id <> :order ORDER BY o.id"
)


def other_parts(order: Order) -> list[OtherPart]:
    """The parts beside this one, the first that was made first."""
    found = _OTHER_PARTS.all({"order": order.id})
    return [OtherPart(**row._asdict()) for row in found]


@dataclass(frozen=True)
class ShippedLine:
    """What of a demand is with the customer and could come back."""

    demand_id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    shipped: int
    book_item_id: uuid.UUID | None


def shipped_lines(order_id: uuid.UUID) -> list[ShippedLine]:
    """The shipped demands of an order."""
    rows = session().execute(
        select(Demand, Product.sku)
        .join(Product, Product.id == Demand.product_id)
        .where(Demand.order_id == order_id, Demand.shipped > 0)
        .order_by(Demand.id)
    )
    return [ShippedLine(demand.id, demand.product_id, sku, demand.shipped, demand.book_item_id) for demand, sku in rows]


def lock_shipped_lines(order_id: uuid.UUID) -> list[ShippedLine]:
    """The same under the order's lock: two returns of one order take their turns."""
    lock_one(Rank.DOCUMENT, Order, order_id)
    return shipped_lines(order_id)


def order_of_parcel(tracking_number: str) -> uuid.UUID | None:
    """The order behind a tracking number."""
    found: uuid.UUID | None = (
        session()
        .execute(
            text(
                "SELECT s.subject_id FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
                " WHERE p.tracking_number = :number AND s.subject_kind = 'order'"
            ),
            {"number": tracking_number},
        )
        .scalar()
    )
    return found


@dataclass(frozen=True)
class ReturnSource:
    """A shipped order, as a return begins from it."""

    order_id: uuid.UUID
    owner_id: uuid.UUID
    warehouse_id: uuid.UUID
    state: str
    lines: list[ShippedLine]


def return_source(actor: Actor, named: str) -> ReturnSource | None:
    """The order named by its id, number, reference or a tracking number; None outside the actor's scope, and for a
    transfer: nobody has it who could send it back.
    """
    order_id = parse_id(named) or order_of_parcel(named)
    order = session().get(Order, order_id) if order_id is not None else find_order(actor, named)
    if order is None or not actor.sees_seller(order.owner_id) or not actor.sees_warehouse(order.warehouse_id):
        return None
    if order.kind == TRANSFER:
        return None
    return ReturnSource(order.id, order.owner_id, order.warehouse_id, order.state, shipped_lines(order.id))


def order_named(named: str) -> uuid.UUID | None:
    """The order of this id or number, whosever it is: for the operator's commands. A reference is a seller's own word."""
    wanted = Order.id == order_id if (order_id := parse_id(named)) else Order.number == named
    found: uuid.UUID | None = session().scalar(select(Order.id).where(wanted))
    return found


def order_numbers(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What people call these orders."""
    rows = session().execute(select(Order.id, Order.number).where(Order.id.in_(set(order_ids))))
    return {row.id: row.number for row in rows}
