"""The one database handle, its column types, and the only place that commits.

READ COMMITTED with explicit row locks in a fixed order (`wms.platform.locks`); CHECK constraints and the audit are
the backstop (reference: reliability, section 2).
"""

from __future__ import annotations

import select
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Annotated, Any, Self

import psycopg
from flask import Flask
from flask.globals import app_ctx
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from psycopg._preparing import PrepareManager
from sqlalchemy import Connection, DateTime, Engine, ExceptionContext, MetaData, Uuid, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError, ResourceClosedError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from wms.core.ids import new_id
from wms.platform.arrays import write_plain_lists
from wms.platform.metrics import tally

# A web request that waits longer than this for a row has met a stuck neighbour, not a queue.
TIMEOUTS = "-c lock_timeout=3000 -c statement_timeout=15000 -c idle_in_transaction_session_timeout=30000"
# Plans for looking up, not for reading through (decision 034). A statement's plan is kept as long as its connection: one
# made on a system's first day, when every table is small or unknown to the planner, must still be right on its
# thousandth. `read_through` lifts this for those who do read whole tables.
PLANNING = "-c enable_seqscan=off -c random_page_cost=1.1 -c jit=off"
_READ_THROUGH = ("SET LOCAL enable_seqscan = on", "SET LOCAL random_page_cost = 2")

# A server on another machine may go without a farewell: seconds until that is noticed, before clients give up on us.
FAR_SERVER = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 2,
    "tcp_user_timeout": 20_000,  # ms
}  # fmt: skip

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


class CountingCursor(psycopg.Cursor[Any]):
    """Notes that a statement was sent and how long its answer took, whoever sent it (`metrics.tally`)."""

    def execute(self, *arguments: Any, **options: Any) -> Self:
        began = time.perf_counter()
        try:
            return super().execute(*arguments, **options)
        finally:
            tally.sent(time.perf_counter() - began)

    def executemany(self, *arguments: Any, **options: Any) -> None:
        began = time.perf_counter()
        try:
            super().executemany(*arguments, **options)
        finally:
            tally.sent(time.perf_counter() - began)


def engine_options(pool_size: int) -> dict[str, Any]:
    """Engine options for one process: one connection per thread; `_refuse_dead` looks at each before it is used."""
    return {
        "pool_size": pool_size,
        "max_overflow": 2,
        # The connection used last: its plans are there and warm, and those that are too many rest.
        "pool_use_lifo": True,
        "pool_pre_ping": False,
        "pool_recycle": 1800,
        "hide_parameters": True,  # a fault quotes its statement in the log, never the people in it
        "connect_args": {
            "options": f"{TIMEOUTS} {PLANNING}",
            "application_name": "wms",
            "cursor_factory": CountingCursor,
            **FAR_SERVER,
        },
    }


# Flask-SQLAlchemy's own register, by the identity of the application context.
_sessions = db.session.registry.registry


def session() -> Session:
    """The session of this application context. Asked for hundreds of times in a request: `db.session()` takes fifty times
    as long, its register by its own way several times.
    """
    found: Session | None = _sessions.get(id(app_ctx._get_current_object()))  # type: ignore[attr-defined]
    return db.session.registry() if found is None else found


def read_through() -> None:
    """Let the rest of this transaction be planned for reading whole tables: audits, reports, sweeps."""
    for setting in _READ_THROUGH:
        session().execute(text(setting))


def after_commit(action: Callable[[], object]) -> None:
    """Run `action` once this transaction has committed; forget it if it rolls back. Only hints belong here."""
    session().info.setdefault("after_commit", []).append(action)


def commit() -> None:
    """Commit and run what waited for it. Called by the platform only (law 8)."""
    current = session()
    if not _goes_on(current):
        current.commit()
    for action in current.info.pop("after_commit", []):
        action()


_OF_A_TRANSACTION = ("locks", "posting_key", "behind")  # in the session's info
# There too, for `commit` alone: the server has committed all there was, and whoever works here goes on.
COMMITTED = "committed"


def _goes_on(current: Session) -> bool:
    """Whether the transaction was committed at the server and the next one may begin where it was: on the same connection,
    without the session giving that back and asking for it again, which costs as much as ten statements. Never where the
    session holds rows: these have to be read anew.
    """
    if not current.info.pop(COMMITTED, False) or current.identity_map or current.new or current.deleted:
        return False
    for name in _OF_A_TRANSACTION:
        current.info.pop(name, None)
    return True


