"""A supervisor's word on a variance: book it, have it counted again, or drop the count."""

from __future__ import annotations

import uuid

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inventory import holds
from wms.inventory.counting import goods as shelf
from wms.inventory.counting import posting
from wms.inventory.counting.models import CountTask
from wms.inventory.summaries import together
from wms.inventory.workflow import COUNT
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


def approve(actor: Actor, task_id: uuid.UUID) -> CountTask:
    """Let the book follow the count. Refuses `count_own_approval` for who counted it, and `count_outdated`."""
    task = _load(actor, task_id, Permission.STOCK_APPROVE)
    state = COUNT.apply("approve", task.state)
    if actor.id in task.counted_by:
        raise Refused("count_own_approval", {})
    with together():
        _rows, doubts = shelf.lock_bin(task.location_id)
        posting.post_variances(actor, task, posting.lines_of_last_round(task))
        task.state = state.value
        task.decided_by = actor.id
        task.finished_at = clock.now()
        session().flush()
        holds.end_doubts(actor, doubts)
    return task


def recount(actor: Actor, task_id: uuid.UUID) -> CountTask:
    """Have the bin counted once more, by somebody who has not counted it yet."""
    task = _load(actor, task_id, Permission.STOCK_ADJUST)
    if task.state != "review":
        COUNT.apply("approve", task.state)  # refuses, and says what is possible
    task.state = COUNT.apply("recount", task.state).value
    task.round += 1
    task.counter_id, task.lease_until = None, None
    session().flush()
    return task


def cancel(actor: Actor, task_id: uuid.UUID) -> CountTask:
    """Give up counting this bin. What was counted stays on record, the book as it is."""
    task = _load(actor, task_id, Permission.STOCK_ADJUST)
    task.state = COUNT.apply("cancel", task.state).value
    task.decided_by = actor.id
    task.finished_at = clock.now()
    session().flush()
    return task


def _load(actor: Actor, task_id: uuid.UUID, permission: Permission) -> CountTask:
    task = lock_one(Rank.TASK, CountTask, task_id)
    if task is None or not actor.is_staff or not actor.may(permission) or not actor.sees_warehouse(task.warehouse_id):
        raise not_found("count")
    return task
