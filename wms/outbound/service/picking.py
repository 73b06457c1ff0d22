"""The picker's work: take a walk, bind totes, pick stop by stop, report what is not there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid, not_found
from wms.identity.models import User
from wms.inventory import holds, ledger
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.models import PickBatch
from wms.outbound.service import rerouting, walks
from wms.outbound.service.held import OrderAtWork, hold_order, move_order
from wms.outbound.service.stops import IS_SHARED, HeldStop, Sight, hold_stop
from wms.outbound.workflow import BATCH, ORDER, TASK, InterceptionState, OrderState, TaskState
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock_one
from wms.platform.statements import Statement

LEASE = timedelta(minutes=15)

_NEXT = Statement(
    "SELECT id FROM pick_batch WHERE warehouse_id = :warehouse AND state IN ('open', 'picking')"
    " AND (picker_id = :picker OR picker_id IS NULL OR lease_until < :now)"
    " ORDER BY (picker_id = :picker) DESC NULLS LAST,"
    " coalesce(zone_id = (SELECT zone_id FROM location WHERE id = CAST(:here AS uuid)), false) DESC, created_at, id"
    " LIMIT 1 FOR UPDATE SKIP LOCKED"
)


def take_batch(actor: Actor, warehouse_id: uuid.UUID, here: uuid.UUID | None = None) -> PickBatch | None:
    """The picker's own unfinished walk, else one of the zone they stand in (`here`: a bin of it) where walks are parted by
    zones, else the oldest one nobody holds; None when there is none.
    """
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    found = _NEXT.scalar({"warehouse": warehouse_id, "picker": actor.id, "now": clock.now(), "here": here})
    return None if found is None else _hold(actor, found)


def take_this(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    """The walk of a pick list, where it is nobody's or this picker's own. Refuses `batch_taken`, `walk_picked`, and
    `other_walk` while they have another one in hand: its totes would stand on the cart with nobody to fill them.
    """
    batch = lock_one(Rank.TASK, PickBatch, batch_id)
    if batch is None or not actor.sees_warehouse(batch.warehouse_id):
        raise not_found("walk")
    if not BATCH.permitted("take", batch.state):
        raise Refused("walk_picked", {})
    if batch.picker_id not in (None, actor.id) and batch.lease_until is not None and batch.lease_until >= clock.now():
        raise Refused("batch_taken", {"picker": session().get_one(User, batch.picker_id).name})
    if _IN_HAND.first({"warehouse": batch.warehouse_id, "picker": actor.id, "batch": batch_id}) is not None:
        raise Refused("other_walk", {})
    return _hold(actor, batch_id)


_IN_HAND = Statement(
    "SELECT 1 FROM pick_batch WHERE warehouse_id = :warehouse AND state = 'picking' AND picker_id = :picker"
    " AND id <> :batch LIMIT 1"
)


def _hold(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    batch = lock_one(Rank.TASK, PickBatch, batch_id)
    assert batch is not None
    batch.state = BATCH.apply("take", batch.state).value
    batch.picker_id = actor.id
    batch.lease_until = clock.now() + LEASE
    session().flush()
    return batch


def work_on(actor: Actor, task_id: uuid.UUID, *, with_order: bool = False) -> HeldStop:
    """The stop and its walk under lock, in this actor's warehouse, and the walk this picker's to work on.

    `with_order`: its order is locked first. Refuses `batch_taken` while another picker holds the walk, `task_done`,
    `order_cancelled`, `stop_set_aside` since customs refused its order, `intercepted`, `order_held`.
    """
    stop = hold_stop(actor, task_id, with_order=with_order)
    walk = stop.walk
    if walk.picker_id not in (None, actor.id) and walk.lease_until is not None and walk.lease_until > clock.now():
        raise Refused("batch_taken", {"picker": walk.picker or "?"})
    if stop.state == TaskState.CANCELLED.value and stop.order_state == OrderState.CANCELLED.value:
        raise Refused("order_cancelled", {})
    if stop.state == TaskState.SET_ASIDE.value:
        raise Refused("stop_set_aside", {})
    if stop.state == TaskState.HELD.value:
        asked = stop.interception == InterceptionState.REQUESTED.value
        raise Refused("intercepted" if asked else "order_held", {})
    if stop.state != TaskState.OPEN.value:
        raise Refused("task_done", {})
    return stop


def skip(actor: Actor, task_id: uuid.UUID) -> None:
    """Postpone a stop to the end of the walk; the others are laid anew from here."""
    stop = work_on(actor, task_id)
    _keep(actor, stop)
    _SKIP.run({"stop": stop.id})
    rerouting.reroute(stop.walk.id, stop.walk.warehouse_id, seen_at=stop.id)


_SHARED = IS_SHARED.format(walk="b")
# Where goods are picked together, a bin is put off for all of its orders.
_SKIP = Statement(
    "UPDATE pick_task AS t SET skipped = t.skipped + 1 FROM pick_task s JOIN pick_batch b ON b.id = s.batch_id"
    f" WHERE s.id = :stop AND (t.id = s.id OR ({_SHARED} AND t.batch_id = s.batch_id"
    " AND t.balance_id = s.balance_id AND t.state = 'open'))"
)
_KEPT = "UPDATE pick_batch SET picker_id = :picker, lease_until = :until, state = :walk_state WHERE id = :batch"
_KEEP = Statement(_KEPT)


def _keep(actor: Actor, stop: HeldStop, *, finished: bool = False) -> None:
    """Who works keeps the walk; a finished one is nobody's any more, and its wave is looked at by a job."""
    _KEEP.run(_kept(actor, stop, finished=finished))
    if finished:
        walks.look_after_wave(stop.walk.wave_id)


