"""Containers within containers: nested, moved whole and back, split, merged; loops refused."""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text

from tests.inventory.test_units import carry, loaded, refused, stands
from tests.inventory.world import TEST, World, allocated, amounts, make_product, promised, refusal, summary
from wms.core.actor import SYSTEM
from wms.core.refusals import RefusalKind
from wms.facility.models import HandlingUnit
from wms.inventory import holds, repacking, service, units
from wms.inventory.models import HoldScope
from wms.inventory.repacking import Part
from wms.platform.database import session


def parent(unit: uuid.UUID) -> uuid.UUID | None:
    return session().get_one(HandlingUnit, unit, populate_existing=True).parent_id


def nest(unit: uuid.UUID, into: uuid.UUID) -> None:
    repacking.nest(SYSTEM, unit, into)
    session().commit()


def code_of_nest(unit: uuid.UUID, into: uuid.UUID) -> str:
    return refusal(repacking.nest, SYSTEM, unit, into).code


def stack(world: World) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """A pallet with a carton with an inner, at storage: 4 units on the pallet, 3 in the carton, 2 in the inner."""
    house, product = world.overseas, world.product
    made = []
    for kind, quantity in (("pallet", 4), ("carton", 3), ("inner", 2)):
        unit = house.unit(kind, "storage")
        house.stocked(product, quantity, unit=unit)
        made.append(unit)
    pallet, carton, inner = made
    nest(inner, carton)
    nest(carton, pallet)
    return pallet, carton, inner


def in_unit(world: World, unit: uuid.UUID | None, place: str = "storage") -> int:
    return amounts(world.overseas.goods(world.product, place, unit=unit))[0]


def test_a_stack_moves_whole_in_one_posting(world: World):
    house = world.overseas
    pallet, carton, inner = stack(world)
    moved = carry(house, pallet, "bin2")
    assert (moved.units, moved.posting_id is not None) == (9, True)
    assert [in_unit(world, each, "bin2") for each in (pallet, carton, inner)] == [4, 3, 2]
    assert {stands(each) for each in (pallet, carton, inner)} == {house.at("bin2")}
    assert (parent(carton), parent(inner)) == (pallet, carton)
    assert summary(house, world.product) == (9, 0)


def test_an_inner_one_moved_alone_leaves_what_it_stood_in(world: World):
    pallet, carton, inner = stack(world)
    assert carry(world.overseas, carton, "bin2").units == 5
    assert (parent(carton), parent(inner), stands(pallet)) == (None, carton, world.overseas.at("storage"))
    assert in_unit(world, pallet) == 4


def test_loops_are_refused_whatever_their_length(world: World):
    house = world.overseas
    cartons = [house.unit("carton", "storage") for _ in range(4)]
    for inner, outer in pairwise(cartons):
        nest(inner, outer)
    for outer in cartons:
        assert code_of_nest(cartons[-1], outer) == "unit_loop"
    assert code_of_nest(cartons[0], cartons[0]) == "unit_loop"
    assert [parent(each) for each in cartons] == [*cartons[1:], None]


def test_no_deeper_than_anybody_stacks(world: World):
    house = world.overseas
    cartons = [house.unit("carton", "storage") for _ in range(repacking.MOST_DEPTH + 1)]
    for outer, inner in pairwise(cartons[: repacking.MOST_DEPTH]):
        nest(inner, outer)
    assert code_of_nest(cartons[-1], cartons[-2]) == "unit_does_not_hold"


@pytest.mark.parametrize("inner", ["pallet", "carton", "tote", "inner", "parcel"])
@pytest.mark.parametrize("outer", ["pallet", "carton", "tote", "inner", "parcel"])
def test_what_goes_into_what(world: World, inner: str, outer: str):
    goes = {("carton", "pallet"), ("tote", "pallet"), ("inner", "pallet"), ("carton", "carton"), ("inner", "carton"),
            ("inner", "tote")}  # fmt: skip
    unit, into = world.overseas.unit(inner, "storage"), world.overseas.unit(outer, "storage")
    if (inner, outer) in goes:
        nest(unit, into)
        assert parent(unit) == into
    else:
        assert code_of_nest(unit, into) == "unit_does_not_hold"


