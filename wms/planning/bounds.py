"""Metres that no batching can save: a lower bound on the walks of a wave.

Every walk carries at most so much. If orders with certain minimal needs are packed into walks by falling need, and may
even be cut, the needs of the walks' neediest orders add up to no more than in any real batching (`least_sum`). Applied

* to each stretch between neighbouring aisles: an order with a stop beyond it makes its walk cross it twice;
* to each aisle of each block: an order's own stops there cost its walk at least the cheapest way to collect them;
* to each block as a whole: an order with a stop behind it makes its walk go through it twice;
* to whole orders: a walk is at least as long as the shortest walk of any of its orders.

The first three count different metres and are added (in a block the larger of the second and the third); the fourth stands
alone; the larger is the bound. Where aisles are one-way, walks may end elsewhere than they begin, or only a matrix is
given, the fourth alone is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

from wms.planning.exact import widest_gap
from wms.planning.layout import Layout, Place

Loads = Sequence[Sequence[int]]
Needs = Mapping[int, int]  # µm by job


def least_sum(needs: Needs, loads: Loads, capacity: Sequence[int]) -> int:
    """The smallest sum over walks of the largest need in each, when loads may be cut; the best over all measures."""
    order = sorted(needs, key=lambda job: -needs[job])
    best = max(needs.values(), default=0)
    for measure, limit in enumerate(capacity):
        if limit == 0:
            continue
        filled, found, next_walk = 0, 0, 0
        for job in order:
            filled += loads[job][measure]
            while next_walk < filled:
                found += needs[job]
                next_walk += limit
        best = max(best, found)
    return best


def lower_bound(alone: Sequence[int], loads: Loads, capacity: Sequence[int], by_aisle: int = 0) -> int:
    """µm, from the shortest walk of each order alone, and what `by_aisles` found."""
    return max(least_sum(dict(enumerate(alone)), loads, capacity), by_aisle)


def by_aisles(layout: Layout, stops: Sequence[Sequence[Place]], loads: Loads, capacity: Sequence[int]) -> int:
    """The first three kinds of metres. Needs aisles walked both ways and walks that return to the one depot."""
    depot = layout.trips[0].start

    def least(needs: Needs) -> int:
        return least_sum(needs, loads, capacity)

    return _between_aisles(stops, depot, loads, capacity) + sum(
        max(_in_block(layout, stops, block, least), _through_block(layout, stops, depot, block, least))
        for block in range(layout.blocks)
    )


def _between_aisles(stops: Sequence[Sequence[Place]], depot: Place, loads: Loads, capacity: Sequence[int]) -> int:
    """Over the stretches on both sides of the depot: twice the stretch for each walk that must cross it."""
    found = 0
    for side in (1, -1):
        reach = [max((side * (place.x - depot.x) for place in order), default=0) for order in stops]
        farthest_first = sorted((job for job, far in enumerate(reach) if far > 0), key=lambda job: -reach[job])
        carried = [0] * len(capacity)
        for job, nearer in zip_longest(farthest_first, farthest_first[1:]):
            carried = [sum(pair) for pair in zip(carried, loads[job], strict=True)]
            stretch = reach[job] - (0 if nearer is None else reach[nearer])
            found += 2 * stretch * _walks(carried, capacity)
    return found


def _walks(carried: Sequence[int], capacity: Sequence[int]) -> int:
    """How many walks it takes at least to carry so much."""
    return max(1, *(-(-amount // limit) if limit else 1 for amount, limit in zip(carried, capacity, strict=True)))


def _in_block(layout: Layout, stops: Sequence[Sequence[Place]], block: int, least: Callable[[Needs], int]) -> int:
    """The depot's own part of an aisle is left out when the depot stands inside it: a walk need not come from its ends."""
    depot = layout.trips[0].start
    aisles: dict[int, dict[int, list[Place]]] = {}
    for job, order in enumerate(stops):
        for place in order:
            if place.row == block:
                aisles.setdefault(place.aisle, {}).setdefault(job, []).append(place)
    if not depot.on_cross_aisle and depot.row == block:
        aisles.pop(depot.aisle, None)
    return sum(
        least({job: _cheapest(layout.block_length, sorted(places)) for job, places in orders.items()})
        for orders in aisles.values()
    )


def _cheapest(length: int, places: Sequence[Place]) -> int:
    """The least µm inside an aisle of one block that collect these places, whatever else the walk does."""
    if not places:
        return 0
    ways = [length, 2 * places[-1].up, 2 * (length - places[0].up)]
    if len(places) > 1:
        ways.append(2 * (length - widest_gap(places)[0]))
    return min(ways)


def _through_block(
    layout: Layout, stops: Sequence[Sequence[Place]], depot: Place, block: int, least: Callable[[Needs], int]
) -> int:
    twice = 2 * layout.block_length
    if depot.row < block or (depot.row == block and depot.on_cross_aisle):
        return least({job: twice for job, order in enumerate(stops) if any(place.row > block for place in order)})
    if depot.row > block:
        return least({job: twice for job, order in enumerate(stops) if any(place.row < block for place in order)})
    return 0


def shortest_way(matrix: Sequence[Sequence[int]], begin: int, end: int) -> int:
    """From one point of a matrix to another, over others where that is shorter (Dijkstra, on all pairs)."""
    known = dict(enumerate(matrix[begin]))
    while known:
        here = min(known, key=lambda point: (known[point], point))
        length = known.pop(here)
        if here == end:
            return length
        row = matrix[here]
        for point, found in known.items():
            if length + row[point] < found:
                known[point] = length + row[point]
    return 0
