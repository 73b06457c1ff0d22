"""Which orders a cart takes on one walk, in which totes, and how it walks.

Orders become *jobs*: an order, or a cartload of one that is larger than a cart. Jobs are grouped into walks (`grouping`),
large waves in parts of orders that reach equally far, and every walk is routed (`route`). The result is compared with
filling carts as the orders came, and the shorter plan is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from wms.planning import bounds, grouping
from wms.planning.budget import DEFAULT_CEILING_MS, Budget
from wms.planning.grouping import Group, Jobs, Lookout
from wms.planning.layout import Layout, Place
from wms.planning.lengths import Measure, measure_layout, measure_matrix
from wms.planning.route import Route, best_of_trips, route_by_matrix, route_in_layout
from wms.planning.totes import NOTHING, UNLIMITED, Cart, Line, TooLarge, Tote, fill, load_of

# Orders grouped together; a larger wave is cut into parts of at most this many.
MAX_PART: Final = 125
STEPS_PER_ORDER: Final = 2_000  # of orders with few places; a step costs more where orders have many
PLACES_AT_ONCE: Final = 10
STEPS_AT_LEAST: Final = 8_000
# A part of a large wave gets a share of the steps that keeps a thousand orders within seconds.
LARGE_WAVE_SHARE: Final = 0.1
# Where exact lengths take long, so much of the steps is made with quick ones, and in the time saved some with exact.
QUICK_SHARE: Final = 0.25
EXACT_FOR_FEW: Final = 100_000  # steps times orders: few orders have few unions, each measured once


@dataclass(frozen=True)
class Order:
    """Lines name their places by bit; they belong to the order with this index."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Load:
    """One tote on a cart: of an order, or (cart shared) the share of an order in the cart."""

    order: int
    tote: Tote


@dataclass(frozen=True)
class Batch:
    """`route.sequence` holds bits of places."""

    orders: tuple[int, ...]
    loads: tuple[Load, ...]
    route: Route


@dataclass(frozen=True)
class Plan:
    """Lengths in µm. `as_they_came`: what filling carts in the order given would walk, routed equally well."""

    batches: tuple[Batch, ...]
    total: int
    lower_bound: int
    as_they_came: int


class OrderTooLarge(Exception):
    """Order `order`, or its line `line`, does not fit the totes or the cart."""

    def __init__(self, order: int, line: int | None) -> None:
        super().__init__(f"order {order} is larger than the cart allows")
        self.order, self.line = order, line


class Area(Protocol):
    """What a walk can be measured and routed in."""

    def measure(self) -> Measure: ...

    def route(self, places: Sequence[int], budget: Budget) -> Route: ...

    def by_aisles(self, stops: Sequence[Sequence[int]], loads: bounds.Loads, capacity: Sequence[int]) -> int: ...

    def at_least(self, place: int) -> int: ...


@dataclass(frozen=True)
class LayoutArea:
    """`places`, sorted: bit n is places[n]."""

    layout: Layout
    places: Sequence[Place]

    def measure(self) -> Measure:
        return measure_layout(self.layout, self.places)

    def route(self, places: Sequence[int], budget: Budget) -> Route:
        return route_in_layout(self.layout, [self.places[place] for place in places], budget)

    def by_aisles(self, stops: Sequence[Sequence[int]], loads: bounds.Loads, capacity: Sequence[int]) -> int:
        trips = self.layout.trips
        if self.layout.one_way or len(trips) > 1 or trips[0].start != trips[0].end:
            return 0
        named = [[self.places[place] for place in order] for order in stops]
        return bounds.by_aisles(self.layout, named, loads, capacity)

    def at_least(self, place: int) -> int:
        """A walk to one place alone, which is always proved."""
        return self.route([place], Budget()).length


@dataclass(frozen=True)
class MatrixArea:
    """`points`: bit n is row points[n] of the matrix."""

    matrix: list[list[int]]
    points: Sequence[int]
    trips: Sequence[tuple[int, int]]

    def measure(self) -> Measure:
        rows = [*self.points, *(end for trip in self.trips for end in trip)]
        count = len(self.points)
        part = [[self.matrix[here][there] for there in rows] for here in rows]
        return measure_matrix(part, [(count + 2 * n, count + 2 * n + 1) for n in range(len(self.trips))])

    def route(self, places: Sequence[int], budget: Budget) -> Route:
        points = [self.points[place] for place in places]
        return best_of_trips(route_by_matrix(self.matrix, points, begin, end, budget) for begin, end in self.trips)

    def by_aisles(self, stops: Sequence[Sequence[int]], loads: bounds.Loads, capacity: Sequence[int]) -> int:  # noqa: ARG002
        return 0  # a matrix has no aisles

    def at_least(self, place: int) -> int:
        """There and on to the end by the shortest ways, since a matrix may have detours that are shorter."""
        point = self.points[place]
        return min(
            bounds.shortest_way(self.matrix, begin, point) + bounds.shortest_way(self.matrix, point, end)
            for begin, end in self.trips
        )


@dataclass(frozen=True)
class _Job:
    order: int
    totes: tuple[Tote, ...]
    places: int
    load: tuple[int, ...]


