"""What set the present work going: a request, its command, a job. Every log line tells it, and the outbox row of a job
carries it, so that one label can be followed from the click to the printer.

Only ids of ours: a client's own command key that is no UUID may say who somebody is, and is told as a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wms.core.ids import parse_id

Cause = dict[str, str]  # request_id, command, job, parent_job, task

_current: ContextVar[Cause] = ContextVar("cause", default={})  # noqa: B039 - never changed, only replaced


def current() -> Cause:
    """The ids of the present work; not to be changed."""
    return _current.get()


def begin(**ids: str) -> None:
    """Work that nothing before it caused."""
    _current.set(ids)


def add(**ids: str) -> None:
    _current.set({**_current.get(), **ids})


@contextmanager
def of(**ids: str) -> Iterator[None]:
    """Within the block these ids alone are the cause."""
    token = _current.set(ids)
    try:
        yield
    finally:
        _current.reset(token)


def told(command_id: str) -> str:
    """A command's id as logs, traces and outbox rows name it: a UUID as it is, any other key as 16 digits of its
    SHA-256 (`printf %s KEY | sha256sum`). The number of a bulk's item stays."""
    head, separator, index = command_id.partition("#")
    name = head if parse_id(head) is not None else f"sha256-{hashlib.sha256(head.encode()).hexdigest()[:16]}"
    return f"{name}{separator}{index}"
