"""Reads of returns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.platform.database import session
from wms.platform.listing import Listing, in_order
from wms.returns.models import ReturnLine, ReturnOrder
from wms.returns.workflow import ReturnState


def return_row(found: ReturnOrder) -> dict[str, Any]:
    return {
        "id": str(found.id), "number": found.number, "reference": found.reference, "order_id": str(found.order_id),
        "tracking_number": found.tracking_number, "reason": found.reason, "announced": found.announced,
        "state": found.state, "version": found.version, "created_at": found.created_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
    }  # fmt: skip


def return_detail(found: ReturnOrder) -> dict[str, Any]:
    rows = session().execute(
        select(ReturnLine, Product.sku, Product.name_en, Product.name_zh)
        .join(Product, Product.id == ReturnLine.product_id)
        .where(ReturnLine.return_id == found.id)
        .order_by(Product.sku)
    )
    lines = [
        {
            "sku": sku, "name_en": name_en, "name_zh": name_zh, "announced": line.announced, "received": line.received,
            "restocked": line.restocked, "damaged": line.damaged, "scrapped": line.scrapped,
            "to_inspect": line.to_inspect,
        }
        for line, sku, name_en, name_zh in rows
    ]  # fmt: skip
    return {**return_row(found), "lines": lines}


RETURNS = Listing(
    "return_order",
    ReturnState.COMPLETED.value,
    ("SELECT id FROM return_order WHERE tracking_number = :search",),
    knows_changes=True,
)


def list_returns(
    actor: Actor,
    *,
    state: str | None = None,
    reference: str | None = None,
    warehouse: str | None = None,
    updated_since: datetime | None = None,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> Sequence[ReturnOrder]:
    """Returns within scope, newest first, one more than `limit`; `warehouse` is a code."""
    found = RETURNS.page(
        actor, states=() if state is None else (state,), reference=reference, warehouse=warehouse,
        updated_since=updated_since, after=after, limit=limit + 1,
    )  # fmt: skip
    return in_order(found, session().scalars(select(ReturnOrder).where(ReturnOrder.id.in_(found))).all())


def open_return_of(order_id: uuid.UUID) -> ReturnOrder | None:
    """The return that a parcel of this order belongs to."""
    return session().scalar(
        select(ReturnOrder)
        .where(ReturnOrder.order_id == order_id, ReturnOrder.state.in_(["announced", "receiving"]))
        .order_by(ReturnOrder.created_at)
        .limit(1)
    )


def returns_of(order_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """All returns of an order, whatever became of them."""
    return session().scalars(select(ReturnOrder.id).where(ReturnOrder.order_id == order_id)).all()


_RECEIVED = text(
    "SELECT l.demand_id, sum(l.received) AS units, sum(CASE WHEN r.state IN ('announced', 'receiving')"
    " THEN greatest(l.announced, l.received) ELSE l.received END) AS spoken_for FROM return_line l"
    " JOIN return_order r ON r.id = l.return_id WHERE r.order_id = :order AND r.state <> 'cancelled' GROUP BY 1"
)


def received_by_demand(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Units of an order that came back, by demand."""
    return {row.demand_id: int(row.units) for row in session().execute(_RECEIVED, {"order": order_id})}


def spoken_for(order_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """Units that came back or are announced by an open return, by demand."""
    return {row.demand_id: int(row.spoken_for) for row in session().execute(_RECEIVED, {"order": order_id})}


_WITH_CUSTOMER = text(
    "SELECT m.lot_id, m.book_item_id,"
    " sum(CASE WHEN m.to_party = 'customer' THEN m.quantity ELSE -m.quantity END) AS out"
    " FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id WHERE m.product_id = :product"
    " AND ((p.subject_kind = 'order' AND p.subject_id = :order AND 'customer' IN (m.to_party, m.from_party))"
    "   OR (p.subject_kind = 'return' AND m.from_party = 'customer' AND p.subject_id IN"
    "     (SELECT id FROM return_order WHERE order_id = :order)))"
    " GROUP BY 1, 2 ORDER BY 1, 2"
)


def with_customer(order_id: uuid.UUID, product_id: uuid.UUID) -> list[tuple[uuid.UUID | None, uuid.UUID | None, int]]:
    """What of a product is still with the customer, by lot and book item, from the moves themselves."""
    rows = session().execute(_WITH_CUSTOMER, {"order": order_id, "product": product_id})
    return [(row.lot_id, row.book_item_id, int(row.out)) for row in rows if row.out > 0]
