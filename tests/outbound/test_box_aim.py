"""What boxes are suggested by: a warehouse's word, except for orders that have to be one parcel."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.abuse.ways import Scene
from tests.cast import Cast
from tests.outbound.stage import MUG
from wms.catalog.models import Product
from wms.core.ids import new_id
from wms.facility.models import Warehouse
from wms.facility.packaging import service as packaging
from wms.facility.packaging.models import Packaging
from wms.outbound.models import Order
from wms.outbound.service import packing
from wms.platform.database import session
from wms.shipping.models import Carrier, Shipment


@pytest.fixture
def scene(cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None) -> Scene:
    found = Scene(cast, client)
    found.stock(MUG, 20)
    return found


def only_two_boxes(scene: Scene) -> None:
    """One that takes a mug, and one that takes two and costs more than two of the other."""
    product = session().scalars(select(Product).where(Product.sku == MUG, Product.owner_id == scene.cast.ACME.id)).one()
    session().execute(update(Packaging).values(is_active=False))
    length, width, height = (
        getattr(product, f"measured_{side}_mm") or getattr(product, f"declared_{side}_mm")
        for side in ("length", "width", "height")
    )
    for code, inner, cost in (("ONE", (length, width, height), 6), ("TWO", (2 * length, width, height), 13)):
        sides = dict(zip(("length", "width", "height"), inner, strict=True))
        values = {f"{where}_{side}_mm": size for where in ("inner", "outer") for side, size in sides.items()}
        packaging.add_packaging(
            scene.cast.admin, scene.cast.overseas.id, code,
            values | {"name": code, "kind": "carton", "empty_g": 20, "max_g": 20_000, "cost_minor": cost},
        )  # fmt: skip


def suggested(order: Order) -> list[str]:
    session().expire_all()
    return [box["code"] for box in packing.plan_boxes(order.id)["boxes"]]


def choose(scene: Scene, aim: str) -> int:
    path = f"/office/packaging/in/{scene.cast.overseas.id}/aim"
    return scene.person("supervisor").post(path, data={"command_id": str(new_id()), "box_aim": aim}).status_code


def test_the_bench_suggests_what_the_warehouse_says(scene: Scene) -> None:
    only_two_boxes(scene)
    order = scene.order({MUG: 2})
    assert suggested(order) == ["TWO"]  # nobody has said anything
    assert choose(scene, "cheapest") == 302
    assert suggested(order) == ["ONE", "ONE"]
    page = scene.person("supervisor").get("/office/packaging?warehouse=DE1").text
    assert '<option value="cheapest" selected>' in page
    listing = scene.api.get(f"/api/v1/warehouses/{scene.cast.overseas.id}/packaging").json
    assert listing["box_aim"] == "cheapest"
    assert choose(scene, "dearest") == 302
    assert suggested(order) == ["ONE", "ONE"]
    assert choose(scene, "fewest") == 302
    assert suggested(order) == ["TWO"]


def test_an_order_that_must_be_one_parcel_is_not_split_for_cheaper_boxes(scene: Scene) -> None:
    only_two_boxes(scene)
    choose(scene, "cheapest")
    order = scene.order_at("picked")
    shipment = session().scalars(select(Shipment).where(Shipment.subject_id == order.id)).one()
    assert suggested(order) == ["ONE", "ONE"]
    carrier = session().get_one(Carrier, shipment.carrier_id)
    carrier.capabilities = {**carrier.capabilities, "many_parcels": False}
    session().flush()
    assert suggested(order) == ["TWO"]
    carrier.capabilities = {**carrier.capabilities, "many_parcels": True}
    house = session().get_one(Warehouse, scene.cast.overseas.id)
    house.kind, house.regime = "bonded", "1210"
    session().flush()
    assert suggested(order) == ["TWO"]
    house.kind, house.regime = "overseas", None
    session().flush()


def test_only_who_builds_the_house_says_it(scene: Scene) -> None:
    path = f"/office/packaging/in/{scene.cast.overseas.id}/aim"
    body = {"command_id": str(new_id()), "box_aim": "cheapest"}
    for person in ("acme_person", "receiver", "customs_clerk"):
        assert scene.person(person).post(path, data=body).status_code == 403
    session().expire_all()
    assert session().get_one(Warehouse, scene.cast.overseas.id).box_aim == "fewest"
