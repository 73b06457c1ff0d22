"""All periodic jobs, one list: (name, seconds between runs, function). The sweeper process runs what is due.

Several installations of the sweeper may run: an advisory lock lets one of them work a job at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from wms.cli import audit_and_note, erasers
from wms.core import clock
from wms.inbound import service as inbound
from wms.inventory import holds, month_ends, sellable
from wms.inventory.counting import planning as counts
from wms.inventory.layers import service as layers
from wms.inventory.putaway import filling, reservations
from wms.inventory.relocating import service as relocating
from wms.inventory.replenishment import planning as replenishment
from wms.outbound.service import carrier_rates, counter, learning, plans, wave_rules
from wms.platform import auditing, cause, files, metrics
from wms.platform.commands import drop_expired_partitions, ensure_partitions
from wms.platform.database import db, session, transaction
from wms.printing import service as printing
from wms.shipping.service import following, quotes

DAY = 86_400.0
log = structlog.get_logger(__name__)


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


def learn_weights() -> None:
    learning.learn()


def expire_stock() -> None:
    """Often, because each warehouse has a midnight of its own; cheap when there is nothing to do."""
    sellable.expire()


def begin_holds() -> None:
    holds.begin_due()


def end_holds() -> None:
    holds.end_due()


def mind_bins() -> None:
    """Which bins look empty or full, and what is kept for somebody who did not come."""
    filling.note_fill()
    relocating.let_go_expired()
    reservations.drop_expired()


def plan_counts() -> None:
    """Bins in doubt or picked empty, and the day's share by class."""
    counts.plan_what_is_due()


def plan_replenishment() -> None:
    """A job for each warehouse whose pick faces ask for it: each locks rows of its own."""
    replenishment.plan_where_due()


def follow_layers() -> None:
    """A batch behind the ledger; what is left waits for the next turn."""
    layers.follow()


def close_months() -> None:
    month_ends.close_months()


def decide_differences() -> None:
    """Sellers who have not said what becomes of goods that differ have said it by their terms."""
    inbound.decide_due()


def release_waves() -> None:
    """Rules whose time of day came; and plans that nobody released."""
    wave_rules.start_due(clock.now())
    plans.drop_old()


def follow_parcels() -> None:
    """Jobs that ask carriers how far parcels have come."""
    following.ask_for_due()


def remind_of_pick_ups() -> None:
    """What nobody came for in time goes before a supervisor."""
    counter.remind_due()


def go_on_without_rates() -> None:
    """Orders do not wait for ever for what a carrier would take."""
    carrier_rates.go_on_without()


def forget_quotes() -> None:
    quotes.forget_old()


_auditing = threading.Lock()


def audit_books() -> None:
    """The day's audit, at its hour, in a thread of its own: it may read for minutes while the outbox is minded."""
    if audit_is_due() and not _auditing.locked():
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        threading.Thread(target=audit_unless_another_does, args=(app,), name="audit", daemon=True).start()


def audit_is_due() -> bool:
    return auditing.is_due(current_app.extensions["wms_config"].audit_hour, clock.now())


def audit_unless_another_does(app: Flask) -> None:
    """The audit, noted and told of, on connections of its own; nothing while one is under way, here or on another host."""
    with _auditing, app.app_context(), cause.of(task="audit"):
        try:
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as held:
                if held.execute(_AUDITOR).scalar():  # one host of several
                    try:
                        _tell(audit_and_note("schedule"))
                    finally:
                        held.execute(_AUDITOR_GOES)
        except DBAPIError as fault:  # the database went away: the audit is still due
            log.warning("audit.broken_off", error=type(fault.orig).__name__)


_AUDITOR = text("SELECT pg_try_advisory_lock(hashtextextended('audit under way', 11))")
_AUDITOR_GOES = text("SELECT pg_advisory_unlock_all()")


def _tell(result: dict[str, Any]) -> None:
    wrong = [each["name"] for each in result["checks"] if each["violations"]]
    if wrong:
        log.error("audit.wrong", checks=wrong)
    else:
        log.info("audit.clean", checks=len(result["checks"]))


SCHEDULE: list[tuple[str, float, Callable[[], None]]] = [
    ("command_partitions", 3_600.0, keep_command_partitions),
    ("stock_expiry", 60.0, expire_stock),
    ("holds_begin", 60.0, begin_holds),
    ("holds_end", 60.0, end_holds),
    ("bins", 60.0, mind_bins),
    ("counts", 60.0, plan_counts),
    ("replenishment", 20.0, plan_replenishment),
    ("layers", 2.0, follow_layers),
    ("month_ends", 600.0, close_months),
    ("waves", 20.0, release_waves),
    ("differences", 300.0, decide_differences),
    ("weights", 3_600.0, learn_weights),
    ("parcels", 60.0, follow_parcels),
    ("rates", 10.0, go_on_without_rates),
    ("quotes", DAY / 4, forget_quotes),
    ("pick_ups", 600.0, remind_of_pick_ups),
    ("file_orphans", DAY / 4, sweep_files),
    ("prints", 5.0, age_prints),
    ("erasure", DAY / 4, erase_due),
    ("audit", 300.0, audit_books),
]

_last_run: dict[str, float] = {}


def run_due() -> None:
    """Run every entry whose time has come, each in a transaction of its own."""
    for name, seconds, function in SCHEDULE:
        now = time.monotonic()
        if name in _last_run and now - _last_run[name] < seconds:
            continue
        _last_run[name] = now
        outcome = "failed"
        try:
            with cause.of(task=name):
                run_entry(name, function)
            outcome = "done"
        except OperationalError:  # the database is away: whoever calls waits for it
            raise
        except Exception:  # one entry must not keep the others, and the outbox, from their turns
            log.exception("schedule.failed", entry=name)
        finally:
            metrics.SCHEDULED.add(name, outcome)


def run_entry(name: str, function: Callable[[], None]) -> None:
    """One run of an entry, unless another sweeper is at it."""
    turn = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 11))")
    with transaction():
        if session().execute(turn, {"name": name}).scalar():
            function()
