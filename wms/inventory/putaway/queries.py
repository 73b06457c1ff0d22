"""Bins with what stands in them: one statement for the candidates of a suggestion, one for a scanned place."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from wms.inventory.putaway.rules import Bin, Content
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

CANDIDATES = 12  # of each kind of bin: enough for a choice that fits, few enough to be quick

_CONTENT = (
    " LEFT JOIN LATERAL (SELECT"
    "  sum(b.on_hand * coalesce(p.measured_weight_g, p.declared_weight_g)::bigint) AS weight_g,"
    "  sum(b.on_hand::bigint * coalesce(p.measured_length_mm, p.declared_length_mm)"
    "   * coalesce(p.measured_width_mm, p.declared_width_mm)"
    "   * coalesce(p.measured_height_mm, p.declared_height_mm)) AS volume_mm3,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id = :product) AS same_product,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id = :product AND b.lot_id IS NOT DISTINCT FROM :lot"
    "   AND b.condition = :condition) AS same_lot,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id <> :product) AS other_products,"
    "  sum(b.on_hand) FILTER (WHERE b.customs_status <> :status) AS other_status"
    "  FROM balance b JOIN product p ON p.id = b.product_id WHERE b.location_id = l.id AND b.on_hand > 0) c ON true"
)
_COLUMNS = (
    "SELECT l.id, l.warehouse_id, l.code, l.kind, l.walk_order, l.is_active, l.max_weight_g, l.max_volume_cm3,"
    " l.mixes_products, c.weight_g, c.volume_mm3, c.same_product, c.same_lot, c.other_products, c.other_status"
)
_ONE = Statement(_COLUMNS + " FROM location l" + _CONTENT + " WHERE l.id = :location")
_LOCK = Statement(
    "SELECT max_weight_g IS NOT NULL OR max_volume_cm3 IS NOT NULL OR NOT mixes_products FROM location"
    " WHERE id = :location FOR NO KEY UPDATE"
)


def _empty(kind: str) -> str:
    return (
        "(SELECT f.id FROM location f WHERE f.warehouse_id = :warehouse AND f.kind = '" + kind + "'"
        " AND f.is_active"
        " AND (f.max_weight_g IS NULL OR f.max_weight_g >= :weight)"
        " AND (f.max_volume_cm3 IS NULL OR f.max_volume_cm3::bigint * 1000 >= :volume)"
        " AND NOT EXISTS (SELECT 1 FROM balance e WHERE e.location_id = f.id AND e.on_hand > 0)"
        " ORDER BY f.walk_order, f.code LIMIT :few)"
    )


_MANY = Statement(
    "WITH found AS ("
    " SELECT id FROM (SELECT DISTINCT f.id, f.walk_order FROM balance s JOIN location f ON f.id = s.location_id"
    "  WHERE s.warehouse_id = :warehouse AND s.product_id = :product AND s.on_hand > 0 AND f.is_active"
    "  AND f.kind IN ('storage', 'bulk', 'pick_face') ORDER BY f.walk_order LIMIT 4 * :few) same"
    " UNION " + " UNION ".join(_empty(kind) for kind in ("pick_face", "storage", "bulk")) + " UNION"
    " (SELECT f.id FROM location f WHERE f.warehouse_id = :warehouse AND f.mixes_products AND f.is_active"
    "  AND f.kind IN ('storage', 'bulk') ORDER BY f.walk_order, f.code LIMIT :few) UNION"
    " (SELECT f.id FROM location f WHERE f.warehouse_id = :warehouse AND f.kind = 'inspection' AND f.is_active"
    "  AND :condition <> 'good' LIMIT 1)) "
    + _COLUMNS + " FROM found JOIN location l ON l.id = found.id" + _CONTENT
)  # fmt: skip


def candidates(
    warehouse_id: uuid.UUID,
    product_id: uuid.UUID,
    lot_id: uuid.UUID | None,
    condition: str,
    customs_status: str,
    weight_g: int,
    volume_mm3: int,
) -> list[Bin]:
    """Bins that hold the product, the first empty ones along the walk that are big enough, and mixed ones."""
    rows = _MANY.all(
        {
            "warehouse": warehouse_id,
            "product": product_id,
            "lot": lot_id,
            "condition": condition,
            "status": customs_status,
            "weight": weight_g,
            "volume": volume_mm3,
            "few": CANDIDATES,
        }
    )
    return _bins(rows)


def bin_of(
    location_id: uuid.UUID, product_id: uuid.UUID, lot_id: uuid.UUID | None, condition: str, customs_status: str
) -> Bin | None:
    """A place with its content, kept still until the end of the transaction when it has limits: two people filling
    one bin at once see each other's goods. None when there is no such place.
    """
    claim(Rank.HANDLING_UNIT)
    if _LOCK.scalar({"location": location_id}) is None:
        return None
    parameters = {
        "location": location_id, "product": product_id, "lot": lot_id, "condition": condition,
        "status": customs_status,
    }  # fmt: skip
    return _bins(_ONE.all(parameters))[0]


_WHOLE = Statement(
    "SELECT l.id, l.warehouse_id, l.code, l.kind, l.walk_order, l.is_active, l.max_weight_g, l.max_volume_cm3,"
    " l.mixes_products, b.product_id, b.customs_status, sum(b.on_hand) AS units,"
    " sum(b.on_hand * coalesce(p.measured_weight_g, p.declared_weight_g)::bigint) AS weight_g,"
    " sum(b.on_hand::bigint * coalesce(p.measured_length_mm, p.declared_length_mm)"
    "  * coalesce(p.measured_width_mm, p.declared_width_mm)"
    "  * coalesce(p.measured_height_mm, p.declared_height_mm)) AS volume_mm3"
    " FROM location l LEFT JOIN (balance b JOIN product p ON p.id = b.product_id)"
    " ON b.location_id = l.id AND b.on_hand > 0 WHERE l.id = :location GROUP BY l.id, b.product_id, b.customs_status"
)


def whole_bin(location_id: uuid.UUID) -> tuple[Bin, Content] | None:
    """A place with all that stands in it, by product and customs status; kept still as by `bin_of`."""
    claim(Rank.HANDLING_UNIT)
    if _LOCK.scalar({"location": location_id}) is None:
        return None
    rows = _WHOLE.all({"location": location_id})
    products: Counter[uuid.UUID] = Counter()
    statuses: Counter[str] = Counter()
    for row in rows:
        if row.units:
            products[row.product_id] += row.units
            statuses[row.customs_status] += row.units
    first = rows[0]
    place = Bin(
        location_id=first.id, warehouse_id=first.warehouse_id, code=first.code, kind=first.kind,
        walk_order=first.walk_order, is_active=first.is_active, max_weight_g=first.max_weight_g,
        max_volume_mm3=None if first.max_volume_cm3 is None else first.max_volume_cm3 * 1000,
        mixes_products=first.mixes_products, weight_g=int(sum(row.weight_g or 0 for row in rows)),
        volume_mm3=int(sum(row.volume_mm3 or 0 for row in rows)),
    )  # fmt: skip
    return place, Content(products, statuses)


def _bins(rows: Sequence[Row[Any]]) -> list[Bin]:
    return [
        Bin(
            location_id=row.id, warehouse_id=row.warehouse_id, code=row.code, kind=row.kind,
            walk_order=row.walk_order, is_active=row.is_active, max_weight_g=row.max_weight_g,
            max_volume_mm3=None if row.max_volume_cm3 is None else row.max_volume_cm3 * 1000,
            mixes_products=row.mixes_products, weight_g=int(row.weight_g or 0), volume_mm3=int(row.volume_mm3 or 0),
            same_product=row.same_product or 0, same_lot=row.same_lot or 0, other_products=row.other_products or 0,
            other_status=row.other_status or 0,
        )
        for row in rows
    ]  # fmt: skip
