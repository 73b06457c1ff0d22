"""The label that a buyer sticks on what comes back: the return's number, which the desk scans, and where it goes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from labels import Label, LabelRefused, ReturnCaptions, ReturnLabel, Size
from wms.core.actor import Actor
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn
from wms.returns.service import load_return

# Buyers read either, or neither: what is needed is the code.
CAPTIONS = ReturnCaptions(
    title="RETURN 退货", ship_to="TO 收", ship_from="FROM 寄", return_number="Return number / 退货单号",
    order="Order / 订单号", reason="Reason / 原因",
    instruction="Put the goods into the parcel, cover the old label with this one and hand it to the carrier."
    " 请将商品装入包裹，用本标签盖住旧面单，交给快递。",
)  # fmt: skip
_RETURNS = Statement(
    "SELECT r.id, r.number, r.tracking_number, r.state, o.number AS order_number, s.name AS seller, w.name, w.code,"
    " w.country FROM return_order r JOIN outbound_order o ON o.id = r.order_id JOIN seller s ON s.id = r.owner_id"
    " JOIN warehouse w ON w.id = r.warehouse_id WHERE r.id = ANY(CAST(:ids AS uuid[]))"
)
SIZES = {"100x150": (100, 150), "100x100": (100, 100), "101.6x152.4": (101.6, 152.4)}


def request_return_label(actor: Actor, return_id: uuid.UUID, size: str = "100x150") -> uuid.UUID:
    """The label of an announced return, for its buyer; the file that it will be in. 404 outside the tenant."""
    found = load_return(actor, return_id)
    draft = DocumentDraft(
        LabelKind.RETURN, "return", found.id, found.owner_id, barcode=found.number, parent=("return", found.id),
        size_mm=SIZES[size],
    )  # fmt: skip
    (bundle_id,) = printing.request_documents(actor, found.warehouse_id, [draft])
    return bundle_id


def return_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order; one that was withdrawn meanwhile is refused."""
    rows = _RETURNS.all({"ids": list({each.subject_id for each in documents})})
    return in_turn(documents, {row.id: row for row in rows if row.state != "cancelled"}, _label)


def _label(row: Any, document: LabelDocument) -> Label:
    return ReturnLabel(
        size=Size(*document.size_mm),
        return_number=row.number,
        tracking_number=row.tracking_number or "",
        to_lines=(f"{row.seller}, returns / 退货", f"{row.name} ({row.code})", row.country),
        order_reference=row.order_number,
        printed_at=document.created_at.strftime("%Y-%m-%d"),
        captions=CAPTIONS,
    )


SOURCES = {LabelKind.RETURN: return_labels}
