"""The cartons of a booking as people type them: groups of equal cartons, each with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from wms.inbound.rules import MAX_CARTONS
from wms.platform.forms import as_number, given

SIZES = ("length_mm", "width_mm", "height_mm")
FIELDS = ("count", "weight_g", *SIZES)
Group = dict[str, Any]


def empty_group() -> Group:
    return {"count": "1", "lines": [{"sku": "", "quantity": ""}, {"sku": "", "quantity": ""}]}


def typed_groups() -> list[Group]:
    """The groups as typed, at least as they are: `cartons.<group>.lines.<line>.sku`."""
    groups: list[Group] = []
    for number in range(MAX_CARTONS):
        place = f"cartons.{number}"
        if f"{place}.count" not in request.form:
            break
        group: Group = {name: request.form.get(f"{place}.{name}", "").strip()[:12] for name in FIELDS}
        group["lines"] = _typed_lines(place)
        groups.append(group)
    return groups


def _typed_lines(place: str) -> list[dict[str, str]]:
    lines = []
    for number in range(200):
        sku = request.form.get(f"{place}.lines.{number}.sku")
        if sku is None:
            break
        quantity = request.form.get(f"{place}.lines.{number}.quantity", "")
        lines.append({"sku": sku.strip()[:40], "quantity": quantity.strip()[:12]})
    return lines


def with_more(groups: list[Group], action: str) -> list[Group]:
    """One more group (`add_carton`), or one more line in a group (`add_line.<group>`)."""
    if action == "add_carton" or not groups:
        return [*groups, empty_group()]
    place = as_number(action.partition(".")[2] or None)
    if isinstance(place, int) and 0 <= place < len(groups):
        groups[place]["lines"].append({"sku": "", "quantity": ""})
    return groups


def _filled(group: Group) -> list[tuple[int, dict[str, str]]]:
    """The lines with something in them, with their place on the page."""
    return [(place, line) for place, line in enumerate(group["lines"]) if line["sku"] or line["quantity"]]


def copies(group: Group) -> int:
    """How many equal cartons a group stands for; a slip counts as one, and the bound is the schema's."""
    wanted = as_number(group["count"])
    return min(wanted, MAX_CARTONS + 1) if isinstance(wanted, int) and wanted > 0 else 1


def expanded(groups: list[Group]) -> list[dict[str, Any]]:
    """Every carton with its number, as the API takes them."""
    found: list[dict[str, Any]] = []
    for group in groups:
        lines = [
            given({"sku": line["sku"], "quantity": as_number(line["quantity"] or None)}) for _, line in _filled(group)
        ]
        sizes = given({name: as_number(group.get(name) or None) for name in FIELDS if name != "count"})
        found.extend({"number": 0, "lines": lines, **sizes} for _ in range(copies(group)))
        if len(found) > MAX_CARTONS:
            break
    return [{**carton, "number": number} for number, carton in enumerate(found, 1)]


def by_group(errors: Mapping[str, list[str]], groups: list[Group]) -> dict[str, list[str]]:
    """Errors of single cartons at the group that they were typed in; each text once."""
    first: list[int] = []
    for place, group in enumerate(groups):
        first.extend([place] * copies(group))
    found: dict[str, list[str]] = {}
    for name, messages in errors.items():
        parts = name.split(".")
        if parts[0] == "cartons" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(first):
            place = first[int(parts[1])]
            parts[1] = str(place)
            if len(parts) > 3 and parts[2] == "lines" and parts[3].isdigit():
                shown = [where for where, _ in _filled(groups[place])]
                parts[3] = str(shown[int(parts[3])]) if int(parts[3]) < len(shown) else parts[3]
        kept = found.setdefault(".".join(parts), [])
        kept.extend(message for message in messages if message not in kept)
    return found


def totals(groups: list[Group]) -> dict[str, Any]:
    """What the form adds up to."""
    units = grams = number = 0
    for group in groups:
        many = copies(group)
        number += many
        units += many * sum(
            value for _, line in _filled(group) if isinstance(value := as_number(line["quantity"]), int)
        )
        weight = as_number(group.get("weight_g") or None)
        grams += many * weight if isinstance(weight, int) else 0
    return {"cartons": number, "units": units, "grams": grams or None}
