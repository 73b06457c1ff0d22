"""What the transfers API answers."""

from __future__ import annotations

from marshmallow import fields

from wms.platform.schemas import Choice, CodedSchema, Text, Whole
from wms.transfers.queries import TABS


class OutListForm(CodedSchema):
    document = Text(64, required=True)


class InListForm(OutListForm):
    """The receiving zone's list, and the one it names."""

    linked_to = Text(64, required=True)


class TransferQuery(CodedSchema):
    which = Choice(list(TABS), load_default="all", metadata={"description": "All, not received through, or differing."})
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=50)


class TransferRow(CodedSchema):
    """Units over all products. `sent` is 0 until all of it has left."""

    id = fields.UUID(required=True, metadata={"description": "Of the order."})
    number = fields.String(required=True, metadata={"example": "SOACME-261124-0001"})
    reference = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "Of the order.", "example": "shipped"})
    from_warehouse = fields.String(required=True, metadata={"example": "DE1"})
    to_warehouse = fields.String(required=True, metadata={"example": "DE2"})
    booking_id = fields.UUID(required=True, allow_none=True, metadata={"description": "The inbound it became."})
    booking = fields.String(required=True, allow_none=True)
    booking_state = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    shipped_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    ordered = fields.Integer(required=True)
    sent = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    found = fields.Integer(required=True)


class TransferLineOut(CodedSchema):
    """Closed: sent + found = received + lost. Before that, `in_transit` is what has not been counted yet."""

    sku = fields.String(required=True, metadata={"example": "MUG-BLUE"})
    name_en = fields.String(required=True)
    name_zh = fields.String(required=True)
    ordered = fields.Integer(required=True)
    sent = fields.Integer(required=True)
    in_transit = fields.Integer(required=True)
    received = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    found = fields.Integer(required=True)


class TransferOut(TransferRow):
    lines = fields.List(fields.Nested(TransferLineOut), required=True)


class TransferPage(CodedSchema):
    data = fields.List(fields.Nested(TransferRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
