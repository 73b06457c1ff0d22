"""What the API shows of the choice of a warehouse."""

from __future__ import annotations

from marshmallow import fields

from wms.platform.schemas import CodedSchema


class RoutePartOut(CodedSchema):
    warehouse = fields.String(metadata={"example": "DE1"})
    units = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"example": {"MUG-BLUE": 2}})


class RouteCandidateOut(CodedSchema):
    """A warehouse there was to choose from. `held`: of the order's units, those that were free there."""

    warehouse = fields.String(metadata={"example": "DE1"})
    free = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata={"example": {"MUG-BLUE": 12}})
    held = fields.Integer()
    distance = fields.Integer()
    cost_minor = fields.Integer(allow_none=True)
    why_not = fields.String(allow_none=True, metadata={"description": "closed, no_service or bonded."})


class RouteOut(CodedSchema):
    """Why the order goes from its warehouse; null where it named one."""

    prefer = fields.String(metadata={"example": "nearest"})
    why = fields.String(metadata={"example": "complete", "description": "complete, split, most or only."})
    wanted = fields.Integer()
    parts = fields.List(fields.Nested(RoutePartOut))
    candidates = fields.List(fields.Nested(RouteCandidateOut))
