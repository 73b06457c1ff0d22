"""The record of prints (reference: printing.md, section 2): no label is printed twice by accident, none is lost.

*Arm* marks a job *dispatching*, durably, before a browser gets the page or an agent sends it; scanning the label confirms
it (`confirming.py`). What nobody scanned becomes *unknown*, and a person says what happened. `sending.py`: which way a label goes;
`claims.py`: what agents do; `ageing.py`: what time does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.statements import Statement
from wms.printing import queries, rules
from wms.printing.events import LabelReprinted
from wms.printing.models import KINDS, LabelDocument, PrintJob, PrintState
from wms.printing.workflow import PRINT_JOB

ORIGINAL, REPRINT = "original", "reprint"
SENT = frozenset({PrintState.DISPATCHING, PrintState.DISPATCHED, PrintState.UNKNOWN})


def request_print(actor: Actor, document_id: uuid.UUID, station_id: uuid.UUID | None = None) -> PrintJob:
    """The original print of a label: a new job, or the first one when asked again.

    Refuses `not_ready`, `label_refused`, `label_voided`, `label_superseded`, `label_erased`.
    """
    document = load_document_to_print(actor, document_id)
    return original_of(actor, document, station_id)


def original_of(actor: Actor, document: LabelDocument, station_id: uuid.UUID | None) -> PrintJob:
    query = select(PrintJob).where(PrintJob.document_id == document.id, PrintJob.reason == ORIGINAL)
    found = session().scalar(query.execution_options(populate_existing=True))
    return found if found is not None else insert_job(actor, document, station_id, ORIGINAL, None)


def insert_job(
    actor: Actor, document: LabelDocument, station_id: uuid.UUID | None, reason: str, why: str | None
) -> PrintJob:
    """A job that waits. The document is locked: two people cannot both make its original."""
    now = clock.now()
    job = PrintJob(
        id=new_id(), document_id=document.id, warehouse_id=document.warehouse_id, station_id=station_id,
        copies=document.copies, reason=reason, reprint_reason=why, requested_by=actor.id,
        dup_policy="once" if KINDS[document.kind].once else "retry_ok", state=PRINT_JOB.initial.value,
        expires_at=now + rules.EXPIRES, attempts=0, created_at=now,
    )  # fmt: skip
    session().add(job)
    session().flush()
    note(job, "requested", why)
    return job


def arm(actor: Actor, job_id: uuid.UUID) -> PrintJob:
    """Last look before the printer: from here on a waybill is not sent again without a person (law 10).

    A label that may be printed twice may be armed twice. Refuses `sent_before`, `printed_before`, and what
    `request_print` refuses: the label may have become void since.
    """
    load_document_to_print(actor, queries.document_of_job(actor, job_id).id)
    job = lock_job(job_id)
    if job.dup_policy == "retry_ok" and job.state in {*SENT, PrintState.PRINTED, PrintState.EXPIRED}:
        return job
    refuse_sent(job)
    if job.state == PrintState.EXPIRED.value:
        move_job(job, "queue_again")
    if job.printer_id is not None:
        raise Refused("at_a_printer", {}, next_step="wait")
    move_job(job, "arm")
    job.dispatching_at, job.attempts = clock.now(), job.attempts + 1
    session().flush()
    return job


def refuse_sent(job: PrintJob) -> None:
    """Refuse `sent_before` and `printed_before`: what was sent is not sent again by asking once more."""
    if job.state in SENT:
        raise Refused("sent_before", {}, next_step="scan_or_report_lost")
    if job.state == PrintState.PRINTED.value:
        raise Refused("printed_before", {}, next_step="reprint")


def reprint(actor: Actor, document_id: uuid.UUID, reason: str, station_id: uuid.UUID | None = None) -> PrintJob:
    """One more print of a label that was printed or sent: for a waybill with permission, always with a reason."""
    document = load_document_to_print(actor, document_id)
    if KINDS[document.kind].once and not actor.may(Permission.LABELS_REPRINT):
        raise Refused("printed_before", {}, next_step="ask_supervisor")
    if not reason.strip():
        raise invalid("/reason", "reprint_reason_missing")
    if queries.last_job(document.id) is None:
        raise Refused("not_printed_yet", {})
    return _reprint(actor, document, reason, station_id)


def _reprint(actor: Actor, document: LabelDocument, reason: str, station_id: uuid.UUID | None) -> PrintJob:
    job = insert_job(actor, document, station_id, REPRINT, reason.strip()[:120])
    record(
        LabelReprinted(
            subject_id=document.id, warehouse_id=document.warehouse_id, owner_id=document.owner_id, kind=document.kind,
            job_id=job.id,
        )
    )  # fmt: skip
    return job


def report_lost(actor: Actor, job_id: uuid.UUID) -> PrintJob:
    """ "No label came out": the sent job ends, and a reprint with the reason *lost* takes its place.

    Only while nobody has scanned the label: a printed one is reprinted with permission.
    """
    document = load_document_to_print(actor, queries.document_of_job(actor, job_id).id)
    job = lock_job(job_id)
    if job.state not in SENT:
        raise Refused("printed_before" if job.state == PrintState.PRINTED.value else "not_printed_yet", {})
    if is_being_sent(job):
        raise Refused("still_sending", {}, next_step="wait")
    move_job(job, "cancel", "lost")
    again = _reprint(actor, document, "lost", job.station_id)
    again.printer_id, again.batch_id, again.batch_seq = job.printer_id, job.batch_id, job.batch_seq
    session().flush()
    return again


def is_being_sent(job: PrintJob) -> bool:
    """Its agent may be sending it at this very moment: to send another now would be two."""
    under_way = job.printer_id is not None and job.state == PrintState.DISPATCHING.value
    return under_way and job.dispatching_at is not None and clock.now() - job.dispatching_at < rules.SIGHT


def cancel_waiting(document_ids: Iterable[uuid.UUID], state: PrintState) -> None:
    """Prints that have not been sent end with their documents; what was sent cannot be called back."""
    waiting = PRINT_JOB.moves["void"].sources
    ids = session().scalars(
        select(PrintJob.id).where(PrintJob.document_id.in_(set(document_ids)), PrintJob.state.in_(waiting))
    )
    for job in lock(Rank.DOCUMENT, PrintJob, ids):
        if job.state in waiting:
            job.state = state.value
            note(job, state.value)
    session().flush()


def load_document_to_print(actor: Actor, document_id: uuid.UUID) -> LabelDocument:
    """The document under lock, fit to be printed; 404 outside the actor's scope."""
    document = lock_one(Rank.DOCUMENT, LabelDocument, document_id)
    if document is None or not queries.sees(actor, document):
        raise not_found("document")
    queries.require_ready(document)
    return document


def lock_job(job_id: uuid.UUID) -> PrintJob:
    job = lock_one(Rank.DOCUMENT, PrintJob, job_id)
    if job is None:
        raise not_found("print job")
    return job


def move_job(job: PrintJob, action: str, detail: str | None = None) -> None:
    job.state = PRINT_JOB.apply(action, job.state).value
    session().flush()
    note(job, action, detail)


_NOTE = Statement(
    "INSERT INTO print_event (job_id, source, seq, type, detail, at) SELECT :job, 'server', coalesce(max(seq), 0) + 1,"
    " :kind, :detail, :now FROM print_event WHERE job_id = :job"
)


def note(job: PrintJob, kind: str, detail: str | None = None) -> None:
    """Add to the job's history; the job is locked or new, and written."""
    _NOTE.run({"job": job.id, "kind": kind, "detail": detail, "now": clock.now()})
