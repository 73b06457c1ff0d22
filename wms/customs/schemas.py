"""What the clerk's forms hold."""

from __future__ import annotations

from marshmallow import fields

from wms.platform.schemas import CodedSchema, Range, Text


class BookingForm(CodedSchema):
    """A booking as typed: numbers arrive as text."""

    item_number = Text(32, required=True)
    document = Text(64, required=True)
    quantity = fields.Integer(required=True, validate=Range(1, 2_000_000_000))


class ProcessingForm(CodedSchema):
    """Customs' document for a conversion in bond."""

    document = Text(64, required=True)
