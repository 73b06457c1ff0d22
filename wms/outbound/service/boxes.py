"""More than one parcel for an order: the next one begun, taken back, and a closed one opened again (decision 068)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory import ledger, units
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound import rules
from wms.outbound.service import packing, totes
from wms.outbound.service.held import OrderAtWork, hold_order, move_order
from wms.outbound.waybill_sizes import in_their_sizes
from wms.outbound.workflow import ORDER, OrderState
from wms.platform.database import session
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined
from wms.printing import service as printing
from wms.printing.queries import last_print
from wms.printing.service import DocumentDraft
from wms.shipping import service as shipping
from wms.shipping.carriers import draws_its_own_labels
from wms.shipping.queries import LiveParcel, Scanned, load_parcel, scanned_parcels

# A label in one of these states may have left the printer: what it says stays.
SENT = frozenset({"dispatching", "dispatched", "unknown", "printed"})


def begin_next(actor: Actor, order_id: uuid.UUID) -> None:
    """The open box is full: a further parcel is begun for what is left, with a number and a label of its own.

    Again changes nothing. Refuses `box_empty`, `box_is_all`, `one_parcel_order`, `one_parcel_only` where the carrier takes
    no more, `waybill_not_ready`, and what a carrier refuses.
    """
    order, answers = hold_order(actor, order_id, *packing.questions(order_id))
    packing.check_bench(order)
    found = packing.read_bench(*answers)
    if not found.in_box:
        raise Refused("box_empty", {})
    if not found.left:
        raise Refused("box_is_all", {})
    open_one = packing.ready(found.parcel)
    if not found.has_next:
        add_box(actor, order, open_one)


def add_box(actor: Actor, order: OrderAtWork, open_one: LiveParcel) -> None:
    """A further parcel behind the open one, with a number and a label of its own. The caller holds the order.

    Refuses `one_parcel_order`, `one_parcel_only` where the carrier takes no more, and what a carrier refuses.
    """
    warehouse = session().get_one(Warehouse, order.warehouse_id)
    if rules.regime_of(warehouse.regime, warehouse.is_bonded, order.kind).one_parcel:
        raise Refused("one_parcel_order", {})
    shipping.add_parcel(actor, open_one.shipment_id)
    shipping.draw_number(actor, open_one.shipment_id)
    _label(actor, order)


def take_back_next(actor: Actor, order_id: uuid.UUID) -> bool:
    """It all fits after all: the parcel begun last is dropped while it is empty. False when there is none."""
    order, answers = hold_order(actor, order_id, *packing.questions(order_id))
    packing.check_bench(order)
    waiting = [each for each in packing.read_bench(*answers).parcels if each.is_open]
    if len(waiting) < 2:
        return False
    printing.hold_documents("parcel", [each.id for each in waiting])  # the last one's label ends before the others'
    packing.drop_unused(actor, waiting[-1:])
    _label(actor, order)
    return True


_CARRIER = Statement(
    "SELECT c.kind FROM shipment s JOIN carrier c ON c.id = s.carrier_id WHERE s.subject_kind = 'order'"
    " AND s.subject_id = :order AND s.state <> 'voided'"
)


def _label(actor: Actor, order: OrderAtWork) -> None:
    """Labels of the open parcels; one that has not been printed is made anew, for it says how many there are."""
    if draws_its_own_labels(str(_CARRIER.scalar({"order": order.id}))):
        return  # each comes when its carrier is asked
    found = packing.bench(order.id).parcels
    drafts = [
        DocumentDraft(
            kind="waybill", subject_kind="parcel", subject_id=each.id, owner_id=order.owner_id,
            barcode=each.tracking_number, parent=("order", order.id), replace=not _was_sent(each),
        )
        for each in found
        if each.is_open and each.tracking_number is not None and not (each.weight_first and each.weight_g is None)
    ]  # fmt: skip
    if drafts:
        printing.request_documents(actor, order.warehouse_id, in_their_sizes(drafts))


def _was_sent(parcel: LiveParcel) -> bool:
    last = last_print("waybill", "parcel", parcel.id, None)
    return last is not None and last.job_state in SENT


def closed_parcel(actor: Actor, warehouse_id: uuid.UUID, tracking_number: str) -> Scanned:
    """The order's closed parcel that this label is on. Refuses `parcel_open`, `parcel_gone`, `waybill_voided`."""
    found = scanned_parcels(actor, warehouse_id, tracking_number)[0]
    if found.subject_kind != "order":
        raise not_found("parcel")
    state = load_parcel(actor, found.id).state
    refusals = {"open": "parcel_open", "handed_over": "parcel_gone", "voided": "waybill_voided"}
    if state in refusals:
        raise Refused(refusals[state], {})
    return found


