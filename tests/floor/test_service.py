"""Added services on the tablet: the next work, what is done by scans, photo and weight, less than asked for."""

from __future__ import annotations

import io

import pytest

from tests.added_services.desk import KIT, PHOTO, RELABEL
from tests.floor.worker import CABLE, CODES, MUG, Tablet
from tests.inbound.test_difference_api import photo
from tests.outbound.stage import BIN1, BIN2, RED, Stage
from tests.outbound.test_fba import LABEL, amazon, tote_of
from wms.added_services import catalogue, queries, service, working
from wms.added_services.models import ServiceRequest
from wms.added_services.service import Asked
from wms.core.ids import new_id
from wms.facility.models import HandlingUnit, Location
from wms.inventory import service as stock
from wms.inventory.converting import kits
from wms.inventory.service import Subject
from wms.platform.database import session


class Bench(Stage):
    def ask(self, code: str, quantity: int, **more) -> ServiceRequest:
        asked = Asked(code, quantity, **({"sku": MUG} | more))
        found = self.do(service.ask, self.cast.acme, self.cast.overseas.id, self.cast.ACME.id, asked)
        if found.state == "requested":
            self.do(service.accept, self.cast.supervisor, found.id)
        return found

    def label(self, code: str) -> str:
        return session().get_one(Location, self.cast.overseas.locations[code]).barcode


@pytest.fixture
def bench(cast, db_session) -> Bench:
    made = Bench(cast)
    for draft in (PHOTO, RELABEL, KIT):
        made.do(catalogue.define_service, cast.supervisor, draft)
    made.stock(MUG, 10, BIN1)
    return made


@pytest.fixture
def tablet(cast, client) -> Tablet:
    return Tablet(cast.sign_in(client, cast.picker))


def refused(tablet: Tablet, raw: str, **more) -> str:
    answer = tablet.send(tablet.body(raw, **more)).get_json()
    assert not answer["ok"]
    assert answer["feedback"]["detail"]
    return str(answer["feedback"]["code"])


def test_nothing_waits(bench, tablet):
    tablet.start("service")
    assert refused(tablet, "CMD-OK") == "no_service_work"
    assert refused(tablet, "CMD-BACK") == "command_not_here"


def test_relabelled_goods_are_counted_by_their_new_label(bench, tablet):
    asked = bench.ask("RELABEL", 3, to_sku=RED, note="over the old one")
    tablet.start("service")
    assert tablet.seen["work"]["name_en"] == "Relabel"
    assert tablet.scan("CMD-OK")["code"] == "service_taken_on"
    assert [(place["code"], place["quantity"]) for place in tablet.seen["places"]] == [(BIN1, 3)]
    assert tablet.seen["note"] == "over the old one"
    assert refused(tablet, CODES[MUG]) == "wrong_item"  # the old label is still on it
    assert tablet.scan(f"ACME:{RED}")["code"] == "service_counted"
    assert tablet.scan(bench.label(BIN2))["code"] == "service_place"
    assert tablet.scan(f"ACME:{RED}", quantity=2)["tone"] == "next"
    assert refused(tablet, f"ACME:{RED}") == "quantity_too_large"
    assert tablet.scan("CMD-OK")["code"] == "service_finished"
    session().expire_all()
    assert (asked.state, asked.done, bench.free(RED), bench.free(MUG)) == ("done", 3, (3, 0), (7, 0))
    assert tablet.seen == {}


def test_new_labels_for_amazon_are_put_on_in_the_tote_and_scanned_at_the_bench(bench, tablet):
    bench.do(catalogue.define_service, bench.cast.supervisor, LABEL)
    bench.stock(MUG, 4, BIN2)
    order = amazon(bench, [{"sku": MUG, "quantity": 2, "fnsku": "X001ABCDEF"}])
    tablet.start("service")
    assert tablet.seen == {}  # nobody knows yet which units these are
    assert refused(tablet, "CMD-OK") == "no_service_work"
    bench.ask("PHOTO", 1)  # older work is no reason to wait
    bench.wave(order)
    bench.pick_all(order)
    tote = session().get_one(HandlingUnit, tote_of(order))
    tablet.start("pack")
    assert refused(tablet, tote.barcode) == "relabel_first"
    tablet.start("service")
    assert tablet.scan(tote.barcode)["code"] == "service_taken_on"
    assert tablet.seen["places"] == [{"code": tote.code, "sku": MUG, "quantity": 2}]
    assert tablet.scan("X001ABCDEF", quantity=2)["tone"] == "next"
    assert tablet.scan("CMD-OK")["code"] == "service_finished"
    assert refused(tablet, tote.barcode) == "no_service_here"
    tablet.start("pack")
    tablet.scan(tote.barcode)
    assert [tablet.scan("X001ABCDEF")["code"] for _ in range(2)] == ["item_verified", "all_checked"]


