"""An agent in the test's own process: its server is the test client, and a fuse can end it at any step."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests.cast import Cast
from tests.printing.simulator import IppPrinter, Mechanism, RawPrinter
from wms.platform.database import transaction
from wms.printing import service as printing
from wms.printing.agent.__main__ import opened
from wms.printing.agent.backend import Target
from wms.printing.agent.journal import Journal
from wms.printing.agent.server import Away, Server, _denial
from wms.printing.agent.work import Agent
from wms.printing.service import PrinterDraft


class TestServer(Server):
    """The questions of an agent, sent to the application through its test client."""

    __test__ = False

    def __init__(self, client: FlaskClient, token: str = "") -> None:
        super().__init__("https://wms.test", token)
        self.client, self.token = client, token
        self.away = False

    def _send(self, path: str, body: dict[str, Any]) -> Any:
        if self.away:
            raise Away("unplugged")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.client.post(path, json=body, headers=headers)
        if answer.status_code >= 500:
            raise Away(f"status {answer.status_code}")
        if answer.status_code >= 400:
            raise _denial(answer.status_code, answer.data)
        return answer.headers, answer.data


class Killed(BaseException):
    """As `kill -9`: nothing after this line runs."""


class Fuse:
    """Counts steps and kills at one of them. 0: never."""

    def __init__(self, at: int = 0) -> None:
        self.at, self.steps = at, 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Killed

    def around(self, thing: Any, *names: str) -> Any:
        """The same thing, with a step after each of these methods: before one is after the one before it."""
        for name in names:
            setattr(thing, name, self._fused(getattr(thing, name)))
        return thing

    def _fused(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def fused(*arguments: Any, **named: Any) -> Any:
            result = does(*arguments, **named)
            self.step()
            return result

        return fused


class Bench:
    """An enrolled agent with one printer, bound to the bench P01 of DE1 for waybills."""

    def __init__(self, cast: Cast, client: FlaskClient, folder: Path, printer: Mechanism | None, **more: Any) -> None:
        self.cast, self.client, self.folder, self.printer = cast, client, folder, printer
        backend, uri = {RawPrinter: "raw", IppPrinter: "ipp"}.get(type(printer), "file"), getattr(printer, "uri", "out")
        name = uuid.uuid4().hex[:8]
        with transaction():
            self.station_id = printing_station(cast)
            code = printing.add_agent(cast.supervisor, cast.overseas.id, f"agent {name}")
            self.agent_id = code.id
        self.token = TestServer(client).enrol(code.text, "bench", "1.0.0")
        draft = PrinterDraft(self.agent_id, f"printer {name}", backend, uri, **more)
        with transaction():
            self.printer_id = printing.save_printer(cast.supervisor, draft).id
            printing.bind_station(cast.supervisor, self.station_id, "waybill", self.printer_id)
        self.server = TestServer(client, self.token)
        self.journal: Journal | None = None
        self.agent = self.start()

    def start(self, fuse: Fuse | None = None) -> Agent:
        """The program starts (again): only its folder is as it was."""
        if self.journal is not None:
            self.journal.close()
        fuse = fuse or Fuse()
        self.journal = fuse.around(Journal(self.folder / "journal.sqlite"), "begin", "mark", "note_spool", "settle",
                                   "heard")  # fmt: skip
        self.server = fuse.around(TestServer(self.client, self.token), "claim", "document", "arm", "tell")

        def open_backend(target: Target) -> Any:
            return fuse.around(opened(target, self.folder), "prepare", "send", "look_up", "stage")

        self.agent = Agent(self.server, self.journal, "bench", open_backend)
        return self.agent

    def round(self) -> bool:
        """Ask, one turn of each hand, tell; whether anything was tried."""
        self.agent.ask()
        tried = [hand.turn(self.agent.offers.get(hand.target.id, [])) for hand in list(self.agent.hands.values())]
        self.agent.tell()
        return any(tried)

    def settled(self, rounds: int = 4) -> None:
        """Rounds enough for one label: to see its printer, to print, to see that it is out, to tell."""
        for _ in range(rounds):
            for hand in self.agent.hands.values():
                hand._looked = hand._not_before = float("-inf")  # no waiting in a test
            self.round()

    def ask(self, path: str, body: dict[str, Any], token: str | None = None) -> Any:
        """A question past the program, as somebody may put it who has the token."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.client.post(f"/agent/v1{path}", data=json.dumps(body), headers=headers,
                                content_type="application/json")  # fmt: skip


def printing_station(cast: Cast) -> uuid.UUID:
    return cast.overseas.stations["P01"]
