"""Picking together: what several orders want from one bin is taken at once, into one tote of the walk.

The goods are the orders' already (their claims are fulfilled). For a put wall they lie together until they are sorted
(`sorting`): an order is *picked* when the last of its units is in its slot. In the fast lane every unit is an order's only
one: that is *picked* with it, and names the container it lies in.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import HandlingUnit
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.models import PickBatch, PickTask
from wms.outbound.service import walks
from wms.outbound.service.held import COLUMNS, OrderAtWork, order_at_work
from wms.outbound.service.picking import LEASE, Picked, check_free_tote
from wms.outbound.service.stops import next_stop
from wms.outbound.workflow import ORDER, TASK, OrderState, TaskState
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock
from wms.platform.statements import Statement

WALK = "batch"  # what a tote of a walk is bound to

_TOGETHER = Statement(
    "SELECT t.id, t.order_id, (SELECT coalesce(sum(x.picked), 0)::int FROM pick_task x WHERE x.batch_id = s.batch_id"
    "  AND x.balance_id = s.balance_id AND x.state = 'done') AS had FROM pick_task t JOIN pick_task s"
    " ON s.batch_id = t.batch_id AND s.balance_id = t.balance_id JOIN outbound_order o ON o.id = t.order_id"
    " WHERE s.id = :stop AND t.state = 'open' ORDER BY o.priority DESC, o.ordered_at, o.id, t.walk_order, t.id"
)
_HOLD = Statement(
    f"SELECT {COLUMNS} FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE o.id = ANY(CAST(:orders AS uuid[])) ORDER BY o.id FOR NO KEY UPDATE OF o"
)
_BIND = Statement(
    "WITH tote AS (UPDATE handling_unit SET subject_kind = 'batch', subject_id = :batch, state = 'in_use' WHERE id = :tote)"
    " UPDATE pick_batch SET tote_id = :tote WHERE id = :batch"
)


def bind_tote(actor: Actor, batch_id: uuid.UUID, tote_id: uuid.UUID) -> None:
    """The walk's goods go into this empty tote from now on; one that was bound before keeps what is in it, and is free when
    that is nothing.

    Refuses `not_a_tote`, `tote_taken`, `batch_taken`, `walk_picked`.
    """
    batch = walks.hold_walk(actor, batch_id)
    lock(Rank.HANDLING_UNIT, HandlingUnit, {each for each in (batch.tote_id, tote_id) if each is not None})
    check_free_tote(batch.warehouse_id, tote_id, batch.id)
    walks.check_not_over(batch)
    session().flush()
    walks.free_tote(batch.id)
    _BIND.run({"batch": batch.id, "tote": tote_id})


def pick_together(actor: Actor, task_id: uuid.UUID, quantity: int, serials: Sequence[str] = ()) -> Picked:
    """Take units of one bin for all orders of the walk that want them, the most urgent first: one posting, bin → tote.

    Refuses as `picking.pick`: `tote_needed`, `too_many_picked`, `task_done`, `batch_taken`, `customs_not_released`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    wanted = _TOGETHER.all({"stop": task_id})
    seen = session().get(PickTask, task_id)
    if seen is None:
        raise not_found("task")
    claim(Rank.DOCUMENT)
    held = {
        row.id: order_at_work(actor, row) for row in _HOLD.all({"orders": sorted({row.order_id for row in wanted})})
    }
    batch = walks.hold_walk(actor, seen.batch_id)
    found = {task.id: task for task in lock(Rank.TASK, PickTask, [row.id for row in wanted])}
    tasks = [found[row.id] for row in wanted if _may_be_picked(found[row.id], held)]
    if not tasks:
        raise Refused("task_done", {})
    tote = session().get(HandlingUnit, batch.tote_id) if batch.tote_id else None
    if tote is None:
        raise Refused("tote_needed", {})
    shares = _shares(tasks, quantity)
    row = session().get_one(Balance, seen.balance_id, populate_existing=True)
    source, emptied = stock_of(row), quantity >= row.on_hand
    target = replace(source, location_id=tote.location_id, handling_unit_id=tote.id)
    numbers = list(serials)
    moves = [
        MoveDraft(source, target, units, allocation_id=task.allocation_id, serials=[numbers.pop(0) for _ in range(units)] if serials
                  else ())
        for task, units in shares
    ]  # fmt: skip
    ledger.post(actor, PostingDraft(Reason.PICK, WALK, batch.id, moves))
    had = wanted[0].had + sum(task.picked for task in tasks)
    picked, all_ = had + quantity, had + sum(task.quantity - task.picked for task in tasks)
    _count(actor, batch, shares, held)
    return Picked(picked, all_, next_stop(batch.id), emptied)


