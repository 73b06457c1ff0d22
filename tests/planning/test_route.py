"""One walk: equal to an independent exhaustive answer wherever a proof is claimed, and never longer than bin order."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from tests.planning.commands import Standard
from tests.planning.oracles import INFINITE, Graph, shortest
from wms.planning import exact, improve, route
from wms.planning.budget import Budget
from wms.planning.distances import UNREACHABLE, distance_of, matrix_of
from wms.planning.layout import DOWN, UP, Layout, Place, Trip, bin_order
from wms.planning.wire.fields import Field
from wms.planning.wire.places import Mapped, read_area

SIZES = {"aisle_pitch_m": 3.2, "bay_pitch_m": 1.4, "cross_aisle_m": 2.4}
UM_PER_CM = 10_000


def a_layout(dice: random.Random, blocks: int, ends: str = "tour", one_way: bool = False) -> dict[str, Any]:
    aisles, bays = dice.randint(1, 6), dice.randint(1, 7)
    layout: dict[str, Any] = {"blocks": blocks, "aisles": aisles, "bays_per_aisle": bays, **SIZES}

    def point() -> dict[str, Any]:
        kind = dice.random()
        if kind < 0.4:
            return {"cross_aisle": dice.randint(1, blocks + 1), "aisle": dice.randint(1, aisles)}
        if kind < 0.7:
            return {"cross_aisle": dice.randint(1, blocks + 1), "x_m": dice.randint(-3, 3 * aisles)}
        return {"block": dice.randint(1, blocks), "aisle": dice.randint(1, aisles), "bay": dice.randint(1, bays)}

    layout["depot"] = {"tour": point, "trip": lambda: {"start": point(), "end": point()},
                       "several": lambda: [point() for _ in range(dice.randint(2, 3))]}[ends]()  # fmt: skip
    if one_way:
        layout["one_way_aisles"] = [
            {"aisle": aisle, "direction": dice.choice(["up", "down"])} | ({"block": block} if blocks > 1 else {})
            for block in range(1, blocks + 1)
            for aisle in range(1, aisles + 1)
            if dice.random() < 0.5
        ]
    return layout


def some_stops(dice: random.Random, layout: dict[str, Any], most: int) -> list[list[int]]:
    every = list(itertools.product(*(range(1, layout[name] + 1) for name in ("blocks", "aisles", "bays_per_aisle"))))
    return [list(stop) for stop in dice.sample(every, min(len(every), dice.randint(1, most)))]


CASES = [
    *[("tour", blocks, False, seed) for blocks in (1, 2, 3, 4) for seed in range(40)],
    *[("trip", blocks, False, seed) for blocks in (1, 2, 3) for seed in range(25)],
    *[("several", blocks, False, seed) for blocks in (1, 2) for seed in range(10)],
    *[(ends, 1, True, seed) for ends in ("tour", "trip") for seed in range(60)],
    *[("tour", 2, True, seed) for seed in range(40)],
]


@pytest.mark.parametrize(("ends", "blocks", "one_way"), sorted({case[:3] for case in CASES}))
def test_equal_to_every_order_tried(standard: Standard, ends: str, blocks: int, one_way: bool) -> None:
    """Few stops, so the answer is proved whatever the layout: by the aisles, or by subsets."""
    refused = 0
    for seed in [case[3] for case in CASES if case[:3] == (ends, blocks, one_way)]:
        dice = random.Random(f"{ends}{blocks}{one_way}{seed}")
        layout = a_layout(dice, blocks, ends, one_way)
        stops = some_stops(dice, layout, 7)
        graph = Graph(layout)
        best = graph.shortest(stops)
        if best == INFINITE:
            field, rule = standard.error("route", {"layout": layout, "stops": stops})
            assert (field.startswith("/stops/"), rule) == (True, "reachable")
            refused += 1
            continue
        plan = standard.plan("route", {"layout": layout, "stops": stops, "seed": seed})
        assert plan["length_m"] * 100 == pytest.approx(best, abs=1e-6)
        assert (plan["proved_optimal"], plan["stopped_by"]) == (True, "proved")
        assert sorted(plan["sequence"]) == sorted(stops)
        trip = graph.trips()[0]
        if "start" in plan:
            trip = (graph.depot(plan["start"]), graph.depot(plan["end"]))
        assert graph.length(plan["sequence"], *trip) == pytest.approx(best, abs=1e-6)
    assert (refused > 0) == one_way


def test_the_aisles_method_alone_equals_every_order_tried() -> None:
    """The same without the way out over subsets: the dynamic programme over the aisles must find it itself."""
    proved = 0
    for seed in range(120):
        dice = random.Random(seed)
        blocks = dice.randint(1, 4)
        one_way = blocks == 1 and dice.random() < 0.5
        layout = a_layout(dice, blocks, "tour", one_way)
        graph, area = Graph(layout), read_area(Field(layout))
        assert isinstance(area, Mapped)
        stops = some_stops(dice, layout, 7)
        places = [area.stop(Field(stop)) for stop in stops]
        best = graph.shortest(stops)
        if best < INFINITE:
            walk = exact.shortest_walk(area.layout, places, area.layout.trips[0], exact.MAX_MOVES, lambda: False)
            assert walk is not None
            assert walk.length == round(best * UM_PER_CM)
            proved += 1
    assert proved > 80


def test_every_pair_of_places_is_as_far_as_in_the_graph() -> None:
    for seed, one_way in itertools.product(range(6), (False, True)):
        dice = random.Random(seed)
        layout = a_layout(dice, dice.randint(1, 3), "trip", one_way)
        graph, area = Graph(layout), read_area(Field(layout))
        assert isinstance(area, Mapped)
        distance = distance_of(area.layout)
        every = list(
            itertools.product(*(range(1, layout[name] + 1) for name in ("blocks", "aisles", "bays_per_aisle")))
        )
        named: list[tuple[Any, Place]] = [(stop, area.stop(Field(list(stop)))) for stop in every]
        named += list(zip(graph.trips()[0], area.layout.trips[0], strict=True))
        for (here, place), (there, other) in itertools.product(named, named):
            expected = graph.distance(here, there)
            found = distance(place, other)
            assert found == (UNREACHABLE if expected == INFINITE else round(expected * UM_PER_CM)), (here, there)


def big_layout(blocks: int = 3, aisles: int = 12, bays: int = 15) -> Layout:
    layout = Layout(blocks, aisles, bays, 3_200_000, 1_400_000, 2_400_000)
    return replace(layout, trips=(Trip(layout.crossing(0, 0), layout.crossing(0, 0)),))


def sampled(layout: Layout, count: int, seed: int) -> list[Place]:
    every = [
        layout.bay(*where)
        for where in itertools.product(range(layout.blocks), range(layout.aisles), range(layout.bays_per_aisle))
    ]
    return random.Random(seed).sample(every, count)


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 15, 60, 150])
def test_many_stops_are_proved_and_walked_as_said(blocks: int, count: int) -> None:
    layout = big_layout(blocks)
    stops = sampled(layout, count, count)
    found = route.route_in_layout(layout, stops, Budget())
    assert found.proved_optimal
    assert sorted(found.sequence) == list(range(count))
    assert walked(layout, [stops[index] for index in found.sequence]) == found.length
    assert found.length <= walked(layout, sorted(stops, key=bin_order))


def walked(layout: Layout, places: list[Place]) -> int:
    distance = distance_of(layout)
    trip = layout.trips[0]
    return sum(distance(here, there) for here, there in itertools.pairwise([trip.start, *places, trip.end]))


@pytest.mark.parametrize("seed", range(3))
def test_the_search_is_close_to_the_proof_and_below_bin_order(seed: int) -> None:
    """What is used where no proof is in reach, measured where there is one. The walk's own account of its length holds."""
    layout = big_layout()
    stops = sorted(sampled(layout, 45, seed), key=bin_order)
    trip = layout.trips[0]
    matrix = matrix_of([*stops, trip.start, trip.end], distance_of(layout))
    length, order, stopped_by = route._search(matrix, len(stops), Budget(seed), 0, lambda: False)
    proved = route.route_in_layout(layout, stops, Budget())
    assert stopped_by is route.StoppedBy.ITERATIONS
    assert sorted(order) == list(range(45))
    assert walked(layout, [stops[index] for index in order]) == length
    assert proved.length <= length <= 1.02 * proved.length
    assert length <= walked(layout, stops)


