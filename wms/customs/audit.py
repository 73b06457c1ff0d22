"""What must hold of the clerk's records, stock and permits."""

from __future__ import annotations

from wms.inventory.unaccounted import TOLD_APART
from wms.platform.auditing import Check

CHECKS = [
    Check(
        "a book item is booked as far as its receipts say",
        "SELECT count(*) FROM book_item",
        # What left the zone was written off `booked`: moves out of bonded stock that crossed the bond, of booked units.
        "SELECT i.id, i.booked, coalesce(r.q, 0) AS receipts FROM book_item i LEFT JOIN (SELECT book_item_id,"
        " sum(quantity) AS q FROM book_receipt GROUP BY 1) r ON r.book_item_id = i.id"
        " WHERE i.booked > coalesce(r.q, 0) OR (i.booked_at IS NULL) <> (r.q IS NULL)",
    ),
    Check(
        "every release line is its permit",
        "SELECT count(*) FROM customs_release_line",
        "SELECT l.id FROM customs_release_line l JOIN customs_release r ON r.id = l.release_id"
        " JOIN permit p ON p.id = l.permit_id WHERE p.quantity <> l.quantity OR p.product_id <> l.product_id"
        " OR p.book_item_id <> l.book_item_id OR p.subject_kind <> r.subject_kind OR p.subject_id <> r.subject_id"
        " OR p.document <> r.document OR p.warehouse_id <> r.warehouse_id OR r.outcome <> 'released'",
    ),
    Check(
        "every release permit comes from a release",
        "SELECT count(*) FROM permit WHERE kind = 'release' OR subject_kind = 'settlement'",
        "SELECT p.id FROM permit p WHERE (p.kind = 'release' OR p.subject_kind = 'settlement')"
        " AND NOT EXISTS (SELECT 1 FROM customs_release_line l"
        " WHERE l.permit_id = p.id)",
    ),
    Check(
        "what is unaccounted is missing or over, as the moves say",
        "SELECT count(*) FROM balance b JOIN location l ON l.id = b.location_id WHERE l.kind = 'unaccounted'",
        "SELECT b.id, b.on_hand, i.over - o.over AS over, i.missing - o.missing AS missing FROM balance b JOIN location l"
        f" ON l.id = b.location_id{TOLD_APART} WHERE l.kind = 'unaccounted' AND (i.over < o.over OR i.missing < o.missing"
        " OR b.on_hand <> i.over - o.over + i.missing - o.missing)",
    ),
    Check(
        "a settlement is settled by its own moves under customs' permit, and no other is",
        "SELECT count(*) FROM customs_settlement",
        "SELECT x.id, x.state, x.quantity, m.q AS posted FROM customs_settlement x"
        " LEFT JOIN customs_release r ON r.subject_kind = 'settlement' AND r.subject_id = x.id AND r.outcome = 'released'"
        " LEFT JOIN LATERAL (SELECT sum(m.quantity) AS q FROM customs_release_line l JOIN stock_move m"
        "  ON m.permit_id = l.permit_id AND m.from_balance_id = x.balance_id AND m.posting_id = x.posting_id"
        "  WHERE l.release_id = r.id) m ON true WHERE (r.id IS NULL) <> (x.state NOT IN ('accepted', 'settled'))"
        " OR coalesce(m.q, 0) <> CASE x.state WHEN 'settled' THEN x.quantity ELSE 0 END",
    ),
    Check(
        "what customs accepted is still unaccounted",
        "SELECT count(*) FROM customs_settlement WHERE state = 'accepted'",
        "SELECT b.id, i.over - o.over AS over, a.units FROM (SELECT balance_id, sum(quantity) AS units"
        "  FROM customs_settlement WHERE state = 'accepted' GROUP BY 1) a JOIN balance b ON b.id = a.balance_id"
        f"{TOLD_APART} WHERE i.over - o.over < a.units",
    ),
]
