"""Customs' word on a bonded order, recorded by a clerk until the customs feature speaks for itself."""

from __future__ import annotations

import uuid
from collections import defaultdict

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.customs import linked
from wms.customs import service as customs
from wms.outbound.events import OrderReleased
from wms.outbound.models import Demand, Order
from wms.outbound.rules import TRANSFER
from wms.outbound.service import exceptions, putback, totes, walks
from wms.outbound.service.orders import load_order_to_edit, try_later
from wms.outbound.service.shortage import ON_A_WALK
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record

RELEASABLE = {
    OrderState.AWAITING_CUSTOMS.value, OrderState.PROMISED.value, OrderState.WAVED.value, OrderState.PICKING.value,
    OrderState.PICKED.value, OrderState.PACKED.value,
}  # fmt: skip


def record_release(actor: Actor, order_id: uuid.UUID, document: str) -> Order:
    """Customs released the order's list: permits are written for its goods, and work may go on."""
    order = load_order_to_edit(actor, order_id)
    if order.customs_state == "released":
        raise Refused("not_released_twice", {})
    if order.customs_state == "none":
        raise Refused("no_customs_here", {})
    if order.state not in RELEASABLE:
        ORDER.apply("release_customs", order.state)
    # Between zones both lists stand before either side lets go (区间流转).
    into = linked.check_both(order.id, document)[1] if order.kind == TRANSFER else None
    lines: dict[tuple[uuid.UUID, uuid.UUID], int] = defaultdict(int)
    for demand in session().scalars(select(Demand).where(Demand.order_id == order.id)):
        assert demand.book_item_id is not None  # promised under a book line
        lines[(demand.product_id, demand.book_item_id)] += demand.quantity
    customs.record_release(
        actor, order.warehouse_id, "order", order.id, document,
        [(product, item, quantity) for (product, item), quantity in sorted(lines.items())],
    )  # fmt: skip
    if into is not None:
        units: dict[uuid.UUID, int] = defaultdict(int)
        for (product, _item), quantity in lines.items():
            units[product] += quantity
        linked.let_in(into, units)
    was_refused, order.customs_state = order.customs_state == "refused", "released"
    exceptions.resolve(order.id, "released", "customs_refused")
    if order.state == OrderState.AWAITING_CUSTOMS.value:
        order.state = ORDER.apply("release_customs", order.state).value
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    if was_refused:
        take_up_again(order)
    record(OrderReleased(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id))
    return order


def record_refusal(actor: Actor, order_id: uuid.UUID, document: str, reason: str) -> Order:
    """Customs refused it: work stops, and a supervisor decides.

    Who walks for it is led past its stops. What its tote holds stays there, on the customs shelf, until the order is
    given up (then it is put back) or taken up again: a refusal (退单) is often corrected within the hour.
    """
    order = load_order_to_edit(actor, order_id)
    if order.customs_state == "none":
        raise Refused("no_customs_here", {})
    if order.customs_state == "released":
        raise Refused("not_released_twice", {})
    if order.state not in RELEASABLE:
        ORDER.apply("release_customs", order.state)
    if order.state in ON_A_WALK:
        _set_aside(order)
    customs.record_refusal(actor, order.warehouse_id, "order", order.id, document, reason)
    if order.kind == TRANSFER:
        linked.drop(order.id)
    order.customs_state = "refused"
    order.version += 1
    order.updated_at = clock.now()
    exceptions.raise_once(order, "customs_refused", document)
    session().flush()
    return order


def _set_aside(order: Order) -> None:
    """Off its walks; empty totes are free for other orders."""
    walks.set_aside(order.id)
    kept = [tote.id for tote in totes.hold_own(order.id) if not putback.free_if_empty(tote)]
    if order.tote_id not in kept:
        order.tote_id = kept[0] if kept else None


def take_up_again(order: Order) -> None:
    """A refusal is no more: a job lays out the stops that were set aside. The caller holds the order."""
    if order.state in ON_A_WALK:
        try_later(order, f"customs:{order.version}")
