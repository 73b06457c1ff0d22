"""Bagging on the tablet, from the first parcel to the lorry: each step's screen, words and refusals."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from labels import BagLabel
from tests.abuse.ways import Scene
from tests.cast import Cast
from tests.outbound.stage import MUG
from wms.outbound.bag_labels import bag_labels
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping.models import Bag


@pytest.fixture
def scene(cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None) -> Scene:
    found = Scene(cast, client)
    found.stock(MUG, 20)
    return found


def the_bag() -> Bag:
    return session().scalars(select(Bag).execution_options(populate_existing=True)).one()


def test_from_the_first_parcel_to_the_lorry(scene: Scene) -> None:
    numbers = [scene.packed({MUG: 1})[1] for _ in range(3)]
    tablet = scene.tablet("bag", numbers[0])
    assert tablet.step == "fill_bag"
    assert tablet.scan(numbers[1])["code"] == "bag_filled"
    assert tablet.scan(numbers[1])["code"] == "bag_again"
    assert tablet.seen["count"] == 2
    tablet.scan("CMD-UNDO")
    assert tablet.scan(numbers[2])["code"] == "not_in_bag"
    assert tablet.scan(numbers[1])["code"] == "bag_taken_out"
    assert tablet.scan(numbers[1])["code"] == "bag_filled"
    assert tablet.scan("CMD-FULL")["code"] == "bag_to_weigh"
    assert tablet.scan(numbers[2])["code"] == "scale_first"
    gross = tablet.seen["high_g"] + 1
    assert tablet.scan("CMD-OK", weight_g=gross)["code"] == "bag_weight_confirm"
    assert tablet.scan("CMD-OK", weight_g=gross)["code"] == "bag_is_closed"
    assert (tablet.step, the_bag().weight_g) == ("closed_bag", gross)
    document = session().scalars(select(LabelDocument).where(LabelDocument.kind == "bag")).one()
    assert (document.state, document.subject_id) == ("requested", the_bag().id)
    (label,) = bag_labels([document])
    assert isinstance(label, BagLabel)
    assert (label.parcels, label.weight, label.barcode) == ("2", f"{gross / 1000:.3f} kg", the_bag().barcode)
    gate = scene.tablet("handover")
    assert gate.scan(numbers[0])["code"] == "parcel_in_bag"
    assert gate.scan(the_bag().barcode)["code"] == "bag_loaded"
    assert gate.seen["loaded"] == 2
    assert gate.scan(the_bag().barcode)["code"] == "bag_already"
    assert gate.scan(numbers[2])["code"] == "parcel_loaded"
    page = scene.person("supervisor").get(f"/office/manifests/{the_bag().manifest_id}").get_data(as_text=True)
    assert the_bag().number in page
    assert all(number in page for number in numbers)


def test_a_bag_is_taken_up_again_by_its_label_or_a_parcel_in_it(scene: Scene) -> None:
    (_, first), (_, second) = scene.packed({MUG: 1}), scene.packed({MUG: 1})
    scene.tablet("bag", first, "CMD-BACK")
    tablet = scene.tablet("bag")
    assert tablet.scan(first)["code"] == "bag_opened"
    tablet.scan("CMD-FULL")
    tablet.scan("CMD-OK", weight_g=tablet.seen["low_g"])
    assert tablet.step == "closed_bag"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    assert tablet.scan(the_bag().barcode)["code"] == "bag_opened"
    assert tablet.step == "closed_bag"
    assert tablet.scan("CMD-PRINT")["code"] == "bag_printed"
    assert tablet.scan("CMD-OK")["code"] == "bag_opened"
    assert (tablet.step, the_bag().state) == ("fill_bag", "open")
    tablet.scan("CMD-UNDO")
    assert tablet.scan(first)["code"] == "bag_empty"
    assert tablet.scan("CMD-FULL")["code"] == "pallet_next"
    assert tablet.scan(second)["code"] == "bag_begun"
    assert tablet.seen["kind"] == "pallet"
    assert tablet.scan("CMD-SKIP")["code"] == "command_not_here"


def test_a_stopped_parcel_is_named_to_whoever_loads_the_bag(scene: Scene) -> None:
    (order, first), (_, second) = scene.packed({MUG: 1}), scene.packed({MUG: 1})
    tablet = scene.tablet("bag", first, second, "CMD-FULL")
    tablet.scan("CMD-OK", weight_g=tablet.seen["low_g"])
    scene.cancel(order)
    told = scene.tablet("handover").scan(the_bag().barcode)
    assert (told["code"], told["tone"]) == ("bag_cancelled", "error")
    assert first in told["title"]
