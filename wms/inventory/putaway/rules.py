"""Pure decisions of putaway: whether goods may stand in a bin, and which bin is best for them, both with the reason.

A bin is asked three times: when it is suggested, when it is kept for the goods (`reserved`), and when they are put into
it. The questions are the same (`faults`), so what was suggested is not refused at the bin unless something changed.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wms.core.refusals import Refused
from wms.inventory.putaway.segregation import may_stand_together

GOOD = "good"
BONDED = "bonded"
AMBIENT = "ambient"
# Where goods are put away. What is not good may also wait for a decision at inspection.
PLACES = frozenset({"storage", "bulk", "pick_face", "cross_dock"})
INSPECTION = "inspection"
SUGGESTED_ALTERNATIVES = 3
# A place counts as near a pick face within an aisle's length: a replenishment of a few steps.
NEAR_M = 30.0
# What a supervisor may overrule, having seen the bin. Never safety, customs, cold, or whose place it is.
OVERRULED = frozenset(
    {"location_full", "location_held", "location_reserved", "location_kept", "location_other_product",
     "location_other_lot"}
)  # fmt: skip


@dataclass(frozen=True)
class Goods:
    """What is to be put away, and how big one unit of it is."""

    product_id: uuid.UUID
    quantity: int
    unit_weight_g: int
    unit_volume_mm3: int
    lot_id: uuid.UUID | None = None
    condition: str = GOOD
    customs_status: str = "none"
    owner_id: uuid.UUID | None = None
    temperature: str = AMBIENT
    dangerous_class: str | None = None
    velocity_class: str = "C"
    awaited: int = 0  # units of them that orders wait for

    @property
    def weight_g(self) -> int:
        return self.quantity * self.unit_weight_g

    @property
    def volume_mm3(self) -> int:
        return self.quantity * self.unit_volume_mm3


@dataclass(frozen=True)
class Room:
    """How much of something: units, g and mm³."""

    units: int = 0
    weight_g: int = 0
    volume_mm3: int = 0

    def __add__(self, other: Room) -> Room:
        return Room(self.units + other.units, self.weight_g + other.weight_g, self.volume_mm3 + other.volume_mm3)


@dataclass(frozen=True)
class Bin:
    """A place with what stands in it now, as these goods see it. Limits of None mean: no limit is known."""

    location_id: uuid.UUID
    warehouse_id: uuid.UUID
    code: str
    kind: str
    walk_order: int
    is_active: bool = True
    max_weight_g: int | None = None
    max_volume_mm3: int | None = None
    max_units: int | None = None
    mixes_products: bool = False
    mixes_lots: bool = True
    owner_id: uuid.UUID | None = None  # who alone may stand here
    temperature: str = AMBIENT
    customs_area: str = "any"
    dangerous_classes: frozenset[str] = frozenset()  # which may stand here
    velocity_class: str = ""
    kept_for: frozenset[uuid.UUID] = frozenset()  # products whose own bin it is
    is_held: bool = False
    distance_m: float | None = None  # from the product's pick face, where both places are known
    weight_g: int = 0
    volume_mm3: int = 0
    same_product: int = 0  # units of this very product, whatever lot
    same_lot: int = 0  # units of this product and lot in this condition
    other_lots: int = 0  # units of this product of other lots
    other_products: int = 0  # units of anything else
    other_status: int = 0  # units under another customs status
    standing_classes: frozenset[str] = frozenset()  # dangerous classes of what stands here or is on its way
    reserved: Room = Room()  # kept for goods that others carry here
    reserved_others: int = 0  # units of that which are of other products or customs status
    reserved_lots: frozenset[tuple[uuid.UUID, uuid.UUID | None]] = frozenset()  # products and lots of that

    @property
    def is_empty(self) -> bool:
        return self.same_product == 0 and self.other_products == 0

    @property
    def taken(self) -> Room:
        """What stands here and what is on its way."""
        return Room(self.same_product + self.other_products, self.weight_g, self.volume_mm3) + self.reserved

    @property
    def has_limits(self) -> bool:
        return any(limit is not None for limit in (self.max_weight_g, self.max_volume_mm3, self.max_units))


@dataclass(frozen=True)
class Content:
    """What stands in a place: units by product, by lot of a product, and by customs status."""

    products: Mapping[uuid.UUID, int]
    statuses: Mapping[str, int]
    lots: Mapping[tuple[uuid.UUID, uuid.UUID | None], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """Why a bin, or why not: a code and its parameters, made into words at the edge."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    """The best bin, why, and the next best ones with theirs."""

    location_id: uuid.UUID
    code: str
    reason: Reason
    alternatives: tuple[tuple[uuid.UUID, str, Reason], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """One bin asked about some goods: every fault it finds with them; none, and `reason` says what speaks for it."""

    place: Bin
    faults: tuple[Reason, ...]
    reason: Reason | None


# Whether goods may stand there


def refusal(goods: Goods, place: Bin, warehouse_id: uuid.UUID, *, overruled: bool = False) -> Refused | None:
    """Why these goods may not stand in this bin; None when they may. `overruled`: a supervisor answers for `OVERRULED`."""
    for fault in faults(goods, place, warehouse_id):
        if not (overruled and fault.code in OVERRULED):
            return Refused(fault.code, fault.params)
    return None


def faults(goods: Goods, place: Bin, warehouse_id: uuid.UUID) -> Iterator[Reason]:
    """Every rule that these goods in this bin would break, the ones nobody may overrule first."""
    if place.warehouse_id != warehouse_id:
        yield Reason("location_foreign")
        return  # the rest would tell of another house
    named = {"code": place.code}
    if not place.is_active:
        yield Reason("location_closed", named)
    if place.kind not in PLACES and not (place.kind == INSPECTION and goods.condition != GOOD):
        yield Reason("location_wrong_kind", {**named, "kind": place.kind})
    yield from _of_the_place(goods, place, named)
    if place.is_held:
        yield Reason("location_held", named)
    yield from _of_the_neighbours(goods, place, named)
    yield from _of_the_room(goods, place)


def _of_the_place(goods: Goods, place: Bin, named: dict[str, str]) -> Iterator[Reason]:
    """Whose place it is, and what it is made for."""
    if place.owner_id is not None and goods.owner_id is not None and place.owner_id != goods.owner_id:
        yield Reason("location_other_owner", named)
    if place.customs_area != "any" and (place.customs_area == BONDED) != (goods.customs_status == BONDED):
        yield Reason("location_bonded_only" if place.customs_area == BONDED else "location_not_bonded", named)
    if place.kind != INSPECTION and place.temperature != goods.temperature:
        yield Reason("location_temperature", {**named, "is": place.temperature, "wanted": goods.temperature})
    wanted = goods.dangerous_class
    if wanted is not None and wanted not in place.dangerous_classes:
        yield Reason("location_not_dangerous", {**named, "class": wanted})
    if wanted is None and place.dangerous_classes:
        yield Reason("location_dangerous_only", named)


def _of_the_neighbours(goods: Goods, place: Bin, named: dict[str, str]) -> Iterator[Reason]:
    """What stands there already, or is on its way."""
    if goods.dangerous_class is not None:
        foes = sorted(each for each in place.standing_classes if not may_stand_together(goods.dangerous_class, each))
        if foes:
            yield Reason("location_segregation", {**named, "class": goods.dangerous_class, "other": ", ".join(foes)})
    if place.other_status:
        yield Reason("location_other_status", named)
    if place.kept_for and goods.product_id not in place.kept_for:
        yield Reason("location_kept", named)
    if place.other_products and not place.mixes_products:
        yield Reason("location_other_product", named)
    if place.other_lots and not place.mixes_lots:
        yield Reason("location_other_lot", named)
    apart = place.reserved_others > 0 and not place.mixes_products
    if apart or (not place.mixes_lots and _other_lot_is_coming(goods, place)):
        yield Reason("location_reserved", named)


def _other_lot_is_coming(goods: Goods, place: Bin) -> bool:
    return any(product == goods.product_id and lot != goods.lot_id for product, lot in place.reserved_lots)


def _of_the_room(goods: Goods, place: Bin) -> Iterator[Reason]:
    fits = units_that_fit(goods, place)
    if fits is None or fits >= goods.quantity:
        return
    code = "location_full"
    if units_that_fit(goods, replace(place, reserved=Room())) != fits:
        code = "location_reserved"
    yield Reason(code, {"code": place.code, "fits": fits, "wanted": goods.quantity, "over": over(goods, place)})


def over(goods: Goods, place: Bin) -> str:
    """By how much the goods exceed the bin's limits: "3.2 kg", "3.2 kg, 12.5 L", "4 ×"; "" when they do not."""
    taken, told = place.taken, []
    if place.max_weight_g is not None and (heavy := taken.weight_g + goods.weight_g - place.max_weight_g) > 0:
        told.append(f"{-(-heavy // 100) / 10:.1f} kg")  # rounded up: never "0.0 kg over"
    if place.max_volume_mm3 is not None and (big := taken.volume_mm3 + goods.volume_mm3 - place.max_volume_mm3) > 0:
        told.append(f"{-(-big // 100_000) / 10:.1f} L")
    if place.max_units is not None and (many := taken.units + goods.quantity - place.max_units) > 0:
        told.append(f"{many} ×")
    return ", ".join(told)


