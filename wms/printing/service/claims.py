"""What agents do with jobs (reference: printing.md, section 3): claim, fetch, arm, tell.

A claim carries a fencing token: what an older claim asks or tells counts for nothing. Everything up to *arm* may be done
again; after it a waybill goes on only by proof that nothing was sent, or by a person.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.refusals import Refused, not_found
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement
from wms.printing import queries, rules
from wms.printing.models import (
    DocumentState,
    LabelDocument,
    Printer,
    PrintEvent,
    PrintJob,
    PrintState,
    print_claim,
)  # fmt: skip
from wms.printing.service.ageing import RETRY_OK, release
from wms.printing.service.prints import lock_job, move_job
from wms.printing.workflow import PRINT_JOB

MOST_OFFERS = 10
BEFORE_THE_LAST_LOOK = frozenset({PrintState.CLAIMED, PrintState.FETCHED})

# A single label before batches: somebody stands and waits for it. A batch keeps its order: behind a label that is on
# its way or in doubt nothing of it is offered.
_OFFERS = Statement(
    "SELECT j.id, j.printer_id FROM printer p JOIN print_job j ON j.printer_id = p.id"
    " JOIN label_document d ON d.id = j.document_id"
    " WHERE p.agent_id = :agent AND p.paused_at IS NULL AND j.state = 'queued' AND j.expires_at > :now"
    " AND d.state = 'ready' AND d.erased_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM print_job e WHERE e.printer_id = p.id AND e.batch_id = j.batch_id"
    " AND e.batch_seq < j.batch_seq AND e.state IN ('queued', 'claimed', 'fetched', 'dispatching', 'unknown'))"
    " ORDER BY j.batch_id NULLS FIRST, j.batch_seq, j.id LIMIT :most"
)


def offers(agent_id: uuid.UUID) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """(job, printer) of what waits for this agent's printers, in the order in which it must be printed."""
    rows = _OFFERS.all({"agent": agent_id, "now": clock.now(), "most": MOST_OFFERS})
    return [(row.id, row.printer_id) for row in rows]


_UNWANTED = Statement(
    "SELECT j.id FROM print_job j JOIN printer p ON p.id = j.printer_id"
    " WHERE j.id = ANY(CAST(:ids AS uuid[])) AND p.agent_id = :agent AND j.state IN ('cancelled', 'voided')"
)


