"""Generated layouts, walks and waves. The same name and number are the same instance anywhere."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from wms.planning.batch import LayoutArea, Order
from wms.planning.layout import Layout, Place, Trip
from wms.planning.totes import UNLIMITED, Cart, Line, Size


@dataclass(frozen=True)
class Cell:
    """Aisles, blocks, bays of an aisle in a block."""

    aisles: int
    blocks: int
    bays: int

    def layout(self) -> Layout:
        layout = Layout(self.blocks, self.aisles, self.bays, 3_200_000, 1_400_000, 2_400_000)
        depot = layout.crossing(0, 0)
        return replace(layout, trips=(Trip(depot, depot),))

    def problem(self) -> dict[str, Any]:
        """The same layout as JSON."""
        sizes = {"aisle_pitch_m": 3.2, "bay_pitch_m": 1.4, "cross_aisle_m": 2.4}
        return {"blocks": self.blocks, "aisles": self.aisles, "bays_per_aisle": self.bays, **sizes}


CELLS = (Cell(10, 1, 45), Cell(10, 2, 20), Cell(20, 3, 15))


def walk(cell: Cell, stops: int, number: int) -> list[tuple[int, int, int]]:
    """(block, aisle, bay) from 0, each once; every second walk mostly in near aisles."""
    dice = random.Random(f"walk {cell} {stops} {number}")
    found: dict[tuple[int, int, int], None] = {}
    while len(found) < stops:
        aisle = dice.randrange(cell.aisles)
        if number % 2:
            aisle = min(aisle, dice.randrange(cell.aisles))
        found[dice.randrange(cell.blocks), aisle, dice.randrange(cell.bays)] = None
    return list(found)


@dataclass(frozen=True)
class Wave:
    """How the orders of a wave look, and what carries them."""

    name: str
    cell: Cell
    orders: int
    lines: tuple[int, int]  # at least, at most; short orders are more frequent when the least is 1
    near: bool  # half of the lines in the first tenth of the aisles, a third in the next three tenths
    cart: Cart

    def area(self, number: int) -> tuple[LayoutArea, list[Order]]:
        dice = random.Random(f"wave {self.name} {number}")
        layout = self.cell.layout()
        orders = [[self._place(layout, dice) for _ in range(self._lines(dice))] for _ in range(self.orders)]
        places = sorted({place for order in orders for place in order})
        bits = {place: bit for bit, place in enumerate(places)}
        each = Size(1, 0, 0)
        return LayoutArea(layout, places), [
            Order(tuple(Line(bits[place], 1, each) for place in order)) for order in orders
        ]

    def _lines(self, dice: random.Random) -> int:
        least, most = self.lines
        return dice.randint(least, most) if least > 1 else min(most, 1 + int(dice.expovariate(0.4)))

    def _place(self, layout: Layout, dice: random.Random) -> Place:
        tenth, roll = max(1, layout.aisles // 10), dice.random()
        aisle = dice.randrange(layout.aisles)
        if self.near and roll < 0.52:
            aisle = dice.randrange(tenth)
        elif self.near and roll < 0.88:
            aisle = dice.randrange(tenth, 4 * tenth)
        return layout.bay(dice.randrange(layout.blocks), aisle, dice.randrange(layout.bays_per_aisle))


def _shared(units: int) -> Cart:
    return Cart(None, Size(units, UNLIMITED, UNLIMITED), split=False)


def _totes(count: int) -> Cart:
    return Cart(count, Size(UNLIMITED, UNLIMITED, UNLIMITED), split=False)


ONE, TWO, THREE = CELLS
# The first two are shaped like Henn and Wäscher's sets (5 to 25 articles an order), the others like parcels on tote carts.
WAVES = (
    Wave("shop orders share 45 units", ONE, 100, (5, 25), False, _shared(45)),
    Wave("shop orders share 75 units, near aisles", ONE, 100, (5, 25), True, _shared(75)),
    Wave("parcels, 12 totes", ONE, 100, (1, 12), False, _totes(12)),
    Wave("parcels, 12 totes, near aisles", ONE, 100, (1, 12), True, _totes(12)),
    Wave("parcels, 12 totes, 2 blocks", TWO, 100, (1, 12), False, _totes(12)),
    Wave("parcels, 12 totes, 3 blocks", THREE, 100, (1, 12), True, _totes(12)),
)
LARGE = Wave("a thousand parcels, 12 totes", ONE, 1_000, (1, 12), True, _totes(12))
