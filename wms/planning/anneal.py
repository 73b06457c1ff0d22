"""Which orders share a walk, improved under a temperature that falls (Kirkpatrick, Gelatt and Vecchi, 1983).

Two kinds of step: some jobs of one walk against some of another that holds orders alike (*exchange*; most steps), and a few
jobs and some of their neighbours taken out of their walks and put back one by one where they lengthen a walk least (*recreate*:
Schrimpf et al., 2000; removal of alike orders: Shaw, 1998).

Nearly every exchange is refused, so it has to be refused soon. How much shorter a walk is without a job, and how much longer
another with it, is remembered until one of the walks changes. Walks share ways, so a job costs at least as much in a walk
that has lost another: the sum of what is remembered is about the least an exchange can cost, and only what could pass by that
is measured.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wms.planning.lengths import Lengths

if TYPE_CHECKING:
    from wms.planning.grouping import Group, Jobs

RECREATE_CHANCE: Final = 0.01
RELOCATE_CHANCE: Final = 0.5  # where there is room, a job is moved without anything in return
# A step that changes no length is taken this often only: each makes forget what was known of two walks.
LEVEL_CHANCE: Final = 0.1
PAIR_CHANCE: Final = 0.2  # that mates go along
MORE_AT_MOST: Final = 3  # jobs added to an exchange until both loads fit
REMOVED_AT_MOST: Final = 8
MATE_CHANCE: Final = 0.25
SHUFFLED_SHARE: Final = 0.4
BLINK: Final = 0.03  # chance that a walk is passed over, so that the cheapest place is not always taken
LOOK_AT_CLOCK_EVERY: Final = 16
Keep = Callable[[int], None]


@dataclass(frozen=True)
class Cooling:
    """So many steps, from one temperature to another; both in µm."""

    steps: int
    hot: float
    cold: float


class Annealing:
    """A grouping that changes step by step. For each walk: its jobs, their places, its length, the room left in it, and what
    it would be longer by with each job (`longer`); for each job: its walk, and what that is shorter by without
    it (`shorter`, at most 0). None: not known.
    """

    def __init__(self, jobs: Jobs, near: Sequence[Sequence[int]], dice: random.Random) -> None:
        self.jobs, self.near, self.roll, self.dice = jobs, near, dice.random, dice

    def begin(self, groups: Sequence[Group], length: Lengths, keep: Keep) -> None:
        jobs, count = self.jobs, len(self.jobs.places)
        self.length, self.keep = length, keep
        self.alone = [length(places) for places in jobs.places]
        self.groups = [list(group) for group in groups]
        self.at = [0] * count
        self.places = [jobs.union(group) for group in groups]
        self.lengths = [length(places) for places in self.places]
        self.rooms = [jobs.capacity + jobs.spare - sum(jobs.loads[job] for job in group) for group in groups]
        self.longer: list[list[int | None]] = [[None] * count for _ in groups]
        self.shorter: list[int | None] = [None] * count
        for walk, group in enumerate(self.groups):
            keep(self.places[walk])
            for job in group:
                self.at[job] = walk
        self.total = sum(self.lengths)

    def run(self, cooling: Cooling, out_of_time: Callable[[], bool]) -> tuple[int, list[Group]]:
        """The least total met, and its grouping."""
        roll, count, near, at = self.roll, len(self.at), self.near, self.at
        best, groups = self.total, [group[:] for group in self.groups]
        alike = len(near[0])
        heat, factor = cooling.hot, (cooling.cold / cooling.hot) ** (1 / cooling.steps)
        for step in range(cooling.steps):
            if step % LOOK_AT_CLOCK_EVERY == 0 and out_of_time():
                break
            heat *= factor
            job = int(roll() * count)
            here, there = at[job], at[near[job][int(roll() * alike)]]
            limit = -heat * math.log(1 - roll())
            if roll() < RECREATE_CHANCE:
                self._recreate(job, limit)
            elif here != there:
                self._exchange(job, here, there, limit)
            if self.total < best:
                best, groups = self.total, [group[:] for group in self.groups]
        return best, groups

    def _exchange(self, job: int, here: int, there: int, limit: float) -> None:
        """`job` goes from one walk to another, and jobs of that one come back where it needs the room or the dice say so."""
        roll, loads, spare = self.roll, self.jobs.loads, self.jobs.spare
        room = self.rooms[there] - loads[job]
        if room & spare == spare and roll() < RELOCATE_CHANCE:
            if self._without(job) + self._with(job, there) <= limit:
                self._replace(here, there, (job,), (), limit)
            return
        other = self._dearer(self.groups[there])
        load = loads[other]
        back = self.rooms[here] + loads[job] - load
        if (room + load) & back & spare != spare:
            self._exchange_more(job, other, limit)
        elif roll() < PAIR_CHANCE:
            self._exchange_pairs(job, other, limit)
        elif (
            (least := self._without(job) + self._without(other)) <= limit
            and (least := least + self._with(job, there)) <= limit
            and least + self._with(other, here) <= limit
        ):
            self._replace(here, there, (job,), (other,), limit)

    def _dearer(self, group: Group) -> int:
        """Of two jobs by chance the one without which the walk is shorter."""
        roll = self.roll
        one, other = group[int(roll() * len(group))], group[int(roll() * len(group))]
        return other if one != other and self._without(other) < self._without(one) else one

    def _exchange_more(self, job: int, other: int, limit: float) -> None:
        """More jobs of the walk whose load is too large, until both fit."""
        roll, loads, spare = self.roll, self.jobs.loads, self.jobs.spare
        here, there = self.at[job], self.at[other]
        gone, come = [job], [other]
        shift = loads[other] - loads[job]  # what comes here more than goes
        for _ in range(MORE_AT_MOST):
            if (self.rooms[there] + shift) & spare != spare:
                crowded, chosen, sign = self.groups[there], come, 1
            elif (self.rooms[here] - shift) & spare != spare:
                crowded, chosen, sign = self.groups[here], gone, -1
            else:
                break
            more = crowded[int(roll() * len(crowded))]
            if more not in chosen:
                chosen.append(more)
                shift += sign * loads[more]
        if (self.rooms[there] + shift) & (self.rooms[here] - shift) & spare == spare:
            self._replace(here, there, gone, come, limit)

    def _exchange_pairs(self, job: int, other: int, limit: float) -> None:
        """With each of the two a job that is alike, where it walks with it."""
        gone, come = (self._with_mate(each) for each in (job, other))
        here, there, loads, spare = self.at[job], self.at[other], self.jobs.loads, self.jobs.spare
        shift = sum(loads[each] for each in come) - sum(loads[each] for each in gone)
        if (self.rooms[there] + shift) & (self.rooms[here] - shift) & spare == spare:
            self._replace(here, there, gone, come, limit)

    def _with_mate(self, job: int) -> tuple[int, ...]:
        near = self.near[job]
        mate = near[int(self.roll() * len(near))]
        return (job, mate) if self.at[mate] == self.at[job] else (job,)

    def _without(self, job: int) -> int:
        found = self.shorter[job]
        if found is None:
            walk = self.at[job]
            found = self.shorter[job] = self.length(self._union(self.groups[walk], (job,))) - self.lengths[walk]
        return found

    def _with(self, job: int, walk: int) -> int:
        found = self.longer[walk][job]
        if found is None:
            found = self.longer[walk][job] = self.length(self.places[walk] | self.jobs.places[job]) - self.lengths[walk]
        return found

    def _union(self, group: Sequence[int], without: Sequence[int]) -> int:
        places, each = 0, self.jobs.places
        for job in group:
            if job not in without:
                places |= each[job]
        return places

    def _replace(self, here: int, there: int, gone: Sequence[int], come: Sequence[int], limit: float) -> None:
        """The exchange itself, if it lengthens the walks by no more than the limit."""
        before = self.lengths[here] + self.lengths[there]
        left = self._union(self.groups[here], gone) | self._union(come, ())
        length = self.length(left)
        if length - before > limit:
            return
        right = self._union(self.groups[there], come) | self._union(gone, ())
        change = length + (other := self.length(right)) - before
        if change > limit or (change == 0 and self.roll() > LEVEL_CHANCE):
            return
        groups = [each for each in self.groups[here] if each not in gone], self.groups[there]
        self._set(there, [each for each in groups[1] if each not in come] + list(gone), right, other)
        self._set(here, groups[0] + list(come), left, length)
        self.total += change
        if not self.groups[here]:
            self._drop(here)

    def _set(self, walk: int, group: Group, places: int, length: int) -> None:
        """What a walk holds from now on. What was known of it is forgotten."""
        jobs, at, shorter = self.jobs, self.at, self.shorter
        self.groups[walk], self.places[walk], self.lengths[walk] = group, places, length
        room = jobs.capacity + jobs.spare
        for job in group:
            at[job], shorter[job] = walk, None
            room -= jobs.loads[job]
        self.rooms[walk] = room
        self.longer[walk] = [None] * len(at)
        self.keep(places)

    def _drop(self, walk: int) -> None:
        """The last walk takes the place of one that is empty."""
        last = len(self.groups) - 1
        if walk < last:
            for job in self.groups[last]:
                self.at[job] = walk
            self.longer[walk], self.rooms[walk] = self.longer[last], self.rooms[last]
            self.groups[walk], self.places[walk], self.lengths[walk] = (
                self.groups[last], self.places[last], self.lengths[last],
            )  # fmt: skip
        for column in (self.groups, self.places, self.lengths, self.rooms, self.longer):
            column.pop()

    def _recreate(self, job: int, limit: float) -> None:
        removed = self._choose(job)
        walks = dict.fromkeys(self.at[each] for each in removed)
        groups, places = self.groups[:], self.places[:]
        lengths, rooms = self.lengths[:], self.rooms[:]
        for walk in walks:
            groups[walk] = [each for each in groups[walk] if each not in removed]
            places[walk] = self.jobs.union(groups[walk])
            lengths[walk] = self.length(places[walk])
        for each in removed:
            rooms[self.at[each]] += self.jobs.loads[each]
        if self.roll() < SHUFFLED_SHARE:
            self.dice.shuffle(removed)
        else:
            removed.sort(key=self.alone.__getitem__, reverse=True)
        for each in removed:
            walk, added = self._cheapest(each, places, lengths, rooms)
            if walk == len(groups):
                groups.append([])
                places.append(0)
                lengths.append(0)
                rooms.append(self.jobs.capacity + self.jobs.spare)
            groups[walk] = [*groups[walk], each]
            places[walk] |= self.jobs.places[each]
            lengths[walk] += added
            rooms[walk] -= self.jobs.loads[each]
        change = sum(lengths) - self.total
        if change <= limit and (change or self.roll() < LEVEL_CHANCE):
            self._take_over(groups, places, lengths)

    def _choose(self, job: int) -> list[int]:
        """Some jobs that are alike, and some that walk with them."""
        roll, near = self.roll, self.near[job]
        size = 1 + int(roll() * min(REMOVED_AT_MOST, len(self.at)))
        removed = [job]
        for other in near:
            if len(removed) >= size:
                break
            if roll() < 0.5:
                removed.append(other)
        mates: list[int] = []
        for walk in list(dict.fromkeys(self.at[other] for other in removed))[:3]:
            mates += [other for other in self.groups[walk] if other not in removed and roll() < MATE_CHANCE]
        return removed + mates[:size]

    def _cheapest(self, job: int, places: list[int], lengths: list[int], rooms: list[int]) -> tuple[int, int]:
        """The walk that a job lengthens least, and by how much; one of its own if that is less."""
        own, load, spare, length, roll = (
            self.jobs.places[job],
            self.jobs.loads[job],
            self.jobs.spare,
            self.length,
            self.roll,
        )
        cheapest, chosen = self.alone[job], len(rooms)
        for walk, room in enumerate(rooms):
            if (room - load) & spare == spare and roll() > BLINK:
                added = length(places[walk] | own) - lengths[walk]
                if added < cheapest or (added == cheapest and chosen == len(rooms)):
                    cheapest, chosen = added, walk
        return chosen, cheapest

    def _take_over(self, groups: list[Group], places: list[int], lengths: list[int]) -> None:
        for walk, group in enumerate(groups):
            if walk == len(self.groups):
                self.groups.append([])
                self.places.append(0)
                self.lengths.append(0)
                self.rooms.append(0)
                self.longer.append([])
            if group is not self.groups[walk]:
                self._set(walk, group, places[walk], lengths[walk])
        self.total = sum(lengths)
        for walk in range(len(self.groups) - 1, -1, -1):
            if not self.groups[walk]:
                self._drop(walk)
