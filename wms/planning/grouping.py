"""Which orders share a walk: the search behind batching.

From several beginnings (as they came; savings, recomputed after each merge, Clarke and Wright, 1964; cut along the aisles)
a few orders and some of their neighbours are taken out of their walks again and again and put back where they lengthen a
walk least (ruin and recreate: Schrimpf et al., 2000; removal of alike orders: Shaw, 1998), under a temperature that falls.
The best beginning gets most of the iterations.

Loads in several measures are one whole number, a field for each with a spare bit above it: what fits leaves all spare bits.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wms.planning.lengths import Lengths, Measure

NEAR: Final = 15
REMOVED_AT_MOST: Final = 8
MATE_CHANCE: Final = 0.25
SHUFFLED_SHARE: Final = 0.4
BLINK: Final = 0.03  # chance that a walk is passed over, so that the cheapest place is not always taken
# Temperatures as shares of the length of the savings' walks; found by trial on generated waves (bench/planning).
HOT: Final = 0.004
COLD: Final = 0.00005
TRIAL_SHARE: Final = 0.1

Group = list[int]


@dataclass(frozen=True)
class Jobs:
    """What has to be grouped: the places of each job as a set, its load, what a walk carries at most, the spare bits."""

    places: Sequence[int]
    loads: Sequence[int]
    capacity: int
    spare: int

    @classmethod
    def of(cls, places: Sequence[int], loads: Sequence[Sequence[int]], capacity: Sequence[int]) -> Jobs:
        """Loads and capacity in the same measures; each load fits alone."""
        bits = max(limit.bit_length() for limit in capacity) + 1

        def packed(amounts: Sequence[int]) -> int:
            return sum(amount << bits * place for place, amount in enumerate(amounts))

        return cls(places, [packed(load) for load in loads], packed(capacity), packed([1 << bits - 1] * len(capacity)))

    def fits(self, load: int) -> bool:
        return (self.capacity + self.spare - load) & self.spare == self.spare

    def subset(self, jobs: Sequence[int]) -> Jobs:
        return Jobs([self.places[job] for job in jobs], [self.loads[job] for job in jobs], self.capacity, self.spare)

    def union(self, group: Iterable[int]) -> int:
        places = 0
        for job in group:
            places |= self.places[job]
        return places


def in_turn(jobs: Jobs, order: Iterable[int]) -> list[Group]:
    """Walks filled one after the other, each closed when the next job does not fit."""
    groups: list[Group] = []
    load = 0
    for job in order:
        if groups and jobs.fits(load + jobs.loads[job]):
            groups[-1].append(job)
            load += jobs.loads[job]
        else:
            groups.append([job])
            load = jobs.loads[job]
    return groups


def total(jobs: Jobs, groups: Iterable[Group], length: Lengths) -> int:
    return sum(length(jobs.union(group)) for group in groups)


@dataclass(frozen=True)
class Lookout:
    """How long a search may go on: iterations by the quick measure, then by the exact one; and the clock's ceiling."""

    quick: int
    exact: int
    seed: int
    out_of_time: Callable[[], bool]


def group(jobs: Jobs, measure: Measure, lookout: Lookout) -> list[Group]:
    """Short walks that hold all jobs, each at most the capacity; never longer in all than `in_turn` as they came.

    Where the exact length takes long, the quick one finds a plan and the exact one improves it.
    """
    count = len(jobs.places)
    first = in_turn(jobs, range(count))
    if count < 2 or len(first) == 1:
        return first
    quick, out_of_time = measure.quick, lookout.out_of_time
    by_savings = savings(jobs, quick, out_of_time)
    along = in_turn(jobs, sorted(range(count), key=lambda job: (-jobs.places[job], job)))
    reach = in_turn(jobs, sorted(range(count), key=lambda job: (-jobs.places[job].bit_length(), jobs.places[job], job)))
    if out_of_time():
        return min((by_savings, along, reach, first), key=lambda groups: total(jobs, groups, measure.length))
    search = _Search(jobs, quick, random.Random(lookout.seed), total(jobs, by_savings, quick))  # noqa: S311
    trial = int(lookout.quick * TRIAL_SHARE)
    trials = [search.run(start, trial, out_of_time) for start in (by_savings, along, reach)]
    best = min(trials, key=lambda groups: total(jobs, groups, quick))
    best = search.run(best, lookout.quick - len(trials) * trial, out_of_time)
    if lookout.exact:
        search.measure_by(measure.length, total(jobs, best, measure.length))
        best = search.run(best, lookout.exact, out_of_time)
    return min((best, first), key=lambda groups: total(jobs, groups, measure.length))


def savings(jobs: Jobs, length: Lengths, out_of_time: Callable[[], bool]) -> list[Group]:
    """Merge the two walks whose union saves most, again and again, with savings recomputed for each new walk. What is not
    merged when time is out stays apart.
    """
    groups = {job: [job] for job in range(len(jobs.places))}
    places, loads = dict(enumerate(jobs.places)), dict(enumerate(jobs.loads))
    lengths = {job: length(jobs.places[job]) for job in groups}
    heap: list[tuple[int, int, int]] = []

    def offer(one: int, other: int) -> None:
        if jobs.fits(loads[one] + loads[other]):
            heap.append((length(places[one] | places[other]) - lengths[one] - lengths[other], one, other))

    for job in groups:
        for other in range(job if out_of_time() else 0, job):
            offer(other, job)
    heapq.heapify(heap)
    name = len(groups)
    while heap and not out_of_time():
        _, one, other = heapq.heappop(heap)
        if one not in groups or other not in groups:
            continue
        merged = groups.pop(one) + groups.pop(other)
        places[name], loads[name] = places[one] | places[other], loads[one] + loads[other]
        lengths[name] = length(places[name])
        begun = len(heap)
        for rest in groups:
            offer(rest, name)
        fresh = heap[begun:]
        del heap[begun:]
        for offered in fresh:
            heapq.heappush(heap, offered)
        groups[name] = merged
        name += 1
    return list(groups.values())


