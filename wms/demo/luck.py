"""What goes wrong in the demo, drawn once from a fixed seed: nobody but the hands that meet it is told.

Every loss is within what the seller sent on top, as careful sellers do: the same orders can leave as without bad luck.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

SEED: Final = 20_250_303
OUTBOUND_DAYS: Final = 30  # of goods with lots: so long before they expire they are no longer sold
# Share of the products that meet each kind of luck, in thousandths; each kind is met at least once.
LOTS, DAMAGED, LESS, MORE, VANISHED = 120, 50, 50, 30, 30
LEAST_LOTS: Final = 2
MOST_VANISHED: Final = 24
MOST_DAMAGED_UNITS: Final = 3
LOST_OF_THREE: Final = (
    1  # bookings after the first, of three, with a carton that never comes; the same for a crushed one
)
SPARE_LINES, SPARE_UNITS = 5, 2
# Days after today: both are sold, the earlier one first; the third is too near its end on the day it comes.
LOT_DAYS: Final = {"EARLY": 200, "LATE": 400, "NEAR": OUTBOUND_DAYS - 12}
NEAR_UNITS: Final = 3
MOST_NEAR: Final = 20  # products, in one carton
# Of goods of which some will be gone, so many stand apart in another bin; one unit goes here, one there.
APART_UNITS: Final = 2

Line = dict[str, Any]


@dataclass(frozen=True)
class Lot:
    """What is printed on the goods. Sorts by what expires first."""

    expires_on: str
    batch: str

    @property
    def is_sold(self) -> bool:
        return self.batch != "NEAR"


@dataclass
class Carton:
    """A carton as it is announced (`lines`: sku, quantity) and as it really is (`inside`: also condition and `lot`)."""

    lines: list[Line]
    inside: list[Line] = field(default_factory=list)
    is_lost: bool = False
    stays_closed: bool = False  # put away as it is


class Luck:
    """Which products meet what. `kept_out`: products whose stock is to stay as it is."""

    def __init__(self, skus: Sequence[str], kept_out: Collection[str], today: date, seed: int = SEED) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a story to be told again, not a secret
        self.free = [sku for sku in sorted(skus) if sku not in kept_out]
        self.dice.shuffle(self.free)
        self.lots = {name: Lot((today + timedelta(days=days)).isoformat(), name) for name, days in LOT_DAYS.items()}
        drawn = iter(self.free)

        def draw(permille: int, least: int = 1, most: int | None = None) -> frozenset[str]:
            share = max(least, len(self.free) * permille // 1000)
            return frozenset(sku for sku, _ in zip(drawn, range(min(share, most or share)), strict=False))

        self.with_lots = draw(LOTS, LEAST_LOTS)
        self.damaged = draw(DAMAGED)
        self.less = draw(LESS)
        self.more = draw(MORE)
        self.vanishing = draw(VANISHED, 1, MOST_VANISHED)
        self.damaged_units = {sku: self.dice.randint(1, MOST_DAMAGED_UNITS) for sku in sorted(self.damaged)}

    def announced(self, sku: str, stock: int) -> int:
        """What the seller sends of a product, to have so much in stock."""
        if sku in self.damaged:
            return stock + self.damaged_units[sku]
        if sku in self.vanishing:
            return stock + APART_UNITS
        return stock + 1 if sku in self.less else stock

    def inside(self, line: Mapping[str, Any], lot: str | None) -> list[Line]:
        """The line as it really is in its carton."""
        sku, quantity = line["sku"], line["quantity"]
        good = {"sku": sku, "quantity": quantity, "condition": "good", "lot": self.lots[lot] if lot else None}
        if sku in self.damaged and quantity > self.damaged_units[sku]:
            spoiled = self.damaged_units[sku]
            return [good | {"quantity": quantity - spoiled}, good | {"quantity": spoiled, "condition": "damaged"}]
        if sku in self.less and quantity > 1:
            return [good | {"quantity": quantity - 1}]
        if sku in self.more:
            return [good | {"quantity": quantity + 1}]
        return [good]

    def spare_cartons(self, number: int) -> list[Carton]:
        """What booking `number` (from 1) holds besides: a carton that never comes, one that comes crushed, late lots."""
        plain = [sku for sku in self.free if sku not in self.with_lots]
        found = []
        for is_lost in (True, False):
            if plain and (number == 1 or self.dice.randrange(3) < LOST_OF_THREE):
                chosen = self.dice.sample(plain, min(SPARE_LINES, len(plain)))
                lines = [{"sku": sku, "quantity": SPARE_UNITS} for sku in sorted(chosen)]
                spoiled = [line | {"condition": "damaged", "lot": None} for line in lines]
                found.append(Carton(lines, spoiled, is_lost))
        if number == 1:
            lines = [{"sku": sku, "quantity": NEAR_UNITS} for sku in sorted(self.with_lots)[:MOST_NEAR]]
            found.append(Carton(lines, [line | {"condition": "good", "lot": self.lots["NEAR"]} for line in lines]))
        return found
