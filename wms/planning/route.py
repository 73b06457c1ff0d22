"""The order in which one picker visits the stops of one walk.

Proved shortest where `exact` reaches (every layout up to four blocks walked both ways, one block with one-way aisles) or
the stops are few; otherwise the best that iterated local search finds. Never longer than the bin order, which is always
among the starts.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

from wms.planning import exact, improve
from wms.planning.budget import Budget
from wms.planning.distances import UNREACHABLE, Distance, Matrix, distance_of, matrix_of
from wms.planning.layout import Layout, Place, Trip, bin_order

# Subsets times stops squared, in the unit of exact.MAX_MOVES; 12 stops at most.
MAX_SUBSET_STOPS: Final = 12
ITERATIONS_PER_STOP: Final = 15


Point = TypeVar("Point", bound=Hashable)


class StoppedBy(StrEnum):
    PROVED = "proved"
    ITERATIONS = "iterations"
    CLOCK = "clock"


@dataclass(frozen=True)
class Route:
    """`sequence` holds indices of the stops as given; `length` is µm from the begin of the trip to its end; `trip` is
    the index of the trip, where there are several.
    """

    sequence: tuple[int, ...]
    length: int
    stopped_by: StoppedBy
    trip: int = 0

    @property
    def proved_optimal(self) -> bool:
        return self.stopped_by is StoppedBy.PROVED


class NoWay(Exception):
    """One-way aisles leave no walk through all stops; `stop` is the index of the first that cannot be on one."""

    def __init__(self, stop: int) -> None:
        super().__init__(f"stop {stop} cannot be walked to and left again")
        self.stop = stop


def best_of_trips(routes: Iterable[Route]) -> Route:
    """The shortest of the routes for each possible trip; proved if all of them are."""
    found = list(routes)
    trip = min(range(len(found)), key=lambda index: found[index].length)
    doubts = {route.stopped_by for route in found if not route.proved_optimal}
    stopped_by = StoppedBy.CLOCK if StoppedBy.CLOCK in doubts else min(doubts, default=StoppedBy.PROVED)
    return replace(found[trip], stopped_by=stopped_by, trip=trip)


def route_in_layout(layout: Layout, stops: Sequence[Place], budget: Budget) -> Route:
    """The best walk over the trips the layout allows. Stops at one place are visited together.

    Raises `NoWay` and `TooManyStops`.
    """
    places = sorted(set(stops), key=bin_order)
    possible = _possible(layout, stops)
    out_of_time = budget.out_of_time()
    moves = exact_moves(budget)
    found = best_of_trips(_best_walk(layout, stops, places, trip, budget, moves, out_of_time) for _, trip in possible)
    if found.length >= UNREACHABLE:  # each stop can be on a walk, but not all on one
        raise NoWay(_first_cut_off(layout, [stops[index] for index in found.sequence], found.sequence))
    return replace(found, trip=possible[found.trip][0])


def _first_cut_off(layout: Layout, places: Sequence[Place], sequence: Sequence[int]) -> int:
    """The stop that cannot be walked to from the one before it."""
    distance = distance_of(layout)
    legs = zip(sequence[1:], itertools.pairwise(places), strict=True)
    return next((stop for stop, (here, there) in legs if distance(here, there) >= UNREACHABLE), sequence[-1])


def exact_moves(budget: Budget) -> int:
    """How much exact work a ceiling leaves room for. A number of the problem, not of the clock."""
    return int(min(exact.MAX_MOVES, budget.ceiling_ms * exact.MOVES_PER_MS))


def _indices(stops: Sequence[Point], order: Sequence[Point]) -> tuple[int, ...]:
    at: dict[Point, list[int]] = {}
    for index, stop in enumerate(stops):
        at.setdefault(stop, []).append(index)
    return tuple(index for place in order for index in at[place])


def _possible(layout: Layout, stops: Sequence[Place]) -> list[tuple[int, Trip]]:
    """The trips, with their index, that one-way aisles leave possible. Raises `NoWay` when there are none."""
    trips = list(enumerate(layout.trips))
    if not layout.one_way:
        return trips
    distance = distance_of(layout)
    blocked = {
        index: next((n for n, stop in enumerate(stops) if _cut_off(distance, trip, stop)), None)
        for index, trip in trips
    }
    possible = [(index, trip) for index, trip in trips if blocked[index] is None]
    if not possible:
        raise NoWay(blocked[0] or 0)
    return possible


def _cut_off(distance: Distance, trip: Trip, stop: Place) -> bool:
    return max(distance(trip.start, stop), distance(stop, trip.end)) >= UNREACHABLE


def _best_walk(
    layout: Layout,
    stops: Sequence[Place],
    places: list[Place],
    trip: Trip,
    budget: Budget,
    moves: int,
    out_of_time: Callable[[], bool],
) -> Route:
    distance = distance_of(layout)
    if not places:
        return Route((), distance(trip.start, trip.end), StoppedBy.PROVED)
    walk = exact.shortest_walk(layout, places, trip, moves, out_of_time)
    if walk is not None:
        return Route(_indices(stops, walk.places), walk.length, StoppedBy.PROVED)
    if len(places) > improve.MAX_STOPS:
        raise improve.TooManyStops
    matrix = matrix_of([*places, trip.start, trip.end], distance)
    length, order, stopped_by = _search(matrix, len(places), budget, moves, out_of_time)
    return Route(_indices(stops, [places[index] for index in order]), length, stopped_by)


def route_by_matrix(matrix: Matrix, stops: Sequence[int], begin: int, end: int, budget: Budget) -> Route:
    """The same where only distances (µm) are known; `stops`, `begin` and `end` are indices of the matrix."""
    if not stops:
        return Route((), matrix[begin][end], StoppedBy.PROVED)
    points = sorted(set(stops))
    whole = [*points, begin, end]
    part = [[matrix[here][there] for there in whole] for here in whole]
    length, order, stopped_by = _search(part, len(points), budget, exact_moves(budget), budget.out_of_time())
    return Route(_indices(stops, [points[index] for index in order]), length, stopped_by)


def _search(
    matrix: Matrix, count: int, budget: Budget, moves: int, out_of_time: Callable[[], bool]
) -> tuple[int, list[int], StoppedBy]:
    """Points 0 … count - 1 in bin order, then the begin and the end."""
    begin, end = count, count + 1
    in_order = list(range(count))
    if count <= MAX_SUBSET_STOPS and count * count << count <= moves and not out_of_time():
        order = improve.shortest_of_all(matrix, begin, end, in_order)
        return improve.path_length(matrix, [begin, *order, end]), order, StoppedBy.PROVED
    paths = []
    for start in (in_order, improve.nearest_first(matrix, begin, in_order)):
        found = improve.Improver(matrix, [begin, *start, end])
        if not out_of_time():
            found.descend(found.path[1:-1])
        paths.append(found)
    best = min(paths, key=lambda path: path.length)
    dice = random.Random(budget.seed)  # noqa: S311
    finished = best.iterate(budget.iterations(ITERATIONS_PER_STOP * count), dice, out_of_time)
    return best.length, best.path[1:-1], StoppedBy.ITERATIONS if finished else StoppedBy.CLOCK
