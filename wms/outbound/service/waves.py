"""A wave: orders released together. What was planned is claimed and verified; its waybills are prepared by a job.

Planning (`reading`) holds no lock and may be long before. In between orders are cancelled and goods go elsewhere: what is
not as it was planned is left out, or found anew, or refuses the whole, as the caller wants it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.queries import floor_of
from wms.inventory import allocations
from wms.inventory.allocations import AllocationResult, Wanted
from wms.outbound import carts, zoned
from wms.outbound.carts import Plan, Selection, Stop, Walk
from wms.outbound.events import WaveReleased
from wms.outbound.models import Wave
from wms.outbound.service import lanes, reading, walks
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

    An order that no bin can serve now (its goods are on their way to a pick face or kept for a move, or its stock is just
    being lost) is left for the next wave. Refuses `nothing_to_wave`, and `faces_first` when all wait for pick faces.
    """
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    _TURN.send({"warehouse": warehouse_id})
    wanted = selection or Selection(limit=limit)
    plan = reading.plan(reading.read(actor, warehouse_id, wanted, order_ids), effort=WHILE_SOMEBODY_WAITS)
    if not plan.walks and plan.short and all(each.is_coming for each in plan.short):
        raise Refused("faces_first", {"orders": len(plan.short)})
    return release_plan(actor, plan)


# Who is cancelled or released elsewhere at this moment is not waited for.
_HOLD = Statement(
    "SELECT o.id, o.state, w.code AS warehouse FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " WHERE o.id = ANY(CAST(:orders AS uuid[])) AND o.warehouse_id = :warehouse AND o.state = 'promised'"
    " AND o.holds = 0 AND o.interception <> 'requested'"
    " AND (o.customs_state IN ('none', 'released') OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing'))"
    " ORDER BY o.id FOR NO KEY UPDATE OF o SKIP LOCKED"
)
_JOIN = Statement("UPDATE outbound_order SET state = :state, wave_id = :wave WHERE id = ANY(CAST(:orders AS uuid[]))")


def release_plan(actor: Actor, plan: Plan, *, exactly: bool = False) -> Wave:
    """Release what was planned. Orders that are not ready any more are left out, goods that others took are found in
    other bins; `exactly`: refuses `plan_changed` (`gone` orders, `lost` orders' goods) instead of either.

    Refuses `nothing_to_wave`.
    """
    if not actor.sees_warehouse(plan.warehouse_id):
        raise not_found("warehouse")
    claim(Rank.DOCUMENT)
    held = {row.id: row for row in _HOLD.all({"orders": plan.orders, "warehouse": plan.warehouse_id})}
    stops = [stop for stop in plan.stops if stop.order_id in held]
    result = _allocate(plan.warehouse_id, stops)
    lacking = {stop.order_id for stop in stops if stop.demand_id in result.missing}
    moved = _moved(stops, result)
    if exactly and (len(held) < len(plan.orders) or lacking or moved):
        lost = lacking | {stop.order_id for stop in moved}
        raise Refused("plan_changed", {"gone": len(plan.orders) - len(held), "lost": len(lost)})
    kept = [order for order in plan.orders if order in held and order not in lacking]
    if not kept:
        raise Refused("nothing_to_wave", {})
    if moved or lacking:  # what is claimed now is not what was planned
        claims = _claims_of(stops)
    else:
        claims = _claims_as_planned(stops, result)
    walks_now = _unlike_apart(plan, _walks_now(plan, set(kept), claims))
    wave = _insert_wave(plan, held[kept[0]].warehouse, walks_now, is_whole=len(kept) == len(plan.orders))
    _lay_out(wave, walks_now, claims, plan.wall)
    state = {ORDER.apply("wave", held[order].state).value for order in kept}.pop()
    _JOIN.run({"orders": kept, "wave": wave.id, "state": state})
    record(WaveReleased(subject_id=wave.id, warehouse_id=wave.warehouse_id, owner_id=None, orders=len(kept)))
    return wave


