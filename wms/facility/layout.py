"""The aisles of a warehouse as a picker walks them, from what its bins say of themselves. Pure.

Zones stand side by side in walking order, the aisles of each in their order; bays are counted from the front. Nothing has
to be set up for that; a house that stands otherwise says so (`Settings`, `ZonePlace`).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from wms.planning.layout import DOWN, UP, Layout, Place, Trip

UM_PER_MM: Final = 1_000
MOST_DEPOTS: Final = 6
_NUMBERS = re.compile(r"[0-9]+")
_ONE_WAY = re.compile(r"([0-9]{1,4})(?:@([0-9]{1,2}))? *(up|down)")
_DEPOT = re.compile(r"([0-9]{1,2}):([0-9]{1,4})")


@dataclass(frozen=True)
class Settings:
    """`one_way`: (aisle, block or 0 for all, UP or DOWN); `starts`, `ends`: (cross aisle, aisle); all counted from 1 over
    the whole warehouse. No `ends`: a walk ends where it began. `bays_face`: bay 1 is opposite bay 2.
    """

    aisle_pitch_mm: int = 3_200  # as facility.rules.Geometry
    bay_pitch_mm: int = 1_400
    cross_aisle_mm: int = 2_400
    blocks: int = 1
    bays_face: bool = False
    one_way: tuple[tuple[int, int, int], ...] = ()
    starts: tuple[tuple[int, int], ...] = ((1, 1),)
    ends: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class ZonePlace:
    """The column of a zone's first aisle and the block of its first bay, from 1."""

    first_aisle: int
    first_block: int = 1


@dataclass(frozen=True)
class Aisle:
    """An aisle of a zone with its lowest and highest bay; `walk_order` of its first bin."""

    zone_id: uuid.UUID
    number: int
    low: int
    high: int
    walk_order: int


def numbers_of(code: str) -> tuple[int, int] | None:
    """(aisle, bay) of a code like A-03-12-2, for bins that do not say it otherwise; None when it has no two numbers."""
    found = _NUMBERS.findall(code)
    return (int(found[0]), int(found[1])) if len(found) > 1 else None


@dataclass(frozen=True)
class Floor:
    """The layout, and where its aisles stand: `columns` and `lows` by zone and aisle, all from 0."""

    layout: Layout
    columns: Mapping[tuple[uuid.UUID, int], int] = field(default_factory=dict)
    blocks: Mapping[uuid.UUID, int] = field(default_factory=dict)
    lows: Mapping[uuid.UUID, int] = field(default_factory=dict)
    bays_face: bool = False

    def place(self, zone_id: uuid.UUID, aisle: int | None, bay: int | None) -> Place:
        """Where a picker stands before a bin. One that says nothing of its place is taken to be where walks begin."""
        column = self.columns.get((zone_id, aisle)) if aisle is not None else None
        if column is None or bay is None:
            start = self.layout.trips[0].start
            last = self.layout.bays_per_aisle - 1
            return self.layout.bay(max(0, start.row - 1), max(0, start.aisle), last if start.row else 0)
        position = _position(bay, self.lows[zone_id], self.bays_face)
        block, within = divmod(position, self.layout.bays_per_aisle)
        return self.layout.bay(min(self.blocks[zone_id] + block, self.layout.blocks - 1), column, within)


def _position(bay: int, low: int, bays_face: bool) -> int:
    return (bay - low) // 2 if bays_face else bay - low


