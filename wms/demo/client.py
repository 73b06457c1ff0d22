"""The demo's hands: a seller's system on the public API, and tablets on the scan contract. Nothing else is used.

Every request carries a client-made id and is sent again with the same id when the answer is lost.
"""

from __future__ import annotations

import html
import json
import re
import time
import urllib.parse
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any

from wms.core.ids import new_id

TRIES = 6
TIMEOUT_SECONDS = 60


class DemoError(Exception):
    """The system answered what it must not answer; the demo stops and says so."""


@dataclass
class Line:
    """One kept-alive connection, used by one thread."""

    host: str
    port: int
    headers: dict[str, str] = field(default_factory=dict)
    connection: HTTPConnection | None = None

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any, bytes]:
        """(status, headers, body), after as many tries as it takes to get an answer."""
        for attempt in range(TRIES):
            if self.connection is None:
                self.connection = HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)
            try:
                self.connection.request(method, path, body, {**self.headers, **headers})
                answer: HTTPResponse = self.connection.getresponse()
                content = answer.read()
            except (OSError, HTTPException):
                self.connection.close()
                self.connection = None
                time.sleep(0.1 * attempt)
                continue
            if answer.status == 503:
                time.sleep(0.5)
                continue
            return answer.status, answer.headers, content
        raise DemoError(f"{method} {path}: no answer")

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class SellerSystem:
    """A seller's shop system: bearer key, JSON, an Idempotency-Key for every command."""

    def __init__(self, host: str, port: int, key: str) -> None:
        self.line = Line(host, port, {"Authorization": f"Bearer {key}"})

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(new_id())}
        status, _, content = self.line.send("POST", path, json.dumps(body).encode(), headers)
        return status, json.loads(content)

    def get(self, path: str) -> Any:
        status, _, content = self.line.send("GET", path, None, {})
        if status != 200:
            raise DemoError(f"GET {path}: {status} {content[:200]!r}")
        return json.loads(content)

    def must_post(self, path: str, body: Any) -> Any:
        status, answer = self.post(path, body)
        if status >= 300:
            raise DemoError(f"POST {path}: {status} {answer}")
        return answer


_TOKEN = re.compile(rb'name="csrf_token"\s+value="([^"]+)"|name="csrf-token"\s+content="([^"]+)"')


class Tablet:
    """A device on the floor: a badge, a PIN, and a scanner."""

    def __init__(self, host: str, port: int, badge: str, pin: str, warehouse: str) -> None:
        self.line = Line(host, port)
        self.warehouse = warehouse
        self.sequence = 0
        self.task: dict[str, Any] = {}
        self._sign_in(badge, pin)

    def _sign_in(self, badge: str, pin: str) -> None:
        form = urllib.parse.urlencode({"badge": badge, "pin": pin, "next": "/floor/"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, answered, content = self.line.send("POST", "/floor/badge", form, headers)
        cookie = answered.get("Set-Cookie", "")
        if status not in (302, 303) or not cookie:
            raise DemoError(f"the badge was not taken: {status} {content[:200]!r}")
        self.line.headers["Cookie"] = cookie.split(";")[0]
        _, _, page = self.line.send("GET", "/floor/station", None, {})
        found = _TOKEN.search(page)
        if found is None:
            raise DemoError("no anti-forgery token on the floor's page")
        self.token = html.unescape((found.group(1) or found.group(2)).decode())
        self.line.headers["X-CSRF-Token"] = self.token

    def start(self, kind: str) -> dict[str, Any]:
        """Begin (or resume) a scenario; returns its first screen."""
        answer = self._json("/floor/v1/tasks", {"kind": kind, "warehouse": self.warehouse}, str(new_id()))
        self.task = answer["next"]
        return self.task

    def scan(self, raw: str, **extra: Any) -> dict[str, Any]:
        """One scan; returns the whole answer and remembers the next screen."""
        body = self._scan(raw, extra) | {"step_token": self.task["step_token"]}
        answer = self._json("/floor/v1/scans", body, body["scan_id"])
        self.task = answer["next"]
        return answer

    def scan_many(self, scans: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Many scans in one body, each with its own id; returns their answers, the last screen is remembered."""
        body = {"scans": [self._scan(raw, extra) for raw, extra in scans]}
        answer = self._json("/floor/v1/scans/batch", body, str(new_id()))
        self.task = answer["next"]
        results: list[dict[str, Any]] = answer["results"]
        return results

    def print_label(self, document_id: str) -> bytes:
        """Print one waybill at the bench: armed on record, then its PDF."""
        form = urllib.parse.urlencode({"csrf_token": self.token, "command_id": str(new_id())}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        path = f"/labels/documents/{document_id}/print"
        status, answered, content = self.line.send("POST", path, form, headers)
        if status != 303:
            raise DemoError(f"the label was not printed: {status} {content[:300]!r}")
        status, _, content = self.line.send("GET", answered["Location"], None, {})
        if status != 200:
            raise DemoError(f"the label's file: {status} {content[:300]!r}")
        return content

    def _scan(self, raw: str, extra: dict[str, Any]) -> dict[str, Any]:
        self.sequence += 1
        return {
            "task_id": self.task["task_id"], "scan_id": str(new_id()), "device_seq": self.sequence, "raw": raw, **extra
        }  # fmt: skip

    def _json(self, path: str, body: Any, key: str) -> Any:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        status, _, content = self.line.send("POST", path, json.dumps(body).encode(), headers)
        if status != 200:
            raise DemoError(f"POST {path}: {status} {content[:300]!r}")
        return json.loads(content)
