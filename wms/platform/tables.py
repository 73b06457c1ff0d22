"""Tables for spreadsheets (CSV): the one writer, which neutralises cells that a spreadsheet would run, and the one reader.

UTF-8 with a byte order mark, because spreadsheets take it for the machine's old code page without; comma, CRLF
(RFC 4180). Read are comma, semicolon and tab, UTF-8 with or without the mark, UTF-16 with it ("Unicode text"), and GB 18030
(what Chinese spreadsheets save). Source of the neutralising: OWASP, *CSV Injection*; a number or phone number with its sign
stays as it is, because it can only be calculated.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence

from wms.core.refusals import invalid

LARGEST_TABLE = 2 * 1024 * 1024
_RUNS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_HARMLESS = re.compile(r"[+-]?[0-9][0-9 ().,/-]*")


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A file with these columns; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    if text.startswith(_RUNS) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def as_meant(cell: str) -> str:
    """A cell of a file that we may have written: without the apostrophe that kept a spreadsheet from running it."""
    bare = cell[1:]
    is_ours = cell.startswith("'") and bare.startswith(_RUNS) and not _HARMLESS.fullmatch(bare)
    return bare if is_ours else cell


def read_table(
    content: bytes,
    wanted: Sequence[str],
    most: int,
    pointer: str = "/file",
    also: Sequence[str] = (),
    *,
    keep_empty: bool = False,
) -> list[dict[str, str]]:
    """The wanted columns of a file, a dict a row, without outer blanks and empty rows (`keep_empty`: these too, so that
    rows are counted as a spreadsheet does); and those of `also` that it has. Other columns are left out.

    Refuses at the pointer: `table_too_large`, `table_not_text`, `table_lacks` (a column), `table_too_long`, `table_empty`.
    """
    if len(content) > LARGEST_TABLE:
        raise invalid(pointer, "table_too_large", megabytes=LARGEST_TABLE // 1024 // 1024)
    text = decoded(content, pointer)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text)))
    except csv.Error as fault:  # a cell longer than any cell may be
        raise invalid(pointer, "table_not_text") from fault
    header = [name.strip().lower() for name in rows[0]] if rows else []
    taken = [*wanted, *(name for name in also if name in header)]
    for name in taken:
        if header.count(name) != 1:
            raise invalid(pointer, "table_lacks", column=name)
    places = {name: header.index(name) for name in taken}
    body = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    if body and keep_empty:
        body = rows[1:]
    if not body:
        raise invalid(pointer, "table_empty")
    if len(body) > most:
        raise invalid(pointer, "table_too_long", most=most)
    return [
        {name: as_meant(row[place].strip()) if place < len(row) else "" for name, place in places.items()}
        for row in body
    ]


def decoded(content: bytes, pointer: str) -> str:
    """The text of a file in one of these writings. Refuses `table_not_text`."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise invalid(pointer, "table_not_text")


def separator_of(text: str) -> str:
    """Comma, semicolon or tab: what the first line has most of."""
    return max(",;\t", key=text.partition("\n")[0].count)
