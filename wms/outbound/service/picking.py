"""The picker's work: take a walk, bind totes, pick stop by stop, report what is not there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import HandlingUnit, Warehouse
from wms.identity.models import User
from wms.inventory import holds, ledger
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.models import Demand, Order, PickBatch, PickTask
from wms.outbound.service import walks
from wms.outbound.service.walks import next_task
from wms.outbound.workflow import BATCH, ORDER, TASK, OrderState, TaskState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement

__all__ = [
    "assign_tote",
    "check_release",
    "finish_if_picked",
    "next_task",
    "pick",
    "report_short",
    "skip",
    "take_batch",
]

LEASE = timedelta(minutes=15)

_NEXT = Statement(
    "SELECT id FROM pick_batch WHERE warehouse_id = :warehouse AND state IN ('open', 'picking')"
    " AND (picker_id = :picker OR picker_id IS NULL OR lease_until < :now)"
    " ORDER BY (picker_id = :picker) DESC NULLS LAST, created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
)


def take_batch(actor: Actor, warehouse_id: uuid.UUID) -> PickBatch | None:
    """The picker's own unfinished walk, else the oldest one nobody holds; None when there is none."""
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    found = _NEXT.scalar({"warehouse": warehouse_id, "picker": actor.id, "now": clock.now()})
    return None if found is None else _hold(actor, found)


