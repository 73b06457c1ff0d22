"""What must hold of moves that were asked for: what they keep is in somebody's hands."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "only a move in somebody's hands reserves goods, and only in its two bins",
        "SELECT count(*) FROM allocation WHERE purpose = 'relocation'",
        "SELECT a.id, a.subject_id, t.state FROM allocation a JOIN balance b ON b.id = a.balance_id LEFT JOIN move_task t"
        " ON t.id = a.subject_id WHERE a.purpose = 'relocation' AND a.open_quantity > 0 AND (t.id IS NULL OR t.state <> 'moving'"
        "  OR a.subject_kind <> 'move_task' OR NOT ((b.location_id, b.product_id) = (t.origin_id, t.product_id)"
        "  OR (t.partner_id IS NOT NULL AND (b.location_id, b.product_id) = (t.target_id, t.partner_id))))",
    ),
    Check(
        "a move that is done was posted once, both ways",
        "SELECT count(*) FROM move_task WHERE state = 'done'",
        "SELECT t.id, t.moved, t.came_back, x.moved AS posted, x.back FROM move_task t CROSS JOIN LATERAL (SELECT"
        "  coalesce(sum(m.quantity) FILTER (WHERE m.product_id = t.product_id), 0) AS moved, coalesce(sum(m.quantity)"
        "  FILTER (WHERE m.product_id = t.partner_id), 0) AS back FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
        "  WHERE p.subject_kind = 'move_task' AND p.subject_id = t.id AND p.reverses_id IS NULL"
        "  AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id)) x"
        " WHERE CASE WHEN t.state = 'done' THEN t.moved = 0 OR (t.moved, t.came_back) <> (x.moved, x.back) ELSE x.moved > 0 END",
    ),
]