def test_only_free_containers_at_one_place_nest(world: World):
    house = world.overseas
    pallet, carton = house.unit("pallet", "storage"), house.unit("carton", "bin2")
    assert code_of_nest(carton, pallet) == "unit_elsewhere"
    for state, code in (({"state": "gone"}, "unit_gone"), ({"subject_kind": "order"}, "unit_in_use")):
        other = house.unit("carton", "storage")
        session().execute(text(f"UPDATE handling_unit SET {next(iter(state))} = :v WHERE id = :id"),
                          {"v": next(iter(state.values())), "id": other})  # fmt: skip
        session().commit()
        assert code_of_nest(other, pallet) == code
        assert code_of_nest(house.unit("inner", "storage"), other) == code


def test_a_stack_with_somebodys_tote_in_it_does_not_move(world: World):
    house = world.overseas
    pallet, tote = house.unit("pallet", "storage"), house.unit("tote", "storage")
    nest(tote, pallet)
    session().get_one(HandlingUnit, tote).subject_kind = "order"
    session().commit()
    assert refused(house, pallet, "bin2") == "unit_in_use"


def test_taken_out_it_stands_by_itself(world: World):
    pallet, carton, _ = stack(world)
    repacking.take_out(SYSTEM, carton)
    assert parent(carton) is None
    assert refusal(repacking.take_out, SYSTEM, pallet).code == "unit_stands_alone"


# Undo


def test_a_move_is_taken_back_by_a_mirror_posting(world: World):
    house = world.overseas
    pallet, carton, inner = stack(world)
    moved = carry(house, pallet, "bin2")
    units.undo_move(SYSTEM, moved, house.at("bin2"))
    session().commit()
    assert {stands(each) for each in (pallet, carton, inner)} == {house.at("storage")}
    assert [in_unit(world, each) for each in (pallet, carton, inner)] == [4, 3, 2]
    mirror = text("SELECT reason FROM stock_posting WHERE reverses_id = :id")
    assert session().execute(mirror, {"id": moved.posting_id}).scalars().all() == ["reverse"]
    assert refusal(units.undo_move, SYSTEM, moved, house.at("bin2")).code == "unit_changed"


def test_it_goes_back_into_what_it_stood_in(world: World):
    house = world.overseas
    pallet, carton, _ = stack(world)
    moved = carry(house, carton, "bin2")
    units.undo_move(SYSTEM, moved, house.at("bin2"))
    session().commit()
    assert (parent(carton), stands(carton)) == (pallet, house.at("storage"))


def test_an_empty_one_goes_back_without_a_posting(world: World):
    house = world.overseas
    tote = house.unit()
    moved = carry(house, tote, "packing")
    units.undo_move(SYSTEM, moved, house.at("packing"))
    assert stands(tote) == house.at("tote")


def test_what_changed_since_is_not_taken_back(world: World):
    house, product = world.overseas, world.product
    pallet = loaded(house, (product, 5))
    moved = carry(house, pallet, "bin2")
    house.stocked(product, 1, "bin2", unit=pallet)  # something was added
    assert refusal(units.undo_move, SYSTEM, moved, house.at("bin2")).code == "unit_changed"
    again = carry(house, pallet, "bulk")
    assert refusal(units.undo_move, SYSTEM, moved, house.at("bin2")).code == "unit_changed"
    allocated(house, promised(house, product, 2)[0].subject_id)
    assert refusal(units.undo_move, SYSTEM, again, house.at("bulk")).code == "stock_is_allocated"


# Split, merge


def test_some_goods_go_into_another_container_or_loose(world: World):
    house, product = world.overseas, world.product
    pallet, carton = loaded(house, (product, 5)), house.unit("carton", "storage")
    there = house.goods(product, unit=pallet)
    repacking.split(SYSTEM, pallet, [Part(there, 2)], carton, TEST)
    session().commit()
    repacking.split(SYSTEM, pallet, [Part(there, 1)], None, TEST)
    session().commit()
    assert [in_unit(world, each) for each in (pallet, carton, None)] == [2, 2, 1]
    assert summary(house, product) == (5, 0)


def test_numbered_goods_are_named(world: World):
    house = world.overseas
    phone = make_product(world.seller, serial_control="full")
    pallet, carton = house.unit("pallet", "storage"), house.unit("carton", "storage")
    there = house.stocked(phone, 2, unit=pallet, serials=["S1", "S2"])
    told = refusal(repacking.split, SYSTEM, pallet, [Part(there, 1)], carton, TEST)
    assert told.code == "serials_required"
    repacking.split(SYSTEM, pallet, [Part(there, 1, ["S2"])], carton, TEST)
    session().commit()
    where = text("SELECT s.number FROM serial s JOIN balance b ON b.id = s.balance_id WHERE b.handling_unit_id = :u")
    assert session().execute(where, {"u": carton}).scalars().all() == ["S2"]


