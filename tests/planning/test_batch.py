"""Batches: everything is picked once within the limits of totes and carts, walks are as long as said, and the totals stand
between an honest lower bound and the carts filled as the orders came.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.planning.commands import Standard
from tests.planning.oracles import Graph
from tests.planning.test_route import SIZES, Clock, a_layout, big_layout, some_stops
from wms.planning import batch, bounds, exact
from wms.planning.batch import LayoutArea, Order
from wms.planning.budget import Budget
from wms.planning.lengths import measure_layout
from wms.planning.totes import Cart, Line, Size
from wms.planning.wire.fields import Field
from wms.planning.wire.places import Mapped, read_area

UM_PER_CM = 10_000


def a_wave(dice: random.Random, layout: dict[str, Any], count: int, most_lines: int = 4) -> list[dict[str, Any]]:
    return [
        {
            "id": f"o{number}",
            "lines": [
                {
                    "stop": stop,
                    "units": dice.randint(1, 4),
                    "volume": dice.choice([0.5, 1, 2.25]),
                    "weight": dice.randint(1, 5),
                }
                for stop in some_stops(dice, layout, most_lines)
            ],
        }
        for number in range(count)
    ]


CARTS: dict[str, dict[str, Any]] = {
    "two totes": {"totes": 2},
    "totes with limits, orders split": {"totes": 3, "tote_units": 4, "tote_volume": 5, "tote_weight": 11,
                                        "split_orders_over_totes": True},
    "one tote, cartloads": {"totes": 1, "tote_weight": 9, "split_orders_over_totes": True},
    "orders share the cart": {"tote_units": 16, "tote_volume": 30},
    "orders share the cart and are split": {"tote_units": 6, "split_orders_over_totes": True},
    "no limit": {},
}  # fmt: skip


@pytest.mark.parametrize("cart", CARTS.values(), ids=CARTS)
@pytest.mark.parametrize("kind", ["one block", "two blocks", "one way", "several depots", "start and end"])
def test_a_plan_holds(standard: Standard, cart: dict[str, Any], kind: str) -> None:
    dice = random.Random(f"{cart}{kind}")
    ends = {"several depots": "several", "start and end": "trip"}.get(kind, "tour")
    layout = a_layout(dice, 2 if kind == "two blocks" else 1, ends)
    layout |= {"aisles": 6, "bays_per_aisle": 8}
    if kind == "one way":
        layout["one_way_aisles"] = [
            {"aisle": aisle, "direction": "up" if aisle % 2 else "down"} for aisle in range(1, 5)
        ]
    orders = a_wave(dice, layout, 14)
    plan = standard.plan("batch", {"layout": layout, "orders": orders, "cart": cart, "seed": 5, "effort": 0.3})
    check(plan, layout, orders, cart)


def check(plan: dict[str, Any], layout: dict[str, Any], orders: list[dict[str, Any]], cart: dict[str, Any]) -> None:
    graph = Graph(layout)
    picked: Counter[tuple[str, tuple[int, ...]]] = Counter()
    sizes = {(order["id"], graph.stop(line["stop"])): line for order in orders for line in order["lines"]}
    for each in plan["batches"]:
        assert Counter(each["orders"]) == Counter(dict.fromkeys((tote["order"] for tote in each["totes"]), 1))
        stops = {graph.stop(line["stop"]) for tote in each["totes"] for line in tote["lines"]}
        assert sorted(map(graph.stop, each["sequence"])) == sorted(stops)
        lengths = [graph.length(each["sequence"], *trip) for trip in graph.trips()]
        assert each["length_m"] * 100 == pytest.approx(min(lengths), abs=1e-6)
        if "totes" in cart:
            assert len(each["totes"]) <= cart["totes"]
            loads = [[tote] for tote in each["totes"]]
        else:
            loads = [each["totes"]]
        for load in loads:
            filled = [
                (sizes[tote["order"], graph.stop(line["stop"])], line["units"])
                for tote in load
                for line in tote["lines"]
            ]
            for name, limit in (("units", "tote_units"), ("volume", "tote_volume"), ("weight", "tote_weight")):
                used = sum(units * (1 if name == "units" else line[name]) for line, units in filled)
                assert used <= cart.get(limit, used)
        for tote in each["totes"]:
            picked.update({(tote["order"], graph.stop(line["stop"])): line["units"] for line in tote["lines"]})
    assert picked == Counter({key: line["units"] for key, line in sizes.items()})
    assert plan["total_m"] == pytest.approx(sum(each["length_m"] for each in plan["batches"]))
    assert plan["lower_bound_m"] <= plan["total_m"] <= plan["as_they_came_m"] + 1e-9


def partitions(items: list[int], most: int) -> Iterator[list[list[int]]]:
    """Every way to divide items into groups of at most so many."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for count in range(most):
        for mates in itertools.combinations(rest, count):
            for others in partitions([item for item in rest if item not in mates], most):
                yield [[first, *mates], *others]


