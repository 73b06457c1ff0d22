"""What the floor sees of products' pictures, and the one it takes itself."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, text

from tests.floor.worker import CABLE, CODES, MUG, Tablet, announce, house_carrier, order, totes
from wms.catalog import service as catalog
from wms.catalog.models import Product
from wms.catalog.queries import picture_address
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inbound.models import Carton
from wms.platform import uploads
from wms.platform.database import commit, session
from wms.platform.pictures import drawn_small


def photo(colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(written, "JPEG")
    return written.getvalue()


def give(product_id: uuid.UUID, colour: str) -> str:
    """A picture of its own; answers where pages have it."""
    kept = drawn_small(uploads.checked(photo(colour), "one.jpg", uploads.PHOTOS), "/file").keep()
    product = catalog.set_picture(SYSTEM, product_id, kept)
    commit()
    return str(picture_address(product))


@pytest.fixture
def pictures(cast) -> dict[str, str]:
    return {sku: give(cast.ACME.products[sku], colour) for sku, colour in ((MUG, "red"), (CABLE, "blue"))}


def shows(tablet: Tablet, pictures: dict[str, str], *skus: str) -> None:
    page = tablet.look()
    assert {sku for sku, address in pictures.items() if f'src="{address}"' in page} == set(skus), tablet.step


def test_goods_are_seen_from_the_dock_to_the_box(cast, client, pictures, tablet: Tablet) -> None:
    (label,) = announce(cast, {MUG: 4, CABLE: 2})
    tablet.start("receive")
    tablet.scan(label)
    shows(tablet, pictures, MUG, CABLE)
    for sku, units in ((MUG, 4), (CABLE, 2)):
        tablet.scan(CODES[sku], quantity=units)
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    shows(tablet, pictures, MUG, CABLE)
    for sku, units, place in ((MUG, 4, "A-01-01-1"), (CABLE, 2, "A-01-01-2")):
        tablet.scan(CODES[sku], quantity=units)
        assert f'src="{pictures[sku]}"' in tablet.look()
        if tablet.scan(cast.overseas.labels[place])["tone"] != "success" and tablet.step == "scan_location":
            tablet.scan(cast.overseas.labels[place])  # another bin than suggested
    order(cast.api(client), {MUG: 2, CABLE: 1}, house_carrier())
    tablet.start("pick")
    for _ in range(2):
        tablet.scan("CMD-OK")
    tote = totes(cast.overseas.id)[0]
    tablet.scan(tote)
    while tablet.step == "scan_location":
        sku = tablet.seen["sku"]
        shows(tablet, pictures, sku)
        tablet.scan(cast.overseas.labels[tablet.seen["location"]])
        shows(tablet, pictures, sku)
        tablet.scan(CODES[sku], quantity=tablet.seen["quantity"])
    tablet.start("pack")
    tablet.scan(tote)
    shows(tablet, pictures, MUG, CABLE)


def test_a_product_without_one_has_a_place_for_it(cast, tablet: Tablet) -> None:
    (label,) = announce(cast, {MUG: 4})
    tablet.start("receive")
    tablet.scan(label)
    page = tablet.look()
    assert '<div class="item-image"><svg' in page
    assert "<img" not in page


def measure(tablet: Tablet, carton: uuid.UUID, product: uuid.UUID, picture: bytes | None, **more: Any) -> Any:
    data = {"command_id": str(new_id()), "weight_g": 320, "length_mm": 90, "width_mm": 90, "height_mm": 200, **more}
    if picture is not None:
        data["file"] = (io.BytesIO(picture), "dock.jpg")
    return tablet.caller.post(f"/floor/measures/{carton}/{product}", data=data)


def picture_of(product_id: uuid.UUID) -> uuid.UUID | None:
    session().expire_all()
    return session().get_one(Product, product_id).picture_id


def test_the_dock_takes_one_where_the_seller_gave_none(cast, tablet: Tablet) -> None:
    (label,) = announce(cast, {MUG: 4})
    tablet.start("receive")
    tablet.scan(label)
    carton = session().scalars(select(Carton.id).where(Carton.barcode == label)).one()
    mug = cast.ACME.products[MUG]
    form = f"/floor/measures/{carton}/{mug}"
    assert "It has no picture yet" in tablet.caller.get(form).get_data(as_text=True)
    bad = measure(tablet, carton, mug, photo()[:40])
    assert bad.status_code == 422
    assert "The file is damaged or not complete." in bad.get_data(as_text=True)
    assert 'value="320"' in bad.get_data(as_text=True), "what was typed stands there still"
    no_size = measure(tablet, carton, mug, photo(), weight_g=0)
    assert "The photo was not kept. Take it again." in no_size.get_data(as_text=True)
    assert "The photo was not kept." not in measure(tablet, carton, mug, None, weight_g=0).get_data(as_text=True)
    assert (no_size.status_code, picture_of(mug)) == (422, None)
    assert measure(tablet, carton, mug, photo()).status_code == 303
    taken = picture_of(mug)
    assert taken is not None
    assert f'src="/pictures/{mug}/{taken}"' in tablet.look()
    shown = tablet.caller.get(form).get_data(as_text=True)
    assert "It has no picture yet" not in shown and f'src="/pictures/{mug}/{taken}"' in shown
    second = measure(tablet, carton, mug, photo("blue"))
    assert second.status_code == 422
    assert "has a picture already" in second.get_data(as_text=True)
    assert picture_of(mug) == taken, "the seller's stays"
    assert measure(tablet, carton, mug, None).status_code == 303
    measured = text("SELECT count(*) FROM measurement")
    assert session().execute(measured).scalar_one() == 2, "what was refused measured nothing"


def test_only_the_floor_takes_one_there(cast, client) -> None:
    """A seller has the portal for it, where another picture takes the place of the one before."""
    kept = drawn_small(uploads.checked(photo(), "one.jpg", uploads.PHOTOS), "/file").keep()
    with pytest.raises(Refused) as refusal:
        catalog.record_picture(cast.acme, cast.ACME.products[MUG], kept)
    assert refusal.value.code == "not_found"
