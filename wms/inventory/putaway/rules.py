"""Pure decisions of putaway: whether goods may stand in a bin, and which bin is best for them, with the reason.

First form: a bin is suggested, not kept; two people may be shown the same empty bin, and the second one to scan it is
told what stands there now.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wms.core.refusals import Refused

GOOD = "good"
# Where goods are put away. What is not good may also wait for a decision at inspection.
PLACES = frozenset({"storage", "bulk", "pick_face", "cross_dock"})
INSPECTION = "inspection"
SUGGESTED_ALTERNATIVES = 3


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

    @property
    def weight_g(self) -> int:
        return self.quantity * self.unit_weight_g

    @property
    def volume_mm3(self) -> int:
        return self.quantity * self.unit_volume_mm3


@dataclass(frozen=True)
class Bin:
    """A place with what stands in it now. Limits of None mean: no limit is known."""

    location_id: uuid.UUID
    warehouse_id: uuid.UUID
    code: str
    kind: str
    walk_order: int
    is_active: bool = True
    max_weight_g: int | None = None
    max_volume_mm3: int | None = None
    mixes_products: bool = False
    weight_g: int = 0
    volume_mm3: int = 0
    same_product: int = 0  # units of this very product, whatever lot
    same_lot: int = 0  # units of this product and lot in this condition
    other_products: int = 0  # units of anything else
    other_status: int = 0  # units under another customs status

    @property
    def is_empty(self) -> bool:
        return self.same_product == 0 and self.other_products == 0


@dataclass(frozen=True)
class Content:
    """What stands in a place: units by product, and units by customs status."""

    products: Mapping[uuid.UUID, int]
    statuses: Mapping[str, int]


@dataclass(frozen=True)
class Reason:
    """Why a bin: a code and its parameters, made into words at the edge."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Suggestion:
    """The best bin, why, and the next best ones (without reasons)."""

    location_id: uuid.UUID
    code: str
    reason: Reason
    alternatives: tuple[tuple[uuid.UUID, str], ...] = ()


def refusal(goods: Goods, place: Bin, warehouse_id: uuid.UUID) -> Refused | None:
    """Why these goods may not stand in this bin; None when they may."""
    if place.warehouse_id != warehouse_id:
        return Refused("location_foreign", {})
    if not place.is_active:
        return Refused("location_closed", {"code": place.code})
    if place.kind not in PLACES and not (place.kind == INSPECTION and goods.condition != GOOD):
        return Refused("location_wrong_kind", {"code": place.code, "kind": place.kind})
    if place.other_status:
        return Refused("location_other_status", {"code": place.code})
    if place.other_products and not place.mixes_products:
        return Refused("location_other_product", {"code": place.code})
    return _room_refusal(goods, place)


def refusal_of_all(goods: Sequence[Goods], place: Bin, content: Content, warehouse_id: uuid.UUID) -> Refused | None:
    """Why these goods may not all stand in this bin; None when they may. Each meets those that came in before it."""
    products, statuses = Counter(content.products), Counter(content.statuses)
    weight, volume = place.weight_g, place.volume_mm3
    for each in goods:
        same = products[each.product_id]
        seen = replace(
            place, weight_g=weight, volume_mm3=volume, same_product=same, other_products=products.total() - same,
            other_status=statuses.total() - statuses[each.customs_status],
        )  # fmt: skip
        found = refusal(each, seen, warehouse_id)
        if found is not None:
            return found
        products[each.product_id] += each.quantity
        statuses[each.customs_status] += each.quantity
        weight, volume = weight + each.weight_g, volume + each.volume_mm3
    return None


def _room_refusal(goods: Goods, place: Bin) -> Refused | None:
    fits = units_that_fit(goods, place)
    if fits is None or fits >= goods.quantity:
        return None
    return Refused("location_full", {"code": place.code, "fits": fits, "wanted": goods.quantity})


def units_that_fit(goods: Goods, place: Bin) -> int | None:
    """How many more units the bin takes by weight and volume; None when it has no limits."""
    limits = []
    if place.max_weight_g is not None:
        limits.append(max(place.max_weight_g - place.weight_g, 0) // max(goods.unit_weight_g, 1))
    if place.max_volume_mm3 is not None:
        limits.append(max(place.max_volume_mm3 - place.volume_mm3, 0) // max(goods.unit_volume_mm3, 1))
    return min(limits) if limits else None


def suggest(goods: Goods, bins: Iterable[Bin], warehouse_id: uuid.UUID) -> Suggestion | None:
    """The best bin that takes the whole quantity. Order: `_rank`; within it, along the walk."""
    open_bins = [place for place in bins if refusal(goods, place, warehouse_id) is None]
    ranked = sorted(open_bins, key=lambda place: (_rank(goods, place), place.walk_order, place.code))
    return _suggestion(goods, ranked) if ranked else None


def _rank(goods: Goods, place: Bin) -> int:
    """Same product and lot; then a free pick face; then an empty bin; then bulk; then one that mixes products."""
    if goods.condition != GOOD:
        return 0 if place.kind == INSPECTION else 9
    if place.same_lot:
        return 1
    if place.is_empty:
        return {"pick_face": 2, "storage": 3, "bulk": 4}.get(place.kind, 5)
    return 6 if place.same_product else 7


def _suggestion(goods: Goods, ranked: Sequence[Bin]) -> Suggestion:
    best = ranked[0]
    others = tuple((place.location_id, place.code) for place in ranked[1 : 1 + SUGGESTED_ALTERNATIVES])
    return Suggestion(best.location_id, best.code, _reason(goods, best), others)


def _reason(goods: Goods, place: Bin) -> Reason:
    if goods.condition != GOOD and place.kind == INSPECTION:
        return Reason("putaway_not_good", {"code": place.code})
    if place.same_lot:
        return Reason("putaway_same_lot", {"code": place.code, "quantity": place.same_lot})
    if place.is_empty:
        code = {"pick_face": "putaway_pick_face", "bulk": "putaway_bulk"}.get(place.kind, "putaway_empty_bin")
        return Reason(code, {"code": place.code})
    if place.same_product:
        return Reason("putaway_same_product", {"code": place.code, "quantity": place.same_product})
    return Reason("putaway_shared_bin", {"code": place.code})
