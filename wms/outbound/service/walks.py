"""A walk (batch) and its stops under lock: the batch before its tasks, so that its last stop is seen to be the last."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.outbound.carts import metres_of
from wms.outbound.models import PickBatch, PickTask, Wave
from wms.outbound.service import lane_totes
from wms.outbound.service.stops import IS_SHARED
from wms.outbound.workflow import BATCH, TASK, WAVE, BatchState, TaskState
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.outbox import add_job
from wms.platform.statements import Statement

UNFINISHED = (TaskState.OPEN.value, TaskState.SET_ASIDE.value)
FINISH_WAVE_TOPIC = "outbound.finish_wave"


_OPEN_STOP = Statement("SELECT 1 FROM pick_task WHERE batch_id = :batch AND state = 'open' LIMIT 1")


def has_open_stops(batch_id: uuid.UUID) -> bool:
    return _OPEN_STOP.first({"batch": batch_id}) is not None


def lock_open_work(order_id: uuid.UUID) -> tuple[Sequence[PickBatch], Sequence[PickTask]]:
    """The unfinished walks an order has stops on, and its stops that are open or set aside. The caller holds the order:
    none is added.
    """
    walks = select(PickTask.batch_id).where(PickTask.order_id == order_id).distinct()
    batches = lock(Rank.TASK, PickBatch, session().scalars(walks))
    return [batch for batch in batches if batch.state != BatchState.DONE.value], lock_open_tasks(order_id)


def lock_open_tasks(order_id: uuid.UUID) -> Sequence[PickTask]:
    stops = select(PickTask.id).where(PickTask.order_id == order_id, PickTask.state.in_(UNFINISHED))
    found = lock(Rank.TASK, PickTask, session().scalars(stops))
    return [task for task in found if task.state in UNFINISHED]


def hold_walk(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    """The walk under lock, this picker's to work on. Refuses `batch_taken`; 404 outside the actor's warehouses."""
    batch = lock_one(Rank.TASK, PickBatch, batch_id)
    if batch is None or not actor.sees_warehouse(batch.warehouse_id):
        raise not_found("walk")
    if batch.picker_id not in (None, actor.id) and batch.lease_until is not None and batch.lease_until > clock.now():
        raise Refused("batch_taken", {"picker": "?"})
    return batch


def check_not_over(batch: PickBatch) -> None:
    """A tote is freed by the end of its walk: nobody would come for one that is bound to a walk held after that. Refuses
    `walk_picked`: the last order may have been cancelled while the tote was scanned.
    """
    if not BATCH.permitted("take", batch.state):
        raise Refused("walk_picked", {})


def drop_open_work(order_id: uuid.UUID) -> None:
    """The order leaves its walks: its open stops end, and walks it was the last of are done."""
    _take_off(order_id, "cancel")


def set_aside(order_id: uuid.UUID) -> None:
    """The order leaves its walks for a while: its stops keep their claims, and wait to be taken up."""
    _take_off(order_id, "set_aside")


def _take_off(order_id: uuid.UUID, action: str) -> None:
    batches, tasks = lock_open_work(order_id)
    for task in tasks:
        if TASK.permitted(action, task.state):  # what is set aside already stays so
            task.state = TASK.apply(action, task.state).value
    session().flush()
    finish_if_done(batches)


def take_up(batch: PickBatch, tasks: Iterable[PickTask]) -> None:
    """Stops that were set aside go on this walk. The caller has them locked."""
    for task in tasks:
        task.batch_id, task.skipped = batch.id, 0
        task.state = TASK.apply("take_up", task.state).value
    session().flush()


# A walk that is done leaves no tote behind that holds nothing. Who fills or sorts one holds its walk.
_FREE = Statement(
    "UPDATE handling_unit AS u SET subject_kind = NULL, subject_id = NULL, state = 'open'"
    " WHERE u.id = (SELECT tote_id FROM pick_batch WHERE id = :batch) AND u.subject_kind = 'batch' AND u.subject_id = :batch"
    " AND NOT EXISTS (SELECT 1 FROM balance b WHERE b.handling_unit_id = u.id AND b.is_there)"
)


def finish_if_done(batches: Iterable[PickBatch]) -> None:
    """Walks without an open stop are done. The caller has them locked; their wave is looked at by a job."""
    for batch in batches:
        if batch.state == BatchState.DONE.value or has_open_stops(batch.id):
            continue
        batch.state = BATCH.apply("finish", batch.state).value
        batch.lease_until = None
        session().flush()
        free_tote(batch.id)
        look_after_wave(batch.wave_id)


def free_tote(batch_id: uuid.UUID) -> None:
    """The tote of a walk that has ended is free when it holds nothing."""
    _FREE.run({"batch": batch_id})


def look_after_wave(wave_id: uuid.UUID) -> None:
    """A walk of this wave ended: it may have been the last. A job each time: one that is begun again ends again."""
    add_job(FINISH_WAVE_TOPIC, {"wave_id": str(wave_id)}, dedupe_key=f"{FINISH_WAVE_TOPIC}:{new_id()}")


def finish_wave(wave_id: uuid.UUID) -> bool:
    """A wave whose walks are all done is done, and containers that its walks alone kept are free. A job of its own: walks that
    end together must see each other.
    """
    wave = lock_one(Rank.DOCUMENT, Wave, wave_id)
    lane_totes.settle_wave(wave_id)
    unfinished = session().scalar(
        select(func.count()).where(PickBatch.wave_id == wave_id, PickBatch.state != BatchState.DONE.value)
    )
    if wave is None or unfinished or not WAVE.permitted("finish", wave.state):
        return False
    wave.state = WAVE.apply("finish", wave.state).value
    session().flush()
    return True


def new_batch(warehouse_id: uuid.UUID, wave_id: uuid.UUID) -> PickBatch:
    batch = PickBatch(
        id=new_id(), warehouse_id=warehouse_id, wave_id=wave_id, state=BATCH.initial.value, created_at=clock.now()
    )
    session().add(batch)
    session().flush()
    return batch


# The walk for a put wall, or of the fast lane, that an order is, or was last, on.
_SHARED_WALK = Statement(
    "SELECT b.id, b.zone_id, u.subject_id IS NOT DISTINCT FROM b.id AS has_tote FROM pick_task t JOIN pick_batch b"
    " ON b.id = t.batch_id LEFT JOIN handling_unit u ON u.id = b.tote_id WHERE t.order_id = :order AND b.wave_id = :wave"
    f" AND {IS_SHARED.format(walk='b')}"
    " ORDER BY b.zone_id = CAST(:zone AS uuid) DESC NULLS LAST, b.created_at DESC, b.id DESC LIMIT 1"
)


def walk_for(
    batches: Sequence[PickBatch], warehouse_id: uuid.UUID, wave_id: uuid.UUID, order_id: uuid.UUID, zone_id: uuid.UUID
) -> PickBatch:
    """The walk that goods found elsewhere, in this zone, are fetched by. `batches`: the order's open ones, held: the first;
    of walks parted by zone the one of the zone, else a new one there, for whoever works there.
    """
    parted = [batch for batch in batches if batch.zone_id is not None]
    if not batches:
        return further_batch(warehouse_id, wave_id, order_id, zone_id)
    if not parted:
        return batches[0]
    return next((batch for batch in parted if batch.zone_id == zone_id), None) or _beside(parted[0], zone_id)


def _beside(batch: PickBatch, zone_id: uuid.UUID) -> PickBatch:
    """A walk of its own in another zone, for the same put wall."""
    made = new_batch(batch.warehouse_id, batch.wave_id)
    made.wall, made.zone_id = batch.wall, zone_id
    session().flush()
    return made


def further_batch(
    warehouse_id: uuid.UUID, wave_id: uuid.UUID, order_id: uuid.UUID, zone_id: uuid.UUID | None = None
) -> PickBatch:
    """A walk for what is left of an order whose walks are done: a new one; for a put wall the same, begun again, because
    what was picked for it is sorted by it, or a new one in the zone where none of its walks was; in the fast lane the same,
    where it meets the others that lacked the same goods. The caller holds the order's walks.
    """
    row = _SHARED_WALK.first({"order": order_id, "wave": wave_id, "zone": zone_id})
    if row is None:
        return new_batch(warehouse_id, wave_id)
    batch = session().get_one(PickBatch, row.id)
    if zone_id is not None and row.zone_id not in (None, zone_id):
        return _beside(batch, zone_id)
    if batch.state == BatchState.DONE.value:
        batch.state = BATCH.apply("reopen", batch.state).value
        batch.picker_id = batch.lease_until = None
        if not row.has_tote:  # it was emptied, and is others' now; or it is at the lane's bench
            batch.tote_id = None
        session().flush()
    return batch


class Laid(NamedTuple):
    """What a walk of a wave is made of: its lengths (planned, by bins; µm), put wall and zone, and whether it is a lane's."""

    planned: int
    bin_order: int
    wall: str | None
    zone: uuid.UUID | None
    is_lane: bool


