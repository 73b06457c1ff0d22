"""`python -m bench [NAME…]`: what the house does in a second, and what that costs. Without a name: all but the long ones.

Prints one JSON line per figure; the first says machine, versions and how fast the machine is today (`bench.yardstick`).
A job's line says name, clients, operations, rate (operations a second), p50, p95, p99 (ms), errors, and `cpu_ms`: the
processor time of one operation in the clients, the web, the jobs' processes and PostgreSQL. Its neighbour is bare psycopg
writing the same rows in the same transactions on the same engines in the same run, with the ratio. What the figures mean,
and those of the last calm run: docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import bare, jobs, last_unit, lives, parcels, service_level
from bench.house import House, machine_of, processor_seconds, quantile, running_house
from bench.jobs import Job
from bench.telling import tell
from wms.demo.client import DemoError


@dataclass(frozen=True)
class Options:
    """How much is measured: seconds of each job, trials of the last unit, one job only."""

    seconds: float = 8.0
    trials: int = 1_000
    only: str | None = None


Bench = Callable[[House, Options], None]
MEASURED = (*jobs.JOBS, *parcels.JOBS)


def measure_jobs(house: House, options: Options) -> None:
    for job in MEASURED:
        if options.only in (None, job.name):
            report(house, job, options.seconds)


def measure_lives(house: House, options: Options) -> None:
    """One order at a time is the dearest way: a wave and a walk for one order, or for the few that came meanwhile."""
    for orders in (12, 1):
        tell(lives.lives(house, options.seconds * 3, orders))


def measure_tablets(house: House, options: Options) -> None:
    tell(lives.tablets(house, options.seconds * 6))


def measure_last_unit(house: House, options: Options) -> None:
    tell(last_unit.last_unit(house, options.trials))


def measure_service(house: House, options: Options) -> None:
    for figure in service_level.service_level(house, options.seconds):
        tell(figure)


# What needs a running house, in the order of a whole run: lives begin in a house without orders.
BENCHES: dict[str, Bench] = {
    "lives": measure_lives,
    "tablets": measure_tablets,
    "last-unit": measure_last_unit,
    "service": measure_service,
    "jobs": measure_jobs,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the house on this machine.")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--seconds", type=float, default=Options.seconds, help="how long each job is measured")
    parser.add_argument("--trials", type=int, default=Options.trials, help="of the last unit")
    jobs_by_name = [job.name for job in MEASURED]
    parser.add_argument(
        "--only", choices=jobs_by_name, metavar="JOB", help="one of the jobs: " + "; ".join(jobs_by_name)
    )
    chosen = parser.parse_args()
    options = Options(chosen.seconds, chosen.trials, chosen.only)
    names = chosen.names or (["jobs"] if chosen.only else list(BENCHES))
    with running_house() as house:
        tell(machine_of(house))
        jobs.prepare(house)
        for name in names:
            BENCHES[name](house, options)
            if name != "jobs":  # which tells its own: bare rows stand beside ours then
                balanced(house, name, 0)
    return 1 if unbalanced else 0


unbalanced: list[str] = []


def balanced(house: House, name: str, before: int) -> None:
    """Tell how many violations the audit finds now, beyond those of bare rows, which nobody checked."""
    found = house.audit_violations() - before
    if found > 0:
        unbalanced.append(name)
    tell({"name": f"books after {name}", "violations": found})


def report(house: House, job: Job, seconds: float) -> None:
    before = house.audit_violations()
    if job.prepare is not None:
        job.prepare(house)
    works = [job.client(house, number) for number in range(job.clients)]
    ours = measure(house, job.name, works, seconds, job.units)
    tell(ours)
    balanced(house, job.name, before)
    if job.name not in bare.CLIENTS:
        return
    connections = [bare.connect(house.config.database_url) for _ in range(job.clients)]
    workers = [bare.client(each, job.name, house, number) for number, each in enumerate(connections)]
    beside = measure(house, f"{job.name}, bare psycopg", workers, seconds, job.units)
    beside["ratio"] = round(ours["rate"] / beside["rate"], 3) if beside["rate"] else None
    tell(beside)


def measure(house: House, name: str, works: Sequence[Callable[[], int]], seconds: float, units: int) -> dict[str, Any]:
    """Let every client work for so long; each time a call says was done counts `units` operations (lines of a
    booking, parcels of a walk).
    """
    times: list[float] = []
    errors = made = 0
    lock = threading.Lock()

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

    before = processor_seconds(house)
    began = time.perf_counter()
    deadline = began + seconds
    lives.together([partial(run, work) for work in works])
    elapsed = time.perf_counter() - began
    spent = processor_seconds(house)
    times.sort()
    operations = made * units
    done = max(1, operations)
    return {
        "name": name, "clients": len(works), "operations": operations,
        "rate": round(operations / elapsed, 1), "p50": quantile(times, 0.50), "p95": quantile(times, 0.95),
        "p99": quantile(times, 0.99), "errors": errors,
        "cpu_ms": {who: round((spent[who] - before[who]) / done * 1000, 2) for who in spent},
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
