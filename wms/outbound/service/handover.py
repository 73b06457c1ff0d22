"""The parcel leaves the building: the last gate, where customs, cancellation and the ledger all have their word."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.customs import service as customs
from wms.facility.models import HandlingUnit
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import BONDED, MoveDraft, Reason, Stock
from wms.outbound.events import OrderShipped
from wms.outbound.models import Demand, Order
from wms.outbound.service.orders import load_order_to_edit
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.shipping import service as shipping
from wms.shipping.models import Parcel, Shipment
from wms.shipping.queries import parcels_by_tracking


@dataclass(frozen=True)
class HandedOver:
    """The order whose parcel went, and whether it had gone before (a second scan is harmless)."""

    order: Order
    already: bool


def hand_over(actor: Actor, warehouse_id: uuid.UUID, tracking_number: str) -> HandedOver:
    """Scan a parcel onto its carrier's load. A second scan answers *already*.

    Refuses `order_cancelled`, `customs_not_released`, `not_packed`; 404 for a number that is not ours.
    """
    parcel = _scanned(actor, warehouse_id, tracking_number)
    shipment = session().get_one(Shipment, parcel.shipment_id)
    order = load_order_to_edit(actor, shipment.subject_id)
    if order.state == OrderState.SHIPPED.value:
        return HandedOver(order, already=True)
    if order.state == OrderState.CANCELLED.value:
        raise Refused("order_cancelled", {})
    if order.state != OrderState.PACKED.value:
        raise Refused("not_packed", {})
    if order.customs_state not in ("none", "released"):
        raise Refused("customs_not_released", {})
    shipping.hand_over_parcel(actor, warehouse_id, tracking_number)
    _post_exit(actor, order, parcel.handling_unit_id)
    order.state = ORDER.apply("ship", order.state).value
    order.shipped_at = order.updated_at = clock.now()
    order.version += 1
    session().flush()
    session().execute(text("UPDATE demand SET shipped = verified WHERE order_id = :id"), {"id": order.id})
    record(
        OrderShipped(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, parcel_id=parcel.id)
    )
    return HandedOver(order, already=False)


def _scanned(actor: Actor, warehouse_id: uuid.UUID, tracking_number: str) -> Parcel:
    """The parcel this number means here: a live one before a void one."""
    found = [each for each in parcels_by_tracking(actor, tracking_number) if each.warehouse_id == warehouse_id]
    if not found or not actor.sees_warehouse(warehouse_id):
        raise not_found("parcel")
    return found[0]


def _post_exit(actor: Actor, order: Order, unit_id: uuid.UUID | None) -> None:
    """Everything in the parcel goes to the customer; bonded goods under the order's permits."""
    assert unit_id is not None  # a packed parcel is a handling unit
    unit = lock_one(Rank.HANDLING_UNIT, HandlingUnit, unit_id)
    assert unit is not None
    rows = session().scalars(
        select(Balance).where(Balance.handling_unit_id == unit.id, Balance.on_hand > 0).order_by(Balance.id)
    )
    moves = [MoveDraft(stock_of(row), "customer", row.on_hand, permit_id=_permit(order, stock_of(row))) for row in rows]
    ledger.post(actor, PostingDraft(Reason.SHIP, "order", order.id, moves, settles=_settles(order)))
    unit.state = "gone"
    unit.subject_kind = unit.subject_id = None
    session().flush()


def _permit(order: Order, stock: Stock) -> uuid.UUID | None:
    if stock.customs_status != BONDED:
        return None
    permit_id = customs.permit_for("order", order.id, stock.product_id, stock.book_item_id)
    if permit_id is None:
        raise Refused("customs_not_released", {})
    return permit_id


def _settles(order: Order) -> dict[uuid.UUID, int]:
    """The promises whose claims on the customs book end with this exit."""
    settles: dict[uuid.UUID, int] = defaultdict(int)
    for demand in session().scalars(select(Demand).where(Demand.order_id == order.id)):
        if demand.promise_id is not None and demand.book_item_id is not None:
            settles[demand.promise_id] += demand.quantity
    return dict(settles)
