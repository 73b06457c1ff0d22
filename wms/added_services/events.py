"""Facts of services that others react to: billing, webhooks, screens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class ServiceAsked(Event):
    """A seller, or what was decided about goods that differ, asks for a service."""

    name: ClassVar[str] = "service.asked"
    subject_kind: ClassVar[str] = "service_request"
    service_id: uuid.UUID
    quantity: int


@dataclass(frozen=True)
class ServiceDecided(Event):
    """The operator takes it on, or does not."""

    name: ClassVar[str] = "service.decided"
    subject_kind: ClassVar[str] = "service_request"
    accepted: bool


@dataclass(frozen=True)
class ServiceDone(Event):
    """It was done: `quantity` of the `asked` in the service's `unit`. This is what is charged."""

    name: ClassVar[str] = "service.done"
    subject_kind: ClassVar[str] = "service_request"
    service_id: uuid.UUID
    code: str
    unit: str
    quantity: int
    asked: int
    about_kind: str | None
    about_id: uuid.UUID | None
