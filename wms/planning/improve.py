"""Short walks where no proof is in reach: local search with perturbations on a matrix of distances.

For layouts of many blocks, one-way aisles over several blocks and distances given as a matrix. A path runs from a fixed
begin to a fixed end. Moves: 2-opt and or-opt where distances are the same both ways, the exchange of two neighbouring
stretches (the 3-opt move that turns nothing round) where they are not; then iterated local search (Lourenço, Martin and
Stützle, 2003): exchange two short stretches at random, repair around the cuts, keep what is not longer.

Work is counted in iterations, so that the same seed gives the same path; time only ends it early.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Final

from wms.planning.distances import Matrix

# Every pair of stops has a distance in memory.
MAX_STOPS: Final = 1_000
NEAREST: Final = 10
WINDOW: Final = 40  # stops over which a perturbation or a stretch may reach
Order = list[int]


class TooManyStops(Exception):
    """More stops than can be searched (`MAX_STOPS`)."""


def nearest_first(matrix: Matrix, begin: int, stops: Order) -> Order:
    """Always on to the nearest stop not yet visited."""
    left, here, order = set(stops), begin, []
    while left:
        row = matrix[here]
        here = min(left, key=lambda stop: (row[stop], stop))
        left.remove(here)
        order.append(here)
    return order


def path_length(matrix: Matrix, path: Order) -> int:
    return sum(matrix[here][there] for here, there in itertools.pairwise(path))


def shortest_of_all(matrix: Matrix, begin: int, end: int, stops: Order) -> Order:
    """The shortest order of few stops, by dynamic programming over their subsets (Held and Karp, 1962)."""
    count = len(stops)
    reach: list[dict[int, tuple[int, int]]] = [{} for _ in range(1 << count)]
    for place, stop in enumerate(stops):
        reach[1 << place][place] = (matrix[begin][stop], -1)
    for visited in range(1, 1 << count):
        for place, (length, _) in reach[visited].items():
            row = matrix[stops[place]]
            for other in range(count):
                if not visited >> other & 1:
                    found = length + row[stops[other]]
                    known = reach[visited | 1 << other].get(other)
                    if known is None or found < known[0]:
                        reach[visited | 1 << other][other] = (found, place)
    visited = (1 << count) - 1
    last = min(reach[visited], key=lambda place: (reach[visited][place][0] + matrix[stops[place]][end], place))
    order: Order = []
    while last >= 0:
        order.append(stops[last])
        visited, last = visited & ~(1 << last), reach[visited][last][1]
    return order[::-1]


class Improver:
    """Makes one path shorter: `path[0]` and `path[-1]` stay where they are."""

    def __init__(self, matrix: Matrix, path: Order) -> None:
        self.matrix = matrix
        self.path = path
        self.at = {stop: place for place, stop in enumerate(path)}
        inner = path[1:-1]
        self.same_both_ways = all(matrix[a][b] == matrix[b][a] for a in inner for b in inner if a < b)
        self.near = {
            stop: sorted((other for other in inner if other != stop), key=lambda other: (matrix[stop][other], other))[:NEAREST]
            for stop in path[:-1]
        }  # fmt: skip
        self.length = path_length(matrix, path)

    def descend(self, touched: Order) -> None:
        """Improve around the stops in `touched` until nothing helps there."""
        queue, waiting = list(touched), set(touched)
        while queue:
            stop = queue.pop()
            waiting.discard(stop)
            changed = self._improve_at(stop)
            for other in changed:
                if other not in waiting:
                    waiting.add(other)
                    queue.append(other)

    def iterate(self, iterations: int, dice: random.Random, out_of_time: Callable[[], bool]) -> bool:
        """Perturb and repair; False if time ended it."""
        inner = len(self.path) - 2
        if inner < 4:
            return True
        for _ in range(iterations):
            if out_of_time():
                return False
            path, length = self.path[:], self.length
            first = dice.randrange(0, inner - 1)
            second, third = sorted(dice.sample(range(first + 1, min(inner, first + WINDOW) + 1), 2))
            ends = self._exchange(first, second - 1, third - 1) if third - 1 > second - 1 >= first + 1 else []
            self.descend(ends)
            if self.length > length:
                self._set(path, length)
        return True

    def _set(self, path: Order, length: int) -> None:
        self.path, self.length = path, length
        self.at = {stop: place for place, stop in enumerate(path)}

    def _improve_at(self, stop: int) -> Order:
        """The first move at this stop that makes the path shorter; the ends of the ways it changed."""
        if self.same_both_ways:
            return self._turn(stop) or self._insert(stop)
        return self._exchange_at(stop)

    def _turn(self, stop: int) -> Order:
        """2-opt: turn a stretch round so that `stop` gets a nearer successor, or predecessor."""
        path, at, matrix = self.path, self.at, self.matrix
        place, last = at[stop], len(path) - 1
        row = matrix[stop]
        for side in (1, -1):
            if not 0 <= place + side <= last:
                continue
            beside = path[place + side]
            for other in self.near.get(stop, ()):
                spare = row[beside] if side > 0 else matrix[beside][stop]
                if row[other] >= spare:
                    break
                there = at[other]
                if not 0 <= there + side <= last:
                    continue
                beyond = path[there + side]
                low, high = sorted((place, there))
                first, final = (low + 1, high) if side > 0 else (low, high - 1)
                before, after = path[first - 1], path[final + 1]
                gain = matrix[before][path[first]] + matrix[path[final]][after]
                gain -= matrix[before][path[final]] + matrix[path[first]][after]
                if gain > 0:
                    self._reverse(first, final, gain)
                    return [stop, beside, other, beyond]
        return []

    def _reverse(self, first: int, final: int, gain: int) -> None:
        self.path[first : final + 1] = self.path[first : final + 1][::-1]
        for place in range(first, final + 1):
            self.at[self.path[place]] = place
        self.length -= gain

    def _insert(self, stop: int) -> Order:
        """Or-opt: move one to three stops, beginning with `stop`, next to a near one, either way round."""
        path, matrix = self.path, self.matrix
        first = self.at[stop]
        for size in (1, 2, 3):
            final = first + size - 1
            if first == 0 or final >= len(path) - 1:
                return []
            before, end, after = path[first - 1], path[final], path[final + 1]
            freed = matrix[before][stop] + matrix[end][after] - matrix[before][after]
            for other in self.near[stop]:
                if matrix[stop][other] >= freed:
                    break
                there = self.at[other]
                if first <= there <= final:
                    continue
                if changed := self._insert_beside(first, final, there, freed):
                    return changed
        return []

    def _insert_beside(self, first: int, final: int, there: int, freed: int) -> Order:
        """Put path[first..final] after or before the stop at `there`, its first stop next to it, if that is shorter."""
        path, matrix = self.path, self.matrix
        start, end, other = path[first], path[final], path[there]
        for side in (1, -1):
            neighbour = path[there + side]
            if neighbour in (start, end):
                continue
            added = matrix[other][start] + matrix[end][neighbour] - matrix[other][neighbour]
            if added < freed:
                touched = [path[first - 1], path[final + 1], start, end, other, neighbour]
                piece = path[first : final + 1]
                if side < 0:
                    piece = piece[::-1]
                rest = path[:first] + path[final + 1 :]
                place = rest.index(other) + (1 if side > 0 else 0)
                self._set(rest[:place] + piece + rest[place:], self.length + added - freed)
                return touched
        return []

    def _exchange_at(self, stop: int) -> Order:
        """Give `stop` a nearer successor by exchanging the stretch after it with the one after that."""
        path, matrix = self.path, self.matrix
        place = self.at[stop]
        if place >= len(path) - 3:
            return []
        spare = matrix[stop][path[place + 1]]
        for other in self.near[stop]:
            gained = spare - matrix[stop][other]
            if gained <= 0:
                break
            there = self.at[other]
            if there <= place + 1:
                continue
            before, follower = path[there - 1], path[place + 1]
            gained += matrix[before][other]
            for final in range(there, min(len(path) - 1, there + WINDOW)):
                end, after = path[final], path[final + 1]
                if gained + matrix[end][after] - matrix[end][follower] - matrix[before][after] > 0:
                    return self._exchange(place, there - 1, final)
        return []

    def _exchange(self, first: int, middle: int, final: int) -> Order:
        """Exchange path[first+1..middle] and path[middle+1..final]; the ends of the three ways that changed."""
        path, matrix = self.path, self.matrix
        a, b, p, c, e, f = (path[k] for k in (first, first + 1, middle, middle + 1, final, final + 1))
        self.length += matrix[a][c] + matrix[e][b] + matrix[p][f] - matrix[a][b] - matrix[p][c] - matrix[e][f]
        path[first + 1 : final + 1] = path[middle + 1 : final + 1] + path[first + 1 : middle + 1]
        for place in range(first + 1, final + 1):
            self.at[path[place]] = place
        return [a, b, p, c, e, f]
