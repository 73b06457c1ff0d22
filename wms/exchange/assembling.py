"""Rows of a file become bodies of the API: rows of one reference are one order, its lines in their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wms.exchange.columns import BY_NAME, COLUMNS, ELSEWHERE, KINDS, NEEDED, country_code, kind_of
from wms.exchange.columns import column_of as named_by
from wms.inbound.packing.values import day_in
from wms.outbound.rules import WITHOUT_SERVICE
from wms.platform.columns import Finding, placed
from wms.platform.forms import as_number, minor_of
from wms.platform.sheets import Row

_AT = {column.pointer: column.name for column in COLUMNS}
_CURRENCY_AT = {"insured_value": "insured_currency", "cod_amount": "cod_currency"}
_YES = dict.fromkeys(("1", "y", "yes", "true", "是"), True) | dict.fromkeys(("0", "n", "no", "false", "否"), False)
_SEPARATORS = str.maketrans(dict.fromkeys(";|/、，；", ","))


@dataclass
class FileOrder:
    """An order as the file says it: `rows` are the lines it stands in."""

    reference: str
    body: dict[str, Any]
    rows: list[int]
    findings: list[Finding] = field(default_factory=list)

    def found(self, pointer: str, code: str, params: Mapping[str, Any]) -> Finding:
        """A refusal at a field of the body, where it stands in the file."""
        parts = pointer.strip("/").split("/")
        if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(self.rows):
            return Finding(self.rows[int(parts[1])], _AT.get(f"/lines/{'/'.join(parts[2:])}", ""), code, params)
        above = next((_AT[at] for at in _AT if at.startswith(f"/{parts[0]}/") and not at.startswith("/lines/")), "")
        name = next((_AT[at] for at in (pointer, f"/{parts[0]}") if at in _AT), above)
        if name == "country" and code in {"too_long", "too_short", "pattern"}:
            return Finding(self.rows[0], name, "sheet_country")
        return Finding(self.rows[0], name, code, params)


@dataclass(frozen=True)
class Book:
    """A whole file. `headings`: as the file calls each column; `unread`: those that mean nothing here."""

    orders: list[FileOrder]
    lines: int
    headings: dict[str, str]
    unread: list[str]


def assemble(rows: Sequence[Row], owner_code: str, warehouse: str | None, service: str | None) -> Book:
    """The orders of a sheet. Refuses at `/file` `table_lacks`, `sheet_column_twice`: else it is no file of orders."""
    heading = placed(rows[0], lambda text: named_by(text, rows[0].cells), NEEDED)
    orders: dict[str, FileOrder] = {}
    loose = 0
    for row in rows[1:]:
        cells = heading.cells(row)
        reference = cells["reference"]
        if not reference:  # told as an order of its own, so that the count adds up
            loose += 1
        order = orders.get(reference) if reference else None
        if order is None:
            order = FileOrder(reference, _order(cells, owner_code, warehouse, service), [])
            order.findings += _kind_findings(order.body.get("kind", "dropship"), row.line)
            orders[reference or f"\0{loose}"] = order
        else:
            order.findings += _contradictions(order, cells, row.line)
        order.findings += heading.shortened(row)
        order.rows.append(row.line)
        order.body["lines"].append(_line(cells))
    return Book(list(orders.values()), len(rows) - 1, heading.headings, heading.unread)


def _order(cells: Mapping[str, str], owner_code: str, warehouse: str | None, service: str | None) -> dict[str, Any]:
    """What stands in every row of an order, without its lines."""
    given = {"warehouse": warehouse, "service": service}
    body: dict[str, Any] = {
        "seller": owner_code,
        "lines": [],
        **{name: value for name, value in given.items() if value},
    }
    for name, text in cells.items():
        column = BY_NAME[name]
        if not text or column.of_line:
            continue
        *above, last = column.pointer.strip("/").split("/")
        inner = body
        for step in above:
            inner = inner.setdefault(step, {})
        inner[last] = _value(column.form, text, _currency_of(name, cells))
    if body.get("kind") in WITHOUT_SERVICE and not cells.get("service"):
        body.pop("service", None)  # the file's own is for those of its orders that somebody carries
    body.setdefault("consignee", {})
    return body


def _kind_findings(kind: str, line: int) -> list[Finding]:
    """Of an order of a kind that a row cannot say."""
    if kind in KINDS:
        return []
    if kind in ELSEWHERE:
        return [Finding(line, "kind", "sheet_kind_elsewhere")]
    return [Finding(line, "kind", "sheet_kind", {"choices": ", ".join(KINDS)})]


def _line(cells: Mapping[str, str]) -> dict[str, Any]:
    currency = cells.get("currency", "").upper()
    found: dict[str, Any] = {}
    for name, text in cells.items():
        column = BY_NAME[name]
        if text and column.of_line:
            found[column.pointer.rpartition("/")[2]] = _value(column.form, text, currency)
    if "unit_value_minor" not in found:  # a currency alone says nothing: exports fill the column for every row
        found.pop("currency", None)
    return found


def _contradictions(order: FileOrder, cells: Mapping[str, str], line: int) -> list[Finding]:
    """A further row of an order repeats what the first says, or leaves it empty (as Shopify does)."""
    found = []
    for name, text in cells.items():
        column = BY_NAME[name]
        if column.of_line or not text:
            continue
        inner: Any = order.body
        for step in column.pointer.strip("/").split("/"):
            inner = inner.get(step) if isinstance(inner, Mapping) else None
        if inner != _value(column.form, text, _currency_of(name, cells)):
            found.append(Finding(line, name, "sheet_rows_differ"))
    return found


def _currency_of(name: str, cells: Mapping[str, str]) -> str:
    """The one that an amount of a column stands in."""
    return cells.get(_CURRENCY_AT.get(name, ""), "").upper()


def _value(form: str, text: str, currency: str) -> Any:
    """A cell as the API takes it; what cannot be read stays text, for the schema to refuse."""
    if form == "number":
        return as_number(text)
    if form == "amount":
        return minor_of(text, currency)
    if form == "list":
        return [each.strip() for each in text.translate(_SEPARATORS).split(",") if each.strip()]
    if form == "country":
        return country_code(text)
    if form == "kind":
        return kind_of(text)
    if form == "yes":
        return _YES.get(text.casefold(), text)
    if form in _TIMES:
        return _TIMES[form](text)
    return text.upper() if form == "upper" else text


def _moment(text: str) -> str:
    """With its offset; a time without one is UTC."""
    day, gap, hour = re.sub(" (?=[+])", "", text).replace("T", " ", 1).partition(" ")
    try:
        found = datetime.fromisoformat(f"{_day(day)}{gap}{_hour(hour)}")
    except ValueError:
        return text
    return found.replace(tzinfo=found.tzinfo or UTC).isoformat()


def _day(text: str) -> str:
    """As the API writes it: spreadsheets show 2026/12/1, or keep a day with midnight."""
    found = day_in(text)
    return text if found is None else found.isoformat()


def _hour(text: str) -> str:
    """8:05, or 08:05:00 as a cell of a time has it."""
    found = re.fullmatch("([0-9]{1,2}):([0-9]{2})(:00)?", text)
    return f"{int(found[1]):02}:{found[2]}" if found else text


_TIMES: Mapping[str, Callable[[str], str]] = {"moment": _moment, "day": _day, "hour": _hour}
