"""Reads of bags and pallets for the API: with the parcels that the reader may see."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, tuple_

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Warehouse
from wms.platform.database import session
from wms.shipping import parcel_rows
from wms.shipping.models import Bag, Carrier, Parcel, Service, Shipment


@dataclass(frozen=True)
class BagSeen:
    """`parcels`: rows of `BaggedParcelAnswer`, by tracking number."""

    id: uuid.UUID
    warehouse: str
    carrier: str
    service: str
    kind: str
    number: str
    barcode: str
    state: str
    weight_g: int | None
    created_at: datetime
    closed_at: datetime | None
    loaded_at: datetime | None
    parcels: list[dict[str, Any]]


def bags_page(
    actor: Actor, *, after: tuple[datetime, uuid.UUID] | None, limit: int, state: str | None = None,
    number: str | None = None,
) -> Sequence[Bag]:  # fmt: skip
    """Bags of the actor's scope, oldest first: a seller's are those with a parcel of theirs in them."""
    statement = _seen(actor).order_by(Bag.created_at, Bag.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(Bag.created_at, Bag.id) > after)
    if state is not None:
        statement = statement.where(Bag.state == state)
    if number is not None:
        statement = statement.where(or_(Bag.number == number, Bag.barcode == number))
    return session().scalars(statement).all()


def load_bag(actor: Actor, bag_id: uuid.UUID) -> BagSeen:
    """404 outside the actor's warehouses, and for a seller who has nothing in it: by one look, as for no bag at all."""
    bag = session().scalars(_seen(actor).where(Bag.id == bag_id)).one_or_none()
    if bag is None:
        raise not_found("bag")
    (seen,) = with_parcels(actor, [bag])
    return seen


def _seen(actor: Actor) -> Select[Bag]:
    statement = select(Bag)
    if actor.warehouse_ids is not None:
        statement = statement.where(Bag.warehouse_id.in_(actor.warehouse_ids))
    if actor.seller_ids is not None:
        theirs = select(Parcel.bag_id).join(Shipment, Shipment.id == Parcel.shipment_id)
        theirs = theirs.where(Shipment.owner_id.in_(actor.seller_ids), Parcel.bag_id == Bag.id)
        statement = statement.where(theirs.exists())
    return statement


def with_parcels(actor: Actor, bags: Sequence[Bag]) -> list[BagSeen]:
    """These bags with the parcels in them that the actor sees."""
    inside = _parcels(actor, [bag.id for bag in bags])
    houses, carriers, services = (
        _codes(model, {getattr(bag, name) for bag in bags})
        for model, name in ((Warehouse, "warehouse_id"), (Carrier, "carrier_id"), (Service, "service_id"))
    )
    names = ("id", "kind", "number", "barcode", "state", "weight_g", "created_at", "closed_at", "loaded_at")
    return [
        BagSeen(
            **{name: getattr(bag, name) for name in names}, warehouse=houses[bag.warehouse_id],
            carrier=carriers[bag.carrier_id], service=services[bag.service_id], parcels=inside[bag.id],
        )
        for bag in bags
    ]  # fmt: skip


def _parcels(actor: Actor, bag_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    statement = select(Parcel.bag_id, *parcel_rows.COLUMNS).join(Shipment, Shipment.id == Parcel.shipment_id)
    return parcel_rows.grouped(actor, statement.where(Parcel.bag_id.in_(bag_ids)), "bag_id")


def _codes(model: Any, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return {row[0]: row[1] for row in session().execute(select(model.id, model.code).where(model.id.in_(ids)))}
