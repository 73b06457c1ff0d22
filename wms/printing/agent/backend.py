"""What every kind of printer can be asked: how are you, take this, what became of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


@dataclass(frozen=True)
class Target:
    """A printer as the server has it set up. `uri` is meant in this machine's network."""

    id: str
    name: str
    backend: str
    uri: str
    language: str
    dpi: int
    width_mm: float
    height_mm: float

    @classmethod
    def from_answer(cls, found: dict[str, Any]) -> Target:
        return cls(**{name: found[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Look:
    """`state`: ready, busy, stopped, unreached. `reasons`: a few words, as `paper_out`."""

    state: str
    reasons: str = ""


def plain(words: str) -> str:
    """What others say of themselves, as the server takes it: printable, and no longer than it keeps."""
    return "".join(letter if letter.isprintable() else " " for letter in words)[:120]


class Came(Enum):
    """What came of sending something."""

    SENT = "sent"  # the printer, or its queue, took all of it
    UNSENT = "unsent"  # surely nothing of it will be printed
    LOST = "lost"  # nobody can say


@dataclass(frozen=True)
class Result:
    came: Came
    detail: str = ""
    spool_id: str | None = None


class Stage(Enum):
    """How far a job is that the printer or its queue has."""

    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"  # given up by it: some of it may be on paper


Noting = Callable[[str], None]  # told the printer's name of a job as soon as there is one


class Unreached(Exception):
    """The printer, or its queue, gives no answer now."""


class Backend(Protocol):
    """`prepare` does all that can fail before anything is sent; `send` then only sends."""

    def look(self) -> Look: ...

    def prepare(self, pdf: bytes) -> Any: ...

    def send(self, name: str, prepared: Any, note_spool: Noting) -> Result:
        """Give it to the printer under this name. `note_spool` is told the printer's name of it as soon as there is one."""
        ...

    def look_up(self, name: str, spool_id: str | None) -> Result:
        """What came of a sending that was broken off. Raises Unreached."""
        ...

    def stage(self, name: str, spool_id: str) -> Stage | None:
        """How far a sent job is; None where nothing more is known of sent jobs. Raises Unreached.

        Printers count from 1 again when they are switched on: a job of that number and another name is not ours.
        """
        ...

    def give_up(self, name: str, spool_id: str) -> None:
        """Take a sent job back out of the queue, as far as that is possible. Raises Unreached."""
        ...
