"""The house that is measured: engines, web and worker of its own, stocked; and what its processes spend.

Only processes of this house are counted: whatever else runs on the machine, also another bench, is not ours.
"""

from __future__ import annotations

import os
import platform
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any

import psutil
from sqlalchemy import text

from bench.yardstick import yardstick
from config import Config
from wms.demo.__main__ import running_system
from wms.demo.stage import Stage
from wms.platform.database import session, transaction
from wms.platform.metric_files import Key, read_slots
from wms.platform.metrics import REQUEST_SECONDS, REQUEST_TIME
from wms.recovery.programs import plain

PRODUCTS = 2_000
TABLETS = 13  # of each kind of work: fifty-four badges


@dataclass(frozen=True)
class House(Stage):
    """A stage that knows how many products the bench keeps in it, and its PostgreSQL."""

    products: int
    postmaster: int

    @property
    def config(self) -> Config:
        found: Config = self.app.extensions["wms_config"]
        return found


@contextmanager
def running_house(products: int = PRODUCTS, tablets: int = TABLETS) -> Iterator[House]:
    """Engines, web and worker in a temporary folder; gone afterwards. Its bins are empty."""
    with running_system(tablets, products) as stage:
        with stage.app.app_context(), transaction():
            backend = session().execute(text("SELECT pg_backend_pid()")).scalar_one()
        parent = psutil.Process(int(backend)).ppid()
        yield House(**{each.name: getattr(stage, each.name) for each in fields(Stage)}, products=products,
                    postmaster=parent)  # fmt: skip


def machine() -> dict[str, Any]:
    """The machine and the versions a figure belongs to."""
    names = ("flask", "sqlalchemy", "psycopg", "gunicorn", "flask-smorest", "marshmallow", "reportlab", "rq")
    return {
        "machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(),
        **{name: version(name) for name in names},
    }  # fmt: skip


def machine_of(house: House) -> dict[str, Any]:
    """The same, with the version of its PostgreSQL and how fast the machine is today."""
    with house.app.app_context(), transaction():
        server = str(session().execute(text("SHOW server_version")).scalar_one())
    return {**machine(), "postgresql": server, "yardstick": yardstick(plain(house.config.database_url))}


def processes(house: House) -> Iterator[tuple[str, psutil.Process]]:
    """Who is who: `web` (gunicorn's workers), `jobs` (workers and sweeper), `postgres`."""
    for process in psutil.Process().children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "gunicorn" in command:
            yield "web", process
        elif "wms.worker" in command:
            yield "jobs", process
    yield from (("postgres", process) for process in psutil.Process(house.postmaster).children())


def processor_seconds(house: House) -> dict[str, float]:
    """Processor time used so far by the clients (this process), the web, the jobs' processes and PostgreSQL: where the
    time of an operation goes, whatever else the machine does. What is gone (a job's own process, a connection's)
    counts with whoever started it.
    """
    used = dict.fromkeys(("client", "web", "jobs", "postgres"), 0.0)
    own = psutil.Process().cpu_times()
    used["client"] = own.user + own.system
    for who, process in processes(house):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        used[who] += times.user + times.system
        if who == "jobs":
            used[who] += times.children_user + times.children_system
    gone = psutil.Process(house.postmaster).cpu_times()
    used["postgres"] += gone.children_user + gone.children_system
    return used


Times = Mapping[Key, tuple[float, ...]]


def server_times(house: House) -> dict[Key, tuple[float, ...]]:
    """The server's own histograms of request times, all processes added: buckets, then the sum of seconds."""
    found: dict[Key, tuple[float, ...]] = {}
    for slot in read_slots(house.config.metrics_root):
        for key, values in slot.values.items():
            if key[0] == REQUEST_TIME.name:
                before = found.get(key, (0.0,) * len(values))
                found[key] = tuple(a + b for a, b in zip(before, values, strict=True))
    return found


def served(before: Times, after: Times, route: str) -> dict[str, Any]:
    """What the server says of a route between two readings: requests, mean and p95 (ms, p95 within its bucket), and the
    share answered within 100 ms, which is exact.
    """
    buckets = [0.0] * (len(REQUEST_SECONDS) + 2)
    for key, values in after.items():
        if key[2] == route:
            was = before.get(key, (0.0,) * len(values))
            buckets = [total + now - then for total, now, then in zip(buckets, values, was, strict=True)]
    *counts, seconds = buckets
    requests = sum(counts)
    if not requests:
        return {"requests": 0}
    within = sum(counts[: bisect_left(REQUEST_SECONDS, 0.1) + 1])
    return {
        "requests": int(requests), "mean_ms": round(seconds / requests * 1000, 2),
        "p95_ms": round(_quantile(counts, 0.95) * 1000, 1), "within_100_ms": round(within / requests, 4),
    }  # fmt: skip


def _quantile(counts: list[float], share: float) -> float:
    """Seconds, interpolated in the bucket; of the open last bucket its lower bound."""
    wanted, so_far, low = sum(counts) * share, 0.0, 0.0
    for count, high in zip(counts, REQUEST_SECONDS, strict=False):
        if so_far + count >= wanted:
            return low + (high - low) * (wanted - so_far) / count
        so_far, low = so_far + count, high
    return low


def quantile(times: list[float], share: float) -> float | None:
    """A quantile in ms of seconds that are sorted."""
    return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None
