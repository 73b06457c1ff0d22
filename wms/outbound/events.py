"""Facts about orders. Ids and numbers only."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class OrderAccepted(Event):
    name: ClassVar[str] = "order.accepted"
    subject_kind: ClassVar[str] = "order"
    state: str


@dataclass(frozen=True)
class OrderPromised(Event):
    name: ClassVar[str] = "order.promised"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class OrderShort(Event):
    name: ClassVar[str] = "order.short"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class OrderReleased(Event):
    """Customs released it."""

    name: ClassVar[str] = "order.customs_released"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class WaveReleased(Event):
    name: ClassVar[str] = "wave.released"
    subject_kind: ClassVar[str] = "wave"
    orders: int


@dataclass(frozen=True)
class OrderPacked(Event):
    name: ClassVar[str] = "order.packed"
    subject_kind: ClassVar[str] = "order"
    weight_g: int


@dataclass(frozen=True)
class OrderShipped(Event):
    name: ClassVar[str] = "order.shipped"
    subject_kind: ClassVar[str] = "order"
    parcel_id: uuid.UUID


@dataclass(frozen=True)
class OrderCancelled(Event):
    name: ClassVar[str] = "order.cancelled"
    subject_kind: ClassVar[str] = "order"
    reason: str


@dataclass(frozen=True)
class OrderSplit(Event):
    """What is there goes; the rest waits as a back order."""

    name: ClassVar[str] = "order.split"
    subject_kind: ClassVar[str] = "order"
    back_order_id: uuid.UUID
    units: int


@dataclass(frozen=True)
class OrderDestroyed(Event):
    name: ClassVar[str] = "order.destroyed"
    subject_kind: ClassVar[str] = "order"
    units: int


@dataclass(frozen=True)
class PickUpCollected(Event):
    """Its consignee has it. `checked`: by code or document."""

    name: ClassVar[str] = "order.pick_up_collected"
    subject_kind: ClassVar[str] = "order"
    checked: str


@dataclass(frozen=True)
class PickUpOverdue(Event):
    """Nobody came for it in time."""

    name: ClassVar[str] = "order.pick_up_overdue"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class TransferSent(Event):
    """All of it is on its way to the other warehouse."""

    name: ClassVar[str] = "order.transfer_sent"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class TransferTakenBack(Event):
    """It was intercepted on its load, before the truck left."""

    name: ClassVar[str] = "order.transfer_taken_back"
    subject_kind: ClassVar[str] = "order"


@dataclass(frozen=True)
class OrderChanged(Event):
    """`what`: of `rules.ON_THE_WAYBILL` and `rules.FOR_THE_PACKER`, labels or papers, by commas. What was on the waybill
    before is void.
    """

    name: ClassVar[str] = "order.changed"
    subject_kind: ClassVar[str] = "order"
    what: str


@dataclass(frozen=True)
class OrderHeld(Event):
    name: ClassVar[str] = "order.held"
    subject_kind: ClassVar[str] = "order"
    hold_id: uuid.UUID
    side: str
    reason: str
    keeps_stock: bool


@dataclass(frozen=True)
class OrderHoldEnded(Event):
    """`overruled`: by a supervisor, for another side."""

    name: ClassVar[str] = "order.hold_ended"
    subject_kind: ClassVar[str] = "order"
    hold_id: uuid.UUID
    reason: str
    overruled: bool


@dataclass(frozen=True)
class InterceptionRequested(Event):
    name: ClassVar[str] = "order.interception_requested"
    subject_kind: ClassVar[str] = "order"
    interception_id: uuid.UUID
    reason: str


@dataclass(frozen=True)
class InterceptionAnswered(Event):
    """`state`: accepted, refused (`reason` says why) or withdrawn."""

    name: ClassVar[str] = "order.interception_answered"
    subject_kind: ClassVar[str] = "order"
    interception_id: uuid.UUID
    state: str
    reason: str
