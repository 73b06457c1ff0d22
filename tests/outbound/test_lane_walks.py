"""Walks of the fast lane, without a database: as many orders of one piece as the containers of a cart hold."""

from __future__ import annotations

import itertools
import random
import uuid
from collections import Counter
from dataclasses import replace

import pytest

from tests.outbound.test_carts import HOUSES, house
from wms.outbound import carts, lane_walks
from wms.outbound.carts import Settings, Stop
from wms.planning.layout import Layout
from wms.planning.totes import Size

SETTINGS = Settings(cart_totes=4, tote_units=9, tote_volume_cm3=3_000, tote_weight_g=5_000, lane_orders=25)
_rows = itertools.count(1)


def single(layout: Layout, dice: random.Random, volume: int = 0) -> list[Stop]:
    """An order of one piece, out of one of forty bins."""
    aisle, bay = dice.randrange(8), dice.randrange(5)
    block, within = divmod(bay, layout.bays_per_aisle)
    each = Size(1, volume or dice.choice((200, 500, 1_600)), dice.choice((100, 400)))
    row = aisle * 12 + bay
    return [Stop(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), row, uuid.UUID(int=row), layout.bay(block, aisle, within),
                 aisle * 100 + bay, 1, each, "only_bin", 1)]  # fmt: skip


@pytest.mark.parametrize("name", HOUSES)
@pytest.mark.parametrize("seed", range(3))
def test_every_order_is_on_one_walk_whose_containers_hold_it(name: str, seed: int) -> None:
    layout, dice = house(name), random.Random(seed)
    wanted = [single(layout, dice) for _ in range(90)]
    plan = lane_walks.plan_lanes(uuid.uuid4(), layout, wanted, SETTINGS, effort=0.05)
    assert Counter(plan.stops) == Counter(stop for stops in wanted for stop in stops)
    for walk in plan.walks:
        assert walk.is_lane
        assert len(walk.orders) == len(walk.stops) <= 25
        assert walk.totes == lane_walks.containers(walk.stops, SETTINGS) <= 4
        assert walk.halts == len({stop.balance_id for stop in walk.stops})
        assert walk.planned <= walk.bin_order
    assert lane_walks.plan_lanes(plan.warehouse_id, layout, wanted, SETTINGS, effort=0.05) == plan
    assert carts.from_data(carts.as_data(plan)) == plan


def test_so_many_share_a_container_that_fewer_walks_and_metres_are_left() -> None:
    layout, dice = house("one block"), random.Random(7)
    wanted = [single(layout, dice, volume=200) for _ in range(96)]
    own = carts.plan_walks(uuid.uuid4(), layout, wanted, Settings(), effort=0.05)
    lane = lane_walks.plan_lanes(own.warehouse_id, layout, wanted, Settings(), effort=0.05)
    assert len(own.walks) >= 8 and len(lane.walks) == 2  # twelve totes a cart
    assert [walk.totes for walk in lane.walks] == [1, 1]
    costs = [carts.cost_of(plan, Settings()) for plan in (own, lane)]
    assert costs[1].metres < 0.7 * costs[0].metres
    assert costs[1].minutes < 0.7 * costs[0].minutes
    assert (costs[1].orders, costs[1].units, costs[0].stops) == (96, 96, 96)
    assert costs[1].stops == sum(len({stop.balance_id for stop in walk.stops}) for walk in lane.walks) < 96


def test_pieces_that_fill_half_a_tote_are_not_thought_to_lie_in_two() -> None:
    """By their volume alone a cart of four totes would hold seven."""
    layout, dice = house("one block"), random.Random(1)
    wanted = [single(layout, dice, volume=1_600) for _ in range(12)]
    plan = lane_walks.plan_lanes(uuid.uuid4(), layout, wanted, SETTINGS, effort=0.05)
    assert sorted(len(walk.orders) for walk in plan.walks) == [4, 4, 4]


def test_what_is_no_piece_in_a_tote_does_not_share() -> None:
    layout, dice = house("one block"), random.Random(1)
    (stop,) = single(layout, dice)
    assert lane_walks.may_share([stop], SETTINGS)
    assert not lane_walks.may_share([stop, stop], SETTINGS)
    assert not lane_walks.may_share([replace(stop, units=2)], SETTINGS)
    assert not lane_walks.may_share([replace(stop, each=Size(1, 3_001, 1))], SETTINGS)  # larger than a tote
    assert not lane_walks.may_share([replace(stop, each=Size(0, 0, 0))], SETTINGS)  # a container that goes as it is


def test_the_walk_of_the_most_urgent_order_is_the_first_of_both_kinds() -> None:
    layout, dice = house("one block"), random.Random(3)
    wanted = [single(layout, dice) for _ in range(60)]
    lane = lane_walks.plan_lanes(uuid.uuid4(), layout, wanted[1:], SETTINGS, effort=0.05)
    cart = carts.plan_walks(lane.warehouse_id, layout, wanted[:1], SETTINGS, effort=0.05)
    both = lane_walks.joined(lane, cart, wanted)
    assert both.walks[0].orders == (wanted[0][0].order_id,)
    assert not both.walks[0].is_lane
    assert len(both.walks) == len(lane.walks) + 1
    assert both.unplanned == lane.unplanned + cart.unplanned
