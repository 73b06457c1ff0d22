"""Answers found another way: a warehouse as an explicit graph of points, walked by Dijkstra, and every order of the stops.

Nothing here imports the planner. Lengths are whole centimetres.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

INFINITE = float("inf")
Point = tuple[Any, ...]


class Graph:
    """Points of the aisles and cross aisles of a layout problem, joined where a person can walk."""

    def __init__(self, layout: dict[str, Any]) -> None:
        self.layout = layout
        self.ways: dict[Point, dict[Point, float]] = {}
        self._known: dict[Point, dict[Point, float]] = {}
        blocks, aisles, bays = layout.get("blocks", 1), layout["aisles"], layout["bays_per_aisle"]
        half, pitch = round(layout.get("cross_aisle_m", 0) * 50), round(layout["bay_pitch_m"] * 100)
        one_way = {}
        for entry in layout.get("one_way_aisles", []):
            for block in [entry["block"]] if "block" in entry else range(1, blocks + 1):
                one_way[block, entry["aisle"]] = entry["direction"]
        for block, aisle in itertools.product(range(1, blocks + 1), range(1, aisles + 1)):
            points = [("cross", block, self.x(aisle)), *[(block, aisle, bay) for bay in range(1, bays + 1)],
                      ("cross", block + 1, self.x(aisle))]  # fmt: skip
            steps = [half + pitch / 2, *[pitch] * (bays - 1), half + pitch / 2]
            for (here, there), step in zip(itertools.pairwise(points), steps, strict=True):
                if one_way.get((block, aisle)) != "down":
                    self.join(here, there, step)
                if one_way.get((block, aisle)) != "up":
                    self.join(there, here, step)
        for depot in self.depots():
            self.ways.setdefault(self.depot(depot), {})
        for row in range(1, blocks + 2):
            along = sorted(point[2] for point in self.ways if point[0] == "cross" and point[1] == row)
            for x, y in itertools.pairwise(along):
                self.join(("cross", row, x), ("cross", row, y), y - x)
                self.join(("cross", row, y), ("cross", row, x), y - x)

    def x(self, aisle: int) -> int:
        return round(self.layout["aisle_pitch_m"] * 100) * (aisle - 1)

    def join(self, here: Point, there: Point, step: float) -> None:
        self.ways.setdefault(here, {})[there] = step
        self.ways.setdefault(there, {})

    def depots(self) -> list[Any]:
        depot = self.layout.get("depot", {"aisle": 1})
        if isinstance(depot, list):
            return depot
        return [depot["start"], depot["end"]] if "start" in depot else [depot]

    def depot(self, depot: dict[str, Any]) -> Point:
        if "bay" in depot:
            return self.stop(depot)
        x = round(depot["x_m"] * 100) if "x_m" in depot else self.x(depot.get("aisle", 1))
        return ("cross", depot.get("cross_aisle", 1), x)

    @staticmethod
    def stop(stop: Any) -> Point:
        return tuple(stop) if isinstance(stop, list) else (stop.get("block", 1), stop["aisle"], stop["bay"])

    def distance(self, here: Point, there: Point) -> float:
        if here not in self._known:
            self._known[here] = self._from(here)
        return self._known[here].get(there, INFINITE)

    def _from(self, here: Point) -> dict[Point, float]:
        found: dict[Point, float] = {}
        heap: list[tuple[float, int, Point]] = [(0, 0, here)]
        count = itertools.count(1)
        while heap:
            length, _, point = heapq.heappop(heap)
            if point not in found:
                found[point] = length
                for other, step in self.ways[point].items():
                    heapq.heappush(heap, (length + step, next(count), other))
        return found

    def trips(self) -> list[tuple[Point, Point]]:
        depots = [self.depot(depot) for depot in self.depots()]
        if isinstance(self.layout.get("depot"), list):
            return list(itertools.product(depots, depots))
        return [(depots[0], depots[-1])]

    def length(self, stops: Iterable[Any], start: Point, end: Point) -> float:
        points = [start, *[self.stop(stop) for stop in stops], end]
        return sum(self.distance(here, there) for here, there in itertools.pairwise(points))

    def shortest(self, stops: Sequence[Any]) -> float:
        return min(self._shortest(stops, start, end) for start, end in self.trips())

    def _shortest(self, stops: Sequence[Any], start: Point, end: Point) -> float:
        points = sorted({self.stop(stop) for stop in stops})
        return shortest(
            [[self.distance(here, there) for there in [*points, start, end]] for here in [*points, start, end]]
        )


def shortest(matrix: list[list[float]]) -> float:
    """Over every order of the points but the last two, which are begin and end: by subsets, longest first, recursively."""
    count = len(matrix) - 2
    begin, end = count, count + 1
    known: dict[tuple[int, frozenset[int]], float] = {}

    def rest(here: int, left: frozenset[int]) -> float:
        if not left:
            return matrix[here][end]
        if (here, left) not in known:
            known[here, left] = min(matrix[here][point] + rest(point, left - {point}) for point in left)
        return known[here, left]

    return rest(begin, frozenset(range(count)))
