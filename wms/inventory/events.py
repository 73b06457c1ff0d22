"""Facts the ledger announces. Only those somebody reacts to; the postings themselves are the history."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class AllocationBroken(Event):
    """A loss, hold or count took a bin-level claim away; the subject (a demand) needs other stock."""

    name: ClassVar[str] = "stock.allocation_broken"
    subject_kind: ClassVar[str] = "demand"
    allocation_id: uuid.UUID
    quantity: int


@dataclass(frozen=True)
class FreeBelowZero(Event):
    """More is promised than can be sold: promises have to be broken, youngest and least urgent first."""

    name: ClassVar[str] = "stock.free_below_zero"
    subject_kind: ClassVar[str] = "product"
    summary_id: int
    free: int


@dataclass(frozen=True)
class AwaitedStockCame(Event):
    """Stock of a product somebody waits for became sellable."""

    name: ClassVar[str] = "stock.awaited_came"
    subject_kind: ClassVar[str] = "product"


@dataclass(frozen=True)
class PutawayOverruled(Event):
    """A supervisor put goods into a bin against one of its rules (`rule`: the refusal's code)."""

    name: ClassVar[str] = "stock.putaway_overruled"
    subject_kind: ClassVar[str] = "location"
    posting_id: uuid.UUID
    rule: str
    actor_id: uuid.UUID
