"""Reads of the lorries that were ordered of carriers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, tuple_, union_all
from sqlalchemy.orm import aliased

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Location, Warehouse
from wms.platform.database import session
from wms.shipping import parcel_rows
from wms.shipping.carriers import ASKED_BY_JOBS
from wms.shipping.models import (
    Bag,
    Carrier,
    CarrierTask,
    Collection,
    CollectionState,
    Manifest,
    ManifestState,
    Parcel,
    ParcelState,
    Shipment,
)
from wms.shipping.queries import TASK_ENDS, TASK_STOPS

SHOWN = 100
BACK = timedelta(days=7)
TOLD = timedelta(days=30)  # how far back the API tells of lorries
_C = CollectionState
OPEN = (_C.WANTED.value, _C.CONFIRMED.value, _C.CALLING_OFF.value)


@dataclass(frozen=True)
class CollectionRow:
    """A lorry as the office sees it. `today`: by its warehouse's calendar; `fault`, `facts`: what the carrier, or the last
    question to it, ended with; `stands`: that question waits for a person.
    """

    collection: Collection
    carrier: str
    warehouse: Warehouse
    dock: str | None
    load: str | None
    fault: str | None
    facts: dict[str, Any]
    stands: bool

    @property
    def today(self) -> date:
        return clock.today(self.warehouse.time_zone)

    @property
    def is_overdue(self) -> bool:
        """Its day is over, and nobody has said whether it came."""
        return self.collection.state in OPEN and self.collection.day < self.today


def collections_page(
    actor: Actor, *, carrier_id: uuid.UUID | None = None, warehouse_id: uuid.UUID | None = None, limit: int = SHOWN
) -> Sequence[CollectionRow]:
    """What is open, and what came of those of a week, the next to come first; of the actor's warehouses. For staff."""
    if not actor.is_staff:
        raise not_found("collection")
    statement = (
        select(Collection, Carrier.name, Warehouse, Location.code, Manifest.number, CarrierTask)
        .join(Carrier, Carrier.id == Collection.carrier_id)
        .join(Warehouse, Warehouse.id == Collection.warehouse_id)
        .outerjoin(Location, Location.id == Collection.dock_id)
        .outerjoin(Manifest, Manifest.id == Collection.manifest_id)
        .outerjoin(
            CarrierTask, and_(CarrierTask.collection_id == Collection.id, CarrierTask.state.not_in(TASK_ENDS))
        )
        .where(or_(Collection.state.in_(OPEN), Collection.day >= clock.now().date() - BACK))
        .order_by(Collection.state.in_(OPEN).desc(), Collection.day, Collection.ready_at, Collection.id)
        .limit(limit)
    )  # fmt: skip
    if carrier_id is not None:
        statement = statement.where(Collection.carrier_id == carrier_id)
    if warehouse_id is not None:
        statement = statement.where(Collection.warehouse_id == warehouse_id)
    if actor.warehouse_ids is not None:
        statement = statement.where(Collection.warehouse_id.in_(actor.warehouse_ids))
    return [_row(*row) for row in session().execute(statement)]


def _row(
    found: Collection, carrier: str, warehouse: Warehouse, dock: str | None, load: str | None, task: CarrierTask | None
) -> CollectionRow:
    told = task if task is not None and task.fault is not None else found
    stands = task is not None and task.state in TASK_STOPS
    return CollectionRow(found, carrier, warehouse, dock, load, told.fault, told.facts or {}, stands)


def carriers_that_collect() -> Sequence[Carrier]:
    """Those of whom lorries are ordered from here, by name."""
    return session().scalars(
        select(Carrier)
        .where(
            Carrier.is_active, Carrier.kind.in_(ASKED_BY_JOBS),
            Carrier.capabilities["can_collect"].astext == "true",
        )
        .order_by(Carrier.name)
    ).all()  # fmt: skip


@dataclass(frozen=True)
class ToTake:
    """What stands ready for a carrier: on its open load, or in the yard before it. Weight in g."""

    parcels: int
    bags: int
    pallets: int
    weight_g: int


def to_take(warehouse_id: uuid.UUID, carrier_id: uuid.UUID) -> ToTake:
    """Parcels by themselves, bags and pallets that a lorry of this carrier would find: closed, or on a load that is open."""
    open_load = select(Manifest.id).where(
        Manifest.warehouse_id == warehouse_id, Manifest.carrier_id == carrier_id, Manifest.state == "open"
    )
    loose, grams = session().execute(
        select(func.count(), func.coalesce(func.sum(Parcel.weight_g), 0)).where(
            Parcel.warehouse_id == warehouse_id, Parcel.carrier_id == carrier_id, Parcel.bag_id.is_(None),
            or_(Parcel.state == "closed", Parcel.manifest_id.in_(open_load)),
        )
    ).one()  # fmt: skip
    bags = session().execute(
        select(Bag.kind, func.count(), func.coalesce(func.sum(Bag.weight_g), 0))
        .where(
            Bag.warehouse_id == warehouse_id, Bag.carrier_id == carrier_id,
            or_(Bag.state == "closed", Bag.manifest_id.in_(open_load)),
        )
        .group_by(Bag.kind)
    ).all()  # fmt: skip
    many = {row[0]: int(row[1]) for row in bags}
    bagged: int = sum(int(row[2] or 0) for row in bags)
    return ToTake(int(loose), many.get("bag", 0), many.get("pallet", 0), int(grams or 0) + bagged)


