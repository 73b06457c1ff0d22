"""The web server as the supervisor starts it, and clients that keep to no rule: bytes sent by hand over a socket.

Whatever comes is answered with a refusal or the connection is closed; nothing is a fault, the processes that served
before serve after it, and they have not grown.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from config import ROOT
from tests.engines import Databases
from tests.test_supervisor import free_port
from wms.app import MAX_BODY_BYTES
from wms.supervisor import KINDS

THREADS = 4  # two in each of two processes
SECONDS = 2  # a request has to arrive within
MEGABYTE = 1024 * 1024


@dataclass
class Server:
    """A running web server: its address, its master process, what it said."""

    port: int
    master: psutil.Process
    output: Path
    key: str
    at_start: int = 0  # bytes the workers took together, once each had answered

    def workers(self) -> list[psutil.Process]:
        return sorted(self.master.children(), key=lambda each: each.pid)

    def memory(self) -> int:
        """Of the workers together, in bytes, at rest: an answer is here before its thread has let go of the body."""
        readings = []
        for _ in range(10):
            readings.append(sum(each.memory_info().rss for each in self.workers()))
            time.sleep(0.02)
        return min(readings)

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=15)

    def send(self, raw: bytes, *, wait: bool = True) -> bytes:
        """Everything the server answers to these bytes, until it closes or has sent one whole answer."""
        with self.open() as connection:
            with contextlib.suppress(OSError):  # it may answer and close before it was told everything
                connection.sendall(raw)
            return read_answer(connection) if wait else b""

    def ask(self, method: str, path: str, *headers: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """A request as written here, with nothing put right; the status and what is said in JSON."""
        named = {each.partition(":")[0].lower() for each in headers}
        lines = [f"{method} {path} HTTP/1.1", *headers]
        if "host" not in named:
            lines.append(f"Host: 127.0.0.1:{self.port}")
        if "authorization" not in named:
            lines.append(f"Authorization: Bearer {self.key}")
        if body and not named & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape")
        return parsed(self.send(head + body))

    def well(self) -> bool:
        return self.ask("GET", "/api/v1/me")[0] == 200


def read_answer(connection: socket.socket) -> bytes:
    found = b""
    try:
        while chunk := connection.recv(65_536):
            found += chunk
    except OSError:
        pass
    return found


def parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    """(0, {}) for a connection that was closed without a word."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1."):
        return 0, {}
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    return int(head.split()[1]), told if isinstance(told, dict) else {}


@pytest.fixture(scope="module")
def server(engines: Databases, cast, tmp_path_factory) -> Iterator[Server]:
    name = engines.copy()
    config = replace(engines.config(name), port=free_port(), web_workers=2, web_threads=2, request_seconds=SECONDS)
    (web,) = (kind for kind in KINDS if kind.name == "web")
    output = tmp_path_factory.mktemp("web") / "output"
    outside = {key: value for key, value in os.environ.items() if not key.startswith("WMS_")}
    with output.open("wb") as sink:
        process = subprocess.Popen(
            web.arguments(config), env={**outside, **config.to_environ()}, cwd=ROOT, stdout=sink, stderr=sink
        )
    found = Server(config.port, psutil.Process(process.pid), output, cast.ACME.key)
    try:
        until = time.monotonic() + 60
        while not answers(found):
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < until, output.read_text()
            time.sleep(0.1)
        for _ in range(20):
            assert found.well()
        found.at_start = found.memory()
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        engines.engines.postgres.drop_database(name)


def answers(server: Server) -> bool:
    try:
        return server.ask("GET", "/readyz")[0] == 200
    except OSError:
        return False


@pytest.fixture(autouse=True)
def unharmed(server: Server) -> Iterator[None]:
    """The same processes serve after each test and have said nothing of a fault. They are bigger by no more than what
    their threads need to put together one body each: memory that is used again, not left behind.
    """
    before, said = [each.pid for each in server.workers()], server.output.stat().st_size
    yield
    assert server.well()
    assert [each.pid for each in server.workers()] == before
    new = server.output.read_bytes()[said:].decode(errors="replace")
    assert "Traceback" not in new, new[-3_000:]
    assert server.memory() - server.at_start < THREADS * 4 * MAX_BODY_BYTES


JSON = "Content-Type: application/json"
KEY = "Idempotency-Key: abuse"
ORDERS = "/api/v1/orders"


def refused(answer: tuple[int, dict[str, Any]]) -> bool:
    """A refusal of ours, or of the server in front of us."""
    return answer[0] == 0 or 400 <= answer[0] < 500


@pytest.mark.parametrize("path", [ORDERS, "/floor/v1/scans", "/login", "/portal/orders/new", "/api/v1/products/bulk"])
def test_ten_megabytes_are_refused_before_they_are_read(server: Server, path: str) -> None:
    """The length alone is enough: nothing of the body is ever sent, and the answer comes."""
    kind = "Content-Type: application/x-www-form-urlencoded" if "v1" not in path else JSON
    status, _told = server.ask("POST", path, KEY, kind, f"Content-Length: {10 * MEGABYTE}")
    assert status in {401, 413, 302}
    if path == ORDERS:
        assert status == 413
        assert _told["code"] == "body_too_large"


