"""All periodic jobs, one list: (name, seconds between runs, function). The sweeper process runs what is due.

Several installations of the sweeper may run: an advisory lock lets one of them work a job at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from wms.core import clock
from wms.inventory import sellable
from wms.platform import files
from wms.platform.commands import drop_expired_partitions, ensure_partitions
from wms.platform.database import session, transaction
from wms.printing import service as printing

log = structlog.get_logger(__name__)
DAY = 86_400.0


def keep_command_partitions() -> None:
    """Tomorrow's partitions before tomorrow, and none older than the keeping time."""
    today = clock.now().date()
    ensure_partitions(today - timedelta(days=1), 9)
    drop_expired_partitions(today)


def sweep_files() -> None:
    files.sweep_orphans()


def age_prints() -> None:
    printing.age_prints(clock.now())


def erase_due() -> None:
    """Label files with people on them go when their date comes."""
    printing.erase_due()


def expire_stock() -> None:
    """Often, because each warehouse has a midnight of its own; cheap when there is nothing to do."""
    sellable.expire()


SCHEDULE: list[tuple[str, float, Callable[[], None]]] = [
    ("command_partitions", 3_600.0, keep_command_partitions),
    ("stock_expiry", 60.0, expire_stock),
    ("file_orphans", DAY / 4, sweep_files),
    ("prints", 30.0, age_prints),
    ("erasure", 3_600.0, erase_due),
]

_last_run: dict[str, float] = {}


def run_due() -> None:
    """Run every entry whose time has come, each in a transaction of its own."""
    for name, seconds, function in SCHEDULE:
        now = time.monotonic()
        if name in _last_run and now - _last_run[name] < seconds:
            continue
        _last_run[name] = now
        try:
            run_entry(name, function)
        except OperationalError:  # the database is away: whoever calls waits for it
            raise
        except Exception:  # one entry must not keep the others, and the outbox, from their turns
            log.exception("schedule.failed", entry=name)


def run_entry(name: str, function: Callable[[], None]) -> None:
    """One run of an entry, unless another sweeper is at it."""
    turn = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 11))")
    with transaction():
        if session().execute(turn, {"name": name}).scalar():
            function()
