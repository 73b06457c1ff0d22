"""What follows from a transfer that left, that came back, and whose booking is closed."""

from __future__ import annotations

import uuid
from typing import Any

from wms.transfers import service


def book_inbound(payload: dict[str, Any]) -> None:
    service.book_inbound(uuid.UUID(payload["subject_id"]))


def take_back(payload: dict[str, Any]) -> None:
    service.take_back(uuid.UUID(payload["subject_id"]))


def settle(payload: dict[str, Any]) -> None:
    service.settle(uuid.UUID(payload["subject_id"]))


JOBS = [
    ("transfers.book_inbound", book_inbound, "default"),
    ("transfers.take_back", take_back, "default"),
    ("transfers.settle", settle, "default"),
]