@pytest.mark.parametrize("path", [ORDERS, "/login", "/api/v1/products/bulk"])
def test_ten_megabytes_that_are_sent_all_the_same_take_no_memory(server: Server, path: str) -> None:
    kind = "Content-Type: application/x-www-form-urlencoded" if "v1" not in path else JSON
    body = b"a=" + b"x" * (10 * MEGABYTE)
    for _ in range(3):
        assert server.ask("POST", path, KEY, kind, body=body)[0] in {0, 413}
        chunked = b"".join(b"100000\r\n" + b"x" * MEGABYTE + b"\r\n" for _ in range(10)) + b"0\r\n\r\n"
        assert server.ask("POST", path, KEY, kind, "Transfer-Encoding: chunked", body=chunked)[0] in {0, 413}


def test_memory_is_used_again(server: Server) -> None:
    """Bodies of unknown length are put together up to the limit; three hundred more leave less than three would."""
    chunked = b"".join(b"100000\r\n" + b"x" * MEGABYTE + b"\r\n" for _ in range(10)) + b"0\r\n\r\n"

    def one(_: int) -> int:
        return server.ask("POST", ORDERS, KEY, JSON, "Transfer-Encoding: chunked", body=chunked)[0]

    def send(times: int) -> int:
        with ThreadPoolExecutor(THREADS) as pool:  # all threads at once: each keeps a little of what it once needed
            assert set(pool.map(one, range(times))) <= {0, 413}
        return server.memory()

    before = send(300)  # it settles slowly: seen 312, 353, 365, 376, 362 MB after each three hundred
    assert send(300) - before < 3 * MAX_BODY_BYTES


def test_a_bomb_in_gzip_is_no_json(server: Server) -> None:
    """We take no compressed bodies: the bytes are read as they are, and they are not JSON."""
    bomb = gzip.compress(b" " * (50 * MEGABYTE))
    for coding in ("gzip", "deflate", "br", "identity, gzip", "x"):
        status, told = server.ask("POST", ORDERS, KEY, JSON, f"Content-Encoding: {coding}", body=bomb)
        assert (status, told["code"]) == (415, "wrong_media_type")


@pytest.mark.parametrize(
    "body",
    [b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000, b"\xff\xfe\x00", b'"\xed\xa0\x80"', b"\x00" * 1000, b"",
     b"{" * MEGABYTE, b"[0," * MEGABYTE, b'{"x":"' + b"\\u0000" * MEGABYTE],
    ids=["deep", "deep and open", "not UTF-8", "surrogate", "zeros", "empty", "braces", "list", "escapes"],
)  # fmt: skip
def test_bodies_that_are_no_json(server: Server, body: bytes) -> None:
    status, told = server.ask("POST", ORDERS, KEY, JSON, body=body)
    assert (status, told["code"]) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], b"zz\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"-1\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"fffffffffffffffff\r\n{}"),
        (["Transfer-Encoding: chunked"], b"2;" + b"x" * 100_000 + b"\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], b"1\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked", "Content-Length: 2"], b"2\r\n{}\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked, identity"], b"{}"),
        (["Transfer-Encoding: gzip"], b"{}"),
        (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
        (["Transfer-Encoding: \x0bchunked"], b"0\r\n\r\n"),
        (["Content-Length: 2", "Content-Length: 3"], b"{}"),
        (["Content-Length: -2"], b"{}"), (["Content-Length: +2"], b"{}"), (["Content-Length: 2, 2"], b"{}"),
        (["Content-Length: 0x2"], b"{}"), (["Content-Length: 2_0"], b"{}"), (["Content-Length: " + "9" * 400], b"{}"),
        (["Content-Length:"], b"{}"),
    ],
)  # fmt: skip
def test_lies_about_the_length(server: Server, headers: list[str], body: bytes) -> None:
    assert refused(server.ask("POST", ORDERS, KEY, JSON, *headers, body=body))


@pytest.mark.parametrize(
    "headers",
    [["X-A: " + "x" * 100_000], [f"X-{n}: 1" for n in range(2_000)], ["X A: 1"], [": 1"], ["X-A\x00: 1"], ["X-A: \x00"],
     ["X-A: a\rb"], [" folded: 1"], ["Host: a", "Host: b"], ["Host: " + "a" * 300 + ".example"], ["Host: a b"],
     ["Host: [::1"], ["Host: xn--"], ["Host: ../.."], ["Host: a@b/c?d#e"], ["Host: é"], ["Host:"],
     ["Cookie: " + "a=b; " * 2_000], ["Authorization: Bearer " + "x" * 8_000], ["Authorization: Bearer \udcff"],
     ["Expect: 200-ok"], ["Content-Type: application/json; charset=no-such"], ["Upgrade: websocket"],
     ["Range: bytes=9-1,0-,-5"], ["If-Match: \udcff"], ["X-Request-Id: ../../etc"]],
    ids=lambda headers: f"{len(headers)} {headers[0][:18]!r}",
)  # fmt: skip
def test_headers_that_no_client_sends(server: Server, headers: list[str]) -> None:
    for method, path in (("GET", "/login"), ("GET", "/static/js/floor.js"), ("POST", ORDERS), ("GET", "/api/v1/me")):
        status, _ = server.ask(method, path, *headers)
        assert status < 500, (method, path, status)


