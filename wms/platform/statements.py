"""Statements of the hot paths, sent by psycopg itself on the session's connection, in the session's transaction.

SQLAlchemy's own way costs about 180 µs a statement, this one 70, and several sent together (`pipelined`) 20 each: one
round trip to the server instead of many. What is sent is plain SQL with `:name` parameters, as in `sqlalchemy.text`;
what comes back are named tuples. Faults are SQLAlchemy's (`DBAPIError` and kin), so that callers see one kind.

The session must hold nothing unflushed that a statement reads: these statements do not flush.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.exc import DBAPIError

from wms.platform.database import session
from wms.platform.metrics import tally

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
Connection = psycopg.Connection[Any]


class Statement:
    """One statement, written once at import."""

    __slots__ = ("_sql",)

    def __init__(self, sql: str) -> None:
        self._sql = _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%")).encode()

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
        connection = current_connection()
        try:
            connection.cursor().executemany(self._sql, rows)
        except psycopg.Error as fault:
            _raise(connection, fault)

    def run(self, parameters: Mapping[str, Any] | None = None) -> None:
        """Execute; whatever comes back is not looked at."""
        self.send(parameters)

    def send(self, parameters: Mapping[str, Any] | None = None) -> Answer:
        """Execute; inside `pipelined` only send, and look at the answer after the block."""
        connection = current_connection()
        try:
            cursor = connection.cursor(row_factory=namedtuple_row)
            cursor.execute(self._sql, parameters or {})
        except psycopg.Error as fault:
            _raise(connection, fault)
        return Answer(connection, cursor)


class Answer:
    """The rows of a statement that was sent."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: Connection, cursor: psycopg.Cursor[Any]) -> None:
        self._connection, self._cursor = connection, cursor

    def all(self) -> list[Any]:
        rows: list[Any] = self._fetch(self._cursor.fetchall)
        return rows

    def first(self) -> Any:
        return self._fetch(self._cursor.fetchone)

    def _fetch(self, fetch: Callable[[], Any]) -> Any:
        try:
            return fetch()
        except psycopg.Error as fault:
            _raise(self._connection, fault)


def current_connection() -> Connection:
    """psycopg's connection of this session, with the session's transaction begun."""
    info = session().info
    if "psycopg" not in info:  # forgotten at the end of each transaction
        info["psycopg"] = session().connection().connection.dbapi_connection
    found: Connection = info["psycopg"]
    return found


@contextmanager
def pipelined() -> Iterator[None]:
    """Send the statements of the block together; their answers and faults are there at its end."""
    connection = current_connection()
    outer, tally.together = tally.together, True
    began = 0.0
    try:
        with connection.pipeline():
            yield
            began = time.perf_counter()
    except psycopg.Error as fault:
        _raise(connection, fault)
    finally:
        tally.together = outer
        if began:
            tally.answered(time.perf_counter() - began)


def commit_with(*last: Callable[[], object]) -> None:
    """Let the transaction's COMMIT travel with its last statements. The session has to be told by `commit` afterwards,
    which then finds nothing left to do at the server.
    """
    if session().connection().in_nested_transaction():  # somebody else's transaction: theirs to commit
        for send in last:
            send()
        return
    connection = current_connection()
    with pipelined():
        for send in last:
            send()
        connection.commit()


def undo_to(savepoint: str) -> None:
    """Roll back to a savepoint, past psycopg as `database.undo` does. Raises when there is none, or no connection."""
    connection = current_connection()
    try:
        result = connection.pgconn.exec_(f"ROLLBACK TO SAVEPOINT {savepoint}".encode())
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
    _ATTEMPT.run()
    try:
        yield
    except BaseException:
        undo_to("attempt")
        current.info["locks"] = rank if rank is not None else 0
        del current.info.get("after_commit", [])[waiting:]
        raise
    _KEEP.run()


def _raise(connection: Connection, fault: psycopg.Error) -> NoReturn:
    """As SQLAlchemy would: its class of fault without the parameters, and a dead connection leaves the pool."""
    if connection.closed:
        session().connection().invalidate(fault)
    told = DBAPIError.instance(None, None, fault, psycopg.Error, connection_invalidated=connection.closed)
    raise told from fault
