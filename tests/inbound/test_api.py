"""Bookings over HTTP, as a seller's system uses them: the good way, and every field abused."""

from __future__ import annotations

import uuid
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import CABLE, MUG, RED, service
from wms.core.ids import new_id
from wms.inbound.documents import TRANSPORT_MARKS, cartons
from wms.inbound.rules import Transport
from wms.printing.models import LabelDocument

BODY: dict[str, Any] = {
    "reference": "PO-1", "warehouse": "DE1", "transport": "sea", "expected_on": "2026-12-24",
    "tracking_number": "T-1", "container_number": "CSQU3054383", "remark": "fragile",
    "cartons": [
        {"number": 1, "reference_box_no": "BOX-1", "weight_g": 8200, "length_mm": 600, "width_mm": 400,
         "height_mm": 400,
         "lines": [{"sku": MUG, "quantity": 24}, {"sku": RED, "quantity": 6}]},
        {"number": 2, "lines": [{"sku": CABLE, "quantity": 100}]},
    ],
}  # fmt: skip


@pytest.fixture
def api(cast, client):
    return cast.api(client, "ACME")


@pytest.fixture
def rival(cast, client):
    return cast.api(client, "RIVAL")


def state(db_session) -> dict[str, tuple[int, int]]:
    """A checksum over what a booking touches."""
    found = {}
    for table in ("booking", "carton", "carton_line", "event", "stock_posting", "label_document"):
        query = text(f"SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {table} t")
        found[table] = tuple(db_session.execute(query).one())
    return found


def create(api, **changes: Any):
    answer = api.post("/api/v1/bookings", {**BODY, **changes})
    assert answer.status_code == 201, answer.json
    return answer


def test_a_booking_is_created_and_read_back(api, cast):
    answer = create(api)
    assert answer.json["state"] == "draft"
    assert answer.headers["ETag"] == '"v1"'
    shown = api.get(answer.headers["Location"])
    assert shown.status_code == 200
    assert shown.headers["ETag"] == '"v1"'
    body = shown.json
    assert {name: body[name] for name in BODY if name != "cartons"} == {k: v for k, v in BODY.items() if k != "cartons"}
    assert (body["seller"], body["carton_count"], body["totals"]["declared"]) == ("ACME", 2, 130)
    assert [carton["number"] for carton in body["cartons"]] == [1, 2]
    assert body["cartons"][0]["lines"][0]["difference"] == -24
    again = api.get(answer.headers["Location"], headers={"If-None-Match": '"v1"'})
    assert again.status_code == 304


def test_the_whole_life_as_the_seller_sees_it(api, cast, db_session):
    answer = create(api, submit=True)
    path = answer.headers["Location"]
    assert answer.json["state"] == "submitted"
    assert api.post(f"{path}/in-transit", {"tracking_number": "T-2"}).json["state"] == "in_transit"
    booking_id = uuid.UUID(answer.json["id"])
    carton = uuid.UUID(api.get(path).json["cartons"][1]["id"])
    service.arrive_booking(cast.receiver, booking_id)
    service.count(cast.receiver, carton, cast.ACME.products[CABLE], 90)
    service.close_carton(cast.receiver, carton)
    service.put_away(cast.picker, carton, cast.ACME.products[CABLE], 90, cast.overseas.locations["A-01-01-1"])
    shown = api.get(path).json
    assert (shown["state"], shown["tracking_number"]) == ("receiving", "T-2")
    line = shown["cartons"][1]["lines"][0]
    assert (line["declared"], line["received"], line["put_away"], line["difference"]) == (100, 90, 90, -10)
    assert line["differences"] == {"short": 10}
    receipts = api.get(f"{path}/receipts").json["data"]
    assert [(each["sku"], each["quantity"], each["carton"], each["undone"]) for each in receipts] == [
        (CABLE, 90, 2, False)
    ]
    refused = api.post(f"{path}/cancel")
    assert (refused.status_code, refused.json["code"]) == (409, "not_allowed_now")


