"""The demo's people: receivers, pickers, packers and a returns clerk, each a tablet of their own.

They do what their screen tells them, and nothing the floor cannot do.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import zxingcpp

from wms.demo import kinds
from wms.demo.client import DemoError, Tablet
from wms.demo.luck import APART_UNITS, Lot
from wms.demo.plan import CARTON_G, Plan
from wms.demo.shelf import Goods, Shelf

UNIT_SCANS_UP_TO = 12  # the warehouse's verification profile: more of a line may be keyed in
LABEL_WAIT_SECONDS = 60.0
PUTAWAY_TRIES = 20
# Why a bin does not take goods: another one does.
BIN_FULL = ("location_full", "location_other_product", "location_other_lot", "location_reserved", "location_kept")
# Answers to a scan of goods that were really taken; any other one leads on without them.
PICKED = ("item_picked", "stop_done", "walk_done")
DPI = 203.2  # 8 dots a millimetre, as printers call 203


@dataclass
class Tally:
    """What the crew did, counted by themselves. `walks`: the bins of each walk in the order they were gone to."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    verified: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    boxes: Counter[str] = field(default_factory=Counter)
    walks: list[list[str]] = field(default_factory=list)
    parcels: int = 0
    labels_verified: int = 0
    returns: int = 0
    units_returned: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, what: str, times: int = 1) -> None:
        with self.lock:
            self.did[what] += times


def barcode_of(sku: str) -> str:
    return f"X{sku}"


def expect(answer: dict[str, Any], what: str) -> dict[str, Any]:
    if not answer["ok"]:
        raise DemoError(f"{what}: {answer['feedback']}")
    return answer


def code_of(feedback: dict[str, Any]) -> str:
    return str(feedback["feedback"]["code"])


Lines = list[dict[str, Any]]


def receive(tablet: Tablet, cartons: queue.Queue[tuple[str, Lines]], tally: Tally | None = None) -> None:
    """Count every carton as it is: one scan a line with the quantity keyed in, what is damaged by itself, and close it."""
    tablet.start("receive")
    while True:
        try:
            barcode, lines = cartons.get_nowait()
        except queue.Empty:
            return
        if lines and all(line.get("condition") == "damaged" for line in lines):
            counted: list[tuple[str, dict[str, Any]]] = [("CMD-DAMAGE", {}), ("CMD-FULL", {})]
        else:
            counted = [scan for line in lines for scan in _counts(line)]
        for result in tablet.scan_many([(barcode, {}), *counted, ("CMD-OK", {})]):
            expect(result, f"receiving {barcode}")
        if tally is not None and code_of(result) == "carton_closed_difference":
            tally.add("cartons_differing")


