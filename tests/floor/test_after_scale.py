"""The packer's screen while a carrier that wanted the weight first is asked for its label, and when it says no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.abuse.ways import Scene
from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.cast import Cast
from tests.outbound.stage import MUG
from tests.outbound.test_carrier_waybills import turn
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES


@pytest.fixture
def simulator() -> Iterator[CarrierSimulator]:
    with running_carrier() as running:
        yield running


def test_the_screen_waits_and_tells(
    cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None, simulator: CarrierSimulator
) -> None:
    scene = Scene(cast, client)
    wants = replace(CAPABILITIES, needs_weight_before_label=True)
    made = scene.do(shipping.create_carrier, cast.admin, "SCALE", "Scale", kind="http", capabilities=wants)
    scene.do(shipping.connect_carrier, cast.admin, made.id, simulator.url, TOKEN)
    scene.do(shipping.add_service, cast.admin, made.id, "AIR", "Air")
    scene.stock(MUG, 5)
    order = scene.order({MUG: 1}, service="AIR")
    scene.wave(order)
    scene.pick_all(order)
    scene.verify_all(order)
    tablet = scene.tablet("pack", scene.tote_code(order))
    assert tablet.step == "weigh"
    assert tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])["code"] == "weighed"
    assert (tablet.seen["tracking_number"], tablet.seen["fault"]) == (None, None)
    assert "data-refresh" in tablet.look()
    simulator.mood("refusal")
    turn()
    shown = tablet.look()
    assert "postcode_unknown" in shown
    assert "Invalidenstr" not in shown  # a carrier's sentence may quote an address
    assert tablet.scan("CMD-UNDO")["code"] == "weigh_again"
    assert tablet.step == "weigh"
