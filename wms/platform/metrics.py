"""What is counted, each metric written once: name, labels, buckets, and what it says.

A count costs about a microsecond: one lock, one look-up, one addition in a mapped file (`metric_files`); nothing of
prometheus-client is on the way of a request. Labels have few values by construction: routes, topics, codes and command
names are constants of the code; ids never are labels. `exposition` adds the processes up and asks for the *sampled*
ones (queues, engines, disk) when `/metrics` is read.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from wms.platform.metric_files import Recorder

# Goals are p95 of 100 ms for a scan and 50 ms for most calls; a lock or a statement is cut off after 3 and 15 s.
REQUEST_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
# A row is free in the time of a round trip, or the neighbour's transaction is waited for; 3 s are the end of it.
LOCK_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0)
# A label is wanted within seconds; the sweeper finds lost hints after 15 s, a lease ends after 120 s.
JOB_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0)

recorder = Recorder()


@dataclass(frozen=True)
class Metric:
    """`help` is what the number says, for `/metrics` and docs/operating.md alike."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    kind = "gauge"  # sampled when `/metrics` is read, unless a subclass says otherwise

    def __post_init__(self) -> None:
        if self.name in ALL:
            raise ValueError(f"{self.name} is there already")
        ALL[self.name] = self


ALL: dict[str, Metric] = {}


@dataclass(frozen=True)
class Counter(Metric):
    kind = "counter"

    def add(self, *labels: str, amount: float = 1.0) -> None:
        recorder.count((self.name, *labels), amount)


@dataclass(frozen=True)
class Histogram(Metric):
    buckets: tuple[float, ...] = ()

    kind = "histogram"

    def observe(self, value: float, *labels: str) -> None:
        recorder.observe((self.name, *labels), self.buckets, value)


@dataclass(frozen=True)
class Level(Metric):
    """Goes up and down with what this process does, and is 0 when the process begins."""

    def move(self, by: float) -> None:
        recorder.count((self.name,), by)


REQUESTS = Counter(
    "wms_http_requests_total",
    "Requests answered. Route is the rule with its placeholders; - when no route fitted.",
    ("method", "route", "status"),
)
REQUEST_TIME = Histogram(
    "wms_http_request_seconds",
    "Time of a request in the application, without its wait for a free thread of the web server.",
    ("method", "route"),
    REQUEST_SECONDS,
)
REQUESTS_NOW = Level("wms_http_requests_in_progress", "Requests being worked on; never more than wms_http_threads.")
STATEMENTS = Counter(
    "wms_http_statements_total",
    "SQL statements sent for requests; beside the requests: statements of one request.",
    ("method", "route"),
)
DATABASE_TIME = Counter(
    "wms_http_database_seconds_total",
    "Time requests waited for answers of PostgreSQL, locks included; without COMMITs that are sent on their own.",
    ("method", "route"),
)
LOCK_TIME = Histogram(
    "wms_lock_seconds",
    "From sending a statement that locks rows of this rank to its answer: the wait for whoever holds them, and the"
    " statement itself.",
    ("rank",),
    LOCK_SECONDS,
)
COMMANDS = Counter(
    "wms_commands_total",
    "Commands by name and outcome: done, refused, replayed (the same id again), fault.",
    ("command", "outcome"),
)
REFUSALS = Counter("wms_refusals_total", "Commands refused, by the code of the refusal.", ("code",))
RETRIES = Counter(
    "wms_command_retries_total",
    "Commands run again by PostgreSQL's error: 55P03 a row stayed locked for 3 s, 40P01 deadlock, 40001 serialization.",
    ("sqlstate",),
)
PROMISES = Counter(
    "wms_promises_total",
    "Promises of stock asked for, by outcome: promised, or the code of the refusal (stock_short: an order waits).",
    ("outcome",),
)
JOBS = Counter(
    "wms_jobs_total",
    "Runs of jobs by outcome: done, failed (will be tried again), dead (waits for a person), lease_lost.",
    ("topic", "outcome"),
)
JOB_WAIT = Histogram(
    "wms_job_wait_seconds",
    "From the commit that wrote a job to the start of its first run.",
    ("topic",),
    JOB_SECONDS,
)
JOB_TIME = Histogram("wms_job_seconds", "Time of a job's run, from its claim to its commit.", ("topic",), JOB_SECONDS)
LABELS = Counter("wms_labels_rendered_total", "Labels rendered and stored, by kind.", ("kind",))
SCHEDULED = Counter(
    "wms_schedule_runs_total", "Runs of what goes by the clock (wms/schedule.py): done, failed.", ("task", "outcome")
)