def draw(settings: Settings, aisles: Sequence[Aisle], zones: Mapping[uuid.UUID, ZonePlace]) -> Floor:
    """The floor of these aisles. Depots and one-way aisles that are not there any more are left out."""
    columns: dict[tuple[uuid.UUID, int], int] = {}
    free = 0
    for zone_id, own in _by_zone(aisles).items():
        first = zones[zone_id].first_aisle - 1 if zone_id in zones else free
        for place, aisle in enumerate(sorted(own, key=lambda each: each.number)):
            columns[zone_id, aisle.number] = first + place
        free = max(free, first + len(own))
    lows = {zone_id: min(aisle.low for aisle in own) for zone_id, own in _by_zone(aisles).items()}
    deepest = max((_position(each.high, lows[each.zone_id], settings.bays_face) + 1 for each in aisles), default=1)
    blocks = {zone_id: zones[zone_id].first_block - 1 if zone_id in zones else 0 for zone_id in lows}
    behind = max(blocks.values(), default=0)
    # A zone that is placed behind another has a block of its own: then no zone reaches over several.
    deep = deepest if behind else -(-deepest // settings.blocks)
    layout = _layout(settings, max(settings.blocks, behind + 1), max(free, 1), deep)
    return Floor(layout, columns, blocks, lows, settings.bays_face)


def _by_zone(aisles: Sequence[Aisle]) -> dict[uuid.UUID, list[Aisle]]:
    found: dict[uuid.UUID, list[Aisle]] = {}
    for aisle in sorted(aisles, key=lambda each: (each.walk_order, each.zone_id, each.number)):
        found.setdefault(aisle.zone_id, []).append(aisle)
    return found


def _layout(settings: Settings, blocks: int, aisles: int, bays: int) -> Layout:
    one_way = {
        (at, aisle - 1): direction
        for aisle, block, direction in settings.one_way if aisle <= aisles
        for at in (range(blocks) if block == 0 else (block - 1,)) if at < blocks
    }  # fmt: skip
    bare = Layout(
        blocks=blocks, aisles=aisles, bays_per_aisle=bays, aisle_pitch=settings.aisle_pitch_mm * UM_PER_MM,
        bay_pitch=settings.bay_pitch_mm * UM_PER_MM, cross_aisle=settings.cross_aisle_mm * UM_PER_MM, one_way=one_way,
    )  # fmt: skip
    starts = _depots(bare, settings.starts) or [bare.crossing(0, 0)]
    ends = _depots(bare, settings.ends)
    trips = tuple(Trip(start, end) for start in starts for end in (ends or [start]))
    return replace(bare, trips=trips)


def _depots(layout: Layout, named: Sequence[tuple[int, int]]) -> list[Place]:
    return [
        layout.crossing(row - 1, aisle - 1) for row, aisle in named if row <= layout.rows and aisle <= layout.aisles
    ]


def read_one_way(text: str) -> tuple[tuple[int, int, int], ...] | None:
    """`3 up, 4@2 down` (aisle 4 in block 2) as `Settings.one_way`; None when it cannot be read."""
    found = [_ONE_WAY.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    if any(part is None or int(part[1]) < 1 or (part[2] and int(part[2]) < 1) for part in found):
        return None
    return tuple(
        (int(part[1]), int(part[2] or 0), UP if part[3] == "up" else DOWN) for part in found if part is not None
    )


def write_one_way(one_way: Sequence[Sequence[int]]) -> str:
    parts = [
        f"{aisle}{f'@{block}' if block else ''} {'up' if direction == UP else 'down'}"
        for aisle, block, direction in one_way
    ]
    return ", ".join(parts)


def read_depots(text: str) -> tuple[tuple[int, int], ...] | None:
    """`1:1, 2:8` (cross aisle 2, aisle 8) as `Settings.starts`; None when it cannot be read."""
    found = [_DEPOT.fullmatch(part.strip()) for part in text.split(",") if part.strip()]
    if len(found) > MOST_DEPOTS or any(part is None or int(part[1]) < 1 or int(part[2]) < 1 for part in found):
        return None
    return tuple((int(part[1]), int(part[2])) for part in found if part is not None)


def write_depots(depots: Sequence[Sequence[int]]) -> str:
    return ", ".join(f"{row}:{aisle}" for row, aisle in depots)


def unread_in(text: str, read: Callable[[str], object]) -> str:
    """The part of a list that `read` (of the two above) cannot read; the whole where each can be read alone."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return next((part for part in parts if not read(part)), text.strip())
