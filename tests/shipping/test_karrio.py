"""Carriers of the karrio SDK: what is told to it, what is believed of it; and, where the SDK is, its whole way to our simulator.

The SDK is an optional extra. `KARRIO_PYTHON` names a Python that has it, where this one has not.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from labels import Size, check_incoming
from tests.carrier_server import TOKEN, CarrierSimulator, label_pdf, running_carrier
from wms.shipping.carriers import karrio_bridge
from wms.shipping.carriers.interface import (
    AtTheDoor,
    CarrierFault,
    Charged,
    CollectionGranted,
    CollectionRequest,
    Content,
    NotRated,
    Party,
    Rate,
    RateRequest,
    WaybillGranted,
    WaybillRequest,
)
from wms.shipping.carriers.karrio_bridge import (
    CAPABILITIES,
    KarrioCarrier,
    collection_of,
    collection_wish,
    events_of,
    granted_of,
    rates_of,
    rates_wish,
    shipment_of,
)

PYTHON = os.environ.get("KARRIO_PYTHON") or (sys.executable if importlib.util.find_spec("karrio") else "")
with_sdk = pytest.mark.skipif(not PYTHON, reason="the karrio SDK is not installed")
PLUGINS = Path(__file__).with_name("karrio_plugins")
REQUEST = WaybillRequest(
    "0197-reference/1", uuid.UUID(int=1), "DHL-PAKET", 840, (305, 200, 150),
    sender=Party(name="ACME", company="Warehouse", country="DE"),
    recipient=Party(name="Anna Schmidt", country="FR", city="Paris", postcode="75001", address1="Rue 1"),
    contents=(Content("Mug", 2, 400, 1290, "EUR"), Content("Sticker", 1, None, 500, "JPY")),
)  # fmt: skip
RATES = RateRequest(
    ("DHL-PAKET", "DHL-EXPRESS"), 840, (305, 200, 150), sender=Party("", "DE", company="Warehouse"),
    recipient=Party("", "FR", city="Paris", postcode="75001"), signed=True,
)  # fmt: skip
LORRY = CollectionRequest(
    "c/1", Party("", "DE", company="Warehouse"), "D-01", date(2026, 11, 30), time(14), time(17, 30), "Europe/Berlin", 12, 2,
    1, 84_000, "Ring twice",
)  # fmt: skip
GRANTED = {"tracking_number": "1Z5R89390000000017", "id": "sim-1", "label": "JVBERg==", "label_type": "PDF"}


def test_what_the_sdk_is_told() -> None:
    told = shipment_of(REQUEST)
    assert (told["service"], told["reference"], told["label_type"]) == ("dhl_paket", "0197-reference/1", "PDF")
    (parcel,) = told["parcels"]
    assert (parcel["weight"], parcel["weight_unit"]) == (0.84, "KG")
    assert [parcel[name] for name in ("length", "width", "height", "dimension_unit")] == [30.5, 20.0, 15.0, "CM"]
    assert parcel["items"][0] == {"title": "Mug", "quantity": 2, "weight": 0.4, "weight_unit": "KG",
                                  "value_amount": 12.9, "value_currency": "EUR"}  # fmt: skip
    assert parcel["items"][1]["value_amount"] == 500.0  # the yen has no minor unit
    assert told["customs"]["commodities"] == parcel["items"]
    at_home = replace(REQUEST, recipient=replace(REQUEST.recipient, country="DE"), size_mm=None)  # type: ignore[type-var]
    assert "customs" not in shipment_of(at_home)
    assert "length" not in shipment_of(at_home)["parcels"][0]
    assert shipment_of(REQUEST, {"person_name": "Dock", "country_code": "FR"})["shipper"]["person_name"] == "Dock"


def test_a_signature_and_an_insured_sum_are_told_in_the_sdks_words() -> None:
    assert shipment_of(REQUEST)["options"] == {}
    asked = replace(REQUEST, signature="adult", insured_minor=5000, insured_currency="EUR")
    assert shipment_of(asked)["options"] == {"signature_confirmation": True, "insurance": 50.0, "currency": "EUR"}
    paid = replace(asked, door=AtTheDoor(cod_minor=1299, cod_currency="EUR"))
    assert shipment_of(paid)["options"] == {**shipment_of(asked)["options"], "cash_on_delivery": 12.99}
    yen = replace(paid, door=AtTheDoor(cod_minor=1299, cod_currency="JPY"))
    nobody = KarrioCarrier(CAPABILITIES, "none", {})
    assert nobody.create(yen) == CarrierFault("carrier_two_currencies", retryable=False)


def test_a_third_line_and_a_district_have_a_place() -> None:
    assert REQUEST.recipient is not None
    recipient = replace(REQUEST.recipient, address2="Hof 2", address3="Tor 3", district="Mitte")
    told = shipment_of(replace(REQUEST, recipient=recipient))["recipient"]
    assert (told["address_line2"], told["suburb"]) == ("Hof 2, Tor 3", "Mitte")


def test_a_waybill_it_brings() -> None:
    assert granted_of(GRANTED) == WaybillGranted("1Z5R89390000000017", "sim-1", b"%PDF")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"id": None}, "id"), ({"id": "a b"}, "id"), ({"tracking_number": None}, "tracking_number"),
     ({"tracking_number": 12345}, "tracking_number"), ({"tracking_number": "1Z\n<x>"}, "tracking_number"),
     ({"label": None}, "label"), ({"label": "%%%"}, "label"), ({"label_type": "ZPL"}, "label")],
)  # fmt: skip
def test_what_is_no_waybill_names_what_was_bought(change: dict[str, Any], field: str) -> None:
    found = granted_of(GRANTED | change)
    assert isinstance(found, CarrierFault)
    assert (found.code, found.params["field"], found.retryable) == ("carrier_wrong_shape", field, False)
    assert found.params.get("carrier_reference") == (None if field == "id" else "sim-1")  # so that it can go back


def test_events_with_times_and_of_this_parcel_only() -> None:
    events = [
        {"timestamp": "2026-11-24T10:00:00Z", "status": "in_transit", "code": "X", "location": "Hub"},
        {"date": "2026-11-25", "time": "03:10 PM", "code": "delivered"},
        {"date": "2026-11-26", "time": "15:10", "code": "delivered"}, {"date": "2026-11-27", "code": "delivered"},
        {"date": "soon", "code": "delivered"}, {"date": "2026-11-27", "code": "two words"},
    ]  # fmt: skip
    found = events_of([{"tracking_number": "A", "events": events}], "A")
    assert not isinstance(found, CarrierFault)
    assert [(each.code, f"{each.happened_at:%d %H:%M}") for each in found] == [
        ("in_transit", "24 10:00"), ("delivered", "25 15:10"), ("delivered", "26 15:10"), ("delivered", "27 00:00"),
    ]  # fmt: skip
    other = events_of([{"tracking_number": "B", "events": []}], "A")
    assert isinstance(other, CarrierFault) and other.code == "carrier_other_parcel"
    shapeless = events_of([{"tracking_number": "A", "events": "many"}], "A")
    assert isinstance(shapeless, CarrierFault) and shapeless.code == "carrier_wrong_shape"


def test_what_the_sdk_is_told_of_prices_and_lorries() -> None:
    told = rates_wish(RATES)
    assert (told["services"], told["options"]) == (["dhl_paket", "dhl_express"], {"signature_confirmation": True})
    assert told["parcels"] == [{"weight": 0.84, "weight_unit": "KG", "length": 30.5, "width": 20.0, "height": 15.0,
                                "dimension_unit": "CM"}]  # fmt: skip
    assert told["recipient"] == {"city": "Paris", "postal_code": "75001", "country_code": "FR"}
    told = collection_wish(LORRY, {"person_name": "Dock"})
    assert (told["pickup_date"], told["ready_time"], told["closing_time"]) == ("2026-11-30", "14:00", "17:30")
    assert (told["parcels_count"], told["address"], told["package_location"]) == (15, {"person_name": "Dock"}, "D-01")
    assert told["instruction"] == "12 parcels, 2 bags, 1 pallets. Ring twice"


RATE = {"service": "dhl_paket", "currency": "EUR", "total_charge": 4.205, "transit_days": 2}


def test_prices_it_brings() -> None:
    assert rates_of([RATE, {"service": "others", "total_charge": "?"}], RATES.services) == [
        Rate("DHL-PAKET", "EUR", 421, (), 2), NotRated("DHL-EXPRESS", "not_offered"),
    ]  # fmt: skip
    yen = rates_of([RATE | {"currency": "JPY", "total_charge": 500, "transit_days": None}], ("DHL-PAKET",))
    assert yen == [Rate("DHL-PAKET", "JPY", 500, (), None)]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"currency": None}, "currency"), ({"currency": "EURO"}, "currency"), ({"currency": ["EUR"]}, "currency"),
     ({"currency": {"code": "EUR"}}, "currency"), ({"total_charge": "4.20"}, "total_charge"),
     ({"total_charge": None}, "total_charge"), ({"total_charge": -1}, "total_charge"), ({"total_charge": True}, "total_charge"),
     ({"total_charge": float("nan")}, "total_charge"), ({"total_charge": 1e12}, "total_charge"),
     ({"transit_days": "2"}, "transit_days"), ({"transit_days": -1}, "transit_days"), ({"transit_days": 400}, "transit_days")],
)  # fmt: skip
def test_what_is_no_price(change: dict[str, Any], field: str) -> None:
    found = rates_of([RATE | change], RATES.services)
    assert found == CarrierFault("carrier_wrong_shape", retryable=False, params={"field": field})


@pytest.mark.parametrize(
    ("rate", "said"),
    [(None, None), (RATE, Charged("EUR", 421)), ("free", "currency"), ([], "currency"), ({}, "currency"),
     (RATE | {"currency": ["EUR"]}, "currency"), (RATE | {"currency": {"code": "EUR"}}, "currency"),
     (RATE | {"currency": 978}, "currency"), (RATE | {"total_charge": [4.2]}, "total_charge")],
)  # fmt: skip
def test_a_price_that_cannot_be_read_keeps_the_waybill(rate: Any, said: Charged | str | None) -> None:
    """It is bought by then (decision 126)."""
    wrong = CarrierFault("carrier_wrong_shape", retryable=False, params={"field": said})
    charged = wrong if isinstance(said, str) else said
    assert granted_of(GRANTED | {"rate": rate}) == WaybillGranted("1Z5R89390000000017", "sim-1", b"%PDF", charged)


@pytest.mark.parametrize("rows", ["many", {"service": "dhl_paket"}, [7]])
def test_what_are_no_prices(rows: Any) -> None:
    assert rates_of(rows, RATES.services) == CarrierFault(
        "carrier_wrong_shape", retryable=False, params={"field": "rates"}
    )


@pytest.mark.parametrize(
    ("result", "found"),
    [({"confirmation_number": "PU-1", "ready_time": "14:00", "closing_time": "17:30"},
      CollectionGranted("PU-1", (time(14), time(17, 30)))),
     ({"confirmation_number": "PU-1", "ready_time": "afternoon", "closing_time": None}, CollectionGranted("PU-1")),
     ({"confirmation_number": "PU-1", "ready_time": "18:00", "closing_time": "17:30"}, CollectionGranted("PU-1"))],
)  # fmt: skip
def test_a_lorry_it_brings(result: dict[str, Any], found: CollectionGranted) -> None:
    assert collection_of(result) == found


@pytest.mark.parametrize("known", [None, 7, "two words", ""])
def test_what_is_no_lorry(known: Any) -> None:
    found = collection_of({"confirmation_number": known})
    assert found == CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "confirmation_number"})


def carrier(**settings: Any) -> KarrioCarrier:
    return KarrioCarrier(CAPABILITIES, "simulated", settings, seconds=40, python=PYTHON or sys.executable)


@pytest.mark.parametrize(
    ("output", "code"),
    [(b"", "carrier_unsure"), (b"Traceback", "carrier_unsure"), (b"[1]\n", "carrier_unsure"),
     (b'{"fault": "carrier_no_connector"}\n', "carrier_no_connector"),
     (b'{"result": null, "messages": []}\n', "carrier_unsure"),
     (b'{"result": null, "messages": [{"code": "SHIPPING_SDK_INTERNAL_ERROR", "level": "error"}]}\n', "carrier_unsure"),
     (b'{"result": null, "messages": [{"code": "bad_zip", "level": "error"}]}\n', "carrier_says_no"),
     (b'noise\n{"result": null, "messages": [{"code": "Anna, Street 1", "level": "error"}]}\n', "carrier_says_no")],
)  # fmt: skip
def test_a_question_that_may_have_been_heard_is_not_put_again(monkeypatch, output: bytes, code: str) -> None:
    monkeypatch.setattr(
        karrio_bridge.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=output)
    )
    found = carrier().create(REQUEST)
    assert isinstance(found, CarrierFault)
    assert (found.code, found.retryable) == (code, False)
    assert "Anna" not in str(found.params)


@pytest.mark.parametrize(
    ("output", "code"),
    [(b"", "carrier_unsure_lorry"), (b"Traceback", "carrier_unsure_lorry"),
     (b'{"result": null, "messages": []}\n', "carrier_unsure_lorry"),
     (b'{"result": null, "messages": [{"code": "SHIPPING_SDK_INTERNAL_ERROR", "level": "error"}]}\n', "carrier_unsure_lorry"),
     (b'{"result": null, "messages": [{"code": "SHIPPING_SDK_NON_SUPPORTED_ERROR", "level": "error"}]}\n', "carrier_cannot"),
     (b'{"result": null, "messages": [{"code": "too_late", "level": "error"}]}\n', "carrier_says_no")],
)  # fmt: skip
def test_a_lorry_that_may_have_been_ordered_is_not_ordered_again(monkeypatch, output: bytes, code: str) -> None:
    monkeypatch.setattr(
        karrio_bridge.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=output)
    )
    found = carrier().collect(LORRY)
    assert isinstance(found, CarrierFault)
    assert (found.code, found.retryable) == (code, False)
    prices = carrier().rate(RATES)
    if b"null" not in output:
        assert prices == CarrierFault("carrier_not_json", retryable=True), "to ask for a price twice costs nothing"


def test_no_carrier_of_the_sdk_can_be_asked_by_our_reference() -> None:
    found = carrier(token="secret-of-ours").find("x")
    assert isinstance(found, CarrierFault) and found.code == "carrier_unsure"
    assert "secret" not in repr(carrier(token="secret-of-ours"))


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[CarrierSimulator]:
    monkeypatch.setenv("KARRIO_PLUGINS", str(PLUGINS))
    with running_carrier() as running:
        yield running


@with_sdk
def test_the_whole_way_through_the_sdk(simulator: CarrierSimulator) -> None:
    shipper = {"person_name": "Dock", "city": "Frankfurt", "country_code": "DE"}
    reached = carrier(url=simulator.url, token=TOKEN, shipper=shipper)
    granted = reached.create(REQUEST)
    assert isinstance(granted, WaybillGranted)
    assert granted.tracking_number == simulator.sold[0]
    assert granted.label_pdf == label_pdf(granted.tracking_number)
    assert check_incoming(granted.label_pdf, Size(100, 150), tracking_number=granted.tracking_number).confirmed
    body = simulator.bodies[0]
    assert (body["weight_g"], body["service"], body["sender"]["city"]) == (840, "dhl_paket", "Frankfurt")
    simulator.events[granted.tracking_number] = [
        {"code": "delivered", "at": "2026-11-24T10:00:00+00:00", "text": "Left at door", "place": "Paris"}
    ]
    told = reached.track(granted.tracking_number)
    assert not isinstance(told, CarrierFault)
    assert [(each.code, each.place) for each in told] == [("delivered", "Paris")]
    assert granted.carrier_reference is not None
    assert reached.void(granted.carrier_reference) is None
    assert simulator.sold == []


@with_sdk
def test_prices_and_lorries_through_the_sdk(simulator: CarrierSimulator) -> None:
    simulator.prices["dhl_paket"] = {"currency": "EUR", "total_minor": 420, "days": 2}
    reached = carrier(url=simulator.url, token=TOKEN)
    assert reached.rate(RATES) == [Rate("DHL-PAKET", "EUR", 420, (), 2), NotRated("DHL-EXPRESS", "not_offered")]
    assert simulator.bodies[0]["recipient"] == {"country": "FR", "postcode": "75001"}
    simulator.mood("refusal")
    assert reached.rate(RATES) == CarrierFault(
        "carrier_says_no", retryable=False, params={"reason": "postcode_unknown"}
    )
    assert reached.collect(LORRY) == CollectionGranted("lorry-1", (time(14), time(17, 30)))
    assert reached.call_off("lorry-1", LORRY.day) is None
    assert simulator.coming == []
    simulator.mood("lost")
    lost = reached.collect(LORRY)
    assert isinstance(lost, CarrierFault)
    assert (lost.code, len(simulator.coming)) == ("carrier_unsure_lorry", 1), "a person looks"
    assert reached.find_collection("c/1") == CarrierFault("carrier_unsure_lorry", retryable=False)


@with_sdk
@pytest.mark.parametrize(
    ("mood", "code"),
    [("refusal", "carrier_says_no"), ("lost", "carrier_unsure"), ("html", "carrier_unsure"),
     ("no_label", "carrier_wrong_shape"), ("numbers_are_numbers", "carrier_wrong_shape")],
)  # fmt: skip
def test_a_bad_day_of_the_carrier(simulator: CarrierSimulator, mood: str, code: str) -> None:
    simulator.mood(mood)
    found = carrier(url=simulator.url, token=TOKEN).create(REQUEST)
    assert isinstance(found, CarrierFault)
    assert (found.code, found.retryable) == (code, False)


@with_sdk
def test_a_connector_that_is_not_there_and_settings_it_does_not_take(simulator: CarrierSimulator) -> None:
    absent = replace(carrier(), connector="nobody").create(REQUEST)
    assert isinstance(absent, CarrierFault) and absent.code == "carrier_no_connector"
    wrong = carrier(nothing="here").create(REQUEST)
    assert isinstance(wrong, CarrierFault) and wrong.code == "carrier_settings"
    assert simulator.calls == []
    slow = replace(carrier(url=simulator.url, token=TOKEN), seconds=0.01).create(REQUEST)
    assert isinstance(slow, CarrierFault) and slow.code == "carrier_unsure"
