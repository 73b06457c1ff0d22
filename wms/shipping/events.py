"""Facts that shipping announces."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from wms.core.events import Event


@dataclass(frozen=True)
class ParcelHandedOver(Event):
    """The carrier has the parcel. `order_kind`, `order_id`: what the shipment is for."""

    name: ClassVar[str] = "shipping.parcel_handed_over"
    subject_kind: ClassVar[str] = "parcel"

    shipment_id: uuid.UUID
    order_kind: str
    order_id: uuid.UUID
    manifest_id: uuid.UUID
    weight_g: int


@dataclass(frozen=True)
class WaybillWanted(Event):
    """A remote carrier is to be asked for the waybill of a parcel, by the owner of what the shipment is for."""

    name: ClassVar[str] = "shipping.waybill_wanted"
    subject_kind: ClassVar[str] = "parcel"

    order_kind: str
    order_id: uuid.UUID


@dataclass(frozen=True)
class ShipmentVoided(Event):
    name: ClassVar[str] = "shipping.shipment_voided"
    subject_kind: ClassVar[str] = "shipment"

    order_kind: str
    order_id: uuid.UUID


@dataclass(frozen=True)
class BagClosed(Event):
    """Parcels of one service are closed up together; `weight_g` gross, by the scale."""

    name: ClassVar[str] = "shipping.bag_closed"
    subject_kind: ClassVar[str] = "bag"

    parcels: int
    weight_g: int


@dataclass(frozen=True)
class BagLoaded(Event):
    name: ClassVar[str] = "shipping.bag_loaded"
    subject_kind: ClassVar[str] = "bag"

    manifest_id: uuid.UUID
    parcels: int
    weight_g: int


@dataclass(frozen=True)
class ManifestClosed(Event):
    name: ClassVar[str] = "shipping.manifest_closed"
    subject_kind: ClassVar[str] = "manifest"

    parcels: int


@dataclass(frozen=True)
class NumbersRunLow(Event):
    """No more numbers than the low-water mark are left in a carrier's ranges together: ask it for more. Said once, and again
    when they run low after a further range.
    """

    name: ClassVar[str] = "shipping.numbers_run_low"
    subject_kind: ClassVar[str] = "number_range"

    left: int
