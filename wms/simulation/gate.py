"""The gate: parcels into bags and onto pallets, onto loads, trucks that drive off, and people who fetch their order."""

from __future__ import annotations

from collections import Counter

from wms.simulation.play import Act, Play, expect, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Order, Parcel, Untrue

# What stops a parcel for a while; then, what stops it for good.
WAITS = ("stock_is_held", "intercepted", "order_held", "not_packed")
OVER = ("order_cancelled", "waybill_voided")
OTHER_BAG = ("other_carrier", "other_service", "bag_closed", "bag_void", "parcel_in_bag")
BAG_STOPPED = (
    "stock_is_held",
    "bag_cancelled",
    "bag_void",
    "bag_intercepted",
    "bag_held",
    "bag_not_packed",
    "bag_open",
    "scan_unknown",
)
_LOADS = (
    "SELECT CAST(m.id AS text) AS id, array_agg(p.tracking_number ORDER BY p.tracking_number) AS numbers FROM manifest m"
    " JOIN parcel p ON p.manifest_id = m.id AND p.state = 'handed_over' JOIN carrier c ON c.id = m.carrier_id WHERE"
    " m.warehouse_id = CAST(:house AS uuid) AND m.state = 'open' GROUP BY m.id ORDER BY m.id"
)
_BAG = "SELECT barcode, state FROM bag WHERE warehouse_id = CAST(:house AS uuid) AND number = :number"


def hand_over(play: Play, house: House) -> Process:
    """A truck comes now and then; every parcel and bag at the gate goes onto it, scanned once, sometimes twice."""
    tablet = play.tablet(house, "gatekeeper")
    tablet.start("handover")
    while True:
        yield 240.0 if play.closing else tablet.dice.uniform(600, 3_000)
        waiting, play.world.gate[house.code] = play.world.gate[house.code], []
        for number in waiting:
            parcel = play.world.parcels[number]
            if parcel.bag is not None:  # with its bag, or when it has come out of it
                play.world.gate[house.code].append(number)
                continue
            for _ in range(2 if tablet.dice.random() < 0.08 else 1):
                before = tablet.task["step_token"]
                _load(play, tablet, parcel)
                yield tablet.dice.uniform(2, 6)
                mischief(play, tablet, before)
        for bag in play.world.bags[house.code][:]:
            _load_bag(play, house, tablet, bag)
            yield tablet.dice.uniform(2, 6)
        play.world.gate[house.code] = [
            each for each in play.world.gate[house.code] if not play.world.parcels[each].on_load
        ]
        if waiting:
            expect(tablet, tablet.scan("CMD-OK"), "closing the load")
        if play.closing or tablet.dice.random() < 0.5:
            yield from _drive_off(play, house, tablet)


def _load(play: Play, tablet: Tablet, parcel: Parcel) -> None:
    number, order = parcel.number, parcel.order
    answer = tablet.scan(parcel.label)
    if not expect(tablet, answer, f"loading {number}", *WAITS, *OVER):
        if answer.code in WAITS:
            if number not in play.world.gate[order.house]:
                play.world.gate[order.house].append(number)
        elif not order.cancelled:
            raise Untrue(f"{number} was stopped at the gate, but {order.number} is not cancelled")
        return
    if answer.code == "parcel_already":
        if not parcel.on_load:
            raise Untrue(f"{number} was said to be on the load, but nobody put it there")
    else:
        play.world.ship(number)


def _load_bag(play: Play, house: House, tablet: Tablet, number: str) -> None:
    """All in it leave, or none. A bag that one of them keeps here waits until that one is out."""
    (row,) = play.look(_BAG, house=house.id, number=number)
    answer = tablet.scan(row.barcode)
    if expect(tablet, answer, f"loading the bag {number}", *BAG_STOPPED):
        for parcel in _inside(play, number):
            play.world.ship(parcel.number)
        play.world.units["bags loaded"] += 1
        play.world.bags[house.code].remove(number)
    elif row.state == "dropped":  # nothing is left in it
        play.world.bags[house.code].remove(number)
        if _inside(play, number):
            raise Untrue(f"the bag {number} is gone, and these are in it: {_inside(play, number)}")


def _inside(play: Play, number: str) -> list[Parcel]:
    return [each for each in play.world.parcels.values() if each.bag == number]


def _drive_off(play: Play, house: House, tablet: Tablet) -> Process:
    """The driver signs: what is on the load is gone, and who wants one of them back is told so."""
    for load in play.look(_LOADS, house=house.id):
        tablet.form("drive off", f"/floor/loads/{load.id}/close", {}, f"{len(load.numbers)} parcels")
        for number in load.numbers:
            parcel = play.world.parcels[number]
            parcel.left, parcel.order.asked = True, False
            if parcel.order.kind == "transfer":
                play.world.under_way.append(parcel)
        play.world.units["trucks"] += 1
        yield 10.0


