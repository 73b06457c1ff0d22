"""Services over HTTP: a seller asks on the portal or by program, the office decides, both see what came of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Caller
from tests.conftest import SeparateRequests
from tests.inbound.test_difference_api import photo
from tests.life import said
from tests.office.test_pages import form, text_of
from tests.outbound.stage import CABLE, MUG, RED
from tests.refused_forms import refused
from wms.added_services import catalogue, working
from wms.added_services.catalogue import ServiceDraft
from wms.added_services.models import ServiceRequest
from wms.added_services.working import Report
from wms.inventory.converting.models import Conversion
from wms.platform import files
from wms.platform.database import session, transaction

OFFICE = ("/office/services", "/office/services/catalogue", "/office/services/catalogue/new", "/office/conversions")
PORTAL = ("/portal/services", "/portal/services/new", "/portal/kits", "/portal/offers")
CATALOGUE: dict[str, Any] = {
    "code": "PHOTO", "name_en": "Photos of units", "name_zh": "产品拍照", "work": "photo", "unit": "unit",
    "effect": "none", "proofs": "photo", "asks_first": "1", "is_active": "1",
}  # fmt: skip


@pytest.fixture
def client(life):
    """A client of the living application."""
    return SeparateRequests(life.app, life.app.response_class)


@pytest.fixture
def boss(cast, client, life) -> Caller:
    return cast.sign_in(client, cast.supervisor)


@pytest.fixture
def seller(cast, client, life) -> Caller:
    return cast.sign_in(client, cast.acme_person)


def the_only(life, model: Any) -> Any:
    with life.app.app_context():
        return session().scalars(select(model)).one()


def relabels(cast, life) -> None:
    """A service that changes the book and waits for nobody's word."""
    with life.app.app_context(), transaction():
        draft = ServiceDraft("RELABEL", "Relabel", "换标", "label", effect="relabel", asks_first=False)
        catalogue.define_service(cast.supervisor, draft)


def test_who_sees_the_pages(cast, client, life, boss, seller):
    worker = cast.sign_in(client, cast.receiver)
    for path in OFFICE:
        assert [who.get(path).status_code for who in (boss, seller, worker)] == [200, 403, 403], path
    for path in PORTAL:
        assert [who.get(path).status_code for who in (boss, seller)] == [200, 200], path
    assert worker.get("/portal/services").status_code == 200
    assert worker.get("/portal/services/new").status_code == 403


def test_a_service_from_the_catalogue_to_the_photo(cast, client, life, boss, seller):
    assert "no services yet" in text_of(seller.get("/portal/services/new"))
    wrong = boss.post("/office/services/catalogue/new", data=form(**(CATALOGUE | {"code": "lower case"})))
    assert wrong.status_code == 422
    assert "Photos of units" in wrong.get_data(as_text=True)  # what was typed stays
    boss.post("/office/services/catalogue/new", data=form(**CATALOGUE))
    page = text_of(seller.get("/portal/services/new"))
    assert "Photos of units" in page
    wanted = {
        "warehouse": "DE1",
        "service": "PHOTO",
        "sku": MUG,
        "quantity": 2,
        "condition": "good",
        "note": "the seal",
    }
    short = seller.post("/portal/services/new", data=form(**(wanted | {"quantity": 99_999})))
    assert (short.status_code, "are there" in short.get_data(as_text=True)) == (422, True)
    made = seller.post("/portal/services/new", data=form(**wanted))
    asked = the_only(life, ServiceRequest)
    assert made.headers["Location"] == f"/portal/services/{asked.id}"
    assert "the seal" in text_of(boss.get("/office/services"))
    address = f"/office/services/requests/{asked.id}"
    assert (
        refused(boss.post(f"{address}/reject", data=form(answer=" ")), f"{address}/reject", "answer")[0] == "Say why."
    )
    assert said(life.app, boss.post(f"{address}/accept", data=form())) == ["Decided."]
    with life.app.app_context():
        kept = files.keep(photo(), "image/jpeg")
        with transaction():
            working.take(cast.picker, asked.id)
        assert "Give to others" in text_of(boss.get("/office/services"))
        with transaction():
            working.report(cast.picker, asked.id, Report(2))
            proof_id = working.add_photo(cast.picker, asked.id, kept, "seal.jpg").id
        with transaction():
            working.finish(cast.picker, asked.id)
    page = text_of(seller.get(f"/portal/services/{asked.id}"))
    assert "Done" in page
    address = f"/portal/services/{asked.id}/photos/{proof_id}"
    assert address in page
    assert seller.get(address).data[:2] == b"\xff\xd8"
    rival = cast.sign_in(client, cast.rival_person)
    assert [rival.get(each).status_code for each in (address, f"/portal/services/{asked.id}")] == [404, 404]


