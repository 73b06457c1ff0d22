"""Spreadsheets that strangers send: CSV in any common writing, and Excel workbooks (.xlsx), read as rows of text with the
line each stands in; and a workbook for them to fill in.

A workbook is a ZIP of XML. Before anything reads it, it is judged by its directory: how many parts, how large unpacked, no
program (VBA) in it, nothing encrypted, no document type (entities are how XML is made to explode). Its rows are counted while
they are read: a file of 10 kB may claim a cell in row 1,048,576. Formulas are never computed; what was saved as their value
counts. Sources: ECMA-376 part 2 (packages); OWASP, *XML External Entity Prevention*.
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Response
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from wms.core.refusals import invalid
from wms.platform.tables import as_meant, decoded, separator_of, write_table
from wms.platform.uploads import NAME_MAX, Upload, received_raw

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 4 * 1024 * 1024
MOST_UNPACKED = 32 * 1024 * 1024
MOST_PARTS = 500
MOST_COLUMNS = 200
MOST_TEXT = 2_000  # characters of a cell that are read
# Of all cells together. A workbook keeps a text once however many cells it stands in: half a megabyte may be gigabytes of rows.
MOST_CHARACTERS = 16 * 1024 * 1024
_ENDINGS = {CSV: (".csv", ".tsv", ".txt"), XLSX: (".xlsx",)}
_DOCTYPES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Row:
    """`line`: as the spreadsheet numbers it, from 1; of a CSV file the line of text where it begins."""

    line: int
    cells: tuple[str, ...]


def received_sheet(field: str) -> Upload:
    """The one file of a form's field, judged. Refuses at the field as `judged` does, and `required` when there is none."""
    content, name = received_raw(field, MOST_BYTES)
    return judged(content, name, f"/{field}")


def judged(content: bytes, name: str, pointer: str = "/file") -> Upload:
    """A file that may be read. Refuses `file_empty`, `file_too_large`, `sheet_old_excel`, `file_kind` (named as something
    else, or with programs in it), `file_broken`, `table_not_text`.
    """
    if not content:
        raise invalid(pointer, "file_empty")
    if len(content) > MOST_BYTES:
        raise invalid(pointer, "file_too_large", limit=MOST_BYTES // (1024 * 1024))
    if content.startswith(_OLD_EXCEL):
        raise invalid(pointer, "sheet_old_excel")
    kind = XLSX if content.startswith(b"PK") else CSV
    base = "".join(each for each in name.replace("\\", "/").rpartition("/")[2].strip() if each.isprintable())
    ending = f".{base.rpartition('.')[2].lower()}"
    if ending not in _ENDINGS[kind]:
        raise invalid(pointer, "file_kind")
    if kind == XLSX:
        _judge_package(content, pointer)
    else:
        decoded(content, pointer)
    return Upload(content, kind, f"{base[: -len(ending)][: NAME_MAX - 6] or 'file'}{ending}")


# What reading a ZIP that is none, or was damaged on its way, or is packed in a way of its own, may raise.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError
)  # fmt: skip


def _judge_package(content: bytes, pointer: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise invalid(pointer, "file_too_large", limit=MOST_UNPACKED // (1024 * 1024))
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names or any("vbaproject" in name.lower() for name in names):
                raise invalid(pointer, "file_kind")
            for part in parts:
                if part.flag_bits & 1 or any(mark in package.read(part) for mark in _DOCTYPES):
                    raise invalid(pointer, "file_kind")
    except _DAMAGED as fault:
        raise invalid(pointer, "file_broken") from fault


def read_sheet(content: bytes, most: int, pointer: str = "/file") -> list[Row]:
    """The rows of a judged file that are not empty, the heading first; of a workbook, those of its first sheet.

    Refuses `table_empty`, `table_too_long` (more than `most` rows under the heading, or as many empty ones), `file_too_large`
    (more text in them than a file may have), `file_broken`.
    """
    rows = _workbook(content, pointer) if content.startswith(b"PK") else _text(content, pointer)
    found: list[Row] = []
    characters = 0
    for number, row in enumerate(rows):
        characters += sum(map(len, row.cells))
        if characters > MOST_CHARACTERS:
            raise invalid(pointer, "file_too_large", limit=MOST_CHARACTERS // (1024 * 1024))
        if any(row.cells):
            found.append(row)
        if len(found) > most + 1 or number > 2 * most + 1_000:
            raise invalid(pointer, "table_too_long", most=most)
    if len(found) < 2:
        raise invalid(pointer, "table_empty")
    return found


def _text(content: bytes, pointer: str) -> Iterator[Row]:
    text = decoded(content, pointer)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
    before = 0
    try:
        for cells in reader:
            yield Row(before + 1, tuple(as_meant(cell.strip())[:MOST_TEXT] for cell in cells[:MOST_COLUMNS]))
            before = reader.line_num
    except csv.Error as fault:  # a cell longer than any cell may be
        raise invalid(pointer, "table_not_text") from fault


def _workbook(content: bytes, pointer: str) -> Iterator[Row]:
    for line, cells in enumerate(_cells(content, pointer), 1):
        yield Row(line, _without_tail(as_meant(_as_text(cell))[:MOST_TEXT] for cell in cells))


def _cells(content: bytes, pointer: str) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet as the library reads them; nothing of ours runs here, whose faults are no damage."""
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size is not believed
        yield from sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
    except Exception as fault:  # whatever a library makes of a stranger's XML: to its sender the file is damaged
        raise invalid(pointer, "file_broken") from fault


def _without_tail(texts: Iterable[str]) -> tuple[str, ...]:
    """Without the empty cells behind the last one that says something."""
    found = list(texts)
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _as_text(value: Any) -> str:
    """A cell as a person reads it: whole numbers without a point, dates as ISO 8601 (a time without a zone is UTC)."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def template(kind: str, name: str, title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Response:
    """A table to fill in, with some rows as examples, for the browser to save: `kind` is csv or xlsx, its ending."""
    if kind == "csv":
        return saved(write_table(heading, rows), CSV, f"{name}.csv")
    return saved(write_workbook(title, heading, rows), XLSX, f"{name}.xlsx")


def saved(content: bytes, media_type: str, name: str) -> Response:
    """A table of ours as a file that is saved, not shown; `name` is plain ASCII."""
    return Response(content, 200, {"Content-Disposition": f'attachment; filename="{name}"'}, mimetype=media_type)


def write_workbook(title: str, heading: Sequence[str], rows: Iterable[Sequence[str]], empty_rows: int = 500) -> bytes:
    """A workbook to fill in: every cell is text, so that a spreadsheet keeps `01067` and `+49 30` as they are typed, and runs
    nothing of it.
    """
    book = Workbook()
    sheet = book.active
    sheet.title = title[:31]
    for line, cells in enumerate([heading, *rows, *([""] * len(heading) for _ in range(empty_rows))], 1):
        for place, text in enumerate(cells, 1):
            cell = sheet.cell(line, place)
            cell.number_format = "@"
            if text:
                cell.value, cell.data_type = text, "s"
    for place, name in enumerate(heading, 1):
        sheet.cell(1, place).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = max(12, 2 + len(name.encode("gb18030")))
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
