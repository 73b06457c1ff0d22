"""What a device sends. Outside the public document: floor devices and server are released together."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from marshmallow import fields

from wms.platform.schemas import Choice, CodedSchema, Count, Day, Items, Text

SOURCES = ["wedge", "camera", "paste", "typed", "button"]


class ScanIn(CodedSchema):
    task_id = fields.UUID(required=True)
    step_token = Text(60, allow_none=True, load_default=None)
    scan_id = fields.UUID(required=True)
    device_id = Text(40, allow_none=True, load_default=None)
    device_seq = Count(0, 2**53, allow_none=True, load_default=None)
    raw = fields.String(required=True)  # checked by the resolver: whatever a scanner may send is an answer, not a fault
    source = Choice(SOURCES, load_default="wedge")
    quantity = Count(1, 99_999, allow_none=True, load_default=None)
    weight_g = Count(1, 30_000_000, allow_none=True, load_default=None)
    batch = Text(40, allow_none=True, load_default=None)
    expires_on = Day(allow_none=True, load_default=None)
    made_on = Day(allow_none=True, load_default=None)
    serial = fields.String(allow_none=True, load_default=None)  # as scanned beside the code: checked as a scan is
    scanned_at = fields.AwareDateTime(allow_none=True, load_default=None)  # information only: the device's clock

    def load(self, data: Any, **options: Any) -> Any:
        """A scan says four or five of its fields: what it leaves out is not asked of each of the others."""
        if not isinstance(data, dict) or not self._required <= data.keys():
            return super().load(data, **options)
        return {**self._otherwise, **super().load(data, **{**options, "partial": True})}

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(name for name, each in self.load_fields.items() if each.required)

    @cached_property
    def _otherwise(self) -> dict[str, Any]:
        return {name: each.load_default for name, each in self.load_fields.items() if not each.required}


class ScansIn(CodedSchema):
    scans = Items(fields.Nested(ScanIn), 1, 500, required=True)
    stop_at_refusal = fields.Boolean(load_default=True)


class TaskIn(CodedSchema):
    kind = Text(16, required=True)
    warehouse = Text(16, required=True)
