"""Bad luck is drawn from a seed, is met in every kind, and never costs an order; and what the hands keep of the shelves."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import chain

import pytest

from wms.demo import crew, figures
from wms.demo.__main__ import OWN_BOOK
from wms.demo.figures import Size, cartons
from wms.demo.luck import Lot
from wms.demo.orderbook import read_order_book
from wms.demo.plan import FULL_CM3, FULL_G, Plan
from wms.demo.shelf import Goods, Shelf
from wms.planning.packing import Carton

TODAY = date(2026, 3, 2)
EARLY, LATE, NEAR = Lot("2026-09-18", "EARLY"), Lot("2027-04-06", "LATE"), Lot("2026-03-20", "NEAR")


def test_the_same_seed_is_the_same_luck():
    book = read_order_book(OWN_BOOK)
    assert list(Plan(book, TODAY).bookings()) == list(Plan(book, TODAY).bookings())


def test_every_kind_of_luck_is_met():
    plan = Plan(read_order_book(OWN_BOOK), TODAY)
    found = list(chain.from_iterable(each for _, each in plan.bookings()))
    assert sum(carton.is_lost for carton in found) == 1
    kinds = Counter((line["condition"], line["lot"].batch if line["lot"] else None) for carton in found
                    for line in carton.inside)  # fmt: skip
    assert kinds.keys() == {("good", None), ("damaged", None), ("good", "EARLY"), ("good", "LATE"), ("good", "NEAR")}
    luck = plan.luck
    drawn = [luck.with_lots, luck.damaged, luck.less, luck.more, luck.vanishing]
    assert all(drawn)
    assert len(frozenset().union(*drawn)) == sum(map(len, drawn))


def test_cartons_of_any_book_can_be_announced():
    """Found with a book of 1,965 products: a carton has at most 200 lines, and nobody packs so many."""
    lines = "\n".join(f"{n};G{n};GOODS {n};5;3/3/2025 08:00;1,00;1;Germany" for n in range(1, 3_001))
    plan = Plan(
        read_order_book(
            f"InvoiceNo;StockCode;Description;Quantity;InvoiceDate;UnitPrice;CustomerID;Country\n{lines}".encode()
        ),
        TODAY,
    )
    assert max(len(carton.lines) for _, cartons in plan.bookings() for carton in cartons) <= 20


def test_what_can_be_sold_is_never_less_than_was_planned():
    """Whatever is damaged, lacking, lost, too old or gone: the stock that the plan counts on is there."""
    plan = Plan(read_order_book(OWN_BOOK), TODAY)
    good: Counter[str] = Counter()
    for _, found in plan.bookings():
        for line in chain.from_iterable(carton.inside for carton in found if not carton.is_lost):
            if line["condition"] == "good" and (line["lot"] is None or line["lot"].is_sold):
                good[line["sku"]] += line["quantity"]
    good.subtract(dict.fromkeys(plan.luck.vanishing, 2))
    lacking = {item.sku: good[item.sku] - plan.stock[code] for code, item in plan.items.items()}
    assert {sku: units for sku, units in lacking.items() if units} == dict.fromkeys(plan.luck.more, 1)


def test_a_picker_takes_what_expires_first_and_never_what_is_not_sold():
    shelf = Shelf()
    for lot, units in ((LATE, 4), (NEAR, 5), (EARLY, 3)):
        shelf.put("A-1", Goods("SERUM", "good", lot), units)
    shelf.put("A-1", Goods("SERUM", "damaged", None), 2)
    assert shelf.there("A-1", "SERUM") == 7
    with shelf.at("A-1", "A-2"):
        assert shelf.take("A-1", "SERUM", 5) == [(Goods("SERUM", "good", EARLY), 3), (Goods("SERUM", "good", LATE), 2)]
    with pytest.raises(ValueError, match="too many"):
        shelf.take("A-1", "SERUM", 3)
    assert shelf.as_book()["A-1", "SERUM", "good"] == 5


def test_one_size_is_the_one_that_needs_the_fewest_cartons():
    small = Size("S", (110, 110, 110), Carton((100_000, 100_000, 100_000), 0, 10**7, 1, True))
    large = Size("L", (210, 210, 210), Carton((200_000, 200_000, 200_000), 0, 10**7, 1, True))
    found = cartons([[(1, 90, 10)], [(2, 90, 10)], [(501, 90, 10)]], [small, large])
    assert found["cartons_by_size"] == {"L": 1, "S": 1}
    assert (found["cartons"], found["carton_litres"]) == (2, 10.6)
    assert (found["one_size"], found["cartons_one_size"], found["carton_litres_one_size"]) == ("L", 2, 18.5)


def test_a_box_gets_what_its_plan_says_and_what_is_left_gets_the_next():
    lines = [{"sku": "A", "quantity": 9}, {"sku": "B", "quantity": 0}, {"sku": "C", "quantity": 4}]
    plan = Plan(read_order_book(OWN_BOOK), TODAY)
    boxes = [{"goods": [[1, 0, 0, 0, 9, 9, 9, 2, 2, 1], [3, 0, 0, 9, 9, 9, 9, 1, 1, 1]]}, {"goods": []}]
    inside, is_last = crew._content(lines, boxes, plan)
    assert ([(line["sku"], line["quantity"]) for line in inside], is_last) == ([("A", 4), ("C", 1)], False)
    assert crew._content(lines, boxes[:1], plan) == ([lines[0], lines[2]], True)


def test_without_a_plan_a_box_is_filled_until_it_is_full():
    plan = Plan(read_order_book(OWN_BOOK), TODAY)
    item = next(iter(plan.items.values()))
    most = min(FULL_CM3 * 1_000 // item.side_mm**3, FULL_G // item.weight_g)
    inside, is_last = crew._content([{"sku": item.sku, "quantity": most + 5}], None, plan)
    assert (inside, is_last) == ([{"sku": item.sku, "quantity": most}], False)
    assert crew._content([{"sku": item.sku, "quantity": 5}], None, plan)[1]


def test_parcels_an_hour_by_stated_times():
    assert figures.an_hour(30, {"picking": 1_800.0, "packing": 1_800.0}) == 30.0
    assert figures.an_hour(0, {}) == 0.0
