"""The HTTP connector against a carrier that behaves: every misbehaviour ends as a named fault, and nothing raises."""

from __future__ import annotations

import ipaddress
import socket
import uuid
from collections.abc import Iterator

import pytest

from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from wms.shipping.carriers import addresses
from wms.shipping.carriers.addresses import ServiceAddress, may_reach, read_address, resolve, resolve_literal
from wms.shipping.carriers.http import CAPABILITIES, HttpCarrier
from wms.shipping.carriers.interface import CarrierFault, Party, WaybillGranted, WaybillRequest
from wms.shipping.carriers.wire import Patience

HERE = (ipaddress.ip_network("127.0.0.0/8"),)
REQUEST = WaybillRequest("s/1", uuid.UUID(int=1), "EXPRESS", 840, (300, 200, 100), recipient=Party("Anna", "DE"))


@pytest.fixture
def carrier() -> Iterator[CarrierSimulator]:
    with running_carrier() as running:
        yield running


def connect(url: str, token: str = TOKEN, seconds: float = 5.0) -> HttpCarrier:
    address = read_address(url)
    assert address is not None
    return HttpCarrier(CAPABILITIES, address, token, HERE, Patience(2.0, seconds))


def test_a_waybill_is_made_found_and_given_back(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    assert connection.find("s/1") is None
    made = connection.create(REQUEST)
    assert isinstance(made, WaybillGranted)
    assert made.label_pdf is not None and made.label_pdf.startswith(b"%PDF-")
    assert connection.find("s/1") == made
    assert carrier.bodies[1]["recipient"] == {"name": "Anna", "country": "DE"}
    assert carrier.bodies[1]["size_mm"] == {"length": 300, "width": 200, "height": 100}
    assert connection.void(str(made.carrier_reference)) is None
    assert connection.void(str(made.carrier_reference)) is None, "twice is agreement"
    assert connection.void("never-made") is None
    assert (carrier.sold, connection.find("s/1")) == ([], None)


def test_a_manifest_again_is_the_same(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    assert connection.manifest("m", ["sim-1"]) == connection.manifest("m", ["sim-1"]) == "list-1"


def test_events_are_read(carrier: CarrierSimulator):
    connection = connect(carrier.url)
    assert connection.track("1Z5") == [], "not known yet"
    carrier.events["1Z5"] = [
        {"code": "IN_TRANSIT", "at": "2026-11-29T03:04:05+01:00", "text": "Left\x00 the depot", "place": "Köln"}
    ]
    found = connection.track("1Z5")
    assert isinstance(found, list)
    assert [(each.code, each.happened_at.isoformat(), each.text, each.place) for each in found] == [
        ("IN_TRANSIT", "2026-11-29T02:04:05+00:00", "Left the depot", "Köln")
    ]


# mood → (the fault, whether it is tried again by itself, waybills the carrier has made all the same)
MISBEHAVIOURS = {
    "busy": ("carrier_busy", True, 0),
    "hang_up": ("carrier_broken_off", True, 0),
    "nonsense": ("carrier_broken_off", True, 0),
    "lost": ("carrier_broken_off", True, 1),
    "cut_off": ("carrier_broken_off", True, 1),
    "twice": ("carrier_broken_off", True, 2),
    "html": ("carrier_not_json", True, 0),
    "redirect": ("carrier_redirects", False, 0),
    "huge": ("carrier_too_much", False, 0),
    "deep": ("carrier_not_json", True, 0),
    "list": ("carrier_wrong_shape", False, 0),
    "refusal": ("carrier_says_no", False, 0),
    "rude": ("carrier_says_no", False, 0),
    "forbidden": ("carrier_credentials", False, 0),
    "numbers_are_numbers": ("carrier_wrong_shape", False, 1),
    "number_is_a_sentence": ("carrier_wrong_shape", False, 1),
    "no_number": ("carrier_wrong_shape", False, 1),
    "no_label": ("carrier_wrong_shape", False, 1),
    "label_not_base64": ("carrier_wrong_shape", False, 1),
    "other_parcel": ("carrier_other_parcel", False, 1),
}


@pytest.mark.parametrize("mood", MISBEHAVIOURS)
def test_every_misbehaviour_is_a_fault_with_a_name(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    answer = connect(carrier.url).create(REQUEST)
    assert isinstance(answer, CarrierFault)
    assert (answer.code, answer.retryable, len(carrier.sold)) == MISBEHAVIOURS[mood]
    assert "Anna" not in str(answer), "no sentence of the carrier is kept: it may quote a person"
    assert len(carrier.calls) == 1, "one question is one exchange"


@pytest.mark.parametrize("mood", ["slow", "drip", "drip_headers"])
def test_patience_has_an_end(carrier: CarrierSimulator, mood: str):
    carrier.mood(mood)
    assert connect(carrier.url, seconds=0.3).create(REQUEST) == CarrierFault("carrier_slow", retryable=True)


def test_a_carrier_that_is_down(carrier: CarrierSimulator):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for ask in (lambda c: c.create(REQUEST), lambda c: c.find("x"), lambda c: c.void("x"), lambda c: c.track("x"),
                lambda c: c.manifest("x", [])):  # fmt: skip
        assert ask(connect(f"http://127.0.0.1:{port}")) == CarrierFault("carrier_away", retryable=True)


@pytest.mark.parametrize(
    ("mood", "code"),
    [("busy", "carrier_busy"), ("redirect", "carrier_redirects"), ("forbidden", "carrier_credentials")],
)
def test_the_other_questions_end_in_faults_too(carrier: CarrierSimulator, mood: str, code: str):
    connection = connect(carrier.url)
    for ask in (lambda: connection.find("x"), lambda: connection.void("x"), lambda: connection.track("x"),
                lambda: connection.manifest("x", ["y"])):  # fmt: skip
        carrier.mood(mood)
        answer = ask()
        assert isinstance(answer, CarrierFault)
        assert answer.code == code


def test_wrong_credentials_and_none_of_them_printed(carrier: CarrierSimulator):
    connection = connect(carrier.url, "another-token")
    answer = connection.create(REQUEST)
    assert isinstance(answer, CarrierFault)
    assert answer.code == "carrier_credentials"
    assert "another-token" not in repr(connection) + repr(answer)
    assert "Anna" not in repr(REQUEST)


def test_two_live_waybills_of_one_reference_are_a_matter_for_a_person(carrier: CarrierSimulator):
    carrier.mood("twice")
    connection = connect(carrier.url)
    connection.create(REQUEST)
    assert connection.find("s/1") == CarrierFault("carrier_several", retryable=False, params={"waybills": 2})


EVENTS = {
    "no_list": {"tracking_number": "1Z5", "events": "none"},
    "another": {"tracking_number": "1Z6", "events": []},
    "no_object": {"tracking_number": "1Z5", "events": ["left"]},
    "no_time": {"tracking_number": "1Z5", "events": [{"code": "X", "at": "yesterday"}]},
    "no_zone": {"tracking_number": "1Z5", "events": [{"code": "X", "at": "2026-11-29T03:04:05"}]},
    "far": {"tracking_number": "1Z5", "events": [{"code": "X", "at": "9026-11-29T03:04:05Z"}]},
    "no_code": {"tracking_number": "1Z5", "events": [{"at": "2026-11-29T03:04:05Z"}]},
    "number_as_text": {"tracking_number": "1Z5", "events": [{"code": "X", "at": "2026-11-29T03:04:05Z", "text": 7}]},
    "too_many": {"tracking_number": "1Z5", "events": [{"code": "X", "at": "2026-11-29T03:04:05Z"}] * 501},
}


@pytest.mark.parametrize("name", EVENTS)
def test_events_of_a_wrong_shape(name: str):
    import orjson

    from wms.shipping.carriers.answers import events_of
    from wms.shipping.carriers.wire import Said

    answer = events_of(Said(200, orjson.dumps(EVENTS[name])), "1Z5")
    assert isinstance(answer, CarrierFault)
    assert answer.code in {"carrier_wrong_shape", "carrier_other_parcel"}


# Where a carrier may stand


@pytest.mark.parametrize(
    "text",
    ["", "carrier.example", "ftp://carrier.example", "https://", "https://user:secret@carrier.example", "https://a?b=c",
     "https://a#b", "https://a b", "https://a\\b", "https://a:0", "https://a:99999", "https://a:x", "https://[::1",
     "https://ä.example", "https://a/" + "x" * 200, "javascript:alert(1)", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_address(text: str):
    assert read_address(text) is None


def test_an_address_is_understood():
    assert read_address("https://Carrier.example:8443/api/") == ServiceAddress("https", "carrier.example", 8443, "/api")


NOWHERE = ["10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
           "255.255.255.255", "127.0.0.1", "::1", "::", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
           "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "198.18.0.1"]  # fmt: skip


@pytest.mark.parametrize("ip", NOWHERE)
def test_private_and_special_addresses_are_never_asked(ip: str):
    assert not may_reach(ip, "https", ())


def test_what_the_operator_allows():
    office = (ipaddress.ip_network("10.1.0.0/16"),)
    assert may_reach("10.1.2.3", "https", office)
    assert may_reach("::ffff:10.1.2.3", "https", office)
    assert not may_reach("10.2.2.3", "https", office)
    assert not may_reach("10.1.2.3", "http", office), "a token is not sent in the clear"
    assert may_reach("127.0.0.1", "http", HERE)
    assert may_reach("93.184.215.14", "https", ()) and not may_reach("93.184.215.14", "http", ())


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch):
    def answers(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answers)
    found = resolve(ServiceAddress("https", "rebinding.example", 443, ""), ())
    assert found == CarrierFault("carrier_not_allowed", retryable=False, params={"host": "rebinding.example"})


def test_what_is_said_of_an_address_before_its_name_is_asked():
    for url, allowed in (("https://10.0.0.1", False), ("http://carrier.example", False), ("https://carrier.example", True),
                         ("http://localhost:1", True), ("https://[::ffff:10.0.0.1]", False)):  # fmt: skip
        address = read_address(url)
        assert address is not None
        assert (resolve_literal(address, ()) is None) is allowed


def test_no_redirect_is_followed_with_the_token(carrier: CarrierSimulator):
    with running_carrier() as trap:
        carrier.mood("redirect")
        connect(carrier.url).create(REQUEST)
        assert trap.calls == []
