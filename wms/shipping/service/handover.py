"""Manifests, and the moment a parcel leaves with the carrier."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import Refused, not_found
from wms.facility.queries import load_warehouse
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, claim, lock_one
from wms.shipping import queries
from wms.shipping.events import ManifestClosed, ParcelHandedOver
from wms.shipping.models import Manifest, ManifestState, Parcel, ParcelState, Shipment, ShipmentState
from wms.shipping.service.shipments import load_shipment_to_change
from wms.shipping.workflow import MANIFEST, PARCEL, SHIPMENT


@dataclass(frozen=True)
class HandedOver:
    """`already`: the parcel was on this load before; nothing changed."""

    parcel: Parcel
    shipment: Shipment
    manifest: Manifest
    already: bool


def open_manifest(actor: Actor, warehouse_id: uuid.UUID, carrier_id: uuid.UUID) -> Manifest:
    """The open manifest of a warehouse and carrier: the one there is, or a new one."""
    _require_staff(actor, warehouse_id)
    found = queries.open_manifest_of(warehouse_id, carrier_id)
    if found is not None:
        return found
    warehouse, carrier = load_warehouse(actor, warehouse_id), queries.load_carrier(carrier_id)
    number = next_number(DocumentKind.MANIFEST, carrier.id, carrier.code, clock.today(warehouse.time_zone))
    values = {
        "id": new_id(), "warehouse_id": warehouse_id, "carrier_id": carrier_id, "number": f"{number}-{warehouse.code}",
        "state": MANIFEST.initial.value, "created_at": clock.now(),
    }  # fmt: skip
    opened = session().scalar(insert(Manifest).values(values).on_conflict_do_nothing().returning(Manifest))
    if opened is not None:
        return opened
    return open_manifest(actor, warehouse_id, carrier_id)  # another bench opened one at the same moment


def hand_over_parcel(
    actor: Actor, warehouse_id: uuid.UUID, tracking_number: str, manifest_id: uuid.UUID | None = None
) -> HandedOver:
    """A parcel is scanned onto the load: the given manifest, or the open one of its carrier (opened when needed).

    Scanned again it answers `already`. Refuses `waybill_voided`, `parcel_open`, `parcel_gone` (on another load),
    `other_carrier`, `manifest_closed`. The caller posts the stock in the same transaction.
    """
    _require_staff(actor, warehouse_id)
    parcel = _scanned(actor, warehouse_id, tracking_number, manifest_id)
    shipment = load_shipment_to_change(actor, parcel.shipment_id)
    if parcel.state == ParcelState.VOIDED.value:
        raise Refused("waybill_voided", {})
    if parcel.state == ParcelState.HANDED_OVER.value:
        return _again(parcel, shipment, manifest_id)
    if parcel.state == ParcelState.OPEN.value or shipment.state != ShipmentState.LABELLED.value:
        raise Refused("parcel_open", {})
    manifest = _load(actor, parcel, manifest_id)
    parcel.state = PARCEL.apply("hand_over", parcel.state).value
    parcel.manifest_id, parcel.handed_over_at = manifest.id, clock.now()
    if all(each.state == ParcelState.HANDED_OVER.value for each in queries.live_parcels(shipment.id)):
        shipment.state = SHIPMENT.apply("hand_over", shipment.state).value
        shipment.handed_over_at = parcel.handed_over_at
    session().flush()
    _announce(parcel, shipment, manifest)
    return HandedOver(parcel, shipment, manifest, already=False)


def _scanned(actor: Actor, warehouse_id: uuid.UUID, number: str, manifest_id: uuid.UUID | None) -> Parcel:
    """The parcel the load can mean: of the load's carrier before another's, a live one before a void one."""
    found = [each for each in queries.parcels_by_tracking(actor, number) if each.warehouse_id == warehouse_id]
    if not found:
        raise not_found("parcel")
    if manifest_id is not None:
        manifest = session().get(Manifest, manifest_id)
        same = [each for each in found if manifest is not None and each.carrier_id == manifest.carrier_id]
        return (same or found)[0]
    return found[0]


def _again(parcel: Parcel, shipment: Shipment, manifest_id: uuid.UUID | None) -> HandedOver:
    manifest = session().get_one(Manifest, parcel.manifest_id)
    if manifest_id not in (None, manifest.id):
        raise Refused("parcel_gone", {"manifest": manifest.number})
    return HandedOver(parcel, shipment, manifest, already=True)


def _load(actor: Actor, parcel: Parcel, manifest_id: uuid.UUID | None) -> Manifest:
    """The manifest to load on, shared-locked: many parcels go on it at once, closing waits for them."""
    wanted = manifest_id or open_manifest(actor, parcel.warehouse_id, parcel.carrier_id).id
    claim(Rank.DOCUMENT)
    manifest = session().scalar(
        select(Manifest)
        .where(Manifest.id == wanted, Manifest.warehouse_id == parcel.warehouse_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    if manifest is None:
        raise not_found("manifest")
    if manifest.carrier_id != parcel.carrier_id:
        raise Refused("other_carrier", {"carrier": queries.load_carrier(parcel.carrier_id).code})
    if manifest.state != ManifestState.OPEN.value:
        raise Refused("manifest_closed", {"number": manifest.number})
    return manifest


def _announce(parcel: Parcel, shipment: Shipment, manifest: Manifest) -> None:
    record(
        ParcelHandedOver(
            subject_id=parcel.id, warehouse_id=parcel.warehouse_id, owner_id=parcel.owner_id, shipment_id=shipment.id,
            order_kind=shipment.subject_kind, order_id=shipment.subject_id, manifest_id=manifest.id,
            weight_g=parcel.weight_g or 0,
        )
    )  # fmt: skip


def close_manifest(actor: Actor, manifest_id: uuid.UUID) -> Manifest:
    """The driver signed. Closing again changes nothing."""
    manifest = lock_one(Rank.DOCUMENT, Manifest, manifest_id)
    if manifest is None or not (actor.is_staff and actor.sees_warehouse(manifest.warehouse_id)):
        raise not_found("manifest")
    if manifest.state == ManifestState.CLOSED.value:
        return manifest
    manifest.state = MANIFEST.apply("close", manifest.state).value
    manifest.closed_at, manifest.closed_by = clock.now(), actor.id
    session().flush()
    parcels = session().scalar(select(func.count()).select_from(Parcel).where(Parcel.manifest_id == manifest.id)) or 0
    record(ManifestClosed(subject_id=manifest.id, warehouse_id=manifest.warehouse_id, owner_id=None, parcels=parcels))
    return manifest


def _require_staff(actor: Actor, warehouse_id: uuid.UUID) -> None:
    if not (actor.is_staff and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
