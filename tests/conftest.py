"""Fixtures that every test may use.

config          of the shared application
app             the application on a database shared by the tests of one process
db_session      its session inside a transaction that is rolled back after the test; `commit()` in the code
                under test ends a savepoint only. Fast: use it wherever one connection is enough.
client          requests inside that transaction
fresh_app       the application on a database of its own, where commits are real: for locks, concurrency,
                command rows, migrations and workers. `fresh_client` sends it requests, `fresh_database` is
                its name.
cast            the people, keys, goods and buildings that every database has (see tests/cast.py)
redis_client    an empty Valkey database
browser, page   a real Chromium (see tests/browser.py)

Nothing is started before a test asks for it: tests of pure code need no engine.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from xdist.scheduler import LoadScopeScheduling

from tests.browser import running_browser
from tests.engines import SHARED, Databases, create_app, dispose, running_databases

if TYPE_CHECKING:
    import redis
    from flask import Flask
    from playwright.sync_api import Browser, Page
    from sqlalchemy.orm import Session, scoped_session

    from config import Config
    from tests.cast import Cast


# What the tests below these share is dear to build (a whole system, a backup, a demonstration): one process has them all.
# Not by `xdist_group`: xdist 3.8 does not see that mark under pytest 9.2, and says nothing.
BUILT_ONCE = (
    "tests/abuse/test_transport.py", "tests/bench/", "tests/demo/test_leaks.py", "tests/demo/test_opening.py", "tests/faults/",
    "tests/platform/test_one_label_told.py", "tests/recovery/test_dump.py", "tests/recovery/test_moment.py",
)  # fmt: skip


class ByBuilding(LoadScopeScheduling):
    """Hands out tests one by one, those of a dear building together; the largest of these first."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of the parcel of tests in which this one is handed out: its dear building, else its own."""
    return next((place for place in BUILT_ONCE if nodeid.startswith(place)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByBuilding:
    return ByBuilding(config, log)


@pytest.fixture(scope="session")
def engines() -> Iterator[Databases]:
    """This test process's PostgreSQL and Valkey."""
    with running_databases() as running:
        yield running


@pytest.fixture(scope="session")
def config(engines: Databases) -> Config:
    """The configuration of the shared application."""
    return engines.config(engines.copy(SHARED))


@pytest.fixture(scope="session")
def app(config: Config) -> Iterator[Flask]:
    """The application on the shared database. Tests that write use it through `db_session` only."""
    application = create_app(config)
    yield application
    dispose(application)


@pytest.fixture(scope="session")
def cast(app: Flask) -> Cast:
    """The fixed cast. Their ids are the same in every copy of one test run's template, so it fits `fresh_app` too."""
    from tests.cast import load

    return load(app)


@pytest.fixture
def db_session(app: Flask) -> Iterator[scoped_session[Session]]:
    """Flask-SQLAlchemy's session on one connection, whose transaction is rolled back after the test.

    An application context is active. `commit()` ends a savepoint only. Code that opens connections itself
    (`db.engine.connect()`) fails here on purpose: it would not see the test's data; test it with `fresh_app`.
    """
    from wms.platform.database import db

    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection  # what every new session binds to
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield db.session
        finally:
            db.session.remove()
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
            db.engines[None] = engine
            outer.rollback()
            connection.close()


class SeparateRequests(FlaskClient):
    """A client whose requests each get an application context of their own, as on a server.

    Flask reuses an active context: a request inside a test would otherwise share the test's session and `g`.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture
def client(app: Flask, db_session: scoped_session[Session]) -> FlaskClient:
    """A test client whose requests see the test's data and are rolled back with it.

    Call `db_session.expire_all()` before looking at rows that a request has changed.
    """
    return SeparateRequests(app, app.response_class)


@pytest.fixture
def fresh_database(engines: Databases) -> Iterator[str]:
    """The name of a database of the test's own with the migrated schema, dropped after the test."""
    name = engines.copy()
    yield name
    engines.engines.postgres.drop_database(name)


@pytest.fixture
def fresh_app(engines: Databases, fresh_database: str) -> Iterator[Flask]:
    """The application on a database of the test's own. No context is active; commits are real."""
    application = create_app(engines.config(fresh_database))
    yield application
    dispose(application)


@pytest.fixture
def fresh_client(fresh_app: Flask) -> FlaskClient:
    """A test client of `fresh_app`."""
    return SeparateRequests(fresh_app, fresh_app.response_class)


@pytest.fixture
def redis_client(engines: Databases) -> Iterator[redis.Redis]:
    """A client of an empty Valkey database."""
    with engines.empty_queue() as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium without a window."""
    with running_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser profile of its own: cookies and storage are empty."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
