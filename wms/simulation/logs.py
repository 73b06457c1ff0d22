"""The product's log of a simulation: injected faults fill it, so only its end is kept, for when something fails."""

from __future__ import annotations

import io
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

LINES = 60
EXPECTED = "database.away"  # what the product says of every connection we cut


class _Tail(io.StringIO):
    def __init__(self, lines: deque[str]) -> None:
        super().__init__()
        self.lines = lines

    def write(self, text: str) -> int:
        if EXPECTED not in text:
            self.lines.extend(text.splitlines())
        return len(text)


@contextmanager
def quiet() -> Iterator[deque[str]]:
    """Inside the block the log goes to the returned lines; psycopg's word of connections we cut is not told."""
    lines: deque[str] = deque(maxlen=LINES)
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(file=_Tail(lines)))
    driver = logging.getLogger("psycopg")
    level = driver.level
    driver.setLevel(logging.ERROR)
    try:
        yield lines
    finally:
        driver.setLevel(level)
        structlog.configure(**before)
