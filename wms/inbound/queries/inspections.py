"""What is to be looked into, and the plans that draw it; for the warehouse's people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.facility.models import Warehouse
from wms.identity.models import Seller
from wms.inbound.models import Booking, Carton, Inspection, SamplingPlan
from wms.inbound.queries.bookings import in_scope
from wms.inbound.workflow import InspectionState
from wms.platform.database import session


def inspections(actor: Actor, *, booking_id: Any = None, state: str | None = None) -> list[dict[str, Any]]:
    """Those of a booking, or all in a state, in the order they were drawn; at most 200."""
    columns: tuple[Any, ...] = (
        Inspection.id, Inspection.state, Inspection.quantity, Inspection.sample, Inspection.failed,
        Inspection.condition, Inspection.remark, Inspection.drawn_at, Inspection.decided_at,
        Booking.number.label("booking"), Booking.id.label("booking_id"), Carton.number.label("carton"), Carton.barcode,
        Product.sku, Product.name_en, Product.name_zh, Seller.code.label("seller"), Warehouse.code.label("warehouse"),
        Warehouse.time_zone,
    )  # fmt: skip
    statement = (
        select(*columns).join(Booking, Booking.id == Inspection.booking_id)
        .join(Carton, Carton.id == Inspection.carton_id).join(Product, Product.id == Inspection.product_id)
        .join(Seller, Seller.id == Inspection.owner_id).join(Warehouse, Warehouse.id == Inspection.warehouse_id)
        .where(Inspection.state != InspectionState.DROPPED.value)
    )  # fmt: skip
    if booking_id is not None:
        statement = statement.where(Inspection.booking_id == booking_id)
    if state is not None:
        statement = statement.where(Inspection.state == state)
    rows = session().execute(in_scope(statement, actor).order_by(Inspection.id).limit(200))
    return [dict(row._mapping) for row in rows]


def sampling_plans(actor: Actor) -> list[dict[str, Any]]:
    """The plans that draw now, with how much each has drawn."""
    drawn = select(func.count()).where(Inspection.plan_id == SamplingPlan.id).scalar_subquery()
    columns: tuple[Any, ...] = (
        SamplingPlan.id, SamplingPlan.first_receipts, SamplingPlan.every_nth, SamplingPlan.sample_units,
        Seller.code.label("seller"), Product.sku, Warehouse.code.label("warehouse"), drawn.label("drawn"),
    )  # fmt: skip
    statement = (
        select(*columns).join(Warehouse, Warehouse.id == SamplingPlan.warehouse_id)
        .outerjoin(Seller, Seller.id == SamplingPlan.owner_id).outerjoin(Product, Product.id == SamplingPlan.product_id)
        .where(SamplingPlan.is_active)
    )  # fmt: skip
    if actor.warehouse_ids is not None:
        statement = statement.where(SamplingPlan.warehouse_id.in_(actor.warehouse_ids))
    return [dict(row._mapping) for row in session().execute(statement.order_by(SamplingPlan.id))]
