"""Shipments and parcels from opening to the closed box, and the way back.

Whatever touches a parcel locks its shipment first: one parcel is never numbered, voided and handed over at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.statements import Statement
from wms.shipping import queries
from wms.shipping.carriers import connection_to, is_remote
from wms.shipping.carriers.interface import CarrierFault, WaybillRequest
from wms.shipping.events import ShipmentVoided
from wms.shipping.models import (
    Bag,
    Carrier,
    Manifest,
    ManifestState,
    Parcel,
    ParcelState,
    Service,
    Shipment,
    ShipmentState,
)
from wms.shipping.service import bags, tasks
from wms.shipping.service.held import hold_parcel
from wms.shipping.workflow import PARCEL, SHIPMENT


def open_shipment(
    actor: Actor,
    warehouse_id: uuid.UUID,
    owner_id: uuid.UUID,
    service_id: uuid.UUID,
    subject_kind: str,
    subject_id: uuid.UUID,
) -> Shipment:
    """The shipment of a subject: a new one, or the one it has that is not voided. Refuses `service_closed`."""
    if not (actor.sees_seller(owner_id) and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    service = queries.load_service(service_id)
    if not service.is_active or service.warehouse_id not in (None, warehouse_id):
        raise Refused("service_closed", {"service": service.code})
    values = {
        "id": new_id(), "warehouse_id": warehouse_id, "owner_id": owner_id, "carrier_id": service.carrier_id,
        "service_id": service.id, "subject_kind": subject_kind, "subject_id": subject_id,
        "state": SHIPMENT.initial.value, "created_at": clock.now(),
    }  # fmt: skip
    # Two at the same moment: the second waits for the first and then inserts nothing.
    opened = session().scalar(insert(Shipment).values(values).on_conflict_do_nothing().returning(Shipment))
    if opened is None:
        opened = queries.shipment_of(subject_kind, subject_id)
    if opened is None or not queries.sees(actor, opened):
        raise not_found("shipment")
    return opened


def add_parcel(actor: Actor, shipment_id: uuid.UUID, *, handling_unit_id: uuid.UUID | None = None) -> Parcel:
    """One more parcel, without a number yet. Refuses `one_parcel_only` where the carrier takes no more."""
    shipment = load_shipment_to_change(actor, shipment_id)
    _refuse_final(shipment)
    if queries.live_parcels(shipment.id) and not queries.capabilities_of(shipment.carrier_id).many_parcels:
        raise Refused("one_parcel_only", {"carrier": queries.load_carrier(shipment.carrier_id).code})
    return insert_parcel(shipment, handling_unit_id)


def insert_parcel(shipment: Shipment, handling_unit_id: uuid.UUID | None = None) -> Parcel:
    last = session().scalar(select(func.max(Parcel.n)).where(Parcel.shipment_id == shipment.id)) or 0
    parcel = Parcel(
        shipment_id=shipment.id, warehouse_id=shipment.warehouse_id, owner_id=shipment.owner_id,
        carrier_id=shipment.carrier_id, n=last + 1, state=PARCEL.initial.value, handling_unit_id=handling_unit_id,
        client_reference=f"{shipment.id}/{last + 1}", created_at=clock.now(),
    )  # fmt: skip
    session().add(parcel)
    session().flush()
    return parcel


def draw_number(actor: Actor, shipment_id: uuid.UUID) -> list[Parcel]:
    """Give every parcel that has none its waybill number; makes parcel 1 when there is none. Safe to ask again.

    Returns the live parcels. A remote carrier's have no number yet: it is asked after the commit, or after the scale where it
    wants the weight first, and the shipment stands *open* until it has answered for all of them. Refuses
    `numbers_used_up`, `carrier_refused`, `carrier_later`; `parcel_gone` where a number would still have to come after part of
    the shipment left.
    """
    shipment = load_shipment_to_change(actor, shipment_id)
    _refuse_final(shipment)
    parcels = queries.live_parcels(shipment.id) or [insert_parcel(shipment)]
    unnumbered = [parcel for parcel in parcels if parcel.tracking_number is None]
    if unnumbered:
        carrier = queries.load_carrier(shipment.carrier_id)
        if is_remote(carrier):
            _await_numbers(shipment, parcels)
            return parcels
        service = queries.load_service(shipment.service_id)
        for parcel in unnumbered:
            parcel.tracking_number = _buy(carrier, service, parcel)
    if shipment.state == ShipmentState.OPEN.value:
        shipment.state = SHIPMENT.apply("number", shipment.state).value
    session().flush()
    return parcels


def _await_numbers(shipment: Shipment, parcels: list[Parcel]) -> None:
    if any(parcel.state == ParcelState.HANDED_OVER.value for parcel in parcels):
        raise Refused("parcel_gone", {})
    weight_first = queries.capabilities_of(shipment.carrier_id).needs_weight_before_label
    for parcel in parcels:
        if parcel.tracking_number is None and (parcel.weight_g is not None or not weight_first):
            tasks.want_waybill(shipment, parcel)
    shipment.state = SHIPMENT.apply("await", shipment.state).value
    session().flush()


def _buy(carrier: Carrier, service: Service, parcel: Parcel) -> str:
    answer = connection_to(carrier).create(
        WaybillRequest(parcel.client_reference, parcel.warehouse_id, service.code, parcel.weight_g, _size(parcel))
    )
    if isinstance(answer, CarrierFault):
        raise refusal_of(answer)
    return answer.tracking_number


def _size(parcel: Parcel) -> tuple[int, int, int] | None:
    if parcel.length_mm is None or parcel.width_mm is None or parcel.height_mm is None:
        return None
    return parcel.length_mm, parcel.width_mm, parcel.height_mm


def refusal_of(fault: CarrierFault) -> Refused:
    """A carrier's "no" as ours."""
    if fault.code == "numbers_used_up":
        return Refused(fault.code, fault.params)
    if fault.retryable:
        return Refused("carrier_later", {"reason": fault.code}, next_step="retry")
    return Refused("carrier_refused", {"reason": fault.code})


