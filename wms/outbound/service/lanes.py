"""One container for many orders of a single unit (the fast lane): bound on a walk, emptied at the bench.

Such orders are alike: any unit of the product serves any of them, so they need no tote each. The container is bound to its
wave (`lane_totes`); each order names it as its tote. Not in bond: there every unit belongs to a list.

A walk that was planned as a lane (`lane_walks`) has one container after the other, and an order names the one its piece was
put into. On any other walk the picker may bind one for its single pieces, and they name it from then on.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit, Warehouse
from wms.outbound.models import Order, PickBatch
from wms.outbound.service.lane_totes import LANE, settle_container
from wms.outbound.service.walks import check_not_over, hold_walk
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock
from wms.platform.statements import Statement

# Orders `o` of one unit of a product without serial numbers; never one that is destroyed, is photographed, nor one that not
# every unit serves: it names a batch, a quality or a container, takes expired goods home, or its unit bears a new label.
_ALIKE = (
    "SELECT o.id FROM outbound_order o JOIN demand d ON d.order_id = o.id JOIN product p ON p.id = d.product_id"
    " JOIN order_line l ON l.id = d.order_line_id LEFT JOIN order_terms k"
    " ON k.owner_id = o.owner_id WHERE {} AND o.kind NOT IN ('destruction', 'return_to_seller', 'fba')"
    " GROUP BY o.id HAVING sum(d.quantity) = 1 AND max(p.serial_control) = 'none'"
    " AND NOT bool_or(p.pack_photo OR coalesce(k.pack_photo, false) OR l.batch IS NOT NULL"
    "  OR l.min_expires_on IS NOT NULL OR l.condition <> 'good' OR l.handling_unit_id IS NOT NULL)"
)
_OF = Statement(
    _ALIKE.format(
        "o.id = ANY(CAST(:orders AS uuid[])) AND EXISTS (SELECT 1 FROM warehouse w WHERE w.id = o.warehouse_id"
        " AND w.kind <> 'bonded')"
    )
)
# On a walk, and nothing picked for them yet.
_SINGLES = Statement(
    _ALIKE.format(
        "o.id IN (SELECT order_id FROM pick_task WHERE batch_id = :batch AND state = 'open') AND o.tote_id IS NULL"
        " AND o.state IN ('waved', 'picking')"
    )
)
_TOTE = Statement(
    "SELECT warehouse_id, kind, subject_kind, subject_id, EXISTS (SELECT 1 FROM put_wall_slot s WHERE s.unit_id ="
    " handling_unit.id) AS is_slot FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE"
)
_BIND = Statement(
    "WITH bound AS (UPDATE handling_unit SET subject_kind = 'lane', subject_id = :wave, state = 'in_use' WHERE id = :tote)"
    " UPDATE outbound_order SET tote_id = :tote WHERE id = ANY(CAST(:orders AS uuid[]))"
)


def alike(order_ids: Collection[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Which of these orders any unit of their product serves, so that they may share a container."""
    return frozenset(_OF.column({"orders": list(order_ids)}))


def has_singles(batch_id: uuid.UUID) -> bool:
    """Whether orders of a single piece are left on this walk that have no tote yet."""
    return _SINGLES.first({"batch": batch_id}) is not None


def bind_container(actor: Actor, batch_id: uuid.UUID, tote_id: uuid.UUID) -> int:
    """All single-unit orders of this walk are picked into one container: an empty one, or the wave's; returns how many.

    Refuses `no_singles`, `lane_in_bond`, `not_a_tote`, `tote_taken`.
    """
    batch = session().get(PickBatch, batch_id)
    if batch is None or not actor.sees_warehouse(batch.warehouse_id):
        raise not_found("walk")
    if session().get_one(Warehouse, batch.warehouse_id).is_bonded:
        raise Refused("lane_in_bond", {})
    orders = lock(Rank.DOCUMENT, Order, _SINGLES.column({"batch": batch_id}))
    chosen = [order.id for order in orders if order.tote_id is None and order.state in ("waved", "picking")]
    if not chosen:
        raise Refused("no_singles", {})
    claim(Rank.HANDLING_UNIT)
    return _take_into(tote_id, batch, chosen)


