"""What an audit check is, and how a set of them is run. Features list theirs in `audit.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.platform.database import session


@dataclass(frozen=True)
class Check:
    """`violations` selects the rows that break the rule; `rows` counts what was looked at. `:now` is the clock's."""

    name: str
    rows: str
    violations: str


def run_checks(checks: Iterable[Check]) -> dict[str, Any]:
    """`{"ok", "checks": [{"name", "rows", "violations"}]}`; violations are the rows themselves, as data."""
    results = []
    for check in checks:
        parameters = {"now": clock.now()} if ":now" in check.violations else {}
        found = [dict(row._mapping) for row in session().execute(text(check.violations), parameters)]
        rows = session().execute(text(check.rows)).scalar_one()
        results.append({"name": check.name, "rows": int(rows), "violations": found})
    return {"ok": not any(result["violations"] for result in results), "checks": results}
