"""What the label of a bag or pallet of parcels says, as it is when the label is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from labels import BagLabel, Label, LabelRefused, Size
from wms.core.checkdigits import is_valid_sscc
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.printing.sources import in_turn
from wms.shipping.models import BagState

_BAGS = text(
    "SELECT b.id, b.number, b.barcode, b.kind, b.state, b.weight_g, c.code AS carrier, v.name AS service, w.code, w.name,"
    " (SELECT count(*) FROM parcel p WHERE p.bag_id = b.id) AS parcels FROM bag b JOIN carrier c ON c.id = b.carrier_id"
    " JOIN service v ON v.id = b.service_id JOIN warehouse w ON w.id = b.warehouse_id WHERE b.id = ANY(CAST(:ids AS uuid[]))"
)
TITLES = {"bag": "BAG", "pallet": "PALLET"}


def bag_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """One that was given up is refused; count and weight stand on it once it is closed."""
    rows = session().execute(_BAGS, {"ids": [each.subject_id for each in documents]})
    return in_turn(documents, {row.id: row for row in rows if row.state != BagState.DROPPED.value}, _bag)


def _bag(row: Any, document: LabelDocument) -> BagLabel:
    is_sscc, closed = is_valid_sscc(row.barcode), row.weight_g is not None
    return BagLabel(
        size=Size(*document.size_mm),
        title=TITLES[row.kind],
        number=f"(00) {row.number}" if is_sscc else row.number,
        barcode=f"(00){row.barcode}" if is_sscc else row.barcode,
        symbology="gs1_128" if is_sscc else "code128",
        carrier=row.carrier,
        service=row.service,
        parcels=str(row.parcels) if closed else "",
        weight=f"{row.weight_g / 1000:.3f} kg" if closed else "",
        warehouse=f"{row.name} ({row.code})"[:60],
        printed_at=document.created_at.strftime("%Y-%m-%d %H:%M UTC"),
    )
