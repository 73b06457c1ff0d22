"""Which cartons an order takes: the fewest, then the least cost, then the least void; or the cheapest first.

One carton is tried first, the cheapest that may hold everything, in several packing orders. Where one is not enough,
cartons are filled one after the other by several rules (each kind of carton, or whichever takes the largest share of what
is left), the best plan is kept until no fewer cartons can hold the volume and the weight, some more packing orders are
drawn at random, and in the end each carton is exchanged for the cheapest that holds what is in it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from wms.planning.budget import Budget
from wms.planning.packing import Carton, Content, Kind, Places, Way, Work, fill

# Free spaces looked at for one order before no further plans are tried; about two million a second.
WORK_FOR_ONE: Final = 40_000
WORK_FOR_SEVERAL: Final = 100_000
WORK_FOR_LESS_VOID: Final = 1_000  # once the first aim cannot be met better
RANDOM_ORDERS: Final = 12
UNITS_ONE_BY_ONE: Final = 300


class Aim(StrEnum):
    FEWEST = "fewest"
    CHEAPEST = "cheapest"


class FitsNoCarton(Exception):
    """One unit of this kind is larger or heavier than every carton, or no carton takes its hazard."""

    def __init__(self, kind: int) -> None:
        super().__init__(f"kind {kind} fits no carton")
        self.kind = kind


Plan = list[Content]


def pack(kinds: Sequence[Kind], counts: Sequence[int], cartons: Sequence[Carton], aim: Aim, budget: Budget) -> Plan:
    """Contents of the cartons for all units. Raises `FitsNoCarton`."""
    for index, kind in enumerate(kinds):
        if counts[index] and not any(carton.takes(kind) for carton in cartons):
            raise FitsNoCarton(index)
    if not any(counts):
        return []
    return _Packer(kinds, list(counts), cartons, aim, budget).pack()


Rule = tuple[Way, int | None]


class _Packer:
    def __init__(
        self, kinds: Sequence[Kind], counts: list[int], cartons: Sequence[Carton], aim: Aim, budget: Budget
    ) -> None:
        self.kinds, self.counts, self.cartons, self.aim = kinds, counts, cartons, aim
        self.dice = random.Random(budget.seed)  # noqa: S311
        self.effort, self.out_of_time = budget.effort, budget.out_of_time()
        self.cheapest_first = sorted(
            range(len(cartons)), key=lambda number: (cartons[number].cost, cartons[number].volume, number)
        )
        self.ways = self._ways()

    def pack(self) -> Plan:
        one = self._one(self.counts, self.cheapest_first, Work(int(WORK_FOR_ONE * self.effort)))
        if one is not None and (self.aim is Aim.FEWEST or one.carton == self.cheapest_first[0]):
            return [one]
        work = Work(int(WORK_FOR_SEVERAL * self.effort))
        best = [one] if one is not None else self._one_after_the_other(self.counts, self._rules()[0], work)
        ideal = self._ideal()
        for drawn, rule in [
            *((False, rule) for rule in self._rules()),
            *((True, rule) for rule in self._drawn_rules()),
        ]:
            badness = self._badness(best)
            if badness[0] <= ideal[0]:
                work.left = min(work.left, WORK_FOR_LESS_VOID)
            if work.left <= 0 or self.out_of_time() or badness <= ideal or (drawn and badness[0] <= ideal[0]):
                break
            found = self._one_after_the_other(self.counts, rule, work)
            if self.aim is Aim.CHEAPEST or len(found) <= len(best):
                found = self._cheaper(found, work)
            if self._badness(found) < badness:
                best = found
        return self._cheaper(best, Work(WORK_FOR_LESS_VOID))

    def _badness(self, plan: Plan) -> tuple[float, float, float]:
        cost = sum(self.cartons[content.carton].cost for content in plan)
        volume = sum(self.cartons[content.carton].volume for content in plan)
        return (len(plan), cost, volume) if self.aim is Aim.FEWEST else (cost, len(plan), volume)

    def _ideal(self) -> tuple[float, float, float]:
        """A badness no plan is below: so many of the cheapest carton and the smallest one as the volume, the weight and the
        different hazards need at least of the largest.
        """
        volume = sum(kind.volume * count for kind, count in zip(self.kinds, self.counts, strict=True))
        weight = sum(kind.weight * count for kind, count in zip(self.kinds, self.counts, strict=True))
        hazards = {kind.hazard for kind, count in zip(self.kinds, self.counts, strict=True) if count} - {None}
        widest = max(carton.volume for carton in self.cartons)
        strongest = max(carton.room for carton in self.cartons)
        least = max(1, -(-volume // widest), -(-weight // strongest), len(hazards))
        cost = least * min(carton.cost for carton in self.cartons)
        smallest = max(volume, least * min(carton.volume for carton in self.cartons))
        return (least, cost, smallest) if self.aim is Aim.FEWEST else (cost, least, smallest)

    def _ways(self) -> list[Way]:
        """The packing orders: by volume, by the largest face, by the longest side, by all sides; what is fragile last."""
        kinds = self.kinds

        def in_order(key: Callable[[Kind], tuple[int, ...]]) -> tuple[int, ...]:
            largest_first = sorted(range(len(kinds)), key=lambda index: key(kinds[index]), reverse=True)
            return tuple(sorted(largest_first, key=lambda index: kinds[index].fragile))

        orders = [
            in_order(lambda kind: (kind.volume,)),
            in_order(lambda kind: (kind.volume // kind.smallest, kind.volume)),
            in_order(lambda kind: (max(kind.size), kind.volume)),
            in_order(lambda kind: tuple(sorted(kind.size, reverse=True))),
        ]
        singly = [(places, False) for places in Places] if sum(self.counts) <= UNITS_ONE_BY_ONE else []
        styles = [*singly, *((places, True) for places in Places)]
        return list(dict.fromkeys(Way(order, *style) for style in styles for order in orders))

    def _one(self, counts: Sequence[int], numbers: Sequence[int], work: Work) -> Content | None:
        """The first of these cartons that is found to hold everything."""
        for number in numbers:
            if self._may_hold(counts, self.cartons[number]):
                for way in self.ways:
                    content = self._fill(counts, way, number, work)
                    if sum(content.counts.values()) == sum(counts):
                        return content
                    if work.left <= 0:
                        break
        return None

    def _may_hold(self, counts: Sequence[int], carton: Carton) -> bool:
        volume = weight = 0
        hazards = set()
        for kind, count in zip(self.kinds, counts, strict=True):
            if count:
                volume += kind.volume * count
                weight += kind.weight * count
                hazards.add(kind.hazard)
                if not carton.takes(kind):
                    return False
        return volume <= carton.volume and weight <= carton.room and len(hazards - {None}) <= 1

    def _fill(self, counts: Sequence[int], way: Way, number: int, work: Work) -> Content:
        return fill(self.kinds, counts, way, self.cartons[number], number, work)

    def _rules(self) -> list[Rule]:
        """A packing order, and which carton is filled while more than one is needed: None for the fullest."""
        numbers = [None, *sorted(range(len(self.cartons)), key=lambda number: -self.cartons[number].volume)]
        return [(way, number) for number in numbers for way in self.ways]

    def _drawn_rules(self) -> Iterator[Rule]:
        """The same with packing orders drawn at random."""
        drawn = list(self.ways[0].order)
        for _ in range(int(RANDOM_ORDERS * self.effort)):
            self.dice.shuffle(drawn)
            order = tuple(sorted(drawn, key=lambda index: self.kinds[index].fragile))
            yield replace(self.ways[0], order=order), None

    def _one_after_the_other(self, counts: Sequence[int], rule: Rule, work: Work) -> Plan:
        way, number = rule
        left = list(counts)
        plan: Plan = []
        while any(left):
            last = self._one(left, self.cheapest_first, work)
            dearer = last is not None and number is not None and self._cost(last.carton) > self._cost(number)
            if last is None or (dearer and self.aim is Aim.CHEAPEST):
                content = self._next(left, way, number, work)
            else:
                content = last
            for _ in range(_repeats(left, content)):
                plan.append(content)
                for index, count in content.counts.items():
                    left[index] -= count
        return plan

    def _cost(self, number: int) -> float:
        return self.cartons[number].cost

    def _next(self, left: Sequence[int], way: Way, number: int | None, work: Work) -> Content:
        """One more carton, filled: the kind asked for, or the one that takes the largest share of volume and weight."""
        volume = sum(kind.volume * count for kind, count in zip(self.kinds, left, strict=True))
        weight = sum(kind.weight * count for kind, count in zip(self.kinds, left, strict=True)) or 1
        if number is not None:
            content = self._fill(left, way, number, work)
            if content.placed:
                return content
        contents = [self._fill(left, way, each, work) for each in self.cheapest_first]
        return max(contents, key=lambda content: content.volume / volume + content.weight / weight)

    def _cheaper(self, plan: Plan, work: Work) -> Plan:
        """The same goods, each content in the cheapest carton found to hold it; or in several, where that is the aim."""
        found: dict[int, Plan] = {}
        for content in plan:
            if id(content) not in found:
                found[id(content)] = self._exchanged(content, work)
        return [each for content in plan for each in found[id(content)]]

    def _exchanged(self, content: Content, work: Work) -> Plan:
        counts = [content.counts.get(index, 0) for index in range(len(self.kinds))]
        before = self.cheapest_first[: self.cheapest_first.index(content.carton)]
        one = (self._one(counts, before, work) if work.left > 0 else None) or content
        best = [one]
        if self.aim is Aim.CHEAPEST:
            for number in before:
                if work.left > 0 and self._cost(number) < self._cost(one.carton):
                    parts = self._one_after_the_other(counts, (self.ways[0], number), work)
                    best = min(best, parts, key=self._badness)
        return best if best == [one] else [part for each in best for part in self._exchanged(each, work)]


def _repeats(left: Sequence[int], content: Content) -> int:
    """How often the same carton can be filled from what is left: a long order is a few patterns."""
    return min(left[index] // count for index, count in content.counts.items())
