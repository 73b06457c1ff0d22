"""Prepared statements on their way to PostgreSQL: sent together in one packet, their answers read in one go.

psycopg spells the parameters and reads the rows; its cursors and its pipeline are left out. They send each statement by
itself, wait for the socket after each, and keep house around it: five statements together cost 180 µs of processor that
way and 44 this way, one alone 52 and 23 (decision 073). What is sent is the same.

A transaction is begun in front of its first statement, in the same packet, unless the connection commits by itself.
"""

from __future__ import annotations

import itertools
import re
import select
from collections import Counter, OrderedDict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, TransactionStatus

from wms.platform.arrays import spelled

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_LIST = re.compile(r"\bCAST\(:([a-z_][a-z0-9_]*) AS (?:uuid|int|bigint|bool|text)\[\]\)")
# Statements that one connection keeps prepared, each for the types it was sent with; the one used longest ago gives way.
MOST_PREPARED = 800
# As plain numbers: so a result tells its status.
_FAILED, _SKIPPED = int(ExecStatus.FATAL_ERROR), int(ExecStatus.PIPELINE_ABORTED)
_WITH_ROWS = int(ExecStatus.TUPLES_OK)
_IDLE = int(TransactionStatus.IDLE)

Connection = psycopg.Connection[Any]
Parameters = Mapping[str, Any]
_Key = tuple[bytes, tuple[int, ...]]


class Query:
    """One statement, written once at import: plain SQL with `:name` parameters, as in `sqlalchemy.text`."""

    __slots__ = ("_row", "formats", "lists", "names", "sql")

    def __init__(self, sql: str) -> None:
        used = Counter(_PARAMETER.findall(sql))
        self.names: list[str] = list(used)
        # Places of the parameters that are lists of a named kind wherever they stand: no value has to tell their type.
        named = Counter(_LIST.findall(sql))
        self.lists = [place for place, name in enumerate(self.names) if used[name] == named[name]]
        numbers = {name: f"${number}" for number, name in enumerate(self.names, 1)}
        self.sql = _PARAMETER.sub(lambda found: numbers[found[1]], sql).encode()
        self.formats = [PyFormat.AUTO] * len(self.names)
        self._row: Callable[[Sequence[Any]], Any] | None = None

    def row_of(self, result: Any) -> Callable[[Sequence[Any]], Any]:
        """What makes a named tuple of the values of one of its rows; its columns are always the same."""
        if self._row is None:
            columns = [result.fname(number).decode() for number in range(result.nfields)]
            made: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc]
            self._row = made._make
        return self._row


class Answer:
    """A statement with its parameters, for each row of them once, and what came back (of the last)."""

    __slots__ = ("_result", "_wire", "query", "rows")

    def __init__(self, query: Query, rows: Sequence[Parameters]) -> None:
        self.query, self.rows = query, rows
        self._wire: Wire | None = None
        self._result: Any = None

    @property
    def is_there(self) -> bool:
        return self._result is not None

    def take(self, wire: Wire, result: Any) -> None:
        self._wire, self._result = wire, result

    def all(self) -> list[Any]:
        """Every row, as named tuples."""
        return self._load(None)

    def first(self) -> Any:
        """The first row, or None."""
        found = self._load(1)
        return found[0] if found else None

    def _load(self, most: int | None) -> list[Any]:
        if self._wire is None:
            raise RuntimeError("the statement has not been executed")
        if self._result.status != _WITH_ROWS:
            raise RuntimeError("a statement that answers without rows was asked for them")
        return self._wire.load(self._result, self.query.row_of(self._result), most)


_BEGIN = Query("BEGIN")
_COMMIT = Query("COMMIT")
_Spelled = tuple[_Key, Sequence[Any], Sequence[Any]]
_Sent = list[tuple[Answer | None, _Spelled]]  # None: nobody asks for the answer


