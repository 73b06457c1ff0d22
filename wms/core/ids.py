"""UUIDv7 (RFC 9562): time-ordered ids for documents and everything that leaves the system."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

# A client's id of a command: visible ASCII without `#` (it numbers the items of a bulk), no quotation mark at its ends.
KEY_FORM = r'[!$-~]([!"$-~]*[!$-~])?'


class IdMaker:
    """Makes strictly increasing ids (RFC 9562 section 6.2, method 1: a counter in rand_a), for one process.

    `milliseconds` gives the time since 1970, `random_bytes(n)` n bytes. The system's own by default; a simulation
    brings its virtual clock and a seeded source, so that a seed makes the same ids again. Secrets never come from here.
    """

    def __init__(
        self,
        milliseconds: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._milliseconds, self._random_bytes = milliseconds, random_bytes
        self._lock = threading.Lock()
        self._last_stamp = 0
        self._counter = 0

    def make(self) -> uuid.UUID:
        with self._lock:
            stamp = self._milliseconds()
            if stamp > self._last_stamp:
                self._last_stamp = stamp
                self._counter = int.from_bytes(self._random_bytes(2), "big") & 0x3FF
            else:
                self._counter += 1
                if self._counter > 0xFFF:
                    self._last_stamp += 1
                    self._counter = 0
            value = (self._last_stamp & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | self._counter << 64
        value |= 0x2 << 62 | (int.from_bytes(self._random_bytes(8), "big") & 0x3FFFFFFFFFFFFFFF)
        return uuid.UUID(int=value)


_maker = IdMaker()


def new_id() -> uuid.UUID:
    """A UUIDv7, strictly increasing within one process."""
    return _maker.make()


def use(maker: IdMaker) -> IdMaker:
    """Replace the maker (simulation); returns the former one so that it can be put back."""
    global _maker
    former, _maker = _maker, maker
    return former


def parse_id(text: str) -> uuid.UUID | None:
    """The UUID written in `text` in its canonical form, or None. Any version."""
    try:
        value = uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
    return value if str(value) == text.lower() else None


def made_at(value: uuid.UUID) -> datetime | None:
    """The instant a UUIDv7 carries (UTC, milliseconds); None for any other version."""
    if value.version != 7:
        return None
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)
