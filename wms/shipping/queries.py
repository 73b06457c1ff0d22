"""Reads of shipping. A shipment or parcel outside the actor's sellers or warehouses does not exist (404)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.platform.database import session
from wms.platform.statements import Answer, Statement
from wms.shipping.carriers import COUNTER, OWN
from wms.shipping.carriers.interface import Capabilities
from wms.shipping.models import (
    Carrier,
    CarrierAccount,
    CarrierTask,
    Collection,
    Manifest,
    ManifestState,
    Parcel,
    ParcelRate,
    ParcelState,
    ParcelTracking,
    Service,
    Shipment,
    ShipmentState,
    TaskAction,
    TaskState,
    TrackingEvent,
)
from wms.shipping.number_formats import is_doubtful
from wms.shipping.tracking import TrackState, shown_place

Row = TypeVar("Row", Shipment, Parcel)
TASK_ENDS = (TaskState.DONE.value, TaskState.DROPPED.value)
TASK_STOPS = (TaskState.REFUSED.value, TaskState.FAILED.value)


def service_by_code(warehouse_id: uuid.UUID, code: str) -> Service | None:
    """The active service of this code that the warehouse offers; its own before one of all warehouses."""
    statement = (
        select(Service)
        .join(Carrier, and_(Carrier.id == Service.carrier_id, Carrier.is_active))
        .where(Service.code == code, Service.is_active, Carrier.kind != COUNTER, _offered(warehouse_id))
        .order_by(Service.warehouse_id.is_(None))
    )
    return session().scalar(statement.limit(1))


def services_offered(warehouse_id: uuid.UUID | None = None) -> Sequence[tuple[Service, Carrier]]:
    """Active services with their carriers, by code; for one warehouse or all. Without the counter: nobody carries that."""
    statement = (
        select(Service, Carrier)
        .join(Carrier, Carrier.id == Service.carrier_id)
        .where(Service.is_active, Carrier.is_active, Carrier.kind != COUNTER)
        .order_by(Service.code, Service.id)
    )
    if warehouse_id is not None:
        statement = statement.where(_offered(warehouse_id))
    return [(service, carrier) for service, carrier in session().execute(statement)]


def _offered(warehouse_id: uuid.UUID) -> ColumnElement[bool]:
    return or_(Service.warehouse_id.is_(None), Service.warehouse_id == warehouse_id)


def load_service(service_id: uuid.UUID) -> Service:
    found = session().get(Service, service_id)
    if found is None:
        raise not_found("service")
    return found


def load_carrier(carrier_id: uuid.UUID) -> Carrier:
    found = session().get(Carrier, carrier_id)
    if found is None:
        raise not_found("carrier")
    return found


def brings_labels(service_id: uuid.UUID | None) -> bool:
    """Whether the labels of this service come with the orders, from their sellers."""
    return service_id is not None and load_carrier(load_service(service_id).carrier_id).kind == OWN


def capabilities_of(carrier_id: uuid.UUID) -> Capabilities:
    return Capabilities.from_data(load_carrier(carrier_id).capabilities)


def carrier_codes(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = session().execute(select(Carrier.id, Carrier.code).where(Carrier.id.in_(set(ids))))
    return {row.id: row.code for row in rows}


def sees(actor: Actor, row: Shipment | Parcel) -> bool:
    return actor.sees_seller(row.owner_id) and actor.sees_warehouse(row.warehouse_id)


def load_shipment(actor: Actor, shipment_id: uuid.UUID) -> Shipment:
    found = session().get(Shipment, shipment_id)
    if found is None or not sees(actor, found):
        raise not_found("shipment")
    return found


def load_parcel(actor: Actor, parcel_id: uuid.UUID) -> Parcel:
    found = session().get(Parcel, parcel_id)
    if found is None or not sees(actor, found):
        raise not_found("parcel")
    return found


def shipment_of(subject_kind: str, subject_id: uuid.UUID) -> Shipment | None:
    """The shipment of an order that is not voided."""
    return session().scalar(
        select(Shipment).where(
            Shipment.subject_kind == subject_kind,
            Shipment.subject_id == subject_id,
            Shipment.state != ShipmentState.VOIDED.value,
        )
    )


def shipments_of(subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Shipment]:
    """The shipments that are not voided, by the subject's id."""
    rows = session().scalars(
        select(Shipment).where(
            Shipment.subject_kind == subject_kind,
            Shipment.subject_id.in_(set(subject_ids)),
            Shipment.state != ShipmentState.VOIDED.value,
        )
    )
    return {row.subject_id: row for row in rows}


