"""When stock fails an order, or comes for one. All of it runs in jobs, after the loss or the arrival is committed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select, text

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.inventory import allocations, releases
from wms.inventory.models import Summary
from wms.outbound.models import Demand, Order, OrderException, PickBatch, PickTask
from wms.outbound.service.orders import promise_demands, stop_waiting, wait_for_stock
from wms.outbound.service.picking import finish_batch_if_done
from wms.outbound.service.waves import insert_tasks, new_batch, stops_of
from wms.outbound.workflow import ORDER, TASK, BatchState, OrderState, TaskState
from wms.platform.database import attempt, session
from wms.platform.locks import Rank, lock, lock_one

_WAITING = text(
    "SELECT a.subject_id FROM awaited_stock a JOIN outbound_order o ON o.id = a.subject_id"
    " WHERE a.subject_kind = 'order' AND a.warehouse_id = :warehouse AND a.owner_id = :owner"
    " AND a.product_id = :product ORDER BY o.priority DESC, o.ordered_at, o.id LIMIT 500"
)


def retry_waiting(warehouse_id: uuid.UUID, owner_id: uuid.UUID, product_id: uuid.UUID) -> int:
    """Stock came: try the orders that wait for it, most urgent and oldest first; returns how many were served."""
    parameters = {"warehouse": warehouse_id, "owner": owner_id, "product": product_id}
    waiting = list(session().execute(_WAITING, parameters).scalars())
    orders = {order.id: order for order in lock(Rank.DOCUMENT, Order, waiting)}
    warehouse = session().get_one(Warehouse, warehouse_id)
    served = 0
    for order_id in waiting:
        order = orders[order_id]
        if order.state == OrderState.SHORT.value:
            served += _try_again(order, warehouse)
    return served


def _try_again(order: Order, warehouse: Warehouse) -> int:
    demands = session().scalars(select(Demand).where(Demand.order_id == order.id)).all()
    _merge_splits(demands)
    demands = [demand for demand in demands if demand.quantity > 0]
    # Several orders in one transaction: each try starts its own climb through the lock ranks. Rows already locked
    # stay locked, and all retries of one product run one after the other, so no circle can close.
    session().info["locks"] = Rank.DOCUMENT
    try:
        with attempt():
            promise_demands(order, warehouse, demands)
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        session().expire_all()
        return 0
    stop_waiting(order.id)
    order.version += 1
    session().flush()
    return 1


def _merge_splits(demands: Sequence[Demand]) -> None:
    """A line split over book items becomes one demand again before it is promised anew."""
    first: dict[uuid.UUID, Demand] = {}
    for demand in sorted(demands, key=lambda each: each.id):
        kept = first.setdefault(demand.order_line_id, demand)
        if kept is not demand:
            kept.quantity += demand.quantity
            demand.quantity = 0
            session().delete(demand)
        kept.promise_id = None
        kept.book_item_id = None
    session().flush()


_YOUNGEST = text(
    "SELECT o.id, p.open_quantity FROM promise p JOIN demand d ON d.id = p.subject_id"
    " JOIN outbound_order o ON o.id = d.order_id WHERE p.summary_id = :summary AND p.subject_kind = 'demand'"
    " AND p.open_quantity > 0 AND p.claims_sellable AND o.state IN ('promised', 'awaiting_customs')"
    " ORDER BY o.priority, o.ordered_at DESC, o.id DESC"
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
    for row in session().execute(_YOUNGEST, {"summary": summary_id}):
        if excess <= 0:
            break
        if row.id not in chosen:
            chosen.append(row.id)
        excess -= row.open_quantity
    orders = [
        order
        for order in lock(Rank.DOCUMENT, Order, chosen)
        if order.state in (OrderState.PROMISED.value, OrderState.AWAITING_CUSTOMS.value)
    ]
    demands = session().scalars(select(Demand).where(Demand.order_id.in_([order.id for order in orders]))).all()
    releases.release("demand", [demand.id for demand in demands])
    for order in orders:
        order.state = ORDER.apply("lose_stock", order.state).value
        order.version += 1
        wait_for_stock(order, [demand for demand in demands if demand.order_id == order.id])
    return [order.id for order in orders]


def reallocate(demand_id: uuid.UUID) -> None:
    """A demand lost its bin: find other stock at once, else let the order wait or ask a supervisor."""
    demand = session().get(Demand, demand_id)
    if demand is None:
        return
    order = lock_one(Rank.DOCUMENT, Order, demand.order_id)
    if order is None or order.state not in (OrderState.WAVED.value, OrderState.PICKING.value):
        return  # not on a walk: nothing is bound to the bin that was lost
    _trim_tasks(demand)
    result = allocations.allocate(order.warehouse_id, "demand", [demand.id])
    stops = stops_of([demand.id])
    if stops:
        insert_tasks(_batch_for(order), [(order.id, stop) for stop in stops])
    for batch_id in session().scalars(select(PickTask.batch_id).where(PickTask.demand_id == demand.id).distinct()):
        finish_batch_if_done(batch_id)
    if result.missing:
        _short_at_pick(order)


def _trim_tasks(demand: Demand) -> None:
    """Open stops whose claim was broken end, or shrink to what is still claimed."""
    open_tasks = select(PickTask.id).where(PickTask.demand_id == demand.id, PickTask.state == TaskState.OPEN.value)
    for task in lock(Rank.TASK, PickTask, session().scalars(open_tasks)):
        claimed = session().scalar(
            text("SELECT open_quantity FROM allocation WHERE id = :id"), {"id": task.allocation_id}
        )
        if task.picked + claimed >= task.quantity:
            continue
        if task.picked + claimed == 0:
            task.state = TASK.apply("cancel", task.state).value
        else:
            task.quantity = task.picked + claimed
            if claimed == 0:
                task.state = TASK.apply("finish", task.state).value
    session().flush()


def _batch_for(order: Order) -> PickBatch:
    """The order's walk if it goes on, else a new one for what was found elsewhere."""
    assert order.wave_id is not None
    running = session().scalar(
        select(PickBatch)
        .join(PickTask, PickTask.batch_id == PickBatch.id)
        .where(PickTask.order_id == order.id, PickBatch.state != BatchState.DONE.value)
        .limit(1)
    )
    return running or new_batch(order.warehouse_id, order.wave_id)


