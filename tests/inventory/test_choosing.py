"""Which rows serve a promise: every criterion against the ones below it, and what is taken adds up."""

from __future__ import annotations

import itertools
import uuid
from datetime import date
from typing import Any

import pytest

from wms.inventory.choosing import Offer, choose, rotation

EARLY, LATE = date(2027, 1, 1), date(2027, 6, 1)
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


def test_every_small_case_takes_what_is_there_in_rotation() -> None:
    """All rows of up to three with every date, room and container: never more than free, never less than could be, and
    nothing late while something earlier is left.
    """
    kinds = [
        (free, expires, whole) for free in (1, 2, 4) for expires in (EARLY, LATE) for whole in (None, free)
    ]  # fmt: skip
    for rows, units, taken in itertools.product(itertools.combinations_with_replacement(kinds, 3), (1, 3, 6), (0, 1)):
        offers = [
            offer(number, free, expires_on=expires, unit_whole=whole, in_unit=whole is not None)
            for number, (free, expires, whole) in enumerate(rows)
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