def unwanted(agent_id: uuid.UUID, job_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Of the jobs that this agent's printers have taken, those that must not come out any more: somebody has said that
    none came, and has another printed.
    """
    return [row.id for row in _UNWANTED.all({"ids": list(job_ids), "agent": agent_id})] if job_ids else []


@dataclass(frozen=True)
class Claim:
    """A claimed job. `next_seq`: from where on the agent numbers what it tells of it."""

    job: PrintJob
    document: LabelDocument
    printer: Printer
    next_seq: int


def claim(agent_id: uuid.UUID, job_id: uuid.UUID) -> Claim:
    """Take a job for a minute. The same agent may claim again what it has not armed: its older claim lapses.

    404 for a job of another agent's printer. Refuses `claim_lost` for one that does not wait, `print_expired`, and
    what must not be printed any more.
    """
    document, job, printer = _locked(agent_id, job_id)
    queries.require_ready(document)
    if job.state in BEFORE_THE_LAST_LOOK and job.claimed_by == agent_id:
        release(job, "claimed again")
    if job.state != PrintState.QUEUED.value or printer.paused_at is not None:
        raise Refused("claim_lost", {"state": job.state})
    if job.expires_at <= clock.now():
        raise Refused("print_expired")
    _require_medium(document, printer)
    move_job(job, "claim", printer.name)
    job.claim_token = session().execute(select(print_claim.next_value())).scalar_one()
    job.claimed_by, job.lease_until = agent_id, clock.now() + rules.LEASE
    session().flush()
    told = select(func.max(PrintEvent.seq)).where(PrintEvent.job_id == job.id, PrintEvent.source == "agent")
    return Claim(job, document, printer, (session().scalar(told) or 0) + 1)


def fetch(agent_id: uuid.UUID, job_id: uuid.UUID, token: int) -> Claim:
    """Note that the file is being fetched; the same claim may fetch again. Refuses `claim_lost`."""
    document, job, printer = _locked(agent_id, job_id)
    queries.require_ready(document)
    _require_claim(agent_id, job, token)
    if job.state == PrintState.CLAIMED.value:
        move_job(job, "fetch")
    elif job.state != PrintState.FETCHED.value:
        raise Refused("claim_lost", {"state": job.state})
    return Claim(job, document, printer, 0)


def arm_claimed(agent_id: uuid.UUID, job_id: uuid.UUID, token: int) -> PrintJob:
    """The last look: with the commit of this the label is taken as sent, whatever happens (law 10).

    The same claim may ask again, for an answer that got lost: it has sent nothing before it has one. Refuses
    `claim_lost`, `print_expired`, `media_differs`, and a label that became void.
    """
    document, job, printer = _locked(agent_id, job_id)
    _require_claim(agent_id, job, token)
    if job.state == PrintState.DISPATCHING.value:
        return job
    queries.require_ready(document)
    now = clock.now()
    if job.state != PrintState.FETCHED.value or job.lease_until is None or job.lease_until < now:
        raise Refused("claim_lost", {"state": job.state})
    if job.expires_at <= now:
        raise Refused("print_expired")
    _require_medium(document, printer)
    move_job(job, "arm")
    job.dispatching_at, job.attempts, job.spool_id = now, job.attempts + 1, None
    session().flush()
    return job


@dataclass(frozen=True)
class Word:
    """One thing an agent tells of a job, numbered by it. `detail`: the spooler's name of it, or what went wrong."""

    seq: int
    type: str  # sent | unsent | lost | completed | note
    detail: str | None = None


def tell(agent_id: uuid.UUID, job_id: uuid.UUID, token: int, words: Sequence[Word]) -> PrintJob:
    """Take in what an agent tells, each thing once by its number. Refuses `claim_lost` for an older claim.

    What no longer matters (the job was cancelled, the label scanned meanwhile) is kept in the history and changes
    nothing.
    """
    document, job, _ = _locked(agent_id, job_id)
    _require_claim(agent_id, job, token)
    for word in sorted(words, key=lambda each: each.seq):
        if _is_news(job, word):
            _take_in(document, job, word)
    session().flush()
    return job


def _is_news(job: PrintJob, word: Word) -> bool:
    values = {"job_id": job.id, "source": "agent", "seq": word.seq, "type": word.type, "detail": word.detail,
              "at": clock.now()}  # fmt: skip
    statement = insert(PrintEvent).values(values).on_conflict_do_nothing().returning(PrintEvent.seq)
    return session().scalar(statement) is not None


def _take_in(document: LabelDocument, job: PrintJob, word: Word) -> None:
    if word.type == "sent" and PRINT_JOB.permitted("sent", job.state):
        move_job(job, "sent", word.detail)
        job.spool_id = word.detail
    elif word.type == "unsent":
        job.last_error = word.detail
        _unsent(document, job, word.detail or "")
    elif word.type == "lost" and PRINT_JOB.permitted("lose_sight", job.state):
        job.last_error = word.detail
        move_job(job, "lose_sight", word.detail)
    elif word.type == "completed" and job.dup_policy == RETRY_OK and job.state == PrintState.DISPATCHED.value:
        # A printer's word is enough where a second label does no harm. A waybill counts when it has been scanned.
        move_job(job, "confirm", "printer")
        job.confirmed_by, job.printed_at = "printer", clock.now()


def _unsent(document: LabelDocument, job: PrintJob, why: str) -> None:
    """Nothing reached the printer: the job waits again, unless its label or its time has gone."""
    if job.state in BEFORE_THE_LAST_LOOK:
        release(job, why)
        return
    if not PRINT_JOB.permitted("prove_unsent", job.state):
        return
    move_job(job, "prove_unsent", why)
    if document.state != DocumentState.READY.value:
        move_job(job, "void")
    elif job.expires_at <= clock.now():
        move_job(job, "expire")
    else:
        release(job, why)


def _locked(agent_id: uuid.UUID, job_id: uuid.UUID) -> tuple[LabelDocument, PrintJob, Printer]:
    """Label and job under lock, in this order; 404 unless the job is one of the agent's printers'."""
    query = select(PrintJob.document_id, Printer).join(Printer, Printer.id == PrintJob.printer_id)
    row = session().execute(query.where(PrintJob.id == job_id, Printer.agent_id == agent_id)).first()
    if row is None:
        raise not_found("print job")
    document = lock_one(Rank.DOCUMENT, LabelDocument, row.document_id)
    job = lock_job(job_id)
    if document is None or job.printer_id != row.Printer.id:
        raise not_found("print job")
    return document, job, row.Printer


def _require_claim(agent_id: uuid.UUID, job: PrintJob, token: int) -> None:
    if job.claim_token != token or job.claimed_by != agent_id:
        raise Refused("claim_lost", {"state": job.state})


def _require_medium(document: LabelDocument, printer: Printer) -> None:
    if not rules.fits(document.size_mm, (printer.width_mm, printer.height_mm)):
        raise Refused("media_differs", {"printer": printer.name})