def _short_at_pick(order: Order) -> None:
    """No stock anywhere. Untouched orders wait for stock again; begun ones need a person's decision."""
    demands = session().scalars(select(Demand).where(Demand.order_id == order.id)).all()
    if order.state == OrderState.WAVED.value and not any(demand.picked for demand in demands):
        _leave_wave(order, demands)
        return
    already = session().scalar(
        select(OrderException.id).where(
            OrderException.order_id == order.id, OrderException.kind == "short_at_pick",
            OrderException.resolved_at.is_(None),
        )
    )  # fmt: skip
    if already is None:
        session().add(
            OrderException(
                id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, kind="short_at_pick",
                created_at=clock.now(),
            )
        )  # fmt: skip
        session().flush()


def _leave_wave(order: Order, demands: Sequence[Demand]) -> None:
    session().info["locks"] = Rank.DOCUMENT  # everything this order holds is already locked by this transaction
    open_tasks = select(PickTask.id).where(PickTask.order_id == order.id, PickTask.state == TaskState.OPEN.value)
    batches = set()
    for task in lock(Rank.TASK, PickTask, session().scalars(open_tasks)):
        task.state = TASK.apply("cancel", task.state).value
        batches.add(task.batch_id)
    releases.release("demand", [demand.id for demand in demands])
    order.state = ORDER.apply("lose_stock", order.state).value
    order.version += 1
    wait_for_stock(order, demands)
    for batch_id in batches:
        finish_batch_if_done(batch_id)
