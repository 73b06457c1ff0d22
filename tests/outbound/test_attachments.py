"""Papers of orders: checked at the gate, their seller's and the house's alone, forgotten with the buyer."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import text

from tests.outbound.stage import MUG, Stage, body
from wms.core.ids import new_id
from wms.outbound.attachments import service
from wms.outbound.erasure import erase_order
from wms.platform import files, uploads
from wms.platform.database import session

PDF = b"%PDF-1.4 for Anna %%EOF"


def sent(content: bytes = PDF, **more: Any) -> dict[str, Any]:
    return {"kind": "invoice", "name": "invoice.pdf", "content": base64.b64encode(content).decode(), **more}


@pytest.fixture
def api(stage: Stage, client: Any) -> Any:
    stage.stock(MUG, 10)
    return stage.cast.api(client)


@pytest.fixture
def path(api: Any) -> str:
    return f"{api.post('/api/v1/orders', body({MUG: 1})).headers['Location']}/papers"


def test_a_paper_is_added_listed_read_and_taken_away(api: Any, path: str) -> None:
    first = api.post(path, sent())
    assert (first.status_code, first.json["kind"]) == (201, "invoice")
    second = api.post(path, sent(b"%PDF-1.4 list %%EOF", kind="packing_list", name="C:\\list.pdf")).json
    listed = api.get(path).json["data"]
    assert [(each["id"], each["kind"], each["name"]) for each in listed] == [
        (second["id"], "packing_list", "list.pdf"), (first.json["id"], "invoice", "invoice.pdf"),
    ]  # fmt: skip
    got = api.get(first.headers["Location"])
    assert (got.data, got.mimetype) == (PDF, "application/pdf")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert api.send("DELETE", f"{path}/{first.json['id']}", None).status_code == 200
    assert api.get(f"{path}/{first.json['id']}").status_code == 404
    assert api.send("DELETE", f"{path}/{first.json['id']}", None).status_code == 404
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 1


def test_what_is_no_paper_is_told_at_its_field(api: Any, path: str) -> None:
    wrong: list[tuple[dict[str, Any], str, str]] = [
        (sent(b"MZ program"), "/content", "file_kind"),
        (sent(b"%PDF-1.4 cut off"), "/content", "file_broken"),
        (sent(b""), "/content", "too_short"),
        (sent(b"%PDF-" + bytes(uploads.MOST_BYTES)), "/content", "file_too_large"),
        (sent(content=PDF) | {"content": "not base64!"}, "/content", "file_not_base64"),
        (sent(name="invoice.exe"), "/content", "file_kind"),
        (sent(kind="love_letter"), "/kind", "not_a_choice"),
        (sent(name=7), "/name", "type"),
        (sent(more=1), "/more", "unknown_field"),
        ({}, "/content", "required"),
    ]  # fmt: skip
    for given, pointer, code in wrong:
        answer = api.post(path, given)
        assert answer.status_code == 422
        assert (pointer, code) in [(each["pointer"], each["code"]) for each in answer.json["errors"]]
    assert session().execute(text("SELECT count(*) FROM order_paper")).scalar() == 0


def test_it_is_nobody_elses(api: Any, path: str, stage: Stage, client: Any) -> None:
    mine = api.post(path, sent()).json["id"]
    rival: Any = stage.cast.api(client, "RIVAL")
    assert rival.get(path).status_code == rival.get(f"{path}/{mine}").status_code == 404
    assert rival.post(path, sent()).status_code == 404
    assert rival.send("DELETE", f"{path}/{mine}", None).status_code == 404
    other = api.post("/api/v1/orders", body({MUG: 1})).headers["Location"]
    assert api.get(f"{other}/papers/{mine}").status_code == 404  # another order's
    assert api.get(f"{path}/{new_id()}").status_code == 404


def test_so_many_and_none_once_it_is_cancelled(stage: Stage) -> None:
    order = stage.order({MUG: 1})
    kept = files.keep(PDF, "application/pdf")
    for number in range(service.MOST_PAPERS):
        stage.do(service.attach, stage.cast.acme, order.id, service.KINDS[number % 3], kept, "a.pdf")
    refusal = stage.refused(service.attach, stage.cast.acme, order.id, "other", kept, "a.pdf")
    assert (refusal.code, refusal.params) == ("too_many_papers", {"most": service.MOST_PAPERS})
    gone = stage.cancel(stage.order({MUG: 1}))
    assert stage.refused(service.attach, stage.cast.acme, gone.id, "other", kept, "a.pdf").code == "edit_too_late"


def test_they_are_forgotten_with_the_buyer(stage: Stage) -> None:
    order, other = stage.order({MUG: 1}), stage.order({MUG: 1})
    kept = files.keep(PDF, "application/pdf")
    for each in (order, order, other):
        stage.do(service.attach, stage.cast.acme, each.id, "invoice", kept, "a.pdf")
    stage.do(erase_order, order.id)
    left = session().execute(text("SELECT order_id FROM order_paper")).scalars().all()
    assert left == [other.id]
    assert session().execute(text("SELECT count(*) FROM stored_file")).scalar() == 1
    refusal = stage.refused(service.attach, stage.cast.acme, order.id, "invoice", kept, "a.pdf")
    assert refusal.code == "edit_too_late"  # nobody brings the buyer's name back
