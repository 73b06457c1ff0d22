"""Where orders leave, and what keeps one here: bags and pallets, the load, the counter, labels for Amazon, an order that its
seller stops, and the dock of the other warehouse.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Sequence

import pypdfium2
import zxingcpp

from wms.demo.client import DemoError, SellerSystem, Tablet
from wms.demo.crew import BIN_FULL, DPI, LABEL_WAIT_SECONDS, Floor, Tally, barcode_of, code_of, expect
from wms.demo.shelf import Goods, Shelf

BAG_FROM, BAG_UP_TO = 3, 8  # parcels
GATHER_SECONDS = 1.0  # so long a parcel waits for others before it goes by itself
PALLET_EVERY = 3


def hand_over(tablet: Tablet, floor: Floor, tally: Tally, bag_from: int = BAG_FROM) -> None:
    """Parcels that come together (`bag_from` at least) go into a bag, now and then onto a pallet; others onto the load one
    by one.
    """
    while True:
        gathered = _gather(floor)
        if not gathered and floor.stop.is_set():
            return
        if len(gathered) >= bag_from:
            codes = [_fill_bag(tablet, gathered, tally)]
        else:
            codes = gathered
        tablet.start("handover")
        for code in codes:
            expect(tablet.scan(code), f"handing over {code}")
        with tally.lock:
            tally.parcels += len(gathered)


def _gather(floor: Floor) -> list[str]:
    found: list[str] = []
    while len(found) < BAG_UP_TO:
        try:
            found.append(floor.parcels.get(timeout=GATHER_SECONDS if found else 0.3))
        except queue.Empty:
            break
    return found


def _fill_bag(tablet: Tablet, numbers: Sequence[str], tally: Tally) -> str:
    """All of them in one bag, weighed, closed and labelled; what its label reads."""
    tablet.start("bag")
    if tablet.task["state"] != "scan_first":
        expect(tablet.scan("CMD-BACK"), "beginning another bag")
    is_pallet = tally.did["bags"] % PALLET_EVERY == PALLET_EVERY - 1
    if is_pallet:
        expect(tablet.scan("CMD-FULL"), "taking a pallet")
    for number in numbers:
        expect(tablet.scan(number), f"{number} into a bag")
    expect(tablet.scan("CMD-FULL"), "shutting a bag")
    data = tablet.task["data"]
    expect(tablet.scan("CMD-OK", weight_g=(data["low_g"] + data["high_g"]) // 2), "weighing a bag")
    tally.add("pallets", is_pallet)
    tally.add("bags")
    tally.add("parcels_in_bags", len(numbers))
    return _bag_label(tablet, tally)


def _bag_label(tablet: Tablet, tally: Tally) -> str:
    """Its code, read from the printed label by a library that did not draw it."""
    deadline = time.monotonic() + LABEL_WAIT_SECONDS
    while not tablet.task["data"]["document_ready"]:
        if time.monotonic() > deadline:
            raise DemoError(f"no label for a bag after {LABEL_WAIT_SECONDS:.0f} s")
        time.sleep(0.1)
        tablet.start("bag")
    page = pypdfium2.PdfDocument(tablet.print_label(tablet.task["data"]["document_id"]))[0]
    image = page.render(scale=DPI / 72, grayscale=True).to_pil()
    read = sorted((code.text for code in zxingcpp.read_barcodes(image)), key=len)
    if not read:
        raise DemoError("the label of a bag cannot be read")
    with tally.lock:
        tally.labels_verified += 1
    return read[-1]


def counter(tablet: Tablet, floor: Floor, seller: SellerSystem, tally: Tally) -> None:
    """Consignees say the code that the seller told them, and every parcel goes into their hands."""
    tablet.start("pickup")
    while not floor.stop.is_set():
        try:
            order, numbers = floor.to_fetch.get(timeout=0.5)
        except queue.Empty:
            continue
        known = seller.get(f"/api/v1/orders/{floor.order_ids[order]}")
        expect(tablet.scan(order), f"{order} at the counter")
        expect(tablet.scan(known["pick_up"]["code"]), f"the code of {order}")
        for number in numbers:
            expect(tablet.scan(number), f"handing out {number}")
        with tally.lock:
            tally.parcels += len(numbers)
            tally.did["pick_ups"] += 1


def stop(
    tablet: Tablet, floor: Floor, seller: SellerSystem, shelf: Shelf, places: dict[str, str], tally: Tally
) -> None:
    """A buyer changes their mind when the parcels stand at the gate: it takes none of them any more, and their goods go back
    to a bin.
    """
    bins = sorted(code for code in places if code.startswith("A-"))
    while not floor.stop.is_set():
        try:
            order, numbers = floor.to_stop.get(timeout=0.5)
        except queue.Empty:
            continue
        seller.must_post(f"/api/v1/orders/{floor.order_ids[order]}/intercept", {"reason": "buyer_cancelled"})
        tablet.start("handover")
        refused = tablet.scan(numbers[0])
        if refused["ok"] or code_of(refused) != "intercepted":
            raise DemoError(f"{numbers[0]} was to be stopped at the gate: {refused['feedback']}")
        tablet.start("putback")
        for number in numbers:
            units = _put_back(tablet, number, bins, places, shelf)
            tally.add("units_stopped", units)
        tally.add("intercepted")
        tally.add("parcels_stopped", len(numbers))


def _put_back(tablet: Tablet, number: str, bins: Sequence[str], places: dict[str, str], shelf: Shelf) -> int:
    """The parcel's goods, each to the first bin that takes them; how many units."""
    expect(tablet.scan(number), f"catching {number}")
    units = 0
    while tablet.task["state"] == "scan_product":
        line = tablet.task["data"]["lines"][0]
        expect(tablet.scan(barcode_of(line["sku"]), quantity=line["quantity"]), f"taking {line['sku']} out of {number}")
        for code in bins:
            with shelf.at(code):
                answer = tablet.scan(places[code])
                if answer["ok"]:
                    shelf.put(code, Goods(line["sku"], "good", None), line["quantity"])
                    break
            if code_of(answer) not in BIN_FULL:
                raise DemoError(f"putting {line['sku']} back to {code}: {answer['feedback']}")
        else:
            raise DemoError(f"no bin takes {line['sku']} back")
        units += line["quantity"]
    return units


def relabel(tablet: Tablet, floor: Floor, tally: Tally) -> None:
    """Amazon's labels onto the units that get one, before anybody packs them."""
    tablet.start("service")
    while not floor.stop.is_set():
        answer = tablet.scan("CMD-OK")
        if not answer["ok"]:
            if code_of(answer) != "no_service_work":
                raise DemoError(f"taking on a service: {answer['feedback']}")
            time.sleep(0.5)
            continue
        data = tablet.task["data"]
        units = data["quantity"] - data["done"]
        expect(tablet.scan(barcode_of(data["sku"]), quantity=units), f"labels on {data['sku']}")
        expect(tablet.scan("CMD-OK"), "ending a service")
        tally.add("units_relabelled", units)