def test_a_command_replayed_is_one_booking(api, db_session):
    key = str(new_id())
    first = api.post("/api/v1/bookings", BODY, key=key)
    second = api.post("/api/v1/bookings", BODY, key=key)
    assert (second.status_code, second.json) == (201, first.json)
    assert second.headers["Idempotent-Replay"] == "true"
    assert state(db_session)["booking"][0] == 1
    other = api.post("/api/v1/bookings", {**BODY, "remark": "other"}, key=key)
    assert other.json["code"] == "command_id_reused"
    submitted = [api.post(f"/api/v1/bookings/{first.json['id']}/submit", key=key + "-s") for _ in range(2)]
    assert [answer.json["version"] for answer in submitted] == [2, 2]


def test_a_reference_used_before_points_to_its_booking(api, rival, db_session):
    first = create(api)
    before = state(db_session)
    answer = api.post("/api/v1/bookings", BODY)
    assert (answer.status_code, answer.json["code"]) == (409, "reference_taken")
    assert answer.json["params"]["href"] == first.headers["Location"]
    assert state(db_session) == before
    create(rival)


def test_an_edit_needs_the_version_that_was_read(api, db_session):
    path = create(api).headers["Location"]
    before = state(db_session)
    assert api.patch(path, {"remark": "x"}).status_code == 428
    assert api.patch(path, {"remark": "x"}, match=7).status_code == 412
    assert state(db_session) == before
    answer = api.patch(path, {"remark": "", "cartons": BODY["cartons"][:1]}, match=1)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
    shown = api.get(path).json
    assert (shown["remark"], shown["carton_count"], shown["transport"]) == ("", 1, "sea")


def test_many_bookings_at_once_each_by_itself(api):
    items = [{**BODY, "reference": "A"}, {**BODY, "reference": "A"}, {**BODY, "reference": "B", "warehouse": 5}, {}]
    results = api.post("/api/v1/bookings/bulk", {"bookings": items}).json["results"]
    assert [result["status"] for result in results] == [201, 409, 422, 422]
    assert results[1]["problem"]["code"] == "reference_taken"
    assert results[2]["problem"]["errors"][0]["pointer"] == "/warehouse"
    answer = api.post("/api/v1/bookings/bulk", {"bookings": items * 13})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "too_many")


def test_pages_of_bookings(api, rival):
    numbers = [create(api, reference=f"P{n}", submit=n == 2).json["number"] for n in range(3)]
    create(rival)
    first = api.get("/api/v1/bookings?limit=2")
    assert [each["number"] for each in first.json["data"]] == [numbers[2], numbers[1]]
    assert 'rel="next"' in first.headers["Link"]
    second = api.get(f"/api/v1/bookings?limit=2&cursor={first.json['next_cursor']}").json
    assert ([each["number"] for each in second["data"]], second["next_cursor"]) == ([numbers[0]], None)
    for query, found in {
        "state=submitted": [numbers[2]], "reference=P1": [numbers[1]], "warehouse=NGB1": [],
        "warehouse=DE1": numbers[::-1],
        "updated_since=2099-01-01T00:00:00Z": [],
    }.items():  # fmt: skip
        assert [each["number"] for each in api.get(f"/api/v1/bookings?{query}").json["data"]] == found
    for query in ("limit=0", "limit=201", "cursor=x", "state=nice", "updated_since=monday"):
        assert api.get(f"/api/v1/bookings?{query}").status_code == 422, query


