"""Goods that stay together, a closed carton's: one bin where each of them may stand, with room for all, kept for all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.inventory.putaway.test_service import Floor, facts, floor, goods, hand
from tests.inventory.world import TEST, make_lot, make_product, refusal
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.inventory.putaway import fixed, reservations, rules
from wms.inventory.putaway import service as putaway
from wms.inventory.putaway.models import BinReservation
from wms.inventory.putaway.rules import Goods
from wms.inventory.service import Subject
from wms.platform.database import session

__all__ = ["floor"]


def together(floor: Floor, *wanted: Goods, holder: Subject | None = None) -> str | None:
    """The bin kept for these."""
    found = putaway.suggest_and_keep_for_all(SYSTEM, floor.house.id, wanted, holder or hand())
    session().commit()
    return None if found is None else found.suggestion.code


def led(floor: Floor, *wanted: Goods) -> rules.Suggestion:
    found = putaway.suggest_and_keep_for_all(SYSTEM, floor.house.id, wanted, hand())
    assert found is not None
    session().rollback()
    return found.suggestion


@pytest.fixture
def two(floor: Floor) -> tuple[Product, Product]:
    return floor.world.product, make_product(floor.world.seller)


def room(product: Product, units: int) -> dict[str, Any]:
    """Limits that exactly so many of it fill; all products here are of one size."""
    known = facts(product)
    volume = known.length_mm * known.width_mm * known.height_mm * units
    return {"max_units": units, "max_weight_g": known.weight_g * units, "max_volume_cm3": -(-volume // 1000)}


def test_two_cartons_are_never_sent_to_one_bin(floor: Floor, two):
    for code in ("B3", "B7"):
        floor.change(code, mixes_products=True)
    wanted = [goods(two[0], 2), goods(two[1], 3)]
    mine = hand()
    assert together(floor, *wanted, holder=mine) == "B3"
    assert together(floor, *wanted, holder=mine) == "B3"  # asked again: still mine
    assert [together(floor, *wanted), together(floor, *wanted)] == ["B7", None]
    assert sorted(
        (row.product_id, row.quantity) for row in session().query(BinReservation).filter_by(holder_id=mine.id)
    ) == (sorted([(two[0].id, 2), (two[1].id, 3)]))
    reservations.release(mine)
    session().commit()
    assert together(floor, *wanted) == "B3"


def test_one_kind_of_goods_needs_no_bin_that_mixes(floor: Floor, two):
    assert [together(floor, goods(two[0], 2)) for _ in range(2)] == ["B0", "B1"]
    assert together(floor, goods(two[0], 2), replace(goods(two[0], 1), condition="damaged")) == "B2"


def test_lots_of_one_product_meet_only_where_lots_may(floor: Floor):
    product = make_product(floor.world.seller, lot_controlled=True)
    lots = [make_lot(product, batch="L1"), make_lot(product, batch="L2")]
    for number in range(10):
        floor.change(f"B{number}", mixes_lots=number == 6)
    assert together(floor, *(goods(product, 1, lot) for lot in lots)) == "B6"


@pytest.mark.parametrize("short", ["max_units", "max_weight_g", "max_volume_cm3"])
def test_the_sum_has_to_fit(floor: Floor, two, short):
    limits = room(two[0], 5)
    floor.change("B2", mixes_products=True, **limits)
    wanted = [goods(two[0], 2), goods(two[1], 3)]
    mine = hand()
    assert together(floor, *wanted, holder=mine) == "B2"
    reservations.release(mine)
    floor.change("B2", **{short: limits[short] - 1})
    assert together(floor, *wanted) is None


def test_what_others_carry_there_counts(floor: Floor, two):
    floor.change("B2", mixes_products=True, max_units=9)
    wanted = [goods(two[0], 2), goods(two[1], 3)]
    assert [together(floor, *wanted), together(floor, *wanted)] == ["B2", None]
    dock = floor.arrived(two[0], 5)
    told = refusal(putaway.place, SYSTEM, dock, floor.bins["B2"], 5, TEST)
    assert (told.code, told.params["fits"]) == ("location_reserved", 4)
    session().rollback()
    putaway.place(SYSTEM, dock, floor.bins["B2"], 4, TEST)
    session().commit()


@pytest.mark.parametrize(
    "odd", [{"temperature": "chilled"}, {"dangerous_class": "3"}], ids=lambda odd: next(iter(odd))
)  # fmt: skip
def test_each_of_them_has_to_be_allowed_there(floor: Floor, odd):
    """The one that takes the least room decides as much as the one that leads."""
    seller = floor.world.seller
    classes = [odd["dangerous_class"]] if "dangerous_class" in odd else []
    zone = floor.make_zone("Y", temperature=odd.get("temperature", "ambient"), dangerous_classes=classes)
    floor.make("Y1", zone=zone, mixes_products=True)
    floor.change("B1", mixes_products=True)
    plain, other = make_product(seller), make_product(seller, **odd)
    for some, more in ((1, 50), (50, 1)):
        assert together(floor, goods(plain, some), goods(other, more)) is None
    assert together(floor, goods(other, 1), goods(make_product(seller, **odd), 1)) == "Y1"


def test_the_lead_s_words_and_the_way_to_where_it_stands(floor: Floor, two):
    floor.change("B5", mixes_products=True)
    floor.change("B1", mixes_products=True)
    floor.put(two[0], 3, "B5")
    found = led(floor, goods(two[0], 9), goods(two[1], 1))
    assert (found.code, found.reason.code, found.reason.params["quantity"]) == ("B5", "putaway_same_lot", 3)
    found = led(floor, goods(two[0], 1), goods(two[1], 9))
    assert (found.code, found.reason.code) == ("B1", "putaway_empty_bin")
    assert rules.lead_of([goods(two[0], 1), goods(two[1], 9)]).product_id == two[1].id


def test_another_kind_of_goods_lets_go_what_was_kept_before(floor: Floor, two):
    floor.change("B3", mixes_products=True)
    mine = hand()
    together(floor, goods(two[0], 2), goods(two[1], 3), holder=mine)
    assert together(floor, goods(two[1], 1), holder=mine) == "B0"
    assert [(row.product_id, row.quantity) for row in session().query(BinReservation)] == [(two[1].id, 1)]


def test_two_lots_on_their_way_do_not_meet_where_lots_are_kept_apart(floor: Floor):
    """The bin is empty and has room for both; the first lot only is on its way to it."""
    product = make_product(floor.world.seller, lot_controlled=True)
    lots = [make_lot(product, batch="L1"), make_lot(product, batch="L2")]
    for number in range(10):
        floor.change(f"B{number}", mixes_lots=False, max_units=100, is_active=number < 2)
    fixed_bin = floor.bins["B0"]
    fixed.keep_for(SYSTEM, fixed_bin, product.id)
    session().commit()
    assert together(floor, goods(product, 1, lots[0])) == "B0"
    assert together(floor, goods(product, 1, lots[0])) == "B0"  # more of the same may follow
    choice = putaway.suggest_and_keep(SYSTEM, floor.house.id, goods(product, 1, lots[1]), hand())
    assert choice is not None and choice.suggestion.code == "B1"
    dock = floor.arrived(product, 1, lots[1])
    assert refusal(putaway.place, SYSTEM, dock, fixed_bin, 1, TEST).code == "location_reserved"
    session().rollback()
