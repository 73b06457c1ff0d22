"""A carrier on this machine that speaks the parcel protocol of docs/carriers.md, and behaves as badly as it is told to.

    with running_carrier() as carrier:
        carrier.mood("lost")            # the next request: done, and the connection dies before the answer
        carrier.mood("busy", times=3)

Moods are used up one a request, in order. `carrier.calls` are the requests that came, `carrier.sold` the waybills there
are. It listens on 127.0.0.1 only and keeps nothing.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from labels import WaybillLabel, render_bundle
from wms.core.checkdigits import ups_1z_check_digit

TOKEN = "a-token-of-the-carrier"


@cache
def label_pdf(number: str, service: str = "Express") -> bytes:
    """A carrier's label, 100 × 150 mm, whose bar code says the number."""
    label = WaybillLabel(
        service_name=service, carrier_code="SIM", tracking_number=number, sender_lines=("Seller",),
        consignee_name="Anna Schmidt", consignee_lines=("Street 1", "DE"), return_lines=("Warehouse",),
    )  # fmt: skip
    return render_bundle([label]).pdf


@dataclass
class CarrierSimulator:
    server: ThreadingHTTPServer
    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    charge: Any = None  # what it says that a waybill costs: `total_minor`, `currency`, `surcharges`
    prices: dict[str, dict[str, Any]] = field(default_factory=dict)  # by service: `total_minor`, `currency`, `days` …
    lorries: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def mood(self, name: str, times: int = 1) -> None:
        self.moods += [name] * times

    @property
    def sold(self) -> list[str]:
        """Numbers of the waybills that are bought and not given back."""
        return [each["tracking_number"] for each in self.shipments.values() if each["state"] == "created"]

    @property
    def coming(self) -> list[str]:
        """Ids of the lorries that are ordered and not called off."""
        return [each["id"] for each in self.lorries.values() if each["state"] == "confirmed"]

    def send_lorry(self, body: dict[str, Any]) -> dict[str, Any]:
        """One more lorry, whoever ordered one before: finding it again is the client's business."""
        with self.lock:
            made = {
                "id": f"lorry-{len(self.lorries) + 1}", "reference": body["reference"], "state": "confirmed",
                "from": body["ready_at"], "to": body["close_at"],
            }  # fmt: skip
            self.lorries[made["id"]] = made
            return made

    def next_mood(self) -> str:
        with self.lock:
            return self.moods.pop(0) if self.moods else "well"

    def make(self, reference: str) -> dict[str, Any]:
        """A new waybill, whoever asked for one before: finding it again is the client's business."""
        with self.lock:
            serial = len(self.shipments) + 1
            payload = f"5R89390{serial:08d}"
            number = f"1Z{payload}{ups_1z_check_digit(payload)}"
            made = {"id": f"sim-{serial}", "reference": reference, "tracking_number": number, "state": "created",
                    "label": {"format": "PDF", "content": base64.b64encode(label_pdf(number)).decode()}}  # fmt: skip
            if self.charge is not None:
                made["charge"] = self.charge
            self.shipments[made["id"]] = made
            return made


