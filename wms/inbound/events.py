"""Facts of inbound that others react to: billing, webhooks, screens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class BookingSubmitted(Event):
    """The seller has announced goods."""

    name: ClassVar[str] = "booking.submitted"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class BookingCancelled(Event):
    """The announcement is withdrawn; nothing of it had arrived."""

    name: ClassVar[str] = "booking.cancelled"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class CartonArrived(Event):
    """A carton stands at the dock."""

    name: ClassVar[str] = "booking.carton_arrived"
    subject_kind: ClassVar[str] = "booking"
    carton_id: uuid.UUID


@dataclass(frozen=True)
class BookingReceived(Event):
    """Every carton is counted or given up as missing."""

    name: ClassVar[str] = "booking.received"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class BookingCompleted(Event):
    """Everything that came is put away."""

    name: ClassVar[str] = "booking.completed"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class BookingClosed(Event):
    """Complete, and everything that differed is settled."""

    name: ClassVar[str] = "booking.closed"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class TransferReceived(Event):
    """The same of what another warehouse sent: what was lost or found is known."""

    name: ClassVar[str] = "booking.transfer_received"
    subject_kind: ClassVar[str] = "booking"


@dataclass(frozen=True)
class DifferenceFound(Event):
    """A closed or missing carton differs from what was announced."""

    name: ClassVar[str] = "booking.difference_found"
    subject_kind: ClassVar[str] = "booking"
    carton_id: uuid.UUID
    product_id: uuid.UUID
    kind: str
    quantity: int


@dataclass(frozen=True)
class MeasuredOtherwise(Event):
    """A unit weighs or measures more or less than its seller declares. Sizes in g and mm."""

    name: ClassVar[str] = "product.measured_otherwise"
    subject_kind: ClassVar[str] = "product"
    carton_id: uuid.UUID
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True)
class InspectionDecided(Event):
    """A carton was looked into. `failed` units are of `condition` now; 0: all are good."""

    name: ClassVar[str] = "booking.inspected"
    subject_kind: ClassVar[str] = "booking"
    carton_id: uuid.UUID
    product_id: uuid.UUID
    sample: int
    failed: int
    condition: str | None


@dataclass(frozen=True)
class DifferenceDecided(Event):
    """The seller, or the deadline, says what becomes of what differs."""

    name: ClassVar[str] = "booking.difference_decided"
    subject_kind: ClassVar[str] = "booking"
    carton_id: uuid.UUID
    difference_id: uuid.UUID
    kind: str
    decision: str
    quantity: int
    by_default: bool


@dataclass(frozen=True)
class DifferenceSettled(Event):
    """The warehouse has done it. `posting_id`: the stock that went, if any did."""

    name: ClassVar[str] = "booking.difference_settled"
    subject_kind: ClassVar[str] = "booking"
    carton_id: uuid.UUID
    difference_id: uuid.UUID
    decision: str
    quantity: int
    posting_id: uuid.UUID | None
