"""What a file of products says: each line as the body that the API takes for a product, and what is wrong in which cell.

Judged by what would create the product: the schema of the API and the rules of the service. A product that is there already
is left as it is, so that a longer list may be sent again; a line that is wrong holds up no other.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from wms.catalog import service
from wms.catalog.product_files.columns import BY_NAME, CHINESE, NEEDED, ONE_OF, YES, column_of
from wms.catalog.queries import products_by_skus
from wms.catalog.schemas import ProductSchema, codes_of
from wms.core import money
from wms.core.refusals import Refused, invalid
from wms.platform.columns import Finding, Heading, placed
from wms.platform.schemas import load_or_refuse
from wms.platform.sheets import Row

MOST_LINES = 300  # each is a command of its own within one request: a few seconds, also on a busy machine
_INTEGER = re.compile(r"[0-9]{1,9}")
_BETWEEN_WORDS = re.compile(r"[,;、，；/|\s]+")
_OF_UNIT = {"kilograms": 1000, "centimetres": 10}


@dataclass
class Line:
    """One product as it was read. `columns`: by the beginning of a pointer the column that said it."""

    number: int
    body: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def tell(self, column: str, code: str, /, **params: Any) -> None:
        """The first fault of a cell is the one that is told."""
        if all(each.column != column for each in self.findings):
            self.findings.append(Finding(self.number, column, code, params))

    def tell_all(self, errors: Iterable[dict[str, Any]]) -> None:
        for error in errors:
            self.tell(self._column(error["pointer"]), error["code"], **(error.get("params") or {}))

    def _column(self, pointer: str) -> str:
        said = [start for start in self.columns if pointer == start or pointer.startswith(f"{start}/")]
        if said:
            return self.columns[max(said, key=len)]
        return next((name for name, column in BY_NAME.items() if column.pointer == pointer), "")


@dataclass(frozen=True)
class ProductFile:
    """`bodies`: of the products that can be created. `there`: SKUs that the seller has already."""

    heading: Heading
    bodies: list[dict[str, Any]]
    there: list[str]
    findings: list[Finding]


def read_products(rows: Sequence[Row], owner_id: uuid.UUID) -> ProductFile:
    """All lines below the heading. Refuses at `/file` `table_lacks`, `sheet_column_twice`."""
    heading = placed(rows[0], column_of, NEEDED)
    for names in ONE_OF:
        if not any(name in heading.places for name in names):
            raise invalid("/file", "table_lacks", column=names[0])
    lines = [_line(row, heading) for row in rows[1:]]
    for line in lines:
        _judge(line)
    there = products_by_skus(owner_id, [line.body.get("sku", "") for line in lines])
    new = [line for line in lines if line.body.get("sku") not in there]
    _tell_repeated(lines)
    _tell_taken(owner_id, new)
    places = heading.places
    return ProductFile(
        replace(heading, unread=[*heading.unread, *_of_no_use(rows[1:], heading)]),
        [line.body for line in new if not line.findings],
        sorted(there),
        sorted(
            (each for line in new for each in line.findings), key=lambda each: (each.line, places.get(each.column, -1))
        ),
    )


def _of_no_use(rows: Sequence[Row], heading: Heading) -> list[str]:
    """The heading of units in a case, where no line has a code of a case to keep them with."""
    cells = [heading.cells(row) for row in rows]
    if any(each.get("case_barcode") for each in cells) or not any(each.get("units_per_case") for each in cells):
        return []
    return [heading.headings["units_per_case"]]


def _line(row: Row, heading: Heading) -> Line:
    cells = heading.cells(row)
    line = Line(row.line, findings=heading.shortened(row))
    for name, text in cells.items():
        column = BY_NAME[name]
        if text and column.pointer != "/barcodes":
            value = _value(line, name, column.form, text, cells)
            if value is not None:
                line.body[column.pointer[1:]] = value
            line.columns[column.pointer] = name
    _read_codes(line, cells)
    return line


def _value(line: Line, name: str, form: str, text: str, cells: dict[str, str]) -> Any:
    """A cell as the API takes it; what cannot be read stays as it was written, for the schema to tell."""
    if form == "upper":
        return text.upper()
    if form == "number":
        return int(text) if _INTEGER.fullmatch(text) else text
    if form in _OF_UNIT:
        found = _in_small_units(text, _OF_UNIT[form])
        if found is None:
            line.tell(name, "type", wanted="number")
        return found
    if form == "amount":
        minor = money.minor_of(text, money.EXPONENTS.get(cells.get("declared_currency", "").upper(), 2))
        if minor is None:
            line.tell(name, "type", wanted="amount")
        return minor
    if form == "yes" and text.lower() not in YES:
        line.tell(name, "not_a_choice", choices="yes 是, no 否")
    return YES.get(text.lower()) if form == "yes" else _words(name, form, text)


def _words(name: str, form: str, text: str) -> Any:
    """Choices as the API calls them, whichever language they are in; other texts as they are."""
    if form == "word":
        return CHINESE[name].get(text, text.lower())
    if form == "words":
        return [CHINESE[name].get(word, word.lower()) for word in _BETWEEN_WORDS.split(text) if word]
    return text


def _in_small_units(text: str, factor: int) -> int | None:
    """12.5 (cm) as 125 (mm), rounded to whole ones, which is what a ruler says; None where it is no number."""
    try:
        found = Decimal(text.replace(",", ".")) * factor
    except InvalidOperation:
        return None
    return int(found.to_integral_value()) if found.is_finite() and abs(found) < 10**9 else None


def _read_codes(line: Line, cells: dict[str, str]) -> None:
    codes: list[dict[str, Any]] = []
    if barcode := cells.get("barcode"):
        line.columns[f"/barcodes/{len(codes)}"] = "barcode"
        codes.append({"barcode": barcode})
    case, units = cells.get("case_barcode"), cells.get("units_per_case")
    if case and units:
        line.columns[f"/barcodes/{len(codes)}"] = "case_barcode"
        line.columns[f"/barcodes/{len(codes)}/quantity"] = "units_per_case"
        codes.append({"barcode": case, "quantity": int(units) if _INTEGER.fullmatch(units) else units, "level": "case"})
    elif case:
        line.tell("units_per_case", "required")
    if codes:
        line.body["barcodes"] = codes


def _judge(line: Line) -> None:
    """By the schema and, where that finds nothing, by the rules."""
    try:
        loaded = load_or_refuse(ProductSchema(), line.body)
    except Refused as refusal:
        line.tell_all(refusal.errors)
        return
    line.tell_all(fault.as_data() for fault in service.faults_of(loaded, codes_of(loaded)))


def _tell_repeated(lines: Sequence[Line]) -> None:
    """A SKU or a code stands in a file once."""
    seen: set[str] = set()
    for line in lines:
        sku = line.body.get("sku")
        if sku in seen:
            line.tell("sku", "duplicate")
        mine = _codes(line)
        for code, column in mine.items():
            if code in seen:
                line.tell(column, "barcode_twice", code=code)
        seen.update(mine, [sku] if isinstance(sku, str) else [])


def _codes(line: Line) -> dict[str, str]:
    """The codes of a line, and the column of each."""
    return {
        code["barcode"]: line.columns[f"/barcodes/{index}"] for index, code in enumerate(line.body.get("barcodes", ()))
    }


def _tell_taken(owner_id: uuid.UUID, lines: Sequence[Line]) -> None:
    """What means another product of the seller already."""
    asked = {text for line in lines for text in (line.body.get("sku"), *_codes(line)) if text}
    means = service.label_means(owner_id, sorted(asked)) if asked else {}
    for line in lines:
        for text, column in {**({line.body["sku"]: "sku"} if "sku" in line.body else {}), **_codes(line)}.items():
            if text in means:
                line.tell(column, "barcode_taken", code=text, sku=means[text])
