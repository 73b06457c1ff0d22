"""What identity's API answers."""

from __future__ import annotations

from marshmallow import fields

from wms.platform.schemas import CodedSchema


class SellerReference(CodedSchema):
    id = fields.UUID(metadata={"example": "019393c8-6f5e-7aaa-8000-000000000001"})
    code = fields.String(metadata={"example": "ACME"})
    name = fields.String(metadata={"example": "Acme Trading"})
    rotation = fields.String(metadata={"example": "fefo", "description": "Which goods leave first: fefo (earliest expiry),"
                             " fifo (longest here), lefo (latest expiry); a product may say otherwise."})  # fmt: skip
    least_shelf_days = fields.Integer(
        metadata={"example": 0, "description": "Goods that keep fewer days are not sold."}
    )


class MeSchema(CodedSchema):
    """Who the key speaks for, and what it may do."""

    kind = fields.String(metadata={"example": "api_key"})
    name = fields.String(metadata={"example": "ERP"})
    sellers = fields.List(fields.Nested(SellerReference))
    permissions = fields.List(fields.String(), metadata={"example": ["orders.read", "products.write"]})
