"""The wire contract of a scan: one effect, the same answer again, and words for everything that can go wrong."""

from __future__ import annotations

import pytest

from tests.floor.worker import (
    CABLE,
    CODES,
    MUG,
    Tablet,
    announce,
    house_carrier,
    order,
    prepare_waybills,
    totes,
    tracking_numbers,
)


@pytest.fixture
def tablet(cast, client) -> Tablet:
    return Tablet(cast.sign_in(client, cast.receiver))


def receive_and_stow(cast, tablet: Tablet, lines: dict[str, int]) -> None:
    (label,) = announce(cast, lines)
    tablet.start("receive")
    assert tablet.scan(label)["code"] == "carton_opened"
    for sku, quantity in lines.items():
        assert tablet.scan(CODES[sku], quantity=quantity)["tone"] == "ok"
    assert tablet.scan("CMD-OK")["code"] == "carton_closed"
    tablet.start("putaway")
    assert tablet.scan(label)["code"] == "source_taken"
    for sku in lines:
        assert tablet.scan(CODES[sku])["code"] == "item_in_hand"
        assert tablet.seen["location"] in cast.overseas.labels
        assert tablet.scan(cast.overseas.labels[tablet.seen["location"]])["code"] == "item_stowed"
    assert tablet.step == "scan_carton"


def test_one_order_goes_from_the_dock_to_the_load(cast, client, tablet):
    receive_and_stow(cast, tablet, {MUG: 10, CABLE: 4})
    service = house_carrier()
    order(cast.api(client), {MUG: 2, CABLE: 1}, service)
    tablet.start("pick")
    assert tablet.scan("CMD-OK")["code"] == "walks_planned"
    prepare_waybills()
    assert tablet.scan("CMD-OK")["title"] == "Orders 1, stops 2."
    assert tablet.step == "scan_tote"
    tote = totes(cast.overseas.id)[0]
    assert tablet.scan(tote)["code"] == "tote_bound"
    while tablet.step == "scan_location":
        wanted = tablet.seen
        assert tablet.scan(wanted["location_barcode"])["code"] == "bin_right"
        assert tablet.scan(CODES[wanted["sku"]], quantity=wanted["quantity"])["code"] in ("stop_done", "walk_done")
    assert tablet.step == "begin"
    tablet.start("pack")
    assert tablet.scan(tote)["title"] == "To check: 3."
    for sku in (MUG, MUG, CABLE):
        feedback = tablet.scan(CODES[sku])
    assert (feedback["code"], tablet.step) == ("all_checked", "weigh")
    assert tablet.scan("CMD-OK", weight_g=5)["code"] == "weight_off"
    assert tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])["code"] == "weighed"
    number = tracking_numbers()[0]
    assert tablet.scan(number)["code"] == "parcel_closed"
    tablet.start("handover")
    assert tablet.scan(number)["code"] == "parcel_loaded"
    assert tablet.scan(number)["code"] == "parcel_already"
