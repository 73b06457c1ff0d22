"""A stage to work on, and the books balanced after every test that used it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.cast import Cast
from tests.outbound.stage import Stage
from wms.cli import all_checks
from wms.platform.auditing import run_checks
from wms.platform.database import session


class PlainCounters:
    """Numbers without a connection of their own, for tests in one transaction."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def take(self, name: str) -> int:
        return next(self.numbers)


def assert_books_balance() -> None:
    result = run_checks(all_checks())
    assert {each["name"]: each["violations"] for each in result["checks"] if each["violations"]} == {}


@pytest.fixture(autouse=True)
def books(request: pytest.FixtureRequest) -> Iterator[None]:
    """Numbers from memory, and the audit after the test, where it runs in one transaction."""
    if "db_session" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("db_session")
    app: Any = request.getfixturevalue("app")
    former = app.extensions.get("wms_counters")
    app.extensions["wms_counters"] = PlainCounters()
    yield
    app.extensions.pop("wms_counters")
    if former is not None:
        app.extensions["wms_counters"] = former
    assert_books_balance()


@pytest.fixture
def stage(db_session: Any, cast: Cast) -> Stage:
    """The floor, inside the test's transaction."""
    return Stage(cast)


@pytest.fixture
def floor(fresh_app: Flask, cast: Cast) -> Iterator[Stage]:
    """The stage where commits are real; the audit runs at the end."""
    with fresh_app.app_context():
        yield Stage(cast)
        session().rollback()
        assert_books_balance()
        dead = session().scalar(text("SELECT count(*) FROM outbox_job WHERE state = 'dead'"))
        session().rollback()
        assert dead == 0
