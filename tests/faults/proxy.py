"""A bad network between the clients and the house: loses requests, loses answers, delivers twice, delivers late.

It understands just enough HTTP to know where a request and an answer end. Its dice are seeded.
"""

from __future__ import annotations

import random
import socket
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import BinaryIO

UPSTREAM_SECONDS = 30.0
LATE_SECONDS = (0.2, 1.5)


@dataclass(frozen=True)
class Weather:
    """Shares of requests that meet each fate; the rest arrives as on a good day."""

    lose_request: float = 0.0
    lose_answer: float = 0.0
    twice: float = 0.0  # delivered twice at the same moment
    late: float = 0.0  # lost to the client now, delivered when it has long asked again


FAIR = Weather()


class Proxy:
    """Listens on a port of its own; `weather` may be changed at any time."""

    def __init__(self, upstream_port: int, seed: int) -> None:
        self.upstream_port = upstream_port
        self.weather = FAIR
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.fates: Counter[str] = Counter()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self) -> None:
                proxy.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), name="proxy")

    def __enter__(self) -> Proxy:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def serve(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        """One client's connection: ends when the client goes or the network eats something."""
        try:
            while request := read_request(incoming):
                answer = self._deliver(request, self._fate())
                if answer is None:
                    return
                outgoing.write(answer)
        except OSError:
            return  # the client is gone

    def _fate(self) -> str:
        with self.lock:
            thrown, found = self.dice.random(), "arrives"
            for name in ("lose_request", "lose_answer", "twice", "late"):
                thrown -= getattr(self.weather, name)
                if thrown < 0:
                    found = name
                    break
            self.fates[found] += 1
            return found

    def _deliver(self, request: bytes, fate: str) -> bytes | None:
        """What the client gets; None: nothing, and its connection ends."""
        if fate == "lose_request":
            return None
        if fate == "late":
            pause = self.dice.uniform(*LATE_SECONDS)
            threading.Thread(target=self._ask_later, args=(request, pause), daemon=True).start()
            return None
        if fate == "twice":
            threading.Thread(target=self._ask_later, args=(request, 0.0), daemon=True).start()
        answer = self._ask(request)
        return None if fate == "lose_answer" else answer

    def _ask_later(self, request: bytes, pause: float) -> None:
        time.sleep(pause)
        self._ask(request)

    def _ask(self, request: bytes) -> bytes | None:
        try:
            with socket.create_connection(("127.0.0.1", self.upstream_port), UPSTREAM_SECONDS) as upstream:
                upstream.sendall(request)
                answer = HTTPResponse(upstream)
                answer.begin()
                return _written(answer, answer.read())
        except (OSError, HTTPException):
            return None


def read_request(incoming: BinaryIO) -> bytes:
    """One whole request, or nothing at the end of the connection."""
    head, length = [], 0
    while line := incoming.readline():
        head.append(line)
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if line == b"\r\n":
            return b"".join(head) + incoming.read(length)
    return b""


def _written(answer: HTTPResponse, body: bytes) -> bytes:
    dropped = {"transfer-encoding", "content-length", "connection"}
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
    lines += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in dropped]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body
