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
PACES: Final = {2: 13.0, 3: 64.0}
SEARCHED_PACE: Final = 150.0
MAX_KEPT: Final = 1_500  # vectors, some kB each
# Answers kept; more are forgotten all at once.
MAX_KNOWN: Final = 200_000
Lengths = Callable[[int], int]
Costs = tuple[int, int, int]  # µm: in from the lower row, from the upper, from both


class Measure(Protocol):
    """`length` of a set of places in µm; `is_exact`: no walk is shorter. `quick`: about the same, in a hundredth of a
    millisecond where that is possible. `pace`: what an exact answer costs, in those of one block. `keep`: sets that differ from
    this one in few aisles will be asked for.
    """

    is_exact: bool
    pace: float

    def length(self, places: int) -> int: ...

    def quick(self, places: int) -> int: ...

    def keep(self, places: int) -> None: ...


def measure_layout(layout: Layout, places: Sequence[Place]) -> Measure:
    """For sets of `places`, which are distinct and sorted: bit n of a set stands for places[n].

    Raises `TooManyStops` where lengths have to be searched.
    """
    if list(places) != sorted(places):
        raise ValueError("places must be sorted")
    trips = layout.trips
    quick = Remembered([_quick_walk(layout, places, trip) for trip in trips])
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


def _quick_walk(layout: Layout, places: Sequence[Place], trip: Trip) -> Walks:
    """Without one-way aisles, left and entered where the walk begins: what a walk through it costs is close enough to choose by."""
    whole = replace(layout, one_way={})
    if layout.blocks == 1:
        return OneBlock(whole, places, Trip(*[_nearest_row(trip.start, layout.block_length)] * 2))
    return BlockByBlock(whole, places, trip.start)


def _nearest_row(start: Place, block_length: int) -> Place:
    return start._replace(row=1 if 2 * (start.row * block_length + start.up) > block_length else 0, up=0)


class Walks(Protocol):
    def length(self, places: int) -> int: ...

    def keep(self, places: int) -> None: ...


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

    def keep(self, places: int) -> None:
        self.first.keep(places)
        for walk in self.others:
            walk.keep(places)


class Measured:
    """A `Measure` of remembered walks."""

    def __init__(self, exact: Remembered, quick: Remembered, is_exact: bool, pace: float) -> None:
        self.length, self.quick, self.is_exact, self.pace = exact.length, quick.length, is_exact, pace
        self.keep = exact.keep


class _Aisles:
    """Where the bits of each aisle are, and what each way through a part of an aisle costs."""

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

    def costs(self, shift: int, part: int) -> Costs:
        """µm to collect a part of an aisle in from the lower row, in from the upper, and in from both."""
        ups, rest, gap = self.ups, part, 0
        lowest = here = ups[shift + (rest & -rest).bit_length() - 1]
        while rest := rest & rest - 1:
            above = ups[shift + (rest & -rest).bit_length() - 1]
            gap = max(gap, above - here)
            here = above
        return 2 * here, 2 * (self.block_length - lowest), 2 * (self.block_length - gap) if gap else INFINITE