DATABASE_UP = Metric("wms_database_up", "1 when PostgreSQL answers this process.")
COURIER_UP = Metric("wms_courier_up", "1 when Redis or Valkey answers this process.")
SCHEMA_USABLE = Metric("wms_schema_usable", "1 when the database's schema fits this release.")
OUTBOX = Metric("wms_outbox_jobs", "Rows of the outbox that are not done: new, leased, dead.", ("state",))
OUTBOX_AGE = Metric(
    "wms_outbox_oldest_seconds", "How long the oldest job that could run has been waiting; 0 when none."
)
QUEUE = Metric("wms_queue_jobs", "Hints that stand in a queue of the courier.", ("queue",))
WORKERS = Metric("wms_workers", "Workers with a heartbeat, by what they do.", ("state",))
THREADS = Metric("wms_http_threads", "Requests a host can work on at once: WMS_WEB_WORKERS x WMS_WEB_THREADS.")
PROCESSES = Metric("wms_processes", "Processes of this host that have counted something and live, by role.", ("role",))
MEMORY = Metric("wms_process_resident_bytes", "Memory of a living process of this host, by its slot.", ("role", "slot"))
CONNECTIONS = Metric("wms_database_connections", "Connections to this database, by what they do.", ("state",))
CONNECTIONS_MOST = Metric("wms_database_connections_max", "Connections PostgreSQL allows, to all databases.")
LOCK_WAITERS = Metric("wms_database_lock_waiters", "Transactions waiting for a lock at this moment.")
LOCK_LONGEST = Metric("wms_database_lock_wait_seconds", "The longest of those waits so far; 0 when none.")
DATABASE_SIZE = Metric("wms_database_size_bytes", "Size of this database on its disk.")
ARCHIVE_FAILS = Metric(
    "wms_database_archive_failing",
    "1 when PostgreSQL's last attempt to archive its log failed; 0 where it archives none.",
)
AUDIT_AGE = Metric("wms_audit_age_seconds", "Since the books were last audited; absent when never.")
AUDIT_OK = Metric("wms_audit_ok", "1 when the last audit found every invariant true; absent when never audited.")
AUDIT_VIOLATIONS = Metric("wms_audit_violations", "Rows the last audit found wrong.")
AUDIT_SECONDS = Metric("wms_audit_seconds", "How long the last audit took.")
DISK_FREE = Metric("wms_disk_free_bytes", "Free space of the disk under a folder of this host.", ("folder",))
DISK_SIZE = Metric("wms_disk_size_bytes", "Size of that disk.", ("folder",))


def configure(folder: Path, role: str = "command") -> None:
    """Count in this folder from now on, as a process of this role."""
    recorder.configure(folder, role, frozenset(name for name, each in ALL.items() if isinstance(each, Level)))


def set_role(role: str, *, seen: bool = False) -> None:
    """Say what this process and those forked from it are; `seen`: be there before anything is counted."""
    if recorder.folder is not None:
        configure(recorder.folder, role)
        if seen:
            recorder.take_slot()


os.register_at_fork(after_in_child=recorder.after_fork)


class Tally(threading.local):
    """Statements of this thread since somebody last took them: a request or a job."""

    statements = 0
    seconds = 0.0
    rank: str | None = None  # what the next statement locks

    def sent(self, seconds: float, statements: int = 1) -> None:
        """One statement, or several sent together, and the time until their answers."""
        self.statements += statements
        self.seconds += seconds
        if self.rank is not None:
            self._locked(seconds)

    def _locked(self, seconds: float) -> None:
        rank, self.rank = self.rank, None
        LOCK_TIME.observe(seconds, str(rank))

    def take(self) -> tuple[int, float]:
        """(statements, seconds) so far; counts from 0 again."""
        found = self.statements, self.seconds
        self.statements, self.seconds, self.rank = 0, 0.0, None
        return found


tally = Tally()
