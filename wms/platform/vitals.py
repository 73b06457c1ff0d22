"""How the house is: engines, queue, workers, disk, audit. For `/readyz`, `/metrics` and the operator's page alike.

What is asked of PostgreSQL raises OperationalError while it is away; the courier being away is a value (None).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import redis
from flask import current_app
from rq import Worker
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from wms.core import clock
from wms.platform.auditing import AuditRun, last_audit
from wms.platform.metric_files import read_slots
from wms.platform.outbox import oldest_due_seconds, open_counts
from wms.platform.statements import Statement

OUTBOX_LATE_SECONDS = 60.0
AUDIT_LATE = timedelta(hours=36)  # a day, and half of one to notice
DISK_LOW = 0.1


@dataclass(frozen=True)
class Database:
    """PostgreSQL, as this application's role sees it. Sizes in bytes, waits in seconds."""

    version: str
    started_at: datetime
    size: int
    connections: dict[str, int]
    most_connections: int
    lock_waiters: int
    longest_wait: float


@dataclass(frozen=True)
class WorkerNow:
    """One RQ worker. `job_id` is the outbox row it works on; `silent`: its heartbeat is older than it may be."""

    name: str
    host: str
    pid: int
    state: str
    job_id: str | None
    started_at: datetime | None
    heartbeat: datetime | None
    silent: bool


@dataclass(frozen=True)
class Courier:
    """Redis or Valkey. `durable`: it keeps an append-only file."""

    product: str
    version: str
    started_at: datetime
    memory: int
    durable: bool
    queues: dict[str, int]
    workers: list[WorkerNow]

    @property
    def alive(self) -> list[WorkerNow]:
        return [worker for worker in self.workers if not worker.silent]


@dataclass(frozen=True)
class Disk:
    """The disk under one of our folders, in bytes."""

    folder: str
    free: int
    size: int

    @property
    def is_low(self) -> bool:
        return self.free < self.size * DISK_LOW


@dataclass(frozen=True)
class Process:
    """A living process of this host that has counted something. `memory` None: of another container."""

    slot: int
    role: str
    pid: int
    started_at: datetime
    memory: int | None


_DATABASE = Statement(
    "SELECT current_setting('server_version') AS version, pg_postmaster_start_time() AS started_at,"
    " pg_database_size(current_database()) AS size, current_setting('max_connections')::int AS most,"
    " (SELECT jsonb_object_agg(state, n) FROM (SELECT coalesce(state, 'unknown') AS state, count(*) AS n"
    "   FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    "   GROUP BY 1) AS c) AS connections,"
    " l.waiters, l.longest FROM (SELECT count(DISTINCT w.pid) AS waiters,"
    "   coalesce(extract(epoch FROM clock_timestamp() - min(w.waitstart)), 0) AS longest FROM pg_locks w"
    "   JOIN pg_stat_activity a ON a.pid = w.pid AND a.datname = current_database() WHERE NOT w.granted) AS l"
)


def database() -> Database:
    row = _DATABASE.first()
    return Database(
        row.version, row.started_at, row.size, row.connections, row.most, row.waiters, max(0.0, float(row.longest))
    )


_ARCHIVE = Statement(
    "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') AS fails FROM pg_stat_archiver"
)


def archive_fails() -> bool:
    """Whether PostgreSQL's last attempt to archive its log failed: the log then fills the disk, and no moment after it
    can be restored.
    """
    return bool(_ARCHIVE.scalar())


def courier() -> Courier | None:
    """None while it is away."""
    connection: redis.Redis = current_app.extensions["wms_redis"]
    try:
        told: Any = connection.info()
        queues = {name: queue.count for name, queue in current_app.extensions["wms_queues"].items()}
        workers = Worker.all(connection=connection, serializer=JSONSerializer)
        seen = sorted((_worker(each) for each in workers), key=lambda each: (each.host, each.pid))
    except redis.RedisError:
        return None
    return Courier(
        product=told.get("server_name", "redis"), version=told.get("valkey_version", told["redis_version"]),
        started_at=clock.now() - timedelta(seconds=told["uptime_in_seconds"]), memory=told["used_memory"],
        durable=bool(told["aof_enabled"]), queues=queues, workers=seen,
    )  # fmt: skip


def _worker(found: BaseWorker) -> WorkerNow:
    heartbeat = _utc(found.last_heartbeat)
    allowed = timedelta(seconds=current_app.extensions["wms_config"].worker_ttl)
    return WorkerNow(
        name=found.name, host=found.hostname or "", pid=found.pid or 0, state=str(found.get_state()),
        job_id=found.get_current_job_id(), started_at=_utc(found.birth_date), heartbeat=heartbeat,
        silent=heartbeat is None or heartbeat < datetime.now(UTC) - allowed,
    )  # fmt: skip


def _utc(moment: datetime | None) -> datetime | None:
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def disks() -> list[Disk]:
    """The disks of this host's folders; a folder that is not there yet lies where its parent does."""
    config = current_app.extensions["wms_config"]
    found = []
    for name, folder in (("instance", config.instance_path), ("files", config.files_root)):
        usage = shutil.disk_usage(next(each for each in (folder, *Path(folder).parents) if each.exists()))
        found.append(Disk(name, usage.free, usage.total))
    return found


def processes() -> list[Process]:
    """Living processes of this host, by slot."""
    return [
        Process(slot.number, slot.role, slot.pid, datetime.fromtimestamp(slot.started, UTC), _memory(slot.pid))
        for slot in read_slots(current_app.extensions["wms_config"].metrics_root)
        if slot.alive
    ]


def _memory(pid: int) -> int | None:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def degraded() -> dict[str, Any]:
    """What limps, by code, with a number or word for each; {} when all is well."""
    found: dict[str, Any] = {}
    queue = courier()
    if queue is None:
        found["redis"] = "away"
    elif not queue.alive:
        found["workers"] = 0
    late = oldest_due_seconds()
    if late > OUTBOX_LATE_SECONDS:
        found["outbox_seconds"] = round(late)
    dead = open_counts().get("dead", 0)
    if dead:
        found["dead_jobs"] = dead
    found.update(_audit_limps(last_audit()))
    if archive_fails():
        found["wal_archive"] = "failing"
    low = [disk.folder for disk in disks() if disk.is_low]
    if low:
        found["disk_low"] = low
    return found


def _audit_limps(run: AuditRun | None) -> dict[str, Any]:
    """A book that is wrong, or that nobody has looked at; a house that was never audited is a new one."""
    if run is None:
        return {}
    if not run.ok:
        return {"audit_violations": sum(run.violations.values())}
    age = clock.now() - run.finished_at
    return {"audit_hours": round(age / timedelta(hours=1))} if age > AUDIT_LATE else {}
