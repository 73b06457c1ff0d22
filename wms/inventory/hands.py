"""What people have in hand: taken out of a bin, and in the book there until it is put down (decision 119).

A move is one posting, when its goods are put down. Between the two scans the bin holds less than the book says, so whoever
counts compares with the book less what is in hand. Moves that were asked for keep what is in hand by reservations
(`relocating`); of all other work the floor knows, which stands above: `wms.reactions` names it here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from wms.platform.statements import Statement


@dataclass(frozen=True)
class InHand:
    """Units of one balance row in hands, and the numbers of those that have one. `left`: works of the floor that once took
    of it and were left alone too long: what they hold is taken for back in the bin, and they end with the count.
    """

    units: int = 0
    serials: frozenset[str] = frozenset()
    left: frozenset[uuid.UUID] = frozenset()

    def __add__(self, other: InHand) -> InHand:
        return InHand(self.units + other.units, self.serials | other.serials, self.left | other.left)

    def numbers(self, known: Collection[str]) -> frozenset[str]:
        """Which of the numbers of the row: all of them when all of it is in hand."""
        return frozenset(known) if self.units >= len(known) else self.serials


NOTHING = InHand()
Carried = Callable[[uuid.UUID, Collection[int]], Mapping[int, InHand]]


class Floor:
    """What the floor answers: what is in hand of these rows of a warehouse; and the end of works that were left alone."""

    carried: Carried = staticmethod(lambda *_asked: {})
    end: Callable[[Collection[uuid.UUID]], None] = staticmethod(lambda *_works: None)


_RESERVED = Statement(
    "SELECT balance_id, sum(open_quantity)::int AS units FROM allocation WHERE balance_id = ANY(CAST(:rows AS bigint[]))"
    " AND open_quantity > 0 AND purpose = 'relocation' GROUP BY 1"
)


def of(warehouse_id: uuid.UUID, rows: Collection[int]) -> dict[int, InHand]:
    """What is in hand of these balance rows, by row. To be read behind the locks on them: then it is put down after."""
    if not rows:
        return {}
    found = {row.balance_id: InHand(row.units) for row in _RESERVED.all({"rows": list(rows)})}
    for row_id, hand in Floor.carried(warehouse_id, rows).items():
        found[row_id] = found.get(row_id, NOTHING) + hand
    return found


def end_left(hands: Iterable[InHand]) -> None:
    """A count took what these works hold for back in the bin: who comes back to them is told so, and puts nothing down."""
    left = frozenset[uuid.UUID]().union(*(hand.left for hand in hands))
    if left:
        Floor.end(left)
