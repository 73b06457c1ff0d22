"""Labels of goods: units, cartons, pallets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labels.content.rules import Label, captions, choice, count, entries, text, texts
from labels.media import SIZE_60X40, SIZE_100X150, Size


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductLabel(Label):
    """One sales unit. `symbology` is 'code128', or 'ean13', 'ean8', 'upca', 'itf14' for a GS1 code.

    `short_id` is the warehouse's numeric id: its bars stand in for those of a `barcode` too long for the
    label; without it, or when it does not fit either, a DataMatrix of `barcode` does.
    `importer_lines` name the EU representative or importer where the law wants one on the goods.
    """

    size: Size = SIZE_60X40
    barcode: str = text(80, required=True)
    symbology: Literal["code128", "ean13", "ean8", "upca", "itf14"] = choice(
        "code128", "ean13", "ean8", "upca", "itf14"
    )
    short_id: str = text(16)
    sku: str = text(64, required=True)
    name: str = text(300)
    lot: str = text(40)
    expiry: str = text(40)
    origin: str = text(40)
    owner_code: str = text(20)
    printed_at: str = text(40)
    importer_lines: tuple[str, ...] = texts(80, entries=4)


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
    contents: tuple[ContentsLine, ...] = entries(ContentsLine, most=1000)
    mixed_text: str = text(40)
    gross_weight: str = text(30)
    dimensions: str = text(40)
    origin: str = text(40)
    printed_at: str = text(40)
    captions: CartonCaptions = captions(CARTON_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class FbaCaptions:
    ship_from: str = text(20)
    ship_to: str = text(20)
    internal: str = text(40)
    created: str = text(20)


FBA_CAPTIONS = FbaCaptions(ship_from="SHIP FROM", ship_to="SHIP TO", internal="Internal Use Only", created="Created")


@dataclass(frozen=True, kw_only=True, slots=True)
class FbaCartonLabel(Label):
    """A carton for a fulfilment centre. `box_id` is the shipment, U and the carton's number
    (FBA1MMD8D0U000001). `contents` stands on the right of the area for internal use: the unit quantity of
    a single SKU, "Assorted SKUs", or "Partial case" (the platform's shipment label specification).
    """

    size: Size = SIZE_100X150
    box_id: str = text(30, required=True)
    seller_name: str = text(60, required=True)
    ship_from_lines: tuple[str, ...] = texts(80, entries=5, required=True)
    ship_to_lines: tuple[str, ...] = texts(80, entries=6, required=True)
    destination: str = text(12)
    shipment_name: str = text(80)
    number: int = count()
    total: int = count()
    contents: str = text(60, required=True)
    sku: str = text(64)
    created_at: str = text(40)
    captions: FbaCaptions = captions(FBA_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class PalletCaptions:
    sscc: str = text(20)
    owner: str = text(30)
    destination: str = text(30)
    booking: str = text(30)
    contents: str = text(30)
    cartons: str = text(30)
    weight: str = text(30)


PALLET_CAPTIONS = PalletCaptions(
    sscc="SSCC",
    owner="Seller",
    destination="Destination",
    booking="Booking",
    contents="Contents",
    cartons="Cartons",
    weight="Gross weight",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PalletLabel(Label):
    """A handling unit by its SSCC-18, in a GS1-128 symbol with identifier (00).

    `elements` is a second element string where the contents are uniform: "(02)09521234543213(37)24".
    `barcode` is our own code of the unit, if it has one; where the house has no GS1 prefix it stands in the place of the
    SSCC.
    """

    size: Size = SIZE_100X150
    sscc: str = text(18)
    owner: str = text(40)
    destination: str = text(20)
    booking: str = text(40)
    contents: str = text(120)
    cartons: str = text(20)
    gross_weight: str = text(30)
    elements: str = text(80)
    barcode: str = text(40)
    printed_at: str = text(40)
    captions: PalletCaptions = captions(PALLET_CAPTIONS)
