"""Parcels through the house: picked, packed and handed over by tablets, in the batch form; and how they are set up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select

from bench.house import House
from bench.jobs import CONSIGNEE, Job, must_all, sku
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.stage import PIN, WAREHOUSE
from wms.facility.models import Warehouse
from wms.outbound.service.waves import release_wave
from wms.platform.database import session, transaction

LINES = 3
ORDERS = 960  # ten waves: more than eight clients ship while they are measured
LABEL_SECONDS = 120


def release(stage: House, orders: int = ORDERS) -> None:
    """Orders of three lines, promised, waved, with their waybills printed ready: all that happens before the floor."""
    sellers = [SellerSystem(stage.host, stage.port, stage.key) for _ in range(4)]

    def send(number: int) -> None:
        lines = [{"sku": sku((number * LINES + line) % stage.products), "quantity": 1} for line in range(LINES)]
        body = {"reference": f"P-{new_id().hex[-12:]}-{number}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                "consignee": CONSIGNEE, "lines": lines}  # fmt: skip
        sellers[number % 4].must_post("/api/v1/orders", body)

    def send_every_fourth(first: int) -> None:
        for number in range(first, orders, 4):
            send(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_every_fourth, range(4)))
    _wave(stage)
    deadline = time.monotonic() + LABEL_SECONDS
    while stage.open_jobs():
        if time.monotonic() > deadline:
            raise DemoError("the waves' waybills were not made in time")
        time.sleep(0.2)


def _wave(stage: House) -> None:
    while True:
        with stage.app.app_context():
            try:
                with transaction():
                    warehouse = session().scalars(select(Warehouse.id).where(Warehouse.code == WAREHOUSE)).one()
                    release_wave(SYSTEM, warehouse)
            except Refused as refusal:
                if refusal.code != "nothing_to_wave":
                    raise
                return


def parcels(stage: House, number: int) -> Callable[[], int]:
    """A walk of one cart, from the first bin to the load: every scan a command of its own, sent as the screens allow:
    a stop in one body, a parcel in one with the next tote behind its waybill, the load in one.
    """
    tablet = Tablet(stage.host, stage.port, stage.badges[number], PIN, WAREHOUSE)
    totes = iter(stage.totes[number * 12 : number * 12 + 12])
    pool = list(totes)

    def work() -> int:
        numbers = _pack(tablet, _pick(tablet, pool))
        tablet.start("handover")
        must_all(tablet.scan_many([(each, {}) for each in numbers]))
        return len(numbers)

    return work


def _pick(tablet: Tablet, totes: Sequence[str]) -> list[str]:
    """One walk; returns the totes it filled."""
    screen = tablet.start("pick")
    if screen["state"] == "begin":
        must_all(tablet.scan_many([("CMD-OK", {})]))
    free, used = list(totes), []
    while (screen := tablet.task)["state"] != "begin":
        data = screen["data"]
        scans: list[tuple[str, dict[str, Any]]] = []
        if screen["state"] == "scan_tote":
            used.append(free.pop())
            scans.append((used[-1], {}))
        scans += [(data["location_barcode"], {}), (f"X{data['sku']}", {"quantity": data["quantity"]})]
        must_all(tablet.scan_many(scans))
    return used


def _pack(tablet: Tablet, totes: Sequence[str]) -> list[str]:
    """Every tote into its parcel, closed by the number of its waybill; returns the numbers."""
    tablet.start("pack")
    must_all(tablet.scan_many([(totes[0], {})]))
    numbers: list[str] = []
    for following in [*totes[1:], None]:
        data = tablet.task["data"]
        scans: list[tuple[str, dict[str, Any]]] = [
            (f"X{line['sku']}", {}) for line in data["lines"] for _ in range(line["quantity"])
        ]
        scans += [("CMD-OK", {"weight_g": data["expected_g"]}), (data["tracking_number"], {})]
        if following is not None:
            scans.append((following, {}))
        must_all(tablet.scan_many(scans))
        numbers.append(str(data["tracking_number"]))
    return numbers


JOBS = [Job("orders of 3 lines picked, packed, shipped", 1, parcels, release)]