@pytest.mark.parametrize("blocks", [1, 2])
def test_the_best_of_every_division(standard: Standard, blocks: int) -> None:
    """Six orders on carts of two and three totes: no division of any kind walks less, and none less than the bound says."""
    for seed, totes in itertools.product(range(8), (2, 3)):
        dice = random.Random(f"{blocks}{seed}{totes}")
        layout = a_layout(dice, blocks) | {"aisles": 5, "bays_per_aisle": 6, "depot": {"aisle": dice.randint(1, 5)}}
        orders = a_wave(dice, layout, 6, 3)
        graph = Graph(layout)
        stops = [[line["stop"] for line in order["lines"]] for order in orders]
        known: dict[tuple[int, ...], float] = {}

        def walk(group: list[int], graph: Graph = graph, stops: Any = stops, known: Any = known) -> float:
            if tuple(group) not in known:
                known[tuple(group)] = graph.shortest([stop for order in group for stop in stops[order]])
            return known[tuple(group)]

        best = min(sum(map(walk, division)) for division in partitions(list(range(6)), totes))
        plan = standard.plan("batch", {"layout": layout, "orders": orders, "cart": {"totes": totes}})
        assert plan["total_m"] * 100 == pytest.approx(best)
        assert 0 < plan["lower_bound_m"] * 100 <= best + 1e-6


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_the_bound_is_reached_where_nothing_can_be_shared(standard: Standard, blocks: int) -> None:
    """One tote a cart and one stop an order: every walk is alone, and each kind of metre is counted, no more and no less."""
    for seed in range(10):
        dice = random.Random(f"{blocks}{seed}")
        layout = a_layout(dice, blocks) | {
            "aisles": 5,
            "bays_per_aisle": 6,
            "depot": {"cross_aisle": 1, "aisle": dice.randint(1, 5)},
        }
        orders = a_wave(dice, layout, 9, 1)
        plan = standard.plan("batch", {"layout": layout, "orders": orders, "cart": {"totes": 1}})
        assert plan["lower_bound_m"] == pytest.approx(plan["total_m"])
        area = read_area(Field(layout))
        assert isinstance(area, Mapped)
        places = [[area.stop(Field(line["stop"])) for line in order["lines"]] for order in orders]
        assert bounds.by_aisles(area.layout, places, [(1,)] * 9, (1,)) <= round(plan["total_m"] * 100 * UM_PER_CM)


def test_the_parts_of_the_bound() -> None:
    """By hand: two orders a cart, stops in the first bays of aisles 2, 3 and 4 (3.2, 6.4 and 9.6 m away), 1.9 m up."""
    layout = big_layout(1, 4, 15)
    places = [[layout.bay(0, aisle, 0)] for aisle in (1, 2, 3, 3)]
    metres = bounds.by_aisles(layout, places, [(1,)] * 4, (2,)) / 1_000_000
    # Four orders lie beyond the first stretch (two walks), three beyond the second (two), two beyond the third (one).
    assert metres == pytest.approx(2 * 3.2 * (2 + 2 + 1) + 3 * 2 * 1.9)


def test_measured_lengths_are_the_shortest() -> None:
    for seed, blocks in itertools.product(range(25), (1, 2, 3)):
        dice = random.Random(f"{seed}{blocks}")
        layout = a_layout(dice, blocks) | {"aisles": 5, "bays_per_aisle": 5}
        depot = layout["depot"]
        if "bay" in depot:
            layout["depot"] = {"cross_aisle": blocks + 1, "aisle": 3}
        if "aisle" in depot:
            layout["depot"]["aisle"] = min(5, depot["aisle"])
        area, graph = read_area(Field(layout)), Graph(layout)
        assert isinstance(area, Mapped)
        stops = some_stops(dice, layout, 40)
        places = sorted(area.stop(Field(stop)) for stop in stops)
        by_place = {area.stop(Field(stop)): stop for stop in stops}
        measure = measure_layout(area.layout, places)
        assert measure.is_exact
        for _ in range(6):
            chosen = dice.sample(range(len(places)), min(len(places), dice.randint(1, 6)))
            best = graph.shortest([by_place[places[bit]] for bit in chosen])
            assert measure.length(sum(1 << bit for bit in chosen)) == round(best * UM_PER_CM)


def test_measured_lengths_of_many_places_equal_the_proved_walk() -> None:
    for blocks, seed in itertools.product((1, 2, 3), range(6)):
        layout = big_layout(blocks)
        places = sorted(
            layout.bay(*where) for where in itertools.product(range(blocks), range(12), range(15))
        )  # fmt: skip
        chosen = random.Random(seed).sample(range(len(places)), 50)
        walk = exact.shortest_walk(
            layout, [places[bit] for bit in chosen], layout.trips[0], exact.MAX_MOVES, lambda: False
        )
        assert walk is not None
        assert measure_layout(layout, places).length(sum(1 << bit for bit in chosen)) == walk.length


