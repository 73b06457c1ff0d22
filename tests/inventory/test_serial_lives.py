"""What is told of a number is what happened to it, to whom it concerns and nobody else."""

from __future__ import annotations

from typing import Any

from tests.cast import Cast
from tests.inventory.world import TEST, World, make_product, make_seller, move
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility.models import Location, LocationKind, Warehouse
from wms.facility.queries import locations_page, system_location
from wms.inventory import ledger, serials, service
from wms.inventory.models import Condition
from wms.inventory.queries import Scope
from wms.inventory.rules import Reason
from wms.inventory.serial_lives import lives
from wms.inventory.service import Subject
from wms.platform.database import session, transaction


def told(number: str, scope: Scope | None = None) -> list[tuple[Any, ...]]:
    (unit,) = lives(scope or Scope(), number)
    return [
        (step.reason, step.from_location or step.party, step.to_location or step.party) for step in unit["steps"]
    ]  # fmt: skip


def test_a_number_is_followed_from_the_dock_to_the_buyer_and_back(world: World) -> None:
    phone = make_product(world.seller, serial_control="full")
    house = world.overseas
    dock, shelf = house.goods(phone, "dock"), house.goods(phone, "storage")
    service.receive(SYSTEM, dock, 2, Subject("carton", new_id()), serials=["S1", "S2"])
    session().commit()
    move(dock, shelf, 2, Reason.PUTAWAY)
    session().commit()
    service.recondition(SYSTEM, shelf, Condition.DAMAGED, 1, TEST, serials=["S2"])
    session().commit()
    order = new_id()
    ledger.post(SYSTEM, ledger.PostingDraft(Reason.SHIP, "order", order, [ledger.MoveDraft(shelf, "customer", 1)]))
    session().commit()
    service.receive(SYSTEM, house.goods(phone, "returns"), 1, Subject("return", new_id()), serials=["S1"])
    session().commit()
    codes = {name: session().get_one(Location, house.at(name)).code for name in ("dock", "storage", "returns")}
    assert told("S1") == [
        ("receive", "supplier", codes["returns"]), ("ship", codes["storage"], "customer"),
        ("putaway", codes["dock"], codes["storage"]), ("receive", "supplier", codes["dock"]),
    ]  # fmt: skip
    (unit,) = lives(Scope(), "S1")
    assert (unit["state"], unit["location"], unit["condition"]) == ("in_stock", codes["returns"], "good")
    assert [step.subject_id for step in unit["steps"] if step.subject_kind == "order"] == [order]
    (other,) = lives(Scope(), "S2")
    assert (other["condition"], other["steps"][0].condition) == ("damaged", "damaged")
    assert lives(Scope(), "S3") == []


def test_one_number_of_two_products_is_two_units_and_each_seller_sees_theirs(world: World) -> None:
    rival = make_seller()
    mine, theirs = make_product(world.seller, serial_control="full"), make_product(rival, serial_control="full")
    for product in (mine, theirs):
        world.overseas.stocked(product, 1, serials=["S1"])
    assert sorted(unit["sku"] for unit in lives(Scope(), "S1")) == sorted([mine.sku, theirs.sku])
    assert [unit["sku"] for unit in lives(Scope(), "S1", theirs.sku)] == [theirs.sku]
    assert [unit["sku"] for unit in lives(Scope({rival.id}), "S1")] == [theirs.sku]
    assert lives(Scope(None, {world.bonded.id}), "S1") == []  # it stands in another house
    assert told("S1", Scope({rival.id}, {world.overseas.id}))


def test_of_a_number_read_at_the_bench_the_order_is_known(world: World) -> None:
    phone, order = make_product(world.seller, serial_control="exit"), new_id()
    serials.leave(world.seller.id, phone.id, "S9", "order", order)
    session().commit()
    (unit,) = lives(Scope(), "S9")
    assert (unit["state"], unit["subject_kind"], unit["subject_id"], unit["steps"]) == ("shipped", "order", order, [])


def test_it_is_read_over_the_api_and_on_the_page(cast: Cast, fresh_client: Any, fresh_app: Any) -> None:
    sku = min(cast.ACME.products)
    with fresh_app.app_context():
        with transaction():
            product = session().get_one(Product, cast.ACME.products[sku])
            product.serial_control, product.lot_controlled, product.expiry_controlled = "full", False, False
            house = session().get_one(Warehouse, cast.overseas.id)
            dock = service.goods(house, product, system_location(house.id, LocationKind.DOCK).id)
            service.receive(SYSTEM, dock, 1, Subject("booking", None), serials=["SN-77"])
        with transaction():
            place = locations_page(house.id, kind=LocationKind.STORAGE.value, limit=1)[0]
            service.relocate(SYSTEM, dock, place.id, 1, Subject("booking", None), reason=Reason.PUTAWAY)
            shelf = place.code
    path = "/api/v1/stock/serials"
    (unit,) = cast.api(fresh_client).get(f"{path}?number=SN-77").get_json()["data"]
    assert (unit["sku"], unit["state"], unit["location"]) == (sku, "in_stock", shelf)
    assert [(step["reason"], step["party"]) for step in unit["steps"]] == [("putaway", None), ("receive", "supplier")]
    assert cast.api(fresh_client, "RIVAL").get(f"{path}?number=SN-77").get_json()["data"] == []
    assert cast.api(fresh_client).get(path).status_code == 422
    page = cast.sign_in(fresh_client, cast.acme_person).get("/portal/stock/serials?q=SN-77").text
    assert shelf in page
    assert "SN-77" in page
    assert shelf not in cast.sign_in(fresh_client, cast.rival_person).get("/portal/stock/serials?q=SN-77").text
