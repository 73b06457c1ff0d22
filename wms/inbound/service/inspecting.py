"""Looking into what came: plans draw cartons when they are closed, their goods are held, and somebody decides.

Quarantine is a stock hold on the carton, whatever enters it later included; nothing is put away out of it meanwhile.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from sqlalchemy import update

from wms.catalog.queries import products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, invalid_fields, not_found
from wms.identity.queries import seller_by_code
from wms.inbound import rules
from wms.inbound.events import InspectionDecided
from wms.inbound.models import Inspection, SamplingPlan
from wms.inbound.rules import PlanDraft
from wms.inbound.service.loading import BookingAtWork, work_on_carton
from wms.inbound.workflow import INSPECTION, InspectionState
from wms.inventory import holds, ledger
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.models import Balance, HoldScope
from wms.inventory.rules import MoveDraft, Reason
from wms.inventory.summaries import together
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.statements import Statement

REASON = "inspection"


def make_plan(
    actor: Actor, warehouse_id: uuid.UUID, plan: PlanDraft, *, seller: str | None = None, sku: str | None = None
) -> SamplingPlan:
    """A plan of a warehouse: for everybody, one seller (by code), or one product of theirs. Every wrong field is named."""
    _require(actor, warehouse_id)
    faults = rules.plan_faults(plan)
    if faults:
        raise invalid_fields(faults)
    owner = seller_by_code(seller) if seller else None
    if seller and owner is None:
        raise invalid("/seller", "invalid")
    if sku and owner is None:
        raise invalid("/seller", "required")
    product = products_by_skus(owner.id, {sku}).get(sku) if sku and owner else None
    if sku and product is None:
        raise invalid("/sku", "product_unknown", sku=sku)
    row = SamplingPlan(
        id=new_id(), warehouse_id=warehouse_id, owner_id=owner.id if owner else None,
        product_id=product.id if product else None, **vars(plan), is_active=True, made_by=actor.id, made_at=clock.now(),
    )  # fmt: skip
    session().add(row)
    session().flush()
    return row


def end_plan(actor: Actor, plan_id: uuid.UUID) -> SamplingPlan:
    """It draws no more; what it has drawn is still looked into."""
    row = session().get(SamplingPlan, plan_id)
    if row is None:
        raise not_found("plan")
    _require(actor, row.warehouse_id)
    row.is_active = False
    session().flush()
    return row


def _require(actor: Actor, warehouse_id: uuid.UUID) -> None:
    if not (actor.is_staff and actor.may(Permission.STOCK_HOLD) and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")


# Of several plans for a product the narrowest: its own, then its seller's, then everybody's; of equals the newest.
_PLANS = Statement(
    "SELECT DISTINCT ON (l.product_id) l.product_id, l.received_good AS quantity, p.id, p.first_receipts, p.every_nth,"
    " p.sample_units FROM carton_line l JOIN sampling_plan p ON p.warehouse_id = :warehouse AND p.is_active"
    " AND (p.owner_id IS NULL OR p.owner_id = l.owner_id) AND (p.product_id IS NULL OR p.product_id = l.product_id)"
    " WHERE l.carton_id = :carton AND l.received_good > l.unaccounted"
    " ORDER BY l.product_id, p.product_id NULLS LAST, p.owner_id NULLS LAST, p.id DESC"
)
_SEEN = Statement(
    "INSERT INTO sampling_count (plan_id, product_id, seen) VALUES (:plan, :product, 1)"
    " ON CONFLICT (plan_id, product_id) DO UPDATE SET seen = sampling_count.seen + 1 RETURNING seen"
)


def draw(actor: Actor, booking: BookingAtWork, carton_id: uuid.UUID, handling_unit_id: uuid.UUID) -> None:
    """A carton was closed: what the plans ask for is to be looked into, and the whole carton is held until then."""
    plans = _PLANS.all({"warehouse": booking.warehouse_id, "carton": carton_id})
    drawn = [
        plan
        for plan in plans
        if rules.is_drawn(
            plan.first_receipts, plan.every_nth, _SEEN.scalar({"plan": plan.id, "product": plan.product_id})
        )
    ]
    if not drawn:
        return
    hold = holds.place_hold(
        actor, booking.warehouse_id, HoldScope.HANDLING_UNIT, str(handling_unit_id), REASON, booking.owner_id
    )
    now = clock.now()
    session().add_all(
        Inspection(
            id=new_id(), plan_id=plan.id, warehouse_id=booking.warehouse_id, owner_id=booking.owner_id,
            booking_id=booking.id, carton_id=carton_id, product_id=plan.product_id, hold_id=hold.id,
            quantity=plan.quantity, sample=min(plan.sample_units, plan.quantity), state=INSPECTION.initial.value,
            drawn_at=now,
        )
        for plan in drawn
    )  # fmt: skip
    session().flush()


def drop(actor: Actor, booking: BookingAtWork, *carton_ids: uuid.UUID) -> None:
    """The cartons are counted again: what was to be looked into is drawn anew when they are closed."""
    state = INSPECTION.apply("drop", InspectionState.OPEN)
    dropped = (
        update(Inspection).where(Inspection.carton_id.in_(carton_ids), Inspection.state == InspectionState.OPEN.value)
        .values(state=state.value, decided_by=actor.id, decided_at=clock.now()).returning(Inspection.hold_id)
    )  # fmt: skip
    hold_ids = set(session().scalars(dropped))
    if hold_ids:
        holds.end_holds(actor, booking.warehouse_id, hold_ids)


_OTHERS = Statement(
    "SELECT count(*) FROM inspection WHERE carton_id = :carton AND state = 'open' AND id <> CAST(:id AS uuid)"
)


def inspect(
    actor: Actor, inspection_id: uuid.UUID, failed: int, *, condition: str = "damaged", remark: str = ""
) -> Inspection:
    """The result: none failed, or so many good units that are of another condition from now on. The carton is free when
    its last inspection is decided.

    Refuses `not_allowed_now` (decided before), `inspection_rows` (so many are not in the carton), and at its field a
    number or condition that cannot be.
    """
    found = session().get(Inspection, inspection_id)
    if found is None:
        raise not_found("inspection")
    booking = work_on_carton(actor, found.carton_id, Permission.STOCK_HOLD, "inspect")
    session().refresh(found)
    state = INSPECTION.apply("fail" if failed else "pass", found.state)
    if not 0 <= failed <= found.quantity:
        raise invalid("/failed", "too_small" if failed < 0 else "too_large", min=0, max=found.quantity)
    if condition not in rules.FAILED_CONDITIONS:
        raise invalid("/condition", "condition_unknown")
    others = _OTHERS.scalar({"carton": found.carton_id, "id": inspection_id})
    with together():
        if not others:
            holds.end_hold(actor, booking.warehouse_id, found.hold_id)
        posted = _degrade(actor, found, failed, condition) if failed else None
    found.state, found.failed, found.remark = state.value, failed, remark
    found.condition = condition if failed else None
    found.posting_id = posted.posting_id if posted else None
    found.decided_by, found.decided_at = actor.id, clock.now()
    session().flush()
    record(
        InspectionDecided(booking.id, booking.warehouse_id, booking.owner_id, found.carton_id, found.product_id,
                          found.sample, failed, found.condition)
    )  # fmt: skip
    return found


_GOOD = Statement(
    "SELECT b.id, b.on_hand FROM balance b JOIN carton c ON c.handling_unit_id = b.handling_unit_id WHERE c.id = :carton"
    " AND b.product_id = CAST(:product AS uuid) AND b.condition = 'good' AND b.is_there ORDER BY b.id"
)


def _degrade(actor: Actor, found: Inspection, failed: int, condition: str) -> Posted:
    """So many good units in the carton are of another condition: one posting."""
    moves, left = [], failed
    for row in _GOOD.all({"carton": found.carton_id, "product": found.product_id}):
        units = min(left, row.on_hand)
        if units:
            stock = ledger.stock_of(session().get_one(Balance, row.id))
            moves.append(MoveDraft(stock, replace(stock, condition=condition), units))
            left -= units
    if left:
        raise Refused("inspection_rows", {"left": failed - left})
    return ledger.post(actor, PostingDraft(Reason.DAMAGE, "inspection", found.id, moves))
