"""A client's line to the house: patient as our tablet and a decent seller's system are, and every exchange in the book.

Lost answer, time-out, 429, any 5xx: the same request again with the same id (`static/js/scan_queue.js`; the API's
reference). Nothing else is repeated, and no request is given up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.faults.book import Book
from wms.demo.client import Line

TABLET_PAUSES = (0.5, 1.0, 2.0)  # the pauses of scan_queue.js, then its slowest
TABLET_SLOWEST = 5.0
TIMEOUT_SECONDS = 5.0  # of floor.js


class Gate:
    """Lets requests through, or holds them all up so that the house can be looked at while nothing moves."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.shut = True
        self.inside = 0

    @contextmanager
    def passing(self) -> Iterator[None]:
        with self.changed:
            self.changed.wait_for(lambda: not self.shut)
            self.inside += 1
        try:
            yield
        finally:
            with self.changed:
                self.inside -= 1
                self.changed.notify_all()

    def open(self) -> None:
        with self.changed:
            self.shut = False
            self.changed.notify_all()

    def close(self, seconds: float) -> bool:
        """Let nobody in and wait until everybody who is in has an answer; False when somebody has not."""
        with self.changed:
            self.shut = True
            return self.changed.wait_for(lambda: self.inside == 0, seconds)


@dataclass
class PatientLine(Line):
    """`wms.demo.client.Line` that never gives up, and tells the book."""

    name: str = ""
    book: Book = field(default_factory=Book)
    gate: Gate = field(default_factory=Gate)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        with self.gate.passing():
            tries = 0
            while True:
                answer = self._try(method, path, body, {**self.headers, **headers})
                if answer is not None and answer[0] != 429 and answer[0] < 500:
                    return answer
                told = answer[1].get("Retry-After") if answer is not None else None
                time.sleep(self._pause(tries, told))
                tries += 1

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()

    def _pause(self, tries: int, retry_after: str | None) -> float:
        """A seller's system does as Retry-After says, a tablet by its own clock: it is in somebody's hands."""
        if retry_after is not None and "Authorization" in self.headers:
            return float(retry_after)
        return TABLET_PAUSES[tries] if tries < len(TABLET_PAUSES) else TABLET_SLOWEST

    def _try(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, Any, bytes] | None:
        if self.connection is None:
            self.connection = HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
        asked_at = time.monotonic()
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            self.connection.close()
            self.connection = None
            self.book.note_lost()
            return None
        key = headers.get("Idempotency-Key")
        retry_after = answer.headers.get("Retry-After")
        self.book.note(self.name, method, path, asked_at, body, key, answer.status, retry_after, content)
        return answer.status, answer.headers, content
