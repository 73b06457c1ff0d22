"""Parcels on their way: the carrier is asked by turns, what it says is kept once, and people see no more than they may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.carrier_server import CarrierSimulator
from tests.outbound.stage import Stage
from tests.outbound.test_carrier_waybills import carrier, parcel_of, stopped_clock, turn, waved  # noqa: F401 - fixtures
from wms.outbound.models import Order
from wms.platform.database import session, transaction
from wms.platform.pages import state_labels
from wms.shipping.models import Parcel, ParcelTracking, TrackingEvent
from wms.shipping.pages import page_of
from wms.shipping.service import following
from wms.shipping.service.following import TRACK_TOPIC
from wms.shipping.tracking_words import LANGUAGES, OF_THE_HOUSE, STATES, WORDS


@pytest.fixture
def parcel(stage: Stage, carrier: CarrierSimulator, stopped_clock) -> tuple[Order, Parcel]:  # noqa: F811
    order, _ = waved(stage)
    turn()
    return order, parcel_of(order)


def say(carrier: CarrierSimulator, number: str, *events: tuple[str, str, str]) -> None:  # noqa: F811
    carrier.events[number] = [{"code": code, "at": at, "text": "Signed by ANNA SCHMIDT", "place": place}
                              for code, at, place in events]  # fmt: skip


def look(stopped_clock, hours: float = 24) -> list[str]:  # noqa: F811
    """A day later the schedule has its turn, and then the jobs."""
    stopped_clock[0] += timedelta(hours=hours)
    with transaction():
        following.ask_for_due()
    return turn(TRACK_TOPIC)


def known(parcel: Parcel) -> ParcelTracking:
    session().expire_all()
    return session().get_one(ParcelTracking, parcel.id)


def test_a_parcel_is_followed_to_its_end(parcel, carrier, stopped_clock):  # noqa: F811
    _, it = parcel
    number = str(it.tracking_number)
    assert look(stopped_clock, 0) == [], "not its turn yet"
    assert look(stopped_clock) == ["done"]
    assert known(it).state == "pending", "the carrier does not know it yet"
    say(carrier, number, ("IN_TRANSIT", "2026-11-29T04:00:00Z", "Köln"), ("PICKED_UP", "2026-11-29T03:00:00Z", "Bonn"))
    look(stopped_clock)
    look(stopped_clock)
    assert known(it).state == "in_transit"
    assert session().scalar(select(func.count()).select_from(TrackingEvent)) == 2, "told twice, kept once"
    assert "SCHMIDT" not in str(session().execute(select(TrackingEvent.__table__)).all())
    say(carrier, number, ("DELIVERED", "2026-11-30T04:00:00Z", "Berlin"), ("X-RAY", "2026-11-30T05:00:00Z", ""))
    look(stopped_clock)
    assert (known(it).state, known(it).next_at) == ("delivered", None), "an unknown word at the end undoes nothing"
    assert look(stopped_clock) == []


def test_a_carrier_that_tells_nonsense_is_asked_later_and_nothing_is_lost(parcel, carrier, stopped_clock):  # noqa: F811
    _, it = parcel
    say(carrier, str(it.tracking_number), ("IN_TRANSIT", "2026-11-29T04:00:00Z", "Köln"))
    look(stopped_clock)
    for mood, fault in (("busy", "carrier_busy"), ("html", "carrier_not_json"), ("list", "carrier_wrong_shape"),
                        ("redirect", "carrier_redirects")):  # fmt: skip
        carrier.mood(mood)
        assert look(stopped_clock) == ["done"]
        assert (known(it).fault, known(it).state) == (fault, "in_transit")
    assert known(it).faults == 4
    look(stopped_clock)
    assert (known(it).faults, known(it).fault) == (0, None)


def test_a_void_parcel_is_not_asked_for(stage, parcel, carrier, stopped_clock):  # noqa: F811
    order, it = parcel
    stage.cancel(order)
    carrier.calls.clear()
    look(stopped_clock)
    assert (carrier.calls, known(it).next_at) == ([], None)


def test_the_buyers_page_names_nobody_and_speaks_their_language(parcel, carrier, stopped_clock, client):  # noqa: F811
    _, it = parcel
    say(carrier, str(it.tracking_number), ("OUT_FOR_DELIVERY", "2026-11-29T04:00:00Z", "Köln"),
        ("IN_TRANSIT", "2026-11-29T03:00:00Z", "Invalidenstraße 117"))  # fmt: skip
    look(stopped_clock)
    with client.application.test_request_context():
        path = page_of(it.id).partition("localhost")[2]
    for language, tapped, words, lang in (
        ("en", "", "Out for delivery", "en"), ("zh-CN", "", "派送中", "zh-CN"), ("de-AT,en;q=0.8", "", "In Zustellung", "de"),
        ("xx,fr-CA;q=0.7,en;q=0.5", "", "En cours de livraison", "fr"), ("ja", "?language=pl", "W doręczeniu", "pl"),
        ("de", "?language=zh_CN", "派送中", "zh-CN"), ("de", "?language=xx", "In Zustellung", "de"), ("xx", "", "Out for", "en"),
    ):  # fmt: skip
        answer = client.get(path + tapped, headers={"Accept-Language": language})
        assert answer.status_code == 200
        assert f'<html lang="{lang}"' in answer.get_data(as_text=True)
        page = answer.get_data(as_text=True)
        assert words in page and "Köln" in page and str(it.tracking_number) in page
        for personal in ("Schmidt", "SCHMIDT", "Invaliden", "SHOP-", "Acme", "ACME"):
            assert personal not in page
        assert answer.headers["X-Robots-Tag"].startswith("noindex") and 'content="noindex' in page
    wrong = path[:-2] + ("AA" if path[-2:] != "AA" else "BB")
    assert client.get(wrong).status_code == 404
    assert client.get(f"/t/{it.id}").status_code == 404


def test_every_language_of_the_buyers_page_is_whole():
    assert list(STATES) == list(state_labels["tracking"])
    assert set(LANGUAGES) == {*OF_THE_HOUSE, *WORDS}
    for words in WORDS.values():
        assert len(set(words.states)) == len(STATES)
        assert all(text.strip() for text in (*words[:-1], *words.states))


def test_the_seller_sees_it_on_the_order_and_over_the_api(stage, parcel, carrier, stopped_clock, client):  # noqa: F811
    order, it = parcel
    say(carrier, str(it.tracking_number), ("DELIVERED", "2026-11-29T04:00:00Z", "Köln"))
    look(stopped_clock)
    api = stage.cast.api(client)
    shipment = api.get(f"/api/v1/shipments/{it.shipment_id}").get_json()
    assert shipment["parcels"][0]["tracking_state"] == "delivered"
    assert "/t/" in shipment["parcels"][0]["tracking_page"]
    (way,) = api.get(f"/api/v1/shipments/{it.shipment_id}/tracking").get_json()["data"]
    assert [(each["state"], each["place"]) for each in way["events"]] == [("delivered", "Köln")]
    assert stage.cast.api(client, "RIVAL").get(f"/api/v1/shipments/{it.shipment_id}/tracking").status_code == 404
    person = stage.cast.sign_in(client, stage.cast.acme_person)
    page = person.get(f"/portal/orders/{order.id}").get_data(as_text=True)
    assert "Delivered" in page and "Page for the buyer" in page
