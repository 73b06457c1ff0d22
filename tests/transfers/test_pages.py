"""The pages of transfers, as a seller and the office use them."""

from __future__ import annotations

from html import unescape

from sqlalchemy import text

from tests.portal.conftest import client, life
from tests.transfers.conftest import build
from wms.core.ids import new_id
from wms.platform.database import session, transaction

__all__ = ["client", "life"]
FORM = {"warehouse": "DE1", "to_warehouse": "DE2", "service": "HOUSE-STD", "reference": "MOVE-1",
        "lines.0.sku": "MUG-450-BLUE", "lines.0.quantity": "3", "action": "create"}  # fmt: skip


def typed(**fields: str) -> dict[str, str]:
    return {"command_id": str(new_id()), **FORM, **fields}


def test_a_transfer_is_made_and_seen(cast, client, life):
    with life.app.app_context(), transaction():
        build()
    seller, supervisor = (cast.sign_in(client, who) for who in (cast.acme_person, cast.supervisor))
    assert seller.get("/portal/transfers/new").status_code == 200
    made = seller.post("/portal/transfers/new", data=typed())
    assert made.status_code == 302, made.get_data(as_text=True)
    page = made.headers["Location"]
    for who in (seller, supervisor):
        shown = unescape(who.get(page).get_data(as_text=True))
        assert "DE2" in shown and "MUG-450-BLUE" in shown
        listed = who.get("/portal/transfers")
        assert listed.status_code == 200 and page in listed.get_data(as_text=True)
    assert page not in seller.get("/portal/transfers?tab=differing").get_data(as_text=True)
    rival = cast.sign_in(client, cast.rival_person)
    assert rival.get(page).status_code == 404
    assert page not in rival.get("/portal/transfers").get_data(as_text=True)
    order = page.rsplit("/", 1)[1]
    api = cast.api(client)
    found = api.get(f"/api/v1/transfers/{order}").get_json()
    assert (found["to_warehouse"], found["lines"][0]["ordered"], found["booking"]) == ("DE2", 3, None)
    assert [row["id"] for row in api.get("/api/v1/transfers?which=open").get_json()["data"]] == [order]
    assert api.get(f"/api/v1/orders/{order}").get_json()["to_warehouse"] == "DE2"


def test_what_is_wrong_is_said_at_its_field(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    before = life.ask("SELECT count(*) FROM outbound_order")
    for fields in (
        {"warehouse": ""},
        {"to_warehouse": "DE1"},
        {"to_warehouse": "NGB1"},
        {"to_warehouse": ""},
        {"lines.0.quantity": "0"},
    ):
        answer = seller.post("/portal/transfers/new", data=typed(**fields))
        assert answer.status_code == 422
        assert "field-error" in answer.get_data(as_text=True)
    empty = seller.post("/portal/transfers/new", data=typed(warehouse="", to_warehouse="", service="", reference=""))
    page = empty.get_data(as_text=True)
    assert [
        name for name in ("warehouse", "to_warehouse", "service", "reference") if f'id="{name}-error"' not in page
    ] == []
    more = seller.post("/portal/transfers/new", data=typed(action="add_line")).get_data(as_text=True)
    assert 'name="lines.2.sku"' in more
    assert life.ask("SELECT count(*) FROM outbound_order") == before
    with life.app.app_context():
        assert session().execute(text("SELECT count(*) FROM transfer_order")).scalar() == 0
