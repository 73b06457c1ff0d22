"""The picking area: blocks of parallel aisles between cross aisles, and the places a picker stops at.

Aisles run away from the front, side by side; blocks lie one behind the other, each between two cross aisles. With `h`
blocks there are `h + 1` cross aisles (*rows* here, 0 at the front). Numbers inside are 0-based, lengths whole
micrometres: sums of them are exact, so two walks of one length are equal and the same problem has the same plan anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

UM_PER_M: Final = 1_000_000
BETWEEN_AISLES: Final = -1  # the aisle of a depot that stands on a cross aisle between two aisles

UP: Final = 1  # away from the front
DOWN: Final = -1
BOTH_WAYS: Final = 0


class Place(NamedTuple):
    """A point where a walk can begin, end or stop: `up` µm beyond cross aisle `row`, `x` µm from the first aisle."""

    x: int
    row: int
    up: int
    aisle: int

    @property
    def on_cross_aisle(self) -> bool:
        return self.up == 0


class Trip(NamedTuple):
    """Where a walk may begin and where it then ends."""

    start: Place
    end: Place


@dataclass(frozen=True)
class Layout:
    """Sizes in µm; `one_way` maps (block, aisle) to UP or DOWN, everything else is walked both ways.

    `bays_per_aisle` counts the bays of an aisle within one block. The middle of the first bay lies half a cross aisle and
    half a bay from the middle of the cross aisle, so a block is `bays_per_aisle · bay_pitch + cross_aisle` long.
    """

    blocks: int
    aisles: int
    bays_per_aisle: int
    aisle_pitch: int
    bay_pitch: int
    cross_aisle: int
    one_way: Mapping[tuple[int, int], int] = field(default_factory=dict)
    trips: tuple[Trip, ...] = ()

    @cached_property
    def block_length(self) -> int:
        """From the middle of a cross aisle to the middle of the next, µm."""
        return self.bays_per_aisle * self.bay_pitch + self.cross_aisle

    @property
    def rows(self) -> int:
        return self.blocks + 1

    def direction(self, block: int, aisle: int) -> int:
        return self.one_way.get((block, aisle), BOTH_WAYS)

    def bay(self, block: int, aisle: int, bay: int) -> Place:
        """The middle of a bay, whichever side of the aisle it is on."""
        return Place(aisle * self.aisle_pitch, block, (self.cross_aisle + (2 * bay + 1) * self.bay_pitch) // 2, aisle)

    def crossing(self, row: int, aisle: int) -> Place:
        """Where an aisle meets a cross aisle."""
        return Place(aisle * self.aisle_pitch, row, 0, aisle)

    def beside(self, row: int, x: int) -> Place:
        """A point of a cross aisle, `x` µm from the first aisle."""
        aisle, beyond = divmod(x, self.aisle_pitch)
        return Place(x, row, 0, aisle if beyond == 0 and 0 <= aisle < self.aisles else BETWEEN_AISLES)


def bin_order(place: Place) -> tuple[int, int, int]:
    """The order of bin codes: aisle, then block, then bay. What a picking list sorted by location walks."""
    return (place.x, place.row, place.up)
