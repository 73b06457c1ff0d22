"""Waybill contents, made from our records when they are rendered: nothing personal waits in a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from labels import CustomsWaybillLabel, Label, LabelRefused, Size, WaybillLabel
from wms.core import clock
from wms.outbound.addresses import address_lines, country_line
from wms.outbound.bag_labels import bag_labels
from wms.outbound.extras.form import form_of
from wms.outbound.extras.remarks import remarks
from wms.outbound.extras.rules import crosses_a_border
from wms.outbound.gate_passes import gate_passes
from wms.outbound.packing_slips import packing_slips
from wms.outbound.pick_lists import pick_lists
from wms.outbound.service.load_lists import load_lists
from wms.outbound.wall_labels import wall_labels
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping.carriers import OWN, draws_its_own_labels

_ROWS = text(
    "SELECT p.id, o.number, o.reference, w.code AS warehouse, w.name AS warehouse_name, w.country AS from_country,"
    " s.code AS service, s.name AS service_name, ca.code AS carrier, ca.kind AS carrier_kind, p.tracking_number, p.weight_g,"
    " (SELECT count(*) FROM parcel x WHERE x.shipment_id = sh.id AND x.state <> 'voided' AND x.n < p.n) + 1 AS n,"
    " (SELECT count(*) FROM parcel x WHERE x.shipment_id = sh.id AND (x.state <> 'voided' OR x.id = p.id)) AS total,"
    " e.cod_minor, e.cod_currency, e.age_check, e.liftgate, e.deliver_on, e.deliver_from, e.deliver_until, e.signature,"
    " o.id AS order_id, e.contents, e.ioss, e.vat_id, e.eori, c.tax_ids_sealed, w.time_zone,"
    " c.name, c.company, c.phone, c.country, c.state, c.city, c.postcode, c.address1, c.address2, c.address3,"
    " c.district, se.name AS seller"
    " FROM outbound_order o JOIN consignee c ON c.order_id = o.id JOIN warehouse w ON w.id = o.warehouse_id"
    " JOIN seller se ON se.id = o.owner_id LEFT JOIN order_extra e ON e.order_id = o.id"
    " JOIN shipment sh ON sh.subject_id = o.id AND sh.subject_kind = 'order' JOIN parcel p ON p.shipment_id = sh.id"
    " JOIN service s ON s.id = sh.service_id JOIN carrier ca ON ca.id = sh.carrier_id"
    " WHERE p.id = ANY(CAST(:ids AS uuid[]))"
)


def waybills(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The label contents of these waybill documents, in their order."""
    rows = {row.id: row for row in session().execute(_ROWS, {"ids": [each.subject_id for each in documents]})}
    return [_content(rows.get(each.subject_id), Size(*each.size_mm)) for each in documents]


def _content(row: Any, size: Size) -> Label | LabelRefused:
    if row is None or not row.name:
        return LabelRefused("source_gone", {})
    if draws_its_own_labels(row.carrier_kind):  # lost with the store: it is fetched from the carrier again, never drawn
        return LabelRefused("sellers_own" if row.carrier_kind == OWN else "carriers_own", {})
    facts = _facts(row) | {"size": size}
    if row.contents is None or not crosses_a_border(row.from_country, row.country):
        return WaybillLabel(**facts)
    try:
        form = form_of(row.order_id, row.id, row, row.seller, clock.today(row.time_zone))
    except LabelRefused as refusal:
        return refusal
    return CustomsWaybillLabel(**facts, **form)


SOURCES = {
    "waybill": waybills, "bag": bag_labels, "manifest": load_lists, "put-wall": wall_labels, "pick-list": pick_lists,
    "packing-slip": packing_slips,
    "gate-pass": gate_passes,
}  # fmt: skip


def _facts(row: Any) -> dict[str, Any]:
    """The fields of a waybill."""
    house = f"{row.warehouse_name} ({row.warehouse})"
    from_country = country_line(row.from_country, row.country)
    return {
        "service_name": row.service_name,
        "carrier_code": row.carrier,
        "tracking_number": row.tracking_number,
        "sort_code": f"{row.country}-{(row.postcode or row.city)[:3]}".upper(),
        "sender_lines": (row.seller, house, from_country),
        "consignee_name": row.name,
        "consignee_phone": row.phone or "",
        "consignee_lines": address_lines(row),
        "return_lines": (house, from_country),
        "weight": f"{row.weight_g / 1000:.3f} kg" if row.weight_g else "",
        "number": row.n,
        "total": row.total,
        "order_reference": row.number,
        "remarks": remarks(row, collects=row.n == 1),
    }
