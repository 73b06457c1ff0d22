"""A wave: orders released together. Bins are chosen, walks are laid out; its waybills are prepared by a job."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory import allocations, releases
from wms.outbound import rules
from wms.outbound.events import WaveReleased
from wms.outbound.models import Demand, Order, PickBatch, PickTask, Wave
from wms.outbound.service.orders import wait_for_stock
from wms.outbound.workflow import BATCH, ORDER, WAVE, OrderState, TaskState
from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock

ORDERS_PER_WAVE = 96  # eight carts; one label bundle holds up to 100 waybills

_READY = text(
    "SELECT o.id FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id WHERE o.warehouse_id = :warehouse"
    " AND o.state = 'promised' AND (CAST(:only AS uuid[]) IS NULL OR o.id = ANY(CAST(:only AS uuid[])))"
    " AND (o.customs_state IN ('none', 'released') OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing'))"
    " ORDER BY o.priority DESC, o.ordered_at, o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED"
)


def release_wave(
    actor: Actor, warehouse_id: uuid.UUID, *, order_ids: Sequence[uuid.UUID] | None = None, limit: int = ORDERS_PER_WAVE
) -> Wave:
    """Release the most urgent orders that are ready: allocate, lay out walks; waybills follow by a job.

    An order whose promise no bin can keep goes back to *short*. Refuses `nothing_to_wave`.
    """
    warehouse = session().get(Warehouse, warehouse_id)
    if warehouse is None or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    parameters = {"warehouse": warehouse_id, "only": list(order_ids) if order_ids else None, "limit": limit}
    chosen = list(session().execute(_READY, parameters).scalars())
    orders = {order.id: order for order in lock(Rank.DOCUMENT, Order, chosen)}
    orders = {key: order for key, order in orders.items() if order.state == OrderState.PROMISED.value}
    if not orders:
        raise Refused("nothing_to_wave", {})
    demands = session().scalars(select(Demand).where(Demand.order_id.in_(orders))).all()
    result = allocations.allocate(warehouse_id, "demand", [demand.id for demand in demands])
    lacking = {demand.order_id for demand in demands if demand.id in result.missing}
    kept = [orders[key] for key in chosen if key in orders and key not in lacking]
    _give_up([orders[key] for key in sorted(lacking)], demands)
    if not kept:
        return _empty_wave(warehouse)
    wave = _insert_wave(warehouse)
    _lay_out(wave, kept, [demand for demand in demands if demand.order_id not in lacking])
    record(WaveReleased(subject_id=wave.id, warehouse_id=wave.warehouse_id, owner_id=None, orders=len(kept)))
    return wave


def _empty_wave(warehouse: Warehouse) -> Wave:
    """Every chosen order had lost its stock: they stand *short* now, and there is nothing to walk for."""
    wave = _insert_wave(warehouse)
    wave.state = WAVE.apply("finish", wave.state).value
    session().flush()
    return wave


def _give_up(orders: Sequence[Order], demands: Sequence[Demand]) -> None:
    for order in orders:
        own = [demand for demand in demands if demand.order_id == order.id]
        releases.release("demand", [demand.id for demand in own])
        order.state = ORDER.apply("lose_stock", order.state).value
        wait_for_stock(order, own)


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


_STOPS = text(
    "SELECT a.id AS allocation_id, a.subject_id AS demand_id, a.balance_id, a.open_quantity, b.location_id,"
    " b.product_id, l.walk_order FROM allocation a JOIN balance b ON b.id = a.balance_id"
    " JOIN location l ON l.id = b.location_id WHERE a.subject_kind = 'demand'"
    " AND a.subject_id = ANY(CAST(:demands AS uuid[])) AND a.open_quantity > 0"
    " AND NOT EXISTS (SELECT 1 FROM pick_task t WHERE t.allocation_id = a.id) ORDER BY l.walk_order, a.id"
)


def stops_of(demand_ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    """Allocations of these demands that are not yet on a walk, in walking order."""
    return session().execute(_STOPS, {"demands": list(demand_ids)}).all()


def _lay_out(wave: Wave, orders: Sequence[Order], demands: Sequence[Demand]) -> None:
    """Orders whose goods lie close together share a cart: sorted by where their walk begins, cut into carts."""
    order_of = {demand.id: demand.order_id for demand in demands}
    stops: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for stop in stops_of(list(order_of)):
        stops[order_of[stop.demand_id]].append(stop)
    ordered = sorted(orders, key=lambda order: (stops[order.id][0].walk_order, order.ordered_at, order.id))
    for first in range(0, len(ordered), rules.ORDERS_PER_BATCH):
        cart = ordered[first : first + rules.ORDERS_PER_BATCH]
        batch = new_batch(wave.warehouse_id, wave.id)
        for order in cart:
            order.state = ORDER.apply("wave", order.state).value
            order.wave_id = wave.id
        insert_tasks(batch, [(order.id, stop) for order in cart for stop in stops[order.id]])
    session().flush()


def new_batch(warehouse_id: uuid.UUID, wave_id: uuid.UUID) -> PickBatch:
    batch = PickBatch(
        id=new_id(), warehouse_id=warehouse_id, wave_id=wave_id, state=BATCH.initial.value, created_at=clock.now()
    )
    session().add(batch)
    session().flush()
    return batch


def insert_tasks(batch: PickBatch, stops: Sequence[tuple[uuid.UUID, Any]]) -> None:
    """Put stops on a walk: (order id, row of `stops_of`)."""
    session().execute(
        insert(PickTask),
        [
            {
                "id": new_id(), "warehouse_id": batch.warehouse_id, "batch_id": batch.id, "order_id": order_id,
                "demand_id": stop.demand_id, "allocation_id": stop.allocation_id, "balance_id": stop.balance_id,
                "location_id": stop.location_id, "product_id": stop.product_id, "walk_order": stop.walk_order,
                "quantity": stop.open_quantity, "picked": 0, "state": TaskState.OPEN.value, "skipped": 0,
            }
            for order_id, stop in stops
        ],
    )  # fmt: skip