def new_batches(wave: Wave, given: Sequence[Laid]) -> list[uuid.UUID]:
    """Walks of a wave in the order they are to be taken; returns their ids."""
    ids = [new_id() for _ in given]
    shared = {
        "warehouse_id": wave.warehouse_id,
        "wave_id": wave.id,
        "state": BATCH.initial.value,
        "created_at": clock.now(),
    }
    rows = [
        {**shared, "id": key, "planned_m": metres_of(each.planned), "bin_order_m": metres_of(each.bin_order),
         "wall": each.wall, "zone_id": each.zone, "is_lane": each.is_lane}
        for key, each in zip(ids, given, strict=True)
    ]  # fmt: skip
    session().execute(insert(PickBatch), rows)
    return ids


def insert_tasks(batch: PickBatch, stops: Sequence[tuple[uuid.UUID, Any]]) -> None:
    """Put stops on a walk: (order id, row of `stops_of`). The walk is then to be laid anew (`rerouting.reroute`)."""
    insert_rows([task_of(batch.id, batch.warehouse_id, order_id, stop) for order_id, stop in stops])


def insert_rows(tasks: Sequence[dict[str, Any]]) -> None:
    session().execute(insert(PickTask), list(tasks))


def task_of(batch_id: uuid.UUID, warehouse_id: uuid.UUID, order_id: uuid.UUID, stop: Any) -> dict[str, Any]:
    """The row of a stop, from one of `stops_of`."""
    return {
        "id": new_id(), "warehouse_id": warehouse_id, "batch_id": batch_id, "order_id": order_id,
        "demand_id": stop.demand_id, "allocation_id": stop.allocation_id, "balance_id": stop.balance_id,
        "location_id": stop.location_id, "product_id": stop.product_id, "walk_order": stop.walk_order,
        "quantity": stop.open_quantity, "picked": 0, "state": TASK.initial.value, "skipped": 0, "why": None,
        "choices": None,
    }  # fmt: skip


def stop_beside(row: dict[str, Any], allocation_id: uuid.UUID, balance_id: int, units: int) -> uuid.UUID:
    """A further open stop at the place of another one (`row`: what the two share); returns its id."""
    made = new_id()
    own = {"id": made, "allocation_id": allocation_id, "balance_id": balance_id, "quantity": units, "picked": 0}
    insert_rows([row | own | {"state": TASK.initial.value, "why": None, "choices": None}])
    return made
