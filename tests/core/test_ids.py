"""Ids: in order of time, never twice, and the same again from the same time and the same dice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from wms.core import clock, ids
from wms.core.ids import IdMaker, made_at, new_id

MOMENT = datetime(2026, 3, 29, 1, 59, 59, tzinfo=UTC)


def milliseconds() -> int:
    return int(MOMENT.timestamp() * 1000)


def test_ids_rise_strictly_even_while_time_stands_still() -> None:
    maker = IdMaker(milliseconds)
    made = [maker.make() for _ in range(10_000)]
    assert made == sorted(set(made))
    first = made_at(made[0])
    assert first == MOMENT
    assert all(each.version == 7 and each.variant == "specified in RFC 4122" for each in made[:100])


def test_ids_rise_while_the_clock_is_set_back() -> None:
    moments = iter([2_000, 1_000, 1_500, 2_001])
    maker = IdMaker(lambda: next(moments))
    made = [maker.make() for _ in range(4)]
    assert made == sorted(set(made))


def test_the_same_dice_make_the_same_ids() -> None:
    def story(seed: int) -> list[object]:
        maker = IdMaker(milliseconds, random.Random(seed).randbytes)
        return [maker.make() for _ in range(100)]

    assert story(1) == story(1)
    assert not set(story(1)) & set(story(2))


def test_a_maker_can_be_brought_and_taken_away() -> None:
    former = ids.use(IdMaker(milliseconds, random.Random(1).randbytes))
    try:
        simulated = new_id()
    finally:
        ids.use(former)
    assert made_at(simulated) == MOMENT
    now = made_at(new_id())
    assert now is not None
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_rules_only_while_it_is_in_the_system_s_place() -> None:
    assert clock.ruling() is None
    former = clock.use(lambda: MOMENT)
    try:
        assert clock.ruling() == clock.now() == MOMENT
    finally:
        clock.use(former)
    assert clock.ruling() is None
