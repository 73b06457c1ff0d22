"""Labels on A4 sheets of self-adhesive paper, for office printers: a file that is drawn when somebody asks, and kept.

A sheet holds the labels of many things, so it is one document of its own kind: it opens as a file, or goes to an agent's
printer that has A4 loaded. Nobody can draw it again: it is printed as it lies, whatever the printer's dots.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labels import KINDS, LAYOUTS, Label, LabelRefused, render_sheets
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.platform.files import Kept, keep
from wms.printing.designs.choice import house_templates
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service.incoming import add_drawn
from wms.printing.service.requests import DocumentDraft, dpi_for
from wms.printing.sources import sources

MOST_SHEETS = 100


@dataclass(frozen=True)
class Sheets:
    """Drawn sheets: a PDF in the store that no row names yet, its pages, and whose dots its bars stand on."""

    kept: Kept
    pages: int
    dpi: int


def layouts_of(kind: str) -> list[str]:
    """The sheets that a kind is drawn on: 'a4-21'."""
    return list(KINDS[kind].layouts)


def cells_of(layout: str) -> int:
    return LAYOUTS[layout].cells


def draw_sheets(
    warehouse_id: uuid.UUID,
    kind: str,
    wanted: Sequence[tuple[uuid.UUID, int]],
    layout: str,
    start: int = 0,
    owner_id: uuid.UUID | None = None,
    change: Callable[[Label], Label] | None = None,
) -> Sheets:
    """So many labels of each subject, which the caller has loaded for its reader, row by row; `start` places of the first sheet
    were used before. In the design of the seller or the house for that size, where there is one. `change`: what the command
    that follows will have the labels say.

    Call it before the command (`add_sheets` is called in it): drawing takes a while, and the store may be far. Refuses
    `too_many_labels`, and `label_not_drawn` for the first that cannot be drawn truthfully: a sheet has no gap. Raises StoreAway.
    """
    paper = LAYOUTS[layout]
    room = MOST_SHEETS * paper.cells - start
    if not wanted or sum(copies for _, copies in wanted) > room:
        raise Refused("too_many_labels", {"limit": room})
    documents = [
        LabelDocument(kind=kind, subject_id=each, width_mm=paper.cell.width_mm, height_mm=paper.cell.height_mm)
        for each, _ in wanted
    ]
    dpi = dpi_for(warehouse_id, [LabelKind.SHEET])
    try:
        labels: list[Label] = []
        for content, (_, copies) in zip(sources.contents_of(documents), wanted, strict=True):
            if isinstance(content, LabelRefused):
                raise content
            labels += [change(content) if change is not None else content] * copies
        drawn = render_sheets(labels, paper, dpi=dpi, start=start, templates=house_templates([kind], owner_id))
    except LabelRefused as fault:
        raise Refused("label_not_drawn", {"reason": fault.code}) from fault
    return Sheets(keep(drawn.pdf, "application/pdf"), len(drawn.pages), dpi)


def add_sheets(actor: Actor, warehouse_id: uuid.UUID, drawn: Sheets, owner_id: uuid.UUID | None = None) -> uuid.UUID:
    """The bundle that holds them, ready to be opened or printed; of a seller, or the operator's own."""
    draft = DocumentDraft(LabelKind.SHEET, "sheet", new_id(), owner_id)
    return add_drawn(actor, warehouse_id, draft, drawn.kept, sheets=drawn.pages, dpi=drawn.dpi).bundle_id
