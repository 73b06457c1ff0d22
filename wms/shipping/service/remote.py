"""Asking remote carriers: for a waybill, to take one back, and telling them what a lorry took.

Each is the work of one job: read, note, ask without a transaction, settle. What the owner of the shipment knows (who
receives it, what is in it) comes from there, as a function that is called before anything is noted.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import select

from labels import LabelRefused, Size, check_incoming
from wms.core.actor import Actor
from wms.platform.database import end_reading, keep_so_far, session
from wms.shipping.carriers import ASKED_BY_JOBS
from wms.shipping.carriers.interface import CarrierFault, Charged, RemoteConnection, WaybillGranted, WaybillRequest
from wms.shipping.models import Carrier, CarrierTask, Parcel, ParcelState, Shipment, ShipmentState
from wms.shipping.service import following, tasks
from wms.shipping.service.costs import keep_cost
from wms.shipping.service.shipments import load_shipment_to_change
from wms.shipping.service.tasks import Begun, CarrierLater
from wms.shipping.workflow import SHIPMENT


@dataclass(frozen=True)
class Answered:
    """What a carrier said to the wish for a waybill, not settled yet. `label_pdf` has passed our check."""

    task_id: uuid.UUID
    parcel_id: uuid.UUID
    shipment_id: uuid.UUID
    answer: WaybillGranted | CarrierFault
    label_mm: tuple[int, int]


def ask_for_waybill(
    parcel_id: uuid.UUID, request_of: Callable[[Shipment, Parcel], WaybillRequest | None]
) -> Answered | None:
    """Ask the carrier of a parcel for its waybill; None when nobody waits for one. Ends the transaction it is called in.

    `request_of` gives what the owner knows, or None when that is gone. After any earlier try the carrier is asked for
    our reference first. Raises StillAsked while another worker may be at it.
    """
    task = tasks.open_create(parcel_id)
    if task is None:
        return None
    parcel = session().get_one(Parcel, parcel_id)
    shipment = session().get_one(Shipment, parcel.shipment_id)
    if session().get_one(Carrier, task.carrier_id).kind not in ASKED_BY_JOBS:
        return None  # a person brings the numbers of such a carrier
    request = request_of(shipment, parcel)
    connection = tasks.connect(shipment.carrier_id)
    shipment_id, label_mm = shipment.id, request.label_mm if request else (100, 150)
    begun = tasks.begin(task.id)
    if begun is None:
        return None
    end_reading()
    if isinstance(connection, CarrierFault):
        answer: WaybillGranted | CarrierFault = connection
    elif request is None:
        answer = CarrierFault("carrier_no_recipient", retryable=False)
    else:
        answer = _ask(connection, begun, request)
    return Answered(begun.task_id, parcel_id, shipment_id, answer, label_mm)


def _ask(connection: RemoteConnection, begun: Begun, request: WaybillRequest) -> WaybillGranted | CarrierFault:
    """One waybill of the carrier with a label that is right, or why not. No transaction is open."""
    found = None if begun.first else connection.find(begun.client_reference)
    if isinstance(found, CarrierFault):
        return found
    granted = found or connection.create(request)
    if isinstance(granted, CarrierFault):
        return granted
    try:
        normal = check_incoming(
            granted.label_pdf or b"", Size(*request.label_mm), tracking_number=granted.tracking_number
        )
    except LabelRefused as refusal:
        facts = {**refusal.params, "label": refusal.code, "carrier_reference": granted.carrier_reference}
        return CarrierFault("carrier_label", retryable=False, params=facts)
    if not normal.confirmed:
        facts = {"label": "symbol_not_readable", "carrier_reference": granted.carrier_reference}
        return CarrierFault("carrier_label", retryable=False, params=facts)
    return replace(granted, label_pdf=normal.pdf)


def settle_waybill(actor: Actor, answered: Answered) -> WaybillGranted | CarrierFault | None:
    """Write down what came of it, under the locks of shipment and parcels; the caller puts the label into its place.

    The waybill that is now the parcel's; or the fault, after which either the outbox tries again (`retryable`) or a
    person looks; or None when the parcel was voided meanwhile: then the waybill goes back. Refuses nothing.
    """
    shipment = load_shipment_to_change(actor, answered.shipment_id)
    parcel = session().get_one(Parcel, answered.parcel_id)
    task = tasks.hold_task(answered.task_id)
    answer = answered.answer
    if task is None or parcel.state == ParcelState.VOIDED.value:
        if isinstance(answer, WaybillGranted) and parcel.tracking_number != answer.tracking_number:
            tasks.want_back(parcel, answer.carrier_reference)
        return None
    if isinstance(answer, WaybillGranted) and _is_taken(parcel, answer.tracking_number):
        answer = CarrierFault("carrier_number_taken", retryable=False, params={"number": answer.tracking_number})
    if isinstance(answer, CarrierFault):
        again = tasks.note_fault(task, answer, _text(answer.params.get("carrier_reference")))
        return replace(answer, retryable=again)
    tasks.finish(task, answer.carrier_reference)
    number_parcel(shipment, parcel, answer)
    following.begin_following(parcel)
    return answer


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is_taken(parcel: Parcel, number: str) -> bool:
    """Whether the carrier gave us a number that another parcel of it has, or had."""
    other = select(Parcel.id).where(
        Parcel.carrier_id == parcel.carrier_id, Parcel.tracking_number == number, Parcel.id != parcel.id
    )
    return session().scalar(other) is not None


def number_parcel(shipment: Shipment, parcel: Parcel, granted: WaybillGranted) -> None:
    """The number is the parcel's, and what it costs; with the last of them the shipment is numbered. The caller holds both."""
    parcel.tracking_number = granted.tracking_number
    parcel.carrier_reference = granted.carrier_reference
    session().flush()
    keep_cost(shipment, parcel, granted.charged)
    waiting = select(Parcel.id).where(
        Parcel.shipment_id == shipment.id, Parcel.tracking_number.is_(None), Parcel.state != ParcelState.VOIDED.value
    )
    if shipment.state == ShipmentState.OPEN.value and session().scalar(waiting.limit(1)) is None:
        shipment.state = SHIPMENT.apply("number", shipment.state).value
        session().flush()


