"""What a supervisor decides about an order that work has stopped on."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.inventory.models import Allocation
from wms.outbound.models import Demand, Order, OrderException
from wms.outbound.service import counter
from wms.outbound.service.orders import cancel_order, load_order_to_edit
from wms.outbound.service.release import take_up_again
from wms.outbound.service.shortage import reallocate
from wms.platform.database import session
from wms.platform.locks import Rank


class Decision(StrEnum):
    CANCEL = "cancel"  # the order is given up
    WAIT = "wait"  # look for stock once more; or wait for customs once more
    RESOLVED = "resolved"  # settled outside the system


def decide(actor: Actor, exception_id: uuid.UUID, decision: Decision) -> OrderException:
    """Close an exception. Refuses `exception_resolved`, and `stock_short` when waiting finds no other stock.

    404 outside the actor's scope.
    """
    found = session().get(OrderException, exception_id)
    if found is None:
        raise not_found("exception")
    order = load_order_to_edit(actor, found.order_id)
    session().refresh(found)  # under the order's lock: two supervisors decide one after the other
    if found.resolved_at is not None:
        raise Refused("exception_resolved", {})
    if decision is Decision.CANCEL:
        in_stock = found.kind in {"customs_refused", counter.NOT_COLLECTED}
        cancel_order(actor, order.id, None, "other" if in_stock else "out_of_stock")
    elif decision is Decision.WAIT:
        _try_again(order, found)
    found.resolved_at = clock.now()
    found.resolution = decision.value
    session().flush()
    return found


def _try_again(order: Order, found: OrderException) -> None:
    if found.kind == counter.NOT_COLLECTED:
        counter.wait_longer(order)
        return
    if found.kind == "customs_refused":
        order.customs_state = "waiting"
        order.version += 1
        order.updated_at = clock.now()
        take_up_again(order)
        return
    for demand in session().scalars(select(Demand).where(Demand.order_id == order.id).order_by(Demand.id)).all():
        if demand.picked + _allocated(demand) >= demand.quantity:
            continue
        session().info["locks"] = Rank.DOCUMENT  # each demand climbs the ranks anew, under this order's lock
        reallocate(demand.id)
        if demand.picked + _allocated(demand) < demand.quantity:
            raise Refused("stock_short", {})


def _allocated(demand: Demand) -> int:
    query = select(Allocation.open_quantity).where(
        Allocation.subject_kind == "demand", Allocation.subject_id == demand.id, Allocation.open_quantity > 0
    )
    return sum(session().scalars(query))
