"""The last unit: eight contenders over HTTP order it at the same moment, trial after trial; one gets it, never two."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from sqlalchemy import text

from bench.house import House
from bench.jobs import CONSIGNEE, stock_new
from wms.core.ids import new_id
from wms.demo.client import SellerSystem
from wms.demo.stage import WAREHOUSE
from wms.platform.database import session, transaction

CONTENDERS = 8


def sku(run: str, trial: int) -> str:
    return f"LAST-{run}-{trial:04d}"


def last_unit(house: House, trials: int, contenders: int = CONTENDERS) -> dict[str, Any]:
    """Each trial has a product of its own, of which one unit is in a bin. Errors: answers that are no order."""
    run = new_id().hex[-6:].upper()
    stock_new(house, [sku(run, trial) for trial in range(trials)], 1)
    start = threading.Barrier(contenders)
    outcomes: list[Counter[str]] = [Counter() for _ in range(trials)]
    lock = threading.Lock()

    def contend() -> None:
        seller = SellerSystem(house.host, house.port, house.key)
        for trial in range(trials):
            body = {"reference": f"U-{new_id().hex[-16:]}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                    "consignee": CONSIGNEE, "lines": [{"sku": sku(run, trial), "quantity": 1}]}  # fmt: skip
            start.wait()
            status, answer = seller.post("/api/v1/orders", body)
            with lock:
                outcomes[trial][answer["state"] if status == 201 else str(status)] += 1

    threads = [threading.Thread(target=contend) for _ in range(contenders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    promised = [outcome["promised"] for outcome in outcomes]
    return {
        "name": f"last unit, {contenders} contenders", "trials": trials, "oversold": sum(each > 1 for each in promised),
        "unsold": sum(each == 0 for each in promised), "overpromised_rows": _overpromised(house, run),
        "errors": sum(outcome.total() - outcome["promised"] - outcome["short"] for outcome in outcomes),
    }  # fmt: skip


def _overpromised(house: House, run: str) -> int:
    """Summary rows of these products that say what the answers do not: more, or other, than one promised of one."""
    counted = text(
        "SELECT count(*) FROM summary s JOIN product p ON p.id = s.product_id WHERE p.sku LIKE :like"
        " AND (s.promised <> 1 OR s.sellable <> 1)"
    )
    with house.app.app_context(), transaction():
        return int(session().execute(counted, {"like": f"LAST-{run}-%"}).scalar_one())
