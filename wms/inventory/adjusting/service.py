"""Adjusting a row: asked for with a reason, posted at once up to the warehouse's limit, above it after approval.

Nothing is edited: what turns out wrong is reversed by a posting of its own, as long as the goods are still there.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Location
from wms.inventory import holds, ledger, service
from wms.inventory.adjusting.counted import COUNTED, check_fresh
from wms.inventory.adjusting.models import Adjustment
from wms.inventory.counting import queries as counting
from wms.inventory.counting.rules import Result, needs_approval, why_not_countable
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance, Condition
from wms.inventory.rules import BONDED, MoveDraft, Reason, Stock
from wms.inventory.summaries import together
from wms.inventory.workflow import ADJUSTMENT, AdjustmentState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


class AdjustmentReason(StrEnum):
    FOUND = "found"
    LOST = "lost"
    BROKEN = "broken"
    EXPIRED = "expired"
    SAMPLE = "sample"
    MISCOUNTED = "miscounted"
    REGRADED = "regraded"
    COUNTED = COUNTED  # a count of the row found it; never chosen
    OTHER = "other"  # only with a note


@dataclass(frozen=True)
class Change:
    """What is asked for: so many units more (+) or less (-), or so many of another quality."""

    units: int
    to_condition: str | None = None


def request(
    actor: Actor,
    balance_id: int,
    change: Change,
    reason: AdjustmentReason,
    note: str | None = None,
    serials: Sequence[str] = (),
) -> Adjustment:
    """Adjust a row: posted now, or left for approval when it is worth more than the warehouse's limit.

    Refuses `note_needed`, `location_in_transit`, `condition_same`, `not_enough_stock`, and what the ledger refuses.
    """
    row = session().get(Balance, balance_id)
    if row is None or not _may(actor, row.warehouse_id, Permission.STOCK_ADJUST) or not actor.sees_seller(row.owner_id):
        raise not_found("balance")
    _check(row, change, reason, note)
    product = session().get_one(Product, row.product_id)
    value = None if product.declared_value_minor is None else abs(change.units) * product.declared_value_minor
    made = Adjustment(
        warehouse_id=row.warehouse_id, owner_id=row.owner_id, product_id=row.product_id, balance_id=row.id,
        change=0 if change.to_condition else change.units, to_condition=change.to_condition, units=abs(change.units),
        serials=list(serials), reason=reason.value, note=note, value_minor=value, currency=product.declared_currency,
        state=ADJUSTMENT.initial.value, requested_by=actor.id, created_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    session().flush()
    judged = Result(row.id, row.on_hand, change.units, value, product.declared_currency)
    if not needs_approval(counting.rule_of(row.warehouse_id), [judged]):
        _post(actor, made)
    return made


def approve(actor: Actor, adjustment_id: uuid.UUID) -> Adjustment:
    """Let it be posted. Refuses `own_approval`, `count_outdated`, and what the ledger refuses by now."""
    found = _load(actor, adjustment_id, Permission.STOCK_APPROVE)
    ADJUSTMENT.apply("post", found.state)
    if found.requested_by == actor.id:
        raise Refused("own_approval", {})
    if found.reason != AdjustmentReason.COUNTED:
        _post(actor, found)
        return found
    check_fresh(found.id)
    doubts = holds.lock_doubts(found.balance_id)
    with together():
        _post(actor, found)
        holds.end_doubts(actor, doubts)
    return found


def reject(actor: Actor, adjustment_id: uuid.UUID) -> Adjustment:
    found = _load(actor, adjustment_id, Permission.STOCK_APPROVE)
    found.state = ADJUSTMENT.apply("reject", found.state).value
    found.decided_by, found.decided_at = actor.id, clock.now()
    session().flush()
    return found


def reverse(actor: Actor, adjustment_id: uuid.UUID) -> Adjustment:
    """Take a posted adjustment back by its mirror. Refuses `not_reversible` (in bond: settle it), and what has left."""
    found = _load(actor, adjustment_id, Permission.STOCK_APPROVE)
    state = ADJUSTMENT.apply("reverse", found.state)
    assert found.posting_id is not None
    ledger.reverse(actor, found.warehouse_id, found.posting_id)
    found.state = state.value
    found.decided_by, found.decided_at = actor.id, clock.now()
    session().flush()
    return found


def _check(row: Balance, change: Change, reason: AdjustmentReason, note: str | None) -> None:
    if change.units == 0 or (change.to_condition is not None and change.units < 0):
        raise invalid("/units", "too_small", min=1)
    if (change.units < 0 or change.to_condition is not None) and abs(change.units) > row.on_hand:
        raise Refused("not_enough_stock", {"on_hand": row.on_hand, "wanted": abs(change.units)})
    if reason is AdjustmentReason.OTHER and not note:
        raise Refused("note_needed", {})
    if change.to_condition is not None and (
        change.to_condition == row.condition or change.to_condition not in set(Condition)
    ):
        raise Refused("condition_same", {})
    place = session().get_one(Location, row.location_id)
    refusal = why_not_countable(place.kind)
    if refusal is not None:
        raise Refused(refusal, {"code": place.code})


def _post(actor: Actor, adjustment: Adjustment) -> None:
    stock = stock_of(session().get_one(Balance, adjustment.balance_id))
    subject = service.Subject("adjustment", adjustment.id)
    if adjustment.to_condition is not None:
        posted = service.recondition(
            actor, stock, Condition(adjustment.to_condition), adjustment.units, subject, reason=Reason.ADJUST,
            serials=adjustment.serials,
        )  # fmt: skip
    else:
        posted = ledger.post(actor, _draft(stock, adjustment))
    adjustment.posting_id = posted.posting_id
    adjustment.state = AdjustmentState.POSTED.value
    adjustment.decided_by, adjustment.decided_at = actor.id, clock.now()
    session().flush()


def _draft(stock: Stock, adjustment: Adjustment) -> PostingDraft:
    """In bond both ways go by way of *unaccounted*, until a permit settles it (law 6)."""
    bonded = stock.customs_status == BONDED
    if adjustment.change < 0:
        target = service.unaccounted(stock) if bonded else "adjustment"
        move = MoveDraft(stock, target, adjustment.units, serials=adjustment.serials)
    else:
        target = service.unaccounted(stock) if bonded else stock
        move = MoveDraft("adjustment", target, adjustment.units, serials=adjustment.serials)
    reason = Reason.UNACCOUNTED if bonded else Reason.ADJUST
    return PostingDraft(reason, "adjustment", adjustment.id, [move])


def _load(actor: Actor, adjustment_id: uuid.UUID, permission: Permission) -> Adjustment:
    found = lock_one(Rank.DOCUMENT, Adjustment, adjustment_id)
    if found is None or not _may(actor, found.warehouse_id, permission):
        raise not_found("adjustment")
    return found


def _may(actor: Actor, warehouse_id: uuid.UUID, permission: Permission) -> bool:
    return actor.is_staff and actor.may(permission) and actor.sees_warehouse(warehouse_id)
