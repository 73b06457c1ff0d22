"""What a person does about an order that lacks goods (`ways`): other bins, the pick face first, a part of it, a hold.

Each is a decision in one short transaction. Where goods are looked for after claims were given up, a job does it behind
the commit: a transaction goes down the order of locks once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory import promises, releases, waiting
from wms.inventory.replenishment import planning, queries
from wms.inventory.replenishment import service as replenishment
from wms.outbound import rules, ways
from wms.outbound.models import Demand, Order
from wms.outbound.service import back_orders, exceptions, order_holds, shortage
from wms.outbound.service.orders import load_order_to_edit, touched, try_later
from wms.outbound.service.together import unsorted_of
from wms.outbound.ways import Lack, Offer, Stage, Way
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.statements import Statement

STAGES = {
    OrderState.SHORT.value: Stage.SHORT, OrderState.PROMISED.value: Stage.PLANNED, OrderState.WAVED.value: Stage.WALKED,
    OrderState.PICKING.value: Stage.WALKED,
}  # fmt: skip
STAFF_WAYS = frozenset({Way.BINS, Way.FACE})  # they decide over the warehouse's bins and people

_LACKS = Statement(
    "SELECT d.id, d.product_id, p.sku, d.quantity, d.picked + a.claimed AS done, f.free, f.in_faces, c.coming, c.in_hand,"
    " x.has_face, l.batch IS NOT NULL OR l.min_expires_on IS NOT NULL OR l.condition <> 'good'"
    "  OR l.handling_unit_id IS NOT NULL AS is_pinned, l.condition"
    " FROM demand d JOIN order_line l ON l.id = d.order_line_id JOIN product p ON p.id = d.product_id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(y.open_quantity), 0)::int AS claimed FROM allocation y"
    "  WHERE y.subject_kind = 'demand' AND y.subject_id = d.id AND y.open_quantity > 0) a"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(b.on_hand - b.allocated), 0)::int AS free,"
    "  coalesce(sum(b.on_hand - b.allocated) FILTER (WHERE EXISTS (SELECT 1 FROM fixed_bin k"
    "   WHERE k.location_id = b.location_id AND k.product_id = b.product_id AND k.maximum IS NOT NULL)), 0)::int AS in_faces"
    "  FROM balance b LEFT JOIN lot t ON t.id = b.lot_id WHERE b.warehouse_id = :warehouse AND b.product_id = d.product_id"
    "  AND b.is_there AND b.on_hand > b.allocated AND CASE WHEN l.condition = 'good' THEN b.is_sellable"
    "   ELSE b.condition = l.condition AND b.held_by = 0 END"
    # A line that names a batch, a day or a container is served by that alone.
    "  AND (l.batch IS NULL OR t.batch = l.batch) AND (l.min_expires_on IS NULL OR t.expires_on >= l.min_expires_on)"
    "  AND (l.handling_unit_id IS NULL OR b.handling_unit_id = l.handling_unit_id)) f"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(y.open_quantity), 0)::int AS coming,"
    "  coalesce(bool_or(t.state = 'walking' AND t.lease_until > :now), false) AS in_hand"
    "  FROM replenish_task t JOIN allocation y ON y.id = t.allocation_id WHERE t.product_id = d.product_id"
    "  AND t.warehouse_id = :warehouse AND t.state IN ('open', 'walking') AND y.open_quantity > 0) c"
    " CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM fixed_bin k WHERE k.product_id = d.product_id"
    "  AND k.warehouse_id = :warehouse AND k.maximum IS NOT NULL) AS has_face) x"
    " WHERE d.order_id = :order ORDER BY d.id"
)


@dataclass(frozen=True)
class Shortfall:
    """An order that lacks goods, and its ways out."""

    stage: Stage
    lacks: list[Lack]
    offers: list[Offer]


def of_order(order: Order) -> Shortfall | None:
    """What an order lacks now, read without a lock; None where it lacks nothing or its state leaves nothing to decide."""
    stage = STAGES.get(order.state)
    if stage is None or order.customs_state == "refused" or order.interception == "requested":
        return None
    lacks = _lacks_of(order, stage)
    if not ways.lacks_goods(stage, lacks):
        return None
    offers = ways.ways_out(lacks, stage, may_split=_may_split(order), is_held=order.holds > 0)
    return Shortfall(stage, lacks, offers)


def _lacks_of(order: Order, stage: Stage) -> list[Lack]:
    rows = _LACKS.all({"order": order.id, "warehouse": order.warehouse_id, "now": clock.now()})
    keys = {row.product_id: (order.warehouse_id, order.owner_id, row.product_id) for row in rows}
    pool = promises.free_by_product(list(keys.values())) if stage is Stage.SHORT else {}

    def free(row: Any) -> int:
        """What a short order may still be promised, of the goods that its line names."""
        unpromised = max(0, pool.get(keys[row.product_id], 0)) if stage is Stage.SHORT else row.free
        if not row.is_pinned:
            return unpromised
        return min(row.free, unpromised) if row.condition == "good" else row.free

    return [
        Lack(
            row.id, row.product_id, row.sku, row.quantity, row.done, free(row),
            row.in_faces, row.coming, row.in_hand, row.has_face, row.is_pinned,
        )
        for row in rows
    ]  # fmt: skip


def _may_split(order: Order) -> bool:
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    return order.kind in rules.SPLITTABLE_KINDS and not warehouse.is_bonded and not order.is_stopped


def take(actor: Actor, order_id: uuid.UUID, way: Way) -> Order:
    """Go one of the ways. Refuses `way_closed` with the reason where it is not open (any more), `nothing_lacks`; 404
    outside the actor's scope, and for the ways that only the warehouse's supervisors decide (`STAFF_WAYS`).
    """
    order = load_order_to_edit(actor, order_id)
    if way in STAFF_WAYS and not (actor.is_staff and actor.may(Permission.WAVES_MANAGE)):
        raise not_found("way")
    if way is Way.HOLD:
        order_holds.place_hold(actor, order.id, "stock_check" if actor.is_staff else "other")
        return order
    found = of_order(order)
    if found is None:
        raise Refused("nothing_lacks", {})
    offer = next(each for each in found.offers if each.way is way)
    if not offer.is_open:
        raise Refused("way_closed", {"why": offer.why, **offer.params})
    if way is Way.BINS:
        _other_bins(order, found)
    elif way is Way.FACE:
        _fill_face(order, found)
    else:
        _split(order, found)
    return touched(order)


def _other_bins(order: Order, found: Shortfall) -> None:
    """Walks that bring to its faces and that nobody has begun are dropped: their goods can be picked where they stand."""
    replenishment.drop_waiting(order.warehouse_id, {each.product_id for each in found.lacks if each.coming})
    try_later(order, f"bins:{order.version}")


def _fill_face(order: Order, found: Shortfall) -> None:
    """The warehouse's faces are planned at once. On a walk the order waits at the pick, and its goods are fetched before
    all others; before its wave it joins when they are there.
    """
    planning.plan(order.warehouse_id)
    faced = {each.product_id for each in found.lacks if each.has_face}
    if not queries.rows_coming(order.warehouse_id, faced):
        raise Refused("way_closed", {"why": "nothing_in_reserve"})
    try_later(order, f"face:{order.version}")


def _split(order: Order, found: Shortfall) -> None:
    """What is there stays with the order, the rest becomes a back order (`back_orders`)."""
    if found.stage is Stage.SHORT:
        if not shortage.serve_part(order):
            raise Refused("way_closed", {"why": "no_part_there"})
        return
    kept = ways.sendable(found.lacks, found.stage)
    if found.stage is Stage.PLANNED:
        shortage.give_up(order)
    else:
        releases.release_part("demand", {each.demand_id: each.wanted - kept[each.demand_id] for each in found.lacks})
    if back_orders.split_off(order, session().get_one(Warehouse, order.warehouse_id), kept) is None:
        raise Refused("way_closed", {"why": "no_part_there"})
    if found.stage is Stage.PLANNED:
        try_later(order, f"split:{order.version}")
        return
    exceptions.resolve(order.id, "split", shortage.SHORT_AT_PICK)
    waiting.stop_waiting("order", order.id)
    _finish_if_picked(order)


def _finish_if_picked(order: Order) -> None:
    """What is left of a begun order may be picked already, and sorted."""
    query = select(Demand.quantity - Demand.picked).where(Demand.order_id == order.id)
    if sum(session().scalars(query)) or unsorted_of(order.id) or not ORDER.permitted("finish_picking", order.state):
        return
    order.state = ORDER.apply("finish_picking", order.state).value
    session().flush()
