"""One printer's hand, without a server: what it does about a label that the printer has taken and does not print."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wms.printing.agent import work
from wms.printing.agent.backend import Came, Look, Result, Stage, Target, Unreached
from wms.printing.agent.journal import Journal

JOB = "0193a5e0-0000-7000-8000-000000000001"
TARGET = Target("printer", "bench 1", "ipp", "ipp://printer.test/queue", "pdf", 203, 100.0, 150.0)


class Queue:
    """A print queue across a network: `stage` of its one job, and what was taken back out of it."""

    def __init__(self) -> None:
        self.answers, self.stage_now, self.withdrawn = False, Stage.WAITING, list[str]()

    def look(self) -> Look:
        return Look("ready" if self.answers else "unreached")

    def prepare(self, pdf: bytes) -> Any:
        return pdf

    def send(self, name: str, prepared: Any, note_spool: Callable[[str], None]) -> Result:
        raise AssertionError("nothing is offered here")

    def look_up(self, name: str, spool_id: str | None) -> Result:
        return Result(Came.SENT, spool_id=spool_id)

    def stage(self, name: str, spool_id: str) -> Stage | None:
        if not self.answers:
            raise Unreached("no answer")
        return None if self.withdrawn else self.stage_now

    def give_up(self, name: str, spool_id: str) -> None:
        if not self.answers:
            raise Unreached("no answer")
        self.withdrawn.append(spool_id)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "journal.sqlite")
    kept.begin(JOB, 1, TARGET.id, once=True, next_seq=1)
    kept.note_spool(JOB, "17")
    kept.settle(JOB, "sent", "sent", "17")
    yield kept
    kept.close()


def hand_at(queue: Queue, journal: Journal) -> work.Hand:
    return work.Hand(TARGET, None, journal, queue, threading.Lock())  # type: ignore[arg-type]


def told(journal: Journal) -> list[str]:
    return [word.type for word in journal.words()]


def test_a_queue_out_of_reach_is_asked_until_it_answers_and_the_label_comes_back_out_of_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that takes, and over a restart: given up while nobody could take it back, it came out by itself when the
    line was mended, beside the one that had been printed in its place.
    """
    monkeypatch.setattr(work, "PATIENCE_SECONDS", -1.0)  # it has waited for longer than anybody does
    queue = Queue()
    hand = hand_at(queue, journal)
    for _ in range(3):
        assert hand.turn([]) is False
    assert (hand.at_the_printer(), told(journal), queue.withdrawn) == ([JOB], ["sent"], [])
    again = hand_at(queue, journal)  # the machine was restarted meanwhile
    again.turn([])
    queue.answers = True
    again.turn([])
    assert (again.at_the_printer(), told(journal), queue.withdrawn) == ([], ["sent", "lost"], ["17"])


def test_what_was_printed_behind_a_broken_line_is_told_as_printed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", -1.0)
    queue = Queue()
    hand = hand_at(queue, journal)
    hand.turn([])
    queue.answers, queue.stage_now = True, Stage.COMPLETED
    hand.turn([])
    assert (hand.at_the_printer(), told(journal), queue.withdrawn) == ([], ["sent", "completed"], [])