def mark_labelled(actor: Actor, shipment_id: uuid.UUID) -> Shipment:
    """The waybills of all its parcels have been asked for. Again is fine.

    Refuses `number_missing`, and `weigh_first` or `size_missing` where the carrier wants them on the label.
    """
    shipment = load_shipment_to_change(actor, shipment_id)
    wants = queries.capabilities_of(shipment.carrier_id)
    parcels = queries.live_parcels(shipment.id)
    if not parcels or any(parcel.tracking_number is None for parcel in parcels):
        raise Refused("number_missing", {})
    if wants.needs_weight_before_label and any(parcel.weight_g is None for parcel in parcels):
        raise Refused("weigh_first", {})
    if wants.needs_size_before_label and any(_size(parcel) is None for parcel in parcels):
        raise Refused("size_missing", {})
    if shipment.state != ShipmentState.LABELLED.value:
        shipment.state = SHIPMENT.apply("label", shipment.state).value
    session().flush()
    return shipment


_WEIGHED = Statement(
    "WITH box AS (SELECT outer_length_mm, outer_width_mm, outer_height_mm FROM packaging WHERE id = CAST(:packaging AS uuid))"
    " UPDATE parcel SET weight_g = :weight, units = :units, is_weighed = :weighed, packaging_id = CAST(:packaging AS uuid),"
    " planned_packaging_id = CAST(:planned AS uuid),"
    " length_mm = coalesce(:length, (SELECT outer_length_mm FROM box), length_mm),"
    " width_mm = coalesce(:width, (SELECT outer_width_mm FROM box), width_mm),"
    " height_mm = coalesce(:height, (SELECT outer_height_mm FROM box), height_mm) WHERE id = :parcel"
)
_CLOSED = Statement(
    "UPDATE parcel SET state = :state, closed_at = :now, handling_unit_id = coalesce(:unit, handling_unit_id)"
    " WHERE id = :parcel"
)
_REOPENED = Statement(
    "UPDATE parcel SET state = :state, closed_at = NULL, weight_g = NULL, units = NULL, handling_unit_id = NULL"
    " WHERE id = :parcel"
)


