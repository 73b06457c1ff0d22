"""Returns over HTTP: announced, read, listed, withdrawn; what is wrong is named, and nothing changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.outbound.stage import MUG, Stage
from wms.core.ids import new_id
from wms.outbound.models import Order
from wms.platform.database import session
from wms.returns.models import ReturnOrder

PATH = "/api/v1/returns"
TABLES = ("return_order", "return_line", "outbound_order", "demand", "event", "outbox_job", "balance", "command")


def checksum() -> list[tuple[Any, ...]]:
    whole = " UNION ALL ".join(
        f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {name} t"
        for name in TABLES
    )
    return [tuple(row) for row in session().execute(text(whole))]


@pytest.fixture
def order(stage: Stage) -> Order:
    """Three mugs, shipped."""
    stage.stock(MUG, 3)
    return stage.shipped({MUG: 3})


@pytest.fixture
def api(stage: Stage, client: Any, order: Order) -> Any:
    return stage.cast.api(client)


@pytest.fixture
def sent(order: Order) -> dict[str, Any]:
    """A return as a seller's system announces it."""
    return {"order": order.reference, "reference": "RMA-1", "reason": "damaged", "tracking_number": "T1",
            "lines": [{"sku": MUG, "quantity": 2}]}  # fmt: skip


def test_a_return_is_announced_and_read_back(api: Any, sent: dict[str, Any], order: Order) -> None:
    answer = api.post(PATH, sent)
    assert answer.status_code == 201, answer.json
    assert set(answer.json) == {"id", "number", "reference", "state", "version"}
    shown = api.get(answer.headers["Location"])
    assert (shown.headers["ETag"], shown.json["state"], shown.json["order_id"]) == ('"v1"', "announced", str(order.id))
    names = ("sku", "announced", "received", "restocked", "damaged", "scrapped", "to_inspect")
    assert [tuple(line[name] for name in names) for line in shown.json["lines"]] == [(MUG, 2, 0, 0, 0, 0, 0)]
    assert [row["id"] for row in api.get(PATH, query_string={"state": "announced"}).json["data"]] == [answer.json["id"]]
    assert api.get(PATH, query_string={"state": "completed"}).json["data"] == []


def test_the_same_key_again_gives_one_return(api: Any, sent: dict[str, Any]) -> None:
    key = str(new_id())
    first, again = api.post(PATH, sent, key=key), api.post(PATH, sent, key=key)
    assert (again.json, again.headers["Idempotent-Replay"]) == (first.json, "true")
    assert session().query(ReturnOrder).count() == 1
    assert api.post(PATH, {**sent, "reason": "other"}, key=key).json["code"] == "command_id_reused"


def test_a_reference_is_used_once(api: Any, sent: dict[str, Any]) -> None:
    first = api.post(PATH, sent).json
    again = api.post(PATH, {**sent, "lines": [{"sku": MUG, "quantity": 1}]})
    assert (again.status_code, again.json["params"]) == (409, {"number": first["number"], "id": first["id"]})
    assert session().query(ReturnOrder).count() == 1


def test_without_a_reference_our_number_serves(api: Any, sent: dict[str, Any]) -> None:
    told = api.post(PATH, {**sent, "reference": None}).json
    assert told["reference"] == told["number"]


