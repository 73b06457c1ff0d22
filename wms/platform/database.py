"""The one database handle, its column types, and the only place that commits.

READ COMMITTED with explicit row locks in a fixed order (`wms.platform.locks`); CHECK constraints and the audit are
the backstop (reference: reliability, section 2).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import psycopg
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, Uuid, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from wms.core.ids import new_id

# A web request that waits longer than this for a row has met a stuck neighbour, not a queue.
TIMEOUTS = "-c lock_timeout=3000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000"

DocumentId = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
Reference = Annotated[uuid.UUID, mapped_column(Uuid)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Data = Annotated[dict[str, Any], mapped_column(JSONB)]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
migrate = Migrate()


def engine_options(pool_size: int) -> dict[str, Any]:
    """Engine options for one process: one connection per thread, checked before use."""
    return {
        "pool_size": pool_size,
        "max_overflow": 2,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "hide_parameters": True,  # a fault quotes its statement in the log, never the people in it
        "connect_args": {"options": TIMEOUTS, "application_name": "wms"},
    }


def session() -> Session:
    """The session of this application context."""
    return db.session()


def after_commit(action: Callable[[], object]) -> None:
    """Run `action` once this transaction has committed; forget it if it rolls back. Only hints belong here."""
    session().info.setdefault("after_commit", []).append(action)


def commit() -> None:
    """Commit and run what waited for it. Called by the platform only (law 8)."""
    current = session()
    current.commit()
    for action in current.info.pop("after_commit", []):
        action()


def rollback() -> None:
    current = session()
    undo(current)
    current.rollback()
    current.info.pop("after_commit", None)


# psycopg forgets every statement it has prepared when it sees a rollback, also to a savepoint, for the sake of
# transactions that make and drop tables; ours do not, and the next request would have all of its statements parsed and
# planned anew. So rollbacks of healthy transactions are sent past it.


def undo(current: Session) -> None:
    """Roll back at the server, unless the transaction is somebody else's or has failed: then `rollback` must do it."""
    if not (current.in_transaction() and current.is_active):
        return
    connection = current.connection()
    if not (connection.invalidated or connection.in_nested_transaction()):
        driver: psycopg.Connection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
        if driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            driver.pgconn.exec_(b"ROLLBACK")


def end_reading() -> None:
    """End a transaction that has only read, before something slow that must not hold it open (law 8).

    Rows read so far are read anew at the next look. Raises RuntimeError after a change or a lock.
    """
    current = session()
    if current.in_transaction() and (current.new or current.dirty or current.deleted or _has_changed(current)):
        raise RuntimeError("this transaction has changes or locks: it must be committed, not left")
    name = current.info.get("posting_key")
    rollback()
    if name is not None:  # the job or command goes on
        current.info["posting_key"] = name


def _has_changed(current: Session) -> bool:
    """Whether the server has given the transaction a number, which it does at the first change or row lock."""
    if current.connection().in_nested_transaction():  # inside somebody else's: no saying whose change it was
        return False
    return current.execute(text("SELECT pg_current_xact_id_if_assigned()")).scalar() is not None


def init_database(app: Flask) -> None:
    db.init_app(app)
    app.teardown_appcontext(_end_reading)  # before the one of `db`, which closes the session


def _end_reading(_: BaseException | None) -> None:
    if db.session.registry.has():
        undo(db.session())


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction for jobs, seeds and command-line tools: commits at the end, rolls back on any exception."""
    try:
        yield session()
        commit()
    except BaseException:
        rollback()
        raise


@event.listens_for(Engine, "connect")
def _prepare_more(driver: psycopg.Connection[Any], _: object) -> None:
    driver.prepared_max = 500  # the default of 100 is less than the hot statements there are


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(ended: Session) -> None:
    ended.info.pop("locks", None)
    ended.info.pop("psycopg", None)
    ended.info.pop("posting_key", None)
