"""Facts about transfers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class TransferBooked(Event):
    """The receiving warehouse expects it."""

    name: ClassVar[str] = "order.transfer_booked"
    subject_kind: ClassVar[str] = "order"
    booking_id: uuid.UUID
    units: int


@dataclass(frozen=True)
class TransferSettled(Event):
    """All of it is received or given up. Units, over all products."""

    name: ClassVar[str] = "order.transfer_settled"
    subject_kind: ClassVar[str] = "order"
    booking_id: uuid.UUID
    received: int
    lost: int
    found: int
