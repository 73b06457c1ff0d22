"""A wave: orders released together. What was planned is claimed and verified; its waybills are prepared by a job.

Planning (`reading`) holds no lock and may be long before. In between orders are cancelled and goods go elsewhere: what is
not as it was planned is left out, or found anew, or refuses the whole, as the caller wants it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import floor_of
from wms.inventory import allocations
from wms.inventory.allocations import AllocationResult, Wanted
from wms.outbound import carts
from wms.outbound.carts import Plan, Selection, Stop, Walk
from wms.outbound.events import WaveReleased
from wms.outbound.models import Wave
from wms.outbound.service import reading, walks
from wms.outbound.service.reading import bin_of, stops_of
from wms.outbound.workflow import ORDER, WAVE
from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

ORDERS_PER_WAVE = carts.USUAL_ORDERS
# A picker waits for it: a tenth of the search costs some per cent of the metres, and is over in a blink.
WHILE_SOMEBODY_WAITS = 0.1

# Two pickers who find no walk at once each get orders: the second plans when the first has committed.
_TURN = Statement("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:warehouse AS text), 16))")


def release_wave(
    actor: Actor,
    warehouse_id: uuid.UUID,
    *,
    order_ids: Sequence[uuid.UUID] | None = None,
    limit: int = ORDERS_PER_WAVE,
    selection: Selection | None = None,
) -> Wave:
    """Plan and release the most urgent orders that are ready, in one transaction, for somebody who waits for it.

    An order that no bin can serve now (they are kept for a move, or its stock is just being lost) is left for the
    next wave. Refuses `nothing_to_wave`.
    """
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    _TURN.send({"warehouse": warehouse_id})
    wanted = selection or Selection(limit=limit)
    plan = reading.plan(reading.read(actor, warehouse_id, wanted, order_ids), effort=WHILE_SOMEBODY_WAITS)
    return release_plan(actor, plan)


# Who is cancelled or released elsewhere at this moment is not waited for.
_HOLD = Statement(
    "SELECT o.id, o.state FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE o.id = ANY(CAST(:orders AS uuid[])) AND o.warehouse_id = :warehouse AND o.state = 'promised'"
    " AND (o.customs_state IN ('none', 'released') OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing'))"
    " ORDER BY o.id FOR NO KEY UPDATE OF o SKIP LOCKED"
)
_JOIN = Statement("UPDATE outbound_order SET state = :state, wave_id = :wave WHERE id = ANY(CAST(:orders AS uuid[]))")


def release_plan(actor: Actor, plan: Plan, *, exactly: bool = False) -> Wave:
    """Release what was planned. Orders that are not ready any more are left out, goods that others took are found in
    other bins; `exactly`: refuses `plan_changed` (`gone` orders, `lost` orders' goods) instead of either.

    Refuses `nothing_to_wave`.
    """
    warehouse = session().get(Warehouse, plan.warehouse_id)
    if warehouse is None or not actor.sees_warehouse(warehouse.id):
        raise not_found("warehouse")
    claim(Rank.DOCUMENT)
    held = {row.id: row.state for row in _HOLD.all({"orders": plan.orders, "warehouse": warehouse.id})}
    stops = [stop for stop in plan.stops if stop.order_id in held]
    demands = list(dict.fromkeys(stop.demand_id for stop in stops))
    result = _allocate(warehouse.id, demands, stops) if stops else AllocationResult([], {})
    lacking = {stop.order_id for stop in stops if stop.demand_id in result.missing}
    if exactly:
        _refuse_changes(len(plan.orders) - len(held), {stop.order_id for stop in _moved(stops, result)} | lacking)
    kept = [order for order in plan.orders if order in held and order not in lacking]
    if not kept:
        raise Refused("nothing_to_wave", {})
    wave = _insert_wave(warehouse)
    laid_out = _lay_out(wave, plan, set(kept), demands)
    wave.planned_m, wave.bin_order_m = (
        carts.metres_of(sum(lengths)) for lengths in zip(*((walk.planned, walk.bin_order) for walk in laid_out), strict=True)
    )  # fmt: skip
    wave.unplanned_m = (
        carts.metres_of(plan.unplanned) if len(kept) == len(plan.orders) else None
    )  # else of other orders
    session().flush()
    state = {ORDER.apply("wave", held[order]).value for order in kept}.pop()
    _JOIN.run({"orders": kept, "wave": wave.id, "state": state})
    record(WaveReleased(subject_id=wave.id, warehouse_id=wave.warehouse_id, owner_id=None, orders=len(kept)))
    return wave


def _allocate(warehouse_id: uuid.UUID, demands: Sequence[uuid.UUID], stops: Sequence[Stop]) -> AllocationResult:
    planned = [Wanted(stop.demand_id, stop.balance_id, stop.units) for stop in stops if not stop.allocated]
    return allocations.allocate(warehouse_id, "demand", demands, planned)


def _moved(stops: Sequence[Stop], result: AllocationResult) -> list[Stop]:
    """Stops whose goods others took: what was claimed for them is not what was planned."""
    claimed = {(each.subject_id, each.balance_id, each.quantity) for each in result.allocated}
    return [
        stop for stop in stops
        if not stop.allocated and (stop.demand_id, stop.balance_id, stop.units) not in claimed
    ]  # fmt: skip


def _refuse_changes(gone: int, lost: Collection[uuid.UUID]) -> None:
    if gone or lost:
        raise Refused("plan_changed", {"gone": gone, "lost": len(lost)})


def _insert_wave(warehouse: Warehouse) -> Wave:
    now = clock.now()
    sequence = next_in_range(f"WV:{warehouse.id}:{now:%y%m%d}")
    wave = Wave(
        id=new_id(), warehouse_id=warehouse.id, number=f"WV{warehouse.code}-{now:%y%m%d}-{sequence:04d}",
        state=WAVE.initial.value, created_at=now, released_at=now,
    )  # fmt: skip
    session().add(wave)
    session().flush()
    return wave


def _lay_out(wave: Wave, plan: Plan, kept: Collection[uuid.UUID], demands: Sequence[uuid.UUID]) -> list[Walk]:
    """The walks of the orders that are kept, as planned where nothing changed; returns them as they are now."""
    rows: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in stops_of(demands):
        rows[row.demand_id].append(row)
    found = []
    for walk in plan.walks:
        own = {stop.demand_id: stop.order_id for stop in walk.stops if stop.order_id in kept}
        if own:
            here = [row for demand in own for row in rows[demand]]
            found.append((walk if _is_as_planned(walk, here) else _planned_anew(plan, walk, own, here), own, here))
    batches = walks.new_batches(wave, [(walk.planned, walk.bin_order) for walk, _, _ in found])
    tasks: list[dict[str, Any]] = []
    for batch_id, (walk, own, here) in zip(batches, found, strict=True):
        turn = {(stop.demand_id, stop.balance_id): (at, stop) for at, stop in enumerate(walk.stops, start=1)}
        for row in here:
            at, stop = turn[row.demand_id, row.balance_id]
            task = walks.task_of(batch_id, wave.warehouse_id, own[row.demand_id], row)
            tasks.append(task | {"walk_order": at, "why": stop.why or None, "choices": stop.choices})
    walks.insert_rows(tasks)
    return [walk for walk, _, _ in found]


def _is_as_planned(walk: Walk, rows: Sequence[Any]) -> bool:
    planned = {(stop.demand_id, stop.balance_id, stop.units) for stop in walk.stops}
    return (
        len(rows) == len(walk.stops) and {(row.demand_id, row.balance_id, row.open_quantity) for row in rows} == planned
    )


def _planned_anew(plan: Plan, walk: Walk, own: dict[uuid.UUID, uuid.UUID], rows: Sequence[Any]) -> Walk:
    """The walk of what is left of its orders, or is found elsewhere: some milliseconds, also under locks."""
    floor = floor_of(plan.warehouse_id)
    known = {(stop.demand_id, stop.balance_id): stop for stop in walk.stops}
    sizes = {stop.demand_id: stop.each for stop in walk.stops}
    stops = []
    for row in rows:
        at = bin_of(floor, row)
        found = known.get((row.demand_id, row.balance_id)) or Stop(
            own[row.demand_id], row.demand_id, row.balance_id, row.location_id, at.place, at.walk_order,
            row.open_quantity, sizes[row.demand_id], "", 0,
        )  # fmt: skip
        stops.append(replace(found, units=row.open_quantity))
    return carts.walk_through(floor.layout, stops, walk.totes, plan.seed)
