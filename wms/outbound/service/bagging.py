"""Bags of parcels at the gate: what may go into one, and all of one onto its load with one scan (decision 083).

Each parcel passes the gate that a parcel by itself passes (`handover`): its order may leave, its goods are posted.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.inventory import ledger, units
from wms.outbound.service import handover
from wms.outbound.service.book_claims import CLAIMED, BookClaim, claims_in
from wms.outbound.service.held import OrderAtWork, hold_order, hold_orders
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined
from wms.printing import service as printing
from wms.printing.service import DocumentDraft
from wms.shipping import loads
from wms.shipping import service as shipping
from wms.shipping.loads import BagParcel
from wms.shipping.models import Bag, BagKind, BagState
from wms.shipping.queries import scanned_parcels
from wms.shipping.service import Bagged, HandedOver
from wms.shipping.service.docks import gate_at


def put_in(
    actor: Actor, warehouse_id: uuid.UUID, tracking_number: str, bag_id: uuid.UUID | None, kind: BagKind = BagKind.BAG
) -> Bagged:
    """Scan a parcel into a bag, or (None) begin one with it. Refuses what `handover.hand_over` refuses, and what
    `shipping.put_into_bag` does.
    """
    parcel = scanned_parcels(actor, warehouse_id, tracking_number)[0]
    order, _ = hold_order(actor, parcel.subject_id)
    order.refuse_cancelled()
    if parcel.is_void:
        raise Refused("waybill_voided", {})
    handover.refuse_unfit(order)
    return shipping.put_into_bag(actor, parcel.id, bag_id, kind)


def close(actor: Actor, bag_id: uuid.UUID, weight_g: int, *, accept_anyway: bool = False) -> Bag:
    """Weighed and shut: its label is made. Refuses as `shipping.close_bag`."""
    bag = shipping.close_bag(actor, bag_id, weight_g, accept_anyway=accept_anyway)
    request_label(actor, bag)
    return bag


def request_label(actor: Actor, bag: Bag) -> None:
    """A label with what is in it now, in the place of an earlier one."""
    draft = DocumentDraft("bag", "bag", bag.id, replace=True)
    printing.request_documents(actor, bag.warehouse_id, [draft])


_ASKED = Statement(
    "SELECT p.tracking_number FROM parcel p JOIN shipment s ON s.id = p.shipment_id AND s.subject_kind = 'order'"
    " JOIN outbound_order o ON o.id = s.subject_id WHERE p.bag_id = :bag AND o.interception = 'requested'"
    " ORDER BY p.tracking_number LIMIT 1"
)


@dataclass(frozen=True)
class BagGone:
    """A bag on its load; `already`: it had gone before."""

    number: str
    parcels: int
    already: bool = False


def load(actor: Actor, bag_id: uuid.UUID, dock_id: uuid.UUID | None = None) -> BagGone:
    """Scan a bag onto its carrier's load at the dock where one works: all in it leave, or none. A second scan answers *already*.

    Refuses `bag_open`, and the first parcel that must not leave by its number: `bag_cancelled`, `bag_void`,
    `bag_intercepted`, `bag_held`, `bag_not_packed`, `bag_not_released`.
    """
    seen = loads.bag_parcels(bag_id)
    bag = loads.bag_at(actor, bag_id)
    if bag.state == BagState.LOADED.value:
        return _gone_before(bag, seen)
    if bag.state != BagState.CLOSED.value:
        raise Refused("bag_open", {"bag": bag.number})
    orders = hold_orders(actor, [each.subject_id for each in seen])
    held = shipping.hold_bag_and_parcels(actor, bag_id, [each.id for each in seen])
    if held.bag.state == BagState.LOADED.value:  # another scan of it was first
        return _gone_before(held.bag, seen)
    numbers = {each.id: each.tracking_number for each in seen}
    for each in held.shipments:
        refuse_in_bag(orders[each.subject_id], numbers[each.parcel.id], is_void=each.parcel.state == "voided")
    gone = shipping.load_held_bag(actor, held, gate_at(dock_id))
    _leave(actor, orders, {each.id: each for each in seen}, gone)
    return BagGone(held.bag.number, len(gone))


def _gone_before(bag: Bag, inside: Sequence[BagParcel]) -> BagGone:
    asked = _ASKED.scalar({"bag": bag.id})
    if asked is not None:  # it stands in the yard, and somebody wants this one back
        raise Refused("bag_intercepted", {"number": asked})
    return BagGone(bag.number, len(inside), already=True)


# What keeps a parcel by itself at the gate, said of one in a bag: which one has to come out.
_IN_BAG = {
    "order_cancelled": "bag_cancelled",
    "waybill_voided": "bag_void",
    "intercepted": "bag_intercepted",
    "order_held": "bag_held",
    "not_packed": "bag_not_packed",
    "customs_not_released": "bag_not_released",
}


def refuse_in_bag(order: OrderAtWork, number: str, *, is_void: bool) -> None:
    try:
        order.refuse_cancelled()
        if is_void:
            raise Refused("waybill_voided", {})
        handover.refuse_unfit(order)
    except Refused as refusal:
        raise Refused(_IN_BAG[refusal.code], {"number": number}) from refusal


_LOCK_UNITS = Statement(
    "SELECT id FROM handling_unit WHERE id = ANY(CAST(:units AS uuid[])) ORDER BY id FOR NO KEY UPDATE"
)


def _leave(
    actor: Actor, orders: dict[uuid.UUID, OrderAtWork], seen: dict[uuid.UUID, BagParcel], gone: Sequence[HandedOver]
) -> None:
    """Everything in these parcels goes to its customers, a posting a parcel; what went with its last one is shipped."""
    unit_of = {each.parcel_id: seen[each.parcel_id].handling_unit_id for each in gone}
    claim(Rank.HANDLING_UNIT)
    with pipelined():
        _LOCK_UNITS.send({"units": list(unit_of.values())})
        content = units.send_content(*unit_of.values())
        claimed = CLAIMED.send({"orders": list(orders)})
    goods: dict[uuid.UUID | None, list[units.Holding]] = defaultdict(list)
    for row in units.holdings(content):
        goods[row.stock.handling_unit_id].append(row)
    claims: dict[uuid.UUID, list[BookClaim]] = defaultdict(list)
    for one in claims_in(claimed):
        claims[one.order_id].append(one)
    of_order = {each.parcel_id: orders[seen[each.parcel_id].subject_id] for each in gone}
    drafts = [
        handover.exit_of(of_order[key], goods[unit_id], claims[of_order[key].id]) for key, unit_id in unit_of.items()
    ]
    ledger.post_all(actor, drafts)
    for each in gone:
        unit_id = unit_of[each.parcel_id]
        assert unit_id is not None  # a closed parcel is a handling unit
        handover.note_gone(of_order[each.parcel_id], each.parcel_id, unit_id)
    last = {of_order[each.parcel_id].id: each.parcel_id for each in gone if each.shipment_done}
    for order_id, parcel_id in last.items():
        handover.note_shipped(orders[order_id], parcel_id)
