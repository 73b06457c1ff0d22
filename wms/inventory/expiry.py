"""Lots that expire: how many are left, until when they sell, and which are near the end."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.inventory.queries import MAX_PAGE, Scope
from wms.inventory.rotation import KEEPS
from wms.inventory.rules import last_sale_day
from wms.platform.database import session

WARN_DAYS = 30


@dataclass(frozen=True)
class LotLine:
    """A lot in a warehouse. `days_left` until it sells no more: 0 on its last sale day, negative past it."""

    product_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    warehouse_id: uuid.UUID
    warehouse_code: str
    batch: str | None
    expires_on: date
    last_sale_on: date
    days_left: int
    on_hand: int
    sellable: int

    @property
    def tone(self) -> str:
        """past | soon | fine."""
        return "past" if self.days_left < 0 else "soon" if self.days_left <= WARN_DAYS else "fine"


_LOTS = text(
    f"SELECT p.id AS product_id, p.sku, p.name_en, p.name_zh, {KEEPS} AS keeps_days, w.id AS warehouse_id, w.code AS warehouse,"
    " w.time_zone, t.batch, t.expires_on, sum(b.on_hand) AS on_hand, sum(b.on_hand) FILTER (WHERE b.is_sellable) AS sells"
    " FROM balance b JOIN lot t ON t.id = b.lot_id JOIN product p ON p.id = b.product_id"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN seller e ON e.id = b.owner_id WHERE b.is_there AND t.expires_on IS NOT NULL"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR b.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR b.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse) AND (CAST(:sku AS text) IS NULL OR p.sku = :sku)"
    " AND (CAST(:products AS uuid[]) IS NULL OR p.id = ANY(CAST(:products AS uuid[])))"
    f" AND (CAST(:within AS int) IS NULL OR t.expires_on - {KEEPS} - :within"
    "  <= (CAST(:now AS timestamptz) AT TIME ZONE w.time_zone)::date)"
    f" GROUP BY p.id, e.id, w.id, t.id ORDER BY t.expires_on - {KEEPS}, p.sku, w.code, t.id OFFSET :skip LIMIT :limit"
)


def lot_lines(
    scope: Scope,
    *,
    warehouse: str | None = None,
    sku: str | None = None,
    products: Collection[uuid.UUID] | None = None,
    within_days: int | None = None,
    skip: int = 0,
    limit: int = MAX_PAGE,
) -> tuple[Sequence[LotLine], int | None]:
    """Lots with an expiry, first to go first, and how many to skip for the next page.

    `products`: of these only. `within_days`: only those whose last sale day is at most so many days away, or past.
    """
    parameters: dict[str, Any] = scope.parameters() | {
        "products": None if products is None else list(products),
        "warehouse": warehouse, "sku": sku, "within": within_days, "now": clock.now(), "skip": skip, "limit": limit + 1,
    }  # fmt: skip
    rows = session().execute(_LOTS, parameters).all()
    lines = [_line(row) for row in rows[:limit]]
    return lines, skip + limit if len(rows) > limit else None


def _line(row: Any) -> LotLine:
    last = last_sale_day(row.expires_on, row.keeps_days)
    return LotLine(
        row.product_id, row.sku, row.name_en, row.name_zh, row.warehouse_id, row.warehouse, row.batch, row.expires_on,
        last, (last - clock.today(row.time_zone)).days, int(row.on_hand), int(row.sells or 0),
    )  # fmt: skip
