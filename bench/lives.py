"""Whole lives at the floor's own pace: an order of two lines and three units comes in, is waved, picked, packed, labelled
and handed over, every scan a request of its own; and fifty tablets that scan every two seconds each.
"""

from __future__ import annotations

import queue
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pypdfium2
import zxingcpp

from bench.house import House, processor_seconds, quantile, served, server_times
from bench.jobs import CONSIGNEE, bin_of, bins_of, sku
from wms.core.ids import new_id
from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.stage import PIN, WAREHOUSE

QUANTITIES = (2, 1)
READ_BACK_EVERY = 10  # labels; reading one takes the client as long as a scan takes the house
WAIT_SECONDS = 60.0
DPI = 203.2  # 8 dots a millimetre, as printers call 203
SCANS = "/floor/v1/scans"


class TimedTablet(Tablet):
    """A tablet that remembers how long each scan took (s)."""

    def __init__(self, *arguments: Any) -> None:
        self.times: list[float] = []
        super().__init__(*arguments)

    def scan(self, raw: str, **extra: Any) -> dict[str, Any]:
        began = time.perf_counter()
        answer = super().scan(raw, **extra)
        self.times.append(time.perf_counter() - began)
        return answer


def must(answer: dict[str, Any], what: str) -> None:
    if not answer["ok"]:
        raise DemoError(f"{what}: {answer['feedback']}")


class Hand:
    """One pair of hands that takes orders through the whole house. `walks()` yields after each scan."""

    def __init__(self, house: House, number: int, totes: queue.Queue[str], orders: int) -> None:
        self.house, self.number, self.totes, self.orders = house, number, totes, orders
        self.seller = SellerSystem(house.host, house.port, house.key)
        self.tablet = TimedTablet(house.host, house.port, house.badges[number], PIN, WAREHOUSE)
        self.draw, self.items = random.Random(number), list(range(house.products))
        self.filled: list[str] = []
        self.ended: list[float] = []  # when a parcel was on the load
        self.posted = self.printed = self.read_back = self.waited = 0

    def walks(self) -> Iterator[None]:
        """Orders sent, then one walk: picked, packed, handed over. No walk when other hands have taken the orders."""
        for _ in range(self.orders):
            self._order()
        yield from self._pick()
        numbers: list[str] = []
        if self.filled:
            self.tablet.start("pack")
        while self.filled:
            tote = self.filled.pop()
            yield from self._pack(tote, numbers)
            self.totes.put(tote)
        if numbers:
            self.tablet.start("handover")
        for number in numbers:
            must(self.tablet.scan(number), "handing over")
            self.ended.append(time.perf_counter())
            yield

    def _order(self) -> None:
        items = self.draw.sample(self.items, len(QUANTITIES))
        lines = [{"sku": sku(item), "quantity": units} for item, units in zip(items, QUANTITIES, strict=True)]
        body = {"reference": f"L-{new_id().hex[-16:]}", "warehouse": WAREHOUSE, "service": "HOUSE-STD",
                "consignee": CONSIGNEE, "lines": lines}  # fmt: skip
        made = self.seller.must_post("/api/v1/orders", body)
        if made["state"] != "promised":
            raise DemoError(f"the order is {made['state']}")
        self.posted += 1

    def _pick(self) -> Iterator[None]:
        tablet = self.tablet
        tablet.start("pick")
        while True:
            state, data = tablet.task["state"], tablet.task["data"]
            if state == "begin":
                if self.filled:
                    return
                answer = tablet.scan("CMD-OK")
                yield
                if not answer["ok"]:
                    if answer["feedback"]["code"] == "no_work":
                        return
                    raise DemoError(f"beginning a walk: {answer['feedback']}")
            elif state == "scan_tote":
                self.filled.append(self.totes.get(timeout=WAIT_SECONDS))
                must(tablet.scan(self.filled[-1]), "binding a tote")
                yield
            else:
                raw = data["location_barcode"] if state == "scan_location" else f"X{data['sku']}"
                must(tablet.scan(raw), f"picking {data['sku']}")
                yield

    def _pack(self, tote: str, numbers: list[str]) -> Iterator[None]:
        tablet = self.tablet
        must(tablet.scan(tote), "opening the tote")
        yield
        for line in tablet.task["data"]["lines"]:
            for _ in range(line["quantity"]):
                must(tablet.scan(f"X{line['sku']}"), "checking")
                yield
        weight = tablet.task["data"]["expected_g"]
        deadline = time.monotonic() + WAIT_SECONDS
        while not (answer := tablet.scan("CMD-OK", weight_g=weight))["ok"]:
            if answer["feedback"]["code"] != "waybill_not_ready" or time.monotonic() > deadline:
                raise DemoError(f"weighing: {answer['feedback']}")
            self._wait()
            yield
        yield
        number = self._label(deadline)
        must(tablet.scan(number), "closing")
        numbers.append(number)
        yield

    def _label(self, deadline: float) -> str:
        """Its waybill printed at the bench; of every so manieth its number read from the printed page."""
        while not self.tablet.task["data"]["document_ready"]:
            if time.monotonic() > deadline:
                raise DemoError("no waybill")
            self._wait()
            self.tablet.start("pack")
        data = self.tablet.task["data"]
        number, page = str(data["tracking_number"]), self.tablet.print_label(data["document_id"])
        self.printed += 1
        if self.printed % READ_BACK_EVERY == 1:
            image = pypdfium2.PdfDocument(page)[0].render(scale=DPI / 72, grayscale=True).to_pil()
            read = {code.text for code in zxingcpp.read_barcodes(image)}
            if number not in read:
                raise DemoError(f"the waybill reads {sorted(read)}, not {number}")
            self.read_back += 1
        return number

    def _wait(self) -> None:
        self.waited += 1
        time.sleep(0.05)


