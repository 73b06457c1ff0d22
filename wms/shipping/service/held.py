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


@dataclass(frozen=True)
class ShipmentAtWork:
    """A shipment under lock with all of its parcels; `parcel` is the one that was asked for."""

    id: uuid.UUID
    state: str
    subject_kind: str
    subject_id: uuid.UUID
    parcel: ParcelAtWork
    parcels: Sequence[ParcelAtWork]


# The shipment first: one parcel is never numbered, voided and handed over at once.
_HOLD = Statement(
    "SELECT id, state, subject_kind, subject_id FROM shipment WHERE id = (SELECT shipment_id FROM parcel"
    " WHERE id = :parcel) FOR NO KEY UPDATE"
)
_HOLD_PARCELS = Statement(
    "SELECT id, warehouse_id, owner_id, carrier_id, state, tracking_number, weight_g, manifest_id FROM parcel"
    " WHERE shipment_id = (SELECT shipment_id FROM parcel WHERE id = :parcel) ORDER BY id FOR NO KEY UPDATE"
)


def hold_parcel(actor: Actor, parcel_id: uuid.UUID) -> ShipmentAtWork:
    """404 outside the actor's scope."""
    claim(Rank.DOCUMENT)
    with pipelined():
        shipment, parcels = _HOLD.send({"parcel": parcel_id}), _HOLD_PARCELS.send({"parcel": parcel_id})
    row, fellows = shipment.first(), [ParcelAtWork(*each) for each in parcels.all()]
    own = next((each for each in fellows if each.id == parcel_id), None)
    if own is None or not (actor.sees_seller(own.owner_id) and actor.sees_warehouse(own.warehouse_id)):
        raise not_found("parcel")
    return ShipmentAtWork(row.id, row.state, row.subject_kind, row.subject_id, own, fellows)
