"""Counting a bin: take it, count what is there without being told, finish. Nothing is frozen.

The rows of the bin carry the last move that touched them. What was counted is compared with the book at one version:
goods that moved, or came into somebody's hands, between the taking and the finishing of the bin are counted once more, all
others are compared exactly. What is in hands is in the book here and not in the bin (`inventory.hands`): it is no loss.
What moves afterwards changes book and bin alike, so a variance stays what it was and is posted as such, however late.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, select

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.inventory import hands, holds, serials
from wms.inventory.counting import goods as shelf
from wms.inventory.counting import posting, queries, rules
from wms.inventory.counting.goods import Goods, Row
from wms.inventory.counting.models import CountLine, CountTask
from wms.inventory.counting.rules import Result, Verdict
from wms.inventory.summaries import together
from wms.inventory.workflow import COUNT, CountState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one

MOST_UNITS = 99_999_999


@dataclass(frozen=True)
class Finished:
    """What came of a counted bin. `again`: goods that moved meanwhile and are to be counted once more, nothing else was
    decided then. `variances`: how many kinds of goods differ; never which, the counter stays blind.
    """

    task: CountTask
    again: list[Goods] = field(default_factory=list)
    verdict: Verdict | None = None
    variances: int = 0


def take(actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID) -> CountTask:
    """Begin to count the bin of an open task, or go on with it.

    Refuses `location_in_transit`, `unaccounted_not_counted`, `count_not_planned`, `count_taken` (somebody is at it),
    `count_same_person` (a recount needs other eyes).
    """
    _check_staff(actor, warehouse_id)
    posting.check_countable(warehouse_id, location_id)
    found = session().scalar(
        select(CountTask.id).where(
            CountTask.location_id == location_id, CountTask.state.in_([CountState.OPEN, CountState.COUNTING])
        )
    )
    task = lock_one(Rank.TASK, CountTask, found) if found is not None else None
    if task is None or task.warehouse_id != warehouse_id or task.state not in (CountState.OPEN, CountState.COUNTING):
        raise Refused("count_not_planned", {})
    if task.round > 1 and actor.id in task.counted_by:
        raise Refused("count_same_person", {})
    now = clock.now()
    if task.state == CountState.COUNTING:
        if task.counter_id == actor.id:
            task.lease_until = now + timedelta(minutes=rules.LEASE_MINUTES)
            return task
        if task.lease_until is not None and task.lease_until > now:
            raise Refused("count_taken", {})
    rows, _doubts = shelf.lock_bin(location_id)
    _drop_lines(task)
    task.state = COUNT.apply("take", task.state).value
    task.counter_id = actor.id
    task.lease_until = now + timedelta(minutes=rules.LEASE_MINUTES)
    task.base = shelf.marks_of(rows)
    session().flush()
    return task


def tally(actor: Actor, task_id: uuid.UUID, counted: Goods, quantity: int, numbers: Sequence[str] = ()) -> CountLine:
    """Add units of one kind of goods to what was counted of it. Under full serial control each unit is its number.

    Refuses `serials_required`, `serial_scanned` (that very unit was counted before).
    """
    task = _own(actor, task_id)
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    if posting.keeps_serials(counted.product_id) and len(set(numbers)) != quantity:
        raise Refused("serials_required", {"wanted": quantity, "given": len(set(numbers))})
    line = _line_of(task, counted)
    if line is None:
        line = CountLine(
            task_id=task.id, warehouse_id=task.warehouse_id, round=task.round, **counted._asdict(), counted=0,
            serials=[], lost=[], found=[], counted_by=actor.id, counted_at=clock.now(),
        )  # fmt: skip
        session().add(line)
    if set(numbers) & set(line.serials):
        raise Refused("serial_scanned", {"number": min(set(numbers) & set(line.serials))})
    line.counted = min(line.counted + quantity, MOST_UNITS)
    line.serials = [*line.serials, *numbers]
    line.counted_at = clock.now()
    session().flush()
    return line


def take_back(actor: Actor, task_id: uuid.UUID, counted: Goods) -> None:
    """Forget what was counted of one kind of goods: it is counted anew. Refuses `nothing_counted`."""
    task = _own(actor, task_id)
    line = _line_of(task, counted)
    if line is None:
        raise Refused("nothing_counted", {})
    session().delete(line)
    session().flush()


def put_back(actor: Actor, task_id: uuid.UUID) -> CountTask:
    """Leave the bin uncounted for somebody else; what was counted is forgotten."""
    task = _own(actor, task_id)
    _drop_lines(task)
    task.state = COUNT.apply("put_back", task.state).value
    task.counter_id, task.lease_until = None, None
    session().flush()
    return task


def finish(actor: Actor, task_id: uuid.UUID, *, empty: bool = False) -> Finished:
    """All that is in the bin has been counted; what was not is not there. `empty`: said with nothing counted.

    Refuses `nothing_counted` when nothing was and nobody said that the bin is empty.
    """
    task = _own(actor, task_id)
    lines = {_goods(line): line for line in _lines(task)}
    if not lines and not empty:
        raise Refused("nothing_counted", {}, next_step="empty")
    if lines and empty:
        raise Refused("not_empty", {})
    with together():
        rows, doubts = shelf.lock_bin(task.location_id)
        there = shelf.by_goods(rows)
        wanted = {key for key, own in there.items() if any(row.on_hand for row in own)} | lines.keys()
        again = sorted((key for key in wanted if shelf.moved_since(there.get(key, []), task.base)), key=str)
        if again:
            _count_again(task, again, there, lines)
            return Finished(task, again)
        for key in sorted(wanted, key=str):
            if key not in lines and not any(row.in_bin for row in there[key]):
                continue  # all of it is in hands: nothing was to be counted
            _compare(lines.setdefault(key, _missing(actor, task, key)), there.get(key, []))
        session().flush()
        hands.end_left(row.hand for row in rows)
        finished = _decide(actor, task, list(lines.values()))
        if task.state == CountState.DONE.value:
            holds.end_doubts(actor, doubts)
    return finished


def _count_again(
    task: CountTask,
    again: Sequence[Goods],
    there: Mapping[Goods, Sequence[Row]],
    lines: Mapping[Goods, CountLine],
) -> None:
    """These moved while they were counted: from now on the book at this moment is what they are compared with."""
    base = dict(task.base)
    for key in again:
        base |= shelf.marks_of(there.get(key, ()))
        if key in lines:
            session().delete(lines[key])
    task.base = base
    session().flush()


def _missing(actor: Actor, task: CountTask, key: Goods) -> CountLine:
    """Goods of the book that nobody found."""
    return CountLine(
        task_id=task.id, warehouse_id=task.warehouse_id, round=task.round, **key._asdict(), counted=0, serials=[],
        lost=[], found=[], counted_by=actor.id, counted_at=clock.now(),
    )  # fmt: skip


def _compare(line: CountLine, rows: Sequence[Row]) -> None:
    """Write into the line what the book says at this version is in the bin, and what is more or less."""
    line.book = sum(row.in_bin for row in rows)
    if posting.keeps_serials(line.product_id):
        known, seen = set().union(*(serials.of_row(row.id) for row in rows)), set(line.serials)
        away = set().union(*(row.carried_numbers() for row in rows)) - seen
        line.lost, line.found = sorted(known - away - seen), sorted(seen - known)
        line.book = len(known - away)
    line.variance = line.counted - line.book
    line.versions = shelf.versions_of(rows)
    product = session().get_one(Product, line.product_id)
    if _size(line) and product.declared_value_minor is not None:
        line.value_minor = _size(line) * product.declared_value_minor
        line.currency = product.declared_currency
    session().add(line)


def _decide(actor: Actor, task: CountTask, lines: Sequence[CountLine]) -> Finished:
    """Book it, have it counted by somebody else, or let a supervisor decide."""
    rule = queries.rule_of(task.warehouse_id)
    results = [Result(_goods(line), line.book or 0, _size(line), line.value_minor, line.currency) for line in lines]
    verdict = rules.verdict(rule, results, _before(task))
    task.counted_by = [*task.counted_by, actor.id]
    task.lease_until = None
    task.state = COUNT.apply(verdict.value, task.state).value
    if verdict is Verdict.RECOUNT:
        task.round += 1
        task.counter_id = None
    if verdict is Verdict.POST:
        task.finished_at = clock.now()
        posting.post_variances(actor, task, lines)
    session().flush()
    return Finished(task, [], verdict, sum(1 for line in lines if _size(line)))


def _size(line: CountLine) -> int:
    """The variance; for numbered units that were exchanged one by one, how many are lacking."""
    return line.variance or -len(line.lost)


def _before(task: CountTask) -> dict[object, int] | None:
    """What the round before found, by goods."""
    if task.round == 1:
        return None
    rows = session().scalars(select(CountLine).where(CountLine.task_id == task.id, CountLine.round == task.round - 1))
    return {_goods(line): _size(line) for line in rows if line.book is not None}


def _own(actor: Actor, task_id: uuid.UUID) -> CountTask:
    """The task, locked, which this person is counting. Refuses `count_not_yours`."""
    task = lock_one(Rank.TASK, CountTask, task_id)
    if task is None:
        raise not_found("count")
    _check_staff(actor, task.warehouse_id)
    if task.state != CountState.COUNTING.value or task.counter_id != actor.id:
        raise Refused("count_not_yours", {})
    return task


def _check_staff(actor: Actor, warehouse_id: uuid.UUID) -> None:
    if not (actor.is_staff and actor.may(Permission.FLOOR_WORK) and actor.sees_warehouse(warehouse_id)):
        raise not_found("count")


def _goods(line: CountLine) -> Goods:
    return Goods(line.owner_id, line.product_id, line.lot_id, line.handling_unit_id, line.condition)


def _lines(task: CountTask) -> list[CountLine]:
    return list(
        session().scalars(
            select(CountLine).where(CountLine.task_id == task.id, CountLine.round == task.round).order_by(CountLine.id)
        )
    )


def _line_of(task: CountTask, key: Goods) -> CountLine | None:
    return next((line for line in _lines(task) if _goods(line) == key), None)


def _drop_lines(task: CountTask) -> None:
    """What somebody had counted who never finished."""
    session().execute(delete(CountLine).where(CountLine.task_id == task.id, CountLine.round == task.round))
