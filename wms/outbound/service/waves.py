"""A wave: orders released together. Bins are chosen, walks are laid out; its waybills are prepared by a job."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory import allocations
from wms.outbound import rules
from wms.outbound.events import WaveReleased
from wms.outbound.models import Demand, Order, Wave
from wms.outbound.service import walks
from wms.outbound.workflow import ORDER, WAVE, OrderState
from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement

ORDERS_PER_WAVE = 96  # eight carts; one label bundle holds up to 100 waybills

_READY = Statement(
    "SELECT o.id FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id WHERE o.warehouse_id = :warehouse"
    " AND o.state = 'promised' AND o.holds = 0 AND o.interception <> 'requested'"
    " AND (CAST(:only AS uuid[]) IS NULL OR o.id = ANY(CAST(:only AS uuid[])))"
    " AND (o.customs_state IN ('none', 'released') OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing'))"
    " ORDER BY o.priority DESC, o.ordered_at, o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED"
)


def release_wave(
    actor: Actor, warehouse_id: uuid.UUID, *, order_ids: Sequence[uuid.UUID] | None = None, limit: int = ORDERS_PER_WAVE
) -> Wave:
    """Release the most urgent orders that are ready: allocate, lay out walks; waybills follow by a job.

    An order that no bin can serve now (its goods are on their way to a pick face or kept for a move, or its stock is just
    being lost) is left for the next wave. Refuses `nothing_to_wave`, and `faces_first` when all wait for pick faces.
    """
    warehouse = session().get(Warehouse, warehouse_id)
    if warehouse is None or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    parameters = {"warehouse": warehouse_id, "only": None if order_ids is None else list(order_ids), "limit": limit}
    chosen = list(_READY.column(parameters))
    orders = {order.id: order for order in lock(Rank.DOCUMENT, Order, chosen)}
    orders = {key: order for key, order in orders.items() if _is_ready(order)}
    if not orders:
        raise Refused("nothing_to_wave", {})
    demands = session().scalars(select(Demand).where(Demand.order_id.in_(orders))).all()
    result = allocations.allocate(warehouse_id, "demand", [demand.id for demand in demands])
    lacking = {demand.order_id for demand in demands if demand.id in result.missing}
    kept = [orders[key] for key in chosen if key in orders and key not in lacking]
    if not kept:
        coming = {demand.order_id for demand in demands if result.is_coming(demand.id)}
        raise Refused("faces_first", {"orders": len(coming)}) if coming == lacking else Refused("nothing_to_wave", {})
    wave = _insert_wave(warehouse)
    _lay_out(wave, kept, [demand for demand in demands if demand.order_id not in lacking])
    record(WaveReleased(subject_id=wave.id, warehouse_id=wave.warehouse_id, owner_id=None, orders=len(kept)))
    return wave


def _is_ready(order: Order) -> bool:
    """Still, behind its lock."""
    return order.state == OrderState.PROMISED.value and not order.is_stopped


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


_STOPS = Statement(
    "SELECT a.id AS allocation_id, a.subject_id AS demand_id, a.balance_id, a.open_quantity, b.location_id,"
    " b.product_id, l.walk_order FROM allocation a JOIN balance b ON b.id = a.balance_id"
    " JOIN location l ON l.id = b.location_id WHERE a.subject_kind = 'demand'"
    " AND a.subject_id = ANY(CAST(:demands AS uuid[])) AND a.open_quantity > 0"
    " AND NOT EXISTS (SELECT 1 FROM pick_task t WHERE t.allocation_id = a.id) ORDER BY l.walk_order, a.id"
)


def stops_of(demand_ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    """Allocations of these demands that are not yet on a walk, in walking order."""
    return _STOPS.all({"demands": list(demand_ids)})


def _lay_out(wave: Wave, orders: Sequence[Order], demands: Sequence[Demand]) -> None:
    """Orders whose goods lie close together share a cart: sorted by where their walk begins, cut into carts."""
    order_of = {demand.id: demand.order_id for demand in demands}
    stops: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for stop in stops_of(list(order_of)):
        stops[order_of[stop.demand_id]].append(stop)
    ordered = sorted(orders, key=lambda order: (stops[order.id][0].walk_order, order.ordered_at, order.id))
    for first in range(0, len(ordered), rules.ORDERS_PER_BATCH):
        cart = ordered[first : first + rules.ORDERS_PER_BATCH]
        batch = walks.new_batch(wave.warehouse_id, wave.id)
        for order in cart:
            order.state = ORDER.apply("wave", order.state).value
            order.wave_id = wave.id
        walks.insert_tasks(batch, [(order.id, stop) for order in cart for stop in stops[order.id]])
    session().flush()
