"""Commands (law 7): the row of a command, its effect and its answer commit together.

The same id again gives the same answer and one effect; the same id with another body is refused. A refusal rolls all
back and is then committed as the answer, unless a twin was quicker: then its answer is given. Faults (5xx) and malformed
or unauthorised requests are not stored.

Rows live 30 days, partitioned by day. A UUIDv7 id carries its day, so that one unique key decides; any other key is
first looked up over all days under an advisory lock of its own.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache, partial
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Date, Integer, LargeBinary, PrimaryKeyConstraint, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import made_at, new_id, parse_id
from wms.core.refusals import RefusalKind, Refused
from wms.platform import cause, metrics, tracing
from wms.platform.database import Base, Instant, commit, rollback, session
from wms.platform.statements import Answer, Statement, commit_with, notes, send_behind

KEEP_DAYS = 30
MAX_KEY_LENGTH = 255
# serialization failure, deadlock, lock not available: the whole command is run again (reference: reliability 2.3), and
# so it is when its connection was lost
RETRYABLE = {"40001", "40P01", "55P03", "57P01", "57P02"}  # the last two: a connection that is being ended
ATTEMPTS = 4

T = TypeVar("T")


class CommandRow(Base):
    """One command and its answer. Partitioned by `day`; holds ids and numbers, never personal data."""

    __tablename__ = "command"
    __table_args__ = (
        PrimaryKeyConstraint("day", "scope", "id", name="pk_command"),
        {"postgresql_partition_by": "RANGE (day)"},
    )

    day: Mapped[date] = mapped_column(Date)
    scope: Mapped[str] = mapped_column(String(64))
    id: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH))
    name: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    outcome: Mapped[str | None] = mapped_column(String(8))
    status: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Instant]


@dataclass(frozen=True)
class Done:
    """The effect happened. `answer` is JSON with ids only; `replayed` when it happened earlier."""

    answer: Any
    status: int = 200
    replayed: bool = False


Outcome = Done | Refused


@dataclass(frozen=True)
class Command:
    """A client-made id, the scope it is unique in, an operation name, and the body it stands for."""

    id: str
    scope: str
    name: str
    body: Any

    def fingerprint(self) -> bytes:
        """SHA-256 over the operation and the canonical body: the same id must mean the same request."""
        meant = [self.name, self.body]
        try:
            canonical = orjson.dumps(meant, default=str, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:
            # Not yet checked items of a bulk may hold what JSON allows and orjson does not write: numbers over 64 bits,
            # lone surrogates. The same body always takes the same way here.
            canonical = json.dumps(meant, default=str, sort_keys=True).encode()
        return hashlib.sha256(canonical).digest()

    def item(self, index: int, name: str, body: Any) -> Command:
        """The command of one item of a bulk request: `<key>#<index>`."""
        return Command(f"{self.id}#{index}", self.scope, name, body)


def command_for(actor: Actor, command_id: str, name: str, body: Any) -> Command:
    return Command(command_id, actor.scope, name, body)


def execute(
    command: Command,
    use_case: Callable[[], T],
    answer: Callable[[T], Any],
    status: int = 200,
    last: Callable[[T, Keeping], None] | None = None,
    durable: bool = True,
    travels: bool = False,
) -> Outcome:
    """Run `use_case` once for this command id and commit, or give the stored answer.

    `last` sends statements whose answers nobody needs, one of which keeps the command's answer: they travel with the COMMIT.
    `travels`: the command's row is sent with what the use case reads first, not before it. For use cases that touch
    nothing but the database: of a command that was done before they are begun again, and undone with that first answer. The
    next command of the same body goes on where this one was committed (decision 128).
    `durable` False: do not wait for the disk. For a caller who tells nobody before `settle`: the log is written in
    order, so a later commit that waits keeps this one's effect too. A refusal always waits.

    Raises what the use case raises, after a rollback, unless it is ``Refused``.
    """
    told = cause.told(command.id)
    cause.add(command=told)
    with tracing.span("command", command.name, None, **{"wms.command": told}) as span:
        try:
            outcome = _execute(command, _Work(use_case, answer, status, last, durable, travels))
        except BaseException as fault:
            metrics.COMMANDS.add(command.name, "fault")
            span.set_attribute("error.type", type(fault).__name__)
            raise
        how = _note(command.name, outcome)
        span.set_attribute("wms.outcome", how)
    return outcome


def _note(name: str, outcome: Outcome) -> str:
    """Count an outcome: done, refused, or replayed."""
    refused = isinstance(outcome, Refused)
    how = "replayed" if outcome.replayed else "refused" if refused else "done"
    metrics.COMMANDS.add(name, how)
    if isinstance(outcome, Refused) and not outcome.replayed:
        metrics.REFUSALS.add(outcome.code)
    return how


@dataclass(frozen=True)
class Keeping:
    """What keeps a command's answer: a statement, or an expression of another one's WITH, and its parameters."""

    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class _Work(Generic[T]):
    """What a command is to do, as `execute` was given it."""

    use_case: Callable[[], T]
    answer: Callable[[T], Any]
    status: int
    last: Callable[[T, Keeping], None] | None
    durable: bool
    travels: bool


def _execute(command: Command, work: _Work[T]) -> Outcome:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _attempt(command, work)
        except DBAPIError as fault:
            rollback()
            # A lost connection may have been lost after its COMMIT: the command's row tells, so asking again is safe.
            state = getattr(fault.orig, "sqlstate", None)
            if not (fault.connection_invalidated or state in RETRYABLE) or attempt == ATTEMPTS:
                raise
            metrics.RETRIES.add(str(state))
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
        except Refused as refusal:  # refused before the command row stood: nothing to store
            rollback()
            return refusal
        except BaseException:
            rollback()
            raise
    raise AssertionError("unreachable")


def _attempt(command: Command, work: _Work[T]) -> Outcome:
    try:
        return _take(command, work)
    except _Known:
        rollback()
        stored = _stored_of(command)
        if stored is None:
            raise RuntimeError("a command's row is gone before its time") from None
        return _replay(stored)


class _Known(Exception):
    """The command has a row already: it was done before, or a twin of it was quicker."""


def _take(command: Command, work: _Work[T]) -> Outcome:
    """The command's row, its effect and its answer, committed. Raises _Known, and then nothing was changed."""
    _begin(command)
    if not work.travels:
        send_behind()
    outcome: Outcome
    final: Callable[[Keeping], None]
    told: tuple[str, int | None, Any]
    try:
        result = work.use_case()
        session().flush()
        outcome = Done(work.answer(result), work.status)
        told, waits = ("done", work.status, outcome.answer), work.durable
        final = _keep if work.last is None else partial(work.last, result)
    except Refused as refusal:
        # No savepoint behind the command's row: done commands, which are nearly all, would pay for one.
        stood = "command_row" in session().info
        session().expunge_all()
        rollback()
        if stood and refusal.kind is RefusalKind.INVALID:
            return refusal  # malformed input is not stored: the client mends it and may send the same id again
        _begin(command)
        if refusal.kind is RefusalKind.INVALID:
            send_behind()  # refused before the row was sent, which only now says whether this was done before
            rollback()
            return refusal
        outcome, final = refusal, _keep
        told, waits = ("refused", None, refusal.as_data()), True
    keeping = _keeping(command, *told, waits=waits)
    commit_with(lambda: final(keeping), goes_on=work.travels)
    commit()
    session().info["unsettled"] = not waits
    return outcome


