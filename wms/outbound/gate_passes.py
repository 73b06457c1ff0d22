"""The print of a gate pass (核放单) that the driver shows: customs' number, the vehicle, and the released lists that its load
carries out of the zone, in English and Chinese at once. No buyer stands on it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from labels import GatePass, GatePassLine, Label, LabelRefused, Size
from labels.content.papers import GATE_PASS_CAPTIONS
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.customs.gate_passes import load_gate_pass
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.sources import in_turn

SIZES = {"210x297": (210, 297), "148x210": (148, 210)}
LOAD = "manifest"
_PASSES = Statement(
    "SELECT g.id, g.number, g.vehicle, g.vehicle_weight_kg, g.container, g.seal, g.valid_until, m.id AS load,"
    " m.number AS load_number, w.code, w.name, w.regime FROM gate_pass g JOIN warehouse w ON w.id = g.warehouse_id"
    " JOIN manifest m ON m.id = g.subject_id AND g.subject_kind = 'manifest' WHERE g.id = ANY(CAST(:ids AS uuid[]))"
)
# A parcel's list is the one that released its order.
_LISTS = Statement(
    "SELECT p.manifest_id AS load, r.document, string_agg(DISTINCT o.number, ', ' ORDER BY o.number) AS orders,"
    " count(*)::int AS parcels, sum(p.weight_g)::bigint AS weight_g FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
    " JOIN outbound_order o ON o.id = s.subject_id AND s.subject_kind = 'order' LEFT JOIN customs_release r"
    "  ON r.subject_kind = 'order' AND r.subject_id = o.id AND r.outcome = 'released'"
    " WHERE p.manifest_id = ANY(CAST(:loads AS uuid[])) GROUP BY p.manifest_id, r.document ORDER BY r.document"
)


def request_gate_pass(actor: Actor, pass_id: uuid.UUID, size: str = "210x297") -> uuid.UUID:
    """The print of a pass; the file that it will be in. 404 outside the actor's warehouses; refuses `load_empty`."""
    found = load_gate_pass(actor, pass_id)
    if found.subject_kind != LOAD or _LISTS.first({"loads": [found.subject_id]}) is None:
        raise Refused("load_empty", {"number": found.number})
    draft = DocumentDraft(LabelKind.GATE_PASS, "gate_pass", found.id, barcode=found.number, size_mm=SIZES[size])
    (bundle_id,) = printing.request_documents(actor, found.warehouse_id, [draft])
    return bundle_id


def gate_passes(documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
    """The contents of these documents, in their order; a paper of several pages is cut where its list is full."""
    passes = _PASSES.all({"ids": list({each.subject_id for each in documents})})
    lists = defaultdict[uuid.UUID, list[Any]](list)
    for row in _LISTS.all({"loads": list({each.load for each in passes})}):
        lists[row.load].append(row)
    known = {row.id: row for row in passes if lists[row.load]}
    return in_turn(documents, known, lambda row, document: _content(row, lists[row.load], document))


def _content(row: Any, lists: Sequence[Any], document: LabelDocument) -> Label:
    return GatePass(
        size=Size(*document.size_mm),
        number=row.number,
        barcode=row.number,
        direction="Out of the zone / 出区",
        zone=f"{row.name} ({row.code})"[:60],
        book=row.load_number,
        vehicle=row.vehicle,
        vehicle_weight=f"{row.vehicle_weight_kg} kg" if row.vehicle_weight_kg else "",
        container=row.container or "",
        seal=row.seal or "",
        valid_until=str(row.valid_until or ""),
        lines=tuple(
            GatePassLine(
                document=each.document or "–", kind="List / 清单", parcels=str(each.parcels),
                weight=_kilograms(each.weight_g), note=each.orders if len(each.orders) <= 60 else f"{each.orders[:59]}…",
            )
            for each in lists
        ),
        parcels=str(sum(each.parcels for each in lists)),
        total_weight=_kilograms(sum(each.weight_g or 0 for each in lists)),
        captions=replace(GATE_PASS_CAPTIONS, book="Load / 装车单"),
    )  # fmt: skip


def _kilograms(grams: int | None) -> str:
    return f"{grams / 1000:.3f} kg" if grams else ""
