"""Packaging as it is typed and answered."""

from __future__ import annotations

from marshmallow import fields

from wms.facility.packaging.models import PackagingKind
from wms.facility.packaging.rules import MOST_COST, MOST_G, MOST_MM
from wms.planning.cartons import Aim
from wms.platform.schemas import Choice, CodedSchema, Count, Country, Text

KINDS = [each.value for each in PackagingKind]


class PackagingIn(CodedSchema):
    """Everything but its code: of a new one, or of one that changes."""

    name = Text(60, required=True)
    kind = Choice(KINDS, required=True)
    inner_length_mm = Count(1, MOST_MM, required=True)
    inner_width_mm = Count(1, MOST_MM, required=True)
    inner_height_mm = Count(1, MOST_MM, required=True)
    outer_length_mm = Count(1, MOST_MM, required=True)
    outer_width_mm = Count(1, MOST_MM, required=True)
    outer_height_mm = Count(1, MOST_MM, required=True)
    empty_g = Count(0, MOST_G, required=True)
    max_g = Count(1, MOST_G, required=True)
    cost_minor = Count(0, MOST_COST, required=True)
    takes_dangerous = fields.Boolean(load_default=True)
    is_active = fields.Boolean(load_default=True)


class NewPackagingIn(PackagingIn):
    code = Text(16, required=True, pattern=r"[A-Z0-9](?:[A-Z0-9.-]*[A-Z0-9])?")
    seller = Text(8, load_default=None)


class BoxAimIn(CodedSchema):
    box_aim = Choice(list(Aim), required=True)


class InsertIn(CodedSchema):
    """What goes in, for whose orders, to which country; empty is all."""

    name = Text(80, required=True)
    seller = Text(8, load_default=None)
    country = Country(load_default=None)
    platform = Text(32, load_default=None)


class PackagingOut(CodedSchema):
    id = fields.UUID(metadata={"example": "019393c8-6f5e-7aaa-8000-00000000000b"})
    code = fields.String(metadata={"example": "M30"})
    barcode = fields.String(metadata={"example": "C-M30-7"})
    name = fields.String(metadata={"example": "Carton M"})
    kind = fields.String(metadata={"example": "carton"})
    is_own = fields.Boolean(metadata={"description": "A seller's own, for their orders only."})
    inner_length_mm = fields.Integer(metadata={"example": 300})
    inner_width_mm = fields.Integer(metadata={"example": 230})
    inner_height_mm = fields.Integer(metadata={"example": 240})
    outer_length_mm = fields.Integer(metadata={"example": 306})
    outer_width_mm = fields.Integer(metadata={"example": 236})
    outer_height_mm = fields.Integer(metadata={"example": 246})
    empty_g = fields.Integer(metadata={"example": 160})
    max_g = fields.Integer(metadata={"example": 15_000, "description": "Gross: goods and packaging."})
    cost_minor = fields.Integer(metadata={"example": 80, "description": "In the warehouse's currency."})
    takes_dangerous = fields.Boolean()
    is_active = fields.Boolean()


class PackagingsOut(CodedSchema):
    box_aim = fields.String(
        metadata={"example": "fewest", "description": "What boxes are suggested by: `fewest` or `cheapest`."}
    )
    data = fields.List(fields.Nested(PackagingOut))
