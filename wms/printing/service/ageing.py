"""What time does to prints: claims lapse, waiting ones expire, sent ones that nobody saw become *unknown*."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.printing import rules
from wms.printing.models import DocumentState, LabelDocument, PrintJob, PrintState
from wms.printing.service.prints import move_job
from wms.printing.workflow import PRINT_JOB

CLAIMED = (PrintState.CLAIMED.value, PrintState.FETCHED.value)
ONCE, RETRY_OK = "once", "retry_ok"


def age_prints(now: datetime) -> tuple[int, int]:
    """The schedule: waiting prints expire, sent ones that nobody scanned become *unknown*; how many of each.

    Claims that lapsed wait again. What may be printed twice is sent again a few times.
    """
    waiting, moving = PRINT_JOB.moves["expire"].sources, PrintState.DISPATCHING.value
    stale = _ids(PrintJob.state.in_(waiting) & (PrintJob.expires_at < now))
    unseen = _ids((PrintJob.state == moving) & (PrintJob.dispatching_at < now - rules.SIGHT))
    lapsed = _ids(PrintJob.state.in_(CLAIMED) & (PrintJob.lease_until < now))
    retry_doubles()  # those of the last time: they lock their labels, so they come before the jobs of this one
    expired = unknown = 0
    for job in lock(Rank.DOCUMENT, PrintJob, [*stale, *unseen, *lapsed]):
        if job.state in waiting and job.expires_at < now:
            move_job(job, "expire")
            expired += 1
        elif job.state in CLAIMED and job.lease_until is not None and job.lease_until < now:
            release(job, "lease")
        elif job.state == moving and job.dispatching_at is not None and job.dispatching_at < now - rules.SIGHT:
            move_job(job, "lose_sight")
            unknown += 1
    return expired, unknown


def release(job: PrintJob, why: str) -> None:
    """A claim ends before the last look: the job waits for the next one."""
    move_job(job, "requeue", why)
    job.claimed_by = job.lease_until = None
    session().flush()


def retry_doubles() -> int:
    """Send again what an agent lost sight of and what may be printed twice, at most `rules.MOST_TRIES` times in all."""
    query = select(PrintJob.id, PrintJob.document_id).where(
        PrintJob.state == PrintState.UNKNOWN.value, PrintJob.dup_policy == RETRY_OK,
        PrintJob.printer_id.is_not(None), PrintJob.attempts < rules.MOST_TRIES,
    )  # fmt: skip
    found = session().execute(query).all()
    documents = {each.id: each for each in lock(Rank.DOCUMENT, LabelDocument, [row.document_id for row in found])}
    retried = 0
    for job in lock(Rank.DOCUMENT, PrintJob, [row.id for row in found]):
        if job.state == PrintState.UNKNOWN.value and documents[job.document_id].state == DocumentState.READY.value:
            move_job(job, "retry")
            retried += 1
    return retried


def _ids(condition: object) -> Sequence[uuid.UUID]:
    return session().scalars(select(PrintJob.id).where(condition)).all()  # type: ignore[arg-type]
