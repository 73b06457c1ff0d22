"""The parcel leaves the building: the last gate, where customs, cancellation and the ledger all have their word."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.customs import service as customs
from wms.inventory import ledger, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import BONDED, MoveDraft, Reason, Stock
from wms.inventory.units import Holding
from wms.outbound import rules
from wms.outbound.events import OrderShipped, TransferSent
from wms.outbound.service.book_claims import CLAIMED, BookClaim, claims_in, settle
from wms.outbound.service.held import OrderAtWork, hold_order, move_order
from wms.outbound.workflow import InterceptionState, OrderState
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined
from wms.shipping import service as shipping
from wms.shipping.queries import scanned_parcels
from wms.shipping.service.docks import COUNTER, gate_at


@dataclass(frozen=True)
class HandedOver:
    """The order whose parcel went, and whether it had gone before (a second scan is harmless). `waits`: further parcels of
    it are still here.
    """

    order: OrderAtWork
    already: bool
    waits: bool = False


# The box goes, and what was checked into the parcel with it; checks of a release that knew one parcel an order name none.
_GONE = Statement(
    "WITH box AS (UPDATE handling_unit SET state = 'gone', subject_kind = NULL, subject_id = NULL WHERE id = :unit)"
    " UPDATE demand AS d SET shipped = d.shipped + v.quantity FROM (SELECT demand_id, sum(quantity)::int AS quantity"
    " FROM verification WHERE demand_id IN (SELECT id FROM demand WHERE order_id = :order)"
    " AND (parcel_id = :parcel OR parcel_id IS NULL) GROUP BY demand_id) v WHERE d.id = v.demand_id"
)


def hand_over(
    actor: Actor,
    warehouse_id: uuid.UUID,
    tracking_number: str,
    *,
    at_counter: bool = False,
    dock_id: uuid.UUID | None = None,
) -> HandedOver:
    """Scan a parcel onto its carrier's load at the dock where one works (`dock_id` None: nobody said). A second scan answers
    *already*. The order is shipped with its last one. `at_counter`: into the hands of who fetches it (`counter.collect`).

    Refuses `order_cancelled`, `waybill_voided`, `intercepted`, `order_held`, `pick_up_at_counter`,
    `customs_not_released`, `not_packed`; 404 for a number that is not ours.
    """
    parcel = scanned_parcels(actor, warehouse_id, tracking_number)[0]  # a live one before a void one
    order, (claims,) = hold_order(actor, parcel.subject_id, (CLAIMED, {"orders": [parcel.subject_id]}))
    order.refuse_cancelled()
    if parcel.is_void:  # the order was changed: another paper is the one that goes
        raise Refused("waybill_voided", {})
    if order.state == OrderState.SHIPPED.value and order.interception != InterceptionState.REQUESTED.value:
        return HandedOver(order, already=True)
    refuse_unfit(order, at_counter=at_counter)
    loaded = shipping.load_parcel_onto(actor, parcel.id, gate=COUNTER if at_counter else gate_at(dock_id))
    if loaded.already:
        return HandedOver(order, already=True)
    assert loaded.unit_id is not None  # a closed parcel is a handling unit, also one that was closed a moment ago
    _post_exit(actor, order, loaded.unit_id, claims_in(claims))
    note_gone(order, parcel.id, loaded.unit_id)
    if loaded.shipment_done:
        note_shipped(order, parcel.id)
    return HandedOver(order, already=False, waits=not loaded.shipment_done)


def refuse_unfit(order: OrderAtWork, *, at_counter: bool = False) -> None:
    """Refuse an order that may not leave: `intercepted`, `order_held`, `not_packed`, `customs_not_released`; and one that
    leaves by the other gate, `pick_up_at_counter` or `not_a_pick_up`.
    """
    order.refuse_stopped()
    if (order.kind == rules.PICK_UP) != at_counter:
        raise Refused("not_a_pick_up" if at_counter else "pick_up_at_counter", {})
    if order.state != OrderState.PACKED.value:
        raise Refused("not_packed", {})
    if order.customs_state not in ("none", "released"):
        raise Refused("customs_not_released", {})


_LOCK_UNIT = Statement("SELECT id FROM handling_unit WHERE id = :unit FOR NO KEY UPDATE")


def _post_exit(actor: Actor, order: OrderAtWork, unit_id: uuid.UUID, claims: Sequence[BookClaim]) -> None:
    """Everything in the parcel goes; bonded goods under the order's permits."""
    claim(Rank.HANDLING_UNIT)
    with pipelined():
        _LOCK_UNIT.send({"unit": unit_id})
        content = units.send_content(unit_id)
    ledger.post(actor, exit_of(order, units.holdings(content), claims))


def exit_of(order: OrderAtWork, goods: Sequence[Holding], claims: Sequence[BookClaim]) -> PostingDraft:
    """What a parcel with these goods takes out of the building: to the customer, or on its way to another warehouse. What the
    order claims of the customs book for them ends.
    """
    party = "transit" if order.kind == rules.TRANSFER else "customer"
    moves = [MoveDraft(row.stock, party, row.quantity, permit_id=_permit(order, row.stock)) for row in goods]
    settled = settle(claims, ((row.stock, row.quantity) for row in goods))
    return PostingDraft(Reason.SHIP, "order", order.id, moves, settles=settled)


def note_gone(order: OrderAtWork, parcel_id: uuid.UUID, unit_id: uuid.UUID) -> None:
    """What was in the parcel went, and the box with it."""
    _GONE.run({"order": order.id, "parcel": parcel_id, "unit": unit_id})


def note_shipped(order: OrderAtWork, parcel_id: uuid.UUID) -> None:
    """It went with its last parcel."""
    move_order(order, "ship", shipped_at=clock.now())
    subject = {"subject_id": order.id, "warehouse_id": order.warehouse_id, "owner_id": order.owner_id}
    record(OrderShipped(**subject, parcel_id=parcel_id))
    if order.kind == rules.TRANSFER:
        record(TransferSent(**subject))


def _permit(order: OrderAtWork, stock: Stock) -> uuid.UUID | None:
    if stock.customs_status != BONDED:
        return None
    permit_id = customs.permit_for("order", order.id, stock.product_id, stock.book_item_id)
    if permit_id is None:
        raise Refused("customs_not_released", {})
    return permit_id