class Wire:
    """One connection's: what is prepared on it, how values are spelled for it, and what its user noted of the database.
    Used by one thread at a time.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.notes: dict[str, Any] = {}
        self._spelling = Transformer(connection)
        self._names: OrderedDict[_Key, bytes] = OrderedDict()
        self._numbers = itertools.count()
        self._begin, self._commit = self._spell(_BEGIN, {}), self._spell(_COMMIT, {})
        self._socket = select.poll()
        self._socket.register(connection.fileno(), select.POLLIN)
        self._full = select.poll()
        self._full.register(connection.fileno(), select.POLLIN | select.POLLOUT)

    def exchange(self, answers: Sequence[Answer], commit: bool = False) -> None:
        """Send these, and a COMMIT behind them, and wait for their answers.

        Raises the first fault (`psycopg.Error`): what stands behind it was not executed. Parameters that cannot be spelled
        are a fault before anything is sent.
        """
        idle = self.connection.pgconn.transaction_status == _IDLE
        sent: _Sent = [(each, self._spell(each.query, row)) for each in answers for row in each.rows]
        if idle and not self.connection.autocommit:
            sent.insert(0, (None, self._begin))
        if commit:
            sent.append((None, self._commit))
        try:
            fault = self._exchange(sent)
        except BaseException:
            # Torn off in the middle, by a signal or a lost connection: nobody knows what would be read from it next.
            self.connection.close()
            raise
        if fault is not None:
            raise fault

    def load(self, result: Any, make_row: Callable[[Sequence[Any]], Any], most: int | None) -> list[Any]:
        """Rows of a result, the first ones or all."""
        self._spelling.set_pgresult(result)
        rows = result.ntuples if most is None else min(most, result.ntuples)
        return self._spelling.load_rows(0, rows, make_row)

    def _spell(self, query: Query, parameters: Parameters) -> _Spelled:
        given = [parameters[name] for name in query.names]
        for place in query.lists:
            given[place] = spelled(given[place])
        values = self._spelling.dump_sequence(given, query.formats)
        return (query.sql, self._spelling.types or ()), values, self._spelling.formats or ()

    def _exchange(self, sent: _Sent) -> psycopg.Error | None:
        pgconn = self.connection.pgconn
        pgconn.enter_pipeline_mode()
        expected: list[Answer | tuple[_Key, bytes] | None] = []
        fresh: dict[_Key, bytes] = {}
        for answer, (key, values, formats) in sent:
            name = self._names.get(key) or fresh.get(key)
            if name is None:
                name = fresh[key] = b"wms_%d" % next(self._numbers)
                pgconn.send_prepare(name, *key)
                expected.append((key, name))
            elif key not in fresh:
                self._names.move_to_end(key)
            pgconn.send_query_prepared(name, values, param_formats=formats)
            expected.append(answer)
        for _ in range(min(len(self._names), len(self._names) + len(fresh) - MOST_PREPARED)):
            pgconn.send_query_params(b"DEALLOCATE " + self._names.popitem(last=False)[1], None)
            expected.append(None)
        pgconn.pipeline_sync()
        while pgconn.flush():
            self._full.poll()
            pgconn.consume_input()
        fault = self._read(expected)
        if not self.connection.closed:
            pgconn.exit_pipeline_mode()
        return fault

    def _read(self, expected: Sequence[Answer | tuple[_Key, bytes] | None]) -> psycopg.Error | None:
        """Give every statement its result, up to the end of the packet; returns the first fault."""
        fault: psycopg.Error | None = None
        try:
            for each in expected:
                result = self._next()
                if result is None:
                    raise psycopg.OperationalError("the connection is lost")
                status = result.status
                if status == _FAILED:
                    fault = fault or psycopg.errors.error_from_result(result)
                elif status == _SKIPPED:
                    pass
                elif isinstance(each, Answer):
                    each.take(self, result)
                elif each is not None:
                    self._names[each[0]] = each[1]
                self._next()  # nothing: the end of this one's
            self._next()  # the end of the packet
        except psycopg.OperationalError:
            if fault is None:
                raise
            self.connection.close()  # the farewell said why
        return fault

    def _next(self) -> Any:
        pgconn = self.connection.pgconn
        while pgconn.is_busy():
            self._socket.poll()
            pgconn.consume_input()
        return pgconn.get_result()
