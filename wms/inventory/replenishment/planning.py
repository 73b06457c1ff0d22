"""Planning walks to pick faces: what has lost its reason goes, ranks are put right, what faces lack is reserved.

One planning of a warehouse at a time. The order of locks: tasks, then bins (is there room for these very goods?), then
the rows in reserve, first given back, then taken.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.inventory import allocations, waiting
from wms.inventory.balances import lock_rows
from wms.inventory.putaway import queries as bins
from wms.inventory.putaway import reservations
from wms.inventory.putaway import rules as putaway_rules
from wms.inventory.putaway.service import goods_of
from wms.inventory.replenishment import queries, rules
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.replenishment.queries import FaceNow, Place, ReserveRow
from wms.inventory.replenishment.rules import Face
from wms.inventory.service import Subject
from wms.inventory.workflow import REPLENISHMENT
from wms.platform.database import session
from wms.platform.locks import Rank, claim
from wms.platform.outbox import add_job
from wms.platform.statements import Statement

SUBJECT = "replenish"
PURPOSE = "replenishment"
TOPIC = "inventory.replenish"
TURN_SECONDS = 20  # a warehouse is planned at most so often by the clock


@dataclass
class Planned:
    """What a planning did: tasks `made`, and `dropped` because their reason or their goods were gone."""

    made: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class _Part:
    """Units of a row that a face has room for, which is kept for the task to come."""

    task_id: uuid.UUID
    face: FaceNow
    balance_id: int
    quantity: int


@dataclass
class _Doomed:
    """Tasks to be cancelled, and for which goods somebody may wait who has to look elsewhere."""

    ids: list[uuid.UUID] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)


def plan_now(actor: Actor, warehouse_id: uuid.UUID) -> Planned:
    """The same as the clock does, at once."""
    if not (actor.is_staff and actor.may(Permission.STOCK_ADJUST) and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    return plan(warehouse_id)


_WITH_FACES = Statement(
    "SELECT w.id FROM warehouse w WHERE w.is_active AND (EXISTS (SELECT 1 FROM fixed_bin x WHERE x.warehouse_id = w.id"
    " AND x.maximum IS NOT NULL) OR EXISTS (SELECT 1 FROM replenish_task t WHERE t.warehouse_id = w.id"
    " AND t.state IN ('open', 'walking'))) ORDER BY w.id"
)
# Kept longer than a walk lasts, and never dropped while the task is open.
_RENEW = Statement(
    "UPDATE bin_reservation AS r SET expires_at = :until FROM replenish_task t WHERE t.warehouse_id = :warehouse"
    " AND t.state IN ('open', 'walking') AND r.holder_kind = 'replenish' AND r.holder_id = t.id AND r.expires_at < :soon"
)


def plan_where_due() -> int:
    """The clock's share: the room of open walks stays kept, and a job plans each warehouse that asks for it. How many."""
    now = clock.now()
    due = 0
    for warehouse_id in _WITH_FACES.column({}):
        until = now + reservations.KEPT
        _RENEW.run({"warehouse": warehouse_id, "until": until, "soon": until - reservations.KEPT / 2})
        if is_due(warehouse_id):
            turn = int(now.timestamp()) // TURN_SECONDS
            add_job(TOPIC, {"warehouse_id": str(warehouse_id)}, dedupe_key=f"{TOPIC}:{warehouse_id}:{turn}")
            due += 1
    return due


def is_due(warehouse_id: uuid.UUID) -> bool:
    """Whether a planning would change anything, as far as a look without locks can tell."""
    faces = queries.faces(warehouse_id)
    doomed, ranks = _judge(warehouse_id, faces)
    if doomed.ids or ranks:
        return True
    lacking = {each.place.product_id for each in faces if rules.lacking(each.face)}
    return any(queries.reserves(warehouse_id, product_id) for product_id in sorted(lacking))


def plan(warehouse_id: uuid.UUID) -> Planned:
    """Bring the open walks of a warehouse in line with its stock and its orders. The most urgent faces are served first
    from a scarce reserve; at most `rules.MOST_FACES` a turn, the next turn goes on.
    """
    session().flush()
    reservations.taking_turns(warehouse_id)
    faces = queries.faces(warehouse_id)
    doomed = _drop_and_rank(warehouse_id, faces)
    if doomed.ids:  # what they were bringing is lacking again
        faces = queries.faces(warehouse_id)
    _keep_all_room(warehouse_id)
    parts = _find_parts(warehouse_id, _lacking(faces))
    made = _reserve(warehouse_id, doomed, parts)
    waiting.announce_let_go(warehouse_id, [place.product_id for place in doomed.places])
    return Planned(made, len(doomed.ids))


