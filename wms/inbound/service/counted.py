"""What is said to have been counted in a carton, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wms.core.refusals import invalid
from wms.inbound import rules

CONDITIONS = frozenset({"good", "damaged"})
FINDINGS = frozenset({None, *rules.Finding})


@dataclass(frozen=True)
class CountDraft:
    """One count: units of a product in one condition and lot. `serial_numbers`: for products under full control;
    `finding`: unlabelled or mixed.
    """

    product_id: uuid.UUID
    quantity: int
    condition: str = "good"
    batch: str | None = None
    expires_on: date | None = None
    serial_numbers: Sequence[str] = ()
    finding: str | None = None
    made_on: date | None = None


@dataclass(frozen=True)
class LineNow:
    """A line after the count. Received: good + damaged; `unaccounted` of these wait outside the carton for customs.

    `declared` is None where the carton is counted blind, and received is then what this count says, until it is closed.
    `other`: what this count read of it that its paper does not say, OTHER_LOT with the lot's label or OTHER_SERIAL with the
    number; never where it is counted blind.
    """

    product_id: uuid.UUID
    sku: str
    declared: int | None
    received_good: int
    received_damaged: int
    unaccounted: int
    other: tuple[rules.DifferenceKind, str] | None = None


@dataclass(frozen=True)
class Counted:
    """`act_id` names this count, for its undo."""

    act_id: uuid.UUID
    booking_id: uuid.UUID
    booking_state: str
    version: int
    carton_id: uuid.UUID
    carton_state: str
    lines: tuple[LineNow, ...]


def check(drafts: Sequence[CountDraft]) -> None:
    """Refuse, at its field, what no count can be."""
    if not drafts:
        raise invalid("/", "too_few", min=1)
    for draft in drafts:
        if not 1 <= draft.quantity <= rules.MAX_QUANTITY:
            code = "too_small" if draft.quantity < 1 else "too_large"
            raise invalid("/quantity", code, min=1, max=rules.MAX_QUANTITY)
        if draft.condition not in CONDITIONS:
            raise invalid("/condition", "condition_unknown")
        if draft.finding not in FINDINGS:
            raise invalid("/finding", "finding_unknown")
        if len(set(draft.serial_numbers)) != len(draft.serial_numbers):
            raise invalid("/serial_numbers", "duplicate")
