"""Jobs leave after commit, through this table, which is the truth; Redis is only the courier (law 9).

A row is inserted with the business change. After the commit RQ gets a hint; if Redis loses it, the sweeper finds the
row again. A worker *claims* the row with a lease, does the work, and marks it done in the same transaction as the
result, under the fencing token of its claim: two workers on one row give one effect.
"""

from __future__ import annotations

import errno
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
import structlog
from sqlalchemy import BigInteger, Identity, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.core.ids import new_id
from wms.platform import cause, metrics, tracing
from wms.platform.commands import name_transaction
from wms.platform.database import Base, Data, DocumentId, Instant, after_commit, session, transaction
from wms.platform.statements import Statement

MAX_ATTEMPTS = 8
BACKOFF_SECONDS = (1, 5, 15, 60, 300, 900, 1800)
PASSING_SECONDS = 5  # until a job is tried again that met a broken house

log = structlog.get_logger(__name__)


class OutboxJob(Base):
    """One job. `payload` holds ids only. Jobs of one `ordering_key` run in the order they were written."""

    __tablename__ = "outbox_job"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_job_due", "next_at", postgresql_where=text("state IN ('new', 'leased')")),
        Index("ix_outbox_job_ordering", "ordering_key", "sequence",
              postgresql_where=text("state IN ('new', 'leased') AND ordering_key IS NOT NULL")),
        Index("ix_outbox_job_dead", "sequence", postgresql_where=text("state = 'dead'")),
    )  # fmt: skip

    id: Mapped[DocumentId]
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    topic: Mapped[str] = mapped_column(String(64))
    dedupe_key: Mapped[str] = mapped_column(String(200))
    ordering_key: Mapped[str | None] = mapped_column(String(120))
    payload: Mapped[Data]
    cause: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # what wrote it: `wms.platform.cause`, and its trace
    state: Mapped[str] = mapped_column(String(8), default="new")  # new | leased | done | dead
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[Instant]
    lease_until: Mapped[Instant | None]
    lease_token: Mapped[int] = mapped_column(BigInteger, default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Instant]
    done_at: Mapped[Instant | None]


class PermanentFailure(Exception):
    """A job that can never succeed: it goes to *dead* at once, with this reason, for a person to look at."""


class Away(Exception):
    """What a job needs does not answer. It is tried until it does: no outage, however long, makes a job *dead*."""


Handler = Callable[[dict[str, Any]], None]


