"""The work of an agent: ask each second, and for each printer one hand that takes one label after the other.

The order of steps is what makes it safe: journal, then ask; leave from the server, then journal, then send; journal, then
tell. Whatever step a kill comes at, the journal says how far it can have come, and the next run goes on from there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from . import VERSION
from .backend import Backend, Came, Look, Result, Stage, Target, Unreached, plain
from .journal import Entry, Journal
from .raster import WrongPage
from .server import Away, Denied, Server

LOOK_SECONDS = 3.0
LEAVE_SECONDS = 20.0  # a leave to send is used at once or not at all: the server gives up on it after a minute
PATIENCE_SECONDS = 600.0  # for a printer that has taken a label and does not print it
WAITS_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)  # after one that could not be sent, two, …
log = logging.getLogger("wms-print-agent")


def name_of(job_id: str) -> str:
    """What printers and queues call a job of ours."""
    return f"wms-{job_id}"


class Hand:
    """One printer: looks how it is, finishes what is open, then prints what is offered, one at a time."""

    def __init__(
        self, target: Target, server: Server, journal: Journal, backend: Backend, alone: AbstractContextManager[object]
    ) -> None:
        """`alone` is held for a round: a printer that was set up anew has two hands for a moment."""
        self._alone = alone
        self.target, self.look = target, Look("unreached", "not looked at yet")
        self._server, self._journal, self._backend = server, journal, backend
        self._looked = self._not_before = float("-inf")
        self._failures = 0
        self._printing: dict[str, float] = {}  # sent and not printed yet, since when
        self.unwanted: frozenset[str] = frozenset()  # of these: a person has said that they did not come out
        self._broken_off = True  # what an earlier run left

    def turn(self, offers: list[str]) -> bool:
        """One round; True when something was printed or tried. `offers`: jobs that wait for this printer, in order."""
        with self._alone:
            return self._turn(offers)

    def _turn(self, offers: list[str]) -> bool:
        if self._broken_off and not self._finish_broken_off():
            return False
        self._look_again()
        if self._is_printing() or time.monotonic() < self._not_before or self.look.state not in ("ready", "busy"):
            return False
        return any(self._print(job_id) for job_id in offers)  # until the first that was to be had

    def _look_again(self) -> None:
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self.look = self._backend.look()
            self._looked = time.monotonic()

    # ---- one label

    def _print(self, job_id: str) -> bool:
        """Claim, fetch, arm, send; True unless there was nothing to be had."""
        try:
            claim = self._server.claim(job_id)
        except (Away, Denied) as reason:
            log.info("not claimed %s: %s", job_id, reason)
            return False
        token = int(claim["claim_token"])
        fresh = self._journal.begin(
            job_id, token, self.target.id, once=bool(claim["once"]), next_seq=int(claim["next_seq"])
        )
        if not fresh:
            self._own_up(job_id, token)
            return True
        prepared = self._prepared(job_id, token)
        if prepared is None or not self._may_send(job_id, token):
            return True
        armed = time.monotonic()
        self._journal.mark(job_id, "dispatching")
        if time.monotonic() - armed > LEAVE_SECONDS:
            self._came(job_id, Result(Came.UNSENT, "the leave to send had grown old"))
            return True
        self._came(job_id, self._backend.send(name_of(job_id), prepared, self._noting(job_id)))
        return True

    def _prepared(self, job_id: str, token: int) -> Any:
        """The file, ready to be sent; None when it cannot be had or is not for this printer."""
        try:
            return self._backend.prepare(self._server.document(job_id, token))
        except (Away, Denied, WrongPage) as reason:
            self._came(job_id, Result(Came.UNSENT, str(reason)))
            return None

    def _may_send(self, job_id: str, token: int) -> bool:
        """Leave from the server. Without an answer nothing is sent, whether it was given there or not."""
        self._journal.mark(job_id, "arming")
        try:
            self._server.arm(job_id, token)
        except (Away, Denied) as reason:
            self._came(job_id, Result(Came.UNSENT, f"not armed: {reason}"))
            return False
        return True

    def _own_up(self, job_id: str, token: int) -> None:
        """This machine may have printed it, and the server does not know (a restored backup): a person is asked, nothing
        is sent. What the journal says of the job stays.
        """
        try:
            self._server.document(job_id, token)
            self._server.arm(job_id, token)
        except (Away, Denied) as reason:
            log.info("not told %s: %s", job_id, reason)
            return
        self._settle(job_id, "lost", Result(Came.LOST, "this machine has sent it before"))

    def _noting(self, job_id: str) -> Callable[[str], None]:
        return lambda spool_id: self._journal.note_spool(job_id, spool_id)

    def _came(self, job_id: str, result: Result) -> None:
        """Write down what came of it, with the word for the server."""
        if result.came is Came.UNSENT:
            self._failures += 1
            self._not_before = time.monotonic() + WAITS_SECONDS[min(self._failures, len(WAITS_SECONDS)) - 1]
            self._looked = float("-inf")
            self._settle(job_id, "unsent", result)
            return
        self._failures = 0
        if result.came is Came.LOST:
            self._settle(job_id, "lost", result)
            return
        if result.spool_id is not None:
            self._journal.note_spool(job_id, result.spool_id)
            self._printing[job_id] = time.monotonic()
        self._settle(job_id, "sent" if result.spool_id is not None else "done", result)

    def _settle(self, job_id: str, state: str, result: Result) -> None:
        word = {Came.SENT: "sent", Came.UNSENT: "unsent", Came.LOST: "lost"}[result.came]
        self._journal.settle(job_id, state, word, plain(result.spool_id or result.detail))
        log.info("%s %s on %s: %s", word, job_id, self.target.name, result.detail or "ok")

    # ---- what is not finished

    def _finish_broken_off(self) -> bool:
        """What an earlier run was at when it ended; False while the printer cannot be asked."""
        for entry in self._journal.open_jobs(self.target.id):
            if entry.state == "sent":
                self._printing[entry.job_id] = time.monotonic()
            elif entry.state == "dispatching":
                try:
                    result = self._backend.look_up(name_of(entry.job_id), entry.spool_id)
                except Unreached as reason:
                    self.look = Look("unreached", str(reason))
                    return False
                self._came(entry.job_id, result)
            else:  # the printer was not asked for anything yet
                self._came(entry.job_id, Result(Came.UNSENT, "the agent was restarted"))
        self._broken_off = False
        return True

    def _is_printing(self) -> bool:
        """Look after what the printer has; True while it prints. One at a time: a queue would print it hours later.

        A queue that gives no answer may print it still, and nothing can be taken back out of it: it is asked until it does.
        """
        for job_id, since in list(self._printing.items()):
            entry = self._journal.find(job_id)
            try:
                stage = self._stage(entry) if entry is not None else None
            except Unreached:
                continue
            if stage is Stage.WAITING and entry is not None:
                patient = time.monotonic() - since < PATIENCE_SECONDS
                if patient and (job_id not in self.unwanted or not self._give_up(entry)):
                    continue
                if not patient:
                    self._give_up(entry)
                stage = Stage.FAILED
            del self._printing[job_id]
            if stage is Stage.COMPLETED:
                self._journal.settle(job_id, "done", "completed", "")
            elif stage is Stage.FAILED:
                self._journal.settle(job_id, "lost", "lost", "given up by the printer")
            else:
                self._journal.mark(job_id, "done")
        return bool(self._printing)

    def _stage(self, entry: Entry) -> Stage | None:
        """None where the printer knows nothing of it. Raises Unreached."""
        return None if entry.spool_id is None else self._backend.stage(name_of(entry.job_id), entry.spool_id)

    def _give_up(self, entry: Entry) -> bool:
        """Nobody waits for it any more: it must not come out when the printer comes back. False without an answer."""
        try:
            self._backend.give_up(name_of(entry.job_id), entry.spool_id or "")
        except Unreached as reason:
            log.warning("cannot take %s back from %s: %s", entry.spool_id, self.target.name, reason)
            return False
        return True

    def at_the_printer(self) -> list[str]:
        """What the printer has taken and not printed yet."""
        return list(self._printing)


class Agent:
    """Asks the server, tells it what is known, and keeps a hand for each printer that the server has set up."""

    def __init__(self, server: Server, journal: Journal, host: str, open_backend: Callable[[Target], Backend]) -> None:
        self.hands: dict[str, Hand] = {}
        self.offers: dict[str, list[str]] = {}
        self.poll_seconds = 1.0
        self.wake = threading.Event()
        self._server, self._journal, self._host, self._open = server, journal, host, open_backend
        self._faulty: dict[str, str] = {}
        self._alone: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def ask(self) -> None:
        """Tell, then poll. Raises Away, and Denied when the server does not know this agent (any more)."""
        self.tell()
        answer = self._server.poll(
            {"host": self._host, "version": VERSION, "pending": self._journal.pending(), "printers": self._looks(),
             "printing": [job_id for hand in self.hands.values() for job_id in hand.at_the_printer()]}
        )  # fmt: skip
        self.poll_seconds = float(answer["poll_seconds"])
        self._set_up([Target.from_answer(each) for each in answer["printers"]])
        unwanted = frozenset(answer.get("unwanted", ()))
        for hand in self.hands.values():
            hand.unwanted = unwanted
        offers: dict[str, list[str]] = {}
        for each in answer["offers"]:
            offers.setdefault(each["printer_id"], []).append(each["job_id"])
        self.offers = offers

    def tell(self) -> None:
        """Every word that the server has not heard, in order. Words about lapsed claims are of no use to anybody."""
        for word in self._journal.words():
            told = {"seq": word.seq, "type": word.type, "detail": word.detail}
            try:
                self._server.tell(word.job_id, word.claim_token, [told])
            except Denied as reason:
                if reason.status in (401, 403):
                    raise
                log.info("not wanted: %s of %s: %s", word.type, word.job_id, reason)
            self._journal.heard(word)

    def _looks(self) -> list[dict[str, str]]:
        seen = [{"id": each.target.id, "state": each.look.state, "reasons": plain(each.look.reasons)}
                for each in self.hands.values()]  # fmt: skip
        return seen + [{"id": each, "state": "stopped", "reasons": plain(why)} for each, why in self._faulty.items()]

    def _set_up(self, targets: list[Target]) -> None:
        """A hand for each printer as it is set up now; a changed printer gets a new one."""
        hands = dict(self.hands)
        self._faulty = {}
        for gone in hands.keys() - {target.id for target in targets}:
            del hands[gone]
        for target in targets:
            if target.id in hands and hands[target.id].target == target:
                continue
            try:
                hands[target.id] = Hand(target, self._server, self._journal, self._open(target), self._alone[target.id])
            except ValueError as reason:
                hands.pop(target.id, None)
                self._faulty[target.id] = str(reason)
        self.hands = hands