def _drop_and_rank(warehouse_id: uuid.UUID, faces: Sequence[FaceNow]) -> _Doomed:
    """End tasks that have lost their reason; rank the others as things are now."""
    doomed, ranks = _judge(warehouse_id, faces)
    _write(doomed, ranks)
    for task_id in doomed.ids:
        reservations.release(Subject(SUBJECT, task_id))
    return doomed


def _judge(warehouse_id: uuid.UUID, faces: Sequence[FaceNow]) -> tuple[_Doomed, dict[uuid.UUID, int]]:
    """Tasks whose goods were lost or whose face is full without them or in doubt, and the ranks of others that are wrong."""
    known = {each.place: each.face for each in faces}
    over = {place: face.stands + face.coming - face.maximum for place, face in known.items()}
    doomed, ranks = _Doomed(), {}
    for task in queries.open_tasks(warehouse_id):
        place = Place(task.location_id, task.product_id)
        face = known.get(place)
        if task.open_quantity == 0 or (not task.is_held and (face is None or face.in_doubt or over[place] > 0)):
            doomed.ids.append(task.id)
            doomed.rows.add(task.balance_id)
            doomed.places.add(place)
            if face is not None:
                over[place] -= task.open_quantity
        elif face is not None and rules.urgency(face) != task.urgency:
            ranks[task.id] = rules.urgency(face)
    return doomed, ranks


_LOCK = Statement(
    "SELECT id, state FROM replenish_task WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE"
)
_RANK = Statement(
    "UPDATE replenish_task AS t SET urgency = k.urgency FROM unnest(CAST(:ids AS uuid[]), CAST(:urgencies AS int[]))"
    " AS k(id, urgency) WHERE t.id = k.id"
)
_END = Statement(
    "UPDATE replenish_task SET state = :state, finished_at = :now, lease_until = NULL"
    " WHERE id = ANY(CAST(:ids AS uuid[]))"
)


def _write(doomed: _Doomed, ranks: dict[uuid.UUID, int]) -> None:
    """Under the tasks' locks; what somebody finished, or took in hand, meanwhile stays as it is."""
    wanted = [*doomed.ids, *ranks]
    if not wanted:
        return
    claim(Rank.TASK)
    states = {row.id: row.state for row in _LOCK.all({"ids": sorted(wanted)})}
    doomed.ids = [each for each in doomed.ids if REPLENISHMENT.permitted("cancel", states[each])]
    if doomed.ids:
        state = REPLENISHMENT.apply("cancel", "open").value
        _END.run({"ids": doomed.ids, "state": state, "now": clock.now()})
    if ranks:
        _RANK.run({"ids": list(ranks), "urgencies": list(ranks.values())})


def _lacking(faces: Sequence[FaceNow]) -> list[FaceNow]:
    """The faces to fill, the most urgent first."""
    wanting = [each for each in faces if rules.lacking(each.face)]
    return sorted(wanting, key=lambda each: (-rules.urgency(each.face), each.place))[: rules.MOST_FACES]


def _find_parts(warehouse_id: uuid.UUID, faces: Sequence[FaceNow]) -> list[_Part]:
    """Rows to take from and room to bring them to; nothing of a row is given twice."""
    products = products_by_ids({each.place.product_id for each in faces})
    given: Counter[int] = Counter()
    found = []
    for each in faces:
        rows = {row.reserve.balance_id: row for row in queries.reserves(warehouse_id, each.place.product_id)}
        free = [_less(row, given[key]) for key, row in rows.items()]
        for reserve, quantity in rules.share_out(rules.lacking(each.face), free):
            part = _keep_room(each, products[each.place.product_id], rows[reserve.balance_id], quantity, warehouse_id)
            if part is not None:
                given[reserve.balance_id] += part.quantity
                found.append(part)
    return found


def hindrances(warehouse_id: uuid.UUID, faces: Mapping[Place, Face]) -> dict[Place, putaway_rules.Reason]:
    """Why nothing is on its way to a face that lacks units: nothing in reserve, what is there is not free, or what the
    bin says against the goods. Looked at without locks; a face that the next planning serves is left out.
    """
    lacking = [place for place, face in faces.items() if not face.coming and rules.lacking(face)]
    products = products_by_ids({place.product_id for place in lacking}) if lacking else {}
    first = {key: next(iter(queries.reserves(warehouse_id, key)), None) for key in products}
    nothing_free = {
        key: putaway_rules.Reason("reserve_taken" if queries.stands_in_reserve(warehouse_id, key) else "reserve_none")
        for key, row in first.items()
        if row is None
    }
    found = {}
    for place in lacking:
        row = first[place.product_id]
        if row is None:
            found[place] = nothing_free[place.product_id]
            continue
        goods = goods_of(products[place.product_id], 1, row.lot_id, row.condition, row.customs_status)
        faults = putaway_rules.faults(goods, bins.bin_seen(place.location_id, goods), warehouse_id)
        why = next(faults, None)
        if why is not None:
            found[place] = why
    return found