@dataclass(frozen=True)
class CollectionSeen:
    """A lorry by API. `parcels`: the reader's that it took or, as long as it is to come, finds; rows of `BaggedParcelAnswer`."""

    id: uuid.UUID
    number: str
    warehouse: str
    carrier: str
    dock: str | None
    state: str
    day: date
    ready_at: str
    close_at: str
    agreed_from: str | None
    agreed_to: str | None
    manifest: str | None
    created_at: datetime
    parcels: list[dict[str, Any]]


# Written into the statement: no partial index is used for a state that comes as a parameter.
_CLOSED: ColumnElement[str] = literal_column(f"'{ParcelState.CLOSED.value}'")
_LOADING: ColumnElement[str] = literal_column(f"'{ManifestState.OPEN.value}'")


def _its_own(actor: Actor) -> tuple[Select[uuid.UUID], ...]:
    """Parcels that a lorry took, or finds: closed in its warehouse, or on the open load at its dock (or at none). No parcel is
    in two of these, each of which has an index of its own; a seller's own only.
    """
    its, load = Collection, aliased(Manifest)
    took = select(Parcel.id).where(Parcel.manifest_id == its.manifest_id)  # then it is none of `OPEN`
    finds = select(Parcel.id).where(
        its.state.in_(OPEN), Parcel.warehouse_id == its.warehouse_id, Parcel.carrier_id == its.carrier_id,
        Parcel.state == _CLOSED,
    )  # fmt: skip
    finds_loaded = (
        select(Parcel.id)
        .join(load, load.id == Parcel.manifest_id)
        .where(
            its.state.in_(OPEN), load.warehouse_id == its.warehouse_id, load.carrier_id == its.carrier_id,
            load.state == _LOADING, or_(its.dock_id.is_(None), load.dock_id.is_(None), load.dock_id == its.dock_id),
            Parcel.state != _CLOSED,
        )
    )  # fmt: skip
    every = (took, finds, finds_loaded)
    if actor.seller_ids is None:
        return every
    return tuple(each.where(Parcel.owner_id.in_(actor.seller_ids)) for each in every)


def _seen(actor: Actor) -> Select[Collection, str, str, str, str]:
    """Of the last 30 days and to come; a seller's are those with parcels of theirs."""
    statement = (
        select(Collection, Warehouse.code, Carrier.code, Location.code, Manifest.number)
        .join(Warehouse, Warehouse.id == Collection.warehouse_id)
        .join(Carrier, Carrier.id == Collection.carrier_id)
        .outerjoin(Location, Location.id == Collection.dock_id)
        .outerjoin(Manifest, Manifest.id == Collection.manifest_id)
        .where(Collection.day >= clock.now().date() - TOLD)
    )
    if actor.warehouse_ids is not None:
        statement = statement.where(Collection.warehouse_id.in_(actor.warehouse_ids))
    if actor.seller_ids is not None:
        statement = statement.where(or_(*(each.correlate(Collection).exists() for each in _its_own(actor))))
    return statement


def collections_told(
    actor: Actor,
    *,
    after: tuple[datetime, uuid.UUID] | None,
    limit: int,
    state: str | None = None,
    day: date | None = None,
) -> list[CollectionSeen]:
    """Lorries of the actor's scope, the first ordered first."""
    statement = _seen(actor).order_by(Collection.created_at, Collection.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(Collection.created_at, Collection.id) > after)
    if state is not None:
        statement = statement.where(Collection.state == state)
    if day is not None:
        statement = statement.where(Collection.day == day)
    return _told(actor, session().execute(statement).all())


def load_collection_told(actor: Actor, collection_id: uuid.UUID) -> CollectionSeen:
    """404 for a seller of whom it takes nothing: by one look, as for no lorry at all."""
    rows = session().execute(_seen(actor).where(Collection.id == collection_id)).all()
    if not rows:
        raise not_found("collection")
    return _told(actor, rows)[0]


def _told(actor: Actor, rows: Sequence[Any]) -> list[CollectionSeen]:
    found = _parcels(actor, [row[0].id for row in rows])
    return [
        CollectionSeen(
            each.id, each.number, house, carrier, dock, each.state, each.day, _hour(each.ready_at), _hour(each.close_at),
            each.agreed_from and _hour(each.agreed_from), each.agreed_to and _hour(each.agreed_to), load,
            each.created_at, found[each.id],
        )
        for each, house, carrier, dock, load in rows
    ]  # fmt: skip


def _hour(at: time) -> str:
    return f"{at:%H:%M}"


def _parcels(actor: Actor, collection_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    pairs = union_all(
        *(
            each.add_columns(Collection.id.label("of")).where(Collection.id.in_(collection_ids))
            for each in _its_own(actor)
        )
    ).subquery()
    statement = (
        select(pairs.c.of, *parcel_rows.COLUMNS)
        .join(Parcel, Parcel.id == pairs.c.id)
        .join(Shipment, Shipment.id == Parcel.shipment_id)
    )
    return parcel_rows.grouped(actor, statement, "of")
