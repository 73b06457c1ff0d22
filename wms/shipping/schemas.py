"""What shipping's API reads and answers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from wms.platform.schemas import Choice, CodedSchema, Day, Text, Whole
from wms.shipping.cost_queries import CostOfParcel
from wms.shipping.models import (
    BagKind,
    BagState,
    CollectionState,
    CostSource,
    Parcel,
    ParcelState,
    Shipment,
    ShipmentState,
)
from wms.shipping.tracking import TrackState


class ServiceQuery(CodedSchema):
    warehouse = Text(16, load_default=None, metadata={"example": "DEU1"})


class ServiceAnswer(CodedSchema):
    """A service that orders may name."""

    code = fields.String(metadata={"example": "HOUSE-STD"})
    name = fields.String(metadata={"example": "House standard"})
    carrier = fields.String(metadata={"example": "HOUSE"})
    warehouse_id = fields.UUID(allow_none=True, metadata={"description": "null: every warehouse offers it"})
    number_at = fields.String(metadata={"example": "wave"})
    label_width_mm = fields.Integer(metadata={"example": 100})
    label_height_mm = fields.Integer(metadata={"example": 150})


class ServicesAnswer(CodedSchema):
    data = fields.List(fields.Nested(ServiceAnswer))


class ShipmentQuery(CodedSchema):
    cursor = Text(400, load_default=None)
    limit = Whole(1, 200, load_default=50)
    state = Choice([state.value for state in ShipmentState], load_default=None)
    order_id = fields.UUID(load_default=None)
    tracking_number = Text(48, load_default=None, metadata={"example": "HC0000000001K"})


class ParcelCostAnswer(CodedSchema):
    """What its waybill costs by the carrier's word. A quote is of the whole order, and stands with its first parcel."""

    source = Choice([source.value for source in CostSource])
    currency = fields.String(metadata={"example": "EUR"})
    total_minor = fields.Integer(metadata={"example": 490, "description": "in minor units of the currency"})
    quoted_currency = fields.String(allow_none=True, metadata={"example": "EUR"})
    quoted_minor = fields.Integer(allow_none=True, metadata={"example": 450})
    more_minor = fields.Integer(
        allow_none=True, metadata={"description": "above the quote (below: negative); null where nothing is compared"}
    )


class ParcelAnswer(CodedSchema):
    id = fields.UUID()
    n = fields.Integer(metadata={"example": 1})
    state = Choice([state.value for state in ParcelState])
    tracking_number = fields.String(allow_none=True, metadata={"example": "HC0000000001K"})
    weight_g = fields.Integer(allow_none=True, metadata={"example": 840})
    length_mm = fields.Integer(allow_none=True)
    width_mm = fields.Integer(allow_none=True)
    height_mm = fields.Integer(allow_none=True)
    handed_over_at = fields.AwareDateTime(allow_none=True)
    tracking_state = Choice([state.value for state in TrackState])
    tracking_page = fields.String(metadata={"description": "for the buyer: it names no person and cannot be guessed"})
    cost = fields.Nested(
        ParcelCostAnswer,
        allow_none=True,
        metadata={"description": "null where no carrier said a price, or the operator does not show it"},
    )


class BagQuery(CodedSchema):
    cursor = Text(400, load_default=None)
    limit = Whole(1, 200, load_default=50)
    state = Choice([state.value for state in BagState], load_default=None)
    number = Text(48, load_default=None, metadata={"example": "340123450000000017"})


class BaggedParcelAnswer(CodedSchema):
    id = fields.UUID()
    shipment_id = fields.UUID()
    subject_kind = fields.String(metadata={"example": "order"})
    subject_id = fields.UUID()
    tracking_number = fields.String(allow_none=True, metadata={"example": "HC0000000001K"})
    weight_g = fields.Integer(allow_none=True, metadata={"example": 840})
    state = Choice([state.value for state in ParcelState])


class BagAnswer(CodedSchema):
    """`barcode`: what a scanner reads from its label. `weight_g`: gross, once it is closed; of everything in it."""

    id = fields.UUID()
    warehouse = fields.String(metadata={"example": "DE1"})
    carrier = fields.String(metadata={"example": "HOUSE"})
    service = fields.String(metadata={"example": "HOUSE-STD"})
    kind = Choice([kind.value for kind in BagKind])
    number = fields.String(metadata={"example": "340123450000000017"})
    barcode = fields.String(metadata={"example": "340123450000000017"})
    state = Choice([state.value for state in BagState])
    weight_g = fields.Integer(allow_none=True, metadata={"example": 12400})
    created_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)
    loaded_at = fields.AwareDateTime(allow_none=True)
    parcels = fields.List(fields.Nested(BaggedParcelAnswer))


