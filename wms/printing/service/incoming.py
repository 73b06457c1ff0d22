"""Labels that others drew: a carrier's own, which has passed `labels.check_incoming` and lies in the store."""

from __future__ import annotations

import uuid
from datetime import timedelta

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.facility.queries import load_warehouse
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.files import Kept, name_file
from wms.printing.events import BundleReady
from wms.printing.models import KINDS, LabelBundle, LabelDocument
from wms.printing.service.requests import KEEP_PERSONAL_DAYS, DocumentDraft, last_versions, supersede
from wms.printing.workflow import BUNDLE, DOCUMENT


def add_incoming(actor: Actor, warehouse_id: uuid.UUID, draft: DocumentDraft, kept: Kept) -> uuid.UUID:
    """One label that is ready as it is: a PDF of one page of the draft's size. Takes the place of the subject's valid one.

    The caller holds the subject. Returns the document's id.
    """
    warehouse = load_warehouse(actor, warehouse_id)
    supersede([draft.subject])
    erase_on = None
    if KINDS[draft.kind].personal:
        erase_on = clock.today(warehouse.time_zone) + timedelta(days=KEEP_PERSONAL_DAYS)
    width, height = draft.size_mm or KINDS[draft.kind].size_mm
    now = clock.now()
    bundle = LabelBundle(
        id=new_id(), warehouse_id=warehouse.id, owner_id=draft.owner_id, revision=1, pages=1, requested_by=actor.id,
        state=BUNDLE.apply("render", BUNDLE.initial.value).value, file_id=name_file(kept, erase_on), erase_on=erase_on,
        created_at=now, ready_at=now,
    )  # fmt: skip
    session().add(bundle)
    session().flush()
    parent_kind, parent_id = draft.parent or (None, None)
    document = LabelDocument(
        id=new_id(), kind=draft.kind, subject_kind=draft.subject_kind, subject_id=draft.subject_id,
        parent_kind=parent_kind, parent_id=parent_id, owner_id=draft.owner_id, warehouse_id=warehouse.id,
        version=last_versions([draft.subject]).get(draft.subject, 0) + 1, width_mm=width, height_mm=height,
        barcode=draft.barcode, state=DOCUMENT.apply("render", DOCUMENT.initial.value).value, bundle_id=bundle.id,
        position=0, page_index=0, copies=1, created_at=now,
    )  # fmt: skip
    session().add(document)
    session().flush()
    record(
        BundleReady(
            subject_id=bundle.id, warehouse_id=warehouse.id, owner_id=draft.owner_id, revision=1, pages=1, refused=0
        )
    )
    return document.id
