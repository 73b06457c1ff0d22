"""`slotting`: products to better places."""

from __future__ import annotations

from typing import Any, Final

from wms.planning.batch import LayoutArea, MatrixArea
from wms.planning.improve import TooManyStops
from wms.planning.slotting import NOBODY, Advice, Slot, advise
from wms.planning.wire.fields import Field, metres, read_budget
from wms.planning.wire.places import Mapped, Measured, read_area

MAX_SLOTS: Final = 2_000
MAX_WALKS: Final = 20_000
MAX_VISITS: Final = 200_000
MAX_MOVES: Final = 1_000


def plan(problem: Field) -> dict[str, Any]:
    """The advice for a slotting problem. Raises `InputError`."""
    area = read_area(problem.get("layout"))
    products = list(problem.get("products").items(MAX_SLOTS, 1))
    free = list(problem.get("free", []).items(MAX_SLOTS))
    fields = [*products, *free]
    stops = [area.stop(field.get("stop")) for field in fields]
    known = sorted(set(stops))
    bits = {stop: bit for bit, stop in enumerate(known)}
    _check_free(fields, stops)
    slots = [
        Slot(bits[stop], index if index < len(products) else NOBODY, _storage(field))
        for index, (field, stop) in enumerate(zip(fields, stops, strict=True))
    ]
    names = _names(products)
    walks = _read_walks(problem, names)
    moving = [slot for slot, field in zip(slots, fields, strict=True) if not field.get("fixed", False).truth()]
    days = problem.get("days", 1).positive(10_000)
    most = problem.get("max_moves", 20).whole(1, MAX_MOVES)
    fixed = [slot for slot, field in zip(slots, fields, strict=True) if field.get("fixed", False).truth()]
    try:
        measure = _area(area, known).measure()
    except TooManyStops:
        message = "too many places for a layout whose walks have to be searched (one-way, or over 3 blocks)"
        raise problem.get("products").wrong("too_many", message) from None
    advice = advise(moving, fixed, walks, measure.length, most, read_budget(problem))
    return _written(advice, moving, products, fields, bits, stops, days)


def _check_free(fields: list[Field], stops: list[Any]) -> None:
    seen = set()
    for field, stop in zip(fields, stops, strict=True):
        if stop in seen:
            raise field.get("stop").wrong("unique", "is the place of another product, or free, too")
        seen.add(stop)


def _storage(field: Field) -> str | None:
    return field.get("storage").text() if field.has("storage") else None


def _names(products: list[Field]) -> dict[str | int, int]:
    names: dict[str | int, int] = {}
    for index, field in enumerate(products):
        name = field.get("sku").name()
        if name in names:
            raise field.get("sku").wrong("unique", "is used by another product too")
        names[name] = index
    return names


def _read_walks(problem: Field, names: dict[str | int, int]) -> list[frozenset[int]]:
    walks = []
    left = MAX_VISITS
    for walk in problem.get("walks").items(MAX_WALKS, 1):
        visits = list(walk.items(MAX_VISITS))
        left -= len(visits)
        if left < 0:
            raise problem.get("walks").wrong("too_many", f"at most {MAX_VISITS} visits in all")
        for visit in visits:
            if visit.name() not in names:
                raise visit.wrong("known", "is not the sku of a product")
        walks.append(frozenset(names[visit.name()] for visit in visits))
    return walks


def _area(area: Mapped | Measured, known: list[Any]) -> LayoutArea | MatrixArea:
    if isinstance(area, Measured):
        return MatrixArea(area.matrix, known, area.trips)
    return LayoutArea(area.layout, known)


def _written(
    advice: Advice,
    moving: list[Slot],
    products: list[Field],
    fields: list[Field],
    bits: dict[Any, int],
    stops: list[Any],
    days: float,
) -> dict[str, Any]:
    at = {bits[stop]: field.get("stop").value for field, stop in zip(fields, stops, strict=True)}

    def sku(product: int) -> Any:
        return None if product == NOBODY else products[product].get("sku").value

    return {
        "moves": [
            {
                "sku": sku(each.product),
                "from": at[moving[each.origin].place],
                "to": at[moving[each.target].place],
                "exchanged_with": sku(each.partner),
                "saves_m_a_day": metres(each.saved) / days,
            }
            for each in advice.exchanges
        ],
        "walked_m_a_day": metres(advice.before) / days,
        "after_m_a_day": metres(advice.after) / days,
    }