def _may_be_picked(task: PickTask, held: dict[uuid.UUID, OrderAtWork]) -> bool:
    order = held[task.order_id]
    if task.state != TaskState.OPEN.value or order.state == OrderState.CANCELLED.value:
        return False
    order.check_release(rules.Step.PICK)
    return True


def _shares(tasks: Sequence[PickTask], quantity: int) -> list[tuple[PickTask, int]]:
    left = sum(task.quantity - task.picked for task in tasks)
    if quantity > left:
        raise Refused("too_many_picked", {"left": left})
    found = []
    for task in tasks:
        share = min(quantity, task.quantity - task.picked)
        if share:
            found.append((task, share))
            quantity -= share
    return found


_COUNT = Statement(
    "WITH k AS (SELECT * FROM unnest(CAST(:stops AS uuid[]), CAST(:units AS int[])) AS k(id, units)),"
    " owed AS (UPDATE demand AS d SET picked = d.picked + x.units FROM (SELECT t.demand_id, sum(k.units)::int AS units FROM k"
    "  JOIN pick_task t ON t.id = k.id GROUP BY t.demand_id) x WHERE d.id = x.demand_id)"
    " UPDATE pick_task AS t SET picked = t.picked + k.units,"
    " state = CASE WHEN t.picked + k.units = t.quantity THEN :done ELSE t.state END FROM k WHERE t.id = k.id"
)
_MOVE = Statement(
    "UPDATE outbound_order SET state = :state, version = version + 1, updated_at = :now, tote_id = coalesce(:tote, tote_id)"
    " WHERE id = ANY(CAST(:orders AS uuid[]))"
)


def _count(
    actor: Actor, batch: PickBatch, shares: Sequence[tuple[PickTask, int]], held: dict[uuid.UUID, OrderAtWork]
) -> None:
    """Stops, demands, orders and the walk follow the goods. All of them are held."""
    _COUNT.run({
        "stops": [task.id for task, _ in shares], "units": [units for _, units in shares],
        "done": TASK.apply("finish", TaskState.OPEN).value,
    })  # fmt: skip
    begun = [key for key in dict.fromkeys(task.order_id for task, _ in shares)
             if held[key].state == OrderState.WAVED.value]  # fmt: skip
    if begun:
        state = ORDER.apply("start_picking", OrderState.WAVED)
        if batch.is_lane:  # its one piece
            state = ORDER.apply("finish_picking", state)
        tote = batch.tote_id if batch.is_lane else None
        _MOVE.run({"orders": begun, "state": state.value, "now": clock.now(), "tote": tote})
    batch.picker_id, batch.lease_until = actor.id, clock.now() + LEASE
    session().flush()
    session().expire_all()
    walks.finish_if_done([batch])


def unsorted_of(order_id: uuid.UUID) -> int:
    """Units of an order that lie in totes of walks."""
    return int(_UNSORTED.scalar({"order": order_id}) or 0)


_UNSORTED = Statement(
    "SELECT sum(t.picked - t.sorted) FROM pick_task t JOIN pick_batch b ON b.id = t.batch_id"
    " WHERE t.order_id = :order AND b.wall IS NOT NULL"
)
