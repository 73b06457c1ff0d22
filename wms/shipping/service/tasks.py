"""What remote carriers are asked to do: noted before, asked outside any transaction, settled after.

A task is *asking* from before the first byte leaves until somebody has settled it. Whoever finds it so, because the
worker died, asks the carrier by our reference first. Two never ask at once: a task that was taken a moment ago is left
alone until every exchange of its taker must have ended.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import not_found
from wms.platform.database import keep_so_far, session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one
from wms.platform.outbox import Away, add_job
from wms.platform.secrecy import unseal
from wms.shipping.carriers import remote_connection
from wms.shipping.carriers.interface import Capabilities, CarrierFault, RemoteConnection
from wms.shipping.events import WaybillWanted
from wms.shipping.models import (
    Carrier,
    CarrierAccount,
    CarrierTask,
    Collection,
    Manifest,
    Parcel,
    Shipment,
    TaskAction,
    TaskState,
)
from wms.shipping.queries import TASK_ENDS
from wms.shipping.workflow import CARRIER_TASK

MOST_ATTEMPTS = 7  # of one round: less than the outbox's own, so that the task says what the matter is
ASKING_SECONDS = 120  # a search and a creation at their longest, and the check of a label
GIVE_BACK_TOPIC = "shipping.give_back"
MANIFEST_TOPIC = "shipping.tell_manifest"
COLLECT_TOPIC = "shipping.order_collection"
CALL_OFF_TOPIC = "shipping.call_off_collection"
_TOPICS = {
    TaskAction.VOID.value: GIVE_BACK_TOPIC, TaskAction.MANIFEST.value: MANIFEST_TOPIC,
    TaskAction.COLLECT.value: COLLECT_TOPIC, TaskAction.CALL_OFF.value: CALL_OFF_TOPIC,
}  # fmt: skip
# What takes back what the other may still be making.
_UNDOES = {TaskAction.VOID.value: TaskAction.CREATE.value, TaskAction.CALL_OFF.value: TaskAction.COLLECT.value}


class CarrierLater(Exception):
    """The carrier may do it later: the outbox tries again, each time after a longer pause."""


class StillAsked(Away):
    """Another worker may be asking this very moment."""


@dataclass(frozen=True)
class Begun:
    """A task that this worker asks now. `first`: nobody at the carrier can know its reference yet."""

    task_id: uuid.UUID
    client_reference: str
    carrier_reference: str | None
    first: bool


def open_task(
    carrier_id: uuid.UUID, warehouse_id: uuid.UUID, action: TaskAction, reference: str, *,
    parcel_id: uuid.UUID | None = None, manifest_id: uuid.UUID | None = None, collection_id: uuid.UUID | None = None,
    carrier_reference: str | None = None,
) -> CarrierTask | None:  # fmt: skip
    """A new task; None when one of this action is open for the reference. The caller holds the subject."""
    now = clock.now()
    values = {
        "id": new_id(), "carrier_id": carrier_id, "warehouse_id": warehouse_id, "action": action.value,
        "state": CARRIER_TASK.initial.value, "parcel_id": parcel_id, "manifest_id": manifest_id,
        "collection_id": collection_id,
        "client_reference": reference, "carrier_reference": carrier_reference, "attempts": 0, "rounds": 1,
        "created_at": now, "updated_at": now,
    }  # fmt: skip
    return session().scalar(insert(CarrierTask).values(values).on_conflict_do_nothing().returning(CarrierTask))


def want_waybill(shipment: Shipment, parcel: Parcel) -> None:
    """Have the owner of the shipment ask for this parcel's waybill, unless that is under way."""
    made = open_task(
        shipment.carrier_id, shipment.warehouse_id, TaskAction.CREATE, parcel.client_reference, parcel_id=parcel.id
    )
    if made is not None:
        _announce(shipment, parcel.id)


def _announce(shipment: Shipment, parcel_id: uuid.UUID) -> None:
    record(
        WaybillWanted(
            subject_id=parcel_id, warehouse_id=shipment.warehouse_id, owner_id=shipment.owner_id,
            order_kind=shipment.subject_kind, order_id=shipment.subject_id,
        )
    )  # fmt: skip