def _hold(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    batch = lock_one(Rank.TASK, PickBatch, batch_id)
    assert batch is not None
    batch.state = BATCH.apply("take", batch.state).value
    batch.picker_id = actor.id
    batch.lease_until = clock.now() + LEASE
    session().flush()
    return batch


def load_task_to_work(actor: Actor, task_id: uuid.UUID, *, holding_order: bool = False) -> tuple[PickBatch, PickTask]:
    """The stop and its walk under lock, in this actor's warehouse; the walk becomes or stays this picker's.

    `holding_order`: its order is locked first. Refuses `batch_taken` while another picker holds the walk, `task_done`.
    """
    seen = session().get(PickTask, task_id)
    if seen is None or not actor.sees_warehouse(seen.warehouse_id):
        raise not_found("task")
    if holding_order:
        lock_one(Rank.DOCUMENT, Order, seen.order_id)
    batch = lock_one(Rank.TASK, PickBatch, seen.batch_id)
    task = lock_one(Rank.TASK, PickTask, task_id)
    assert batch is not None  # a stop belongs to a walk, and neither is ever deleted
    assert task is not None
    now = clock.now()
    if batch.picker_id not in (None, actor.id) and batch.lease_until is not None and batch.lease_until > now:
        picker = session().get(User, batch.picker_id)
        raise Refused("batch_taken", {"picker": picker.name if picker else "?"})
    if task.state == TaskState.CANCELLED.value:
        _refuse_cancelled(session().get_one(Order, task.order_id, populate_existing=True))
    if task.state != TaskState.OPEN.value:
        raise Refused("task_done", {})
    batch.picker_id, batch.lease_until = actor.id, now + LEASE
    return batch, task


def skip(actor: Actor, task_id: uuid.UUID) -> PickTask:
    """Postpone a stop to the end of the walk."""
    _, task = load_task_to_work(actor, task_id)
    task.skipped += 1
    session().flush()
    return task


def assign_tote(actor: Actor, order_id: uuid.UUID, tote_id: uuid.UUID) -> Order:
    """Bind an empty tote to an order: everything picked for it goes there. Again with the same tote is fine."""
    order = _order_in_work(actor, order_id)
    tote = lock_one(Rank.HANDLING_UNIT, HandlingUnit, tote_id)
    if tote is None or tote.warehouse_id != order.warehouse_id or tote.kind != "tote":
        raise Refused("not_a_tote", {})
    if order.tote_id == tote.id:
        return order
    if order.tote_id is not None:
        raise Refused("wrong_tote", {})
    if tote.subject_id is not None:
        raise Refused("tote_taken", {})
    tote.subject_kind, tote.subject_id, tote.state = "order", order.id, "in_use"
    order.tote_id = tote.id
    session().flush()
    return order


def _order_in_work(actor: Actor, order_id: uuid.UUID) -> Order:
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or not actor.sees_warehouse(order.warehouse_id):
        raise not_found("order")
    _refuse_cancelled(order)
    return order


def _refuse_cancelled(order: Order) -> None:
    if order.state == OrderState.CANCELLED.value:
        raise Refused("order_cancelled", {})


def check_release(order: Order, step: rules.Step) -> None:
    """Whether customs lets this step happen now (law 6 and the warehouse's own rule)."""
    if order.customs_state in ("none", "released"):
        return
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    if order.customs_state == "refused" or not rules.may_before_release(step, warehouse.before_release):
        raise Refused("customs_not_released", {})


def pick(
    actor: Actor, task_id: uuid.UUID, quantity: int, tote_id: uuid.UUID | None = None, serials: Sequence[str] = ()
) -> PickTask:
    """Take units of one stop into the order's tote: one posting, bin → tote, fulfilling the allocation.

    `serials`: the numbers taken, under full serial control. Refuses `tote_needed`, `wrong_tote`, `too_many_picked`,
    `task_done`, `order_cancelled`, `allocation_changed`, `serials_required`, `serial_not_here`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    batch, task = load_task_to_work(actor, task_id, holding_order=True)
    order = session().get_one(Order, task.order_id)  # locked, and read fresh, with its stop
    _refuse_cancelled(order)
    if not ORDER.permitted("finish_picking", order.state):
        ORDER.apply("start_picking", order.state)  # refuses, naming the state, where nothing may be picked
    check_release(order, rules.Step.PICK)
    if order.tote_id is None:
        raise Refused("tote_needed", {})
    if tote_id is not None and tote_id != order.tote_id:
        raise Refused("wrong_tote", {})
    if quantity > task.quantity - task.picked:
        raise Refused("too_many_picked", {"left": task.quantity - task.picked})
    _post_pick(actor, order, task, quantity, serials)
    _count_pick(order, task, quantity)
    walks.finish_if_done([batch])
    return task


def _post_pick(actor: Actor, order: Order, task: PickTask, quantity: int, serials: Sequence[str]) -> None:
    tote = session().get_one(HandlingUnit, order.tote_id)
    source = stock_of(session().get_one(Balance, task.balance_id))
    target = replace(source, location_id=tote.location_id, handling_unit_id=tote.id)
    move = MoveDraft(source, target, quantity, allocation_id=task.allocation_id, serials=serials)
    ledger.post(actor, PostingDraft(Reason.PICK, "order", order.id, [move]))


def _count_pick(order: Order, task: PickTask, quantity: int) -> None:
    task.picked += quantity
    if task.picked == task.quantity:
        task.state = TASK.apply("finish", task.state).value
    session().flush()
    session().execute(
        text("UPDATE demand SET picked = picked + :quantity WHERE id = :id"),
        {"quantity": quantity, "id": task.demand_id},
    )
    if order.state == OrderState.WAVED.value:
        order.state = ORDER.apply("start_picking", order.state).value
    finish_if_picked(order)


def finish_if_picked(order: Order) -> None:
    """All demands in the tote: the order is picked."""
    missing = session().scalar(select(func.sum(Demand.quantity - Demand.picked)).where(Demand.order_id == order.id))
    if missing == 0 and order.state == OrderState.PICKING.value:
        order.state = ORDER.apply("finish_picking", order.state).value
        order.version += 1
        order.updated_at = clock.now()
        session().flush()


def report_short(actor: Actor, task_id: uuid.UUID) -> PickTask:
    """The bin holds less than the book says: the stop ends, the bin is in doubt until counted.

    The hold breaks every claim on that row; each demand, this one too, is then looked after by `reallocate`.
    """
    batch, task = load_task_to_work(actor, task_id)
    task.state = TASK.apply("report_short", task.state).value
    session().flush()
    holds.doubt(actor, task.warehouse_id, task.balance_id)
    walks.finish_if_done([batch])
    return task
