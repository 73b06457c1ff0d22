"""A row counted by hand: up to the warehouse's limit the book follows at once, above it when somebody else has approved.

What waits is an adjustment like any other, with the difference as it was when it was counted. Goods that move meanwhile do
not change it; a later count of the row takes its place, and a correction of the row makes it out of date.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inventory import service
from wms.inventory.adjusting.models import Adjustment
from wms.inventory.counting import queries as counting
from wms.inventory.counting.rules import Result, needs_approval
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.service import Subject, Units
from wms.inventory.workflow import ADJUSTMENT, AdjustmentState
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement

COUNTED = "counted"  # the reason of an adjustment that came of a count


@dataclass(frozen=True)
class Counted:
    """What came of a count: whether the book was put right, and what waits for approval (in bond and outside alike)."""

    changed: bool
    waiting: list[Adjustment] = field(default_factory=list)


def count(actor: Actor, balance_id: int, counted: int, serials: Sequence[str] | None = None) -> Counted:
    """So many units are really there. Refuses as `inventory.service.count`; 404 outside the actor's scope."""
    row = session().get(Balance, balance_id)
    if row is None or not (actor.is_staff and actor.may(Permission.STOCK_ADJUST)):
        raise not_found("balance")
    if not (actor.sees_warehouse(row.warehouse_id) and actor.sees_seller(row.owner_id)):
        raise not_found("balance")
    product, rule = session().get_one(Product, row.product_id), counting.rule_of(row.warehouse_id)
    former = _waiting_for(row)
    above: list[tuple[Units, Units]] = []

    def waits(lost: Units, found: Units) -> bool:
        units = lost.quantity + found.quantity
        judged = Result(row.id, row.on_hand, units, _worth(product, units), product.declared_currency)
        if needs_approval(rule, [judged]):
            above.append((lost, found))
        return bool(above)

    posted = service.count(actor, stock_of(row), counted, Subject("count", None), serials, waits=waits)
    for each in former:
        _decide(actor, each, "reject")
    now = clock.now()
    waiting = [
        _ask(actor, row, product, sign, units, now)
        for lost, found in above
        for sign, units in ((-1, lost), (1, found))
        if units
    ]
    return Counted(posted is not None, waiting)


def _worth(product: Product, units: int) -> int | None:
    return None if product.declared_value_minor is None else units * product.declared_value_minor


def _waiting_for(row: Balance) -> Sequence[Adjustment]:
    """What an earlier count of this row found and nobody has decided on, under lock."""
    ids = session().scalars(
        select(Adjustment.id).where(
            Adjustment.balance_id == row.id, Adjustment.warehouse_id == row.warehouse_id, Adjustment.reason == COUNTED,
            Adjustment.state == AdjustmentState.REQUESTED.value,
        )
    ).all()  # fmt: skip
    return [each for each in lock(Rank.DOCUMENT, Adjustment, ids) if each.state == AdjustmentState.REQUESTED.value]


def _decide(actor: Actor, found: Adjustment, action: str) -> None:
    found.state = ADJUSTMENT.apply(action, found.state).value
    found.decided_by, found.decided_at = actor.id, clock.now()
    session().flush()


def _ask(actor: Actor, row: Balance, product: Product, sign: int, units: Units, now: datetime) -> Adjustment:
    made = Adjustment(
        warehouse_id=row.warehouse_id, owner_id=row.owner_id, product_id=row.product_id, balance_id=row.id,
        change=sign * units.quantity, to_condition=None, units=units.quantity, serials=list(units.serials),
        reason=COUNTED, note=None, value_minor=_worth(product, units.quantity), currency=product.declared_currency,
        state=ADJUSTMENT.initial.value, requested_by=actor.id, created_at=now,
    )  # fmt: skip
    session().add(made)
    session().flush()
    return made


# Somebody corrected the row after it was counted: the difference may be gone already. Not by this very count's other half
# (numbers lost and numbers found are two adjustments).
_CORRECTED = Statement(
    "SELECT p.id FROM (SELECT m.posting_id FROM stock_move m WHERE m.from_balance_id = :row AND m.created_at > :since"
    "  UNION ALL SELECT m.posting_id FROM stock_move m WHERE m.to_balance_id = :row AND m.created_at > :since) s"
    " JOIN stock_posting p ON p.id = s.posting_id"
    " WHERE p.reason IN ('count', 'loss', 'unaccounted', 'adjust', 'reverse') AND NOT (p.subject_kind = 'adjustment'"
    "  AND EXISTS (SELECT 1 FROM stock_adjustment a WHERE a.id = p.subject_id AND a.balance_id = :row"
    "   AND a.reason = 'counted' AND a.created_at = :since)) LIMIT 1"
)


def check_fresh(adjustment_id: uuid.UUID) -> None:
    """Refuses `count_outdated` for what a count found before the row was corrected by somebody else."""
    found = session().get_one(Adjustment, adjustment_id)
    if _CORRECTED.first({"row": found.balance_id, "since": found.created_at}) is not None:
        raise Refused("count_outdated", {})
