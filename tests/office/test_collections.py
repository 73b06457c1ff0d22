"""Lorries on the pages of the office: ordered, seen on loads and carriers, called off, come."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select, text, update

from tests.life import said
from tests.office.test_pages import form, text_of
from wms.core import clock
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import Carrier, Collection, CollectionState, Manifest
from wms.shipping.service import choices

PATH = "/office/manifests/collections"


@pytest.fixture
def sender(life, cast) -> uuid.UUID:
    """A carrier that sends lorries; nobody is asked here."""
    with life.app.app_context(), transaction():
        return shipping.create_carrier(cast.admin, "SIM", "Simulated", kind="http", capabilities=CAPABILITIES).id


def order(cast, sender, **changed):
    day = clock.today("Europe/Berlin").isoformat()
    filled = {
        "carrier": str(sender), "warehouse": str(cast.overseas.id), "day": day, "ready_at": "00:00", "close_at": "23:59",
        "parcels": "12", "bags": "", "pallets": "1", "weight_kg": "84.5", "remark": "Ring twice",
    }  # fmt: skip
    return form(**{**filled, **changed})


def test_a_lorry_is_ordered_and_seen_wherever_it_is_looked_for(cast, client, life, sender):
    boss = cast.sign_in(client, cast.supervisor)
    assert "No lorry is ordered" in text_of(boss.get(PATH))
    told = said(life.app, boss.post(PATH, data=order(cast, sender)))
    assert told == ["Ordered. The carrier is asked."]
    with life.app.app_context():
        made = session().scalars(select(Collection)).one()
        assert (made.parcels, made.bags, made.pallets, made.weight_g, made.remark) == (12, 0, 1, 84_500, "Ring twice")
    for page in (PATH, "/office/manifests", f"/office/carriers/{sender}"):
        seen = text_of(boss.get(page))
        assert made.number in seen and "Ordered, not confirmed" in seen, page
    wrong = boss.post(PATH, data=order(cast, sender, ready_at="25:00", weight_kg="much", day="2026-02-30"))
    assert wrong.status_code == 422
    assert len(re.findall("data-invalid", wrong.text)) == 3
    twice = boss.post(PATH, data=order(cast, sender))
    assert (twice.status_code, f"{made.number} is ordered for that time already." in twice.text) == (422, True)
    assert 'value="Ring twice"' in twice.text, "what was typed is still there"
    address = f"{PATH}/{made.id}"
    assert said(life.app, boss.post(f"{address}/call-off", data=form())) == ["The lorry is called off."]
    assert "Called off" in text_of(boss.get(PATH))
    seller = cast.sign_in(client, cast.acme_person)
    assert seller.get(PATH).status_code == 403
    for what in ("call-off", "confirm", "keep", "came", "missed"):
        assert seller.post(f"{address}/{what}", data=form()).status_code == 403


def test_what_stands_ready_is_filled_in_from_the_load(cast, client, life, sender):
    boss = cast.sign_in(client, cast.supervisor)
    with life.app.app_context(), transaction():
        load = session().scalars(select(Manifest)).one()
        capable = {**session().get_one(Carrier, load.carrier_id).capabilities, "can_collect": True}
        session().execute(
            update(Carrier).where(Carrier.id == load.carrier_id).values(kind="http", capabilities=capable)
        )
        many, grams = session().execute(
            text("SELECT count(*), sum(weight_g) FROM parcel WHERE manifest_id = :load OR state = 'closed'"), {"load": load.id}
        ).one()  # fmt: skip
        load_id, carrier_id, house_id = load.id, load.carrier_id, load.warehouse_id
    seen = boss.get(f"/office/manifests/{load_id}").text
    assert "Its lorry" in seen and "Order a lorry" in seen
    (link,) = re.findall(r'href="(/office/manifests/collections\?[^"]+)"', seen)
    ready = boss.get(link.replace("&amp;", "&")).text
    assert f'name="parcels" type="number" value="{many}"' in ready
    assert f'value="{grams / 1000:.3f}"' in ready
    assert f'<option value="{carrier_id}" selected>' in ready and f'<option value="{house_id}" selected>' in ready


@pytest.mark.parametrize("state", [each.value for each in CollectionState])
def test_each_state_offers_what_may_be_done_and_speaks_chinese(cast, client, life, sender, state):
    boss = cast.sign_in(client, cast.supervisor)
    boss.post(PATH, data=order(cast, sender))
    with life.app.app_context(), transaction():
        known = {"carrier_reference": "PU-77", "fault": "carrier_says_no", "facts": {"reason": "too_late"}}
        session().execute(update(Collection).values(state=state, **known))
        session().execute(
            text("UPDATE carrier_task SET state = 'refused', fault = 'carrier_credentials', facts = '{}'")
        )
    seen = boss.get(PATH).text
    offered = {what for what in ("call-off", "confirm", "keep", "came", "missed") if f'/{what}"' in seen}
    assert offered == {"wanted": {"call-off", "confirm"}, "confirmed": {"call-off", "came", "missed"},
                       "calling_off": {"keep"}}.get(state, set())  # fmt: skip
    assert "PU-77" in seen
    boss.post("/language", data={"language": "zh-CN"})
    for page in (PATH, "/office/manifests", f"/office/carriers/{sender}"):
        assert not re.search(
            r">\s*(Collections|To take|Dock|State|Call it off|It came|Nobody came)\s*<", boss.get(page).text
        )


def test_a_rule_says_what_counts_when_a_carrier_is_silent(cast, client, life, sender):
    boss = cast.sign_in(client, cast.supervisor)
    with life.app.app_context(), transaction():
        service = shipping.add_service(cast.admin, sender, "SIM-STD", "Simulated").id
    path = f"/office/carriers/rates/{service}"
    typed = {"rule": "cheapest", "candidates": "SIM-STD"}
    assert boss.post(f"{path}/rule", data=form(**typed, when_silent="nothing")).status_code == 409
    assert boss.post(f"{path}/rule", data=form(**typed, when_silent="named")).status_code == 302
    assert "The service that the order names" in text_of(boss.get(path))
    with life.app.app_context():
        assert [each.when_silent for each in choices.rules_of([service])] == ["named"]
