"""Slotting: what it says it saves is saved, walk for walk, by the shortest walks of an independent program."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.planning.commands import Standard
from tests.planning.oracles import Graph
from tests.planning.test_route import SIZES, a_layout, some_stops

LAYOUT = {"blocks": 1, "aisles": 4, "bays_per_aisle": 6, **SIZES}


def walked(layout: dict[str, Any], where: dict[str, Any], walks: list[list[str]]) -> float:
    graph = Graph(layout)
    return sum(graph.shortest([where[sku] for sku in walk]) for walk in walks) / 100


@pytest.mark.parametrize("blocks", [1, 2])
def test_every_move_saves_what_it_says(standard: Standard, blocks: int) -> None:
    moved = 0
    for seed in range(6):
        dice = random.Random(seed)
        layout = a_layout(dice, blocks) | {"aisles": 5, "bays_per_aisle": 6, "depot": {"aisle": 2}}
        stops = some_stops(dice, layout, 14)
        where = {f"p{number}": stop for number, stop in enumerate(stops[: max(1, len(stops) - 2)])}
        products = [{"sku": sku, "stop": stop, "fixed": sku == "p0", "storage": "ab"[index % 2]}
                    for index, (sku, stop) in enumerate(where.items())]  # fmt: skip
        free = [{"stop": stop, "storage": "a"} for stop in stops[len(where) :]]
        skus = sorted(where)
        walks = [list({dice.choice(skus) for _ in range(dice.randint(1, 4))}) for _ in range(25)]
        problem = {"layout": layout, "products": products, "free": free, "walks": walks, "days": 5}
        advice = standard.plan("slotting", problem)
        metres = walked(layout, where, walks) / 5
        assert advice["walked_m_a_day"] == pytest.approx(metres)
        storage = {each["sku"]: each["storage"] for each in products}
        for move in advice["moves"]:
            assert where[move["sku"]] == move["from"]
            assert "p0" not in (move["sku"], move["exchanged_with"])
            if move["exchanged_with"] is not None:
                assert where[move["exchanged_with"]] == move["to"]
                assert storage[move["exchanged_with"]] == storage[move["sku"]]
                where[move["exchanged_with"]] = move["from"]
            else:
                assert move["to"] not in where.values()
                assert storage[move["sku"]] == "a"
            where[move["sku"]] = move["to"]
            after = walked(layout, where, walks) / 5
            assert move["saves_m_a_day"] == pytest.approx(metres - after)
            assert move["saves_m_a_day"] > 0
            metres, moved = after, moved + 1
        assert advice["after_m_a_day"] == pytest.approx(metres)
    assert moved > 5


def test_the_favourite_comes_to_the_front(standard: Standard) -> None:
    products = [{"sku": "often", "stop": [1, 4, 6]}, {"sku": "seldom", "stop": [1, 1, 1]}]
    problem = {"layout": LAYOUT, "products": products, "walks": [["often"]] * 9 + [["seldom"]], "max_moves": 3}
    advice = standard.plan("slotting", problem)
    assert [(move["sku"], move["to"], move["exchanged_with"]) for move in advice["moves"]] == [
        ("often", [1, 1, 1], "seldom")
    ]
    assert standard.plan("slotting", problem | {"walks": [["seldom"]]})["moves"] == []


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        (
            {"products": [{"sku": "a", "stop": [1, 1, 1]}, {"sku": "b", "stop": [1, 1, 1]}]},
            "/products/1/stop",
            "unique",
        ),
        ({"products": [{"sku": "a", "stop": [1, 1, 1]}, {"sku": "a", "stop": [1, 1, 2]}]}, "/products/1/sku", "unique"),
        ({"free": [{"stop": [1, 1, 1]}]}, "/free/0/stop", "unique"),
        ({"walks": [["a"], ["a", "z"]]}, "/walks/1/1", "known"),
        ({"walks": []}, "/walks", "too_few"),
        ({"days": 0}, "/days", "positive"),
        ({"max_moves": 0}, "/max_moves", "range"),
    ],
)
def test_what_is_refused(standard: Standard, change: Any, field: str, rule: str) -> None:
    problem = {"layout": LAYOUT, "products": [{"sku": "a", "stop": [1, 1, 1]}], "walks": [["a"]]}
    assert standard.error("slotting", problem | change) == (field, rule)
