"""What a carrier's server says of lorries: read where it is right, a named fault wherever it is not, and nothing raises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import orjson
import pytest

from tests.carrier_server import CarrierSimulator, running_carrier
from tests.shipping.test_http_carrier import connect
from wms.shipping.carriers.collected import collection_of, found_collection_of
from wms.shipping.carriers.interface import CarrierFault, CollectionGranted, CollectionRequest, Party
from wms.shipping.carriers.wire import Said

DAY = date(2026, 11, 30)
WISH = CollectionRequest(
    "c/1", Party("", "DE", company="Warehouse"), "D-01", DAY, time(14), time(17, 30), "Europe/Berlin", 12, 2, 1, 84_000,
    "Ring twice",
)  # fmt: skip
COMES = CollectionGranted("lorry-1", (time(14), time(17, 30)))


@pytest.fixture
def carrier() -> Iterator[CarrierSimulator]:
    with running_carrier() as running:
        yield running


def test_a_lorry_is_ordered_found_and_called_off(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    assert connection.find_collection("c/1") is None
    assert connection.collect(WISH) == COMES
    assert connection.find_collection("c/1") == COMES
    assert carrier.bodies[1] == {
        "reference": "c/1", "sender": {"company": "Warehouse", "country": "DE"}, "place": "D-01", "day": "2026-11-30",
        "ready_at": "14:00", "close_at": "17:30", "time_zone": "Europe/Berlin", "parcels": 12, "bags": 2, "pallets": 1,
        "weight_g": 84_000, "remark": "Ring twice",
    }  # fmt: skip
    assert connection.call_off("lorry-1", DAY) is None
    assert connection.call_off("lorry-1", DAY) is None, "twice is agreement"
    assert connection.call_off("never-ordered", DAY) is None
    assert (carrier.coming, connection.find_collection("c/1")) == ([], None)


# mood → (the fault, whether it is tried again by itself, lorries that come all the same)
FAULTS = {
    "busy": ("carrier_busy", True, 0),
    "hang_up": ("carrier_broken_off", True, 0),
    "nonsense": ("carrier_broken_off", True, 0),
    "lost": ("carrier_broken_off", True, 1),
    "cut_off": ("carrier_broken_off", True, 1),
    "lorry_twice": ("carrier_broken_off", True, 2),
    "html": ("carrier_not_json", True, 0),
    "redirect": ("carrier_redirects", False, 0),
    "huge": ("carrier_too_much", False, 0),
    "deep": ("carrier_not_json", True, 0),
    "list": ("carrier_wrong_shape", False, 0),
    "refusal": ("carrier_says_no", False, 0),
    "rude": ("carrier_says_no", False, 0),
    "forbidden": ("carrier_credentials", False, 0),
    "not_found": ("carrier_cannot", False, 0),
    "other_parcel": ("carrier_other_lorry", False, 1),
}


@pytest.mark.parametrize("mood", FAULTS)
def test_every_misbehaviour_is_a_fault_with_a_name(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    answer = connect(carrier.url).collect(WISH)
    assert isinstance(answer, CarrierFault)
    assert (answer.code, answer.retryable, len(carrier.coming), len(carrier.calls)) == (*FAULTS[mood], 1)


@pytest.mark.parametrize("mood", ["slow", "drip", "drip_headers"])
def test_patience_has_an_end(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    assert connect(carrier.url, seconds=0.3).collect(WISH) == CarrierFault("carrier_slow", retryable=True)


@pytest.mark.parametrize("mood", ["busy", "hang_up", "html", "redirect", "forbidden", "list"])
def test_the_other_questions_end_in_faults_too(carrier: CarrierSimulator, mood: str):
    connection = connect(carrier.url)
    for ask in (lambda: connection.find_collection("c/1"), lambda: connection.call_off("lorry-1", DAY)):
        carrier.mood(mood)
        answer = ask()
        if mood in ("html", "list") and answer is None:
            continue  # called off: nothing of the answer is read
        assert isinstance(answer, CarrierFault)
        assert answer.code == FAULTS[mood][0]


def test_two_lorries_of_one_reference_are_a_matter_for_a_person(carrier: CarrierSimulator):
    carrier.mood("lorry_twice")
    connection = connect(carrier.url)
    connection.collect(WISH)
    assert connection.find_collection("c/1") == CarrierFault(
        "carrier_several_lorries", retryable=False, params={"lorries": 2}
    )


LORRY: dict[str, Any] = {"id": "lorry-1", "reference": "c/1", "state": "confirmed", "from": "14:00", "to": "17:30"}
# what stands in the answer → the field that is named
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no_id": ({"id": None}, "id"),
    "id_is_a_number": ({"id": 7}, "id"),
    "id_is_a_sentence": ({"id": "lorry one"}, "id"),
    "id_is_too_long": ({"id": "x" * 65}, "id"),
    "no_end": ({"to": None}, "to"),
    "no_begin": ({"from": None}, "from"),
    "time_of_text": ({"from": "afternoon"}, "from"),
    "time_of_a_number": ({"to": 17}, "to"),
    "time_with_seconds": ({"to": "17:30:00"}, "to"),
    "ends_before_it_begins": ({"to": "13:00"}, "to"),
    "hour_24": ({"to": "24:00"}, "to"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_lorry_of_a_wrong_shape_names_what_was_ordered(name: str):
    change, field = WRONG[name]
    answer = collection_of(Said(201, orjson.dumps(LORRY | change)), "c/1")
    known = {} if field == "id" else {"carrier_reference": "lorry-1"}
    assert answer == CarrierFault("carrier_wrong_shape", retryable=False, params={"field": field, **known})
    assert found_collection_of(Said(200, orjson.dumps({"data": [LORRY | change]})), "c/1") == answer


@pytest.mark.parametrize("body", [{}, {"data": "none"}, {"data": [7]}, {"data": {"id": "lorry-1"}}])
def test_a_search_of_a_wrong_shape(body: dict[str, Any]):
    answer = found_collection_of(Said(200, orjson.dumps(body)), "c/1")
    assert answer == CarrierFault("carrier_wrong_shape", retryable=False, params={"field": "data"})


def test_a_carrier_that_names_no_time_of_its_own():
    said = Said(201, orjson.dumps({"id": "lorry-1", "reference": "c/1"}))
    assert collection_of(said, "c/1") == CollectionGranted("lorry-1", None)
