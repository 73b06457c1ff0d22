"""What a conversion may turn into what. Pure: moves and a recipe in, a refusal or the number of batches out.

Law 1: what changes owner, product or lot goes through the *conversion* counter-party, and the legs of such a posting match
a recipe: one to one, or a bill of materials. Each kind says what it may change; everything else stays as it was.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from wms.core.refusals import Refused
from wms.inventory.rules import MoveDraft, Stock


class RecipeKind(StrEnum):
    RELABEL = "relabel"  # 换标: another product of the same owner, as good and as old
    GRADE = "grade"  # goods of another quality become a product of their own, which sells
    LOT = "lot"  # the batch or expiry was read wrong
    OWNER = "owner"  # 货权转移: another seller's product
    KIT = "kit"  # 组套: parts become one product
    UNKIT = "unkit"  # 拆套: and become parts again


ONE_TO_ONE = frozenset({RecipeKind.RELABEL, RecipeKind.GRADE, RecipeKind.LOT, RecipeKind.OWNER})
MOST_PARTS = 50
MOST_UNITS = 10_000  # of a part in one kit

Units = tuple[tuple[uuid.UUID, int], ...]
Leg = tuple[Stock, int]


@dataclass(frozen=True)
class Recipe:
    """Units by product that one batch consumes and yields. Products are an owner's, so they say the owner too."""

    kind: RecipeKind
    consumes: Units
    yields: Units


def one_to_one(kind: RecipeKind, product_id: uuid.UUID, into_id: uuid.UUID) -> Recipe:
    return Recipe(kind, ((product_id, 1),), ((into_id, 1),))


def check_recipe(moves: Sequence[MoveDraft], recipe: Recipe | None) -> int:
    """How many batches of the recipe these legs are. Refuses `conversion_does_not_balance` where they are no whole
    number; raises ValueError for a posting that no use case may make: without a recipe, or changing what the kind keeps.
    """
    if recipe is None:
        raise ValueError("a conversion names its recipe")
    consumed, yielded = _legs(moves)
    batches = _batches(consumed, yielded, recipe)
    broken = [said for said, holds in _KEEPS[recipe.kind] if not holds(consumed, yielded)]
    if broken:
        raise ValueError(f"a conversion of kind {recipe.kind}: {', '.join(broken)}")
    return batches


def _legs(moves: Sequence[MoveDraft]) -> tuple[list[Leg], list[Leg]]:
    consumed: list[Leg] = []
    yielded: list[Leg] = []
    for move in moves:
        if isinstance(move.source, Stock) and move.target == "conversion":
            consumed.append((move.source, move.quantity))
        elif isinstance(move.target, Stock) and move.source == "conversion":
            yielded.append((move.target, move.quantity))
        else:
            raise ValueError("each leg of a conversion has the conversion counter-party at one end")
    return consumed, yielded


def _batches(consumed: Sequence[Leg], yielded: Sequence[Leg], recipe: Recipe) -> int:
    """A whole number of times the recipe, exactly: no float rounds a unit away."""
    into, out = _by_product(consumed), _by_product(yielded)
    found = {Fraction(into[product], per) for product, per in recipe.consumes}
    found |= {Fraction(out[product], per) for product, per in recipe.yields}
    strangers = (set(into) - dict(recipe.consumes).keys()) | (set(out) - dict(recipe.yields).keys())
    if strangers or len(found) != 1 or next(iter(found)).denominator != 1 or next(iter(found)) < 1:
        raise Refused("conversion_does_not_balance", {"consumed": into.total(), "yielded": out.total()})
    return int(next(iter(found)))


def _by_product(legs: Sequence[Leg]) -> Counter[uuid.UUID]:
    units: Counter[uuid.UUID] = Counter()
    for stock, quantity in legs:
        units[stock.product_id] += quantity
    return units


def _values(legs: Collection[Leg], name: str) -> set[object]:
    return {getattr(stock, name) for stock, _ in legs}


def _by_condition(legs: Sequence[Leg]) -> Counter[str]:
    units: Counter[str] = Counter()
    for stock, quantity in legs:
        units[stock.condition] += quantity
    return units