class _Search:
    def __init__(self, jobs: Jobs, length: Lengths, dice: random.Random, scale: int) -> None:
        self.jobs, self.dice = jobs, dice
        self.measure_by(length, scale)
        self.near = self._near()

    def measure_by(self, length: Lengths, scale: int) -> None:
        """`scale`: about what all walks together measure; temperatures are shares of it."""
        self.length = length
        self.hot, self.cold = HOT * scale, COLD * scale
        self.alone = [length(places) for places in self.jobs.places]

    def _near(self) -> list[list[int]]:
        """For each job those whose walk joined with it is longest shared."""
        places, alone, length = self.jobs.places, self.alone, self.length
        return [
            sorted(
                (other for other in range(len(places)) if other != job),
                key=lambda other: (
                    (length(places[job] | places[other]) - alone[job] - alone[other]) / (1 + min(alone[job], alone[other])),
                    other,
                ),
            )[:NEAR]
            for job in range(len(places))
        ]  # fmt: skip

    def run(self, start: list[Group], iterations: int, out_of_time: Callable[[], bool]) -> list[Group]:
        """The best grouping met in so many iterations from `start`."""
        roll = self.dice.random
        now = _Grouping.of(start, self.jobs, self.length)
        length = best_length = sum(now.lengths)
        best = now
        for iteration in range(iterations):
            if out_of_time():
                break
            heat = self.hot * (self.cold / self.hot) ** (iteration / iterations)
            found = self._put_back(now, self._choose(now))
            found_length = sum(found.lengths)
            if found_length <= length - heat * math.log(1 - roll()):
                now, length = found.without_empty(), found_length
                if length < best_length:
                    best, best_length = now, length
        return best.groups

    def _choose(self, now: _Grouping) -> list[int]:
        """Some jobs that are alike, and some that walk with them."""
        roll = self.dice.random
        size = 1 + int(roll() * min(REMOVED_AT_MOST, len(self.near)))
        job = int(roll() * len(self.near))
        removed = [job]
        for other in self.near[job]:
            if len(removed) >= size:
                break
            if roll() < 0.5:
                removed.append(other)
        mates: list[int] = []
        for place in list(dict.fromkeys(now.at[other] for other in removed))[:3]:
            mates += [other for other in now.groups[place] if other not in removed and roll() < MATE_CHANCE]
        return removed + mates[:size]

    def _put_back(self, now: _Grouping, removed: list[int]) -> _Grouping:
        """The grouping with the removed jobs taken out and put in again one by one, each where it costs least."""
        length, roll = self.length, self.dice.random
        if roll() < SHUFFLED_SHARE:
            self.dice.shuffle(removed)
        else:
            removed.sort(key=self.alone.__getitem__, reverse=True)
        after = now.without(removed, self.jobs, length)
        places, lengths, rooms, spare = after.places, after.lengths, after.rooms, self.jobs.spare
        for job in removed:
            own, load = self.jobs.places[job], self.jobs.loads[job]
            cheapest, chosen = self.alone[job], -1
            for place, room in enumerate(rooms):
                if (room - load) & spare == spare and roll() > BLINK:
                    added = length(places[place] | own) - lengths[place]
                    if added < cheapest or (chosen < 0 and added == cheapest):
                        cheapest, chosen = added, place
            after.add(job, chosen, self.jobs, cheapest)
        return after


@dataclass
class _Grouping:
    """Groups with what is known of each: its places, its length, the room left in it; `at`: where each job is."""

    groups: list[Group]
    places: list[int]
    lengths: list[int]
    rooms: list[int]
    at: list[int]

    @classmethod
    def of(cls, groups: list[Group], jobs: Jobs, length: Lengths) -> _Grouping:
        places = [jobs.union(group) for group in groups]
        at = [0] * len(jobs.places)
        for place, group in enumerate(groups):
            for job in group:
                at[job] = place
        rooms = [jobs.capacity + jobs.spare - sum(jobs.loads[job] for job in group) for group in groups]
        return cls(list(groups), places, [length(each) for each in places], rooms, at)

    def without(self, removed: list[int], jobs: Jobs, length: Lengths) -> _Grouping:
        after = _Grouping(self.groups[:], self.places[:], self.lengths[:], self.rooms[:], self.at[:])
        gone = set(removed)
        for place in {self.at[job] for job in removed}:
            left = [job for job in self.groups[place] if job not in gone]
            after.groups[place] = left
            after.places[place] = jobs.union(left)
            after.lengths[place] = length(after.places[place])
        for job in removed:
            after.rooms[self.at[job]] += jobs.loads[job]
        return after

    def add(self, job: int, place: int, jobs: Jobs, added: int) -> None:
        """Into the group at `place`, or (-1) into a new one."""
        if place < 0:
            place = len(self.groups)
            self.groups.append([])
            self.places.append(0)
            self.lengths.append(0)
            self.rooms.append(jobs.capacity + jobs.spare)
        self.groups[place] = [*self.groups[place], job]
        self.places[place] |= jobs.places[job]
        self.lengths[place] += added
        self.rooms[place] -= jobs.loads[job]
        self.at[job] = place

    def without_empty(self) -> _Grouping:
        if all(self.groups):
            return self
        for place in range(len(self.groups) - 1, -1, -1):
            if not self.groups[place]:
                for column in (self.groups, self.places, self.lengths, self.rooms):
                    del column[place]
        for place, group in enumerate(self.groups):
            for job in group:
                self.at[job] = place
        return self
