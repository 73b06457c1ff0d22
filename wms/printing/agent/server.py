"""The server as the agent sees it: a few questions over HTTPS, each answered, refused, or not answered at all."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import threading
import time
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
TIMEOUT_SECONDS = 15.0
REST_SECONDS = 1.5  # servers close what has rested for two seconds and more
MOST_BYTES = 32 * 1024 * 1024


class Away(Exception):
    """No answer, or a fault: it may or may not have happened there. Ask again later."""


class Denied(Exception):
    """The server says no, and why: a stable `code`."""

    def __init__(self, code: str, status: int, words: str = "") -> None:
        super().__init__(words or code)
        self.code = code
        self.status = status


class Server:
    """One address and one token. Each thread has a connection of its own, kept open between questions."""

    def __init__(self, address: str, token: str = "", ca_file: str | None = None) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("the server's address begins with https://")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("only https:// to another machine: the token must not travel in the clear")
        self._parts, self._token = parts, token
        self._tls = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None
        self._mine = threading.local()

    def enrol(self, code: str, host: str, version: str) -> str:
        """The token for a one-time code."""
        answer = self._ask("/agent/v1/enrolments", {"code": code, "host": host, "version": version})
        return str(answer["token"])

    def poll(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("/agent/v1/poll", body)

    def claim(self, job_id: str) -> dict[str, Any]:
        return self._ask(f"/agent/v1/jobs/{job_id}/claim", {})

    def document(self, job_id: str, claim_token: int) -> bytes:
        """The file, whole: its digest is checked."""
        headers, content = self._send(f"/agent/v1/jobs/{job_id}/document", {"claim_token": claim_token})
        if hashlib.sha256(content).hexdigest() != headers.get("X-Content-SHA256"):
            raise Away("the file came damaged")
        return content

    def arm(self, job_id: str, claim_token: int) -> None:
        self._ask(f"/agent/v1/jobs/{job_id}/arm", {"claim_token": claim_token})

    def tell(self, job_id: str, claim_token: int, words: list[dict[str, Any]]) -> None:
        self._ask(f"/agent/v1/jobs/{job_id}/events", {"claim_token": claim_token, "words": words})

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        _, content = self._send(path, body)
        try:
            answer = json.loads(content)
        except ValueError as fault:
            raise Away("the answer is no JSON") from fault
        if not isinstance(answer, dict):
            raise Away("the answer is no object")
        return answer

    def _send(self, path: str, body: dict[str, Any]) -> tuple[http.client.HTTPMessage, bytes]:
        headers = {"Content-Type": "application/json", "User-Agent": "wms-print-agent"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = self._connection()
        try:
            connection.request("POST", self._parts.path.rstrip("/") + path, json.dumps(body), headers)
            answer = connection.getresponse()
            content = answer.read(MOST_BYTES)
        except (OSError, http.client.HTTPException) as fault:
            self._hang_up()
            raise Away(type(fault).__name__) from fault
        if answer.status >= 500 or answer.status == 429:
            raise Away(f"status {answer.status}")
        if answer.status >= 400:
            raise _denial(answer.status, content)
        return answer.headers, content

    def _connection(self) -> http.client.HTTPConnection:
        """This thread's own, kept open between questions. One that has rested may have been closed by the other end, which
        is only noticed when a question is lost on it.
        """
        found: http.client.HTTPConnection | None = getattr(self._mine, "connection", None)
        if found is not None and time.monotonic() - self._mine.used > REST_SECONDS:
            self._hang_up()
            found = None
        self._mine.used = time.monotonic()
        if found is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._tls is not None:
                found = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self._tls)
            else:
                found = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
            self._mine.connection = found
        return found

    def _hang_up(self) -> None:
        found = getattr(self._mine, "connection", None)
        if found is not None:
            found.close()
        self._mine.connection = None


def _denial(status: int, content: bytes) -> Denied:
    try:
        told = json.loads(content)
        return Denied(str(told["code"]), status, str(told.get("title", "")))
    except (ValueError, KeyError, TypeError):
        return Denied("unknown", status)