def test_a_kit_is_scanned_weighed_and_shown(bench, tablet):
    bench.do(kits.define_kit, bench.cast.acme, bench.cast.ACME.id, CABLE, {MUG: 2})
    bench.ask("KIT", 2, sku=CABLE)
    tablet.start("service")
    tablet.scan("CMD-OK")
    assert refused(tablet, "CMD-OK") == "nothing_done"
    assert tablet.scan(CODES[CABLE], quantity=2)["code"] == "service_counted"
    assert tablet.scan("CMD-OK")["code"] == "service_weigh"
    assert refused(tablet, "CMD-OK") == "scale_first"
    assert tablet.scan("CMD-BACK")["code"] == "step_back"
    assert tablet.scan("CMD-OK")["code"] == "service_weigh"
    assert tablet.scan("CMD-OK", weight_g=840)["code"] == "service_finished"
    assert bench.free(CABLE) == (2, 0)


def test_photos_and_less_have_a_page(bench, tablet):
    asked = bench.ask("PHOTO", 3)
    tablet.start("service")
    tablet.scan("CMD-OK")
    tablet.scan(CODES[MUG], quantity=2)
    assert refused(tablet, "CMD-OK") == "proof_missing_photo"
    page = f"/floor/services/{asked.id}"
    assert tablet.caller.get(page).status_code == 200
    wrong = {"command_id": str(new_id()), "file": (io.BytesIO(b"nothing"), "a.jpg")}
    assert tablet.caller.post(f"{page}/photo", data=wrong).status_code == 422
    kept = {"command_id": str(new_id()), "file": (io.BytesIO(photo()), "a.jpg"), "another": "1"}
    assert tablet.caller.post(f"{page}/photo", data=kept).headers["Location"] == f"{page}?taken=1"
    tablet.look()
    assert refused(tablet, "CMD-OK") == "service_less"
    less = {"command_id": str(new_id()), "answer": " "}
    assert tablet.caller.post(f"{page}/less", data=less).status_code == 409
    less = {"command_id": str(new_id()), "answer": "one is missing"}
    assert tablet.caller.post(f"{page}/less", data=less).status_code == 303
    session().expire_all()
    assert (asked.state, asked.done, asked.answer) == ("done", 2, "one is missing")
    assert tablet.start("service")["state"] == "take_work"
    kept = {"command_id": str(new_id()), "file": (io.BytesIO(photo()), "a.jpg")}
    assert tablet.caller.post(f"{page}/photo", data=kept).status_code == 409  # nobody is at it any more


def test_work_is_left_to_others_and_seen_by_nobody_else_meanwhile(bench, tablet, cast, client):
    asked = bench.ask("PHOTO", 3)
    tablet.start("service")
    tablet.scan("CMD-OK")
    tablet.scan(CODES[MUG])
    other = Tablet(cast.sign_in(client, cast.receiver))
    other.start("service")
    assert refused(other, "CMD-OK") == "no_service_work"
    assert tablet.scan("CMD-BACK")["code"] == "service_left"
    assert other.scan("CMD-OK")["code"] == "service_taken_on"
    assert (other.seen["done"], other.seen["quantity"]) == (1, 3)
    assert refused(tablet, "CMD-OK") == "no_service_work"
    bench.do(working.put_back, cast.supervisor, asked.id)
    assert refused(other, CODES[MUG]) == "service_not_yours"


def test_a_container_is_scanned_itself(bench, tablet):
    tote = session().get_one(HandlingUnit, bench.totes()[0])
    here = bench.stock(RED, 2, BIN2)
    tote.location_id = here.location_id
    session().commit()
    bench.do(stock.relocate, bench.cast.supervisor, here, here.location_id, 2, Subject("test", None),
             handling_unit_id=tote.id)  # fmt: skip
    asked = bench.ask("PHOTO", 1, sku=None, container=tote.code)
    tablet.start("service")
    tablet.scan("CMD-OK")
    assert refused(tablet, CODES[CABLE]) == "wrong_item"
    assert tablet.scan(tote.barcode)["code"] == "service_counted"
    assert queries.request_row(bench.cast.acme, asked.id).done == 1
