"""The counter on the tablet: slip, person, parcels."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.abuse.ways import Scene
from tests.cast import Cast
from tests.outbound.test_pick_up import at_counter, row


@pytest.fixture
def scene(cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None) -> Scene:
    return Scene(cast, client)


def test_the_tablet_leads_through_the_counter(scene: Scene) -> None:
    order, number = at_counter(scene)
    code = row(order).code
    tablet = scene.tablet("pickup")
    assert tablet.scan(number)["code"] == "scan_wrong_kind"
    assert tablet.scan(order.number)["code"] == "pick_up_asked"
    assert tablet.step == "scan_code"
    assert tablet.scan("12")["code"] == "pick_up_code_wrong"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    tablet.scan(order.number)
    assert tablet.scan(code)["code"] == "pick_up_code_right"
    assert tablet.scan("HC-NOT-OURS")["tone"] == "error"
    assert tablet.scan(number)["code"] == "pick_up_done"
    assert scene.state(order) == "shipped"
    assert tablet.scan(order.number)["code"] == "pick_up_collected"


def test_a_document_does_as_well_and_the_slip_is_printed(scene: Scene) -> None:
    order, number = at_counter(scene)
    assert scene.tablet("handover").scan(number)["code"] == "pick_up_at_counter"
    tablet = scene.tablet("pickup", order.number)
    assert tablet.scan("CMD-OK")["code"] == "pick_up_document"
    assert tablet.scan(number)["code"] == "pick_up_done"
    assert row(order).checked == "document"
    supervisor = scene.person("supervisor")
    assert order.number in supervisor.get("/office/pick-ups").get_data(as_text=True)
    slip = supervisor.get(f"/office/pick-ups/{order.id}/slip.pdf")
    assert slip.status_code == 200
    assert slip.data.startswith(b"%PDF")
    assert scene.person("acme_person").get(f"/office/pick-ups/{order.id}/slip.pdf").status_code == 403


def test_the_seller_reads_the_code_on_the_orders_page(scene: Scene) -> None:
    order, _ = at_counter(scene)
    code = row(order).code
    assert code in scene.person("acme_person").get(f"/portal/orders/{order.id}").get_data(as_text=True)
    assert code not in scene.person("supervisor").get(f"/portal/orders/{order.id}").get_data(as_text=True)
    assert scene.api.get(f"/api/v1/orders/{order.id}").get_json()["pick_up"]["code"] == code
