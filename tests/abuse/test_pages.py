"""Every field of every form and every parameter of every page, with everything that a person or a program may send.

Which names a page reads is not written down here: the request notes what it is asked for, so that a new field is
covered by being read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_from_bytes, urlencode

import pytest
from argon2 import PasswordHasher
from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.abuse.values import DEEP, TYPED, typed
from tests.abuse.world import Caller, World, caller_for, routes
from wms.core.barcodes import OwnCode, format_own
from wms.core.ids import new_id
from wms.identity import hashing
from wms.platform import forms

DESIGN = '{"kind": "product", "size": [70, 50], "elements": []}'
asked: set[str] = set()


class Noted(ImmutableMultiDict):  # type: ignore[type-arg]
    """Form fields or query parameters that note which names they were asked for."""

    def get(self, key: str, *arguments: Any, **options: Any) -> Any:
        asked.add(key)
        return super().get(key, *arguments, **options)

    def getlist(self, key: str, *arguments: Any, **options: Any) -> Any:
        asked.add(key)
        return super().getlist(key, *arguments, **options)

    def __getitem__(self, key: str) -> Any:
        asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        asked.add(str(key))
        return super().__contains__(key)


class NotingRequest(Request):
    parameter_storage_class = Noted


# What brings a form past its schema, by the name of its field; a name that is not here gets "1".
PLAUSIBLE = {
    "warehouse": "DE1", "service": "HOUSE-STD", "name": "Anna", "country": "DE", "city": "Berlin",
    "address1": "Invalidenstraße 117", "lines.0.sku": "MUG-450-BLUE", "currency": "EUR", "name_en": "A thing",
    "name_zh": "东西", "declared_currency": "EUR", "hs_code": "961700", "origin_country": "CN", "reason": "quality",
    "scope": "balance", "decision": "resolved", "zone": "A", "pattern": "Z-{aisle:02}-{bay:02}-{level}",
    "expected_on": "2027-01-05", "transport": "sea", "email": "a@example.com", "scopes": "labels.read", "role": "floor",
    "size": "60x40", "language": "en", "next": "/", "serial_control": "none", "kind": "pick", "action": "",
    "cartons.0.lines.0.sku": "MUG-450-BLUE", "password": "correct horse battery", "cargo_attributes": "battery",
    "id_number": "", "shop_id": "", "customs_unit": "011", "seller": "", "cursor": "", "product": "", "house": "",
    "unit_value": "12.50", "lines.0.unit_value": "12.50", "declared_value": "12.50",
}  # fmt: skip
UNIQUE = {"reference", "sku", "login", "barcode_", "document"}
BY_ENDPOINT = {
    "portal_returns.create": {"order": "SHOP-1", "reason": "damaged"},
    "office_bins.generate": {"pattern": "{aisle:02}-{bay:02}"},
    "portal_products.create": {"barcode": "", "customs_item_number": "", "tracking_number": ""},
    "office_waves.release": {"warehouse": "{warehouse_id}"},
    "portal_labels.create": {"lines.0.quantity": "2"},
    "office_designs.save": {"kind": "product", "size": "70x50", "data": DESIGN, "base": "0", "note": "x"},
    "portal_orders.create": {
        "kind": "dropship", "fill": "fill_all", "platform": "amazon", "signature": "", "insurance.value": "",
        "cod.amount": "", "age_check": "", "liftgate": "", "delivery.day": "", "delivery.from": "", "delivery.until": "",
        "packing": "carton", "contents": "goods", "ioss": "IM2760000742", "vat_id": "DE123456789", "eori": "DE1234567890123",
        "lines.0.container": "", "lines.0.fnsku": "", "lines.0.batch": "", "lines.0.condition": "",
        "fba.shipment_id": "", "fba.reference_id": "", "fba.centre": "",
    },
    "portal_order_routing.save": {"seller": "ACME", "prefer": "nearest", "zones": "DE1 FR 67 1"},
    "portal_order_papers.add": {"kind": "invoice"},
    "transfers_pages.create": {"to_warehouse": "NGB1"},
    "portal_order_stops.hold": {"reason": "address", "release_stock": ""},
    "portal_order_stops.intercept": {"reason": "other"},
    "floor_photos.store_damage": {"reason": "wet"},
    "portal_order_ways.go": {"way": "hold"},
    "office_wave_shortages.go": {"way": "hold"},
    "portal_order_terms.save": {"seller": "ACME", "fill": "partial"},
    "office_interceptions.refuse": {"why": "other"},
    "office_cut_offs.save": {"carrier": "HOUSE", "service": "", "orders_until": "14:00", "truck_at": "17:00"},
    "office_cut_offs.close_days": {"closed_warehouse": "DE1", "closed_days": "2026-12-25"},
    "office_packaging.add": {"kind": "carton", "code": "NEW-1", "max_g": "100"},
    "office_packaging.edit": {"kind": "carton", "max_g": "100"},
    "floor_station.bind": {"barcode": format_own(OwnCode.STATION, "P01")},
    "customs_pages.record_booking": {"item_number": "17", "quantity": "1"},
}  # fmt: skip
# Its door: a wrong password is counted on purpose. And the way out would end the walk.
# A wrong password is counted, whatever else is wrong.
DOORS = {"identity_pages.login_post", "identity_pages.badge_post", "identity_pages.confirm_post"}
LEFT_OUT = {"identity_pages.logout"}


@pytest.fixture(scope="module", autouse=True)
def noting(world: World) -> Iterator[None]:
    with noting_requests(world.app):
        yield


@contextmanager
def noting_requests(app: Flask) -> Iterator[None]:
    """Requests that note what they are asked for, and passwords that are hashed without effort."""
    former, app.request_class = app.request_class, NotingRequest
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    typed_rows = forms.typed_rows

    def noted_rows(prefix: str, names: Any) -> Any:
        asked.update(f"{prefix}.0.{name}" for name in names)
        return typed_rows(prefix, names)

    with mock.patch.object(hashing, "_hasher", cheap), mock.patch.object(forms, "typed_rows", noted_rows):
        yield
    app.request_class = former


class Walk:
    """One person on one page."""

    def __init__(self, world: World, rule: Rule, method: str, caller: Caller) -> None:
        self.world, self.rule, self.method, self.caller = world, rule, method, caller
        self.wrong: list[str] = []
        self.path = world.path(rule.rule)

    def base(self, names: set[str]) -> dict[str, str]:
        known = PLAUSIBLE | BY_ENDPOINT.get(self.rule.endpoint, {})
        found = {name: known.get(name, known.get(name.rpartition(".")[2], "1")) for name in sorted(names)}
        found = {name: value.replace("{warehouse_id}", self.world.ids["warehouse_id"]) for name, value in found.items()}
        found |= {name: f"X{new_id().hex[-10:]}" for name in names & UNIQUE}
        return {name: value for name, value in found.items() if value} | {"command_id": str(new_id())}

    def names(self) -> set[str]:
        """What the page asks for, in as many rounds as there is something new."""
        found: set[str] = set()
        for _ in range(6):
            asked.clear()
            self.send(self.base(found), "its own names")
            if asked <= found:
                break
            found |= {name for name in asked if not re.search(r"\.[1-9]", name)}  # one row of a table stands for all
        # The search box of every page asks for its own word: it is walked where there is a search.
        return (
            found
            if self.rule.endpoint == "portal.search" or (len(found) > 1 and self.method == "GET")
            else found - {"q"}
        )

    def send(self, values: dict[str, str], what: str) -> TestResponse:
        body = encoded(values)
        self.world.changes()
        if self.method == "GET":
            answer = self.caller.get(f"{self.path}?{body}")
        else:
            answer = self.caller.send(self.method, self.path, data=body,
                                      content_type="application/x-www-form-urlencoded")  # fmt: skip
        changed = self.world.changes()
        refused = answer.status_code >= 400 or self.method == "GET" or "stop" in tones(self.world, answer)
        if answer.status_code >= 500:
            self.wrong.append(f"{self.method} {self.path} {what}: {answer.status_code}")
        if changed and refused and self.rule.endpoint not in DOORS:
            self.wrong.append(f"{self.method} {self.path} {what}: {answer.status_code}, yet changed {changed}")
        return answer


def encoded(values: dict[str, str]) -> str:
    """As a browser sends it; what is no text as its bytes."""
    return urlencode(values, errors="surrogatepass")


def tones(world: World, answer: TestResponse) -> list[str]:
    """The tones of what the next page will say."""
    found = re.search(r"(?:^|\s)session=([^;]+)", answer.headers.get("Set-Cookie", ""))
    serializer = SecureCookieSessionInterface().get_signing_serializer(world.app)
    assert serializer is not None
    return [tone for tone, _words in serializer.loads(found[1]).get("_flashes", [])] if found else []


def pages(world: World) -> Iterator[tuple[Rule, str, Any]]:
    for rule, method, permission in routes(world.app):
        if not rule.rule.startswith(("/api/", "/floor/v1/")) and rule.endpoint not in LEFT_OUT:
            yield rule, method, permission


def walker(world: World, rule: Rule, method: str, permission: Any) -> Walk:
    if permission is None:
        caller = Caller(world.client, {})
    elif rule.rule.startswith("/floor"):
        caller = world.cast.sign_in(world.client, world.cast.receiver)
        caller.post("/floor/station", data={"barcode": format_own(OwnCode.STATION, "P01")})
    else:
        caller = caller_for(world, permission, seller=rule.rule.startswith("/portal"))
    return Walk(world, rule, method, caller)


def test_every_field_of_every_form_and_query(world: World) -> None:
    wrong, walked = [], {}
    for rule, method, permission in pages(world):
        walk = walker(world, rule, method, permission)
        names = walk.names()
        walked[rule.endpoint] = names
        for name in sorted(names):
            for label, value in typed().items():
                walk.send(walk.base(names) | {name: value}, f"{name} = {label}")
        wrong += walk.wrong
    assert not wrong, "\n".join(wrong)
    assert {"q", "tab", "cursor"} <= walked["portal_orders.index"]
    assert {"reference", "lines.0.sku", "consignee.address1", "command_id"} <= walked["portal_orders.create"]
    assert {"cartons.0.count", "cartons.0.lines.0.sku"} <= walked["portal_bookings.create"]
    assert sum(map(len, walked.values())) > 150


def test_names_that_no_form_has(world: World) -> None:
    """Row numbers out of the way, names without end, the same name many times."""
    strange = {
        f"{prefix}.{number}.{name}": "1"
        for prefix, name in (("lines", "sku"), ("cartons", "count"), ("cartons.0.lines", "sku"))
        for number in ("²", "-1", "9" * 5000, "0" * 300 + "1", "", "١", "1e3", "\x00", "\ud800", "__class__")
    } | {"x" * 100_000: "1", "": "", "\x00": "1"}
    wrong = []
    for rule, method, permission in pages(world):
        if method != "POST":
            continue
        walk = walker(world, rule, method, permission)
        for name, value in strange.items():
            walk.send({**walk.base(set()), name: value}, f"{name[:30]!r}")
        wrong += walk.wrong
    assert not wrong, "\n".join(wrong)


def test_what_stands_in_a_path(world: World) -> None:
    """Every parameter of every path that is no id: words, numbers beyond every column, dots and slashes."""
    odd = [*TYPED.values(), "0", "00", "9223372036854775808", "9" * 4301, "-1", "..", ".", "%", "a/b", "café", "a;b"]
    wrong = []
    for rule, method, permission in [*pages(world)]:
        walk = walker(world, rule, method, permission)
        for name in rule.arguments:
            for value in odd:
                walk.path = world.path(
                    rule.rule, **{name: quote_from_bytes(value.encode("utf-8", "surrogatepass"), "")}
                )
                walk.send({"command_id": str(new_id())}, f"{name} = {value[:30]!r}")
        wrong += walk.wrong
    assert not wrong, "\n".join(wrong)


HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Content-Encoding", "Content-Length",
    "Content-Type", "Cookie", "Expect", "Forwarded", "Idempotency-Key", "If-Match", "If-Modified-Since",
    "If-None-Match", "If-Range", "If-Unmodified-Since", "Origin", "Range", "Referer", "Sec-Fetch-Site",
    "Transfer-Encoding", "Upgrade", "X-CSRF-Token", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
    "X-HTTP-Method-Override", "X-Request-Id",
)  # fmt: skip
SAID = (
    "", " ", ",", ";;;", "*", "é\xff", "x" * 8000, "-1", "9" * 400, "0", "bytes=0-", "bytes=-1", "bytes=9-1,0-0,0-0",
    'W/"v1"', '"v1", "v2"', "Bearer", "Bearer é", "Basic w6k6", "Bearer wms_live_DEMOACME_é", "application/json",
    "multipart/form-data", "multipart/form-data; boundary=", "text/html; charset=no-such", "gzip", "chunked, chunked",
    "Mon, 99 Foo 2026 99:99:99 GMT", "wms_session=é; language=é", "session=.eJx.é.x", "language=../../etc", "DELETE",
    "https://evil.example", "null", "evil.example:99999", "[::1", "a b", "../..", "for=é", "zz-ZZ;q=9", "zh;q=nan",
    "en;q=-1, *;q=1e999", "xn--", "-", "a_b-c.d@e",
)  # fmt: skip
NASTY = ("", "é\xff", "x" * 8000, "9" * 400)
SURFACES = (
    ("GET", "/office/waves"), ("GET", "/login"), ("POST", "/login"), ("POST", "/language"),
    ("POST", "/portal/orders/new"), ("GET", "/floor/badge"), ("POST", "/floor/v1/scans"), ("GET", "/api/v1/me"),
    ("POST", "/api/v1/orders"), ("GET", "/api/v1/products/{product_id}"), ("PATCH", "/api/v1/products/{product_id}"),
    ("GET", "/static/js/floor.js"), ("GET", "/labels/documents/{document_id}.pdf"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "template"), SURFACES, ids=[f"{each[0]} {each[1]}" for each in SURFACES])
def test_every_header_we_read_and_those_that_others_read(world: World, method: str, template: str) -> None:
    person = world.cast.sign_in(world.client, world.cast.admin)
    path = template.format(**world.ids)
    base = {"Authorization": f"Bearer {world.cast.ACME.key}", "X-CSRF-Token": person.headers["X-CSRF-Token"],
            "Idempotency-Key": str(new_id()), "Cookie": f"wms_session={person.cookie}"}  # fmt: skip
    body = None if method == "GET" else b"{}" if "v1" in path else b"a=1"
    kind = "application/json" if "v1" in path else "application/x-www-form-urlencoded"
    wrong, client = [], type(person.client)(world.app, world.app.response_class, use_cookies=False)
    world.changes()
    for place, name in enumerate(HEADERS):
        for value in SAID if DEEP else {*NASTY, *SAID[place % 4 :: 4]}:
            headers = {**base, "Content-Type": kind, name: value}
            if method == "GET":
                headers.pop("Content-Type") if name != "Content-Type" else None
            answer = client.open(path, method=method, data=body, headers=headers)
            if answer.status_code >= 500:
                wrong.append(f"{name}: {value[:40]!r}: {answer.status_code}")
            answer.close()
    assert not wrong, "\n".join(wrong)
    if template not in {"/login", "/language"}:
        assert world.changes() == []


def test_an_address_is_answered_alike_however_it_is_written(world: World) -> None:
    """Dots, doubled slashes and encoded letters lead nowhere else, and never around the door."""
    wrong = []
    for way in ("//office/", "/./office/", "/portal/../office/", "/%2e%2e/office/", "/office%2f", "/OFFICE/", "/office/.",
                "/office/%00", "/office/;a=b", "/api//v1/me", "/api/v1/../../office/", "/api/v1/me/", "/static/../config.py",
                "/static/..%2f..%2fconfig.py", "/static/%2e%2e/%2e%2e/config.py", "/static//etc/passwd", "/static/js/%00",
                "/static/" + "a/" * 2000, "/\\office\\", "/office/\u202e", "/%c0%ae%c0%ae/office/", "/office/...",
                "/floor/v1/../../office/", "/" + quote("办公室"), "/static/js/floor.js%00.png"):  # fmt: skip
        answer = world.client.get(way)
        if answer.status_code not in {301, 302, 308, 401, 404} or b"DEVELOPMENT_SECRET" in answer.data:
            wrong.append(f"{way}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
