"""Whole cartons and pallets (整箱): one scan takes a container with everything in it, for an order that wants all of it.

It goes into no tote and over no bench. The container is the parcel: it keeps its own label, under which it is handed over,
and what it holds is known without opening it. What of the order is loose is picked and packed as ever.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from wms.catalog.models import SerialControl
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.identity.models import User
from wms.inventory import ledger, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.inventory.units import Holding
from wms.outbound import rules
from wms.outbound.events import OrderPacked
from wms.outbound.kinds import fba, pick_up
from wms.outbound.models import PickBatch, PickTask
from wms.outbound.service import boxes, packing, totes, walks
from wms.outbound.service.held import OrderAtWork, hold_order, move_order
from wms.outbound.workflow import TASK, OrderState, TaskState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement
from wms.shipping import service as shipping
from wms.shipping.queries import LIVE_PARCELS, LiveParcel, live_parcels_in
from wms.shipping.service import Boxed

# By the claims on what is inside: a row has few, a stop has one.
_CLAIMED = (
    "FROM balance b JOIN allocation a ON a.balance_id = b.id AND a.open_quantity > 0 JOIN pick_task t"
    " ON t.allocation_id = a.id AND t.state = 'open' WHERE b.handling_unit_id = ANY(CAST(:tree AS uuid[]))"
)
_WANTED = Statement(
    "SELECT u.id, u.code, u.warehouse_id, u.subject_id, u.kind, u.state, (SELECT id FROM location l"
    "  WHERE l.warehouse_id = u.warehouse_id AND l.kind = 'packing' ORDER BY l.walk_order LIMIT 1) AS bench,"
    f" (SELECT count(DISTINCT t.order_id) {_CLAIMED}) AS orders,"
    f" (SELECT t.order_id {_CLAIMED} ORDER BY t.id LIMIT 1) AS order_id FROM handling_unit u WHERE u.id = :unit"
)
_OWED = Statement(
    "SELECT sum(quantity - picked)::int AS missing, sum(picked - verified)::int AS loose FROM demand WHERE order_id = :order"
)
# What one unit weighs, measured before declared; and what of it takes somebody who looks into the box.
_WEIGHS = Statement(
    "SELECT p.id, coalesce(nullif(p.measured_weight_g, 0), p.declared_weight_g) AS weight_g, p.serial_control,"
    " p.pack_photo OR EXISTS (SELECT 1 FROM order_terms k WHERE k.owner_id = p.owner_id AND k.pack_photo) AS photo"
    " FROM product p WHERE p.id = ANY(CAST(:products AS uuid[]))"
)


@dataclass(frozen=True)
class TakenWhole:
    """`is_packed`: the order has nothing else to come."""

    order: OrderAtWork
    code: str
    units: int
    tracking_number: str
    is_packed: bool


def take_whole(actor: Actor, unit_id: uuid.UUID) -> TakenWhole:
    """A carton or pallet goes whole: picked, checked and closed as a parcel of its order in one.

    Refuses `whole_not_wanted` where no open stop leads to it, `whole_not_all` where the order does not want everything in
    it or others want some, `whole_serials` where numbers are captured at exit, `whole_photo` where its contents are to be
    photographed, `whole_scale` where the carrier asks for a weight before it gives a number, `whole_wall` for goods that
    are sorted, `waybill_not_ready`, `one_parcel_only` where the carrier takes no more, and what a pick refuses.
    """
    tree = units.within(unit_id)
    seen = _WANTED.first({"unit": unit_id, "tree": tree})
    if seen is None or not actor.sees_warehouse(seen.warehouse_id):
        raise not_found("handling unit")
    if seen.order_id is None or seen.kind == "tote" or seen.subject_id is not None:
        raise Refused("whole_not_wanted", {})
    if seen.bench is None:
        raise not_found("packing location")
    if seen.orders > 1:
        raise Refused("whole_not_all", {})
    order, (parcels, owed) = hold_order(
        actor, seen.order_id, (LIVE_PARCELS, {"order": seen.order_id}), (_OWED, {"order": seen.order_id})
    )
    _check(order)
    rows = units.content(*tree)
    quantity = sum(row.quantity for row in rows)
    still = owed.first()
    last = still.missing == quantity and still.loose == 0
    weight_g = _weight(rows)
    parcel = _parcel(actor, order, live_parcels_in(parcels), last=last)
    shipping.record_weight(actor, parcel.id, weight_g, boxed=Boxed(quantity, is_weighed=False))
    if parcel.weight_first:
        packing.label_after_scale(actor, order, parcel)
    assert parcel.tracking_number is not None  # `_parcel` has seen to it
    shipping.close_parcel(actor, parcel.id, parcel.tracking_number, handling_unit_id=unit_id)
    walked, stops = _hold(actor, order, rows)
    _take(actor, order, stops, rows, unit_id, seen.bench)
    _count(actor, order, stops, parcel.id, finished=still.missing == quantity)
    walks.finish_if_done(walked)
    if last:
        closed = sum(each.weight_g or 0 for each in live_parcels_in(parcels) if not each.is_open)
        _pack(order, weight_g + closed)
    return TakenWhole(order, seen.code, quantity, parcel.tracking_number, last)


def _check(order: OrderAtWork) -> None:
    order.refuse_cancelled()
    order.refuse_stopped()
    if order.kind == rules.DESTRUCTION:
        raise Refused("destroy_not_pack", {})
    if order.state not in (OrderState.WAVED.value, OrderState.PICKING.value):
        raise Refused("whole_not_wanted", {})
    order.check_release(rules.Step.PACK)
    if order.kind == rules.FBA:
        fba.refuse_unlabelled(order.id)


def _parcel(actor: Actor, order: OrderAtWork, live: Sequence[LiveParcel], *, last: bool) -> LiveParcel:
    """The parcel that the container becomes: the first open one. What is left of the order goes into the next one, begun
    where there is none; with nothing left, what was begun besides is dropped.
    """
    waiting = [each for each in live if each.is_open]
    mine = packing.ready(waiting[0] if waiting else None)
    if mine.tracking_number is None:  # a remote carrier gives its number later
        raise Refused("whole_scale" if mine.weight_first else "waybill_not_ready", {})
    if last:
        packing.drop_unused(actor, waiting[1:])
    elif len(waiting) == 1:
        boxes.add_box(actor, order, mine)
    return mine


def _weight(rows: Sequence[Holding]) -> int:
    """What it must weigh. Numbers that are captured as goods leave need each unit in somebody's hand, and a photo of what
    goes into a parcel an open one.
    """
    products = {row.id: row for row in _WEIGHS.all({"products": sorted({row.stock.product_id for row in rows})})}
    if any(row.serial_control == SerialControl.EXIT.value for row in products.values()):
        raise Refused("whole_serials", {})
    if any(row.photo for row in products.values()):
        raise Refused("whole_photo", {})
    return rules.PACKAGING_G + sum(products[row.stock.product_id].weight_g * row.quantity for row in rows)


def _hold(actor: Actor, order: OrderAtWork, rows: Sequence[Holding]) -> tuple[Sequence[PickBatch], list[PickTask]]:
    """The order's walks, and its stops that lead to the container, under lock: together they want all that is in it."""
    batches, tasks = walks.lock_open_work(order.id)
    inside = {row.balance_id: row.quantity for row in rows}
    stops = [task for task in tasks if task.balance_id in inside and task.state == TaskState.OPEN.value]
    mine = [batch for batch in batches if batch.id in {stop.batch_id for stop in stops}]
    for batch in mine:
        if batch.wall is not None:
            raise Refused("whole_wall", {})
        if (
            batch.picker_id not in (None, actor.id)
            and batch.lease_until is not None
            and batch.lease_until > clock.now()
        ):
            raise Refused("batch_taken", {"picker": session().get_one(User, batch.picker_id).name})
    wanted: Counter[int] = Counter()
    for stop in stops:
        wanted[stop.balance_id] += stop.quantity - stop.picked
    if wanted != Counter(inside):
        raise Refused("whole_not_all", {})
    return mine, stops


