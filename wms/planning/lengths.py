"""How long the walk through a set of places is, asked many thousand times: for batching and slotting.

A set is a whole number, one bit for each place, so that the union of two orders is one operation and every answer is
remembered. In layouts walked both ways the answers are exact up to three blocks: the dynamic programme of `exact`, without
its decisions, and for one block with its six states written out. Elsewhere they are the lengths of walks found quickly,
and so never too short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from wms.planning import frontier, improve
from wms.planning.distances import Matrix, distance_of, matrix_of
from wms.planning.exact import INFINITE
from wms.planning.frontier import FROM_ABOVE, FROM_BELOW, FROM_BOTH, NOTHING, THERE_AND_BACK, Way
from wms.planning.layout import Layout, Place, Trip

MAX_EXACT_BLOCKS: Final = 3
PACES: Final = {2: 15.0, 3: 80.0}
SEARCHED_PACE: Final = 150.0
# Answers kept; more are forgotten all at once.
MAX_KNOWN: Final = 200_000
Lengths = Callable[[int], int]


class Measure(Protocol):
    """`length` of a set of places in µm; `is_exact`: no walk is shorter. `quick`: about the same, in a hundredth of a
    millisecond where that is possible. `pace`: what an exact answer costs, in those of one block.
    """

    is_exact: bool
    pace: float

    def length(self, places: int) -> int: ...

    def quick(self, places: int) -> int: ...


def measure_layout(layout: Layout, places: Sequence[Place]) -> Measure:
    """For sets of `places`, which are distinct and sorted: bit n of a set stands for places[n].

    Raises `TooManyStops` where lengths have to be searched.
    """
    if list(places) != sorted(places):
        raise ValueError("places must be sorted")
    trips = layout.trips
    quick = Remembered([OneBlock(*_as_one_block(layout, places, trip)) for trip in trips])
    tours = all(trip.start == trip.end and trip.start.on_cross_aisle for trip in trips)
    if layout.one_way or not tours or layout.blocks > MAX_EXACT_BLOCKS:
        if len(places) > improve.MAX_STOPS:
            raise improve.TooManyStops
        matrix = matrix_of([*places, *(end for trip in trips for end in trip)], distance_of(layout))
        ends = [(len(places) + 2 * n, len(places) + 2 * n + 1) for n in range(len(trips))]
        return Measured(
            Remembered([SearchedWalk(matrix, begin, end) for begin, end in ends]), quick, False, SEARCHED_PACE
        )
    if layout.blocks == 1:
        return Measured(quick, quick, True, 1)
    exact = Remembered([ManyBlocks(layout, places, trip) for trip in trips])
    return Measured(exact, quick, True, PACES[layout.blocks])


def measure_matrix(matrix: Matrix, ends: Sequence[tuple[int, int]]) -> Measure:
    """For sets of points of a matrix; `ends` are pairs of its points too."""
    walks = Remembered([SearchedWalk(matrix, begin, end) for begin, end in ends])
    return Measured(walks, walks, False, SEARCHED_PACE)


def _as_one_block(layout: Layout, places: Sequence[Place], trip: Trip) -> tuple[Layout, list[Place], Trip]:
    """The layout without the cross aisles in its middle and without one-way aisles, left and entered where the walk begins:
    what a walk through it costs is close enough to choose by.
    """
    length = layout.blocks * layout.block_length
    whole = replace(layout, blocks=1, bays_per_aisle=1, bay_pitch=length, cross_aisle=0, one_way={})
    flat = [Place(place.x, 0, place.row * layout.block_length + place.up, place.aisle) for place in places]
    start = trip.start
    end = start._replace(row=1 if 2 * (start.row * layout.block_length + start.up) > length else 0, up=0)
    return whole, flat, Trip(end, end)


class Walks(Protocol):
    def length(self, places: int) -> int: ...


class Remembered:
    """The shortest over several trips, each answer kept."""

    def __init__(self, walks: Sequence[Walks]) -> None:
        self.first, *self.others = walks
        self.known: dict[int, int] = {}

    def length(self, places: int) -> int:
        if not places:
            return 0
        found = self.known.get(places)
        if found is None:
            if len(self.known) > MAX_KNOWN:
                self.known.clear()
            found = self.first.length(places)
            for walk in self.others:
                found = min(found, walk.length(places))
            self.known[places] = found
        return found


class Measured:
    """A `Measure` of remembered walks."""

    def __init__(self, exact: Remembered, quick: Remembered, is_exact: bool, pace: float) -> None:
        self.length, self.quick, self.is_exact, self.pace = exact.length, quick.length, is_exact, pace


class _Aisles:
    """Where the bits of each aisle are, and what each way through a part of an aisle costs, remembered by the part."""

    def __init__(self, layout: Layout, places: Sequence[Place], trip: Trip) -> None:
        self.ups, self.block_length = [place.up for place in places], layout.block_length
        spans: dict[int, dict[int, tuple[int, int]]] = {}
        for bit, place in enumerate(places):
            first, count = spans.setdefault(place.x, {}).get(place.row, (bit, 0))
            spans[place.x][place.row] = (first, count + 1)
        xs = sorted({*spans, trip.start.x})
        # For each aisle: x, the row of the depot that is here or -1, and for each block with places: block, shift, mask.
        self.columns = [
            (
                x,
                trip.start.row if x == trip.start.x else -1,
                [(row, first, (1 << count) - 1) for row, (first, count) in sorted(spans.get(x, {}).items())],
            )
            for x in xs
        ]
        self.parts: dict[tuple[int, int], tuple[int, int, int]] = {}

    def costs(self, shift: int, part: int) -> tuple[int, int, int]:
        """µm to collect a part of an aisle in from the lower row, in from the upper, and in from both."""
        ups, rest, gap = self.ups, part, 0
        lowest = here = ups[shift + (rest & -rest).bit_length() - 1]
        while rest := rest & rest - 1:
            above = ups[shift + (rest & -rest).bit_length() - 1]
            gap = max(gap, above - here)
            here = above
        found = (2 * here, 2 * (self.block_length - lowest), 2 * (self.block_length - gap) if gap else INFINITE)
        if len(self.parts) > MAX_KNOWN:
            self.parts.clear()
        self.parts[shift, part] = found
        return found


class OneBlock(_Aisles):
    """Tours in one block, six states written out (Ratliff and Rosenthal, 1983): see `length`."""

    def __init__(self, layout: Layout, places: Sequence[Place], trip: Trip) -> None:
        super().__init__(layout, places, trip)
        self.aisles = [(x, depot, *(parts[0][1:] if parts else (0, 0))) for x, depot, parts in self.columns]

    def length(self, places: int) -> int:
        """`low`, `high`: one piece that can be walked on at the lower or the upper row; `odd`: at both, an odd number of
        times each; `one`: at both, even, in one piece; `two`: the same in two pieces. Comparisons instead of min(): a
        third of the time.
        """
        low = high = odd = one = two = INFINITE
        fresh, last, length, parts = True, 0, self.block_length, self.parts
        for x, depot, shift, mask in self.aisles:
            part = places >> shift & mask
            if not part and depot < 0:
                continue
            if not fresh:
                step = 2 * (x - last)
                if one < low:
                    low = one
                if one < high:
                    high = one
                low, high, odd, one, two = low + step, high + step, odd + step, one + 2 * step, two + 2 * step
            last = x
            if depot >= 0:
                low, high, two = _come_to(depot, low, high, two, fresh)
            if part:
                key = (shift, part)
                up, down, both = parts[key] if key in parts else self.costs(shift, part)
                if fresh and depot < 0:
                    low, high, odd, one, two = up, down, length, 2 * length, both
                else:
                    low, high, odd, one, two = _collect(low, high, odd, one, two, length, up, down, both)
            fresh = False
        return min(low, high, one)


def _collect(
    low: int, high: int, odd: int, one: int, two: int, length: int, up: int, down: int, both: int
) -> tuple[int, int, int, int, int]:
    """The states after an aisle whose stops cost `up` from the lower row, `down` from the upper, `both` from both."""
    inner, even = up, low
    if down < inner:
        inner = down
    if both < inner:
        inner = both
    if high < even:
        even = high
    if two < even:
        even = two
    through = even if even < one else one  # noqa: FURB136
    two += inner
    pieces = low + (down if down < both else both)  # noqa: FURB136
    if pieces < two:
        two = pieces
    pieces = high + (up if up < both else both)  # noqa: FURB136
    if pieces < two:
        two = pieces
    turned = odd + length
    one += inner
    if turned < one:
        one = turned
    if even + 2 * length < one:
        one = even + 2 * length
    odd += inner
    if through + length < odd:
        odd = through + length
    return low + up, high + down, odd, one, two


def _come_to(depot: int, low: int, high: int, two: int, fresh: bool) -> tuple[int, int, int]:
    """The states after the walk has come to the depot's row: the other row alone is not enough any more."""
    if depot == 0:
        return (0 if fresh else low), INFINITE, min(two, high)
    return INFINITE, (0 if fresh else high), min(two, low)


