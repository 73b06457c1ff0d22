"""Use cases of shipping. The owner of an order calls these inside their own transaction."""

from __future__ import annotations

from wms.shipping.service.bags import (
    Bagged,
    close_bag,
    hold_bag_and_parcels,
    load_held_bag,
    put_into_bag,
    reopen_bag,
    take_out_of_bag,
)
from wms.shipping.service.batches import Numbered, Wanted, label_new
from wms.shipping.service.counter import ensure_counter
from wms.shipping.service.handover import (
    HandedOver,
    close_manifest,
    hand_over_parcel,
    load_parcel_onto,
    open_manifest,
    put_at_dock,
)
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
    take_off_load,
    void_shipment,
)
from wms.shipping.service.tasks import CarrierLater, ask_again
from wms.shipping.service.weighing import want_weighed_label

__all__ = [
    "Answered",
    "Bagged",
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
    "close_bag",
    "close_manifest",
    "close_parcel",
    "connect_carrier",
    "create_carrier",
    "draw_number",
    "drop_parcel",
    "ensure_counter",
    "ensure_house_carrier",
    "hand_over_parcel",
    "hold_bag_and_parcels",
    "label_new",
    "load_held_bag",
    "load_parcel_onto",
    "load_shipment_to_change",
    "mark_labelled",
    "open_manifest",
    "open_shipment",
    "put_at_dock",
    "put_into_bag",
    "record_weight",
    "reopen_bag",
    "reopen_parcel",
    "set_abilities",
    "settle_waybill",
    "take_number",
    "take_off_load",
    "take_out_of_bag",
    "void_shipment",
    "want_weighed_label",
]