def test_the_catalogue_is_changed_of_the_version_that_was_read(life, boss):
    boss.post("/office/services/catalogue/new", data=form(**CATALOGUE))
    with life.app.app_context():
        found = catalogue.services()[0]
    address = f"/office/services/catalogue/{found.id}"
    assert "产品拍照" in text_of(boss.get(address))
    changed = CATALOGUE | {"name_en": "Pictures", "version": 1}
    del changed["is_active"]
    assert said(life.app, boss.post(address, data=form(**changed))) == ["Saved."]
    assert boss.post(address, data=form(**changed)).status_code == 422
    page = text_of(boss.get("/office/services/catalogue"))
    assert "Pictures" in page
    assert "Not offered" in page


def test_a_seller_withdraws_on_the_page_and_by_program(cast, client, life, seller):
    relabels(cast, life)
    wanted = {"warehouse": "DE1", "service": "RELABEL", "sku": MUG, "quantity": 2, "to_sku": RED}
    seller.post("/portal/services/new", data=form(**wanted))
    asked = the_only(life, ServiceRequest)
    page = text_of(seller.get(f"/portal/services/{asked.id}"))
    assert "Withdraw" in page
    assert said(life.app, seller.post(f"/portal/services/{asked.id}/cancel", data=form(version=asked.version))) == [
        "Withdrawn."
    ]
    api = cast.api(client)
    made = api.post("/api/v1/added-services/requests", wanted)
    assert made.status_code == 201, made.json
    address = made.headers["Location"]
    read = api.get(address)
    assert (read.json["service"], read.json["to_sku"], read.json["state"]) == ("RELABEL", RED, "accepted")
    assert api.post(f"{address}/cancel", {}).status_code == 428
    assert api.post(f"{address}/cancel", {}, match=9).status_code == 412
    assert api.post(f"{address}/cancel", {}, match=1).json["state"] == "cancelled"
    listed = api.get("/api/v1/added-services/requests?limit=1").json
    assert (len(listed["data"]), listed["next_cursor"] is None) == (1, False)
    rest = api.get(f"/api/v1/added-services/requests?cursor={listed['next_cursor']}").json
    assert [row["id"] for row in rest["data"]] == [str(asked.id)]
    assert api.get("/api/v1/added-services/requests?state=accepted").json["data"] == []
    assert [row["code"] for row in api.get("/api/v1/added-services").json["data"]] == ["RELABEL"]
    rival = cast.api(client, "RIVAL")
    assert rival.get(address).status_code == 404
    assert rival.post(f"{address}/cancel", {}, match=2).status_code == 404


