"""Label sets: what was asked for at once, when it is more than one file holds. The set tells how far its files are."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.platform.database import Base, DocumentId, Instant, Reference, session
from wms.printing.models import BundleState, LabelBundle
from wms.printing.service.files import bundle_pdf


class LabelSet(Base):
    """The bundles of one request, in order. `owner_id` None: only the operator's staff sees it."""

    __tablename__ = "label_set"

    id: Mapped[DocumentId]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    title: Mapped[str] = mapped_column(String(80))  # a booking's number, a SKU; a count where there are several
    bundle_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))
    requested_by: Mapped[Reference]
    created_at: Mapped[Instant]


@dataclass(frozen=True)
class SetFile:
    """One bundle of a set: the labels wanted in it, the pages there are, and how many labels cannot be printed."""

    bundle_id: uuid.UUID
    state: str
    wanted: int
    refused: int

    @property
    def is_settled(self) -> bool:
        return self.state != BundleState.REQUESTED.value


@dataclass(frozen=True)
class Progress:
    files: tuple[SetFile, ...]

    @property
    def wanted(self) -> int:
        return sum(each.wanted for each in self.files)

    @property
    def done(self) -> int:
        return sum(each.wanted for each in self.files if each.is_settled)

    @property
    def refused(self) -> int:
        return sum(each.refused for each in self.files)

    @property
    def is_settled(self) -> bool:
        return all(each.is_settled for each in self.files)

    @property
    def ready(self) -> tuple[SetFile, ...]:
        return tuple(each for each in self.files if each.state == BundleState.READY.value)


_FILES = text(
    "SELECT b.id, b.state, coalesce(sum(d.copies), 0) AS wanted,"
    " coalesce(sum(d.copies) FILTER (WHERE d.state = 'refused'), 0) AS refused"
    " FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS w(id, place) JOIN label_bundle b ON b.id = w.id"
    " LEFT JOIN label_document d ON d.bundle_id = b.id GROUP BY b.id, b.state, w.place ORDER BY w.place"
)


def open_set(actor: Actor, owner_id: uuid.UUID | None, title: str, bundle_ids: Sequence[uuid.UUID]) -> LabelSet:
    """Keep what was asked for together; called in the transaction that asked."""
    made = LabelSet(
        id=new_id(), owner_id=owner_id, title=title[:80], bundle_ids=list(bundle_ids), requested_by=actor.id,
        created_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made


def open_set_of(actor: Actor, title: str, bundle_ids: Sequence[uuid.UUID]) -> LabelSet:
    """The same for whoever does not know whose the bundles are: one seller's, or the operator's staff's."""
    owners = set(actor.seller_ids or ())
    if len(owners) != 1:  # one seller's own system asks for nobody else's
        owners = set(session().scalars(select(LabelBundle.owner_id).where(LabelBundle.id.in_(bundle_ids))))
    return open_set(actor, owners.pop() if len(owners) == 1 else None, title, bundle_ids)


def load_set(actor: Actor, set_id: uuid.UUID) -> LabelSet:
    """404 for another seller's."""
    found = session().get(LabelSet, set_id)
    if found is None or not (actor.is_staff if found.owner_id is None else actor.sees_seller(found.owner_id)):
        raise not_found("label set")
    return found


def progress_of(found: LabelSet) -> Progress:
    rows = session().execute(_FILES, {"ids": found.bundle_ids})
    return Progress(tuple(SetFile(row.id, row.state, int(row.wanted), int(row.refused)) for row in rows))


def set_zip(actor: Actor, set_id: uuid.UUID) -> bytes:
    """All files of a set in one archive, numbered in order. Refuses `not_ready` and what `bundle_pdf` refuses."""
    progress = progress_of(load_set(actor, set_id))
    if not progress.is_settled:
        raise Refused("not_ready", {})
    packed = io.BytesIO()
    # The PDF files are compressed already; a fixed date, so that the same files give the same bytes.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for number, each in enumerate(progress.ready, 1):
            archive.writestr(zipfile.ZipInfo(f"labels-{number:02}.pdf"), bundle_pdf(actor, each.bundle_id))
    return packed.getvalue()