class Handler(BaseHTTPRequestHandler):
    carrier: CarrierSimulator
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """A test's output is its own."""

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_DELETE = do_GET  # noqa: N815

    def serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        self.carrier.calls.append((self.command, self.path))
        self.carrier.bodies.append(body)
        mood = self.carrier.next_mood()
        before = getattr(self, f"before_{mood}", None)
        if before is not None:
            before()
            return
        status, answer = self.work(body)
        after = getattr(self, f"after_{mood}", None)
        if after is not None:
            after(status, answer)
        else:
            self.say(status, answer)

    # What it does when it is well

    def work(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"code": "unauthorised"}
        parts = urlsplit(self.path)
        kind, _, key = parts.path.removeprefix("/v1/").partition("/")
        if kind == "shipments":
            return self.shipment(key, body, parse_qs(parts.query))
        if kind == "rates":
            known = self.carrier.prices
            return 200, {"rates": [{"service": each, **known[each]} for each in body["services"] if each in known]}
        if kind == "collections":
            return self.collection(key, body, parse_qs(parts.query))
        if kind == "manifests":
            known = self.carrier.manifests.setdefault(
                body["reference"], {"id": f"list-{len(self.carrier.manifests) + 1}", **body}
            )
            return 201, known
        events = self.carrier.events.get(key)
        return (404, {"code": "unknown"}) if events is None else (200, {"tracking_number": key, "events": events})

    def shipment(self, key: str, body: dict[str, Any], query: dict[str, list[str]]) -> tuple[int, Any]:
        if self.command == "POST":
            return 201, self.carrier.make(body["reference"])
        if self.command == "GET":
            wanted = query["reference"][0]
            return 200, {"data": [each for each in self.carrier.shipments.values() if each["reference"] == wanted]}
        found = self.carrier.shipments.get(key)
        if found is None:
            return 404, {"code": "unknown"}
        found["state"] = "voided"
        return 204, None

    def collection(self, key: str, body: dict[str, Any], query: dict[str, list[str]]) -> tuple[int, Any]:
        if self.command == "POST":
            return 201, self.carrier.send_lorry(body)
        if self.command == "GET":
            wanted = query["reference"][0]
            return 200, {"data": [each for each in self.carrier.lorries.values() if each["reference"] == wanted]}
        found = self.carrier.lorries.get(key)
        if found is None:
            return 404, {"code": "unknown"}
        found["state"] = "cancelled"
        return 204, None

    def say(self, status: int, answer: Any) -> None:
        self.say_bytes(status, b"" if answer is None else json.dumps(answer).encode())

    def say_bytes(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    # Moods in which nothing is done

    def before_busy(self) -> None:
        self.say(503, {"code": "maintenance"})

    def before_slow(self) -> None:
        self.carrier.let_go.wait(20)
        self.hang_up()

    def before_drip(self) -> None:
        """A byte now and then, for ever: no single read ever times out."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while not self.carrier.let_go.wait(0.02):
                self.wfile.write(b" ")
        self.close_connection = True

    def before_drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while not self.carrier.let_go.wait(0.02):
                self.wfile.write(b"X")
        self.close_connection = True

    def before_nonsense(self) -> None:
        self.wfile.write(b"\x00\x01 not http at all\r\n\r\n")
        self.hang_up()

    def before_hang_up(self) -> None:
        self.hang_up()

    def before_redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:1/steal")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def before_html(self) -> None:
        self.say_bytes(200, b"<html><body>Welcome to our portal</body></html>", "text/html")

    def before_refusal(self) -> None:
        self.say(422, {"code": "postcode_unknown", "message": "Anna Schmidt, Invalidenstrasse 117: no such postcode"})

    def before_rude(self) -> None:
        self.say_bytes(400, b"<html>no</html>", "text/html")

    def before_forbidden(self) -> None:
        self.say(403, {"code": "forbidden"})

    def before_list(self) -> None:
        self.say(200, [1, 2, 3])

    def before_deep(self) -> None:
        self.say_bytes(200, b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}")

    def before_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(40 * 1024 * 1024))
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(40):
                self.wfile.write(b" " * 1024 * 1024)
        self.close_connection = True

    def before_not_found(self) -> None:
        self.say(404, {"code": "no_such_page"})

    # Moods in which it is done, and the answer is wrong

    def after_lost(self, *_: object) -> None:
        self.hang_up()

    def after_cut_off(self, status: int, answer: Any) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.hang_up()

    def after_numbers_are_numbers(self, status: int, answer: Any) -> None:
        self.say(status, {**answer, "tracking_number": 12345})

    def after_number_is_a_sentence(self, status: int, answer: Any) -> None:
        self.say(status, {**answer, "tracking_number": "1Z5\n<script>alert(1)</script>"})

    def after_no_number(self, status: int, answer: Any) -> None:
        self.say(status, {key: value for key, value in answer.items() if key != "tracking_number"})

    def after_no_label(self, status: int, answer: Any) -> None:
        self.say(status, {**answer, "label": None})

    def after_label_not_base64(self, status: int, answer: Any) -> None:
        self.say(status, {**answer, "label": {"format": "PDF", "content": "%PDF-1.4 ***"}})

    def after_other_parcel(self, status: int, answer: Any) -> None:
        self.say(status, {**answer, "reference": "somebody-elses/1"})

    def after_same_number(self, status: int, answer: Any) -> None:
        """The number of the first waybill once more."""
        first = next(iter(self.carrier.shipments.values()))
        self.say(status, {**answer, "tracking_number": first["tracking_number"], "label": first["label"]})

    def after_wrong_label(self, status: int, answer: Any) -> None:
        self.label(status, answer, label_pdf("1ZSOMEBODYELSES00"))

    def after_broken_label(self, status: int, answer: Any) -> None:
        self.label(status, answer, b"%PDF-1.4\nthis is no label")

    def after_lorry_twice(self, _status: int, answer: Any) -> None:
        self.carrier.send_lorry(
            {"reference": answer["reference"], "ready_at": answer["from"], "close_at": answer["to"]}
        )
        self.hang_up()

    def after_twice(self, status: int, answer: Any) -> None:
        self.carrier.make(answer["reference"])
        self.hang_up()

    def label(self, status: int, answer: Any, pdf: bytes) -> None:
        self.say(status, {**answer, "label": {"format": "PDF", "content": base64.b64encode(pdf).decode()}})


@contextlib.contextmanager
def running_carrier() -> Iterator[CarrierSimulator]:
    handler = type("BoundHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    carrier = CarrierSimulator(server)
    handler.carrier = carrier  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield carrier
    finally:
        carrier.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
