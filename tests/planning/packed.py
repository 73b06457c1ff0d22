"""Whether a carton plan can be packed: a checker that knows nothing of how it was made. bench/planning uses it too."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any


def check(plan: dict[str, Any], items: list[dict[str, Any]], cartons: list[dict[str, Any]]) -> None:
    """Everything is packed once, inside, apart, the right way up, not hanging in the air, below the weight."""
    by_sku = {item["sku"]: item for item in items}
    by_name = {carton["name"]: carton for carton in cartons}
    packed: Counter[Any] = Counter()
    for each in plan["cartons"]:
        goods = [by_sku[unit["sku"]] for unit in each["items"]]
        packed.update(item["sku"] for item in goods)
        if each["name"] == "own container":
            assert [item["ships_in_own_container"] for item in goods] == [True]
            assert each["weight_g"] == goods[0]["weight_g"]
            continue
        carton = by_name[each["name"]]
        assert not any(item.get("ships_in_own_container") for item in goods)
        weight = carton["empty_g"] + sum(item["weight_g"] for item in goods)
        assert abs(each["weight_g"] - weight) < 1e-6
        assert weight <= carton["max_g"] + 1e-9
        hazards = {item.get("dangerous") for item in goods} - {None}
        assert len(hazards) <= (1 if carton.get("takes_dangerous", True) else 0)
        for unit, item in zip(each["items"], goods, strict=True):
            assert sorted(unit["size_mm"]) == sorted(item["size_mm"])
            if item.get("keep_upright"):
                assert unit["size_mm"][2] == item["size_mm"][2]
            assert all(
                at >= 0 and at + side <= inner
                for at, side, inner in zip(unit["position_mm"], unit["size_mm"], carton["inner_mm"], strict=True)
            )
            assert supported(unit, each["items"])
        for (one, item), (other, its) in itertools.combinations(list(zip(each["items"], goods, strict=True)), 2):
            assert any(overlap(one, other, axis) <= 0 for axis in range(3)), (one, other)
            for lower, kind, upper in ((one, item, other), (other, its, one)):
                above = upper["position_mm"][2] >= lower["position_mm"][2] + lower["size_mm"][2]
                over = overlap(lower, upper, 0) > 0 and overlap(lower, upper, 1) > 0
                assert not (kind.get("fragile") and above and over)
    assert packed == Counter({item["sku"]: item["quantity"] for item in items})


def overlap(one: dict[str, Any], other: dict[str, Any], axis: int) -> float:
    start = max(one["position_mm"][axis], other["position_mm"][axis])
    return min(each["position_mm"][axis] + each["size_mm"][axis] for each in (one, other)) - start


def supported(unit: dict[str, Any], others: list[dict[str, Any]]) -> bool:
    """At least half of the base stands on the floor or on what ends just below."""
    floor = unit["position_mm"][2]
    if floor == 0:
        return True
    below = [other for other in others if abs(other["position_mm"][2] + other["size_mm"][2] - floor) < 1e-9]
    rests = sum(max(0, overlap(unit, other, 0)) * max(0, overlap(unit, other, 1)) for other in below)
    return rests >= unit["size_mm"][0] * unit["size_mm"][1] / 2 - 1e-9
