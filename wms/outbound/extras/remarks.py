"""What the driver does besides, on the waybill that we draw: few signs, the same in every language."""

from __future__ import annotations

from typing import Any

from wms.core.money import Money
from wms.outbound.extras.rules import age_told


def remarks(said: Any, *, collects: bool) -> str:
    """Of a row of `order_extra`, empty where there is none. `collects`: whether the money comes in with this parcel."""
    parts = []
    if collects and said.cod_minor is not None:
        parts.append(f"COD {Money(said.cod_minor, said.cod_currency).as_decimal():f} {said.cod_currency}")
    age = age_told(said.signature, said.age_check)
    if age is not None:
        parts.append(f"{age}+")
    if said.liftgate:
        parts.append("TAIL LIFT")
    if said.deliver_on is not None:
        parts.append(f"{said.deliver_on:%Y-%m-%d}")
    if said.deliver_from is not None:
        parts.append(f"{said.deliver_from:%H:%M}-{said.deliver_until:%H:%M}")
    return " · ".join(parts)
