"""The eight who work while things break: two shops, a dock, a mover, a picker, a packer, a gate, a label clerk.

On the floor they do what their screens tell them (`wms.demo.crew`); nothing here knows that faults exist.
"""

from __future__ import annotations

import copy
import itertools
import json
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pypdfium2

from tests.faults.book import Book
from tests.faults.line import Gate, PatientLine
from wms.demo import crew, gates
from wms.demo.client import SellerSystem, Tablet
from wms.demo.crew import Floor, Tally, barcode_of
from wms.demo.stage import PIN, WAREHOUSE, Stage

SKUS = [f"GOODS-{number}" for number in range(1, 9)]
MOVED = "GOODS-MOVED"
UNIT_G = 20
CARTON_G = 60
STOCK_UNITS = 4_000
MOVED_UNITS = 60
MOST_OPEN_ORDERS = 15  # the shops wait for the floor beyond this
PAUSE_SECONDS = 0.1  # of every client between two pieces of work
LABELS = 6
LABEL_PATIENCE_SECONDS = 900.0
ONE_BY_ONE = 1_000  # parcels: no bags here


class Shop(SellerSystem):
    """A seller's system whose line is patient and whose exchanges are in the book."""

    def __init__(self, line: PatientLine, key: str) -> None:
        super().__init__(line.host, line.port, key)
        line.headers |= self.line.headers
        self.line = line


