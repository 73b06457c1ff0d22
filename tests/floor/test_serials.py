"""A product under full serial control, scan by scan: the numbers go where the goods go, and the books say so."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text

from tests.floor.worker import Tablet, announce, house_carrier, order, prepare_waybills, totes, tracking_numbers
from tests.inbound.dock import product
from wms.catalog import service as catalog
from wms.catalog.service import Code
from wms.cli import all_checks
from wms.core.checkdigits import gs1_check_digit
from wms.platform.auditing import run_checks
from wms.platform.database import commit, session

PHONE = "PHONE-X"
GTIN = "0069012345678"
GTIN += str(gs1_check_digit(GTIN))
OTHER = "0069012345679"
OTHER += str(gs1_check_digit(OTHER))


def unit(number: str) -> str:
    """The 2D code on one unit: its GTIN and its serial number."""
    return f"]d201{GTIN}21{number}"


@pytest.fixture
def phone(cast, client) -> uuid.UUID:
    key = product(cast.acme_person, PHONE, serial_control="full")
    catalog.add_barcode(cast.acme_person, key, Code(GTIN[1:]))
    commit()
    return key


def now() -> dict[str, tuple[str, str | None]]:
    """Where every number is: its state, and the bin, tote or parcel. And the books balance."""
    session().expire_all()
    assert [check for check in run_checks(all_checks())["checks"] if check["violations"]] == []
    rows = session().execute(
        text("SELECT s.number, s.state, l.code, u.kind FROM serial s LEFT JOIN balance b ON b.id = s.balance_id"
             " LEFT JOIN location l ON l.id = b.location_id LEFT JOIN handling_unit u ON u.id = b.handling_unit_id"
             " ORDER BY 1")
    )  # fmt: skip
    return {row.number: (row.state, row.kind or row.code) for row in rows}


def receive(tablet: Tablet, label: str, *numbers: str) -> None:
    tablet.start("receive")
    assert tablet.scan(label)["code"] == "carton_opened"
    for number in numbers:
        assert tablet.scan(unit(number))["tone"] in ("ok", "warn")
    assert tablet.scan("CMD-OK")["code"] in ("carton_closed", "carton_closed_difference")


def test_a_code_of_item_and_number_is_read_where_only_its_number_is_asked_for(cast, tablet, phone):
    """The tablet had asked for the number, and the 2D code was scanned: its number counts, not the whole code."""
    (label,) = announce(cast, {PHONE: 2})
    tablet.start("receive")
    tablet.scan(label)
    assert tablet.scan(GTIN[1:])["ask"] == "serial"
    other = f"]d201{OTHER}21SN-1"
    for wrong, code in ((other, "wrong_item"), (f"]d201{GTIN}", "serial_is_code"), (f"(01){GTIN}", "serial_is_code")):
        assert tablet.scan(GTIN[1:], serial=wrong)["code"] == code
    assert tablet.scan(GTIN[1:], serial=unit("SN-1"))["code"] == "item_counted"
    assert tablet.scan(unit("SN-1"))["code"] == "serial_known"
    assert tablet.scan(GTIN[1:], serial="]d221SN-2")["code"] == "item_counted"
    assert now() == {"SN-1": ("in_stock", "carton"), "SN-2": ("in_stock", "carton")}


def test_a_unit_lives_its_whole_life_under_its_number(cast, client, tablet, phone):
    bins = cast.overseas.labels
    _come_in(tablet, announce(cast, {PHONE: 2})[0], bins)
    order(cast.api(client), {PHONE: 1}, house_carrier())
    tote = _picked(tablet, cast.overseas.id)
    number = _packed(tablet, tote)
    tablet.start("handover")
    assert tablet.scan(number)["code"] == "parcel_loaded"
    assert now() == {"SN-1": ("shipped", None), "SN-2": ("in_stock", "A-01-01-1")}
    _come_back(tablet, number, bins)
    _move_about(tablet, bins)


def _come_in(tablet: Tablet, label: str, bins: dict[str, str]) -> None:
    tablet.start("receive")
    tablet.scan(label)
    refused = tablet.scan(GTIN[1:])
    assert (refused["code"], refused["detail"]) == (
        "item_needs_serials", "Nothing was counted. Scan that item's serial numbers."
    )  # fmt: skip
    assert tablet.scan(unit("SN-1"))["code"] == "item_counted"
    assert tablet.scan(unit("SN-1"))["code"] == "serial_known"
    assert tablet.scan(unit("SN-2"))["code"] == "item_counted"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    assert now() == {"SN-1": ("in_stock", "carton"), "SN-2": ("in_stock", "carton")}

    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(GTIN[1:], quantity=1)["code"] == "serials_required"
    assert tablet.scan(unit("SN-2"))["title"] == "1 in hand. Scan the bin."
    assert tablet.scan(bins["A-01-01-1"])["code"] == "item_stowed"
    assert now() == {"SN-1": ("in_stock", "carton"), "SN-2": ("in_stock", "A-01-01-1")}
    assert tablet.scan(GTIN[1:])["code"] == "item_in_hand"  # all that is left: its number follows
    assert tablet.scan(bins["A-01-01-1"])["code"] == "item_stowed"
    assert now() == {"SN-1": ("in_stock", "A-01-01-1"), "SN-2": ("in_stock", "A-01-01-1")}


def _picked(tablet: Tablet, warehouse_id: uuid.UUID) -> str:
    """The tote it lies in."""
    tablet.start("pick")
    tablet.scan("CMD-OK")
    prepare_waybills()
    tablet.scan("CMD-OK")
    tote = totes(warehouse_id)[0]
    tablet.scan(tote)
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(GTIN[1:])["code"] == "serials_required"
    assert tablet.scan(unit("SN-9"))["code"] == "serial_not_here"
    assert tablet.scan(unit("SN-1"))["code"] == "walk_done"
    assert now() == {"SN-1": ("in_stock", "tote"), "SN-2": ("in_stock", "A-01-01-1")}
    return tote


def _packed(tablet: Tablet, tote: str) -> str:
    """The number of its parcel."""
    tablet.start("pack")
    tablet.scan(tote)
    asked = tablet.scan(GTIN[1:])
    assert (asked["code"], asked["ask"]) == ("serial_needed", "serial")
    assert tablet.scan(unit("SN-2"))["code"] == "serial_not_here"
    assert tablet.scan(unit("SN-9"))["code"] == "serial_unknown"
    assert tablet.scan(GTIN[1:], serial="SN-9")["code"] == "serial_unknown"
    assert tablet.scan(GTIN[1:], serial="SN-1")["code"] == "all_checked"  # two labels: the item's and its number's
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    number = tracking_numbers()[0]
    assert tablet.scan(number)["code"] == "parcel_closed"
    assert now()["SN-1"] == ("in_stock", "parcel")
    return number


def _come_back(tablet: Tablet, number: str, bins: dict[str, str]) -> None:
    tablet.start("return")
    assert tablet.scan(number)["code"] == "return_opened"
    assert tablet.scan(GTIN[1:])["ask"] == "serial"
    for stranger in ("SN-2", "SN-9"):  # in stock here, and never seen: neither left with this order
        refused = tablet.scan(unit(stranger))
        assert (refused["code"], refused["title"]) == ("serial_other", f"{stranger} did not leave with this order.")
    assert tablet.scan(GTIN[1:], serial="SN-1")["code"] == "return_item"
    assert now()["SN-1"][0] == "in_stock"
    assert tablet.scan(bins["A-01-02-1"])["code"] == "return_restock"
    assert now() == {"SN-1": ("in_stock", "A-01-02-1"), "SN-2": ("in_stock", "A-01-01-1")}
    assert tablet.scan("CMD-OK")["code"] == "return_done"


def _move_about(tablet: Tablet, bins: dict[str, str]) -> None:
    tablet.start("move")
    tablet.scan(bins["A-01-02-1"])
    assert tablet.scan(unit("SN-2"))["code"] == "serial_not_here"
    assert tablet.scan("SN-1")["code"] == "item_in_hand"
    assert tablet.scan(bins["A-01-01-1"])["code"] == "item_moved"
    assert now() == {"SN-1": ("in_stock", "A-01-01-1"), "SN-2": ("in_stock", "A-01-01-1")}
    tablet.scan(bins["A-01-01-1"])
    assert tablet.scan(GTIN[1:], quantity=1)["code"] == "serials_required"
    assert tablet.scan(unit("SN-2"))["code"] == "item_in_hand"
    tablet.scan(bins["A-01-03-1"])
    assert now() == {"SN-1": ("in_stock", "A-01-01-1"), "SN-2": ("in_stock", "A-01-03-1")}


def test_counts_and_putaways_are_taken_back_by_their_numbers(cast, client, tablet, phone):
    bins = cast.overseas.labels
    (label,) = announce(cast, {PHONE: 3})
    tablet.start("receive")
    tablet.scan(label)
    for number in ("SN-1", "SN-2", "SN-3"):
        tablet.scan(unit(number))
    assert tablet.scan("CMD-UNDO")["code"] == "count_undone"
    assert now()["SN-3"] == ("void", None)
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    for number in ("SN-1",):
        tablet.scan(unit(number))
        tablet.scan(bins["A-01-01-1"])
    assert tablet.scan("CMD-UNDO")["code"] == "putaway_taken_back"
    assert now() == {"SN-1": ("in_stock", "carton"), "SN-2": ("in_stock", "carton"), "SN-3": ("void", None)}


def test_a_damaged_unit_is_found_by_its_number(cast, client, tablet, phone):
    """Good and damaged ones of a product stand in one carton; the number says which one is in the hand."""
    (label,) = announce(cast, {PHONE: 2})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan(unit("SN-1"))
    tablet.scan("CMD-DAMAGE")
    tablet.scan(unit("SN-2"))
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(unit("SN-9"))["code"] == "serial_not_here"
    assert tablet.scan(unit("SN-2"))["code"] == "item_in_hand"
    tablet.scan(cast.overseas.labels["A-01-01-1"])
    session().expire_all()
    row = session().execute(text("SELECT b.condition FROM serial s JOIN balance b ON b.id = s.balance_id"
                                 " WHERE s.number = 'SN-2' AND b.handling_unit_id IS NULL")).scalar_one()  # fmt: skip
    assert row == "damaged"


def test_a_number_on_goods_without_serials_is_just_their_code(cast, client, tablet):
    key = product(cast.acme_person, "MUG-2D")
    catalog.add_barcode(cast.acme_person, key, Code(GTIN[1:]))
    commit()
    (label,) = announce(cast, {"MUG-2D": 3})
    receive(tablet, label, "X1", "X2", "X1")
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.scan(unit("X1"))["title"] == "3 in hand. Scan the bin."
    assert now() == {}


def test_units_of_a_cancelled_order_go_back_by_their_numbers(cast, client, tablet, phone):
    bins = cast.overseas.labels
    (label,) = announce(cast, {PHONE: 3})
    receive(tablet, label, "SN-1", "SN-2", "SN-3")
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan(GTIN[1:])
    tablet.scan(bins["A-01-01-1"])
    api = cast.api(client)
    name = order(api, {PHONE: 2}, house_carrier())
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.scan("CMD-OK")
    tote = totes(cast.overseas.id)[0]
    tablet.scan(tote)
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(unit("SN-1"), quantity=2)["code"] == "serials_required"
    assert tablet.scan(unit("SN-3"))["code"] == "item_picked"
    assert tablet.scan(unit("SN-3"))["code"] == "serial_not_here"
    assert tablet.scan(unit("SN-1"))["code"] == "walk_done"
    found = session().execute(text("SELECT id, version FROM outbound_order WHERE number = :n"), {"n": name}).one()
    answer = api.post(f"/api/v1/orders/{found.id}/cancel", {"reason": "buyer_cancelled"}, match=found.version)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    tablet.start("putback")
    tablet.scan(tote)
    assert tablet.scan(GTIN[1:], quantity=1)["code"] == "serials_required"
    tablet.scan(unit("SN-2"))
    assert tablet.scan(bins["A-01-02-1"])["code"] == "serial_not_here"
    tablet.scan("CMD-BACK")
    tablet.scan(tote)
    tablet.scan(unit("SN-3"))
    assert tablet.scan(bins["A-01-02-1"])["code"] == "item_put_back"
    assert now() == {
        "SN-1": ("in_stock", "tote"), "SN-2": ("in_stock", "A-01-01-1"), "SN-3": ("in_stock", "A-01-02-1"),
    }  # fmt: skip
    tablet.scan(GTIN[1:])  # the last one: nothing to choose
    tablet.scan(bins["A-01-01-1"])
    assert now()["SN-1"] == ("in_stock", "A-01-01-1")