def _replay(stored: Outcome) -> Outcome:
    rollback()
    session().info["unsettled"] = True  # whoever did it may have died before they waited
    return stored


def plan_once() -> None:
    """The rest of this transaction looks up by key, like a command: its statements keep one plan (decision 034)."""
    _PLAN.run()


def settle() -> None:
    """Wait until what this session did without waiting, or found done, is on disk; nothing to do when a later command
    of it has waited.
    """
    if session().info.pop("unsettled", False):
        _SETTLE.run()
        commit()


def _keep(keeping: Keeping) -> None:
    _statement(keeping.sql).send(keeping.parameters)


# Settings of a transaction travel in statements that are sent anyway.
# A command looks up by key whatever its parameters are: planning its statements once is enough (decision 034).
_PLAN_ONCE = "set_config('plan_cache_mode', 'force_generic_plan', true)"
_PLAN = Statement(f"SELECT {_PLAN_ONCE}")
_DO_NOT_WAIT = "set_config('synchronous_commit', 'off', true)"
# Something for the log, so that its COMMIT waits.
_SETTLE = Statement("SELECT pg_logical_emit_message(true, 'wms', 'settle')")


# A command's row is found again by its partition's own name: through the parent, routing a row to one of forty days costs
# as much as inserting it, and changing one locks them all. Which day has a partition a connection learns from its first row.
@cache
def _insert_into(table: str) -> Statement:
    kept_in = "tableoid::regclass::text" if table == "command" else f"'{table}'"
    return Statement(
        f"INSERT INTO {table} (day, scope, id, name, fingerprint, created_at)"
        " VALUES (:day, :scope, :id, :name, :fingerprint, :now) ON CONFLICT DO NOTHING"
        f" RETURNING {_PLAN_ONCE}, {kept_in} AS kept_in"
    )


