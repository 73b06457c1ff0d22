"""Prints on record: no label twice by accident, none lost (reference: printing.md, section 2)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Cast
from tests.printing.conftest import Desk
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.platform.database import session, transaction
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind, PrintEvent, PrintJob, PrintState
from wms.printing.service import DocumentDraft
from wms.printing.workflow import PRINT_JOB


def refusal_of(use_case, *arguments: object) -> Refused:
    with pytest.raises(Refused) as caught, transaction():
        use_case(*arguments)
    return caught.value


def jobs(document: LabelDocument) -> list[tuple[str, str]]:
    with transaction():
        session().expire_all()  # a scan writes past it
        return [(job.reason, job.state) for job in queries.jobs_of(document.id)]


def armed(document: LabelDocument) -> PrintJob:
    with transaction():
        return printing.arm(SYSTEM, printing.request_print(SYSTEM, document.id).id)


def test_a_second_original_is_impossible_and_asking_gives_the_first(desk: Desk, fresh_app: Flask):
    document = desk.ready()
    found: list[object] = []

    def ask() -> None:
        with fresh_app.app_context(), transaction():
            found.append(printing.request_print(SYSTEM, document.id).id)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(found), len(set(found))) == (4, 1)
    assert jobs(document) == [("original", "queued")]


def test_a_waybill_that_was_sent_is_not_sent_again_by_itself(desk: Desk):
    document = desk.ready()
    job = armed(document)
    again = refusal_of(printing.arm, SYSTEM, job.id)
    assert (again.code, again.next_step) == ("sent_before", "scan_or_report_lost")
    with transaction():
        printing.confirm_printed(SYSTEM, "parcel", document.subject_id, "waybill")
        printing.confirm_printed(SYSTEM, "parcel", document.subject_id, "waybill")
    assert jobs(document) == [("original", "printed")]
    assert refusal_of(printing.arm, SYSTEM, job.id).code == "printed_before"


def test_a_label_that_may_be_printed_twice_may_be_armed_twice(desk: Desk, cast: Cast):
    location = next(iter(cast.overseas.locations.values()))
    document = desk.ready(DocumentDraft(LabelKind.LOCATION, "location", location))
    job = armed(document)
    with transaction():
        assert printing.arm(SYSTEM, job.id).state == "dispatching"
        printing.confirm_printed(SYSTEM, "location", location, "location", by="human")
        printing.reprint(cast.receiver, document.id, "torn")  # no permission needed
    assert jobs(document) == [("original", "printed"), ("reprint", "queued")]


def test_a_scan_without_a_print_on_record_records_the_original(desk: Desk):
    document = desk.ready()
    with transaction():
        printing.confirm_printed(SYSTEM, "parcel", document.subject_id, "waybill")
        job = queries.last_job(document.id)
        assert (job.confirmed_by, job.state, job.reason) == ("scan", "printed", "original")


def test_reprinting_a_waybill_wants_permission_and_a_reason(desk: Desk, cast: Cast):
    document = desk.ready()
    assert refusal_of(printing.reprint, cast.supervisor, document.id, "jam").code == "not_printed_yet"
    armed(document)
    assert refusal_of(printing.reprint, cast.picker, document.id, "jam").code == "printed_before"
    assert (
        refusal_of(printing.reprint, cast.supervisor, document.id, "  ").errors[0]["code"] == "reprint_reason_missing"
    )
    assert jobs(document) == [("original", "dispatching")]
    with transaction():
        job = printing.reprint(cast.supervisor, document.id, "jam")
        assert (job.reprint_reason, job.requested_by) == ("jam", cast.supervisor.id)


def test_no_label_came_out(desk: Desk, cast: Cast):
    document = desk.ready()
    job = armed(document)
    with transaction():
        again = printing.report_lost(cast.picker, job.id)
        assert (again.reason, again.reprint_reason) == ("reprint", "lost")
        printing.arm(cast.picker, again.id)
    assert jobs(document) == [("original", "cancelled"), ("reprint", "dispatching")]
    with transaction():
        printing.confirm_printed(cast.picker, "parcel", document.subject_id, "waybill")
    assert refusal_of(printing.report_lost, cast.picker, again.id).code == "printed_before"
    assert jobs(document) == [("original", "cancelled"), ("reprint", "printed")]


def test_what_waits_too_long_expires_and_what_nobody_scanned_is_unknown(desk: Desk):
    waiting, sent = desk.ready(), desk.ready()
    with transaction():
        waiting_job = printing.request_print(SYSTEM, waiting.id)
    sent_job = armed(sent)
    with transaction():
        assert printing.age_prints(clock.now()) == (0, 0)
        assert printing.age_prints(clock.now() + timedelta(minutes=2)) == (0, 1)
        assert printing.age_prints(clock.now() + timedelta(minutes=11)) == (1, 0)
    assert jobs(waiting) == [("original", "expired")]
    assert jobs(sent) == [("original", "unknown")]
    assert refusal_of(printing.arm, SYSTEM, sent_job.id).code == "sent_before"
    with transaction():
        assert printing.arm(SYSTEM, waiting_job.id).state == "dispatching"  # asked again by a person
        printing.confirm_printed(SYSTEM, "parcel", sent.subject_id, "waybill")  # it heals by the scan
    assert jobs(sent) == [("original", "printed")]


def test_a_void_label_is_refused_at_the_last_look(desk: Desk):
    document = desk.ready()
    with transaction():
        job = printing.request_print(SYSTEM, document.id)
    with transaction():
        printing.void_documents("parcel", [document.subject_id])
    assert jobs(document) == [("original", "voided")]
    for use_case, argument in ((printing.arm, job.id), (printing.request_print, document.id)):
        assert refusal_of(use_case, SYSTEM, argument).code == "label_voided"
    confirm = refusal_of(printing.confirm_printed, SYSTEM, "parcel", document.subject_id, "waybill")
    assert confirm.code == "label_voided"


def test_a_bundle_is_one_print_for_each_label_and_all_or_none(desk: Desk):
    drafts = [desk.draft() for _ in range(3)]
    (bundle_id,) = desk.request(*drafts)
    assert refusal_of(printing.print_bundle, SYSTEM, bundle_id).code == "not_ready"
    desk.work()
    documents = desk.documents(bundle_id)
    armed(documents[2])
    assert refusal_of(printing.print_bundle, SYSTEM, bundle_id).code == "sent_before"
    assert [jobs(document) for document in documents[:2]] == [[], []]
    other = desk.request(desk.draft(), desk.draft())[0]
    desk.work()
    with transaction():
        made = printing.print_bundle(SYSTEM, other)
    assert [job.document_id for job in made] == [document.id for document in desk.documents(other)]


def test_every_step_is_in_the_history(desk: Desk):
    document = desk.ready()
    job = armed(document)
    with transaction():
        printing.confirm_printed(SYSTEM, "parcel", document.subject_id, "waybill")
        steps = session().scalars(
            select(PrintEvent.type).where(PrintEvent.job_id == job.id).order_by(PrintEvent.seq)
        ).all()  # fmt: skip
    assert list(steps) == ["requested", "arm", "confirm"]


def test_after_dispatching_nothing_leads_back_to_waiting_but_proof():
    back = {
        action for action, move in PRINT_JOB.moves.items()
        if move.target == PrintState.QUEUED and PrintState.DISPATCHING in move.sources
    }  # fmt: skip
    assert back == set()
    assert PRINT_JOB.moves["requeue"].sources == {PrintState.CLAIMED, PrintState.FETCHED, PrintState.FAILED_SAFE}
