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


def bundle_pdf(actor: Actor, bundle_id: uuid.UUID) -> bytes:
    """The whole file. Refuses `not_ready`, `bundle_failed`, `label_erased`; 404 outside the actor's scope."""
    return _bytes(queries.require_file(queries.load_bundle(actor, bundle_id)))


def document_pdf(actor: Actor, document_id: uuid.UUID) -> bytes:
    """One label, cut out of its bundle as a PDF of one page. Refuses what must not be used any more."""
    document = queries.load_document(actor, document_id)
    page, content = _page_of(document)
    return extract_page(content, page)


def print_pdf(job: PrintJob, offset_mm: tuple[float, float] = (0.0, 0.0)) -> PrintFile:
    """What a printer gets for a job: `copies` pages at true size; a later print of a label that stands for one thing
    says so on it (R2, R3 …). Refuses what must not be used any more.
    """
    document = session().get_one(LabelDocument, job.document_id, populate_existing=True)
    number = queries.print_number(job)
    mark = f"R{number}" if number > 1 and KINDS[document.kind].one_valid else ""
    page, content = _page_of(document)
    return make_print_file(content, page, job.copies, mark=mark, offset_mm=offset_mm)


def _page_of(document: LabelDocument) -> tuple[int, bytes]:
    queries.require_ready(document)
    bundle = session().get_one(LabelBundle, document.bundle_id, populate_existing=True)
    if document.page_index is None:
        raise Refused("not_ready", {})
    return document.page_index, _bytes(queries.require_file(bundle))


def _bytes(file_id: uuid.UUID) -> bytes:
    found = read_file(file_id)
    if found is None:
        raise Refused("label_erased", {})
    return found[0]
