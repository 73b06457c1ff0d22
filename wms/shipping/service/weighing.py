"""Carriers that make a label only when they know the weight: asked after the scale, and anew when the scale says another."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from wms.core.actor import Actor
from wms.platform.database import session
from wms.shipping import queries
from wms.shipping.carriers import is_remote
from wms.shipping.models import Parcel, ParcelState, Shipment, ShipmentState
from wms.shipping.service import shipments, tasks
from wms.shipping.workflow import SHIPMENT

_MEASURES = (
    "weight_g", "units", "is_weighed", "packaging_id", "planned_packaging_id", "length_mm", "width_mm", "height_mm",
)  # fmt: skip


def want_weighed_label(actor: Actor, parcel_id: uuid.UUID, told_g: int | None) -> Parcel:
    """Ask for the waybill of an open parcel that was just weighed. `told_g`: its weight before.

    Where a waybill of another weight was bought, or may have been, that one goes back and another parcel stands in its
    place, with a number of its own; returns the parcel that is open now. A remote carrier is asked after the commit.
    """
    found = queries.load_parcel(actor, parcel_id)
    shipment = shipments.load_shipment_to_change(actor, found.shipment_id)
    parcel = session().get_one(Parcel, parcel_id)
    carrier = queries.load_carrier(shipment.carrier_id)
    if not is_remote(carrier):
        _label_if_weighed(actor, shipment)
        return parcel
    asked = tasks.open_create(parcel.id)
    was_told = parcel.tracking_number is not None or (asked is not None and asked.attempts > 0)
    if was_told and parcel.weight_g != told_g:
        parcel = _replace(shipment, parcel, told_g)
    if parcel.tracking_number is None:
        tasks.want_waybill(shipment, parcel)
    return parcel


def _label_if_weighed(actor: Actor, shipment: Shipment) -> None:
    """Our own labels: the numbers are here, the last weight was missing."""
    if all(each.weight_g is not None for each in queries.live_parcels(shipment.id)):
        shipments.mark_labelled(actor, shipment.id)


def _replace(shipment: Shipment, old: Parcel, told_g: int | None) -> Parcel:
    """The parcel is void, and what was weighed is the next open one's, which stays in front of those begun after it."""
    waiting = select(Parcel).where(
        Parcel.shipment_id == shipment.id, Parcel.state == ParcelState.OPEN.value, Parcel.id != old.id,
        Parcel.weight_g.is_(None), Parcel.tracking_number.is_(None),
    )  # fmt: skip
    begun = session().scalars(waiting.order_by(Parcel.n)).first()
    shipments.give_back(queries.load_carrier(shipment.carrier_id), old)
    made = shipments.insert_parcel(shipment)
    now = begun or made
    for name in _MEASURES:
        setattr(now, name, getattr(old, name))
    old.weight_g = told_g  # what its label says
    if shipment.state != ShipmentState.OPEN.value:
        shipment.state = SHIPMENT.apply("await", shipment.state).value
    session().flush()
    return now
