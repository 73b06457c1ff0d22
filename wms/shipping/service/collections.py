"""Lorries that the office orders of carriers (揽收): ordered, confirmed, refused, called off, come or not (decision 118).

A carrier is asked by a job, under the order's id as our reference, and by that reference before anything is tried again. What it
says is a state of the order; a question that could not be brought to an end waits for a person among the carrier's tasks.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Location, Warehouse
from wms.facility.queries import load_warehouse
from wms.platform.counters import next_number
from wms.platform.database import end_reading, keep_so_far, session
from wms.platform.locks import Rank, lock_one
from wms.shipping import queries
from wms.shipping.carriers import ASKED_BY_JOBS
from wms.shipping.carriers.interface import CarrierFault, CollectionGranted, CollectionRequest, Party, RemoteConnection
from wms.shipping.models import Carrier, CarrierTask, Collection, CollectionState, TaskAction
from wms.shipping.rules import as_reference
from wms.shipping.service import docks, tasks
from wms.shipping.service.tasks import Begun, CarrierLater
from wms.shipping.workflow import CARRIER_TASK, COLLECTION

MOST_DAYS = 60
LIVE = (CollectionState.WANTED.value, CollectionState.CONFIRMED.value)
# The carrier's word that it will not: nothing was begun, and nothing is left to be asked.
NOES = ("carrier_says_no", "carrier_cannot")


@dataclass(frozen=True)
class Wish:
    """A lorry that somebody wants: when, by the warehouse's calendar and clock, and what it has to take."""

    day: date
    ready_at: time
    close_at: time
    parcels: int
    bags: int
    pallets: int
    weight_g: int
    dock_id: uuid.UUID | None = None
    remark: str = ""


def takes_orders(carrier: Carrier) -> bool:
    """Whether lorries are ordered of this carrier from here."""
    return carrier.kind in ASKED_BY_JOBS and queries.capabilities_of(carrier.id).can_collect


def order_collection(actor: Actor, warehouse_id: uuid.UUID, carrier_id: uuid.UUID, wish: Wish) -> Collection:
    """Have the carrier asked for a lorry. Refuses `carrier_does_not_collect`, `collection_day`, `collection_window`,
    `collection_over`, `collection_nothing`, `collection_twice` (at that dock in that time), `no_such_dock`.
    """
    house, carrier = _house(actor, warehouse_id), queries.load_carrier(carrier_id)
    if not takes_orders(carrier):
        raise Refused("carrier_does_not_collect", {"carrier": carrier.name})
    _check(wish, clock.now().astimezone(ZoneInfo(house.time_zone)))
    if wish.dock_id is not None:
        docks.require_dock(warehouse_id, wish.dock_id)
    _refuse_twice(warehouse_id, carrier_id, wish)
    made = _insert(actor, house, carrier, wish)
    if made is None:  # somebody else ordered one at the same moment
        return order_collection(actor, warehouse_id, carrier_id, wish)
    tasks.want_collection(made, TaskAction.COLLECT)
    return made


