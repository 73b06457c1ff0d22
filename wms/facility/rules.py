"""Pure decisions: which bins a pattern means, in which order they are walked, and what every warehouse has.

**Labels.** A location's label is `L-<body>-<check>`, unique over all warehouses, so that a scan names one place in the
world and a label carried into the wrong building is found out. The first warehouse prints its codes bare
(`L-A-03-12-2-K`); every further one puts its `label_prefix` (by default its own code) before them
(`L-NGB1-A-03-12-2-8`), because two buildings both have an aisle A. Stations and totes do the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from wms.core.barcodes import BarcodeError, OwnCode, format_own
from wms.core.refusals import invalid

MAX_LOCATIONS = 20_000
_FIELD = re.compile(r"\{(aisle|bay|level|position)(?::0([1-4]))?\}")
_LITERAL = re.compile(r"[A-Z0-9.-]*")


@dataclass(frozen=True)
class Geometry:
    """Metres in the warehouse's own grid; the origin is the corner at aisle 1, bay 1, where picking starts."""

    aisle_pitch_m: float = 3.2  # from the middle of one aisle to the next: rack, aisle, rack
    bay_pitch_m: float = 1.4
    first_x_m: float = 2.0
    first_y_m: float = 2.5


@dataclass(frozen=True)
class Plan:
    """A rectangular block of bins: closed ranges (first, last)."""

    pattern: str
    aisles: tuple[int, int]
    bays: tuple[int, int]
    levels: tuple[int, int] = (1, 1)
    positions: tuple[int, int] = (1, 1)
    geometry: Geometry = field(default_factory=Geometry)


@dataclass(frozen=True)
class PlannedLocation:
    code: str
    aisle: int
    bay: int
    level: int
    x_m: float
    y_m: float


@dataclass(frozen=True)
class SystemPlace:
    """A zone that every warehouse has, with its one location. `bonded_only`: where customs' leave is awaited."""

    code: str
    name: str
    kind: str
    bonded_only: bool = False


SYSTEM_PLACES = (
    SystemPlace("DOCK", "Dock", "dock"),
    SystemPlace("INSP", "Inspection", "inspection"),
    SystemPlace("RETURNS", "Returns", "returns"),
    SystemPlace("PACK", "Packing", "packing"),
    SystemPlace("GATE", "Gate", "gate"),
    SystemPlace("TOTES", "Tote parking", "tote"),
    SystemPlace("UNACC", "Unaccounted", "unaccounted", bonded_only=True),
)


def expand(plan: Plan) -> list[PlannedLocation]:
    """The locations of a plan in walking order: aisle after aisle, every second one from the far end (serpentine), in a
    bay from the floor up, then by position.

    Refused: `pattern_unreadable`, `pattern_needs` (a varying number is not in the pattern, so codes would repeat),
    `range_empty`, `too_many_locations`.
    """
    parts = parse_pattern(plan.pattern)
    _check(plan, {name for name, _ in parts if name})
    return [_location(plan, parts, *numbers) for numbers in walk(plan)]


def parse_pattern(pattern: str) -> list[tuple[str, str]]:
    """`A-{aisle:02}` as [("", "A-"), ("aisle", "2")]: (field, width) or ("", literal text)."""
    parts: list[tuple[str, str]] = []
    place = 0
    for match in _FIELD.finditer(pattern):
        parts += [("", pattern[place : match.start()]), (match[1], match[2] or "0")]
        place = match.end()
    parts.append(("", pattern[place:]))
    for name, literal in parts:
        if not name and not _LITERAL.fullmatch(literal):
            raise invalid("/pattern", "pattern_unreadable", part=literal[:20])
    return parts


def _check(plan: Plan, named: set[str]) -> None:
    count = 1
    for name, (first, last) in {
        "aisle": plan.aisles, "bay": plan.bays, "level": plan.levels, "position": plan.positions
    }.items():  # fmt: skip
        if not 0 <= first <= last <= 9999:
            raise invalid(f"/{name}s", "range_empty")
        if last > first and name not in named:
            raise invalid("/pattern", "pattern_needs", field=name)
        count *= last - first + 1
    if count > MAX_LOCATIONS:
        raise invalid("/pattern", "too_many_locations", max=MAX_LOCATIONS)


def walk(plan: Plan) -> Iterator[tuple[int, int, int, int]]:
    """(aisle, bay, level, position) in the order a picker passes them."""
    for turn, aisle in enumerate(range(plan.aisles[0], plan.aisles[1] + 1)):
        bays = range(plan.bays[0], plan.bays[1] + 1)
        for bay in bays if turn % 2 == 0 else reversed(bays):
            for level in range(plan.levels[0], plan.levels[1] + 1):
                for position in range(plan.positions[0], plan.positions[1] + 1):
                    yield aisle, bay, level, position


def _location(
    plan: Plan, parts: list[tuple[str, str]], aisle: int, bay: int, level: int, position: int
) -> PlannedLocation:
    numbers = {"aisle": aisle, "bay": bay, "level": level, "position": position}
    code = "".join(f"{numbers[name]:0{int(given)}d}" if name else given for name, given in parts)
    place = plan.geometry
    x = place.first_x_m + (aisle - plan.aisles[0]) * place.aisle_pitch_m
    y = place.first_y_m + (bay - plan.bays[0]) * place.bay_pitch_m
    return PlannedLocation(code, aisle, bay, level, round(x, 2), round(y, 2))


def own_label(kind: OwnCode, label_prefix: str, code: str) -> str:
    """The label of a location, station or container of a warehouse. 422 when the code cannot be printed so."""
    body = f"{label_prefix}-{code}" if label_prefix else code
    try:
        return format_own(kind, body)
    except BarcodeError as fault:
        raise invalid("/code", "code_not_printable") from fault
