"""What an audit check is, how a set of them is run, and what came of it. Features list theirs in `audit.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.platform.database import Base, Data, DocumentId, Instant, session

# The whole of a large book is read. Nobody waits for it, and it holds no lock that anybody wants.
AUDIT_TIMEOUT = text("SET LOCAL statement_timeout = '30min'")


class AuditRun(Base):
    """One audit and its result. `violations`: rows found wrong by the name of the check, for checks that found any."""

    __tablename__ = "audit_run"
    __table_args__ = (Index("ix_audit_run_finished_at", "finished_at"),)

    id: Mapped[DocumentId]
    origin: Mapped[str] = mapped_column(String(16))  # schedule | command
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant]
    rows_read: Mapped[int] = mapped_column(BigInteger)
    violations: Mapped[Data]

    @property
    def ok(self) -> bool:
        return not self.violations

    @property
    def seconds(self) -> float:
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class Check:
    """`violations` selects the rows that break the rule; `rows` counts what was looked at. `:now` is the clock's.

    An incremental audit looks only at what moved after the move `:since`: a check that can do so says how.
    """

    name: str
    rows: str
    violations: str
    rows_since: str | None = None
    violations_since: str | None = None


def run_checks(checks: Iterable[Check], since: int | None = None) -> dict[str, Any]:
    """`{"ok", "checks": [{"name", "rows", "violations"}]}`; violations are the rows themselves, as data.

    `since`: the move up to which all was looked at before; checks that cannot look at less look at everything.
    """
    results = []
    for check in checks:
        violations, count = check.violations, check.rows
        if since is not None and check.violations_since is not None and check.rows_since is not None:
            violations, count = check.violations_since, check.rows_since
        found = [dict(row._mapping) for row in session().execute(text(violations), _values(violations, since))]
        rows = session().execute(text(count), _values(count, since)).scalar_one()
        results.append({"name": check.name, "rows": int(rows), "violations": found})
    return {"ok": not any(result["violations"] for result in results), "checks": results}


def _values(statement: str, since: int | None) -> dict[str, Any]:
    values = {"now": clock.now(), "since": since}
    return {name: value for name, value in values.items() if f":{name}" in statement}


def note(result: dict[str, Any], origin: str, started_at: datetime) -> AuditRun:
    """Remember an audit's result: numbers and names of checks, not the rows."""
    checks = result["checks"]
    run = AuditRun(
        origin=origin, started_at=started_at, finished_at=clock.now(), rows_read=sum(each["rows"] for each in checks),
        violations={each["name"]: len(each["violations"]) for each in checks if each["violations"]},
    )  # fmt: skip
    session().add(run)
    return run


def last_audit() -> AuditRun | None:
    return session().scalars(select(AuditRun).order_by(AuditRun.finished_at.desc()).limit(1)).first()


def is_due(hour: int, now: datetime) -> bool:
    """Whether the day's audit is owed: none has begun since it was last `hour` o'clock (UTC)."""
    owed = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if owed > now:
        owed -= timedelta(days=1)
    last = session().scalars(select(AuditRun.started_at).order_by(AuditRun.finished_at.desc()).limit(1)).first()
    return last is None or last < owed