def reopen(actor: Actor, warehouse_id: uuid.UUID, tracking_number: str, tote_id: uuid.UUID) -> OrderAtWork:
    """A closed parcel is opened again before it left: its goods go back to a tote, where they stay checked and are weighed
    and closed again. An order that was packed is picked again.

    `tote_id`: one of the order's own totes where it still has any, else a free one. Refuses `order_cancelled`, `box_in_hand` while
    something has been checked into an open box, `wrong_tote`, `tote_taken`, `not_a_tote`, and what `closed_parcel` refuses.
    """
    parcel = closed_parcel(actor, warehouse_id, tracking_number)
    order, answers = hold_order(actor, parcel.subject_id, *packing.questions(parcel.subject_id))
    order.refuse_cancelled()
    if order.state != OrderState.PICKED.value:
        ORDER.apply("unpack", order.state)
    if order.state == OrderState.PICKED.value and packing.read_bench(*answers).in_box:
        raise Refused("box_in_hand", {})
    parcel = scanned_parcels(actor, warehouse_id, tracking_number)[0]  # as it is behind the lock
    shipping.reopen_parcel(actor, parcel.id)
    assert parcel.handling_unit_id is not None  # a closed parcel is a handling unit
    place_id = _bind_tote(order, tote_id)
    _move_back(actor, order, parcel.handling_unit_id, tote_id, place_id)
    with pipelined():
        _EMPTIED.send({"unit": parcel.handling_unit_id})
        _UNBOXED.send({"order": order.id, "parcel": parcel.id})
        _HAS_TOTE.send({"order": order.id, "tote": tote_id, "now": clock.now()})
        if order.state == OrderState.PACKED.value:
            move_order(order, "unpack")
    return order


_TOTE = Statement(
    "SELECT warehouse_id, kind, subject_id, location_id FROM handling_unit WHERE id = :tote FOR NO KEY UPDATE"
)
_BOUND = Statement(
    "UPDATE handling_unit SET subject_kind = 'order', subject_id = :order, state = 'in_use' WHERE id = :tote"
)
_HAS_TOTE = Statement("UPDATE outbound_order SET tote_id = :tote, updated_at = :now WHERE id = :order")
_EMPTIED = Statement("UPDATE handling_unit SET state = 'gone', subject_kind = NULL, subject_id = NULL WHERE id = :unit")
# Checks that name no parcel are of a release that knew one parcel an order: they are in it, and now in the open box.
_UNBOXED = Statement(
    "UPDATE verification AS v SET parcel_id = NULL FROM demand d WHERE d.id = v.demand_id AND d.order_id = :order"
    " AND v.parcel_id = :parcel"
)


def _bind_tote(order: OrderAtWork, tote_id: uuid.UUID) -> uuid.UUID:
    """The tote is the order's from now on; returns where it stands."""
    claim(Rank.HANDLING_UNIT)
    tote = _TOTE.first({"tote": tote_id})
    if tote is None or tote.warehouse_id != order.warehouse_id or tote.kind != "tote":
        raise Refused("not_a_tote", {})
    if order.tote_id is not None and order.tote_id != tote_id:
        totes.check_mine(order.id, tote_id)
    if order.tote_id is None and tote.subject_id is not None:
        raise Refused("tote_taken", {})
    _BOUND.run({"tote": tote_id, "order": order.id})
    place: uuid.UUID = tote.location_id
    return place


def _move_back(actor: Actor, order: OrderAtWork, unit_id: uuid.UUID, tote_id: uuid.UUID, place_id: uuid.UUID) -> None:
    rows: Sequence[units.Holding] = units.content(unit_id)
    moves = [
        MoveDraft(row.stock, replace(row.stock, location_id=place_id, handling_unit_id=tote_id), row.quantity)
        for row in rows
    ]
    ledger.post(actor, PostingDraft(Reason.PACK, "order", order.id, moves))
