"""Cartons: every packing is checked by a program of its own, and the numbers where the best answer is known."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest

from tests.planning.commands import Standard
from tests.planning.packed import check
from tests.planning.test_route import Clock
from wms.planning.budget import Budget
from wms.planning.cartons import Aim, pack
from wms.planning.packing import Carton, Kind, Places, Way, Work, fill

CARTONS = [
    {"name": "S", "inner_mm": [200, 150, 100], "outer_mm": [206, 156, 106], "empty_g": 80, "max_g": 3000, "cost": 4},
    {"name": "M", "inner_mm": [300, 200, 150], "outer_mm": [308, 208, 158], "empty_g": 150, "max_g": 8000, "cost": 7},
    {"name": "L", "inner_mm": [400, 300, 300], "outer_mm": [410, 310, 310], "empty_g": 350, "max_g": 15000, "cost": 12},
    {"name": "flat", "inner_mm": [320, 230, 20], "empty_g": 30.5, "max_g": 2000, "cost": 2, "takes_dangerous": False},
]


def some_items(dice: random.Random, plain: bool) -> list[dict[str, Any]]:
    items = []
    for number in range(dice.randint(1, 8)):
        item: dict[str, Any] = {
            "sku": f"s{number}",
            "quantity": dice.randint(1, 25),
            "size_mm": [dice.choice([12.5, 30, 55, 90]), dice.randint(10, 190), dice.randint(5, 90)],
            "weight_g": dice.choice([0, 12.5, 200, 900]),
        }
        if not plain:
            item |= {"keep_upright": dice.random() < 0.3, "fragile": dice.random() < 0.2}
            if dice.random() < 0.2:
                item["dangerous"] = dice.choice(["UN3481", "UN1266"])
            if dice.random() < 0.1:
                item["ships_in_own_container"] = True
        items.append(item)
    return items


@pytest.mark.parametrize("aim", ["fewest", "cheapest"])
@pytest.mark.parametrize("plain", [True, False])
def test_every_packing_holds(standard: Standard, aim: str, plain: bool) -> None:
    several = 0
    for seed in range(24 if aim == "fewest" else 8):
        items = some_items(random.Random(seed), plain)
        plan = standard.plan("carton", {"items": items, "cartons": CARTONS, "objective": aim})
        check(plan, items, CARTONS)
        several += len(plan["cartons"]) > 1
    assert several > 2


@pytest.mark.parametrize("blocks", [0, 400])
def test_cubes_fill_cartons_to_the_last(blocks: int) -> None:
    """Where the best is known: cubes in cartons of whole cubes, one by one and (many) as blocks."""
    cube = Kind((10, 10, 10), 1)
    for sides in itertools.product((1, 2, 3), repeat=3):
        per_carton = sides[0] * sides[1] * sides[2]
        carton = Carton((10 * sides[0], 10 * sides[1], 10 * sides[2]), 0, 10_000)
        for count in (1, per_carton, per_carton + 1, 2 * per_carton, blocks * per_carton + 1):
            plan = pack([cube], [count], [carton], Aim.FEWEST, Budget())
            assert len(plan) == -(-count // per_carton)
            assert sum(content.counts[0] for content in plan) == count


def test_the_cheapest_cubes() -> None:
    """Cartons of 1, 8 and 27 cubes: the cheapest cover by dynamic programming over the number of cubes."""
    cube = Kind((10, 10, 10), 1)
    for costs in ((1, 5, 12), (1, 9, 12), (3, 4, 20), (2, 2, 2)):
        cartons = [Carton((side * 10,) * 3, 0, 10_000, cost) for side, cost in zip((1, 2, 3), costs, strict=True)]
        best = [0.0]
        for count in range(1, 36):
            best.append(min(cost + best[max(0, count - side**3)] for side, cost in zip((1, 2, 3), costs, strict=True)))
            if count not in (1, 2, 7, 8, 9, 10, 17, 27, 30, 35):
                continue
            plan = pack([cube], [count], cartons, Aim.CHEAPEST, Budget())
            assert sum(cartons[content.carton].cost for content in plan) == best[count], (costs, count)


def test_fewest_then_cheapest_then_least_void(standard: Standard) -> None:
    item = {"sku": "a", "quantity": 1, "size_mm": [100, 100, 100], "weight_g": 10}

    def chosen(cartons: list[dict[str, Any]], **more: Any) -> list[str]:
        problem = {"items": [item | {"quantity": more.get("quantity", 1)}], "cartons": cartons}
        problem |= {"objective": more.get("objective", "fewest")}
        return sorted(each["name"] for each in standard.plan("carton", problem)["cartons"])

    big = {"name": "big", "inner_mm": [200, 100, 100], "cost": 9}
    cheap = {"name": "cheap", "inner_mm": [150, 100, 100], "cost": 1}
    tight = {"name": "tight", "inner_mm": [100, 100, 100], "cost": 1}
    assert chosen([big, cheap, tight]) == ["tight"]
    assert chosen([big, cheap]) == ["cheap"]
    assert chosen([big, cheap, tight], quantity=2) == ["big"]
    assert chosen([big, cheap, tight], quantity=2, objective="cheapest") == ["tight", "tight"]
    assert chosen([big, cheap, tight], quantity=3) == ["big", "tight"]


def test_a_packing_that_needs_the_bars_turned() -> None:
    """Twelve bars fill a tall carton only if all stand on their wide side, three to a layer: an order of a real shop
    (test data of dvdoug/BoxPacker, MIT).
    """
    bars, boxes, bits = Kind((80, 285, 70), 199), Kind((106, 145, 95), 271), Kind((56, 56, 36), 60)
    plan = pack([bars, boxes, bits], [12, 6, 3], [Carton((229, 305, 520), 100, 10_000)], Aim.FEWEST, Budget())
    assert len(plan) == 1


@pytest.mark.parametrize("places", Places)
@pytest.mark.parametrize("blocks", [False, True])
def test_every_way_to_fill_a_carton_holds(places: Places, blocks: bool) -> None:
    """Each way by itself, because a plan shows only the one that won: a block reaches over an edge only as far as each of
    its units may by itself, for instance.
    """
    for seed in range(25):
        dice = random.Random(seed)
        sizes = [[dice.randint(15, 110) for _ in range(3)] for _ in range(4)]
        items = [{"sku": n, "quantity": dice.randint(1, 30), "size_mm": size, "weight_g": 1, "fragile": n == 3}
                 for n, size in enumerate(sizes)]  # fmt: skip
        kinds = [Kind((w, d, h), 1, fragile=n == 3) for n, (w, d, h) in enumerate(sizes)]
        way = Way((0, 1, 2, 3), places, blocks)
        content = fill(kinds, [item["quantity"] for item in items], way, Carton((200, 200, 160), 0, 10_000), 0, Work(0))
        packed = [{"sku": placed.kind, "position_mm": list(corner), "size_mm": list(size)}
                  for placed in content.placed for corner, size in placed.units()]  # fmt: skip
        plan = {"cartons": [{"name": "c", "items": packed, "weight_g": content.weight}]}
        counted = [item | {"quantity": content.counts.get(item["sku"], 0)} for item in items]
        check(plan, [item for item in counted if item["quantity"]],
              [{"name": "c", "inner_mm": [200, 200, 160], "empty_g": 0, "max_g": 10_000}])  # fmt: skip


def test_rules_of_the_goods(standard: Standard) -> None:
    """Each rule alone makes the difference between one carton and two."""
    carton = {"name": "c", "inner_mm": [100, 100, 100], "empty_g": 100, "max_g": 1100}
    half = {"quantity": 1, "size_mm": [100, 100, 50], "weight_g": 500}

    def cartons(**rule: Any) -> int:
        items = [
            half | {"sku": "a"} | rule,
            half | {"sku": "b"} | {name: rule[name] for name in rule if name == "weight_g"},
        ]
        plan = standard.plan("carton", {"items": items, "cartons": [carton]})
        check(plan, items, [carton])
        return len(plan["cartons"])

    assert cartons() == 1
    assert cartons(weight_g=501) == 2
    assert cartons(size_mm=[100, 100, 50.001]) == 2
    assert cartons(ships_in_own_container=True) == 2
    assert cartons(fragile=True) == 1  # on top
    both = [half | {"sku": name, "fragile": True} for name in "ab"]
    assert len(standard.plan("carton", {"items": both, "cartons": [carton]})["cartons"]) == 2
    hazards = [half | {"sku": name, "dangerous": name} for name in "ab"]
    assert len(standard.plan("carton", {"items": hazards, "cartons": [carton]})["cartons"]) == 2
    tall = [{"sku": "t", "quantity": 2, "size_mm": [50, 50, 100], "weight_g": 1},
            {"sku": "w", "quantity": 1, "size_mm": [100, 50, 100], "weight_g": 1}]  # fmt: skip
    upright = [item | {"keep_upright": True} for item in tall]
    low = [carton | {"inner_mm": [200, 100, 50], "name": "low"}, carton]
    assert [each["name"] for each in standard.plan("carton", {"items": tall, "cartons": low})["cartons"]] == ["low"]
    assert [each["name"] for each in standard.plan("carton", {"items": upright, "cartons": low})["cartons"]] == ["c"]


def test_the_same_seed_is_the_same_plan_on_any_clock() -> None:
    dice = random.Random(4)
    kinds = [
        Kind((dice.randint(10, 90), dice.randint(10, 90), dice.randint(10, 90)), dice.randint(1, 9)) for _ in range(12)
    ]
    counts = [dice.randint(1, 6) for _ in kinds]
    cartons = [Carton((150, 120, 100), 5, 400, 2), Carton((200, 200, 110), 9, 600, 3)]
    plans = [pack(kinds, counts, cartons, Aim.FEWEST, Budget(seed=1, clock=Clock(step))) for step in (0, 1e-6)]
    assert plans[0] == plans[1]
    cut = pack(kinds, counts, cartons, Aim.FEWEST, Budget(seed=1, ceiling_ms=1, clock=Clock(1)))
    assert len(plans[0]) <= len(cut)
    assert sum((Counter(content.counts) for content in cut), Counter()) == Counter(dict(enumerate(counts)))


ITEM = {"sku": "a", "quantity": 2, "size_mm": [10, 20, 30], "weight_g": 5}
CARTON = {"name": "c", "inner_mm": [100, 100, 100], "empty_g": 10, "max_g": 500}


@pytest.mark.parametrize(
    ("items", "cartons", "field", "rule"),
    [
        ([ITEM | {"size_mm": [10, 20, 101]}], [CARTON], "/items/0", "fits_carton"),
        ([ITEM, ITEM | {"weight_g": 491}], [CARTON], "/items/1", "fits_carton"),
        ([ITEM | {"size_mm": [10, 20, 90], "keep_upright": True}], [CARTON | {"inner_mm": [100, 100, 80]}],
         "/items/0", "fits_carton"),
        ([ITEM | {"dangerous": "UN1266"}], [CARTON | {"takes_dangerous": False}], "/items/0", "fits_carton"),
        ([ITEM | {"size_mm": [10, 0, 30]}], [CARTON], "/items/0/size_mm/1", "positive"),
        ([ITEM | {"size_mm": [10, -1, 30]}], [CARTON], "/items/0/size_mm/1", "range"),
        ([ITEM | {"size_mm": [10, float("nan"), 30]}], [CARTON], "/items/0/size_mm/1", "finite"),
        ([ITEM | {"size_mm": [10, 20]}], [CARTON], "/items/0/size_mm", "too_few"),
        ([ITEM | {"weight_g": float("inf")}], [CARTON], "/items/0/weight_g", "finite"),
        ([ITEM | {"quantity": 0}], [CARTON], "/items/0/quantity", "range"),
        ([ITEM | {"quantity": 1.5}], [CARTON], "/items/0/quantity", "whole"),
        ([ITEM | {"quantity": True}], [CARTON], "/items/0/quantity", "number"),
        ([ITEM | {"keep_upright": 1}], [CARTON], "/items/0/keep_upright", "boolean"),
        ([ITEM | {"quantity": 20_000}, ITEM], [CARTON], "/items", "too_many"),
        ([ITEM] * 501, [CARTON], "/items", "too_many"),
        ([], [CARTON], "/items", "too_few"),
        ([ITEM], [], "/cartons", "too_few"),
        ([ITEM], [CARTON | {"max_g": 10}], "/cartons/0/max_g", "range"),
        ([ITEM], [CARTON | {"outer_mm": [100, 99, 100]}], "/cartons/0/outer_mm", "outer"),
        ([ITEM], [CARTON | {"inner_mm": [100, 0, 100]}], "/cartons/0/inner_mm/1", "positive"),
        ([ITEM], [CARTON | {"cost": -1}], "/cartons/0/cost", "range"),
        ([ITEM], [CARTON, CARTON | {"cost": 2}], "/cartons/1/name", "unique"),
        ([ITEM | {"weight_g": 10**400}], [CARTON], "/items/0/weight_g", "range"),
        ([{"sku": "a", "size_mm": "large"}], [CARTON], "/items/0/size_mm", "list"),
    ],
)  # fmt: skip
def test_what_is_refused(standard: Standard, items: Any, cartons: Any, field: str, rule: str) -> None:
    assert standard.error("carton", {"items": items, "cartons": cartons}) == (field, rule)
