"""Facts that customs announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class BookItemBooked(Event):
    """`first`: from now on its stock may be sold."""

    name: ClassVar[str] = "customs.book_item_booked"
    subject_kind: ClassVar[str] = "book_item"

    quantity: int
    first: bool


@dataclass(frozen=True)
class Released(Event):
    name: ClassVar[str] = "customs.released"
    subject_kind: ClassVar[str] = "customs_release"

    order_kind: str
    order_id: uuid.UUID


@dataclass(frozen=True)
class ReleaseRefused(Event):
    name: ClassVar[str] = "customs.release_refused"
    subject_kind: ClassVar[str] = "customs_release"

    order_kind: str
    order_id: uuid.UUID


@dataclass(frozen=True)
class SettlementDeclared(Event):
    """Customs is told of goods that are missing or over."""

    name: ClassVar[str] = "customs.settlement_declared"
    subject_kind: ClassVar[str] = "settlement"

    kind: str
    quantity: int


@dataclass(frozen=True)
class SettlementClosed(Event):
    """`state`: settled, refused or withdrawn."""

    name: ClassVar[str] = "customs.settlement_closed"
    subject_kind: ClassVar[str] = "settlement"

    state: str
