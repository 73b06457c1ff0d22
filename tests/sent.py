"""The statements that reach the server, whichever way they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg

from wms.platform.wire import Answer, Wire


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement sent meanwhile by any connection of this process, without savepoints."""
    sent: list[str] = []

    def note(query: Any) -> None:
        said = query.decode() if isinstance(query, bytes) else str(query)
        if not said.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            sent.append(said)

    execute, execute_many = psycopg.Cursor.execute, psycopg.Cursor.executemany
    exchange = Wire.exchange

    def noted(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        note(query)
        return execute(self, query, *arguments, **options)

    def noted_many(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        note(query)
        return execute_many(self, query, *arguments, **options)

    def noted_together(self: Wire, answers: Sequence[Answer], *arguments: Any, **options: Any) -> None:
        for each in answers:
            note(each.query.sql)
        exchange(self, answers, *arguments, **options)

    with (
        mock.patch.multiple(psycopg.Cursor, execute=noted, executemany=noted_many),
        mock.patch.object(Wire, "exchange", noted_together),
    ):
        yield sent
