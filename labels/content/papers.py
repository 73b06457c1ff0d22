"""Papers on A4: lists that go with goods. One content is one page; `paging.pages_of` cuts a long list."""

from __future__ import annotations

from dataclasses import dataclass

from labels.content.rules import Label, captions, count, entries, text, texts
from labels.media import A4, Size

MOST_LINES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class PackingLine:
    """One line of a packing slip; `second_name` is the name in the other language."""

    sku: str = text(64, required=True)
    name: str = text(200)
    second_name: str = text(200)
    quantity: str = text(16, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class PackingCaptions:
    """Both languages in one caption: "Quantity / 数量"."""

    title: str = text(60)
    order: str = text(40)
    date: str = text(40)
    ship_to: str = text(40)
    seller: str = text(40)
    sku: str = text(40)
    description: str = text(40)
    quantity: str = text(40)
    total: str = text(40)
    page: str = text(30)


PACKING_CAPTIONS = PackingCaptions(
    title="Packing slip / 装箱单",
    order="Order / 订单号",
    date="Date / 日期",
    ship_to="Ship to / 收件人",
    seller="Seller / 卖家",
    sku="SKU",
    description="Description / 品名",
    quantity="Qty / 数量",
    total="Total / 合计",
    page="Page / 页",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PackingSlip(Label):
    """What is in the parcel, in two languages. `barcode` is the order's, for a return."""

    size: Size = A4
    order_number: str = text(40, required=True)
    barcode: str = text(48, required=True)
    seller_name: str = text(80, shared=True)
    ship_to_lines: tuple[str, ...] = texts(120, entries=6)
    date: str = text(40)
    lines: tuple[PackingLine, ...] = entries(PackingLine, most=MOST_LINES, required=True)
    total: str = text(20)
    note_lines: tuple[str, ...] = texts(200, entries=4)
    page: int = count()
    pages: int = count()
    captions: PackingCaptions = captions(PACKING_CAPTIONS)

    @property
    def total_at_the_end(self) -> str:
        """The total, on the last page: under a part of the list it reads as the sum of that part."""
        return self.total if self.page == self.pages else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PickLine:
    """One stop: the bin, what to take there, and the cart's slot it goes to."""

    location: str = text(24, required=True)
    sku: str = text(64, required=True)
    name: str = text(200)
    lot: str = text(40)
    quantity: str = text(16, required=True)
    slot: str = text(16)


@dataclass(frozen=True, kw_only=True, slots=True)
class PickCaptions:
    title: str = text(40)
    wave: str = text(30)
    cart: str = text(30)
    zone: str = text(30)
    picker: str = text(30)
    printed: str = text(30)
    location: str = text(30)
    article: str = text(30)
    lot: str = text(30)
    quantity: str = text(30)
    slot: str = text(30)
    done: str = text(30)
    page: str = text(20)


PICK_CAPTIONS = PickCaptions(
    title="Pick list",
    wave="Wave",
    cart="Cart",
    zone="Zone",
    picker="Picker",
    printed="Printed",
    location="Location",
    article="Article",
    lot="Lot, expiry",
    quantity="Qty",
    slot="Slot",
    done="Done",
    page="Page",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PickList(Label):
    """One walk on paper, for the day the tablets are down. No consignee stands on it."""

    size: Size = A4
    number: str = text(40, required=True)
    barcode: str = text(48, required=True)
    wave: str = text(40)
    cart: str = text(24)
    zone: str = text(24)
    picker: str = text(60)
    printed_at: str = text(40)
    lines: tuple[PickLine, ...] = entries(PickLine, most=MOST_LINES, required=True)
    page: int = count()
    pages: int = count()
    captions: PickCaptions = captions(PICK_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestLine:
    """One parcel of a handover."""

    tracking_number: str = text(48, required=True)
    order: str = text(40)
    destination: str = text(40)
    weight: str = text(16)
    cod: str = text(24)
    pieces: str = text(8)


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestCaptions:
    title: str = text(40)
    carrier: str = text(30)
    service: str = text(30)
    warehouse: str = text(30)
    date: str = text(30)
    vehicle: str = text(30)
    driver: str = text(30)
    row: str = text(10)
    tracking: str = text(30)
    order: str = text(30)
    destination: str = text(30)
    weight: str = text(30)
    cod: str = text(20)
    pieces: str = text(20)
    parcels: str = text(30)
    total_weight: str = text(30)
    total_cod: str = text(40)
    handed_over: str = text(60)
    received: str = text(60)
    signature: str = text(60)
    page: str = text(20)


MANIFEST_CAPTIONS = ManifestCaptions(
    title="Handover manifest",
    carrier="Carrier",
    service="Service",
    warehouse="Warehouse",
    date="Date and time",
    vehicle="Vehicle",
    driver="Driver",
    row="No.",
    tracking="Tracking number",
    order="Order",
    destination="Destination",
    weight="Weight",
    cod="COD",
    pieces="Pieces",
    parcels="Parcels",
    total_weight="Total weight",
    total_cod="COD to collect",
    handed_over="Handed over by (warehouse)",
    received="Received by (carrier)",
    signature="Name, date, time, signature",
    page="Page",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest(Label):
    """What a carrier takes over, with the boxes that both sign."""

    size: Size = A4
    number: str = text(40, required=True)
    barcode: str = text(48, required=True)
    carrier: str = text(60, required=True)
    service: str = text(60)
    warehouse: str = text(60)
    date: str = text(40)
    vehicle: str = text(30)
    driver: str = text(60)
    lines: tuple[ManifestLine, ...] = entries(ManifestLine, most=MOST_LINES, required=True)
    parcels: str = text(16)
    total_weight: str = text(24)
    total_cod: str = text(80)
    page: int = count()
    pages: int = count()
    captions: ManifestCaptions = captions(MANIFEST_CAPTIONS)


@dataclass(frozen=True, kw_only=True, slots=True)
class GatePassLine:
    """One document or batch that the vehicle carries out of the zone."""

    document: str = text(40, required=True)
    kind: str = text(40)
    parcels: str = text(16)
    weight: str = text(24)
    note: str = text(60)


@dataclass(frozen=True, kw_only=True, slots=True)
class GatePassCaptions:
    title: str = text(60)
    number: str = text(40)
    direction: str = text(30)
    customs: str = text(30)
    zone: str = text(30)
    book: str = text(30)
    company: str = text(30)
    vehicle: str = text(30)
    vehicle_weight: str = text(30)
    container: str = text(30)
    seal: str = text(30)
    driver: str = text(30)
    valid: str = text(30)
    row: str = text(10)
    document: str = text(40)
    kind: str = text(30)
    parcels: str = text(30)
    weight: str = text(30)
    note: str = text(30)
    total: str = text(30)
    customs_stamp: str = text(60)
    gate_stamp: str = text(60)
    page: str = text(20)


GATE_PASS_CAPTIONS = GatePassCaptions(
    title="Gate pass / 核放单",
    number="Pass number / 核放单编号",
    direction="Direction / 进出标志",
    customs="Customs office / 主管海关",
    zone="Zone / 监管场所",
    book="Bonded book / 账册编号",
    company="Company / 经营企业",
    vehicle="Vehicle / 车牌号",
    vehicle_weight="Vehicle weight / 车自重",
    container="Container / 集装箱号",
    seal="Seal / 关锁号",
    driver="Driver / 驾驶员",
    valid="Valid until / 有效期至",
    row="No. / 序",
    document="Document / 关联单证",
    kind="Kind / 类型",
    parcels="Parcels / 件数",
    weight="Weight / 毛重",
    note="Note / 备注",
    total="Total / 合计",
    customs_stamp="Customs, stamp / 海关签章",
    gate_stamp="Gate, time and signature / 卡口 时间 签名",
    page="Page / 页",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class GatePass(Label):
    """The print of a bonded gate pass (核放单) that the driver shows: one vehicle, its documents."""

    size: Size = A4
    number: str = text(40, required=True)
    barcode: str = text(48, required=True)
    direction: str = text(40)
    customs: str = text(40)
    zone: str = text(60)
    book: str = text(40)
    company: str = text(100)
    vehicle: str = text(30, required=True)
    vehicle_weight: str = text(24)
    container: str = text(30)
    seal: str = text(30)
    driver: str = text(60)
    valid_until: str = text(40)
    lines: tuple[GatePassLine, ...] = entries(GatePassLine, most=MOST_LINES, required=True)
    parcels: str = text(16)
    total_weight: str = text(24)
    page: int = count()
    pages: int = count()
    captions: GatePassCaptions = captions(GATE_PASS_CAPTIONS)
