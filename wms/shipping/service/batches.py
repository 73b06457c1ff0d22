"""Shipments of many orders at once: a wave's, opened, numbered and labelled in a few statements.

The same as `open_shipment`, `draw_number` and `mark_labelled` one after the other, for orders that have no shipment yet
and carriers that answer from our own ranges and want nothing measured first. All others are left to those three.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.platform.database import session
from wms.platform.locks import Rank, claim
from wms.shipping import queries
from wms.shipping.carriers import connection_to, is_remote
from wms.shipping.carriers.interface import CarrierFault, WaybillRequest
from wms.shipping.models import Carrier, Parcel, Service, Shipment
from wms.shipping.service.shipments import refusal_of
from wms.shipping.workflow import PARCEL, SHIPMENT


@dataclass(frozen=True)
class Wanted:
    """A subject that is to be shipped as one parcel."""

    owner_id: uuid.UUID
    service_id: uuid.UUID
    subject_id: uuid.UUID


@dataclass(frozen=True)
class Numbered:
    """A new shipment with its one parcel and the parcel's waybill number."""

    shipment_id: uuid.UUID
    parcel_id: uuid.UUID
    tracking_number: str


def label_new(
    actor: Actor, warehouse_id: uuid.UUID, subject_kind: str, wanted: Sequence[Wanted]
) -> dict[uuid.UUID, Numbered]:
    """New labelled shipments by subject; a subject that needs more than this file does is left out.

    Refuses `service_closed`, and what a carrier refuses: `numbers_used_up`, `carrier_refused`, `carrier_later`.
    """
    if not all(actor.sees_seller(each.owner_id) for each in wanted) or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    found_services = [_service(key, warehouse_id) for key in {each.service_id for each in wanted}]
    services = {pair[0].id: pair for pair in found_services if pair is not None}
    known = queries.shipments_of(subject_kind, [each.subject_id for each in wanted])
    simple = [each for each in wanted if each.subject_id not in known and each.service_id in services]
    opened = _open(warehouse_id, subject_kind, simple, services)
    by_service: dict[uuid.UUID, list[Wanted]] = defaultdict(list)
    for each in simple:
        if each.subject_id in opened:  # else somebody opened it at this moment
            by_service[each.service_id].append(each)
    found: dict[uuid.UUID, Numbered] = {}
    for service_id, those in by_service.items():
        found.update(_number(warehouse_id, services[service_id], those, opened))
    return found


def _service(service_id: uuid.UUID, warehouse_id: uuid.UUID) -> tuple[Service, Carrier] | None:
    """The service with its carrier, None where a parcel must be measured or asked for over a network first."""
    service = queries.load_service(service_id)
    if not service.is_active or service.warehouse_id not in (None, warehouse_id):
        raise Refused("service_closed", {"service": service.code})
    carrier = queries.load_carrier(service.carrier_id)
    wants = queries.capabilities_of(carrier.id)
    if wants.needs_weight_before_label or wants.needs_size_before_label or is_remote(carrier):
        return None
    return service, carrier


def _open(
    warehouse_id: uuid.UUID,
    subject_kind: str,
    wanted: Sequence[Wanted],
    services: dict[uuid.UUID, tuple[Service, Carrier]],
) -> dict[uuid.UUID, uuid.UUID]:
    """Shipments as they are after numbering and labelling, which follow in this transaction; by subject."""
    if not wanted:
        return {}
    claim(Rank.DOCUMENT)
    now = clock.now()
    state = SHIPMENT.apply("label", SHIPMENT.apply("number", SHIPMENT.initial.value).value).value
    rows = [
        {
            "id": new_id(), "warehouse_id": warehouse_id, "owner_id": each.owner_id,
            "carrier_id": services[each.service_id][1].id, "service_id": each.service_id, "subject_kind": subject_kind,
            "subject_id": each.subject_id, "state": state, "created_at": now,
        }
        # Sorted, so that two jobs for the same orders cannot wait for each other in a circle.
        for each in sorted(wanted, key=lambda each: each.subject_id)
    ]  # fmt: skip
    statement = insert(Shipment).on_conflict_do_nothing().returning(Shipment.subject_id, Shipment.id)
    return {row.subject_id: row.id for row in session().execute(statement, rows)}


def _number(
    warehouse_id: uuid.UUID, pair: tuple[Service, Carrier], wanted: Sequence[Wanted], opened: dict[uuid.UUID, uuid.UUID]
) -> dict[uuid.UUID, Numbered]:
    """One parcel for each, with a number of its carrier, in the given order."""
    service, carrier = pair
    requests = [WaybillRequest(f"{opened[each.subject_id]}/1", warehouse_id, service.code) for each in wanted]
    granted = connection_to(carrier).create_new(requests)
    if isinstance(granted, CarrierFault):
        raise refusal_of(granted)
    made = {
        each.subject_id: Numbered(opened[each.subject_id], new_id(), waybill.tracking_number)
        for each, waybill in zip(wanted, granted, strict=True)
    }
    shared = {"warehouse_id": warehouse_id, "carrier_id": carrier.id, "n": 1, "state": PARCEL.initial.value}
    now = clock.now()
    parcels = [
        {
            **shared, "id": made[each.subject_id].parcel_id, "shipment_id": made[each.subject_id].shipment_id,
            "owner_id": each.owner_id, "tracking_number": made[each.subject_id].tracking_number,
            "client_reference": request.client_reference, "created_at": now,
        }
        for each, request in zip(wanted, requests, strict=True)
    ]  # fmt: skip
    session().execute(insert(Parcel), parcels)
    return made
