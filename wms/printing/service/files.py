"""Handing out label files."""

from __future__ import annotations

import uuid

from labels import extract_page
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.platform.database import session
from wms.platform.files import read_file
from wms.printing import queries
from wms.printing.models import LabelBundle


def bundle_pdf(actor: Actor, bundle_id: uuid.UUID) -> bytes:
    """The whole file. Refuses `not_ready`, `bundle_failed`, `label_erased`; 404 outside the actor's scope."""
    return _bytes(queries.require_file(queries.load_bundle(actor, bundle_id)))


def document_pdf(actor: Actor, document_id: uuid.UUID) -> bytes:
    """One label, cut out of its bundle as a PDF of one page. Refuses what must not be used any more."""
    document = queries.load_document(actor, document_id)
    queries.require_ready(document)
    bundle = session().get_one(LabelBundle, document.bundle_id, populate_existing=True)
    page = document.page_index
    if page is None:
        raise Refused("not_ready", {})
    return extract_page(_bytes(queries.require_file(bundle)), page)


def _bytes(file_id: uuid.UUID) -> bytes:
    found = read_file(file_id)
    if found is None:
        raise Refused("label_erased", {})
    return found[0]
