"""Work on an order goes on where it stood, when nothing stops it any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from wms.outbound.models import Order, PickBatch, PickTask
from wms.outbound.service import walks
from wms.outbound.service.halting import ON_A_WALK
from wms.outbound.service.orders import try_later
from wms.outbound.service.shortage import reopen_wave
from wms.outbound.workflow import TASK, BatchState, OrderState, TaskState
from wms.platform.database import session
from wms.platform.locks import Rank, lock


def lift(order: Order) -> None:
    """After a hold ended or a request was refused: unless something else stops it, its stops are on a walk again, and a
    job looks for what was lost or came meanwhile. The caller holds the order.
    """
    if order.state == OrderState.SHORT.value:
        try_later(order, f"lifted:{order.version}")
    if order.is_stopped or order.state not in ON_A_WALK:
        return
    if order.customs_state == "refused":
        _set_aside(order)
        return
    _put_on_a_walk(order)
    try_later(order, f"lifted:{order.version}")


def _held(order: Order) -> Sequence[PickTask]:
    query = select(PickTask).where(PickTask.order_id == order.id, PickTask.state == TaskState.HELD.value)
    return session().scalars(query.order_by(PickTask.id)).all()


def _set_aside(order: Order) -> None:
    """Customs refused the order while it was stopped: its stops wait for customs' word now."""
    for task in _held(order):
        task.state = TASK.apply("set_aside", TASK.apply("resume", task.state)).value
    session().flush()


def _put_on_a_walk(order: Order) -> None:
    """On the walk they were on, where it is not done; else on one of their own."""
    tasks = _held(order)
    if not tasks:
        return
    batches = lock(Rank.TASK, PickBatch, sorted({task.batch_id for task in tasks}))
    walking = [batch for batch in batches if batch.state != BatchState.DONE.value]
    reopen_wave(order.wave_id, walking)
    assert order.wave_id is not None  # it has stops
    batch = walking[0] if walking else walks.further_batch(order.warehouse_id, order.wave_id, order.id)
    for task in tasks:
        task.state = TASK.apply("resume", task.state).value
        task.batch_id = batch.id
    session().flush()
