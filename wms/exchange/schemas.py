"""What the API of files of orders takes in and gives."""

from __future__ import annotations

from marshmallow import fields

from wms.exchange.workflow import ImportState
from wms.platform.schemas import CodedSchema, Text, Whole

STATES = [state.value for state in ImportState]


class ImportForm(CodedSchema):
    seller = Text(8, metadata={"description": "Seller code; implied when the key has one seller."})
    warehouse = Text(16, metadata={"example": "DE1", "description": "Of lines that name none."})
    service = Text(32, metadata={"example": "HOUSE-STD", "description": "Of lines that name none."})


class ImportIn(ImportForm):
    name = Text(120, required=True, metadata={"example": "orders.csv"})
    content = Text(5_700_000, required=True, metadata={
        "description": "Base64 of a CSV file or an Excel workbook (.xlsx) of at most 4 MB and 5,000 lines.",
        "example": "cmVmZXJlbmNlLHNrdSxxdWFudGl0eQo="})  # fmt: skip


class ImportQuery(CodedSchema):
    cursor = Text(200)
    limit = Whole(1, 200, load_default=50)


class ImportAccepted(CodedSchema):
    id = fields.UUID(required=True)
    state = fields.String(required=True, metadata={"example": "checking", "description": ", ".join(STATES)})


class ImportRow(ImportAccepted):
    """`handled`: orders looked at, or made, so far. `there`: their references were used before; nothing is made of them."""

    name = fields.String(required=True, metadata={"example": "orders.csv"})
    warehouse = fields.String(required=True, allow_none=True)
    service = fields.String(required=True, allow_none=True)
    lines = fields.Integer(required=True)
    orders = fields.Integer(required=True)
    handled = fields.Integer(required=True)
    good = fields.Integer(required=True)
    there = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    created = fields.Integer(required=True)
    unread = fields.List(fields.String(), required=True, metadata={"description": "Columns that mean nothing here."})
    created_at = fields.AwareDateTime(required=True)


class FindingOut(CodedSchema):
    """`line`: as the spreadsheet numbers it. `column`: by its name in the template; empty where it is none in particular."""

    line = fields.Integer(required=True, metadata={"example": 17})
    column = fields.String(required=True, metadata={"example": "quantity"})
    code = fields.String(required=True, metadata={"example": "too_small"})
    params = fields.Dict(required=True)
    message = fields.String(required=True, metadata={"example": "At least 1."})


class ImportOut(ImportRow):
    """`more`: findings that are not kept."""

    findings = fields.List(fields.Nested(FindingOut), required=True)
    more = fields.Integer(required=True)


class ImportPage(CodedSchema):
    data = fields.List(fields.Nested(ImportRow))
    next_cursor = fields.String(allow_none=True)
