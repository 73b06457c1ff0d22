"""When stock fails an order, or comes for one. All of it runs in jobs, after the loss or the arrival is committed.

Each order is a transaction of its own: one that gives up claims and one that takes new ones lock the same rows, and
the order of locks (`wms.platform.locks`) lets a transaction go down it once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text

from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Warehouse
from wms.inventory import allocations, promises, releases, waiting
from wms.inventory.models import Summary
from wms.outbound.models import Demand, Order, PickBatch, PickTask
from wms.outbound.service import exceptions, rerouting, walks
from wms.outbound.service.orders import await_stock, promise_demands, try_later, wait_for_stock
from wms.outbound.service.reading import stops_of
from wms.outbound.workflow import ORDER, TASK, WAVE, OrderState, WaveState
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.outbox import add_job
from wms.platform.statements import Statement, attempt

SHORT_AT_PICK = "short_at_pick"
LEAVE_TOPIC = "outbound.leave_wave"
WAITING_FOR_WAVE = (OrderState.PROMISED.value, OrderState.AWAITING_CUSTOMS.value)
ON_A_WALK = (OrderState.WAVED.value, OrderState.PICKING.value)

_WAITING = Statement(
    "SELECT o.id, o.state, d.product_id, sum(d.quantity) AS wanted,"
    " bool_or(l.batch IS NOT NULL OR l.min_expires_on IS NOT NULL OR l.condition <> 'good'"
    "  OR o.kind = 'return_to_seller') AS pinned"
    " FROM awaited_stock a JOIN outbound_order o ON o.id = a.subject_id JOIN demand d ON d.order_id = o.id"
    " JOIN order_line l ON l.id = d.order_line_id WHERE a.subject_kind = 'order' AND a.warehouse_id = :warehouse"
    " AND a.owner_id = :owner AND a.product_id = :product AND o.state IN ('short', 'waved', 'picking')"
    " GROUP BY o.id, d.product_id ORDER BY o.priority DESC, o.ordered_at, o.id"
)


def plan_retries(warehouse_id: uuid.UUID, owner_id: uuid.UUID, product_id: uuid.UUID, cause: str) -> list[uuid.UUID]:
    """Stock came: choose the orders it can serve, most urgent and oldest first, and have each tried by a job.

    What is free now is shared out in that order, so that an arrival does not set hundreds of hopeless tries going.
    """
    parameters = {"warehouse": warehouse_id, "owner": owner_id, "product": product_id}
    wanted: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in _WAITING.all(parameters):
        wanted[row.id].append(row)
    products = {row.product_id for rows in wanted.values() for row in rows}
    free = {key[2]: units for key, units in promises.free_by_product(
        [(warehouse_id, owner_id, product) for product in products]).items()}  # fmt: skip
    chosen = [order_id for order_id, rows in wanted.items() if _may_be_served(rows, free)]
    for order_id in chosen:
        try_later(session().get_one(Order, order_id), cause)
    return chosen


def _may_be_served(rows: Sequence[Any], free: dict[uuid.UUID, int]) -> bool:
    """Whether to try; takes from `free` what a pool order will get. Pinned ones and those on a walk just look."""
    if rows[0].state != OrderState.SHORT.value or any(row.pinned for row in rows):
        return True
    if any(free.get(row.product_id, 0) < row.wanted for row in rows):
        return False
    for row in rows:
        free[row.product_id] -= int(row.wanted)
    return True


def retry_order(order_id: uuid.UUID) -> bool:
    """Try to promise a short order, or to find other bins for one on a walk; True when it needs no more stock."""
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is not None and order.state == OrderState.SHORT.value:
        return _promise_again(order)
    if order is not None and order.state in ON_A_WALK:
        return _look_elsewhere(order)
    return False


def _promise_again(order: Order) -> bool:
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    demands = _merge_splits(_demands_of(order))
    try:
        with attempt():
            promise_demands(order, warehouse, demands)
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        return False
    waiting.stop_waiting("order", order.id)
    order.version += 1
    session().flush()
    return True


def _demands_of(order: Order) -> Sequence[Demand]:
    return session().scalars(select(Demand).where(Demand.order_id == order.id).order_by(Demand.id)).all()


def _merge_splits(demands: Sequence[Demand]) -> list[Demand]:
    """A line split over book items becomes one demand again before it is promised anew. Old stops follow it."""
    first: dict[uuid.UUID, Demand] = {}
    for demand in demands:
        kept = first.setdefault(demand.order_line_id, demand)
        if kept is not demand:
            kept.quantity += demand.quantity
            session().execute(
                text("UPDATE pick_task SET demand_id = :kept WHERE demand_id = :split"),
                {"kept": kept.id, "split": demand.id},
            )
            session().delete(demand)
        kept.promise_id = None
        kept.book_item_id = None
    session().flush()
    return list(first.values())


# Not what customs released: its permits name these goods.
_YOUNGEST = Statement(
    "SELECT o.id, p.open_quantity FROM promise p JOIN demand d ON d.id = p.subject_id"
    " JOIN outbound_order o ON o.id = d.order_id WHERE p.summary_id = :summary AND p.subject_kind = 'demand'"
    " AND p.open_quantity > 0 AND p.claims_sellable AND o.state IN ('promised', 'awaiting_customs')"
    " AND o.customs_state <> 'released' ORDER BY o.priority, o.ordered_at DESC, o.id DESC"
)


def break_promises(summary_id: int) -> list[uuid.UUID]:
    """More is promised than can be sold: the least urgent and youngest orders go back to *short*.

    Orders already on a walk keep their promise: their bins are real, or their own shortage is found at the pick.
    """
    summary = session().get(Summary, summary_id, populate_existing=True)
    if summary is None or summary.sellable >= summary.promised:
        return []
    excess = summary.promised - summary.sellable
    chosen: list[uuid.UUID] = []
    for row in _YOUNGEST.all({"summary": summary_id}):
        if excess <= 0:
            break
        if row.id not in chosen:
            chosen.append(row.id)
        excess -= row.open_quantity
    orders = [order for order in lock(Rank.DOCUMENT, Order, chosen) if order.state in WAITING_FOR_WAVE]
    _lose_promises(orders)
    return [order.id for order in orders]


def _lose_promises(orders: Sequence[Order]) -> None:
    """These orders go back to *short*. All are released at once, then all begin to wait: the order of locks."""
    demands = {order.id: _demands_of(order) for order in orders}
    releases.release("demand", [demand.id for own in demands.values() for demand in own])
    for order in orders:
        order.state = ORDER.apply("lose_stock", order.state).value
        order.version += 1
        warehouse = session().get_one(Warehouse, order.warehouse_id)
        wait_for_stock(order, warehouse, demands[order.id], released=True)


def reallocate(demand_id: uuid.UUID) -> None:
    """A demand lost its bin: find other stock at once, else let the order wait or ask a supervisor."""
    demand = session().get(Demand, demand_id)
    order = None if demand is None else lock_one(Rank.DOCUMENT, Order, demand.order_id)
    if order is None:
        return
    if order.state in ON_A_WALK:
        _look_elsewhere(order)
    elif order.state in WAITING_FOR_WAVE and _lost_its_pin(order):
        _look_for_another_pin(order)


_PINS_LOST = Statement(
    "SELECT 1 FROM demand d JOIN promise p ON p.id = d.promise_id WHERE d.order_id = :order AND p.kind = 'pinned'"
    " AND p.open_quantity > (SELECT coalesce(sum(a.open_quantity), 0) FROM allocation a WHERE a.promise_id = p.id)"
    " LIMIT 1"
)


def _lost_its_pin(order: Order) -> bool:
    """A pool promise is bound to no bin before the wave; a pinned one is nothing without its own."""
    return _PINS_LOST.scalar({"order": order.id}) is not None


def _look_for_another_pin(order: Order) -> None:
    if order.customs_state == "released":
        exceptions.raise_once(order, SHORT_AT_PICK)
        return
    _lose_promises([order])
    try_later(order, f"pin:{order.version}")


def _look_elsewhere(order: Order) -> bool:
    """Other bins for what an order on a walk lacks; True when it has them all."""
    demands = _demands_of(order)
    batches, tasks = walks.lock_open_work(order.id)
    _trim(tasks)
    _reopen(order.wave_id, batches)
    result = allocations.allocate(order.warehouse_id, "demand", [demand.id for demand in demands])
    stops = stops_of([demand.id for demand in demands])
    if stops:
        batch = batches[0] if batches else walks.new_batch(order.warehouse_id, _wave_of(order))
        walks.insert_tasks(batch, [(order.id, stop) for stop in stops])
        rerouting.reroute(batch.id, order.warehouse_id)
    walks.finish_if_done(batches)
    if result.missing:
        _short_at_pick(order, demands)
        return False
    if exceptions.resolve(order.id, "found", SHORT_AT_PICK):
        waiting.stop_waiting("order", order.id)
    return True


def _trim(tasks: Sequence[PickTask]) -> None:
    """Open stops whose claim was broken end, or shrink to what is still claimed."""
    for task in tasks:
        claimed = session().execute(
            text("SELECT open_quantity FROM allocation WHERE id = :id"), {"id": task.allocation_id}
        ).scalar_one()  # fmt: skip
        if task.picked + claimed >= task.quantity:
            continue
        if task.picked + claimed == 0:
            task.state = TASK.apply("cancel", task.state).value
        else:
            task.quantity = task.picked + claimed
            if claimed == 0:
                task.state = TASK.apply("finish", task.state).value
    session().flush()


def _wave_of(order: Order) -> uuid.UUID:
    assert order.wave_id is not None  # it is on a walk
    return order.wave_id


def _reopen(wave_id: uuid.UUID | None, batches: Sequence[PickBatch]) -> None:
    """A wave that was done gets another walk."""
    if wave_id is None or batches:
        return
    session().execute(
        text("UPDATE wave SET state = :released WHERE id = :id AND state = :done"),
        {"released": WAVE.apply("reopen", WaveState.DONE), "id": wave_id, "done": WaveState.DONE.value},
    )


def _short_at_pick(order: Order, demands: Sequence[Demand]) -> None:
    """No stock anywhere. Untouched orders leave the wave and wait again; begun ones wait where they are, and a
    supervisor is told.
    """
    if _is_untouched(order, demands) and order.customs_state != "released":
        add_job(LEAVE_TOPIC, {"order_id": str(order.id)}, dedupe_key=f"{LEAVE_TOPIC}:{order.id}:{order.version}")
        return
    exceptions.raise_once(order, SHORT_AT_PICK)
    await_stock(order, demands, bonded=session().get_one(Warehouse, order.warehouse_id).is_bonded)


def _is_untouched(order: Order, demands: Sequence[Demand]) -> bool:
    return order.state == OrderState.WAVED.value and not any(demand.picked for demand in demands)


_LACKING = Statement(
    "SELECT sum(p.open_quantity) - coalesce((SELECT sum(a.open_quantity) FROM allocation a JOIN demand x"
    " ON x.id = a.subject_id WHERE a.subject_kind = 'demand' AND x.order_id = :order), 0) FROM demand d"
    " JOIN promise p ON p.id = d.promise_id WHERE d.order_id = :order"
)


def leave_wave(order_id: uuid.UUID) -> bool:
    """An order nobody has begun leaves its wave for want of stock, gives its other bins back, and waits."""
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or not _is_untouched(order, _demands_of(order)):
        return False
    if not _LACKING.scalar({"order": order.id}):
        return False
    walks.drop_open_work(order.id)
    if order.tote_id is not None:
        tote = lock_one(Rank.HANDLING_UNIT, HandlingUnit, order.tote_id)
        assert tote is not None  # nothing lies in it: the order was not begun
        tote.subject_kind, tote.subject_id, tote.state = None, None, "open"
    order.tote_id = order.wave_id = None
    _lose_promises([order])
    try_later(order, f"left:{order.version}")
    return True
