"""Sizes, names and places: checked here rather than hoped for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
TRANSLATORS = {"_", "gettext", "lazy_gettext", "lazy", "ngettext", "N_"}


def product_files() -> list[Path]:
    return [*sorted(path for folder in ("wms", "labels") for path in (ROOT / folder).rglob("*.py")), ROOT / "config.py"]


def all_files() -> list[Path]:
    return [*product_files(), *sorted(path for folder in ("bench", "tests") for path in (ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("path", all_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE_LINES
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1})"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_no_file_name_says_nothing() -> None:
    assert [path for path in product_files() if path.stem in EMPTY_NAMES] == []


def test_only_the_platform_commits() -> None:
    """Law 8: one transaction per command, committed by the platform. A trap in the driver only passes it on."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in product_files()
        if not path.is_relative_to(ROOT / "wms" / "platform")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
        and ast.unparse(node.func.value) != "super()"
    ]  # fmt: skip
    assert found == []


def test_no_formatted_text_is_translated() -> None:
    """An f-string inside a translation call can never be found in a catalogue."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in product_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in TRANSLATORS
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
    ]
    assert found == []


def test_stock_tables_are_written_by_inventory_only() -> None:
    """Law 1: nobody else inserts into, updates or deletes from a stock table."""
    tables = ("balance", "summary", "stock_posting", "stock_move", "promise", "allocation", "book_item", "permit",
              "stock_hold", "held_balance", "serial", "serial_move")  # fmt: skip
    verbs = ("INSERT INTO", "UPDATE", "DELETE FROM")
    found = [
        f"{path.relative_to(ROOT)}: {verb} {table}"
        for path in product_files()
        if not path.is_relative_to(ROOT / "wms" / "inventory")
        for table in tables
        for verb in verbs
        if f"{verb} {table} " in path.read_text()
    ]
    assert found == []
