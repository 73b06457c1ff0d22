"""The cartons of a booking as people type them: groups of equal cartons, each with its lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from wms.inbound.rules import MAX_CARTONS
from wms.platform.forms import as_number, given

SIZES = ("length_mm", "width_mm", "height_mm")
FIELDS = ("count", "weight_g", *SIZES, "pallet")
LOT = ("batch", "made_on", "expires_on")  # what may be said of the units of a row
CELLS = {"quantity": 12, "batch": 40, "made_on": 12, "expires_on": 12}  # with the most characters of each
Group = dict[str, Any]


def empty_row() -> dict[str, str]:
    return {"sku": "", **dict.fromkeys(CELLS, "")}


def empty_group() -> Group:
    return {"count": "1", "lines": [empty_row(), empty_row()]}


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
        more = {
            name: request.form.get(f"{place}.lines.{number}.{name}", "").strip()[:most] for name, most in CELLS.items()
        }
        lines.append({"sku": sku.strip()[:40], **more})
    return lines


def with_more(groups: list[Group], action: str) -> list[Group]:
    """One more group (`add_carton`), or one more line in a group (`add_line.<group>`)."""
    if action == "add_carton" or not groups:
        return [*groups, empty_group()]
    place = as_number(action.partition(".")[2] or None)
    if isinstance(place, int) and 0 <= place < len(groups):
        groups[place]["lines"].append(empty_row())
    return groups


def _filled(group: Group) -> list[tuple[int, dict[str, str]]]:
    """The rows with something in them, with their place on the page."""
    return [(place, line) for place, line in enumerate(group["lines"]) if any(line.values())]


def _lines(group: Group) -> list[tuple[dict[str, Any], list[int]]]:
    """Lines as the API takes them, each with the places of its rows: a product in several batches is typed in several."""
    found: list[tuple[dict[str, Any], list[int]]] = []
    by_sku: dict[str, int] = {}
    for place, row in _filled(group):
        quantity = as_number(row["quantity"] or None)
        said = given({name: row.get(name, "") for name in LOT})
        lot = given({"quantity": quantity, **said})
        known = by_sku.get(row["sku"])
        if known is not None and said and "lots" in found[known][0]:
            line, places = found[known]
            line["lots"].append(lot)
            places.append(place)
        else:
            by_sku.setdefault(row["sku"], len(found))
            found.append(
                (given({"sku": row["sku"], "quantity": quantity}) | ({"lots": [lot]} if said else {}), [place])
            )
    for line, _places in found:
        if "lots" in line:  # what is no number is told of its lot
            each = [lot.get("quantity") for lot in line["lots"]]
            line["quantity"] = max(1, sum(units for units in each if isinstance(units, int)))
    return found


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
        lines = [line for line, _ in _lines(group)]
        told = given({name: as_number(group.get(name) or None) for name in FIELDS if name != "count"})
        # An empty count is no number either: what is sent says so, where a count left out would mean one carton.
        found.append({"number": min(number, MAX_CARTONS), "count": as_number(group["count"]), "lines": lines, **told})
        number += copies(group)
    return found


def by_line(errors: Mapping[str, list[str]], groups: list[Group]) -> dict[str, list[str]]:
    """Errors of lines at the row that they were typed in: empty ones between them are not sent, and a product in several
    batches is one line.
    """
    found: dict[str, list[str]] = {}
    for name, messages in errors.items():
        parts = name.split(".")
        if len(parts) > 3 and parts[0] == "cartons" and parts[2] == "lines" and parts[3].isdigit():
            _line, rows = _lines(groups[int(parts[1])])[int(parts[3])]
            of_lot = int(parts[5]) if len(parts) > 5 and parts[4] == "lots" else None
            cell = "quantity" if parts[4:] == ["lots"] else parts[-1]
            parts[3:] = [str(rows[of_lot or 0]), *([cell] if len(parts) > 4 else [])]
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
