"""A back order becomes part of its first order again, as long as nobody works on either: a split is taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select, text

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.inventory import releases, waiting
from wms.outbound import rules
from wms.outbound.events import OrderCancelled
from wms.outbound.extras import service as extras
from wms.outbound.models import Demand, Order, OrderLine
from wms.outbound.service import halting, putback
from wms.outbound.service.orders import load_order_to_edit, touched, try_later, wait_for_stock
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock

JOINED = "joined"
UNBEGUN = (OrderState.SHORT.value, OrderState.PROMISED.value)


def may_join(order: Order) -> bool:
    """Whether this back order can go with its first part again. An order that goes in parts by rule would part anew, and a
    part that was routed to another warehouse (`routing`) is no back order of the first one.
    """
    first = session().get(Order, order.back_order_of) if order.back_order_of is not None else None
    if first is None or first.fill_rule == rules.Fill.PARTIAL or first.warehouse_id != order.warehouse_id:
        return False
    return _is_untouched([order, first])


def _is_untouched(orders: Sequence[Order]) -> bool:
    """Nobody works on them, and nothing stops them but labels that are still missing (`own_labels`)."""
    return all(each.state in UNBEGUN and not _is_stopped(each) for each in orders)


def _is_stopped(order: Order) -> bool:
    return order.is_stopped and (
        order.interception == "requested"
        or any(each.reason != halting.LABEL_MISSING for each in halting.open_holds(order.id))
    )


def join(actor: Actor, back_id: uuid.UUID) -> Order:
    """The lines of a back order go to its first part, which waits for all of it; the back order is closed. Returns the
    first part.

    Refuses `join_no_part`, and `join_too_late` once a wave has either, or it is stopped.
    """
    seen = load_order_to_edit(actor, back_id)
    if seen.back_order_of is None:
        raise Refused("join_no_part", {})
    held = {each.id: each for each in lock(Rank.DOCUMENT, Order, [back_id, seen.back_order_of])}
    back, first = held[back_id], held[seen.back_order_of]
    if not _is_untouched([back, first]) or not may_join(back):
        raise Refused("join_too_late", {})
    query = select(Demand.id).where(Demand.order_id.in_([back.id, first.id]))
    claims = list(session().scalars(query))
    for demand in session().scalars(select(Demand).where(Demand.order_id == back.id).order_by(Demand.id)).all():
        _move(demand, first)
    extras.join_sums(first.id, back.id)
    back.state = ORDER.apply("cancel", back.state).value
    back.cancel_reason = JOINED
    waiting.stop_waiting("order", back.id)
    halting.end_with_order(actor, back)
    putback.void_labels(actor, back)
    touched(back)
    record(
        OrderCancelled(subject_id=back.id, warehouse_id=back.warehouse_id, owner_id=back.owner_id, reason=JOINED)
    )  # fmt: skip
    releases.release("demand", claims)
    demands = session().scalars(select(Demand).where(Demand.order_id == first.id).order_by(Demand.id)).all()
    if first.state == OrderState.PROMISED.value:
        first.state = ORDER.apply("lose_stock", first.state).value
    wait_for_stock(first, session().get_one(Warehouse, first.warehouse_id), demands)
    try_later(first, f"joined:{first.version}")
    return touched(first)


def _move(demand: Demand, first: Order) -> None:
    """A demand with its line, or into the line that it was parted from."""
    line = session().get_one(OrderLine, demand.order_line_id)
    parted = session().scalar(
        select(OrderLine).where(
            OrderLine.order_id == first.id, OrderLine.position == line.position, OrderLine.product_id == line.product_id
        )
    )  # fmt: skip
    if parted is None:
        line.order_id = demand.order_id = first.id
        session().flush()
        return
    kept = session().scalars(select(Demand).where(Demand.order_line_id == parted.id).order_by(Demand.id)).first()
    assert kept is not None  # every line is owed
    parted.quantity += line.quantity
    kept.quantity += demand.quantity
    session().flush()
    session().execute(
        text("UPDATE pick_task SET demand_id = :kept WHERE demand_id = :parted"), {"kept": kept.id, "parted": demand.id}
    )
    session().delete(demand)
    session().flush()
    session().delete(line)
    session().flush()
