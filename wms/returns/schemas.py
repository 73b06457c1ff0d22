"""What the returns API takes in and answers."""

from __future__ import annotations

from marshmallow import fields

from wms.platform.schemas import Choice, CodedSchema, Count, Items, Moment, Text, Whole
from wms.returns.workflow import ReturnState

REASONS = ["changed_mind", "wrong_item", "damaged", "defective", "undeliverable", "other"]


class ReturnLineIn(CodedSchema):
    sku = Text(40, required=True, metadata={"example": "MUG-BLUE"})
    quantity = Count(1, 99_999, required=True, metadata={"example": 1})


class ReturnIn(CodedSchema):
    order = Text(50, required=True, metadata={
        "example": "SHOP-10001",
        "description": "The order's id, number, reference, or a tracking number."})  # fmt: skip
    reference = Text(50, allow_none=True, metadata={"example": "RMA-1"})
    tracking_number = Text(48, allow_none=True)
    reason = Choice(REASONS, load_default="other")
    lines = Items(fields.Nested(ReturnLineIn), 1, 2_000, required=True)


class ReturnQuery(CodedSchema):
    state = Choice([state.value for state in ReturnState])
    reference = Text(50)
    warehouse = Text(16, metadata={"description": "Its code.", "example": "DE1"})
    updated_since = Moment(metadata={"example": "2026-11-01T00:00:00Z"})
    cursor = Text(200)
    limit = Whole(1, 200, load_default=50)


class ReturnAccepted(CodedSchema):
    id = fields.UUID(required=True)
    number = fields.String(required=True, metadata={"example": "RTACME-261124-0001"})
    reference = fields.String(required=True)
    state = fields.String(required=True, metadata={"example": "announced"})
    version = fields.Integer(required=True)


class ReturnRow(ReturnAccepted):
    order_id = fields.UUID(required=True)
    tracking_number = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    announced = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class ReturnLineOut(CodedSchema):
    sku = fields.String()
    name_en = fields.String()
    name_zh = fields.String()
    announced = fields.Integer()
    received = fields.Integer()
    restocked = fields.Integer()
    damaged = fields.Integer()
    scrapped = fields.Integer()
    to_inspect = fields.Integer()


class ReturnOut(ReturnRow):
    lines = fields.List(fields.Nested(ReturnLineOut))


class ReturnPage(CodedSchema):
    data = fields.List(fields.Nested(ReturnRow), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
