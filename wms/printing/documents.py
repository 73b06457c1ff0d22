"""What the labels of the lower tiers say: zones, bins, totes, benches and products. Other features speak for their own records."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import func, select

from labels import (
    CartLabel,
    Label,
    LabelRefused,
    LocationLabel,
    PrinterTestLabel,
    ProductLabel,
    Size,
    StationSign,
    ToteLabel,
    ZoneSign,
)
from wms.catalog.models import Product, ProductBarcode
from wms.catalog.queries import barcodes_of
from wms.core.barcodes import parse_own
from wms.core.checkdigits import is_valid_gtin
from wms.facility.models import HandlingUnit, Location, Station, Zone
from wms.facility.packaging.models import Packaging
from wms.identity.queries import seller_codes
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.printing.models import LabelDocument, LabelKind, Printer
from wms.printing.origins import made_in
from wms.printing.unit_labels import unit_labels

# GTIN length → the symbol that retail scanners expect; a GTIN-14 is printed as Code 128.
RETAIL = {13: "ean13", 12: "upca", 8: "ean8"}


def location_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    ids = {document.subject_id for document in documents}
    rows = session().execute(
        select(Location, Zone.code).join(Zone, Zone.id == Location.zone_id).where(Location.id.in_(ids))
    )
    found: dict[uuid.UUID, tuple[Location | Packaging, str]] = {
        location.id: (location, zone) for location, zone in rows
    }
    boxes = session().scalars(select(Packaging).where(Packaging.id.in_(ids - found.keys())))
    found |= {box.id: (box, box.name) for box in boxes}  # their shelves are labelled as bins are
    return [
        _location(*found[document.subject_id], document) if document.subject_id in found else LabelRefused("gone")
        for document in documents
    ]


_ARROWS: dict[str, Literal["up", "down", "left", "right"] | None] = {
    "": None, "up": "up", "down": "down", "left": "left", "right": "right",
}  # fmt: skip


def _location(location: Location | Packaging, zone: str, document: LabelDocument) -> Label:
    own = parse_own(location.barcode)
    return LocationLabel(
        size=Size(*document.size_mm),
        code=location.code,
        barcode=location.barcode,
        check=own.check if own else "",
        zone=zone,
        arrow=_ARROWS[location.label_arrow] if isinstance(location, Location) else None,
    )


def product_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    ids = {document.subject_id for document in documents}
    products = {product.id: product for product in session().scalars(select(Product).where(Product.id.in_(ids)))}
    codes = barcodes_of(ids)
    owners = seller_codes({product.owner_id for product in products.values()})
    return [
        _product(products[document.subject_id], codes[document.subject_id], owners, document)
        if document.subject_id in products
        else LabelRefused("gone")
        for document in documents
    ]


def _product(
    product: Product, codes: Sequence[ProductBarcode], owners: Mapping[uuid.UUID, str], document: LabelDocument
) -> Label | LabelRefused:
    code = unit_code(codes, document.barcode)
    if code is None:
        return LabelRefused("no_barcode", {"field": "barcode"})
    symbology = RETAIL.get(len(code), "code128") if is_valid_gtin(code) else "code128"
    return ProductLabel(
        size=Size(*document.size_mm),
        barcode=code,
        symbology=symbology,  # type: ignore[arg-type]
        sku=product.sku,
        name=product.name_zh if product.name_zh == product.name_en else f"{product.name_en} {product.name_zh}",
        origin=made_in(product.origin_country),
        owner_code=owners[product.owner_id],
    )


def unit_code(codes: Sequence[ProductBarcode], wanted: str | None = None) -> str | None:
    """The code that goes on one unit: the one asked for, else the oldest that means a single unit."""
    units = [code.barcode for code in codes if code.quantity == 1]
    if wanted is not None:
        return wanted if wanted in units else None
    return units[0] if units else None


def tote_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """Totes; a container that is gone is refused."""
    ids = {document.subject_id for document in documents}
    totes = {unit.id: unit for unit in session().scalars(select(HandlingUnit).where(HandlingUnit.id.in_(ids)))}
    return [
        ToteLabel(size=Size(*document.size_mm), code=tote.code, barcode=tote.barcode)
        if (tote := totes.get(document.subject_id)) is not None
        else LabelRefused("gone")
        for document in documents
    ]


_CARTS = Statement(
    "SELECT c.id, c.code, c.barcode, (SELECT count(*) FROM handling_unit t WHERE t.warehouse_id = c.warehouse_id"
    "  AND starts_with(t.code, c.code || '-') AND t.kind = 'tote') AS totes FROM handling_unit c"
    " WHERE c.id = ANY(CAST(:ids AS uuid[])) AND c.kind = 'cart'"
)


def cart_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """Picking carts, with how many totes are named after each."""
    carts = {row.id: row for row in _CARTS.all({"ids": list({document.subject_id for document in documents})})}
    return [
        CartLabel(
            size=Size(*document.size_mm), code=cart.code, barcode=cart.barcode,
            slots=f"{cart.totes} totes / 箱" if cart.totes else "",
        )
        if (cart := carts.get(document.subject_id)) is not None
        else LabelRefused("gone")
        for document in documents
    ]  # fmt: skip


def station_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """Signs of benches, with the code that ties a tablet to them."""
    ids = {document.subject_id for document in documents}
    benches = {bench.id: bench for bench in session().scalars(select(Station).where(Station.id.in_(ids)))}
    return [
        StationSign(size=Size(*document.size_mm), code=bench.code, name=bench.name, barcode=bench.barcode)
        if (bench := benches.get(document.subject_id)) is not None
        else LabelRefused("gone")
        for document in documents
    ]


def zone_signs(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """Signs over zones, with the aisles that are in them. Nothing is scanned there, so they bear no code."""
    ids = {document.subject_id for document in documents}
    rows = session().execute(
        select(Zone.id, Zone.code, Zone.name, func.min(Location.aisle), func.max(Location.aisle))
        .outerjoin(Location, Location.zone_id == Zone.id)
        .where(Zone.id.in_(ids))
        .group_by(Zone.id)
    )
    zones = {row[0]: row for row in rows}
    return [
        _zone(zones[document.subject_id], document) if document.subject_id in zones else LabelRefused("gone")
        for document in documents
    ]


def _zone(row: Any, document: LabelDocument) -> Label:
    _id, code, name, first, last = row
    aisles = "" if first is None else f"{first:02}" if first == last else f"{first:02} – {last:02}"
    note = f"Aisles / 通道 {aisles}" if aisles else ""
    return ZoneSign(size=Size(*document.size_mm), code=code, name="" if name == code else name[:60], note=note)


def printer_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """Test labels: a frame, a ruler and codes, with what the printer is set to."""
    ids = {document.subject_id for document in documents}
    printers = {printer.id: printer for printer in session().scalars(select(Printer).where(Printer.id.in_(ids)))}
    return [
        _printer(printers[document.subject_id], document) if document.subject_id in printers else LabelRefused("gone")
        for document in documents
    ]


def _printer(printer: Printer, document: LabelDocument) -> Label:
    width, height = document.size_mm
    return PrinterTestLabel(
        size=Size(width, height),
        printer=printer.name,
        media=f"{width:g} × {height:g} mm",
        details=f"{printer.dpi} dpi, offset {printer.offset_x_mm:+g} / {printer.offset_y_mm:+g} mm",
        printed_at=document.created_at.strftime("%Y-%m-%d %H:%M UTC"),
    )


SOURCES = {
    LabelKind.LOCATION: location_labels,
    LabelKind.PRODUCT: product_labels,
    LabelKind.TOTE: tote_labels,
    LabelKind.STATION: station_labels,
    LabelKind.PRINTER: printer_labels,
    LabelKind.CART: cart_labels,
    LabelKind.ZONE: zone_signs,
    LabelKind.PALLET: unit_labels,
}
