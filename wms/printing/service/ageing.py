"""What time does to prints: claims lapse, waiting ones expire, sent ones that nobody saw become *unknown*."""

from __future__ import annotations

from datetime import datetime

from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement
from wms.printing import rules
from wms.printing.models import DocumentState, LabelDocument, PrintJob, PrintState
from wms.printing.service.prints import move_job
from wms.printing.workflow import PRINT_JOB

MOVING = PrintState.DISPATCHING.value
CLAIMED = (PrintState.CLAIMED.value, PrintState.FETCHED.value)
ONCE, RETRY_OK = "once", "retry_ok"


_STALE = Statement("SELECT id FROM print_job WHERE state IN ('queued', 'claimed', 'fetched') AND expires_at < :now")
_LAPSED = Statement("SELECT id FROM print_job WHERE state IN ('claimed', 'fetched') AND lease_until < :now")
_UNSEEN = Statement("SELECT id FROM print_job WHERE state = 'dispatching' AND dispatching_at < :before")
_DOUBLES = Statement(
    "SELECT id, document_id FROM print_job WHERE state = 'unknown' AND dup_policy = 'retry_ok'"
    " AND printer_id IS NOT NULL AND attempts < :most"
)


def age_prints(now: datetime) -> tuple[int, int]:
    """The schedule: waiting prints expire, sent ones that nobody scanned become *unknown*; how many of each.

    Claims that lapsed wait again. What may be printed twice is sent again a few times.
    """
    retry_doubles()  # those of the last time: they lock their labels, so they come before the jobs of this one
    before = now - rules.SIGHT
    aged = [*_STALE.column({"now": now}), *_LAPSED.column({"now": now}), *_UNSEEN.column({"before": before})]
    expired = unknown = 0
    for job in lock(Rank.DOCUMENT, PrintJob, aged):
        if PRINT_JOB.permitted("expire", job.state) and job.expires_at < now:
            move_job(job, "expire")
            expired += 1
        elif job.state in CLAIMED and job.lease_until is not None and job.lease_until < now:
            release(job, "lease")
        elif job.state == MOVING and job.dispatching_at is not None and job.dispatching_at < before:
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
    found = _DOUBLES.all({"most": rules.MOST_TRIES})
    documents = {each.id: each for each in lock(Rank.DOCUMENT, LabelDocument, [row.document_id for row in found])}
    retried = 0
    for job in lock(Rank.DOCUMENT, PrintJob, [row.id for row in found]):
        if job.state == PrintState.UNKNOWN.value and documents[job.document_id].state == DocumentState.READY.value:
            move_job(job, "retry")
            retried += 1
    return retried