@cache
def _answer_in(table: str, *, waits: bool) -> str:
    return (
        f"UPDATE {table} SET outcome = :outcome, status = :status, answer = CAST(:answer AS jsonb)"
        f" WHERE day = :day AND scope = :scope AND id = :id{'' if waits else f' RETURNING {_DO_NOT_WAIT}'}"
    )


_statement = cache(Statement)  # what keeps an answer: two for each day
_INSERT, _ANSWER, _ANSWER_UNSETTLED = (
    _insert_into("command"), *(_statement(_answer_in("command", waits=waits)) for waits in (True, False))
)  # fmt: skip
_ONE_AT_A_TIME = Statement("SELECT pg_advisory_xact_lock(hashtextextended(:name, 7))")
_FIND = Statement(
    "SELECT fingerprint, outcome, status, answer FROM command"
    " WHERE scope = :scope AND id = :id AND day BETWEEN :earliest AND :latest"
)


def _begin(command: Command) -> None:
    """Insert the command's row with the next statement. A running twin is waited for. Raises _Known, then or now."""
    session().info.pop("command_row", None)
    now = clock.now()
    day = _day_of(command.id, now)
    if day is None:
        # The key does not tell its age: serialise equal keys, then look over all kept days.
        lock_name = f"{command.scope} {command.id}"
        _ONE_AT_A_TIME.run({"name": lock_name})
        if _stored_of(command) is not None:
            raise _Known
        day = now.date()
    values = {
        "day": day,
        "scope": command.scope,
        "id": command.id,
        "name": command.name,
        "fingerprint": command.fingerprint(),
        "now": now,
    }
    table = notes().get(_partition_of(day), "command")
    _insert_into(table).run_expecting(values, partial(_begun, day))
    name_transaction(f"{command.scope}:{command.id}")


def _begun(day: date, inserted: Answer) -> None:
    row = inserted.first()
    if row is None:
        raise _Known
    session().info["command_row"] = (day, row.kept_in)
    if row.kept_in == _partition_of(day):  # not the one for days that have none: such a day may get its own
        notes()[row.kept_in] = row.kept_in


@lru_cache(maxsize=4)
def _partition_of(day: date) -> str:
    return f"command_{day:%Y%m%d}"


def _kept_days(command: Command) -> tuple[date, date]:
    """The first and the last day that the row of this command can be of."""
    now = clock.now()
    day = _day_of(command.id, now)
    return (day, day) if day is not None else (now.date() - timedelta(days=KEEP_DAYS), now.date() + timedelta(days=1))


