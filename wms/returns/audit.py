"""Invariants of returns."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "what came back was shipped before",
        "SELECT count(*) FROM return_line",
        "SELECT d.id, d.shipped, sum(l.received) AS received FROM demand d JOIN return_line l ON l.demand_id = d.id"
        " GROUP BY d.id HAVING sum(l.received) > d.shipped",
    ),
    Check(
        "a return's lines agree with its postings",
        "SELECT count(*) FROM return_order",
        "SELECT r.id, x.received, coalesce(p.q, 0) AS moved FROM return_order r JOIN (SELECT return_id,"
        " sum(received) AS received FROM return_line GROUP BY 1) x ON x.return_id = r.id LEFT JOIN (SELECT"
        " s.subject_id, sum(m.quantity) AS q FROM stock_posting s JOIN stock_move m ON m.posting_id = s.id"
        " WHERE s.subject_kind = 'return' AND s.reason = 'return' GROUP BY 1) p ON p.subject_id = r.id"
        " WHERE x.received <> coalesce(p.q, 0)",
    ),
    Check(
        "a completed return has nothing to inspect",
        "SELECT count(*) FROM return_order WHERE state = 'completed'",
        "SELECT r.id FROM return_order r JOIN return_line l ON l.return_id = r.id WHERE r.state = 'completed'"
        " GROUP BY r.id HAVING sum(l.received - l.restocked - l.damaged - l.scrapped) <> 0",
    ),
]