@pytest.mark.parametrize("seed", range(4))
def test_one_way_aisles_over_several_blocks(seed: int) -> None:
    """Distances that differ by direction: the stretches are exchanged, never turned round, and the length is kept right."""
    dice = random.Random(seed)
    one_way = {(block, aisle): UP if (aisle + block) % 2 else DOWN for block in range(2) for aisle in range(8)}
    layout = replace(big_layout(2, 8, 10), one_way=one_way)
    stops = sampled(layout, 30, seed)
    found = route.route_in_layout(layout, stops, Budget(seed=dice.randrange(99)))
    assert not found.proved_optimal
    assert walked(layout, [stops[index] for index in found.sequence]) == found.length
    assert found.length <= walked(layout, sorted(stops, key=bin_order))


def test_a_matrix_that_is_no_map(standard: Standard) -> None:
    """Neither symmetric nor obeying the triangle inequality: still every order tried, by another program."""
    for seed in range(20):
        dice = random.Random(seed)
        count = dice.randint(2, 8)
        matrix = [[0 if a == b else dice.randint(1, 50) for b in range(count)] for a in range(count)]
        stops = dice.sample(range(1, count), dice.randint(1, count - 1))
        plan = standard.plan("route", {"layout": {"distance_matrix_m": matrix}, "stops": stops})
        whole = [*stops, 0, 0]
        assert plan["length_m"] == shortest([[matrix[a][b] for b in whole] for a in whole])
        assert plan["proved_optimal"]


