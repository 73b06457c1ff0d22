"""What stops work on an order that stays: its stops leave their walks until the hold or the request is lifted."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.outbound.events import InterceptionAnswered, OrderHeld, OrderHoldEnded
from wms.outbound.models import Interception, Order, OrderHold, PickTask
from wms.outbound.rules import Side
from wms.outbound.service import walks
from wms.outbound.workflow import (
    INTERCEPTION,
    ORDER_HOLD,
    TASK,
    HoldState,
    InterceptionState,
    OrderState,
    TaskState,
)
from wms.platform.database import session
from wms.platform.events import record

ON_A_WALK = (OrderState.WAVED.value, OrderState.PICKING.value)
LABEL_MISSING = "label_missing"  # a label that the seller brings (`own_labels`)


def halt(order: Order) -> None:
    """Its open stops wait; walks it was the last of are done. What was picked stays in its tote, and what customs'
    refusal set aside stays so. The caller holds the order.
    """
    if order.state not in ON_A_WALK:
        return
    batches, tasks = walks.lock_open_work(order.id)
    for task in tasks:
        if task.state == TaskState.OPEN.value:
            task.state = TASK.apply("hold", task.state).value
    session().flush()
    walks.finish_if_done(batches)


def drop_held(order_id: uuid.UUID) -> None:
    """Stops that waited end with their order, or with its leaving the wave. The caller holds the order: nobody else
    changes a stop that waits.
    """
    session().execute(
        update(PickTask)
        .where(PickTask.order_id == order_id, PickTask.state == TaskState.HELD.value)
        .values(state=TASK.apply("cancel", TaskState.HELD.value).value)
    )


def is_without_stock(order: Order) -> bool:
    """Whether a hold keeps it from being promised: one that released the stock."""
    if not order.holds:
        return False
    query = select(OrderHold.id).where(
        OrderHold.order_id == order.id, OrderHold.state == HoldState.OPEN.value, ~OrderHold.keeps_stock
    )
    return session().scalar(query.limit(1)) is not None


def open_hold(
    actor: Actor, order: Order, side: Side, reason: str, note: str | None = None, *, keeps_stock: bool
) -> OrderHold:
    """One more hold; what it stops is the caller's to stop, who holds the order."""
    found = OrderHold(
        id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, side=side.value, reason=reason, note=note,
        keeps_stock=keeps_stock, state=ORDER_HOLD.initial.value, placed_at=clock.now(), placed_by=actor.id,
        placed_by_name=actor.name[:80], overruled=False,
    )  # fmt: skip
    session().add(found)
    order.holds += 1
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    record(
        OrderHeld(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, hold_id=found.id,
            side=side.value, reason=reason, keeps_stock=keeps_stock,
        )
    )  # fmt: skip
    return found


def await_labels(order_id: uuid.UUID) -> None:
    """Its seller brings the labels, and has not yet. The caller holds the order, or has just written it."""
    order = session().get_one(Order, order_id)
    if all(each.reason != LABEL_MISSING for each in open_holds(order.id)):
        open_hold(SYSTEM, order, Side.SYSTEM, LABEL_MISSING, keeps_stock=True)
        halt(order)


def close_hold(actor: Actor, order: Order, hold: OrderHold, *, overruled: bool) -> None:
    """The hold ends; the order's own count follows. The caller holds the order."""
    hold.state = ORDER_HOLD.apply("end", hold.state).value
    hold.ended_at, hold.ended_by, hold.ended_by_name = clock.now(), actor.id, actor.name[:80]
    hold.overruled = overruled
    order.holds -= 1
    session().flush()
    record(
        OrderHoldEnded(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, hold_id=hold.id,
            reason=hold.reason, overruled=overruled,
        )
    )  # fmt: skip


def answer(actor: Actor, order: Order, found: Interception, action: str, refusal: str | None = None) -> None:
    """The request is answered. The caller holds the order, and lifts what it stopped where the order goes on."""
    found.state = INTERCEPTION.apply(action, found.state).value
    found.answered_at, found.answered_by, found.answered_by_name = clock.now(), actor.id, actor.name[:80]
    found.refusal = refusal
    order.interception = found.state if found.state != InterceptionState.WITHDRAWN.value else "none"
    session().flush()
    record(
        InterceptionAnswered(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id,
            interception_id=found.id, state=found.state, reason=refusal or "",
        )
    )  # fmt: skip


def open_request(order_id: uuid.UUID) -> Interception | None:
    """The request that waits for its answer."""
    return session().scalar(
        select(Interception).where(
            Interception.order_id == order_id, Interception.state == InterceptionState.REQUESTED.value
        )
    )


def open_holds(order_id: uuid.UUID) -> list[OrderHold]:
    query = select(OrderHold).where(OrderHold.order_id == order_id, OrderHold.state == HoldState.OPEN.value)
    return list(session().scalars(query.order_by(OrderHold.placed_at, OrderHold.id)))


def end_with_order(actor: Actor, order: Order) -> None:
    """The order is given up: its holds end with it, and a request to stop it has what it wanted."""
    for hold in open_holds(order.id) if order.holds else ():
        close_hold(actor, order, hold, overruled=False)
    if order.interception == InterceptionState.REQUESTED.value:
        asked = open_request(order.id)
        assert asked is not None  # the order says so
        answer(actor, order, asked, "accept")
