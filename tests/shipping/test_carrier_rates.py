"""What a carrier's server says of prices: read where it is right, a named fault wherever it is not, and nothing raises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import orjson
import pytest

from tests.carrier_server import CarrierSimulator, running_carrier
from tests.shipping.test_http_carrier import connect
from wms.core.ids import new_id
from wms.shipping.carriers.interface import (
    AtTheDoor,
    CarrierFault,
    NotRated,
    Party,
    Rate,
    RateRequest,
    WaybillRequest,
)
from wms.shipping.carriers.rated import MOST_RATES, rates_of
from wms.shipping.carriers.wire import Patience, Said

WISH = RateRequest(
    ("EXPRESS", "SLOW"), 840, (300, 200, 100), sender=Party("", "DE", company="Warehouse"),
    recipient=Party("", "FR", city="Paris", postcode="75001"), signed=True, insured_minor=5000, insured_currency="EUR",
)  # fmt: skip
PRICE: dict[str, Any] = {"service": "EXPRESS", "currency": "EUR", "total_minor": 900, "days": 2}


@pytest.fixture
def carrier() -> Iterator[CarrierSimulator]:
    with running_carrier() as running:
        running.prices["EXPRESS"] = {"currency": "EUR", "total_minor": 900, "days": 1,
                                     "surcharges": [{"name": "fuel", "minor": 100}]}  # fmt: skip
        running.prices["SLOW"] = {"code": "too_heavy"}
        yield running


def test_prices_are_asked_and_told_in_the_order_of_the_services(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    express = Rate("EXPRESS", "EUR", 800, (("fuel", 100),), 1)
    assert connection.rate(WISH) == [express, NotRated("SLOW", "too_heavy")]
    assert express.total_minor == 900
    other = replace(WISH, services=("NOBODY", "EXPRESS"))
    assert connection.rate(other) == [NotRated("NOBODY", "not_offered"), express]
    told = carrier.bodies[0]
    assert (told["weight_g"], told["size_mm"]) == (840, {"length": 300, "width": 200, "height": 100})
    assert (told["recipient"], told["signature"]) == ({"country": "FR", "city": "Paris", "postcode": "75001"}, True)
    assert told["insurance"] == {"value_minor": 5000, "currency": "EUR"}
    assert {name: told[name] for name in DOOR_TOLD} == dict.fromkeys(DOOR_TOLD) | {"liftgate": False}


def test_what_the_driver_does_is_told_with_prices_and_waybills(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    connection.rate(replace(WISH, door=DOOR))
    connection.create(WaybillRequest("REF-1", new_id(), "EXPRESS", door=DOOR))
    for told in carrier.bodies:
        assert {name: told[name] for name in DOOR_TOLD} == DOOR_TOLD
    connection.create(WaybillRequest("REF-2", new_id(), "EXPRESS", door=replace(DOOR, begins=None, ends=None)))
    assert carrier.bodies[-1]["delivery"] == {"day": "2026-12-01", "from": None, "until": None}


DOOR = AtTheDoor(4990, "EUR", 16, liftgate=True, day=date(2026, 12, 1), begins=time(10), ends=time(12, 30))
DOOR_TOLD = {
    "cod": {"amount_minor": 4990, "currency": "EUR"}, "age_check": 16, "liftgate": True,
    "delivery": {"day": "2026-12-01", "from": "10:00", "until": "12:30"},
}  # fmt: skip
FAULTS = {
    "busy": ("carrier_busy", True),
    "hang_up": ("carrier_broken_off", True),
    "nonsense": ("carrier_broken_off", True),
    "lost": ("carrier_broken_off", True),
    "cut_off": ("carrier_broken_off", True),
    "html": ("carrier_not_json", True),
    "redirect": ("carrier_redirects", False),
    "huge": ("carrier_too_much", False),
    "deep": ("carrier_not_json", True),
    "list": ("carrier_wrong_shape", False),
    "refusal": ("carrier_says_no", False),
    "rude": ("carrier_says_no", False),
    "forbidden": ("carrier_credentials", False),
    "not_found": ("carrier_cannot", False),
}


@pytest.mark.parametrize("mood", FAULTS)
def test_every_misbehaviour_is_a_fault_with_a_name(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    answer = connect(carrier.url).rate(WISH)
    assert isinstance(answer, CarrierFault)
    assert (answer.code, answer.retryable, len(carrier.calls)) == (*FAULTS[mood], 1)


@pytest.mark.parametrize("mood", ["slow", "drip", "drip_headers"])
def test_an_order_waits_less_long_than_a_label(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    impatient = replace(connect(carrier.url), rate_patience=Patience(2.0, 0.3))
    assert impatient.rate(WISH) == CarrierFault("carrier_slow", retryable=True)


def test_a_price_with_and_without_what_may_be_left_out():
    until = "2026-11-29T10:00:00+01:00"
    said = rates_of(Said(200, orjson.dumps({"rates": [PRICE | {"days": None, "valid_until": until}]})), ("EXPRESS",))
    assert said == [Rate("EXPRESS", "EUR", 900, (), None, datetime(2026, 11, 29, 9, tzinfo=UTC))]
    stranger = PRICE | {"service": "OTHERS", "total_minor": "not looked at"}
    assert rates_of(Said(200, orjson.dumps({"rates": [stranger, PRICE, PRICE]})), ("EXPRESS",)) == [
        Rate("EXPRESS", "EUR", 900, (), 2)
    ], "the same twice is the same; of what was not asked nothing is believed"


# what stands in the answer → the field that is named
WRONG: dict[str, tuple[Any, str]] = {
    "no_list": ({"rates": "none"}, "rates"),
    "nothing": ({}, "rates"),
    "no_object": ({"rates": [7]}, "rates"),
    "too_many": ({"rates": [PRICE] * (MOST_RATES + 1)}, "rates"),
    "no_service": ({"rates": [{"total_minor": 1}]}, "service"),
    "two_prices": ({"rates": [PRICE, PRICE | {"total_minor": 1}]}, "service"),
    "no_currency": ({"rates": [PRICE | {"currency": None}]}, "currency"),
    "no_such_currency": ({"rates": [PRICE | {"currency": "EURO"}]}, "currency"),
    "currency_is_a_list": ({"rates": [PRICE | {"currency": ["EUR"]}]}, "currency"),
    "price_is_text": ({"rates": [PRICE | {"total_minor": "900"}]}, "total_minor"),
    "price_is_a_fraction": ({"rates": [PRICE | {"total_minor": 9.5}]}, "total_minor"),
    "price_is_true": ({"rates": [PRICE | {"total_minor": True}]}, "total_minor"),
    "price_is_negative": ({"rates": [PRICE | {"total_minor": -1}]}, "total_minor"),
    "price_is_endless": ({"rates": [PRICE | {"total_minor": 10**10}]}, "total_minor"),
    "no_price": ({"rates": [PRICE | {"total_minor": None}]}, "total_minor"),
    "days_are_text": ({"rates": [PRICE | {"days": "2"}]}, "days"),
    "days_are_negative": ({"rates": [PRICE | {"days": -1}]}, "days"),
    "days_are_a_year": ({"rates": [PRICE | {"days": 365}]}, "days"),
    "surcharges_no_list": ({"rates": [PRICE | {"surcharges": 100}]}, "surcharges"),
    "surcharge_no_object": ({"rates": [PRICE | {"surcharges": [100]}]}, "surcharges"),
    "surcharge_without_name": ({"rates": [PRICE | {"surcharges": [{"minor": 1}]}]}, "surcharges"),
    "surcharge_of_script": ({"rates": [PRICE | {"surcharges": [{"name": "a\x00", "minor": 1}]}]}, "surcharges"),
    "surcharge_of_text": ({"rates": [PRICE | {"surcharges": [{"name": "fuel", "minor": "1"}]}]}, "minor"),
    "more_surcharges_than_price": ({"rates": [PRICE | {"surcharges": [{"name": "x", "minor": 901}]}]}, "surcharges"),
    "no_code": ({"rates": [{"service": "EXPRESS", "code": "Anna, Street 1"}]}, "code"),
    "valid_until_no_time": ({"rates": [PRICE | {"valid_until": "soon"}]}, "valid_until"),
    "valid_until_no_zone": ({"rates": [PRICE | {"valid_until": "2026-11-29T10:00:00"}]}, "valid_until"),
    "valid_until_a_number": ({"rates": [PRICE | {"valid_until": 1764410000}]}, "valid_until"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_prices_of_a_wrong_shape(name: str):
    body, field = WRONG[name]
    answer = rates_of(Said(200, orjson.dumps(body)), ("EXPRESS",))
    assert answer == CarrierFault("carrier_wrong_shape", retryable=False, params={"field": field})