class PatientTablet(Tablet):
    """The demo's tablet on a patient line."""

    def __init__(self, line: PatientLine, badge: str) -> None:
        self.line = line
        self.warehouse = WAREHOUSE
        self.sequence = 0
        self.task: dict[str, Any] = {}
        self._sign_in(badge, PIN)

    def scan_body(self, raw: str, **extra: Any) -> dict[str, Any]:
        """A scan of the step on the screen, ready to be sent."""
        return self._scan(raw, extra) | {"step_token": self.task["step_token"]}

    def send_scan(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": body["scan_id"]}
        status, _, content = self.line.send("POST", "/floor/v1/scans", json.dumps(body).encode(), headers)
        return status, json.loads(content)


class Weights:
    """What the packer's scale shows."""

    def weight_of(self, lines: list[Mapping[str, Any]], carton_g: int = CARTON_G) -> int:
        return carton_g + sum(UNIT_G * line["quantity"] for line in lines)


@dataclass
class Head:
    """What the clients know of their own work, beside what the wire told them."""

    orders: dict[str, Counter[str]] = field(default_factory=dict)  # reference → units by SKU, as answered
    bundles: dict[str, int] = field(default_factory=dict)  # bundle id → labels asked for
    moved: Counter[str] = field(default_factory=Counter)  # bin → units of MOVED
    tally: Tally = field(default_factory=Tally)
    faults: list[str] = field(default_factory=list)


class Crew:
    """The eight, each a thread of its own. `close` ends them when everything sold has left."""

    def __init__(self, port: int, stage: Stage, book: Book, gate: Gate) -> None:
        self.port, self.stage, self.book, self.gate = port, stage, book, gate
        self.head = Head()
        self.floor = Floor(queue.Queue(), queue.Queue(), queue.Queue(), threading.Event(), threading.Event())
        for tote in stage.totes:
            self.floor.free_totes.put(tote)
        self.sold_out = threading.Event()
        self.threads: list[threading.Thread] = []
        self.references = itertools.count(1)
        self.badges = iter(stage.badges)
        self.lines: list[PatientLine] = []

    def tablet(self, name: str) -> PatientTablet:
        return PatientTablet(self._line(name), next(self.badges))

    def twins(self, name: str, number: int) -> list[PatientTablet]:
        """Devices of one person in one login: a second badge scan would end the first."""
        first = PatientTablet(self._line(f"{name}-1"), next(self.badges))
        found = [first]
        for each in range(2, number + 1):
            twin = copy.copy(first)
            twin.line = self._line(f"{name}-{each}")
            twin.line.headers |= first.line.headers
            found.append(twin)
        return found

    def shop(self, name: str) -> Shop:
        return Shop(self._line(name), self.stage.key)

    def _line(self, name: str) -> PatientLine:
        self.lines.append(PatientLine("127.0.0.1", self.port, {}, None, name, self.book, self.gate))
        return self.lines[-1]

    def set_up(self) -> None:
        """Products, and goods to sell and to move, by the same ways as everything after."""
        shop, tablet = self.shop("set-up"), self.tablet("set-up")
        for sku in [*SKUS, MOVED]:
            shop.must_post("/api/v1/products", product(sku))
        self._stock(shop, tablet, dict.fromkeys(SKUS, STOCK_UNITS))
        self.product_ids = [row["id"] for row in shop.get("/api/v1/products?limit=200")["data"] if row["sku"] in SKUS]
        carton = self._receive_carton(shop, tablet, {MOVED: MOVED_UNITS})
        tablet.start("putaway")
        crew.expect(tablet.scan(carton), "opening")
        crew.expect(tablet.scan(barcode_of(MOVED), quantity=MOVED_UNITS), "taking")
        home = tablet.task["data"]["location"]
        crew.expect(tablet.scan(self.stage.locations[home]), f"putting into {home}")
        self.head.moved[home] = MOVED_UNITS

    def start(self) -> None:
        work: dict[str, Callable[[str], None]] = {
            "shop-1": self._sell, "shop-2": self._sell, "dock": self._receive, "mover": self._move, "picker": self._pick,
            "packer": self._pack, "gate": self._hand_over, "labels": self._print,
        }  # fmt: skip
        for name, what in work.items():
            thread = threading.Thread(target=self._run, args=(name, what), name=name, daemon=True)
            self.threads.append(thread)
            thread.start()

    @property
    def names(self) -> list[str]:
        return [thread.name for thread in self.threads]

    def _run(self, name: str, work: Callable[[str], None]) -> None:
        try:
            work(name)
        except BaseException as fault:  # noqa: BLE001 - whatever it was, the verdict tells it
            self.head.faults.append(f"{name}: {type(fault).__name__}: {fault}")

    def close(self, seconds: float) -> None:
        """No more orders; wait until all that were taken have left."""
        self.sold_out.set()
        deadline = time.monotonic() + seconds
        while self.open_orders() and time.monotonic() < deadline and not self.head.faults:
            time.sleep(0.1)
        self.floor.orders_in.set()
        self.floor.stop.set()
        for thread in self.threads:
            thread.join(30)

    def hang_up(self) -> None:
        for line in self.lines:
            line.close()

    def open_orders(self) -> int:
        return len(self.head.orders) - self.head.tally.parcels

    def _sell(self, name: str) -> None:
        shop, dice = self.shop(name), random.Random(name)
        while not self.sold_out.is_set():
            time.sleep(PAUSE_SECONDS)
            if self.open_orders() > MOST_OPEN_ORDERS:
                shop.get("/api/v1/stock?limit=100")
                continue
            units = Counter(dice.choices(SKUS, k=dice.randint(1, 4)))
            reference = f"{name}-{next(self.references)}"
            made = shop.must_post("/api/v1/orders", order(reference, units))
            self.head.orders[reference] = units
            seen = shop.get(f"/api/v1/orders/{made['id']}")
            assert seen["reference"] == reference

    def _receive(self, name: str) -> None:
        shop, tablet, dice = self.shop(name), self.tablet(name), random.Random(name)
        while not self.sold_out.is_set():
            time.sleep(PAUSE_SECONDS)
            self._stock(shop, tablet, {sku: dice.randint(1, 30) for sku in dice.sample(SKUS, 2)})

    def _stock(self, shop: Shop, tablet: PatientTablet, units: dict[str, int]) -> None:
        """One carton: booked, received, put away."""
        counted: queue.Queue[str] = queue.Queue()
        counted.put(self._receive_carton(shop, tablet, units))
        crew.put_away(tablet, counted, self.stage.locations)

    def announce(self, shop: Shop, units: dict[str, int]) -> tuple[str, list[dict[str, Any]]]:
        """A booked carton: its barcode, and what is in it."""
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()]
        body = {
            "reference": f"PRE-{next(self.references)}", "warehouse": WAREHOUSE, "transport": "sea", "submit": True,
            "cartons": [{"number": 1, "lines": lines}],
        }  # fmt: skip
        booked = shop.must_post("/api/v1/bookings", body)
        (carton,) = shop.get(f"/api/v1/bookings/{booked['id']}")["cartons"]
        return carton["barcode"], lines

    def _receive_carton(self, shop: Shop, tablet: PatientTablet, units: dict[str, int]) -> str:
        """Booked and received; the carton's barcode."""
        arriving: queue.Queue[tuple[str, list[dict[str, Any]]]] = queue.Queue()
        barcode, lines = self.announce(shop, units)
        arriving.put((barcode, lines))
        crew.receive(tablet, arriving)
        return barcode

    def _move(self, name: str) -> None:
        """Some units of one product between two bins, scan by scan."""
        tablet, dice = self.tablet(name), random.Random(name)
        home = next(iter(self.head.moved))
        other = next(code for code in sorted(self.stage.locations, reverse=True) if code.startswith("A-"))
        tablet.start("move")
        while not self.sold_out.is_set():
            time.sleep(PAUSE_SECONDS)
            source = home if self.head.moved[home] >= self.head.moved[other] else other
            target, quantity = other if source == home else home, dice.randint(1, 5)
            crew.expect(tablet.scan(self.stage.locations[source]), f"opening {source}")
            crew.expect(tablet.scan(barcode_of(MOVED), quantity=quantity), "taking")
            crew.expect(tablet.scan(self.stage.locations[target]), f"putting into {target}")
            self.head.moved.subtract({source: quantity})
            self.head.moved[target] += quantity

    def _pick(self, name: str) -> None:
        crew.pick(self.tablet(name), self.floor)

    def _pack(self, name: str) -> None:
        waits = LABEL_PATIENCE_SECONDS  # the lease of a dead worker is one of two minutes, as shipped
        crew.pack(self.tablet(name), self.floor, Weights(), self.head.tally, waits)  # type: ignore[arg-type]

    def _hand_over(self, name: str) -> None:
        gates.hand_over(self.tablet(name), self.floor, self.head.tally, ONE_BY_ONE)

    def _print(self, name: str) -> None:
        """Labels of products: asked for, waited for, fetched and counted."""
        shop, dice = self.shop(name), random.Random(name)
        while not self.sold_out.is_set():
            time.sleep(PAUSE_SECONDS)
            body = {
                "warehouse": WAREHOUSE, "lines": [{"product_id": dice.choice(self.product_ids), "quantity": LABELS}]
            }  # fmt: skip
            (bundle,) = shop.must_post("/api/v1/labels/products", body)["bundles"]
            self.head.bundles[bundle] = LABELS
            deadline = time.monotonic() + LABEL_PATIENCE_SECONDS
            while shop.get(f"/api/v1/bundles/{bundle}")["state"] != "ready":
                assert time.monotonic() < deadline, f"bundle {bundle} is not ready"
                time.sleep(PAUSE_SECONDS)
            _, _, content = shop.line.send("GET", f"/api/v1/bundles/{bundle}/pdf", None, {})
            assert len(pypdfium2.PdfDocument(content)) == LABELS


def product(sku: str) -> dict[str, Any]:
    return {
        "sku": sku, "name_en": sku, "name_zh": sku, "declared_weight_g": UNIT_G, "declared_length_mm": 20,
        "declared_width_mm": 20, "declared_height_mm": 20,
        "barcodes": [{"barcode": barcode_of(sku), "kind": "seller", "quantity": 1}],
    }  # fmt: skip


def order(reference: str, units: Mapping[str, int]) -> dict[str, Any]:
    return {
        "reference": reference, "warehouse": WAREHOUSE, "service": "HOUSE-STD",
        "consignee": {"name": "Anna Schmidt", "country": "DE", "city": "Berlin", "postcode": "10115",
                      "address1": "Invalidenstraße 117"},
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in units.items()],
    }  # fmt: skip
