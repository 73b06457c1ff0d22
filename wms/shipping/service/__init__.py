"""Use cases of shipping. The owner of an order calls these inside their own transaction."""

from __future__ import annotations

from wms.shipping.service.batches import Numbered, Wanted, label_new
from wms.shipping.service.handover import HandedOver, close_manifest, hand_over_parcel, load_parcel_onto, open_manifest
from wms.shipping.service.setup import add_number_range, add_service, create_carrier, ensure_house_carrier
from wms.shipping.service.shipments import (
    Boxed,
    add_parcel,
    close_parcel,
    draw_number,
    drop_parcel,
    mark_labelled,
    open_shipment,
    record_weight,
    reopen_parcel,
    take_back_shipment,
    void_shipment,
)

__all__ = [
    "Boxed",
    "HandedOver",
    "Numbered",
    "Wanted",
    "add_number_range",
    "add_parcel",
    "add_service",
    "close_manifest",
    "close_parcel",
    "create_carrier",
    "draw_number",
    "drop_parcel",
    "ensure_house_carrier",
    "hand_over_parcel",
    "label_new",
    "load_parcel_onto",
    "mark_labelled",
    "open_manifest",
    "open_shipment",
    "record_weight",
    "reopen_parcel",
    "take_back_shipment",
    "void_shipment",
]
