"""What a call has PostgreSQL do: pages of its buffers touched and rows read, which no neighbour on the machine can move.

Read from the server's own counters for a database, whoever asks it. Connections tell them now and then; here they are made
to, so nothing may be under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from flask import Flask

from wms.platform.database import db
from wms.platform.engines import ADMIN_ROLE, Engines

_READ = "SELECT blks_hit + blks_read AS buffers, tup_returned AS rows FROM pg_stat_database WHERE datname = %s"


class Work(NamedTuple):
    """`buffers`: pages of tables and indexes, in memory or not; `rows`: entries of indexes and rows of tables read."""

    buffers: int
    rows: int

    def since(self, before: Work) -> Work:
        return Work(self.buffers - before.buffers, self.rows - before.rows)


class Meter:
    """The counters of one database, read over a connection to another."""

    def __init__(self, reader: psycopg.Connection[Any], app: Flask, database: str) -> None:
        self.reader, self.app, self.database = reader, app, database

    def read(self) -> Work:
        with self.app.app_context():
            idle = [db.engine.connect() for _ in range(max(1, db.engine.pool.checkedin()))]  # type: ignore[attr-defined]
            for connection in idle:
                connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
                connection.rollback()
                connection.close()
        row = self.reader.execute(_READ, [self.database]).fetchone()
        assert row is not None  # the application is connected to it
        return Work(int(row[0]), int(row[1]))


@contextmanager
def meter(engines: Engines, app: Flask, database: str) -> Iterator[Meter]:
    with psycopg.connect(
        host=str(engines.home.sockets), user=ADMIN_ROLE, dbname="postgres", autocommit=True
    ) as connection:
        yield Meter(connection, app, database)
