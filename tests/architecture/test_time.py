"""There is one source of time and one of ids: what asks another clock would not follow a simulation, nor a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*sorted(path for folder in ("wms", "labels") for path in (ROOT / folder).rglob("*.py")), ROOT / "config.py"]
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
          ("time", "time_ns"), ("uuid", "uuid1"), ("uuid", "uuid4"), ("uuid", "uuid7")}  # fmt: skip
OF_THE_DATABASE = re.compile(
    r"\b(now\(\)|clock_timestamp\(\)|statement_timestamp\(\)|transaction_timestamp\(\)|current_date\b|current_timestamp\b"
    r"|localtimestamp\b|gen_random_uuid\(\)|func\.now\()", re.IGNORECASE
)  # fmt: skip
ALLOWED = {
    ("wms/core/clock.py", "datetime.now"): "the source itself",
    ("wms/core/ids.py", "time.time_ns"): "the default of the maker, which a simulation replaces",
    ("wms/platform/metric_files.py", "time.time"): "when a process began, for those who look at its file",
    ("wms/platform/tracing.py", "time.time"): "the age of a marker file, whose time is the system's",
    ("wms/platform/vitals.py", "clock_timestamp()"): "how long PostgreSQL's own waits last",
    ("wms/platform/vitals.py", "datetime.now"): "RQ's heartbeats are made by the system's clock",
    ("wms/platform/outbox.py", "clock_timestamp()"): "leases go by one clock for all hosts, unless a clock rules",
}


def other_clocks(source: str) -> Iterator[str]:
    """Calls of a system clock, and a database's clock in the text of a statement (not in a docstring)."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in CLOCKS:
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from OF_THE_DATABASE.findall(node.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_asks_another_clock(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert [found for found in other_clocks(path.read_text()) if (name, found) not in ALLOWED] == []


def test_the_exceptions_are_still_there() -> None:
    found = {(str(path.relative_to(ROOT)), each) for path in FILES for each in other_clocks(path.read_text())}
    assert set(ALLOWED) <= found


def test_another_clock_would_be_seen() -> None:
    source = (
        'from datetime import datetime\nx = datetime.now()\ny = f"SELECT {x} WHERE at < now()"\n"""now() in words"""\n'
    )
    assert list(other_clocks(source)) == ["datetime.now", "now()"]
