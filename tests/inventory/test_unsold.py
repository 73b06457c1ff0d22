"""Promises over goods that no longer sell: they keep the goods, and stand in no summary."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.inventory.world import (
    TEST,
    World,
    amounts,
    balance,
    book_line,
    draft_of,
    make_lot,
    make_product,
    permit,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import holds, sellable, service
from wms.inventory.models import HoldScope
from wms.inventory.promises import Pin, promise, release
from wms.inventory.rules import Stock
from wms.platform.database import session


def in_days(number: int):
    return clock.today("America/Los_Angeles") + timedelta(days=number)


@pytest.fixture
def serum(world: World) -> Product:
    return make_product(world.seller, expiry_controlled=True, outbound_days=10)


@pytest.fixture
def stale(world: World, serum: Product) -> Stock:
    """Five past their last sale day: not expired yet, but no buyer would get them in time."""
    return world.overseas.stocked(serum, 5, lot=make_lot(serum, in_days(9)))


def kinds(subject) -> list[tuple[str, bool, int]]:
    rows = session().execute(
        text("SELECT kind, claims_sellable, open_quantity FROM promise WHERE subject_id = :id ORDER BY 2"),
        {"id": subject},
    )
    return [tuple(row) for row in rows]


def claim_of(subject):
    query = text("SELECT id FROM allocation WHERE subject_id = :id AND open_quantity > 0")
    return session().execute(query, {"id": subject}).scalar_one()


def test_goods_past_their_last_sale_day_are_promised_to_who_does_not_sell_them(world, serum, stale):
    assert refusal(promised, world.overseas, serum, 2, Pin(lot_id=stale.lot_id)).params["lines"][0]["free"] == 0
    line = promised(world.overseas, serum, 3, Pin(lot_id=stale.lot_id, expired=True))[0]
    assert (amounts(stale), summary(world.overseas, serum)) == ((5, 3), (0, 0))
    assert kinds(line.subject_id) == [("pinned", False, 3)]
    refused = refusal(promised, world.overseas, serum, 3, Pin(expired=True))
    assert refused.params["lines"][0] == {**refused.params["lines"][0], "wanted": 3, "free": 2}
    release("demand", [line.subject_id])
    session().commit()
    assert (amounts(stale), summary(world.overseas, serum)) == ((5, 0), (0, 0))


def test_a_line_takes_what_does_not_sell_first_and_counts_only_the_rest(world, serum, stale):
    fresh = world.overseas.stocked(serum, 5, "bin2", lot=make_lot(serum, in_days(300)))
    subject = new_id()
    given = promise([draft_of(world.overseas, serum, 7, Pin(expired=True), subject_id=subject)])
    session().commit()
    assert sorted(each.quantity for each in given) == [2, 5]
    assert (amounts(stale), amounts(fresh), summary(world.overseas, serum)) == ((5, 5), (5, 2), (5, 2))
    assert kinds(subject) == [("pinned", False, 5), ("pinned", True, 2)]
    refused = refusal(promised, world.overseas, serum, 4, Pin(expired=True))
    assert refused.params["lines"][0]["free"] == 3


def test_what_sells_and_is_promised_to_a_pool_is_not_promised_twice(world, serum, stale):
    world.overseas.stocked(serum, 4, "bin2", lot=make_lot(serum, in_days(300)))
    promised(world.overseas, serum, 3)
    refused = refusal(promised, world.overseas, serum, 7, Pin(expired=True))
    assert refused.params["lines"][0]["free"] == 6
    promised(world.overseas, serum, 6, Pin(expired=True))
    assert summary(world.overseas, serum) == (4, 4)


def test_goods_not_on_the_shelf_yet_are_not_expired(world, serum):
    """Good goods at the dock do not sell either; but nobody destroys them for that."""
    dock = world.overseas.goods(serum, "dock", lot=make_lot(serum, in_days(300)))
    service.receive(SYSTEM, dock, 3, TEST)
    session().commit()
    assert refusal(promised, world.overseas, serum, 1, Pin(expired=True, held=True)).code == "stock_short"


def test_held_goods_are_promised_for_destruction_and_scrapped_under_the_hold(world):
    stock = world.overseas.stocked(world.product, 5)
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(stock.location_id), "recall")
    session().commit()
    for pin in (Pin(location_id=stock.location_id), Pin(location_id=stock.location_id, expired=True)):
        assert refusal(promised, world.overseas, world.product, 2, pin).code == "stock_short"
    line = promised(world.overseas, world.product, 2, Pin(location_id=stock.location_id, held=True))[0]
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 2), (0, 0))
    service.scrap(SYSTEM, stock, 2, TEST, allocation_id=claim_of(line.subject_id))
    session().commit()
    assert (amounts(stock), kinds(line.subject_id)) == ((3, 0), [("pinned", False, 0)])


def test_damaged_and_held_goods_are_promised_for_destruction_only(world):
    stock = world.overseas.stocked(world.product, 2, condition="damaged")
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(world.product.id), "recall")
    session().commit()
    assert refusal(promised, world.overseas, world.product, 1, Pin(condition="damaged")).code == "stock_short"
    promised(world.overseas, world.product, 2, Pin(condition="damaged", held=True))
    assert amounts(stock) == (2, 2)


def test_goods_in_doubt_are_promised_to_nobody(world):
    stock = world.overseas.stocked(world.product, 5)
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(stock.location_id), "recall")
    session().commit()
    holds.doubt(SYSTEM, world.overseas.id, balance(stock).id)
    session().commit()
    pin = Pin(location_id=stock.location_id, held=True)
    assert refusal(promised, world.overseas, world.product, 1, pin).code == "stock_short"


def test_a_hold_that_ends_gives_the_goods_back_to_sale(world):
    """Whoever was to destroy them has to ask again: they sell, and that promise is in no summary."""
    stock = world.overseas.stocked(world.product, 5)
    hold = holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(stock.location_id), "recall")
    session().commit()
    line = promised(world.overseas, world.product, 4, Pin(held=True))[0]
    holds.end_hold(SYSTEM, world.overseas.id, hold.id)
    session().commit()
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 0), (5, 0))
    told = session().execute(text("SELECT subject_id FROM event WHERE name LIKE '%llocation%roken%'")).scalars().all()
    assert told == [line.subject_id]
    promised(world.overseas, world.product, 5)  # all of it may be sold, and is
    assert summary(world.overseas, world.product) == (5, 5)
    release("demand", [line.subject_id])
    session().commit()
    assert summary(world.overseas, world.product) == (5, 5)


def test_expired_goods_stay_promised_when_a_hold_ends(world, serum, stale):
    hold = holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(stale.location_id), "recall")
    session().commit()
    promised(world.overseas, serum, 4, Pin(expired=True, held=True))
    holds.end_hold(SYSTEM, world.overseas.id, hold.id)
    session().commit()
    assert (amounts(stale), summary(world.overseas, serum)) == ((5, 4), (0, 0))


def test_a_shorter_way_to_the_buyer_makes_goods_sell_again(world, serum, stale):
    promised(world.overseas, serum, 4, Pin(expired=True))
    serum.outbound_days = 3
    session().commit()
    assert sellable.expire() == 1
    session().commit()
    assert (amounts(stale), summary(world.overseas, serum)) == ((5, 0), (5, 0))


def test_goods_that_expire_while_promised_leave_the_summary_with_their_promise(test_clock, world, serum):
    fresh = world.overseas.stocked(serum, 5, lot=make_lot(serum, in_days(12)))
    line = promised(world.overseas, serum, 3, Pin(expired=True))[0]
    assert (kinds(line.subject_id), summary(world.overseas, serum)) == ([("pinned", True, 3)], (5, 3))
    test_clock.forward(days=4)
    sellable.expire()
    session().commit()
    assert (amounts(fresh), summary(world.overseas, serum)) == ((5, 0), (0, 3))  # free falls below zero, as for a loss
    release("demand", [line.subject_id])
    session().commit()
    again = promised(world.overseas, serum, 3, Pin(expired=True))[0]
    assert (kinds(again.subject_id), summary(world.overseas, serum)) == ([("pinned", False, 3)], (0, 0))


def test_in_bond_a_destruction_claims_the_book_until_it_is_done(world):
    product = make_product(world.seller, expiry_controlled=True, customs_item_number="ITEM-SERUM")
    stock = world.bonded.stocked(product, 5, lot=make_lot(product, in_days(-3)))
    line = promised(world.bonded, product, 2, Pin(expired=True, held=True))[0]
    assert (amounts(stock), book_line(stock), summary(world.bonded, product)) == ((5, 2), (5, 0, 2), (0, 0))
    leave = permit(world.bonded, stock, 2, "destruction")
    service.scrap(SYSTEM, stock, 2, TEST, leave, allocation_id=claim_of(line.subject_id),
                  settles={line.promise_id: 2})  # fmt: skip
    session().commit()
    assert (amounts(stock), book_line(stock)) == ((3, 0), (3, 0, 0))
