"""A world of stock, and the books balanced after every test that used it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.inventory.world import World, make_world
from wms.core import clock


class Clock:
    """A clock the test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def test_clock() -> Iterator[Clock]:
    moved = Clock()
    former = clock.use(moved)
    yield moved
    clock.use(former)


@pytest.fixture
def world(db_session) -> Iterator[World]:
    """Stock tests end with the books balancing."""
    yield make_world()
    assert_books_balance()


def assert_books_balance() -> None:
    from wms.inventory.audit import CHECKS
    from wms.platform.auditing import run_checks
    from wms.platform.database import session

    session().flush()
    result = run_checks(CHECKS)
    assert {each["name"]: each["violations"] for each in result["checks"] if each["violations"]} == {}
