"""Which products to move where, from the walks of the past, and the metres a day it saves.

The saving is not a score: every walk of the history that an exchange touches is measured again with the products in their
new places, on its shortest way. Exchanges are tried in the order of what they promise (how much more often the one product
is walked to, times how much nearer the other place is; the cube-per-order idea of Heskett, 1963), the best is taken, and so
on until none of those tried saves anything. So products that are bought together draw near each other without a rule for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from wms.planning.budget import Budget
from wms.planning.lengths import Lengths

TRIED_FOR_ONE: Final = 60
LOOKED_AT: Final = 150  # products walked to most and farthest, for each exchange
NOBODY: Final = -1


@dataclass(frozen=True)
class Slot:
    """A place that products can exchange; `storage` must be the same for both; `product` NOBODY when it is free."""

    place: int
    product: int
    storage: str | None = None


@dataclass(frozen=True)
class Exchange:
    """`product` goes from one slot to the other, and whoever is there comes back. `saved`: µm over the whole history."""

    product: int
    origin: int
    target: int
    partner: int
    saved: int


@dataclass(frozen=True)
class Advice:
    """µm over the whole history, before and after all exchanges, which are to be made in this order."""

    exchanges: tuple[Exchange, ...]
    before: int
    after: int


def advise(
    slots: Sequence[Slot],
    fixed: Sequence[Slot],
    walks: Iterable[frozenset[int]],
    length: Lengths,
    most: int,
    budget: Budget,
) -> Advice:
    """At most `most` exchanges between `slots`; products in `fixed` ones stay. `walks`: the products of each; `length` of a
    set of places as in `lengths`. A product has one slot.
    """
    board = _Board(slots, fixed, walks, length)
    before = after = sum(times * board.length_of(walk) for walk, times in board.walks.items())
    exchanges: list[Exchange] = []
    out_of_time = budget.out_of_time()
    tried = budget.iterations(TRIED_FOR_ONE)
    far = [length(1 << slot.place) for slot in slots]
    while len(exchanges) < most and not out_of_time():
        found = [board.measured(one, other) for one, other in board.promising(far)[:tried]]
        best = max(found, key=lambda exchange: exchange.saved, default=None)
        if best is None or best.saved <= 0:
            break
        board.make(best)
        exchanges.append(best)
        after -= best.saved
    return Advice(tuple(exchanges), before, after)


class _Board:
    """Who stands where, and the walks by product."""

    def __init__(
        self, slots: Sequence[Slot], fixed: Sequence[Slot], walks: Iterable[frozenset[int]], length: Lengths
    ) -> None:
        self.slots, self.length = slots, length
        self.holds = [slot.product for slot in slots]
        self.place = {slot.product: slot.place for slot in [*slots, *fixed] if slot.product != NOBODY}
        self.walks = Counter(walks)
        self.by_product: dict[int, list[frozenset[int]]] = {product: [] for product in [*self.place, NOBODY]}
        for walk in self.walks:
            for product in walk:
                self.by_product[product].append(walk)
        self.times = {product: sum(self.walks[walk] for walk in found) for product, found in self.by_product.items()}

    def length_of(self, walk: frozenset[int]) -> int:
        places = 0
        for product in walk:
            places |= 1 << self.place[product]
        return self.length(places)

    def promising(self, far: Sequence[int]) -> list[tuple[int, int]]:
        """Pairs of slots that would bring an often walked product nearer, the most promising first."""
        often = sorted(range(len(self.holds)), key=lambda slot: (-self.times[self.holds[slot]] * far[slot], slot))
        found = []
        for one in often[:LOOKED_AT]:
            product = self.holds[one]
            for other, partner in enumerate(self.holds):
                oftener = self.times[product] - self.times[partner]
                if oftener > 0 and far[one] > far[other] and self.slots[one].storage == self.slots[other].storage:
                    found.append((oftener * (far[other] - far[one]), one, other))
        return [(one, other) for _, one, other in sorted(found)]

    def measured(self, one: int, other: int) -> Exchange:
        """What the exchange saves: the touched walks before, less the same after."""
        product, partner = self.holds[one], self.holds[other]
        touched = [
            walk
            for walk in dict.fromkeys([*self.by_product[product], *self.by_product[partner]])
            if (product in walk) != (partner in walk)
        ]
        before = sum(self.walks[walk] * self.length_of(walk) for walk in touched)
        self._stand(product, other, partner, one)
        after = sum(self.walks[walk] * self.length_of(walk) for walk in touched)
        self._stand(product, one, partner, other)
        return Exchange(product, one, other, partner, before - after)

    def make(self, exchange: Exchange) -> None:
        self._stand(exchange.product, exchange.target, exchange.partner, exchange.origin)
        self.holds[exchange.origin], self.holds[exchange.target] = exchange.partner, exchange.product

    def _stand(self, product: int, slot: int, partner: int, other: int) -> None:
        self.place[product] = self.slots[slot].place
        if partner != NOBODY:
            self.place[partner] = self.slots[other].place
