"""Holds on orders (订单冻结): a list, each with its side and reason. Work stops at the first and goes on after the last."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import SYSTEM, Actor, ActorKind
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.outbound import rules
from wms.outbound.models import Order, OrderHold
from wms.outbound.service import halting, shortage, waybills
from wms.outbound.service.orders import load_order_to_edit
from wms.outbound.service.resuming import lift
from wms.outbound.workflow import ENDED, ORDER_HOLD, OrderState
from wms.platform.database import session
from wms.platform.outbox import add_job

NO_WAYBILL = "no_waybill"  # the carrier gave none; asked again when the hold ends


def side_of(actor: Actor) -> rules.Side:
    """Whose holds this actor places and ends."""
    if actor.kind is ActorKind.SYSTEM:
        return rules.Side.SYSTEM
    return rules.Side.WAREHOUSE if actor.is_staff else rules.Side.SELLER


def place_hold(
    actor: Actor, order_id: uuid.UUID, reason: str, *, note: str | None = None, keeps_stock: bool = True
) -> OrderHold:
    """Hold an order for a reason of the actor's side. The same hold again is answered with the one there is.

    `keeps_stock`: whether the order keeps what is promised to it. Refuses `hold_too_late` once it has ended,
    `hold_keeps_stock` where goods were picked or released by customs for it.
    """
    order = load_order_to_edit(actor, order_id)
    side = side_of(actor)
    if reason not in rules.HOLD_REASONS[side]:
        raise invalid("/reason", "invalid")
    if order.state in ENDED:
        raise Refused("hold_too_late", {"document": "order", "state": order.state})
    same = next((each for each in halting.open_holds(order.id) if (each.side, each.reason) == (side, reason)), None)
    if same is not None:
        return same
    if not keeps_stock and order.state != OrderState.SHORT.value and not shortage.is_untouched(order):
        raise Refused("hold_keeps_stock", {})
    found = halting.open_hold(actor, order, side, reason, note, keeps_stock=keeps_stock)
    if keeps_stock:
        halting.halt(order)
    elif order.state != OrderState.SHORT.value:
        shortage.give_up(order)
    return found


def _is_supervisor(actor: Actor) -> bool:
    """A person who decides for the warehouse, and over other sides."""
    return side_of(actor) is rules.Side.WAREHOUSE and actor.may(Permission.EXCEPTIONS_MANAGE)


def have_labels(order: Order) -> None:
    """Nothing is missing any more; the caller holds the order."""
    for each in halting.open_holds(order.id):
        if each.reason == halting.LABEL_MISSING:
            end_hold(SYSTEM, order.id, each.id)


def end_hold(actor: Actor, order_id: uuid.UUID, hold_id: uuid.UUID) -> OrderHold:
    """End a hold of one's own side; a supervisor may end any, and that is recorded. Work goes on after the last.

    Refuses `hold_not_yours`, `hold_ended`; 404 outside the actor's scope.
    """
    order = load_order_to_edit(actor, order_id)
    found = session().scalar(select(OrderHold).where(OrderHold.id == hold_id).execution_options(populate_existing=True))
    if found is None or found.order_id != order.id:
        raise not_found("hold")
    own = found.side == side_of(actor).value
    if not (_is_supervisor(actor) or own):
        raise Refused("hold_not_yours", {"side": found.side})
    if not ORDER_HOLD.permitted("end", found.state):
        raise Refused("hold_ended", {})
    halting.close_hold(actor, order, found, overruled=not own)
    order.version += 1
    order.updated_at = clock.now()
    session().flush()
    lift(order)
    if found.reason == NO_WAYBILL:
        add_job(
            waybills.PREPARE_TOPIC, {"order_id": str(order.id)},
            dedupe_key=f"{waybills.PREPARE_TOPIC}:{order.id}:{order.version}",
        )  # fmt: skip
    return found