def _allocate(warehouse_id: uuid.UUID, stops: Sequence[Stop]) -> AllocationResult:
    if not stops:
        return AllocationResult([], {})
    planned = [Wanted(stop.demand_id, stop.balance_id, stop.units) for stop in stops if stop.allocation_id is None]
    return allocations.allocate(
        warehouse_id, "demand", list(dict.fromkeys(stop.demand_id for stop in stops)), planned
    )  # fmt: skip


def _moved(stops: Sequence[Stop], result: AllocationResult) -> set[Stop]:
    """Stops whose goods others took: what was claimed is not what was planned."""
    claimed = {(each.subject_id, each.balance_id, each.quantity) for each in result.allocated}
    planned = {
        (stop.demand_id, stop.balance_id, stop.units): stop for stop in stops if stop.allocation_id is None
    }  # fmt: skip
    demands = {subject for subject, _, _ in claimed - planned.keys()}
    return {stop for key, stop in planned.items() if key not in claimed} | {
        stop for stop in stops if stop.demand_id in demands
    }


@dataclass(frozen=True)
class Claim:
    """An allocation as a stop is made of it."""

    allocation_id: uuid.UUID
    demand_id: uuid.UUID
    product_id: uuid.UUID
    balance_id: int
    location_id: uuid.UUID
    open_quantity: int
    walk_order: int
    zone_id: uuid.UUID | None = None
    aisle: int | None = None
    bay: int | None = None
    code: str = ""


Claims = Mapping[uuid.UUID, Sequence[Claim]]  # by demand


def _claims_of(stops: Sequence[Stop]) -> Claims:
    found: dict[uuid.UUID, list[Claim]] = defaultdict(list)
    for row in stops_of(list(dict.fromkeys(stop.demand_id for stop in stops))):
        found[row.demand_id].append(Claim(**{each.name: getattr(row, each.name) for each in fields(Claim)}))
    return found


def _claims_as_planned(stops: Sequence[Stop], result: AllocationResult) -> Claims:
    made = {(each.subject_id, each.balance_id): each.allocation_id for each in result.allocated}
    found: dict[uuid.UUID, list[Claim]] = defaultdict(list)
    for stop in stops:
        found[stop.demand_id].append(Claim(
            stop.allocation_id or made[stop.demand_id, stop.balance_id], stop.demand_id, stop.product_id,
            stop.balance_id, stop.location_id, stop.units, stop.walk_order,
        ))  # fmt: skip
    return found


def _walks_now(plan: Plan, kept: Collection[uuid.UUID], claims: Claims) -> list[Walk]:
    """The walks of the orders that are kept: as planned where nothing changed, else laid anew."""
    found: list[Walk] = []
    last = {
        stop.demand_id: at for at, walk in enumerate(plan.walks) for stop in walk.stops
    }  # a demand may be on several
    left = {demand: list(each) for demand, each in claims.items()}
    for at, walk in enumerate(plan.walks):
        own = {stop.demand_id: stop.order_id for stop in walk.stops if stop.order_id in kept}
        here = [each for demand in own for each in _taken(walk, left.get(demand, []), all_=last[demand] == at)]
        if own and _is_as_planned(walk, here):
            found.append(walk)
        elif here:
            found.append(_planned_anew(plan, walk, own, here))
    return found


def _taken(walk: Walk, left: list[Claim], *, all_: bool) -> list[Claim]:
    """What of a demand's claims this walk fetches, off `left`: those it was planned for, or (`all_`) whatever there is."""
    planned = {(stop.demand_id, stop.balance_id) for stop in walk.stops}
    taken = [each for each in left if all_ or (each.demand_id, each.balance_id) in planned]
    left[:] = [each for each in left if each not in taken]
    return taken


def _is_as_planned(walk: Walk, claims: Sequence[Claim]) -> bool:
    planned = {(stop.demand_id, stop.balance_id, stop.units) for stop in walk.stops}
    claimed = {(each.demand_id, each.balance_id, each.open_quantity) for each in claims}
    return len(claims) == len(walk.stops) and claimed == planned


