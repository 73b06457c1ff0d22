"""Waybills and cartons of a source of the tests' own, and a way to run the label job at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import pytest
from flask import Flask

from labels import CartonLabel, Label, LabelRefused, WaybillLabel
from tests.cast import Cast
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.platform import outbox
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction
from wms.printing.audit import CHECKS
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft, request_documents
from wms.printing.sources import sources


class Desk:
    """Asks for labels and runs their jobs. `names`: what the waybill of a subject is addressed to."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.names: dict[uuid.UUID, str] = {}
        self.refused: dict[uuid.UUID, str] = {}
        self.asked = 0

    def waybills(self, documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
        self.asked += 1
        return [
            LabelRefused(self.refused[each.subject_id])
            if each.subject_id in self.refused
            else WaybillLabel(
                service_name="Standard", carrier_code="TEST", tracking_number=f"TS{each.subject_id.hex[-12:].upper()}",
                consignee_name=self.names.get(each.subject_id, "Kim Example"), consignee_lines=("Street 1", "DE"),
            )
            for each in documents
        ]  # fmt: skip

    def cartons(self, documents: Sequence[LabelDocument]) -> list[Label | LabelRefused]:
        return [
            CartonLabel(destination="DE1", booking_number="IN1", box_barcode=f"IN1-U{each.position:05}",
                        seller_code="ACME")
            for each in documents
        ]  # fmt: skip

    def draft(self, subject: uuid.UUID | None = None, **more: object) -> DocumentDraft:
        """A waybill of an ACME parcel."""
        subject = subject or new_id()
        values = {"owner_id": self.cast.ACME.id, "barcode": f"TS{subject.hex[-12:].upper()}", **more}
        return DocumentDraft(LabelKind.WAYBILL, "parcel", subject, **values)  # type: ignore[arg-type]

    def request(self, *drafts: DocumentDraft) -> list[uuid.UUID]:
        with transaction():
            return request_documents(SYSTEM, self.cast.overseas.id, drafts)

    def work(self) -> int:
        """Run every job that waits, as the label worker does; how many succeeded."""
        return sum(outbox.perform(job_id) for job_id, _ in outbox.due_jobs(age_seconds=-60))

    def ready(self, draft: DocumentDraft | None = None) -> LabelDocument:
        """A waybill that has been made."""
        draft = draft or self.draft()
        (bundle,) = self.request(draft)
        self.work()
        return self.documents(bundle)[0]

    def documents(self, bundle_id: uuid.UUID) -> list[LabelDocument]:
        from wms.printing.queries import documents_of

        with transaction():
            return list(documents_of(bundle_id))


@pytest.fixture
def desk(fresh_app: Flask, cast: Cast) -> Iterator[Desk]:
    found = Desk(cast)
    before = dict(sources.by_kind)
    sources.add({LabelKind.WAYBILL: found.waybills, LabelKind.CARTON: found.cartons})
    with fresh_app.app_context():
        session().expire_on_commit = False
        yield found
        session().rollback()
        result = run_checks(CHECKS)
        assert result["ok"], result
        session().rollback()
    sources.by_kind = before
