"""The demo's people: receivers, pickers, packers, a gate keeper and a returns clerk, each a tablet of their own.

They do what their screen tells them, and nothing the floor cannot do.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pypdfium2
import zxingcpp

from wms.demo.client import DemoError, Tablet
from wms.demo.plan import CARTON_G, Plan

UNIT_SCANS_UP_TO = 12  # the warehouse's verification profile: more of a line may be keyed in
LABEL_WAIT_SECONDS = 60.0
PUTAWAY_TRIES = 20
DPI = 203


@dataclass
class Tally:
    """What the crew did, counted by themselves."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    verified: Counter[str] = field(default_factory=Counter)
    parcels: int = 0
    labels_verified: int = 0
    returns: int = 0
    units_returned: int = 0
    faults: list[str] = field(default_factory=list)


def barcode_of(sku: str) -> str:
    return f"X{sku}"


def expect(answer: dict[str, Any], what: str) -> dict[str, Any]:
    if not answer["ok"]:
        raise DemoError(f"{what}: {answer['feedback']}")
    return answer


def receive(tablet: Tablet, cartons: queue.Queue[tuple[str, list[dict[str, Any]]]]) -> None:
    """Count every carton as its packing list says, one scan a line with the quantity keyed in, and close it."""
    tablet.start("receive")
    while True:
        try:
            barcode, lines = cartons.get_nowait()
        except queue.Empty:
            return
        scans: list[tuple[str, dict[str, Any]]] = [(barcode, {})]
        scans += [(barcode_of(line["sku"]), {"quantity": line["quantity"]}) for line in lines]
        scans.append(("CMD-OK", {}))
        for result in tablet.scan_many(scans):
            expect(result, f"receiving {barcode}")


def put_away(tablet: Tablet, cartons: queue.Queue[str], locations: dict[str, str]) -> None:
    """Follow the suggestion for every line of every carton."""
    tablet.start("putaway")
    while True:
        try:
            barcode = cartons.get_nowait()
        except queue.Empty:
            return
        expect(tablet.scan(barcode), f"putting away {barcode}")
        while tablet.task["state"] == "scan_product":
            line = tablet.task["data"]["lines"][0]
            _stow(tablet, line, locations)


