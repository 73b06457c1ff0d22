"""Plans of boxes: what the bench is shown, and what it is told where there is none. Every plan is checked independently."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from wms.outbound.boxing import MOST_UNITS, Box, Goods, merged, plan
from wms.planning.cartons import Aim

SMALL = Box("1", "S", "C-S-1", "Small", "carton", (200, 150, 110), 85, 5_000, 28, True)
LARGE = Box("2", "L", "C-L-2", "Large", "carton", (450, 320, 300), 410, 25_000, 82, True)
BAG = Box("3", "B", "C-B-3", "Bag", "bag", (240, 170, 40), 12, 1_500, 6, False)
CABLE = Goods("CABLE", 2, (120, 80, 20), 35)
MUG = Goods("MUG", 3, (90, 90, 200), 320)


def units(box: dict) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
    """(line, corner, far corner) of every unit."""
    found = []
    for line, x, y, z, w, d, h, across, deep, high in box["goods"]:
        for i in range(across):
            for j in range(deep):
                for k in range(high):
                    corner = (x + i * w, y + j * d, z + k * h)
                    found.append((line, corner, (corner[0] + w, corner[1] + d, corner[2] + h)))
    return found


def check(found: dict, goods: list[Goods], boxes: list[Box]) -> None:
    """Everything is in, once, within its box, as it may stand, without overlap, and no box is too heavy."""
    known = {each.id: each for each in boxes}
    packed: dict[int, int] = {}
    for box in found["boxes"]:
        placed = units(box)
        assert len(placed) == box["units"]
        weight = known[box["id"]].empty_g
        for line, corner, far in placed:
            item = goods[line - 1]
            packed[line] = packed.get(line, 0) + 1
            weight += item.weight_g
            assert all(0 <= low < high <= side for low, high, side in zip(corner, far, box["inner_mm"], strict=True))
            sides = [high - low for low, high in zip(corner, far, strict=True)]
            assert sorted(sides) == sorted(item.size_mm)
            assert not item.upright or sides[2] == item.size_mm[2]
            assert item.hazard is None or known[box["id"]].dangerous
        assert weight <= known[box["id"]].max_g
        for (_, a, b), (_, c, d) in combinations(placed, 2):
            assert any(b[axis] <= c[axis] or d[axis] <= a[axis] for axis in range(3))
    assert packed == {line: each.quantity for line, each in enumerate(goods, 1) if each.quantity}


@pytest.mark.parametrize(
    ("goods", "codes"),
    [
        ([CABLE], ["B"]),
        ([MUG], ["L"]),
        ([CABLE, MUG], ["L"]),
        ([Goods("MUG", 0, (90, 90, 200), 320), CABLE], ["B"]),
        ([Goods("BATTERY", 1, (120, 80, 20), 35, hazard="9")], ["S"]),
        ([Goods("BOTTLE", 3, (60, 60, 200), 300, upright=True, fragile=True)], ["L"]),
        ([Goods("BRICK", 4, (100, 100, 100), 9_000)], ["L", "L"]),
        ([Goods("MUG", 120, (90, 90, 200), 320)], ["L"] * 6),
    ],
)
def test_the_plan_holds(goods: list[Goods], codes: list[str]) -> None:
    boxes = [SMALL, LARGE, BAG]
    found = plan(goods, boxes)
    assert [each["code"] for each in found["boxes"]] == codes
    check(found, goods, boxes)
    assert [each["code"] for each in found["choices"]] == ["S", "L", "B"]


@pytest.mark.parametrize(
    ("goods", "boxes", "why"),
    [
        ([CABLE], [], {"code": "no_packaging", "sku": None}),
        ([CABLE, Goods("NEW", 1, (1, 1, 1), 1)], [LARGE], {"code": "no_size", "sku": "NEW"}),
        ([Goods("NEW", 1, (300, 0, 20), 1)], [LARGE], {"code": "no_size", "sku": "NEW"}),
        ([CABLE, Goods("ROD", 1, (900, 10, 10), 40)], [LARGE], {"code": "fits_none", "sku": "ROD"}),
        ([Goods("LEAD", 1, (90, 90, 90), 30_000)], [LARGE], {"code": "fits_none", "sku": "LEAD"}),
        ([Goods("ACID", 1, (90, 90, 30), 100, hazard="8")], [BAG], {"code": "fits_none", "sku": "ACID"}),
        ([Goods("PIN", MOST_UNITS + 1, (5, 5, 5), 1)], [LARGE], {"code": "too_many", "sku": None}),
    ],
)
def test_why_there_is_no_plan(goods: list[Goods], boxes: list[Box], why: dict) -> None:
    found = plan(goods, boxes)
    assert found["why"] == why
    assert "boxes" not in found


@pytest.mark.parametrize("boxes", [[SMALL, LARGE, BAG], []])
def test_what_ships_in_its_own_carton_is_a_parcel_each_and_needs_no_box(boxes: list[Box]) -> None:
    own = replace(CABLE, sku="OWN", quantity=2, own=True)
    found = plan([own], boxes)["boxes"]
    assert [(each["id"], each["kind"], each["units"], each["goods"]) for each in found] == [
        (None, "own", 1, [[1, 0, 0, 0, *own.size_mm, 1, 1, 1]])
    ] * 2
    beside = plan([own, CABLE], boxes)
    if not boxes:
        assert beside["why"]["code"] == "no_packaging"
        return
    assert [each["kind"] == "own" for each in beside["boxes"]][:3] == [True, True, False]
    assert {block[0] for each in beside["boxes"][2:] for block in each["goods"]} == {2}


def test_a_thing_without_size_does_not_matter_once_it_is_packed() -> None:
    assert "boxes" in plan([CABLE, Goods("NEW", 0, (1, 1, 1), 1)], [LARGE])


def test_equal_units_side_by_side_become_one_block() -> None:
    grid = [(1, x, y, z, 10, 20, 30, 1, 1, 1) for x in (0, 10, 20) for y in (0, 20) for z in (0, 30)]
    assert merged(grid) == [(1, 0, 0, 0, 10, 20, 30, 3, 2, 2)]
    apart = [(1, 0, 0, 0, 10, 20, 30, 1, 1, 1), (1, 11, 0, 0, 10, 20, 30, 1, 1, 1), (2, 21, 0, 0, 10, 20, 30, 1, 1, 1)]
    assert merged(apart) == apart


TALL = Box("4", "T", "C-T-4", "Tall", "carton", (240, 170, 90), 30, 3_000, 13, True)


@pytest.mark.parametrize(("aim", "codes"), [(Aim.FEWEST, ["T"]), (Aim.CHEAPEST, ["B", "B"])])
def test_the_cheapest_may_be_more_boxes(aim: Aim, codes: list[str]) -> None:
    """Two bags at 6 cost less than the one carton at 13 that would hold it all."""
    goods, boxes = [Goods("PAD", 2, (200, 150, 38), 200)], [BAG, TALL]
    found = plan(goods, boxes, aim)
    check(found, goods, boxes)
    assert [box["code"] for box in found["boxes"]] == codes