def _counts(line: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    scan = (barcode_of(line["sku"]), {"quantity": line["quantity"], **printed(line.get("lot"))})
    return [("CMD-DAMAGE", {}), scan] if line.get("condition") == "damaged" else [scan]


def printed(lot: Lot | None) -> dict[str, Any]:
    """What is keyed in of what is printed on the goods."""
    return {"batch": lot.batch, "expires_on": lot.expires_on} if lot else {}


@dataclass
class Stower:
    """What somebody who puts away knows by looking, and where they note it. `apart`: products of which some units go to
    another bin, whatever is suggested.
    """

    shelf: Shelf = field(default_factory=Shelf)
    lots: dict[tuple[str, str], Lot] = field(default_factory=dict)  # (carton, SKU) → lot
    apart: frozenset[str] = frozenset()
    closed: set[str] = field(default_factory=set)  # cartons that are not opened

    def note(self, carton: str, line: dict[str, Any], units: int, code: str) -> None:
        inside = carton if carton in self.closed else None
        self.shelf.put(code, Goods(line["sku"], line["condition"], self.lots.get((carton, line["sku"])), inside), units)


def put_away(
    tablet: Tablet,
    cartons: queue.Queue[str],
    locations: dict[str, str],
    stower: Stower | None = None,
    tally: Tally | None = None,
) -> None:
    """Follow the suggestion for every line of every carton, and for every carton that stays closed."""
    stower = stower or Stower()
    tablet.start("putaway")
    while True:
        try:
            barcode = cartons.get_nowait()
        except queue.Empty:
            return
        expect(tablet.scan(barcode), f"putting away {barcode}")
        if barcode in stower.closed:
            lines = tablet.task["data"]["lines"]
            code = _stow_closed(tablet, barcode, locations)
            for line in lines:
                stower.note(barcode, line, line["quantity"], code)
            if tally is not None:
                tally.add("cartons_closed")
        while tablet.task["state"] == "scan_product":
            line = tablet.task["data"]["lines"][0]
            apart = APART_UNITS if line["sku"] in stower.apart and line["condition"] == "good" else 0
            if line["quantity"] > apart:
                units, code = _stow(tablet, line | {"quantity": line["quantity"] - apart}, locations)
            else:
                units, code = line["quantity"], _stow_apart(tablet, line, locations, stower.shelf)
            stower.note(barcode, line, units, code)


def _stow_closed(tablet: Tablet, barcode: str, locations: dict[str, str]) -> str:
    """The carton as it is to the bin that is kept for it; the bin's code."""
    expect(tablet.scan("CMD-WHOLE"), f"leaving {barcode} closed")
    suggested = tablet.task["data"]["location"]
    if suggested is None:
        raise DemoError(f"no bin has room for {barcode}: the demo's warehouse is too small for this order book")
    expect(tablet.scan(locations[suggested]), f"{barcode} to {suggested}")
    return str(suggested)


def _stow(tablet: Tablet, line: dict[str, Any], locations: dict[str, str]) -> tuple[int, str]:
    """Take a line in hand and bring it to the suggested bin, when others filled it on the way, ask again; how many units
    went where.
    """
    quantity = line["quantity"]
    for _ in range(PUTAWAY_TRIES):
        expect(tablet.scan(barcode_of(line["sku"]), quantity=quantity), f"taking {line['sku']}")
        suggested = tablet.task["data"]["location"]
        if suggested is not None:
            units = tablet.task["data"]["quantity"]
            answer = tablet.scan(locations[suggested])
            if answer["ok"]:
                return units, suggested
            if code_of(answer) not in BIN_FULL:
                raise DemoError(f"stowing {line['sku']}: {answer['feedback']}")
        else:
            quantity = max(1, quantity // 2)  # no bin takes it all: bring it in parts
        expect(tablet.scan("CMD-BACK"), "stepping back")
    raise DemoError(f"no bin has room for {line['sku']}: the demo's warehouse is too small for this order book")


def _stow_apart(tablet: Tablet, line: dict[str, Any], locations: dict[str, str], shelf: Shelf) -> str:
    """Some units go to a bin that has none of these goods, an empty one before others; its code."""
    shelves = [code for code in sorted(locations, reverse=True) if code.startswith("A-")]
    others = [code for code in shelves if not shelf.there(code, line["sku"])]
    for code in sorted(others, key=lambda code: not shelf.is_empty(code)):
        expect(tablet.scan(barcode_of(line["sku"]), quantity=line["quantity"]), f"taking {line['sku']}")
        if tablet.scan(locations[code])["ok"]:
            return code
        expect(tablet.scan("CMD-BACK"), "stepping back")
    raise DemoError(f"no other bin has room for {line['sku']}: the demo's warehouse is too small for this order book")


@dataclass
class Floor:
    """What moves between the people: free totes, picked totes, closed parcels; with a put wall and a fast lane, what waits
    there. `is_planned`: walks are taken when a supervisor has released some. `shelf`: what really stands in the bins.
    """

    free_totes: queue.Queue[str]
    picked: queue.Queue[str]
    parcels: queue.Queue[str]
    orders_in: threading.Event
    stop: threading.Event
    is_planned: bool = False
    shelf: Shelf | None = None
    to_sort: queue.Queue[str] = field(default_factory=queue.Queue)
    singles: queue.Queue[tuple[str, list[str]]] = field(default_factory=queue.Queue)  # a container, and the SKUs in it
    units: dict[str, str] = field(default_factory=dict)  # what totes and slots read, by code
    slots: frozenset[str] = frozenset()
    doubts: queue.Queue[str] = field(default_factory=queue.Queue)  # bins in which less was found than the system says
    board: threading.Lock = field(default_factory=threading.Lock)  # one picker at a time takes a walk from it
    ways: dict[str, str] = field(
        default_factory=dict
    )  # order number → how it goes, where that is not as most (`kinds`)
    order_ids: dict[str, str] = field(default_factory=dict)  # of these: number → id
    to_fetch: queue.Queue[tuple[str, list[str]]] = field(default_factory=queue.Queue)  # an order and its parcels
    to_stop: queue.Queue[tuple[str, list[str]]] = field(default_factory=queue.Queue)  # the same

    def bring_out(self, order: str, numbers: list[str]) -> None:
        """A packed order's parcels to the gate, or where else it goes."""
        way = self.ways.get(order)
        if way == kinds.PICK_UP:
            self.to_fetch.put((order, numbers))
        elif way == kinds.STOPPED:
            self.to_stop.put((order, numbers))
        else:
            for number in numbers:
                self.parcels.put(number)


@dataclass
class Walk:
    """A walk in hand: totes bound to orders, a container of single pieces with what is in it, totes for the put wall."""

    totes: list[str] = field(default_factory=list)
    lane: str | None = None
    singles: list[str] = field(default_factory=list)
    for_wall: set[str] = field(default_factory=set)
    bins: list[str] = field(default_factory=list)


def pick(tablet: Tablet, floor: Floor, tally: Tally | None = None) -> None:
    """Walk after walk, until the last order is in and no walk is left."""
    tablet.start("pick")
    walk = Walk()
    while not floor.stop.is_set():
        state = tablet.task["state"]
        if state == "begin":
            _walk_ends(walk, floor, tally)
            last_look = floor.orders_in.is_set()
            begun = _begin_walk(tablet, floor)
            walk = begun or Walk()
            if begun is None:
                if last_look:
                    return
                time.sleep(0.3)
        elif state == "scan_tote":
            _bind(tablet, floor, walk)
        else:
            _pick_here(tablet, floor, walk, tally)


def _walk_ends(walk: Walk, floor: Floor, tally: Tally | None) -> None:
    """Totes go to where their goods are wanted."""
    for tote in walk.totes:
        floor.picked.put(tote)
    for tote in sorted(walk.for_wall):
        floor.to_sort.put(tote)
    if walk.lane is not None:
        floor.singles.put((walk.lane, walk.singles))
    if walk.bins and tally is not None:
        with tally.lock:
            tally.walks.append(walk.bins)


def _begin_walk(tablet: Tablet, floor: Floor) -> Walk | None:
    """Take the next walk; None when none waits."""
    with floor.board:
        if floor.is_planned and not tablet.start("pick")["data"]["waiting"]:
            return None
        answer = tablet.scan("CMD-OK")
    if not answer["ok"]:
        if code_of(answer) not in ("no_work", "faces_first"):
            raise DemoError(f"beginning a walk: {answer['feedback']}")
        return None
    return Walk()


def _bind(tablet: Tablet, floor: Floor, walk: Walk) -> None:
    """A free tote: for the order, or for the whole walk where a put wall sorts it or it is of single pieces."""
    data = tablet.task["data"]
    while True:
        tote = floor.free_totes.get(timeout=300)
        answer = tablet.scan(tote)
        if answer["ok"]:
            break
        if code_of(answer) != "tote_taken":  # its last goods are on their way out
            raise DemoError(f"binding {tote}: {answer['feedback']}")
        floor.free_totes.put(tote)
        time.sleep(0.2)
    if data["lane"]:
        walk.lane = tote
    elif not data["wall"]:
        walk.totes.append(tote)


def _pick_here(tablet: Tablet, floor: Floor, walk: Walk, tally: Tally | None) -> None:
    """Go to the bin and take what is wanted; of what is not there, say so twice."""
    data = tablet.task["data"]
    sku, place, wanted = data["sku"], data["location"], data["quantity"]
    scans: list[tuple[str, dict[str, Any]]] = []
    if tablet.task["state"] == "scan_location":
        scans.append((data["location_barcode"], {}))
    shelf = floor.shelf
    if shelf is None:
        for result in tablet.scan_many([*scans, (barcode_of(sku), {"quantity": wanted})]):
            expect(result, f"picking {sku} at {place}")
        return
    with shelf.at(place):
        there = min(wanted, shelf.there(place, sku))
        if there:
            scans.append((barcode_of(sku), {"quantity": there}))
        results = tablet.scan_many(scans) if scans else []
        is_there = not scans or scans[0][0] != data["location_barcode"] or code_of(results[0]) == "bin_right"
        taken = is_there and bool(there) and results[-1]["ok"] and code_of(results[-1]) in PICKED
        if taken:
            shelf.take(place, sku, there)
    _note_pick(walk, floor, data, there if taken else 0, tally)
    if (taken and there == wanted) or not is_there:
        return
    if taken or not there:
        _report_short(tablet, tally)
        floor.doubts.put(place)
    elif not results[-1]["ok"]:
        if code_of(results[-1]) != "allocation_changed":
            raise DemoError(f"picking {sku} at {place}: {results[-1]['feedback']}")
        tablet.scan("CMD-SKIP")  # its bin has just come into doubt: where to go instead, a job finds out
        time.sleep(0.3)


def _note_pick(walk: Walk, floor: Floor, data: dict[str, Any], units: int, tally: Tally | None) -> None:
    if not walk.bins or walk.bins[-1] != data["location"]:
        walk.bins.append(data["location"])
    if data["wall"]:
        walk.for_wall.add(floor.units[data["tote"]])
    elif walk.lane is not None and floor.units[data["tote"]] == walk.lane:
        walk.singles += [data["sku"]] * units
    if tally is not None:
        tally.add("picked_units", units)


def _report_short(tablet: Tablet, tally: Tally | None) -> None:
    asked = tablet.scan("CMD-SHORT")
    if asked["ok"] and code_of(asked) == "short_confirm":
        expect(tablet.scan("CMD-SHORT"), "reporting a shortage")
        if tally is not None:
            tally.add("picks_short")


def pack(
    tablet: Tablet, floor: Floor, plan: Plan, tally: Tally, wait_seconds: float = LABEL_WAIT_SECONDS
) -> None:  # fmt: skip
    """Check, weigh, print, read the label back, close; box after box. `wait_seconds`: how long a waybill may be on its way."""
    tablet.start("pack")
    while not floor.stop.is_set():
        try:
            tote = floor.picked.get(timeout=0.3)
        except queue.Empty:
            continue
        answer = tablet.scan(tote)
        if not answer["ok"]:
            # Its order lost stock on the walk: the tote waits for the rest of it.
            time.sleep(0.2)
            floor.picked.put(tote)
            continue
        numbers, order = [], tablet.task["data"]["order"]
        while tablet.task["state"] != "scan_tote":
            numbers.append(_fill_box(tablet, plan, tally, tote, wait_seconds))
            expect(tablet.scan(numbers[-1]), f"closing {numbers[-1]}")
        floor.bring_out(order, numbers)  # the gate takes none of an order before all are packed
        if tote not in floor.slots:
            floor.free_totes.put(tote)
        floor.picked.task_done()


def _fill_box(tablet: Tablet, plan: Plan, tally: Tally, tote: str, wait_seconds: float) -> str:
    """One parcel up to its label, as the plan of the boxes says; returns its number."""
    data = tablet.task["data"]
    boxes = data["plan"].get("boxes")
    lines = [{**line, "quantity": line["quantity"] - line["verified"] + line["in_box"]} for line in data["lines"]]
    inside, is_last = _content(lines, boxes, plan)
    _verify(tablet, data["lines"], inside, tally)
    if not is_last:
        expect(tablet.scan("CMD-FULL"), f"beginning another box of {tote}")
    _weigh(tablet, plan.weight_of(inside, boxes[0]["empty_g"] if boxes else CARTON_G), tote, wait_seconds)
    with tally.lock:
        tally.boxes[boxes[0]["code"] if boxes else "by hand"] += 1
    return _label(tablet, tally, wait_seconds)


def _content(lines: Lines, boxes: Lines | None, plan: Plan) -> tuple[Lines, bool]:
    """What goes into the box in hand (SKU and quantity), and whether that is all there is."""
    if boxes and len(boxes) > 1:
        units: Counter[int] = Counter()
        for place, *_, across, deep, high in boxes[0]["goods"]:
            units[place] += across * deep * high
        return [{**line, "quantity": units[place]} for place, line in enumerate(lines, 1) if units[place]], False
    if boxes:
        return [line for line in lines if line["quantity"]], True
    return plan.by_hand(lines)


def _verify(tablet: Tablet, ordered: Lines, inside: Lines, tally: Tally) -> None:
    """Unit by unit up to twelve of a line; of longer lines the first unit, and the quantity."""
    known = {line["sku"]: line for line in ordered}
    scans: list[tuple[str, dict[str, Any]]] = []
    for line in inside:
        left = line["quantity"] - known[line["sku"]]["in_box"]
        if known[line["sku"]]["quantity"] <= UNIT_SCANS_UP_TO:
            scans += [(barcode_of(line["sku"]), {})] * left
        elif left:
            scans.append((barcode_of(line["sku"]), {"quantity": left}))
    tally.add("check_scans", len(scans))
    for first in range(0, len(scans), 500):
        for result in tablet.scan_many(scans[first : first + 500]):
            params = expect(result, "checking")["feedback"]["params"]
            with tally.lock:
                tally.verified[params["profile"]] += params["units"]


def _weigh(tablet: Tablet, weight_g: int, tote: str, wait_seconds: float) -> None:
    """Put it on the scale; a quick picker may be here before the wave's waybills are: then again, as the screen says."""
    deadline = time.monotonic() + wait_seconds
    while True:
        answer = tablet.scan("CMD-OK", weight_g=weight_g)
        if answer["feedback"]["code"] != "waybill_not_ready" or time.monotonic() > deadline:
            expect(answer, f"weighing {tote}")
            return
        time.sleep(0.2)


def _label(tablet: Tablet, tally: Tally, wait_seconds: float, kind: str = "pack") -> str:
    """The waybill's number, read from its printed page by a library that did not draw it."""
    deadline = time.monotonic() + wait_seconds
    while not tablet.task["data"]["document_ready"]:
        if time.monotonic() > deadline:
            raise DemoError(f"no waybill after {wait_seconds:.0f} s")
        time.sleep(0.1)
        tablet.start(kind)
    data = tablet.task["data"]
    page = pypdfium2.PdfDocument(tablet.print_label(data["document_id"]))[0]
    image = page.render(scale=DPI / 72, grayscale=True).to_pil()
    read = {code.text for code in zxingcpp.read_barcodes(image)}
    if data["tracking_number"] not in read:
        raise DemoError(f"the waybill reads {sorted(read)}, not its own number")
    with tally.lock:
        tally.labels_verified += 1
    return str(data["tracking_number"])


def _restock(tablet: Tablet, bins: Sequence[tuple[str, str]], sku: str) -> str:
    """What is in hand goes to the first of these bins that takes it: its code."""
    for code, label in bins:
        answer = tablet.scan(label)
        if answer["ok"]:
            return code
        if code_of(answer) not in BIN_FULL:
            raise DemoError(f"restocking {sku} to {code}: {answer['feedback']}")
    raise DemoError(f"no bin takes {sku} back")


def take_back(
    tablet: Tablet, number: str, lines: Lines, bins: Sequence[tuple[str, str]], tally: Tally, shelf: Shelf
) -> None:
    """A return at the desk: most goes back to the first of these bins that takes it (its code, what it reads), some is
    damaged, some is scrapped.
    """
    tablet.start("return")
    expect(tablet.scan(number), f"opening return {number}")
    for line in lines:
        expect(tablet.scan(barcode_of(line["sku"]), quantity=line["quantity"]), f"taking back {line['sku']}")
        decision = {0: "CMD-DAMAGE", 1: "CMD-SCRAP"}.get((tally.returns + len(line["sku"])) % 7)
        if decision is None:
            shelf.put(_restock(tablet, bins, line["sku"]), Goods(line["sku"], "good", None), line["quantity"])
        else:
            expect(tablet.scan(decision), f"deciding on {line['sku']}")
        tally.units_returned += line["quantity"]
    tally.returns += 1