def _stow(tablet: Tablet, line: dict[str, Any], locations: dict[str, str]) -> None:
    """Take a line in hand and bring it to the suggested bin; when others filled it on the way, ask again."""
    quantity = line["quantity"]
    for _ in range(PUTAWAY_TRIES):
        expect(tablet.scan(barcode_of(line["sku"]), quantity=quantity), f"taking {line['sku']}")
        suggested = tablet.task["data"]["location"]
        if suggested is not None:
            answer = tablet.scan(locations[suggested])
            if answer["ok"]:
                return
            if answer["feedback"]["code"] not in ("location_full", "location_other_product", "location_reserved"):
                raise DemoError(f"stowing {line['sku']}: {answer['feedback']}")
        else:
            quantity = max(1, quantity // 2)  # no bin takes it all: bring it in parts
        expect(tablet.scan("CMD-BACK"), "stepping back")
    raise DemoError(f"no bin has room for {line['sku']}: the demo's warehouse is too small for this order book")


@dataclass
class Floor:
    """What moves between the people: free totes, picked totes, closed parcels."""

    free_totes: queue.Queue[str]
    picked: queue.Queue[str]
    parcels: queue.Queue[str]
    orders_in: threading.Event
    stop: threading.Event


def pick(tablet: Tablet, floor: Floor) -> None:
    """Walk after walk, until the last order is in and no walk is left."""
    tablet.start("pick")
    mine: list[str] = []
    while not floor.stop.is_set():
        state, data = tablet.task["state"], tablet.task["data"]
        if state == "begin":
            for tote in mine:
                floor.picked.put(tote)
            mine = []
            last_look = floor.orders_in.is_set()
            answer = tablet.scan("CMD-OK")
            if not answer["ok"]:
                if answer["feedback"]["code"] != "no_work":
                    raise DemoError(f"beginning a walk: {answer['feedback']}")
                if last_look:
                    return
                time.sleep(0.3)
        elif state == "scan_tote":
            tote = floor.free_totes.get(timeout=300)
            expect(tablet.scan(tote), f"binding {tote}")
            mine.append(tote)
        elif state == "scan_location":
            scans = [(data["location_barcode"], {}), (barcode_of(data["sku"]), {"quantity": data["quantity"]})]
            for result in tablet.scan_many(scans):
                expect(result, f"picking {data['sku']} at {data['location']}")
        else:
            expect(tablet.scan(barcode_of(data["sku"]), quantity=data["quantity"]), f"picking {data['sku']}")


def pack(
    tablet: Tablet, floor: Floor, plan: Plan, tally: Tally, wait_seconds: float = LABEL_WAIT_SECONDS
) -> None:  # fmt: skip
    """Check, weigh, print, read the label back, close. `wait_seconds`: how long a waybill may be on its way."""
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
        lines = tablet.task["data"]["lines"]
        _verify(tablet, lines, tally)
        boxes = tablet.task["data"]["plan"].get("boxes")
        _weigh(tablet, plan.weight_of(lines, boxes[0]["empty_g"] if boxes else CARTON_G), tote, wait_seconds)
        number = _label(tablet, tally, wait_seconds)
        expect(tablet.scan(number), f"closing {number}")
        floor.parcels.put(number)
        floor.free_totes.put(tote)
        floor.picked.task_done()


def _verify(tablet: Tablet, lines: list[dict[str, Any]], tally: Tally) -> None:
    """Unit by unit up to twelve of a line; of longer lines the first unit, and the quantity."""
    scans: list[tuple[str, dict[str, Any]]] = []
    for line in lines:
        left = line["quantity"] - line["verified"]
        if line["quantity"] <= UNIT_SCANS_UP_TO:
            scans += [(barcode_of(line["sku"]), {})] * left
        elif left:
            scans.append((barcode_of(line["sku"]), {"quantity": left}))
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


def _label(tablet: Tablet, tally: Tally, wait_seconds: float) -> str:
    """The waybill's number, read from its printed page by a library that did not draw it."""
    deadline = time.monotonic() + wait_seconds
    while not tablet.task["data"]["document_ready"]:
        if time.monotonic() > deadline:
            raise DemoError(f"no waybill after {wait_seconds:.0f} s")
        time.sleep(0.1)
        tablet.start("pack")
    data = tablet.task["data"]
    page = pypdfium2.PdfDocument(tablet.print_label(data["document_id"]))[0]
    image = page.render(scale=DPI / 72, grayscale=True).to_pil()
    read = {code.text for code in zxingcpp.read_barcodes(image)}
    if data["tracking_number"] not in read:
        raise DemoError(f"the waybill reads {sorted(read)}, not its own number")
    with tally.lock:
        tally.labels_verified += 1
    return str(data["tracking_number"])


def hand_over(tablet: Tablet, floor: Floor, tally: Tally) -> None:
    """Scan parcels onto the carrier's load until told that no more come."""
    tablet.start("handover")
    while True:
        try:
            number = floor.parcels.get(timeout=0.3)
        except queue.Empty:
            if floor.stop.is_set():
                return
            continue
        expect(tablet.scan(number), f"handing over {number}")
        with tally.lock:
            tally.parcels += 1
        floor.parcels.task_done()


def take_back(tablet: Tablet, number: str, lines: list[dict[str, Any]], bin_code: str, tally: Tally) -> None:
    """A return at the desk: most goes back to a bin, some is damaged, some is scrapped."""
    tablet.start("return")
    expect(tablet.scan(number), f"opening return {number}")
    for line in lines:
        expect(tablet.scan(barcode_of(line["sku"]), quantity=line["quantity"]), f"taking back {line['sku']}")
        decision = {0: "CMD-DAMAGE", 1: "CMD-SCRAP"}.get((tally.returns + len(line["sku"])) % 7, bin_code)
        expect(tablet.scan(decision), f"deciding on {line['sku']}")
        tally.units_returned += line["quantity"]
    tally.returns += 1
