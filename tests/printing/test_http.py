"""Labels over HTTP: sellers' systems, and the bench."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pypdfium2
from flask.testing import FlaskClient

from tests.cast import Cast
from tests.outbound.stage import MUG
from tests.platform.test_worker import read_codes
from tests.printing.conftest import Desk
from wms.core.ids import new_id
from wms.platform.database import transaction
from wms.printing import queries
from wms.printing.schemas import BundleAnswer
from wms.printing.sets_api import LabelSetAnswer


def test_a_seller_asks_waits_and_fetches(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    api: Any = cast.api(fresh_client, "ACME")
    lines = [{"product_id": str(key), "quantity": 2} for key in list(cast.ACME.products.values())[:3]]
    body = {"warehouse": "DE1", "lines": lines, "size": "50x30"}
    asked = api.post("/api/v1/labels/products", body, key="labels-1")
    assert (asked.status_code, len(asked.json["bundles"])) == (202, 1)
    assert asked.headers["Location"] == f"/api/v1/bundles/{asked.json['bundles'][0]}"
    assert api.post("/api/v1/labels/products", body, key="labels-1").json == asked.json
    where = asked.headers["Location"]
    waiting = api.get(f"{where}/pdf")
    assert (waiting.status_code, waiting.json["code"], waiting.headers["Retry-After"]) == (409, "not_ready", "1")
    waiting = api.get(f"{where}?documents=false")
    assert (waiting.json["state"], waiting.json["documents"], waiting.headers["Retry-After"]) == ("requested", [], "1")
    desk.work()
    answer = api.get(where)
    found = answer.json
    assert (found["state"], found["pages"], "Retry-After" in answer.headers) == ("ready", 6, False)
    assert api.get(f"{where}?documents=false").json == {**found, "documents": []}
    assert BundleAnswer().dump(BundleAnswer().load(found)) == found, "written without marshmallow, as it is described"
    assert [each["page_index"] for each in found["documents"]] == [0, 2, 4]
    file = api.get(f"{where}/pdf")
    assert (file.status_code, file.mimetype) == (200, "application/pdf")
    codes = read_codes(file.data)
    assert codes[0::2] == codes[1::2]
    single = api.get(f"/api/v1/documents/{found['documents'][1]['id']}/pdf")
    assert read_codes(single.data) == [codes[2]]


def test_a_large_request_is_followed_as_a_whole_and_fetched_at_once(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    """Two hundred and fifty labels are three files; the set tells of all of them, and packs them."""
    api: Any = cast.api(fresh_client, "ACME")
    product = str(next(iter(cast.ACME.products.values())))
    body = {"warehouse": "DE1", "lines": [{"product_id": product, "quantity": 250}]}
    asked = api.post("/api/v1/labels/products", body, key="set-1").json
    where = f"/api/v1/label-sets/{asked['set']}"
    first = api.get(where)
    assert (first.json["state"], first.json["labels"], first.json["done"]) == ("requested", 250, 0)
    assert [(each["bundle"], each["labels"]) for each in first.json["files"]] == [
        (bundle, labels) for bundle, labels in zip(asked["bundles"], (100, 100, 50), strict=True)
    ]
    early = api.get(f"{where}/zip")
    assert (early.status_code, early.json["code"]) == (409, "not_ready")
    assert first.headers["Retry-After"] == early.headers["Retry-After"] == "1"
    desk.work()
    last = api.get(where)
    assert (last.json["state"], last.json["done"], last.json["refused"]) == ("ready", 250, 0)
    assert "Retry-After" not in last.headers
    assert LabelSetAnswer().dump(LabelSetAnswer().load(last.json)) == last.json, "it is as it is described"
    with zipfile.ZipFile(io.BytesIO(api.get(f"{where}/zip").data)) as packed:
        files = [pypdfium2.PdfDocument(packed.read(name)) for name in sorted(packed.namelist())]
        assert [len(file) for file in files] == [100, 100, 50]
        for file in files:
            file.close()
    rival = cast.api(fresh_client, "RIVAL")
    assert {rival.get(path).status_code for path in (where, f"{where}/zip")} == {404}
    assert fresh_client.get(where).status_code == 401


def test_another_sellers_labels_and_products_do_not_exist(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    document = desk.ready()
    rival = cast.api(fresh_client, "RIVAL")
    for path in (f"bundles/{document.bundle_id}", f"bundles/{document.bundle_id}/pdf", f"documents/{document.id}/pdf"):
        assert rival.get(f"/api/v1/{path}").status_code == 404
        assert fresh_client.get(f"/api/v1/{path}").status_code == 401
    line = {"product_id": str(next(iter(cast.ACME.products.values()))), "quantity": 1}
    answer = rival.post("/api/v1/labels/products", {"warehouse": "DE1", "lines": [line]})
    assert answer.status_code == 404


def test_faulty_requests_name_their_fields(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    api: Any = cast.api(fresh_client, "ACME")
    product = str(next(iter(cast.ACME.products.values())))
    good = {"warehouse": "DE1", "lines": [{"product_id": product, "quantity": 1}]}
    for change, pointer in (
        ({"warehouse": ""}, "/warehouse"), ({"size": "9x9"}, "/size"), ({"lines": []}, "/lines"),
        ({"lines": [{"product_id": "7", "quantity": 1}]}, "/lines/0/product_id"),
        ({"lines": [{"product_id": product, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"product_id": product, "quantity": "3"}]}, "/lines/0/quantity"),
        ({"colour": "red"}, "/colour"),
        ({"lines": [{"quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"sku": MUG, "product_id": product, "quantity": 1}]}, "/lines/0/sku"),
        ({"lines": [{"sku": MUG, "quantity": 1}, {"sku": "NO-SUCH", "quantity": 1}]}, "/lines/1/sku"),
    ):  # fmt: skip
        answer = api.post("/api/v1/labels/products", {**good, **change})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    many = [{"product_id": product, "quantity": 1_000}] * 6
    assert api.post("/api/v1/labels/products", {**good, "lines": many}).json["code"] == "too_many_labels"


def test_labels_are_asked_for_by_sku_as_everything_else_is(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    api: Any = cast.api(fresh_client, "ACME")
    lines = [{"sku": MUG, "quantity": 2}, {"product_id": str(cast.ACME.products[MUG]), "quantity": 1}]
    asked = api.post("/api/v1/labels/products", {"warehouse": "DE1", "lines": lines})
    assert asked.status_code == 202, asked.json
    (document,) = api.get(asked.headers["Location"]).json["documents"]
    assert (document["subject_id"], document["copies"]) == (str(cast.ACME.products[MUG]), 3)
    rival: Any = cast.api(fresh_client, "RIVAL")
    theirs = rival.post("/api/v1/labels/products", {"warehouse": "DE1", "lines": lines[:1]})
    (document,) = rival.get(theirs.headers["Location"]).json["documents"]
    assert document["subject_id"] == str(cast.RIVAL.products[MUG])  # a SKU is each seller's own


def test_the_bench_prints_a_waybill_once(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    document = desk.ready()
    bench = cast.sign_in(fresh_client, cast.picker)
    path = f"/labels/documents/{document.id}"
    assert bench.get(f"{path}.pdf").status_code == 409  # not before it is on record
    form = {"command_id": str(new_id())}
    for _ in range(2):  # a double click is one command
        answer = bench.post(f"{path}/print", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}.pdf")
    file = bench.get(f"{path}.pdf")
    assert read_codes(file.data) == [document.barcode]
    assert bench.post(f"{path}/print", data={"command_id": str(new_id())}).status_code == 409
    assert bench.post(f"{path}/print", data={}).status_code == 422
    answer = bench.post(f"{path}/reprint", data={"command_id": str(new_id()), "reason": "jam"})
    assert answer.status_code == 409
    with transaction():
        (job,) = queries.jobs_of(document.id)
    assert bench.post(f"/labels/prints/{job.id}/lost", data={"command_id": str(new_id())}).status_code == 303
    led = bench.get(f"/labels/prints/{job.id}.pdf")
    assert (led.status_code, led.headers["Location"]) == (303, f"{path}.pdf")
    boss = cast.sign_in(fresh_client, cast.supervisor)
    answer = boss.post(f"{path}/reprint", data={"command_id": str(new_id()), "reason": "jam"})
    assert answer.status_code == 303
    with transaction():
        assert [job.reprint_reason for job in queries.jobs_of(document.id)] == [None, "lost", "jam"]


def test_the_bench_prints_a_bundle_once(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    (bundle_id,) = desk.request(desk.draft(), desk.draft())
    desk.work()
    bench = cast.sign_in(fresh_client, cast.picker)
    path = f"/labels/bundles/{bundle_id}"
    assert bench.get(f"{path}.pdf").status_code == 409
    assert bench.post(f"{path}/print", data={"command_id": str(new_id())}).status_code == 303
    assert len(read_codes(bench.get(f"{path}.pdf").data)) == 2
    assert bench.post(f"{path}/print", data={"command_id": str(new_id())}).status_code == 409


def test_a_sellers_person_looks_at_own_labels_only(desk: Desk, cast: Cast, fresh_client: FlaskClient):
    document = desk.ready()
    own, other = (cast.sign_in(fresh_client, each) for each in (cast.acme_person, cast.rival_person))
    for path in (f"/labels/documents/{document.id}.pdf", f"/labels/bundles/{document.bundle_id}.pdf"):
        assert own.get(path).status_code == 200
        assert other.get(path).status_code == 404
        assert fresh_client.get(path).status_code == 302
    assert own.post(f"/labels/documents/{document.id}/print", data={"command_id": str(new_id())}).status_code == 403
    with transaction():
        assert list(queries.jobs_of(document.id)) == []
