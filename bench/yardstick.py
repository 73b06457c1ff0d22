"""How fast this machine is, in three small figures that no code of the house moves.

Two cores of one day are twice those of another: a rate is to be read beside these, a ratio inside one run is not.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import psycopg

TURNS = 7
COMMITS = 200
# One backend's processor and nothing else: no table, no disk.
_RECKON = "SELECT sum(hashtext(md5(n::text))::bigint) FROM generate_series(1, 100000) AS n"
# Written to the log and flushed with its COMMIT, as a row would be; leaves nothing behind.
_WRITE = "SELECT pg_logical_emit_message(true, 'yardstick', 'x')"


def yardstick(server: str) -> dict[str, float]:
    """Of this process and the PostgreSQL at this libpq address. `python_ms`: processor time of a fixed piece of Python;
    `postgres_ms`: of a fixed query; both the least of seven. `commit_ms`: the median of two hundred durable commits.
    """
    with psycopg.connect(server, autocommit=True) as connection:

        def commit() -> None:
            connection.execute(_WRITE)

        return {
            "python_ms": round(min(_milliseconds(_think, time.process_time) for _ in range(TURNS)), 1),
            "postgres_ms": round(min(_milliseconds(lambda: connection.execute(_RECKON)) for _ in range(TURNS)), 1),
            "commit_ms": round(statistics.median(_milliseconds(commit) for _ in range(COMMITS)), 2),
        }


def _milliseconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return (clock() - began) * 1000


def _think() -> int:
    """What a request does most: small dicts made, sorted, written as JSON and read again."""
    rows = [{"sku": f"S-{number * 7919 % 10_007:05d}", "quantity": number % 13} for number in range(10_000)]
    rows.sort(key=lambda row: str(row["sku"]))
    return sum(int(row["quantity"]) for row in json.loads(json.dumps(rows)))
