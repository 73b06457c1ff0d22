"""Tables go out without anything a spreadsheet would run, and come in as spreadsheets save them."""

from __future__ import annotations

import pytest

from wms.core.refusals import Refused
from wms.platform.sheets import read_sheet
from wms.platform.tables import LARGEST_TABLE, read_table, write_table


def read(content: bytes, most: int = 10) -> list[dict[str, str]]:
    return read_table(content, ("reference", "number"), most)


RUN = ["=1+1", '=HYPERLINK("http://x")', "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "\t=1", "\r=1", "|x", "%0A=1"]


@pytest.mark.parametrize("cell", RUN)
def test_what_a_spreadsheet_would_run_is_text(cell: str):
    written = write_table(["a"], [[cell]]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert written.lstrip('"').startswith("'")


@pytest.mark.parametrize("cell", ["+49 30 1234567", "-12.50", "+1 (555) 010-9999", "Anna", "", "7"])
def test_numbers_and_names_stay(cell: str):
    assert write_table(["a", "b"], [[cell, 1]]).decode("utf-8-sig") == f"a,b\r\n{cell},1\r\n"


def test_what_was_written_is_read():
    content = write_table(["reference", "number"], [["a,b", 'say "x"'], ["行\n2", None]])
    assert read(content) == [{"reference": "a,b", "number": 'say "x"'}, {"reference": "行\n2", "number": ""}]


@pytest.mark.parametrize("cell", ["-RED-01", "@HOME", "+A", "=1+1", "'quoted", "'t Hooft", "-12.50", "'7"])
def test_what_was_kept_from_running_is_read_as_it_was(cell: str):
    """A SKU may begin with `-`, `@` or `+`: exported, changed and sent again it is the same."""
    content = write_table(["reference", "number"], [[cell, cell]])
    assert read(content) == [{"reference": cell, "number": cell}]
    assert [row.cells for row in read_sheet(content, 10)] == [("reference", "number"), (cell, cell)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spreadsheets_save_in_their_own_ways(encoding: str, separator: str):
    rows = [["备注", "Number ", " REFERENCE"], ["好", " 1Z ", "r/1"], ["", "", ""], ["短"]]
    content = "\r\n".join(separator.join(row) for row in rows).encode(encoding)
    assert read(content) == [{"reference": "r/1", "number": "1Z"}, {"reference": "", "number": ""}]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "table_lacks"), (b"reference\r\nx", "table_lacks"), (b"reference,number,number\r\n", "table_lacks"),
     (b"reference,number\r\n", "table_empty"), (b"reference,number\r\n" + b"a,b\r\n" * 11, "table_too_long"),
     (b"\xff\xfe\x00", "table_not_text"), (b"PK\x03\x04\x00", "table_not_text"), (b"x" * (LARGEST_TABLE + 1), "table_too_large"),
     (b'reference,number\r\n"' + b"x" * 200_000 + b'",b', "table_not_text")],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_name(content: bytes, code: str):
    with pytest.raises(Refused) as caught:
        read(content)
    assert caught.value.errors[0]["code"] == code
