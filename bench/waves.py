"""`python -m bench.waves`: a wave of a thousand orders, read, planned, allocated and released.

A whole system runs, with its own supervisor, worker and PostgreSQL. Each round takes fresh orders of one to four lines,
plans and releases one wave of them all, and prints one JSON line: seconds by the clock of reading, planning and the release
(the only part that holds locks), metres of the plan, of the same walks by the order of bins, of carts filled as the orders
came; and `of_hundreds`: the plan's metres over those of the same orders in waves of 100, each planned as well. Aim: 5 s on
two cores. `--singles`: orders of one piece, planned as a fast lane; `of_own_totes`: its minutes over those of a tote for each.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from bench import jobs
from bench.house import House, machine, running_house
from bench.jobs import CONSIGNEE, sku
from bench.waybills import rest
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.demo.client import SellerSystem
from wms.demo.stage import WAREHOUSE
from wms.facility.models import Warehouse
from wms.outbound import carts
from wms.outbound.carts import SINGLE_UNIT, Plan, Selection
from wms.outbound.service import reading
from wms.outbound.service.reading import Facts
from wms.outbound.service.waves import release_plan
from wms.platform.database import session, transaction

PRODUCTS = 2_000
PART = 100
BEST_SELLERS = 400  # that orders of one piece are of


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.waves", description="A large wave, from reading to released.")
    parser.add_argument("--orders", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--singles", action="store_true", help="orders of one piece, as a fast lane")
    chosen = parser.parse_args()
    selection = Selection(limit=chosen.orders, kinds=(SINGLE_UNIT,) if chosen.singles else ())
    print(json.dumps(machine()), flush=True)
    with running_house(PRODUCTS, 1) as stage:
        jobs.prepare(stage)
        for number in range(chosen.rounds):
            order(stage, chosen.orders, seed=number, singles=chosen.singles)
            print(json.dumps(measure(stage, selection)), flush=True)
            rest(stage)
        print(json.dumps({"name": "books after waves", "violations": stage.audit_violations()}), flush=True)
    return 0


def order(stage: House, orders: int, seed: int, *, singles: bool) -> None:
    """So many orders, half of them of one line, accepted and promised; or all of one piece, of the products that sell best."""
    sellers = [SellerSystem(stage.host, stage.port, stage.key) for _ in range(4)]

    def send(first: int) -> None:
        dice = random.Random(f"{seed}.{first}")
        for _ in range(first, orders, len(sellers)):
            if singles:
                lines = [{"sku": sku(dice.randrange(BEST_SELLERS)), "quantity": 1}]
            else:
                chosen = dice.sample(range(PRODUCTS), dice.choice((1, 1, 1, 2, 3, 4)))
                lines = [{"sku": sku(number), "quantity": dice.choice((1, 1, 1, 2))} for number in chosen]
            body = {"reference": f"P-{new_id().hex[-12:]}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                    "consignee": CONSIGNEE, "lines": lines}  # fmt: skip
            sellers[first].must_post("/api/v1/orders", body)

    with ThreadPoolExecutor(len(sellers)) as pool:
        list(pool.map(send, range(len(sellers))))
    rest(stage)


def measure(stage: House, selection: Selection) -> dict[str, Any]:
    """One wave of them all."""
    began = time.perf_counter()
    with stage.app.app_context(), transaction():
        warehouse = session().scalars(select(Warehouse.id).where(Warehouse.code == WAREHOUSE)).one()
        facts = reading.read(SYSTEM, warehouse, selection)
    read = time.perf_counter()
    plan = reading.plan(facts)
    planned = time.perf_counter()
    with stage.app.app_context(), transaction():
        release_plan(SYSTEM, plan, exactly=True)
    released = time.perf_counter()
    cost = carts.cost_of(plan, facts.settings)
    return {
        "orders": cost.orders, "stops": cost.stops, "carts": cost.carts, "read_s": round(read - began, 2),
        "plan_s": round(planned - read, 2), "release_s": round(released - planned, 2), "all_s": round(released - began, 2),
        "metres": cost.metres, "bin_order": cost.bin_order_metres, "unplanned": cost.unplanned_metres,
        "of_unplanned": round(cost.metres / cost.unplanned_metres, 3), "of_hundreds": round(cost.metres / _in_parts(facts), 3),
        "minutes": cost.minutes, "people": cost.people,
        **({"of_own_totes": round(cost.minutes / _with_own_totes(facts), 3)} if selection.is_lane else {}),
    }  # fmt: skip


def _with_own_totes(facts: Facts) -> int:
    """Minutes of the same orders with a tote each."""
    return carts.cost_of(reading.plan(replace(facts, singles=frozenset())), facts.settings).minutes


def _in_parts(facts: Facts) -> float:
    """Metres of the same orders in waves of 100, the most urgent first."""
    parts: list[Plan] = []
    for first in range(0, len(facts.lines), PART):
        parts.append(reading.plan(replace(facts, lines=facts.lines[first : first + PART])))
    return sum(carts.metres_of(sum(walk.planned for walk in part.walks)) for part in parts)


if __name__ == "__main__":
    sys.exit(main())
