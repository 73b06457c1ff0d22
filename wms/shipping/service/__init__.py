"""Use cases of shipping. The owner of an order calls these inside their own transaction."""

from __future__ import annotations

from wms.shipping.service.batches import Numbered, Wanted, label_new
from wms.shipping.service.handover import HandedOver, close_manifest, hand_over_parcel, load_parcel_onto, open_manifest
from wms.shipping.service.remote import Answered, ask_for_waybill, settle_waybill, take_number
from wms.shipping.service.setup import (
    add_number_range,
    add_service,
    connect_carrier,
    create_carrier,
    ensure_house_carrier,
    set_abilities,
)
from wms.shipping.service.shipments import (
    Boxed,
    add_parcel,
    close_parcel,
    draw_number,
    drop_parcel,
    load_shipment_to_change,
    mark_labelled,
    open_shipment,
    record_weight,
    reopen_parcel,
    take_back_shipment,
    void_shipment,
)
from wms.shipping.service.tasks import CarrierLater, ask_again

__all__ = [
    "Answered",
    "Boxed",
    "CarrierLater",
    "HandedOver",
    "Numbered",
    "Wanted",
    "add_number_range",
    "add_parcel",
    "add_service",
    "ask_again",
    "ask_for_waybill",
    "close_manifest",
    "close_parcel",
    "connect_carrier",
    "create_carrier",
    "draw_number",
    "drop_parcel",
    "ensure_house_carrier",
    "hand_over_parcel",
    "label_new",
    "load_parcel_onto",
    "load_shipment_to_change",
    "mark_labelled",
    "open_manifest",
    "open_shipment",
    "record_weight",
    "reopen_parcel",
    "set_abilities",
    "settle_waybill",
    "take_back_shipment",
    "take_number",
    "void_shipment",
]
