"""The play: pre-stock, a count, orders in date order while the whole floor works, another count, returns, audit."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wms.demo import crew, figures, gates, kinds, stations, wholesale
from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.crew import Floor, Stower, Tally
from wms.demo.office import Office
from wms.demo.orderbook import OrderBook
from wms.demo.plan import Plan
from wms.demo.shelf import Shelf
from wms.demo.stage import PIN, WAREHOUSE, Stage

BULK_PRODUCTS = 200
BULK_ORDERS = 20
WAVE_ORDERS = 150  # the supervisor looks when so many, or half of all, have come since
MORNING_AISLE = "A-01"
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


@dataclass
class Show:
    """Everything the acts need: the set, the plan, who is there, and what they have done."""

    stage: Stage
    plan: Plan
    tablets: int
    tally: Tally = field(default_factory=Tally)
    shelf: Shelf = field(default_factory=Shelf)
    closed: list[tuple[str, str]] = field(default_factory=list)  # cartons that stay so: label and number

    def __post_init__(self) -> None:
        self.sellers: list[SellerSystem] = []
        self.seller = self.seller_again()
        self.office = Office(self.stage, self.seller)
        made = [Tablet(self.stage.host, self.stage.port, badge, PIN, WAREHOUSE) for badge in self.stage.badges]
        self.hands = made
        self.pickers, self.packers = made[: self.tablets], made[self.tablets : 2 * self.tablets]
        others = made[2 * self.tablets : 2 * self.tablets + 10]
        self.sorter, self.lane, self.gate, self.filler, *self.counters, self.desk = others[:7]
        self.clerk, self.returner, self.craftsman = others[7:]

    def floor(self) -> Floor:
        return Floor(
            queue.Queue(), queue.Queue(), queue.Queue(), threading.Event(), threading.Event(), is_planned=True,
            shelf=self.shelf, units=self.stage.units, slots=self.stage.slots,
        )  # fmt: skip

    def seller_again(self) -> SellerSystem:
        """The seller at another line: each is one thread's."""
        self.sellers.append(SellerSystem(self.stage.host, self.stage.port, self.stage.key))
        return self.sellers[-1]

    def close(self) -> None:
        for line in (self.office.line, *(each.line for each in self.sellers), *(hand.line for hand in self.hands)):
            line.close()


def replay(stage: Stage, book: OrderBook, tablets: int) -> dict[str, Any]:
    """Play the whole book; returns the counts that the demo prints."""
    show = Show(stage, Plan(book), tablets)
    seller, tally = show.seller, show.tally
    _list_products(seller, show.plan)
    show.office.set_faces(show.plan.faces(stage.faces))
    _stock(show)
    _count(show, lambda: show.office.count("zone", MORNING_AISLE))
    say("the morning's count is done")
    gone = _vanish(show)
    _sell(show)
    _send_whole(show)
    _receive_transfers(show)
    _count(show, lambda: _plan_evening(show))
    say("the evening's count is done")
    _return(show)
    _drain(stage)
    states = _states(seller)
    shipped = [each for each in _orders(seller, "shipped") if each["reference"] != wholesale.REFERENCE]
    units = sum(line["shipped"] for detail in shipped for line in detail["lines"])
    more = _figures(show, shipped) | {"units_vanished": gone, "bins_wrong": _bins_wrong(show)}
    show.close()
    say("auditing")
    return {
        "lines_read": book.lines_read, "lines_ordered": book.lines_ordered, "lines_returned": book.lines_returned,
        "lines_refused": book.lines_refused, "refused": book.refused_by_reason, "orders_in": len(book.orders),
        "orders_shipped": len(shipped), "orders_short": states.get("short", 0), "units_shipped": units,
        "units_verified": dict(sorted(tally.verified.items())), "parcels": tally.parcels,
        "labels_verified": tally.labels_verified, "returns": tally.returns, "units_returned": tally.units_returned,
        **more, "ledger_drift": stage.audit_violations(), "lost_jobs": stage.lost_jobs(),
    }  # fmt: skip


