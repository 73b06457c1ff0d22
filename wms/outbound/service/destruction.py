"""Goods that their seller gives up: promised and picked like any order, then destroyed before a witness, tote → scrap."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid
from wms.inventory import ledger, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.events import OrderDestroyed
from wms.outbound.models import Demand, Destruction, Order
from wms.outbound.service import totes
from wms.outbound.service.orders import load_order_to_edit, touched
from wms.outbound.workflow import ORDER, InterceptionState
from wms.platform.database import session
from wms.platform.events import record


def destroy(actor: Actor, order_id: uuid.UUID, witness: str, note: str | None = None) -> Order:
    """Record that everything in the order's tote was destroyed, and before whom (`note`: the proof of it).

    Refuses `destroy_other_kind`, `intercepted`, `order_held`, `witness_is_yourself`, and `not_allowed_now` until all of
    it is picked. Once more is refused: it is gone.
    """
    order = load_order_to_edit(actor, order_id)
    if order.kind != rules.DESTRUCTION:
        raise Refused("destroy_other_kind", {})
    _refuse_stopped(order)
    if witness.strip().casefold() == actor.name.strip().casefold():
        raise invalid("/witness", "witness_is_yourself")
    order.state = ORDER.apply("destroy", order.state).value
    gone = _scrap(actor, order)
    for demand in session().scalars(select(Demand).where(Demand.order_id == order.id)):
        demand.verified = demand.shipped = demand.quantity
    order.tote_id, order.shipped_at = None, clock.now()
    session().add(
        Destruction(
            order_id=order.id, units=gone, witness=witness.strip()[:80], note=note, done_at=clock.now(),
            done_by=actor.id, done_by_name=actor.name[:80],
        )
    )  # fmt: skip
    record(OrderDestroyed(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, units=gone))
    return touched(order)


def _refuse_stopped(order: Order) -> None:
    if order.interception == InterceptionState.REQUESTED.value:
        raise Refused("intercepted", {})
    if order.holds:
        raise Refused("order_held", {})


def _scrap(actor: Actor, order: Order) -> int:
    """Everything in the order's totes goes to scrap, and they are free; returns how many units."""
    if order.tote_id not in [tote.id for tote in totes.hold_own(order.id)]:  # others' goods are in it, too
        raise Refused("not_a_tote", {})
    held = units.holdings(units.send_content_of_order(order.id, None))
    totes.free_all(order.id)
    moves = [MoveDraft(row.stock, "scrap", row.quantity) for row in held]
    ledger.post(actor, PostingDraft(Reason.SCRAP, "order", order.id, moves))
    return sum(row.quantity for row in held)
