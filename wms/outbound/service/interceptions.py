"""Interception (截单): a request to stop an order, possible until its truck leaves, and its answer.

Where nobody's hands hold the order it is granted at once. Else work stops, whoever scans the order's stop, tote or
parcel next is told, and the request is answered by scanning the goods under *Put back*, or in the office. Parcels on a load
are scanned one by one: with the last of them off the load the order is cancelled (decision 084).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit
from wms.inventory import ledger
from wms.outbound import rules
from wms.outbound.events import InterceptionRequested, OrderCancelled, TransferTakenBack
from wms.outbound.models import Interception, Order
from wms.outbound.service import halting
from wms.outbound.service.orders import cancel_order, load_order_to_edit
from wms.outbound.service.putback import PUT_BACK
from wms.outbound.service.resuming import lift
from wms.outbound.workflow import INTERCEPTION, ORDER, OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement
from wms.printing import service as printing
from wms.shipping import service as shipping
from wms.shipping.models import ParcelState
from wms.shipping.queries import live_parcels

# Nobody's hands hold these: nothing of theirs was picked.
IN_NO_HANDS = frozenset(
    {OrderState.SHORT.value, OrderState.PROMISED.value, OrderState.AWAITING_CUSTOMS.value, OrderState.WAVED.value}
)


def request_interception(actor: Actor, order_id: uuid.UUID, reason: str) -> Interception:
    """Ask that an order be stopped; asked again, the request that waits is the answer.

    Refuses `intercept_cancelled`, `intercept_too_late` when a truck has left with it or with a part of it, or customs has
    let it out.
    """
    order = load_order_to_edit(actor, order_id)
    reason_against = why_not(order)
    if reason_against is not None:
        raise Refused(reason_against, {})
    found = halting.open_request(order.id)
    if found is not None:
        return found
    found = _insert(actor, order, reason)
    if order.state in IN_NO_HANDS or _IN_A_LANE.first({"order": order.id, "tote": order.tote_id}) is not None:
        cancel_order(SYSTEM, order.id, None, reason)
    else:
        halting.halt(order)
    return found


# Any unit of a lane serves any of its orders: until a bench has taken one for it, nobody's hands hold this order.
_IN_A_LANE = Statement(
    "SELECT 1 FROM outbound_order o JOIN handling_unit u ON u.id = CAST(:tote AS uuid) AND u.subject_kind = 'lane'"
    " WHERE o.id = :order AND o.state = 'picked' AND NOT EXISTS (SELECT 1 FROM demand d WHERE d.order_id = o.id AND d.verified > 0)"
)


def why_not(order: Order) -> str | None:
    """The code of what keeps an order from being intercepted now; None where it may be asked for."""
    if order.state == OrderState.CANCELLED.value:
        return "intercept_cancelled"
    load = _LOAD.first({"shipment": order.shipment_id})
    if not load.parcels:
        return "intercept_too_late" if order.state == OrderState.SHIPPED.value else None  # it was destroyed
    if order.kind == rules.PICK_UP:  # somebody has it in their hands, whatever list it is on
        return "intercept_too_late"
    # Bonded goods that were let out are outside, wherever they are.
    return "intercept_too_late" if order.customs_state != "none" or not load.stands_here else None


def _insert(actor: Actor, order: Order, reason: str) -> Interception:
    found = Interception(
        id=new_id(), warehouse_id=order.warehouse_id, order_id=order.id, reason=reason,
        state=INTERCEPTION.initial.value, resume_state=order.state, requested_at=clock.now(), requested_by=actor.id,
        requested_by_name=actor.name[:80],
    )  # fmt: skip
    session().add(found)
    order.interception = found.state
    _touch(order)
    record(
        InterceptionRequested(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, interception_id=found.id,
            reason=reason,
        )
    )  # fmt: skip
    return found


def _touch(order: Order) -> None:
    order.version += 1
    order.updated_at = clock.now()
    session().flush()


# The truck stands in the yard while its manifest is open.
_LOAD = Statement(
    "SELECT count(*) AS parcels, coalesce(bool_and(m.state = 'open'), false) AS stands_here FROM parcel p"
    " JOIN manifest m ON m.id = p.manifest_id WHERE p.shipment_id = :shipment AND p.state = 'handed_over'"
)


def accept(actor: Actor, interception_id: uuid.UUID) -> Interception:
    """The goods were set aside: the order is cancelled, its goods wait to be put back.

    Refuses `not_allowed_now` when it was answered, `intercept_scan_back` while the parcel is on the load.
    """
    order, found = _hold(actor, interception_id, "accept")
    if _LOAD.first({"shipment": order.shipment_id}).parcels:
        raise Refused("intercept_scan_back", {})
    cancel_order(actor, order.id, None, found.reason)
    return found


def refuse(actor: Actor, interception_id: uuid.UUID, why: str) -> Interception:
    """The order goes on where it stood. Refuses `not_allowed_now` when it was answered."""
    order, found = _hold(actor, interception_id, "refuse")
    return _go_on(actor, order, found, "refuse", why)


def withdraw(actor: Actor, order_id: uuid.UUID) -> Interception:
    """Who asked changed their mind: the order goes on where it stood. Refuses `not_intercepted`."""
    order = load_order_to_edit(actor, order_id)
    found = halting.open_request(order.id)
    if found is None:
        raise Refused("not_intercepted", {})
    return _go_on(actor, order, found, "withdraw", None)


def _go_on(actor: Actor, order: Order, found: Interception, action: str, why: str | None) -> Interception:
    halting.answer(actor, order, found, action, why)
    _touch(order)
    lift(order)
    return found


def _hold(actor: Actor, interception_id: uuid.UUID, action: str) -> tuple[Order, Interception]:
    """The request with its order under lock, where the action is possible; 404 outside the actor's scope."""
    seen = session().get(Interception, interception_id)
    if seen is None:
        raise not_found("interception")
    order = load_order_to_edit(actor, seen.order_id)
    session().refresh(seen)  # under the order's lock: two answers take their turns
    INTERCEPTION.apply(action, seen.state)  # refuses, naming the state
    return order, seen


