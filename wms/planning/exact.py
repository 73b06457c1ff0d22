"""The shortest walk, proved: dynamic programming over the aisles from one side to the other.

For aisles walked both ways it holds for any number of blocks (few in practice: the states grow about fivefold with each);
for one block also with one-way aisles, and with a begin and an end at different points of the cross aisles. The method of
Ratliff and Rosenthal (1983), in the form of Cambazard and Catusse (2018); the states are `wms.planning.frontier`'s.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from wms.planning import frontier, tours
from wms.planning.frontier import FROM_ABOVE, FROM_BELOW, FROM_BOTH, NOTHING, THERE_AND_BACK, Tables, Way
from wms.planning.layout import BOTH_WAYS, Layout, Place, Trip

INFINITE: Final = 1 << 60
MAX_ROWS: Final = 6
# Moves of states tried for one walk, about a tenth of a microsecond each.
MAX_MOVES: Final = 3_000_000
# What making the tables costs in the same unit, by rows: counted always, so that a plan does not depend on what ran before.
TABLE_MOVES: Final = {2: 5_000, 3: 10_000, 4: 150_000, 5: 500_000, 6: 5_000_000}
MOVES_PER_MS: Final = 10_000


@dataclass(frozen=True)
class Segment:
    """One aisle between two kept rows: its length, its stops from the lower row, and how it may be walked."""

    length: int
    stops: tuple[Place, ...]
    direction: int = BOTH_WAYS


@dataclass(frozen=True)
class Column:
    x: int
    segments: tuple[Segment, ...]
    ends: tuple[tuple[str, int], ...]  # ("reach" | "leave" | "arrive", row)


@dataclass(frozen=True)
class Walk:
    """`places` in walking order, without the ends of the trip."""

    length: int
    places: tuple[Place, ...]


Out = Callable[[], bool]


def shortest_walk(layout: Layout, stops: Sequence[Place], trip: Trip, moves: int, out_of_time: Out) -> Walk | None:
    """The shortest walk through distinct `stops`, or None: out of the method's reach, of `moves`, or of time.

    Every stop must be reachable. `moves` bounds the work as `MAX_MOVES` does.
    """
    if not stops:
        return None
    tour = trip.start == trip.end
    if not tour and not (trip.start.on_cross_aisle and trip.end.on_cross_aisle):
        return None
    marked = list(stops)
    if tour and not trip.start.on_cross_aisle and trip.start not in marked:
        marked.append(trip.start)
    found = (_on_one_line(layout, marked, trip.start) if tour else None) or _over_aisles(
        layout, marked, trip, moves, out_of_time
    )
    if found is None:
        return None
    wanted = set(stops)
    return Walk(found.length, tuple(place for place in found.places if place in wanted))


def _over_aisles(layout: Layout, stops: list[Place], trip: Trip, moves: int, out_of_time: Out) -> Walk | None:
    columns = _columns(layout, stops, trip)
    table = _tables(layout, columns, trip.start == trip.end, moves)
    if table is None:
        return None
    found = _sweep(columns, table, out_of_time)
    if found is None:
        return None
    length, steps = found
    return Walk(length, tuple(tours.order_of(columns, steps, trip)))


def _on_one_line(layout: Layout, stops: list[Place], start: Place) -> Walk | None:
    """Begin and stops in one aisle of one block: a walk that need not come to any cross aisle."""
    if set(stops) == {start}:
        return Walk(0, (start,))
    if {(place.row, place.aisle) for place in stops} != {(start.row, start.aisle)} or start.on_cross_aisle:
        return None
    if layout.direction(start.row, start.aisle) != BOTH_WAYS:
        return None
    ups = [place.up for place in stops]
    below = sorted((place for place in stops if place.up < start.up), reverse=True)
    above = sorted(place for place in stops if place.up > start.up)
    here = [place for place in stops if place == start]
    return Walk(2 * (max(ups) - min(ups)), (*here, *above, *below))


def _columns(layout: Layout, stops: list[Place], trip: Trip) -> list[Column]:
    """What the sweep goes through. Where all aisles are walked both ways, aisles without a stop and rows that touch no
    block with a stop are left out: a shortest way between two places turns only in their own aisles.
    """
    by_segment: dict[tuple[int, int], list[Place]] = {}
    for place in stops:
        by_segment.setdefault((place.x, place.row), []).append(place)
    ends = _ends(trip)
    if layout.one_way:
        rows = list(range(layout.rows))
        xs = sorted({aisle * layout.aisle_pitch for aisle in range(layout.aisles)} | {place.x for _, place in ends})
    else:
        rows = sorted({row + side for _, row in by_segment for side in (0, 1)} | {place.row for _, place in ends})
        xs = sorted({x for x, _ in by_segment} | {place.x for _, place in ends})
    at = {row: index for index, row in enumerate(rows)}
    columns = []
    for x in xs:
        aisle = layout.beside(0, x).aisle
        segments = tuple(
            Segment(
                (above - below) * layout.block_length if aisle >= 0 else INFINITE,
                tuple(sorted(by_segment.get((x, below), ()))),
                layout.direction(below, aisle),
            )
            for below, above in itertools.pairwise(rows)
        )
        columns.append(Column(x, segments, tuple((kind, at[place.row]) for kind, place in ends if place.x == x)))
    return columns


def _ends(trip: Trip) -> list[tuple[str, Place]]:
    if trip.start != trip.end:
        return [("leave", trip.start), ("arrive", trip.end)]
    return [("reach", trip.start)] if trip.start.on_cross_aisle else []


def _tables(layout: Layout, columns: list[Column], tour: bool, moves: int) -> Tables | None:
    """The tables of the problem's states, if the work with them stays within `moves`."""
    rows = len(columns[0].segments) + 1
    if rows > (2 if layout.one_way else MAX_ROWS) or TABLE_MOVES[rows] > moves:
        return None
    # No way is worth walking more often net than there are aisles, each with its one forced passage, and one more.
    most = len(columns) + 1 if layout.one_way else 0
    if most * most * most > moves:
        return None
    table = frontier.tables(rows, most, not tour)
    work = len(columns) * (len(table.onward) + sum(len(pairs) for way in table.along.values() for pairs in way))
    return table if work + TABLE_MOVES[rows] <= moves else None


