"""The cartons of a booking as people type them: groups of equal cartons, each with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from wms.inbound.rules import MAX_CARTONS
from wms.platform.forms import as_number, given

SIZES = ("length_mm", "width_mm", "height_mm")
FIELDS = ("count", "weight_g", *SIZES, "pallet")
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
    """How many equal cartons a group stands for; none where what is typed is no such number."""
    wanted = as_number(group["count"])
    return min(wanted, MAX_CARTONS + 1) if isinstance(wanted, int) and wanted > 0 else 0


def bodies(groups: list[Group]) -> list[dict[str, Any]]:
    """The groups as the API takes equal cartons: `count` of them, numbered from `number` on. What is wrong with one is told
    at its place among the groups.
    """
    found: list[dict[str, Any]] = []
    number = 1
    for group in groups:
        lines = [
            given({"sku": line["sku"], "quantity": as_number(line["quantity"] or None)}) for _, line in _filled(group)
        ]
        told = given({name: as_number(group.get(name) or None) for name in FIELDS if name != "count"})
        # An empty count is no number either: what is sent says so, where a count left out would mean one carton.
        found.append({"number": min(number, MAX_CARTONS), "count": as_number(group["count"]), "lines": lines, **told})
        number += copies(group)
    return found


def by_line(errors: Mapping[str, list[str]], groups: list[Group]) -> dict[str, list[str]]:
    """Errors of lines at the line that they were typed in: empty ones between them are not sent."""
    found: dict[str, list[str]] = {}
    for name, messages in errors.items():
        parts = name.split(".")
        if len(parts) > 3 and parts[0] == "cartons" and parts[2] == "lines" and parts[3].isdigit():
            shown = [where for where, _ in _filled(groups[int(parts[1])])]
            parts[3] = str(shown[int(parts[3])])
        found[".".join(parts)] = messages
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
