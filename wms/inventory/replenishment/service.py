"""Walking to a pick face: take a task, fetch the units from their reserve row, put them into the face.

The units are reserved where they lie from the planning on, so that no wave takes them and no second task does; room is
kept for them in the face. One posting moves them, from the reserve straight into the face, when the face is scanned.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import func, select

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Location
from wms.inventory import allocations, holds, ledger, waiting
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Allocation, Balance, Move
from wms.inventory.putaway import reservations
from wms.inventory.putaway import service as putaway
from wms.inventory.replenishment import planning, queries, rules
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.replenishment.planning import SUBJECT
from wms.inventory.rules import MoveDraft, Reason
from wms.inventory.service import Subject
from wms.inventory.summaries import together
from wms.inventory.workflow import REPLENISHMENT, ReplenishState
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock, lock_one

NONE = uuid.UUID(int=0)


def take_next(
    actor: Actor,
    warehouse_id: uuid.UUID,
    here: uuid.UUID | None = None,
    but: Sequence[uuid.UUID] = (),
    current: uuid.UUID | None = None,
) -> ReplenishTask:
    """One's own task, else the most urgent that nobody walks; of equally urgent ones the nearest to `here` (the bin
    scanned last). `but`: those this person left for later come last; `current`: the one that is
    just being finished. Refuses `nothing_to_replenish`.
    """
    _check_staff(actor, warehouse_id)
    session().flush()
    claim(Rank.TASK)
    if current is not None:
        lock_one(Rank.TASK, ReplenishTask, current)  # before the next one, for which nobody is waited
    found = queries.NEXT.scalar({
        "warehouse": warehouse_id, "user": actor.id, "now": clock.now(), "here": here, "but": list(but),
        "current": current or NONE,
    })  # fmt: skip
    task = None if found is None else lock_one(Rank.TASK, ReplenishTask, found)
    if task is None:
        raise Refused("nothing_to_replenish", {})
    task.state = REPLENISHMENT.apply("take", task.state).value
    if task.worker_id != actor.id:
        task.posting_id = None  # whoever had it before cannot take back any more
    task.worker_id, task.lease_until = actor.id, clock.now() + rules.LEASE
    session().flush()
    return task


def left_of(task: ReplenishTask) -> int:
    """Units still reserved, and so still to bring; read anew."""
    query = select(Allocation.open_quantity).where(Allocation.id == task.allocation_id)
    return int(session().scalar(query) or 0)


def check_source(actor: Actor, task_id: uuid.UUID, location_id: uuid.UUID) -> None:
    """Somebody stands at the reserve bin: it has to be the right one. They keep the task."""
    task = _own(actor, task_id)
    source = session().get_one(Balance, task.balance_id)
    if source.location_id != location_id:
        raise Refused("wrong_location", {"wanted": session().get_one(Location, source.location_id).code})
    task.lease_until = clock.now() + rules.LEASE
    session().flush()


def bring(
    actor: Actor,
    task_id: uuid.UUID,
    quantity: int,
    location_id: uuid.UUID,
    serials: Sequence[str] = (),
    *,
    overruled: bool = False,
) -> ReplenishTask:
    """So many units went into the pick face, loose; with the last of them the task is over. Its container stays where
    it is, empty when all of it went.

    Refuses `not_that_face`, `too_many_brought`, `replenish_not_yours`, `replenish_gone`, `face_in_doubt`, what the bin refuses
    (`putaway.place`) and what the ledger refuses.
    """
    task = _own(actor, task_id)
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    if task.location_id != location_id:
        raise Refused("not_that_face", {"code": session().get_one(Location, task.location_id).code})
    if queries.is_in_doubt(task.id):
        raise Refused("face_in_doubt", {"code": session().get_one(Location, location_id).code})
    left = left_of(task)
    if quantity > left:
        raise Refused("too_many_brought" if left else "replenish_gone", {"left": left})
    source = stock_of(session().get_one(Balance, task.balance_id))
    products = products_by_ids([task.product_id])
    refusal = putaway.check_all(
        actor, [(source, quantity)], location_id, products, holder=_holder(task.id), overruled=overruled
    )
    target = replace(source, location_id=location_id, handling_unit_id=None)
    move = MoveDraft(source, target, quantity, allocation_id=task.allocation_id, serials=serials)
    posted = ledger.post(actor, PostingDraft(Reason.MOVE, SUBJECT, task.id, [move]))
    putaway.note_overruled(actor, task.warehouse_id, location_id, posted.posting_id, refusal)
    _count(task, quantity, left, posted.posting_id)
    waiting.announce_let_go(task.warehouse_id, [task.product_id])
    return task


def _count(task: ReplenishTask, quantity: int, left: int, posting_id: uuid.UUID) -> None:
    """The task follows its goods, and only what is still to come keeps room."""
    task.moved += quantity
    task.posting_id = posting_id
    if quantity == left:
        task.state = REPLENISHMENT.apply("finish", task.state).value
        task.lease_until, task.finished_at = None, clock.now()
        reservations.release(_holder(task.id))
    else:
        task.state = REPLENISHMENT.apply("bring", task.state).value
        task.lease_until = clock.now() + rules.LEASE
        _keep_room(task, left - quantity)
    session().flush()


def undo(actor: Actor, task_id: uuid.UUID, leaving: uuid.UUID | None = None) -> ReplenishTask:
    """Take back what was brought last: it stands in reserve again, reserved as before, and the task is in hand.
    `leaving`: the task that this person had begun since, which is left to others.

    Refuses `nothing_to_take_back`, `replenish_not_yours`, and what the mirror posting refuses (a picker took of it).
    """
    if leaving is not None:
        lock(Rank.TASK, ReplenishTask, [task_id, leaving])  # both, in their order
        put_back(actor, leaving)
    task = _load(actor, task_id)
    if task.worker_id != actor.id:
        raise Refused("replenish_not_yours", {})
    if task.posting_id is None or not REPLENISHMENT.permitted("undo", task.state):
        raise Refused("nothing_to_take_back", {})
    quantity = int(
        session().scalar(select(func.sum(Move.quantity)).where(Move.posting_id == task.posting_id)) or 0
    )  # fmt: skip
    with together():
        ledger.post(actor, ledger.mirror_of(task.warehouse_id, task.posting_id))
        if not allocations.reserve_again(task.allocation_id, task.balance_id, quantity):
            raise Refused("stock_is_held", {})
    task.state = REPLENISHMENT.apply("undo", task.state).value
    task.moved -= quantity
    task.posting_id, task.finished_at = None, None
    task.lease_until = clock.now() + rules.LEASE
    session().flush()
    _keep_room(task, left_of(task))
    return task


def put_back(actor: Actor, task_id: uuid.UUID) -> ReplenishTask:
    """Leave the task to somebody else, or for later."""
    task = _own(actor, task_id)
    task.state = REPLENISHMENT.apply("put_back", task.state).value
    task.lease_until, task.posting_id = None, None
    session().flush()
    return task


def report_short(actor: Actor, task_id: uuid.UUID) -> ReplenishTask:
    """The reserve bin holds less than the book says: it is in doubt until counted, every claim on it breaks, and the
    next planning looks for other stock.
    """
    task = _own(actor, task_id)
    task.state = REPLENISHMENT.apply("report_short", task.state).value
    task.lease_until, task.finished_at = None, clock.now()
    session().flush()
    reservations.release(_holder(task.id))
    holds.doubt(actor, task.warehouse_id, task.balance_id)
    waiting.announce_let_go(task.warehouse_id, [task.product_id])
    return task


def cancel(actor: Actor, task_id: uuid.UUID) -> ReplenishTask:
    """A supervisor drops a task: its units are free again. The next planning may ask for them anew."""
    task = _load(actor, task_id, Permission.STOCK_ADJUST)
    _end([task])
    set_free([task])
    return task


def drop_waiting(warehouse_id: uuid.UUID, products: Collection[uuid.UUID]) -> list[ReplenishTask]:
    """Walks to the faces of these products that nobody has in hand end: what they would bring is free where it stands.
    The next planning asks for what the faces still lack.
    """
    ids = session().scalars(
        select(ReplenishTask.id).where(
            ReplenishTask.warehouse_id == warehouse_id, ReplenishTask.product_id.in_(products),
            ReplenishTask.state.in_([ReplenishState.OPEN, ReplenishState.WALKING]),
        )
    ).all()  # fmt: skip
    found = [
        task
        for task in lock(Rank.TASK, ReplenishTask, ids)
        if REPLENISHMENT.permitted("cancel", task.state)
        and not (task.lease_until is not None and task.lease_until > clock.now())
    ]
    _end(found)
    set_free(found)
    return found


def end_of_face(location_id: uuid.UUID, product_id: uuid.UUID) -> list[ReplenishTask]:
    """End all walks to a face that is going to be none; what they hold is given up by `set_free`, behind the bin."""
    ids = session().scalars(
        select(ReplenishTask.id).where(
            ReplenishTask.location_id == location_id, ReplenishTask.product_id == product_id,
            ReplenishTask.state.in_([ReplenishState.OPEN, ReplenishState.WALKING]),
        )
    ).all()  # fmt: skip
    ended = [task for task in lock(Rank.TASK, ReplenishTask, ids) if REPLENISHMENT.permitted("cancel", task.state)]
    _end(ended)
    return ended


def _end(tasks: Sequence[ReplenishTask]) -> None:
    for task in tasks:
        task.state = REPLENISHMENT.apply("cancel", task.state).value
        task.lease_until, task.finished_at = None, clock.now()
    session().flush()


def set_free(tasks: Sequence[ReplenishTask]) -> None:
    """Give up what ended tasks hold: units in reserve, room in the face."""
    allocations.release_of_promises(SUBJECT, [task.id for task in tasks])
    for task in tasks:
        reservations.release(_holder(task.id))
        waiting.announce_let_go(task.warehouse_id, [task.product_id])


def _keep_room(task: ReplenishTask, quantity: int) -> None:
    goods = stock_of(session().get_one(Balance, task.balance_id))
    product = products_by_ids([task.product_id])[task.product_id]
    target = replace(goods, location_id=task.location_id)
    planning.keep_room_of(target, task.id, product, quantity, task.warehouse_id)


def _holder(task_id: uuid.UUID) -> Subject:
    return Subject(SUBJECT, task_id)


def _own(actor: Actor, task_id: uuid.UUID) -> ReplenishTask:
    """The task, locked, which this person walks. Refuses `replenish_gone` and `replenish_not_yours`."""
    task = _load(actor, task_id)
    if task.state not in (ReplenishState.OPEN.value, ReplenishState.WALKING.value):
        raise Refused("replenish_gone", {})
    if task.state != ReplenishState.WALKING.value or task.worker_id != actor.id:
        raise Refused("replenish_not_yours", {})
    return task


def _load(actor: Actor, task_id: uuid.UUID, permission: Permission = Permission.FLOOR_WORK) -> ReplenishTask:
    task = lock_one(Rank.TASK, ReplenishTask, task_id)
    if task is None:
        raise not_found("replenishment")
    _check_staff(actor, task.warehouse_id, permission)
    return task


def _check_staff(actor: Actor, warehouse_id: uuid.UUID, permission: Permission = Permission.FLOOR_WORK) -> None:
    if not (actor.is_staff and actor.may(permission) and actor.sees_warehouse(warehouse_id)):
        raise not_found("replenishment")
