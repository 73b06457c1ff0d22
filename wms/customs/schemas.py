"""What the clerk's forms hold, and what sellers' systems read."""

from __future__ import annotations

from marshmallow import fields

from wms.customs.models import SettlementKind
from wms.platform.schemas import Choice, CodedSchema, Items, Range, Text, Whole


class BookingForm(CodedSchema):
    """A booking as typed: numbers arrive as text."""

    item_number = Text(32, required=True)
    document = Text(64, required=True)
    quantity = fields.Integer(required=True, validate=Range(1, 2_000_000_000))


class ProcessingForm(CodedSchema):
    """Customs' document for a conversion in bond."""

    document = Text(64, required=True)


class DeclareForm(CodedSchema):
    """What is asked of customs about an unaccounted row."""

    kind = Choice([each.value for each in SettlementKind], required=True)
    quantity = fields.Integer(strict=True, required=True, validate=Range(1, 2_000_000_000))
    serials = Items(Text(40), 1, 5_000, load_default=())
    note = Text(200, load_default=None)


class AnswerForm(CodedSchema):
    """Customs' acceptance, or, with a reason, its refusal."""

    document = Text(64, required=True)


class RefusedForm(AnswerForm):
    reason = Text(120, required=True)


class SettleForm(CodedSchema):
    """Where goods entered in the book are put."""

    bin = Text(40, load_default=None)


class SetOffForm(SettleForm):
    quantity = fields.Integer(strict=True, required=True, validate=Range(1, 2_000_000_000))


class UnaccountedRow(CodedSchema):
    """Goods of one kind in bond that customs has to settle. Both may stand of the same goods: they were found apart."""

    warehouse = fields.String(metadata={"example": "NGB1"})
    sku = fields.String(metadata={"example": "MUG-BLUE"})
    item_number = fields.String(metadata={"example": "17", "description": "Line of the bonded book (账册项号)."})
    batch = fields.String(allow_none=True)
    expires_on = fields.Date(allow_none=True)
    condition = fields.String(metadata={"example": "good"})
    missing = fields.Integer(metadata={"description": "In the books, and not found."})
    over = fields.Integer(metadata={"description": "There, and not declared."})
    declared_missing = fields.Integer(metadata={"description": "Of the missing, declared and not settled."})
    declared_over = fields.Integer()


class UnaccountedPage(CodedSchema):
    data = fields.List(fields.Nested(UnaccountedRow))
    next_cursor = fields.String(allow_none=True)


class SettlementQuery(CodedSchema):
    open = fields.Boolean(load_default=False, metadata={"description": "Only those not settled, refused or withdrawn."})
    cursor = Text(200, load_default=None)
    limit = Whole(1, 200, load_default=50)


class SettlementOut(CodedSchema):
    """A declaration about goods missing (duty) or over (entry, destruction, return_abroad), and customs' last word."""

    id = fields.UUID()
    number = fields.String(metadata={"example": "STACME-261129-0001"})
    warehouse = fields.String(metadata={"example": "NGB1"})
    sku = fields.String(metadata={"example": "MUG-BLUE"})
    item_number = fields.String(metadata={"example": "17"})
    kind = fields.String(metadata={"example": "duty"})
    quantity = fields.Integer(metadata={"example": 3})
    serials = fields.List(fields.String())
    state = fields.String(metadata={"example": "accepted"})
    document = fields.String(allow_none=True, metadata={"description": "Customs' document."})
    reason = fields.String(allow_none=True, metadata={"description": "Why customs refused."})
    declared_at = fields.AwareDateTime()
    answered_at = fields.AwareDateTime(allow_none=True)
    settled_at = fields.AwareDateTime(allow_none=True)


class SettlementPage(CodedSchema):
    data = fields.List(fields.Nested(SettlementOut))
    next_cursor = fields.String(allow_none=True)
