"""The counter (自提): the consignee says the code or shows a document, each parcel is scanned, the slip is signed.

A pick-up is an order like any other up to the packed parcel. It leaves by this gate only, and is gone the moment its last
parcel is handed out: there is no truck to take it off.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.outbound import rules
from wms.outbound.events import PickUpCollected, PickUpOverdue
from wms.outbound.kinds.models import PickUp
from wms.outbound.kinds.pick_up import KEPT, MOST_WRONG, Checked
from wms.outbound.models import Order
from wms.outbound.service import exceptions
from wms.outbound.service.handover import HandedOver, hand_over
from wms.outbound.service.held import hold_order
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement
from wms.shipping.queries import scanned_parcels

NOT_COLLECTED = "not_collected"


@dataclass(frozen=True)
class Waiting:
    """A pick-up at the counter: its parcels, and of these the ones that are still here."""

    order_id: uuid.UUID
    number: str
    parcels: int
    here: int


_PARCELS = Statement(
    "SELECT count(*)::int AS parcels, (count(*) FILTER (WHERE p.state = 'closed'))::int AS here FROM parcel p"
    " JOIN shipment s ON s.id = p.shipment_id WHERE s.subject_kind = 'order' AND s.subject_id = :order"
    " AND p.state <> 'voided'"
)


def ask_for(actor: Actor, order_id: uuid.UUID) -> Waiting:
    """Somebody stands at the counter for this order. Refuses `not_a_pick_up`, `order_cancelled`, `pick_up_collected`,
    `intercepted`, `order_held`, `not_packed`.
    """
    order, (answer,) = hold_order(actor, order_id, (_PARCELS, {"order": order_id}))
    if order.kind != rules.PICK_UP:
        raise Refused("not_a_pick_up", {})
    order.refuse_cancelled()
    if order.state == OrderState.SHIPPED.value:
        raise Refused("pick_up_collected", {})
    order.refuse_stopped()
    if order.state != OrderState.PACKED.value:
        raise Refused("not_packed", {})
    row = answer.first()
    return Waiting(order.id, order.number, row.parcels, row.here)


@dataclass(frozen=True)
class CodeSaid:
    """`left`: how many more tries there are; none, and only a document counts."""

    is_right: bool
    left: int


_TRY = Statement("SELECT code, wrong_codes FROM pick_up WHERE order_id = :order FOR UPDATE")
_WRONG = Statement("UPDATE pick_up SET wrong_codes = wrong_codes + 1 WHERE order_id = :order")


def say_code(actor: Actor, order_id: uuid.UUID, code: str) -> CodeSaid:
    """Whether it is the code. A wrong one is counted, so it is an answer and no refusal: a refusal would undo the count."""
    ask_for(actor, order_id)
    row = _TRY.first({"order": order_id})
    left = MOST_WRONG - row.wrong_codes
    if left <= 0:
        return CodeSaid(False, 0)
    if hmac.compare_digest(row.code, code if code.isascii() else ""):
        return CodeSaid(True, left)
    _WRONG.run({"order": order_id})
    return CodeSaid(False, left - 1)


_COLLECTED = Statement(
    "UPDATE pick_up SET collected_at = :now, collected_by = :actor, collected_by_name = :name, checked = :checked"
    " WHERE order_id = :order"
)


def collect(
    actor: Actor, warehouse_id: uuid.UUID, order_id: uuid.UUID, tracking_number: str, checked: Checked
) -> HandedOver:
    """One parcel is handed out to the person who was checked; with the last one the order is collected.

    Refuses `pick_up_other_order` for a parcel of another order, and what `hand_over` refuses.
    """
    parcel = scanned_parcels(actor, warehouse_id, tracking_number)[0]
    if parcel.subject_id != order_id:
        raise Refused("pick_up_other_order", {})
    gone = hand_over(actor, warehouse_id, tracking_number, at_counter=True)
    if gone.already or gone.waits:
        return gone
    values = {
        "order": order_id,
        "now": clock.now(),
        "actor": actor.id,
        "name": actor.name[:80],
        "checked": checked.value,
    }
    _COLLECTED.run(values)
    exceptions.resolve(order_id, "collected", NOT_COLLECTED)
    order = gone.order
    record(
        PickUpCollected(
            subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id, checked=checked.value
        )
    )
    return gone


def remind_due(limit: int = 100) -> int:
    """Pick-ups that nobody came for in time go before a supervisor, once; returns how many."""
    due = (
        select(PickUp.order_id)
        .where(PickUp.ready_at.is_not(None), PickUp.collected_at.is_(None), PickUp.reminded_at.is_(None),
               PickUp.keep_until <= clock.now())
        .order_by(PickUp.keep_until, PickUp.order_id)
        .limit(limit)
    )  # fmt: skip
    told = 0
    for order_id in sorted(session().scalars(due).all()):
        order = lock_one(Rank.DOCUMENT, Order, order_id)
        found = session().get(PickUp, order_id, populate_existing=True)
        if order is None or found is None or found.reminded_at is not None or found.collected_at is not None:
            continue
        found.reminded_at = clock.now()
        if order.state == OrderState.PACKED.value:  # cancelled, or opened again: nobody is waited for
            exceptions.raise_once(order, NOT_COLLECTED)
            record(PickUpOverdue(subject_id=order.id, warehouse_id=order.warehouse_id, owner_id=order.owner_id))
            told += 1
    session().flush()
    return told


def wait_longer(order: Order) -> None:
    """A supervisor keeps it at the counter for as long again. The caller holds the order."""
    found = session().get_one(PickUp, order.id)
    found.keep_until, found.reminded_at = clock.now() + KEPT, None
    session().flush()
