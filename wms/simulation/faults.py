"""Faults that really happen: a connection that dies before its COMMIT, a process that dies right before or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from wms.platform.wire import Answer, Wire


class Fault(StrEnum):
    """What befalls one command."""

    LOST_ANSWER = "lost_answer"  # it was done, the answer never came: sent again
    SENT_TWICE = "sent_twice"  # a device sends it once more although it has the answer
    CONNECTION_LOST = "connection_lost"  # to the database, before the COMMIT: 503, nothing happened
    CRASH_BEFORE_COMMIT = "crash_before_commit"  # the process is gone, nothing happened
    CRASH_AFTER_COMMIT = "crash_after_commit"  # the process is gone, it did happen, nobody was told


AT_COMMIT = frozenset({Fault.CONNECTION_LOST, Fault.CRASH_BEFORE_COMMIT, Fault.CRASH_AFTER_COMMIT})


class Crash(BaseException):
    """The process is dead. No handler of the product may catch this; the simulation does, outside of it."""


class Trap:
    """Springs at the next commit of whatever connection, once."""

    def __init__(self) -> None:
        self.armed: Fault | None = None
        self.sprung = 0

    @contextmanager
    def set(self, fault: Fault | None) -> Iterator[None]:
        self.armed = fault if fault in AT_COMMIT else None
        try:
            yield
        finally:
            self.armed = None

    def fall(self, connection: psycopg.Connection[Any], commit: Callable[[], None]) -> None:
        """Commit, with what is armed befalling it."""
        fault, self.armed = self.armed, None
        self.sprung += fault is not None
        if fault is Fault.CONNECTION_LOST:
            connection.pgconn.finish()
        elif fault is Fault.CRASH_BEFORE_COMMIT:
            raise Crash(fault)
        commit()
        if fault is Fault.CRASH_AFTER_COMMIT:
            raise Crash(fault)


@contextmanager
def fitted(engine: Engine, trap: Trap) -> Iterator[None]:
    """Inside the block every new connection of this engine falls into the trap."""

    class Connection(psycopg.Connection[Any]):
        def commit(self) -> None:
            trap.fall(self, super().commit)

    class TrappedWire(Wire):
        def exchange(self, answers: Sequence[Answer], commit: bool = False) -> None:
            send = partial(super().exchange, answers, commit)
            if commit:  # it travels with the last statements, and never comes to the connection's own
                trap.fall(self.connection, send)
            else:
                send()

    def connect(_dialect: Any, _record: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return Connection.connect(*arguments, **options)

    def wired(driver: Any, record: ConnectionPoolEntry) -> None:
        record.info["wire"] = TrappedWire(driver)

    engine.dispose()
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", wired)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        event.remove(engine, "connect", wired)
        engine.dispose()
