"""Layouts and stops as JSON. People count aisles and bays from 1; a matrix is counted from 0, as its rows are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from wms.planning.distances import Matrix
from wms.planning.layout import DOWN, UP, Layout, Place, Trip
from wms.planning.wire.fields import Field, InputError

MAX_BLOCKS: Final = 50
MAX_AISLES: Final = 1_000
MAX_BAYS: Final = 2_000
MAX_DEPOTS: Final = 6
MAX_POINTS: Final = 2_000


@dataclass(frozen=True)
class Ends:
    """The ends of a trip as they were written, to be told back."""

    start: Any
    end: Any


@dataclass(frozen=True)
class Mapped:
    """A layout, and for each of its trips how the ends were written."""

    layout: Layout
    ends: tuple[Ends, ...]

    def stop(self, field: Field) -> Place:
        return read_bay(field, self.layout)


@dataclass(frozen=True)
class Measured:
    """Distances in µm instead of a layout; trips are pairs of points."""

    matrix: Matrix
    trips: tuple[tuple[int, int], ...]
    ends: tuple[Ends, ...]

    def stop(self, field: Field) -> int:
        return field.whole(0, len(self.matrix) - 1)


def read_area(field: Field) -> Mapped | Measured:
    """`layout`: sizes, or `distance_matrix_m`."""
    return _read_measured(field) if field.has("distance_matrix_m") else _read_mapped(field)


def _read_mapped(field: Field) -> Mapped:
    layout = Layout(
        blocks=field.get("blocks", 1).whole(1, MAX_BLOCKS),
        aisles=field.get("aisles").whole(1, MAX_AISLES),
        bays_per_aisle=field.get("bays_per_aisle").whole(1, MAX_BAYS),
        aisle_pitch=field.get("aisle_pitch_m").micrometres(),
        bay_pitch=field.get("bay_pitch_m").micrometres(),
        cross_aisle=field.get("cross_aisle_m", 0).micrometres(zero=True),
    )
    one_way: dict[tuple[int, int], int] = {}
    for entry in field.get("one_way_aisles", []).items(MAX_BLOCKS * MAX_AISLES):
        ways = _read_one_way(entry, layout)
        if any(one_way.get(aisle, way) != way for aisle, way in ways.items()):
            raise entry.get("direction").wrong("unique", "an entry before says that this aisle leads the other way")
        one_way |= ways
    layout = replace(layout, one_way=one_way)
    trips, ends = _read_trips(
        field.get("depot", {}), lambda depot: read_depot(depot, layout), both_orders=bool(one_way)
    )
    return Mapped(replace(layout, trips=tuple(Trip(*trip) for trip in trips)), ends)


def _read_one_way(entry: Field, layout: Layout) -> dict[tuple[int, int], int]:
    aisle = entry.get("aisle").whole(1, layout.aisles) - 1
    direction = {"up": UP, "down": DOWN}.get(entry.get("direction").text())
    if direction is None:
        raise entry.get("direction").wrong("choice", 'must be "up" (away from the front) or "down"')
    if entry.has("block"):
        return {(entry.get("block").whole(1, layout.blocks) - 1, aisle): direction}
    return {(block, aisle): direction for block in range(layout.blocks)}


def read_bay(field: Field, layout: Layout) -> Place:
    """{"block", "aisle", "bay"} or [block, aisle, bay]."""
    if field.is_list:
        block, aisle, bay = field.items(3, 3)
    else:
        block, aisle, bay = field.get("block", 1), field.get("aisle"), field.get("bay")
    return layout.bay(
        block.whole(1, layout.blocks) - 1, aisle.whole(1, layout.aisles) - 1, bay.whole(1, layout.bays_per_aisle) - 1
    )


def read_depot(field: Field, layout: Layout) -> Place:
    """A point of a cross aisle, at an aisle or at `x_m` from the first; or a bay."""
    if field.object().has("bay"):
        return read_bay(field, layout)
    row = field.get("cross_aisle", 1).whole(1, layout.rows) - 1
    if field.has("x_m"):
        return layout.beside(row, field.get("x_m").micrometres(zero=True, negative=True))
    return layout.crossing(row, field.get("aisle", 1).whole(1, layout.aisles) - 1)


def _read_trips(
    field: Field, read: Callable[[Field], Any], both_orders: bool
) -> tuple[list[tuple[Any, Any]], tuple[Ends, ...]]:
    """One depot; a list of depots, of which a walk begins at any and ends at any; or lists for `start` and `end`."""
    if field.is_object and (field.has("start") or field.has("end")):
        starts, ends = _several(field.get("start"), read), _several(field.get("end"), read)
        pairs = [(start, end) for start in starts for end in ends]
    else:
        depots = _several(field, read)
        pairs = [
            (start, end) for place, start in enumerate(depots) for end in (depots if both_orders else depots[place:])
        ]
    return [(start[0], end[0]) for start, end in pairs], tuple(Ends(start[1], end[1]) for start, end in pairs)


def _several(field: Field, read: Callable[[Field], Any]) -> list[tuple[Any, Any]]:
    fields = list(field.items(MAX_DEPOTS, 1)) if field.is_list else [field]
    return [(read(each), each.value) for each in fields]


def _read_measured(field: Field) -> Measured:
    rows = list(field.get("distance_matrix_m").items(MAX_POINTS, 1))
    matrix = []
    for index, row in enumerate(rows):
        if not row.is_list or len(row.value) != len(rows):
            raise row.wrong("square", f"must be a list of {len(rows)} distances, one for each row")
        matrix.append([cell.micrometres(zero=True) for cell in row.items(MAX_POINTS)])
        if matrix[index][index]:
            raise InputError(f"{row.pointer}/{index}", "zero", "the distance of a point to itself must be 0")
    trips, ends = _read_trips(field.get("depot", 0), lambda depot: depot.whole(0, len(rows) - 1), both_orders=True)
    return Measured(matrix, tuple(trips), ends)