def parcels_of(shipment_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Parcel]]:
    """All parcels of these shipments by n, voided ones too."""
    wanted = set(shipment_ids)
    found: dict[uuid.UUID, list[Parcel]] = {key: [] for key in wanted}
    for parcel in session().scalars(select(Parcel).where(Parcel.shipment_id.in_(wanted)).order_by(Parcel.n)):
        found[parcel.shipment_id].append(parcel)
    return found


def live_parcels(shipment_id: uuid.UUID) -> list[Parcel]:
    return [parcel for parcel in parcels_of([shipment_id])[shipment_id] if parcel.state != ParcelState.VOIDED.value]


@dataclass(frozen=True)
class LiveParcel:
    """What a packing bench has to know of a parcel. `units`: how many were in it when it was weighed."""

    id: uuid.UUID
    shipment_id: uuid.UUID
    tracking_number: str | None
    weight_g: int | None
    state: str
    units: int | None
    weight_first: bool = False  # its carrier makes the label after the scale

    @property
    def is_open(self) -> bool:
        return self.state == ParcelState.OPEN.value


# The parcels of an order that are not void, as they were begun. To be sent with other questions; `live_parcels_in` reads
# its answer.
LIVE_PARCELS = Statement(
    "SELECT p.id, p.shipment_id, p.tracking_number, p.weight_g, p.state, p.units,"
    " coalesce(c.capabilities ->> 'needs_weight_before_label', '') = 'true' FROM shipment s"
    " JOIN parcel p ON p.shipment_id = s.id JOIN carrier c ON c.id = s.carrier_id"
    " WHERE s.subject_kind = 'order' AND s.subject_id = :order"
    " AND s.state <> 'voided' AND p.state <> 'voided' ORDER BY p.n"
)


def live_parcels_in(answer: Answer) -> list[LiveParcel]:
    return [LiveParcel(*row) for row in answer.all()]


_FAULT = Statement(
    "SELECT fault, facts, state FROM carrier_task WHERE parcel_id = :parcel AND action = 'create'"
    " AND state NOT IN ('done', 'dropped')"
)


@dataclass(frozen=True)
class LabelFault:
    """Why a parcel has no waybill yet, as its carrier said last; `stopped`: it is not asked again by itself."""

    code: str
    facts: dict[str, Any]
    stopped: bool


def label_fault(parcel_id: uuid.UUID) -> LabelFault | None:
    row = _FAULT.first({"parcel": parcel_id})
    if row is None or row.fault is None:
        return None
    return LabelFault(row.fault, row.facts or {}, row.state in TASK_STOPS)


@dataclass(frozen=True)
class Scanned:
    """A parcel found by its number, and what it is for."""

    id: uuid.UUID
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    carrier_id: uuid.UUID
    handling_unit_id: uuid.UUID | None
    subject_kind: str
    subject_id: uuid.UUID
    is_void: bool


# Live ones first. Two carriers may use the same number.
_BY_TRACKING = Statement(
    "SELECT p.id, p.warehouse_id, p.owner_id, p.carrier_id, p.handling_unit_id, s.subject_kind, s.subject_id,"
    " p.state = 'voided'"
    " FROM parcel p JOIN shipment s ON s.id = p.shipment_id WHERE p.tracking_number = :number"
    " AND p.warehouse_id = :warehouse ORDER BY p.state = 'voided', p.created_at DESC"
)


def scanned_parcels(actor: Actor, warehouse_id: uuid.UUID, tracking_number: str) -> list[Scanned]:
    """The parcels of a warehouse that carry this number, live ones first; 404 when the actor may see none."""
    found = [Scanned(*row) for row in _BY_TRACKING.all({"number": tracking_number, "warehouse": warehouse_id})]
    seen = [each for each in found if actor.sees_seller(each.owner_id) and actor.sees_warehouse(each.warehouse_id)]
    if not seen:
        raise not_found("parcel")
    return seen


def open_manifest_of(warehouse_id: uuid.UUID, carrier_id: uuid.UUID, dock_id: uuid.UUID | None) -> Manifest | None:
    """The open load of a carrier at a dock; None: the one at no dock."""
    return session().scalar(
        select(Manifest).where(
            Manifest.warehouse_id == warehouse_id,
            Manifest.carrier_id == carrier_id,
            Manifest.dock_id.is_not_distinct_from(dock_id),
            Manifest.state == ManifestState.OPEN.value,
        )
    )