def _take(
    actor: Actor, order: OrderAtWork, stops: Sequence[PickTask], rows: Sequence[Holding], unit_id: uuid.UUID,
    bench_id: uuid.UUID,
) -> None:  # fmt: skip
    """Everything goes to the packing place, in the container itself: what stood within it is unpacked into it."""
    tree = units.lock_trees(actor, [unit_id])
    for each in tree.values():
        units.check_free(each)
    if {row.balance_id: row.quantity for row in units.content(*tree)} != {row.balance_id: row.quantity for row in rows}:
        raise Refused("unit_in_use", {})
    stock = {row.balance_id: row.stock for row in rows}
    moves = [
        MoveDraft(
            stock[stop.balance_id],
            replace(stock[stop.balance_id], location_id=bench_id, handling_unit_id=unit_id),
            stop.quantity - stop.picked, allocation_id=stop.allocation_id,
        )
        for stop in stops
    ]  # fmt: skip
    for each in tree.values():
        each.location_id, each.parent_id = bench_id, None
        each.state = "closed" if each.id == unit_id else "gone"
    top = tree[unit_id]
    top.subject_kind, top.subject_id = "order", order.id
    session().flush()
    ledger.post(actor, PostingDraft(Reason.PICK, "order", order.id, moves))


_CHECKED = Statement(
    "WITH given AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:demands AS uuid[]), CAST(:units AS int[]))"
    "  AS k(id, demand_id, units)), counted AS (UPDATE demand AS d SET picked = d.picked + k.units,"
    "  verified = d.verified + k.units FROM (SELECT demand_id, sum(units)::int AS units FROM given GROUP BY 1) k"
    "  WHERE d.id = k.demand_id)"
    " INSERT INTO verification (id, warehouse_id, demand_id, profile, quantity, parcel_id, actor_id, created_at)"
    " SELECT k.id, :warehouse, k.demand_id, 'whole', k.units, :parcel, :actor, :now FROM given k"
)