def _figures(show: Show, shipped: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the day cost: by hands, metres, cartons; and what went wrong in it."""
    tally, did = show.tally, show.tally.did
    walked, by_code = show.stage.metres(tally.walks)
    waves, as_they_came = show.stage.waves()
    singles = did["lane_orders"]
    seconds = figures.person_seconds(tally, walked, singles)
    items = {item.sku: item for item in show.plan.items.values()}
    orders = [[(line["shipped"], items[line["sku"]].side_mm, items[line["sku"]].weight_g)
               for line in detail["lines"] if line["shipped"]] for detail in shipped]  # fmt: skip
    packaging = show.seller.get(f"/api/v1/warehouses/{show.office.house}/packaging")["data"]
    return {
        "waves": waves, "walks": len(tally.walks), "orders_by_wall": did["wall_orders"], "orders_by_lane": singles,
        "orders_by_cart": len(shipped) + did["intercepted"] - singles - did["wall_orders"],
        "zone_walks": show.stage.zone_walks(),
        "pick_ups": did["pick_ups"], "fba_orders": sum(each["kind"] == kinds.FBA for each in shipped),
        "units_relabelled": did["units_relabelled"], "intercepted": did["intercepted"],
        "parcels_stopped": did["parcels_stopped"], "units_stopped": did["units_stopped"], "trucks": did["trucks"],
        "transfers": did["transfers"], "units_transferred": did["units_transferred"], "bags": did["bags"],
        "pallets": did["pallets"], "parcels_in_bags": did["parcels_in_bags"],
        "metres_walked": walked, "metres_bin_order": by_code, "metres_as_orders_came": as_they_came,
        **figures.cartons(orders, figures.sizes_of(packaging)),
        "person_hours": {work: round(each / 3_600, 2) for work, each in seconds.items()},
        "parcels_a_person_hour": figures.an_hour(tally.parcels, seconds),
        "products_with_lots": len(show.plan.luck.with_lots), "cartons_lost": did["cartons_lost"],
        "cartons_differing": did["cartons_differing"], "differences_settled": did["differences_settled"],
        "units_damaged": did["units_damaged"],
        **{name: did[name] for name in ("cartons_closed", "cartons_counted", "cartons_whole", "units_whole")},
        "picks_short": did["picks_short"], "bins_counted": did["bins_counted"],
        "bins_differing": did["bins_differing"], "faces_filled": did["faces_filled"],
        "units_replenished": did["units_replenished"],
    }  # fmt: skip


def _bins_wrong(show: Show) -> int:
    """In how many places of shelves and pick faces the book and the shelf differ."""
    book = show.stage.book()
    shelf = {key: units for key, units in show.shelf.as_book().items() if key[0] in show.stage.shelves}
    wrong = {
        key: (book.get(key, 0), shelf.get(key, 0)) for key in book.keys() | shelf if book.get(key) != shelf.get(key)
    }
    if wrong:
        say(f"the book and the shelf differ, (book, shelf): {wrong}")
    return len(wrong)


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


def _stock(show: Show) -> None:
    """Book the pre-stock, receive every carton as it is, settle what differs, put everything away."""
    arriving: queue.Queue[tuple[str, crew.Lines]] = queue.Queue()
    counted: queue.Queue[str] = queue.Queue()
    stower = Stower(show.shelf, apart=show.plan.luck.vanishing)
    lost: list[tuple[str, str]] = []
    bookings = 0
    for body, cartons in show.plan.bookings():
        booked = show.seller.must_post("/api/v1/bookings", body)
        bookings += 1
        for carton in show.seller.get(f"/api/v1/bookings/{booked['id']}")["cartons"]:
            real = cartons[carton["number"] - 1]
            if real.is_lost:
                lost.append((booked["id"], carton["id"]))
                continue
            arriving.put((carton["barcode"], real.inside))
            counted.put(carton["barcode"])
            if real.stays_closed:
                stower.closed.add(carton["barcode"])
                show.closed.append((carton["barcode"], f"{booked['number']}-{carton['number']}"))
            stower.lots |= {(carton["barcode"], line["sku"]): line["lot"] for line in real.inside if line["lot"]}
            spoiled = sum(line["quantity"] for line in real.inside if line["condition"] == "damaged")
            show.tally.add("units_damaged", spoiled)
    say(f"{bookings} bookings with {arriving.qsize() + len(lost)} cartons announced")
    crew_ = Crew(show.tally, threading.Event())
    for tablet in show.pickers:
        crew_.send(crew.receive, tablet, arriving, show.tally)
    crew_.wait()
    for booking, carton_id in lost:
        show.office.give_up(booking, carton_id)
        show.tally.add("cartons_lost")
    _settle_differences(show)
    say("received")
    for tablet in show.pickers:
        crew_.send(crew.put_away, tablet, counted, show.stage.locations, stower, show.tally)
    crew_.wait()
    say("put away")


def _settle_differences(show: Show) -> None:
    """The seller takes what came as it came."""
    path: str | None = "/api/v1/differences?state=open&limit=200"
    while path is not None:
        page = show.seller.get(path)
        for row in page["data"]:
            show.seller.must_post(f"/api/v1/differences/{row['id']}/decision", {"decision": "accept"})
            show.tally.add("differences_settled")
        path = "/api/v1/differences?state=open&limit=200" if page["next_cursor"] else None


def _vanish(show: Show) -> int:
    """A unit of some products is gone from each of their bins, and nobody noticed; how many."""
    gone = 0
    for sku in sorted(show.plan.luck.vanishing):
        for code in show.shelf.bins_of(sku):
            show.shelf.take(code, sku, 1)
            gone += 1
    return gone


def _count(show: Show, plan: Callable[[], bool]) -> None:
    """Count what is planned, twice where it differs, until every bin is decided on."""
    if not plan():
        return
    floor = show.floor()
    crew_ = Crew(show.tally, floor.stop)
    for tablet in show.counters:
        crew_.send(stations.count, tablet, floor, show.shelf, show.stage.locations, show.tally)
    while show.office.decide_counts() and not floor.stop.is_set():
        time.sleep(0.3)
    floor.stop.set()
    crew_.wait()


def _plan_evening(show: Show) -> bool:
    """The bins of products that somebody has doubts about, and of one that stands in closed cartons."""
    doubted = [*sorted(show.plan.luck.vanishing), wholesale.COUNTED]
    return bool([sku for sku in doubted if show.office.count("product", sku)])


def _sell(show: Show) -> None:
    """Orders come in by date while a supervisor plans waves, and pickers, packers and all others work."""
    stage, tally, floor = show.stage, show.tally, show.floor()
    for tote in stage.totes:
        floor.free_totes.put(tote)
    crew_ = Crew(tally, floor.stop)
    for tablet in show.pickers:
        crew_.send(crew.pick, tablet, floor, tally)
    for tablet in show.packers:
        crew_.send(crew.pack, tablet, floor, show.plan, tally)
    crew_.send(stations.sort, show.sorter, floor, tally)
    crew_.send(stations.single_pieces, show.lane, floor, tally)
    crew_.send(gates.hand_over, show.gate, floor, tally)
    crew_.send(gates.counter, show.clerk, floor, show.seller_again(), tally)
    crew_.send(gates.stop, show.returner, floor, show.seller_again(), show.shelf, stage.locations, tally)
    crew_.send(gates.relabel, show.craftsman, floor, tally)
    crew_.send(stations.replenish, show.filler, floor, show.shelf, stage.locations, tally)
    for tablet in show.counters:
        crew_.send(stations.count, tablet, floor, show.shelf, stage.locations, tally)
    crew_.send(_open_shop, show, floor)
    crew_.wait()
    did = tally.did
    say(f"{tally.parcels} parcels handed over, {did['parcels_in_bags']} of them in {did['bags']} bags and on pallets")
    say(
        f"{did['pick_ups']} orders fetched, {did['units_relabelled']} units relabelled, {did['intercepted']} stopped at the gate"
    )


def _send_whole(show: Show) -> None:
    """A shop orders one of the closed cartons: it is fetched from its bin by one scan, and leaves under its own label."""
    label, number = show.closed[0]
    show.seller.must_post("/api/v1/orders", wholesale.order(number))
    deadline, tablet = time.monotonic() + DRAIN_SECONDS, show.gate
    while not [each for each in tablet.start("whole")["data"]["wanted"] if each["code"] == number]:
        if time.monotonic() > deadline:
            raise SystemExit(f"nobody was sent for {number}")
        show.office.release_waves()
        time.sleep(0.3)
    answer = tablet.scan(label)
    while not answer["ok"] and crew.code_of(answer) == "waybill_not_ready" and time.monotonic() < deadline:
        time.sleep(0.3)
        answer = tablet.scan(label)
    if crew.code_of(crew.expect(answer, f"fetching {label}")) != "whole_packed":
        raise SystemExit(f"{label} does not go whole: {answer['feedback']}")
    tablet.start("handover")
    crew.expect(tablet.scan(label), f"handing over {label}")
    show.tally.add("units_whole", show.shelf.take_carton(label))
    show.tally.add("cartons_whole")
    say("a carton left as it came")


def _receive_transfers(show: Show) -> None:
    """The trucks leave, and what goes to the other house is received there under the waybills that it left with."""
    show.tally.add("trucks", show.office.trucks_leave())
    _drain(show.stage)
    stage = show.stage
    tablet = Tablet(stage.host, stage.port, stage.badges[0], PIN, kinds.OTHER_HOUSE)
    show.hands.append(tablet)
    came: queue.Queue[tuple[str, crew.Lines]] = queue.Queue()
    counted: queue.Queue[str] = queue.Queue()
    for detail in _orders(show.seller, "shipped"):
        if detail["kind"] != kinds.TRANSFER:
            continue
        show.tally.add("transfers")
        for parcel in detail["parcels"]:
            came.put((parcel["tracking_number"], [{**line, "lot": None} for line in parcel["contents"]]))
            counted.put(parcel["tracking_number"])
            show.tally.add("units_transferred", sum(line["quantity"] for line in parcel["contents"]))
    crew.receive(tablet, came)
    crew.put_away(tablet, counted, stage.elsewhere)
    say(f"{show.tally.did['transfers']} transfers received by {kinds.OTHER_HOUSE}")


def _open_shop(show: Show, floor: Floor) -> None:
    """Send all orders, supervise the floor meanwhile, and end when everything that can leave has left."""
    ways = show.plan.ways
    orders = [body for _, body in show.plan.orders()]
    at_once = max(1, min(WAVE_ORDERS, len(orders) // 2))
    bulk, sent, looked_at = min(BULK_ORDERS, at_once), 0, 0
    while not floor.stop.is_set():
        if sent < len(orders):
            answer = show.seller.must_post("/api/v1/orders/bulk", {"orders": orders[sent : sent + bulk]})
            _all_made(answer, "order")
            for body, result in zip(orders[sent : sent + bulk], answer["results"], strict=True):
                if body["reference"] in ways:
                    told = result["answer"]
                    floor.order_ids[told["number"]] = told["id"]
                    floor.ways[told["number"]] = ways[body["reference"]]
            sent += bulk
            if sent >= len(orders):
                say(f"{len(orders)} orders sent")
            elif sent - looked_at < at_once:
                continue
            looked_at = sent
        show.office.release_waves()
        show.office.fill_faces()
        while not floor.doubts.empty():
            show.office.count("bin", floor.doubts.get_nowait())
        to_count = show.office.decide_counts()
        if sent >= len(orders) and not to_count and _is_quiet(show):
            floor.orders_in.set()
            floor.stop.set()
            return
        time.sleep(0.5)


def _is_quiet(show: Show) -> bool:
    """Nothing is on its way any more, and no job could bring more."""
    if any(state not in QUIET for state in _states(show.seller)) or show.stage.open_jobs():
        return False
    return not show.stage.bins_in_doubt() and all(state in QUIET for state in _states(show.seller))


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


def _return(show: Show) -> None:
    """Announced returns of shipped orders come back to the desk."""
    bins = sorted(item for item in show.stage.locations.items() if item[0].startswith("A-"))
    for number, (each, invoice, lines) in enumerate(show.plan.returns()):
        body = {"order": invoice, "reference": f"{each.reference}-{invoice}"[:50], "reason": "other", "lines": lines}
        status, answer = show.seller.post("/api/v1/returns", body)
        if status == 409 and answer["code"] == "order_not_shipped":
            continue  # its sale is still short: nothing can come back yet
        if status != 201:
            raise SystemExit(f"a return was refused: {status} {answer}")
        begin = number % len(bins)
        crew.take_back(show.desk, answer["number"], lines, bins[begin:] + bins[:begin], show.tally, show.shelf)
    say(f"{show.tally.returns} returns taken back")


def _drain(stage: Stage) -> None:
    """Let the worker finish what was written."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while stage.open_jobs() and time.monotonic() < deadline:
        time.sleep(0.5)