class BagsPage(CodedSchema):
    data = fields.List(fields.Nested(BagAnswer))
    next_cursor = fields.String(allow_none=True)


class CollectionQuery(CodedSchema):
    cursor = Text(400, load_default=None)
    limit = Whole(1, 200, load_default=50)
    state = Choice([state.value for state in CollectionState], load_default=None)
    day = Day(load_default=None, metadata={"example": "2026-12-01"})


class CollectionAnswer(CodedSchema):
    """A lorry of a carrier. Day and hours by the warehouse's calendar and clock; `agreed_*` where the carrier named its own."""

    id = fields.UUID()
    number = fields.String(metadata={"example": "CLNET-261201-0003-DE1"})
    warehouse = fields.String(metadata={"example": "DE1"})
    carrier = fields.String(metadata={"example": "NET"})
    dock = fields.String(allow_none=True, metadata={"example": "DOCK-1", "description": "null: none in particular"})
    state = Choice([state.value for state in CollectionState])
    day = Day()
    ready_at = fields.String(metadata={"example": "14:00"})
    close_at = fields.String(metadata={"example": "17:00"})
    agreed_from = fields.String(allow_none=True, metadata={"example": "15:00"})
    agreed_to = fields.String(allow_none=True, metadata={"example": "16:00"})
    manifest = fields.String(allow_none=True, metadata={"description": "the number of the load that it took"})
    created_at = fields.AwareDateTime()
    parcels = fields.List(
        fields.Nested(BaggedParcelAnswer),
        metadata={"description": "yours that it took; as long as it is to come, those that it would find"},
    )


class CollectionsPage(CodedSchema):
    data = fields.List(fields.Nested(CollectionAnswer))
    next_cursor = fields.String(allow_none=True)


class TrackingEventAnswer(CodedSchema):
    state = Choice([state.value for state in TrackState])
    happened_at = fields.AwareDateTime()
    place = fields.String(metadata={"example": "Berlin"})


class ParcelWayAnswer(CodedSchema):
    """How far a parcel has come, the newest event first."""

    parcel_id = fields.UUID()
    tracking_number = fields.String(allow_none=True)
    state = Choice([state.value for state in TrackState])
    events = fields.List(fields.Nested(TrackingEventAnswer))


class WaysAnswer(CodedSchema):
    data = fields.List(fields.Nested(ParcelWayAnswer))


class ShipmentAnswer(CodedSchema):
    id = fields.UUID()
    warehouse_id = fields.UUID()
    carrier = fields.String(metadata={"example": "HOUSE"})
    subject_kind = fields.String(metadata={"example": "order"})
    subject_id = fields.UUID()
    state = Choice([state.value for state in ShipmentState])
    created_at = fields.AwareDateTime()
    handed_over_at = fields.AwareDateTime(allow_none=True)
    parcels = fields.List(fields.Nested(ParcelAnswer))


class ShipmentsPage(CodedSchema):
    data = fields.List(fields.Nested(ShipmentAnswer))
    next_cursor = fields.String(allow_none=True)


def dump_parcel(parcel: Parcel, tracking_state: str, page: str, cost: CostOfParcel | None) -> dict[str, Any]:
    known = {name: getattr(parcel, name) for name in _PARCEL_FIELDS}
    return {**known, "tracking_state": tracking_state, "tracking_page": page, "cost": cost}


def dump_shipment(shipment: Shipment, parcels: list[dict[str, Any]], carrier: str) -> dict[str, Any]:
    found: dict[str, Any] = ShipmentAnswer().dump(
        {**{name: getattr(shipment, name) for name in _SHIPMENT_FIELDS}, "carrier": carrier, "parcels": parcels}
    )
    return found


_SHIPMENT_FIELDS = ("id", "warehouse_id", "subject_kind", "subject_id", "state", "created_at", "handed_over_at")
_PARCEL_FIELDS = (
    "id", "n", "state", "tracking_number", "weight_g", "length_mm", "width_mm", "height_mm", "handed_over_at",
)  # fmt: skip
