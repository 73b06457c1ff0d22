"""Invariants of transfers: what one warehouse sent, the other received, lost or found."""

from __future__ import annotations

from wms.platform.auditing import Check

# Units that left for transit with an order, less those that came back from its load.
_LEFT = (
    "SELECT p.subject_id AS order_id, m.product_id, sum(CASE WHEN m.to_party = 'transit' THEN m.quantity ELSE"
    " -m.quantity END) AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
    " WHERE p.subject_kind = 'order' AND 'transit' IN (m.from_party, m.to_party) GROUP BY 1, 2"
)
# Units that came in out of transit with a booking of a transfer.
_CAME = (
    "SELECT b.transfer_order_id AS order_id, m.product_id, sum(CASE WHEN m.from_party = 'transit' THEN m.quantity ELSE"
    " -m.quantity END) AS units FROM booking b JOIN carton c ON c.booking_id = b.id JOIN stock_posting p"
    " ON p.subject_kind = 'carton' AND p.subject_id = c.id JOIN stock_move m ON m.posting_id = p.id"
    " WHERE b.transfer_order_id IS NOT NULL AND 'transit' IN (m.from_party, m.to_party) GROUP BY 1, 2"
)
# Jobs follow within seconds; what is younger may still be on its way to them.
_LATE = "< CAST(:now AS timestamptz) - interval '1 hour'"

CHECKS = [
    Check(
        "what a transfer sent is what left for transit",
        "SELECT count(*) FROM transfer_line",
        "SELECT t.order_id, t.product_id, t.sent, l.units FROM transfer_line t JOIN outbound_order o ON o.id = t.order_id"
        f" LEFT JOIN ({_LEFT}) l ON l.order_id = t.order_id AND l.product_id = t.product_id"
        " WHERE o.state = 'shipped' AND t.sent <> coalesce(l.units, 0)",
    ),
    Check(
        "of a settled transfer, sent and found are received and lost",
        "SELECT count(*) FROM transfer_line WHERE settled_at IS NOT NULL",
        "SELECT t.order_id, t.product_id, t.sent, t.found, t.lost, c.units AS received FROM transfer_line t"
        f" JOIN booking b ON b.transfer_order_id = t.order_id LEFT JOIN ({_CAME}) c ON c.order_id = t.order_id"
        " AND c.product_id = t.product_id WHERE b.closed_at IS NOT NULL AND t.settled_at >= b.closed_at"
        " AND t.sent + t.found <> coalesce(c.units, 0) + t.lost",
    ),
    Check(
        "what is received out of transit is on the transfer once it is settled",
        "SELECT count(*) FROM booking WHERE transfer_order_id IS NOT NULL",
        f"SELECT c.order_id, c.product_id, c.units FROM ({_CAME}) c JOIN booking b ON b.transfer_order_id = c.order_id"
        " WHERE c.units > 0 AND EXISTS (SELECT 1 FROM transfer_line s WHERE s.order_id = c.order_id"
        "  AND b.closed_at IS NOT NULL AND s.settled_at >= b.closed_at) AND NOT EXISTS (SELECT 1 FROM transfer_line t"
        "  WHERE t.order_id = c.order_id AND t.product_id = c.product_id)",
    ),
    Check(
        "goods go into transit and out of it with transfers only",
        "SELECT count(*) FROM stock_move WHERE 'transit' IN (from_party, to_party)",
        "SELECT m.id, p.subject_kind, p.subject_id FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id"
        " LEFT JOIN transfer_order k ON p.subject_kind IN ('order', 'transfer_lost') AND k.order_id = p.subject_id"
        " LEFT JOIN carton c ON p.subject_kind = 'carton' AND c.id = p.subject_id"
        " LEFT JOIN booking b ON b.id = c.booking_id AND b.transfer_order_id IS NOT NULL"
        " WHERE 'transit' IN (m.from_party, m.to_party) AND k.order_id IS NULL AND b.id IS NULL",
    ),
    Check(
        "between zones goods leave when both lists stand and name each other",
        "SELECT count(*) FROM linked_list",
        "SELECT o.id, o.number, a.document, b.linked_to FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
        " JOIN transfer_order k ON k.order_id = o.id LEFT JOIN linked_list a ON a.order_id = o.id AND a.side = 'out'"
        " LEFT JOIN linked_list b ON b.order_id = o.id AND b.side = 'in' WHERE w.kind = 'bonded'"
        " AND (o.customs_state = 'released' OR o.state = 'shipped') AND (b.linked_to IS DISTINCT FROM a.document"
        "  OR a.document IS NULL OR a.warehouse_id <> o.warehouse_id OR b.warehouse_id <> k.to_warehouse_id)",
    ),
    Check(
        "of what a transfer between zones lost, no more is entered as missing than was lost",
        "SELECT count(*) FROM stock_posting WHERE subject_kind = 'transfer_lost'",
        "SELECT e.order_id, e.product_id, e.units, t.lost FROM (SELECT p.subject_id AS order_id, m.product_id,"
        "  sum(m.quantity) AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
        "  WHERE p.subject_kind = 'transfer_lost' GROUP BY 1, 2) e LEFT JOIN transfer_line t ON t.order_id = e.order_id"
        "  AND t.product_id = e.product_id JOIN booking b ON b.transfer_order_id = e.order_id"
        " WHERE b.closed_at IS NOT NULL AND t.settled_at >= b.closed_at AND e.units > coalesce(t.lost, 0)",
    ),
    Check(
        "an order is a transfer exactly where it has another warehouse to go to",
        "SELECT count(*) FROM transfer_order",
        "SELECT o.id, o.kind, k.to_warehouse_id FROM outbound_order o FULL JOIN transfer_order k ON k.order_id = o.id"
        " WHERE (o.kind = 'transfer') <> (k.order_id IS NOT NULL) OR k.to_warehouse_id = o.warehouse_id",
    ),
    Check(
        "a transfer that left is booked where it goes, and settled when that is closed",
        "SELECT count(*) FROM outbound_order WHERE kind = 'transfer' AND state = 'shipped'",
        "SELECT o.id, o.shipped_at, b.closed_at FROM outbound_order o LEFT JOIN booking b ON b.transfer_order_id = o.id"
        f" WHERE o.kind = 'transfer' AND o.state = 'shipped' AND ((b.id IS NULL AND o.shipped_at {_LATE})"
        f"  OR (b.closed_at {_LATE} AND EXISTS (SELECT 1 FROM transfer_line t WHERE t.order_id = o.id"
        "   AND (t.settled_at IS NULL OR t.settled_at < b.closed_at))))",
    ),
]
