"""The incremental audit finds what went wrong since the last one, and agrees with the full one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.inventory.conftest import test_clock
from tests.inventory.world import TEST, make_house, make_product, make_seller
from wms.core.actor import SYSTEM
from wms.inventory import month_ends, service
from wms.inventory.audit import CHECKS
from wms.platform.auditing import run_checks
from wms.platform.database import session

__all__ = ["test_clock"]


def wrong(since: int | None) -> set[str]:
    return {each["name"] for each in run_checks(CHECKS, since)["checks"] if each["violations"]}


def last_move() -> int:
    return int(session().execute(text("SELECT coalesce(max(id), 0) FROM stock_move")).scalar_one())


@pytest.fixture
def story(db_session, test_clock):
    """A house with a month-end behind it, a row that moved before and one that moved since."""
    test_clock.now = datetime(2026, 1, 20, tzinfo=UTC)
    house, product = make_house("overseas", "UTC"), make_product(make_seller())
    house.warehouse.created_at = test_clock.now
    early = house.stocked(product, 9)
    test_clock.now = datetime(2026, 2, 3, tzinfo=UTC)
    month_ends.close_months()
    session().commit()
    since = last_move()
    late = house.stocked(product, 4, "bin2")
    service.count(SYSTEM, early, 8, TEST)
    session().commit()
    return since, service.find_balance(early).id, service.find_balance(late).id


def test_a_sound_book_is_sound_either_way(story):
    since, _, _ = story
    assert (wrong(None), wrong(0), wrong(since), wrong(last_move())) == (set(), set(), set(), set())


@pytest.mark.parametrize("which", [1, 2])
def test_a_row_that_moved_since_is_held_against_its_month_end_and_moves(story, which):
    since = story[0]
    session().execute(text("UPDATE balance SET on_hand = on_hand + 1 WHERE id = :id"), {"id": story[which]})
    assert "balance equals the sum of its moves" in wrong(None)
    assert "balance equals the sum of its moves" in wrong(since)
    assert "balance equals the sum of its moves" not in wrong(last_move())


def test_a_month_end_kept_since_is_recomputed(story):
    since, _, _ = story
    session().execute(text("UPDATE stock_month_end_row SET on_hand = on_hand - 1"))
    assert "month-ends are what the moves say" in wrong(None) & wrong(0)
    assert "month-ends are what the moves say" not in wrong(since)


def test_the_short_form_of_a_check_has_both_halves_and_asks_for_less():
    short = [check for check in CHECKS if check.violations_since is not None]
    assert len(short) >= 8
    for check in short:
        assert check.rows_since is not None, check.name
        assert re.search(r":since\b", check.violations_since), check.name