def _house(actor: Actor, warehouse_id: uuid.UUID) -> Warehouse:
    if not (actor.is_staff and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    return load_warehouse(actor, warehouse_id)


def _check(wish: Wish, now: datetime) -> None:
    if not now.date() <= wish.day <= now.date() + timedelta(days=MOST_DAYS):
        raise invalid("/day", "collection_day", days=MOST_DAYS)
    if wish.ready_at >= wish.close_at:
        raise invalid("/close_at", "collection_window")
    if wish.day == now.date() and wish.close_at <= now.time():
        raise invalid("/close_at", "collection_over")
    if wish.parcels + wish.bags + wish.pallets == 0:
        raise invalid("/parcels", "collection_nothing")


def _refuse_twice(warehouse_id: uuid.UUID, carrier_id: uuid.UUID, wish: Wish) -> None:
    other = session().scalar(
        select(Collection.number).where(
            Collection.warehouse_id == warehouse_id, Collection.carrier_id == carrier_id, Collection.day == wish.day,
            Collection.dock_id.is_not_distinct_from(wish.dock_id), Collection.state.in_(LIVE),
            Collection.ready_at < wish.close_at, Collection.close_at > wish.ready_at,
        ).limit(1)
    )  # fmt: skip
    if other is not None:
        raise Refused("collection_twice", {"number": other})


def _insert(actor: Actor, house: Warehouse, carrier: Carrier, wish: Wish) -> Collection | None:
    now = clock.now()
    number = next_number(DocumentKind.COLLECTION, carrier.id, carrier.code, clock.today(house.time_zone))
    values = {
        "id": new_id(), "warehouse_id": house.id, "carrier_id": carrier.id, "dock_id": wish.dock_id,
        "number": f"{number}-{house.code}", "state": COLLECTION.initial.value, "day": wish.day, "ready_at": wish.ready_at,
        "close_at": wish.close_at, "parcels": wish.parcels, "bags": wish.bags, "pallets": wish.pallets,
        "weight_g": wish.weight_g, "remark": wish.remark, "created_at": now, "created_by": actor.id, "updated_at": now,
    }  # fmt: skip
    return session().scalar(insert(Collection).values(values).on_conflict_do_nothing().returning(Collection))


def call_off(actor: Actor, collection_id: uuid.UUID) -> Collection:
    """The lorry need not come. One that nobody has asked for yet is called off at once; else the carrier is told.

    Called off again changes nothing. Refuses `not_allowed_now` for one that is over.
    """
    found = load_collection_to_change(actor, collection_id)
    if found.state in (CollectionState.CALLING_OFF.value, CollectionState.CALLED_OFF.value):
        return found
    asked = tasks.open_collect(found.id)
    if asked is not None:
        asked.state = CARRIER_TASK.apply("drop", asked.state).value  # `updated_at` stays: when it was last asked
        session().flush()
        if asked.attempts == 0:
            return _move(found, "drop")
    _move(found, "call_off")
    tasks.want_collection(
        found, TaskAction.CALL_OFF, found.carrier_reference or (asked.carrier_reference if asked else None)
    )
    return found


def confirm_by_hand(actor: Actor, collection_id: uuid.UUID, reference: str) -> Collection:
    """A person has the carrier's word, and its reference. Refuses `carrier_reference_wrong`, `not_allowed_now`."""
    found = load_collection_to_change(actor, collection_id)
    known = as_reference(reference)
    if known is None:
        raise invalid("/reference", "carrier_reference_wrong")
    asked = tasks.open_collect(found.id)
    if asked is not None:
        asked.state = CARRIER_TASK.apply("drop", asked.state).value
    found.carrier_reference, found.fault, found.facts = known, None, None
    return _move(found, "confirm")


def end_collection(actor: Actor, collection_id: uuid.UUID, *, came: bool) -> Collection:
    """The lorry came, or did not. Refuses `not_allowed_now` for one that is not confirmed."""
    return _move(load_collection_to_change(actor, collection_id), "collect" if came else "miss")


def keep_collection(actor: Actor, collection_id: uuid.UUID) -> Collection:
    """It could not be called off: the lorry comes. Refuses `not_allowed_now`, and `carrier_reference_wrong` for one of which
    nobody knows what the carrier calls it.
    """
    found = load_collection_to_change(actor, collection_id)
    if found.carrier_reference is None:
        raise Refused("carrier_reference_wrong", {})
    _move(found, "keep")
    asked = tasks.open_collect(found.id, TaskAction.CALL_OFF)
    if asked is not None:
        asked.state = CARRIER_TASK.apply("drop", asked.state).value
        session().flush()
    return found


def load_collection_to_change(actor: Actor, collection_id: uuid.UUID) -> Collection:
    """The collection under lock; 404 outside the actor's warehouses."""
    found = lock_one(Rank.DOCUMENT, Collection, collection_id)
    if found is None or not (actor.is_staff and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("collection")
    return found


def take_load(warehouse: Warehouse, carrier_id: uuid.UUID, dock_id: uuid.UUID | None, manifest_id: uuid.UUID) -> None:
    """A load has left with its lorry: the one that was to come to this dock today, or to none in particular, came."""
    due = session().scalar(
        select(Collection.id).where(
            Collection.warehouse_id == warehouse.id, Collection.carrier_id == carrier_id,
            Collection.state == CollectionState.CONFIRMED.value, Collection.day == clock.today(warehouse.time_zone),
            Collection.dock_id.is_(None) | (Collection.dock_id == dock_id),
        ).order_by(Collection.dock_id.is_(None), Collection.ready_at, Collection.id).limit(1)
    )  # fmt: skip
    found = None if due is None else lock_one(Rank.DOCUMENT, Collection, due)
    if found is not None and found.state == CollectionState.CONFIRMED.value:
        _move(found, "collect")
        found.manifest_id = manifest_id
        session().flush()


def _move(found: Collection, action: str) -> Collection:
    found.state = COLLECTION.apply(action, found.state).value
    found.updated_at = clock.now()
    session().flush()
    return found


# What the carrier is asked, each the work of one job: read, note, ask without a transaction, settle.


def ask(task_id: uuid.UUID) -> None:
    """Order the lorry. After any earlier try the carrier is asked for our reference first. Raises CarrierLater, StillAsked."""
    task = session().get(CarrierTask, task_id)
    if task is None or task.collection_id is None:
        return
    collection_id = task.collection_id
    connection = tasks.connect(task.carrier_id)
    request = _request_of(session().get_one(Collection, collection_id))
    begun = tasks.begin(task_id)
    if begun is None:
        return
    end_reading()
    answer = connection if isinstance(connection, CarrierFault) else _ordered(connection, begun, request)
    _settle_order(collection_id, begun, answer)


def _request_of(found: Collection) -> CollectionRequest:
    house = session().get_one(Warehouse, found.warehouse_id)
    dock = None if found.dock_id is None else session().get_one(Location, found.dock_id).code
    return CollectionRequest(
        client_reference=str(found.id), sender=Party(name="", company=house.name, country=house.country), place=dock or "",
        day=found.day, ready_at=found.ready_at, close_at=found.close_at, time_zone=house.time_zone, parcels=found.parcels,
        bags=found.bags, pallets=found.pallets, weight_g=found.weight_g, remark=found.remark,
    )  # fmt: skip


def _ordered(
    connection: RemoteConnection, begun: Begun, request: CollectionRequest
) -> CollectionGranted | CarrierFault:  # fmt: skip
    found = None if begun.first else connection.find_collection(begun.client_reference)
    return found or connection.collect(request)


def _settle_order(collection_id: uuid.UUID, begun: Begun, answer: CollectionGranted | CarrierFault) -> None:
    found = lock_one(Rank.DOCUMENT, Collection, collection_id)
    task = tasks.hold_task(begun.task_id)
    if found is None:
        return
    if task is None:  # called off, or confirmed by hand, meanwhile: what was ordered is called off by what it is called
        if isinstance(answer, CollectionGranted):
            tasks.name_call_off(found, answer.carrier_reference)
        return
    if isinstance(answer, CollectionGranted):
        tasks.finish(task, answer.carrier_reference)
        found.carrier_reference, found.fault, found.facts = answer.carrier_reference, None, None
        if answer.between is not None:
            found.agreed_from, found.agreed_to = answer.between
        _move(found, "confirm")
        return
    known = answer.params.get("carrier_reference")
    if answer.code in NOES:
        tasks.drop_answered(task, answer)
        _note(found, answer)
        _move(found, "refuse")
    elif tasks.note_fault(task, answer, known if isinstance(known, str) else None):
        keep_so_far()
        raise CarrierLater(answer.code)


def ask_to_call_off(task_id: uuid.UUID) -> None:
    """Tell the carrier that the lorry need not come. One it does not know needs no telling. Raises CarrierLater, StillAsked."""
    task = session().get(CarrierTask, task_id)
    if task is None or task.collection_id is None:
        return
    collection_id = task.collection_id
    day = session().get_one(Collection, collection_id).day
    connection = tasks.connect(task.carrier_id)
    begun = tasks.begin(task_id)
    if begun is None:
        return
    end_reading()
    fault = connection if isinstance(connection, CarrierFault) else _called_off(connection, begun, day)
    _settle_call_off(collection_id, begun, fault)


def _called_off(connection: RemoteConnection, begun: Begun, day: date) -> CarrierFault | None:
    reference = begun.carrier_reference
    if reference is None:
        found = connection.find_collection(begun.client_reference)
        if found is None or isinstance(found, CarrierFault):
            return found
        reference = found.carrier_reference
    return connection.call_off(reference, day)


def _settle_call_off(collection_id: uuid.UUID, begun: Begun, fault: CarrierFault | None) -> None:
    found = lock_one(Rank.DOCUMENT, Collection, collection_id)
    task = tasks.hold_task(begun.task_id)
    if found is None or task is None:
        return
    if fault is None:
        tasks.finish(task)
        _move(found, "agree")
    elif fault.code in NOES and found.carrier_reference is not None:  # it comes all the same, and says why
        tasks.drop_answered(task, fault)
        _note(found, fault)
        _move(found, "keep")
    elif tasks.note_fault(task, fault):
        keep_so_far()
        raise CarrierLater(fault.code)


def _note(found: Collection, fault: CarrierFault) -> None:
    found.fault, found.facts = fault.code[:40], {key: str(value)[:80] for key, value in fault.params.items()}
