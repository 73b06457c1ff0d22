"""From how often each way is walked to the order of the stops: a closed trail through a multigraph (Hierholzer, 1873)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wms.planning.frontier import FROM_ABOVE, FROM_BELOW, FROM_BOTH, THERE_AND_BACK
from wms.planning.layout import Place, Trip

if TYPE_CHECKING:
    from wms.planning.exact import Column, Step

Point = tuple[int, int]  # column, row


class _Ways:
    """The ways of a walk: edges between points, each walked once, and the stops seen on the way or from a point."""

    def __init__(self, directed: bool) -> None:
        self.directed = directed
        self.edges: list[tuple[Point, Point, tuple[Place, ...]]] = []
        self.at: dict[Point, list[int]] = {}
        self.aside: dict[Point, list[Place]] = {}

    def add(self, here: Point, there: Point, stops: tuple[Place, ...] = (), times: int = 1) -> None:
        """`stops` in the order met from `here`."""
        for _ in range(times):
            self.at.setdefault(here, []).append(len(self.edges))
            if not self.directed:
                self.at.setdefault(there, []).append(len(self.edges))
            self.edges.append((here, there, stops))

    def see(self, point: Point, stops: Sequence[Place]) -> None:
        """Stops reached from a point and back to it."""
        self.aside.setdefault(point, []).extend(stops)

    def trail(self, start: Point) -> list[int]:
        """Every edge once, from `start`, in walking order."""
        used = [False] * len(self.edges)
        stack: list[tuple[Point, int]] = [(start, -1)]
        trail: list[int] = []
        while stack:
            point, came_by = stack[-1]
            open_here = self.at.get(point, [])
            while open_here and used[open_here[-1]]:
                open_here.pop()
            if open_here:
                edge = open_here.pop()
                used[edge] = True
                here, there, _ = self.edges[edge]
                stack.append((there if point == here else here, edge))
            else:
                stack.pop()
                if came_by >= 0:
                    trail.append(came_by)
        return trail[::-1]


def order_of(columns: Sequence[Column], steps: Sequence[Step], trip: Trip) -> list[Place]:
    """The stops in walking order, from the trip's start; a start inside an aisle is itself one of the stops."""
    directed = any(segment.direction for column in columns for segment in column.segments)
    ways = _Ways(directed)
    for step in steps:
        if step.segment < 0:
            _go_on(ways, step, directed)
        else:
            _walk_along(ways, step, columns[step.column].segments[step.segment].stops)
    start = _start_point(columns, ways)
    order = _order(ways, start)
    if not trip.start.on_cross_aisle:
        begin = order.index(trip.start)
        order = order[begin:] + order[:begin]
    return order


def _go_on(ways: _Ways, step: Step, directed: bool) -> None:
    for row, (component, balance) in enumerate(step.state):
        here, there = (step.column, row), (step.column + 1, row)
        if component and balance == 0:
            ways.add(here, there)
            ways.add(there, here)
        elif component and (balance < 0 or not directed):
            ways.add(here, there, times=abs(balance))
        elif component:
            ways.add(there, here, times=balance)


def _walk_along(ways: _Ways, step: Step, stops: tuple[Place, ...]) -> None:
    below, above = (step.column, step.segment), (step.column, step.segment + 1)
    if step.way == FROM_BELOW:
        ways.see(below, stops)
    elif step.way == FROM_ABOVE:
        ways.see(above, stops[::-1])
    elif step.way == FROM_BOTH:
        gap = max(range(1, len(stops)), key=lambda index: stops[index].up - stops[index - 1].up)
        ways.see(below, stops[:gap])
        ways.see(above, stops[gap:][::-1])
    elif step.way == THERE_AND_BACK:
        ways.add(below, above, stops)
        ways.add(above, below, stops[::-1])
    elif isinstance(step.way, int) and step.way > 0:
        ways.add(below, above, stops, times=step.way)
    elif isinstance(step.way, int):
        ways.add(above, below, stops[::-1], times=-step.way)


def _start_point(columns: Sequence[Column], ways: _Ways) -> Point:
    """Where the trip begins, or any point of the walk when it begins inside an aisle."""
    for index, column in enumerate(columns):
        for kind, row in column.ends:
            if kind in ("reach", "leave"):
                return index, row
    return next(iter([*ways.at, *ways.aside]))


def _order(ways: _Ways, start: Point) -> list[Place]:
    order: list[Place] = []
    point = start
    order += ways.aside.pop(point, ())
    for edge in ways.trail(start):
        here, there, stops = ways.edges[edge]
        forward = point == here
        order += stops if forward else stops[::-1]
        point = there if forward else here
        order += ways.aside.pop(point, ())
    return list(dict.fromkeys(order))
