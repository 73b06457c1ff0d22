"""Asking for labels, and making them void."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, tuple_

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.outbox import add_job
from wms.platform.statements import Statement, pipelined
from wms.printing.models import KINDS, BundleState, DocumentState, LabelBundle, LabelDocument, PrintState
from wms.printing.service.prints import cancel_waiting
from wms.printing.workflow import DOCUMENT

PAGES_A_BUNDLE = 100
KEEP_PERSONAL_DAYS = 30  # labels with a consignee: long enough to settle a carrier's question about the label
RENDER_TOPIC = "printing.render_bundle"
VALID = (DocumentState.REQUESTED.value, DocumentState.READY.value)

Subject = tuple[str, str, uuid.UUID]  # label kind, subject kind, subject id


@dataclass(frozen=True)
class DocumentDraft:
    """A label wanted. `barcode` is what a scanner must read from it (checked when it is drawn).

    `parent`: the order or booking above the subject. `replace`: supersede the valid label of the subject, where a kind
    has only one (without it the valid one is kept). `size_mm` None: the kind's default.
    """

    kind: str
    subject_kind: str
    subject_id: uuid.UUID
    owner_id: uuid.UUID | None = None
    barcode: str | None = None
    parent: tuple[str, uuid.UUID] | None = None
    size_mm: tuple[float, float] | None = None
    copies: int = 1
    replace: bool = False

    @property
    def subject(self) -> Subject:
        return self.kind, self.subject_kind, self.subject_id

    @property
    def is_single(self) -> bool:
        return KINDS[self.kind].one_valid


def request_documents(actor: Actor, warehouse_id: uuid.UUID, drafts: Sequence[DocumentDraft]) -> list[uuid.UUID]:
    """Ask for labels in this order; returns the bundles that hold them, in order of first appearance.

    A subject that already has its one valid label (carton, waybill) keeps it, in the bundle it is in. Each new bundle
    holds up to 100 pages and is rendered by one job after the commit.
    """
    warehouse = load_warehouse(actor, warehouse_id)
    wanted = _split(drafts)
    supersede([draft.subject for draft in wanted if draft.is_single and draft.replace])
    kept = _valid_bundles([draft.subject for draft in wanted if draft.is_single])
    fresh = [draft for draft in wanted if draft.subject not in kept]
    versions = last_versions([draft.subject for draft in fresh if draft.is_single])
    made: list[uuid.UUID | None] = []
    dpi = dpi_for(warehouse.id, {draft.kind for draft in fresh}) if fresh else 0
    for chunk in _chunks(fresh):
        made.extend(_insert_bundle(actor, warehouse, chunk, versions, dpi))
    # Somebody may have asked for the same label at the same moment and been faster.
    twins = _valid_bundles([draft.subject for draft, bundle in zip(fresh, made, strict=True) if bundle is None])
    new = iter(made)
    found = [kept[draft.subject] if draft.subject in kept else next(new) or twins[draft.subject] for draft in wanted]
    return list(dict.fromkeys(found))


def _split(drafts: Sequence[DocumentDraft]) -> list[DocumentDraft]:
    """Each single subject once; more copies than a bundle holds as several documents."""
    found: list[DocumentDraft] = []
    seen: set[Subject] = set()
    for draft in drafts:
        if draft.is_single:
            if draft.subject not in seen:
                found.append(draft)
            seen.add(draft.subject)
            continue
        whole, rest = divmod(draft.copies, PAGES_A_BUNDLE)
        found += [replace(draft, copies=PAGES_A_BUNDLE)] * whole
        found += [replace(draft, copies=rest)] if rest else []
    return found


def _chunks(drafts: Sequence[DocumentDraft]) -> list[list[DocumentDraft]]:
    chunks: list[list[DocumentDraft]] = []
    pages = PAGES_A_BUNDLE
    for draft in drafts:
        if pages + draft.copies > PAGES_A_BUNDLE:
            chunks.append([])
            pages = 0
        chunks[-1].append(draft)
        pages += draft.copies
    return chunks


def _subjects(subjects: Iterable[Subject]) -> Any:
    columns = tuple_(LabelDocument.kind, LabelDocument.subject_kind, LabelDocument.subject_id)
    return columns.in_(list(set(subjects)))


def _valid_bundles(subjects: Sequence[Subject]) -> dict[Subject, uuid.UUID]:
    """The bundles of the valid labels of these subjects."""
    if not subjects:
        return {}
    rows = session().execute(
        select(LabelDocument.kind, LabelDocument.subject_kind, LabelDocument.subject_id, LabelDocument.bundle_id).where(
            _subjects(subjects), LabelDocument.state.in_(VALID)
        )
    )
    return {(row.kind, row.subject_kind, row.subject_id): row.bundle_id for row in rows}


def last_versions(subjects: Sequence[Subject]) -> dict[Subject, int]:
    if not subjects:
        return {}
    columns = (LabelDocument.kind, LabelDocument.subject_kind, LabelDocument.subject_id)
    rows = session().execute(
        select(*columns, func.max(LabelDocument.version).label("version")).where(_subjects(subjects)).group_by(*columns)
    )
    return {(row.kind, row.subject_kind, row.subject_id): row.version for row in rows}


def _insert_bundle(
    actor: Actor, warehouse: Warehouse, drafts: Sequence[DocumentDraft], versions: dict[Subject, int], dpi: int
) -> list[uuid.UUID | None]:
    """One bundle with its documents and its job; per draft the bundle's id, None where a twin was faster."""
    session().flush()
    bundle = _bundle_of(actor, warehouse, drafts) | {"dpi": dpi}
    ids = [new_id() for _ in drafts]
    sizes = [draft.size_mm or KINDS[draft.kind].size_mm for draft in drafts]
    parents = [draft.parent or (None, None) for draft in drafts]
    documents = {
        "ids": ids, "kinds": [str(draft.kind) for draft in drafts],
        "subject_kinds": [draft.subject_kind for draft in drafts], "subjects": [draft.subject_id for draft in drafts],
        "parent_kinds": [kind for kind, _ in parents], "parents": [parent for _, parent in parents],
        "owners": [draft.owner_id for draft in drafts],
        "versions": [versions.get(draft.subject, 0) + 1 if draft.is_single else None for draft in drafts],
        "widths": [width for width, _ in sizes], "heights": [height for _, height in sizes],
        "barcodes": [draft.barcode for draft in drafts], "copies": [draft.copies for draft in drafts],
        "state": DOCUMENT.initial.value, "bundle": bundle["id"], "warehouse": warehouse.id, "now": bundle["now"],
    }  # fmt: skip
    with pipelined():
        _ADD_BUNDLE.send(bundle)
        added = _ADD_DOCUMENTS.send(documents)
    inserted = {row.id for row in added.all()}
    if inserted:
        _add_render_job(bundle["id"], bundle["revision"])
    else:
        _DROP_BUNDLE.run({"id": bundle["id"]})
    return [bundle["id"] if each in inserted else None for each in ids]


