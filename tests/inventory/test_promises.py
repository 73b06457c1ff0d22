"""Promises: pool and pinned, all lines or none, and the customs book."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from tests.inventory.world import (
    World,
    allocated,
    amounts,
    book_line,
    draft_of,
    make_lot,
    make_product,
    move,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.core.ids import new_id
from wms.inventory.book import BookLine, split_over_book
from wms.inventory.models import AwaitedStock
from wms.inventory.promises import Pin, free_by_product, promise, release
from wms.inventory.rules import Reason
from wms.platform.database import session


def test_no_more_is_promised_than_sells(world: World):
    world.overseas.stocked(world.product, 5)
    promised(world.overseas, world.product, 3)
    refused = refusal(promised, world.overseas, world.product, 3)
    assert refused.code == "stock_short"
    assert refused.params["lines"][0]["wanted"] == 3
    assert refused.params["lines"][0]["free"] == 2
    promised(world.overseas, world.product, 2)
    assert summary(world.overseas, world.product) == (5, 5)


def test_all_lines_or_none_and_every_short_one_is_named(world: World):
    second, third = make_product(world.seller), make_product(world.seller)
    world.overseas.stocked(world.product, 5)
    world.overseas.stocked(second, 1)
    drafts = [draft_of(world.overseas, *line) for line in ((world.product, 5), (second, 2), (third, 1))]
    refused = refusal(promise, drafts)
    assert refused.params["lines"] == [
        {"subject_id": str(drafts[1].subject_id), "wanted": 2, "free": 1},
        {"subject_id": str(drafts[2].subject_id), "wanted": 1, "free": 0},
    ]
    assert summary(world.overseas, world.product) == (5, 0)
    assert session().execute(text("SELECT count(*) FROM promise")).scalar() == 0


def test_lines_of_the_same_goods_are_served_in_their_order(world: World):
    world.overseas.stocked(world.product, 10)
    drafts = [draft_of(world.overseas, world.product, quantity) for quantity in (6, 6, 4)]
    refused = refusal(promise, drafts)
    assert refused.params["lines"] == [{"subject_id": str(drafts[1].subject_id), "wanted": 6, "free": 4}]
    assert [each.quantity for each in promise([drafts[0], drafts[2]])] == [6, 4]


def test_another_sellers_stock_never_serves(world: World):
    theirs = make_product(world.other_seller, "SAME")
    make_product(world.seller, "SAME")
    world.overseas.stocked(theirs, 5)
    with pytest.raises(Exception, match="stock_short"):
        promised(world.overseas, world.product, 1)
    session().rollback()
    assert summary(world.overseas, theirs) == (5, 0)


def test_stock_of_another_warehouse_never_serves(world: World):
    world.overseas.stocked(world.product, 5)
    assert refusal(promise, [draft_of(world.bonded, world.product, 1)]).code == "stock_short"


def test_a_promise_without_lines_or_quantity_is_a_fault(world: World):
    with pytest.raises(ValueError, match="positive"):
        promise([])
    with pytest.raises(ValueError, match="positive"):
        promise([draft_of(world.overseas, world.product, 0)])


def test_a_pinned_line_takes_its_rows_first_expiring_first(world: World):
    product = make_product(world.seller, expiry_controlled=True)
    lots = [make_lot(product, date(2030, month, 1)) for month in (6, 3)]
    late = world.overseas.stocked(product, 5, lot=lots[0])
    early = world.overseas.stocked(product, 5, "bin2", lot=lots[1])
    promised(world.overseas, product, 6, Pin(min_expires_on=date(2030, 1, 1)))
    assert (amounts(early), amounts(late)) == ((5, 5), (5, 1))
    assert summary(world.overseas, product) == (10, 6)
    promised(world.overseas, product, 2, Pin(lot_id=lots[0]))
    assert amounts(late) == (5, 3)
    refused = refusal(promised, world.overseas, product, 3, Pin(lot_id=lots[0]))
    assert refused.params["lines"][0]["free"] == 2
    refused = refusal(promised, world.overseas, product, 3, Pin(min_expires_on=date(2030, 5, 1)))
    assert refused.params["lines"][0]["free"] == 2


def test_a_pinned_line_does_not_take_what_the_pool_has(world: World):
    lot = make_lot(world.product, batch="A")
    stock = world.overseas.stocked(world.product, 5, lot=lot)
    promised(world.overseas, world.product, 4)
    refused = refusal(promised, world.overseas, world.product, 2, Pin(lot_id=lot))
    assert (refused.code, refused.params["lines"][0]["free"]) == ("stock_short", 1)
    assert amounts(stock) == (5, 0)


def test_a_whole_carton_can_be_pinned(world: World):
    unit = world.overseas.unit("carton", "storage")
    carton = world.overseas.stocked(world.product, 12, unit=unit)
    world.overseas.stocked(world.product, 12)
    promised(world.overseas, world.product, 12, Pin(handling_unit_id=unit))
    assert amounts(carton) == (12, 12)
    assert summary(world.overseas, world.product) == (24, 12)


def test_two_pins_of_one_demand_are_kept_apart(world: World):
    lots = [make_lot(world.product, batch=batch) for batch in "AB"]
    stocks = [world.overseas.stocked(world.product, 3, lot=lot) for lot in lots]
    subject = new_id()
    drafts = [
        draft_of(world.overseas, world.product, quantity, Pin(lot_id=lot), subject_id=subject)
        for lot, quantity in zip(lots, (1, 2), strict=True)
    ]
    promise(drafts)
    session().commit()
    assert [amounts(stock) for stock in stocks] == [(3, 1), (3, 2)]


def test_damaged_goods_are_promised_without_touching_what_sells(world: World):
    damaged = world.overseas.stocked(world.product, 4, condition="damaged")
    line = promised(world.overseas, world.product, 3, Pin(condition="damaged"))[0]
    assert (amounts(damaged), summary(world.overseas, world.product)) == ((4, 3), (0, 0))
    assert refusal(promised, world.overseas, world.product, 2, Pin(condition="damaged")).params["lines"][0]["free"] == 1
    release("demand", [line.subject_id])
    session().commit()
    assert (amounts(damaged), summary(world.overseas, world.product)) == ((4, 0), (0, 0))


def test_a_release_gives_everything_back_once(world: World):
    stock = world.overseas.stocked(world.product, 5)
    line = promised(world.overseas, world.product, 3)[0]
    allocated(world.overseas, line.subject_id)
    assert release("demand", [line.subject_id]) == {line.promise_id: 3}
    session().commit()
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 0), (5, 0))
    assert release("demand", [line.subject_id]) == {}


def test_a_release_after_a_partial_pick_gives_back_the_rest(world: World):
    stock = world.bonded.stocked(world.bonded_product, 5)
    line = promised(world.bonded, world.bonded_product, 4)[0]
    claim = allocated(world.bonded, line.subject_id)[0]
    tote = world.bonded.goods(world.bonded_product, "tote", unit=world.bonded.unit())
    move(stock, tote, 1, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    assert release("demand", [line.subject_id]) == {line.promise_id: 3}
    session().commit()
    assert (amounts(stock), summary(world.bonded, world.bonded_product)) == ((4, 0), (4, 0))
    assert book_line(stock) == (5, 0, 1)  # the picked unit has not left the zone


def test_a_bonded_line_takes_one_item_where_one_covers_it_and_is_split_where_none_does(world: World):
    first = world.bonded.stocked(world.bonded_product, 4)
    world.bonded_product.customs_item_number = "SECOND"
    session().commit()
    second = world.bonded.stocked(world.bonded_product, 7)
    assert [(each.book_item_id, each.quantity) for each in promised(world.bonded, world.bonded_product, 5)] == [
        (second.book_item_id, 5)
    ]
    assert [(each.book_item_id, each.quantity) for each in promised(world.bonded, world.bonded_product, 5)] == [
        (first.book_item_id, 4), (second.book_item_id, 1),
    ]  # fmt: skip
    assert (book_line(first), book_line(second)) == ((4, 0, 4), (7, 0, 6))
    assert refusal(promised, world.bonded, world.bonded_product, 2).params["lines"][0]["free"] == 1


def test_two_bonded_lines_of_one_request_share_the_items(world: World):
    first = world.bonded.stocked(world.bonded_product, 10)
    world.bonded_product.customs_item_number = "SECOND"
    session().commit()
    second = world.bonded.stocked(world.bonded_product, 10)
    drafts = [draft_of(world.bonded, world.bonded_product, 8) for _ in range(2)]
    given = promise(drafts)
    session().commit()
    assert [each.book_item_id for each in given] == [first.book_item_id, second.book_item_id]


def test_a_pinned_line_and_another_of_the_same_goods_do_not_want_the_same_item(world: World):
    first = world.bonded.stocked(world.bonded_product, 5)
    world.bonded_product.customs_item_number = "SECOND"
    session().commit()
    second = world.bonded.stocked(world.bonded_product, 5, "bin2")
    pinned = draft_of(world.bonded, world.bonded_product, 4, Pin(location_id=first.location_id))
    given = promise([draft_of(world.bonded, world.bonded_product, 3), pinned])
    session().commit()
    assert {each.subject_id: each.book_item_id for each in given} == {
        pinned.subject_id: first.book_item_id, given[1].subject_id: second.book_item_id,
    }  # fmt: skip


def test_sellers_share_a_book_item_and_never_its_goods(world: World):
    theirs = make_product(world.other_seller, customs_item_number=world.bonded_product.customs_item_number)
    mine = world.bonded.stocked(world.bonded_product, 3)
    world.bonded.stocked(theirs, 5)
    assert book_line(mine) == (8, 0, 0)
    assert refusal(promised, world.bonded, world.bonded_product, 4).params["lines"][0]["free"] == 3
    promised(world.bonded, theirs, 5)
    assert book_line(mine) == (8, 0, 5)
    promised(world.bonded, world.bonded_product, 3)


def test_a_book_that_has_less_than_the_shelf_limits_the_promise(world: World):
    stock = world.bonded.stocked(world.bonded_product, 10)
    session().execute(text("UPDATE book_item SET pre_deducted = 7 WHERE id = :id"), {"id": stock.book_item_id})
    session().commit()
    assert refusal(promised, world.bonded, world.bonded_product, 4).params["lines"][0]["free"] == 3
    lot_pin = Pin(location_id=stock.location_id)
    assert refusal(promised, world.bonded, world.bonded_product, 4, lot_pin).code == "stock_short"
    promised(world.bonded, world.bonded_product, 3, lot_pin)
    assert book_line(stock) == (10, 0, 3)


def test_splitting_counts_what_earlier_lines_took():
    old, new = sorted([new_id(), new_id()])
    since = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    lines = [BookLine(old, 5, 9, since[0]), BookLine(new, 9, 6, since[1])]
    taken: dict[uuid.UUID, int] = defaultdict(int)
    assert split_over_book(lines, 6, taken) == [(new, 6)]
    assert split_over_book(lines, 6, taken) is None
    assert split_over_book(lines, 5, taken) == [(old, 5)]
    assert taken == {new: 6, old: 5}


def test_free_may_be_below_zero_and_is_told(world: World):
    stock = world.overseas.stocked(world.product, 5)
    promised(world.overseas, world.product, 5)
    move(stock, "adjustment", 2, Reason.LOSS)
    key = (world.overseas.id, world.seller.id, world.product.id)
    assert free_by_product([key]) == {key: -2}
    assert summary(world.overseas, world.product) == (3, 5)


def test_who_waits_is_told_when_stock_comes_or_is_given_back(world: World):
    session().add(
        AwaitedStock(
            warehouse_id=world.overseas.id, owner_id=world.seller.id, product_id=world.product.id,
            subject_kind="demand", subject_id=new_id(), since=world.product.created_at,
        )
    )  # fmt: skip
    session().commit()

    def told():
        return session().execute(text("SELECT count(*) FROM event WHERE name = 'stock.awaited_came'")).scalar()

    world.overseas.stocked(world.product, 1)
    assert told() == 1
    line = promised(world.overseas, world.product, 1)[0]
    assert told() == 1
    release("demand", [line.subject_id])
    assert told() == 2