_OF_UNIT = Statement("SELECT subject_id FROM handling_unit WHERE id = :unit AND subject_kind = 'order'")
_OF_PARCEL = Statement(
    "SELECT p.id, p.state, p.bag_id, s.subject_id FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
    " WHERE p.handling_unit_id = :unit AND s.subject_kind = 'order' ORDER BY p.state = 'voided', p.created_at DESC LIMIT 1"
)


@dataclass(frozen=True)
class Caught:
    """Goods of an intercepted order are in hand; so many further parcels of it are still on a load."""

    left: int


def catch(actor: Actor, unit_id: uuid.UUID) -> Caught | None:
    """Goods of an intercepted order are in somebody's hands under *Put back*: that is the answer *accepted*, with the last
    of its parcels that was on a load. They wait to be put back afterwards; None when no request waits for them.

    What may not leave comes out of the bag it is in. Refuses `parcel_gone` when the truck left meanwhile.
    """
    parcel = _OF_PARCEL.first({"unit": unit_id})
    order_id = parcel.subject_id if parcel is not None else _OF_UNIT.scalar({"unit": unit_id})
    if order_id is None:
        return None
    order = load_order_to_edit(actor, order_id)
    parcel = _OF_PARCEL.first({"unit": unit_id})  # as it is behind the lock
    found = halting.open_request(order.id)
    ends = found is not None or order.state == OrderState.CANCELLED.value
    if ends and parcel is not None and parcel.bag_id is not None and parcel.state != ParcelState.HANDED_OVER.value:
        shipping.take_out_of_bag(actor, parcel.id)
    if found is None:
        return None
    if parcel is not None and parcel.state == ParcelState.HANDED_OVER.value:
        return _take_off(actor, order, found, parcel.id, unit_id)
    left = _LOAD.first({"shipment": order.shipment_id}).parcels
    if not left:
        cancel_order(actor, order.id, None, found.reason)
    return Caught(left)


