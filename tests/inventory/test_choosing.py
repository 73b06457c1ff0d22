"""Which rows serve a promise: every criterion against the ones below it, and what is taken adds up."""

from __future__ import annotations

import itertools
import uuid
from datetime import date
from typing import Any

import pytest

from wms.core.rotation import Rotation, due
from wms.inventory.choosing import Offer, choose, rotation

EARLY, MIDDLE, LATE = date(2027, 1, 1), date(2027, 3, 1), date(2027, 6, 1)
PLACE = uuid.uuid4()


def offer(number: int, free: int, **facts: Any) -> Offer:
    return Offer(number, PLACE, free, **facts)


def by_number(chosen: Offer) -> int:
    return chosen.balance_id


@pytest.mark.parametrize(
    ("offers", "units", "expected"),
    [
        ([], 3, []),
        ([offer(1, 5)], 3, [(1, 3, "only_bin")]),
        ([offer(1, 9, expires_on=LATE), offer(2, 1, expires_on=EARLY)], 3, [(2, 1, "expires_first"), (1, 2, "fewest_touches")]),
        ([offer(1, 9), offer(2, 9, expires_on=LATE)], 3, [(2, 3, "expires_first")]),  # what expires before what does not
        ([offer(1, 9, came_on=LATE), offer(2, 9, came_on=EARLY)], 3, [(2, 3, "oldest_first")]),
        # A whole container that fits before the bin that would do it in one touch; never a part of one without need.
        ([offer(1, 9), offer(2, 4, unit_whole=4, in_unit=True)], 6, [(2, 4, "whole_unit"), (1, 2, "fewest_touches")]),
        ([offer(1, 9), offer(2, 8, unit_whole=8, in_unit=True)], 6, [(1, 6, "fewest_touches")]),
        ([offer(1, 3, unit_whole=9, in_unit=True), offer(2, 3)], 3, [(2, 3, "fewest_touches")]),  # some of it is claimed
        ([offer(1, 2), offer(2, 5), offer(3, 9)], 5, [(2, 5, "shortest_walk")]),
        ([offer(1, 2), offer(2, 3), offer(3, 2)], 5, [(2, 3, "fewest_touches"), (1, 2, "shortest_walk")]),
        ([offer(1, 2), offer(2, 3)], 9, [(2, 3, "fewest_touches"), (1, 2, "fewest_touches")]),  # all there is
    ],
)  # fmt: skip
def test_the_first_criterion_that_decides_is_the_reason(
    offers: list[Offer], units: int, expected: list[tuple[int, int, str]]
) -> None:
    for order in itertools.permutations(offers):
        found = choose(order, units, {}, by_number)
        assert [(each.offer.balance_id, each.units, each.why.value) for each in found] == expected
        assert {each.choices for each in found} <= {len(offers)}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rotation.FEFO, [(1, "oldest_first"), (2, "expires_first"), (3, "expires_first"), (4, "fewest_touches")]),
        (Rotation.FIFO, [(3, "oldest_asked"), (1, "expires_first"), (4, "oldest_asked"), (2, "fewest_touches")]),
        (Rotation.LEFO, [(3, "keeps_longest"), (1, "oldest_first"), (2, "keeps_longest"), (4, "fewest_touches")]),
    ],
)
def test_each_rule_has_its_order_and_its_reasons(rule: Rotation, expected: list[tuple[int, str]]) -> None:
    """What the rule leaves equal is decided by age, or by expiry where age is the rule; what has no expiry keeps nobody
    knows how long, and comes last where expiry decides.
    """
    rows = [
        offer(1, 1, expires_on=EARLY, came_on=MIDDLE, rule=rule),
        offer(2, 1, expires_on=EARLY, came_on=LATE, rule=rule),
        offer(3, 1, expires_on=LATE if rule is not Rotation.FIFO else EARLY, came_on=EARLY, rule=rule),
        offer(4, 1, came_on=MIDDLE, rule=rule),
    ]
    for order in itertools.permutations(rows):
        found = choose(order, 4, {}, by_number)
        assert [(each.offer.balance_id, each.why.value) for each in found] == expected


def test_keys_sort_as_the_rules_say() -> None:
    """Every pair of (expiry, arrival), against the rules in words."""
    days = (EARLY, MIDDLE, LATE, None)
    for (expires, came), (other, later) in itertools.product(itertools.product(days, days), repeat=2):
        fefo, fifo, lefo = (due(rule, expires, came) < due(rule, other, later) for rule in Rotation)
        earlier, older = ((a or date.max) < (b or date.max) for a, b in ((expires, other), (came, later)))
        assert fefo == (earlier or (expires == other and older))
        assert fifo == (older or (came == later and earlier))
        keeps = expires is not None and (other is None or expires > other)
        assert lefo == (keeps or (expires == other and older))


@pytest.mark.parametrize("rule", list(Rotation))
def test_every_small_case_takes_what_is_there_in_rotation(rule: Rotation) -> None:
    """All rows of up to three with every date, room and container: never more than free, never less than could be, and
    nothing late by the rule while something earlier is left.
    """
    dates = [(EARLY, LATE), (LATE, EARLY), (LATE, LATE)]
    kinds = [(free, *when, whole) for free in (1, 4) for when in dates for whole in (None, free)]
    for rows, units, taken in itertools.product(itertools.combinations_with_replacement(kinds, 3), (1, 3, 6), (0, 1)):
        offers = [
            offer(
                number, free, expires_on=expires, came_on=came, unit_whole=whole, in_unit=whole is not None, rule=rule
            )
            for number, (free, expires, came, whole) in enumerate(rows)
        ]
        found = choose(offers, units, {0: taken}, by_number)
        room = {each.balance_id: each.free - (taken if each.balance_id == 0 else 0) for each in offers}
        assert sum(each.units for each in found) == min(units, sum(room.values()))
        for each in found:
            assert 0 < each.units <= room[each.offer.balance_id]
        used = {each.offer.balance_id: each.units for each in found}
        last = max((rotation(each.offer) for each in found), default=None)
        assert all(
            used.get(each.balance_id, 0) == room[each.balance_id]
            for each in offers if last is not None and rotation(each) < last
        )  # fmt: skip