class OneBlock(_Aisles):
    """Tours in one block, six states written out (Ratliff and Rosenthal, 1983): see `length`. `block`: the row of its places."""

    def __init__(self, layout: Layout, places: Sequence[Place], trip: Trip, block: int = 0) -> None:
        super().__init__(layout, places, trip)
        self.aisles: list[tuple[int, int, int, int, dict[int, Costs]]] = []
        for x, depot, parts in self.columns:
            shift, mask = next(((shift, mask) for row, shift, mask in parts if row == block), (0, 0))
            if mask or depot >= 0:
                self.aisles.append((x, depot, shift, mask, {}))

    def keep(self, places: int) -> None:
        """Nothing is kept: these lengths are found about as soon as anything could be looked up."""

    def length(self, places: int) -> int:  # noqa: C901  calls would double its time
        """`low`, `high`: one piece that can be walked on at the lower or the upper row; `odd`: at both, an odd number of
        times each; `one`: at both, even, in one piece; `two`: the same in two pieces. Written out in one, with comparisons
        instead of min() and calls: a quarter of the time.
        """
        low = high = odd = one = two = INFINITE
        fresh, last, length, twice = True, 0, self.block_length, 2 * self.block_length
        for x, depot, shift, mask, known in self.aisles:
            part = places >> shift & mask
            if part:
                up, down, both = known[part] if part in known else self._learn(known, shift, part)
            elif depot < 0:
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
            elif fresh:
                low, high, odd, one, two, fresh = up, down, length, twice, both, False
                continue
            fresh = False
            if not part:
                continue
            inner, even = up if up < down else down, low if low < high else high  # noqa: FURB136
            if two < even:
                even = two
            through = (even if even < one else one) + length  # noqa: FURB136
            if both < inner:
                inner = both
            two += inner
            pieces = low + (down if down < both else both)  # noqa: FURB136
            if pieces < two:
                two = pieces
            pieces = high + (up if up < both else both)  # noqa: FURB136
            if pieces < two:
                two = pieces
            one += inner
            if odd + length < one:
                one = odd + length
            if even + twice < one:
                one = even + twice
            odd += inner
            if through < odd:
                odd = through
            low += up
            high += down
        return min(low, high, one)

    def _learn(self, known: dict[int, Costs], shift: int, part: int) -> Costs:
        if len(known) > MAX_KNOWN:
            known.clear()
        found = known[part] = self.costs(shift, part)
        return found


class BlockByBlock:
    """About the length of a walk through several blocks: what each block would take alone, entered from the side of the
    depot; with three blocks or more the mean of that and of one block without the cross aisles in the middle. What an order
    adds by this is what it adds to the shortest walk, with a correlation of 0.96 to 0.98 on the waves of bench/planning.
    """

    def __init__(self, layout: Layout, places: Sequence[Place], start: Place) -> None:
        self.blocks: list[tuple[int, Lengths]] = []
        one = replace(layout, blocks=1)
        for block in range(layout.blocks):
            end = start._replace(
                row=0 if block > start.row or (block == start.row and start.on_cross_aisle) else 1, up=0
            )
            bits = [bit for bit, place in enumerate(places) if place.row == block]
            mask = sum(1 << bit for bit in bits)
            self.blocks.append((mask, Remembered([OneBlock(one, places, Trip(end, end), block)]).length))
        self.flat: OneBlock | None = None
        if layout.blocks > 2:
            length = layout.blocks * layout.block_length
            whole = replace(layout, blocks=1, bays_per_aisle=1, bay_pitch=length, cross_aisle=0)
            flat = [Place(place.x, 0, place.row * layout.block_length + place.up, place.aisle) for place in places]
            end = start._replace(row=1 if 2 * (start.row * layout.block_length + start.up) > length else 0, up=0)
            self.flat = OneBlock(whole, flat, Trip(end, end))

    def keep(self, places: int) -> None:
        """Nothing is kept."""

    def length(self, places: int) -> int:
        apart = sum([length(part) for mask, length in self.blocks if (part := places & mask)])
        return apart if self.flat is None else (apart + self.flat.length(places)) // 2


def _come_to(depot: int, low: int, high: int, two: int, fresh: bool) -> tuple[int, int, int]:
    """The states after the walk has come to the depot's row: the other row alone is not enough any more."""
    if depot == 0:
        return (0 if fresh else low), INFINITE, min(two, high)
    return INFINITE, (0 if fresh else high), min(two, low)


Option = tuple[int, int, int]  # state, state after, which price (or, between aisles, how often the distance is walked)
Vector = list[int]  # µm by state


