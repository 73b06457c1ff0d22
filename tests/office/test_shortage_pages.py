"""Orders that lack goods: the buttons of the order's page and of a wave's plan."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text

from tests.life import MUG, SHIRT, order, said
from tests.office.test_pages import form, text_of
from tests.office.test_wave_pages import ordered, path_of
from wms.core.ids import new_id
from wms.inventory.replenishment import faces
from wms.outbound import way_words, ways
from wms.platform.database import session, transaction


@pytest.fixture
def supervisor(cast: Any, client: Any, life: Any) -> Any:
    return cast.sign_in(client, cast.supervisor)


def test_every_way_has_its_words() -> None:
    assert set(way_words.TITLES) == set(way_words.BACK) == set(ways.Way)


def test_an_order_is_split_on_its_page_and_joined_again(cast: Any, client: Any, life: Any, supervisor: Any) -> None:
    ((order_id, _number),) = ordered(cast, life, {MUG: 40})
    page = f"/portal/orders/{order_id}"
    shown = text_of(supervisor.get(page))
    assert all(str(title) in shown for title in way_words.TITLES.values())
    seller = cast.sign_in(client, cast.acme_person)
    mine = text_of(seller.get(page))
    assert "Send what is there" in mine
    assert "Take it from other bins" not in mine
    for way, status in (("bins", 404), ("nonsense", 302), ("split", 302)):
        assert seller.post(f"{page}/ways", data=form(way=way)).status_code == status
    assert life.ask("SELECT state FROM outbound_order WHERE id = :id", id=order_id) == "promised"
    back = life.ask("SELECT id FROM outbound_order WHERE back_order_of = :id", id=order_id)
    assert "Join with the first part" in text_of(seller.get(f"/portal/orders/{back}"))
    assert seller.post(f"/portal/orders/{back}/join", data=form()).status_code == 302
    assert life.ask("SELECT sum(quantity) FROM order_line WHERE order_id = :id", id=order_id) == 40
    assert "It goes with its first part again" in text_of(seller.get(f"/portal/orders/{back}"))
    rival = cast.sign_in(client, cast.rival_person)
    for path in ("ways", "join"):
        assert rival.post(f"{page}/{path}", data=form(way="split")).status_code == 404


def _face(cast: Any, life: Any) -> None:
    """The bin next to the mugs' becomes their pick face, empty."""
    with life.app.app_context(), transaction():
        place = cast.overseas.locations["A-02-01-1"]
        session().execute(text("UPDATE location SET kind = 'pick_face' WHERE id = :id"), {"id": place})
        faces.set_face(cast.supervisor, place, cast.ACME.products[MUG], 2, 10)


def _planned(cast: Any, supervisor: Any) -> str:
    return path_of(supervisor.post("/office/waves/plans", data=form(warehouse=cast.overseas.id, limit=50)))


def test_a_plan_fills_faces_first_or_takes_from_reserve(cast: Any, client: Any, life: Any, supervisor: Any) -> None:
    _face(cast, life)
    path = _planned(cast, supervisor)
    assert "Past the pick faces" in text_of(supervisor.get(path))
    assert cast.sign_in(client, cast.picker).post(f"{path}/faces", data=form()).status_code == 403
    told = said(life.app, supervisor.post(f"{path}/faces", data=form()))
    assert told == ["1 walk to a pick face is planned. Plan again: its orders wait for it."]
    again = path_of(supervisor.post(f"{path}/again", data=form()))
    shown = text_of(supervisor.get(again))
    assert "Past the pick faces" not in shown
    product = cast.ACME.products[MUG]
    assert re.search(r"Take it from other bins \(1\)", shown)
    told = said(life.app, supervisor.post(f"{again}/ways", data=form(product=product, way="bins")))
    assert told == ["1 order: Take it from other bins. Plan again to see the wave."]
    assert life.ask("SELECT count(*) FROM replenish_task WHERE state = 'cancelled'") == 1
    told = said(life.app, supervisor.post(f"{again}/ways", data=form(product=product, way="bins")))
    assert told[-1] == "Not for 1 order: It lacks nothing any more."
    for fields, status in (({"product": product, "way": "x"}, 302), ({"product": new_id(), "way": "hold"}, 404)):
        assert supervisor.post(f"{again}/ways", data=form(**fields)).status_code == status
    assert supervisor.post(f"/office/waves/plans/{new_id()}/ways", data=form(way="hold")).status_code == 404


def test_an_exception_leads_to_what_can_be_done(cast: Any, life: Any, supervisor: Any) -> None:
    with life.app.app_context(), transaction():
        made = order(cast, f"X-{new_id()}", [(SHIRT, 1)]).id
        session().execute(
            text("INSERT INTO order_exception (id, warehouse_id, order_id, kind, created_at)"
                 " VALUES (:id, :w, :o, 'short_at_pick', now())"),
            {"id": new_id(), "w": cast.overseas.id, "o": made},
        )  # fmt: skip
    assert f"/portal/orders/{made}#ways" in text_of(supervisor.get("/office/exceptions"))
