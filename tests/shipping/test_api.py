"""Services and shipments over HTTP."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.shipping.conftest import House
from wms.platform.database import transaction


def test_a_seller_reads_services_and_own_shipments(house: House, cast: Cast, fresh_client: FlaskClient):
    with transaction():
        shipment, parcel = house.closed()
        key, number, order = str(shipment.id), str(parcel.tracking_number), str(shipment.subject_id)
    api: Any = cast.api(fresh_client, "ACME")
    services = api.get("/api/v1/services?warehouse=DE1").json["data"]
    assert {"code": "TEST-STD", "carrier": "TEST", "number_at": "wave"}.items() <= {
        key: value for each in services if each["code"] == "TEST-STD" for key, value in each.items()
    }.items()
    found = api.get(f"/api/v1/shipments/{key}").json
    assert (found["state"], found["carrier"], found["subject_id"]) == ("labelled", "TEST", order)
    assert [(each["tracking_number"], each["weight_g"]) for each in found["parcels"]] == [(number, 840)]
    for query in (f"tracking_number={number}", f"order_id={order}", "state=labelled"):
        assert [each["id"] for each in api.get(f"/api/v1/shipments?{query}").json["data"]] == [key]
    assert api.get("/api/v1/shipments?state=voided").json == {"data": [], "next_cursor": None}


def test_pages_follow_each_other(house: House, cast: Cast, fresh_client: FlaskClient):
    with transaction():
        ids = [str(house.open().id) for _ in range(5)]
    api: Any = cast.api(fresh_client, "ACME")
    seen, cursor = [], ""
    for _ in range(3):
        page = api.get(f"/api/v1/shipments?limit=2{cursor}").json
        seen += [each["id"] for each in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids
    assert page["next_cursor"] is None


def test_another_sellers_shipment_does_not_exist(house: House, cast: Cast, fresh_client: FlaskClient):
    with transaction():
        shipment, parcel = house.closed()
        key, number = str(shipment.id), str(parcel.tracking_number)
    api: Any = cast.api(fresh_client, "RIVAL")
    assert api.get(f"/api/v1/shipments/{key}").status_code == 404
    assert api.get(f"/api/v1/shipments?tracking_number={number}").json["data"] == []
    assert fresh_client.get("/api/v1/shipments").status_code == 401


def test_faulty_queries_name_their_field(house: House, cast: Cast, fresh_client: FlaskClient):
    api: Any = cast.api(fresh_client, "ACME")
    for query in ("limit=0", "limit=201", "state=lost", "order_id=7", "cursor=x"):
        answer = api.get(f"/api/v1/shipments?{query}")
        assert answer.status_code == 422, query
        assert query.split("=")[0] in answer.json["errors"][0]["pointer"]
    assert api.get("/api/v1/services?warehouse=NOWHERE").status_code == 404
