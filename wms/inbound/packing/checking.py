"""A packing list is judged by what would take it in: the schema of the API, and the service that writes cartons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from wms.core.refusals import Refused
from wms.inbound.packing.reading import PackingList
from wms.inbound.rules import MAX_CARTONS, MAX_LINES, CartonDraft
from wms.inbound.schemas import BookingCartonIn, cartons_of
from wms.platform.columns import Finding
from wms.platform.schemas import load_or_refuse

MOST_LINES = 5_000


def look_through(found: PackingList, check: Callable[[Sequence[CartonDraft]], None]) -> list[Finding]:
    """Everything that is wrong, by line and column; of a cell, the first. `check` refuses what a booking would not take.

    Raises what `check` refuses of the booking as a whole.
    """
    bodies = found.bodies
    findings = [*found.findings, *_by_schema(found, bodies)]
    try:
        check(cartons_of([_sane(body) for body in bodies]))
    except Refused as refusal:
        if not refusal.errors:
            raise
        findings += [found.found(each["pointer"], each["code"], each.get("params") or {}) for each in refusal.errors]
    places = found.heading.places
    kept = _each_once(findings, unnumbered=any(group.number is None for group in found.groups))
    return sorted(kept, key=lambda each: (each.line, places.get(each.column, 0)))


def _by_schema(found: PackingList, bodies: Sequence[dict[str, Any]]) -> Iterable[Finding]:
    schema = BookingCartonIn()
    for place, body in enumerate(bodies):
        try:
            load_or_refuse(schema, body)
        except Refused as refusal:
            for each in refusal.errors:
                yield found.found(f"/cartons/{place}{each['pointer']}", each["code"], each.get("params") or {})


def _sane(body: dict[str, Any]) -> dict[str, Any]:
    """A body whose faults are told already, so far that its products can be looked up."""
    lines = [_sane_line(line) for line in body["lines"][: MAX_LINES + 1]]
    return {**body, "count": min(body["count"], MAX_CARTONS + 1), "lines": lines}


def _sane_line(line: Mapping[str, Any]) -> dict[str, Any]:
    quantity = line.get("quantity")
    if not isinstance(quantity, int):
        return {"sku": line.get("sku", ""), "quantity": 1}
    # days that are none have been told, so these are days
    lots = [
        {name: date.fromisoformat(value) if name in ("made_on", "expires_on") else value for name, value in lot.items()}
        for lot in line.get("lots", ())
    ]
    return {"sku": line.get("sku", ""), "quantity": quantity, "lots": lots}


def _each_once(findings: Iterable[Finding], *, unnumbered: bool) -> Iterable[Finding]:
    """Of a cell, the first. After the first gap in the numbers every carton would be one; where numbers cannot be read,
    all may be.
    """
    kept: dict[tuple[int, str], Finding] = {}
    gap = unnumbered
    for each in findings:
        if each.code == "carton_numbers_gap" and each.column == "carton_no":
            if gap:
                continue
            gap = True
        kept.setdefault((each.line, each.column), each)
    return kept.values()
