"""Contents of waybills and of the labels of bags, made from our records when they are rendered: nothing personal waits in
a queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from labels import BagLabel, Label, LabelRefused, Size, WaybillLabel
from wms.core.checkdigits import is_valid_sscc
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping.carriers import draws_its_own_labels
from wms.shipping.models import BagState

_ROWS = text(
    "SELECT p.id, o.number, o.reference, w.code AS warehouse, w.name AS warehouse_name, w.country AS from_country,"
    " s.code AS service, s.name AS service_name, ca.code AS carrier, ca.kind AS carrier_kind, p.tracking_number, p.weight_g,"
    " (SELECT count(*) FROM parcel x WHERE x.shipment_id = sh.id AND x.state <> 'voided' AND x.n < p.n) + 1 AS n,"
    " (SELECT count(*) FROM parcel x WHERE x.shipment_id = sh.id AND (x.state <> 'voided' OR x.id = p.id)) AS total,"
    " c.name, c.company, c.phone, c.country, c.state, c.city, c.postcode, c.address1, c.address2, se.name AS seller"
    " FROM outbound_order o JOIN consignee c ON c.order_id = o.id JOIN warehouse w ON w.id = o.warehouse_id"
    " JOIN seller se ON se.id = o.owner_id"
    " JOIN shipment sh ON sh.subject_id = o.id AND sh.subject_kind = 'order' JOIN parcel p ON p.shipment_id = sh.id"
    " JOIN service s ON s.id = sh.service_id JOIN carrier ca ON ca.id = sh.carrier_id"
    " WHERE p.id = ANY(CAST(:ids AS uuid[]))"
)


def waybills(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The label contents of these waybill documents, in their order."""
    rows = {row.id: row for row in session().execute(_ROWS, {"ids": [each.subject_id for each in documents]})}
    return [_content(rows.get(each.subject_id)) for each in documents]


def _content(row: Any) -> Label | LabelRefused:
    if row is None or not row.name:
        return LabelRefused("source_gone", {})
    if draws_its_own_labels(row.carrier_kind):  # lost with the store: it is fetched from the carrier again, never drawn
        return LabelRefused("carriers_own", {})
    return _waybill(row)


def _waybill(row: Any) -> WaybillLabel:
    place = " ".join(part for part in (row.postcode, row.city) if part)
    lines = [row.company, row.address1, row.address2, place, row.state, row.country]
    return WaybillLabel(
        service_name=row.service_name,
        carrier_code=row.carrier,
        tracking_number=row.tracking_number,
        sort_code=f"{row.country}-{(row.postcode or row.city)[:3]}".upper(),
        sender_lines=(row.seller, f"{row.warehouse_name} ({row.warehouse})", row.from_country),
        consignee_name=row.name,
        consignee_phone=row.phone or "",
        consignee_lines=tuple(line for line in lines if line),
        return_lines=(f"{row.warehouse_name} ({row.warehouse})", row.from_country),
        weight=f"{row.weight_g / 1000:.3f} kg" if row.weight_g else "",
        number=row.n,
        total=row.total,
        order_reference=row.number,
    )


_BAGS = text(
    "SELECT b.id, b.number, b.barcode, b.kind, b.state, b.weight_g, c.code AS carrier, v.name AS service, w.code, w.name,"
    " (SELECT count(*) FROM parcel p WHERE p.bag_id = b.id) AS parcels FROM bag b JOIN carrier c ON c.id = b.carrier_id"
    " JOIN service v ON v.id = b.service_id JOIN warehouse w ON w.id = b.warehouse_id WHERE b.id = ANY(CAST(:ids AS uuid[]))"
)
TITLES = {"bag": "BAG", "pallet": "PALLET"}


def bag_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """One that was given up is refused; count and weight stand on it once it is closed."""
    rows = {row.id: row for row in session().execute(_BAGS, {"ids": [each.subject_id for each in documents]})}
    return [
        _bag(rows[each.subject_id], each)
        if each.subject_id in rows and rows[each.subject_id].state != BagState.DROPPED.value
        else LabelRefused("gone")
        for each in documents
    ]


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


SOURCES = {"waybill": waybills, "bag": bag_labels}
