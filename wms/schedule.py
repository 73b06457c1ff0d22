"""All periodic jobs, one list: (name, seconds between runs, function). The sweeper process runs what is due.

Several installations of the sweeper may run: an advisory lock lets one of them work a job at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import text

from wms.cli import erasers
from wms.core import clock
from wms.inventory import sellable
from wms.platform import files
from wms.platform.commands import drop_expired_partitions, ensure_partitions
from wms.platform.database import session, transaction
from wms.printing import service as printing

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
    """What names a person goes when its date comes: consignees, and label files with them on. It reads all of them."""
    for feature in erasers():
        feature.erase_due()


def expire_stock() -> None:
    """Often, because each warehouse has a midnight of its own; cheap when there is nothing to do."""
    sellable.expire()


SCHEDULE: list[tuple[str, float, Callable[[], None]]] = [
    ("command_partitions", 3_600.0, keep_command_partitions),
    ("stock_expiry", 60.0, expire_stock),
    ("file_orphans", DAY / 4, sweep_files),
    ("prints", 30.0, age_prints),
    ("erasure", DAY / 4, erase_due),
]

_last_run: dict[str, float] = {}


def run_due() -> None:
    """Run every entry whose time has come, each in a transaction of its own."""
    for name, seconds, function in SCHEDULE:
        now = time.monotonic()
        if name in _last_run and now - _last_run[name] < seconds:
            continue
        _last_run[name] = now
        with transaction():
            mine = (
                session()
                .execute(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 11))"), {"name": name})
                .scalar()
            )
            if mine:
                function()
