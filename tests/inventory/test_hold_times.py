"""Holds with a beginning and an end, on a unit by its number, and single moves of what is held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.inventory.world import (
    TEST,
    World,
    allocated,
    amounts,
    balance,
    make_lot,
    make_product,
    promised,
    refusal,
    summary,
)
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.inventory import holds, service
from wms.inventory.models import Hold, HoldScope
from wms.inventory.rules import Reason
from wms.platform.database import session


def place(world: World, key: object, scope: HoldScope = HoldScope.PRODUCT, **times: timedelta) -> Hold:
    moments = {name: clock.now() + span for name, span in times.items()}
    hold = holds.place_hold(
        SYSTEM, world.overseas.id, scope, str(key), "quality", world.seller.id, note="leaks", **moments
    )
    session().commit()
    return hold


def due() -> tuple[int, int]:
    counted = holds.begin_due(), holds.end_due()
    session().commit()
    return counted


def test_a_planned_hold_holds_from_its_beginning_and_until_its_end(world: World, test_clock):
    house, product = world.overseas, world.product
    there = house.stocked(product, 5)
    place(world, product.id, begins_at=timedelta(hours=1), ends_at=timedelta(hours=3))
    later = house.stocked(product, 2, "bin2")
    assert (due(), summary(house, product)) == ((0, 0), (7, 0))
    test_clock.forward(hours=1)
    demand = promised(house, product, 6)[0].subject_id
    allocated(house, demand)
    assert (due(), summary(house, product)[0], amounts(there)) == ((1, 0), 0, (5, 0))
    assert (balance(there).held_by, balance(later).held_by) == (1, 1)
    assert balance(house.stocked(product, 1, "bulk")).held_by == 1  # enters the scope
    assert due() == (0, 0)
    test_clock.forward(hours=2)
    assert (due(), summary(house, product)[0]) == ((0, 1), 8)
    ended = session().execute(text("SELECT ended_by = :system FROM stock_hold"), {"system": SYSTEM.id}).scalar_one()
    assert ended is True


def test_several_that_are_due_begin_and_end_together(world: World, test_clock):
    house = world.overseas
    other = make_product(world.seller)
    rows = [house.stocked(world.product, 3), house.stocked(other, 4)]
    span = {"begins_at": timedelta(minutes=1), "ends_at": timedelta(minutes=2)}
    place(world, world.product.id, **span)
    place(world, other.id, **span)
    place(world, house.at("storage"), HoldScope.LOCATION, **span)
    in_bond = world.bonded.stocked(world.bonded_product, 2)
    holds.place_hold(SYSTEM, world.bonded.id, HoldScope.PRODUCT, str(world.bonded_product.id), "customs",
                     begins_at=clock.now() + timedelta(minutes=1))  # fmt: skip
    session().commit()
    test_clock.forward(minutes=1)
    assert due() == (4, 0)
    assert [balance(row).held_by for row in (*rows, in_bond)] == [2, 2, 1]
    test_clock.forward(minutes=1)
    assert due() == (0, 3)
    assert [balance(row).held_by for row in (*rows, in_bond)] == [0, 0, 1]


def test_one_that_is_ended_before_it_begins_never_holds(world: World, test_clock):
    there = world.overseas.stocked(world.product, 5)
    hold = place(world, world.product.id, begins_at=timedelta(hours=1))
    holds.end_hold(SYSTEM, world.overseas.id, hold.id)
    session().commit()
    test_clock.forward(hours=2)
    assert (due(), balance(there).held_by) == ((0, 0), 0)


@pytest.mark.parametrize(
    "times",
    [{"ends_at": timedelta(0)}, {"ends_at": timedelta(hours=-1)},
     {"begins_at": timedelta(hours=2), "ends_at": timedelta(hours=2)},
     {"begins_at": timedelta(hours=2), "ends_at": timedelta(hours=1)}],
)  # fmt: skip
def test_an_end_before_the_beginning_is_refused(world: World, test_clock, times: dict[str, timedelta]):
    moments = {name: clock.now() + span for name, span in times.items()}
    told = refusal(
        holds.place_hold, SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(world.product.id), "other", **moments
    )
    assert told.code == "hold_ends_early"


def test_a_batch_is_held_wherever_it_stands(world: World):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True)
    bad, good = make_lot(product, batch="BAD"), make_lot(product, batch="GOOD")
    rows = [
        house.stocked(product, 3, lot=bad),
        house.stocked(product, 2, "bin2", lot=bad),
        house.stocked(product, 4, lot=good),
    ]
    place(world, bad, HoldScope.LOT)
    assert [balance(row).held_by for row in rows] == [1, 1, 0]


def test_one_unit_is_held_by_its_number_and_set_apart(world: World):
    house = world.overseas
    phone = make_product(world.seller, serial_control="full")
    there = house.stocked(phone, 3, serials=["S1", "S2", "S3"])
    holds.hold_serial(SYSTEM, phone.id, "S2", "quality", warehouse_id=house.id)
    session().commit()
    where = text(
        "SELECT s.number, b.on_hand, b.held_by, b.handling_unit_id IS NOT NULL AS apart FROM serial s"
        " JOIN balance b ON b.id = s.balance_id ORDER BY 1"
    )
    found = [tuple(row) for row in session().execute(where)]
    assert found == [("S1", 2, 0, False), ("S2", 1, 1, True), ("S3", 2, 0, False)]
    assert (amounts(there), summary(house, phone)) == ((2, 0), (2, 0))
    session().execute(text("UPDATE serial SET number = number"))
    again = holds.hold_serial(
        SYSTEM, phone.id, "S2", "recall", warehouse_id=house.id
    )  # alone now: nothing to set apart
    session().commit()
    holds.end_hold(SYSTEM, house.id, again.id)
    session().commit()
    assert [tuple(row) for row in session().execute(where)] == found


def test_a_number_that_is_not_here_is_not_held(world: World):
    phone = make_product(world.seller, serial_control="full")
    world.overseas.stocked(phone, 1, serials=["S1"])
    for number, house in (("S9", world.overseas), ("S1", world.bonded)):
        told = refusal(holds.hold_serial, SYSTEM, phone.id, number, "quality", warehouse_id=house.id)
        assert told.code == "serial_not_here"


def test_held_goods_are_not_moved_but_may_be_put_away_and_counted(world: World):
    house, product = world.overseas, world.product
    there, dock = house.stocked(product, 5), house.goods(product, "dock")
    service.receive(SYSTEM, dock, 2, TEST)
    session().commit()
    place(world, product.id)
    assert refusal(service.relocate, SYSTEM, there, house.at("bin2"), 1, TEST).code == "stock_is_held"
    service.relocate(SYSTEM, dock, house.at("bin2"), 2, TEST, reason=Reason.PUTAWAY)
    session().commit()
    service.count(SYSTEM, there, 4, TEST)
    session().commit()
    assert amounts(there) == (4, 0)
