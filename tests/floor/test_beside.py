"""What stands on goods beside their barcode is asked for, and goes with the scan: a batch, days, a serial number."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.cast import Cast
from tests.floor.serving import SMALL_TABLET, STICKS_OUT, Screen
from tests.floor.test_pages import ROSA
from tests.floor.test_pages import tablet as at_the_bench
from tests.floor.worker import CODES, MUG, Tablet, announce, house_carrier, order, prepare_waybills, totes
from tests.inbound import dock
from tests.inbound.dock import product
from wms.catalog import service as catalog
from wms.catalog.service import Code
from wms.core.actor import SYSTEM
from wms.inbound.lots import LotDraft
from wms.inbound.models import Carton
from wms.inventory import service as stock
from wms.inventory.counting import planning
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.service import Subject
from wms.outbound.models import Order
from wms.outbound.service import orders
from wms.platform.database import commit, session

__all__ = ["at_the_bench"]
JAM, PHONE = "JAM", "PHONE-Y"
CODE = {JAM: f"ACME:{JAM}", PHONE: f"ACME:{PHONE}"}
BIN = "A-01-01-1"


@pytest.fixture
def keys(cast: Cast) -> dict[str, uuid.UUID]:
    return made(cast)


def made(cast: Cast) -> dict[str, uuid.UUID]:
    """Jam, whose batch and expiry are printed on its lid, and a phone that bears its number on a label of its own."""
    found = {
        JAM: product(cast.acme_person, JAM, lot_controlled=True, expiry_controlled=True),
        PHONE: product(cast.acme_person, PHONE, serial_control="full"),
    }
    for sku, key in found.items():
        catalog.add_barcode(cast.acme_person, key, Code(CODE[sku]))
    commit()
    return found


def lots(sku: str) -> Any:
    return session().execute(
        text("SELECT t.batch, t.expires_on::text, t.made_on::text, sum(b.on_hand)::int FROM balance b JOIN lot t"
             " ON t.id = b.lot_id JOIN product p ON p.id = b.product_id WHERE p.sku = :sku AND b.is_there"
             " GROUP BY 1, 2, 3 ORDER BY 1"), {"sku": sku},
    ).all()  # fmt: skip


def test_a_batch_in_print_is_asked_for_and_received(cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]) -> None:
    (label,) = announce(cast, {JAM: 12})
    tablet.start("receive")
    tablet.scan(label)
    asked = tablet.scan(CODE[JAM])
    assert (asked["code"], asked["ask"]) == ("expiry_required", "batch")
    asked = tablet.scan(CODE[JAM], expires_on="2027-05-31")
    assert (asked["code"], asked["ask"]) == ("lot_required", "batch")
    told = {"batch": "B1", "expires_on": "2027-05-31", "made_on": "2025-06-01"}
    assert tablet.scan(CODE[JAM], quantity=11, **told)["code"] == "item_counted"
    wrong = tablet.send(tablet.body(CODE[JAM], batch="B2", expires_on="2025-05-31", made_on="2025-06-01"))
    assert [(each["pointer"], each["message"]) for each in wrong.get_json()["errors"]] == [
        ("/expires_on", "Expires before it was made (2025-06-01).")
    ]
    other = tablet.scan(CODE[JAM], batch="B1", expires_on="2027-05-31", made_on="2025-06-02")
    assert (other["code"], other["ask"]) == ("lot_made_otherwise", None)
    assert tablet.scan(CODE[JAM], batch="B2", expires_on="2027-06-30")["code"] == "item_counted"
    assert lots(JAM) == [("B1", "2027-05-31", "2025-06-01", 11), ("B2", "2027-06-30", None, 1)]


def announced(cast: Cast, lots: list[LotDraft], sku: str = JAM) -> str:
    """The label of the one carton of a booking that announces these lots."""
    found = dock.announce(cast.acme, {sku: lots})
    barcode: str = session().scalars(select(Carton.barcode).where(Carton.id == found.carton)).one()
    return barcode


B1, B2 = LotDraft(6, "B1", None, date(2027, 5, 31)), LotDraft(4, "B2", date(2026, 1, 1), date(2027, 6, 30))


def test_what_was_announced_is_offered_and_another_batch_is_told(
    cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]
) -> None:
    label = announced(cast, [B1, B2])
    tablet.start("receive")
    tablet.scan(label)
    assert tablet.seen["lines"][0]["lots"] == [
        {"lot": "B1 · 2027-05-31", "units": 6}, {"lot": "B2 · 2027-06-30", "units": 4}
    ]  # fmt: skip
    asked = tablet.scan(CODE[JAM])
    assert (asked["code"], asked["ask"]) == ("expiry_required", "batch")
    assert asked["params"]["announced"] == [
        {"batch": "B1", "made_on": None, "expires_on": "2027-05-31", "units": 6},
        {"batch": "B2", "made_on": "2026-01-01", "expires_on": "2027-06-30", "units": 4},
    ]
    assert tablet.scan(CODE[JAM], quantity=5, batch="B1", expires_on="2027-05-31")["code"] == "item_counted"
    other = tablet.scan(CODE[JAM], batch="B1", expires_on="2027-06-01")
    assert (other["code"], other["tone"], other["title"]) == (
        "item_counted_other_lot", "warn", "6 of 10 counted. Batch B1 · 2027-06-01 was not announced."
    )  # fmt: skip
    assert tablet.scan("CMD-FULL")["code"] == "counted_as_declared"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed_difference"
    assert lots(JAM) == [
        ("B1", "2027-05-31", None, 6), ("B1", "2027-06-01", None, 1), ("B2", "2027-06-30", "2026-01-01", 3)
    ]  # fmt: skip


def test_a_batch_that_the_product_does_not_keep_is_no_difference(cast: Cast, tablet: Tablet) -> None:
    """What is told while counting is what the close will tell: the book keeps the day, and of two batches it knows nothing."""
    key = product(cast.acme_person, "SALT", expiry_controlled=True)
    catalog.add_barcode(cast.acme_person, key, Code("ACME:SALT"))
    label = announced(cast, [LotDraft(3, "L1", None, date(2027, 5, 31))], "SALT")
    tablet.start("receive")
    tablet.scan(label)
    assert tablet.scan("ACME:SALT", batch="L9", expires_on="2027-05-31", quantity=2)["code"] == "item_counted"
    other = tablet.scan("ACME:SALT", batch="L1", expires_on="2027-06-30")
    assert (other["code"], other["params"]["read"]) == ("item_counted_other_lot", "2027-06-30")
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"
    assert tablet.scan("ACME:SALT", batch="L9", expires_on="2027-05-31")["code"] == "item_counted"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    assert lots("SALT") == [(None, "2027-05-31", None, 3)]


def test_a_number_that_was_not_announced_is_told(cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]) -> None:
    label = announced(cast, [LotDraft(2, serial_numbers=["S-1001", "S-1002"])], PHONE)
    tablet.start("receive")
    tablet.scan(label)
    assert tablet.scan(CODE[PHONE], serial="S-1002")["code"] == "item_counted"
    other = tablet.scan(CODE[PHONE], serial="S-1003")
    assert (other["code"], other["tone"]) == ("item_counted_other_serial", "warn")


def test_counted_blind_nothing_announced_is_shown(cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]) -> None:
    dock.service.set_counting(cast.supervisor, cast.overseas.id, "blind")
    label = announced(cast, [LotDraft(6, "SECRET-B1", None, date(2027, 5, 31))])
    tablet.start("receive")
    answers = [str(tablet.scan(label)), tablet.look()]
    for more in ({}, {"batch": "X", "expires_on": "2028-01-31"}):
        answers += [str(tablet.scan(CODE[JAM], **more)), tablet.look(), str(tablet.seen)]
    assert not [answer for answer in answers if "SECRET-B1" in answer or "2027-05-31" in answer]


def test_an_announced_batch_is_one_tap(cast: Cast, fresh_app: Any, at_the_bench: Callable[..., Screen]) -> None:
    with fresh_app.app_context():
        made(cast)
        label = announced(cast, [B1, B2])
    screen = at_the_bench(ROSA)
    page = screen.page
    page.set_viewport_size(SMALL_TABLET)
    screen.open("receive")
    screen.scan(label)
    screen.scan(CODE[JAM])
    page.wait_for_selector("#ask-batch[open] [data-offered] button")
    assert page.locator("[data-offered] button").all_inner_texts() == ["B1 · 2027-05-31", "B2 · 2027-06-30"]
    assert screen.after(lambda: page.locator("[data-offered] button").nth(1).click()).startswith("1 of 10")
    assert page.evaluate(STICKS_OUT) == []
    assert page.inner_text("[data-kept-batch]") == "B2 · 2026-01-01 · 2027-06-30"
    with fresh_app.app_context():
        assert lots(JAM) == [("B2", "2027-06-30", "2026-01-01", 1)]


def test_a_number_on_a_label_of_its_own_is_asked_for(cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]) -> None:
    (label,) = announce(cast, {PHONE: 2, MUG: 1})
    tablet.start("receive")
    tablet.scan(label)
    asked = tablet.scan(CODE[PHONE])
    assert (asked["code"], asked["ask"]) == ("item_needs_serials", "serial")
    several = tablet.scan(CODE[PHONE], quantity=2)
    assert (several["code"], several["ask"]) == ("item_needs_serials", None)  # each has a number of its own
    for wrong, code in ((CODE[PHONE], "serial_is_code"), (CODES[MUG], "serial_is_code"), ("9" * 41, "serial_too_long"),
                        ("", "scan_unreadable")):  # fmt: skip
        assert tablet.scan(CODE[PHONE], serial=wrong)["code"] == code
    assert tablet.scan(CODE[PHONE], serial=" 356938035643809 ")["code"] == "item_counted"
    twice = tablet.scan(CODE[PHONE], serial="356938035643809")
    assert (twice["code"], twice["ask"]) == ("serial_known", None)
    assert tablet.scan(CODE[PHONE], serial="356938035643817")["code"] == "item_counted"
    assert tablet.scan(CODES[MUG])["code"] == "item_counted"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    numbers = session().execute(text("SELECT number FROM serial WHERE product_id = :p ORDER BY 1"), {"p": keys[PHONE]})
    assert numbers.scalars().all() == ["356938035643809", "356938035643817"]


def test_another_batch_than_the_book_knows_is_counted(cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]) -> None:
    (label,) = announce(cast, {JAM: 6})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan(CODE[JAM], quantity=6, batch="B1", expires_on="2027-05-31")
    tablet.scan("CMD-OK")
    row = session().query(Balance).filter_by(product_id=keys[JAM]).filter(Balance.on_hand > 0).one()
    stock.relocate(SYSTEM, stock_of(row), cast.overseas.locations[BIN], 6, Subject("test", None))
    planning.plan_bins(cast.supervisor, cast.overseas.id, [cast.overseas.locations[BIN]])
    commit()
    tablet.start("count")
    tablet.scan(cast.overseas.labels[BIN])
    assert tablet.scan(CODE[JAM], quantity=4)["code"] == "count_tally"  # the one batch that the book has there
    assert tablet.scan(CODE[JAM], quantity=2, batch="B2", expires_on="2027-06-30")["code"] == "count_tally"
    assert sorted((line["batch"], line["counted"]) for line in tablet.seen["lines"]) == [("B1", 4), ("B2", 2)]


def lying(cast: Cast, sku: str) -> Any:
    return session().execute(
        text("SELECT coalesce(u.kind, l.code), t.batch, sum(b.on_hand)::int FROM balance b JOIN lot t ON t.id = b.lot_id"
             " JOIN product p ON p.id = b.product_id JOIN location l ON l.id = b.location_id"
             " LEFT JOIN handling_unit u ON u.id = b.handling_unit_id WHERE p.sku = :sku AND b.is_there"
             " GROUP BY 1, 2 ORDER BY 1, 2"), {"sku": sku},
    ).all()  # fmt: skip


def test_goods_go_where_they_were_carried_batch_by_batch(
    cast: Cast, tablet: Tablet, keys: dict[str, uuid.UUID]
) -> None:
    """Two batches of one product in one carton, and then in one bin: the book moves the one that is in hand."""
    bins = cast.overseas.labels
    (label,) = announce(cast, {JAM: 9})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan(CODE[JAM], quantity=5, batch="B1", expires_on="2027-05-31")
    tablet.scan(CODE[JAM], quantity=4, batch="B2", expires_on="2027-06-30")
    tablet.scan("CMD-OK")

    tablet.start("putaway")
    tablet.scan(label)
    assert {(line["lot"], line["quantity"]) for line in tablet.seen["lines"]} == {
        ("B1 · 2027-05-31", 5), ("B2 · 2027-06-30", 4)
    }  # fmt: skip
    assert tablet.scan(CODE[JAM], batch="B3")["title"] == "The book has none of B3 there."
    assert tablet.scan(CODE[JAM], batch="B2", quantity=3)["code"] == "item_in_hand"
    assert tablet.seen["lot"] == "B2 · 2027-06-30"
    assert "B2 · 2027-06-30" in tablet.look()
    tablet.scan(bins[BIN])
    assert tablet.scan(CODE[JAM])["code"] == "item_in_hand"  # nothing read: the screen says which is meant
    assert (tablet.seen["lot"], tablet.seen["quantity"]) == ("B1 · 2027-05-31", 5)
    tablet.scan(bins[BIN])
    assert lying(cast, JAM) == [(BIN, "B1", 5), (BIN, "B2", 3), ("carton", "B2", 1)]

    tablet.start("move")
    tablet.scan(bins[BIN])
    assert tablet.scan(CODE[JAM], expires_on="2029-01-01")["code"] == "batch_not_there"
    assert tablet.scan(CODE[JAM], expires_on="2027-05-31", quantity=2)["code"] == "item_in_hand"
    assert tablet.seen["lot"] == "B1 · 2027-05-31"
    tablet.scan(bins["A-01-02-1"])
    assert lying(cast, JAM) == [
        (BIN, "B1", 3), (BIN, "B2", 3), ("A-01-02-1", "B1", 2), ("carton", "B2", 1)
    ]  # fmt: skip


def test_a_cancelled_order_goes_back_batch_by_batch(
    cast: Cast, client: Any, tablet: Tablet, keys: dict[str, uuid.UUID]
) -> None:
    bins = cast.overseas.labels
    (label,) = announce(cast, {JAM: 5})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan(CODE[JAM], quantity=3, batch="B1", expires_on="2027-05-31")
    tablet.scan(CODE[JAM], quantity=2, batch="B2", expires_on="2027-06-30")
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan(bins[BIN])
    order(cast.api(client), {JAM: 5}, house_carrier())
    tablet.start("pick")
    tablet.scan("CMD-OK")
    prepare_waybills()
    tablet.scan("CMD-OK")
    tote = totes(cast.overseas.id)[0]
    tablet.scan(tote)
    told = {"code": ""}
    for batch, expires_on, quantity in (("B1", "2027-05-31", 3), ("B2", "2027-06-30", 2)):
        if tablet.step == "scan_location":
            tablet.scan(tablet.seen["location_barcode"])
        told = tablet.scan(CODE[JAM], quantity=quantity, batch=batch, expires_on=expires_on)
    assert told["code"] == "walk_done"
    orders.cancel_order(cast.acme, session().scalars(select(Order.id)).one(), None, "buyer_cancelled")
    commit()

    tablet.start("putback")
    tablet.scan(tote)
    assert [(line["lot"], line["quantity"]) for line in tablet.seen["lines"]] == [
        ("B1 · 2027-05-31", 3), ("B2 · 2027-06-30", 2)
    ]  # fmt: skip
    assert tablet.scan(CODE[JAM], batch="B2", quantity=3)["code"] == "quantity_too_large"
    assert tablet.scan(CODE[JAM], batch="B2")["code"] == "item_in_hand"
    assert (tablet.seen["lot"], tablet.seen["quantity"]) == ("B2 · 2027-06-30", 2)
    tablet.scan(bins["A-01-02-1"])
    assert tablet.scan(CODE[JAM], quantity=1)["code"] == "item_in_hand"
    assert tablet.seen["lot"] == "B1 · 2027-05-31"
    tablet.scan(bins[BIN])
    assert lying(cast, JAM) == [(BIN, "B1", 1), ("A-01-02-1", "B2", 2), ("tote", "B1", 2)]


@pytest.mark.page
def test_the_tablet_asks_and_keeps_what_was_told(
    cast: Cast, fresh_app: Any, at_the_bench: Callable[..., Screen]
) -> None:
    with fresh_app.app_context():
        made(cast)
        first, second = announce(cast, {JAM: 3, PHONE: 1}, {JAM: 1})
    screen = at_the_bench(ROSA)
    page = screen.page
    page.set_viewport_size(SMALL_TABLET)
    screen.open("receive")
    screen.scan(first)
    assert screen.scan(CODE[JAM]) == "JAM needs an expiry date."
    assert page.inner_text("#ask-batch [data-why]") == "JAM needs an expiry date."
    page.fill("#ask-batch [name=batch]", "B1")
    page.fill("#ask-batch [name=expires_on]", "2027053")
    page.click("#ask-batch button[type=submit]")
    assert page.locator("#ask-batch[open]").count() == 1  # that is no day
    page.fill("#ask-batch [name=expires_on]", "2027-05")
    assert screen.after(lambda: page.click("#ask-batch button[type=submit]")).startswith("1 of 3")
    assert page.inner_text("[data-kept-batch]") == "B1 · 2027-05-31"
    assert page.evaluate(STICKS_OUT) == []
    assert screen.scan(CODE[JAM]).startswith("2 of 3")
    screen.scan(CODE[PHONE])
    page.wait_for_selector("#ask-serial[open]")
    assert screen.scan("356938035643809").startswith("1 of 1")
    screen.tap("CMD-OK")
    screen.scan(second)
    screen.scan(CODE[JAM])
    page.wait_for_selector("#ask-batch[open]")  # another carton may be of another batch
    with fresh_app.app_context():
        assert lots(JAM) == [("B1", "2027-05-31", None, 2)]
