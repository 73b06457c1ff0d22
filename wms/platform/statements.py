"""Statements of the hot paths, sent over the wire itself (`platform.wire`) on the session's connection, in its transaction.

SQLAlchemy's own way costs about 180 µs a statement, this one 25, and several sent together (`pipelined`) 9 each: one
round trip to the server instead of many. What is sent is plain SQL with `:name` parameters, as in `sqlalchemy.text`;
what comes back are named tuples. Faults are SQLAlchemy's (`DBAPIError` and kin), so that callers see one kind.

A statement whose answer nobody needs (`run`) is not waited for either: it travels ahead of whatever the transaction
sends next, its COMMIT included, in that one's round trip. The order of all statements stays as written; only a fault of
such a statement is met later, still inside the transaction.

The session must hold nothing unflushed that a statement reads: these statements do not flush.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Connection as SqlAlchemyConnection
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from wms.platform import wire
from wms.platform.database import COMMITTED, STALE_PLAN, db, session
from wms.platform.metrics import tally
from wms.platform.wire import Connection, Query, Wire


class Statement(Query):
    """One statement, written once at import."""

    __slots__ = ()

    def all(self, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Every row of the answer."""
        return self.send(parameters).all()

    def first(self, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first row, or None."""
        return self.send(parameters).first()

    def scalar(self, parameters: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        row = self.send(parameters).first()
        return None if row is None else row[0]

    def column(self, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.send(parameters).all()]

    def run_many(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each row of parameters, all sent together; no answers."""
        _add(Answer(self, rows))

    def run(self, parameters: Mapping[str, Any] | None = None) -> None:
        """Execute; whatever comes back is not looked at. Sent with the next statement of the transaction."""
        session().info.setdefault(_BEHIND, []).append(Answer(self, (parameters or {},)))

    def run_expecting(self, parameters: Mapping[str, Any], met: Callable[[Answer], None]) -> None:
        """The same, but `met` is given the answer as soon as it came, before whoever sent the next statement has theirs:
        what it raises is raised there. No COMMIT is sent before it was asked.
        """
        session().info.setdefault(_BEHIND, []).append(Answer(self, (parameters,), met))

    def send(self, parameters: Mapping[str, Any] | None = None) -> Answer:
        """Execute; inside `pipelined` the answer is there after the block, or when it is asked for."""
        answer = Answer(self, (parameters or {},))
        _add(answer)
        return answer


class Answer(wire.Answer):
    """The rows of a statement that was sent. `met` is told when they are there."""

    __slots__ = ("met",)

    def __init__(
        self, query: Query, rows: Sequence[Mapping[str, Any]], met: Callable[[Answer], None] | None = None
    ) -> None:
        super().__init__(query, rows)
        self.met = met

    def _load(self, most: int | None) -> list[Any]:
        if not self.is_there:  # asked for inside the block: what was sent so far is waited for now
            send_behind()
        return super()._load(most)


# In the session's info: what is to be sent with the next statement, and whether a block sends its statements together.
# The first is forgotten at the end of each transaction.
_BEHIND, _TOGETHER = "behind", "together"


def _add(answer: Answer) -> None:
    info = session().info
    info.setdefault(_BEHIND, []).append(answer)
    if not info.get(_TOGETHER):
        _send_behind(info)


def send_behind() -> None:
    """Send what was run and not yet sent: before anything that does not go through this file."""
    _send_behind(session().info)


def _send_behind(info: dict[Any, Any]) -> None:
    behind = info.pop(_BEHIND, None)  # before a connection is made, which executes statements of its own
    if behind:
        _exchange(info, behind)


def _exchange(info: dict[Any, Any], answers: Sequence[Answer], *, commit: bool = False) -> None:
    current = _wire(info)
    began = time.perf_counter()
    try:
        current.exchange(answers, commit)
    except psycopg.Error as fault:
        _raise(current.connection, fault)
    finally:
        tally.sent(time.perf_counter() - began, len(answers))
    for each in answers:
        if each.met is not None:
            each.met(each)


@event.listens_for(Engine, "before_cursor_execute")
def _keep_order(connection: SqlAlchemyConnection, *_: Any) -> None:
    """SQLAlchemy is about to execute something in the session's transaction, or on a connection that it only makes."""
    if db.session.registry.has() and db.session().info.get("begun") is connection:
        send_behind()


@event.listens_for(Session, "before_commit")
def _before_commit(_: Session) -> None:
    send_behind()


def _wire(info: dict[Any, Any]) -> Wire:
    """That of the connection of the session, whose `info` it is."""
    if "wire" not in info:  # forgotten at the end of each transaction
        pooled = session().connection().connection
        if "wire" not in pooled.info:  # kept as long as the connection to the server
            pooled.info["wire"] = Wire(pooled.dbapi_connection)  # type: ignore[arg-type]
        info["wire"] = pooled.info["wire"]
    found: Wire = info["wire"]
    return found


def current_connection() -> Connection:
    """psycopg's connection of this session."""
    return _wire(session().info).connection


def notes() -> dict[str, Any]:
    """What was learned of the database over this session's connection; kept as long as that is."""
    return _wire(session().info).notes


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements of the block together; their answers and faults are there at its end.

    What was not yet sent when an exception leaves the block stays behind, as what was run does.
    """
    info = session().info
    outer, info[_TOGETHER] = info.get(_TOGETHER, False), True
    try:
        yield
    finally:
        info[_TOGETHER] = outer
    _send_behind(info)


@contextmanager
def looking() -> Iterator[None]:
    """The statements of the block are each a transaction of their own: BEGIN and ROLLBACK, two round trips that tell a
    reader nothing under READ COMMITTED, are not sent. Where a transaction has begun already the block is part of it.

    Only for statements that read: what is written here is committed at once, and a lock taken is given up at once.
    """
    send_behind()
    connection = current_connection()
    if connection.autocommit or connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        yield
        return
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False


def commit_with(*last: Callable[[], object], goes_on: bool = False) -> None:
    """Let the transaction's COMMIT travel with its last statements. The session has to be told by `commit` afterwards,
    which then finds nothing left to do at the server. `goes_on`: more of the kind follows at once (`database.COMMITTED`).
    """
    info = session().info
    if any(each.met for each in info.get(_BEHIND, ())):
        _send_behind(info)
    _wire(info)
    if info["begun"].in_nested_transaction():  # somebody else's transaction: theirs to commit
        for send in last:
            send()
        send_behind()
        return
    outer, info[_TOGETHER] = info.get(_TOGETHER, False), True
    try:
        for send in last:
            send()
    finally:
        info[_TOGETHER] = outer
    _exchange(info, info.pop(_BEHIND, ()), commit=True)
    info[COMMITTED] = goes_on


def _undo_attempt() -> None:
    """Roll back to the savepoint, past psycopg as `database.undo` does. Raises when there is none, or no connection."""
    session().info.pop(_BEHIND, None)
    connection = current_connection()
    try:
        result = connection.pgconn.exec_(b"ROLLBACK TO SAVEPOINT attempt")
        if result.status != psycopg.pq.ExecStatus.COMMAND_OK:  # a plain number in the binary build
            raise psycopg.errors.error_from_result(result)
    except psycopg.Error as fault:
        _raise(connection, fault)


_ATTEMPT = Statement("SAVEPOINT attempt")
_KEEP = Statement("RELEASE SAVEPOINT attempt")


@contextmanager
def attempt() -> Iterator[None]:
    """A try within the transaction: an exception undoes what was written in the block, and travels on.

    For Core statements only: what the session holds unflushed is flushed before.
    """
    current = session()
    current.flush()
    rank = current.info.get("locks")
    waiting = len(current.info.get("after_commit", []))
    _ATTEMPT.send()
    try:
        yield
        _KEEP.send()
    except BaseException:
        _undo_attempt()
        current.info["locks"] = rank if rank is not None else 0
        del current.info.get("after_commit", [])[waiting:]
        raise


def _raise(connection: Connection, fault: psycopg.Error) -> NoReturn:
    """As SQLAlchemy would: its class of fault without the parameters, and a dead connection leaves the pool."""
    if fault.sqlstate == STALE_PLAN:
        connection.close()
    if connection.closed:
        session().connection().invalidate(fault)
    told = DBAPIError.instance(None, None, fault, psycopg.Error, connection_invalidated=connection.closed)
    raise told from fault
