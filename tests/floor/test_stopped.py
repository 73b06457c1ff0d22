"""What a person's hands are told when the order they work on is held or intercepted: at the next scan, by each screen."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.abuse.ways import Scene
from tests.cast import Cast
from tests.floor.worker import CODES
from tests.outbound.stage import BIN3, MUG
from wms.facility.models import HandlingUnit
from wms.outbound.models import Order
from wms.outbound.service import interceptions, order_holds
from wms.platform.database import session


@pytest.fixture
def scene(cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None) -> Scene:
    return Scene(cast, client)


def stop(scene: Scene, order: Order, how: str) -> None:
    if how == "intercepted":
        scene.do(interceptions.request_interception, scene.cast.acme, order.id, "buyer_cancelled")
    else:
        scene.do(order_holds.place_hold, scene.cast.acme, order.id, "address")


ADVISED = {"intercepted": "截单货架", "order_held": "冻结订单货架"}  # the picker reads Chinese
HOW = list(ADVISED)


@pytest.mark.parametrize("how", HOW)
def test_a_picker_at_the_bin_is_led_on(scene: Scene, how: str) -> None:
    order = scene.order_at("waved")
    tote = session().get_one(HandlingUnit, scene.totes()[0]).barcode
    tablet = scene.tablet("pick", "CMD-OK", tote)
    tablet.scan(tablet.seen["location_barcode"])
    assert tablet.scan(CODES[MUG])["code"] == "item_picked"
    stop(scene, order, how)
    told = tablet.scan(CODES[MUG])
    assert told["code"] == ("stop_intercepted" if how == "intercepted" else "stop_held")
    assert told["tone"] == "warn"
    assert scene.state(order) == "picking"
    assert tablet.step == "begin"  # the walk has nothing else


@pytest.mark.parametrize("how", HOW)
def test_a_packer_is_stopped_at_the_tote_and_at_the_item(scene: Scene, how: str) -> None:
    order = scene.order_at("picked")
    tablet = scene.tablet("pack", scene.tote_code(order), CODES[MUG])
    stop(scene, order, how)
    told = tablet.scan(CODES[MUG])
    assert (told["code"], told["tone"]) == (how, "error")
    assert ADVISED[how] in told["detail"]
    tablet.scan("CMD-BACK")
    assert tablet.scan(scene.tote_code(order))["code"] == how


@pytest.mark.parametrize("how", HOW)
def test_the_gate_stops_the_parcel(scene: Scene, how: str) -> None:
    order = scene.order_at("packed")
    number = str(scene.waybill(order)[1].tracking_number)
    stop(scene, order, how)
    told = scene.tablet("handover").scan(number)
    assert (told["code"], told["tone"]) == (how, "error")
    assert scene.state(order) == "packed"


@pytest.mark.parametrize("state", ["picking", "picked", "packed", "shipped"])
def test_scanned_under_put_back_it_is_stopped_and_goes_into_a_bin(scene: Scene, state: str) -> None:
    order = scene.order_at(state)
    code = scene.tote_code(order) if state in ("picking", "picked") else str(scene.waybill(order)[1].tracking_number)
    tablet = scene.tablet("putback")
    assert tablet.scan(code)["code"] == "nothing_to_put_back"  # nobody asked
    stop(scene, order, "intercepted")
    told = tablet.scan(code)
    assert (told["code"], scene.state(order)) == ("intercept_caught", "cancelled")
    tablet.scan(CODES[MUG])
    assert tablet.scan(scene.cast.overseas.labels[BIN3])["code"] == "item_put_back"
    assert scene.free(MUG) == (10, 0)