_DPI = Statement(
    "SELECT p.dpi FROM printer p JOIN station_printer s ON s.printer_id = p.id WHERE p.warehouse_id = :warehouse"
    " AND s.kind = ANY(CAST(:kinds AS text[])) GROUP BY p.dpi ORDER BY count(*) DESC, p.dpi LIMIT 1"
)
USUAL_DPI = 203


def dpi_for(warehouse_id: uuid.UUID, kinds: Iterable[str]) -> int:
    """The resolution that most benches of a warehouse print these kinds with. A label that goes to another printer is
    drawn once more for that one when it is fetched.
    """
    found: int | None = _DPI.scalar({"warehouse": warehouse_id, "kinds": [str(kind) for kind in kinds]})
    return found or USUAL_DPI


_ADD_BUNDLE = Statement(
    "INSERT INTO label_bundle (id, warehouse_id, owner_id, state, revision, pages, dpi, erase_on, requested_by, created_at)"
    " VALUES (:id, :warehouse, :owner, :state, :revision, 0, :dpi, :erase_on, :requested_by, :now)"
)
_DROP_BUNDLE = Statement("DELETE FROM label_bundle WHERE id = :id")
# In the order of their subjects, so that two requests for the same labels cannot wait for each other in a circle.
_ADD_DOCUMENTS = Statement(
    "INSERT INTO label_document (id, kind, subject_kind, subject_id, parent_kind, parent_id, owner_id, warehouse_id,"
    " version, width_mm, height_mm, barcode, state, bundle_id, position, copies, created_at) SELECT k.id, k.kind,"
    " k.subject_kind, k.subject, k.parent_kind, k.parent, k.owner, :warehouse,"
    " coalesce(k.version, nextval('label_version')), k.width, k.height, k.barcode, :state, :bundle, k.number - 1,"
    " k.copies, :now FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:subject_kinds AS text[]),"
    " CAST(:subjects AS uuid[]), CAST(:parent_kinds AS text[]), CAST(:parents AS uuid[]), CAST(:owners AS uuid[]),"
    " CAST(:versions AS int[]), CAST(:widths AS float[]), CAST(:heights AS float[]), CAST(:barcodes AS text[]),"
    " CAST(:copies AS int[])) WITH ORDINALITY AS k(id, kind, subject_kind, subject, parent_kind, parent, owner,"
    " version, width, height, barcode, copies, number) ORDER BY k.subject, k.number ON CONFLICT DO NOTHING RETURNING id"
)


