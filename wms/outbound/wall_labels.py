"""What the label of a slot of a put wall says: its wall, its number, and the code that the sorter scans."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from labels import Label, LabelRefused, PutWallSlotLabel, Size
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit
from wms.facility.queries import load_warehouse
from wms.outbound.models import PutWallSlot
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn


def request_wall_labels(
    actor: Actor, warehouse_id: uuid.UUID, wall: str, size_mm: tuple[float, float]
) -> list[uuid.UUID]:
    """Labels of all slots of a wall, from the first on; the files they will be in. Refuses `no_such_wall`."""
    warehouse = load_warehouse(actor, warehouse_id)
    slots = session().execute(
        select(HandlingUnit.id, HandlingUnit.barcode)
        .join(PutWallSlot, PutWallSlot.unit_id == HandlingUnit.id)
        .where(PutWallSlot.warehouse_id == warehouse.id, PutWallSlot.wall == wall)
        .order_by(PutWallSlot.number)
    )
    drafts = [
        DocumentDraft(LabelKind.PUT_WALL, "handling_unit", row.id, barcode=row.barcode, size_mm=size_mm)
        for row in slots
    ]
    if not drafts:
        raise Refused("no_such_wall", {"wall": wall})
    return printing.request_documents(actor, warehouse.id, drafts)


def wall_labels(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order."""
    rows = session().execute(
        select(HandlingUnit.id, HandlingUnit.barcode, PutWallSlot.wall, PutWallSlot.number)
        .join(PutWallSlot, PutWallSlot.unit_id == HandlingUnit.id)
        .where(HandlingUnit.id.in_({document.subject_id for document in documents}))
    )
    return in_turn(documents, {row.id: row for row in rows}, _slot)


def _slot(slot: Any, document: LabelDocument) -> Label:
    return PutWallSlotLabel(size=Size(*document.size_mm), wall=slot.wall, slot=str(slot.number), barcode=slot.barcode)
