"""The measured jobs, each the way a client of the house does it: the orders API and the scan contract's batch form."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wms.core.ids import new_id
from wms.demo.client import SellerSystem, Tablet
from wms.demo.stage import PIN, WAREHOUSE, Stage

STOCK = 1_000_000
LINES_PER_BOOKING = 20
CONSIGNEE = {"name": "Bench Buyer", "country": "DE", "city": "Berlin", "postcode": "10115", "address1": "Teststr. 1"}


@dataclass(frozen=True)
class Job:
    """`client` makes one client's work: a function that does the job once and says whether it went well."""

    name: str
    units: int
    client: Callable[[Stage, int], Callable[[], bool]]


def sku(number: int) -> str:
    return f"BENCH-{number:05d}"


def prepare(stage: Stage, products: int) -> None:
    """Products, and stock of every one of them in a bin, through the API and the scan contract."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    items = [
        {
            "sku": sku(number), "name_en": f"Bench item {number}", "name_zh": f"测试商品 {number}",
            "declared_weight_g": 1, "declared_length_mm": 1, "declared_width_mm": 1, "declared_height_mm": 1,
            "barcodes": [{"barcode": f"X{sku(number)}", "kind": "seller", "quantity": 1}],
        }
        for number in range(products)
    ]  # fmt: skip
    for first in range(0, products, 200):
        seller.must_post("/api/v1/products/bulk", {"items": items[first : first + 200]})
    tablet = Tablet(stage.host, stage.port, stage.badges[0], PIN, WAREHOUSE)
    bins = bins_of(stage)
    for first in range(0, products, 400):
        _stock(seller, tablet, range(first, min(first + 400, products)), bins)


def _stock(seller: SellerSystem, tablet: Tablet, numbers: range, bins: list[str]) -> None:
    cartons = [
        {"number": place, "lines": [{"sku": sku(number), "quantity": 90_000} for number in numbers[first : first + 50]]}
        for place, first in enumerate(range(0, len(numbers), 50), 1)
    ]
    booked = seller.must_post("/api/v1/bookings", {"warehouse": WAREHOUSE, "submit": True, "cartons": cartons})
    for carton in seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"]:
        lines = cartons[carton["number"] - 1]["lines"]
        tablet.start("receive")
        counts = [(f"X{line['sku']}", {"quantity": line["quantity"]}) for line in lines]
        tablet.scan_many([(carton["barcode"], {}), *counts, ("CMD-OK", {})])
        tablet.start("putaway")
        scans: list[tuple[str, dict[str, Any]]] = [(carton["barcode"], {})]
        for line in lines:
            target = bins[int(line["sku"][-5:]) % len(bins)]
            scans += [(f"X{line['sku']}", {}), (target, {})]
        tablet.scan_many(scans)


def bins_of(stage: Stage) -> list[str]:
    return [barcode for code, barcode in sorted(stage.locations.items()) if code.startswith("A-")]


def orders(stage: Stage, number: int) -> Callable[[], bool]:
    """An order of three lines, created and promised."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    draw = random.Random(number)
    count = itertools.count()

    def work() -> bool:
        body = {
            "reference": f"B{number}-{new_id().hex[-8:]}-{next(count)}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
            "consignee": CONSIGNEE,
            "lines": [{"sku": sku(each), "quantity": 1} for each in draw.sample(range(2_000), 3)],
        }  # fmt: skip
        status, answer = seller.post("/api/v1/orders", body)
        return status == 201 and answer["state"] == "promised"

    return work


def moves(stage: Stage, number: int) -> Callable[[], bool]:
    """One unit from bin to bin: source, item, target scanned in one body."""
    tablet = Tablet(stage.host, stage.port, stage.badges[number], PIN, WAREHOUSE)
    tablet.start("move")
    draw = random.Random(number)
    bins = bins_of(stage)

    def work() -> bool:
        item = draw.randrange(2_000)
        source, target = bins[item % len(bins)], bins[(item + 1 + number) % len(bins)]
        results = tablet.scan_many([(source, {}), (f"X{sku(item)}", {"quantity": 1}), (target, {})])
        if not all(result["ok"] for result in results):
            tablet.scan_many([("CMD-BACK", {})])
            return False
        return True

    return work


def receiving(stage: Stage, number: int) -> Callable[[], bool]:
    """A booking of twenty lines received: one carton, twenty counts, closed; every scan a command of its own."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    tablet = Tablet(stage.host, stage.port, stage.badges[number], PIN, WAREHOUSE)
    tablet.start("receive")
    draw = random.Random(number)
    ready: list[tuple[str, list[str]]] = []

    def book() -> None:
        """Cartons to receive, announced outside the measured work where possible: fifty at a time."""
        cartons = [
            {"number": place, "lines": [{"sku": sku(each), "quantity": 3}
                                        for each in draw.sample(range(2_000), LINES_PER_BOOKING)]}
            for place in range(1, 51)
        ]  # fmt: skip
        booked = seller.must_post("/api/v1/bookings", {"warehouse": WAREHOUSE, "submit": True, "cartons": cartons})
        for carton in seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"]:
            lines = cartons[carton["number"] - 1]["lines"]
            ready.append((carton["barcode"], [line["sku"] for line in lines]))

    for _ in range(8):
        book()

    def work() -> bool:
        if not ready:
            book()
        barcode, skus = ready.pop()
        counts = [(f"X{each}", {"quantity": 3}) for each in skus]
        results = tablet.scan_many([(barcode, {}), *counts, ("CMD-OK", {})])
        return all(result["ok"] for result in results) and len(results) == LINES_PER_BOOKING + 2

    return work


JOBS = [
    Job("order of 3 lines created and promised", 1, orders),
    Job("bin-to-bin move", 1, moves),
    Job("receiving a booking of 20 lines, lines", LINES_PER_BOOKING, receiving),
]