def give_back(parcel: Parcel) -> None:
    """Have a waybill returned that the carrier has, or may have, made. The caller voids the parcel."""
    asked = open_create(parcel.id)
    may_exist = parcel.tracking_number is not None
    if asked is not None:
        may_exist |= asked.attempts > 0
        asked.state = CARRIER_TASK.apply("drop", asked.state).value  # `updated_at` stays: when it was last asked
        session().flush()
    if may_exist:
        want_back(parcel, parcel.carrier_reference or (asked.carrier_reference if asked else None))


def want_back(parcel: Parcel, carrier_reference: str | None) -> None:
    """Ask the carrier to take a waybill back, by its own reference where that is known; not one that takes none."""
    if not Capabilities.from_data(session().get_one(Carrier, parcel.carrier_id).capabilities).can_void:
        return
    made = open_task(
        parcel.carrier_id, parcel.warehouse_id, TaskAction.VOID, parcel.client_reference, parcel_id=parcel.id,
        carrier_reference=carrier_reference,
    )  # fmt: skip
    if made is not None:
        _add_job(made)


def want_manifest(manifest: Manifest) -> None:
    """Have the carrier told what its lorry took."""
    made = open_task(
        manifest.carrier_id, manifest.warehouse_id, TaskAction.MANIFEST, str(manifest.id), manifest_id=manifest.id
    )
    if made is not None:
        _add_job(made)


def want_collection(collection: Collection, action: TaskAction, carrier_reference: str | None = None) -> None:
    """Have the carrier asked for a lorry, or told that it need not come. The caller holds the collection."""
    made = open_task(
        collection.carrier_id, collection.warehouse_id, action, str(collection.id), collection_id=collection.id,
        carrier_reference=carrier_reference,
    )  # fmt: skip
    if made is not None:
        _add_job(made)


def open_collect(collection_id: uuid.UUID, action: TaskAction = TaskAction.COLLECT) -> CarrierTask | None:
    """The task that orders this lorry (or calls it off), under lock, while it is open. The caller holds the collection."""
    found = session().scalar(
        select(CarrierTask.id).where(
            CarrierTask.collection_id == collection_id, CarrierTask.action == action.value,
            CarrierTask.state.not_in(TASK_ENDS),
        )
    )  # fmt: skip
    task = None if found is None else lock_one(Rank.DOCUMENT, CarrierTask, found)
    return None if task is None or task.state in TASK_ENDS else task


def name_call_off(collection: Collection, carrier_reference: str) -> None:
    """The carrier's answer came when the lorry had been called off: it is called off by this name."""
    task = open_collect(collection.id, TaskAction.CALL_OFF)
    if task is not None:
        collection.carrier_reference = task.carrier_reference = carrier_reference
        session().flush()


def _add_job(task: CarrierTask) -> None:
    topic = _TOPICS[task.action]
    add_job(topic, {"task_id": str(task.id)}, dedupe_key=f"{topic}:{task.id}:{task.rounds}")


def open_create(parcel_id: uuid.UUID) -> CarrierTask | None:
    """The task that gets this parcel its waybill, while it is open."""
    return session().scalar(
        select(CarrierTask).where(
            CarrierTask.parcel_id == parcel_id, CarrierTask.action == TaskAction.CREATE.value,
            CarrierTask.state.not_in(TASK_ENDS),
        )
    )  # fmt: skip


def connect(carrier_id: uuid.UUID) -> RemoteConnection | CarrierFault:
    """A connection with the carrier's credentials. Faults: `carrier_no_account`, `carrier_address`."""
    carrier = session().get_one(Carrier, carrier_id)
    account = session().scalar(select(CarrierAccount).where(CarrierAccount.carrier_id == carrier_id))
    if account is None:
        return CarrierFault("carrier_no_account", retryable=False)
    return remote_connection(carrier, account.base_url, unseal(account.token_sealed, str(account.id)))


def begin(task_id: uuid.UUID) -> Begun | None:
    """Note durably that the carrier is asked now; None when nobody wants it any more. Ends the transaction.

    Raises StillAsked while another worker may be at it.
    """
    task = lock_one(Rank.DOCUMENT, CarrierTask, task_id)
    if task is None or not CARRIER_TASK.permitted("ask", task.state):
        return None
    if task.state == TaskState.ASKING.value and _is_recent(task):
        raise StillAsked("carrier_still_asked")
    if task.action in _UNDOES and _may_be_creating(task.client_reference, _UNDOES[task.action]):
        raise StillAsked("carrier_still_asked")
    task.state = CARRIER_TASK.apply("ask", task.state).value
    task.attempts += 1
    task.fault = task.facts = None
    task.updated_at = clock.now()
    session().flush()
    begun = Begun(task.id, task.client_reference, task.carrier_reference, task.attempts == 1)
    keep_so_far()
    return begun


