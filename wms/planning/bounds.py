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

import itertools
from collections.abc import Callable, Sequence

from wms.planning.exact import widest_gap
from wms.planning.layout import Layout, Place

Loads = Sequence[Sequence[int]]
Least = Callable[[Sequence[int]], int]


def least_sum(needs: Sequence[int], loads: Loads, capacity: Sequence[int]) -> int:
    """The smallest sum over walks of the largest need in each, when loads may be cut; the best over all measures."""
    order = sorted((job for job, need in enumerate(needs) if need), key=lambda job: -needs[job])
    best = max(needs, default=0)
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
    return max(least_sum(alone, loads, capacity), by_aisle)


def by_aisles(layout: Layout, stops: Sequence[Sequence[Place]], loads: Loads, capacity: Sequence[int]) -> int:
    """The first three kinds of metres. Needs aisles walked both ways and walks that return to the one depot."""
    depot = layout.trips[0].start

    def least(needs: Sequence[int]) -> int:
        return least_sum(needs, loads, capacity)

    return _between_aisles(stops, depot, least) + sum(
        max(_in_block(layout, stops, block, least), _through_block(layout, stops, depot, block, least))
        for block in range(layout.blocks)
    )


def _between_aisles(stops: Sequence[Sequence[Place]], depot: Place, least: Least) -> int:
    xs = sorted({place.x for order in stops for place in order} | {depot.x})
    found = 0
    for low, high in itertools.pairwise(xs):
        crosses = [any((place.x >= high) == (depot.x <= low) for place in order) for order in stops]
        found += least([2 * (high - low) * crossed for crossed in crosses])
    return found


def _in_block(layout: Layout, stops: Sequence[Sequence[Place]], block: int, least: Least) -> int:
    """The depot's own part of an aisle is left out when the depot stands inside it: a walk need not come from its ends."""
    depot = layout.trips[0].start
    aisles = {place.aisle for order in stops for place in order if place.row == block}
    if not depot.on_cross_aisle and depot.row == block:
        aisles.discard(depot.aisle)
    found = 0
    for aisle in sorted(aisles):
        here = [sorted(place for place in order if (place.row, place.aisle) == (block, aisle)) for order in stops]
        found += least([_cheapest(layout.block_length, places) for places in here])
    return found


def _cheapest(length: int, places: Sequence[Place]) -> int:
    """The least µm inside an aisle of one block that collect these places, whatever else the walk does."""
    if not places:
        return 0
    ways = [length, 2 * places[-1].up, 2 * (length - places[0].up)]
    if len(places) > 1:
        ways.append(2 * (length - widest_gap(places)[0]))
    return min(ways)


def _through_block(layout: Layout, stops: Sequence[Sequence[Place]], depot: Place, block: int, least: Least) -> int:
    length = layout.block_length
    if depot.row <= block and (depot.on_cross_aisle or depot.row < block):
        return least([2 * length * any(place.row > block for place in order) for order in stops])
    if depot.row > block:
        return least([2 * length * any(place.row < block for place in order) for order in stops])
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
