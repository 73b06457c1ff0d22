"""Reads of adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.inventory.queries import Scope
from wms.platform.database import session

_LIST = text(
    "SELECT a.id, a.state, a.change, a.to_condition, a.units, a.reason, a.note, a.value_minor, a.currency, a.created_at,"
    " a.balance_id, p.sku, p.name_en, p.name_zh, s.code AS seller, l.code AS location, w.code AS warehouse, w.time_zone,"
    " b.condition, u.name AS requester, a.requested_by, d.name AS decider FROM stock_adjustment a"
    " JOIN balance b ON b.id = a.balance_id JOIN product p ON p.id = a.product_id JOIN seller s ON s.id = a.owner_id"
    " JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = a.warehouse_id"
    " LEFT JOIN app_user u ON u.id = a.requested_by LEFT JOIN app_user d ON d.id = a.decided_by"
    " WHERE (CAST(:warehouses AS uuid[]) IS NULL OR a.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " ORDER BY a.state = 'requested' DESC, a.created_at DESC, a.id DESC LIMIT :limit"
)


def adjustments(scope: Scope, limit: int = 100) -> Sequence[Row[Any]]:
    """Those that wait for approval first, then the newest."""
    return session().execute(_LIST, {"warehouses": scope.parameters()["warehouses"], "limit": limit}).all()