LONG = "x" * 400
WRONG = [
    *(({name: 7}, f"/{name}", "type") for name in ("order", "reference", "tracking_number")),
    *(({name: LONG}, f"/{name}", "too_long") for name in ("order", "reference", "tracking_number")),
    *(({name: "a\x00"}, f"/{name}", "unprintable") for name in ("order", "reference", "tracking_number")),
    *(({name: ...}, f"/{name}", "required") for name in ("order", "lines")),
    *(({name: None}, f"/{name}", "null") for name in ("order", "lines", "reason")),
    ({"order": ""}, "/order", "too_short"),
    ({"order": "NO-SUCH"}, "/order", "order_unknown"),
    ({"order": str(new_id())}, "/order", "order_unknown"),
    ({"reason": "whim"}, "/reason", "not_a_choice"),
    ({"lines": []}, "/lines", "too_few"),
    ({"lines": "MUG"}, "/lines", "type"),
    ({"lines": [7]}, "/lines/0", "type"),
    ({"lines": [{"sku": MUG}]}, "/lines/0/quantity", "required"),
    ({"lines": [{"sku": MUG, "quantity": 0}]}, "/lines/0/quantity", "too_small"),
    ({"lines": [{"sku": MUG, "quantity": -1}]}, "/lines/0/quantity", "too_small"),
    ({"lines": [{"sku": MUG, "quantity": 2**62}]}, "/lines/0/quantity", "too_large"),
    ({"lines": [{"sku": MUG, "quantity": "1"}]}, "/lines/0/quantity", "type"),
    ({"lines": [{"sku": MUG, "quantity": 4}]}, "/lines/0/quantity", "more_than_shipped"),
    ({"lines": [{"sku": "CABLE-USBC-1M", "quantity": 1}]}, "/lines/0/sku", "not_in_return"),
    ({"lines": [{"sku": "NO-SUCH", "quantity": 1}]}, "/lines/0/sku", "not_in_return"),
    ({"state": "completed"}, "/state", "unknown_field"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "pointer", "code"), WRONG, ids=[f"{row[1]}-{row[2]}" for row in WRONG])
def test_a_wrong_field_is_named_and_nothing_changes(
    api: Any, sent: dict[str, Any], change: dict[str, Any], pointer: str, code: str
) -> None:
    before = checksum()
    changed = {name: value for name, value in {**sent, **change}.items() if value is not ...}
    answer = api.post(PATH, changed)
    assert answer.status_code == 422, answer.json
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json["errors"]}, answer.json["errors"]
    assert checksum() == before


def test_one_sellers_return_does_not_exist_for_another(
    api: Any, sent: dict[str, Any], client: Any, stage: Stage, order: Order
) -> None:
    placed = api.post(PATH, sent).json
    rival: Any = stage.cast.api(client, "RIVAL")
    before = [row for row in checksum() if row[0] != "command"]
    assert rival.get(f"{PATH}/{placed['id']}").status_code == 404
    assert rival.post(f"{PATH}/{placed['id']}/cancel", match=1).status_code == 404
    assert rival.get(PATH).json["data"] == []
    for named in (order.reference, order.number, str(order.id)):
        answer = rival.post(PATH, {**sent, "order": named})
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "order_unknown")
    assert [row for row in checksum() if row[0] != "command"] == before


def test_an_announcement_is_withdrawn_at_the_version_it_was_read(api: Any, sent: dict[str, Any]) -> None:
    path = f"{PATH}/{api.post(PATH, sent).json['id']}"
    assert api.post(f"{path}/cancel").status_code == 428
    assert api.post(f"{path}/cancel", match=2).status_code == 412
    answer = api.post(f"{path}/cancel", match=1)
    assert (answer.status_code, answer.json["state"], answer.json["version"]) == (200, "cancelled", 2)
    again = api.post(f"{path}/cancel", match=2)
    assert (again.status_code, again.json["code"]) == (409, "not_allowed_now")


def test_returns_are_found_by_their_reference_warehouse_and_last_change(api: Any, sent: dict[str, Any]) -> None:
    placed = api.post(PATH, {**sent, "reference": "RMA-77"}).json
    row = api.get(f"{PATH}/{placed['id']}").json

    def found(**query: Any) -> list[str]:
        return [each["id"] for each in api.get(PATH, query_string=query).json["data"]]

    assert (
        found(reference="RMA-77") == found(warehouse="DE1") == found(updated_since=row["updated_at"]) == [placed["id"]]
    )
    later = (datetime.fromisoformat(row["updated_at"]) + timedelta(seconds=1)).isoformat()
    assert found(reference="RMA-78") == found(warehouse="NGB1") == found(updated_since=later) == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"state": "odd"}, {"cursor": "x"}, {"colour": "red"}])
def test_a_wrong_question_is_named(api: Any, query: dict[str, Any]) -> None:
    answer = api.get(PATH, query_string=query)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, f"/query/{next(iter(query))}")


def test_an_order_that_has_not_left_cannot_be_returned(api: Any, sent: dict[str, Any], stage: Stage) -> None:
    waiting = stage.order({MUG: 1})
    answer = api.post(PATH, {**sent, "order": waiting.number})
    assert (answer.status_code, answer.json["code"]) == (409, "order_not_shipped")
