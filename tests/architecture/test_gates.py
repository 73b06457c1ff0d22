"""Gates: files (ASVS 5.0, 5.2) come in through `wms/platform/uploads.py`, which checks size, kind by content and name
before anything is stored; the logo of a label, which the editor puts into the design's JSON, goes through
`labels.images.check_image` (`printing/designs/service.save`). Tables for spreadsheets (1.2.10) go out through
`wms/platform/tables.py`, the one writer, which neutralises cells that a spreadsheet would run, and come in through its
reader, or, with the line each row stands in and as workbooks too, through `wms/platform/sheets.py`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# (what is used, the only files that may) — the reader of the demo's order book takes a path on the command line.
UPLOADS: dict[str, set[str]] = {
    "request.files": {"wms/platform/uploads.py"},
    "FileStorage": set(),
    "send_file": set(),
    "send_from_directory": set(),
}
TABLES: dict[str, set[str]] = {
    "csv": {"wms/demo/table.py", "wms/platform/sheets.py", "wms/platform/tables.py"},
    "openpyxl": {"wms/platform/sheets.py"},
    "python_calamine": set(),
    "xlsxwriter": set(),
}


def product_files(suffix: str) -> list[Path]:
    return sorted((ROOT / "wms").rglob(f"*{suffix}"))


def used(path: Path) -> set[str]:
    """The modules a file imports, and the names and attributes of `request` it uses."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module.split(".")[0], *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "request":
            found.add(f"request.{node.attr}")
        elif isinstance(node, ast.Name):
            found.add(node.id)
    return found


def outside(gates: dict[str, set[str]], files: list[Path], root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} uses {name}"
        for path in files
        for name in sorted(used(path) & gates.keys())
        if str(path.relative_to(root)) not in gates[name]
    ]


def test_no_file_comes_in_but_through_a_gate() -> None:
    assert outside(UPLOADS, product_files(".py"), ROOT) == []
    fields = re.compile(r"type=['\"]file|multipart/form-data|type='file'")
    in_pages = [path.name for path in product_files(".html") if fields.search(path.read_text())]
    # Beside the pages with a file of their own: the macro that could draw one, and the editor whose script reads a logo
    # into the design's JSON; it posts no file.
    known = {"components.html", "design.html"}
    assert sorted(set(in_pages) - known) == [
        "booking.html", "booking_new.html", "carrier.html", "damage.html", "imports.html", "measure.html", "order_labels.html",
        "order_papers.html", "packing_list.html", "packing_parts.html", "parcel_photo.html", "photo.html", "product.html",
        "product_file.html", "rates.html", "serving.html", "unknown.html",
    ]  # fmt: skip


def test_no_table_goes_out_but_through_a_gate() -> None:
    assert outside(TABLES, product_files(".py"), ROOT) == []
    written = re.compile(r"text/csv|spreadsheetml|\.xlsx|\.csv\b")
    named = [str(path.relative_to(ROOT)) for path in product_files(".py") if written.search(path.read_text())]
    # These send what the gate has written.
    served = {"wms/office/pages/carriers.py", "wms/office/pages/rates.py", "wms/office/pages/slotting.py",
              "wms/exchange/pages.py", "wms/portal/pages/packing_lists.py", "wms/portal/pages/stock.py"}  # fmt: skip
    told = {"wms/platform/problems.py", "wms/exchange/schemas.py"}  # which files may be sent, in words
    gates = {"wms/platform/sheets.py"}
    assert {name for name in named if not name.startswith("wms/demo/")} <= served | told | gates


@pytest.mark.parametrize(
    "text", ["from flask import request\nrequest.files['a']", "import csv", "from openpyxl import Workbook",
             "from flask import send_file"],
)  # fmt: skip
def test_the_open_door_would_be_seen(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.py"
    file.write_text(text)
    assert outside(UPLOADS | TABLES, [file], tmp_path) != []
