"""Asking for moves, and making them: what stands in a bin is fetched, exchanged at the other one, and posted at once.

Nothing is kept for a move before somebody begins it: orders go before. What is in hand is reserved where the book has it, so
that no wave sends a picker for it; with the last bin one posting moves both ways.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inventory import allocations, ledger, waiting
from wms.inventory.counting import goods as shelf
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.putaway import queries as places
from wms.inventory.putaway import reservations, rules
from wms.inventory.putaway.rules import Bin
from wms.inventory.putaway.service import goods_of
from wms.inventory.relocating import queries
from wms.inventory.relocating.models import MoveTask
from wms.inventory.relocating.queries import BinNow
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.workflow import MOVE, MoveState
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock, lock_one

SUBJECT = "move_task"
PURPOSE = "relocation"
LEASE = timedelta(minutes=20)
Part = tuple[uuid.UUID, Stock, int]  # a reservation, its goods, and how many


@dataclass(frozen=True)
class Wanted:
    """One move of a list: `number` is its place there, `saves_m` metres a day."""

    number: int
    product_id: uuid.UUID
    origin_id: uuid.UUID
    target_id: uuid.UUID
    partner_id: uuid.UUID | None
    saves_m: float


def ask_for(actor: Actor, warehouse_id: uuid.UUID, wanted: Sequence[Wanted]) -> list[MoveTask]:
    """Make these moves work of the floor, in this order; all or none. They are looked at one after the other, each as the
    bins stand when those before it are made.

    Refuses, naming the number and the bin: `move_changed` when something else stands there, `move_waiting` when a move that
    waits touches it, `move_in_container`, `stock_is_held`, `location_closed`, `move_kept` for a bin kept for a product.
    """
    _check_staff(actor, warehouse_id, Permission.WAVES_MANAGE)
    reservations.taking_turns(warehouse_id)
    touched = {bin_id for each in wanted for bin_id in (each.origin_id, each.target_id)}
    now = queries.bins(warehouse_id, touched)
    stands = {bin_id: found.products for bin_id, found in now.items()}
    waiting = queries.touched(warehouse_id, touched)
    made = []
    for turn, each in enumerate(wanted):
        there = {each.product_id}
        back = {each.partner_id} if each.partner_id is not None else set()
        for bin_id, expected in ((each.origin_id, there), (each.target_id, back)):
            if bin_id not in now:
                raise not_found("location")
            _check_bin(now[bin_id], each.number, bin_id in waiting)
            if stands[bin_id] != expected:
                raise Refused("move_changed", {"number": each.number, "code": now[bin_id].code})
        stands |= {each.origin_id: frozenset(back), each.target_id: frozenset(there)}
        made.append(_add(actor, warehouse_id, turn, each))
    session().flush()
    return made


def _check_bin(found: BinNow, number: int, waits: bool) -> None:
    refusals = {
        "move_waiting": waits, "move_kept": found.is_kept, "move_in_container": found.in_containers,
        "move_held": found.is_held, "location_closed": not found.is_active,
    }  # fmt: skip
    for code, applies in refusals.items():
        if applies:
            raise Refused(code, {"number": number, "code": found.code})


def _add(actor: Actor, warehouse_id: uuid.UUID, turn: int, each: Wanted) -> MoveTask:
    made = MoveTask(
        id=new_id(), warehouse_id=warehouse_id, product_id=each.product_id, origin_id=each.origin_id,
        target_id=each.target_id, partner_id=each.partner_id, turn=turn, saves_m=each.saves_m,
        state=MOVE.initial.value, moved=0, came_back=0, asked_by=actor.id, created_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    return made


def take_next(actor: Actor, warehouse_id: uuid.UUID, but: Sequence[uuid.UUID] = ()) -> MoveTask | None:
    """One's own move, else the first that nobody makes and whose bins no earlier one touches; None when there is none. Those
    whose bins have changed since are dropped on the way. `but`: those this person left for later come last.
    """
    _check_staff(actor, warehouse_id)
    session().flush()
    task, changed = None, list[MoveTask]()
    while task is None:
        claim(Rank.TASK)
        asked = {"warehouse": warehouse_id, "user": actor.id, "now": clock.now(), "but": list(but)}
        found = queries.NEXT.scalar(asked | {"changed": [each.id for each in changed]})
        seen = None if found is None else lock_one(Rank.TASK, MoveTask, found)
        if seen is None:
            break
        if _is_as_asked(seen):
            task = seen
        else:
            changed.append(seen)
    taken_over = []
    if task is not None:
        if task.worker_id not in (None, actor.id):  # what they had in hand is where it was
            taken_over.append(task)
        task.state = MOVE.apply("take", task.state).value
        task.worker_id, task.lease_until = actor.id, clock.now() + LEASE
        session().flush()
    _end_all(changed, "cancel", taken_over)
    return task


def _is_as_asked(task: MoveTask) -> bool:
    now = queries.bins(task.warehouse_id, [task.origin_id, task.target_id])
    back = frozenset() if task.partner_id is None else frozenset({task.partner_id})
    return (
        now[task.origin_id].products == {task.product_id} and now[task.target_id].products == back
        and not any(each.is_kept or each.in_containers for each in now.values())
    )  # fmt: skip


def hold(actor: Actor, task_id: uuid.UUID, location_id: uuid.UUID, product_id: uuid.UUID) -> int:
    """All that is free of a product in one of the two bins is in somebody's hands: reserved there until it is put down. What
    orders have claimed stays for its pickers. Returns how many units; again changes nothing.

    Refuses `wrong_location`, `wrong_item`, `move_gone`, `stock_is_allocated` when nothing is free, `stock_is_held`.
    """
    task = _own(actor, task_id)
    ends = {task.origin_id: task.product_id, task.target_id: task.partner_id}
    if ends.get(location_id) != product_id:
        raise Refused("wrong_item", {"wanted": "–"})
    held = [row for row in queries.RESERVED.all({"task": task.id}) if row.location_id == location_id]
    if held:
        return sum(row.open_quantity for row in held)
    asked = {"warehouse": task.warehouse_id, "location": location_id, "product": product_id}
    rows = queries.FREE.all(asked)
    taken = 0
    for row in rows:
        units = row.on_hand if row.whole and row.free == row.on_hand else 0 if row.whole else row.free
        if units and allocations.reserve(task.warehouse_id, row.id, units, PURPOSE, SUBJECT, task.id) is not None:
            taken += units
    if not taken:
        on_hand = sum(row.on_hand for row in rows)
        raise Refused("stock_is_allocated" if rows else "stock_is_held", {"allocated": on_hand, "on_hand": on_hand})
    task.lease_until = clock.now() + LEASE
    session().flush()
    return taken


def finish(actor: Actor, task_id: uuid.UUID) -> MoveTask:
    """What is in hand was put down, each in the other's bin: one posting. Refuses `move_gone`, what a bin refuses its goods
    (`putaway.place`) once the others have left it, and what the ledger refuses.
    """
    task = _own(actor, task_id)
    held = queries.RESERVED.all({"task": task.id})
    parts: dict[uuid.UUID, list[Part]] = {task.origin_id: [], task.target_id: []}
    for row in held:
        stock = stock_of(session().get_one(Balance, row.balance_id, populate_existing=True))
        parts[row.location_id].append((row.id, stock, row.open_quantity))
    if not parts[task.origin_id]:
        raise Refused("nothing_there", {})
    reservations.taking_turns(task.warehouse_id)  # who suggests a bin keeps several still, the best first
    for bin_id, other in sorted(((task.origin_id, task.target_id), (task.target_id, task.origin_id))):
        _check_room(bin_id, leaving=parts[bin_id], coming=parts[other])
    moves = [
        MoveDraft(stock, replace(stock, location_id=other), units, allocation_id=key)
        for bin_id, other in ((task.origin_id, task.target_id), (task.target_id, task.origin_id))
        for key, stock, units in parts[bin_id]
    ]
    ledger.post(actor, PostingDraft(Reason.MOVE, SUBJECT, task.id, moves))
    task.moved = sum(units for _, _, units in parts[task.origin_id])
    task.came_back = sum(units for _, _, units in parts[task.target_id])
    _end(task, "finish")
    return task


def _check_room(bin_id: uuid.UUID, *, leaving: Sequence[Part], coming: Sequence[Part]) -> None:
    """Whether what comes may stand in a bin when what leaves has left; the bin is kept still until the transaction ends."""
    if not coming:
        places.lock_bin(bin_id)
        return
    products = products_by_ids({stock.product_id for _, stock, _ in [*leaving, *coming]})
    out, into = (
        [goods_of(products[s.product_id], n, s.lot_id, s.condition, s.customs_status) for _, s, n in part]
        for part in (leaving, coming)
    )
    found = places.whole_bin(bin_id, into)
    if found is None:
        raise not_found("location")
    place, content = found
    less = Counter[uuid.UUID](), Counter[str](), Counter[tuple[uuid.UUID, uuid.UUID | None]]()
    for each in out:
        less[0][each.product_id] += each.quantity
        less[1][each.customs_status] += each.quantity
        less[2][each.product_id, each.lot_id] += each.quantity
    weight, volume = sum(each.weight_g for each in out), sum(each.volume_mm3 for each in out)
    stays = rules.Content(
        Counter(content.products) - less[0], Counter(content.statuses) - less[1], Counter(content.lots) - less[2]
    )
    if out:
        place = replace(
            place, weight_g=place.weight_g - weight, volume_mm3=place.volume_mm3 - volume,
            standing_classes=_classes_beside(place, stays),
        )  # fmt: skip
    refusal = rules.refusal_of_all(into, place, stays, coming[0][1].warehouse_id)
    if refusal is not None:
        raise refusal
    places.note_filled(bin_id)


def _classes_beside(place: Bin, stays: rules.Content) -> frozenset[str]:
    """Dangerous classes of what stays in a bin, what orders have claimed too, and of what others carry to it."""
    beside = {product_id for product_id, _ in place.reserved_lots} | stays.products.keys()
    return frozenset(
        each.dangerous_class for each in products_by_ids(beside).values() if each.dangerous_class is not None
    )


def put_back(actor: Actor, task_id: uuid.UUID) -> MoveTask:
    """Leave the move to somebody else, or for later: what was in hand is back where it was."""
    task = _own(actor, task_id)
    _end(task, "put_back")
    return task


def cancel(actor: Actor, task_id: uuid.UUID) -> MoveTask:
    """A supervisor drops a move. Those after it that build on it are dropped when their turn comes."""
    task = lock_one(Rank.TASK, MoveTask, task_id)
    if task is None:
        raise not_found("move")
    _check_staff(actor, task.warehouse_id, Permission.WAVES_MANAGE)
    _end(task, "cancel")
    return task


def let_go_expired() -> None:
    """The clock's share: nothing stays reserved for who went home with a move in hand."""
    expired = lock(Rank.TASK, MoveTask, queries.EXPIRED.column({"now": clock.now()}))
    _end_all([task for task in expired if task.state == MoveState.MOVING.value and _is_left(task)], "put_back")


