"""Which orders of the demo go another way: of each kind one at least, the same each time, as the API takes them."""

from __future__ import annotations

from typing import Any

import pytest

from wms.demo import kinds
from wms.demo.__main__ import OWN_BOOK
from wms.demo.orderbook import read_order_book
from wms.demo.plan import Plan
from wms.outbound.schemas import OrderIn

BODY: dict[str, Any] = {
    "reference": "1", "warehouse": "DE1", "service": "HOUSE-STD", "consignee": {
        "name": "A", "country": "DE", "city": "B", "postcode": "1", "address1": "C",
    }, "lines": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}],
}  # fmt: skip


def test_of_each_kind_there_is_one_at_least_and_no_order_goes_two_ways() -> None:
    few = kinds.ways([f"I{number}" for number in range(8)], 34)
    assert sorted(few.values()) == sorted(kinds.SHARES)
    many = kinds.ways([f"I{number}" for number in range(900)], 1_000)
    assert {way: list(many.values()).count(way) for way in kinds.SHARES} == kinds.SHARES
    assert kinds.ways([f"I{number}" for number in reversed(range(8))], 34) == few
    assert kinds.ways([], 34) == {}


@pytest.mark.parametrize("way", [None, *kinds.SHARES])
def test_the_api_takes_it_as_its_seller_sends_it(way: str | None) -> None:
    loaded = OrderIn().load(kinds.shaped(way, BODY, 7))
    assert loaded["kind"] == (way if way in (kinds.PICK_UP, kinds.FBA, kinds.TRANSFER) else "dropship")


def test_the_own_book_has_them_all_and_none_that_could_not_leave() -> None:
    plan = Plan(read_order_book(OWN_BOOK))
    assert set(plan.ways.values()) == set(kinds.SHARES)
    sent_back = {taken.sale_invoice for each in plan.book.returns for line in each.lines for taken in line.taken}
    assert sent_back.isdisjoint(plan.ways)
    late = {plan.items[code].sku for code, units in plan.stock.items() if units < plan.demand[code]}
    for order, body in plan.orders():
        if order.invoice in plan.ways:
            assert len(body["lines"]) > 1
            skus = {line["sku"] for line in body["lines"]}
            assert skus.isdisjoint(late | plan.luck.with_lots | plan.luck.vanishing)