def _count(
    actor: Actor, order: OrderAtWork, stops: Sequence[PickTask], parcel_id: uuid.UUID, *, finished: bool
) -> None:
    """Stops, demands and the order follow the goods: picked and checked in one, by the container that was scanned."""
    taken = [(stop.demand_id, stop.quantity - stop.picked) for stop in stops]
    values = {
        "ids": [new_id() for _ in taken], "demands": [key for key, _ in taken], "units": [each for _, each in taken],
        "warehouse": order.warehouse_id, "parcel": parcel_id, "actor": actor.id, "now": clock.now(),
    }  # fmt: skip
    _CHECKED.run(values)
    for stop in stops:
        stop.picked, stop.state = stop.quantity, TASK.apply("finish", stop.state).value
    session().flush()
    actions = ["start_picking"] if order.state == OrderState.WAVED.value else []
    if finished:
        actions.append("finish_picking")
    if actions:
        move_order(order, *actions)


def _pack(order: OrderAtWork, weight_g: int) -> None:
    """Nothing of it is loose: it is packed. It stands as *picked* now, whatever `order` says."""
    picked = replace(order, state=OrderState.PICKED.value)
    totes.free_all(order.id)
    move_order(picked, "pack", keeps_tote=False)
    if order.kind == rules.PICK_UP:
        pick_up.ready(order.id)
    record(
        OrderPacked(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, weight_g=weight_g)
    )


# A pallet instead of the cartons on it where one order wants all of them, and what lies there beside them. One that holds
# deeper than that is not summed up: its cartons stand in the list one by one.
_WAITING = Statement(
    "WITH one AS (SELECT u.id, u.code, l.code AS location, o.number, u.kind, sum(t.quantity - t.picked)::int AS units,"
    " l.walk_order, u.parent_id, o.id AS order_id FROM pick_task t"
    " JOIN outbound_order o ON o.id = t.order_id JOIN balance b ON b.id = t.balance_id JOIN handling_unit u"
    " ON u.id = b.handling_unit_id JOIN location l ON l.id = u.location_id JOIN pick_batch w ON w.id = t.batch_id"
    " WHERE t.state = 'open' AND w.warehouse_id = :warehouse AND w.state IN ('open', 'picking') AND w.wall IS NULL"
    " AND u.subject_id IS NULL AND u.kind <> 'tote' AND o.holds = 0 AND o.interception <> 'requested'"
    f" AND o.kind <> '{rules.DESTRUCTION}' AND NOT EXISTS (SELECT 1 FROM order_terms k WHERE k.owner_id = o.owner_id"
    "  AND k.pack_photo) AND NOT EXISTS (SELECT 1 FROM balance x JOIN product p ON p.id = x.product_id"
    "  WHERE x.handling_unit_id = u.id AND x.on_hand > 0"
    f"  AND (p.pack_photo OR p.serial_control = '{SerialControl.EXIT.value}')) AND NOT EXISTS (SELECT 1 FROM shipment s"
    "  JOIN carrier c ON c.id = s.carrier_id JOIN parcel q ON q.shipment_id = s.id WHERE s.id = o.shipment_id"
    "  AND (c.capabilities ->> 'needs_weight_before_label')::boolean AND q.state = 'open' AND q.tracking_number IS NULL)"
    " GROUP BY u.id, l.code, l.walk_order, o.id HAVING sum(t.quantity - t.picked) = (SELECT sum(x.on_hand)"
    "  FROM balance x WHERE x.handling_unit_id = u.id)),"
    " pallet AS (SELECT h.id, h.code, h.kind, e.order_id FROM one e JOIN handling_unit h ON h.id = ANY(ARRAY[e.parent_id, e.id])"
    "  GROUP BY h.id, e.order_id HAVING sum(e.units) = (SELECT sum(x.on_hand) FROM balance x WHERE x.handling_unit_id IN"
    "   (SELECT h.id UNION ALL SELECT c.id FROM handling_unit c WHERE c.parent_id = h.id))"
    "  AND NOT EXISTS (SELECT 1 FROM handling_unit c JOIN handling_unit g ON g.parent_id = c.id WHERE c.parent_id = h.id))"
    " SELECT coalesce(p.id, e.id) AS id, coalesce(p.code, e.code) AS code, e.location, e.number,"
    " coalesce(p.kind, e.kind) AS kind, sum(e.units)::int AS units FROM one e LEFT JOIN pallet p ON p.id = e.parent_id"
    "  AND p.order_id = e.order_id GROUP BY 1, 2, 3, 4, 5, e.walk_order ORDER BY e.walk_order, 2 LIMIT :most"
)


def waiting(warehouse_id: uuid.UUID, most: int = 12) -> list[Any]:
    """Containers that an order wants whole, in walking order: (id, code, location, number, kind, units). Not those that
    `take_whole` would refuse for what is in them or how they go: they are picked and packed as ever.
    """
    return list(_WAITING.all({"warehouse": warehouse_id, "most": most}))