def test_moves_keep_the_length_and_the_stops() -> None:
    """Local search's own account of the length, recomputed, for symmetric and asymmetric distances."""
    for seed, symmetric in itertools.product(range(10), (True, False)):
        dice = random.Random(seed)
        matrix = [[0 if a == b else dice.randint(1, 99) for b in range(22)] for a in range(22)]
        if symmetric:
            matrix = [[matrix[min(a, b)][max(a, b)] for b in range(22)] for a in range(22)]
        path = improve.Improver(matrix, [20, *range(20), 21])
        before = path.length
        path.descend(path.path[1:-1])
        middle = path.length
        path.iterate(50, dice, lambda: False)
        assert path.length <= middle <= before
        assert path.length == improve.path_length(matrix, path.path)
        assert sorted(path.path) == list(range(22))
        assert (path.path[0], path.path[-1]) == (20, 21)
        assert path.at == {stop: place for place, stop in enumerate(path.path)}


class Clock:
    """A clock that runs `step` seconds on at each look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_the_clock_is_only_a_ceiling() -> None:
    layout = replace(big_layout(2, 8, 10), one_way={(0, 1): UP, (0, 2): DOWN})
    stops = sampled(layout, 40, 1)
    plans = [route.route_in_layout(layout, stops, Budget(seed=7, clock=Clock(step))) for step in (0, 1e-9, 1e-4)]
    assert plans[0] == plans[1] == plans[2]
    assert plans[0].stopped_by is route.StoppedBy.ITERATIONS
    cut = route.route_in_layout(layout, stops, Budget(seed=7, ceiling_ms=50, clock=Clock(0.01)))
    assert cut.stopped_by is route.StoppedBy.CLOCK
    assert plans[0].length <= cut.length <= walked(layout, sorted(stops, key=bin_order))


def test_a_proof_cut_short_is_not_claimed() -> None:
    layout = big_layout(3)
    stops = sampled(layout, 40, 1)
    found = route.route_in_layout(layout, stops, Budget(ceiling_ms=50, clock=Clock(0.04)))
    assert (found.proved_optimal, found.stopped_by) == (False, route.StoppedBy.CLOCK)
    assert walked(layout, [stops[index] for index in found.sequence]) == found.length
