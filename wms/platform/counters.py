"""Number ranges in blocks, each taken in a short transaction of its own: gaps allowed, never twice.

A process takes a block and hands its numbers out from memory; two processes never hold the same block, whatever the
transaction that uses a number does. No business transaction ever waits for a counter row.
"""

from __future__ import annotations

import threading
import uuid
from datetime import date

from flask import current_app
from sqlalchemy import URL, BigInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import checkdigits
from wms.core.numbering import DocumentKind, document_number
from wms.platform.database import Base, db

BLOCK = 20
SSCC_EXTENSION = 0


class Counter(Base):
    """The next free number of a named range."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    next_value: Mapped[int] = mapped_column(BigInteger)


_TAKE = text(
    "INSERT INTO counter (name, next_value) VALUES (:name, 1 + :size)"
    " ON CONFLICT (name) DO UPDATE SET next_value = counter.next_value + :size RETURNING next_value - :size"
)


class _Blocks:
    """Numbers this process may still hand out, by database and range name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.free: dict[tuple[URL, str], list[int]] = {}

    def take(self, name: str) -> int:
        with self.lock:
            numbers = self.free.setdefault((db.engine.url, name), [])
            if not numbers:
                with db.engine.begin() as connection:
                    first = connection.execute(_TAKE, {"name": name, "size": BLOCK}).scalar_one()
                numbers.extend(range(first + BLOCK - 1, first - 1, -1))
            return numbers.pop()


def next_in_range(name: str) -> int:
    """The next number of the range `name`, from 1. Taken for good, even if the caller rolls back."""
    blocks: _Blocks = current_app.extensions.setdefault("wms_counters", _Blocks())
    return blocks.take(name)


def next_sscc() -> str | None:
    """The next SSCC (GS1) of the operator's, all of one range whatever they are for; None where they have no GS1 prefix."""
    prefix = current_app.extensions["wms_config"].gs1_prefix
    return checkdigits.sscc(SSCC_EXTENSION, prefix, next_in_range(f"sscc:{prefix}")) if prefix else None


def next_number(kind: DocumentKind, seller_id: uuid.UUID, seller_code: str, day: date) -> str:
    """A human document number of this seller, `<KIND><seller>-<yymmdd>-<seq>`; the day is the business day."""
    sequence = next_in_range(f"{kind.value}:{seller_id}:{day:%y%m%d}")
    return document_number(kind, seller_code, day, sequence)