def test_kits_on_the_page_and_by_program(cast, client, life, seller, boss):
    rows = {"sku": RED, "parts.0.sku": MUG, "parts.0.units": 2, "parts.1.sku": "NONE", "parts.1.units": 1}
    wrong = seller.post("/portal/kits", data=form(**rows))
    assert (wrong.status_code, "parts.1.sku-error" in wrong.get_data(as_text=True)) == (422, True)
    assert said(life.app, seller.post("/portal/kits", data=form(**(rows | {"parts.1.sku": CABLE})))) == [
        "The kit is known."
    ]
    more = seller.post("/portal/kits", data=form(action="more", **rows))
    assert 'name="parts.5.sku"' in more.get_data(as_text=True)
    api = cast.api(client)
    (kit,) = api.get("/api/v1/added-services/kits").json["data"]
    assert (kit["sku"], sorted((part["sku"], part["units"]) for part in kit["parts"])) == (RED, [(CABLE, 1), (MUG, 2)])
    twice = {"sku": RED, "parts": [{"sku": MUG, "units": 1}, {"sku": MUG, "units": 2}]}
    assert api.post("/api/v1/added-services/kits", twice).json["errors"][0]["pointer"] == "/parts/1/sku"
    made = api.post("/api/v1/added-services/kits", {"sku": RED, "parts": [{"sku": MUG, "units": 1}]})
    assert made.status_code == 201
    assert cast.api(client, "RIVAL").post(f"/api/v1/added-services/kits/{made.json['id']}/end", {}).status_code == 404
    # the office has one made: the parts are kept, then the kit stands where they stood
    wanted = {"kind": "kit", "seller": "ACME", "warehouse": "DE1", "sku": RED, "quantity": 2}
    assert said(life.app, boss.post("/office/conversions", data=form(**wanted))) == ["The goods are kept for it."]
    found = the_only(life, Conversion)
    address = f"/office/conversions/{found.id}"
    for typed, field, words in (
        ({"quantity": "3", "location": "A-01-01-1", "batch": "B7"}, "quantity", "From 1 to 2."),
        ({"quantity": "2", "location": "NOWHERE", "batch": "B7"}, "location", "There is no bin NOWHERE"),
    ):
        answer = boss.post(f"{address}/convert", data=form(expires_on="", serials="", **typed))
        assert refused(answer, f"{address}/convert", field, **typed)[0].startswith(words)
    assert said(life.app, boss.post(f"{address}/convert", data=form(quantity=2))) == ["It is in the book."]
    assert said(life.app, boss.post(f"{address}/undo", data=form())) == ["Decided."]
    assert "Taken back" in text_of(boss.get("/office/conversions"))
    assert api.post(f"/api/v1/added-services/kits/{made.json['id']}/end", {}).status_code == 200
    assert api.get("/api/v1/added-services/kits").json["data"] == []


def test_the_office_gives_up_what_it_asked_for(life, boss):
    wanted = {"kind": "relabel", "seller": "ACME", "warehouse": "DE1", "sku": MUG, "quantity": 1, "to_sku": RED}
    bad = boss.post("/office/conversions", data=form(**(wanted | {"location": "Z-99"})))
    assert (bad.status_code, "location-error" in bad.get_data(as_text=True)) == (422, True)
    unknown = boss.post(
        "/office/conversions", data=form(**(wanted | {"kind": "lot", "batch": "NONE", "to_batch": "X"}))
    )
    assert "no such batch" in unknown.get_data(as_text=True)
    boss.post("/office/conversions", data=form(**wanted))
    address = f"/office/conversions/{the_only(life, Conversion).id}"
    for decision in ("give_back", "promise", "cancel"):
        assert said(life.app, boss.post(f"{address}/{decision}", data=form())) == ["Decided."], decision
    assert the_only(life, Conversion).state == "cancelled"


def test_what_is_open_is_on_the_page_however_much_came_after_it(life, boss, monkeypatch):
    monkeypatch.setattr("wms.office.pages.conversions.MOST", 2)
    wanted = {"kind": "relabel", "seller": "ACME", "warehouse": "DE1", "sku": MUG, "quantity": 1, "to_sku": RED}
    boss.post("/office/conversions", data=form(**wanted))
    oldest = the_only(life, Conversion).id
    for _later in range(2):
        boss.post("/office/conversions", data=form(**wanted))
        with life.app.app_context():
            newest = session().scalars(select(Conversion.id).order_by(Conversion.id.desc())).first()
        assert said(life.app, boss.post(f"/office/conversions/{newest}/cancel", data=form())) == ["Decided."]
    page = boss.get("/office/conversions").text
    assert (f"/office/conversions/{oldest}/convert" in page, page.count('<td class="main">')) == (True, 2)


