"""Differences and files over HTTP, as a seller's system uses them."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from tests.inbound.dock import MUG, deliver, service
from tests.platform.test_uploads import PDF


@pytest.fixture
def found(cast, db_session):
    made = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count(cast.receiver, made.carton, cast.ACME.products[MUG], 12)
    service.close_carton(cast.receiver, made.carton)
    return made


@pytest.fixture
def api(cast, client):
    return cast.api(client, "ACME")


def photo() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 6)).save(made, "JPEG")
    return made.getvalue()


def file_of(content: bytes, name: str, kind: str = "packing_list") -> dict[str, str]:
    return {"kind": kind, "name": name, "content": base64.b64encode(content).decode()}


def test_a_seller_s_system_decides(api, found):
    (row,) = api.get(f"/api/v1/differences?booking_id={found.booking_id}&state=open").json["data"]
    assert (row["kind"], row["quantity"], row["sku"], row["carton"]) == ("over", 2, MUG, 1)
    assert row["decisions"] == ["accept", "return", "destroy", "recount"]
    path = f"/api/v1/differences/{row['id']}/decision"
    refused = api.post(path, {"decision": "relabel"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/decision")
    answer = api.post(path, {"decision": "accept"}, key="one")
    assert (answer.status_code, answer.json["state"]) == (200, "settled")
    assert api.post(path, {"decision": "accept"}, key="one").headers["Idempotent-Replay"] == "true"
    again = api.post(path, {"decision": "return"})
    assert (again.status_code, again.json["code"]) == (409, "not_allowed_now")
    assert api.get("/api/v1/differences?state=open").json["data"] == []


def test_another_seller_sees_and_decides_nothing(cast, client, found):
    rival = cast.api(client, "RIVAL")
    key = cast.api(client, "ACME").get("/api/v1/differences").json["data"][0]["id"]
    assert rival.get("/api/v1/differences").json["data"] == []
    assert rival.post(f"/api/v1/differences/{key}/decision", {"decision": "accept"}).status_code == 404


def test_differences_come_in_pages(cast, api, found):
    other = deliver(cast.acme, cast.receiver, {MUG: 1})
    service.close_carton(cast.receiver, other.carton)
    first = api.get("/api/v1/differences?limit=1").json
    second = api.get(f"/api/v1/differences?limit=1&cursor={first['next_cursor']}").json
    assert [first["data"][0]["kind"], second["data"][0]["kind"], second["next_cursor"]] == ["over", "short", None]


def test_papers_are_attached_listed_and_handed_out(api, found, rival_api):
    path = f"/api/v1/bookings/{found.booking_id}/files"
    made = api.post(path, {**file_of(PDF, "../list.pdf"), "note": "v2"})
    assert (made.status_code, made.json["name"]) == (201, "list.pdf")
    (listed,) = api.get(path).json["data"]
    assert (listed["kind"], listed["note"], listed["media_type"], listed["size_bytes"]) == (
        "packing_list", "v2", "application/pdf", len(PDF)
    )  # fmt: skip
    shown = api.get(made.headers["Location"])
    assert (shown.data, shown.mimetype) == (PDF, "application/pdf")
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    for refused in (rival_api.get(path), rival_api.get(f"{path}/{made.json['id']}"),
                    rival_api.post(path, file_of(PDF, "x.pdf"))):  # fmt: skip
        assert refused.status_code == 404
    other = api.post("/api/v1/bookings", {"warehouse": "DE1", "cartons": [
        {"number": 1, "lines": [{"sku": MUG, "quantity": 1}]}]}).json["id"]  # fmt: skip
    assert api.get(f"/api/v1/bookings/{other}/files/{made.json['id']}").status_code == 404


@pytest.fixture
def rival_api(cast, client):
    return cast.api(client, "RIVAL")


def test_a_photo_is_shown_in_place(api, found):
    path = f"/api/v1/bookings/{found.booking_id}/files"
    key = api.post(path, file_of(photo(), "a.jpg", "photo")).json["id"]
    assert api.get(f"{path}/{key}").headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"kind": "secret"}, "/kind"), ({"content": "%%%"}, "/content"), ({"name": "a.exe"}, "/content"),
     ({"name": ""}, "/name"), ({"content": ""}, "/content"), ({"colour": "red"}, "/colour"),
     ({"content": base64.b64encode(b"<html>").decode()}, "/content")],
)  # fmt: skip
def test_a_wrong_file_is_refused_at_its_field(api, found, changes, pointer):
    path = f"/api/v1/bookings/{found.booking_id}/files"
    answer = api.post(path, {**file_of(PDF, "a.pdf"), **changes})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert api.get(path).json["data"] == []


def test_a_booking_takes_so_many_files(api, found, monkeypatch):
    from wms.inbound import rules

    monkeypatch.setattr(rules, "MAX_FILES", 1)
    path = f"/api/v1/bookings/{found.booking_id}/files"
    assert api.post(path, file_of(PDF, "a.pdf")).status_code == 201
    assert api.post(path, file_of(PDF, "b.pdf")).json["code"] == "too_many_files"
