"""A bench's printer and the agent beside it: claims, looks once more, prints, tells; and dies at any of these steps.

The agent keeps a journal through its deaths, as the real one does (`wms.printing.agent`). What came out of the printer is the
truth that its word, which may come late or never, is compared with: no waybill comes out twice unless a person said that
none came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from wms.simulation.play import Act, Play
from wms.simulation.timeline import Process
from wms.simulation.wire import Answer
from wms.simulation.world import Untrue

REST = 10.0
DIES, TELLS_LATE, STOPS = 0.04, 0.06, 0.03  # at each step; of what was printed; of the rounds
AWAY = (20.0, 500.0)
_BARCODE = (
    "SELECT d.barcode, j.state FROM print_job j JOIN label_document d ON d.id = j.document_id"
    " WHERE j.id = CAST(:job AS uuid)"
)


@dataclass
class Entry:
    """What the journal says of one label."""

    token: int
    step: str  # claimed, armed, printed
    seq: int


class Agent:
    """The program beside a printer. `wanted`: a bench waits for something; else there is nothing to ask for."""

    def __init__(self, play: Play, token: str, printer_id: str) -> None:
        self.play, self.printer_id = play, printer_id
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.dice = play.dice("agent")
        self.journal: dict[str, Entry] = {}
        self.alive, self.wanted = True, 0
        self.state = "ready"

    def poll(self) -> list[str]:
        """I am here, and so is the printer. A real agent asks each second; here it does when somebody would notice."""
        if not self.alive:
            return []
        body = {"host": "bench", "version": "1", "pending": len(self.journal),
                "printers": [{"id": self.printer_id, "state": self.state}]}  # fmt: skip
        answer = self._ask("poll", "/agent/v1/poll", body, "")
        if answer.status != 200:
            raise Untrue(f"an agent may not ask: {answer.status} {answer.body}")
        return [each["job_id"] for each in answer.body["offers"]]

    def _ask(self, what: str, path: str, body: dict[str, Any], detail: str) -> Answer:
        send = lambda: self.play.wire.open("POST", path, orjson.dumps(body), self.headers)  # noqa: E731 - again
        if what == "poll":  # asked each second: nobody counts them
            return self.play.wire.until_answered(send)
        return self.play.wire.command("agent", f"agent {what}", detail, send, lambda one, two: one.status == two.status)

    def work(self) -> Process:
        while True:
            yield REST
            if not self.wanted and not self.journal:
                continue
            yield from self._start_again()
            self.state = "stopped" if self.dice.random() < STOPS and not self.play.closing else "ready"
            for job_id in self.poll() if self.state == "ready" else []:
                yield self.dice.uniform(0.5, 2.0)
                if not (yield from self._print(job_id)):
                    break
            self.wanted = max(0, self.wanted - 1)

    def _start_again(self) -> Process:
        """After a death: what had leave to be sent may have come out or not, so a person has to look."""
        if not self.alive:
            yield self.dice.uniform(*AWAY)
            self.alive = True
        for job_id, entry in list(self.journal.items()):
            word = {"claimed": "unsent", "armed": "lost", "printed": "sent"}[entry.step]
            self._tell(job_id, entry, word)
            yield 1.0

    def _tell(self, job_id: str, entry: Entry, word: str) -> None:
        told = [{"seq": entry.seq, "type": word, "detail": "after a start"}]
        body = {"claim_token": entry.token, "words": told}
        answer = self._ask("tells", f"/agent/v1/jobs/{job_id}/events", body, word)
        if answer.status != 200 and answer.code not in ("claim_lost", "not_found"):
            raise Untrue(f"an agent's word {word} was not taken: {answer.status} {answer.body}")
        del self.journal[job_id]

    def _dies(self) -> bool:
        if self.play.wire.calm or self.dice.random() > DIES:
            return False
        self.alive = False
        self.play.wire.record.faults["agent_died"] += 1
        return True

    def _print(self, job_id: str) -> Act:
        """One label; False when the agent died over it."""
        path = f"/agent/v1/jobs/{job_id}"
        claimed = self._ask("claims", f"{path}/claim", {}, "")
        if claimed.status != 200:
            return True  # another way meanwhile, or not to be printed any more
        entry = self.journal[job_id] = Entry(claimed.body["claim_token"], "claimed", claimed.body["next_seq"])
        if self._dies():
            return False
        file = self.play.wire.open("POST", f"{path}/document", orjson.dumps({"claim_token": entry.token}), self.headers)
        if self._dies():
            return False
        yield self.dice.uniform(0.2, 2.0)
        leave = self._ask("arms", f"{path}/arm", {"claim_token": entry.token}, "")
        if file.status != 200 or leave.status != 200:
            del self.journal[job_id]
            return True
        entry.step = "armed"
        if self._dies():
            return False
        self._come_out(job_id)
        if self._dies():  # before it could write down that it came
            return False
        entry.step = "printed"
        if self.dice.random() < TELLS_LATE and not self.play.closing:
            self.play.wire.record.faults["agent_late"] += 1
            yield self.dice.uniform(30, 200)
        self._tell(job_id, entry, "sent")
        return True

    def _come_out(self, job_id: str) -> None:
        (row,) = self.play.look(_BARCODE, job=job_id)
        if row.state != "dispatching":
            raise Untrue(f"a label is printed whose job is {row.state}")
        self.play.paper.come_out(job_id, row.barcode)
        self.play.world.units["printed by an agent"] += 1