Rule = tuple[str, Callable[[Sequence[Leg], Sequence[Leg]], bool]]


def _same(name: str) -> Rule:
    return f"one {name} and the same", lambda a, b: len(_values([*a, *b], name)) == 1


def _other(name: str) -> Rule:
    return (
        f"another {name}",
        lambda a, b: len(_values(a, name)) == len(_values(b, name)) == 1 and not _values(a, name) & _values(b, name),
    )


_NO_LOT_STAYS: Rule = "another lot_id", lambda a, b: not _values(a, "lot_id") & _values(b, "lot_id")
_NONE_STAYS: Rule = "other products", lambda a, b: not _values(a, "product_id") & _values(b, "product_id")
_AS_GOOD: Rule = "as good as before", lambda a, b: _by_condition(a) == _by_condition(b)
_IN_PLACE = (_same("customs_status"), _same("warehouse_id"))  # customs status changes by a permit, never by a recipe
_KEEPS: dict[RecipeKind, Sequence[Rule]] = {
    RecipeKind.RELABEL: (*_IN_PLACE, _same("owner_id"), _other("product_id"), _AS_GOOD),
    RecipeKind.GRADE: (*_IN_PLACE, _same("owner_id"), _other("product_id"), _other("condition")),
    RecipeKind.LOT: (*_IN_PLACE, _same("owner_id"), _same("product_id"), _NO_LOT_STAYS, _AS_GOOD),
    RecipeKind.OWNER: (*_IN_PLACE, _other("owner_id"), _other("product_id"), _AS_GOOD),
    RecipeKind.KIT: (*_IN_PLACE, _same("owner_id"), _NONE_STAYS, _same("condition")),
    RecipeKind.UNKIT: (*_IN_PLACE, _same("owner_id"), _NONE_STAYS, _same("condition")),
}


def scaled(units: Units, batches: int) -> dict[uuid.UUID, int]:
    """What so many batches take or make, by product."""
    return {product: per * batches for product, per in units}


@dataclass(frozen=True)
class Claimed:
    """Units of one row that are kept for a conversion; `on_hand` of it, when it was read."""

    allocation_id: uuid.UUID
    stock: Stock
    quantity: int
    balance_id: int
    on_hand: int


def take(claimed: Sequence[Claimed], wanted: int) -> list[tuple[Claimed, int]]:
    """From these claims, in their order, as many units as are wanted; refuses `conversion_goods_gone`."""
    taken: list[tuple[Claimed, int]] = []
    left = wanted
    for each in claimed:
        units = min(left, each.quantity)
        if units:
            taken.append((each, units))
            left -= units
    if left:
        raise Refused("conversion_goods_gone", {"left": wanted - left, "wanted": wanted})
    return taken


def take_numbered(
    claimed: Sequence[Claimed], wanted: int, numbers: Mapping[uuid.UUID, Sequence[str]]
) -> list[tuple[Claimed, int]]:
    """From each claim as many units as `numbers` (by claim) names of it. Refuses `serials_required` when they are not
    as many as wanted, `conversion_goods_gone` when a row has more of them than are kept.
    """
    given = sum(len(own) for own in numbers.values())
    if given != wanted:
        raise Refused("serials_required", {"wanted": wanted, "given": given})
    taken = [(each, len(numbers[each.allocation_id])) for each in claimed if numbers.get(each.allocation_id)]
    for each, units in taken:
        if units > each.quantity:
            raise Refused("conversion_goods_gone", {"left": each.quantity, "wanted": units})
    return taken


def kit_expiry(told: date | None, of_parts: Sequence[date | None]) -> date | None:
    """A kit is good as long as its first part is: the earliest expiry where nobody told one; a told one may be earlier.

    Refuses `kit_outlives_part`.
    """
    earliest = min((each for each in of_parts if each is not None), default=None)
    if told is None or earliest is None:
        return told or earliest
    if told > earliest:
        raise Refused("kit_outlives_part", {"told": told.isoformat(), "part": earliest.isoformat()})
    return told