@dataclass(frozen=True)
class Boxed:
    """What lay on the scale: so many units, in this box or bag (whose outside is the parcel's size unless one is
    measured), and the one that was planned.
    """

    units: int | None = None
    packaging_id: uuid.UUID | None = None
    planned_id: uuid.UUID | None = None
    is_weighed: bool = True  # by a scale; False: what it must weigh is what it is said to weigh


def record_weight(
    actor: Actor,
    parcel_id: uuid.UUID,
    weight_g: int,
    size_mm: tuple[int, int, int] | None = None,
    boxed: Boxed = Boxed(),
) -> None:
    """What the scale and the ruler said: g and (length, width, height) in mm. Only while the box is open."""
    parcel = hold_parcel(actor, parcel_id).parcel
    if parcel.state != ParcelState.OPEN.value:
        PARCEL.apply("close", parcel.state)  # refuses, naming the state
    length, width, height = size_mm or (None, None, None)
    values = {
        "parcel": parcel.id, "weight": weight_g, "length": length, "width": width, "height": height,
        "units": boxed.units, "packaging": boxed.packaging_id, "planned": boxed.planned_id,
        "weighed": boxed.is_weighed,
    }  # fmt: skip
    _WEIGHED.run(values)


def close_parcel(
    actor: Actor, parcel_id: uuid.UUID, scanned_number: str, *, handling_unit_id: uuid.UUID | None = None
) -> None:
    """The box is shut and its waybill was scanned back. The same scan again changes nothing.

    `handling_unit_id`: the box as a thing that holds stock.

    Refuses `weigh_first`, `number_missing`, and `waybill_differs` when another label is on the box.
    """
    parcel = hold_parcel(actor, parcel_id).parcel
    if parcel.tracking_number is None:
        raise Refused("number_missing", {})
    if parcel.tracking_number != scanned_number:
        raise Refused("waybill_differs", {"scanned": scanned_number})
    if parcel.state == ParcelState.CLOSED.value:
        return
    if parcel.weight_g is None:
        raise Refused("weigh_first", {})
    state = PARCEL.apply("close", parcel.state).value
    _CLOSED.run({"parcel": parcel.id, "state": state, "now": clock.now(), "unit": handling_unit_id})


def reopen_parcel(actor: Actor, parcel_id: uuid.UUID) -> None:
    """The box is opened again before it left (a doubt at the gate, a put-back); it will be weighed again. What it was as
    a thing that holds stock is the caller's to end. Refuses `parcel_in_bag`.
    """
    parcel = hold_parcel(actor, parcel_id).parcel
    if parcel.bag_id is not None:
        raise Refused("parcel_in_bag", {"bag": session().get_one(Bag, parcel.bag_id).number})
    _REOPENED.run({"parcel": parcel.id, "state": PARCEL.apply("reopen", parcel.state).value})


def drop_parcel(actor: Actor, parcel_id: uuid.UUID) -> None:
    """An open parcel that nothing goes into: its number is given back and never used again.

    Refuses `parcel_needed` for the last one of a shipment that has not left, `parcel_is_closed`.
    """
    held = hold_parcel(actor, parcel_id)
    waiting = {ParcelState.OPEN.value, ParcelState.CLOSED.value}
    if not any(each.state in waiting for each in held.parcels if each.id != parcel_id):
        raise Refused("parcel_needed", {})
    if held.parcel.state != ParcelState.OPEN.value:
        raise Refused("parcel_is_closed", {})
    parcel = session().get_one(Parcel, parcel_id, populate_existing=True)
    give_back(queries.load_carrier(parcel.carrier_id), parcel)
    session().flush()
    shipment = session().get_one(Shipment, parcel.shipment_id, populate_existing=True)
    left = [each for each in held.parcels if each.id != parcel_id and each.state != ParcelState.VOIDED.value]
    if shipment.state == ShipmentState.OPEN.value and all(each.tracking_number is not None for each in left):
        # It was the only one whose number was still waited for.
        shipment.state = SHIPMENT.apply("label", SHIPMENT.apply("number", shipment.state).value).value
        session().flush()