def _day_of(command_id: str, now: datetime) -> date | None:
    """The day a UUIDv7 id was made; None for other keys. Too old or from the future is refused."""
    head, _, _ = command_id.partition("#")
    value = parse_id(head)
    instant = made_at(value) if value is not None else None
    if instant is None:
        return None
    if instant < now - timedelta(days=KEEP_DAYS):
        raise Refused("command_too_old", {"days": KEEP_DAYS}, kind=RefusalKind.INVALID)
    if instant > now + timedelta(days=1):
        raise Refused("command_from_future", {}, kind=RefusalKind.INVALID)
    return instant.date()


def _stored_of(command: Command) -> Outcome | None:
    return _stored(command, *_kept_days(command))


def _stored(command: Command, earliest: date, latest: date) -> Outcome | None:
    parameters = {"scope": command.scope, "id": command.id, "earliest": earliest, "latest": latest}
    row = _FIND.first(parameters)
    if row is None:
        return None
    if bytes(row.fingerprint) != command.fingerprint():
        return Refused("command_id_reused", {}, kind=RefusalKind.INVALID)
    if row.outcome == "refused":
        refusal = Refused.from_data(row.answer)
        refusal.replayed = True
        return refusal
    return Done(row.answer, row.status or 200, replayed=True)


def _keeping(
    command: Command, outcome: str, status: int | None, answer: Mapping[str, Any] | Any, *, waits: bool
) -> Keeping:
    """What writes the answer into the command's row. `waits`: the COMMIT is to wait for the disk."""
    if "command_row" not in session().info:
        send_behind()  # nothing was read: only now it says whether the command was done before
    day, table = session().info.pop("command_row")
    parameters = {
        "outcome": outcome, "status": status, "answer": orjson.dumps(answer, default=str).decode(), "day": day,
        "scope": command.scope, "id": command.id,
    }  # fmt: skip
    return Keeping(_answer_in(table, waits=waits), parameters)


def name_transaction(key: str) -> None:
    """Say what this transaction is (a command, a job), so that its postings get keys that are unique for ever."""
    session().info["posting_key"] = (key, 0)


def next_posting_key() -> str:
    """`<command or job>/<n>`; an unnamed transaction (a seed, a console) gets a name of its own."""
    key, used = session().info.get("posting_key") or (f"unnamed:{new_id()}", 0)
    session().info["posting_key"] = (key, used + 1)
    return f"{key}/{used + 1}"


_DAYS_APART = text(
    "SELECT to_date(right(c.relname, 8), 'YYYYMMDD') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'command'::regclass AND c.relname ~ '^command_[0-9]{8}$' UNION SELECT day FROM command_default"
)


def ensure_partitions(first: date, days: int) -> None:
    """Create the daily partitions from `first` on. Ids made outside them fall into the default partition.

    A day that has rows there already (nobody made its partition in time) stays there: it is found and dropped as well.
    """
    wanted = {first + timedelta(days=offset) for offset in range(days)}
    if not wanted - set(session().execute(_DAYS_APART).scalars()):
        return
    session().execute(text("LOCK TABLE command IN ACCESS EXCLUSIVE MODE"))  # which making a partition takes anyway
    for day in sorted(wanted - set(session().execute(_DAYS_APART).scalars())):
        name = _partition_of(day)
        following = day + timedelta(days=1)
        session().execute(
            text(f"CREATE TABLE {name} PARTITION OF command FOR VALUES FROM ('{day}') TO ('{following}')")
        )


def drop_expired_partitions(today: date) -> list[str]:
    """Drop partitions older than the keeping time; returns their names."""
    oldest = today - timedelta(days=KEEP_DAYS + 1)
    rows = session().execute(
        text("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
             " WHERE i.inhparent = 'command'::regclass AND c.relname ~ '^command_[0-9]{8}$'")
    )  # fmt: skip
    expired = [name for name in rows.scalars() if name < _partition_of(oldest)]
    for name in expired:
        session().execute(text(f"DROP TABLE {name}"))
    session().execute(text("DELETE FROM command_default WHERE day < :oldest"), {"oldest": oldest})
    return expired