class JobTable:
    """Topic → handler, and the courier that hints at new rows. Filled once, by the composition root."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.queues: dict[str, str] = {}
        self.courier: Callable[[uuid.UUID, str], None] | None = None
        self.lease_seconds = 120

    def register(self, topic: str, handler: Handler, queue: str = "default") -> None:
        self.handlers[topic] = handler
        self.queues[topic] = queue


jobs = JobTable()


_ADD = Statement(
    "INSERT INTO outbox_job (id, topic, dedupe_key, ordering_key, payload, cause, state, attempts, next_at,"
    " lease_token, created_at) VALUES (:id, :topic, :dedupe_key, :ordering_key, CAST(:payload AS jsonb),"
    " CAST(:cause AS jsonb), 'new', 0, :now, 0, :now) ON CONFLICT (dedupe_key) DO NOTHING RETURNING id"
)


def add_job(topic: str, payload: dict[str, Any], dedupe_key: str, ordering_key: str | None = None) -> uuid.UUID | None:
    """Insert a job with the current transaction; None when this `dedupe_key` was already written."""
    if topic not in jobs.handlers:
        raise ValueError(f"no handler is registered for topic {topic!r}")
    job_id = new_id()
    now = clock.now()
    known = {**cause.current(), **tracing.carried()}
    values = {
        "id": job_id, "cause": orjson.dumps(known).decode() if known else None,
        "topic": topic, "dedupe_key": dedupe_key, "ordering_key": ordering_key,
        "payload": orjson.dumps(payload, default=str).decode(), "now": now,
    }  # fmt: skip
    if _ADD.first(values) is None:
        return None
    after_commit(lambda: hint(job_id, topic))
    return job_id


def hint(job_id: uuid.UUID, topic: str) -> None:
    """Tell the courier about a committed row. Losing the hint costs latency, never the job."""
    if jobs.courier is not None:
        jobs.courier(job_id, jobs.queues.get(topic, "default"))


# Leases and turns go by the database's clock, one for all workers, unless time itself is simulated.
_NOW = "coalesce(CAST(:ruling AS timestamptz), clock_timestamp())"
_CLAIM = Statement(
    "UPDATE outbox_job AS mine SET state = 'leased', lease_token = lease_token + 1, attempts = attempts + 1,"
    f" lease_until = {_NOW} + make_interval(secs => :lease)"
    f" WHERE id = :id AND (state = 'new' OR (state = 'leased' AND lease_until < {_NOW}))"
    " AND (ordering_key IS NULL OR NOT EXISTS (SELECT 1 FROM outbox_job earlier"
    "   WHERE earlier.ordering_key = mine.ordering_key AND earlier.sequence < mine.sequence"
    "   AND earlier.state IN ('new', 'leased')))"
    " RETURNING topic, payload, cause, lease_token, attempts,"
    f" extract(epoch FROM {_NOW} - created_at) AS waited"
)
_DONE = Statement(
    "UPDATE outbox_job SET state = 'done', done_at = :now, lease_until = NULL, last_error = NULL"
    " WHERE id = :id AND lease_token = :token AND state = 'leased' RETURNING ordering_key, sequence"
)
_NEXT_IN_ORDER = Statement(
    "SELECT id, topic FROM outbox_job WHERE ordering_key = :key AND sequence > :sequence AND state = 'new'"
    " ORDER BY sequence LIMIT 1"
)


class LeaseLost(RuntimeError):
    """Another worker took this job over while we worked; our result is rolled back."""


def perform(job_id: uuid.UUID) -> bool:
    """Claim and run one job. False when it is not ours to run (done, leased by another, or not yet its turn).

    A fault leaves the row for a later attempt, or *dead* after ``MAX_ATTEMPTS`` (`Away` never kills); it never raises
    for a job's own failure, which is recorded and logged.
    """
    with transaction():
        claimed = _CLAIM.first({"id": job_id, "lease": jobs.lease_seconds, "ruling": clock.ruling()})
    if claimed is None:
        return False
    waited = max(0.0, float(claimed.waited))
    if claimed.lease_token == 1:
        metrics.JOB_WAIT.observe(waited, claimed.topic)
    ids = _cause_of(job_id, claimed.cause)
    with cause.of(**ids), tracing.span("job", claimed.topic, claimed.cause, **{"wms.job": str(job_id)}) as span:
        began = time.perf_counter()
        metrics.tally.take()
        outcome = _run(job_id, claimed)
        seconds = time.perf_counter() - began
        metrics.JOBS.add(claimed.topic, outcome)
        metrics.JOB_TIME.observe(seconds, claimed.topic)
        span.set_attribute("wms.outcome", outcome)
        log.info(
            "job", topic=claimed.topic, outcome=outcome, attempt=claimed.attempts, ms=round(seconds * 1000, 1),
            waited_ms=round(waited * 1000), statements=metrics.tally.take()[0],
        )  # fmt: skip
    return outcome == "done"


def _cause_of(job_id: uuid.UUID, carried: dict[str, str] | None) -> cause.Cause:
    """The ids of a job: its own, and those of what wrote it. A job that was written by a job names that one too."""
    known = {key: value for key, value in (carried or {}).items() if key != tracing.TRACEPARENT}
    parent = {"parent_job": known.pop("job")} if "job" in known else {}
    return {**known, **parent, "job": str(job_id)}


def _run(job_id: uuid.UUID, claimed: Any) -> str:
    """done, or why not: lease_lost, failed, dead."""
    try:
        with transaction():
            name_transaction(f"job:{job_id}")
            jobs.handlers[claimed.topic](claimed.payload)
            finished = _DONE.first({"id": job_id, "token": claimed.lease_token, "now": clock.now()})
            if finished is None:
                raise LeaseLost(str(job_id))
            follower = _follower(finished.ordering_key, finished.sequence)
            if follower is not None:
                next_id, next_topic = follower
                after_commit(lambda: hint(next_id, next_topic))
    except LeaseLost:
        log.warning("outbox.lease_lost", topic=claimed.topic)
        return "lease_lost"
    except Exception as fault:  # noqa: BLE001 - whatever a job raises is recorded on its row, in words for the operator
        return _record_failure(job_id, claimed.topic, claimed.lease_token, claimed.attempts, fault)
    return "done"


def _follower(ordering_key: str | None, sequence: int) -> tuple[uuid.UUID, str] | None:
    if ordering_key is None:
        return None
    row = _NEXT_IN_ORDER.first({"key": ordering_key, "sequence": sequence})
    return None if row is None else (row.id, row.topic)


def _record_failure(job_id: uuid.UUID, topic: str, token: int, attempts: int, fault: Exception) -> str:
    passing = is_passing(fault)
    dead = isinstance(fault, PermanentFailure) or (attempts >= MAX_ATTEMPTS and not passing)
    log.error("outbox.failed", topic=topic, attempts=attempts, dead=dead, exc_info=fault)
    # The type and a short text only: an exception may quote a row with personal data.
    error = f"{type(fault).__name__}: {str(fault).splitlines()[0][:200]}" if str(fault) else type(fault).__name__
    values = {
        "state": "dead" if dead else "new", "error": error, "id": job_id, "token": token,
        "delay": PASSING_SECONDS if passing else _pause(attempts), "lives": attempts - 1 if passing else attempts,
        "ruling": clock.ruling(),
    }  # fmt: skip
    with transaction():
        _RECORD.run(values)
    return "dead" if dead else "failed"


def give_back(job_id: uuid.UUID, reason: str) -> None:
    """Somebody who knows that the worker of this job is dead ends its lease: an attempt that failed, like any other.

    A job that kills its worker each time is *dead* after ``MAX_ATTEMPTS``.
    """
    with transaction():
        row = _LEASED.first({"id": job_id})
        if row is None:
            return
        dead = row.attempts >= MAX_ATTEMPTS
        metrics.JOBS.add(row.topic, "dead" if dead else "failed")
        log.error("outbox.worker_died", job=str(job_id), topic=row.topic, attempts=row.attempts, dead=dead)
        values = {
            "state": "dead" if dead else "new", "error": reason[:200], "id": job_id, "token": row.lease_token,
            "delay": _pause(row.attempts), "lives": row.attempts, "ruling": clock.ruling(),
        }  # fmt: skip
        _RECORD.run(values)


_LEASED = Statement("SELECT topic, attempts, lease_token FROM outbox_job WHERE id = :id AND state = 'leased'")
_RECORD = Statement(
    "UPDATE outbox_job SET state = :state, lease_until = NULL, last_error = :error, attempts = :lives,"
    f" next_at = {_NOW} + make_interval(secs => :delay)"
    " WHERE id = :id AND lease_token = :token AND state = 'leased'"
)
# No room, no files left to open, a disk that is read-only or torn out.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}


def is_passing(fault: Exception) -> bool:
    """Whether the house is broken and not the job: then it is tried until the house is mended, and never given up."""
    if isinstance(fault, Away):
        return True
    if isinstance(fault, OSError):
        return fault.errno in _NO_ROOM
    if isinstance(fault, DBAPIError):
        state = getattr(fault.orig, "sqlstate", None) or ""
        # lost or refused connections, no room or memory, shutting down, deadlocks and locks that were not got
        return fault.connection_invalidated or state.startswith(("08", "53", "57P", "40", "55P"))
    return False


def _pause(attempts: int) -> int:
    return BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1]


_RUNS_NOT = f"next_at <= {_NOW} - :age * interval '1 second' AND (state = 'new' OR lease_until < {_NOW})"
# Those behind an earlier job of their key cannot run: they must not crowd out the ones that can.
_DUE = Statement(
    "SELECT n.id, n.topic, n.is_first FROM (SELECT id, topic, sequence, state, next_at, lease_until, (ordering_key IS NULL"
    "  OR NOT EXISTS (SELECT 1 FROM outbox_job earlier WHERE earlier.ordering_key = mine.ordering_key"
    "   AND earlier.sequence < mine.sequence AND earlier.state IN ('new', 'leased'))) AS is_first"
    "  FROM outbox_job mine WHERE state IN ('new', 'leased') ORDER BY next_at LIMIT :near) n"
    f" WHERE {_RUNS_NOT} ORDER BY n.is_first DESC, n.sequence"
)
# The first of each key, found from key to key whatever stands behind it, and those without a key.
_FIRSTS = Statement(
    "WITH RECURSIVE firsts AS ((SELECT id, topic, sequence, state, next_at, lease_until, ordering_key FROM outbox_job"
    "  WHERE state IN ('new', 'leased') AND ordering_key IS NOT NULL ORDER BY ordering_key, sequence LIMIT 1) UNION ALL"
    "  SELECT n.* FROM firsts f CROSS JOIN LATERAL (SELECT id, topic, sequence, state, next_at, lease_until, ordering_key"
    "   FROM outbox_job WHERE state IN ('new', 'leased') AND ordering_key > f.ordering_key"
    "   ORDER BY ordering_key, sequence LIMIT 1) n)"
    f" SELECT id, topic FROM (SELECT id, topic, sequence FROM firsts WHERE {_RUNS_NOT} UNION ALL"
    "  (SELECT id, topic, sequence FROM outbox_job WHERE state IN ('new', 'leased') AND ordering_key IS NULL"
    f"   AND {_RUNS_NOT} ORDER BY next_at LIMIT :limit)) x ORDER BY sequence LIMIT :limit"
)
# Whether more were due before now than are looked at first: those may all be in work.
_BEYOND = Statement(
    f"SELECT 1 FROM outbox_job WHERE state IN ('new', 'leased') AND next_at <= {_NOW} - :age * interval '1 second'"
    " ORDER BY next_at OFFSET :near LIMIT 1"
)
NEAR = 500  # jobs that are looked at first


def due_jobs(limit: int = 100, age_seconds: float = 2.0) -> list[tuple[uuid.UUID, str]]:
    """Rows that should be running and are not: never hinted, hint lost, or their lease ran out.

    The jobs that were due first are looked at; where those are a long backlog of few keys (a webhook's receiver is away),
    of which one each can run, or are in work themselves, the first of every key is sought instead.
    """
    asked = {"age": age_seconds, "ruling": clock.ruling()}
    reach = {"near": max(NEAR, limit)}
    with transaction():
        near = _DUE.all(asked | reach)
        rows = [row for row in near if row.is_first]
        if len(rows) < limit and (len(near) > len(rows) or _BEYOND.first(asked | reach) is not None):
            rows = _FIRSTS.all(asked | {"limit": limit})
    return [(row.id, row.topic) for row in rows[:limit]]


_BEHIND = Statement(
    "SELECT n.id FROM outbox_job d JOIN outbox_job n ON n.ordering_key = d.ordering_key AND n.sequence > d.sequence"
    f" AND n.state = 'new' AND n.next_at <= {_NOW} WHERE d.id = :id ORDER BY n.sequence LIMIT 1"
)


def perform_in_a_row(job_id: uuid.UUID) -> int:
    """Run a job here and then those that waited behind it (its ordering key), for who has no courier to hint at them: one
    look around (`due_jobs`) finds only the first of each key. Returns how many were done.
    """
    done = 0
    following: uuid.UUID | None = job_id
    while following is not None and perform(following):
        done += 1
        with transaction():
            following = _BEHIND.scalar({"id": following, "ruling": clock.ruling()})
    return done


def oldest_due_seconds() -> float:
    """Age in seconds of the oldest job that waits (0 when none); `/readyz` reports it."""
    statement = text(
        f"SELECT coalesce(extract(epoch FROM {_NOW} - min(next_at)), 0) FROM outbox_job"
        f" WHERE state IN ('new', 'leased') AND next_at < {_NOW}"
    )
    return max(0.0, float(session().execute(statement, {"ruling": clock.ruling()}).scalar_one()))


def open_counts() -> dict[str, int]:
    """Rows by state, without the finished ones."""
    rows = session().execute(
        text(
            "SELECT state, count(*) AS n FROM outbox_job WHERE state IN ('new', 'leased') GROUP BY state"
            " UNION ALL SELECT state, count(*) FROM outbox_job WHERE state = 'dead' GROUP BY state"
        )
    )
    return {row.state: row.n for row in rows}


_RESUME = (
    f"UPDATE outbox_job SET state = 'new', attempts = 0, next_at = {_NOW}"
    f" WHERE {{}} AND (state = 'dead' OR (state = 'new' AND next_at > {_NOW})) RETURNING id, topic"
)
_RESUME_ONE = Statement(_RESUME.format("id = :id"))
_RESUME_TOPIC = Statement(_RESUME.format("topic = :topic"))


def resume(job_id: uuid.UUID) -> bool:
    """Give a dead job another life, and one that waits for its next attempt that attempt now; for a person who mended
    the cause. False when it is neither.
    """
    return _resumed(_RESUME_ONE.all({"id": job_id, "ruling": clock.ruling()})) == 1


def resume_topic(topic: str) -> int:
    """The same for all jobs of a topic; how many there were."""
    return _resumed(_RESUME_TOPIC.all({"topic": topic, "ruling": clock.ruling()}))


def _resumed(rows: list[Any]) -> int:
    for row in rows:
        after_commit(partial(hint, row.id, row.topic))
    return len(rows)