LONG = "x" * 300
WORDS: list[Any] = [5, "", " ", "x" * 51, [], "a\u0000b"]
PLACES: list[Any] = [None, 5, "", "x" * 17, "DE9", ["DE1"]]
SETS: list[Any] = [None, [], {}, "x"]
LINES: list[Any] = [None, [], {}, [None]]
FIELDS: list[tuple[str, Any]] = [
    *[("/reference", value) for value in WORDS],
    *[("/seller", value) for value in (5, "ACMEACME1")],
    *[("/warehouse", value) for value in PLACES],
    *[("/transport", value) for value in ("rocket", 5, None)],
    *[("/expected_on", value) for value in ("24.12.2026", 5, "0001-01-01", "9999-12-31", "2026-02-30", "20261224",
                                        "2026-W52-4")],
    *[("/tracking_number", value) for value in (5, "x" * 65, "\u0007")],
    *[("/container_number", value) for value in (5, "x" * 17)],
    *[("/remark", value) for value in (5, None, LONG)],
    *[("/submit", value) for value in ("maybe", 5, None)],
    *[("/cartons", value) for value in SETS],
    *[("/cartons/0/number", value) for value in (0, -1, 2, 501, "1", 1.5, None)],
    *[("/cartons/0/reference_box_no", value) for value in (5, "x" * 51, "")],
    *[(f"/cartons/0/{name}", value)
      for name in ("weight_g", "length_mm", "width_mm", "height_mm") for value in (0, -1, "9", 10**9, 1.5)],
    *[("/cartons/0/lines", value) for value in LINES],
    *[("/cartons/0/lines/0/sku", value) for value in (None, 5, "", "x" * 41, "NOT-MINE", RED)],
    *[("/cartons/0/lines/0/quantity", value) for value in (None, 0, -1, 100_000, "5", 1.5, 2**60, True)],
    ("/colour", "red"), ("/cartons/0/colour", "red"), ("/cartons/0/lines/0/colour", "red"),
]  # fmt: skip


def abused(body: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    changed: Any = deepcopy(body)
    *way, last = pointer.strip("/").split("/")
    place = changed
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[last] = value
    return changed


@pytest.mark.parametrize(("pointer", "value"), FIELDS)
def test_a_wrong_field_is_named_and_changes_nothing(api, db_session, pointer, value):
    before = state(db_session)
    answer = api.post("/api/v1/bookings", abused(BODY, pointer, value))
    assert answer.status_code == 422, answer.json
    assert any(error["pointer"].startswith(pointer) or pointer.endswith("sku") for error in answer.json["errors"])
    assert state(db_session) == before


@pytest.mark.parametrize(("pointer", "value"), [each for each in FIELDS if each[0].split("/")[1] not in
                                                {"reference", "seller", "warehouse", "submit", "colour"}])  # fmt: skip
def test_a_wrong_field_of_an_edit_changes_nothing(api, db_session, pointer, value):
    path = create(api).headers["Location"]
    before = state(db_session)
    answer = api.patch(path, abused(BODY_TO_EDIT, pointer, value), match=1)
    assert answer.status_code == 422, answer.json
    assert state(db_session) == before


BODY_TO_EDIT = {name: value for name, value in BODY.items() if name not in {"reference", "warehouse"}}


@pytest.mark.parametrize("name", ["reference", "warehouse", "seller", "state", "number", "submit"])
def test_what_never_changes_cannot_be_edited(api, db_session, name):
    path = create(api).headers["Location"]
    answer = api.patch(path, {name: "X"}, match=1)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "unknown_field")