def void_shipment(actor: Actor, shipment_id: uuid.UUID, reason: str = "cancelled") -> Shipment:
    """Give the waybills back. Their numbers are never used again. Refuses `parcel_gone` after a hand-over.

    The caller voids the documents too (`printing.void_documents`). Voiding again changes nothing.
    """
    shipment = load_shipment_to_change(actor, shipment_id)
    if shipment.state == ShipmentState.VOIDED.value:
        return shipment
    parcels = queries.live_parcels(shipment.id)
    if any(parcel.state == ParcelState.HANDED_OVER.value for parcel in parcels):
        raise Refused("parcel_gone", {})
    _void(shipment, parcels, reason)
    return shipment


def take_off_load(actor: Actor, parcel_id: uuid.UUID) -> bool:
    """A parcel comes off the load before the truck leaves, out of the bag it was in; it may go again later. Returns whether
    all of its shipment had been handed over.

    The caller takes the stock back. Refuses `parcel_gone` when its manifest is closed, and a parcel that is on no load.
    """
    found = queries.load_parcel(actor, parcel_id)
    shipment = load_shipment_to_change(actor, found.shipment_id)
    parcel = session().get_one(Parcel, parcel_id)
    state = PARCEL.apply("take_off", parcel.state).value
    bag = lock_one(Rank.DOCUMENT, Bag, parcel.bag_id) if parcel.bag_id is not None else None
    manifest = lock_one(Rank.DOCUMENT, Manifest, parcel.manifest_id)
    if manifest is None or manifest.state != ManifestState.OPEN.value:
        raise Refused("parcel_gone", {})
    parcel.state, parcel.manifest_id, parcel.handed_over_at = state, None, None
    was_whole = shipment.state == ShipmentState.HANDED_OVER.value
    if was_whole:
        shipment.state, shipment.handed_over_at = SHIPMENT.apply("take_off", shipment.state).value, None
    session().flush()
    if bag is not None:
        bags.take_off_load(parcel, bag)
    return was_whole


def _void(shipment: Shipment, parcels: Sequence[Parcel], reason: str) -> None:
    """The carrier is told, and shipment and parcels are void."""
    carrier = queries.load_carrier(shipment.carrier_id)
    for parcel in parcels:
        give_back(carrier, parcel)
    shipment.state = SHIPMENT.apply("void", shipment.state).value
    shipment.void_reason, shipment.voided_at = reason[:64], clock.now()
    session().flush()
    record(
        ShipmentVoided(
            subject_id=shipment.id, warehouse_id=shipment.warehouse_id, owner_id=shipment.owner_id,
            order_kind=shipment.subject_kind, order_id=shipment.subject_id,
        )
    )  # fmt: skip


def give_back(carrier: Carrier, parcel: Parcel) -> None:
    """Its waybill is void. A local carrier may refuse; a remote one is told after the commit, and its "no" is a matter for
    the office.
    """
    if is_remote(carrier):
        tasks.give_back(parcel)
    else:
        connection = connection_to(carrier)
        if parcel.tracking_number is not None and connection.capabilities.can_void:
            fault = connection.void(parcel.client_reference, parcel.tracking_number)
            if fault is not None:
                raise refusal_of(fault)
    parcel.state = PARCEL.apply("void", parcel.state).value


def load_shipment_to_change(actor: Actor, shipment_id: uuid.UUID) -> Shipment:
    """The shipment under lock, with its parcels read fresh from now on; 404 outside the actor's scope."""
    shipment = lock_one(Rank.DOCUMENT, Shipment, shipment_id)
    if shipment is None or not queries.sees(actor, shipment):
        raise not_found("shipment")
    lock(Rank.DOCUMENT, Parcel, session().scalars(select(Parcel.id).where(Parcel.shipment_id == shipment.id)))
    return shipment


def _refuse_final(shipment: Shipment) -> None:
    """Nothing is added to a shipment that is gone or void."""
    if not SHIPMENT.permitted("void", shipment.state):
        SHIPMENT.apply("void", shipment.state)  # refuses, naming the state
