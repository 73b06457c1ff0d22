"""Reads of bags and loads: what is in a bag, what a carrier was given."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.shipping.models import Bag, Manifest


@dataclass(frozen=True)
class BagParcel:
    """A parcel in a bag, and what its shipment is for."""

    id: uuid.UUID
    tracking_number: str
    weight_g: int
    state: str
    handling_unit_id: uuid.UUID | None
    subject_kind: str
    subject_id: uuid.UUID


_IN_BAG = Statement(
    "SELECT p.id, p.tracking_number, p.weight_g, p.state, p.handling_unit_id, s.subject_kind, s.subject_id FROM parcel p"
    " JOIN shipment s ON s.id = p.shipment_id WHERE p.bag_id = :bag ORDER BY p.tracking_number, p.id"
)


def bag_parcels(bag_id: uuid.UUID) -> list[BagParcel]:
    """What is in a bag, also after it left; by number."""
    return [BagParcel(*row) for row in _IN_BAG.all({"bag": bag_id})]


def bag_at(actor: Actor, bag_id: uuid.UUID) -> Bag:
    """The bag as it is, not locked; 404 for who does not work in its warehouse."""
    bag = session().scalar(select(Bag).where(Bag.id == bag_id).execution_options(populate_existing=True))
    if bag is None or not (actor.is_staff and actor.sees_warehouse(bag.warehouse_id)):
        raise not_found("bag")
    return bag


_BAG_OF = Statement("SELECT bag_id FROM parcel WHERE id = :parcel")


def bag_of(parcel_id: uuid.UUID) -> uuid.UUID | None:
    """The bag a parcel is in."""
    found: uuid.UUID | None = _BAG_OF.scalar({"parcel": parcel_id})
    return found


_BAGS_HERE = Statement(
    "SELECT b.id, b.number, b.kind, b.state, b.weight_g, b.created_at, c.name AS carrier, v.name AS service,"
    " w.code AS warehouse, w.time_zone, count(p.id)::int AS parcels, coalesce(sum(p.weight_g), 0)::int AS net_g"
    " FROM bag b JOIN carrier c ON c.id = b.carrier_id JOIN service v ON v.id = b.service_id"
    " JOIN warehouse w ON w.id = b.warehouse_id LEFT JOIN parcel p ON p.bag_id = b.id"
    " WHERE b.state IN ('open', 'closed') AND (CAST(:places AS uuid[]) IS NULL OR b.warehouse_id = ANY(CAST(:places AS uuid[])))"
    " GROUP BY b.id, c.id, v.id, w.id ORDER BY b.created_at, b.id LIMIT :limit"
)


def bags_here(actor: Actor, limit: int) -> Sequence[Any]:
    """The bags of the actor's warehouses that are on no load yet, the oldest first; for staff."""
    if not actor.is_staff:
        raise not_found("bag")
    places = None if actor.warehouse_ids is None else list(actor.warehouse_ids)
    return _BAGS_HERE.all({"places": places, "limit": limit})


@dataclass(frozen=True)
class LoadedParcel:
    """A parcel as its driver takes it. `subject_kind`, `subject_id`: what the shipment is for, which its owner names."""

    id: uuid.UUID
    tracking_number: str
    weight_g: int
    handed_over_at: datetime
    service: str
    subject_kind: str
    subject_id: uuid.UUID


@dataclass(frozen=True)
class LoadedBag:
    """`weight_g`: gross, by the scale; `parcels` by number."""

    id: uuid.UUID
    number: str
    kind: str
    weight_g: int
    parcels: tuple[LoadedParcel, ...]


@dataclass(frozen=True)
class Contents:
    """What is on a manifest: its bags by number, and the parcels that stand by themselves as they were handed over."""

    manifest: Manifest
    bags: tuple[LoadedBag, ...]
    loose: tuple[LoadedParcel, ...]

    @property
    def parcels(self) -> int:
        return len(self.loose) + sum(len(bag.parcels) for bag in self.bags)

    @property
    def pieces(self) -> int:
        """What the driver counts: bags and pallets, and parcels outside them."""
        return len(self.loose) + len(self.bags)

    @property
    def weight_g(self) -> int:
        """What the lorry carries: bags as they were weighed."""
        return sum(parcel.weight_g for parcel in self.loose) + sum(bag.weight_g for bag in self.bags)


_ON_MANIFEST = Statement(
    "SELECT p.id, p.tracking_number, p.weight_g, p.handed_over_at, v.code AS service, s.subject_kind, s.subject_id,"
    " b.id AS bag_id, b.number AS bag, b.kind, b.weight_g AS bag_g FROM parcel p JOIN shipment s ON s.id = p.shipment_id"
    " JOIN service v ON v.id = s.service_id LEFT JOIN bag b ON b.id = p.bag_id WHERE p.manifest_id = :manifest"
    " ORDER BY b.number NULLS FIRST, CASE WHEN b.id IS NULL THEN p.handed_over_at END, p.tracking_number, p.id"
)


def contents_of(actor: Actor, manifest_id: uuid.UUID) -> Contents:
    """The bags and parcels of a load; 404 for who does not work in its warehouse."""
    manifest = session().get(Manifest, manifest_id)
    if manifest is None or not (actor.is_staff and actor.sees_warehouse(manifest.warehouse_id)):
        raise not_found("manifest")
    loose: list[LoadedParcel] = []
    bags: dict[uuid.UUID, tuple[Any, list[LoadedParcel]]] = {}
    for row in _ON_MANIFEST.all({"manifest": manifest_id}):
        parcel = LoadedParcel(*row[:7])
        if row.bag_id is None:
            loose.append(parcel)
        else:
            bags.setdefault(row.bag_id, (row, []))[1].append(parcel)
    made = [LoadedBag(key, row.bag, row.kind, row.bag_g, tuple(inside)) for key, (row, inside) in bags.items()]
    return Contents(manifest, tuple(made), tuple(loose))
