"""Rendering a bundle: contents are asked of their features, drawn into one file, and every code is checked.

A label that cannot be drawn truthfully is refused alone; the others of its bundle are drawn without it.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import orjson
from sqlalchemy import select, text

from labels import KINDS, Label, LabelRefused, PageInfo, Template, pages_of, render_bundle
from wms.core import clock
from wms.core.refusals import not_found
from wms.platform import metrics
from wms.platform.database import after_commit, session
from wms.platform.events import record
from wms.platform.files import save_file
from wms.platform.locks import Rank, claim, lock_one
from wms.printing import queries
from wms.printing.designs.choice import template_of, versions_for
from wms.printing.events import BundleReady
from wms.printing.models import BundleState, DocumentState, LabelBundle, LabelDocument
from wms.printing.sources import sources
from wms.printing.words import numbers_of
from wms.printing.workflow import BUNDLE, DOCUMENT

MOST_PAGES = 100  # of one file
DRAWN = frozenset({DocumentState.REQUESTED.value, DocumentState.READY.value})


@dataclass
class Drawing:
    """What came of a bundle: the file (empty when nothing could be drawn), first pages and how many each copy has, the
    design versions that drew them (none for built-in templates), and why others are missing."""

    pdf: bytes = b""
    pages: int = 0
    first_page: dict[uuid.UUID, int] = field(default_factory=dict)
    sheets: dict[uuid.UUID, int] = field(default_factory=dict)
    design: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    refused: dict[uuid.UUID, LabelRefused] = field(default_factory=dict)


def render(bundle_id: uuid.UUID) -> None:
    """Make the file of a bundle that has none. Run twice it does nothing the second time.

    The file is drawn and stored without locks; then bundle and documents are locked, and what became void meanwhile
    stays void. A worker that was overtaken loses its lease and rolls back.
    """
    bundle = session().get(LabelBundle, bundle_id, populate_existing=True)
    if bundle is None:
        raise not_found("bundle")
    if bundle.state != BundleState.REQUESTED.value:
        return
    revision, dpi = bundle.revision, bundle.dpi
    documents = [
        document
        for document in queries.documents_of(bundle_id)
        if document.state in DRAWN and document.erased_at is None
    ]
    drawing = draw(documents, dpi)
    labels = Counter[str]()  # taken now: saving ends the transaction in which the documents were read
    for document in documents:
        labels[document.kind] += document.copies * (document.id in drawing.first_page)
    drawn, erase_on = [document.id for document in documents], bundle.erase_on
    file_id = save_file(drawing.pdf, "application/pdf", erase_on) if drawing.pages else None
    bundle = lock_one(Rank.DOCUMENT, LabelBundle, bundle_id)
    if bundle is None or bundle.state != BundleState.REQUESTED.value or bundle.revision != revision:
        raise RuntimeError("the bundle changed while it was drawn; it is drawn again")
    _settle(drawn, drawing)
    bundle.state = BUNDLE.apply("render" if file_id else "fail", bundle.state).value
    bundle.file_id, bundle.pages, bundle.ready_at = file_id, drawing.pages, clock.now()
    session().flush()
    record(
        BundleReady(
            subject_id=bundle.id, warehouse_id=bundle.warehouse_id, owner_id=bundle.owner_id, revision=revision,
            pages=drawing.pages, refused=len(drawing.refused),
        )
    )  # fmt: skip
    after_commit(partial(_count_labels, labels))


def _count_labels(labels: Counter[str]) -> None:
    for kind, number in labels.items():
        metrics.LABELS.add(kind, amount=number)


def draw(documents: Sequence[LabelDocument], dpi: int = 203) -> Drawing:
    """Draw what can be drawn, in order; `copies` of each. `dpi`: whose dots the bars stand on, 203, 300 or 600."""
    drawing = Drawing()
    wanted = _wanted(documents, drawing)
    while wanted:
        pages = [(each[0], page, each[2]) for each in wanted for _ in range(each[0].copies) for page in each[1]]
        try:
            bundle = render_bundle(
                [content for _, content, _ in pages], dpi=dpi, chosen=[template for _, _, template in pages]
            )
        except LabelRefused as refusal:
            place = refusal.params.get("label")
            if not isinstance(place, int):
                raise
            bad = {pages[place][0].id: refusal}
        else:
            bad = _misread([document for document, _, _ in pages], bundle.pages)
            if not bad:
                drawing.pdf, drawing.pages = bundle.pdf, len(pages)
                for index, (document, _, _) in enumerate(pages):
                    drawing.first_page.setdefault(document.id, index)
                drawing.sheets = {document.id: len(sheets) for document, sheets, _ in wanted}
                break
        drawing.refused.update(bad)
        wanted = [each for each in wanted if each[0].id not in bad]
    return drawing


Wanted = tuple[LabelDocument, tuple[Label, ...], Template | None]


def _wanted(documents: Sequence[LabelDocument], drawing: Drawing) -> list[Wanted]:
    """The pages of each document and the template that draws them; those that say nothing are noted as refused."""
    contents = sources.contents_of(documents)
    versions = versions_for(documents, contents)
    wanted: list[Wanted] = []
    left = MOST_PAGES
    for document, content, version in zip(documents, contents, versions, strict=True):
        if isinstance(content, LabelRefused):
            drawing.refused[document.id] = content
            continue
        try:
            template = None if version is None else template_of(version)
            if template is not None and type(content) is not KINDS[template.kind].content:
                version = template = None  # a design of waybills draws none with a customs form below
            pages = pages_of(content, template)
            left -= len(pages) * document.copies
            if left < 0:
                raise LabelRefused("too_many_pages", {"pages": MOST_PAGES - left, "limit": MOST_PAGES})
        except LabelRefused as refusal:
            drawing.refused[document.id] = refusal
            continue
        wanted.append((document, pages, template))
        if version is not None:
            drawing.design[document.id] = version
    return wanted


def _misread(documents: Sequence[LabelDocument], pages: Sequence[PageInfo]) -> dict[uuid.UUID, LabelRefused]:
    """Labels without a symbol that says what the document promised."""
    return {
        document.id: LabelRefused("barcode_differs", {"field": "barcode"})
        for document, page in zip(documents, pages, strict=True)
        if document.barcode is not None and all(code.content != document.barcode for code in page.codes)
    }


_DRAWN_NOW = text(
    "UPDATE label_document AS d SET state = :state, page_index = k.page, sheets = k.sheets, refusal = k.refusal,"
    " refusal_field = k.field, refusal_facts = CAST(k.facts AS jsonb), design_version_id = k.design"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:pages AS int[]), CAST(:sheets AS int[]), CAST(:refusals AS text[]),"
    " CAST(:fields AS text[]), CAST(:facts AS text[]), CAST(:designs AS uuid[]))"
    " AS k(id, page, sheets, refusal, field, facts, design) WHERE d.id = k.id"
)


def _settle(document_ids: Sequence[uuid.UUID], drawing: Drawing) -> None:
    """Write what came of each label that may still be drawn: one statement for the good, one for the refused."""
    claim(Rank.DOCUMENT)
    locked = session().execute(
        select(LabelDocument.id, LabelDocument.state)
        .where(LabelDocument.id.in_(document_ids))
        .order_by(LabelDocument.id)
        .with_for_update(key_share=True)  # a print that names one need not wait
    )
    ready: list[uuid.UUID] = []
    refused: list[uuid.UUID] = []
    for document_id, state in locked:
        if state in DRAWN:
            (refused if document_id in drawing.refused else ready).append(document_id)
    for action, ids in (("render", ready), ("refuse", refused)):
        if ids:
            refusals = [drawing.refused.get(each) for each in ids]
            parameters = {
                "state": DOCUMENT.moves[action].target, "ids": ids,
                "pages": [drawing.first_page.get(each) for each in ids],
                "sheets": [drawing.sheets.get(each, 1) for each in ids],
                "refusals": [each.code[:40] if each else None for each in refusals],
                "fields": [str(each.params.get("field", ""))[:40] or None if each else None for each in refusals],
                "facts": [orjson.dumps(numbers_of(each.params)).decode() if each else None for each in refusals],
                "designs": [drawing.design.get(each) for each in ids],
            }  # fmt: skip
            session().execute(_DRAWN_NOW, parameters)