@pytest.mark.parametrize(
    "line",
    ["GET", "GET /", "GET / HTTP/9.9", "GET / HTTP/1.1 HTTP/1.1", " GET / HTTP/1.1", "get /login HTTP/1.1",
     "G\x00T / HTTP/1.1", "GET \x00 HTTP/1.1", "GET /\udcff HTTP/1.1", "TRACE / HTTP/1.1", "CONNECT a:1 HTTP/1.1",
     "PROPFIND /office/ HTTP/1.1", "X" * 10_000 + " / HTTP/1.1", "GET /" + "a" * 100_000 + " HTTP/1.1",
     "GET http://evil.example/office/ HTTP/1.1", "GET //evil.example/office/ HTTP/1.1", "GET * HTTP/1.1",
     "OPTIONS * HTTP/1.1", "GET /office/../office/ HTTP/1.1", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1",
     "GET /static/..%2f..%2fconfig.py HTTP/1.1", "GET /static/%00 HTTP/1.1", "GET /%c0%ae%c0%ae/ HTTP/1.1",
     "GET /office/%u002e HTTP/1.1", "GET /office/...;/ HTTP/1.1", "GET /%zz HTTP/1.1", "GET /login?%zz=%zz HTTP/1.1",
     "GET /login?" + "a=1&" * 900 + " HTTP/1.1", "GET /office/stock/99999999999999999999 HTTP/1.1",
     "PRI * HTTP/2.0", "DELETE /login HTTP/1.1", "POST /static/js/floor.js HTTP/1.1", "PATCH / HTTP/1.1"],
    ids=lambda line: ascii(line[:40]),
)  # fmt: skip
def test_first_lines_that_no_client_sends(server: Server, line: str) -> None:
    head = f"{line}\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode("utf-8", "surrogateescape")
    answer = server.send(head)
    status, _ = parsed(answer)
    assert status < 500, answer[:500]
    assert b"DEVELOPMENT_SECRET" not in answer
    assert b"root:" not in answer


def test_what_is_no_http(server: Server) -> None:
    for raw in (
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x00" * 5_000,
        b"\r\n" * 2_000,
        os.urandom(4_000),
        b"\n",
        b"SSH-2.0-x\r\n",
    ):
        status, _ = parsed(server.send(raw + b"\r\n\r\n"))
        assert status < 500


def test_two_requests_in_one_are_two(server: Server) -> None:
    """What follows a body of the announced length is a request of its own, with its own door."""
    second = b"GET /api/v1/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    first = (f"POST {ORDERS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.key}\r\n{KEY}\r\n{JSON}\r\n"
             "Content-Length: 2\r\n\r\n{}").encode()  # fmt: skip
    answer = server.send(first + second)
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"HTTP/1.1 401" in answer


def slow_clients(server: Server) -> list[socket.socket]:
    """More than there are threads, each in the middle of something."""
    beginnings = (
        b"GET /login HTTP/1.1\r\nHost: a\r\nX-A: ",
        f"POST {ORDERS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.key}\r\n{KEY}\r\n{JSON}\r\n"
        "Content-Length: 1000\r\n\r\n{".encode(),
        (
            b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"
        ),
        b"G",
    )
    made = []
    for number in range(8):
        connection = server.open()
        connection.sendall(beginnings[number % len(beginnings)])
        made.append(connection)
    return made


def test_clients_that_never_finish_hold_nobody_up_for_ever(server: Server) -> None:
    """Each sends a byte now and then. The others are served once the slow ones have had their seconds."""
    clients = slow_clients(server)
    until = time.monotonic() + 60
    try:
        while clients:
            assert time.monotonic() < until, f"{len(clients)} of the slow clients are still held"
            time.sleep(0.5)
            clients = [each for each in clients if still_open(each)]
    finally:
        for each in clients:
            each.close()
    assert server.well()


def still_open(client: socket.socket) -> bool:
    """One more byte goes out, and nothing but that happens."""
    client.setblocking(False)
    try:
        client.send(b"x")
        while client.recv(4_096):  # what it answers before it closes
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    client.close()
    return False


def test_a_client_that_does_not_take_its_answer_is_let_go(server: Server) -> None:
    """Answers that pile up unread: the thread comes back."""
    clients = []
    for _ in range(8):
        connection = server.open()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one = b"GET /api/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.sendall(one * 40)
        clients.append(connection)
    try:
        until = time.monotonic() + 60
        while not server.well():
            assert time.monotonic() < until
    finally:
        for each in clients:
            each.close()
