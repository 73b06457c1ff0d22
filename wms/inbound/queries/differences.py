"""What differs, as its seller and the warehouse see it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.inbound import rules
from wms.inbound.models import Booking, Carton, CartonLine, Difference, InboundFile, InboundTerms, ReceivingRule
from wms.inbound.queries.bookings import in_scope
from wms.inbound.queries.lots import lots_of_lines
from wms.inbound.rules import DECISIONS, DifferenceKind
from wms.inbound.workflow import DIFFERENCE
from wms.platform.database import session

_OWN = ("id", "kind", "quantity", "state", "due_at", "decision", "remark", "by_default", "decided_at", "settled_at",
        "found_at")  # fmt: skip


# Of this very line: its carton and its product.
_PHOTOS = (
    select(func.array_agg(aggregate_order_by(InboundFile.id, InboundFile.id)))
    .where(
        InboundFile.booking_id == Difference.booking_id, InboundFile.carton_id == Difference.carton_id,
        InboundFile.product_id == CartonLine.product_id,
    )
    .correlate(Difference, CartonLine).scalar_subquery()
)  # fmt: skip


def _rows(actor: Actor) -> Select[Any]:
    target = aliased(Product)
    columns: list[Any] = [getattr(Difference, name) for name in _OWN]
    return in_scope(
        select(
            *columns, Booking.id.label("booking_id"), Booking.number.label("booking"), Carton.number.label("carton"),
            Carton.id.label("carton_id"), Carton.barcode, CartonLine.id.label("line_id"),
            CartonLine.product_id, CartonLine.declared,
            (CartonLine.received_good + CartonLine.received_damaged).label("received"), Product.sku, Product.name_en,
            Product.name_zh, target.sku.label("relabel_to"), Seller.code.label("seller"),
            Warehouse.code.label("warehouse"), Warehouse.time_zone, Carton.state.label("carton_state"),
            _PHOTOS.label("photos"),
        )
        .join(Booking, Booking.id == Difference.booking_id)
        .join(Carton, Carton.id == Difference.carton_id)
        .join(CartonLine, CartonLine.id == Difference.carton_line_id)
        .join(Product, Product.id == CartonLine.product_id)
        .join(Seller, Seller.id == Booking.owner_id)
        .join(Warehouse, Warehouse.id == Booking.warehouse_id)
        .outerjoin(target, target.id == Difference.relabel_to),
        actor,
    )  # fmt: skip


def booking_of_difference(actor: Actor, difference_id: uuid.UUID) -> uuid.UUID:
    """404 outside the actor's scope, which looks as one that is not there."""
    statement = select(Booking.id).join(Difference, Difference.booking_id == Booking.id)
    found: uuid.UUID | None = session().scalar(in_scope(statement.where(Difference.id == difference_id), actor))
    if found is None:
        raise not_found("difference")
    return found


def differences_page(
    actor: Actor, *, booking_id: uuid.UUID | None = None, state: str | None = None, after: uuid.UUID | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:  # fmt: skip
    """Differences in the order they were found; `decisions` names what their seller can say of each now."""
    statement = _rows(actor).order_by(Difference.id).limit(limit)
    if booking_id is not None:
        statement = statement.where(Difference.booking_id == booking_id)
    if state is not None:
        statement = statement.where(Difference.state == state)
    if after is not None:
        statement = statement.where(Difference.id > after)
    return _with_lots(session().execute(statement).all())


def open_differences(actor: Actor, states: Sequence[str], limit: int = 200) -> list[dict[str, Any]]:
    """Those that wait for their seller (`open`) or for the warehouse (`decided`), the most urgent first."""
    statement = _rows(actor).where(Difference.state.in_(states)).order_by(Difference.due_at, Difference.id)
    return _with_lots(session().execute(statement.limit(limit)).all())


def _with_lots(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """As pages and the API show them, each with the lots of its line."""
    lots = lots_of_lines({row.line_id for row in rows})
    return [{**_shown(row), "lots": lots[row.line_id].announced, "came": lots[row.line_id].came} for row in rows]


def _shown(row: Any) -> dict[str, Any]:
    undecided = DIFFERENCE.permitted("decide", row.state)
    return {
        **row._mapping,
        "photos": row.photos or [],
        "decisions": [each.value for each in DECISIONS[DifferenceKind(row.kind)]] if undecided else [],
    }


def countings(actor: Actor) -> list[dict[str, Any]]:
    """The warehouses seen, with how each counts its cartons."""
    statement = (
        select(Warehouse.id, Warehouse.code, Warehouse.name, func.coalesce(ReceivingRule.counting, "guided").label("counting"))
        .outerjoin(ReceivingRule, ReceivingRule.warehouse_id == Warehouse.id)
        .where(Warehouse.is_active).order_by(Warehouse.code)
    )  # fmt: skip
    if actor.warehouse_ids is not None:
        statement = statement.where(Warehouse.id.in_(actor.warehouse_ids))
    return [dict(row._mapping) for row in session().execute(statement)]


def sellers_with_terms() -> list[dict[str, Any]]:
    """Every active seller with the terms that hold for them; `own`: agreed with them and not everybody's."""
    statement = (
        select(Seller.id, Seller.code, Seller.name, InboundTerms.decide_hours, InboundTerms.default_decision,
               InboundTerms.min_shelf_days, InboundTerms.counting)
        .outerjoin(InboundTerms, InboundTerms.owner_id == Seller.id).where(Seller.is_active).order_by(Seller.code)
    )  # fmt: skip
    rows = [dict(row._mapping) for row in session().execute(statement)]
    return [row | vars(rules.TERMS) | {"own": False} if row["decide_hours"] is None else row | {"own": True}
            for row in rows]  # fmt: skip
