"""A photo before a parcel is closed, where its seller or a product asks; and what a platform's orders get besides."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.floor.test_packing import bench, stage, tote_of
from tests.floor.test_pick_exceptions import photo
from tests.floor.worker import CABLE, CODES, MUG, Tablet, tracking_numbers
from tests.outbound.stage import Stage
from wms.core.ids import new_id
from wms.facility.packaging import service as catalogue
from wms.outbound.models import Order
from wms.outbound.rules import Fill
from wms.outbound.service import bench_photos, cut_offs
from wms.platform.database import session

__all__ = ["bench", "stage"]


def checked(cast, client, order: Order) -> Tablet:
    """A tablet at the bench with the order weighed."""
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pack")
    tablet.scan(tote_of(order))
    for sku, units in ((MUG, 2), (CABLE, 4)):
        for _ in range(units):
            tablet.scan(CODES[sku])
    tablet.scan("CMD-OK", weight_g=tablet.seen["expected_g"])
    assert tablet.step == "scan_waybill"
    return tablet


def take(tablet: Tablet, order: Order, **more: object) -> int:
    form = {"command_id": str(new_id()), "file": (photo(), "packed.jpg"), **more}
    return tablet.caller.post(
        f"/floor/photos/parcel/{order.id}", data=form, content_type="multipart/form-data"
    ).status_code


@pytest.mark.parametrize("asks", ["seller", "product"])
def test_a_parcel_is_closed_behind_its_photo(cast, client, stage: Stage, bench: Order, asks: str) -> None:
    if asks == "seller":
        stage.do(cut_offs.set_terms, cast.acme, cast.ACME.id, Fill.ALL, pack_photo=True)
    else:
        session().execute(text("UPDATE product SET pack_photo = true WHERE id = :p"), {"p": cast.ACME.products[MUG]})
    tablet = checked(cast, client, bench)
    assert "A photo of it is wanted" in tablet.look()
    (number,) = tracking_numbers()
    assert tablet.scan(number)["code"] == "photo_needed"
    assert tablet.caller.get(f"/floor/photos/parcel/{bench.id}").status_code == 200
    assert take(tablet, bench) == 303
    assert take(tablet, bench, another="1") == 303
    broken = {"command_id": str(new_id()), "file": (photo(), "packed.exe")}
    answer = tablet.caller.post(f"/floor/photos/parcel/{bench.id}", data=broken, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert tablet.scan(number)["code"] == "parcel_closed"
    assert take(tablet, bench) == 409  # nothing of it is being packed any more
    seller = cast.sign_in(client, cast.acme_person)
    shown = seller.get(f"/portal/orders/{bench.id}").get_data(as_text=True)
    assert "Photos of the packed goods" in shown
    (first, _second) = bench_photos.of_order(bench.id)
    address = f"/portal/orders/{bench.id}/photos/{first.id}"
    assert seller.get(address).mimetype == "image/jpeg"
    assert cast.sign_in(client, cast.rival_person).get(address).status_code == 404
    assert seller.get(f"/portal/orders/{bench.id}/photos/{new_id()}").status_code == 404


def test_nobody_is_asked_for_what_nobody_wants(cast, client, stage: Stage, bench: Order) -> None:
    tablet = checked(cast, client, bench)
    assert tablet.seen["photos"] is None
    assert tablet.scan(tracking_numbers()[0])["code"] == "parcel_closed"
    assert cut_offs.terms_of(cast.ACME.id) is None


def test_sellers_say_on_their_terms_that_they_want_photos(cast, client, stage: Stage) -> None:
    seller = cast.sign_in(client, cast.acme_person)
    for photo_wanted in ({"pack_photo": "1"}, {}):
        form = {"command_id": str(new_id()), "seller": "ACME", "fill": "partial", **photo_wanted}
        assert seller.post("/portal/orders/terms", data=form).status_code == 302
        session().expire_all()
        terms = cut_offs.terms_of(cast.ACME.id)
        assert terms is not None and terms.pack_photo is bool(photo_wanted)


@pytest.mark.parametrize(("platform", "shown"), [("OTTO", False), (None, True)])
def test_what_a_platform_s_orders_get_besides(cast, client, stage: Stage, bench: Order, platform, shown) -> None:
    stage.do(catalogue.add_insert, cast.admin, cast.overseas.id, "Platform card", None, None, platform)
    tablet = Tablet(cast.sign_in(client, cast.receiver))
    tablet.start("pack")
    tablet.scan(tote_of(bench))
    assert tablet.seen["plan"]["inserts"] == (["Platform card"] if shown else [])
