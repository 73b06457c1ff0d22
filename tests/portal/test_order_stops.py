"""Holding, intercepting and changing an order on its page, and what the office sees and answers."""

from __future__ import annotations

import re
from html import unescape

from tests.life import said
from wms.core.ids import new_id

STATE = "SELECT state FROM outbound_order WHERE id = :id"


def form(**fields: object) -> dict[str, str]:
    return {"command_id": str(new_id()), **{name: str(value) for name, value in fields.items()}}


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:400]
    return unescape(answer.get_data(as_text=True))


def test_a_seller_holds_an_order_and_ends_only_their_own_hold(cast, client, life):
    seller, supervisor = (cast.sign_in(client, who) for who in (cast.acme_person, cast.supervisor))
    page = f"/portal/orders/{life.waved.id}"
    assert seller.post(f"{page}/hold", data=form(reason="address", note="Which house?")).status_code == 302
    assert supervisor.post(f"{page}/hold", data=form(reason="stock_check")).status_code == 302
    shown = text_of(seller.get(page))
    assert "Which house?" in shown
    assert len(re.findall(r"/holds/[0-9a-f-]+/end", shown)) == 1
    ends = sorted(set(re.findall(r"/portal/orders/[0-9a-f-]+/holds/[0-9a-f-]+/end", text_of(supervisor.get(page)))))
    assert len(ends) == 2
    assert "Which house?" in text_of(supervisor.get("/office/interceptions"))
    for path in ends:
        seller.post(path, data=form())
    assert life.ask("SELECT holds FROM outbound_order WHERE id = :id", id=life.waved.id) == 1
    for path in ends:
        supervisor.post(path, data=form())
    assert life.ask("SELECT holds FROM outbound_order WHERE id = :id", id=life.waved.id) == 0
    assert life.ask("SELECT count(*) FROM pick_task WHERE state = 'held'") == 0


def test_another_sellers_order_is_not_there(cast, client, life):
    rival = cast.sign_in(client, cast.rival_person)
    for path, fields in (
        ("hold", {"reason": "address"}),
        ("intercept", {"reason": "other"}),
        ("intercept/withdraw", {}),
    ):
        assert rival.post(f"/portal/orders/{life.waved.id}/{path}", data=form(**fields)).status_code == 404
    assert rival.get(f"/portal/orders/{life.waved.id}/change").status_code == 404


def test_what_nobody_began_is_intercepted_at_once(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    seller.post(f"/portal/orders/{life.waved.id}/intercept", data=form(reason="duplicate"))
    assert life.ask(STATE, id=life.waved.id) == "cancelled"
    assert "intercept-order" not in text_of(seller.get(f"/portal/orders/{life.waved.id}"))


def test_a_parcel_on_the_load_waits_for_the_offices_answer(cast, client, life):
    seller, supervisor = (cast.sign_in(client, who) for who in (cast.acme_person, cast.supervisor))
    seller.post(f"/portal/orders/{life.shipped.id}/intercept", data=form(reason="buyer_cancelled"))
    page = text_of(supervisor.get("/office/interceptions"))
    assert life.shipped.number in page
    (refuse,) = set(re.findall(r"/office/interceptions/[0-9a-f-]+/refuse", page))
    assert "/accept" not in page  # it is scanned back, not ticked off
    answer = supervisor.post(refuse.replace("/refuse", "/accept"), data=form())
    assert len(said(life.app, answer)) == 1
    assert life.ask(STATE, id=life.shipped.id) == "shipped"
    assert supervisor.post(refuse, data=form(why="nonsense")).status_code == 404
    supervisor.post(refuse, data=form(why="truck_left"))
    shown = text_of(seller.get(f"/portal/orders/{life.shipped.id}"))
    assert "The truck has left" in shown


def test_an_order_is_changed_on_its_page_and_its_paper_with_it(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    page = f"/portal/orders/{life.waved.id}/change"
    shown = text_of(seller.get(page))
    typed = dict(re.findall(r'name="(consignee\.\w+|version|remark)"[^>]*value="([^"]*)"', shown))
    assert typed["consignee.name"] == "Anna Schmidt"
    answer = seller.post(page, data=form(**typed | {"consignee.postcode": "1011", "service": "HOUSE-STD"}))
    assert answer.status_code == 302, text_of(answer)
    assert life.ask("SELECT postcode FROM consignee WHERE order_id = :id", id=life.waved.id) == "1011"
    detail = text_of(seller.get(f"/portal/orders/{life.waved.id}"))
    assert "10115" in detail  # the example of what postcodes look like there
    stale = seller.post(page, data=form(**typed | {"remark": "again"}))
    assert stale.status_code == 422
    too_late = seller.post(f"/portal/orders/{life.shipped.id}/change", data=form(remark="x", version=1))
    assert too_late.status_code == 422