def bag(play: Play, house: House) -> Process:
    """What waits at the gate goes into bags, or onto a pallet, by service; each weighed, closed and labelled."""
    tablet = play.tablet(house, "bagger")
    tablet.start("bag")
    while True:
        yield 240.0 if play.closing else tablet.dice.uniform(400, 1_500)
        for number in play.world.bags[house.code]:
            yield from _shut_again(play, house, tablet, number)
        waiting = [each for each in play.world.gate[house.code] if play.world.parcels[each].bag is None]
        if play.closing or len(waiting) < 2 or tablet.dice.random() < 0.3:
            continue
        if tablet.dice.random() < 0.3:
            expect(tablet, tablet.scan("CMD-FULL"), "taking a pallet")
            yield 3.0
        yield from _fill(play, house, tablet, waiting)


def _fill(play: Play, house: House, tablet: Tablet, waiting: list[str]) -> Process:
    number = None
    for each in waiting[: tablet.dice.randint(2, 6)]:
        parcel = play.world.parcels[each]
        answer = tablet.scan(parcel.label)
        if expect(tablet, answer, f"{each} into a bag", *WAITS, *OVER, *OTHER_BAG, "customs_not_released"):
            number = parcel.bag = tablet.data["bag"]
            play.world.units["bagged"] += 1
        yield tablet.dice.uniform(2, 6)
    if number is None:
        return
    inside = _inside(play, number)
    if len(inside) > 1 and tablet.dice.random() < 0.2:
        expect(tablet, tablet.scan("CMD-UNDO"), "taking one out")
        expect(tablet, tablet.scan(inside[-1].label), f"taking {inside[-1].number} out of its bag")
        inside[-1].bag = None
        yield 5.0
    play.world.bags[house.code].append(number)
    yield from _shut(play, tablet, number)


def _shut_again(play: Play, house: House, tablet: Tablet, number: str) -> Process:
    """One came out of it, for its order was stopped: it is open since then."""
    (row,) = play.look(_BAG, house=house.id, number=number)
    if row.state == "open":
        expect(tablet, tablet.scan(row.barcode), f"taking up {number}")
        yield 4.0
        yield from _shut(play, tablet, number)


def _shut(play: Play, tablet: Tablet, number: str) -> Process:
    expect(tablet, tablet.scan("CMD-FULL"), f"shutting {number}")
    yield 5.0
    if tablet.data["parcels"] != sorted(each.number for each in _inside(play, number)):
        raise Untrue(
            f"{number} holds {tablet.data['parcels']}, and {[each.number for each in _inside(play, number)]} are in it"
        )
    weight = tablet.data["low_g"] + 1 if tablet.dice.random() < 0.9 else tablet.data["high_g"] + 400
    for _ in range(2):  # a weight that is off once more says that somebody counted them
        if tablet.state == "weigh":
            answer = tablet.scan("CMD-OK", weight_g=weight)
            expect(tablet, answer, f"weighing {number}", "bag_void")
            yield 4.0
    while tablet.state != "scan_first":
        expect(tablet, tablet.scan("CMD-BACK"), "leaving a bag")


def fetch(play: Play, house: House) -> Process:
    """The counter: people come for their orders, say the code they were given, or show a document."""
    tablet = play.tablet(house, "clerk_at_counter")
    tablet.start("pickup")
    while True:
        yield 240.0 if play.closing else tablet.dice.uniform(300, 1_200)
        for order in play.world.counter[house.code][:]:
            if not play.closing and tablet.dice.random() < 0.4:
                continue
            before = tablet.task["step_token"]
            yield from _hand_out(play, tablet, order)
            mischief(play, tablet, before)


def _hand_out(play: Play, tablet: Tablet, order: Order) -> Process:
    answer = tablet.scan(order.number)
    if not expect(tablet, answer, f"{order.number} at the counter", *WAITS, *OVER):
        if order.cancelled or answer.code in OVER:
            play.world.counter[order.house].remove(order)
        return
    yield 10.0
    if not (yield from _is_who_fetches(play, tablet, order)):
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
        return
    for parcel in order.parcels.values():
        if tablet.state != "scan_parcel":
            break
        yield 5.0
        if not expect(tablet, tablet.scan(parcel.label), f"handing out {parcel.number}", *WAITS, *OVER):
            expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
            return
        play.world.ship(parcel.number)
        parcel.left = True
    if not order.gone:
        raise Untrue(f"{order.number} was fetched, and is not gone: {Counter(order.lines)}")
    play.world.counter[order.house].remove(order)
    play.world.units["fetched"] += sum(order.lines.values())


def _is_who_fetches(play: Play, tablet: Tablet, order: Order) -> Act:
    """A code, sometimes a wrong one first; or a document, which always counts."""
    if tablet.dice.random() < 0.3:
        expect(tablet, tablet.scan("WRONG1"), "a wrong code")
        if tablet.state != "scan_code":
            raise Untrue(f"a wrong code opened {order.number}")
        yield 5.0
    said = "CMD-OK" if tablet.dice.random() < 0.3 else play.world.codes[order.id]
    for shown in (said, "CMD-OK"):  # after too many wrong ones only the document
        if tablet.state == "scan_code":
            answer = tablet.scan(shown, noted="who fetches it")
            if not expect(tablet, answer, f"who fetches {order.number}", *WAITS, *OVER):
                return False
    return True
