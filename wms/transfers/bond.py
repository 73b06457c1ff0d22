"""Transfers between bonded warehouses (区间流转): the clerks of both ends file their lists, and what was lost on the way is
customs' matter of the end that should have received it.

Customs has entered all that the lists name in the book of the receiving zone. What never came is missing there: it is
entered as *unaccounted* and settled like any other shortage (`wms.customs.settling`).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.customs import linked
from wms.customs.models import LinkedList
from wms.customs.service import load_bonded
from wms.inbound.service import transferred
from wms.inventory import ledger, permits, service
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import CustomsStatus
from wms.inventory.queries import Scope
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.outbound.kinds import transfers
from wms.outbound.models import Order
from wms.outbound.rules import TRANSFER
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.transfers.queries import lines_of

LOST = "transfer_lost"  # the subject of postings that enter what was lost
AT_CUSTOMS = frozenset({"waiting", "refused"})


def file_out(actor: Actor, order_id: uuid.UUID, document: str) -> LinkedList:
    """The sending zone's list of a transfer. Refuses `no_customs_here` (out of bond), `not_released_twice`, and what
    `linked.file_out` refuses; 404 outside the clerk's warehouses.
    """
    order = _order(order_id)
    load_bonded(actor, order.warehouse_id)
    _check_open(order)
    return linked.file_out(actor, order.warehouse_id, order.id, document)


def file_in(actor: Actor, order_id: uuid.UUID, document: str, linked_to: str) -> LinkedList:
    """The receiving zone's list, which names the other. Refuses as `file_out` and `linked.file_in`."""
    order = _order(order_id)
    to = _target(order.id)
    load_bonded(actor, to)
    _check_open(order)
    return linked.file_in(actor, to, order.id, document, linked_to)


def _order(order_id: uuid.UUID) -> Order:
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    if order is None or order.kind != TRANSFER:
        raise not_found("transfer")
    return order


def _target(order_id: uuid.UUID) -> uuid.UUID:
    target = transfers.goes_to(order_id)
    if target is None:
        raise not_found("transfer")
    return target.warehouse_id


def _check_open(order: Order) -> None:
    if order.customs_state == "released":
        raise Refused("not_released_twice", {})
    if order.customs_state not in AT_CUSTOMS:
        raise Refused("no_customs_here", {})


# What left with the order and was not received with its booking, by lot; `entered` before is received here.
_LOST = text(
    "WITH gone AS (SELECT m.product_id, m.lot_id, CASE WHEN m.to_party = 'transit' THEN m.quantity ELSE -m.quantity END"
    "  AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id AND 'transit' IN (m.from_party, m.to_party)"
    "  WHERE (p.subject_kind IN ('order', 'transfer_lost') AND p.subject_id = :order) OR (p.subject_kind = 'carton'"
    "   AND p.subject_id IN (SELECT id FROM carton WHERE booking_id = :booking)))"
    " SELECT product_id, lot_id, sum(units)::int AS units FROM gone GROUP BY 1, 2 HAVING sum(units) > 0 ORDER BY 1, 2"
)
_ENTERED = text(
    "SELECT m.product_id, sum(m.quantity)::int AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
    " WHERE p.subject_kind = 'transfer_lost' AND p.subject_id = :order GROUP BY 1"
)


def enter_lost(actor: Actor, order_id: uuid.UUID) -> uuid.UUID:
    """What was lost on the way is missing in the receiving zone: from *transit* to *unaccounted* there, under its list.

    Returns the posting. Refuses `nothing_lost` (not received through, or all of it came or is entered), and what the
    ledger refuses (`serials_required`: numbered goods are looked for).
    """
    order = _order(order_id)
    house = load_bonded(actor, _target(order.id))
    booking = transferred.booking_of(order.id)
    if booking is None or booking.closed_at is None:
        raise Refused("nothing_lost", {})
    left = Counter({line.product_id: line.lost for line in lines_of(order.id)})
    left.subtract({row.product_id: row.units for row in session().execute(_ENTERED, {"order": order.id})})
    leave = permits.of_subject(linked.SUBJECT, order.id)
    item_of = dict(leave.keys())
    moves = []
    for row in session().execute(_LOST, {"order": order.id, "booking": booking.id}):
        # A batch that came instead of another is not lost: no more of a product than is, and is not entered yet.
        units = min(row.units, left[row.product_id])
        if units < 1 or row.product_id not in item_of:
            continue
        left[row.product_id] -= units
        item = item_of[row.product_id]
        goods = Stock(house.id, order.owner_id, row.product_id, house.id, row.lot_id, item,
                      customs_status=CustomsStatus.BONDED.value)  # fmt: skip
        permit = leave[(row.product_id, item)]
        moves.append(MoveDraft("transit", service.unaccounted(goods), units, permit_id=permit))
    if not moves:
        raise Refused("nothing_lost", {})
    return ledger.post(actor, PostingDraft(Reason.UNACCOUNTED, LOST, order.id, moves)).posting_id


_DESK = text(
    "SELECT o.id, o.number, o.reference, o.state, o.customs_state, o.created_at, s.code AS seller, f.id AS from_id,"
    " f.code AS from_warehouse, w.id AS to_id, w.code AS to_warehouse, f.time_zone, a.document AS out_list,"
    " b.document AS in_list, x.units, k.closed_at, coalesce(t.lost, 0)::int AS lost, coalesce(e.units, 0)::int AS entered"
    " FROM transfer_order r JOIN outbound_order o ON o.id = r.order_id JOIN seller s ON s.id = o.owner_id"
    " JOIN warehouse f ON f.id = o.warehouse_id AND f.kind = 'bonded' JOIN warehouse w ON w.id = r.to_warehouse_id"
    " LEFT JOIN linked_list a ON a.order_id = o.id AND a.side = 'out'"
    " LEFT JOIN linked_list b ON b.order_id = o.id AND b.side = 'in' LEFT JOIN booking k ON k.transfer_order_id = o.id"
    " CROSS JOIN LATERAL (SELECT sum(quantity)::int AS units FROM order_line WHERE order_id = o.id) x"
    " CROSS JOIN LATERAL (SELECT sum(lost) AS lost FROM transfer_line WHERE order_id = o.id) t"
    " CROSS JOIN LATERAL (SELECT sum(m.quantity) AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
    "  WHERE p.subject_kind = 'transfer_lost' AND p.subject_id = o.id) e"
    " WHERE o.state <> 'cancelled' AND (CAST(:sellers AS uuid[]) IS NULL OR o.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR o.warehouse_id = ANY(CAST(:warehouses AS uuid[]))"
    "  OR r.to_warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " ORDER BY o.customs_state = 'released', o.created_at DESC, o.id DESC LIMIT :limit"
)


def transfers_in_bond(actor: Actor, limit: int = 100) -> Sequence[Row[Any]]:
    """Transfers between bonded warehouses of which the clerk sees an end: those that customs has not let go first."""
    return session().execute(_DESK, Scope.of(actor).parameters() | {"limit": limit}).all()
