"""Labels on A4 sheets of self-adhesive paper, for office printers: drawn when somebody asks and kept nowhere.

They go through no print job: a sheet holds the labels of many things, and a person lays the paper in.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from labels import KINDS, LAYOUTS, LabelRefused, render_sheets
from wms.core.refusals import Refused
from wms.printing.designs.choice import house_templates
from wms.printing.models import LabelDocument
from wms.printing.sources import sources

MOST_SHEETS = 100


def layouts_of(kind: str) -> list[str]:
    """The sheets that a kind is drawn on: 'a4-21'."""
    return list(KINDS[kind].layouts)


def cells_of(layout: str) -> int:
    return LAYOUTS[layout].cells


def sheet_pdf(
    kind: str, wanted: Sequence[tuple[uuid.UUID, int]], layout: str, start: int = 0, owner_id: uuid.UUID | None = None
) -> bytes:
    """So many labels of each subject, which the caller has loaded for its reader, row by row; `start` places of the first sheet
    were used before. In the design of the seller or the house for that size, where there is one.

    Refuses `too_many_labels`, and `label_not_drawn` for the first that cannot be drawn truthfully: a sheet has no gap.
    """
    paper = LAYOUTS[layout]
    room = MOST_SHEETS * paper.cells - start
    if not wanted or sum(copies for _, copies in wanted) > room:
        raise Refused("too_many_labels", {"limit": room})
    documents = [
        LabelDocument(kind=kind, subject_id=each, width_mm=paper.cell.width_mm, height_mm=paper.cell.height_mm)
        for each, _ in wanted
    ]
    contents = sources.contents_of(documents)
    try:
        for content in contents:
            if isinstance(content, LabelRefused):
                raise content
        labels = [content for content, (_, copies) in zip(contents, wanted, strict=True) for _each in range(copies)]
        templates = house_templates([kind], owner_id)
        return render_sheets(labels, paper, start=start, templates=templates).pdf  # type: ignore[arg-type]
    except LabelRefused as fault:
        raise Refused("label_not_drawn", {"reason": fault.code}) from fault