def _kept(actor: Actor, stop: HeldStop, *, finished: bool) -> dict[str, Any]:
    """The parameters of _KEPT."""
    return {
        "batch": stop.walk.id, "picker": actor.id, "until": None if finished else clock.now() + LEASE,
        "walk_state": BATCH.apply("finish", stop.walk.state).value if finished else stop.walk.state,
    }  # fmt: skip


_BIND = Statement(
    "WITH tote AS (UPDATE handling_unit SET subject_kind = 'order', subject_id = :order, state = 'in_use'"
    " WHERE id = :tote) UPDATE outbound_order SET tote_id = :tote WHERE id = :order"
)
_TOTE = Statement(
    "SELECT warehouse_id, kind, subject_id, EXISTS (SELECT 1 FROM put_wall_slot s WHERE s.unit_id = handling_unit.id) AS"
    " is_slot FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE"
)


def check_free_tote(warehouse_id: uuid.UUID, tote_id: uuid.UUID, mine: uuid.UUID) -> bool:
    """The tote, which the caller holds, is free, or bound to `mine` already (False). Refuses `not_a_tote`, `tote_taken`."""
    tote = _TOTE.first({"tote": tote_id})
    if tote is None or tote.warehouse_id != warehouse_id or tote.kind != "tote" or tote.is_slot:
        raise Refused("not_a_tote", {})
    if tote.subject_id not in (None, mine):
        raise Refused("tote_taken", {})
    return tote.subject_id is None


_IS_SLOT = Statement("SELECT 1 FROM put_wall_slot WHERE unit_id = :tote")


def is_slot(tote_id: uuid.UUID) -> bool:
    """A slot of a put wall is no tote that goes on a cart."""
    return _IS_SLOT.first({"tote": tote_id}) is not None


# In the order in which they hang: by code.
_FREE_ON = Statement(
    "SELECT t.id, t.code FROM handling_unit c JOIN handling_unit t ON t.warehouse_id = c.warehouse_id"
    " AND starts_with(t.code, c.code || '-') AND strpos(substr(t.code, length(c.code) + 2), '-') = 0 AND t.kind = 'tote'"
    " AND t.subject_id IS NULL AND t.state = 'open' WHERE c.id = :cart AND c.kind = 'cart' ORDER BY t.code LIMIT 1"
)


def free_tote_on(cart_id: uuid.UUID, cart: str) -> tuple[uuid.UUID, str]:
    """The next free tote (id, code) of a cart: those that are named after it. Refuses `cart_full`."""
    found = _FREE_ON.first({"cart": cart_id})
    if found is None:
        raise Refused("cart_full", {"cart": cart})
    return found.id, found.code


def assign_tote(actor: Actor, order_id: uuid.UUID, tote_id: uuid.UUID) -> None:
    """Bind an empty tote to an order: everything picked for it goes there. Again with the same tote is fine."""
    order, _ = hold_order(actor, order_id)
    order.refuse_cancelled()
    order.refuse_stopped()
    claim(Rank.HANDLING_UNIT)
    tote = _TOTE.first({"tote": tote_id})
    if tote is None or tote.warehouse_id != order.warehouse_id or tote.kind != "tote" or tote.is_slot:
        raise Refused("not_a_tote", {})
    if order.tote_id == tote_id:
        return
    if order.tote_id is not None:
        raise Refused("wrong_tote", {})
    if tote.subject_id is not None:
        raise Refused("tote_taken", {})
    _BIND.run({"order": order.id, "tote": tote_id})


