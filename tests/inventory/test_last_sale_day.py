"""The last sale day is a day of sale, everywhere alike (DESIGN.md section 4, decision 124): rule, rows, sums, promises, bins
of a wave, what a seller is told, and the audit, each the day before, on it and the day after, by the warehouse's calendar.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.inventory.conftest import assert_books_balance
from tests.inventory.world import (
    World,
    allocated,
    amounts,
    make_lot,
    make_product,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.inventory import pins, sellable
from wms.inventory.expiry import lot_lines
from wms.inventory.promises import Pin
from wms.inventory.queries import Scope, stock_lines, stock_rows
from wms.inventory.rules import last_sale_day

EXPIRES, KEEPS = date(2030, 3, 13), 3
LAST = date(2030, 3, 10)


def at(day: int) -> datetime:
    """Noon of a day of that month in Los Angeles, where the house stands."""
    return datetime(2030, 3, day, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "sells", "left", "tone"), [(9, True, 1, "soon"), (10, True, 0, "soon"), (11, False, -1, "past")]
)
def test_the_day_is_the_same_wherever_it_is_asked(
    world: World, test_clock, day: int, sells: bool, left: int, tone: str
):
    house = world.overseas
    test_clock.now = at(8)
    product = make_product(world.seller, expiry_controlled=True, outbound_days=KEEPS)
    lot = make_lot(product, EXPIRES)
    stock = house.stocked(product, 5, lot=lot)
    test_clock.now = at(day)
    assert sellable.expire() == (0 if sells else 1)
    house.stocked(product, 2, place="bin2", lot=lot)  # what comes on that day is told the same
    assert (amounts(stock)[0], summary(house, product)[0]) == (5, 7 if sells else 0)
    (line,) = lot_lines(Scope({world.seller.id}), sku=product.sku)[0]
    assert (line.last_sale_on, line.days_left, line.tone) == (LAST, left, tone)
    assert (line.on_hand, line.sellable) == (7, 7 if sells else 0)
    (seen,) = stock_lines(Scope({world.seller.id}), sku=product.sku)[0]
    assert (seen.available, seen.unqualified) == ((7, 0) if sells else (0, 7))
    assert {row.bucket for row in stock_rows(Scope({world.seller.id}), product.id)} == {
        "available" if sells else "unqualified"
    }
    if sells:
        subject = promised(house, product, 1)[0].subject_id
        assert sum(each.quantity for each in allocated(house, subject)) == 1
    else:
        assert refusal(lambda: promised(house, product, 1)).code == "stock_short"
    stale = pins.pinned_rows(Pin(expired=True, condition="good"), house.id, world.seller.id, product.id, bonded=False)
    assert all(row.is_sellable for row in stale) is sells
    assert_books_balance()  # by the audit's clock, too
    test_clock.now = at(8)  # and again by everybody else's, after the test
    sellable.expire()


def test_it_is_the_expiry_less_the_days_that_goods_must_keep():
    assert last_sale_day(EXPIRES, KEEPS) == LAST
    assert last_sale_day(EXPIRES, 0) == EXPIRES  # on the day that is printed