def _take_off(actor: Actor, order: Order, found: Interception, parcel_id: uuid.UUID, unit_id: uuid.UUID) -> Caught:
    """Off the load again, while the truck stands there: the parcel's exit is mirrored. With the last one waybills are void
    and the order is cancelled; until then it stands packed, and what is off may go again.
    """
    was_whole = shipping.take_off_load(actor, parcel_id)
    if was_whole or order.state != OrderState.PACKED.value:
        order.state, order.shipped_at = ORDER.apply("take_off", order.state).value, None
        if order.kind == rules.TRANSFER:  # what is left may go again, and is booked anew then
            record(TransferTakenBack(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id))
    _touch(order)
    _UNSHIPPED.run({"order": order.id, "parcel": parcel_id})
    left: int = _LOAD.first({"shipment": order.shipment_id}).parcels
    assert order.shipment_id is not None  # it was handed over
    units = [each.handling_unit_id for each in live_parcels(order.shipment_id)]
    if left:
        found.resume_state = order.state
    else:
        _end(actor, order, found)
    for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, [each for each in units if each is not None]):
        if unit.id == unit_id or not left:
            unit.state, unit.subject_kind, unit.subject_id = "closed", "order" if left else PUT_BACK, order.id
    session().flush()
    for posting_id in _EXITS.column({"unit": unit_id}):
        ledger.post(actor, ledger.mirror_of(order.warehouse_id, posting_id, still_here=True))
    return Caught(left)


def _end(actor: Actor, order: Order, found: Interception) -> None:
    """All of it is here: nothing is promised to it any more, for all of it was picked."""
    assert order.shipment_id is not None  # it was handed over
    parcels = [each.id for each in live_parcels(order.shipment_id)]
    shipping.void_shipment(actor, order.shipment_id, "intercepted")
    printing.void_documents("parcel", parcels)
    order.state = ORDER.apply("cancel", order.state).value
    order.cancel_reason = found.reason
    halting.end_with_order(actor, order)
    _touch(order)
    record(
        OrderCancelled(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, reason=found.reason
        )
    )


# What was checked into the parcel is here again; checks of a release that knew one parcel an order name none.
_UNSHIPPED = Statement(
    "UPDATE demand AS d SET shipped = d.shipped - v.quantity FROM (SELECT demand_id, sum(quantity)::int AS quantity"
    " FROM verification WHERE demand_id IN (SELECT id FROM demand WHERE order_id = :order)"
    " AND (parcel_id = :parcel OR parcel_id IS NULL) GROUP BY demand_id) v WHERE d.id = v.demand_id"
)
# How its goods left: the posting that has not been mirrored.
_EXITS = Statement(
    "SELECT DISTINCT p.id FROM balance b JOIN stock_move m ON m.from_balance_id = b.id JOIN stock_posting p"
    " ON p.id = m.posting_id WHERE b.handling_unit_id = :unit AND p.reason = 'ship'"
    " AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id)"
)


_LEFT = Statement(
    "SELECT i.id FROM parcel p JOIN shipment s ON s.id = p.shipment_id JOIN interception i ON i.order_id = s.subject_id"
    " WHERE p.manifest_id = :manifest AND s.subject_kind = 'order' AND i.state = 'requested' ORDER BY i.id"
)


def refuse_what_left(manifest_id: uuid.UUID) -> int:
    """The driver signed: whoever asked for a parcel on this load learns that it left. Returns how many."""
    left = sorted(set(_LEFT.column({"manifest": manifest_id})))
    for each in left:
        found = session().get_one(Interception, each)
        order = load_order_to_edit(SYSTEM, found.order_id)
        session().refresh(found)
        if INTERCEPTION.permitted("refuse", found.state):
            _go_on(SYSTEM, order, found, "refuse", "truck_left")
    return len(left)