def _less(row: ReserveRow, given: int) -> rules.Reserve:
    reserve = row.reserve
    return replace(reserve, free=reserve.free - given, whole=reserve.whole and not given)


def _keep_room(
    face: FaceNow, product: ProductFacts, row: ReserveRow, quantity: int, warehouse_id: uuid.UUID
) -> _Part | None:
    """As many of these goods as may stand in the face, with their room kept; None when none may."""
    goods = goods_of(product, quantity, row.lot_id, row.condition, row.customs_status)
    task_id = new_id()
    place = bins.bin_of(face.place.location_id, goods, task_id)
    if place is None:
        return None
    fits = putaway_rules.units_that_fit(goods, place)
    goods = goods_of(product, min(quantity, quantity if fits is None else fits), row.lot_id, row.condition,
                     row.customs_status)  # fmt: skip
    if goods.quantity < 1 or putaway_rules.refusal(goods, place, warehouse_id) is not None:
        return None
    reservations.keep(SYSTEM, warehouse_id, face.place.location_id, goods, Subject(SUBJECT, task_id))
    return _Part(task_id, face, row.reserve.balance_id, goods.quantity)


def _reserve(warehouse_id: uuid.UUID, doomed: _Doomed, parts: Sequence[_Part]) -> int:
    """Give back what the ended tasks held, then claim the new rows; how many tasks were made."""
    lock_rows(doomed.rows | {part.balance_id for part in parts})  # all at once: in their order
    allocations.release_of_promises(SUBJECT, doomed.ids)
    made = 0
    for part in parts:
        allocation_id = allocations.reserve(
            warehouse_id, part.balance_id, part.quantity, PURPOSE, SUBJECT, part.task_id
        )
        if allocation_id is None:  # taken meanwhile: the next turn looks again
            reservations.release(Subject(SUBJECT, part.task_id))
            continue
        _add(warehouse_id, part, allocation_id)
        made += 1
    session().flush()
    return made


def _add(warehouse_id: uuid.UUID, part: _Part, allocation_id: uuid.UUID) -> None:
    session().add(
        ReplenishTask(
            id=part.task_id, warehouse_id=warehouse_id, owner_id=part.face.owner_id,
            product_id=part.face.place.product_id, location_id=part.face.place.location_id,
            balance_id=part.balance_id, allocation_id=allocation_id, quantity=part.quantity, moved=0,
            urgency=rules.urgency(part.face.face), state=REPLENISHMENT.initial.value, created_at=clock.now(),
        )
    )  # fmt: skip


_ROOMLESS = Statement(
    "SELECT t.id, t.product_id, t.location_id, a.open_quantity, b.lot_id, b.condition, b.customs_status"
    " FROM replenish_task t JOIN allocation a ON a.id = t.allocation_id JOIN balance b ON b.id = t.balance_id"
    " WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'walking') AND a.open_quantity > 0 AND NOT EXISTS ("
    "  SELECT 1 FROM bin_reservation r WHERE r.holder_kind = 'replenish' AND r.holder_id = t.id"
    "  AND r.quantity = a.open_quantity)"
)


def _keep_all_room(warehouse_id: uuid.UUID) -> None:
    """Where a loss shrank a walk, or room expired and was dropped while the clock stood still: it is kept anew."""
    rows = _ROOMLESS.all({"warehouse": warehouse_id})
    products = products_by_ids({row.product_id for row in rows}) if rows else {}
    for row in rows:
        keep_room_of(row, row.id, products[row.product_id], row.open_quantity, warehouse_id)


def keep_room_of(row: Any, task_id: uuid.UUID, product: ProductFacts, quantity: int, warehouse_id: uuid.UUID) -> None:
    """Room in the face for so many more units of a task. `row`: its `location_id`, and the goods of its source."""
    goods = goods_of(product, quantity, row.lot_id, row.condition, row.customs_status)
    reservations.keep(SYSTEM, warehouse_id, row.location_id, goods, Subject(SUBJECT, task_id))
