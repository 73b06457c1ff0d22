"""What a label says: frozen dataclasses of text that is already formatted and translated.

Every text is printed as given or refused, never corrected. `text` declares the rules of a field;
`checks` enforces them when a bundle is rendered. Captions are content too, so that a label speaks
the reader's language without this package knowing any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from labels.media import SIZE_60X40, SIZE_100X60, SIZE_100X150, Size


@dataclass(frozen=True, slots=True)
class TextRule:
    """Characters a text field takes (`longest`), and whether it must not be empty."""

    longest: int
    required: bool
    most_entries: int = 1


@dataclass(frozen=True, slots=True)
class CountRule:
    """An integer field from 1 to `largest`."""

    largest: int


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """One of a few values."""

    allowed: tuple[str | None, ...]


def text(longest: int, *, required: bool = False) -> Any:
    """A text field; without `required` it may be left out."""
    rule = {"rule": TextRule(longest, required)}
    return field(metadata=rule) if required else field(default="", metadata=rule)


def texts(longest: int, *, entries: int, required: bool = False) -> Any:
    """A tuple of texts, one per line; `required` asks for at least one."""
    rule = {"rule": TextRule(longest, required, entries)}
    return field(metadata=rule) if required else field(default=(), metadata=rule)


def count(largest: int = 9999) -> Any:
    return field(default=1, metadata={"rule": CountRule(largest)})


def choice(default: str | None, *others: str | None) -> Any:
    return field(default=default, metadata={"rule": ChoiceRule((default, *others))})


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Base of every label: the stock it is printed on."""

    size: Size


@dataclass(frozen=True, kw_only=True, slots=True)
class LocationLabel(Label):
    """A bin. `code` is what people read, `barcode` what the scanner reads.

    `arrow` points to the bin from where the label hangs, when it is not beside it.
    """

    size: Size = SIZE_100X60
    code: str = text(24, required=True)
    barcode: str = text(40, required=True)
    zone: str = text(24)
    note: str = text(40)
    arrow: Literal["up", "down"] | None = choice(None, "up", "down")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductLabel(Label):
    """One sales unit. `symbology` is 'code128', or 'ean13', 'ean8', 'upca' for a retail code."""

    size: Size = SIZE_60X40
    barcode: str = text(80, required=True)
    symbology: Literal["code128", "ean13", "ean8", "upca"] = choice("code128", "ean13", "ean8", "upca")
    sku: str = text(64, required=True)
    name: str = text(300)
    lot: str = text(40)
    expiry: str = text(40)
    origin: str = text(40)
    owner_code: str = text(20)
    printed_at: str = text(40)


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentsLine:
    """One SKU in a carton; `quantity` is formatted text such as '× 24'."""

    sku: str = text(64, required=True)
    quantity: str = text(20, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class CartonCaptions:
    booking: str = text(30)
    carton: str = text(30)
    seller: str = text(30)
    reference: str = text(30)
    contents: str = text(30)
    weight: str = text(30)
    dimensions: str = text(30)
    transport: str = text(30)


CARTON_CAPTIONS = CartonCaptions(
    booking="Inbound booking",
    carton="Carton",
    seller="Seller",
    reference="Reference",
    contents="Contents",
    weight="Gross weight",
    dimensions="L × W × H",
    transport="Transport",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CartonLabel(Label):
    """One carton of an inbound booking (箱唛). `box_barcode` is unique per carton.

    `contents` is listed when all of it has room; otherwise `mixed_text` ("MIXED 12 SKU") stands in,
    or, without one, as many lines as fit and an ellipsis.
    """

    size: Size = SIZE_100X150
    destination: str = text(16, required=True)
    booking_number: str = text(40, required=True)
    box_barcode: str = text(48, required=True)
    number: int = count()
    total: int = count()
    seller_code: str = text(20, required=True)
    transport: str = text(30)
    reference: str = text(60)
    contents: tuple[ContentsLine, ...] = ()
    mixed_text: str = text(40)
    gross_weight: str = text(30)
    dimensions: str = text(40)
    origin: str = text(40)
    printed_at: str = text(40)
    captions: CartonCaptions = CARTON_CAPTIONS


@dataclass(frozen=True, kw_only=True, slots=True)
class WaybillCaptions:
    ship_to: str = text(20)
    ship_from: str = text(20)
    return_to: str = text(20)
    parcel: str = text(20)
    weight: str = text(20)
    reference: str = text(30)


WAYBILL_CAPTIONS = WaybillCaptions(
    ship_to="TO",
    ship_from="FROM",
    return_to="RETURN TO",
    parcel="PARCEL",
    weight="WEIGHT",
    reference="REFERENCE",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class WaybillLabel(Label):
    """The label a carrier reads. Consignee texts are printed as given: mask them before.

    `tracking_text` is the number grouped for reading, and defaults to groups of four from the end.
    `matrix` repeats the tracking number in a second symbol that survives a torn or creased label.
    """

    size: Size = SIZE_100X150
    service_name: str = text(40, required=True)
    carrier_code: str = text(12, required=True)
    tracking_number: str = text(48, required=True)
    tracking_text: str = text(64)
    sort_code: str = text(24)
    sender_lines: tuple[str, ...] = texts(120, entries=6)
    consignee_name: str = text(80, required=True)
    consignee_phone: str = text(40)
    consignee_lines: tuple[str, ...] = texts(200, entries=6, required=True)
    return_lines: tuple[str, ...] = texts(120, entries=6)
    weight: str = text(24)
    number: int = count()
    total: int = count()
    order_reference: str = text(60)
    printed_at: str = text(40)
    matrix: Literal["datamatrix", "qr"] = choice("datamatrix", "qr")
    captions: WaybillCaptions = WAYBILL_CAPTIONS
