"""Carton label contents (箱唛), made from our records when a bundle is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from labels import CartonLabel, Label, LabelRefused, Size
from labels.content import ContentsLine
from wms.inbound.rules import Transport
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.printing.origins import made_in

_ROWS = text(
    "SELECT c.id, c.barcode, c.number, c.reference_box_no, c.declared_weight_g, c.declared_length_mm,"
    " c.declared_width_mm, c.declared_height_mm, b.number AS booking, b.reference, b.transport, b.carton_count,"
    " s.code AS seller, w.code AS warehouse,"
    " (SELECT json_agg(json_build_array(p.sku, l.declared, p.origin_country) ORDER BY l.position) FROM carton_line l"
    "  JOIN product p ON p.id = l.product_id WHERE l.carton_id = c.id AND l.declared > 0) AS lines"
    " FROM carton c JOIN booking b ON b.id = c.booking_id JOIN seller s ON s.id = b.owner_id"
    " JOIN warehouse w ON w.id = b.warehouse_id WHERE c.id = ANY(CAST(:ids AS uuid[]))"
)


def cartons(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The label contents of these carton documents, in their order."""
    rows = {row.id: row for row in session().execute(_ROWS, {"ids": [each.subject_id for each in documents]})}
    gone = LabelRefused("source_gone", {})
    return [
        _carton(rows[each.subject_id], Size(*each.size_mm)) if each.subject_id in rows else gone for each in documents
    ]


SOURCES = {"carton": cartons}

# As freight is marked, whoever reads it.
TRANSPORT_MARKS = {
    Transport.EXPRESS: "EXPRESS", Transport.AIR: "AIR", Transport.SEA: "SEA", Transport.SEA_FCL: "SEA · FCL",
    Transport.SEA_LCL: "SEA · LCL", Transport.RAIL: "RAIL", Transport.ROAD: "ROAD",
}  # fmt: skip


def _carton(row: Any, size: Size) -> CartonLabel:
    lines = row.lines or []
    return CartonLabel(
        size=size,
        destination=row.warehouse,
        booking_number=row.booking,
        box_barcode=row.barcode,
        number=row.number,
        total=row.carton_count,
        seller_code=row.seller,
        transport=TRANSPORT_MARKS[Transport(row.transport)] if row.transport else "",
        reference=row.reference_box_no or row.reference,
        contents=tuple(ContentsLine(sku=sku, quantity=f"× {quantity}") for sku, quantity, _ in lines),
        mixed_text=f"MIXED {len(lines)} SKU",
        gross_weight=f"{row.declared_weight_g / 1000:.2f} kg" if row.declared_weight_g else "",
        dimensions=_dimensions(row),
        origin=_origin([country for _, _, country in lines]),
    )


def _origin(countries: Sequence[str | None]) -> str:
    """Of a carton whose goods all come from one country, and say so."""
    return made_in(countries[0]) if len(set(countries)) == 1 else ""


def _dimensions(row: Any) -> str:
    sides = (row.declared_length_mm, row.declared_width_mm, row.declared_height_mm)
    return " × ".join(f"{side / 10:g}" for side in sides) + " cm" if all(sides) else ""
