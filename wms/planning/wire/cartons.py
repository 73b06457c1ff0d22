"""`carton`: one order into cartons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from wms.planning.cartons import Aim, FitsNoCarton, pack
from wms.planning.packing import Carton, Content, Kind, Size3
from wms.planning.wire.fields import Field, check_unique, read_budget

MAX_ITEMS: Final = 500
MAX_UNITS: Final = 20_000
MAX_CARTONS: Final = 100
MAX_MM: Final = 100_000
MAX_G: Final = 100_000_000
UM_PER_MM: Final = 1_000
MG_PER_G: Final = 1_000
OWN_CONTAINER: Final = "own container"


@dataclass(frozen=True)
class _Item:
    sku: str | int
    quantity: int
    kind: Kind
    own_container: bool


def plan(problem: Field) -> dict[str, Any]:
    """The plan of a carton problem. Raises `InputError`."""
    fields = list(problem.get("items").items(MAX_ITEMS, 1))
    items = [_read_item(field) for field in fields]
    if sum(item.quantity for item in items) > MAX_UNITS:
        raise problem.get("items").wrong("too_many", f"at most {MAX_UNITS} units in one order")
    named = _read_cartons(problem.get("cartons"))
    budget, aim = read_budget(problem), _read_aim(problem.get("objective", Aim.FEWEST.value))
    kinds = [item.kind for item in items]
    counts = [0 if item.own_container else item.quantity for item in items]
    try:
        contents = pack(kinds, counts, [carton for _, carton in named], aim, budget)
    except FitsNoCarton as fault:
        raise fields[fault.kind].wrong("fits_carton", "one unit fits no carton by size, weight or hazard") from None
    written = [_written(content, items, *named[content.carton]) for content in contents]
    return {"cartons": [*(own for item in items if item.own_container for own in _own(item)), *written]}


def _read_aim(field: Field) -> Aim:
    if field.text() not in set(Aim):
        raise field.wrong("choice", 'must be "fewest" or "cheapest"')
    return Aim(field.value)


def _read_item(field: Field) -> _Item:
    hazard = field.get("dangerous").text() if field.has("dangerous") else None
    kind = Kind(
        _read_size(field.get("size_mm"), ROUND_CEILING),
        _read_weight(field.get("weight_g", 0), ROUND_CEILING),
        upright=field.get("keep_upright", False).truth(),
        fragile=field.get("fragile", False).truth(),
        hazard=hazard,
    )
    own = field.get("ships_in_own_container", False).truth()
    return _Item(field.get("sku").name(), field.get("quantity", 1).whole(1, MAX_UNITS), kind, own)


def _read_cartons(field: Field) -> list[tuple[str | int, Carton]]:
    """With their names: the plan says by name which carton it takes."""
    fields = list(field.items(MAX_CARTONS, 1))
    named = [_read_carton(each) for each in fields]
    check_unique([each.get("name") for each in fields], "carton")
    return named


def _read_carton(field: Field) -> tuple[str | int, Carton]:
    inner = _read_size(field.get("inner_mm"), ROUND_FLOOR)
    if field.has("outer_mm"):
        outer = _read_size(field.get("outer_mm"), ROUND_CEILING)
        if any(within > around for within, around in zip(inner, outer, strict=True)):
            raise field.get("outer_mm").wrong("outer", "must be at least inner_mm on every axis")
    empty = _read_weight(field.get("empty_g", 0), ROUND_CEILING)
    limit = _read_weight(field.get("max_g", MAX_G), ROUND_FLOOR)
    if limit <= empty:
        raise field.get("max_g").wrong("range", "must be more than empty_g: it is the gross weight")
    cost = field.get("cost", 0).number(0, 1e9)
    dangerous = field.get("takes_dangerous", True).truth()
    return field.get("name").name(), Carton(inner, empty, limit, cost, dangerous)


def _read_size(field: Field, rounding: str) -> Size3:
    width, length, height = (
        int((Decimal(repr(side.positive(MAX_MM))) * UM_PER_MM).to_integral_value(rounding))
        for side in field.items(3, 3)
    )
    if not min(width, length, height):
        raise field.wrong("positive", "every side must be at least 0.001 mm")
    return width, length, height


def _read_weight(field: Field, rounding: str) -> int:
    return int((Decimal(repr(field.number(0, MAX_G))) * MG_PER_G).to_integral_value(rounding))


def _written(content: Content, items: list[_Item], name: str | int, carton: Carton) -> dict[str, Any]:
    return {
        "name": name,
        "items": [
            {"sku": items[placed.kind].sku, "position_mm": _mm(corner), "size_mm": _mm(size)}
            for placed in content.placed
            for corner, size in placed.units()
        ],
        "weight_g": _plain(carton.empty + content.weight, MG_PER_G),
    }


def _own(item: _Item) -> Iterator[dict[str, Any]]:
    """Goods that ship as they are: each unit is its own parcel."""
    for _ in range(item.quantity):
        yield {
            "name": OWN_CONTAINER,
            "items": [{"sku": item.sku, "position_mm": [0, 0, 0], "size_mm": _mm(item.kind.size)}],
            "weight_g": _plain(item.kind.weight, MG_PER_G),
        }


def _mm(sides: Size3) -> list[float]:
    return [_plain(side, UM_PER_MM) for side in sides]


def _plain(amount: int, parts: int) -> float:
    """12 rather than 12.0."""
    return amount // parts if amount % parts == 0 else amount / parts
