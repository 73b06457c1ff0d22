"""Alembic's entry: our metadata, one transaction a migration, and a note of each revision's parent.

`schema_parent` lets an older process recognise a schema that is newer by one (`wms.platform.schema_version`), unless its
migration says `older_must_stop`: what older processes would write is not enough any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from wms.platform.database import Base, db

# Partitions of `command` are made by the schedule, not by migrations.
PARTITION_PREFIX = "command_"


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(PARTITION_PREFIX))


def remember_parent(ctx: object, step: object, heads: object, run_args: object, **_: object) -> None:
    revision = getattr(step, "up_revision", None)
    if revision is None or not getattr(step, "is_upgrade", True):
        return
    ctx.connection.execute(  # type: ignore[attr-defined]
        text("INSERT INTO schema_parent (revision, parent) VALUES (:revision, :parent) ON CONFLICT DO NOTHING"),
        {
            "revision": revision.revision,
            "parent": None if getattr(revision.module, "older_must_stop", False) else revision.down_revision,
        },
    )


@contextmanager
def one_at_a_time(connection: Connection) -> Iterator[None]:
    """Machines that start together bring the schema up to date one after the other; the later ones find nothing to do."""
    name = {"name": "wms migrations"}
    connection.execute(text("SET lock_timeout = 0"))
    connection.execute(text("SET statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), name)
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), name)
        connection.commit()


def run() -> None:
    with db.engine.connect() as connection, one_at_a_time(connection):
        connection.execute(text("SET lock_timeout = '2s'"))
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            on_version_apply=[remember_parent],
            transaction_per_migration=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


assert current_app  # migrations run inside `flask db …` or the supervisor, never alone
run()
