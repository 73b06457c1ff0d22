"""Walking distances between places of a layout, in µm.

Two ways: a closed form, because between two aisles the way leads straight along a cross aisle. With one-way aisles: cross
aisles are still walked both ways, so a shortest way crosses only the blocks between its ends, each once, and a sweep over
the rows finds where (`_OneWay`). Distances are then no longer the same in both directions, and some may not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wms.planning.layout import BOTH_WAYS, DOWN, UP, Layout, Place

UNREACHABLE: Final = 1 << 60
Distance = Callable[[Place, Place], int]
Matrix = list[list[int]]


def distance_of(layout: Layout) -> Distance:
    """The shortest walk from one place to another; `UNREACHABLE` where one-way aisles leave none."""
    return _OneWay(layout).distance if layout.one_way else _both_ways(layout)


def matrix_of(places: Sequence[Place], distance: Distance) -> Matrix:
    return [[distance(here, there) for there in places] for here in places]


def _both_ways(layout: Layout) -> Distance:
    block = layout.block_length
    pitch, last = layout.aisle_pitch, layout.aisles - 1

    def distance(here: Place, there: Place) -> int:
        x, row, up, aisle = here
        other_x, other_row, other_up, other_aisle = there
        along = abs((row - other_row) * block + up - other_up)
        if aisle < 0 and other_aisle < 0 and row != other_row:
            # Two points between aisles: through the aisle that costs the smallest detour.
            near = min(max(x // pitch, 0), last)
            return along + min(abs(x - a * pitch) + abs(a * pitch - other_x) for a in (near, min(near + 1, last)))
        if x == other_x:
            return along
        if row == other_row and up and other_up:
            along = min(up + other_up, 2 * block - up - other_up)
        return abs(x - other_x) + along

    return distance


class _OneWay:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        ends = {place.x for trip in layout.trips for place in trip}
        self.xs = sorted({aisle * layout.aisle_pitch for aisle in range(layout.aisles)} | ends)
        self.at = {x: column for column, x in enumerate(self.xs)}
        self.found: dict[tuple[int, int], Matrix] = {}

    def distance(self, here: Place, there: Place) -> int:
        best = self._within(here, there)
        for row, x, out in self._ends(here, leaving=True):
            reach = self._from(row, x)
            for other_row, other_x, into in self._ends(there, leaving=False):
                best = min(best, out + reach[other_row][self.at[other_x]] + into)
        return best

    def _within(self, here: Place, there: Place) -> int:
        """Straight along one aisle of one block."""
        if here == there:
            return 0
        if here.x != there.x or here.row != there.row or here.on_cross_aisle or there.on_cross_aisle:
            return UNREACHABLE
        direction = self.layout.direction(here.row, here.aisle)
        if direction * (there.up - here.up) < 0:
            return UNREACHABLE
        return abs(there.up - here.up)

    def _ends(self, place: Place, leaving: bool) -> Iterator[tuple[int, int, int]]:
        """The cross aisles next to a place that can be walked to (or come from): row, x, µm."""
        if place.on_cross_aisle:
            yield place.row, place.x, 0
            return
        direction = self.layout.direction(place.row, place.aisle)
        upper = UP if leaving else DOWN
        if direction in (BOTH_WAYS, -upper):
            yield place.row, place.x, place.up
        if direction in (BOTH_WAYS, upper):
            yield place.row + 1, place.x, self.layout.block_length - place.up

    def _from(self, row: int, x: int) -> Matrix:
        """µm from one point of a cross aisle to all columns of all rows."""
        known = self.found.get((row, x))
        if known is None:
            known = [[] for _ in range(self.layout.rows)]
            known[row] = [abs(x - other) for other in self.xs]
            for above in range(row + 1, self.layout.rows):
                known[above] = self._across(known[above - 1], above - 1, UP)
            for below in range(row - 1, -1, -1):
                known[below] = self._across(known[below + 1], below, DOWN)
            self.found[row, x] = known
        return known

    def _across(self, reach: list[int], block: int, direction: int) -> list[int]:
        """From one row to the next: through every aisle that may be walked so, then sideways."""
        layout, xs = self.layout, self.xs
        after = [UNREACHABLE] * len(xs)
        for aisle in range(layout.aisles):
            if layout.direction(block, aisle) in (BOTH_WAYS, direction):
                column = self.at[aisle * layout.aisle_pitch]
                after[column] = min(UNREACHABLE, reach[column] + layout.block_length)
        for column in range(1, len(xs)):
            after[column] = min(after[column], after[column - 1] + xs[column] - xs[column - 1])
        for column in range(len(xs) - 2, -1, -1):
            after[column] = min(after[column], after[column + 1] + xs[column + 1] - xs[column])
        return after
