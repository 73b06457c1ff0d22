"""A walk that was planned as a fast lane, on the tablet: one container, one scan with a quantity at a bin."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.floor.worker import CABLE, CODES, MUG, Tablet, totes
from tests.outbound.stage import BIN2, BIN3, Stage
from wms.outbound.carts import Selection
from wms.outbound.models import Order
from wms.outbound.service import orders, waves
from wms.platform.database import session


@pytest.fixture
def stage(cast, db_session) -> Stage:
    return Stage(cast)


@pytest.fixture
def five(stage: Stage) -> list[Order]:
    """Five orders of a mug, which come before two of a cable in the walk."""
    stage.stock(MUG, 9)
    stage.stock(CABLE, 9, BIN2)
    made = [stage.order({MUG: 1}) for _ in range(5)] + [stage.order({CABLE: 1}) for _ in range(2)]
    chosen = Selection(kinds=("single_unit",))
    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id, selection=chosen)
    stage.jobs("outbound.prepare_waybills", "printing.render_bundle")
    return made[:5]


@pytest.fixture
def tablet(stage: Stage, client, five: list[Order]) -> Tablet:
    """With a container on the cart, before the first bin."""
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver))
    tablet.start("pick")
    assert tablet.scan("CMD-OK")["code"] == "walk_taken"
    seen = tablet.look()
    assert "All orders of this walk share it" in seen
    assert 'data-command="CMD-MIXED"' not in seen
    assert tablet.scan("CMD-MIXED")["code"] == "command_not_here"
    told = tablet.scan(totes(stage.cast.overseas.id)[0])
    assert (told["code"], told["params"], tablet.step) == ("lane_bound", {"orders": 7}, "scan_location")
    return tablet


def at_the_mugs(tablet: Tablet) -> None:
    assert (tablet.seen["sku"], tablet.seen["lane"]) == (MUG, True)
    assert tablet.scan(tablet.seen["location_barcode"])["code"] == "bin_right"


def test_take_five_is_one_scan_and_the_next_bin_two(tablet: Tablet) -> None:
    assert (tablet.seen["quantity"], tablet.seen["orders"]) == (5, 5)
    assert "Fast lane, 5 orders" in tablet.look()
    at_the_mugs(tablet)
    assert tablet.scan(CODES[MUG], quantity=5)["code"] == "stop_done"
    assert tablet.scan(tablet.seen["location_barcode"])["code"] == "bin_right"
    assert tablet.scan(CODES[CABLE], quantity=2)["code"] == "walk_done"
    tablet.start("lane")
    for sku in (MUG, CABLE, MUG):
        tablet.scan(CODES[sku])
        assert tablet.scan(tablet.seen["tracking_number"])["code"] == "parcel_closed"


def test_one_by_one_the_picker_stays_at_the_bin(tablet: Tablet) -> None:
    at_the_mugs(tablet)
    for left in (4, 3, 2):
        assert (tablet.scan(CODES[MUG])["code"], tablet.step) == ("item_picked", "scan_product")
        assert tablet.seen["quantity"] == left
    assert tablet.scan(CODES[MUG], quantity=2)["code"] == "stop_done"


def test_cancelled_while_the_picker_stands_there_one_fewer_is_taken(
    stage: Stage, tablet: Tablet, five: list[Order]
) -> None:
    at_the_mugs(tablet)
    first = session().execute(
        text("SELECT order_id FROM pick_task WHERE id = :stop"),
        {"stop": session().execute(text("SELECT data->>'stop_id' FROM floor_task WHERE kind = 'pick'")).scalar_one()},
    ).scalar_one()  # fmt: skip
    stage.do(orders.cancel_order, stage.cast.acme, first, None, "buyer_cancelled")
    told = tablet.scan(CODES[MUG], quantity=5)
    assert (told["code"], told["params"]) == ("too_many_picked", {"left": 4})
    assert tablet.scan(CODES[MUG], quantity=4)["code"] == "stop_done"
    assert sorted(stage.state(order) for order in five) == ["cancelled", *["picked"] * 4]


def test_short_ends_the_bin_for_all_of_them(stage: Stage, tablet: Tablet, five: list[Order]) -> None:
    stage.stock(MUG, 5, BIN3)
    at_the_mugs(tablet)
    assert tablet.scan(CODES[MUG], quantity=2)["code"] == "item_picked"
    assert tablet.scan("CMD-SHORT")["code"] == "short_confirm"
    assert tablet.scan("CMD-SHORT")["code"] == "short_reported"
    assert tablet.seen["sku"] == CABLE
    stage.jobs()
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(CODES[CABLE], quantity=2)["code"] == "stop_done"
    assert (tablet.seen["location"], tablet.seen["quantity"]) == (BIN3, 3)
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(CODES[MUG], quantity=3)["code"] == "walk_done"
    assert {stage.state(order) for order in five} == {"picked"}


def test_a_full_container_is_followed_by_another_for_what_is_to_come(stage: Stage, tablet: Tablet) -> None:
    at_the_mugs(tablet)
    tablet.scan(CODES[MUG], quantity=3)
    assert tablet.scan("CMD-FULL")["code"] == "tote_full"
    assert "Bring the full one to the fast lane" in tablet.look()
    told = tablet.scan(totes(stage.cast.overseas.id)[0])
    assert (told["code"], told["params"]) == ("lane_bound", {"orders": 4})
    at_the_mugs(tablet)
    tablet.scan(CODES[MUG], quantity=2)
    tablet.scan(tablet.seen["location_barcode"])
    tablet.scan(CODES[CABLE], quantity=2)
    rows = "SELECT sum(b.on_hand)::int FROM handling_unit h JOIN balance b ON b.handling_unit_id = h.id WHERE"
    assert session().execute(text(f"{rows} h.subject_kind = 'lane' GROUP BY h.id ORDER BY 1")).scalars().all() == [3, 4]
