"""Reads of the lorries that were ordered of carriers."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Location, Warehouse
from wms.platform.database import session
from wms.shipping.carriers import ASKED_BY_JOBS
from wms.shipping.models import Bag, Carrier, CarrierTask, Collection, CollectionState, Manifest, Parcel
from wms.shipping.queries import TASK_ENDS, TASK_STOPS

SHOWN = 100
BACK = timedelta(days=7)
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
