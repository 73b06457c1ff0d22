"""Which bin takes which goods, and which one is best: pure decisions."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from wms.inventory.putaway.rules import Bin, Content, Goods, refusal, refusal_of_all, suggest, units_that_fit

HERE = uuid.UUID(int=1)
GOODS = Goods(product_id=uuid.UUID(int=9), quantity=10, unit_weight_g=300, unit_volume_mm3=1_000_000)


def place(code: str = "A-1", kind: str = "storage", **facts: Any) -> Bin:
    return Bin(uuid.uuid4(), HERE, code, kind, facts.pop("walk_order", 1), **facts)


@pytest.mark.parametrize(
    ("bin_", "code"),
    [
        (place(), None),
        (place(is_active=False), "location_closed"),
        (replace(place(), warehouse_id=uuid.UUID(int=2)), "location_foreign"),
        *[(place(kind=kind), "location_wrong_kind")
          for kind in ("dock", "inspection", "returns", "packing", "tote", "gate", "unaccounted")],
        *[(place(kind=kind), None) for kind in ("bulk", "pick_face", "cross_dock")],
        (place(other_products=1), "location_other_product"),
        (place(other_products=1, mixes_products=True), None),
        (place(same_product=5), None),
        (place(other_status=1, same_product=1), "location_other_status"),
        (place(max_weight_g=3_000), None),
        (place(max_weight_g=2_999), "location_full"),
        (place(max_weight_g=4_000, weight_g=1_001), "location_full"),
        (place(max_volume_mm3=10_000_000), None),
        (place(max_volume_mm3=9_999_999), "location_full"),
        (place(max_weight_g=1_000, weight_g=5_000), "location_full"),
    ],
)  # fmt: skip
def test_what_a_bin_refuses(bin_, code):
    found = refusal(GOODS, bin_, HERE)
    assert (found.code if found else None) == code


def test_what_is_not_good_may_wait_at_inspection():
    assert refusal(replace(GOODS, condition="damaged"), place(kind="inspection"), HERE) is None


@pytest.mark.parametrize(
    ("bin_", "fits"),
    [(place(), None), (place(max_weight_g=900), 3), (place(max_weight_g=900, max_volume_mm3=2_500_000), 2),
     (place(max_weight_g=900, weight_g=1_200), 0)],
)  # fmt: skip
def test_units_that_fit(bin_, fits):
    assert units_that_fit(GOODS, bin_) == fits


OTHER = replace(GOODS, product_id=uuid.UUID(int=8), quantity=2)
EMPTY = Content({}, {})


@pytest.mark.parametrize(
    ("goods", "bin_", "content", "code"),
    [
        ([GOODS, OTHER], place(), EMPTY, "location_other_product"),
        ([GOODS, OTHER], place(mixes_products=True), EMPTY, None),
        ([GOODS, replace(GOODS, condition="damaged")], place(), EMPTY, None),
        ([GOODS, replace(GOODS, condition="damaged")], place(kind="inspection"), EMPTY, "location_wrong_kind"),
        ([GOODS], place(), Content({GOODS.product_id: 1}, {"none": 1}), None),
        ([GOODS], place(), Content({OTHER.product_id: 1}, {"none": 1}), "location_other_product"),
        ([GOODS], place(), Content({GOODS.product_id: 1}, {"bonded": 1}), "location_other_status"),
        ([GOODS, replace(GOODS, customs_status="bonded")], place(), EMPTY, "location_other_status"),
        ([GOODS, OTHER], place(mixes_products=True, max_weight_g=3_600), EMPTY, None),
        ([GOODS, OTHER], place(mixes_products=True, max_weight_g=3_599), EMPTY, "location_full"),
        ([GOODS, OTHER], place(mixes_products=True, max_volume_mm3=11_999_999), EMPTY, "location_full"),
        ([GOODS, OTHER], place(mixes_products=True, max_weight_g=4_000, weight_g=401), EMPTY, "location_full"),
    ],
)
def test_what_a_bin_refuses_of_several_goods_together(goods, bin_, content, code):
    found = refusal_of_all(goods, bin_, content, HERE)
    assert (found.code if found else None) == code


def best(*bins: Bin, goods: Goods = GOODS) -> tuple[str, str] | None:
    found = suggest(goods, bins, HERE)
    return None if found is None else (found.code, found.reason.code)


def test_the_same_lot_goes_together_then_a_pick_face_then_the_nearest_empty_bin():
    same = place("S", same_product=4, same_lot=4, walk_order=90)
    face = place("F", "pick_face", walk_order=50)
    near, far = place("N", walk_order=2), place("X", walk_order=7)
    bulk = place("B", "bulk", walk_order=1)
    other_lot = place("O", same_product=3, walk_order=1)
    shared = place("M", other_products=3, mixes_products=True, walk_order=1)
    every = [shared, other_lot, bulk, far, near, face, same]
    wanted = [
        ("S", "putaway_same_lot"), ("F", "putaway_pick_face"), ("N", "putaway_empty_bin"), ("X", "putaway_empty_bin"),
        ("B", "putaway_bulk"), ("O", "putaway_same_product"), ("M", "putaway_shared_bin"),
    ]  # fmt: skip
    for expected in wanted:
        assert best(*every) == expected
        every = [each for each in every if each.code != expected[0]]
    assert best(*every) is None


def test_a_bin_without_room_for_all_is_passed_over():
    full = place("S", same_product=4, same_lot=4, max_weight_g=1_500, weight_g=1_200)
    assert best(full, place("N", walk_order=9)) == ("N", "putaway_empty_bin")


def test_three_alternatives_are_named_in_order():
    found = suggest(GOODS, [place(f"A-{n}", walk_order=n) for n in (5, 3, 1, 4, 2)], HERE)
    assert found is not None
    assert found.code == "A-1"
    assert [code for _, code, _ in found.alternatives] == ["A-2", "A-3", "A-4"]


def test_damaged_goods_are_sent_to_inspection():
    goods = replace(GOODS, condition="damaged")
    assert best(place("N"), place("INSP", "inspection", mixes_products=True), goods=goods) == (
        "INSP",
        "putaway_not_good",
    )
