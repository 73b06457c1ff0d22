"""Carts and walks, without a database: nothing lost, nothing doubled, never longer than bin by bin."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import replace

import pytest

from wms.facility.layout import Aisle, Settings, draw
from wms.outbound import carts
from wms.outbound.carts import Stop
from wms.planning.layout import DOWN, UP, Layout
from wms.planning.totes import Size

ZONE = uuid.uuid4()
AISLES = [Aisle(ZONE, number, 1, 12, number * 100) for number in range(1, 9)]
ONE_WAY = tuple((number, 0, UP if number % 2 else DOWN) for number in range(1, 9))
HOUSES = {
    "one block": Settings(), "two blocks": Settings(blocks=2), "one way": Settings(one_way=ONE_WAY),
    "other end": Settings(starts=((1, 1),), ends=((1, 8),)), "several depots": Settings(starts=((1, 1), (1, 8), (2, 4))),
    "cannot be walked": Settings(one_way=tuple((number, 0, UP) for number in range(1, 9))),
}  # fmt: skip


def house(name: str) -> Layout:
    return draw(HOUSES[name], AISLES, {}).layout


def orders(layout: Layout, count: int, seed: int) -> list[list[Stop]]:
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        order = uuid.uuid4()
        stops = []
        for _ in range(dice.choice((1, 1, 2, 4))):
            aisle, bay = dice.randrange(8), dice.randrange(12)
            block, within = divmod(bay, layout.bays_per_aisle)
            place = layout.bay(block, aisle, within)
            stops.append(Stop(order, uuid.uuid4(), uuid.uuid4(), len(found) * 10 + len(stops), uuid.uuid4(), place,
                              aisle * 100 + (bay if aisle % 2 == 0 else 11 - bay), dice.randint(1, 3), Size(1, 500, 200),
                              "only_bin", 1))  # fmt: skip
        found.append(stops)
    return found


@pytest.mark.parametrize("name", HOUSES)
@pytest.mark.parametrize("seed", range(3))
def test_every_stop_is_on_one_walk_and_no_walk_is_longer_than_bin_by_bin(name: str, seed: int) -> None:
    layout = house(name)
    wanted = orders(layout, 30, seed)
    settings = carts.Settings(cart_totes=7, tote_units=4)
    plan = carts.plan_walks(uuid.uuid4(), layout, wanted, settings, effort=0.05)
    assert Counter(plan.stops) == Counter(stop for stops in wanted for stop in stops)
    assert len(plan.orders) == len(set(plan.orders)) == 30  # an order is on one cart
    for walk in plan.walks:
        assert walk.planned <= walk.bin_order
        assert walk.planned == carts.length_of(layout, [stop.place for stop in walk.stops])
        assert walk.totes <= 7 or len(walk.orders) == 1
    assert sum(walk.planned for walk in plan.walks) <= plan.unplanned
    assert carts.plan_walks(plan.warehouse_id, layout, wanted, settings, effort=0.05) == plan
    assert carts.from_data(carts.as_data(plan)) == plan


def test_most_walks_are_shorter_than_bin_by_bin() -> None:
    layout = house("one block")
    plans = [
        carts.plan_walks(uuid.uuid4(), layout, orders(layout, 30, seed), carts.Settings(), effort=0.05)
        for seed in range(3)
    ]
    assert sum(walk.planned for plan in plans for walk in plan.walks) < 0.8 * sum(plan.unplanned for plan in plans)


def test_the_most_urgent_order_s_walk_comes_first() -> None:
    layout = house("one block")
    wanted = orders(layout, 40, 5)
    plan = carts.plan_walks(uuid.uuid4(), layout, wanted, carts.Settings(), effort=0.05)
    assert wanted[0][0].order_id in plan.walks[0].orders


def test_a_cost_counts_a_bin_once_and_people_by_the_time_there_is() -> None:
    layout = house("one block")
    first, *_ = orders(layout, 1, 1)
    shared = [first[0], replace(first[0], order_id=uuid.uuid4(), demand_id=uuid.uuid4())]
    settings = carts.Settings(
        metres_per_minute=60, seconds_per_walk=60, seconds_per_stop=30, seconds_per_unit=5, minutes_per_wave=1
    )
    plan = carts.plan_walks(uuid.uuid4(), layout, [[stop] for stop in shared], settings)
    cost = carts.cost_of(plan, settings)
    metres, units = plan.walks[0].planned / 1_000_000, sum(stop.units for stop in shared)
    assert cost.minutes == -(-int(60 + 30 + 5 * units + metres) // 60)
    assert cost.people == 1  # one cart, one person
