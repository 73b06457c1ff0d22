"""Bounded waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 0.02


def eventually(what: Callable[[], Any], words: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true answer of `what`, within a bounded wait."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(LOOK_SECONDS)
    raise AssertionError(f"not within {seconds:.0f} s: {words}")
