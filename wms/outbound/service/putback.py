"""Stopping work on a cancelled order, and bringing what was picked back to a bin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select, text

from wms.catalog.queries import products_by_ids
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import COUNTS, HandlingUnit, Location, LocationKind
from wms.inventory import ledger
from wms.inventory import serials as number_book
from wms.inventory.ledger import Posted, PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.outbound.models import Order
from wms.outbound.service import halting, lane_totes, walks
from wms.outbound.service.book_claims import CLAIMED, claims_in, settle
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.queries import live_parcels

PUT_BACK = "put_back"


def stop_work(actor: Actor, order: Order) -> None:
    """Open pick tasks end, the waybill is void, unused permits are withdrawn, picked goods wait to be put back."""
    # Documents before tasks before goods: the order of the lock ranks.
    void_labels(actor, order)
    walks.drop_open_work(order.id)
    halting.drop_held(order.id)
    units = select(HandlingUnit.id).where(HandlingUnit.subject_kind == "order", HandlingUnit.subject_id == order.id)
    for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, session().scalars(units)):
        unit.subject_kind = PUT_BACK
        session().flush()
        if free_if_empty(unit) and order.tote_id == unit.id:
            order.tote_id = None
    session().flush()
    lane_totes.settle_container(order.tote_id)


def void_labels(actor: Actor, order: Order) -> None:
    """Waybills of an order that is given up go back, and their papers are void. The caller holds the order."""
    if order.shipment_id is not None:
        parcels = [parcel.id for parcel in live_parcels(order.shipment_id)]
        shipping.void_shipment(actor, order.shipment_id, "order_cancelled")
        printing.void_documents("parcel", parcels)


def put_back(
    actor: Actor,
    unit_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    location_id: uuid.UUID,
    serials: Sequence[str] = (),
    *,
    lot_id: uuid.UUID | None = None,
    overruled: bool = False,
) -> Posted:
    """Goods of a cancelled order go from their tote or parcel to a bin and sell again.

    `serials`: the numbers that go back, under full serial control and unless all do. `lot_id`: the batch that goes, where
    not all of the product does. `overruled` as of `putaway.place`. Refuses `nothing_to_put_back`,
    `location_wrong_kind` for a place whose goods do not sell, `serials_required`, `serial_not_here`, and what the bin has
    against the goods as in putaway: a frozen one takes none.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    order, unit = _lock_to_empty(actor, unit_id)
    if unit.subject_kind != PUT_BACK or unit.subject_id is None:
        raise Refused("nothing_to_put_back", {})
    location = session().get(Location, location_id)
    if location is None or location.warehouse_id != unit.warehouse_id:
        raise not_found("location")
    if LocationKind(location.kind) not in COUNTS:
        raise Refused("location_wrong_kind", {"code": location.code})
    moves = _moves(unit, product_id, quantity, location.id, serials, lot_id)
    contents = [(move.source, move.quantity) for move in moves if isinstance(move.source, Stock)]
    refusal = putaway.check_all(actor, contents, location.id, products_by_ids([product_id]), overruled=overruled)
    claims = claims_in(CLAIMED.send({"orders": [unit.subject_id]}))
    posted = ledger.post(
        actor, PostingDraft(Reason.PUT_BACK, "order", unit.subject_id, moves, settles=settle(claims, contents))
    )
    putaway.note_overruled(actor, unit.warehouse_id, location.id, posted.posting_id, refusal)
    if free_if_empty(unit):
        if order is not None and order.tote_id == unit.id:
            order.tote_id = None
            session().flush()
        lane_totes.forget_cancelled(unit.id)
    return posted


def _lock_to_empty(actor: Actor, unit_id: uuid.UUID) -> tuple[Order | None, HandlingUnit]:
    """The unit under lock, and before it the order whose goods it holds."""
    seen = session().get(HandlingUnit, unit_id)
    if seen is None or not actor.sees_warehouse(seen.warehouse_id):
        raise not_found("handling unit")
    order = None if seen.subject_id is None else lock_one(Rank.DOCUMENT, Order, seen.subject_id)
    unit = lock_one(Rank.HANDLING_UNIT, HandlingUnit, unit_id)
    assert unit is not None  # units are never deleted
    return order, unit


def _moves(
    unit: HandlingUnit, product_id: uuid.UUID, quantity: int, location_id: uuid.UUID, serials: Sequence[str],
    lot_id: uuid.UUID | None,
) -> list[MoveDraft]:  # fmt: skip
    numbers = number_book.by_row(product_id, serials)
    query = select(Balance).where(
        Balance.handling_unit_id == unit.id, Balance.product_id == product_id, Balance.is_there
    )
    if lot_id is not None:
        query = query.where(Balance.lot_id == lot_id)
    rows = session().scalars(query.order_by(Balance.id))
    moves: list[MoveDraft] = []
    left = quantity
    for row in rows:
        own = numbers.get(row.id, [])
        taken = len(own) if serials else min(left, row.on_hand)
        if taken > 0:
            source = stock_of(row)
            target = Stock(**{**vars(source), "location_id": location_id, "handling_unit_id": None})
            moves.append(MoveDraft(source, target, taken, serials=own))
            left -= taken
    taken_along = {number for move in moves for number in move.serials}
    for number in serials:
        if number not in taken_along:
            raise Refused("serial_not_here", {"number": number})
    if serials and left != 0:
        raise Refused("serials_required", {"wanted": quantity, "given": len(serials)})
    if left > 0:
        raise Refused("nothing_to_put_back", {"wanted": quantity})
    return moves


def free_if_empty(unit: HandlingUnit) -> bool:
    """A unit that holds nothing any more is free: a tote for the next order, a parcel for nobody."""
    left = session().scalar(
        text("SELECT coalesce(sum(on_hand), 0) FROM balance WHERE handling_unit_id = :unit AND is_there"),
        {"unit": unit.id},
    )
    if left:
        return False
    unit.subject_kind = None
    unit.subject_id = None
    unit.state = "open" if unit.kind == "tote" else "gone"
    session().flush()
    return True
