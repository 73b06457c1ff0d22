"""Reading what a carrier's server says of prices. As in `answers`, nothing is believed.

Pure: bytes in, values or faults out. The protocol is written down in docs/carriers.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wms.shipping.carriers.answers import CODE, document_of, wrong_shape
from wms.shipping.carriers.interface import CarrierFault, NotRated, Rate
from wms.shipping.carriers.shapes import Wrong, currency_of, minor_of, number_of, surcharges_of, text_of
from wms.shipping.carriers.wire import Said

MOST_RATES = 200
MOST_DAYS = 99
NOT_OFFERED = "not_offered"
_SERVICE = re.compile(r"[0-9A-Za-z_-]{1,40}")


def rates_of(said: Said, services: Sequence[str]) -> list[Rate | NotRated] | CarrierFault:
    """The answer to a question for prices: one for each service that was asked for, whatever else it names."""
    document = document_of(said, may_be_unknown=True)
    if isinstance(document, CarrierFault):
        return document
    rows = document.get("rates")
    if not isinstance(rows, list) or len(rows) > MOST_RATES:
        return wrong_shape("rates")
    try:
        found = [_rate(row) for row in rows if _is_asked(row, services)]
    except Wrong as wrong:
        return wrong_shape(wrong.name)
    return in_order(found, services)


def in_order(found: Sequence[Rate | NotRated], services: Sequence[str]) -> list[Rate | NotRated] | CarrierFault:
    """One answer a service as they were asked for; two that differ are none, and one that is missing is a no."""
    known: dict[str, Rate | NotRated] = {}
    for each in found:
        if known.setdefault(each.service, each) != each:
            return wrong_shape("service")
    return [known.get(service) or NotRated(service, NOT_OFFERED) for service in services]


def _is_asked(row: object, services: Sequence[str]) -> bool:
    if not isinstance(row, dict):
        raise Wrong("rates")
    return text_of(row, "service", _SERVICE) in services


def _rate(row: Mapping[str, Any]) -> Rate | NotRated:
    service = text_of(row, "service", _SERVICE)
    if "code" in row:
        return NotRated(service, text_of(row, "code", CODE))
    currency = currency_of(row)
    surcharges = surcharges_of(row.get("surcharges", []))
    total = minor_of(row, "total_minor")
    base = total - sum(minor for _, minor in surcharges)
    if base < 0:
        raise Wrong("surcharges")
    return Rate(service, currency, base, surcharges, _days(row), _instant(row.get("valid_until")))


def _days(row: Mapping[str, Any]) -> int | None:
    return None if row.get("days") is None else number_of(row, "days", MOST_DAYS)


def _instant(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 2000 < found.year < 2900:
        raise Wrong("valid_until")
    return found.astimezone(UTC)
