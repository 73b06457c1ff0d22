"""Sheets that strangers send: read as they are saved, and refused where they would do harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from wms.core.refusals import Refused
from wms.platform import sheets
from wms.platform.sheets import judged, read_sheet, write_workbook

TEXT = 'ref;数量\r\n\r\nA;1\r\n"two\nlines";=2+2\r\n'


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, change: dict[str, bytes]) -> bytes:
    """The workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in {*old.namelist(), *change}:
            new.writestr(name, change.get(name) or old.read(name))
    return out.getvalue()


def damaged(content: bytes, name: str) -> bytes:
    """The workbook with the packed bytes of one part turned over, as a bad disk or a cut line leaves them."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        part = package.getinfo(name)
    begin = part.header_offset + 30 + len(name) + 2
    turned = bytes(255 - each for each in content[begin : begin + 40])
    return content[:begin] + turned + content[begin + 40 :]


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_with_the_line_each_row_begins_in(code: str) -> None:
    upload = judged(TEXT.encode(code), "C:\\Users\\me\\orders.CSV")
    assert (upload.name, upload.media_type) == ("orders.csv", sheets.CSV)
    assert [(row.line, row.cells) for row in read_sheet(upload.content, 10)] == [
        (1, ("ref", "数量")), (3, ("A", "1")), (4, ("two\nlines", "=2+2")),
    ]  # fmt: skip


def test_cells_of_a_workbook_are_read_as_people_read_them() -> None:
    content = workbook(
        ["a"], [], [10115.0, 12.9, datetime(2026, 11, 24, 8, 15), date(2026, 1, 2), True, " x ", 4006381333931]
    )
    rows = read_sheet(judged(content, "a.xlsx").content, 10)
    assert [row.line for row in rows] == [1, 3]
    assert rows[1].cells == ("10115", "12.9", "2026-11-24T08:15:00+00:00", "2026-01-02T00:00:00+00:00", "True", "x",
                             "4006381333931")  # fmt: skip


def test_a_template_keeps_what_is_typed_and_runs_nothing() -> None:
    content = write_workbook("Orders", ["postcode", "phone"], [["01067", "=1+1"]], empty_rows=2)
    sheet = load_workbook(io.BytesIO(content)).active
    assert [(cell.value, cell.data_type, cell.number_format) for cell in sheet[2]] == [
        ("01067", "s", "@"), ("=1+1", "s", "@"),
    ]  # fmt: skip
    assert sheet["A3"].number_format == "@"
    assert read_sheet(judged(content, "t.xlsx").content, 5)[1].cells == ("01067", "=1+1")


GOOD = workbook(["a"], ["b"])
FAR = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c>'
    b'</row><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData></worksheet>'
)
WIDE = '<?xml version="1.0"?><!DOCTYPE x><s/>'.encode("utf-16")
HOSTILE = {
    "nothing": (b"", "a.csv", "file_empty"),
    "too much": (b"a," * 3_000_000, "a.csv", "file_too_large"),
    "another name": (GOOD, "a.csv", "file_kind"),
    "text as a workbook": (b"a,b", "a.xlsx", "file_kind"),
    "an ending of its own": (b"a,b", "a.exe", "file_kind"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xls", "sheet_old_excel"),
    "half a workbook": (GOOD[: len(GOOD) // 2], "a.xlsx", "file_broken"),
    "a damaged part": (damaged(GOOD, "xl/worksheets/sheet1.xml"), "a.xlsx", "file_broken"),
    "any archive": (b"PK\x05\x06" + b"\0" * 18, "a.xlsx", "file_kind"),
    "programs": (repacked(GOOD, {"xl/vbaProject.bin": b"x"}), "a.xlsx", "file_kind"),
    "entities": (repacked(GOOD, {"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><sst/>'}), "a.xlsx", "file_kind"),
    "entities in UTF-16": (repacked(GOOD, {"xl/styles.xml": WIDE}), "a.xlsx", "file_kind"),
    "a bomb": (repacked(GOOD, {"xl/media/x": b"\0" * (33 * 1024 * 1024)}), "a.xlsx", "file_too_large"),
    "a thousand parts": (repacked(GOOD, {f"xl/p{n}": b"x" for n in range(600)}), "a.xlsx", "file_too_large"),
    "binary": (b"\x00\x01\x02" * 100, "a.csv", "table_not_text"),
}  # fmt: skip
BROKEN = {
    "no XML in it": (repacked(GOOD, {"xl/worksheets/sheet1.xml": b"<worksheet"}), "file_broken"),
    "no book in it": (repacked(GOOD, {"xl/workbook.xml": b"<x/>"}), "file_broken"),
    "a far row": (repacked(GOOD, {"xl/worksheets/sheet1.xml": FAR}), "table_too_long"),
    "a heading only": (workbook(["a", "b"]), "table_empty"),
    "too many rows": (workbook(["a"], *([n] for n in range(11))), "table_too_long"),
    "too many rows of text": (b"a\n" * 12, "table_too_long"),
    "empty rows without end": (b"a\n" + b"\n" * 2_000, "table_too_long"),
    "a cell without end": (b'a\n"' + b"x" * 200_000, "table_not_text"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_would_do_harm_is_refused_before_it_is_kept(what: str) -> None:
    content, name, code = HOSTILE[what]
    with pytest.raises(Refused) as refused:
        judged(content, name)
    assert refused.value.errors[0]["code"] == code


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_is_refused_in_bounded_work(what: str) -> None:
    content, code = BROKEN[what]
    name = "a.xlsx" if content.startswith(b"PK") else "a.csv"
    with pytest.raises(Refused) as refused:
        read_sheet(judged(content, name).content, 10)
    assert refused.value.errors[0]["code"] == code


def test_a_small_file_that_is_a_mountain_of_text_is_refused() -> None:
    """A workbook keeps each text once, however many cells it stands in."""
    kind = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    row = '<c t="s"><v>0</v></c>' * 60
    plain = workbook(["a"])
    types = zipfile.ZipFile(io.BytesIO(plain)).read("[Content_Types].xml")
    strings = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument'
        b'.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    content = repacked(
        plain,
        {
            "[Content_Types].xml": types.replace(b"</Types>", strings),
            "xl/sharedStrings.xml": f"<sst {kind}><si><t>{'x' * 2_500}</t></si></sst>".encode(),
            "xl/worksheets/sheet1.xml": (
                f"<worksheet {kind}><sheetData>{f'<row>{row}</row>' * 300}</sheetData></worksheet>".encode()
            ),
        },
    )
    judged(content, "orders.xlsx")
    assert len(content) < 1024 * 1024
    with pytest.raises(Refused) as refusal:
        read_sheet(content, 5_000)
    assert [error["code"] for error in refusal.value.errors] == ["file_too_large"]