class ManyBlocks(_Aisles):
    """Tours over two or three blocks, by the tables of `frontier`.

    Several ways often lead from one state to the same next one; then only the cheapest counts, and which can be the cheapest
    is known beforehand: a *price* is the least of some ways, worked out once for each part of an aisle.

    Of sets that were `kept`, the costs of the states are remembered after each aisle from the left, and to the end before
    each aisle from the right: a set that differs from one of them in a few aisles is worked out in those alone.
    """

    def __init__(self, layout: Layout, places: Sequence[Place], trip: Trip) -> None:
        super().__init__(layout, places, trip)
        self.tables = frontier.tables(layout.rows, 0, False)
        self.prices: list[frozenset[int]] = []
        segments = range(layout.blocks)
        with_stops = [
            self._options(segment, (FROM_BELOW, FROM_ABOVE, FROM_BOTH, 1, THERE_AND_BACK)) for segment in segments
        ]
        without = [self._options(segment, (NOTHING, NOTHING, NOTHING, 1, THERE_AND_BACK)) for segment in segments]
        self.from_left = list(zip(without, with_stops, strict=True))
        self.from_right = [(_turned(none), _turned(some)) for none, some in self.from_left]
        self.onward, self.back = self.tables.onward, _turned(self.tables.onward)
        self.priced: dict[tuple[int, int], list[int]] = {}
        self.price_of_empty = self._priced(0, 0, 0)
        self.bounds = self._bounds(len(places))
        self.left: dict[tuple[int, int], Vector] = {}
        self.right: dict[tuple[int, int], Vector] = {}

    def _bounds(self, count: int) -> list[tuple[int, int]]:
        """For each aisle its first bit, and the first bit beyond it."""
        begins = [parts[0][1] if parts else -1 for _, _, parts in self.columns]
        for index in range(len(begins) - 1, -1, -1):
            if begins[index] < 0:
                begins[index] = begins[index + 1] if index + 1 < len(begins) else count
        return list(zip(begins, [*begins[1:], count], strict=True))

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
        """From the longest kept part on the left, through the aisles between, to the longest kept part on the right."""
        aisles, bounds = self._walked(places), self.bounds
        high, count = 0, len(aisles)
        while high < count and (aisles[high], places >> bounds[aisles[high]][0]) not in self.right:
            high += 1
        if high == 0:
            return self.right[aisles[0], places >> bounds[aisles[0]][0]][self.tables.start]
        low = high - 1
        while low >= 0 and (aisles[low], self._upto(places, aisles[low])) not in self.left:
            low -= 1
        costs = self.left[aisles[low], self._upto(places, aisles[low])] if low >= 0 else None
        for index in range(low + 1, high):
            costs = self._after(costs, aisles[index - 1], aisles[index], places)
        if costs is None or high == count:
            return min(costs[number] for number in self.tables.done) if costs else 0
        distance = self.columns[aisles[high]][0] - self.columns[aisles[high - 1]][0]
        rest = self.right[aisles[high], places >> bounds[aisles[high]][0]]
        return min([costs[state] + times * distance + rest[after] for state, after, times in self.onward])

    def keep(self, places: int) -> None:
        if len(self.left) > MAX_KEPT:
            self.left.clear()
            self.right.clear()
        aisles = self._walked(places)
        costs: Vector | None = None
        for index, aisle in enumerate(aisles):
            key = aisle, self._upto(places, aisle)
            if key not in self.left:
                self.left[key] = self._after(costs, aisles[index - 1], aisle, places)
            costs = self.left[key]
        costs = None
        for index in range(len(aisles) - 1, -1, -1):
            aisle = aisles[index]
            key = aisle, places >> self.bounds[aisle][0]
            if key not in self.right:
                self.right[key] = self._before(costs, aisle, aisles[(index + 1) % len(aisles)], places)
            costs = self.right[key]

    def _walked(self, places: int) -> list[int]:
        """The aisles with some of the places, or with the depot."""
        return [
            index
            for index, (begin, end) in enumerate(self.bounds)
            if places >> begin & (1 << end - begin) - 1 or self.columns[index][1] >= 0
        ]

    def _upto(self, places: int, aisle: int) -> int:
        return places & (1 << self.bounds[aisle][1]) - 1

    def _after(self, costs: Vector | None, last: int, aisle: int, places: int) -> Vector:
        """What each state has cost after an aisle; `costs` after the one before it (`last`), None at the first."""
        x, depot, segments = self.columns[aisle]
        if costs is None:
            costs = [INFINITE] * len(self.tables.states)
            costs[self.tables.start] = 0
        else:
            costs = _best(costs, self.onward, range(0, 9 * (x - self.columns[last][0]) + 1, x - self.columns[last][0]))
        if depot >= 0:
            costs = _reached(costs, self.tables.reach[depot])
        if any(places >> shift & mask for _, shift, mask in segments):
            prices = self._prices_of(places, segments)
            for (without, with_stops), price in zip(self.from_left, prices, strict=True):
                costs = _best(costs, with_stops if price else without, price or self.price_of_empty)
        return costs

    def _before(self, costs: Vector | None, aisle: int, following: int, places: int) -> Vector:
        """What it still costs from each state in which the walk comes to an aisle; `costs` from those of the next."""
        x, depot, segments = self.columns[aisle]
        if costs is None:
            costs = [INFINITE] * len(self.tables.states)
            for number in self.tables.done:
                costs[number] = 0
        else:
            distance = self.columns[following][0] - x
            costs = _best(costs, self.back, range(0, 9 * distance + 1, distance))
        if any(places >> shift & mask for _, shift, mask in segments):
            prices = self._prices_of(places, segments)
            for (without, with_stops), price in reversed(list(zip(self.from_right, prices, strict=True))):
                costs = _best(costs, with_stops if price else without, price or self.price_of_empty)
        if depot >= 0:
            costs = _reached(costs, [(after, state) for state, after in self.tables.reach[depot]])
        return costs

    def _prices_of(self, places: int, segments: list[tuple[int, int, int]]) -> list[list[int] | None]:
        """For each block what its ways cost in an aisle; None where it has no stop there and nothing need be walked."""
        found: list[list[int] | None] = [None] * len(self.from_left)
        for row, shift, mask in segments:
            if part := places >> shift & mask:
                found[row] = self._prices(shift, part)
        return found

    def _prices(self, shift: int, part: int) -> list[int]:
        found = self.priced.get((shift, part))
        if found is None:
            if len(self.priced) > MAX_KNOWN:
                self.priced.clear()
            found = self.priced[shift, part] = self._priced(*self.costs(shift, part))
        return found


