"""When a face is filled, by how much, how urgently, and from which rows."""

from __future__ import annotations

import itertools

import pytest

from wms.core.rotation import UNKNOWN
from wms.inventory.replenishment.rules import Face, Reserve, Tier, lacking, share_out, tier, urgency


def face(minimum: int = 10, maximum: int = 50, free: int = 0, **more: int) -> Face:
    return Face(minimum, maximum, more.pop("stands", free), free, **more)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (face(free=0), 50),
        (face(free=9), 41),
        (face(free=10), 40),  # not below the minimum, but half of what lies between is gone
        (face(free=30), 20),
        (face(free=31), 0),
        (face(free=31, wanted=31), 0),
        (face(free=31, wanted=32), 19),  # more promised than stands there
        (face(free=0, stands=50), 0),  # all of it claimed, and still in the way
        (face(free=5, stands=45), 5),
        (face(free=5, coming=45), 0),
        (face(free=5, coming=20), 25),
        (face(free=20, coming=20, wanted=41), 10),
        (face(free=40, awaited=True), 10),
        (face(free=60), 0),
    ],
)
def test_units_to_bring(seen: Face, wanted: int) -> None:
    assert lacking(seen) == wanted


def test_what_is_brought_never_exceeds_the_maximum() -> None:
    for free, claimed, coming, wanted in itertools.product(range(0, 13, 3), repeat=4):
        seen = Face(3, 12, free + claimed, free, coming, wanted)
        assert 0 <= lacking(seen) <= max(0, 12 - free - claimed - coming)
        if seen.stands + coming < 12 and (wanted > free + coming or free + coming < 3):
            assert lacking(seen) == 12 - free - claimed - coming


def test_a_waiting_picker_comes_before_orders_before_the_minimum_before_topping_up() -> None:
    ranked = [
        face(free=0, awaited=True, wanted=1), face(free=20, awaited=True), face(free=0, wanted=20),
        face(free=15, wanted=20), face(free=0), face(free=9), face(free=10), face(free=40),
    ]  # fmt: skip
    assert [tier(each) for each in ranked] == [
        Tier.PICKER, Tier.PICKER, Tier.WAVE, Tier.WAVE, Tier.BELOW_MINIMUM, Tier.BELOW_MINIMUM, Tier.TOP_UP, Tier.TOP_UP
    ]  # fmt: skip
    scores = [urgency(each) for each in ranked]
    assert scores == sorted(scores, reverse=True)
    for each in ranked:
        assert urgency(each) // 100 == tier(each)


SOON, LATER, NEVER = (1,), (2,), (UNKNOWN,)  # when it is the turn of goods


@pytest.mark.parametrize(
    ("wanted", "rows", "taken"),
    [
        (10, [Reserve(1, 4), Reserve(2, 20)], [(1, 4), (2, 6)]),
        (10, [Reserve(1, 4), Reserve(2, 5)], [(1, 4), (2, 5)]),
        # what leaves first comes first, whatever it stands in
        (10, [Reserve(1, 12, LATER, True, True), Reserve(2, 4, SOON)], [(2, 4), (1, 6)]),
        (10, [Reserve(1, 9), Reserve(2, 9, LATER), Reserve(3, 9, SOON)], [(3, 9), (2, 1)]),
        # whole cartons that fit, then what lies loose, then a part of a carton
        (30, [Reserve(1, 50), Reserve(2, 12, NEVER, True, True), Reserve(3, 12, NEVER, True, True)],
         [(2, 12), (3, 12), (1, 6)]),
        (30, [Reserve(1, 40, NEVER, True, True), Reserve(2, 12, NEVER, True, True)], [(2, 12), (1, 18)]),
        (30, [Reserve(1, 24, NEVER, True, False), Reserve(2, 5)], [(2, 5), (1, 24)]),
        (0, [Reserve(1, 4)], []),
        (5, [Reserve(1, 0), Reserve(2, -1)], []),
    ],
)  # fmt: skip
def test_where_it_is_taken_from(wanted: int, rows: list[Reserve], taken: list[tuple[int, int]]) -> None:
    assert [(row.balance_id, quantity) for row, quantity in share_out(wanted, rows)] == taken


def test_one_turn_makes_few_tasks_for_a_face() -> None:
    assert len(share_out(1_000, [Reserve(number, 1) for number in range(100)])) == 8