def _bundle_of(actor: Actor, warehouse: Warehouse, drafts: Sequence[DocumentDraft]) -> dict[str, Any]:
    """The row of a new bundle for these labels."""
    owners = {draft.owner_id for draft in drafts}
    personal = any(KINDS[draft.kind].personal for draft in drafts)
    return {
        "id": new_id(), "warehouse": warehouse.id, "owner": owners.pop() if len(owners) == 1 else None, "revision": 1,
        "state": BundleState.REQUESTED.value, "requested_by": actor.id, "now": clock.now(),
        "erase_on": clock.today(warehouse.time_zone) + timedelta(days=KEEP_PERSONAL_DAYS) if personal else None,
    }  # fmt: skip


def add_render_job(bundle: LabelBundle) -> None:
    """One job for each rendering asked for; the payload names the bundle only."""
    _add_render_job(bundle.id, bundle.revision)


def _add_render_job(bundle_id: uuid.UUID, revision: int) -> None:
    payload = {"bundle_id": str(bundle_id)}
    add_job(RENDER_TOPIC, payload, dedupe_key=f"{RENDER_TOPIC}:{bundle_id}:{revision}")


def supersede(subjects: Sequence[Subject]) -> None:
    """The valid or refused labels of these subjects give way to a new one; their waiting prints are cancelled."""
    if subjects:
        _end(_subjects(subjects), "supersede")


def void_documents(subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> int:
    """The subjects are gone: their labels must not be used, and prints that wait are voided with them.

    Called by the owner of the subjects, who holds their lock. Returns how many labels were still of use.
    """
    wanted = set(subject_ids)
    if not wanted:
        return 0
    return _end((LabelDocument.subject_kind == subject_kind) & LabelDocument.subject_id.in_(wanted), "void")


def hold_documents(subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> None:
    """Lock the labels of these subjects by id, for who ends some of them and then others: whoever draws them locks them so too."""
    mine = (LabelDocument.subject_kind == subject_kind) & LabelDocument.subject_id.in_(set(subject_ids))
    lock(Rank.DOCUMENT, LabelDocument, session().scalars(select(LabelDocument.id).where(mine)))


def _end(condition: Any, action: str) -> int:
    sources = DOCUMENT.moves[action].sources
    ids = session().scalars(select(LabelDocument.id).where(condition, LabelDocument.state.in_(sources)))
    documents = lock(Rank.DOCUMENT, LabelDocument, ids)
    ended = [document for document in documents if DOCUMENT.permitted(action, document.state)]
    for document in ended:
        document.state = DOCUMENT.apply(action, document.state).value
        document.refusal = document.refusal_field = document.refusal_facts = None
    session().flush()
    cancel_waiting([document.id for document in ended], PrintState.VOIDED)
    return len(ended)