def _turned(options: list[Option]) -> list[Option]:
    return [(after, state, price) for state, after, price in options]


def _best(costs: Vector, options: list[Option], prices: Sequence[int]) -> Vector:
    after = [INFINITE] * len(costs)
    for state, target, price in options:
        total = costs[state] + prices[price]
        if total < after[target]:
            after[target] = total
    return after


def _reached(costs: Vector, pairs: list[tuple[int, int]]) -> Vector:
    after = [INFINITE] * len(costs)
    for state, target in pairs:
        after[target] = min(after[target], costs[state])
    return after


class SearchedWalk:
    """Walks found by nearest neighbour and local search, for everything else. Sets of the first points of a matrix."""

    def __init__(self, matrix: Matrix, begin: int, end: int) -> None:
        self.matrix, self.begin, self.end = matrix, begin, end

    def keep(self, places: int) -> None:
        """Nothing is kept."""

    def length(self, places: int) -> int:
        stops = [bit for bit in range(places.bit_length()) if places >> bit & 1]
        whole = [*stops, self.begin, self.end]
        part = [[self.matrix[here][there] for there in whole] for here in whole]
        count = len(stops)
        start = improve.nearest_first(part, count, list(range(count)))
        path = improve.Improver(part, [count, *start, count + 1])
        path.descend(path.path[1:-1])
        return path.length