def test_another_seller_s_booking_is_not_there(api, rival, db_session):
    path = create(api).headers["Location"]
    before = state(db_session)
    assert rival.get(path).status_code == 404
    assert rival.get(f"{path}/receipts").status_code == 404
    assert rival.patch(path, {"remark": "mine"}, match=1).status_code == 404
    for action in ("submit", "cancel"):
        assert rival.post(f"{path}/{action}").status_code == 404
    for action in ("in-transit", "carton-labels"):
        assert rival.post(f"{path}/{action}", {}).status_code == 404
    assert rival.post("/api/v1/bookings", {**BODY, "seller": "ACME"}).status_code == 422
    assert state(db_session) == before
    assert api.get(f"/api/v1/bookings/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize("transport", Transport)
def test_a_carton_is_marked_by_how_it_comes(api, db_session, transport):
    """In the words of freight, not of our tables."""
    path = create(api).headers["Location"]
    api.post(f"{path}/carton-labels", {})
    db_session.execute(text("UPDATE booking SET transport = :transport"), {"transport": transport.value})
    marked = {label.transport for label in cartons(db_session.scalars(select(LabelDocument)).all())}
    assert marked == {TRANSPORT_MARKS[transport]}
    assert not any("_" in mark for mark in marked)


def test_carton_labels_are_asked_for_once_and_void_when_the_cartons_change(api, db_session):
    path = create(api).headers["Location"]
    first = api.post(f"{path}/carton-labels", {})
    assert first.status_code == 202, first.json
    assert first.headers["Location"] == f"/api/v1/label-sets/{first.json['set']}"
    again = api.post(f"{path}/carton-labels", {"cartons": [2]})
    assert again.json["bundles"] == first.json["bundles"], "a label that is valid is found where it is"
    documents = text("SELECT state, count(*)::int FROM label_document WHERE kind = 'carton' GROUP BY 1")
    assert dict(db_session.execute(documents).all()) == {"requested": 2}
    assert api.post(f"{path}/carton-labels", {"cartons": [3]}).json["errors"][0]["pointer"] == "/cartons/0"
    bodies: list[dict[str, Any]] = [{"cartons": [0]}, {"cartons": []}, {"cartons": ["1"]}, {"colour": 1}]
    for wrong in bodies:
        assert api.post(f"{path}/carton-labels", wrong).status_code == 422
    api.patch(path, {"cartons": BODY["cartons"][:1]}, match=1)
    assert dict(db_session.execute(documents).all()) == {"voided": 2}
    api.post(f"{path}/carton-labels", {})
    assert dict(db_session.execute(documents).all()) == {"voided": 2, "requested": 1}
    assert api.post(f"{path}/cancel").json["state"] == "cancelled"
    assert dict(db_session.execute(documents).all()) == {"voided": 3}
    assert api.post(f"{path}/carton-labels", {}).json["code"] == "not_allowed_now"


def test_what_a_carton_label_says(api, cast, db_session):
    from labels import CartonLabel
    from wms.inbound.documents import SOURCES
    from wms.printing.models import LabelDocument

    path = create(api).headers["Location"]
    api.post(f"{path}/carton-labels", {})
    rows = db_session.query(LabelDocument).order_by(LabelDocument.position).all()
    first, second = SOURCES["carton"](rows)
    shown = api.get(path).json
    assert isinstance(first, CartonLabel)
    assert isinstance(second, CartonLabel)
    assert (first.number, first.total, first.box_barcode) == (1, 2, shown["cartons"][0]["barcode"])
    assert rows[0].barcode == first.box_barcode
    assert (first.destination, first.seller_code, first.booking_number) == ("DE1", "ACME", shown["number"])
    assert [(line.sku, line.quantity) for line in first.contents] == [(MUG, "× 24"), (RED, "× 6")]
    assert (first.gross_weight, first.dimensions, first.reference) == ("8.20 kg", "60 × 40 × 40 cm", "BOX-1")
    assert (second.gross_weight, second.dimensions, second.reference) == ("", "", "PO-1")
    assert (first.origin, second.origin) == ("Made in China", "Made in China")
    db_session.execute(text("UPDATE product SET origin_country = 'TW' WHERE sku = :sku"), {"sku": RED})
    assert [label.origin for label in SOURCES["carton"](rows)] == ["", "Made in China"]  # the first has both


def test_a_key_without_the_scope_may_not(cast, client, db_session):
    from wms.core.permissions import Permission
    from wms.identity import service as identity
    from wms.platform.database import commit

    narrow = identity.issue_api_key(cast.admin, cast.ACME.id, "narrow", [Permission.BOOKINGS_READ])
    commit()
    headers = {"Authorization": f"Bearer {narrow.text}", "Idempotency-Key": str(new_id())}
    before = state(db_session)
    assert client.post("/api/v1/bookings", json=BODY, headers=headers).status_code == 403
    assert client.get("/api/v1/bookings", headers=headers).status_code == 200
    assert client.post("/api/v1/bookings", json=BODY).status_code == 401
    assert state(db_session) == before