def _planned_anew(plan: Plan, walk: Walk, own: Mapping[uuid.UUID, uuid.UUID], claims: Sequence[Claim]) -> Walk:
    """The walk of what is left of its orders, or is found elsewhere: some milliseconds, also under locks."""
    known = {(stop.demand_id, stop.balance_id): stop for stop in walk.stops}
    sizes = {stop.demand_id: stop.each for stop in walk.stops}
    floor = floor_of(plan.warehouse_id)
    stops = []
    for each in claims:
        stop = known.get((each.demand_id, each.balance_id))
        if stop is None:
            at = bin_of(floor, each)
            stop = Stop(
                own[each.demand_id], each.demand_id, each.product_id, each.balance_id, each.location_id, at.place,
                at.walk_order, each.open_quantity, sizes[each.demand_id], "", 0,
            )  # fmt: skip
        stops.append(replace(stop, units=each.open_quantity))
    anew = carts.walk_through(floor.layout, stops, walk.totes, plan.seed)
    return replace(anew, zone=walk.zone, is_lane=walk.is_lane)


def _unlike_apart(plan: Plan, laid_out: Sequence[Walk]) -> list[Walk]:
    """Orders of a lane that not every unit serves since it was planned (their parcels are photographed now) walk on a cart."""
    planned = {order for walk in laid_out if walk.is_lane for order in walk.orders}
    alike = lanes.alike(planned) if planned else planned
    if planned == alike:
        return list(laid_out)
    found = []
    for walk in laid_out:
        parts = {True: list[Stop](), False: list[Stop]()}
        for stop in walk.stops:
            parts[stop.order_id in alike].append(stop)
        if not walk.is_lane or not parts[False]:
            found.append(walk)
            continue
        layout = floor_of(plan.warehouse_id).layout
        for is_lane, stops in parts.items():
            if stops:
                totes = walk.totes if is_lane else len(stops)
                found.append(replace(carts.walk_through(layout, stops, totes, plan.seed), is_lane=is_lane))
    return found


def _insert_wave(plan: Plan, warehouse_code: str, laid_out: Sequence[Walk], *, is_whole: bool) -> Wave:
    now = clock.now()
    sequence = next_in_range(f"WV:{plan.warehouse_id}:{now:%y%m%d}")
    wave = Wave(
        id=new_id(), warehouse_id=plan.warehouse_id, number=f"WV{warehouse_code}-{now:%y%m%d}-{sequence:04d}",
        state=WAVE.initial.value, created_at=now, released_at=now,
        planned_m=carts.metres_of(sum(walk.planned for walk in laid_out)),
        bin_order_m=carts.metres_of(sum(walk.bin_order for walk in laid_out)),
        unplanned_m=carts.metres_of(plan.unplanned) if is_whole else None,  # else it is of other orders
    )  # fmt: skip
    session().add(wave)
    session().flush()
    return wave


def _lay_out(wave: Wave, laid_out: Sequence[Walk], claims: Claims, wall: str) -> None:
    """Walks and their stops as rows, in the order they are to be taken and passed."""
    # An order that fills more than a wall keeps to totes of its own.
    walls = [wall or None if zoned.is_sorted(walk) else None for walk in laid_out]
    batches = walks.new_batches(
        wave, [
            walks.Laid(walk.planned, walk.bin_order, own, walk.zone, walk.is_lane)
            for walk, own in zip(laid_out, walls, strict=True)
        ],
    )  # fmt: skip
    rows = []
    left = {demand: list(own) for demand, own in claims.items()}  # a demand may have two claims on one row
    for batch_id, walk in zip(batches, laid_out, strict=True):
        for turn, stop in enumerate(walk.stops, start=1):
            claimed = next(
                each
                for each in left[stop.demand_id]
                if (each.balance_id, each.open_quantity) == (stop.balance_id, stop.units)
            )
            left[stop.demand_id].remove(claimed)
            task = walks.task_of(batch_id, wave.warehouse_id, stop.order_id, claimed)
            rows.append(task | {"walk_order": turn, "why": stop.why or None, "choices": stop.choices})
    walks.insert_rows(rows)
