"""Forms of the portal that share their page with others: what was typed stays, and only the refused one is marked."""

from __future__ import annotations

from tests.portal.test_order_stops import form
from tests.refused_forms import refused
from wms.facility.queries import warehouses_seen


def test_a_hold_of_an_order_is_refused_in_its_dialog(cast, client, life):
    seller = cast.sign_in(client, cast.acme_person)
    address = f"/portal/orders/{life.promised.id}/hold"
    answer = seller.post(address, data=form(reason="", note="Which house?", release_stock="1"))
    assert refused(answer, address, "reason", note="Which house?", release_stock="1")[0] == "Required."
    page = answer.get_data(as_text=True)
    assert '<dialog class="dialog" id="hold-order" open' in page, "the form stands open, without script too"
    assert page.count(" open ") == 1


def test_a_place_in_the_ranking_is_one_warehouse_s(cast, client, life):
    seller, address = cast.sign_in(client, cast.acme_person), "/portal/orders/routing"
    with life.app.app_context():
        first, second, *_ = sorted(each.code for each in warehouses_seen(cast.acme_person))
    wanted = {"seller": "ACME", "prefer": "first", "zones": ""}
    twice = seller.post(address, data=form(**wanted, **{f"place.{first}": 2, f"place.{second}": 2}))
    page = twice.get_data(as_text=True)
    assert twice.status_code == 422
    assert f"Place 2 is given to several: {first}, {second}." in page
    assert page.count('inputmode="numeric" maxlength="2"') >= 2
    assert page.count('value="2"') == 2, "what was typed stands there still"
    assert life.ask("SELECT count(*) FROM order_routing") == 0
    apart = seller.post(address, data=form(**wanted, **{f"place.{first}": 2, f"place.{second}": 1}))
    assert apart.status_code == 302
    assert life.ask("SELECT count(*) FROM order_routing") == 1