def _is_recent(task: CarrierTask) -> bool:
    return task.updated_at > clock.now() - timedelta(seconds=ASKING_SECONDS)


def _may_be_creating(client_reference: str, action: str) -> bool:
    """Whether a worker whose task was dropped under it may still be buying the waybill that is to be given back, or ordering
    the lorry that is to be called off.
    """
    since = clock.now() - timedelta(seconds=ASKING_SECONDS)
    return bool(
        session().scalar(
            select(
                exists().where(
                    CarrierTask.client_reference == client_reference, CarrierTask.action == action,
                    CarrierTask.state == TaskState.DROPPED.value, CarrierTask.attempts > 0,
                    CarrierTask.updated_at > since, CarrierTask.fault.is_(None),
                )
            )
        )
    )  # fmt: skip


def finish(task: CarrierTask, carrier_reference: str | None = None) -> None:
    """The carrier did it. The caller holds the task."""
    task.state = CARRIER_TASK.apply("finish", task.state).value
    task.carrier_reference = carrier_reference or task.carrier_reference
    task.fault = task.facts = None
    task.updated_at = clock.now()
    session().flush()


def finish_by_hand(task: CarrierTask) -> None:
    """A person brought what a file carrier was asked for. The caller holds the parcel."""
    task.state = CARRIER_TASK.apply("bring", task.state).value
    task.updated_at = clock.now()
    session().flush()


def note_fault(task: CarrierTask, fault: CarrierFault, carrier_reference: str | None = None) -> bool:
    """The carrier did not do it. True when it is tried again by itself: the caller raises `CarrierLater` after keeping
    this; else a person looks. The caller holds the task.
    """
    again = fault.retryable and task.attempts < MOST_ATTEMPTS * task.rounds
    action = "postpone" if again else "give_up" if fault.retryable else "refuse"
    task.state = CARRIER_TASK.apply(action, task.state).value
    task.carrier_reference = carrier_reference or task.carrier_reference
    task.fault, task.facts = fault.code[:40], {key: str(value)[:80] for key, value in fault.params.items()}
    task.updated_at = clock.now()
    session().flush()
    return again


def drop_answered(task: CarrierTask, fault: CarrierFault) -> None:
    """The carrier said no, and that is told elsewhere: nobody asks again. The caller holds the task."""
    task.state = CARRIER_TASK.apply("drop", task.state).value
    task.fault, task.facts = fault.code[:40], {key: str(value)[:80] for key, value in fault.params.items()}
    task.updated_at = clock.now()
    session().flush()


def hold_task(task_id: uuid.UUID) -> CarrierTask | None:
    """The task under lock, while it is being asked; None when it was dropped or settled meanwhile."""
    task = lock_one(Rank.DOCUMENT, CarrierTask, task_id)
    return task if task is not None and task.state == TaskState.ASKING.value else None


def ask_again(actor: Actor, task_id: uuid.UUID) -> CarrierTask:
    """A person mended the cause. 404 outside their warehouses; refuses `not_allowed_now`."""
    found = session().get(CarrierTask, task_id)
    if found is None or not (actor.is_staff and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("task")
    parcel = None
    if found.action == TaskAction.CREATE.value:  # the shipment before the task, as everybody does
        parcel = session().get_one(Parcel, found.parcel_id)
        lock_one(Rank.DOCUMENT, Shipment, parcel.shipment_id)
    task = lock_one(Rank.DOCUMENT, CarrierTask, task_id)
    assert task is not None  # noqa: S101 - found above; tasks are never deleted
    task.state = CARRIER_TASK.apply("again", task.state).value
    task.rounds += 1
    if (
        found.action in _UNDOES.values()
        and not Capabilities.from_data(session().get_one(Carrier, task.carrier_id).capabilities).can_find
    ):
        task.attempts = 0  # whoever asks again has looked: the carrier has nothing under this reference
    task.updated_at = clock.now()
    session().flush()
    if parcel is not None:
        _announce(session().get_one(Shipment, parcel.shipment_id), parcel.id)
    else:
        _add_job(task)
    return task
