"""In which size our own waybills are drawn: the one that their service is set to (76 × 130, 100 × 150, 100 × 180 mm, 4 × 6 in)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labels import KINDS
from wms.platform.statements import Statement
from wms.printing.rules import fits
from wms.printing.service import DocumentDraft

# A service's size is in whole millimetres: 102 × 152 is the label of 4 × 6 inches.
SIZES = [(size.width_mm, size.height_mm) for size in KINDS["waybill"].sizes]
_SERVICES = Statement(
    "SELECT p.id, s.label_width_mm AS width, s.label_height_mm AS height FROM parcel p JOIN shipment sh ON sh.id = p.shipment_id"
    " JOIN service s ON s.id = sh.service_id WHERE p.id = ANY(CAST(:ids AS uuid[]))"
)


def in_their_sizes(drafts: Sequence[DocumentDraft]) -> list[DocumentDraft]:
    """The same wishes, each in the size of its parcel's service; those that name a size keep it."""
    open_ones = [each.subject_id for each in drafts if each.size_mm is None]
    if not open_ones:
        return list(drafts)
    sizes = {row.id: size_of(row.width, row.height) for row in _SERVICES.all({"ids": open_ones})}
    return [replace(each, size_mm=each.size_mm or sizes.get(each.subject_id)) for each in drafts]


def size_of(width_mm: int, height_mm: int) -> tuple[float, float] | None:
    """The stock that is meant; None for what we draw nothing on: then it is the usual one."""
    return next((size for size in SIZES if fits((width_mm, height_mm), size)), None)
