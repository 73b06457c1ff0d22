"""Facts about returns."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class ReturnReceived(Event):
    name: ClassVar[str] = "return.received"
    subject_kind: ClassVar[str] = "return"
    product_id: uuid.UUID
    quantity: int


@dataclass(frozen=True)
class ReturnInspected(Event):
    name: ClassVar[str] = "return.graded"
    subject_kind: ClassVar[str] = "return"
    product_id: uuid.UUID
    disposition: str
    quantity: int


@dataclass(frozen=True)
class ReturnCompleted(Event):
    name: ClassVar[str] = "return.completed"
    subject_kind: ClassVar[str] = "return"