_MANIFESTS = Statement(
    "SELECT m.id, m.number, m.state, m.created_at, m.closed_at, c.name AS carrier, w.code AS warehouse, w.time_zone,"
    " m.warehouse_id, m.dock_id, (SELECT code FROM location d WHERE d.id = m.dock_id) AS dock,"
    " (SELECT count(*) FROM parcel p WHERE p.manifest_id = m.id) AS parcels,"
    " (SELECT name FROM app_user u WHERE u.id = m.closed_by) AS closed_by"
    " FROM warehouse w CROSS JOIN LATERAL ((SELECT * FROM manifest WHERE warehouse_id = w.id AND state = 'open')"
    "  UNION ALL (SELECT * FROM manifest WHERE warehouse_id = w.id AND state = 'closed'"
    "  AND created_at > :since ORDER BY created_at DESC LIMIT :limit)) m JOIN carrier c ON c.id = m.carrier_id"
    " WHERE CAST(:places AS uuid[]) IS NULL OR w.id = ANY(CAST(:places AS uuid[]))"
    " ORDER BY m.state = 'open' DESC, m.created_at DESC, m.id DESC LIMIT :limit"
)


def manifests(actor: Actor, since: datetime, limit: int, of: Sequence[uuid.UUID] | None = None) -> Sequence[Any]:
    """The loads of the actor's warehouses, or of those among `of`, for staff: the open ones, then those begun after
    `since`, newest first; with their parcels counted.
    """
    if not actor.is_staff:
        raise not_found("manifest")
    places = actor.warehouse_ids if of is None else [each for each in of if actor.sees_warehouse(each)]
    return _MANIFESTS.all({"places": None if places is None else list(places), "since": since, "limit": limit})