def moving(house: House, tablet: TimedTablet, draw: random.Random) -> Iterator[None]:
    """A unit from bin to bin: source, item, target."""
    if tablet.task.get("kind") != "move":
        tablet.start("move")
    bins, item = bins_of(house), draw.randrange(house.products)
    source = bin_of(item, bins)
    target = bins[(bins.index(source) + draw.randrange(1, len(bins))) % len(bins)]
    for raw, extra in ((source, {}), (f"X{sku(item)}", {"quantity": 1}), (target, {})):
        must(tablet.scan(raw, **extra), "moving")
        yield


def totes_of(house: House) -> queue.Queue[str]:
    free: queue.Queue[str] = queue.Queue()
    for tote in house.totes:
        free.put(tote)
    return free


def lives(house: House, seconds: float, orders: int, clients: int = 8) -> dict[str, Any]:
    """Lives a second. The house begins without an order: all of a counted life is inside the measured time. A walk
    that was begun is finished, uncounted, so that nothing is left on a cart.
    """
    totes = totes_of(house)
    hands = [Hand(house, number, totes, orders) for number in range(clients)]
    faults: list[str] = []
    spent = processor_seconds(house)
    before, began = server_times(house), time.perf_counter()
    deadline = began + seconds

    def work(hand: Hand) -> None:
        try:
            while time.perf_counter() < deadline:
                for _ in hand.walks():
                    pass
        except (DemoError, queue.Empty) as fault:
            faults.append(str(fault))

    together([partial(work, hand) for hand in hands])
    ended = sorted(moment for hand in hands for moment in hand.ended)
    counted = [moment for moment in ended if moment <= deadline]
    times = sorted(each for hand in hands for each in hand.tablet.times)
    now = processor_seconds(house)
    return {
        "name": f"whole life, orders sent {orders} at a time", "clients": clients, "lives": len(counted),
        "rate": round(len(counted) / seconds, 2), "goal": 12, "errors": len(faults), "faults": faults[:3],
        "scans_a_life": round(len(times) / max(1, len(ended)), 2), "labels_read_back": sum(h.read_back for h in hands),
        "waits_for_labels": sum(h.waited for h in hands), "scan_p50": quantile(times, 0.5),
        "scan_p95": quantile(times, 0.95), "server": served(before, server_times(house), SCANS),
        "cpu_ms": {who: round((now[who] - spent[who]) / max(1, len(ended)) * 1000, 1) for who in now},
    }  # fmt: skip


@dataclass
class Paced:
    """A tablet whose scans come at their times. `next_walk` makes its next piece of work, a generator of scans."""

    tablet: TimedTablet
    next_walk: Callable[[], Iterator[None]]
    due: float
    every: float
    late: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    walk: Iterator[None] = field(default_factory=lambda: iter(()))

    def work(self, deadline: float) -> None:
        """Scan when it is due, or at once when it is late, until the deadline."""
        try:
            while max(self.due, now := time.perf_counter()) < deadline:
                time.sleep(max(0.0, self.due - now))
                self.late.append(max(0.0, now - self.due))
                self.due += self.every
                if next(self.walk, self) is self:  # that piece of work is done
                    self.walk = self.next_walk()
                    next(self.walk)
        except (DemoError, queue.Empty) as fault:
            self.faults.append(str(fault))

    def finish(self) -> None:
        """What was begun, uncounted, so that nothing is left on a cart."""
        try:
            for _ in self.walk:
                pass
        except (DemoError, queue.Empty) as fault:
            self.faults.append(str(fault))


def tablets(house: House, seconds: float, count: int = 50, every: float = 2.0) -> dict[str, Any]:
    """`count` tablets with a scan every `every` seconds each: three of five take orders through the house, one after the
    other, the others move goods. The calls between the scans (the order, the start of a screen, the print) come on top.
    """
    totes = totes_of(house)
    hands = [Hand(house, number, totes, 1) for number in range(count * 3 // 5)]
    players = [Paced(hand.tablet, hand.walks, 0.0, every) for hand in hands]
    for badge in house.badges[len(hands) : count]:
        mover, draw = TimedTablet(house.host, house.port, badge, PIN, WAREHOUSE), random.Random(badge)
        players.append(Paced(mover, partial(moving, house, mover, draw), 0.0, every))
    before, spent, began = server_times(house), processor_seconds(house), time.perf_counter()
    for number, player in enumerate(players):
        player.due = began + every * number / count
    together([partial(player.work, began + seconds) for player in players])
    elapsed, after, used = time.perf_counter() - began, server_times(house), processor_seconds(house)
    times = sorted(each for player in players for each in player.tablet.times)
    lives = sum(len(hand.ended) for hand in hands)
    together([player.finish for player in players])
    faults = [fault for player in players for fault in player.faults]
    return {
        "name": f"{count} tablets, a scan every {every:g} s each", "clients": count, "scans": len(times),
        "rate": round(len(times) / elapsed, 1), "errors": len(faults), "faults": faults[:3],
        "server": served(before, after, SCANS), "goal_p95_ms": 100,
        "client_p50": quantile(times, 0.5), "client_p95": quantile(times, 0.95), "client_p99": quantile(times, 0.99),
        "late_p95": quantile(sorted(late for player in players for late in player.late), 0.95), "lives": lives,
        "busy": {who: round((used[who] - spent[who]) / elapsed, 2) for who in used},
    }  # fmt: skip


def together(work: list[Callable[[], None]]) -> None:
    """Each in a thread of its own, to the end of all. What one of them raises is raised: fewer clients measure something else."""
    with ThreadPoolExecutor(len(work)) as pool:
        for each in [pool.submit(each) for each in work]:
            each.result()