def a_generated_wave(count: int, seed: int) -> tuple[LayoutArea, list[Order]]:
    layout, dice = big_layout(1), random.Random(seed)
    places = sorted(layout.bay(0, aisle, bay) for aisle, bay in itertools.product(range(12), range(15)))
    orders = [
        Order(tuple(Line(dice.randrange(len(places)), 1, Size(1, 0, 0)) for _ in range(dice.randint(1, 4))))
        for _ in range(count)
    ]
    return LayoutArea(layout, places), orders


def test_the_same_seed_is_the_same_plan_on_any_clock() -> None:
    area, orders = a_generated_wave(40, 1)
    cart = Cart(6, Size(1 << 62, 1 << 62, 1 << 62), split=False)
    plans = [batch.plan(area, orders, cart, Budget(seed=3, effort=0.2, clock=Clock(step))) for step in (0, 1e-7)]
    assert plans[0] == plans[1]
    cut = batch.plan(area, orders, cart, Budget(seed=3, ceiling_ms=50, clock=Clock(0.001)))
    assert plans[0].total <= cut.total <= cut.as_they_came
    assert plans[0].as_they_came == cut.as_they_came


def test_a_large_wave_in_parts() -> None:
    area, orders = a_generated_wave(300, 2)
    plan = batch.plan(area, orders, Cart(12, Size(1 << 62, 1 << 62, 1 << 62), split=False), Budget(effort=0.3))
    assert sorted(order for each in plan.batches for order in each.orders) == list(range(300))
    assert max(len(each.loads) for each in plan.batches) <= 12
    assert plan.lower_bound <= plan.total < 0.7 * plan.as_they_came


def test_a_matrix_of_distances(standard: Standard) -> None:
    dice = random.Random(1)
    matrix = [[0 if a == b else dice.randint(1, 50) for b in range(12)] for a in range(12)]
    orders = [{"id": number, "lines": [{"stop": stop} for stop in dice.sample(range(1, 12), 3)]} for number in range(8)]
    plan = standard.plan("batch", {"layout": {"distance_matrix_m": matrix}, "orders": orders, "cart": {"totes": 3}})
    for each in plan["batches"]:
        walk = [0, *each["sequence"], 0]
        assert each["length_m"] == sum(matrix[a][b] for a, b in itertools.pairwise(walk))
    assert sorted(order for each in plan["batches"] for order in each["orders"]) == list(range(8))
    assert 0 < plan["lower_bound_m"] <= plan["total_m"] <= plan["as_they_came_m"]


LAYOUT = {"aisles": 3, "bays_per_aisle": 4, **SIZES}
LINE = {"stop": [1, 1, 1], "units": 2, "volume": 3, "weight": 4}


@pytest.mark.parametrize(
    ("orders", "cart", "field", "rule"),
    [
        ([{"id": 1, "lines": [LINE]}], {"totes": 1, "tote_volume": 5}, "/orders/0", "fits_tote"),
        ([{"id": 1, "lines": [LINE]}], {"tote_weight": 7}, "/orders/0", "fits_tote"),
        ([{"id": 1, "lines": [LINE]}], {"totes": 9, "tote_volume": 2, "split_orders_over_totes": True},
         "/orders/0/lines/0", "fits_tote"),
        ([{"id": 1, "lines": []}], {}, "/orders/0/lines", "too_few"),
        ([{"id": 1, "lines": [LINE]}, {"id": 1, "lines": [LINE]}], {}, "/orders/1/id", "unique"),
        ([{"id": 1, "lines": [LINE | {"stop": [1, 4, 1]}]}], {}, "/orders/0/lines/0/stop/1", "range"),
        ([{"id": 1, "lines": [LINE | {"units": 0}]}], {}, "/orders/0/lines/0/units", "range"),
        ([{"id": 1, "lines": [LINE | {"volume": -1}]}], {}, "/orders/0/lines/0/volume", "range"),
        ([{"id": 1, "lines": [LINE | {"weight": float("nan")}]}], {}, "/orders/0/lines/0/weight", "finite"),
        ([{"id": 1, "lines": [LINE]}], {"totes": 0}, "/cart/totes", "range"),
        ([{"id": 1, "lines": [LINE]}], {"tote_weight": 0}, "/cart/tote_weight", "positive"),
        ([{"lines": [LINE]}], {}, "/orders/0/id", "required"),
        ([{"id": 1, "lines": [{"stop": [1, 1, 1]}] * 100_001}], {}, "/orders/0/lines", "too_many"),
    ],
)  # fmt: skip
def test_what_is_refused(standard: Standard, orders: Any, cart: Any, field: str, rule: str) -> None:
    assert standard.error("batch", {"layout": LAYOUT, "orders": orders, "cart": cart}) == (field, rule)
