"""What a call has PostgreSQL do: pages of its buffers touched and rows read, which no neighbour on the machine can move.

Read from the server's own counters for the tables and indexes of a database, whoever asked them; what it looks up in its
catalogue, as often as connections are new, is left out. Connections tell their counts now and then; here they are made to,
so nothing may be under way: an answer reaches its client a moment before its thread gives its connection back, and on a busy
machine that moment is long.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from flask import Flask

from wms.platform.database import db
from wms.platform.engines import ADMIN_ROLE, Engines

PATIENCE_SECONDS = 10.0
_READ = (
    "SELECT (SELECT coalesce(sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0)), 0)"
    "  FROM pg_statio_user_tables), (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)"
    " + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)"
)


class Work(NamedTuple):
    """`buffers`: pages of tables and indexes, in memory or not; `rows`: entries of indexes and rows of tables read."""

    buffers: int
    rows: int

    def since(self, before: Work) -> Work:
        return Work(self.buffers - before.buffers, self.rows - before.rows)


class Meter:
    """The counters of the database that an application is connected to."""

    def __init__(self, reader: psycopg.Connection[Any], app: Flask) -> None:
        self.reader, self.app = reader, app

    def wait(self) -> None:
        """Until every connection is given back: whoever asks then uses the one that has its statements prepared."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self.app.app_context():
            while db.engine.pool.checkedout():  # type: ignore[attr-defined]
                if time.monotonic() > deadline:
                    raise RuntimeError("a connection was not given back")
                time.sleep(0.001)

    def read(self) -> Work:
        self.wait()
        with self.app.app_context():
            idle = [db.engine.connect() for _ in range(max(1, db.engine.pool.checkedin()))]  # type: ignore[attr-defined]
            for connection in idle:
                connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
                connection.rollback()
                connection.close()
        buffers, rows = self.reader.execute(_READ).fetchone() or (0, 0)
        return Work(int(buffers), int(rows))


@contextmanager
def meter(engines: Engines, app: Flask, database: str) -> Iterator[Meter]:
    """`database`: its name."""
    with psycopg.connect(
        host=str(engines.home.sockets), user=ADMIN_ROLE, dbname=database, autocommit=True
    ) as connection:
        yield Meter(connection, app)