def test_what_waits_for_a_word_is_on_the_page_however_much_waits_for_hands(cast, life, boss, seller, monkeypatch):
    monkeypatch.setattr("wms.office.pages.services.MOST", 1)
    boss.post("/office/services/catalogue/new", data=form(**CATALOGUE))
    at_once = {name: value for name, value in CATALOGUE.items() if name != "asks_first"} | {"code": "AT-ONCE"}
    boss.post("/office/services/catalogue/new", data=form(**at_once))
    for service in ("PHOTO", "AT-ONCE"):
        wanted = {"service": service, "warehouse": "DE1", "sku": MUG, "quantity": 1, "condition": "good"}
        seller.post("/portal/services/new", data=form(**wanted))
    with life.app.app_context():
        waits, begun = session().execute(select(ServiceRequest.id, ServiceRequest.state).order_by(ServiceRequest.id))
    assert (waits.state, begun.state) == ("requested", "accepted")
    assert f"/office/services/requests/{waits.id}/accept" in boss.get("/office/services").text


def test_a_batch_is_found_without_its_expiry_where_one_lot_bears_it(life, boss):
    wanted = {"kind": "lot", "seller": "ACME", "warehouse": "DE1", "sku": "SERUM-30ML", "quantity": 1, "batch": "L26-08",
              "to_batch": "L26-09", "to_expires_on": "2029-09-30"}  # fmt: skip
    assert said(life.app, boss.post("/office/conversions", data=form(**wanted))) == ["The goods are kept for it."]
    other = boss.post("/office/conversions", data=form(**(wanted | {"expires_on": "2029-08-30"})))
    assert (other.status_code, "batch-error" in other.get_data(as_text=True)) == (422, True)


def test_goods_go_over_to_another_seller(cast, client, life, seller):
    wanted = {"warehouse": "DE1", "sku": MUG, "quantity": 2, "to_seller": "NOBODY"}
    wrong = seller.post("/portal/offers", data=form(**wanted))
    assert (wrong.status_code, "to_seller-error" in wrong.get_data(as_text=True)) == (422, True)
    seller.post("/portal/offers", data=form(**(wanted | {"to_seller": "rival", "note": "as agreed"})))
    found = the_only(life, Conversion)
    address = f"/portal/offers/{found.id}"
    assert f"{address}/agree" not in text_of(seller.get("/portal/offers"))
    rival = cast.sign_in(client, cast.rival_person)
    page = text_of(rival.get("/portal/offers"))
    assert f"{address}/agree" in page
    assert "as agreed" in page
    assert rival.post(f"{address}/withdraw", data=form()).status_code == 404
    assert seller.post(f"{address}/decline", data=form()).status_code == 404
    assert said(life.app, rival.post(f"{address}/agree", data=form(sku="NONE")))[0] != "货物现已归您。"
    assert said(life.app, rival.post(f"{address}/agree", data=form(sku=MUG))) == ["货物现已归您。"]
    api, other = cast.api(client), cast.api(client, "RIVAL")
    body = {"warehouse": "DE1", "sku": MUG, "quantity": 1, "to_seller": "RIVAL"}
    first = api.post("/api/v1/added-services/offers", body).json["id"]
    assert other.post(f"/api/v1/added-services/offers/{first}/decline", {}).json["state"] == "declined"
    second = api.post("/api/v1/added-services/offers", body).json["id"]
    assert api.post(f"/api/v1/added-services/offers/{second}/withdraw", {}).json["state"] == "cancelled"
    third = api.post("/api/v1/added-services/offers", body).json["id"]
    assert api.post(f"/api/v1/added-services/offers/{third}/agree", {"sku": MUG}).status_code == 404
    assert other.post(f"/api/v1/added-services/offers/{third}/agree", {"sku": MUG}).json["state"] == "done"
    states = [row["state"] for row in other.get("/api/v1/added-services/offers").json["data"]]
    assert states == ["done", "cancelled", "declined", "done"]
