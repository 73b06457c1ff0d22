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

from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.inventory import allocations, promises, releases, waiting
from wms.inventory.balances import lock_rows
from wms.inventory.models import Summary
from wms.inventory.replenishment import queries as replenishment
from wms.outbound import rules
from wms.outbound.models import Demand, Order, PickBatch, PickTask
from wms.outbound.service import back_orders, exceptions, halting, lane_totes, rerouting, totes, walks
from wms.outbound.service.orders import await_stock, promise_demands, try_later, wait_for_stock
from wms.outbound.service.reading import stops_of
from wms.outbound.workflow import ORDER, TASK, WAVE, OrderState, TaskState, WaveState
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.outbox import add_job
from wms.platform.statements import Statement, attempt

SHORT_AT_PICK = "short_at_pick"
LEAVE_TOPIC = "outbound.leave_wave"
FACE_TOPIC = "outbound.check_face_wait"
KILL_TOPIC = "outbound.kill_order"
WAITING_FOR_WAVE = (OrderState.PROMISED.value, OrderState.AWAITING_CUSTOMS.value)
ON_A_WALK = (OrderState.WAVED.value, OrderState.PICKING.value)

_WAITING = Statement(
    "SELECT o.id, o.state, o.fill_rule, d.product_id, sum(d.quantity) AS wanted,"
    " bool_or(l.batch IS NOT NULL OR l.min_expires_on IS NOT NULL OR l.condition <> 'good'"
    "  OR l.handling_unit_id IS NOT NULL OR o.kind IN ('return_to_seller', 'destruction')) AS pinned"
    " FROM awaited_stock a JOIN outbound_order o ON o.id = a.subject_id JOIN demand d ON d.order_id = o.id"
    " JOIN order_line l ON l.id = d.order_line_id WHERE a.subject_kind = 'order' AND a.warehouse_id = :warehouse"
    " AND a.owner_id = :owner AND a.product_id = :product AND o.state IN ('short', 'waved', 'picking')"
    " AND o.interception <> 'requested' AND NOT EXISTS (SELECT 1 FROM order_hold h WHERE h.order_id = o.id"
    "  AND h.state = 'open' AND NOT (h.keeps_stock AND o.state = 'short'))"
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
    if rows[0].fill_rule == rules.Fill.PARTIAL.value:
        return any(free.get(row.product_id, 0) > 0 for row in rows)
    if any(free.get(row.product_id, 0) < row.wanted for row in rows):
        return False
    for row in rows:
        free[row.product_id] -= int(row.wanted)
    return True


def retry_order(order_id: uuid.UUID) -> bool:
    """Try to promise a short order, or to find other bins for one on a walk; True when it needs no more stock."""
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is not None and order.state == OrderState.SHORT.value:
        return not halting.is_without_stock(order) and _serve(order)
    if order is not None and _is_walked(order):
        return _look_elsewhere(order)
    return False


def _is_walked(order: Order) -> bool:
    """On a walk, or to be: not while it is stopped, nor while customs' refusal stands and its stops are set aside (049)."""
    return order.state in ON_A_WALK and order.customs_state != "refused" and not order.is_stopped


def _serve(order: Order) -> bool:
    """Promise all of a short order; or, where its rule says so, what is there, and the rest becomes a back order."""
    lacking = _promise_again(order)
    if not lacking:
        return True
    if order.fill_rule == rules.Fill.KILL:
        _kill_later(order)
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    if not back_orders.may_split(order, warehouse) or not back_orders.split_off(order, warehouse, lacking):
        return False
    return not _promise_again(order)


def serve_part(order: Order) -> bool:
    """Promise what is there of a short order, once, whatever its rule: the rest is a back order. False where nothing of
    it is there. The caller holds the order, and has made sure that it may be split.
    """
    lacking = _promise_again(order)
    if not lacking:
        return True
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    return back_orders.split_off(order, warehouse, lacking) is not None and not _promise_again(order)


def _promise_again(order: Order) -> dict[uuid.UUID, int]:
    """Promise every demand or none; units free by demand of those that are short, empty when all is promised."""
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    demands = _merge_splits(_demands_of(order))
    try:
        with attempt():
            promise_demands(order, warehouse, demands)
    except Refused as refusal:
        if refusal.code != "stock_short":
            raise
        session().expire_all()  # what the try had begun is undone
        return back_orders.free_of(refusal)
    waiting.stop_waiting("order", order.id)
    order.version += 1
    session().flush()
    return {}


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
        if order.fill_rule == rules.Fill.KILL:
            _kill_later(order)


def _kill_later(order: Order) -> None:
    """All at once or not at all; but who released its stock by a hold wants it back when that ends."""
    if not order.holds:
        add_job(KILL_TOPIC, {"order_id": str(order.id)}, dedupe_key=f"{KILL_TOPIC}:{order.id}:{order.version}")


def reallocate(demand_id: uuid.UUID) -> None:
    """A demand lost its bin: find other stock at once, else let the order wait or ask a supervisor."""
    demand = session().get(Demand, demand_id)
    order = None if demand is None else lock_one(Rank.DOCUMENT, Order, demand.order_id)
    if order is None:
        return
    if _is_walked(order):  # else it is looked for when what stops it is lifted
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
    """Other bins for what an order on a walk lacks; True when it has them all. Stops that were set aside get a walk."""
    demands = _demands_of(order)
    _take_up(order)
    batches, tasks = walks.lock_open_work(order.id)
    _trim(tasks)
    reopen_wave(order.wave_id, batches)
    rows = replenishment.rows_coming(order.warehouse_id, {demand.product_id for demand in demands})
    result = allocations.allocate(order.warehouse_id, "demand", [demand.id for demand in demands])
    stops = stops_of([demand.id for demand in demands])
    if stops:
        _put_on_walks(order, batches, stops)
    elif not batches:  # its wave was opened again for a walk that there is nothing for
        walks.look_after_wave(_wave_of(order))
    walks.finish_if_done(batches)
    if result.missing and all(result.is_coming(each) for each in result.missing):
        _wait_for_face(order, {demand.product_id for demand in demands if demand.id in result.missing}, rows)
        return False
    if result.missing:
        _short_at_pick(order, demands)
        return False
    exceptions.resolve(order.id, "found", SHORT_AT_PICK)
    waiting.stop_waiting("order", order.id)
    return True


def _put_on_walks(order: Order, batches: Sequence[PickBatch], stops: Sequence[Any]) -> None:
    """Each stop on a walk of its zone, where walks are parted by zones; else all on one."""
    by_walk: dict[uuid.UUID, tuple[PickBatch, list[Any]]] = {}
    known = list(batches)
    for stop in stops:
        batch = walks.walk_for(known, order.warehouse_id, _wave_of(order), order.id, stop.zone_id)
        known += [] if batch in known else [batch]
        by_walk.setdefault(batch.id, (batch, []))[1].append(stop)
    for batch, own in by_walk.values():
        walks.insert_tasks(batch, [(order.id, stop) for stop in own])
        rerouting.reroute(batch.id, order.warehouse_id)


def _wait_for_face(order: Order, products: set[uuid.UUID], rows: set[int]) -> None:
    """What the walk lacks is being brought to its pick face: the order stays where it is, and its goods are fetched
    first. It looks again when they are there, or will not come. `rows`: where what was coming stood before it looked.
    """
    waiting.stop_waiting("order", order.id)
    waiting.wait_for_stock(
        order.warehouse_id, order.owner_id, products, "order", order.id, order.ordered_at, at_pick=True,
        bonded=session().get_one(Warehouse, order.warehouse_id).is_bonded,
    )  # fmt: skip
    payload = {"order_id": str(order.id), "rows": sorted(rows)}
    add_job(FACE_TOPIC, payload, dedupe_key=f"{FACE_TOPIC}:{new_id()}")


def check_face_wait(order_id: uuid.UUID, rows: Sequence[int]) -> bool:
    """Behind the commit of a wait: did a walk end that asked, before, who waits? Whoever ends one holds the row that its
    goods stand in until its own commit, so under the locks of all of them nothing is under way. True when the order is
    tried again.
    """
    order = session().get(Order, order_id)
    if order is None:
        return False
    lock_rows(rows)
    products = {demand.product_id for demand in _demands_of(order)}
    if replenishment.rows_coming(order.warehouse_id, products) == set(rows):
        return False
    try_later(order, f"face:{new_id()}")
    return True


def _take_up(order: Order) -> None:
    aside = [task for task in walks.lock_open_work(order.id)[1] if task.state == TaskState.SET_ASIDE.value]
    if aside:
        reopen_wave(order.wave_id, ())
        walks.take_up(walks.further_batch(order.warehouse_id, _wave_of(order), order.id), aside)


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


def reopen_wave(wave_id: uuid.UUID | None, batches: Sequence[PickBatch]) -> None:
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
    """An order nobody has begun leaves its wave for want of stock, gives its other bins back, and waits. One that
    somebody began meanwhile stays: it is looked for again, and then a supervisor is told.
    """
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or not _is_walked(order):
        return False
    if not _is_untouched(order, _demands_of(order)):
        try_later(order, f"begun:{order.version}")
        return False
    if not _LACKING.scalar({"order": order.id}):
        return False
    give_up(order)
    try_later(order, f"left:{order.version}")
    return True


def give_up(order: Order) -> None:
    """An order nobody has begun leaves its wave, if it is on one, gives its claims back and waits as *short*."""
    if order.state == OrderState.WAVED.value:
        walks.drop_open_work(order.id)
        halting.drop_held(order.id)
        tote_id, order.tote_id, order.wave_id = order.tote_id, None, None
        session().flush()
        if tote_id is not None and not lane_totes.settle_container(tote_id):  # a lane's holds other orders' goods
            totes.hold_own(order.id)
            totes.free_all(order.id)  # nothing lies in them: the order was not begun
    _lose_promises([order])


def is_untouched(order: Order) -> bool:
    """Whether its claims can still be given up: nothing was picked for it, and customs has not released its goods."""
    if order.customs_state == "released":
        return False
    return order.state in WAITING_FOR_WAVE or _is_untouched(order, _demands_of(order))