Option = tuple[int, int, int]  # state, state after, which price


class ManyBlocks(_Aisles):
    """Tours over two or three blocks, by the tables of `frontier`.

    Several ways often lead from one state to the same next one; then only the cheapest counts, and which can be the cheapest
    is known beforehand: a *price* is the least of some ways, worked out once for each part of an aisle.
    """

    def __init__(self, layout: Layout, places: Sequence[Place], trip: Trip) -> None:
        super().__init__(layout, places, trip)
        self.tables = frontier.tables(layout.rows, 0, False)
        self.prices: list[frozenset[int]] = []
        segments = range(layout.blocks)
        self.with_stops = [
            self._options(segment, (FROM_BELOW, FROM_ABOVE, FROM_BOTH, 1, THERE_AND_BACK)) for segment in segments
        ]
        self.without = [self._options(segment, (NOTHING, NOTHING, NOTHING, 1, THERE_AND_BACK)) for segment in segments]
        self.priced: dict[tuple[int, int], list[int]] = {}
        self.price_of_empty = self._priced(0, 0, 0)

    def _options(self, segment: int, ways: tuple[Way, ...]) -> list[Option]:
        """Ways by index: in from below, from above, from both, through, there and back. What is no worse than there and back
        and leads to the same state replaces it.
        """
        found: dict[tuple[int, int], set[int]] = {}
        for index, way in enumerate(ways):
            for pair in self.tables.along[way][segment]:
                found.setdefault(pair, set()).add(index)
        options = []
        for (state, after), indices in found.items():
            price = frozenset(indices - {4} if indices & {0, 1, 2} else indices)
            if price not in self.prices:
                self.prices.append(price)
            options.append((state, after, self.prices.index(price)))
        return options

    def _priced(self, up: int, down: int, both: int) -> list[int]:
        ways = (up, down, both, self.block_length, 2 * self.block_length)
        return [min(ways[index] for index in price) for price in self.prices]

    def length(self, places: int) -> int:
        costs = [INFINITE] * len(self.tables.states)
        costs[self.tables.start] = 0
        last: int | None = None
        for x, depot, segments in self.columns:
            parts = [(row, shift, part) for row, shift, mask in segments if (part := places >> shift & mask)]
            if not parts and depot < 0:
                continue
            if last is not None:
                costs = self._onward(costs, x - last)
            last = x
            if depot >= 0:
                costs = self._reach(costs, depot)
            if parts:
                costs = self._through(costs, parts)
        return min(costs[number] for number in self.tables.done)

    def _onward(self, costs: list[int], distance: int) -> list[int]:
        after = [INFINITE] * len(costs)
        for number, target, times in self.tables.onward:
            total = costs[number] + times * distance
            if total < after[target]:
                after[target] = total
        return after

    def _reach(self, costs: list[int], row: int) -> list[int]:
        after = [INFINITE] * len(costs)
        for number, target in self.tables.reach[row]:
            after[target] = min(after[target], costs[number])
        return after

    def _through(self, costs: list[int], parts: list[tuple[int, int, int]]) -> list[int]:
        """Every block of an aisle in turn; where it has no stop here, nothing need be walked."""
        wanted = {row: (shift, part) for row, shift, part in parts}
        for row in range(len(self.with_stops)):
            options, prices = self.without[row], self.price_of_empty
            if row in wanted:
                options, prices = self.with_stops[row], self._prices(wanted[row])
            after = [INFINITE] * len(costs)
            for state, target, price in options:
                total = costs[state] + prices[price]
                if total < after[target]:
                    after[target] = total
            costs = after
        return costs

    def _prices(self, key: tuple[int, int]) -> list[int]:
        found = self.priced.get(key)
        if found is None:
            if len(self.priced) > MAX_KNOWN:
                self.priced.clear()
            found = self.priced[key] = self._priced(*self.costs(*key))
        return found


class SearchedWalk:
    """Walks found by nearest neighbour and local search, for everything else. Sets of the first points of a matrix."""

    def __init__(self, matrix: Matrix, begin: int, end: int) -> None:
        self.matrix, self.begin, self.end = matrix, begin, end

    def length(self, places: int) -> int:
        stops = [bit for bit in range(places.bit_length()) if places >> bit & 1]
        whole = [*stops, self.begin, self.end]
        part = [[self.matrix[here][there] for there in whole] for here in whole]
        count = len(stops)
        start = improve.nearest_first(part, count, list(range(count)))
        path = improve.Improver(part, [count, *start, count + 1])
        path.descend(path.path[1:-1])
        return path.length