def test_merging_takes_everything_with_what_stands_in_it(world: World):
    pallet, carton, inner = stack(world)
    other = world.overseas.unit("pallet", "storage")
    assert repacking.merge(SYSTEM, pallet, other, TEST).units == 4
    session().commit()
    assert (parent(carton), parent(inner), in_unit(world, other), in_unit(world, pallet)) == (other, carton, 4, 0)
    assert refusal(repacking.merge, SYSTEM, pallet, other, TEST).code == "unit_empty"
    assert refusal(repacking.merge, SYSTEM, other, carton, TEST).code == "unit_loop"
    assert repacking.merge(SYSTEM, inner, None, TEST).units == 2
    session().commit()
    assert in_unit(world, None) == 2


def test_repacking_is_taken_back_unless_something_changed_since(world: World):
    house, product = world.overseas, world.product
    pallet, carton, inner = stack(world)
    other = house.unit("pallet", "storage")
    merged = repacking.merge(SYSTEM, pallet, other, TEST)
    session().commit()
    repacking.take_back(SYSTEM, house.id, merged)
    session().commit()
    assert (parent(carton), parent(inner), in_unit(world, other), in_unit(world, pallet)) == (pallet, carton, 0, 4)
    again = refusal(repacking.take_back, SYSTEM, house.id, merged)
    assert again.code == "unit_changed"
    there = house.goods(product, unit=pallet)
    parted = repacking.split(SYSTEM, pallet, [Part(there, 3)], other, TEST)
    session().commit()
    loose = repacking.merge(SYSTEM, other, None, TEST)
    session().commit()
    assert refusal(repacking.take_back, SYSTEM, house.id, parted).code == "not_enough_stock"
    repacking.take_back(SYSTEM, house.id, loose)
    session().commit()
    repacking.take_back(SYSTEM, house.id, parted)
    session().commit()
    assert refusal(repacking.take_back, SYSTEM, house.id, parted).code == "already_reversed"
    out = repacking.take_out(SYSTEM, inner)
    nest(carton, other)
    nest(inner, pallet)
    assert refusal(repacking.take_back, SYSTEM, house.id, out).code == "unit_changed"


def test_claimed_and_held_goods_stay_in_their_container(world: World):
    house, product = world.overseas, world.product
    pallet, carton = loaded(house, (product, 5)), house.unit("carton", "storage")
    there = house.goods(product, unit=pallet)
    demand = promised(house, product, 4)[0].subject_id
    allocated(house, demand)
    assert refusal(repacking.merge, SYSTEM, pallet, carton, TEST).code == "stock_is_allocated"
    repacking.split(SYSTEM, pallet, [Part(there, 1)], carton, TEST)
    session().commit()
    holds.place_hold(SYSTEM, house.id, HoldScope.HANDLING_UNIT, str(pallet), "look")
    session().commit()
    for attempt in (
        lambda: repacking.merge(SYSTEM, pallet, carton, TEST),
        lambda: repacking.split(SYSTEM, pallet, [Part(there, 1)], carton, TEST),
        lambda: service.relocate(SYSTEM, there, house.at("bin2"), 1, TEST, handling_unit_id=pallet),
    ):
        assert refusal(attempt).code == "stock_is_held"  # fmt: skip


def test_places_and_people(cast, world: World):
    house, product = world.overseas, world.product
    pallet, far, tote = loaded(house, (product, 5)), house.unit("carton", "bin2"), house.unit("tote", "tote")
    there = house.goods(product, unit=pallet)
    assert refusal(repacking.split, SYSTEM, pallet, [Part(there, 1)], far, TEST).code == "unit_elsewhere"
    assert refusal(repacking.split, SYSTEM, pallet, [Part(there, 1)], pallet, TEST).code == "unit_is_there"
    house.stocked(product, 1, "tote", unit=tote)
    assert refusal(repacking.merge, SYSTEM, tote, None, TEST).code == "location_wrong_kind"
    elsewhere = replace(cast.picker, warehouse_ids=frozenset({cast.overseas.id}))
    for actor in (cast.acme, elsewhere):
        assert refusal(repacking.merge, actor, pallet, far, TEST).kind is RefusalKind.NOT_FOUND
