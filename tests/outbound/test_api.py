"""Orders over HTTP, as a seller's system uses them: what is answered, what is refused by name, and what stays as it
was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.outbound.stage import MUG, Stage, body
from wms.core import clock
from wms.core.ids import new_id
from wms.outbound.models import Order
from wms.platform.database import session

PATH = "/api/v1/orders"
TABLES = ("outbound_order", "order_line", "demand", "consignee", "promise", "summary", "allocation", "awaited_stock",
          "event", "outbox_job", "balance", "stock_posting", "command")  # fmt: skip


def checksum() -> list[tuple[Any, ...]]:
    """A checksum over the rows of every table an order touches."""
    whole = " UNION ALL ".join(
        f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {name} t"
        for name in TABLES
    )
    return [tuple(row) for row in session().execute(text(whole))]


@pytest.fixture
def api(stage: Stage, client) -> Any:
    stage.stock(MUG, 10)
    return stage.cast.api(client)


@pytest.fixture
def placed(api: Any) -> dict[str, Any]:
    """An order that was placed over HTTP."""
    answer = api.post(PATH, body({MUG: 2}))
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def test_an_order_is_created_promised_and_read_back(api: Any, stage: Stage) -> None:
    sent = body([{"sku": MUG, "quantity": 2, "unit_value_minor": 1290, "currency": "EUR"}, {"sku": MUG, "quantity": 1}])
    answer = api.post(PATH, sent)
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "number", "reference", "state", "customs_state", "version"}
    assert (answer.json["state"], answer.json["version"], stage.free(MUG)) == ("promised", 1, (10, 3))
    shown = api.get(answer.headers["Location"])
    assert (shown.status_code, shown.headers["ETag"]) == (200, '"v1"')
    assert shown.json["reference"] == sent["reference"]
    names = ("position", "sku", "quantity", "unit_value_minor", "currency", "picked", "shipped")
    assert [tuple(line[name] for name in names) for line in shown.json["lines"]] == [
        (1, MUG, 2, 1290, "EUR", 0, 0), (2, MUG, 1, None, None, 0, 0),
    ]  # fmt: skip
    assert shown.json["consignee"]["city"] == "Berlin"
    assert (shown.json["warehouse"], shown.json["service"], shown.json["parcels"]) == ("DE1", "HOUSE-STD", [])
    again = api.get(answer.headers["Location"], headers={"If-None-Match": '"v1"'})
    assert (again.status_code, again.data) == (304, b"")


def test_an_order_without_stock_is_accepted_as_short(api: Any) -> None:
    answer = api.post(PATH, body({MUG: 11}))
    assert (answer.status_code, answer.json["state"]) == (201, "short")


def test_the_same_key_again_gives_the_same_answer_and_one_order(api: Any, stage: Stage) -> None:
    sent, key = body({MUG: 2}), str(new_id())
    first, again = api.post(PATH, sent, key=key), api.post(PATH, sent, key=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replay"] == "true"
    assert (session().query(Order).count(), stage.free(MUG)) == (1, (10, 2))


def test_the_same_key_with_another_body_is_refused(api: Any) -> None:
    sent, key = body({MUG: 2}), str(new_id())
    api.post(PATH, sent, key=key)
    before = checksum()
    answer = api.post(PATH, {**sent, "remark": "other"}, key=key)
    assert (answer.status_code, answer.json["code"], checksum()) == (422, "command_id_reused", before)


@pytest.mark.parametrize("key", ["", "a#b", "x" * 300])
def test_a_key_that_is_none_is_refused(api: Any, key: str) -> None:
    before = checksum()
    answer = api.send("POST", PATH, body({MUG: 1}), headers={"Idempotency-Key": key})
    assert (answer.status_code, checksum()) == (400, before)
    api.needs_key = False
    assert api.post(PATH, body({MUG: 1})).status_code == 400


def test_a_reference_is_used_once_and_the_refusal_names_who_has_it(
    api: Any, placed: dict[str, Any], client, stage: Stage
) -> None:
    answer = api.post(PATH, body({MUG: 1}, reference=placed["reference"]))
    assert (answer.status_code, answer.json["code"]) == (409, "order_reference_taken")
    assert answer.json["params"] == {
        "number": placed["number"], "id": placed["id"], "reference": placed["reference"], "href": f"{PATH}/{placed['id']}",
    }  # fmt: skip
    assert (session().query(Order).count(), stage.free(MUG)) == (1, (10, 2))
    theirs = stage.cast.api(client, "RIVAL").post(PATH, body({MUG: 1}, reference=placed["reference"]))
    assert theirs.status_code == 201  # references are each seller's own


def test_what_was_ordered_in_the_future_is_refused_and_not_promised_for_then(api: Any, stage: Stage) -> None:
    """Its cut-off would be then, and nobody would hurry. A day is left to clocks and time zones."""
    before = checksum()
    answer = api.post(PATH, body({MUG: 1}, ordered_at=(clock.now() + timedelta(days=2)).isoformat()))
    assert answer.status_code == 422
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [("/ordered_at", "ordered_in_future")]
    assert checksum() == before
    later = (clock.now() + timedelta(hours=14)).isoformat()
    assert api.post(PATH, body({MUG: 1}, ordered_at=later)).status_code == 201


def test_orders_are_listed_by_the_code_of_their_warehouse(api: Any, placed: dict[str, Any]) -> None:
    (row,) = api.get(f"{PATH}?warehouse=DE1").json["data"]
    assert (row["id"], row["warehouse"]) == (placed["id"], "DE1")
    assert api.get(f"{PATH}?warehouse=NGB1").json["data"] == []


def test_one_sellers_order_does_not_exist_for_another(api: Any, placed: dict[str, Any], client, stage: Stage) -> None:
    rival: Any = stage.cast.api(client, "RIVAL")
    path = f"{PATH}/{placed['id']}"
    before = [row for row in checksum() if row[0] != "command"]
    assert rival.get(path).status_code == 404
    assert rival.patch(path, {"remark": "mine"}, match=1).status_code == 404
    assert rival.post(f"{path}/cancel", {"reason": "other"}, match=1).status_code == 404
    assert rival.get(PATH, query_string={"reference": placed["reference"]}).json["data"] == []
    assert rival.get(f"{PATH}/{new_id()}").json["code"] == "not_found"
    assert [row for row in checksum() if row[0] != "command"] == before


def set_at(document: Any, pointer: str, value: Any) -> dict[str, Any]:
    """A copy of the body with one field changed; `...` takes it away."""
    head, _, rest = pointer.lstrip("/").partition("/")
    changed: Any = list(document) if isinstance(document, list) else dict(document)
    at: Any = int(head) if isinstance(changed, list) else head
    if rest:
        changed[at] = set_at(changed[at], rest, value)
    elif value is ...:
        del changed[at]
    else:
        changed[at] = value
    return changed


LONG = "x" * 3_000
TEXTS = {"reference": 50, "warehouse": 16, "service": 32, "remark": 255, "seller": 8, "consignee/name": 80,
         "consignee/company": 80, "consignee/phone": 32, "consignee/state": 60, "consignee/city": 60,
         "consignee/postcode": 16, "consignee/address1": 120, "consignee/address2": 120, "consignee/email": 120,
         "consignee/id_number": 18, "lines/0/sku": 40, "lines/0/batch": 40}  # fmt: skip
WRONG: list[tuple[str, Any, str, str]] = [
    *((f"/{name}", 7, f"/{name}", "type") for name in TEXTS),
    *((f"/{name}", LONG, f"/{name}", "too_long") for name in TEXTS),
    *((f"/{name}", "", f"/{name}", "too_short") for name in TEXTS),
    *((f"/{name}", "a\x00b", f"/{name}", "unprintable") for name in TEXTS),
    *((f"/{name}", ..., f"/{name}", "required") for name in (
        "reference", "warehouse", "service", "consignee", "lines", "consignee/name", "consignee/country",
        "consignee/city", "consignee/address1", "lines/0/sku", "lines/0/quantity")),
    *((f"/{name}", None, f"/{name}", "null") for name in (
        "reference", "warehouse", "service", "consignee", "lines", "kind", "priority", "lines/0/sku",
        "lines/0/quantity", "lines/0/condition")),
    *((f"/{name}", {"a": 1}, f"/{name}", "type") for name in ("reference", "lines/0/quantity", "lines", "ordered_at")),
    ("/consignee", "Anna", "/consignee", "type"),
    ("/lines/0", "MUG", "/lines/0", "type"),
    ("/lines", [], "/lines", "too_few"),
    ("/kind", "gift", "/kind", "not_a_choice"),
    ("/priority", -1, "/priority", "too_small"),
    ("/priority", 10, "/priority", "too_large"),
    ("/priority", "5", "/priority", "type"),
    ("/priority", 1.5, "/priority", "type"),
    ("/priority", True, "/priority", "type"),
    ("/shop_id", "nope", "/shop_id", "type"),
    ("/ordered_at", "yesterday", "/ordered_at", "type"),
    ("/ordered_at", "2026-11-24T08:00:00", "/ordered_at", "type"),
    ("/ordered_at", "0001-01-01T00:00:00+14:00", "/ordered_at", "too_small"),
    ("/ordered_at", "9999-12-31T23:59:59-14:00", "/ordered_at", "too_large"),
    ("/lines/0/quantity", 0, "/lines/0/quantity", "too_small"),
    ("/lines/0/quantity", -1, "/lines/0/quantity", "too_small"),
    ("/lines/0/quantity", 100_000, "/lines/0/quantity", "too_large"),
    ("/lines/0/quantity", 2**62, "/lines/0/quantity", "too_large"),
    ("/lines/0/quantity", "2", "/lines/0/quantity", "type"),
    ("/lines/0/quantity", 1.5, "/lines/0/quantity", "type"),
    ("/lines/0/quantity", True, "/lines/0/quantity", "type"),
    ("/lines/0/condition", "shiny", "/lines/0/condition", "not_a_choice"),
    ("/lines/0/min_expires_on", "soon", "/lines/0/min_expires_on", "type"),
    ("/lines/0/unit_value_minor", -1, "/lines/0/unit_value_minor", "too_small"),
    ("/lines/0/currency", "XXX", "/lines/0/currency", "not_a_choice"),
    ("/lines/0/unit_value_minor", 5, "/lines/0/currency", "required"),
    ("/lines/0/currency", "EUR", "/lines/0/unit_value_minor", "required"),
    ("/consignee/country", "Germany", "/consignee/country", "too_long"),
    ("/consignee/country", "de", "/consignee/country", "pattern"),
    ("/consignee/email", "anna", "/consignee/email", "pattern"),
    ("/consignee/id_number", "110105194912310021", "/consignee/id_number", "id_number_wrong"),
    ("/consignee/name", "Ann\U00012000a", "/consignee/name", "glyph_missing"),
    ("/consignee/surname", "S", "/consignee/surname", "unknown_field"),
    ("/lines/0/price", 1, "/lines/0/price", "unknown_field"),
    ("/state", "shipped", "/state", "unknown_field"),
    ("/warehouse", "XX9", "/warehouse", "unknown_warehouse"),
    ("/service", "ROCKET", "/service", "unknown_service"),
    ("/lines/0/sku", "NO-SUCH", "/lines/0/sku", "unknown_sku"),
    ("/seller", "RIVAL", "/seller", "unknown_seller"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("at", "value", "pointer", "code"), WRONG, ids=[f"{row[0]}={str(row[1])[:12]!r}" for row in WRONG]
)
def test_a_wrong_field_is_named_and_nothing_changes(api: Any, at: str, value: Any, pointer: str, code: str) -> None:
    before = checksum()
    answer = api.post(PATH, set_at(body({MUG: 1}), at, value))
    assert answer.status_code == 422, answer.json
    assert answer.content_type == "application/problem+json"
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json["errors"]}, answer.json["errors"]
    assert all(each["message"] for each in answer.json["errors"])
    assert checksum() == before


def test_every_wrong_field_is_named_at_once(api: Any) -> None:
    sent = body(
        [{"sku": "NOPE", "quantity": 1}, {"sku": "NADA", "quantity": 1}], service="ROCKET", shop_id=str(new_id())
    )
    answer = api.post(PATH, sent)
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/service", "unknown_service"), ("/shop_id", "unknown_shop"), ("/lines/0/sku", "unknown_sku"),
        ("/lines/1/sku", "unknown_sku"),
    ]  # fmt: skip


def test_anothers_product_shop_and_a_foreign_warehouses_service_are_unknown(api: Any, stage: Stage) -> None:
    shop = session().scalar(text("SELECT id FROM shop WHERE seller_id = :s LIMIT 1"), {"s": stage.cast.RIVAL.id})
    session().execute(text("UPDATE product SET sku = 'ONLY-RIVAL' WHERE id = :p"),
                      {"p": stage.cast.RIVAL.products[MUG]})  # fmt: skip
    session().execute(
        text("UPDATE service SET warehouse_id = :w WHERE code = 'HOUSE-EXP'"), {"w": stage.cast.bonded.id}
    )
    session().commit()
    before = checksum()
    answer = api.post(PATH, body({"ONLY-RIVAL": 1}, shop_id=str(shop), service="HOUSE-EXP"))
    assert {(each["pointer"], each["code"]) for each in answer.json["errors"]} == {
        ("/lines/0/sku", "unknown_sku"), ("/shop_id", "unknown_shop"), ("/service", "unknown_service"),
    }  # fmt: skip
    assert checksum() == before


def test_a_product_that_is_not_active_is_refused(api: Any, stage: Stage) -> None:
    session().execute(text("UPDATE product SET is_active = false WHERE id = :p"), {"p": stage.cast.ACME.products[MUG]})
    session().commit()
    assert api.post(PATH, body({MUG: 1})).json["errors"][0]["code"] == "order_product_inactive"


def test_a_blocked_seller_is_told_so(api: Any, stage: Stage) -> None:
    session().execute(text("UPDATE seller SET credit_state = 'blocked' WHERE id = :s"), {"s": stage.cast.ACME.id})
    session().commit()
    answer = api.post(PATH, body({MUG: 1}))
    assert (answer.status_code, answer.json["code"]) == (409, "seller_blocked")


def test_bonded_retail_needs_the_buyers_id_number(api: Any) -> None:
    answer = api.post(PATH, body({MUG: 1}, warehouse="NGB1"))
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/consignee/country", "bonded_country"), ("/consignee/id_number", "id_number_required"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 422),
        ("null", "application/json", 422),
        ('"x"', "application/json", 422),
        ('{"reference": "\\ud800"}', "application/json", 422),
        ("reference=1", "application/x-www-form-urlencoded", 415),
        ("<a/>", "application/xml", 415),
        ("", "application/json", 400),
    ],
)
def test_a_body_that_is_no_order_is_refused(api: Any, data: str, kind: str, status: int) -> None:
    before = checksum()
    answer = api.send("POST", PATH, data=data, content_type=kind)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.json
    assert checksum() == before


def test_an_order_is_changed_while_nobody_works_on_it(api: Any, placed: dict[str, Any]) -> None:
    path = f"{PATH}/{placed['id']}"
    answer = api.patch(path, {"remark": "ring twice", "priority": 3}, match=1)
    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 2, '"v2"')
    consignee = {"name": "Bert Braun", "country": "AT", "city": "Wien", "address1": "Ring 1"}
    assert api.patch(path, {"consignee": consignee}, match=2).status_code == 200
    shown = api.get(path).json
    assert (shown["remark"], shown["priority"], shown["version"]) == ("ring twice", 3, 3)
    assert (shown["consignee"]["name"], shown["consignee"]["phone"]) == ("Bert Braun", None)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "precondition_required"),
        ({"If-Match": '"v9"'}, 412, "stale"),
        ({"If-Match": "v1"}, 412, "stale"),
        ({"If-Match": "*"}, 412, "stale"),
        ({"If-Match": 'W/"v1"'}, 412, "stale"),
        ({"If-Match": '"v\u00b2"'}, 412, "stale"),
    ],
)
@pytest.mark.parametrize("action", ["patch", "cancel"])
def test_a_change_names_the_version_it_was_read_at(
    api: Any, placed: dict[str, Any], stage: Stage, headers: dict[str, str], status: int, code: str, action: str
) -> None:
    path = f"{PATH}/{placed['id']}"
    method, path, sent = (("PATCH", path, {"remark": "x"}) if action == "patch"
                          else ("POST", f"{path}/cancel", {"reason": "other"}))  # fmt: skip
    answer = api.send(method, path, sent, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    shown = api.get(f"{PATH}/{placed['id']}").json
    assert (shown["version"], shown["state"], shown["remark"]) == (1, "promised", None)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"priority": -1}, "/priority", "too_small"),
        ({"priority": None}, "/priority", "null"),
        ({"consignee": None}, "/consignee", "null"),
        ({"consignee": {"name": "A"}}, "/consignee/city", "required"),
        ({"remark": LONG}, "/remark", "too_long"),
        ({"lines": []}, "/lines", "unknown_field"),
        ({"reference": "X"}, "/reference", "unknown_field"),
    ],
)
def test_a_wrong_change_is_named_and_nothing_changes(
    api: Any, placed: dict[str, Any], changes: dict[str, Any], pointer: str, code: str
) -> None:
    before = checksum()
    answer = api.patch(f"{PATH}/{placed['id']}", changes, match=1)
    assert answer.status_code == 422
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json["errors"]}
    assert checksum() == before


def test_an_order_somebody_works_on_is_not_changed(api: Any, placed: dict[str, Any], stage: Stage) -> None:
    stage.wave()
    answer = api.patch(f"{PATH}/{placed['id']}", {"priority": 3}, match=1)
    assert (answer.status_code, answer.json["code"]) == (409, "edit_too_late")
    assert answer.json["params"]["fields"] == ["priority"]


def test_an_order_is_cancelled_once(api: Any, placed: dict[str, Any], stage: Stage) -> None:
    path = f"{PATH}/{placed['id']}/cancel"
    answer = api.post(path, {"reason": "duplicate"}, match=1)
    assert (answer.status_code, answer.json["state"], answer.json["version"]) == (200, "cancelled", 2)
    assert stage.free(MUG) == (10, 0)
    assert api.post(path, {"reason": "duplicate"}, match=2).json["version"] == 2
    wrong = api.post(path, {"reason": "whim"}, match=2)
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/reason")


def test_each_order_of_a_bulk_goes_its_own_way(api: Any, placed: dict[str, Any], stage: Stage) -> None:
    good, key = body({MUG: 1}), str(new_id())
    taken = body({MUG: 1}, reference=placed["reference"])
    sent = {"orders": [good, taken, body({MUG: -1}), 7, {}]}
    answer = api.post(f"{PATH}/bulk", sent, key=key)
    results = answer.json["results"]
    assert [row["status"] for row in results] == [201, 409, 422, 422, 422]
    assert results[2]["problem"]["errors"][0]["pointer"] == "/lines/0/quantity"
    assert (session().query(Order).count(), stage.free(MUG)) == (2, (10, 3))
    again = api.post(f"{PATH}/bulk", sent, key=key).json["results"]
    assert again[0]["answer"] == results[0]["answer"]
    assert (session().query(Order).count(), stage.free(MUG)) == (2, (10, 3))
    assert api.post(f"{PATH}/bulk", {"orders": []}).status_code == 422


def test_orders_are_listed_newest_first_by_cursor(api: Any) -> None:
    numbers = [api.post(PATH, body({MUG: 1})).json["number"] for _ in range(5)]
    first = api.get(PATH, query_string={"limit": 2})
    assert [row["number"] for row in first.json["data"]] == numbers[:-3:-1]
    assert 'rel="next"' in first.headers["Link"]
    second = api.get(PATH, query_string={"limit": 2, "cursor": first.json["next_cursor"]}).json
    third = api.get(PATH, query_string={"limit": 2, "cursor": second["next_cursor"]}).json
    assert [row["number"] for row in second["data"] + third["data"]] == numbers[2::-1]
    assert third["next_cursor"] is None
    assert len(api.get(PATH, query_string={"state": "promised"}).json["data"]) == 5
    assert api.get(PATH, query_string={"state": "shipped"}).json["data"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": 0}, "/query/limit"),
        ({"limit": 201}, "/query/limit"),
        ({"limit": "many"}, "/query/limit"),
        ({"state": "odd"}, "/query/state"),
        ({"cursor": "nonsense"}, "/query/cursor"),
        ({"cursor": "WyIyMDI2LTExLTI0VDE2OjAwOjAwKzAwOjAwIiwgIm5vLWlkIl0"}, "/query/cursor"),  # a cursor without an id
        ({"warehouse_id": "DE1"}, "/query/warehouse_id"),
        ({"updated_since": "yesterday"}, "/query/updated_since"),
        ({"updated_since": "0001-01-01T00:00:00+14:00"}, "/query/updated_since"),
        ({"colour": "red"}, "/query/colour"),
    ],
)
def test_a_wrong_question_is_named(api: Any, query: dict[str, Any], pointer: str) -> None:
    answer = api.get(PATH, query_string=query)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic QQ=="}])
def test_nobody_gets_nothing(api: Any, placed: dict[str, Any], header: dict[str, str]) -> None:
    calls: list[Callable[[], TestResponse]] = [
        lambda: api.get(PATH), lambda: api.get(f"{PATH}/{placed['id']}"), lambda: api.post(PATH, body({MUG: 1})),
        lambda: api.patch(f"{PATH}/{placed['id']}", {}, match=1),
        lambda: api.post(f"{PATH}/{placed['id']}/cancel", {}, match=1),
    ]  # fmt: skip
    api.headers = header
    before = checksum()
    for call in calls:
        answer: Any = call()
        assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert checksum() == before
