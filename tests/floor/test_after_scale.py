"""The packer's screen while a carrier that wanted the weight first is asked for its label, and when it says no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
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
    cast: Cast, fresh_app: Flask, fresh_client: FlaskClient, simulator: CarrierSimulator
) -> None:
    scene = Scene(cast, fresh_client)
    with fresh_app.app_context():
        tote = at_the_bench(scene, simulator)
    tablet = scene.tablet("pack", tote)
    assert tablet.step == "weigh"
    assert tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])["code"] == "weighed"
    assert (tablet.seen["tracking_number"], tablet.seen["fault"]) == (None, None)
    assert "data-refresh" in tablet.look()
    simulator.mood("refusal")
    with fresh_app.app_context():
        turn()
    shown = tablet.look()
    assert "postcode_unknown" in shown
    assert "Invalidenstr" not in shown  # a carrier's sentence may quote an address
    assert tablet.scan("CMD-UNDO")["code"] == "weigh_again"
    assert tablet.step == "weigh"


def at_the_bench(scene: Scene, simulator: CarrierSimulator) -> str:
    """The tote of an order that goes with such a carrier, all of it checked."""
    wants = replace(CAPABILITIES, needs_weight_before_label=True)
    admin = scene.cast.admin
    made = scene.do(shipping.create_carrier, admin, "SCALE", "Scale", kind="http", capabilities=wants)
    scene.do(shipping.connect_carrier, admin, made.id, simulator.url, TOKEN)
    scene.do(shipping.add_service, admin, made.id, "AIR", "Air")
    scene.stock(MUG, 5)
    order = scene.order({MUG: 1}, service="AIR")
    scene.wave(order)
    scene.pick_all(order)
    scene.verify_all(order)
    return scene.tote_code(order)
