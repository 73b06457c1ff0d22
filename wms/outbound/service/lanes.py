"""One container for many orders of a single unit (the fast lane): bound on a walk, emptied at the bench.

Such orders are alike: any unit of the product serves any of them, so they need no tote each. The container is bound to its
wave (subject kind `lane`); each order names it as its tote. Not in bond: there every unit belongs to a list.
"""

from __future__ import annotations

import uuid

from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit, Warehouse
from wms.outbound.models import Order, PickBatch
from wms.outbound.service.walks import hold_walk
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock
from wms.platform.statements import Statement

LANE = "lane"

# Of one unit of a product without serial numbers, and nothing picked for them yet; never one that is destroyed, is
# photographed, nor one that not every unit serves: it names a batch or a quality, takes expired goods home, or its unit
# bears a new label.
_SINGLES = Statement(
    "SELECT o.id FROM outbound_order o JOIN demand d ON d.order_id = o.id JOIN product p ON p.id = d.product_id"
    " JOIN order_line l ON l.id = d.order_line_id LEFT JOIN order_terms k ON k.owner_id = o.owner_id"
    " WHERE o.id IN (SELECT order_id FROM pick_task WHERE batch_id = :batch AND state = 'open') AND o.tote_id IS NULL"
    " AND o.state IN ('waved', 'picking') AND o.kind NOT IN ('destruction', 'return_to_seller', 'fba')"
    " GROUP BY o.id HAVING sum(d.quantity) = 1 AND max(p.serial_control) = 'none'"
    " AND NOT bool_or(p.pack_photo OR coalesce(k.pack_photo, false) OR l.batch IS NOT NULL"
    "  OR l.min_expires_on IS NOT NULL OR l.condition <> 'good')"
)
_TOTE = Statement(
    "SELECT warehouse_id, kind, subject_kind, subject_id FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE"
)
_BIND = Statement(
    "WITH bound AS (UPDATE handling_unit SET subject_kind = 'lane', subject_id = :wave, state = 'in_use' WHERE id = :tote)"
    " UPDATE outbound_order SET tote_id = :tote WHERE id = ANY(CAST(:orders AS uuid[]))"
)


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
    tote = _TOTE.first({"tote": tote_id})
    if tote is None or tote.warehouse_id != batch.warehouse_id or tote.kind != "tote":
        raise Refused("not_a_tote", {})
    if tote.subject_id is not None and (tote.subject_kind, tote.subject_id) != (LANE, batch.wave_id):
        raise Refused("tote_taken", {})
    _BIND.run({"tote": tote_id, "wave": batch.wave_id, "orders": orders})
    session().expire_all()
    return len(orders)


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


_LEFT = Statement(
    "SELECT u.subject_kind, EXISTS (SELECT 1 FROM outbound_order o WHERE o.tote_id = u.id"
    "  AND o.state IN ('waved', 'picking', 'picked')) AS is_awaited,"
    " EXISTS (SELECT 1 FROM balance b WHERE b.handling_unit_id = u.id AND b.is_there) AS has_goods,"
    " (SELECT o.id FROM outbound_order o WHERE o.tote_id = u.id AND o.state = 'cancelled' ORDER BY o.updated_at DESC, o.id"
    "  LIMIT 1) AS cancelled FROM handling_unit u WHERE u.id = :tote"
)
# A statement of its own, before: what a statement that waits for a lock reads of other tables is as old as its own beginning,
# and two last orders that end at the same moment would each see the other still coming.
_HOLD = Statement("SELECT FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE")
_SETTLE = Statement(
    "UPDATE handling_unit SET subject_kind = :kind, subject_id = :subject, state = :state WHERE id = :tote"
)


_FORGET = Statement("UPDATE outbound_order SET tote_id = NULL WHERE tote_id = :tote AND state = 'cancelled'")


def settle_container(tote_id: uuid.UUID | None, *, is_held: bool = False) -> bool:
    """A container that no order waits for any more is free; goods of cancelled orders in it wait to be put back. False for
    one that is no lane's. Called by who holds the order that may have been the last; `is_held`: and the container too.
    """
    if tote_id is None:
        return False
    if not is_held:
        claim(Rank.HANDLING_UNIT)
        _HOLD.run({"tote": tote_id})
    found = _LEFT.first({"tote": tote_id})
    if found is None or found.subject_kind != LANE:
        return False
    if found.is_awaited:
        return True
    if found.has_goods:
        _SETTLE.run({"tote": tote_id, "kind": "put_back", "subject": found.cancelled, "state": "in_use"})
    else:
        forget_cancelled(tote_id)
        _SETTLE.run({"tote": tote_id, "kind": None, "subject": None, "state": "open"})
    return True


def forget_cancelled(tote_id: uuid.UUID) -> None:
    """Nothing of the cancelled orders is in this container any more."""
    _FORGET.run({"tote": tote_id})