def take_number(shipment: Shipment, parcel: Parcel, number: str, charged: Charged | CarrierFault | None = None) -> None:
    """A person brought the number of a parcel that waits for one. The caller holds both, and has judged it."""
    task = tasks.open_create(parcel.id)
    if task is not None:
        tasks.finish_by_hand(task)
    number_parcel(shipment, parcel, WaybillGranted(number, charged=charged))


def take_back(task_id: uuid.UUID) -> None:
    """Ask the carrier to take a waybill back. One it does not know needs no return.

    Raises CarrierLater, StillAsked.
    """
    task = session().get(CarrierTask, task_id)
    if task is None:
        return
    connection = tasks.connect(task.carrier_id)
    begun = tasks.begin(task_id)
    if begun is None:
        return
    end_reading()
    fault = connection if isinstance(connection, CarrierFault) else _void(connection, begun)
    _settle(task_id, fault)


def _void(connection: RemoteConnection, begun: Begun) -> CarrierFault | None:
    reference = begun.carrier_reference
    if reference is None:
        found = connection.find(begun.client_reference)
        if found is None or isinstance(found, CarrierFault):
            return found
        reference = found.carrier_reference
    return None if reference is None else connection.void(reference)


def tell_manifest(task_id: uuid.UUID) -> None:
    """Tell the carrier which of its waybills left on a manifest. Raises CarrierLater, StillAsked."""
    task = session().get(CarrierTask, task_id)
    if task is None:
        return
    connection = tasks.connect(task.carrier_id)
    taken = session().scalars(
        select(Parcel.carrier_reference)
        .where(Parcel.manifest_id == task.manifest_id, Parcel.carrier_reference.is_not(None))
        .order_by(Parcel.handed_over_at, Parcel.id)
    )
    references = [each for each in taken if each is not None]
    begun = tasks.begin(task_id)
    if begun is None:
        return
    end_reading()
    if isinstance(connection, CarrierFault):
        _settle(task_id, connection)
        return
    answer = connection.manifest(begun.client_reference, references) if references else None
    if isinstance(answer, CarrierFault):
        _settle(task_id, answer)
    else:
        _settle(task_id, None, answer)


def _settle(task_id: uuid.UUID, fault: CarrierFault | None, carrier_reference: str | None = None) -> None:
    """Note how it ended; what is tried again is kept, and raised for the outbox to come back."""
    task = tasks.hold_task(task_id)
    if task is None:
        return
    if fault is None:
        tasks.finish(task, carrier_reference)
    elif tasks.note_fault(task, fault):
        keep_so_far()
        raise CarrierLater(fault.code)