def choices_of(segment: Segment, table: Tables) -> list[tuple[Way, int]]:
    """How a segment may be walked, each with its µm."""
    length, stops = segment.length, segment.stops
    if length == INFINITE:
        return [(NOTHING, 0)]
    throughs: list[tuple[Way, int]] = [
        (way, abs(way) * length)
        for way in table.along
        if isinstance(way, int) and (segment.direction == BOTH_WAYS or way * segment.direction > 0)
    ]
    if not stops:
        return [(NOTHING, 0), *throughs, *([(THERE_AND_BACK, 2 * length)] if segment.direction == BOTH_WAYS else [])]
    if segment.direction != BOTH_WAYS:
        return throughs
    lowest, highest = stops[0].up, stops[-1].up
    found = [(FROM_BELOW, 2 * highest), (FROM_ABOVE, 2 * (length - lowest)), *throughs, (THERE_AND_BACK, 2 * length)]
    if lowest != highest:
        found.append((FROM_BOTH, 2 * (length - widest_gap(stops)[0])))
    return found


def widest_gap(stops: Sequence[Place]) -> tuple[int, int]:
    """µm of the widest gap between neighbouring stops, and the index of the stop above it."""
    return max((stops[index].up - stops[index - 1].up, -index) for index in range(1, len(stops)))


@dataclass(frozen=True)
class Step:
    """One decision of the best walk: `way` for a segment, or the state at the point of going on to the next column."""

    column: int
    segment: int  # -1: going on
    way: Way
    state: frontier.State


Trace = list[tuple[int, int, list[int], list[Way]]]


def _sweep(columns: list[Column], table: Tables, out_of_time: Out) -> tuple[int, list[Step]] | None:
    """The cheapest finished walk and its decisions, or None when time is out."""
    costs = [INFINITE] * len(table.states)
    costs[table.start] = 0
    trace: Trace = []
    best, state, steps_taken = INFINITE, 0, 0
    last = max(index for index, column in enumerate(columns) if column.ends or any(s.stops for s in column.segments))
    for index, column in enumerate(columns):
        if out_of_time():
            return None
        if index:
            costs, parent = _go_on(costs, table, column.x - columns[index - 1].x)
            trace.append((index - 1, -1, parent, []))
        for kind, row in column.ends:
            pairs = {"reach": table.reach, "leave": table.leave, "arrive": table.arrive}[kind][row]
            costs, parent, _ = _apply(costs, [(NOTHING, 0, pairs)])
            trace.append((index, -2, parent, []))
        for place, segment in enumerate(column.segments):
            choices = choices_of(segment, table)
            costs, parent, ways = _apply(costs, [(way, cost, table.along[way][place]) for way, cost in choices])
            trace.append((index, place, parent, ways))
        if index >= last:  # with one-way aisles a walk may go past its last stop to come back
            cheapest = min(table.done, key=costs.__getitem__)
            if costs[cheapest] < best:
                best, state, steps_taken = costs[cheapest], cheapest, len(trace)
    return (best, _steps(trace[:steps_taken], state, table)) if best < INFINITE else None


def _apply(costs: list[int], choices: list[tuple[Way, int, frontier.Pairs]]) -> tuple[list[int], list[int], list[Way]]:
    after = [INFINITE] * len(costs)
    parent = [0] * len(costs)
    ways: list[Way] = [NOTHING] * len(costs)
    for way, cost, pairs in choices:
        for number, target in pairs:
            total = costs[number] + cost
            if total < after[target]:
                after[target] = total
                parent[target] = number
                ways[target] = way
    return after, parent, ways


def _go_on(costs: list[int], table: Tables, distance: int) -> tuple[list[int], list[int]]:
    after = [INFINITE] * len(costs)
    parent = [0] * len(costs)
    for number, target, times in table.onward:
        total = costs[number] + times * distance
        if total < after[target]:
            after[target] = total
            parent[target] = number
    return after, parent


def _steps(trace: Trace, state: int, table: Tables) -> list[Step]:
    steps = []
    for column, segment, parent, ways in reversed(trace):
        if segment >= -1:
            steps.append(Step(column, segment, ways[state] if ways else NOTHING, table.states[state]))
        state = parent[state]
    return steps[::-1]