def plan(area: Area, orders: Sequence[Order], cart: Cart, budget: Budget) -> Plan:
    """Batches for all orders. Raises `OrderTooLarge`, and what routing raises."""
    capacity = _capacity(cart)
    work = [job for index, order in enumerate(orders) for job in _jobs(index, order, cart)]
    jobs = Jobs.of([job.places for job in work], [job.load for job in work], capacity)
    out_of_time = budget.out_of_time()
    measure = area.measure()
    found = _grouped(jobs, measure, budget, out_of_time)
    came = grouping.in_turn(jobs, range(len(work)))
    walks = len(came) + len(found)
    # Searched walks share half of the ceiling; proved ones take some ms each, whatever it is.
    ceiling = budget.ceiling_ms / (2 * walks) if walks and not measure.is_exact else DEFAULT_CEILING_MS
    router = _Router(area, jobs, replace(budget, effort=1.0, ceiling_ms=ceiling))
    as_they_came = sum(router.route(group).length for group in came)
    total = sum(router.route(group).length for group in found)
    if as_they_came < total:
        found, total = came, as_they_came
    batches = tuple(_batch([work[job] for job in group], router.route(group)) for group in found)
    return Plan(batches, total, _bound(area, measure, work, capacity), as_they_came)


def _capacity(cart: Cart) -> tuple[int, ...]:
    """What adds up to a cart's fill: totes; or, where orders share the cart, its limited measures (one at least)."""
    if cart.totes is not None:
        return (cart.totes,)
    return tuple(limit for limit in cart.tote if limit != UNLIMITED) or (1,)


def _jobs(index: int, order: Order, cart: Cart) -> list[_Job]:
    try:
        totes = fill(order.lines, cart)
    except TooLarge as fault:
        raise OrderTooLarge(index, fault.line) from None
    at_once = cart.totes or 1
    return [_job(index, order, totes[first : first + at_once], cart) for first in range(0, len(totes), at_once)]


def _job(index: int, order: Order, totes: list[Tote], cart: Cart) -> _Job:
    places = 0
    for tote in totes:
        for portion in tote:
            places |= 1 << order.lines[portion.line].place
    if cart.totes is not None:
        return _Job(index, tuple(totes), places, (len(totes),))
    load = load_of(totes[0], order.lines) if totes else NOTHING
    limited = tuple(amount for amount, limit in zip(load, cart.tote, strict=True) if limit != UNLIMITED)
    return _Job(index, tuple(totes), places, limited or (0,))


def _grouped(jobs: Jobs, measure: Measure, budget: Budget, out_of_time: Callable[[], bool]) -> list[Group]:
    """Groups of jobs; a large wave in parts, each of jobs that reach about equally far into the layout."""
    count = len(jobs.places)
    if count <= MAX_PART:
        return grouping.group(jobs, measure, _lookout(jobs, 1, measure, budget, out_of_time))
    by_reach = sorted(range(count), key=lambda job: (-jobs.places[job], job))
    parts = -(-count // MAX_PART)
    found: list[Group] = []
    for part in range(parts):
        members = by_reach[count * part // parts : count * (part + 1) // parts]
        some = jobs.subset(members)
        groups = grouping.group(some, measure, _lookout(some, LARGE_WAVE_SHARE, measure, budget, out_of_time))
        found += [[members[job] for job in group] for group in groups]
    return found


def _lookout(jobs: Jobs, share: float, measure: Measure, budget: Budget, out_of_time: Callable[[], bool]) -> Lookout:
    count = len(jobs.places)
    places_of_one = sum(places.bit_count() for places in jobs.places) / max(1, count)
    steps = max(STEPS_AT_LEAST, STEPS_PER_ORDER * count / (1 + places_of_one / PLACES_AT_ONCE)) * share
    if measure.pace == 1:
        return Lookout(budget.iterations(steps), 0, budget.seed, out_of_time)
    exact = max(steps / measure.pace, EXACT_FOR_FEW / max(1, count))
    return Lookout(budget.iterations(steps * QUICK_SHARE), budget.iterations(exact), budget.seed, out_of_time)


class _Router:
    def __init__(self, area: Area, jobs: Jobs, budget: Budget) -> None:
        self.area, self.jobs = area, jobs
        self.budget = budget
        self.known: dict[int, Route] = {}

    def route(self, group: Group) -> Route:
        places = self.jobs.union(group)
        if places not in self.known:
            bits = bits_of(places)
            found = self.area.route(bits, self.budget)
            self.known[places] = replace(found, sequence=tuple(bits[index] for index in found.sequence))
        return self.known[places]


def bits_of(places: int) -> list[int]:
    return [bit for bit in range(places.bit_length()) if places >> bit & 1]


def _batch(jobs: list[_Job], route: Route) -> Batch:
    loads = tuple(Load(job.order, tote) for job in jobs for tote in job.totes)
    return Batch(tuple(dict.fromkeys(job.order for job in jobs)), loads, route)


def _bound(area: Area, measure: Measure, work: list[_Job], capacity: tuple[int, ...]) -> int:
    stops = [bits_of(job.places) for job in work]
    loads = [job.load for job in work]
    if measure.is_exact:
        alone = [measure.length(job.places) for job in work]
    else:
        alone = [max((area.at_least(place) for place in places), default=0) for places in stops]
    return bounds.lower_bound(alone, loads, capacity, area.by_aisles(stops, loads, capacity))
