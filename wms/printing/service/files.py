"""Handing out label files."""

from __future__ import annotations

import uuid

from labels import extract_page
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.platform.database import session
from wms.platform.files import read_file
from wms.printing import queries
from wms.printing.models import KINDS, LabelBundle, LabelDocument, PrintJob
from wms.printing.printfile import PrintFile, make_print_file
from wms.printing.render import draw


def bundle_pdf(actor: Actor, bundle_id: uuid.UUID) -> bytes:
    """The whole file. Refuses `not_ready`, `bundle_failed`, `label_erased`; 404 outside the actor's scope."""
    return _bytes(queries.require_file(queries.load_bundle(actor, bundle_id)))


def document_pdf(actor: Actor, document_id: uuid.UUID) -> bytes:
    """One label, cut out of its bundle: a PDF of one page, of a paper all of its. Refuses what must not be used any more."""
    document = queries.load_document(actor, document_id)
    page, content = _page_of(document)
    return extract_page(content, page) if document.sheets == 1 else make_print_file(content, page, document.sheets).pdf


def print_pdf(job: PrintJob, offset_mm: tuple[float, float] = (0.0, 0.0), dpi: int | None = None) -> PrintFile:
    """What a printer gets for a job: `copies` at true size; a later print of a label that stands for one thing says so on
    it (R2, R3 …). `dpi`: the printer's, whose whole dots the bars must stand on. Refuses what must not be used any more.
    """
    document = session().get_one(LabelDocument, job.document_id, populate_existing=True)
    number = queries.print_number(job)
    mark = f"R{number}" if number > 1 and KINDS[document.kind].one_valid else ""
    page, content = _page_of(document, dpi)
    return make_print_file(content, page, job.copies * document.sheets, mark=mark, offset_mm=offset_mm)


def _page_of(document: LabelDocument, dpi: int | None = None) -> tuple[int, bytes]:
    """The file that holds a label and its first page there: its bundle, or a drawing for other dots than the bundle's."""
    queries.require_ready(document)
    bundle = session().get_one(LabelBundle, document.bundle_id, populate_existing=True)
    if document.page_index is None:
        raise Refused("not_ready", {})
    file_id, page = queries.require_file(bundle), document.page_index
    redrawn = _drawn_for(document, dpi) if dpi is not None and dpi != bundle.dpi else None
    return (page, _bytes(file_id)) if redrawn is None else (0, redrawn)


def _drawn_for(document: LabelDocument, dpi: int) -> bytes | None:
    """The label alone, for a printer of this resolution; None where nobody can draw it (a carrier's own, one whose record
    has gone): then it is printed as it lies in the file.
    """
    drawing = draw([document], dpi)
    return drawing.pdf if drawing.sheets.get(document.id) == document.sheets else None


def _bytes(file_id: uuid.UUID) -> bytes:
    found = read_file(file_id)
    if found is None:
        raise Refused("label_erased", {})
    return found[0]
