"""How simulated people and systems reach the product: its HTTP surface, in process, over lines that fail.

Every command carries a client-made id and is sent again with that id until it is answered, as real clients do.
"""

from __future__ import annotations

import contextvars
import hashlib
import html
import random
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from wms.core.ids import new_id
from wms.simulation.faults import AT_COMMIT, Crash, Fault, Trap
from wms.simulation.stage import PIN
from wms.simulation.timeline import Timeline
from wms.simulation.world import Untrue

LAST_SHOWN = 25
TRIES = 6
FORM = "application/x-www-form-urlencoded"
# Of a thousand commands, how many are befallen.
RATES = {
    Fault.LOST_ANSWER: 25, Fault.SENT_TWICE: 20, Fault.CONNECTION_LOST: 8, Fault.CRASH_BEFORE_COMMIT: 6,
    Fault.CRASH_AFTER_COMMIT: 10,
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What came back, in the end."""

    status: int
    body: Any
    headers: Headers

    @property
    def code(self) -> str:
        """What the answer says in one word."""
        if isinstance(self.body, dict):
            feedback = self.body.get("feedback")
            if isinstance(feedback, dict):
                return str(feedback["code"])
            if "code" in self.body:
                return str(self.body["code"])
        return str(self.status)

    @property
    def ok(self) -> bool:
        return self.status < 400 and (not isinstance(self.body, dict) or self.body.get("ok", True) is not False)


@dataclass
class Record:
    """Everything that was sent, as one running hash, and the last of it in words."""

    digest: Any = field(default_factory=hashlib.sha256)
    steps: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_SHOWN))

    def note(self, moment: str, actor: str, what: str, detail: str, answer: str) -> None:
        self.steps += 1
        line = f"{moment} {actor}: {what} {detail} -> {answer}"
        self.digest.update(line.encode())
        self.last.append(f"{self.steps:>6} {line}")


class Wire:
    """The lines of one simulation."""

    def __init__(self, app: Flask, timeline: Timeline, trap: Trap) -> None:
        self.app, self.timeline, self.trap = app, timeline, trap
        self.client = FlaskClient(app, app.response_class, use_cookies=False)
        self.record = Record()
        self.calm = False  # no more faults
        self._dice = timeline.dice("faults")

    def command(
        self, actor: str, what: str, detail: str, send: Callable[[], Answer], again: Callable[[Answer, Answer], bool]
    ) -> Answer:
        """Send until answered. `again` says whether two answers to one id are the same answer."""
        fault = self._fault()
        first: Answer | None = None
        if fault in AT_COMMIT:
            first = self._befallen(fault, send)
        elif fault is not None:
            first = self.until_answered(send)
            self.record.faults[fault.value] += 1
        if first is None or fault in (Fault.LOST_ANSWER, Fault.SENT_TWICE):
            answer = self.until_answered(send)
            if first is not None and not again(first, answer):
                raise Untrue(f"{what} {detail}: one id, two answers: {first} and then {answer}")
        else:
            answer = first
        self._note(actor, what, detail, answer)
        return answer

    def _note(self, actor: str, what: str, detail: str, answer: Answer) -> None:
        self.record.commands[what] += 1
        if not answer.ok:
            self.record.refusals[answer.code] += 1
        moment = self.timeline.moment.strftime("%d %H:%M:%S.%f")[:-3]
        self.record.note(moment, actor, what, detail, f"{answer.status} {answer.code}")

    def _fault(self) -> Fault | None:
        throw = self._dice.randrange(1000)
        if self.calm:
            return None
        for fault, rate in RATES.items():
            if throw < rate:
                return fault
            throw -= rate
        return None

    def _befallen(self, fault: Fault, send: Callable[[], Answer]) -> Answer | None:
        """None when the command was lost to its sender: the process died, or the database was away."""
        sprung = self.trap.sprung
        with self.trap.set(fault):
            try:
                answer: Answer | None = send()
            except Crash:
                answer = None
        if self.trap.sprung > sprung:
            self.record.faults[fault.value] += 1
        return None if answer is None or answer.status == 503 else answer

    def until_answered(self, send: Callable[[], Answer]) -> Answer:
        for _ in range(TRIES):
            answer = send()
            if answer.status != 503:
                return answer
        raise Untrue(f"no answer after {TRIES} tries: {answer}")

    def open(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request, in a context of its own as on a server."""
        response: TestResponse = contextvars.Context().run(
            self.client.open, path, method=method, data=body, headers=dict(headers)
        )
        content = response.get_data()
        found = orjson.loads(content) if "json" in (response.mimetype or "") and content else content
        response.close()
        if response.status_code >= 500 and response.status_code != 503:
            raise Untrue(f"{method} {path} was answered {response.status_code}")
        return Answer(response.status_code, found, response.headers)


def meaning(answer: Answer) -> tuple[int, Any]:
    """An answer without what names the request it is the answer to."""
    body = answer.body
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return answer.status, body


def same_body(first: Answer, second: Answer) -> bool:
    return meaning(first) == meaning(second)


def same_feedback(first: Answer, second: Answer) -> bool:
    """Of two answers to one scan: the outcome. The screen beside it shows what is now."""
    if first.status != second.status:
        return False
    if first.status != 200:
        return first.code == second.code
    return all(first.body.get(part) == second.body.get(part) for part in ("ok", "feedback", "undo"))


def same_status(first: Answer, second: Answer) -> bool:
    """Of two answers to one form: where it leads."""
    return first.status == second.status and first.headers.get("Location") == second.headers.get("Location")


class SellerSystem:
    """A seller's shop system on `/api/v1`."""

    def __init__(self, wire: Wire, name: str, key: str) -> None:
        self.wire, self.name = wire, name
        self.headers = {"Authorization": f"Bearer {key}"}

    def post(self, what: str, path: str, body: Any, **more: Any) -> Answer:
        return self.send("POST", what, path, body, **more)

    def send(
        self, method: str, what: str, path: str, body: Any, *, key: str, match: int | None = None, detail: str = ""
    ) -> Answer:
        """One command under that key; `match`: the version that was read."""
        headers = {**self.headers, "Content-Type": "application/json", "Idempotency-Key": key}
        if match is not None:
            headers["If-Match"] = f'"v{match}"'
        data = orjson.dumps(body)
        return self.wire.command(
            self.name, what, detail, lambda: self.wire.open(method, path, data, headers), same_body
        )

    def get(self, path: str) -> Any:
        answer = self.wire.open("GET", path, None, self.headers)
        if answer.status != 200:
            raise Untrue(f"GET {path}: {answer.status} {answer.code}")
        return answer.body


_TOKEN = re.compile(rb'name="csrf_token"\s+value="([^"]+)"|name="csrf-token"\s+content="([^"]+)"')


class _Person:
    """Somebody with a login that may end at any time: then they sign in again and send the same once more."""

    first_page = "/"

    def __init__(self, wire: Wire, name: str, dice: random.Random) -> None:
        self.wire, self.name, self.dice = wire, name, dice
        self.headers: dict[str, str] = {}

    def _door(self) -> tuple[str, dict[str, str]]:
        raise NotImplementedError

    def sign_in(self) -> None:
        path, form = self._door()
        enter = lambda: self.wire.open("POST", path, _encoded(form), {"Content-Type": FORM})  # noqa: E731 - again
        answer = self.wire.until_answered(enter)
        cookie = answer.headers.get("Set-Cookie", "")
        if answer.status not in (302, 303) or not cookie:
            raise Untrue(f"{self.name} was not let in: {answer.status}")
        self.headers = {"Cookie": cookie.split(";")[0]}
        page = self.wire.open("GET", self.first_page, None, self.headers)
        found = _TOKEN.search(page.body)
        if found is None:
            raise Untrue(f"no anti-forgery token for {self.name}: {page.status}")
        self.headers["X-CSRF-Token"] = html.unescape((found[1] or found[2]).decode())
        self.wire.record.commands["sign in"] += 1

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        if not self.headers:
            self.sign_in()
        answer = self.wire.open(method, path, body, {**self.headers, **headers})
        if answer.status == 401 or (answer.status == 302 and _is_door(answer.headers.get("Location", ""))):
            self.wire.record.faults["login_ended"] += 1
            self.sign_in()
            answer = self.wire.open(method, path, body, {**self.headers, **headers})
        return answer

    def form(self, what: str, path: str, fields: Mapping[str, str | list[str]], detail: str = "") -> Answer:
        """A form of a page, under the id it was shown with."""
        body = _encoded({**fields, "command_id": str(new_id())})
        send = lambda: self._send("POST", path, body, {"Content-Type": FORM})  # noqa: E731 - the same request again
        return self.wire.command(self.name, what, detail, send, same_status)


class Desk(_Person):
    """A person of the office with a password."""

    first_page = "/"

    def __init__(self, wire: Wire, name: str, login: str, password: str) -> None:
        super().__init__(wire, name, wire.timeline.dice(name))
        self.login, self.password = login, password
        self.first_page = {"clerk@demo": "/customs/book"}.get(login, "/office/")

    def _door(self) -> tuple[str, dict[str, str]]:
        return "/login", {"login": self.login, "password": self.password}

    def read(self, page: str) -> Answer:
        return self._send("GET", page, None, {})


class Tablet(_Person):
    """A device on the floor: a badge and a scanner."""

    first_page = "/floor/station"

    def __init__(self, wire: Wire, name: str, house: str, badge: str, bench: str | None = None) -> None:
        super().__init__(wire, name, wire.timeline.dice(name))
        self.house, self.badge, self.bench = house, badge, bench
        self.sequence = 0
        self.task: dict[str, Any] = {}

    def _door(self) -> tuple[str, dict[str, str]]:
        return "/floor/badge", {"badge": self.badge, "pin": PIN}

    def sign_in(self) -> None:
        """And say at which bench, where there is one with a printer; mostly."""
        super().sign_in()
        if self.bench is not None and self.dice.random() < 0.8:
            body = _encoded({"barcode": self.bench})
            self.wire.until_answered(
                lambda: self.wire.open("POST", "/floor/station", body, {"Content-Type": FORM, **self.headers})
            )

    @property
    def state(self) -> str:
        return str(self.task["state"])

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.task["data"]
        return found

    def start(self, kind: str) -> None:
        """Begin a scenario, or resume it."""
        body = {"kind": kind, "warehouse": self.house}
        answer = self._json("start", "/floor/v1/tasks", body, str(new_id()), kind)
        if answer.status != 200:
            raise Untrue(f"{self.name} cannot begin {kind}: {answer.status} {answer.code}")
        self.task = answer.body["next"]

    def look(self) -> None:
        """The screen as it is now."""
        answer = self._send("GET", f"/floor/v1/tasks/{self.task['task_id']}", None, {})
        self.task = answer.body["next"]

    def scan(self, raw: str, *, token: str | None = None, noted: str | None = None, **extra: Any) -> Answer:
        """One scan. `token`: the step the person believes to be at, the shown one by default. `noted`: what the record says
        of a code that falls differently each time.
        """
        self.sequence += 1
        scan_id = str(new_id())
        body = {
            "task_id": self.task["task_id"], "scan_id": scan_id, "device_seq": self.sequence, "raw": raw,
            "step_token": token or self.task["step_token"], **extra,
        }  # fmt: skip
        quantity = f" x{extra['quantity']}" if "quantity" in extra else ""
        answer = self._json(f"scan {self.task['kind']}", "/floor/v1/scans", body, scan_id, (noted or raw) + quantity)
        if answer.status == 200:
            self.task = answer.body["next"]
        elif answer.status == 409 and isinstance(answer.body, dict) and "current" in answer.body:
            self.task = answer.body["current"]
        elif answer.status == 404:  # the task is closed, or what was scanned is nobody's
            self.look()
        else:
            raise Untrue(f"{self.name} scanned {raw}: {answer.status} {answer.code}")
        return answer

    def _json(self, what: str, path: str, body: Any, key: str, detail: str) -> Answer:
        data = orjson.dumps(body)
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return self.wire.command(
            self.name, what, detail, lambda: self._send("POST", path, data, headers), same_feedback
        )


def _is_door(location: str) -> bool:
    return location.startswith(("/login", "/floor/badge"))


def _encoded(form: Mapping[str, str | list[str]]) -> bytes:
    return urlencode(form, doseq=True).encode()
