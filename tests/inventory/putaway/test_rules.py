"""Which bin takes which goods, and which one is best: pure decisions."""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from wms.catalog.schemas import DANGEROUS
from wms.inventory.errors import TEXTS
from wms.inventory.putaway.rules import (
    OVERRULED,
    Bin,
    Content,
    Goods,
    Room,
    over,
    rank,
    refusal,
    refusal_of_all,
    suggest,
    units_that_fit,
    verdict,
)
from wms.inventory.putaway.segregation import CLASSES, may_stand_together

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


OWNER, STRANGER = uuid.UUID(int=21), uuid.UUID(int=22)
OURS = replace(GOODS, owner_id=OWNER)


@pytest.mark.parametrize(
    ("goods", "bin_", "code"),
    [
        (OURS, place(owner_id=OWNER), None),
        (OURS, place(owner_id=STRANGER), "location_other_owner"),
        (OURS, place(customs_area="free"), None),
        (OURS, place(customs_area="bonded"), "location_bonded_only"),
        (replace(OURS, customs_status="bonded"), place(customs_area="bonded"), None),
        (replace(OURS, customs_status="bonded"), place(customs_area="free"), "location_not_bonded"),
        (replace(OURS, customs_status="duty_paid_returned"), place(customs_area="bonded"), "location_bonded_only"),
        (OURS, place(temperature="cool"), "location_temperature"),
        (replace(OURS, temperature="frozen"), place(), "location_temperature"),
        (replace(OURS, temperature="frozen"), place(temperature="frozen"), None),
        (replace(OURS, dangerous_class="3"), place(), "location_not_dangerous"),
        (replace(OURS, dangerous_class="3"), place(dangerous_classes=frozenset({"3"})), None),
        (OURS, place(dangerous_classes=frozenset({"3"})), "location_dangerous_only"),
        (
            replace(OURS, dangerous_class="3"),
            place(dangerous_classes=frozenset({"3", "5.1"}), standing_classes=frozenset({"5.1"}), mixes_products=True),
            "location_segregation",
        ),
        (OURS, place(is_held=True), "location_held"),
        (OURS, place(kept_for=frozenset({uuid.UUID(int=5)})), "location_kept"),
        (OURS, place(kept_for=frozenset({uuid.UUID(int=5), GOODS.product_id})), None),
        (OURS, place(same_product=4, other_lots=4), None),
        (OURS, place(same_product=4, other_lots=4, mixes_lots=False), "location_other_lot"),
        (OURS, place(max_units=10), None),
        (OURS, place(max_units=9), "location_full"),
        (OURS, place(reserved=Room(5, 0, 0), reserved_others=5), "location_reserved"),
        (OURS, place(reserved=Room(5, 0, 0), reserved_others=5, mixes_products=True), None),
        (OURS, place(max_units=12, reserved=Room(5, 0, 0)), "location_reserved"),
        (OURS, place(max_weight_g=4_000, reserved=Room(1, 1_001, 0)), "location_reserved"),
    ],
)
def test_who_may_stand_there(goods, bin_, code):
    found = refusal(goods, bin_, HERE)
    assert (found.code if found else None) == code


def test_every_code_that_may_be_overruled_is_one_that_is_said_and_none_of_safety_law_or_contract():
    hard = {
        "location_foreign", "location_closed", "location_wrong_kind", "location_other_owner", "location_bonded_only",
        "location_not_bonded", "location_temperature", "location_not_dangerous", "location_dangerous_only",
        "location_segregation", "location_other_status",
    }  # fmt: skip
    assert not OVERRULED & hard
    assert OVERRULED | hard <= set(TEXTS)


def test_overruled_means_that_only_what_may_not_be_overruled_is_refused():
    full = place(max_units=1, is_held=True)
    assert refusal(OURS, full, HERE).code == "location_held"
    assert refusal(OURS, full, HERE, overruled=True) is None
    assert refusal(OURS, replace(full, temperature="cool"), HERE, overruled=True).code == "location_temperature"


def test_a_bin_tells_everything_it_has_against_the_goods():
    bad = place("A-03-2", owner_id=STRANGER, max_weight_g=2_000, weight_g=2_200, max_volume_mm3=20_000_000)
    told = verdict(OURS, bad, HERE)
    assert [fault.code for fault in told.faults] == ["location_other_owner", "location_full"]
    assert told.faults[1].params == {"code": "A-03-2", "fits": 0, "wanted": 10, "over": "3.2 kg"}
    assert told.reason is None
    assert verdict(OURS, place(), HERE).reason.code == "putaway_empty_bin"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_weight_g": 2_999}, "0.1 kg"), ({"max_volume_mm3": 9_400_000}, "0.6 L"), ({"max_units": 8}, "2 ×"),
        ({"max_weight_g": 1_000, "max_units": 9, "max_volume_mm3": 1}, "2.0 kg, 10.0 L, 1 ×"), ({}, ""),
        ({"max_weight_g": 3_000}, ""),
    ],
)  # fmt: skip
def test_by_how_much_goods_are_too_much(limits, told):
    assert over(GOODS, place(**limits)) == told


