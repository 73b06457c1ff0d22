"""Allocations, reservations, holds and the day job."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text

from tests.inventory.world import (
    TEST,
    World,
    allocated,
    amounts,
    balance,
    make_lot,
    make_product,
    move,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import holds, sellable, service
from wms.inventory.allocations import allocate, release_allocation, reserve
from wms.inventory.audit import CHECKS
from wms.inventory.models import Condition, HoldScope
from wms.inventory.promises import Pin
from wms.inventory.rules import Reason
from wms.inventory.summaries import together
from wms.platform.auditing import run_checks
from wms.platform.database import session


def test_first_expiring_bins_are_taken_first_then_the_oldest(world: World, test_clock):
    product = make_product(world.seller)
    never = world.overseas.stocked(product, 5)
    test_clock.forward(hours=1)
    younger = world.overseas.stocked(product, 5, "bin2")
    late, soon = (make_lot(product, date(2040, month, 1)) for month in (9, 2))
    last, first = world.overseas.stocked(product, 5, lot=late), world.overseas.stocked(product, 5, "bulk", lot=soon)
    demand = promised(world.overseas, product, 17)[0].subject_id
    taken = [(each.balance_id, each.quantity) for each in allocated(world.overseas, demand)]
    assert taken == [(balance(stock).id, n) for stock, n in ((first, 5), (last, 5), (never, 5), (younger, 2))]


def test_what_is_allocated_is_not_allocated_again(world: World):
    world.overseas.stocked(world.product, 5)
    demand = promised(world.overseas, world.product, 5)[0].subject_id
    assert [each.quantity for each in allocated(world.overseas, demand)] == [5]
    assert allocated(world.overseas, demand) == []


def test_urgent_demands_are_served_first_and_what_lacks_is_missing(world: World):
    stock = world.overseas.stocked(world.product, 6)
    early, urgent = promised(world.overseas, world.product, 4), promised(world.overseas, world.product, 2, priority=5)
    service.count(SYSTEM, stock, 3, TEST)
    session().commit()
    result = allocate(world.overseas.id, "demand", [early[0].subject_id, urgent[0].subject_id])
    assert [(each.subject_id, each.quantity) for each in result.allocated] == [
        (urgent[0].subject_id, 2), (early[0].subject_id, 1),
    ]  # fmt: skip
    assert result.missing == {early[0].subject_id: 3}


def test_bins_of_another_seller_or_warehouse_are_never_chosen(world: World):
    ours = world.overseas.stocked(world.product, 2)
    world.bonded.stocked(world.bonded_product, 9)
    demand = promised(world.overseas, world.product, 2)[0].subject_id
    assert allocate(world.bonded.id, "demand", [demand]).allocated == []
    session().commit()
    assert [each.balance_id for each in allocated(world.overseas, demand)] == [balance(ours).id]


def test_a_pinned_line_that_lost_its_bin_gets_no_other(world: World):
    lots = [make_lot(world.product, batch=batch) for batch in "AB"]
    pinned = world.overseas.stocked(world.product, 3, lot=lots[0])
    world.overseas.stocked(world.product, 9, lot=lots[1])
    demand = promised(world.overseas, world.product, 3, Pin(lot_id=lots[0]))[0].subject_id
    service.recondition(SYSTEM, pinned, Condition.DAMAGED, 1, TEST)
    session().commit()
    result = allocate(world.overseas.id, "demand", [demand])
    assert (result.allocated, result.missing) == ([], {demand: 1})


def test_a_reservation_keeps_a_bin_without_a_promise(world: World):
    stock = world.overseas.stocked(world.product, 5)
    key = reserve(world.overseas.id, balance(stock).id, 3, "move", "task", new_id())
    session().commit()
    assert key is not None
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 3), (5, 0))
    assert reserve(world.overseas.id, balance(stock).id, 3, "move", "task", new_id()) is None
    demand = promised(world.overseas, world.product, 5)[0].subject_id
    assert [each.quantity for each in allocated(world.overseas, demand)] == [2]
    target = world.overseas.goods(world.product, "bin2")
    assert refusal(move, stock, target, 1).code == "stock_is_allocated"
    move(stock, target, 2, allocation_id=key)
    session().commit()
    assert (amounts(stock), amounts(target), summary(world.overseas, world.product)) == ((3, 3), (2, 0), (5, 5))
    assert release_allocation(key) == 1
    assert release_allocation(key) == 0
    assert release_allocation(uuid.uuid4()) == 0
    assert amounts(stock) == (3, 2)


def test_a_hold_takes_stock_from_sale_breaks_its_claims_and_gives_it_back(world: World):
    stock = world.overseas.stocked(world.product, 5)
    demand = promised(world.overseas, world.product, 3)[0].subject_id
    allocated(world.overseas, demand)
    hold = holds.place_hold(SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(world.product.id), "recall")
    session().commit()
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 0), (0, 3))
    assert allocate(world.overseas.id, "demand", [demand]).missing == {demand: 3}
    session().commit()
    assert reserve(world.overseas.id, balance(stock).id, 1, "move", "task", new_id()) is None
    session().commit()
    holds.end_hold(SYSTEM, world.overseas.id, hold.id)
    session().commit()
    assert summary(world.overseas, world.product) == (5, 3)
    assert refusal(holds.end_hold, SYSTEM, world.overseas.id, hold.id).code == "hold_ended"
    assert refusal(holds.end_hold, SYSTEM, world.bonded.id, hold.id).code == "not_found"


def test_what_enters_a_held_scope_is_held_and_what_leaves_it_is_free(world: World):
    lot = make_lot(world.product, batch="A")
    unit = world.overseas.unit("carton", "storage")
    for scope, key, narrower in (
        (HoldScope.LOCATION, str(world.overseas.at("bulk")), {}),
        (HoldScope.LOT, str(lot), {"lot": lot}),
        (HoldScope.HANDLING_UNIT, str(unit), {"unit": unit}),
    ):
        hold = holds.place_hold(SYSTEM, world.overseas.id, scope, key, "look", world.seller.id)
        session().commit()
        stock = world.overseas.stocked(world.product, 2, "bulk", **narrower)
        assert (balance(stock).held_by, balance(stock).is_sellable) == (1, False)
        holds.end_hold(SYSTEM, world.overseas.id, hold.id)
        session().commit()
        assert (balance(stock).held_by, balance(stock).is_sellable) == (0, True)
    hold = holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, str(world.overseas.at("bulk")), "look")
    session().commit()
    free = world.overseas.goods(world.product)
    assert refusal(move, world.overseas.goods(world.product, "bulk"), free, 1).code == "stock_is_held"
    move(world.overseas.goods(world.product, "bulk"), free, 1, Reason.PUTAWAY)  # nobody carries it by a move
    assert balance(free).is_sellable


def test_another_sellers_goods_are_not_held_with_mine(world: World):
    theirs = make_product(world.other_seller)
    other = world.overseas.stocked(theirs, 2)
    mine = world.overseas.stocked(world.product, 2)
    place = str(world.overseas.at("storage"))
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.LOCATION, place, "look", world.seller.id)
    session().commit()
    assert (balance(mine).held_by, balance(other).held_by) == (1, 0)
    new = world.overseas.stocked(theirs, 2, lot=make_lot(theirs, batch="B"))
    assert balance(new).held_by == 0


def test_two_holds_on_a_row_are_counted(world: World):
    stock = world.overseas.stocked(world.product, 2)
    first = holds.place_hold(SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(world.product.id), "recall")
    session().commit()
    second = holds.doubt(SYSTEM, world.overseas.id, balance(stock).id)
    session().commit()
    assert balance(stock).held_by == 2
    for hold, left in ((first, 1), (second, 0)):
        holds.end_hold(SYSTEM, world.overseas.id, hold.id)
        session().commit()
        assert (balance(stock).held_by, balance(stock).is_sellable) == (left, left == 0)


def test_held_goods_may_be_moved_but_not_picked_packed_or_shipped(world: World):
    stock = world.overseas.stocked(world.product, 4)
    tote = world.overseas.goods(world.product, "tote", unit=world.overseas.unit())
    claim = allocated(world.overseas, promised(world.overseas, world.product, 2)[0].subject_id)[0]
    move(stock, tote, 2, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(world.product.id), "recall")
    session().commit()
    parcel = world.overseas.goods(world.product, "packing", unit=world.overseas.unit("parcel", "packing"))
    assert refusal(move, tote, "customer", 2, Reason.SHIP).code == "stock_is_held"
    assert refusal(move, tote, parcel, 2, Reason.PACK).code == "stock_is_held"
    assert refusal(move, stock, tote, 1, Reason.PICK).code == "stock_is_held"
    move(tote, stock, 2, Reason.PUT_BACK)
    assert amounts(stock) == (4, 0)


def test_a_part_of_a_row_is_set_apart_before_it_is_held(world: World):
    stock = world.overseas.stocked(world.product, 10)
    demand = promised(world.overseas, world.product, 8)[0].subject_id
    allocated(world.overseas, demand)
    unit = world.overseas.unit("carton", "storage")
    hold = holds.hold_quantity(SYSTEM, stock, 4, unit, "quarantine")
    session().commit()
    apart = world.overseas.goods(world.product, unit=unit)
    assert (amounts(stock), amounts(apart), balance(apart).held_by) == ((6, 6), (4, 0), 1)
    assert (balance(stock).held_by, summary(world.overseas, world.product)) == (0, (6, 8))
    assert refusal(holds.hold_quantity, SYSTEM, stock, 7, unit, "quarantine").code == "not_enough_stock"
    holds.end_hold(SYSTEM, world.overseas.id, hold.id)
    assert summary(world.overseas, world.product) == (10, 8)


def test_a_short_pick_puts_the_bin_in_doubt_until_it_is_counted(world: World):
    for house, product in ((world.overseas, world.product), (world.bonded, world.bonded_product)):
        stock = house.stocked(product, 5)
        line = promised(house, product, 4)[0]
        claim = allocated(house, line.subject_id)[0]
        tote = house.goods(product, "tote", unit=house.unit())
        with together():
            move(stock, tote, 1, Reason.PICK, allocation_id=claim.allocation_id)
            holds.doubt(SYSTEM, house.id, claim.balance_id)
        session().commit()
        assert (amounts(stock), summary(house, product)) == ((4, 0), (0, 3))
        service.count(SYSTEM, stock, 3, TEST)
        session().commit()
        assert (amounts(stock), balance(stock).held_by, summary(house, product)) == ((3, 0), 0, (3, 3))


def test_a_refusal_inside_together_leaves_nothing_pending(world: World):
    stock = world.overseas.stocked(world.product, 2)

    dock = world.overseas.goods(world.product, "dock")

    def both():
        with together():
            move(stock, dock, 1)
            move(stock, dock, 9)

    assert refusal(both).code == "not_enough_stock"
    assert "pending_summaries" not in session().info
    assert summary(world.overseas, world.product) == (2, 0)


def test_goods_expire_by_the_calendar_of_their_warehouse(world: World, test_clock):
    test_clock.now = datetime(2030, 3, 9, 20, 0, tzinfo=UTC)  # 10 March in Shanghai, 9 March in Los Angeles
    rows = []
    for house in (world.overseas, world.bonded):
        product = make_product(world.seller, outbound_days=3, customs_item_number="E")
        stock = house.stocked(product, 5, lot=make_lot(product, date(2030, 3, 13)))
        demand = promised(house, product, 2)[0].subject_id
        allocated(house, demand)
        rows.append((house, product, stock))
    assert sellable.expire() == 0
    test_clock.now = datetime(2030, 3, 10, 17, 0, tzinfo=UTC)  # 11 March in Shanghai, still the 10th in Los Angeles
    assert sellable.expire() == 1
    session().commit()
    assert [(summary(house, product), amounts(stock)) for house, product, stock in rows] == [
        ((5, 2), (5, 2)), ((0, 2), (5, 0)),
    ]  # fmt: skip
    test_clock.now = datetime(2030, 3, 11, 17, 0, tzinfo=UTC)
    assert sellable.expire() == 1
    session().commit()
    assert sellable.expire() == 0
    session().execute(text("UPDATE product SET outbound_days = 0"))
    session().commit()
    assert sellable.expire() == 2
    assert [summary(house, product) for house, product, _ in rows] == [(5, 2), (5, 2)]


def test_the_audit_gives_the_job_of_the_new_day_a_quarter_of_an_hour(world: World, test_clock):
    """Found by the simulation: it was asked 15 seconds after midnight, and the job comes every minute."""
    check = [each for each in CHECKS if each.name == "sellable property is what the rule says"]

    def wrong() -> int:
        session().commit()
        return len(run_checks(check)["checks"][0]["violations"])

    test_clock.now = datetime(2030, 3, 9, 20, 0, tzinfo=UTC)
    product = make_product(world.seller, outbound_days=3)
    world.overseas.stocked(product, 5, lot=make_lot(product, date(2030, 3, 12)))
    midnight = datetime(2030, 3, 10, 8, 0, tzinfo=UTC)  # in Los Angeles
    test_clock.now = midnight + timedelta(seconds=15)
    assert wrong() == 0
    test_clock.now = midnight + timedelta(minutes=16)
    assert wrong() == 1
    assert sellable.expire() == 1
    assert wrong() == 0
    test_clock.now = midnight - timedelta(days=1)  # as the books are looked at after each test: long before
    assert sellable.expire() == 1
    session().commit()


def test_expired_goods_that_arrive_do_not_sell(world: World):
    product = make_product(world.seller)
    stock = world.overseas.stocked(product, 3, lot=make_lot(product, date(2020, 1, 1)))
    assert (balance(stock).is_sellable, summary(world.overseas, product)) == (False, (0, 0))
