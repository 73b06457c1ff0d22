"""What the facility's API reads and answers."""

from __future__ import annotations

from marshmallow import fields

from wms.facility.models import LocationKind
from wms.platform.schemas import Choice, CodedSchema, Text, Whole


class WarehouseSchema(CodedSchema):
    id = fields.UUID(metadata={"example": "019393c8-6f5e-7aaa-8000-000000000002"})
    code = fields.String(metadata={"example": "DE1"})
    name = fields.String(metadata={"example": "Hamburg 1"})
    kind = fields.String(metadata={"example": "overseas"})
    country = fields.String(metadata={"example": "DE"})
    time_zone = fields.String(metadata={"example": "Europe/Berlin"})
    currency = fields.String(metadata={"example": "EUR"})
    regime = fields.String(allow_none=True, metadata={"example": None})


class WarehousesSchema(CodedSchema):
    data = fields.List(fields.Nested(WarehouseSchema))


class LocationSchema(CodedSchema):
    id = fields.UUID(metadata={"example": "019393c8-6f5e-7aaa-8000-000000000003"})
    code = fields.String(metadata={"example": "A-03-12-2"})
    barcode = fields.String(metadata={"example": "L-A-03-12-2-K"})
    kind = fields.String(metadata={"example": "storage"})
    walk_order = fields.Integer(metadata={"example": 214})
    max_weight_g = fields.Integer(allow_none=True, metadata={"example": 500_000})
    max_volume_cm3 = fields.Integer(allow_none=True, metadata={"example": 1_200_000})
    max_units = fields.Integer(allow_none=True, metadata={"example": None, "description": "Pieces."})
    mixes_products = fields.Boolean(metadata={"example": False})
    mixes_lots = fields.Boolean(metadata={"example": True})
    velocity_class = fields.String(metadata={"example": "A", "description": "Meant for goods of this class, or empty."})
    is_active = fields.Boolean(metadata={"example": True})


class LocationsSchema(CodedSchema):
    data = fields.List(fields.Nested(LocationSchema))
    next_cursor = fields.String(allow_none=True)


class LocationQuery(CodedSchema):
    cursor = Text(200, load_default=None, metadata={"description": "`next_cursor` of the page before."})
    limit = Whole(1, 200, load_default=50)
    kind = Choice([kind.value for kind in LocationKind], load_default=None)
