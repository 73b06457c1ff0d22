"""The pick-up slip (自提单): what is handed out, to whom, and the line on which they sign. Made when it is asked for, kept
nowhere: it names a person.
"""

from __future__ import annotations

from typing import Any

from labels import PackingLine, PackingSlip
from labels.content.papers import PackingCaptions
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
