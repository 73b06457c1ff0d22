"""Papers of an order, made when they are asked for and kept nowhere: they name a person.

The pick-up slip (自提单): what is handed out, to whom, and the line on which they sign. The packing list (装箱单): a page for
each carton.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from labels import PackingLine, PackingSlip
from labels.content.papers import PackingCaptions
from wms.outbound.addresses import joined, place_of
from wms.outbound.kinds.boxes import contents_of
from wms.outbound.models import Order
from wms.platform.statements import Statement

CAPTIONS = PackingCaptions(
    title="Pick-up slip / 自提单", order="Order / 订单号", date="Packed / 打包", ship_to="Picked up by / 提货人",
    seller="Seller / 卖家", sku="SKU", description="Description / 品名", quantity="Qty / 数量",
    total="Total / 合计", page="Page / 页",
)  # fmt: skip
NOTES = (
    "Parcels / 包裹: {parcels}",
    "Received complete: name, date, signature / 已收齐：姓名、日期、签名",
    "______________________________________________",
)
_HEAD = Statement(
    "SELECT o.number, s.name AS seller, c.name, c.company, c.phone, to_char(u.ready_at AT TIME ZONE w.time_zone,"
    " 'YYYY-MM-DD') AS ready, (SELECT string_agg(p.tracking_number, ', ' ORDER BY p.n) FROM parcel p"
    "  WHERE p.shipment_id = o.shipment_id AND p.state <> 'voided') AS parcels FROM outbound_order o"
    " JOIN seller s ON s.id = o.owner_id JOIN warehouse w ON w.id = o.warehouse_id"
    " JOIN consignee c ON c.order_id = o.id JOIN pick_up u ON u.order_id = o.id WHERE o.id = :order"
)
_LINES = Statement(
    "SELECT p.sku, p.name_en, p.name_zh, sum(l.quantity)::int AS quantity FROM order_line l JOIN product p"
    " ON p.id = l.product_id WHERE l.order_id = :order GROUP BY p.id ORDER BY min(l.position)"
)


def slip_of(order: Order) -> PackingSlip:
    """The content of a pick-up's slip. The caller has loaded the order for its reader."""
    head: Any = _HEAD.first({"order": order.id})
    rows = _LINES.all({"order": order.id})
    return PackingSlip(
        order_number=head.number, barcode=head.number, seller_name=head.seller,
        ship_to_lines=tuple(line for line in (head.name, head.company, head.phone) if line), date=head.ready or "",
        lines=tuple(PackingLine(sku=row.sku, name=row.name_en, second_name=row.name_zh, quantity=str(row.quantity))
                    for row in rows),
        total=str(sum(row.quantity for row in rows)),
        note_lines=tuple(note.format(parcels=head.parcels or "–")[:200] for note in NOTES), captions=CAPTIONS,
    )  # fmt: skip


LIST_CAPTIONS = replace(CAPTIONS, title="Packing list / 装箱单", date="Date / 日期", ship_to="Ship to / 收件人")
_CARTONS = Statement(
    "SELECT p.id, p.tracking_number, p.weight_g, u.code AS container, c.name, c.company, c.address1, c.address2, c.address3,"
    " c.district, c.postcode, c.city, c.country, se.name AS seller,"
    " to_char(p.closed_at AT TIME ZONE w.time_zone, 'YYYY-MM-DD') AS closed_on"
    " FROM outbound_order o JOIN parcel p ON p.shipment_id = o.shipment_id AND p.state IN ('closed', 'handed_over')"
    " JOIN consignee c ON c.order_id = o.id JOIN seller se ON se.id = o.owner_id JOIN warehouse w ON w.id = o.warehouse_id"
    " LEFT JOIN handling_unit u ON u.id = p.handling_unit_id AND u.kind <> 'parcel' WHERE o.id = :order ORDER BY p.n"
)


def packing_lists(order: Order) -> list[PackingSlip]:
    """One for each closed carton of the order, with what is in it. The caller has loaded the order for its reader."""
    contents, cartons = contents_of(order.id), _CARTONS.all({"order": order.id})
    return [_packing_list(order, row, contents.get(row.id, []), number, len(cartons))
            for number, row in enumerate(cartons, 1)]  # fmt: skip


def _packing_list(order: Order, row: Any, lines: list[dict[str, Any]], number: int, total: int) -> PackingSlip:
    to = (row.name, row.company, row.address1, row.address2, row.address3, joined(" ", place_of(row), row.country))
    named = f"Carton / 箱 {number} / {total}: {row.tracking_number}"
    return PackingSlip(
        order_number=order.number, barcode=row.tracking_number, seller_name=row.seller,
        ship_to_lines=tuple(line for line in to if line), date=row.closed_on or "",
        lines=tuple(PackingLine(sku=line["sku"], name=line["name_en"], second_name=line["name_zh"],
                                quantity=str(line["quantity"])) for line in lines),
        total=str(sum(line["quantity"] for line in lines)),
        note_lines=(f"{named} · {row.container}" if row.container else named, f"{row.weight_g / 1000:.3f} kg"),
        captions=LIST_CAPTIONS,
    )  # fmt: skip
