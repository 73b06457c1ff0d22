"""What is in which parcel of an order: as it was checked into it."""

from __future__ import annotations

import uuid
from typing import Any

from wms.platform.statements import Statement

_CONTENTS = Statement(
    "SELECT v.parcel_id, p.sku, p.name_en, p.name_zh, sum(v.quantity)::int AS quantity FROM demand d"
    " JOIN verification v ON v.demand_id = d.id AND v.parcel_id IS NOT NULL JOIN product p ON p.id = d.product_id"
    " WHERE d.order_id = :order GROUP BY v.parcel_id, p.id ORDER BY p.sku"
)


def contents_of(order_id: uuid.UUID) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """`{"sku", "quantity", "name_en", "name_zh"}` by SKU, for each closed parcel."""
    found: dict[uuid.UUID, list[dict[str, Any]]] = {}
    for row in _CONTENTS.all({"order": order_id}):
        found.setdefault(row.parcel_id, []).append(
            {"sku": row.sku, "quantity": row.quantity, "name_en": row.name_en, "name_zh": row.name_zh}
        )
    return found
