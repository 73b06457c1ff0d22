"""A parcel as a step of the floor works on it: its shipment and its fellows locked and read in one round trip."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement, pipelined


@dataclass(frozen=True)
class ParcelAtWork:
    id: uuid.UUID
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    carrier_id: uuid.UUID
    state: str
    tracking_number: str | None
    weight_g: int | None
    manifest_id: uuid.UUID | None
    bag_id: uuid.UUID | None
    handling_unit_id: uuid.UUID | None


@dataclass(frozen=True)
class ShipmentAtWork:
    """A shipment under lock with all of its parcels; `parcel` is the one that was asked for."""

    id: uuid.UUID
    state: str
    subject_kind: str
    subject_id: uuid.UUID
    service_id: uuid.UUID
    parcel: ParcelAtWork
    parcels: Sequence[ParcelAtWork]


# The shipments first: one parcel is never numbered, voided and handed over at once. Each by id.
_HOLD = Statement(
    "SELECT id, state, subject_kind, subject_id, service_id FROM shipment WHERE id IN (SELECT shipment_id FROM parcel"
    " WHERE id = ANY(CAST(:parcels AS uuid[]))) ORDER BY id FOR NO KEY UPDATE"
)
_HOLD_PARCELS = Statement(
    "SELECT id, warehouse_id, owner_id, carrier_id, state, tracking_number, weight_g, manifest_id, bag_id,"
    " handling_unit_id, shipment_id"
    " FROM parcel WHERE shipment_id IN (SELECT shipment_id FROM parcel WHERE id = ANY(CAST(:parcels AS uuid[])))"
    " ORDER BY id FOR NO KEY UPDATE"
)


def hold_parcel(actor: Actor, parcel_id: uuid.UUID) -> ShipmentAtWork:
    """404 outside the actor's scope."""
    return hold_parcels(actor, [parcel_id])[0]


def hold_parcels(actor: Actor, parcel_ids: Sequence[uuid.UUID]) -> list[ShipmentAtWork]:
    """The same for several at once, in their order: all shipments are locked before the first parcel."""
    claim(Rank.DOCUMENT)
    with pipelined():
        shipments = _HOLD.send({"parcels": list(parcel_ids)})
        parcels = _HOLD_PARCELS.send({"parcels": list(parcel_ids)})
    rows = {row.id: row for row in shipments.all()}
    fellows: dict[uuid.UUID, list[ParcelAtWork]] = {key: [] for key in rows}
    known: dict[uuid.UUID, tuple[ParcelAtWork, uuid.UUID]] = {}
    for each in parcels.all():
        parcel, shipment_id = ParcelAtWork(*each[:-1]), each.shipment_id
        fellows[shipment_id].append(parcel)
        known[parcel.id] = parcel, shipment_id
    held: list[ShipmentAtWork] = []
    for parcel_id in parcel_ids:
        found = known.get(parcel_id)
        if found is None or not (actor.sees_seller(found[0].owner_id) and actor.sees_warehouse(found[0].warehouse_id)):
            raise not_found("parcel")
        row, own = rows[found[1]], fellows[found[1]]
        held.append(ShipmentAtWork(row.id, row.state, row.subject_kind, row.subject_id, row.service_id, found[0], own))
    return held