def _take_into(tote_id: uuid.UUID, batch: PickBatch, orders: list[uuid.UUID]) -> int:
    """These orders come into this container, which the caller may lock; returns how many."""
    _check_container(tote_id, batch)
    _BIND.run({"tote": tote_id, "wave": batch.wave_id, "orders": orders})
    session().expire_all()
    return len(orders)


def _check_container(tote_id: uuid.UUID, batch: PickBatch) -> None:
    """An empty tote, or a container of the walk's wave. Refuses `not_a_tote`, `tote_taken`."""
    tote = _TOTE.first({"tote": tote_id})
    if tote is None or tote.warehouse_id != batch.warehouse_id or tote.kind != "tote" or tote.is_slot:
        raise Refused("not_a_tote", {})
    if tote.subject_id is not None and (tote.subject_kind, tote.subject_id) != (LANE, batch.wave_id):
        raise Refused("tote_taken", {})


_BIND_WALK = Statement(
    "WITH bound AS (UPDATE handling_unit SET subject_kind = 'lane', subject_id = :wave, state = 'in_use' WHERE id = :tote)"
    " UPDATE pick_batch SET tote_id = :tote WHERE id = :batch"
)
_TO_COME = Statement("SELECT count(DISTINCT order_id) FROM pick_task WHERE batch_id = :batch AND state = 'open'")


def bind_to_walk(actor: Actor, batch_id: uuid.UUID, tote_id: uuid.UUID) -> int:
    """What is picked on a walk that was planned as a lane goes into this container from now on: an empty one, or the wave's;
    returns for how many orders. The one before stays a lane's; one that holds nothing and that nobody waits for is free.

    Refuses `batch_taken`, `walk_picked`, `not_a_tote`, `tote_taken`.
    """
    batch = hold_walk(actor, batch_id)
    before = batch.tote_id
    lock(Rank.HANDLING_UNIT, HandlingUnit, {each for each in (before, tote_id) if each is not None})
    _check_container(tote_id, batch)
    check_not_over(batch)
    _BIND_WALK.run({"tote": tote_id, "wave": batch.wave_id, "batch": batch.id})
    if before != tote_id:
        settle_container(before, is_held=True)
    session().expire_all()
    return int(_TO_COME.scalar({"batch": batch_id}) or 0)


# Of this walk, in this container, and nothing picked for them yet.
_STILL_TO_COME = Statement(
    "SELECT o.id FROM outbound_order o WHERE o.tote_id = :tote AND o.state = 'waved' AND EXISTS (SELECT 1 FROM pick_task t"
    " WHERE t.order_id = o.id AND t.batch_id = :batch AND t.state = 'open')"
)


def take_further(actor: Actor, batch_id: uuid.UUID, full_id: uuid.UUID, tote_id: uuid.UUID) -> int:
    """A container is full: the orders of this walk that nothing was picked for go on in another one; returns how many.
    What is full stays a lane's; one that holds nothing and that no order waits for is free.

    Refuses `no_singles`, `batch_taken`, `not_a_tote`, `tote_taken`.
    """
    wanted = {"batch": batch_id, "tote": full_id}
    orders = lock(Rank.DOCUMENT, Order, _STILL_TO_COME.column(wanted))
    chosen = [order.id for order in orders if order.tote_id == full_id and order.state == "waved"]
    if not chosen:
        raise Refused("no_singles", {})
    batch = hold_walk(actor, batch_id)
    lock(Rank.HANDLING_UNIT, HandlingUnit, [full_id, tote_id])
    _take_into(tote_id, batch, chosen)
    settle_container(full_id, is_held=True)
    return len(chosen)