@dataclass(frozen=True)
class Picked:
    """A stop after a pick: units in the tote, of how many. `following`: the walk's next stop when this one is done.
    `emptied`: by the book these were the last units of their row.
    """

    picked: int
    quantity: int
    following: Sight | None
    emptied: bool = False


def pick(
    actor: Actor, task_id: uuid.UUID, quantity: int, tote_id: uuid.UUID | None = None, serials: Sequence[str] = ()
) -> Picked:
    """Take units of one stop into the order's tote: one posting, bin → tote, fulfilling the allocation.

    `serials`: the numbers taken, under full serial control. Refuses `tote_needed`, `wrong_tote`, `too_many_picked`,
    `task_done`, `order_cancelled`, `allocation_changed`, `serials_required`, `serial_not_here`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    stop = work_on(actor, task_id, with_order=True)
    order = stop.order
    assert order is not None  # asked for
    order.refuse_cancelled()
    order.refuse_stopped()
    if not ORDER.permitted("finish_picking", order.state):
        ORDER.apply("start_picking", order.state)  # refuses, naming the state, where nothing may be picked
    order.check_release(rules.Step.PICK)
    if order.tote_id is None or stop.tote_place is None:
        raise Refused("tote_needed", {})
    if tote_id is not None and tote_id != order.tote_id:
        raise Refused("wrong_tote", {})
    if quantity > stop.quantity - stop.picked:
        raise Refused("too_many_picked", {"left": stop.quantity - stop.picked})
    target = replace(stop.goods, location_id=stop.tote_place, handling_unit_id=order.tote_id)
    move = MoveDraft(stop.goods, target, quantity, allocation_id=stop.allocation_id, serials=serials)
    ledger.post(actor, PostingDraft(Reason.PICK, "order", order.id, [move]))
    _count_pick(actor, stop, order, quantity)
    return Picked(stop.picked + quantity, stop.quantity, stop.following, quantity >= stop.on_hand)


_COUNT = Statement(
    f"WITH owed AS (UPDATE demand SET picked = picked + :quantity WHERE id = :demand), kept AS ({_KEPT})"
    " UPDATE pick_task SET picked = picked + :quantity, state = :state WHERE id = :stop"
)


def _count_pick(actor: Actor, stop: HeldStop, order: OrderAtWork, quantity: int) -> None:
    """The stop, its demand, its order and its walk follow the goods. All of them are held."""
    is_done = stop.picked + quantity == stop.quantity
    state = TASK.apply("finish", stop.state).value if is_done else stop.state
    actions = ["start_picking"] if order.state == OrderState.WAVED.value else []
    if stop.missing == quantity:
        actions.append("finish_picking")
    finished = is_done and stop.following is None
    counted = {"quantity": quantity, "demand": stop.demand_id, "stop": stop.id, "state": state}
    _COUNT.run(counted | _kept(actor, stop, finished=finished))
    if actions:
        move_order(order, *actions)
    if finished:
        walks.look_after_wave(stop.walk.wave_id)


# Where goods are picked together, nobody else of the walk finds more of them there.
_SHORT = Statement(
    "UPDATE pick_task AS t SET state = :state FROM pick_task s JOIN pick_batch b ON b.id = s.batch_id WHERE s.id = :stop"
    f" AND (t.id = s.id OR ({_SHARED} AND t.batch_id = s.batch_id AND t.balance_id = s.balance_id"
    "  AND t.state = 'open'))"
)


def report_short(actor: Actor, task_id: uuid.UUID) -> None:
    """The bin holds less than the book says: the stop ends, the bin is in doubt until counted.

    The hold breaks every claim on that row; each demand, this one too, is then looked after by `reallocate`.
    """
    stop = work_on(actor, task_id)
    _SHORT.run({"stop": stop.id, "state": TASK.apply("report_short", stop.state).value})
    is_last = stop.following is None or not walks.has_open_stops(stop.walk.id)
    _keep(actor, stop, finished=is_last)
    if is_last:
        walks.free_tote(stop.walk.id)
    holds.doubt(actor, stop.walk.warehouse_id, stop.balance_id)
