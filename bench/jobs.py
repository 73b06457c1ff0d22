"""The measured jobs, each the way a client of the house does it: the orders API and the scan contract's batch form."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.house import House
from wms.core.ids import new_id
from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.stage import PIN, WAREHOUSE

LINES_PER_BOOKING = 20
LOOK_SECONDS = 0.1  # between two looks whether labels are ready: a seller's system asks more seldom
PRODUCTS_PER_BIN = 5
CONSIGNEE = {"name": "Bench Buyer", "country": "DE", "city": "Berlin", "postcode": "10115", "address1": "Teststr. 1"}


@dataclass(frozen=True)
class Job:
    """`client` makes one client's work: a function that does the job once and says how often `units` were done (False:
    it went wrong). `prepare` sets up what is not measured.
    """

    name: str
    units: int
    client: Callable[[House, int], Callable[[], int]]
    prepare: Callable[[House], None] | None = None
    clients: int = 8


def sku(number: int) -> str:
    return f"BENCH-{number:05d}"


def prepare(stage: House) -> None:
    """Products, and stock of every one of them in a bin, through the API and the scan contract."""
    stock_new(stage, [sku(number) for number in range(stage.products)], 9_000)


def stock_new(stage: House, skus: Sequence[str], units: int) -> None:
    """These products made, and so many units of each put into the bins in turn, five products to a bin."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    items = [
        {
            "sku": each, "name_en": f"Bench item {each}", "name_zh": f"测试商品 {each}",
            "declared_weight_g": 1, "declared_length_mm": 1, "declared_width_mm": 1, "declared_height_mm": 1,
            "barcodes": [{"barcode": f"X{each}", "kind": "seller", "quantity": 1}],
        }
        for each in skus
    ]  # fmt: skip
    for first in range(0, len(skus), 200):
        seller.must_post("/api/v1/products/bulk", {"items": items[first : first + 200]})
    tablet = Tablet(stage.host, stage.port, stage.badges[0], PIN, WAREHOUSE)
    shelves = [skus[first : first + PRODUCTS_PER_BIN] for first in range(0, len(skus), PRODUCTS_PER_BIN)]
    places = itertools.cycle(bins_of(stage))
    for first in range(0, len(shelves), 100):
        _stock(seller, tablet, shelves[first : first + 100], units, places)


