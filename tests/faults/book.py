"""What the clients were told. A positive answer is a promise; the book is compared with the database after each fault.

Kept apart from the clients' own reasoning: every exchange goes through `Book.note`, which reads the wire and nothing
else, so that a client cannot forget what it was told.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Told:
    """One command as its client sees it: what it asked, and the answer that ended its asking."""

    client: str = field(compare=False)  # the same scan from two devices is one command
    path: str
    done: bool
    code: str | None = None  # of a scan: what the screen said
    quantity: int | None = None  # of a scan: the units it named
    answer: Any = None


@dataclass(frozen=True)
class Bad:
    """An answer that nobody should get, with the times it was asked and given (monotonic seconds)."""

    client: str
    method: str
    path: str
    status: int
    asked_at: float
    given_at: float
    retry_after: str | None
    text: str


@dataclass
class Book:
    """Shared by all clients of a house."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    told: dict[str, Told] = field(default_factory=dict)
    contradictions: list[str] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0  # requests whose answer never came
    last_good: dict[str, float] = field(default_factory=dict)  # client → when it was last answered well

    def note_lost(self) -> None:
        with self.lock:
            self.lost += 1

    def note(
        self, client: str, method: str, path: str, asked_at: float, sent: bytes | None, key: str | None,
        status: int, retry_after: str | None, content: bytes,
    ) -> None:  # fmt: skip
        """One answered request."""
        now = time.monotonic()
        with self.lock:
            self.statuses[status] += 1
            if status >= 500:
                text = content[:300].decode(errors="replace")
                self.bad.append(Bad(client, method, path, status, asked_at, now, retry_after, text))
                return
            if status < 400:
                self.last_good[client] = now
            if method == "POST":
                for command_id, told in _commands(client, path, sent or b"", key, status, content):
                    self._tell(command_id, told)

    def _tell(self, command_id: str, told: Told) -> None:
        before = self.told.setdefault(command_id, told)
        if before != told:
            self.contradictions.append(f"{command_id} was answered as {before} and as {told}")

    def done(self) -> set[str]:
        return {command_id for command_id, told in self.told.items() if told.done}


def _commands(
    client: str, path: str, sent: bytes, key: str | None, status: int, content: bytes
) -> list[tuple[str, Told]]:
    """The commands that a request stood for, each with its id and how it ended."""
    if path == "/floor/v1/scans":
        return [_scan(client, path, json.loads(sent), json.loads(content))] if status == 200 else []
    if path == "/floor/v1/scans/batch":
        results = json.loads(content)["results"] if status == 200 else []
        scans = {scan["scan_id"]: scan for scan in json.loads(sent)["scans"]}
        return [_scan(client, path, scans[result["scan_id"]], result) for result in results]
    if path.startswith("/labels/"):
        command_id = urllib.parse.parse_qs(sent.decode())["command_id"][0]
        return [(command_id, Told(client, path, status == 303))]
    if key is None or status in (400, 401, 403, 404, 413, 422, 429):
        return []
    answer = json.loads(content) if status < 300 and path.startswith("/api/") else None
    return [(key, Told(client, path, status < 300, answer=answer))]


def _scan(client: str, path: str, scan: dict[str, Any], answer: dict[str, Any]) -> tuple[str, Told]:
    return scan["scan_id"], Told(client, path, answer["ok"], answer["feedback"]["code"], scan.get("quantity"))
