"""UUIDv7 (RFC 9562): time-ordered ids for documents and everything that leaves the system."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import UTC, datetime

# A client's id of a command: visible ASCII without `#` (it numbers the items of a bulk), no quotation mark at its ends.
KEY_FORM = r'[!$-~]([!"$-~]*[!$-~])?'

_lock = threading.Lock()
_last_stamp = 0
_counter = 0


def new_id() -> uuid.UUID:
    """A UUIDv7, strictly increasing within one process (RFC 9562 section 6.2, method 1: a counter in rand_a)."""
    global _last_stamp, _counter
    with _lock:
        stamp = time.time_ns() // 1_000_000
        if stamp > _last_stamp:
            _last_stamp = stamp
            _counter = int.from_bytes(os.urandom(2), "big") & 0x3FF
        else:
            _counter += 1
            if _counter > 0xFFF:
                _last_stamp += 1
                _counter = 0
        value = (_last_stamp & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | _counter << 64
    value |= 0x2 << 62 | (int.from_bytes(os.urandom(8), "big") & 0x3FFFFFFFFFFFFFFF)
    return uuid.UUID(int=value)


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