def rollback() -> None:
    current = session()
    try:
        undo(current)
        current.rollback()
    except (DBAPIError, ResourceClosedError, PendingRollbackError):
        current.invalidate()  # the connection went, and with it the transaction: that is rolled back
        _forget(current)
    current.info.pop("after_commit", None)
    current.info.pop("behind", None)  # what was only going to be sent


# psycopg forgets every statement it has prepared when it sees a rollback, also to a savepoint, for the sake of
# transactions that make and drop tables; ours do not, and the next request would have all of its statements parsed and
# planned anew. So rollbacks of healthy transactions are sent past it.


def undo(current: Session) -> None:
    """Roll back at the server, unless the transaction is somebody else's or has failed: then `rollback` must do it."""
    connection: Connection | None = current.info.get("begun")
    if connection is None or not (current.in_transaction() and current.is_active):
        return  # also when the transaction never got a connection: to ask for one now would be a fault of its own
    if not (connection.invalidated or connection.in_nested_transaction()):
        driver: psycopg.Connection[Any] = connection.connection.dbapi_connection  # type: ignore[assignment]
        if driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            with suppress(psycopg.OperationalError):
                driver.pgconn.exec_(b"ROLLBACK")
        if driver.closed:  # it is gone, and with it the transaction: nobody may try to roll that back once more
            connection.invalidate()


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


def keep_so_far() -> None:
    """Commit what a job has noted before something slow that must not hold its transaction open (law 8).

    For jobs only, which may be run again after any of their steps: a command's effect and answer commit together.
    """
    name = session().info.get("posting_key")
    commit()
    if name is not None:
        session().info["posting_key"] = name


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


class KeptStatements(PrepareManager):
    """psycopg's register of what is prepared on a connection, which a rollback does not empty: its `DEALLOCATE ALL` would
    take along what `platform.wire` has prepared. PostgreSQL plans anew by itself what a change of tables touches.
    """

    def clear(self) -> bool:
        return False


@event.listens_for(Engine, "connect")
def _set_up(driver: psycopg.Connection[Any], record: ConnectionPoolEntry) -> None:
    driver._prepared = KeptStatements()  # there is no public way; a test sees that nothing is deallocated
    driver.prepared_max = 500  # the default of 100 is less than the hot statements there are
    write_plain_lists(driver)
    record.info["fresh"] = True


@event.listens_for(Engine, "checkout")
def _refuse_dead(driver: psycopg.Connection[Any], record: ConnectionPoolEntry, _: object) -> None:
    """A connection that the server closed while it lay in the pool is replaced before anybody uses it.

    An idle connection has nothing to say unless it is a farewell: no question to the server is needed to see that. One
    that was only just made is taken as it is: the pool gives up after its second refusal, with a fault that says
    nothing about a database, where the first statement on a dead connection says what happened.
    """
    if record.info.pop("fresh", False):
        return
    waiting = select.poll()
    waiting.register(driver.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has closed this connection")
    if driver.autocommit:  # a look that was torn off (`statements.looking`): no transaction may begin on it
        raise DisconnectionError("this connection was left in the middle of a look")


# "cached plan must not change result type": a migration changed a column under statements that are prepared here.
STALE_PLAN = "0A000"


@event.listens_for(Engine, "handle_error")
def _leave_stale(context: ExceptionContext) -> None:
    """A connection whose prepared statements do not fit the tables any more is left, as one that was lost is: no rollback
    forgets them (`KeptStatements`), so each would fail for as long as the connection lasts.
    """
    if getattr(context.original_exception, "sqlstate", None) == STALE_PLAN:
        context.is_disconnect, context.invalidate_pool_on_disconnect = True, False


@event.listens_for(Session, "after_begin")
def _remember(begun: Session, _: object, connection: Connection) -> None:
    begun.info["begun"] = connection


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(ended: Session) -> None:
    """Told of savepoints, too: with one of them only what waits to be sent ends. Ranks that were locked in it stay claimed,
    which is only stricter.
    """
    if ended.in_nested_transaction():
        ended.info.pop("behind", None)
        return
    for name in ("begun", "wire", COMMITTED, *_OF_A_TRANSACTION):
        ended.info.pop(name, None)
