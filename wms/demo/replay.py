"""The play: pre-stock, orders in date order while the floor works, returns, audit."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from wms.demo import crew
from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.crew import Floor, Tally
from wms.demo.orderbook import OrderBook
from wms.demo.plan import Plan
from wms.demo.stage import PIN, WAREHOUSE, Stage

BULK_PRODUCTS = 200
BULK_ORDERS = 20
DRAIN_SECONDS = 120.0
QUIET = ("short", "shipped", "cancelled")


class Crew:
    """Threads that carry a fault of one of them to the end of the act."""

    def __init__(self, tally: Tally, stop: threading.Event) -> None:
        self.tally = tally
        self.stop = stop
        self.threads: list[threading.Thread] = []

    def send(self, work: Callable[..., None], *arguments: Any) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as fault:
                # Whatever it was, the other hands must stop too, and the demo must end with its name.
                self.tally.faults.append(f"{work.__name__}: {type(fault).__name__} {fault}")
                self.stop.set()
                if not isinstance(fault, DemoError):
                    raise

        thread = threading.Thread(target=run, name=work.__name__)
        self.threads.append(thread)
        thread.start()

    def wait(self) -> None:
        for thread in self.threads:
            thread.join()
        self.threads.clear()
        if self.tally.faults:
            raise SystemExit("the demo failed: " + "; ".join(self.tally.faults))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def replay(stage: Stage, book: OrderBook, tablets: int) -> dict[str, Any]:
    """Play the whole book; returns the counts that the demo prints."""
    plan, tally = Plan(book), Tally()
    seller = SellerSystem(stage.host, stage.port, stage.key)
    hands = [Tablet(stage.host, stage.port, badge, PIN, WAREHOUSE) for badge in stage.badges]
    _list_products(seller, plan)
    _stock(seller, plan, stage, hands, tablets, tally)
    _sell(seller, plan, stage, hands, tablets, tally)
    _return(seller, plan, stage, hands[-1], tally)
    _drain(stage)
    states = _states(seller)
    shipped = list(_orders(seller, "shipped"))
    units = sum(line["shipped"] for detail in shipped for line in detail["lines"])
    for line in (seller.line, *(hand.line for hand in hands)):
        line.close()
    say("auditing")
    return {
        "lines_read": book.lines_read, "lines_ordered": book.lines_ordered, "lines_returned": book.lines_returned,
        "lines_refused": book.lines_refused, "refused": book.refused_by_reason, "orders_in": len(book.orders),
        "orders_shipped": states.get("shipped", 0), "orders_short": states.get("short", 0), "units_shipped": units,
        "units_verified": dict(sorted(tally.verified.items())), "parcels": tally.parcels,
        "labels_verified": tally.labels_verified, "returns": tally.returns, "units_returned": tally.units_returned,
        "ledger_drift": stage.audit_violations(), "lost_jobs": stage.lost_jobs(),
    }  # fmt: skip


def _list_products(seller: SellerSystem, plan: Plan) -> None:
    products = plan.products()
    for first in range(0, len(products), BULK_PRODUCTS):
        answer = seller.must_post("/api/v1/products/bulk", {"items": products[first : first + BULK_PRODUCTS]})
        _all_made(answer, "product")
    say(f"{len(products)} products listed")


def _all_made(answer: dict[str, Any], what: str) -> None:
    for result in answer["results"]:
        if result["status"] >= 300:
            raise SystemExit(f"a {what} was refused: {result['problem']}")


def _stock(seller: SellerSystem, plan: Plan, stage: Stage, hands: Sequence[Tablet], tablets: int, tally: Tally) -> None:
    """Book the pre-stock, receive every carton, put everything away."""
    arriving: queue.Queue[tuple[str, list[dict[str, Any]]]] = queue.Queue()
    counted: queue.Queue[str] = queue.Queue()
    bookings = 0
    for body in plan.bookings():
        booked = seller.must_post("/api/v1/bookings", body)
        bookings += 1
        for carton in seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"]:
            lines = body["cartons"][carton["number"] - 1]["lines"]
            arriving.put((carton["barcode"], lines))
            counted.put(carton["barcode"])
    say(f"{bookings} bookings with {arriving.qsize()} cartons announced")
    crew_ = Crew(tally, threading.Event())
    for tablet in hands[:tablets]:
        crew_.send(crew.receive, tablet, arriving)
    crew_.wait()
    say("received")
    for tablet in hands[:tablets]:
        crew_.send(crew.put_away, tablet, counted, stage.locations)
    crew_.wait()
    say("put away")


def _sell(seller: SellerSystem, plan: Plan, stage: Stage, hands: Sequence[Tablet], tablets: int, tally: Tally) -> None:
    """Orders come in by date while pickers, packers and the gate work."""
    floor = Floor(queue.Queue(), queue.Queue(), queue.Queue(), threading.Event(), threading.Event())
    for tote in stage.totes:
        floor.free_totes.put(tote)
    crew_ = Crew(tally, floor.stop)
    pickers, packers, gate = hands[:tablets], hands[tablets : 3 * tablets], hands[3 * tablets]
    for tablet in pickers:
        crew_.send(crew.pick, tablet, floor)
    for tablet in packers[:tablets]:
        crew_.send(crew.pack, tablet, floor, plan, tally)
    crew_.send(crew.hand_over, gate, floor, tally)
    crew_.send(_close_shop, seller, plan, floor)
    crew_.wait()
    say(f"{tally.parcels} parcels handed over")


def _close_shop(seller: SellerSystem, plan: Plan, floor: Floor) -> None:
    """Send all orders, then wait until everything that can leave has left."""
    orders = [body for _, body in plan.orders()]
    for first in range(0, len(orders), BULK_ORDERS):
        if floor.stop.is_set():
            return
        answer = seller.must_post("/api/v1/orders/bulk", {"orders": orders[first : first + BULK_ORDERS]})
        _all_made(answer, "order")
    say(f"{len(orders)} orders sent")
    while not floor.stop.is_set():
        states = _states(seller)
        if all(state in QUIET for state in states):
            floor.orders_in.set()
            floor.stop.set()
            return
        time.sleep(1.0)


def _states(seller: SellerSystem) -> dict[str, int]:
    """How many orders are in which state, as the seller sees it."""
    found: dict[str, int] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = seller.get(f"/api/v1/orders?limit=200{f'&cursor={cursor}' if cursor else ''}")
        for row in page["data"]:
            found[row["state"]] = found.get(row["state"], 0) + 1
        cursor = page["next_cursor"]
    return found


def _orders(seller: SellerSystem, state: str) -> list[dict[str, Any]]:
    """The full record of every order in a state."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = seller.get(f"/api/v1/orders?limit=200&state={state}{f'&cursor={cursor}' if cursor else ''}")
        found += [seller.get(f"/api/v1/orders/{row['id']}") for row in page["data"]]
        cursor = page["next_cursor"]
    return found


def _return(seller: SellerSystem, plan: Plan, stage: Stage, desk: Tablet, tally: Tally) -> None:
    """Announced returns of shipped orders come back to the desk."""
    bins = [barcode for code, barcode in sorted(stage.locations.items()) if code.startswith("A-")]
    for number, (each, invoice, lines) in enumerate(plan.returns()):
        body = {"order": invoice, "reference": f"{each.reference}-{invoice}"[:50], "reason": "other", "lines": lines}
        status, answer = seller.post("/api/v1/returns", body)
        if status == 409 and answer["code"] == "order_not_shipped":
            continue  # its sale is still short: nothing can come back yet
        if status != 201:
            raise SystemExit(f"a return was refused: {status} {answer}")
        crew.take_back(desk, answer["number"], lines, bins[number % len(bins)], tally)
    say(f"{tally.returns} returns taken back")


def _drain(stage: Stage) -> None:
    """Let the worker finish what was written."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while stage.open_jobs() and time.monotonic() < deadline:
        time.sleep(0.5)
