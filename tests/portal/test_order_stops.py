"""Holding, intercepting and changing an order on its page, and what the office sees and answers."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from tests.life import said
from wms.core import clock
from wms.core.ids import new_id
from wms.shipping.carriers.interface import WISHES

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


def test_a_hold_that_gave_up_its_stock_is_no_lack_of_it(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    page = f"/portal/orders/{life.promised.id}"
    seller.post(f"{page}/hold", data=form(reason="payment", release_stock="1"))
    assert life.ask(STATE, id=life.promised.id) == "short"
    shown = text_of(seller.get(page))
    assert "A hold has released its stock for other orders." in shown
    assert "There is not enough stock." not in shown


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


def test_what_an_order_says_besides_is_changed_on_its_page(cast, client, life):
    """What the form shows is what is there; only what differs is sent; what was emptied is taken away."""
    seller = cast.sign_in(client, cast.acme_person)
    page = f"/portal/orders/{life.waved.id}/change"
    typed = typed_in(text_of(seller.get(page)))
    said = {"platform": "temu", "packing": ["upright", "eco_bag"], "packing_remark": "Card on top.",
            "declaration.contents": "gift", "declaration.ioss": "im 276 000 0742", "values.0.unit_value": "9,90",
            "consignee.district": "Mitte", "consignee.address3": "Tor 3"}  # fmt: skip
    answer = seller.post(page, data={**typed, **said, "command_id": str(new_id())})
    assert answer.status_code == 302, text_of(answer)
    shown = text_of(seller.get(page))
    now = typed_in(shown)
    assert {name: now[name] for name in said if name != "packing"} == {
        **{name: said[name] for name in said if name != "packing"},
        "declaration.ioss": "IM2760000742", "values.0.unit_value": "9.90",
    }  # fmt: skip
    assert re.findall(r'name="packing" value="(\w+)" checked', shown) == ["eco_bag", "upright"]
    detail = text_of(seller.get(f"/portal/orders/{life.waved.id}"))
    assert "Buyer, For customs, Packed how, To the packer, Platform, Values of lines" in detail
    assert "Tor 3, Mitte" in detail
    version = now["version"]
    same = seller.post(page, data={**now, "packing": ["upright", "eco_bag"], "command_id": str(new_id())})
    assert same.status_code == 302
    events = "SELECT count(*) FROM event WHERE name = 'order.changed' AND subject_id = :id"
    assert life.ask(events, id=life.waved.id) == 1
    emptied = now | {"packing": [], "packing_remark": "", "declaration.contents": "", "declaration.ioss": "",
                     "platform": "", "version": str(int(version) + 1), "command_id": str(new_id())}  # fmt: skip
    assert seller.post(page, data=emptied).status_code == 302
    assert life.ask("SELECT count(*) FROM order_extra WHERE order_id = :id", id=life.waved.id) == 0
    wrong = typed_in(text_of(seller.get(page))) | {"values.0.unit_value": "x", "insurance.value": "-1",
                                                   "command_id": str(new_id())}  # fmt: skip
    answer = seller.post(page, data=wrong)
    told = unescape(answer.get_data(as_text=True))
    assert (answer.status_code, told.count("data-invalid"), "Nothing was saved" in told) == (422, 1, True)
    assert 'value="x"' in told


def test_what_the_driver_does_is_typed_shown_and_taken_away(cast, client, life):
    """Refused at its fields while the carrier does none of it; then as typed; then nothing of it."""
    seller = cast.sign_in(client, cast.acme_person)
    page = f"/portal/orders/{life.waved.id}/change"
    day = (clock.now() + timedelta(days=5)).date().isoformat()
    said = {"cod.amount": "49,90", "cod.currency": "EUR", "age_check": "16", "liftgate": "1", "delivery.day": day,
            "delivery.from": "10:00", "delivery.until": "12:30"}  # fmt: skip
    typed = typed_in(text_of(seller.get(page)))
    refused = seller.post(page, data={**typed, **said, "command_id": str(new_id())})
    shown = unescape(refused.get_data(as_text=True))
    assert (refused.status_code, shown.count("data-invalid")) == (422, 4)
    abilities = text_of(cast.sign_in(client, cast.admin).get("/office/carriers"))
    (carrier,) = set(re.findall(r"/office/carriers/([0-9a-f-]{36})\b", abilities))
    able = dict.fromkeys(WISHES.values(), "1")
    assert (
        cast.sign_in(client, cast.admin).post(f"/office/carriers/{carrier}/abilities", data=form(**able)).status_code
        == 302
    )
    seller = cast.sign_in(client, cast.acme_person)
    answer = seller.post(page, data={**typed, **said, "command_id": str(new_id())})
    assert answer.status_code == 302, text_of(answer)
    now = typed_in(text_of(seller.get(page)))
    assert {name: now[name] for name in said} == {**said, "cod.amount": "49.90"}
    detail = text_of(seller.get(f"/portal/orders/{life.waved.id}"))
    assert "49.90" in detail and "16 or older" in detail and f"{day} 10:00–12:30" in detail
    for wrong, messages in (({"delivery.day": ""}, 1), ({"cod.amount": "0"}, 1), ({"delivery.until": "09:00"}, 1),
                            ({"cod.amount": "49.905"}, 1), ({"cod.amount": "1.50", "cod.currency": "JPY"}, 1),
                            ({"delivery.day": "2020-01-01"}, 1)):  # fmt: skip
        answer = seller.post(page, data={**now, **wrong, "command_id": str(new_id())})
        assert (answer.status_code, answer.get_data(as_text=True).count("data-invalid")) == (422, messages), wrong
    emptied = now | {name: "" for name in said if name != "cod.currency"} | {"command_id": str(new_id())}
    assert seller.post(page, data=emptied).status_code == 302
    assert life.ask("SELECT count(*) FROM order_extra WHERE order_id = :id", id=life.waved.id) == 0


def typed_in(shown: str) -> dict[str, str]:
    """The fields of a page's main form as a browser would send them; boxes that are ticked are left out."""
    main = re.search(r'<form method="post" action="[^"]*/change".*?</form>', shown, re.DOTALL)
    assert main is not None
    fields = dict(re.findall(r'<input[^>]* name="([\w.]+)"[^>]* value="([^"]*)"', main[0]))
    for name, options in re.findall(r'<select[^>]* name="([\w.]+)"[^>]*>(.*?)</select>', main[0], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        assert chosen is not None
        fields[name] = chosen[1]
    fields.pop("packing", None)
    return fields


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
