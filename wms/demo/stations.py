"""Hands at the put wall, at the fast lane, at the pick faces and at bins that are counted."""

from __future__ import annotations

import queue
import time

from wms.demo.client import DemoError, Tablet
from wms.demo.crew import LABEL_WAIT_SECONDS, Floor, Tally, _label, barcode_of, code_of, expect, printed
from wms.demo.shelf import Shelf

NOT_NOW = ("count_not_planned", "count_taken", "count_same_person")


def sort(tablet: Tablet, floor: Floor, tally: Tally) -> None:
    """Totes of whole walks into the slots of the put wall; a full slot goes to the packers."""
    tablet.start("sort")
    while not floor.stop.is_set():
        try:
            tote = floor.to_sort.get(timeout=0.3)
        except queue.Empty:
            continue
        answer = tablet.scan(tote)
        if not answer["ok"]:
            if code_of(answer) != "nothing_to_sort":  # sorted with an earlier walk
                raise DemoError(f"sorting {tote}: {answer['feedback']}")
            continue
        if _sort_tote(tablet, floor, tally):
            floor.free_totes.put(tote)
        else:  # every slot is taken: another tote may have the rest of their orders
            floor.to_sort.put(tote)
            time.sleep(0.2)


def _sort_tote(tablet: Tablet, floor: Floor, tally: Tally) -> bool:
    """Until the tote is empty; False when its next order finds no slot."""
    while tablet.task["state"] == "scan_product":
        line = tablet.task["data"]["lines"][0]
        answer = tablet.scan(barcode_of(line["sku"]), quantity=line["quantity"])
        if not answer["ok"] and code_of(answer) == "sort_too_many":
            answer = tablet.scan(barcode_of(line["sku"]), quantity=answer["feedback"]["params"]["left"])
        if not answer["ok"] and code_of(answer) == "wall_full":
            expect(tablet.scan("CMD-BACK"), "leaving a tote for later")
            return False
        expect(answer, f"sorting {line['sku']}")
        slot = floor.units[tablet.task["data"]["slot"]]
        answer = expect(tablet.scan(slot), f"putting {line['sku']} into {slot}")
        tally.add("sorted")
        if code_of(answer) == "slot_closed":
            tally.add("wall_orders")
            floor.picked.put(slot)
    return True


def single_pieces(tablet: Tablet, floor: Floor, tally: Tally, wait_seconds: float = LABEL_WAIT_SECONDS) -> None:
    """The fast lane: an item, its label, the next."""
    tablet.start("lane")
    while not floor.stop.is_set():
        try:
            container, skus = floor.singles.get(timeout=0.3)
        except queue.Empty:
            continue
        for sku in skus:
            deadline = time.monotonic() + wait_seconds
            answer = tablet.scan(barcode_of(sku))
            while not answer["ok"] and code_of(answer) == "waybill_not_ready" and time.monotonic() < deadline:
                time.sleep(0.2)
                answer = tablet.scan(barcode_of(sku))
            expect(answer, f"{sku} at the fast lane")
            boxes = tablet.task["data"]["plan"].get("boxes")
            number = _label(tablet, tally, wait_seconds, "lane")
            expect(tablet.scan(number), f"closing {number}")
            floor.parcels.put(number)
            with tally.lock:
                tally.verified["each"] += 1
                tally.boxes[boxes[0]["code"] if boxes else "by hand"] += 1
                tally.did["lane_orders"] += 1
        floor.free_totes.put(container)


def replenish(tablet: Tablet, floor: Floor, shelf: Shelf, locations: dict[str, str], tally: Tally) -> None:
    """Goods from reserve to pick faces, the most urgent first."""
    tablet.start("replenish")
    while not floor.stop.is_set():
        if tablet.task["state"] == "begin":
            answer = tablet.scan("CMD-OK")
            if not answer["ok"]:
                if code_of(answer) != "nothing_to_replenish":
                    raise DemoError(f"beginning to fill faces: {answer['feedback']}")
                time.sleep(0.5)
        else:
            _fill_face(tablet, shelf, locations, tally)


def _fill_face(tablet: Tablet, shelf: Shelf, locations: dict[str, str], tally: Tally) -> None:
    data = tablet.task["data"]
    source, face, sku = data["location"], data["face"], data["sku"]
    with shelf.at(source, face):
        if tablet.task["state"] == "scan_location":
            expect(tablet.scan(data["location_barcode"]), f"fetching {sku} from {source}")
        units = min(data["left"], shelf.there(source, sku))
        if tablet.task["state"] == "begin":  # the walk was gone
            return
        if not units:
            for _ in range(2):
                expect(tablet.scan("CMD-SHORT"), f"nothing of {sku} in {source}")
            return
        expect(tablet.scan(barcode_of(sku), quantity=units), f"taking {sku} from {source}")
        answer = tablet.scan(locations[face])
        if not answer["ok"]:
            expect(tablet.scan("CMD-BACK"), "stepping back")
            expect(tablet.scan("CMD-SKIP"), f"leaving {face} for later")
            return
        if code_of(answer) == "face_filled":
            for goods, share in shelf.take(source, sku, units):
                shelf.put(face, goods, share)
            tally.add("faces_filled")
            tally.add("units_replenished", units)


def count(tablet: Tablet, floor: Floor, shelf: Shelf, locations: dict[str, str], tally: Tally) -> None:
    """Bins that wait to be counted, as they are; what differs is counted again by somebody else."""
    tablet.start("count")
    while not floor.stop.is_set():
        code = tablet.start("count")["data"].get("next")
        if code is None:
            time.sleep(0.3)
            continue
        with shelf.at(code):
            answer = tablet.scan(locations[code])
            if answer["ok"]:
                said = _count_bin(tablet, shelf, code, locations[code], tally)
                tally.add("bins_counted")
                if said != "count_done":
                    tally.add("bins_differing")
            elif code_of(answer) not in NOT_NOW:
                raise DemoError(f"counting {code}: {answer['feedback']}")
            else:
                time.sleep(0.2)


def _count_bin(tablet: Tablet, shelf: Shelf, code: str, barcode: str, tally: Tally) -> str:
    """All that is in the bin, what lies loose before what is in closed cartons; what the tablet says to it."""
    wanted: set[str] | None = None
    carton: str | None = None
    while True:
        content = [(goods, units) for goods, units in shelf.content(code) if wanted is None or goods.sku in wanted]
        for goods, units in content:
            if goods.carton != carton:
                carton = goods.carton
                expect(tablet.scan(carton or barcode), f"looking into {carton or code}")
                tally.add("cartons_counted", carton is not None)
            if goods.condition == "damaged":
                expect(tablet.scan("CMD-DAMAGE"), f"damaged goods in {code}")
            expect(tablet.scan(barcode_of(goods.sku), quantity=units, **printed(goods.lot)), f"counting {goods.sku}")
        answer = expect(tablet.scan("CMD-OK" if content or wanted else "CMD-EMPTY"), f"counting {code}")
        if code_of(answer) != "count_moved":
            return code_of(answer)
        wanted = set(tablet.task["data"]["again"])
