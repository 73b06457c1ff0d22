"""Which orders share a walk: the search behind batching.

Of several beginnings (as they came; savings, recomputed after each merge, Clarke and Wright, 1964; cut along the aisles) the
shortest is improved step by step (`anneal`).

Loads in several measures are one whole number, a field for each with a spare bit above it: what fits leaves all spare bits.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wms.planning.anneal import Annealing, Cooling
from wms.planning.lengths import Lengths, Measure

NEAR: Final = 15
# Temperatures as shares of the mean length of the savings' walks; found by trial on generated waves (bench/planning).
HOT: Final = 0.03
COLD: Final = 0.003
# Each beginning gets such a share of the steps, the best of them the rest, from a lower temperature.
TRIAL_SHARE: Final = 0.2
AGAIN: Final = 0.012
# With fewer steps a job than this the shortest beginning gets them all, from a temperature lower still.
TRY_FROM: Final = 300
BRIEF: Final = 0.006
# And of the walks the quick measure found, where the exact one goes on.
WARM: Final = 0.006
COLDEST: Final = 0.002

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
    """How long a search may go on: steps by the quick measure, then by the exact one; and the clock's ceiling."""

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
    search = Annealing(jobs, near(jobs, quick), random.Random(lookout.seed))  # noqa: S311
    best = _by_the_quick_measure(search, [by_savings, along, reach], quick, lookout)
    if lookout.exact:
        scale = total(jobs, best, measure.length) / len(best)
        search.begin(best, measure.length, measure.keep)
        _, best = search.run(Cooling(lookout.exact, WARM * scale, COLDEST * scale), out_of_time)
    return min((best, first), key=lambda groups: total(jobs, groups, measure.length))


def _by_the_quick_measure(
    search: Annealing, starts: Sequence[list[Group]], quick: Lengths, lookout: Lookout
) -> list[Group]:
    """Each of these beginnings gets a share of the steps, the best of them the rest; with few steps the shortest has them all."""
    jobs, steps, out_of_time = search.jobs, lookout.quick, lookout.out_of_time
    scale = total(jobs, starts[0], quick) / len(starts[0])
    if steps < TRY_FROM * len(jobs.places):
        best, heat = min(starts, key=lambda groups: total(jobs, groups, quick)), BRIEF
    else:
        trial, tried = Cooling(max(1, int(steps * TRIAL_SHARE)), HOT * scale, COLD * scale), []
        for start in starts:
            search.begin(start, quick, _nothing)
            tried.append(search.run(trial, out_of_time))
        best, heat, steps = min(tried)[1], AGAIN, steps - len(starts) * trial.steps
    search.begin(best, quick, _nothing)
    return search.run(Cooling(max(1, steps), heat * scale, COLD * scale), out_of_time)[1]


def _nothing(_places: int) -> None:
    """Quick lengths are found about as soon as anything that was kept."""


def near(jobs: Jobs, length: Lengths) -> list[list[int]]:
    """For each job those whose walk joined with it is longest shared."""
    places, everyone = jobs.places, range(len(jobs.places))
    alone = [length(each) for each in places]

    def apart(job: int, other: int) -> float:
        joined = length(places[job] | places[other])
        return (joined - alone[job] - alone[other]) / (1 + min(alone[job], alone[other]))

    distances = [[apart(job, other) for other in everyone] for job in everyone]
    return [
        sorted((other for other in everyone if other != job), key=lambda other: (row[other], other))[:NEAR]
        for job, row in enumerate(distances)
    ]


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