def units_that_fit(goods: Goods, place: Bin) -> int | None:
    """How many more units the bin takes by weight, volume and count; None when it has no limits."""
    taken, limits = place.taken, []
    if place.max_weight_g is not None:
        limits.append(max(place.max_weight_g - taken.weight_g, 0) // max(goods.unit_weight_g, 1))
    if place.max_volume_mm3 is not None:
        limits.append(max(place.max_volume_mm3 - taken.volume_mm3, 0) // max(goods.unit_volume_mm3, 1))
    if place.max_units is not None:
        limits.append(max(place.max_units - taken.units, 0))
    return min(limits) if limits else None


def refusal_of_all(
    goods: Sequence[Goods], place: Bin, content: Content, warehouse_id: uuid.UUID, *, overruled: bool = False
) -> Refused | None:
    """Why these goods may not all stand in this bin; None when they may. Each meets those that came in before it."""
    products, statuses, lots = Counter(content.products), Counter(content.statuses), Counter(content.lots)
    weight, volume, classes = place.weight_g, place.volume_mm3, set(place.standing_classes)
    for each in goods:
        same = products[each.product_id]
        of_lot = lots[(each.product_id, each.lot_id)]
        of_lots = sum(units for (product_id, _lot), units in lots.items() if product_id == each.product_id)
        seen = replace(
            place, weight_g=weight, volume_mm3=volume, same_product=same, other_products=products.total() - same,
            other_status=statuses.total() - statuses[each.customs_status], other_lots=of_lots - of_lot,
            standing_classes=frozenset(classes),
        )  # fmt: skip
        found = refusal(each, seen, warehouse_id, overruled=overruled)
        if found is not None:
            return found
        products[each.product_id] += each.quantity
        statuses[each.customs_status] += each.quantity
        lots[(each.product_id, each.lot_id)] += each.quantity
        weight, volume = weight + each.weight_g, volume + each.volume_mm3
        classes |= {each.dangerous_class} - {None}  # type: ignore[arg-type]
    return None


# Which one is best


@dataclass(frozen=True)
class Strategy:
    """One way to choose: which bins it speaks for, and its reason."""

    code: str
    speaks_for: Callable[[Goods, Bin], bool]


def _near_its_pick_face(place: Bin) -> bool:
    return place.distance_m is not None and place.distance_m <= NEAR_M


# In the order in which they are tried. The first bin of the first strategy that finds one is suggested.
STRATEGIES = (
    Strategy("putaway_not_good", lambda goods, place: goods.condition != GOOD and place.kind == INSPECTION),
    Strategy("putaway_orders_wait", lambda goods, place: goods.awaited > 0 and place.kind == "cross_dock"),
    Strategy("putaway_fixed_bin", lambda goods, place: goods.product_id in place.kept_for),
    Strategy("putaway_same_lot", lambda _, place: place.same_lot > 0),
    Strategy(
        "putaway_near_pick_face",
        lambda _, place: place.is_empty and place.kind in ("storage", "bulk") and _near_its_pick_face(place),
    ),
    Strategy("putaway_pick_face", lambda _, place: place.is_empty and place.kind == "pick_face"),
    Strategy(
        "putaway_empty_of_class",
        lambda goods, place: (
            place.is_empty and place.kind == "storage" and place.velocity_class == goods.velocity_class
        ),
    ),
    Strategy("putaway_empty_bin", lambda _, place: place.is_empty and place.kind == "storage"),
    Strategy("putaway_bulk", lambda _, place: place.is_empty and place.kind == "bulk"),
    Strategy("putaway_cross_dock", lambda _, place: place.is_empty),
    Strategy("putaway_same_product", lambda _, place: place.same_product > 0),
    Strategy("putaway_shared_bin", lambda _, place: place.mixes_products),
)


def strategy_of(goods: Goods, place: Bin) -> tuple[int, Strategy] | None:
    """The first strategy that speaks for the bin, with its place in the order."""
    for rank, strategy in enumerate(STRATEGIES):
        if strategy.speaks_for(goods, place):
            return rank, strategy
    return None


def suggest(goods: Goods, bins: Iterable[Bin], warehouse_id: uuid.UUID) -> Suggestion | None:
    """The best bin that takes the whole quantity, by `STRATEGIES`; within one by class, distance and the walk."""
    ranked = rank(goods, bins, warehouse_id)
    return suggestion_of(goods, ranked) if ranked else None


def lead_of(goods: Sequence[Goods]) -> Goods:
    """Of goods that stay together those that say where they go best: what takes the most room."""
    return max(goods, key=lambda each: (each.volume_mm3, each.weight_g, each.quantity, each.product_id.bytes))


def rank(goods: Goods, bins: Iterable[Bin], warehouse_id: uuid.UUID) -> list[Bin]:
    """The bins that may be suggested, the best first. One that others carry goods to is suggested only where its
    limits say that there is room for both.
    """
    found = []
    for place in bins:
        strategy = strategy_of(goods, place)
        if strategy is None or (place.reserved.units and not place.has_limits):
            continue
        if next(faults(goods, place, warehouse_id), None) is None:
            found.append(((strategy[0], *_within(goods, place)), place))
    return [place for _key, place in sorted(found, key=lambda each: each[0])]


def _within(goods: Goods, place: Bin) -> tuple[int, float, int, str]:
    """What decides between two bins of one strategy."""
    near = place.distance_m if place.distance_m is not None else float("inf")
    return _class_distance(goods.velocity_class, place.velocity_class), near, place.walk_order, place.code


def _class_distance(goods: str, place: str) -> int:
    """How far a bin's velocity class is from the goods': 0 the same, 1 a bin for any, then the neighbour, then the end."""
    if place == "":
        return 1
    apart = abs(ord(goods) - ord(place))
    return 0 if apart == 0 else 1 + apart


def suggestion_of(goods: Goods, ranked: Sequence[Bin]) -> Suggestion:
    best = ranked[0]
    others = tuple(
        (place.location_id, place.code, reason_for(goods, place)) for place in ranked[1 : 1 + SUGGESTED_ALTERNATIVES]
    )
    return Suggestion(best.location_id, best.code, reason_for(goods, best), others)


def reason_for(goods: Goods, place: Bin) -> Reason:
    """What speaks for a bin, in the words of its strategy."""
    found = strategy_of(goods, place)
    if found is None:
        return Reason("putaway_last", {"code": place.code})
    code, params = found[1].code, {"code": place.code}
    if code == "putaway_orders_wait":
        return Reason(code, {**params, "quantity": goods.awaited})
    if code == "putaway_same_lot":
        return Reason(code, {**params, "quantity": place.same_lot})
    if code == "putaway_same_product":
        return Reason(code, {**params, "quantity": place.same_product})
    if code == "putaway_near_pick_face":
        return Reason(code, {**params, "metres": round(place.distance_m or 0)})
    if code == "putaway_empty_of_class":
        return Reason(code, {**params, "class": goods.velocity_class})
    return Reason(code, params)


def verdict(goods: Goods, place: Bin, warehouse_id: uuid.UUID) -> Verdict:
    """One bin asked: every fault, or what speaks for it."""
    found = tuple(faults(goods, place, warehouse_id))
    if not found and place.reserved.units and not place.has_limits:
        found = (Reason("location_reserved", {"code": place.code}),)
    return Verdict(place, found, None if found else reason_for(goods, place))
