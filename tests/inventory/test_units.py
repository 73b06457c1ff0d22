"""A container moved as a whole: everything in it and itself, or nothing."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text, update

from tests.inventory.world import (
    TEST,
    House,
    World,
    allocated,
    amounts,
    book_line,
    make_house,
    make_lot,
    make_product,
    move,
    promised,
    refusal,
    summary,
)
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import RefusalKind
from wms.facility.models import HandlingUnit, Location
from wms.inventory import holds, service, units
from wms.inventory.models import HoldScope
from wms.inventory.rules import Reason
from wms.platform.database import session


def loaded(house: House, *goods: Any, place: str = "storage") -> uuid.UUID:
    """A pallet at a place with units of these (product, quantity) on it; in bond they are booked."""
    pallet = house.unit("pallet", place)
    for product, quantity in goods:
        loose = house.stocked(product, quantity, place)
        move(loose, replace(loose, handling_unit_id=pallet), quantity)
    session().commit()
    return pallet


def carry(house: House, unit: uuid.UUID, place: str) -> units.MovedUnit:
    moved = units.move_unit(SYSTEM, unit, house.at(place), TEST)
    session().commit()
    return moved


def refused(house: House, unit: uuid.UUID, place: str) -> str:
    return refusal(units.move_unit, SYSTEM, unit, house.at(place), TEST).code


def stands(unit: uuid.UUID) -> uuid.UUID:
    return session().get_one(HandlingUnit, unit, populate_existing=True).location_id


def moves_of(posting_id: uuid.UUID | None) -> int:
    found = session().execute(text("SELECT count(*) FROM stock_move WHERE posting_id = :id"), {"id": posting_id})
    return int(found.scalar_one())


def test_everything_in_it_goes_in_one_posting(world: World):
    house, theirs = world.overseas, make_product(world.other_seller)
    second = make_product(world.seller)
    pallet = loaded(house, (world.product, 5), (theirs, 3), (second, 2))
    moved = carry(house, pallet, "bin2")
    assert (moved.units, moves_of(moved.posting_id), stands(pallet)) == (10, 3, house.at("bin2"))
    for product, quantity in ((world.product, 5), (theirs, 3), (second, 2)):
        assert amounts(house.goods(product, "bin2", unit=pallet)) == (quantity, 0)
        assert summary(house, product) == (quantity, 0)


def test_what_stands_loose_in_its_bin_stays(world: World):
    house = world.overseas
    pallet = loaded(house, (world.product, 5))
    loose = house.stocked(world.product, 4)
    carry(house, pallet, "bulk")
    assert (amounts(loose), amounts(house.goods(world.product, "bulk", unit=pallet))) == ((4, 0), (5, 0))


def test_an_empty_one_is_moved_without_a_posting(world: World):
    house = world.overseas
    tote = house.unit()
    for place in ("packing", "tote2", "storage"):
        before = stands(tote)
        assert carry(house, tote, place) == units.MovedUnit(tote, 0, None, before)
        assert stands(tote) == house.at(place)
    assert session().execute(text("SELECT count(*) FROM stock_posting")).scalar_one() == 0


def test_age_and_condition_go_along(world: World, test_clock):
    house = world.overseas
    pallet = loaded(house, (world.product, 5))
    age = text("SELECT oldest_at FROM balance WHERE handling_unit_id = :unit AND on_hand > 0")
    before = session().execute(age, {"unit": pallet}).scalar_one()
    test_clock.forward(days=3)
    carry(house, pallet, "bin2")
    assert session().execute(age, {"unit": pallet}).scalar_one() == before


def test_out_of_the_bins_it_does_not_sell(world: World):
    house = world.overseas
    pallet = loaded(house, (world.product, 5))
    carry(house, pallet, "inspection")
    assert summary(house, world.product) == (0, 0)
    carry(house, pallet, "storage")
    assert summary(house, world.product) == (5, 0)


def test_goods_kept_for_an_order_are_refused_with_all_the_rest(world: World):
    """The claim and the picker's stop stand on the row where it is; they do not travel."""
    house, second = world.overseas, make_product(world.seller)
    pallet = loaded(house, (world.product, 5), (second, 2))
    demand = promised(house, world.product, 1)[0].subject_id
    (claim,) = allocated(house, demand)
    assert refused(house, pallet, "bin2") == "stock_is_allocated"
    here = house.goods(world.product, unit=pallet)
    assert (amounts(here), amounts(house.goods(second, unit=pallet))) == ((5, 1), (2, 0))
    assert stands(pallet) == house.at("storage")
    tote = house.goods(world.product, "tote", unit=house.unit())
    move(here, tote, 1, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    assert carry(house, pallet, "bin2").units == 6


def test_a_promise_alone_does_not_keep_it(world: World):
    house = world.overseas
    pallet = loaded(house, (world.product, 5))
    demand = promised(house, world.product, 4)[0].subject_id
    carry(house, pallet, "bin2")
    (claim,) = allocated(house, demand)
    assert (claim.quantity, amounts(house.goods(world.product, "bin2", unit=pallet))) == (4, (5, 4))


@pytest.mark.parametrize("scope", [HoldScope.PRODUCT, HoldScope.HANDLING_UNIT, HoldScope.LOCATION])
def test_held_goods_stay_where_they_are_held(world: World, scope: HoldScope):
    house, second = world.overseas, make_product(world.seller)
    pallet = loaded(house, (world.product, 5), (second, 2))
    key = {"product": world.product.id, "handling_unit": pallet, "location": house.at("storage")}[scope.value]
    hold = holds.place_hold(SYSTEM, house.id, scope, str(key), "quarantine")
    session().commit()
    assert refused(house, pallet, "bin2") == "stock_is_held"
    assert (amounts(house.goods(second, unit=pallet)), stands(pallet)) == ((2, 0), house.at("storage"))
    holds.end_hold(SYSTEM, house.id, hold.id)
    session().commit()
    assert carry(house, pallet, "bin2").units == 7


@pytest.mark.parametrize("place", ["packing", "tote", "gate", "unaccounted"])
def test_goods_are_not_parked_among_orders(world: World, place: str):
    pallet = loaded(world.overseas, (world.product, 5))
    assert refused(world.overseas, pallet, place) == "location_wrong_kind"
    assert stands(pallet) == world.overseas.at("storage")


def test_a_bin_that_is_closed_full_or_another_product_s(world: World):
    house, second = world.overseas, make_product(world.seller)
    pallet = loaded(house, (world.product, 5), (second, 2))

    def set_up(**values: Any) -> None:
        session().execute(update(Location).where(Location.id == house.at("bin2")).values(**values))
        session().commit()

    set_up(is_active=False)
    assert refused(house, pallet, "bin2") == "location_closed"
    set_up(is_active=True, mixes_products=False)
    assert refused(house, pallet, "bin2") == "location_other_product"
    set_up(mixes_products=True, max_weight_g=699)
    assert refused(house, pallet, "bin2") == "location_full"
    set_up(max_weight_g=700)
    assert carry(house, pallet, "bin2").units == 7
    assert refused(house, pallet, "bin2") == "unit_is_there"


@pytest.mark.parametrize("kind", ["order", "put_back", "carton"])
def test_one_that_belongs_to_some_work_is_refused(world: World, kind: str):
    """An order's tote or parcel, goods to be put back; a booking's carton goes by its booking."""
    tote = world.overseas.unit()
    session().get_one(HandlingUnit, tote).subject_kind = kind
    session().commit()
    assert refused(world.overseas, tote, "packing") == "unit_in_use"


def test_one_that_is_gone_is_refused(world: World):
    tote = world.overseas.unit("parcel")
    session().get_one(HandlingUnit, tote).state = "gone"
    session().commit()
    assert refused(world.overseas, tote, "packing") == "unit_gone"


def test_a_place_of_another_warehouse_or_none(world: World):
    pallet = loaded(world.overseas, (world.product, 5))
    other = make_house("overseas", "Europe/Berlin")
    assert refusal(units.move_unit, SYSTEM, pallet, other.at("storage"), TEST).code == "location_foreign"
    for unit, place in ((pallet, new_id()), (new_id(), other.at("storage"))):
        assert refusal(units.move_unit, SYSTEM, unit, place, TEST).kind is RefusalKind.NOT_FOUND


def test_in_bond_no_permit_is_needed_inside_the_zone(world: World):
    house = world.bonded
    pallet = loaded(house, (world.bonded_product, 5))
    here = house.goods(world.bonded_product, unit=pallet)
    before = book_line(here)
    carry(house, pallet, "bin2")
    carry(house, pallet, "inspection")
    carry(house, pallet, "storage3")
    there = house.goods(world.bonded_product, "storage3", unit=pallet)
    assert (amounts(there), book_line(there), summary(house, world.bonded_product)) == ((5, 0), before, (5, 0))
    assert refused(house, pallet, "unaccounted") == "location_wrong_kind"


def test_serial_numbers_go_along(world: World):
    house = world.overseas
    phone = make_product(world.seller, serial_control="full")
    pallet = house.unit("pallet", "storage")
    target = house.goods(phone, unit=pallet)
    service.receive(SYSTEM, target, 2, TEST, serials=["S1", "S2"])
    session().commit()
    carry(house, pallet, "bin2")
    where = text("SELECT DISTINCT b.location_id FROM serial s JOIN balance b ON b.id = s.balance_id")
    assert session().execute(where).scalars().all() == [house.at("bin2")]


def test_lots_stay_apart(world: World):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True)
    pallet = house.unit("pallet", "storage")
    lots = [make_lot(product, batch=name) for name in ("A", "B")]
    for lot in lots:
        house.stocked(product, 3, unit=pallet, lot=lot)
    carry(house, pallet, "bin2")
    assert [amounts(house.goods(product, "bin2", unit=pallet, lot=lot)) for lot in lots] == [(3, 0), (3, 0)]


def test_strangers_see_no_container(cast, world: World):
    pallet = loaded(world.overseas, (world.product, 5))
    elsewhere = replace(cast.picker, warehouse_ids=frozenset({cast.overseas.id}))
    for actor in (cast.acme, cast.rival_person, cast.customs_clerk, elsewhere):
        told = refusal(units.move_unit, actor, pallet, world.overseas.at("bin2"), TEST)
        assert told.kind is RefusalKind.NOT_FOUND
    assert stands(pallet) == world.overseas.at("storage")
