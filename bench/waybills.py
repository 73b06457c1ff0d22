"""`python -m bench.waybills`: from the release of a wave to the last of its waybills on the disk.

A whole system runs, with its own supervisor, worker, PostgreSQL, queue and file store. Each round takes fresh orders of
one line, releases one wave of them, and waits until every bundle of it is ready. Prints one JSON line a round: seconds
by the clock from before the release's transaction, when the shipments stood, the pages, and the processor seconds of the
release (this process), of the jobs and of PostgreSQL. Aim: 1,000 within 3 s after the release on two cores.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from bench import jobs
from bench.house import House, machine, processor_seconds, running_house
from bench.jobs import CONSIGNEE, sku
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.demo.client import DemoError, SellerSystem
from wms.demo.stage import WAREHOUSE
from wms.facility.models import Warehouse
from wms.outbound.service.waves import release_wave
from wms.platform.database import session, transaction

PRODUCTS = 2_000
LOOK_SECONDS = 0.05
LONGEST_SECONDS = 300
# Looked at while it runs, so it must cost nothing beside the work: the bundles of this round only.
_MADE = text(
    "SELECT count(*) AS bundles, coalesce(sum(pages) FILTER (WHERE state = 'ready'), 0) AS pages,"
    " coalesce(sum((SELECT count(*) FROM label_document d WHERE d.bundle_id = b.id)), 0) AS asked"
    " FROM label_bundle b WHERE created_at >= :since"
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.waybills", description="A wave's waybills, from release to disk.")
    parser.add_argument("--orders", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(json.dumps(machine()), flush=True)
    with running_house(PRODUCTS, 1) as stage:
        jobs.prepare(stage)
        for _ in range(chosen.rounds):
            order(stage, chosen.orders)
            print(json.dumps(measure(stage, chosen.orders)), flush=True)
    return 0


def order(stage: House, orders: int) -> None:
    """So many orders of one line, accepted and promised; nothing is left to do when this returns."""
    sellers = [SellerSystem(stage.host, stage.port, stage.key) for _ in range(4)]

    def send(first: int) -> None:
        for number in range(first, orders, 4):
            body = {"reference": f"W-{new_id().hex[-12:]}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                    "consignee": CONSIGNEE, "lines": [{"sku": sku(number % PRODUCTS), "quantity": 1}]}  # fmt: skip
            sellers[first].must_post("/api/v1/orders", body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))
    rest(stage)


def rest(stage: House) -> None:
    """Wait until no job is left to do."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while stage.open_jobs():
        if time.monotonic() > deadline:
            raise DemoError("the system does not come to rest")
        time.sleep(0.2)


def measure(stage: House, orders: int) -> dict[str, Any]:
    """One wave; seconds by the clock."""
    before = processor_seconds(stage)
    began = time.perf_counter()
    since = clock.now()
    with stage.app.app_context(), transaction():
        warehouse = session().scalars(select(Warehouse.id).where(Warehouse.code == WAREHOUSE)).one()
        release_wave(SYSTEM, warehouse, limit=orders)
    released = time.perf_counter()
    asked_at, made = _wait(stage, since, orders)
    ready = time.perf_counter()
    spent = processor_seconds(stage)
    return {
        "orders": orders, "bundles": made.bundles, "release_s": round(released - began, 2),
        "asked_s": round(asked_at - released, 2), "ready_s": round(ready - released, 2),
        "cpu_s": {who: round(spent[who] - before[who], 2) for who in ("client", "jobs", "postgres")},
    }  # fmt: skip


def _wait(stage: House, since: datetime, orders: int) -> tuple[float, Any]:
    """When all waybills were asked for, and what there is once all are ready."""
    asked_at = 0.0
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        with stage.app.app_context(), transaction():
            made = session().execute(_MADE, {"since": since}).one()
        if not asked_at and made.asked == orders:
            asked_at = time.perf_counter()
        if made.pages == orders:
            return asked_at, made
        time.sleep(LOOK_SECONDS)
    raise DemoError(f"only {made.pages} of {orders} waybills were made")


if __name__ == "__main__":
    sys.exit(main())
