"""The search behind batching: what it remembers of its walks stays true, loads fit, no order is lost, and lengths that are
pieced together are those worked out whole.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.planning.test_route import a_layout, big_layout, some_stops
from wms.planning import exact, grouping
from wms.planning.anneal import Annealing, Cooling
from wms.planning.grouping import Jobs
from wms.planning.layout import Layout, Place, Trip
from wms.planning.lengths import Measure, measure_layout
from wms.planning.wire.fields import Field
from wms.planning.wire.places import Mapped, read_area

UM = 1_000_000
NEVER: Callable[[], bool] = lambda: False  # noqa: E731


def a_problem(seed: int, blocks: int, measures: int) -> tuple[Jobs, Measure]:
    """Thirty orders of one to five places, with loads in one or two measures that leave little room."""
    dice, layout = random.Random(f"{seed}{blocks}{measures}"), big_layout(blocks)
    everywhere = itertools.product(range(blocks), range(12), range(15))
    places = sorted(layout.bay(*where) for where in dice.sample(list(everywhere), 60))
    sets = [sum(1 << bit for bit in dice.sample(range(60), dice.randint(1, 5))) for _ in range(30)]
    loads = [[dice.randint(1, 9) for _ in range(measures)] for _ in sets]
    return Jobs.of(sets, loads, [20] * measures), measure_layout(layout, places)


def check(search: Annealing, jobs: Jobs, length: Callable[[int], int]) -> None:
    assert sorted(job for group in search.groups for job in group) == list(range(len(jobs.places)))
    assert all(search.groups)
    for walk, group in enumerate(search.groups):
        load = sum(jobs.loads[job] for job in group)
        assert jobs.fits(load)
        assert search.rooms[walk] == jobs.capacity + jobs.spare - load
        assert search.places[walk] == jobs.union(group)
        assert search.lengths[walk] == length(jobs.union(group))
        for job in range(len(jobs.places)):
            if (longer := search.longer[walk][job]) is not None:
                assert longer == length(jobs.union([*group, job])) - search.lengths[walk]
        for job in group:
            assert search.at[job] == walk
            if (shorter := search.shorter[job]) is not None:
                assert shorter == length(jobs.union(other for other in group if other != job)) - search.lengths[walk]
    assert search.total == sum(search.lengths)


@pytest.mark.parametrize("measures", [1, 2])
@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_what_is_remembered_is_true_after_any_steps(blocks: int, measures: int) -> None:
    for seed in range(3 if blocks == 1 else 1):
        jobs, measure = a_problem(seed, blocks, measures)
        _, truth = a_problem(seed, blocks, measures)
        search = Annealing(jobs, grouping.near(jobs, measure.quick), random.Random(seed))
        began = grouping.in_turn(jobs, range(30))
        search.begin(began, measure.length, measure.keep)
        before = search.total
        for _ in range(6 if blocks == 1 else 3):
            best, groups = search.run(Cooling(150, 20.0 * UM, 1.0 * UM), NEVER)
            check(search, jobs, truth.length)
            assert best == grouping.total(jobs, groups, truth.length) <= search.total
        assert best < before


def test_nothing_is_done_when_time_is_out() -> None:
    jobs, measure = a_problem(0, 1, 1)
    search = Annealing(jobs, grouping.near(jobs, measure.quick), random.Random(0))
    began = grouping.in_turn(jobs, range(30))
    search.begin(began, measure.length, measure.keep)
    assert search.run(Cooling(1_000, 20.0 * UM, 1.0 * UM), lambda: True) == (search.total, began)


def walks_around(dice: random.Random, count: int) -> list[int]:
    """Sets that differ from the one before in a few bits, as a search asks for them."""
    places, found = sum(1 << bit for bit in dice.sample(range(count), count // 4)), []
    for _ in range(40):
        for bit in dice.sample(range(count), dice.randint(1, 3)):
            places ^= 1 << bit
        found.append(places or 1)
    return found


@pytest.mark.parametrize("blocks", [2, 3])
def test_pieced_lengths_are_those_of_the_proved_walk(blocks: int) -> None:
    """Beside the exact method of single walks, with the depot at any end and on any cross aisle."""
    for seed in range(4 if blocks == 2 else 2):
        dice, layout = random.Random(f"{blocks}{seed}"), big_layout(blocks)
        depot = layout.crossing(dice.randint(0, blocks), dice.choice([0, 5, 11]))
        layout = replace(layout, trips=(Trip(depot, depot),))
        everywhere = itertools.product(range(blocks), range(12), range(15))
        places = sorted(layout.bay(*where) for where in dice.sample(list(everywhere), 40))
        measure = measure_layout(layout, places)
        for places_of_walk in walks_around(dice, 40):
            assert measure.length(places_of_walk) == proved(layout, places, places_of_walk)
            if dice.random() < 0.3:
                measure.keep(places_of_walk)
                assert measure.length(places_of_walk) == proved(layout, places, places_of_walk)


def proved(layout: Layout, places: list[Place], walk: int) -> int:
    stops = [place for bit, place in enumerate(places) if walk >> bit & 1]
    found = exact.shortest_walk(layout, stops, layout.trips[0], exact.MAX_MOVES, NEVER)
    assert found is not None
    return found.length


def test_kept_halves_of_a_set_are_forgotten_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wms.planning.lengths.MAX_KEPT", 10)
    monkeypatch.setattr("wms.planning.lengths.MAX_KNOWN", 0)
    layout, dice = big_layout(2), random.Random(7)
    places = sorted(layout.bay(block, aisle, 3) for block in range(2) for aisle in range(12))
    measure = measure_layout(layout, places)
    for walk in walks_around(dice, 24):
        measure.keep(walk)
        assert measure.length(walk) == proved(layout, places, walk)


@pytest.mark.parametrize("blocks", [2, 3])
def test_the_quick_measure_grows_with_its_set(blocks: int) -> None:
    """What it says of more places is never less; of none it is nothing."""
    for seed in range(6):
        dice = random.Random(f"{blocks}{seed}")
        shape = a_layout(dice, blocks) | {"aisles": 6, "bays_per_aisle": 6, "depot": {"cross_aisle": 2, "aisle": 3}}
        area = read_area(Field(shape))
        assert isinstance(area, Mapped)
        places = sorted(area.stop(Field(stop)) for stop in some_stops(dice, shape, 20))
        measure, walk = measure_layout(area.layout, places), 0
        assert measure.quick(0) == 0
        for bit in dice.sample(range(len(places)), len(places)):
            assert measure.quick(walk | 1 << bit) >= measure.quick(walk)
            walk |= 1 << bit