def _stock(
    seller: SellerSystem, tablet: Tablet, shelves: Sequence[Sequence[str]], units: int, places: Iterator[str]
) -> None:
    """A carton for each shelf, received as announced and put away whole."""
    cartons = [
        {"number": number, "lines": [{"sku": each, "quantity": units} for each in shelf]}
        for number, shelf in enumerate(shelves, 1)
    ]  # fmt: skip
    booked = seller.must_post("/api/v1/bookings", {"warehouse": WAREHOUSE, "submit": True, "cartons": cartons})
    announced = sorted(seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"], key=lambda carton: carton["number"])
    tablet.start("receive")
    for carton in announced:
        must_all(tablet.scan_many([(carton["barcode"], {}), ("CMD-FULL", {}), ("CMD-OK", {})]))
    tablet.start("putaway")
    for carton in announced:
        must_all(tablet.scan_many([(carton["barcode"], {}), (next(places), {})]))


def must_all(results: list[dict[str, Any]]) -> None:
    refused = [result["feedback"] for result in results if not result["ok"]]
    if refused:
        raise DemoError(f"the stage was not set: {refused}")


def bin_of(item: int, bins: list[str]) -> str:
    """Where the stage put this product."""
    return bins[item // PRODUCTS_PER_BIN % len(bins)]


def bins_of(stage: House) -> list[str]:
    return [barcode for code, barcode in sorted(stage.locations.items()) if code.startswith("A-")]


def orders(stage: House, number: int) -> Callable[[], bool]:
    """An order of three lines, created and promised."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    draw = random.Random(number)
    count = itertools.count()

    def work() -> bool:
        body = {
            "reference": f"B{number}-{new_id().hex[-8:]}-{next(count)}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
            "consignee": CONSIGNEE,
            "lines": [{"sku": sku(each), "quantity": 1} for each in draw.sample(range(stage.products), 3)],
        }  # fmt: skip
        status, answer = seller.post("/api/v1/orders", body)
        return status == 201 and answer["state"] == "promised"

    return work


def moves(stage: House, number: int) -> Callable[[], bool]:
    """One unit from bin to bin: source, item, target scanned in one body."""
    tablet = Tablet(stage.host, stage.port, stage.badges[number], PIN, WAREHOUSE)
    tablet.start("move")
    draw = random.Random(number)
    bins = bins_of(stage)

    def work() -> bool:
        item = draw.randrange(stage.products)
        source = bin_of(item, bins)
        target = bins[(bins.index(source) + 1 + number) % len(bins)]
        results = tablet.scan_many([(source, {}), (f"X{sku(item)}", {"quantity": 1}), (target, {})])
        if not all(result["ok"] for result in results):
            tablet.scan_many([("CMD-BACK", {})])
            return False
        return True

    return work


def receiving(stage: House, number: int) -> Callable[[], bool]:
    """A booking of twenty lines into stock, the way a carton is received that needs no opening: its label, FULL (all of
    it as announced), OK; then its label and a bin. Five scans, each a command of its own.
    """
    tablet = receiver(stage, number)
    announced = Announced(stage, number)
    bins = itertools.cycle(bins_of(stage)[number::8])
    receive, putaway = ({"task_id": tablet.start(kind)["task_id"]} for kind in ("receive", "putaway"))

    def work() -> bool:
        carton, _ = announced.carton()
        results = tablet.scan_many([
            (carton, receive), ("CMD-FULL", receive), ("CMD-OK", receive), (carton, putaway), (next(bins), putaway)
        ])  # fmt: skip
        return all(result["ok"] for result in results) and len(results) == 5

    return work


def counting(stage: House, number: int) -> Callable[[], bool]:
    """A booking of twenty lines counted line by line: one carton, twenty counts, closed; every scan a command of its
    own.
    """
    tablet = receiver(stage, number)
    announced = Announced(stage, number)
    tablet.start("receive")

    def work() -> bool:
        carton, skus = announced.carton()
        counts = [(f"X{each}", {"quantity": 3}) for each in skus]
        results = tablet.scan_many([(carton, {}), *counts, ("CMD-OK", {})])
        return all(result["ok"] for result in results) and len(results) == LINES_PER_BOOKING + 2

    return work


def receiver(stage: House, number: int) -> Tablet:
    return Tablet(stage.host, stage.port, stage.badges[number], PIN, WAREHOUSE)


class Announced:
    """Cartons to receive, of twenty lines each: announced fifty at a time, most of them outside the measured work."""

    def __init__(self, stage: House, number: int) -> None:
        self.stage, self.seller = stage, SellerSystem(stage.host, stage.port, stage.key)
        self.draw = random.Random(number)
        self.ready: list[tuple[str, list[str]]] = []
        for _ in range(8):
            self._book()

    def carton(self) -> tuple[str, list[str]]:
        """The label of the next carton, and its SKUs."""
        if not self.ready:
            self._book()
        return self.ready.pop()

    def _book(self) -> None:
        cartons = [
            {"number": place, "lines": [{"sku": sku(each), "quantity": 3}
                                        for each in self.draw.sample(range(self.stage.products), LINES_PER_BOOKING)]}
            for place in range(1, 51)
        ]  # fmt: skip
        body = {"warehouse": WAREHOUSE, "submit": True, "cartons": cartons}
        booked = self.seller.must_post("/api/v1/bookings", body)
        for carton in self.seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"]:
            lines = cartons[carton["number"] - 1]["lines"]
            self.ready.append((carton["barcode"], [line["sku"] for line in lines]))


def stock_page(stage: House, number: int) -> Callable[[], bool]:
    """A page of a hundred products with their five figures, page after page."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    cursor: list[str | None] = [None]

    def work() -> bool:
        following = f"&cursor={cursor[0]}" if cursor[0] else ""
        page = seller.get(f"/api/v1/stock?limit=100{following}")
        cursor[0] = page["next_cursor"]
        return len(page["data"]) > 0

    return work


def labels(stage: House, number: int) -> Callable[[], bool]:
    """A hundred product labels: asked for, rendered by the worker, stored, and their bundle seen to be ready."""
    seller = SellerSystem(stage.host, stage.port, stage.key)
    products = seller.get("/api/v1/products?limit=100")["data"]

    def work() -> bool:
        lines = [{"product_id": product["id"], "quantity": 1} for product in products]
        asked = seller.must_post("/api/v1/labels/products", {"warehouse": WAREHOUSE, "lines": lines})
        address = f"/api/v1/bundles/{asked['bundles'][0]}?documents=false"
        deadline = time.monotonic() + 60
        while (state := seller.get(address)["state"]) == "requested" and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return bool(state == "ready")

    return work


JOBS = [
    Job("order of 3 lines created and promised", 1, orders),
    Job("bin-to-bin move", 1, moves),
    Job("receiving a booking of 20 lines, lines", LINES_PER_BOOKING, receiving),
    Job("counting a booking of 20 lines one by one, lines", LINES_PER_BOOKING, counting),
    Job("stock page of 100 rows", 1, stock_page),
    Job("product labels in bundles of 100, labels", 100, labels),
]
