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
from pathlib import Path
from typing import Any

import pytest

from labels import Size, check_incoming
from tests.carrier_server import TOKEN, CarrierSimulator, label_pdf, running_carrier
from wms.shipping.carriers import karrio_bridge
from wms.shipping.carriers.interface import CarrierFault, Content, Party, WaybillGranted, WaybillRequest
from wms.shipping.carriers.karrio_bridge import CAPABILITIES, KarrioCarrier, events_of, granted_of, shipment_of

PYTHON = os.environ.get("KARRIO_PYTHON") or (sys.executable if importlib.util.find_spec("karrio") else "")
with_sdk = pytest.mark.skipif(not PYTHON, reason="the karrio SDK is not installed")
PLUGINS = Path(__file__).with_name("karrio_plugins")
REQUEST = WaybillRequest(
    "0197-reference/1", uuid.UUID(int=1), "DHL-PAKET", 840, (305, 200, 150),
    sender=Party(name="ACME", company="Warehouse", country="DE"),
    recipient=Party(name="Anna Schmidt", country="FR", city="Paris", postcode="75001", address1="Rue 1"),
    contents=(Content("Mug", 2, 400, 1290, "EUR"), Content("Sticker", 1, None, 500, "JPY")),
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
