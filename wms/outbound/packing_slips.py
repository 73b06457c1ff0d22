"""The packing slip that goes into an order's first parcel: what was ordered, in English and Chinese at once.

The order's number stands on it and is its bar code, for a return; no name, no address, no price.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from labels import Label, LabelRefused, PackingLine, PackingSlip, Size
from wms.core.actor import Actor
from wms.outbound.service.orders import load_order
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn

SIZES = {"210x297": (210, 297), "100x150": (100, 150)}
_HEADS = Statement(
    "SELECT o.id, o.number, o.reference, s.name AS seller, w.time_zone FROM outbound_order o JOIN seller s ON s.id = o.owner_id"
    " JOIN warehouse w ON w.id = o.warehouse_id WHERE o.id = ANY(CAST(:ids AS uuid[]))"
)
_LINES = Statement(
    "SELECT l.order_id, p.sku, p.name_en, p.name_zh, sum(l.quantity)::int AS quantity FROM order_line l JOIN product p"
    " ON p.id = l.product_id WHERE l.order_id = ANY(CAST(:ids AS uuid[])) GROUP BY l.order_id, p.id ORDER BY min(l.position)"
)


def request_packing_slip(actor: Actor, order_id: uuid.UUID, size: str = "210x297") -> uuid.UUID:
    """The slip of an order; the file that it will be in. 404 outside the tenant."""
    order = load_order(actor, order_id)
    draft = DocumentDraft(
        LabelKind.PACKING_SLIP, "order", order.id, order.owner_id, barcode=order.number, parent=("order", order.id),
        size_mm=SIZES[size],
    )  # fmt: skip
    (bundle_id,) = printing.request_documents(actor, order.warehouse_id, [draft])
    return bundle_id


def packing_slips(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order; a long list goes over several pages."""
    ids = list({each.subject_id for each in documents})
    heads = {row.id: row for row in _HEADS.all({"ids": ids})}
    lines = defaultdict[uuid.UUID, list[Any]](list)
    for row in _LINES.all({"ids": ids}):
        lines[row.order_id].append(row)
    return in_turn(documents, heads, lambda head, document: _slip(head, lines[head.id], document))


def _slip(head: Any, lines: Sequence[Any], document: LabelDocument) -> Label:
    return PackingSlip(
        size=Size(*document.size_mm),
        order_number=head.number,
        barcode=head.number,
        seller_name=head.seller[:80],
        date=document.created_at.astimezone(ZoneInfo(head.time_zone)).strftime("%Y-%m-%d"),
        lines=tuple(
            PackingLine(
                sku=line.sku, name=line.name_en, second_name=line.name_zh if line.name_zh != line.name_en else "",
                quantity=str(line.quantity),
            )
            for line in lines
        ),
        total=str(sum(line.quantity for line in lines)),
        note_lines=(f"Your order / 您的订单: {head.reference}",) if head.reference != head.number else (),
    )  # fmt: skip
