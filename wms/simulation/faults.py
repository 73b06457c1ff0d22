"""Faults that really happen: a connection that dies before its COMMIT, a process that dies right before or after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
from sqlalchemy import Engine, event


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

    def spring(self) -> None:
        self.armed = None
        self.sprung += 1


@contextmanager
def fitted(engine: Engine, trap: Trap) -> Iterator[None]:
    """Inside the block every new connection of this engine falls into the trap."""

    class Connection(psycopg.Connection[Any]):
        def commit(self) -> None:
            fault = trap.armed
            if fault is Fault.CONNECTION_LOST:
                trap.spring()
                self.pgconn.finish()
            elif fault is Fault.CRASH_BEFORE_COMMIT:
                trap.spring()
                raise Crash(fault)
            super().commit()
            # Inside a pipeline the COMMIT is only queued: SQLAlchemy's own, which follows, finds it done.
            if fault is Fault.CRASH_AFTER_COMMIT and self.pgconn.pipeline_status == psycopg.pq.PipelineStatus.OFF:
                trap.spring()
                raise Crash(fault)

    def connect(_dialect: Any, _record: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return Connection.connect(*arguments, **options)

    engine.dispose()
    event.listen(engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(engine, "do_connect", connect)
        engine.dispose()
