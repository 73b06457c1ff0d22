"""Labels that others drew: a carrier's or a seller's own, checked and normalised once, and taken as they are."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from labels import LabelRefused, Size, check_incoming, extract_page
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import invalid
from wms.facility.queries import load_warehouse
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.files import Kept, keep, name_file
from wms.printing.events import BundleReady
from wms.printing.models import KINDS, LabelBundle, LabelDocument
from wms.printing.service.requests import (
    KEEP_PERSONAL_DAYS,
    USUAL_DPI,
    DocumentDraft,
    last_versions,
    supersede,
)
from wms.printing.words import numbers_of
from wms.printing.workflow import BUNDLE, DOCUMENT


@dataclass(frozen=True)
class LabelPage:
    """One label out of a file that has passed: a PDF of one page of exactly `size_mm`, in the store, named by no row yet."""

    tracking_number: str
    size_mm: tuple[float, float]
    kept: Kept


def keep_label_file(
    pdf: bytes, size_mm: tuple[float, float], tracking_numbers: Sequence[str], pointer: str = "/label"
) -> list[LabelPage]:
    """A seller's PDF, one page for each tracking number: judged, made upright and exact, each page put into the store.

    For labels that a seller brings to an order. Call it *before* the command (it runs a child process for a tenth of a
    second a page and ends what was read); inside the command, holding the parcel, give each page's `kept` to
    `add_incoming` with a draft of kind waybill whose `barcode` is the tracking number and `size_mm` the page's. What no
    command takes is swept from the store. Pages may stand in any order: each is known by the symbol that says its
    number, which packing will scan, so a page whose symbols cannot be read is refused too. A source that such a label
    is drawn again from does not exist: after a loss it must answer LabelRefused, as it does for a carrier's own.

    Returns the labels in the order of `tracking_numbers`. Refuses `invalid_input` at `pointer` with
    `label_file_refused`, whose `reason` is a code of `printing.words` (not_a_pdf, pdf_broken, wrong_size, wrong_pages,
    page_of_another, page_not_readable …). Raises StoreAway.
    """
    size = Size(*size_mm)
    try:
        normal = check_incoming(pdf, size, pages=len(tracking_numbers))
        pages = normal.pages_saying(tracking_numbers)
    except LabelRefused as refusal:
        raise invalid(pointer, "label_file_refused", reason=refusal.code, **numbers_of(refusal.params)) from refusal
    cut = [normal.pdf] if len(pages) == 1 else [extract_page(normal.pdf, page) for page in pages]
    return [
        LabelPage(number, size_mm, keep(content, "application/pdf"))
        for number, content in zip(tracking_numbers, cut, strict=True)
    ]


def add_incoming(actor: Actor, warehouse_id: uuid.UUID, draft: DocumentDraft, kept: Kept) -> uuid.UUID:
    """One label that is ready as it is: a PDF of one page of the draft's size. Takes the place of the subject's valid one.

    The caller holds the subject. Returns the document's id.
    """
    supersede([draft.subject])
    return add_drawn(actor, warehouse_id, draft, kept).id


def add_drawn(
    actor: Actor, warehouse_id: uuid.UUID, draft: DocumentDraft, kept: Kept, *, sheets: int = 1, dpi: int = USUAL_DPI
) -> LabelDocument:
    """A document whose file is there: a PDF of so many pages of the draft's size, whose bars stand on the dots of `dpi`."""
    warehouse = load_warehouse(actor, warehouse_id)
    erase_on = None
    if KINDS[draft.kind].personal:
        erase_on = clock.today(warehouse.time_zone) + timedelta(days=KEEP_PERSONAL_DAYS)
    width, height = draft.size_mm or KINDS[draft.kind].size_mm
    now = clock.now()
    bundle = LabelBundle(
        id=new_id(), warehouse_id=warehouse.id, owner_id=draft.owner_id, revision=1, pages=sheets, requested_by=actor.id,
        state=BUNDLE.apply("render", BUNDLE.initial.value).value, file_id=name_file(kept, erase_on), erase_on=erase_on,
        dpi=dpi, created_at=now, ready_at=now,
    )  # fmt: skip
    session().add(bundle)
    session().flush()
    parent_kind, parent_id = draft.parent or (None, None)
    document = LabelDocument(
        id=new_id(), kind=draft.kind, subject_kind=draft.subject_kind, subject_id=draft.subject_id,
        parent_kind=parent_kind, parent_id=parent_id, owner_id=draft.owner_id, warehouse_id=warehouse.id,
        version=last_versions([draft.subject]).get(draft.subject, 0) + 1, width_mm=width, height_mm=height,
        barcode=draft.barcode, state=DOCUMENT.apply("render", DOCUMENT.initial.value).value, bundle_id=bundle.id,
        position=0, page_index=0, copies=1, sheets=sheets, created_at=now,
    )  # fmt: skip
    session().add(document)
    session().flush()
    record(
        BundleReady(
            subject_id=bundle.id,
            warehouse_id=warehouse.id,
            owner_id=draft.owner_id,
            revision=1,
            pages=sheets,
            refused=0,
        )
    )
    return document
