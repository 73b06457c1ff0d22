"""The life of a serial number: every place it came to, with what, from its entry to where it is now.

Under full control each posting notes which numbers it moved. Of a number that is only read at the bench (exit control) its
last document is known, and nothing before.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from wms.inventory.queries import Scope
from wms.platform.database import session

MOST_STEPS = 500

_FOUND = text(
    "SELECT s.id, s.number, s.state, s.product_id, s.subject_kind, s.subject_id, s.created_at, p.sku, p.name_en, p.name_zh,"
    " p.serial_control, o.code AS seller, w.code AS warehouse, l.code AS location, u.code AS unit, b.condition,"
    " t.batch, t.expires_on, coalesce(b.held_by, 0) > 0 AS is_held FROM serial s JOIN product p ON p.id = s.product_id"
    " JOIN seller o ON o.id = s.owner_id LEFT JOIN balance b ON b.id = s.balance_id"
    " LEFT JOIN warehouse w ON w.id = b.warehouse_id LEFT JOIN location l ON l.id = b.location_id"
    " LEFT JOIN handling_unit u ON u.id = b.handling_unit_id LEFT JOIN lot t ON t.id = b.lot_id"
    " WHERE s.number = :number AND (CAST(:sku AS text) IS NULL OR p.sku = :sku)"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR s.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR b.warehouse_id IS NULL OR b.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " ORDER BY o.code, p.sku LIMIT 50"
)
# A number that left or came has one end only: the other is the counter-party of the move that it went with.
_STEPS = text(
    "SELECT v.serial_id, q.created_at, q.reason, q.subject_kind, q.subject_id, q.reverses_id IS NOT NULL AS is_reversal,"
    " w.code AS warehouse, w.time_zone, f.code AS from_location, t.code AS to_location, y.code AS to_unit, tb.condition,"
    " CASE WHEN v.from_balance_id IS NULL OR v.to_balance_id IS NULL THEN (SELECT coalesce(m.from_party, m.to_party)"
    "  FROM stock_move m WHERE m.posting_id = v.posting_id AND m.from_balance_id IS NOT DISTINCT FROM v.from_balance_id"
    "  AND m.to_balance_id IS NOT DISTINCT FROM v.to_balance_id LIMIT 1) END AS party, a.name AS person FROM serial_move v"
    " JOIN stock_posting q ON q.id = v.posting_id JOIN warehouse w ON w.id = q.warehouse_id"
    " LEFT JOIN balance fb ON fb.id = v.from_balance_id LEFT JOIN location f ON f.id = fb.location_id"
    " LEFT JOIN balance tb ON tb.id = v.to_balance_id LEFT JOIN location t ON t.id = tb.location_id"
    " LEFT JOIN handling_unit y ON y.id = tb.handling_unit_id LEFT JOIN app_user a ON a.id = q.actor_id"
    " WHERE v.serial_id = ANY(CAST(:serials AS uuid[]))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR q.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " ORDER BY v.id DESC LIMIT :most"
)


def lives(scope: Scope, number: str, sku: str | None = None) -> list[dict[str, Any]]:
    """The units with this number (of several products there may be one each): where each is now, and its `steps`, the
    newest first. Whoever sees some warehouses only sees what happened in these.
    """
    found = session().execute(_FOUND, {"number": number, "sku": sku, **scope.parameters()}).all()
    steps = _steps(scope, [row.id for row in found])
    return [{**row._mapping, "steps": [step for step in steps if step.serial_id == row.id]} for row in found]


def _steps(scope: Scope, serial_ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    if not serial_ids:
        return []
    values = {"serials": list(serial_ids), "warehouses": scope.parameters()["warehouses"], "most": MOST_STEPS}
    return session().execute(_STEPS, values).all()
