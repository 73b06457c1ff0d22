"""Bags and pallets of parcels (集包): filled by scanning, weighed, labelled, loaded by one scan (decision 083).

Locks: the shipment of a parcel, the parcel, then its bag. What is in a bag changes under the bag's lock only.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from wms.core import clock
from wms.core.actor import Actor
from wms.core.barcodes import OwnCode
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse
from wms.facility.rules import own_label
from wms.platform.counters import next_number, next_sscc
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.shipping import loads, queries, rules
from wms.shipping.events import BagClosed, BagLoaded
from wms.shipping.models import Bag, BagKind, BagState, Carrier, Parcel, ParcelState
from wms.shipping.service.docks import ANYWHERE, Gate
from wms.shipping.service.handover import HandedOver, check_closed, find_load, send_off
from wms.shipping.service.held import ShipmentAtWork, hold_parcel, hold_parcels
from wms.shipping.workflow import BAG


@dataclass(frozen=True)
class Bagged:
    """What a bag holds after a scan; `already`: the parcel was in it before, nothing changed."""

    bag_id: uuid.UUID
    number: str
    parcels: int
    already: bool = False


def put_into_bag(
    actor: Actor, parcel_id: uuid.UUID, bag_id: uuid.UUID | None = None, kind: BagKind = BagKind.BAG
) -> Bagged:
    """A parcel goes into a bag, or (None) a new one is begun with it, for its service.

    Refuses `parcel_gone`, `waybill_voided`, `parcel_open`, `parcel_in_bag` (another one), `bag_closed`, `other_carrier`,
    `other_service`. Whether its order may leave is the caller's to know.
    """
    shipment = hold_parcel(actor, parcel_id)
    parcel = shipment.parcel
    if not actor.is_staff:
        raise not_found("parcel")
    if parcel.state == ParcelState.HANDED_OVER.value:
        raise Refused("parcel_gone", {})
    check_closed(shipment)
    if parcel.bag_id is not None and parcel.bag_id != bag_id:
        raise Refused("parcel_in_bag", {"bag": session().get_one(Bag, parcel.bag_id).number})
    bag = _begin(actor, shipment, kind) if bag_id is None else hold_bag(actor, bag_id)
    already = parcel.bag_id == bag.id
    if not already:
        _check_fits(bag, shipment)
        session().execute(update(Parcel).where(Parcel.id == parcel.id).values(bag_id=bag.id))
    return Bagged(bag.id, bag.number, len(loads.bag_parcels(bag.id)), already)


def _check_fits(bag: Bag, shipment: ShipmentAtWork) -> None:
    if bag.state != BagState.OPEN.value:
        raise Refused("bag_closed", {"bag": bag.number})
    if shipment.parcel.warehouse_id != bag.warehouse_id:
        raise not_found("bag")
    if shipment.parcel.carrier_id != bag.carrier_id:
        raise Refused("other_carrier", {"carrier": queries.load_carrier(shipment.parcel.carrier_id).code})
    if shipment.service_id != bag.service_id:
        raise Refused("other_service", {"service": queries.load_service(shipment.service_id).code})


def _begin(actor: Actor, shipment: ShipmentAtWork, kind: BagKind) -> Bag:
    warehouse = load_warehouse(actor, shipment.parcel.warehouse_id)
    number, barcode = _number(warehouse, queries.load_carrier(shipment.parcel.carrier_id))
    bag = Bag(
        id=new_id(), warehouse_id=warehouse.id, carrier_id=shipment.parcel.carrier_id, service_id=shipment.service_id,
        kind=kind.value, number=number, barcode=barcode, state=BAG.initial.value, created_at=clock.now(),
    )  # fmt: skip
    session().add(bag)
    session().flush()
    return bag


def _number(warehouse: Warehouse, carrier: Carrier) -> tuple[str, str]:
    """What people and scanners read: an SSCC where the operator has a GS1 prefix, else a number of the house."""
    if sscc := next_sscc():
        return sscc, sscc
    number = next_number(DocumentKind.BAG, carrier.id, carrier.code, clock.today(warehouse.time_zone))
    return number, own_label(OwnCode.UNIT, warehouse.label_prefix, number)


def hold_bag(actor: Actor, bag_id: uuid.UUID) -> Bag:
    """The bag under lock; 404 for who does not work in its warehouse."""
    bag = lock_one(Rank.DOCUMENT, Bag, bag_id)
    if bag is None or not (actor.is_staff and actor.sees_warehouse(bag.warehouse_id)):
        raise not_found("bag")
    return bag


def take_out_of_bag(actor: Actor, parcel_id: uuid.UUID) -> Bag | None:
    """A parcel that has not left is taken out of its bag again; a closed bag is open from now on, one whose last it was is
    given up. None: it was in none. Refuses `parcel_gone`.
    """
    parcel = hold_parcel(actor, parcel_id).parcel
    if parcel.state == ParcelState.HANDED_OVER.value:
        raise Refused("parcel_gone", {})
    if parcel.bag_id is None:
        return None
    bag = hold_bag(actor, parcel.bag_id)
    session().execute(update(Parcel).where(Parcel.id == parcel.id).values(bag_id=None))
    if bag.state == BagState.CLOSED.value:
        _open_again(bag)
    _drop_if_empty(bag)
    return bag


def take_off_load(parcel: Parcel, bag: Bag) -> None:
    """A parcel of a bag on a load is taken back: what the bag weighs is less by it. The caller holds both."""
    parcel.bag_id = None
    bag.weight_g = max(1, (bag.weight_g or 0) - (parcel.weight_g or 0))
    session().flush()
    _drop_if_empty(bag)


def _open_again(bag: Bag) -> None:
    bag.state = BAG.apply("reopen", bag.state).value
    bag.weight_g = bag.closed_at = bag.closed_by = None
    session().flush()


def _drop_if_empty(bag: Bag) -> None:
    if not loads.bag_parcels(bag.id):
        bag.state = BAG.apply("drop", bag.state).value
        bag.manifest_id = bag.loaded_at = None
        session().flush()


def reopen_bag(actor: Actor, bag_id: uuid.UUID) -> Bag:
    """A closed bag takes parcels again, and is weighed again. An open one stays as it is."""
    bag = hold_bag(actor, bag_id)
    if bag.state != BagState.OPEN.value:
        _open_again(bag)
    return bag


def close_bag(actor: Actor, bag_id: uuid.UUID, weight_g: int, *, accept_anyway: bool = False) -> Bag:
    """It is shut and on the scale: gross weight in g.

    Refuses `bag_void` naming a parcel that must not leave, `bag_weight_off` outside `rules.bag_weight_band` unless
    somebody looked again.
    """
    bag = hold_bag(actor, bag_id)
    state = BAG.apply("close", bag.state).value
    if weight_g < 1:
        raise invalid("/weight_g", "too_small", min=1)
    parcels = loads.bag_parcels(bag.id)
    void = next((each for each in parcels if each.state != ParcelState.CLOSED.value), None)
    if void is not None:
        raise Refused("bag_void", {"number": void.tracking_number})
    low, high = rules.bag_weight_band(bag.kind, sum(each.weight_g for each in parcels))
    if not (low <= weight_g <= high or accept_anyway):
        raise Refused("bag_weight_off", {"measured": weight_g, "low": low, "high": high})
    bag.state, bag.weight_g, bag.closed_at, bag.closed_by = state, weight_g, clock.now(), actor.id
    session().flush()
    record(
        BagClosed(
            subject_id=bag.id, warehouse_id=bag.warehouse_id, owner_id=None, parcels=len(parcels), weight_g=weight_g
        )
    )
    return bag


@dataclass(frozen=True)
class HeldBag:
    """A bag under lock with all that is in it, under lock too."""

    bag: Bag
    shipments: Sequence[ShipmentAtWork]


def hold_bag_and_parcels(actor: Actor, bag_id: uuid.UUID, parcel_ids: Sequence[uuid.UUID]) -> HeldBag:
    """`parcel_ids`: what was seen in it. Refuses `bag_changed` when that is not what is in it now."""
    shipments = hold_parcels(actor, sorted(parcel_ids)) if parcel_ids else []
    bag = hold_bag(actor, bag_id)
    if {each.id for each in loads.bag_parcels(bag.id)} != set(parcel_ids):
        raise Refused("bag_changed", {})
    return HeldBag(bag, shipments)


def load_held_bag(actor: Actor, held: HeldBag, gate: Gate = ANYWHERE) -> list[HandedOver]:
    """All parcels of a closed bag go on its carrier's open load at this gate. The caller holds it and posts the stock."""
    bag = held.bag
    state = BAG.apply("load", bag.state).value
    for each in held.shipments:
        check_closed(each)
    load_id = find_load(actor, bag.warehouse_id, bag.carrier_id, gate=gate)
    going = {each.parcel.id for each in held.shipments}
    loaded = [send_off(each, load_id, going) for each in held.shipments]
    bag.state, bag.manifest_id, bag.loaded_at = state, load_id, clock.now()
    session().flush()
    record(
        BagLoaded(
            subject_id=bag.id, warehouse_id=bag.warehouse_id, owner_id=None, manifest_id=load_id, parcels=len(loaded),
            weight_g=bag.weight_g or 0,
        )
    )  # fmt: skip
    return loaded