def load_manifest(actor: Actor, manifest_id: uuid.UUID) -> Manifest:
    """For staff; 404 outside the actor's warehouses."""
    found = session().get(Manifest, manifest_id, populate_existing=True)
    if found is None or not (actor.is_staff and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("manifest")
    return found


def shipments_page(
    actor: Actor,
    *,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
    state: str | None = None,
    subject_id: uuid.UUID | None = None,
    tracking_number: str | None = None,
) -> Sequence[Shipment]:
    """Shipments of the actor's scope, oldest first."""
    statement = _scoped(select(Shipment), actor, Shipment).order_by(Shipment.created_at, Shipment.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(Shipment.created_at, Shipment.id) > after)
    if state is not None:
        statement = statement.where(Shipment.state == state)
    if subject_id is not None:
        statement = statement.where(Shipment.subject_id == subject_id)
    if tracking_number is not None:
        carrying = select(Parcel.shipment_id).where(Parcel.tracking_number == tracking_number)
        statement = statement.where(Shipment.id.in_(carrying))
    return session().scalars(statement).all()


def _scoped(statement: Select[Row], actor: Actor, model: type[Row]) -> Select[Row]:
    if actor.seller_ids is not None:
        statement = statement.where(model.owner_id.in_(actor.seller_ids))
    if actor.warehouse_ids is not None:
        statement = statement.where(model.warehouse_id.in_(actor.warehouse_ids))
    return statement


def parcels_waiting_for_files(
    carrier_id: uuid.UUID, warehouse_id: uuid.UUID, limit: int
) -> Sequence[tuple[Shipment, Parcel]]:
    """The parcels that wait for a number of this carrier, the oldest first."""
    statement = (
        select(Shipment, Parcel)
        .join(Parcel, Parcel.shipment_id == Shipment.id)
        .join(CarrierTask, CarrierTask.parcel_id == Parcel.id)
        .where(
            CarrierTask.carrier_id == carrier_id, CarrierTask.warehouse_id == warehouse_id,
            CarrierTask.action == TaskAction.CREATE.value, CarrierTask.state.not_in(TASK_ENDS),
        )
        .order_by(CarrierTask.created_at, CarrierTask.id)
        .limit(limit)
    )  # fmt: skip
    return [(shipment, parcel) for shipment, parcel in session().execute(statement)]


@dataclass(frozen=True)
class TaskRow:
    """What a carrier is asked to do, as the office sees it; `number` is the parcel's, the manifest's or the collection's."""

    task: CarrierTask
    carrier: Carrier
    subject_kind: str | None
    subject_id: uuid.UUID | None
    number: str | None


def open_tasks(actor: Actor, limit: int = 200) -> list[TaskRow]:
    """What remote carriers have not done yet in the actor's warehouses: what needs a person first, then the oldest."""
    statement = (
        select(
            CarrierTask,
            Carrier,
            Shipment.subject_kind,
            Shipment.subject_id,
            Parcel.tracking_number,
            func.coalesce(Manifest.number, Collection.number),
        )
        .join(Carrier, Carrier.id == CarrierTask.carrier_id)
        .outerjoin(Parcel, Parcel.id == CarrierTask.parcel_id)
        .outerjoin(Shipment, Shipment.id == Parcel.shipment_id)
        .outerjoin(Manifest, Manifest.id == CarrierTask.manifest_id)
        .outerjoin(Collection, Collection.id == CarrierTask.collection_id)
        .where(CarrierTask.state.not_in(TASK_ENDS))
        .order_by(CarrierTask.state.in_(TASK_STOPS).desc(), CarrierTask.created_at, CarrierTask.id)
        .limit(limit)
    )
    if actor.warehouse_ids is not None:
        statement = statement.where(CarrierTask.warehouse_id.in_(actor.warehouse_ids))
    rows = session().execute(statement).all()
    return [TaskRow(row[0], row[1], row[2], row[3], row[4] or row[5]) for row in rows]


def carriers_page() -> list[tuple[Carrier, CarrierAccount | None]]:
    """All carriers by code, with how the remote ones are reached. There are few."""
    statement = (
        select(Carrier, CarrierAccount)
        .outerjoin(CarrierAccount, CarrierAccount.carrier_id == Carrier.id)
        .order_by(Carrier.code)
    )
    return [(carrier, account) for carrier, account in session().execute(statement)]


@dataclass(frozen=True)
class Step:
    """Something that happened to a parcel; `place` never has a house number."""

    state: str
    happened_at: datetime
    place: str


@dataclass(frozen=True)
class Way:
    """How far a parcel has come, newest step first, and nothing that names a person."""

    parcel_id: uuid.UUID
    tracking_number: str | None
    carrier: str
    state: str
    steps: list[Step]
    doubtful: bool  # the number does not look like one of its carrier's


def ways(parcel_ids: Iterable[uuid.UUID]) -> list[Way]:
    """The ways of these parcels by their number in the shipment. Where the carrier tells nothing, what we know ourselves."""
    wanted = set(parcel_ids)
    rows = (
        session()
        .execute(
            select(Parcel, Carrier, ParcelTracking.state)
            .join(Carrier, Carrier.id == Parcel.carrier_id)
            .outerjoin(ParcelTracking, ParcelTracking.parcel_id == Parcel.id)
            .where(Parcel.id.in_(wanted))
            .order_by(Parcel.shipment_id, Parcel.n)
        )
        .all()
    )
    told: dict[uuid.UUID, list[Step]] = {key: [] for key in wanted}
    events = session().scalars(
        select(TrackingEvent)
        .where(TrackingEvent.parcel_id.in_(wanted))
        .order_by(TrackingEvent.happened_at.desc(), TrackingEvent.id.desc())
    )
    for event in events:
        told[event.parcel_id].append(Step(event.state, event.happened_at, shown_place(event.place)))
    return [_way(parcel, carrier, state, told[parcel.id]) for parcel, carrier, state in rows]


def _way(parcel: Parcel, carrier: Carrier, told: str | None, steps: list[Step]) -> Way:
    if parcel.handed_over_at is not None:
        own = Step(TrackState.PICKED_UP.value, parcel.handed_over_at, "")
        if not any(step.state == own.state for step in steps):
            steps = sorted([*steps, own], key=lambda step: step.happened_at, reverse=True)
    if parcel.state == ParcelState.VOIDED.value:
        state = TrackState.CANCELLED.value
    elif told in (None, TrackState.PENDING.value, TrackState.UNKNOWN.value):
        state = TrackState.PICKED_UP.value if parcel.handed_over_at is not None else TrackState.PENDING.value
    else:
        state = told
    number = parcel.tracking_number
    doubtful = number is not None and is_doubtful(carrier.number_format, number)
    return Way(parcel.id, number, carrier.name, state, steps, doubtful)


def rates_of(shipment_id: uuid.UUID) -> list[tuple[Parcel, ParcelRate]]:
    """What the parcels of a shipment that left cost, by n."""
    statement = select(Parcel, ParcelRate).join(ParcelRate, ParcelRate.parcel_id == Parcel.id)
    rows = session().execute(statement.where(Parcel.shipment_id == shipment_id).order_by(Parcel.n))
    return [(parcel, rate) for parcel, rate in rows]
