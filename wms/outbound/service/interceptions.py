"""Interception (截单): a request to stop an order, possible until its truck leaves, and its answer.

Where nobody's hands hold the order it is granted at once. Else work stops, whoever scans the order's stop, tote or
parcel next is told, and the request is answered by scanning the goods under *Put back*, or in the office.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit
from wms.inventory import ledger
from wms.inventory.models import Posting
from wms.inventory.rules import Reason
from wms.outbound import rules
from wms.outbound.events import InterceptionRequested, OrderCancelled, TransferTakenBack
from wms.outbound.models import Demand, Interception, Order
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

# Nobody's hands hold these: nothing of theirs was picked.
IN_NO_HANDS = frozenset(
    {OrderState.SHORT.value, OrderState.PROMISED.value, OrderState.AWAITING_CUSTOMS.value, OrderState.WAVED.value}
)


def request_interception(actor: Actor, order_id: uuid.UUID, reason: str) -> Interception:
    """Ask that an order be stopped; asked again, the request that waits is the answer.

    Refuses `intercept_cancelled`, `intercept_too_late` when its truck has left or customs has let it out, and
    `intercept_several` where several parcels are on the load: one scan would say that all came off.
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
    if order.state != OrderState.SHIPPED.value:
        return None
    if order.kind == rules.PICK_UP:  # somebody has it in their hands, whatever list it is on
        return "intercept_too_late"
    load = _LOAD.first({"shipment": order.shipment_id})
    # Bonded goods that were let out are outside, wherever they are.
    if order.customs_state != "none" or load is None or not load.stands_here:
        return "intercept_too_late"
    return "intercept_several" if load.parcels > 1 else None


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
    if order.state == OrderState.SHIPPED.value:
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
    "SELECT s.subject_id FROM handling_unit u JOIN parcel p ON p.handling_unit_id = u.id"
    " JOIN shipment s ON s.id = p.shipment_id WHERE u.id = :unit AND s.subject_kind = 'order' AND p.state <> 'voided'"
)


def catch(actor: Actor, unit_id: uuid.UUID) -> bool:
    """Goods of an intercepted order are in somebody's hands under *Put back*: that is the answer *accepted*.

    The tote or parcel waits to be put back afterwards; False when no request waits for it. Refuses
    `intercept_too_late` when the truck left meanwhile.
    """
    parameters = {"unit": unit_id}
    order_id = _OF_UNIT.scalar(parameters) or _OF_PARCEL.scalar(parameters)
    if order_id is None:
        return False
    order = load_order_to_edit(actor, order_id)
    found = halting.open_request(order.id)
    if found is None:
        return False
    if order.state == OrderState.SHIPPED.value:
        _take_back(actor, order, found)
    else:
        cancel_order(actor, order.id, None, found.reason)
    return True


def _take_back(actor: Actor, order: Order, found: Interception) -> None:
    """Off the load again, while the truck stands there: the exit is mirrored, the waybill void, the order cancelled."""
    assert order.shipment_id is not None  # it was handed over
    parcels = shipping.take_back_shipment(actor, order.shipment_id, "intercepted")
    printing.void_documents("parcel", [parcel.id for parcel in parcels])
    order.state = ORDER.apply("take_back", order.state).value
    order.cancel_reason, order.shipped_at = found.reason, None
    for demand in session().scalars(select(Demand).where(Demand.order_id == order.id)):
        demand.shipped = 0
    halting.end_with_order(actor, order)
    _touch(order)
    for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, [each.handling_unit_id for each in parcels]):
        unit.state, unit.subject_kind, unit.subject_id = "closed", PUT_BACK, order.id
    session().flush()
    exits = select(Posting.id).where(
        Posting.subject_kind == "order", Posting.subject_id == order.id, Posting.reason == Reason.SHIP.value
    )
    for posting_id in session().scalars(exits).all():
        ledger.post(actor, ledger.mirror_of(order.warehouse_id, posting_id, still_here=True))
    subject = {"subject_id": order.id, "warehouse_id": order.warehouse_id, "owner_id": order.owner_id}
    record(OrderCancelled(**subject, reason=found.reason))
    if order.kind == rules.TRANSFER:
        record(TransferTakenBack(**subject))


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
