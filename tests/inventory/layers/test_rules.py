"""Layers of one pool, move by move; and for any story of moves they add up to what is there."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.ids import new_id
from wms.inventory.layers.rules import TIERS, Passed, Place, Pool, age_in_days, place_of, tier_of

DAY = date(2026, 3, 1)


class Story:
    """A pool with moves numbered as they come."""

    def __init__(self) -> None:
        self.pool, self.number = Pool(), 0

    def move(self, source: str | None, target: str | None, quantity: int, day: int = 0, *, posting=None, **more):
        self.number += 1
        posting = posting or new_id()
        taken = more.pop("taken", None)
        if taken is None:
            taken = Counter()
            for use in self.pool.uses:
                if use.posting_id == more.get("reverses_id"):
                    taken[use.layer.id] += use.quantity
        passed = Passed(self.number, posting, DAY + timedelta(days=day), quantity, source, target, **more)
        self.gone = self.pool.follow(passed, new_id(), taken)
        return posting

    @property
    def layers(self) -> list[tuple[int, int, int]]:
        """(day, put away, left) of each."""
        return [((each.opened_on - DAY).days, each.quantity, each.remaining) for each in self.pool.layers]

    @property
    def waiting(self) -> tuple[int, int]:
        return self.pool.fresh, self.pool.away


@pytest.fixture
def story() -> Story:
    told = Story()
    told.move(None, "dock", 30)
    told.move("dock", "storage", 10, 1)
    told.move("dock", "storage", 12, 2)
    return told


def test_a_layer_opens_at_putaway_and_the_oldest_leave_first(story):
    assert (story.layers, story.waiting) == ([(1, 10, 10), (2, 12, 12)], (8, 0))
    story.move("storage", "tote", 11, 5)
    story.move("tote", None, 11, 5)
    assert story.layers == [(1, 10, 0), (2, 12, 11)]
    assert story.gone == [(DAY + timedelta(days=1), 10), (DAY + timedelta(days=2), 1)]


def test_goods_that_go_back_to_wait_keep_their_age(story):
    story.move("storage", "inspection", 3, 4)
    assert (story.layers, story.waiting) == ([(1, 10, 10), (2, 12, 12)], (8, 3))
    story.move("dock", "storage", 5, 6)
    assert (story.layers[-1], story.waiting) == ((6, 5, 5), (3, 3))
    story.move("inspection", "storage", 3, 9)
    assert (story.layers[-1], story.waiting) == ((6, 5, 5), (3, 0))
    story.move("storage", "inspection", 2, 10)
    story.move("inspection", None, 2, 10)
    assert (story.layers[0], story.waiting) == ((1, 10, 8), (3, 0))


def test_goods_never_put_away_leave_no_layer(story):
    story.move("dock", None, 8, 3)
    assert (story.layers, story.waiting) == ([(1, 10, 10), (2, 12, 12)], (0, 0))


def test_a_reversed_putaway_closes_its_own_layer(story):
    posting = story.move("dock", "storage", 4, 3)
    story.move("storage", "dock", 4, 3, reverses_id=posting)
    assert (story.layers, story.waiting) == ([(1, 10, 10), (2, 12, 12), (3, 0, 0)], (8, 0))


def test_a_reversed_loss_brings_back_what_it_took(story):
    story.move("storage", None, 2, 3)
    lost = story.move("storage", None, 9, 4)
    story.move("storage", None, 1, 5)
    assert story.layers == [(1, 10, 0), (2, 12, 10)]
    story.move(None, "storage", 9, 6, reverses_id=lost)
    assert story.layers == [(1, 10, 8), (2, 12, 11)]
    found = story.move(None, "storage", 5, 7)
    story.move("storage", None, 5, 7, reverses_id=found)
    assert story.layers == [(1, 10, 8), (2, 12, 11), (7, 0, 0)]


def test_what_a_conversion_hands_on_keeps_its_dates():
    story = Story()
    dates = [(DAY - timedelta(days=9), 4), (DAY - timedelta(days=2), 3)]
    story.move(None, "storage", 7, 5, carried=dates)
    assert story.layers == [(-9, 4, 4), (-2, 3, 3)]
    story.move(None, "storage", 9, 6, carried=dates)
    assert story.layers == [(-9, 4, 4), (-9, 4, 4), (-2, 3, 3), (-2, 3, 3), (6, 2, 2)]


def test_more_than_there_is_is_a_fault(story):
    with pytest.raises(ValueError, match="more than the layers hold"):
        story.move("storage", None, 99)


@pytest.mark.parametrize(
    ("age", "tier"),
    [(1, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (180, 3), (181, 4), (270, 4), (271, 5), (360, 5),
     (361, 6), (9_999, 6), (0, 0)],
)  # fmt: skip
def test_tiers_have_no_gap(age, tier):
    assert tier_of(age) == tier
    assert age_in_days(DAY, DAY + timedelta(days=age - 1)) == age
    assert all(TIERS[n][1] + 1 == TIERS[n + 1][0] for n in range(len(TIERS) - 1))


KINDS = ["dock", "inspection", "returns", "storage", "tote"]
ends = st.sampled_from([None, *KINDS])


@given(st.lists(st.tuples(ends, ends, st.integers(1, 9), st.booleans()), max_size=40))
def test_any_story_adds_up(steps):
    """Whatever moves, reversed or not: what waits and what is layered is what is there."""
    story, there = Story(), Counter()
    done: list[tuple] = []
    for day, (source, target, quantity, undo) in enumerate(steps):
        reverses = None
        if undo and done:
            source, target, quantity, reverses = done.pop()
            source, target = target, source
        if source == target or (source is not None and there[source] < quantity):
            continue
        posting = story.move(source, target, quantity, day, reverses_id=reverses)
        if reverses is None:
            done.append((source, target, quantity, posting))
        there[source] -= quantity
        there[target] += quantity
        shelved = sum(there[kind] for kind in KINDS if place_of(kind) is Place.SHELVED)
        waiting = sum(there[kind] for kind in KINDS if place_of(kind) is Place.WAITING)
        left = sum(layer.remaining for layer in story.pool.layers)
        assert (sum(story.waiting), left) == (waiting, shelved + story.pool.away)
        assert min(story.waiting) >= 0
        assert all(0 <= layer.remaining <= layer.quantity for layer in story.pool.layers)
        assert [layer.opened_on for layer in story.pool.layers] == sorted(
            layer.opened_on for layer in story.pool.layers
        )
