"""`python -m bench.memory`: whether the web's and the workers' processes grow over very many requests.

Four clients send a mix of everything: orders, moves, receiving, lists, pages, searches, refusals, labels made by the
worker. At each tenth of the requests, counted by the server, the resident memory of every process is read; the slope is
a straight line through the readings of the second half (kB a thousand requests), when caches and pools are full.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import psutil

from bench import jobs
from bench.house import House, machine_of, processes, running_house, server_times
from bench.jobs import sku
from bench.lives import Hand, together, totes_of
from bench.telling import tell
from wms.core.ids import new_id
from wms.demo.client import DemoError, Line, SellerSystem
from wms.demo.stage import WAREHOUSE
from wms.seed import PEOPLE

READINGS = 10
FIRST = 0.5  # readings before this share belong to the warming up
PAGES = {
    "acme@demo": ("/", "/portal/orders", "/portal/stock", "/portal/search?q=BENCH-00", "/portal/products", "/portal/bookings"),
    "supervisor@demo": ("/office/", "/office/orders", "/office/waves", "/office/stock", "/office/bins", "/office/exceptions"),
}  # fmt: skip


class Browser:
    """A person with a login, who looks at pages."""

    def __init__(self, house: House, login: str) -> None:
        self.line = Line(house.host, house.port)
        person = next(each for each in PEOPLE if each.login == login)
        form = urllib.parse.urlencode({"login": login, "password": person.password, "next": "/"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, answered, content = self.line.send("POST", "/login", form, headers)
        if status not in (302, 303) or "Set-Cookie" not in answered:
            raise DemoError(f"no login: {status} {content[:200]!r}")
        self.line.headers["Cookie"] = answered["Set-Cookie"].split(";")[0]

    def look(self, path: str) -> None:
        status, _, content = self.line.send("GET", path, None, {})
        if status not in (200, 302):  # a search that finds one kind of thing leads there
            raise DemoError(f"GET {path}: {status} {content[:200]!r}")


class Client:
    """One thread's mix. `round()` is a hundred-odd requests."""

    def __init__(self, house: House, number: int, totes: Any) -> None:
        self.house, self.draw = house, random.Random(number)
        self.seller = SellerSystem(house.host, house.port, house.key)
        self.browsers = {login: Browser(house, login) for login in PAGES}
        self.hand = Hand(house, number, totes, 4)
        # Tablets of other badges: a badge has one task of each kind, and the hand's must not be taken from it.
        self.floor = [jobs.moves(house, number + 4), jobs.receiving(house, number + 8)]
        self.number = count()

    def round(self) -> None:
        for work in self._works():
            work()

    def _works(self) -> Iterator[Callable[[], object]]:
        seller, n = self.seller, next(self.number)
        yield from [self._order] * 12
        yield from [*[self.floor[0]] * 8, self.floor[1]]
        for path in ("stock?limit=100", "orders?limit=50", "orders?limit=50&state=promised", "products?limit=100"):
            yield from [partial(seller.get, f"/api/v1/{path}")] * 3
        yield self._details
        yield self._wrong
        for login, paths in PAGES.items():
            yield from (partial(self.browsers[login].look, path) for path in paths)
        yield self._walk
        if n % 4 == 0:
            yield self._labels

    def _order(self, **more: Any) -> None:
        lines = [{"sku": sku(each), "quantity": 1} for each in self.draw.sample(range(self.house.products), 3)]
        body = {"reference": f"M-{new_id().hex[-16:]}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                "consignee": jobs.CONSIGNEE, "lines": lines, **more}  # fmt: skip
        status, answer = self.seller.post("/api/v1/orders", body)
        if status != 201 or answer["state"] != "promised":
            raise DemoError(f"an order: {status} {answer}")

    def _details(self) -> None:
        for row in self.seller.get("/api/v1/orders?limit=5")["data"]:
            self.seller.get(f"/api/v1/orders/{row['id']}")

    def _wrong(self) -> None:
        """What people do: a misspelt SKU, an unknown order, a barcode of nothing."""
        body = {"reference": new_id().hex, "warehouse": WAREHOUSE, "service": "HOUSE-STD", "consignee": jobs.CONSIGNEE,
                "lines": [{"sku": f"NO-{new_id().hex[:8]}", "quantity": 1}]}  # fmt: skip
        for path, wrong in (("/api/v1/orders", body), ("/api/v1/orders", {"lines": "none"})):
            status, answer = self.seller.post(path, wrong)
            if status not in (409, 422):
                raise DemoError(f"a wrong order: {status} {answer}")

    def _walk(self) -> None:
        for _ in self.hand.walks():
            pass

    def _labels(self) -> None:
        products = self.seller.get("/api/v1/products?limit=100")["data"][:100]
        lines = [{"product_id": product["id"], "quantity": 1} for product in products]
        asked = self.seller.must_post("/api/v1/labels/products", {"warehouse": WAREHOUSE, "lines": lines})
        address = f"/api/v1/bundles/{asked['bundles'][0]}"
        deadline = time.monotonic() + 60
        while self.seller.get(address)["state"] != "ready":
            if time.monotonic() > deadline:
                raise DemoError("a bundle was not ready in time")
            time.sleep(0.05)


def requests_served(house: House) -> int:
    return int(sum(sum(values[:-1]) for values in server_times(house).values()))


def resident(house: House) -> dict[tuple[str, int], int]:
    """Resident memory (kB) of what lives as long as the house: web workers, worker, sweeper; not a job's own process."""
    found = {}
    lasting = [(who, each) for who, each in processes(house) if who != "postgres"]
    pids = {each.pid for _, each in lasting}
    for who, process in lasting:
        try:
            if who == "jobs" and process.ppid() in pids:
                continue  # a work-horse
            if who == "web" and process.ppid() not in pids:
                continue  # gunicorn's arbiter serves nobody
            role = "sweeper" if "sweep" in process.cmdline() else "worker" if who == "jobs" else who
            found[role, process.pid] = process.memory_info().rss // 1024
        except psutil.Error:
            continue
    return found


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line with the least squares."""
    middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    spread = sum((x - middle[0]) ** 2 for x, _ in points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread if spread else 0.0


def memory(house: House, requests: int, clients: int = 4) -> Iterator[dict[str, Any]]:
    """A line for each tenth, then one for each process, and what went wrong."""
    totes = totes_of(house)
    workers = [Client(house, number, totes) for number in range(clients)]
    first, stop = requests_served(house), threading.Event()
    faults: list[str] = []

    def work(client: Client) -> None:
        while not stop.is_set():
            try:
                client.round()
            except DemoError as fault:
                faults.append(str(fault))
                if len(faults) > 100:
                    stop.set()

    driving = threading.Thread(target=together, args=([partial(work, client) for client in workers],))
    driving.start()
    readings: list[tuple[int, dict[tuple[str, int], int]]] = []
    try:
        for tenth in range(1, READINGS + 1):
            while (served := requests_served(house) - first) < requests * tenth / READINGS and not stop.is_set():
                time.sleep(0.2)
            readings.append((served, resident(house)))
            yield {"name": "memory", "requests": served, "errors": len(faults),
                   "kB": {f"{role} {pid}": size for (role, pid), size in readings[-1][1].items()}}  # fmt: skip
    finally:
        stop.set()
        driving.join()
    for who in readings[-1][1]:
        points = [(served / 1000, float(sizes[who])) for served, sizes in readings if who in sizes]
        kept = [point for point in points if point[0] * 1000 >= requests * FIRST]
        yield {"name": f"memory of {who[0]} {who[1]}", "readings": len(points),
               "kB_per_1000_requests": round(slope(kept), 2), "first_kB": points[0][1], "half_kB": kept[0][1],
               "last_kB": points[-1][1]}  # fmt: skip
    yield {"name": "memory, faults", "errors": len(faults), "faults": sorted(set(faults))[:5]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.memory")
    parser.add_argument("--requests", type=int, default=200_000)
    chosen = parser.parse_args()
    with running_house() as house:
        tell(machine_of(house))
        jobs.prepare(house)
        for line in memory(house, chosen.requests):
            tell(line)
        tell({"name": "books", "violations": (wrong := house.audit_violations())})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
