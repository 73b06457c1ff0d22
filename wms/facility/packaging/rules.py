"""What a box or bag must be like: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wms.core.refusals import FieldError

SIDES = ("length", "width", "height")
MOST_MM, MOST_G, MOST_COST = 5_000, 1_000_000, 10_000_000


def faults(values: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the fields of a packaging taken together: an outside within its inside, no room for goods."""
    found = [
        FieldError(f"/outer_{side}_mm", "packaging_outer", {})
        for side in SIDES
        if values[f"outer_{side}_mm"] < values[f"inner_{side}_mm"]
    ]
    if values["max_g"] <= values["empty_g"]:
        found.append(FieldError("/max_g", "packaging_max", {}))
    return found
