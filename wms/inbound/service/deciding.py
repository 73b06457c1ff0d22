"""What becomes of goods that differ from the announcement: the seller decides, or the deadline does."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from wms.catalog.queries import products_by_skus
from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.refusals import invalid, not_found
from wms.inbound import rules
from wms.inbound.events import DifferenceDecided
from wms.inbound.models import Booking, Difference, InboundTerms
from wms.inbound.queries import booking_of_difference
from wms.inbound.rules import Decision, DifferenceKind
from wms.inbound.service.following import follow
from wms.inbound.service.loading import load_booking_to_edit
from wms.inbound.service.progress import settle
from wms.inbound.workflow import DIFFERENCE, DifferenceState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock


def decide(
    actor: Actor, difference_id: uuid.UUID, decision: str, *, relabel_to: str | None = None, remark: str = ""
) -> Difference:
    """The seller's word on one difference. Accepted, it is settled at once; anything else is for the warehouse to do,
    and may be thought over until that has happened.

    `relabel_to`: the SKU that the goods become, where relabelling means more than a new label of the same product.
    Refuses `not_allowed_now` (being counted, or settled) and, at its field, a decision that such a difference does not
    allow, or a SKU that is not there. A relabel asks for the added service that the catalogue names for it.
    """
    booking = load_booking_to_edit(actor, booking_of_difference(actor, difference_id))
    difference = session().get(Difference, difference_id, populate_existing=True)
    if difference is None:  # counted again while this one waited for the booking
        raise not_found("difference")
    if decision not in rules.DECISIONS[DifferenceKind(difference.kind)]:
        raise invalid("/decision", "decision_impossible", kind=difference.kind)
    if relabel_to is not None and decision != Decision.RELABEL:
        raise invalid("/relabel_to", "relabel_only")
    target = _product(booking.owner_id, relabel_to) if relabel_to is not None else None
    _decide(actor, booking, difference, Decision(decision))
    difference.relabel_to, difference.remark = target, remark
    booking.version += 1
    booking.updated_at = clock.now()
    session().flush()
    follow(actor, booking, difference)
    settle(booking.id)
    return difference


def _product(owner_id: uuid.UUID, sku: str) -> uuid.UUID:
    found = products_by_skus(owner_id, {sku}).get(sku)
    if found is None:
        raise invalid("/relabel_to", "product_unknown", sku=sku)
    return found.id


def _decide(
    actor: Actor, booking: Booking, difference: Difference, decision: Decision, *, by_default: bool = False
) -> None:
    action = "accept" if decision is Decision.ACCEPT else "decide"
    state = DIFFERENCE.apply(action, difference.state)
    now = clock.now()
    difference.state, difference.decision, difference.by_default = state.value, decision.value, by_default
    difference.decided_by, difference.decided_at = actor.id, now
    difference.relabel_to = None
    if state is DifferenceState.SETTLED:
        difference.settled_by, difference.settled_at = actor.id, now
    event = DifferenceDecided(
        booking.id, booking.warehouse_id, booking.owner_id, difference.carton_id, difference.id, difference.kind,
        decision.value, difference.quantity, by_default,
    )  # fmt: skip
    record(event)


def decide_due(limit: int = 50) -> int:
    """Deadlines that have passed decide as the sellers' terms say; of up to `limit` bookings. Returns how many
    differences. Run twice at once, the second finds them decided.
    """
    now = clock.now()
    due = (Difference.state == DifferenceState.OPEN.value, Difference.due_at <= now)
    late = select(Difference.booking_id).where(*due).group_by(Difference.booking_id).order_by(Difference.booking_id)
    bookings = {booking.id: booking for booking in lock(Rank.DOCUMENT, Booking, session().scalars(late.limit(limit)))}
    query = select(Difference).where(Difference.booking_id.in_(bookings), *due).order_by(Difference.id)
    differences = session().scalars(query.execution_options(populate_existing=True)).all()
    terms = terms_of({booking.owner_id for booking in bookings.values()})
    for difference in differences:
        booking = bookings[difference.booking_id]
        wanted = rules.decision_by_default(difference.kind, terms[booking.owner_id])
        _decide(SYSTEM, booking, difference, wanted, by_default=True)
    for key in sorted({difference.booking_id for difference in differences}):
        bookings[key].version += 1
        bookings[key].updated_at = now
        session().flush()
        settle(key)
    return len(differences)


def terms_of(owner_ids: set[uuid.UUID]) -> dict[uuid.UUID, rules.Terms]:
    """The terms of these sellers; those with none of their own have `rules.TERMS`."""
    rows = session().scalars(select(InboundTerms).where(InboundTerms.owner_id.in_(owner_ids)))
    own = {
        row.owner_id: rules.Terms(row.decide_hours, row.default_decision, row.min_shelf_days, row.counting)
        for row in rows
    }
    return {owner_id: own.get(owner_id, rules.TERMS) for owner_id in owner_ids}
