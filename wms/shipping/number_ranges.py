"""How many numbers are left in the ranges that carriers gave us. What a process holds to hand out counts as gone."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wms.platform.statements import Statement
from wms.shipping.rules import NumberForm, write_number


@dataclass(frozen=True)
class RangeLeft:
    """A range with its first and last number as they are printed."""

    id: uuid.UUID
    carrier_id: uuid.UUID
    carrier: str
    first: str
    last: str
    size: int
    left: int
    low_water: int

    @property
    def is_low(self) -> bool:
        return self.left <= self.low_water


_RANGES = Statement(
    "SELECT r.id, r.carrier_id, c.code AS carrier, r.scheme, r.prefix, r.country, r.extension, r.first_serial,"
    " r.last_serial, r.low_water, coalesce(n.next_value, 1) - 1 AS taken FROM number_range r"
    " JOIN carrier c ON c.id = r.carrier_id LEFT JOIN counter n ON n.name = 'waybill:' || r.id"
    " WHERE r.is_active AND c.is_active AND (CAST(:carrier AS uuid) IS NULL OR r.carrier_id = CAST(:carrier AS uuid))"
    " ORDER BY c.code, r.created_at, r.id"
)


def ranges_left(carrier_id: uuid.UUID | None = None) -> Sequence[RangeLeft]:
    """The active ranges of one carrier or all, in the order they are drawn from."""
    return [_left(row) for row in _RANGES.all({"carrier": carrier_id})]


def _left(row: Any) -> RangeLeft:
    form = NumberForm(row.scheme, row.prefix, row.country, row.extension)
    first, last = row.first_serial, row.last_serial
    size = last - first + 1
    return RangeLeft(
        row.id, row.carrier_id, row.carrier, write_number(form, first), write_number(form, last), size,
        max(0, size - row.taken), row.low_water,
    )  # fmt: skip


def ours_to_give(numbers: Iterable[str]) -> list[str]:
    """Those of these numbers that an active range gives, or would with another check character. Serials have a fixed width
    and stand before it, so numbers of a range are in order.
    """
    ranges = ranges_left()
    return [
        number
        for number in numbers
        if any(len(number) == len(each.first) and each.first <= number <= each.last for each in ranges)
    ]


@dataclass(frozen=True)
class RunningOut:
    """A carrier whose ranges together are at or below their low-water marks."""

    carrier_id: uuid.UUID
    carrier: str
    left: int


def running_out() -> list[RunningOut]:
    """Carriers to ask for more numbers; one that never had a range draws from elsewhere."""
    found: dict[uuid.UUID, list[RangeLeft]] = {}
    for each in ranges_left():
        found.setdefault(each.carrier_id, []).append(each)
    return [
        RunningOut(key, ranges[0].carrier, sum(each.left for each in ranges))
        for key, ranges in found.items()
        if sum(each.left for each in ranges) <= max(each.low_water for each in ranges)
    ]
