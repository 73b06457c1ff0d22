"""What must hold of the clerk's records, stock and permits."""

from __future__ import annotations

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
        "SELECT count(*) FROM permit WHERE kind = 'release'",
        "SELECT p.id FROM permit p WHERE p.kind = 'release' AND NOT EXISTS (SELECT 1 FROM customs_release_line l"
        " WHERE l.permit_id = p.id)",
    ),
]
