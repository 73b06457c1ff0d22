"""Manifests, and the moment a parcel leaves with the carrier."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

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
from wms.platform.statements import Statement
from wms.shipping import queries
from wms.shipping.carriers import is_remote
from wms.shipping.events import ManifestClosed, ParcelHandedOver
from wms.shipping.models import Bag, Manifest, ManifestState, Parcel, ParcelState, ShipmentState
from wms.shipping.service import collections, docks, tasks
from wms.shipping.service.docks import ANYWHERE, Gate
from wms.shipping.service.held import ParcelAtWork, ShipmentAtWork, hold_parcel
from wms.shipping.workflow import MANIFEST, PARCEL, SHIPMENT


@dataclass(frozen=True)
class HandedOver:
    """`already`: the parcel was on this load before; nothing changed. `shipment_done`: it was the last of its shipment.
    `unit_id`: the thing that holds its goods, as it is under the parcel's lock.
    """

    parcel_id: uuid.UUID
    manifest_id: uuid.UUID
    already: bool
    shipment_done: bool = False
    unit_id: uuid.UUID | None = None


def open_manifest(
    actor: Actor, warehouse_id: uuid.UUID, carrier_id: uuid.UUID, dock_id: uuid.UUID | None = None
) -> Manifest:
    """The open manifest of a warehouse and carrier at a dock, or (None) at none: the one there is, or a new one.

    Refuses `no_such_dock`.
    """
    _require_staff(actor, warehouse_id)
    if dock_id is not None:
        docks.require_dock(warehouse_id, dock_id)
    found = queries.open_manifest_of(warehouse_id, carrier_id, dock_id)
    if found is not None:
        return found
    warehouse, carrier = load_warehouse(actor, warehouse_id), queries.load_carrier(carrier_id)
    number = next_number(DocumentKind.MANIFEST, carrier.id, carrier.code, clock.today(warehouse.time_zone))
    values = {
        "id": new_id(), "warehouse_id": warehouse_id, "carrier_id": carrier_id, "dock_id": dock_id,
        "number": f"{number}-{warehouse.code}", "state": MANIFEST.initial.value, "created_at": clock.now(),
    }  # fmt: skip
    opened = session().scalar(insert(Manifest).values(values).on_conflict_do_nothing().returning(Manifest))
    if opened is not None:
        return opened
    return open_manifest(actor, warehouse_id, carrier_id, dock_id)  # another bench opened one at the same moment


def hand_over_parcel(
    actor: Actor, warehouse_id: uuid.UUID, tracking_number: str, manifest_id: uuid.UUID | None = None
) -> HandedOver:
    """A parcel is scanned onto the load: the given manifest, or the open one of its carrier (opened when needed).

    Scanned again it answers `already`. Refuses `waybill_voided`, `parcel_open`, `parcel_gone` (on another load),
    `other_carrier`, `manifest_closed`. The caller posts the stock in the same transaction.
    """
    _require_staff(actor, warehouse_id)
    return load_parcel_onto(actor, _scanned(actor, warehouse_id, tracking_number, manifest_id), manifest_id)


def _scanned(actor: Actor, warehouse_id: uuid.UUID, number: str, manifest_id: uuid.UUID | None) -> uuid.UUID:
    """The parcel the load can mean: of the load's carrier before another's, a live one before a void one."""
    found = queries.scanned_parcels(actor, warehouse_id, number)
    if manifest_id is not None:
        manifest = session().get(Manifest, manifest_id)
        same = [each for each in found if manifest is not None and each.carrier_id == manifest.carrier_id]
        return (same or found)[0].id
    return found[0].id


_HANDED_OVER = Statement(
    "WITH gone AS (UPDATE parcel SET state = :state, manifest_id = :manifest, handed_over_at = :now WHERE id = :parcel)"
    " UPDATE shipment SET state = :shipment_state, handed_over_at = CASE WHEN :done THEN CAST(:now AS timestamptz)"
    " ELSE handed_over_at END WHERE id = :shipment"
)


def load_parcel_onto(
    actor: Actor, parcel_id: uuid.UUID, manifest_id: uuid.UUID | None = None, gate: Gate = ANYWHERE
) -> HandedOver:
    """The same for a parcel that was found already, at this gate."""
    shipment = hold_parcel(actor, parcel_id)
    parcel = shipment.parcel
    if parcel.state == ParcelState.HANDED_OVER.value:
        return _again(parcel, manifest_id)
    check_closed(shipment)
    if parcel.bag_id is not None:
        raise Refused("parcel_in_bag", {"bag": session().get_one(Bag, parcel.bag_id).number})
    load_id = find_load(actor, parcel.warehouse_id, parcel.carrier_id, manifest_id, gate)
    return send_off(shipment, load_id, {parcel.id})


def check_closed(shipment: ShipmentAtWork) -> None:
    """Refuse a parcel that is not ready to leave: `waybill_voided`, `parcel_open`."""
    if shipment.parcel.state == ParcelState.VOIDED.value:
        raise Refused("waybill_voided", {})
    if shipment.parcel.state == ParcelState.OPEN.value or shipment.state != ShipmentState.LABELLED.value:
        raise Refused("parcel_open", {})


def send_off(shipment: ShipmentAtWork, load_id: uuid.UUID, going: Collection[uuid.UUID]) -> HandedOver:
    """A held parcel is on its load. `going`: it and all others that leave with it now."""
    parcel = shipment.parcel
    gone = {ParcelState.HANDED_OVER.value, ParcelState.VOIDED.value}
    done = all(each.state in gone for each in shipment.parcels if each.id not in going)
    values = {
        "parcel": parcel.id, "state": PARCEL.apply("hand_over", parcel.state).value, "manifest": load_id,
        "now": clock.now(), "shipment": shipment.id, "done": done,
        "shipment_state": SHIPMENT.apply("hand_over", shipment.state).value if done else shipment.state,
    }  # fmt: skip
    _HANDED_OVER.run(values)
    _announce(parcel, shipment, load_id)
    return HandedOver(parcel.id, load_id, already=False, shipment_done=done, unit_id=parcel.handling_unit_id)


def _again(parcel: ParcelAtWork, manifest_id: uuid.UUID | None) -> HandedOver:
    load = session().get_one(Manifest, parcel.manifest_id)
    if manifest_id not in (None, load.id):
        raise Refused("parcel_gone", {"manifest": load.number})
    return HandedOver(parcel.id, load.id, already=True)


# Shared: many parcels go on a load at once, closing it waits for them.
_OPEN_LOADS = Statement(
    "SELECT id, dock_id FROM manifest WHERE warehouse_id = :warehouse AND carrier_id = :carrier AND state = 'open'"
    " AND (:anywhere OR dock_id IS NOT DISTINCT FROM CAST(:dock AS uuid)) FOR SHARE"
)
_LOAD = Statement(
    "SELECT id, number, carrier_id, state FROM manifest WHERE id = :manifest AND warehouse_id = :warehouse FOR SHARE"
)


def find_load(
    actor: Actor,
    warehouse_id: uuid.UUID,
    carrier_id: uuid.UUID,
    manifest_id: uuid.UUID | None = None,
    gate: Gate = ANYWHERE,
) -> uuid.UUID:
    """The manifest to load on, shared-locked: the open one of the carrier at the gate (opened when needed) unless one is
    named. Refuses `which_dock` where several are open and nobody said at which dock they work.
    """
    claim(Rank.DOCUMENT)
    if manifest_id is None:
        asked = {"warehouse": warehouse_id, "carrier": carrier_id, "anywhere": gate.is_anywhere, "dock": gate.dock_id}
        found = _OPEN_LOADS.all(asked)
        if len(found) > 1:
            codes = docks.codes_of(row.dock_id for row in found)
            raise Refused("which_dock", {"docks": ", ".join(sorted(codes.values()))})
        if found:
            only: uuid.UUID = found[0].id
            return only
    wanted = manifest_id or open_manifest(actor, warehouse_id, carrier_id, gate.dock_id).id
    manifest = _LOAD.first({"manifest": wanted, "warehouse": warehouse_id})
    if manifest is None:
        raise not_found("manifest")
    if manifest.carrier_id != carrier_id:
        raise Refused("other_carrier", {"carrier": queries.load_carrier(carrier_id).code})
    if manifest.state != ManifestState.OPEN.value:
        raise Refused("manifest_closed", {"number": manifest.number})
    return wanted


def put_at_dock(actor: Actor, manifest_id: uuid.UUID, dock_id: uuid.UUID | None) -> Manifest:
    """The lorry of an open load stands at this dock, or (None) at none in particular. Again changes nothing.

    Refuses `manifest_closed`, `no_such_dock`, and `load_at_dock` when another of its carrier is open there.
    """
    manifest = lock_one(Rank.DOCUMENT, Manifest, manifest_id)
    if manifest is None or not (actor.is_staff and actor.sees_warehouse(manifest.warehouse_id)):
        raise not_found("manifest")
    if manifest.state != ManifestState.OPEN.value:
        raise Refused("manifest_closed", {"number": manifest.number})
    if dock_id == manifest.dock_id:
        return manifest
    if dock_id is not None:
        docks.require_dock(manifest.warehouse_id, dock_id)
    _refuse_taken(manifest, dock_id)
    try:
        with session().begin_nested():
            manifest.dock_id = dock_id
    except IntegrityError:  # another bench opened one there at the same moment
        _refuse_taken(manifest, dock_id)
        raise
    return manifest


def _refuse_taken(manifest: Manifest, dock_id: uuid.UUID | None) -> None:
    other = queries.open_manifest_of(manifest.warehouse_id, manifest.carrier_id, dock_id)
    if other is not None:
        raise Refused("load_at_dock", {"number": other.number})


def _announce(parcel: ParcelAtWork, shipment: ShipmentAtWork, manifest_id: uuid.UUID) -> None:
    record(
        ParcelHandedOver(
            subject_id=parcel.id, warehouse_id=parcel.warehouse_id, owner_id=parcel.owner_id, shipment_id=shipment.id,
            order_kind=shipment.subject_kind, order_id=shipment.subject_id, manifest_id=manifest_id,
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
    carrier = queries.load_carrier(manifest.carrier_id)
    if is_remote(carrier) and queries.capabilities_of(carrier.id).can_manifest:
        tasks.want_manifest(manifest)
    collections.take_load(load_warehouse(actor, manifest.warehouse_id), carrier.id, manifest.dock_id, manifest.id)
    record(ManifestClosed(subject_id=manifest.id, warehouse_id=manifest.warehouse_id, owner_id=None, parcels=parcels))
    return manifest


def _require_staff(actor: Actor, warehouse_id: uuid.UUID) -> None:
    if not (actor.is_staff and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
