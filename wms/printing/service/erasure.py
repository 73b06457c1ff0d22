"""Forgetting: label files with consignees go when their date comes, or when a person's data must go."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from functools import partial

from sqlalchemy import select

from wms.core import clock
from wms.platform.database import after_commit, session
from wms.platform.files import StoredFile, erase_file, remove_unnamed
from wms.platform.locks import Rank, lock
from wms.printing.models import KINDS, BundleState, LabelBundle, LabelDocument
from wms.printing.service.requests import add_render_job
from wms.printing.workflow import BUNDLE


def erase_due(today: date | None = None) -> int:
    """Erase the files of bundles whose date has come; returns how many. Their rows stay: they name no person."""
    day = today or clock.now().date()
    statement = select(LabelBundle.id).where(LabelBundle.erase_on <= day, LabelBundle.file_id.is_not(None))
    due = lock(Rank.DOCUMENT, LabelBundle, session().scalars(statement))
    for bundle in due:
        _drop_file(bundle)
        bundle.erased_at = clock.now()
    session().flush()
    _mark_erased([bundle.id for bundle in due])
    return len(due)


def erase_labels_of(parent_kind: str, parent_id: uuid.UUID) -> int:
    """Erase the labels of one order that name a person; returns how many.

    A bundle holds other people's labels too: its file goes at once and is rendered again without these.
    """
    personal = [kind for kind, rules in KINDS.items() if rules.personal]
    documents = session().scalars(
        select(LabelDocument).where(
            LabelDocument.parent_kind == parent_kind, LabelDocument.parent_id == parent_id,
            LabelDocument.kind.in_(personal), LabelDocument.erased_at.is_(None),
        )
    ).all()  # fmt: skip
    bundles = lock(Rank.DOCUMENT, LabelBundle, [document.bundle_id for document in documents])
    for document in lock(Rank.DOCUMENT, LabelDocument, [document.id for document in documents]):
        document.erased_at = clock.now()
    session().flush()
    for bundle in bundles:
        if bundle.file_id is not None:
            _drop_file(bundle)
            _render_again(bundle)
    return len(documents)


def redraw(lost: Sequence[str]) -> int:
    """Draw the bundles again whose objects (by SHA-256) the store has lost; returns how many of these were bundles'.

    For a restored database whose files are older than it is.
    """
    statement = (
        select(LabelBundle.id, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == LabelBundle.file_id)
        .where(StoredFile.sha256.in_(lost))
    )
    found = session().execute(statement).all()
    for bundle in lock(Rank.DOCUMENT, LabelBundle, [row.id for row in found]):
        _drop_file(bundle)
        _render_again(bundle)
    return len({row.sha256 for row in found})


def _render_again(bundle: LabelBundle) -> None:
    left = select(LabelDocument.id).where(LabelDocument.bundle_id == bundle.id, LabelDocument.erased_at.is_(None))
    if session().scalar(left.limit(1)) is None:
        bundle.erased_at = clock.now()
        session().flush()
        return
    bundle.state = BUNDLE.apply("render_again", bundle.state).value
    bundle.erased_at = None
    bundle.revision += 1
    session().flush()
    add_render_job(bundle)


def _drop_file(bundle: LabelBundle) -> None:
    """The row now, the object once that is committed."""
    file_id = bundle.file_id
    if file_id is None:
        return
    sha256 = session().scalar(select(StoredFile.sha256).where(StoredFile.id == file_id))
    bundle.file_id = None
    if bundle.state == BundleState.READY.value and bundle.erased_at is None:
        bundle.erased_at = clock.now()  # the CHECK wants a file or this; a new rendering takes it back
    session().flush()
    erase_file(file_id)
    if sha256 is not None:
        after_commit(partial(remove_unnamed, sha256))


def _mark_erased(bundle_ids: Sequence[uuid.UUID]) -> None:
    ids = session().scalars(
        select(LabelDocument.id).where(LabelDocument.bundle_id.in_(bundle_ids), LabelDocument.erased_at.is_(None))
    )
    for document in lock(Rank.DOCUMENT, LabelDocument, ids):
        document.erased_at = clock.now()
    session().flush()