def test_strategies_are_tried_in_their_order():
    own = place("O", kept_for=frozenset({GOODS.product_id}), walk_order=99)
    same = place("S", same_product=4, same_lot=4, walk_order=90)
    near = place("N", walk_order=80, distance_m=12.4)
    face = place("F", "pick_face", walk_order=50)
    of_class = place("C", velocity_class="C", walk_order=40)
    empty, far_class = place("E", walk_order=30), place("A", velocity_class="A", walk_order=1)
    bulk, dock = place("B", "bulk", walk_order=1), place("X", "cross_dock", walk_order=1)
    every = [dock, bulk, far_class, empty, of_class, face, near, same, own]
    wanted = [
        ("O", "putaway_fixed_bin"), ("S", "putaway_same_lot"), ("N", "putaway_near_pick_face"),
        ("F", "putaway_pick_face"), ("C", "putaway_empty_of_class"), ("E", "putaway_empty_bin"),
        ("A", "putaway_empty_bin"), ("B", "putaway_bulk"), ("X", "putaway_cross_dock"),
    ]  # fmt: skip
    for expected in wanted:
        assert best(*every) == expected
        every = [each for each in every if each.code != expected[0]]


def test_the_nearest_to_the_pick_face_is_first_whatever_the_walk():
    far, near = place("F", walk_order=1, distance_m=29.0), place("N", walk_order=9, distance_m=3.0)
    too_far = place("T", walk_order=1, distance_m=31.0)
    assert best(far, near, too_far) == ("N", "putaway_near_pick_face")
    assert best(too_far) == ("T", "putaway_empty_bin")


@pytest.mark.parametrize(("goods", "order"), [("A", "A?BC"), ("B", "B?AC"), ("C", "C?BA")])
def test_goods_go_to_bins_of_their_class_then_of_any_then_of_the_neighbour(goods, order):
    bins = [place(name, velocity_class="" if name == "?" else name, walk_order=1) for name in "ABC?"]
    ranked = rank(replace(GOODS, velocity_class=goods), bins, HERE)
    assert "".join(each.code for each in ranked) == order


def test_a_bin_on_somebodys_way_is_not_suggested_unless_its_limits_leave_room():
    unknown = place("U", reserved=Room(10, 3_000, 10_000_000))
    assert best(unknown) is None
    assert refusal(GOODS, unknown, HERE) is None  # whoever goes there anyway is not kept from it
    assert [fault.code for fault in verdict(GOODS, unknown, HERE).faults] == ["location_reserved"]
    assert best(replace(unknown, max_units=20)) == ("U", "putaway_empty_bin")
    assert best(replace(unknown, max_units=19)) is None


def test_segregation_is_symmetric_and_knows_its_classes():
    for one in CLASSES:
        assert may_stand_together(one, one)
        assert not may_stand_together(one, "1.4")
        for other in CLASSES:
            assert may_stand_together(one, other) == may_stand_together(other, one)
    apart = {pair for pair in combinations(CLASSES, 2) if not may_stand_together(*pair)}
    assert {("3", "5.1"), ("4.3", "8"), ("5.1", "5.2"), ("2.1", "3"), ("6.1", "9")} & apart == {
        ("3", "5.1"), ("4.3", "8"), ("5.1", "5.2"), ("2.1", "3"),
    }  # fmt: skip
    assert list(CLASSES) == DANGEROUS


@pytest.mark.parametrize(
    ("goods", "bin_", "content", "code"),
    [
        ([GOODS, replace(GOODS, lot_id=uuid.UUID(int=7))], place(mixes_lots=False), EMPTY, "location_other_lot"),
        ([GOODS], place(mixes_lots=False), Content({GOODS.product_id: 3}, {"none": 3}, {(GOODS.product_id, None): 3}), None),
        ([GOODS, OTHER], place(mixes_products=True, max_units=12), EMPTY, None),
        ([GOODS, OTHER], place(mixes_products=True, max_units=11), EMPTY, "location_full"),
        (
            [replace(GOODS, dangerous_class="3"), replace(OTHER, dangerous_class="5.1")],
            place(mixes_products=True, dangerous_classes=frozenset({"3", "5.1"})), EMPTY, "location_segregation",
        ),
    ],
)  # fmt: skip
def test_goods_that_come_together_meet_each_other(goods, bin_, content, code):
    found = refusal_of_all(goods, bin_, content, HERE)
    assert (found.code if found else None) == code
