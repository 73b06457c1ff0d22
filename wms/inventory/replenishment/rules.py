"""Pure decisions: whether a pick face is filled, by how much, how urgently, and from which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from itertools import groupby

from wms.core.rotation import UNKNOWN

LEASE = timedelta(minutes=15)
MOST_FACES = 40  # planned in one turn of a warehouse: their bins and rows are locked together
MOST_PARTS = 8  # tasks for one face in one turn


class Tier(IntEnum):
    """Why somebody should walk, the most urgent highest. Within one a score of 0 to 99 decides."""

    TOP_UP = 1  # half of what lies between minimum and maximum is gone: worth a walk when nothing else is to do
    BELOW_MINIMUM = 2
    WAVE = 3  # orders are promised more than stands there
    PICKER = 4  # an order on a walk waits for it


@dataclass(frozen=True)
class Face:
    """A pick face now. `stands`: units in it; `free`: those of them that sell and nobody claimed; `coming`: units of open
    tasks; `wanted`: units promised that no bin is chosen for and that stand in none of the product's other faces;
    `awaited`: an order on a walk waits for them; `in_doubt`: it waits to be
    counted, and what came to its goods would be held with them.
    """

    minimum: int
    maximum: int
    stands: int
    free: int
    coming: int = 0
    wanted: int = 0
    awaited: bool = False
    in_doubt: bool = False


def lacking(face: Face) -> int:
    """Units to bring: up to the maximum, once there is a reason to. The maximum is what fits, so claimed units that
    still stand there count.
    """
    room = face.maximum - face.stands - face.coming
    ready = face.free + face.coming
    asked = face.awaited or face.wanted > ready or ready < face.minimum
    if room <= 0 or face.in_doubt or not (asked or 2 * room >= face.maximum - face.minimum):
        return 0
    return room


def tier(face: Face) -> Tier:
    """What a walk to this face is for. What is on its way does not count: that is the walk."""
    if face.awaited:
        return Tier.PICKER
    if face.wanted > face.free:
        return Tier.WAVE
    return Tier.BELOW_MINIMUM if face.free < face.minimum else Tier.TOP_UP


def urgency(face: Face) -> int:
    """100 for each step of `Tier`, and up to 99 for the share that is missing of what the tier is about."""
    why = tier(face)
    aim = face.wanted if why >= Tier.WAVE else face.minimum if why is Tier.BELOW_MINIMUM else face.maximum
    return 100 * why + 99 * max(0, aim - max(0, face.free)) // max(1, aim)


@dataclass(frozen=True)
class Reserve:
    """A row to take from: `free` units; `whole`: they are all that stands in a container of its own. `turn`: when it is
    theirs to leave (`core.rotation.asked`).
    """

    balance_id: int
    free: int
    turn: tuple[int, ...] = (UNKNOWN,)
    contained: bool = False
    whole: bool = False


def share_out(wanted: int, rows: Sequence[Reserve]) -> list[tuple[Reserve, int]]:
    """From which rows how much. What leaves first comes first; among those whose turn it is whole cartons that fit, then
    what lies loose, then a part of a carton; each kind in the order given.
    """
    parts: list[tuple[Reserve, int]] = []
    for _turn, same in groupby(sorted(rows, key=lambda row: row.turn), key=lambda row: row.turn):
        group, taken = list(same), set()
        for turn in ("whole cartons", "loose", "the rest"):
            for row in group:
                if wanted > 0 and row.balance_id not in taken and _serves(turn, row, wanted):
                    taken.add(row.balance_id)
                    parts.append((row, min(row.free, wanted)))
                    wanted -= min(row.free, wanted)
    return parts[:MOST_PARTS]


def _serves(turn: str, row: Reserve, wanted: int) -> bool:
    if turn == "whole cartons":
        return row.whole and 0 < row.free <= wanted
    return row.free > 0 and (turn == "the rest" or not row.contained)
