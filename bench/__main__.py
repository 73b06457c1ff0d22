"""`python -m bench`: what the house does in a second, over HTTP, beside bare psycopg writing the same rows.

Prints one JSON line per job: name, clients, operations, rate (operations a second), p50, p95, p99 (ms), errors, and
`cpu_ms`: the processor time of one operation in the clients, the web, the jobs' processes and PostgreSQL. For each job the
same rows in the same transactions by bare psycopg on the same engines in the same run follow, with the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import psutil

from bench import ageing, bare, jobs, parcels
from bench.jobs import Job
from wms.demo.__main__ import running_system
from wms.demo.client import DemoError

CLIENTS = 8
PRODUCTS = 2_000
TABLETS = 8


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the house on this machine.")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each job is measured")
    parser.add_argument("--only", help="one job by its name")
    parser.add_argument("what", nargs="?", choices=["house", "ageing"], default="house")
    parser.add_argument("--moves", type=int, default=1_000_000, help="ageing: how long a history is loaded")
    chosen = parser.parse_args()
    print(json.dumps(machine()), flush=True)
    if chosen.what == "ageing":
        return ageing.main(chosen.moves)
    with running_system(TABLETS, PRODUCTS) as stage:
        jobs.prepare(stage, PRODUCTS)
        for job in [*jobs.JOBS, *parcels.JOBS]:
            if chosen.only in (None, job.name):
                report(stage, job, chosen.seconds)
    return 0


def machine() -> dict[str, Any]:
    """The machine and the versions a figure belongs to."""
    names = ("flask", "sqlalchemy", "psycopg", "gunicorn", "flask-smorest", "marshmallow")
    return {
        "machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(),
        **{name: version(name) for name in names},
    }  # fmt: skip


def report(stage: Any, job: Job, seconds: float) -> None:
    if job.prepare is not None:
        job.prepare(stage)
    works = [job.client(stage, number) for number in range(job.clients)]
    ours = measure(job.name, works, seconds, job.units)
    print(json.dumps(ours), flush=True)
    floor = bare.CLIENTS.get(job.name)
    if floor is None:
        return
    config = stage.app.extensions["wms_config"]
    workers = [floor(config.database_url, stage, number) for number in range(job.clients)]
    beside = measure(f"{job.name}, bare psycopg", workers, seconds, job.units)
    beside["ratio"] = round(ours["rate"] / beside["rate"], 3) if beside["rate"] else None
    print(json.dumps(beside), flush=True)


def measure(name: str, works: Sequence[Callable[[], int]], seconds: float, units: int) -> dict[str, Any]:
    """Let every client work for so long; each time a call says was done counts `units` operations (lines of a
    booking, parcels of a walk).
    """
    times: list[float] = []
    errors = made = 0
    lock = threading.Lock()
    deadline = time.perf_counter() + seconds

    def run(work: Callable[[], int]) -> None:
        nonlocal errors, made
        mine: list[float] = []
        good = wrong = 0
        while (began := time.perf_counter()) < deadline:
            try:
                done = work()
            except DemoError as fault:
                print(f"{name}: {fault}", file=sys.stderr)
                done = 0
            good += done
            wrong += not done
            mine.append(time.perf_counter() - began)
        with lock:
            times.extend(mine)
            errors += wrong
            made += good

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    before = processor_seconds()
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    spent = processor_seconds()
    times.sort()
    operations = made * units
    done = max(1, operations)
    return {
        "name": name, "clients": len(works), "operations": operations,
        "rate": round(operations / elapsed, 1), "p50": _at(times, 0.50), "p95": _at(times, 0.95),
        "p99": _at(times, 0.99), "errors": errors,
        "cpu_ms": {who: round((spent[who] - before.get(who, 0)) / done * 1000, 2) for who in spent},
    }  # fmt: skip


def processor_seconds() -> dict[str, float]:
    """Processor time used so far by the clients (this process), the web, the jobs' processes and PostgreSQL: where the
    time of an operation goes, whatever else the machine does.
    """
    used = dict.fromkeys(("client", "web", "jobs", "postgres"), 0.0)
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            times = process.cpu_times()
        except psutil.Error:
            continue
        if process.pid == os.getpid():
            who = "client"
        elif "gunicorn" in command:
            who = "web"
        elif "wms.worker" in command:
            who = "jobs"
        elif command.startswith("postgres:"):
            who = "postgres"
        else:
            continue
        used[who] += times.user + times.system
    return used


def _at(times: list[float], share: float) -> float | None:
    """A quantile in ms."""
    return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1) if times else None


if __name__ == "__main__":
    sys.exit(main())
