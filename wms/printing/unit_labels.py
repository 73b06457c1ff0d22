"""What the label of a pallet, carton or inner of ours says: its code, and what stands on it as the label is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labels import Label, LabelRefused, PalletCaptions, PalletLabel, Size
from wms.core.checkdigits import is_valid_sscc
from wms.platform.statements import Statement
from wms.printing.models import LabelDocument

CAPTIONS = PalletCaptions(
    sscc="SSCC", owner="Seller / 货主", destination="Warehouse / 仓库", booking="Container / 容器",
    contents="Contents / 内装", cartons="Cartons / 箱数", weight="Goods / 货重",
)  # fmt: skip
# Everything in it, and in what stands in it. One owner and one product are named, of more there is only a number.
_UNITS = Statement(
    "WITH RECURSIVE tree AS (SELECT id AS root, id FROM handling_unit WHERE id = ANY(CAST(:ids AS uuid[]))"
    "  UNION ALL SELECT t.root, u.id FROM tree t JOIN handling_unit u ON u.parent_id = t.id AND u.state <> 'gone')"
    " SELECT h.id, h.code, h.barcode, w.code AS warehouse, c.within, c.products, c.units, c.sku, c.owners, c.owner, c.goods_g"
    " FROM handling_unit h JOIN warehouse w ON w.id = h.warehouse_id CROSS JOIN LATERAL (SELECT"
    "  count(DISTINCT t.id) - 1 AS within, count(DISTINCT b.product_id) AS products, coalesce(sum(b.on_hand), 0)::int AS units,"
    "  min(p.sku) AS sku, count(DISTINCT b.owner_id) AS owners, min(s.code || ' ' || s.name) AS owner,"
    "  coalesce(sum(b.on_hand * coalesce(nullif(p.measured_weight_g, 0), p.declared_weight_g)), 0)::bigint AS goods_g"
    "  FROM tree t LEFT JOIN balance b"
    "  ON b.handling_unit_id = t.id AND b.is_there LEFT JOIN product p ON p.id = b.product_id"
    "  LEFT JOIN seller s ON s.id = b.owner_id WHERE t.root = h.id) c WHERE h.id = ANY(CAST(:ids AS uuid[]))"
    " AND h.state <> 'gone' AND h.kind NOT IN ('tote', 'parcel')"
)


def code_on_label(barcode: str) -> str:
    """What a scanner reads from the label of a container: its code, an SSCC as the element string (00)…"""
    return f"(00){barcode}" if is_valid_sscc(barcode) else barcode


def unit_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """In their order; what is gone, or is a tote (which has a label of its own), is refused."""
    rows = {row.id: row for row in _UNITS.all({"ids": list({each.subject_id for each in documents})})}
    return [
        _unit(rows[each.subject_id], each) if each.subject_id in rows else LabelRefused("gone") for each in documents
    ]


def _unit(row: Any, document: LabelDocument) -> Label:
    is_sscc = is_valid_sscc(row.barcode)
    return PalletLabel(
        size=Size(*document.size_mm),
        sscc=row.barcode if is_sscc else "",
        barcode="" if is_sscc else row.barcode,
        owner=row.owner[:40] if row.owners == 1 else "",
        destination=row.warehouse,
        booking=row.code,
        contents=_contents(row),
        cartons=str(row.within) if row.within else "",
        gross_weight=f"{row.goods_g / 1000:.1f} kg" if row.goods_g else "",
        printed_at=document.created_at.strftime("%Y-%m-%d %H:%M UTC"),
        captions=CAPTIONS,
    )


def _contents(row: Any) -> str:
    if not row.units:
        return ""
    return f"{row.sku} × {row.units}" if row.products == 1 else f"{row.products} SKU × {row.units}"
