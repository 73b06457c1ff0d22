"""What a device may leave out of a scan is not looked at field by field; what it says is read as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import ValidationError

from wms.core.ids import new_id
from wms.floor.schemas import ScanIn
from wms.platform.schemas import CodedSchema

LEAST = {"task_id": str(new_id()), "scan_id": str(new_id()), "raw": "CMD-OK"}


def told(load: Callable[[Any], Any], body: Any) -> Any:
    try:
        return load(body)
    except ValidationError as fault:
        return fault.normalized_messages()


@pytest.mark.parametrize(
    "body",
    [
        LEAST, {**LEAST, "quantity": 3, "device_seq": 7, "step_token": None}, {**LEAST, "quantity": 0}, {**LEAST, "raw": None},
        {**LEAST, "task_id": "x", "weight_g": "heavy", "source": "mind"}, {**LEAST, "colour": "red"}, {"raw": "A"}, {}, [], None,
        {**LEAST, "expires_on": "2026-02-30"}, {**LEAST, "source": None},
    ],
)  # fmt: skip
def test_a_scan_is_read_as_if_every_field_had_been_asked(body: Any) -> None:
    schema = ScanIn()
    assert told(schema.load, body) == told(lambda given: CodedSchema.load(schema, given), body)