def _is_left(task: MoveTask) -> bool:
    return task.lease_until is not None and task.lease_until < clock.now()


def _end(task: MoveTask, action: str) -> None:
    _end_all([task], action)


def _end_all(tasks: Sequence[MoveTask], action: str, taken_over: Sequence[MoveTask] = ()) -> None:
    """By this action nobody has them in hand any more, nor those `taken_over` from others. The caller holds them all: running
    counts are locked after moves, balances after tasks.
    """
    for task in tasks:
        task.state = MOVE.apply(action, task.state).value
        task.lease_until = None
        if task.state in (MoveState.DONE.value, MoveState.CANCELLED.value):
            task.finished_at = clock.now()
    session().flush()
    let_go = [*tasks, *taken_over]
    shelf.given_back(queries.ROWS_IN_HAND.column({"tasks": [task.id for task in let_go]}))
    allocations.release_of_promises(SUBJECT, [task.id for task in let_go])
    for task in let_go:
        products = [task.product_id] if task.partner_id is None else [task.product_id, task.partner_id]
        waiting.announce_let_go(task.warehouse_id, products)


def _own(actor: Actor, task_id: uuid.UUID) -> MoveTask:
    """The move, locked, that this person makes. Refuses `move_gone`."""
    task = lock_one(Rank.TASK, MoveTask, task_id)
    if task is None:
        raise not_found("move")
    _check_staff(actor, task.warehouse_id)
    if task.state != MoveState.MOVING.value or task.worker_id != actor.id:
        raise Refused("move_gone", {})
    return task


def _check_staff(actor: Actor, warehouse_id: uuid.UUID, permission: Permission = Permission.FLOOR_WORK) -> None:
    if not (actor.is_staff and actor.may(permission) and actor.sees_warehouse(warehouse_id)):
        raise not_found("move")
