"""Labels of parcels: what a carrier reads. Consignee texts are printed as given: mask them before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from labels.content.rules import Label, captions, choice, count, entries, text, texts
from labels.media import SIZE_100X150, Size


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


_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def grouped(number: str) -> str:
    """A number in groups, so that a person can read it aloud: as the UPU prints an S10 number, otherwise
    its leading letters and the rest in fours from the end."""
    if _S10.fullmatch(number):
        return " ".join((number[:2], number[2:5], number[5:8], number[8:11], number[11:]))
    letters = len(number) - len(number.lstrip(_LETTERS))
    first = letters + (len(number) - letters) % 4
    groups = [number[:letters], number[letters:first], *[number[at : at + 4] for at in range(first, len(number), 4)]]
    return " ".join([group for group in groups if group])


@dataclass(frozen=True, kw_only=True, slots=True)
class WaybillLabel(Label):
    """The label a carrier reads.

    `tracking_text` is the number grouped for reading, and defaults to groups of four from the end.
    `matrix` repeats the tracking number in a second symbol that survives a torn or creased label.
    `remarks`: what the driver does besides, below the service.
    """

    size: Size = SIZE_100X150
    service_name: str = text(40, required=True, shared=True)
    carrier_code: str = text(12, required=True, shared=True)
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
    remarks: str = text(80)
    matrix: Literal["datamatrix", "qr"] = choice("datamatrix", "qr")
    captions: WaybillCaptions = captions(WAYBILL_CAPTIONS)

    @property
    def tracking_shown(self) -> str:
        return self.tracking_text or grouped(self.tracking_number)


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomsLine:
    """One kind of goods in a small packet; all values formatted. `hs_code` and `origin` may be left out on a
    CN 22 between private persons."""

    description: str = text(80, required=True)
    quantity: str = text(12, required=True)
    weight: str = text(16, required=True)
    value: str = text(20, required=True)
    hs_code: str = text(14)
    origin: str = text(16)


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomsCaptions:
    title: str = text(40)
    opened: str = text(60)
    gift: str = text(20)
    documents: str = text(20)
    sample: str = text(20)
    goods: str = text(20)
    returned: str = text(20)
    other: str = text(20)
    description: str = text(40)
    quantity: str = text(12)
    weight: str = text(16)
    value: str = text(16)
    hs_code: str = text(20)
    origin: str = text(20)
    total: str = text(20)
    sender_reference: str = text(30)
    importer_reference: str = text(30)
    declaration: str = text(400)
    signature: str = text(40)


CUSTOMS_CAPTIONS = CustomsCaptions(
    title="CUSTOMS DECLARATION",
    opened="May be opened officially",
    gift="Gift",
    documents="Documents",
    sample="Sample",
    goods="Sale of goods",
    returned="Returned goods",
    other="Other",
    description="Contents in detail",
    quantity="Qty",
    weight="Net weight",
    value="Value",
    hs_code="HS tariff",
    origin="Origin",
    total="Total",
    sender_reference="Sender's tax/VAT/EORI",
    importer_reference="Importer's reference",
    declaration="I, the undersigned, whose name and address are given on the item, certify that the particulars given "
    "in this declaration are correct and that this item does not contain any dangerous article or articles "
    "prohibited by legislation or by postal or customs regulations.",
    signature="Date and sender's signature",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomsWaybillLabel(WaybillLabel):
    """A waybill of a small packet with the contents of a CN 22 (up to 300 SDR) or CN 23 below it."""

    form: Literal["CN 22", "CN 23"] = choice("CN 22", "CN 23")
    category: Literal["goods", "gift", "documents", "sample", "returned", "other"] = choice(
        "goods", "gift", "documents", "sample", "returned", "other"
    )
    lines: tuple[CustomsLine, ...] = entries(CustomsLine, most=8, required=True)
    total_weight: str = text(16, required=True)
    total_value: str = text(24, required=True)
    sender_reference: str = text(40)
    importer_reference: str = text(40)
    signed: str = text(60)
    customs_captions: CustomsCaptions = captions(CUSTOMS_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class BagCaptions:
    carrier: str = text(20)
    service: str = text(20)
    parcels: str = text(20)
    weight: str = text(20)
    warehouse: str = text(20)


BAG_CAPTIONS = BagCaptions(
    carrier="Carrier", service="Service", parcels="Parcels", weight="Gross weight", warehouse="From"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BagLabel(Label):
    """A bag or pallet of parcels for one service of one carrier (集包). `barcode` is its SSCC-18 with `symbology` gs1_128
    and the identifier in brackets, or the house's own code."""

    size: Size = SIZE_100X150
    title: str = text(20, required=True)
    number: str = text(48, required=True)
    barcode: str = text(48, required=True)
    symbology: Literal["code128", "gs1_128"] = choice("code128", "gs1_128")
    carrier: str = text(40, required=True)
    service: str = text(40)
    parcels: str = text(16)
    weight: str = text(24)
    warehouse: str = text(60)
    printed_at: str = text(40)
    captions: BagCaptions = captions(BAG_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnCaptions:
    title: str = text(30)
    ship_to: str = text(20)
    ship_from: str = text(20)
    return_number: str = text(30)
    order: str = text(30)
    reason: str = text(30)
    instruction: str = text(160)


RETURN_CAPTIONS = ReturnCaptions(
    title="RETURN",
    ship_to="TO",
    ship_from="FROM",
    return_number="Return number",
    order="Order",
    reason="Reason",
    instruction="Put the goods into the parcel, cover the old label with this one and hand it to the carrier.",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnLabel(Label):
    """The label a buyer sticks on what comes back. `return_number` is scanned at our dock; a carrier's
    `tracking_number` is printed too where the return is prepaid."""

    size: Size = SIZE_100X150
    return_number: str = text(40, required=True)
    tracking_number: str = text(48)
    carrier: str = text(30)
    to_lines: tuple[str, ...] = texts(120, entries=6, required=True)
    from_lines: tuple[str, ...] = texts(120, entries=6)
    order_reference: str = text(60)
    reason: str = text(60)
    printed_at: str = text(40)
    captions: ReturnCaptions = captions(RETURN_CAPTIONS)
