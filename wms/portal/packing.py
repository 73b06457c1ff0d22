"""A packing list from a file, as pages show it: what is wrong with it, or its cartons summed up.

The file is read within the request and kept nowhere. Until the seller says so its cartons travel in the page, as the API takes
them, and are checked again like anything that comes from outside.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext as _

from wms.core import clock
from wms.core.refusals import Refused, invalid
from wms.facility.models import Warehouse
from wms.inbound import schemas, service
from wms.inbound.packing.checking import MOST_LINES, look_through
from wms.inbound.packing.columns import BY_NAME, UNITS, unit_of
from wms.inbound.packing.reading import PackingList, read_packing_list
from wms.platform import forms, sheets
from wms.platform.i18n import refusal_texts
from wms.platform.json_reading import read_json

FIELD = "packing"
MOST_TOLD = 500  # findings on one page
SIDES = ("length_mm", "width_mm", "height_mm")
GONE = invalid("/file", "packing_gone")


@dataclass(frozen=True)
class Packing:
    """`bodies`: the cartons as the API takes them. `faults`: line, column and words; nothing can be taken then. `notes`: what
    of the file was not read, or read in a way that it does not say.
    """

    name: str
    bodies: list[dict[str, Any]]
    faults: list[dict[str, Any]] = field(default_factory=list)
    more: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def carried(self) -> str:
        return json.dumps(self.bodies, ensure_ascii=False, separators=(",", ":"), default=str)  # days, as they came


def looked_at(owner_id: uuid.UUID, warehouse: Warehouse) -> Packing:
    """The file of the form. Refuses at `/file` what is no packing list, or no file that may be read."""
    upload = sheets.received_sheet("file")
    rows = sheets.read_sheet(upload.content, MOST_LINES)
    found = read_packing_list(rows, clock.today(warehouse.time_zone))
    findings = look_through(found, lambda cartons: service.check_cartons(owner_id, warehouse, cartons))
    faults = [
        {"line": each.line, "column": _heading(found, each.column),
         "message": refusal_texts.translate(each.code, each.params)}
        for each in findings[:MOST_TOLD]
    ]  # fmt: skip
    return Packing(upload.name, found.bodies, faults, max(0, len(findings) - MOST_TOLD), _notes(found))


def _heading(found: PackingList, name: str) -> Any:
    """As the file calls the column."""
    return found.heading.headings.get(name) or (BY_NAME[name].label if name else "")


def _notes(found: PackingList) -> list[str]:
    heading, notes = found.heading, []
    if heading.unread:
        notes.append(_("Columns that are not read: %(names)s", names=" · ".join(heading.unread)))
    if found.skipped:
        shown = ", ".join(map(str, found.skipped[:20])) + ("…" if len(found.skipped) > 20 else "")
        notes.append(_("Lines without goods, sums for one, that are not read: %(lines)s", lines=shown))
    for form, words in (("size", _("Sizes are read as centimetres: their heading says no unit.")),
                        ("weight", _("Weights are read as kilograms: their heading says no unit."))):  # fmt: skip
        named = [text for name, text in heading.headings.items() if UNITS.get(BY_NAME[name].form) is UNITS[form]]
        if any(unit_of(text) is None for text in named):
            notes.append(words)
    return notes


def carried() -> Packing | Refused | None:
    """The cartons that a page has brought back; None where it has none. Refuses `packing_gone` where they are none any more."""
    text = request.form.get(FIELD, "")
    if not text:
        return None
    try:
        loaded = forms.load_form(schemas.BookingPatch(), {"cartons": read_json(text)})
    except (ValueError, Refused):
        return GONE
    return (
        GONE if isinstance(loaded, Refused) else Packing(request.form.get(f"{FIELD}_name", "")[:120], loaded["cartons"])
    )


def told(refusal: Refused, bodies: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the cartons by now, in words, each with the number of the first that it is true of."""
    found: dict[str, str] = {}
    for name, messages in forms.field_messages(refusal).items():
        parts = name.split(".")
        if parts[0] == "cartons":
            place = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None
            number = bodies[place]["number"] if place is not None and place < len(bodies) else None
            for message in messages:
                words = message if number is None else _("Carton %(number)s: %(fault)s", number=number, fault=message)
                found.setdefault(message, words)
    return list(found.values())


def totals(bodies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Cartons, units, grams and cubic millimetres, and of how many cartons weight and sizes are known."""
    sums = dict.fromkeys(("cartons", "units", "grams", "weighed", "volume", "measured", "on_pallets"), 0)
    pallets = set()
    for body in bodies:
        many = body.get("count", 1)
        sums["cartons"] += many
        sums["units"] += many * sum(line["quantity"] for line in body["lines"])
        if weight := body.get("weight_g"):
            sums["grams"] += many * weight
            sums["weighed"] += many
        if all(body.get(side) for side in SIDES):
            sums["volume"] += many * body["length_mm"] * body["width_mm"] * body["height_mm"]
            sums["measured"] += many
        if pallet := body.get("pallet"):
            pallets.add(pallet)
            sums["on_pallets"] += many
    return {
        **sums,
        "pallets": len(pallets),
        "products": len({line["sku"] for body in bodies for line in body["lines"]}),
    }
