"""At the dock: cartons are counted as they are, not as they were announced, and their goods brought to bins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wms.simulation.play import Play, code_of, expect, has_lots, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Answer, Tablet
from wms.simulation.world import Carton, Untrue

IDLE = 90.0
TRIES = 40
# What a bin may say to goods: the next one is tried then.
BIN_REFUSALS = ("location_full", "location_other_product", "location_other_status", "location_reserved")


def receive(play: Play, house: House) -> Process:
    """The receiver: carton by carton as they come."""
    tablet = play.tablet(house, "receiver")
    tablet.start("receive")
    while True:
        if not play.world.dock[house.code]:
            yield IDLE
            continue
        carton = play.world.dock[house.code].pop(0)
        expect(tablet, tablet.scan(carton.barcode), f"opening {carton.barcode}")
        yield 4.0
        yield from _count_all(play, tablet, carton)
        expect(tablet, tablet.scan("CMD-OK"), f"closing {carton.barcode}")
        play.world.counted[house.code].append(carton)
        yield tablet.dice.uniform(20, 120)


def _count_all(play: Play, tablet: Tablet, carton: Carton) -> Process:
    exact = {sku: sum(units) for sku, units in carton.inside.items()} == carton.declared
    undamaged = not any(damaged for _, damaged in carton.inside.values())
    if exact and undamaged and not any(map(has_lots, carton.declared)) and tablet.dice.random() < 0.4:
        expect(tablet, tablet.scan("CMD-FULL"), "counting as announced")
        play.world.count(carton, [(sku, "good", units) for sku, units in carton.declared.items()])
        yield 3.0
        return
    for sku, (good, damaged) in carton.inside.items():
        yield from _count(play, tablet, carton, sku, "good", good)
        if damaged:
            expect(tablet, tablet.scan("CMD-DAMAGE"), "damage")
            yield 2.0
            yield from _count(play, tablet, carton, sku, "damaged", damaged)


def _count(play: Play, tablet: Tablet, carton: Carton, sku: str, condition: str, units: int) -> Process:
    """Scan by scan, by the case, or the first with a number; sometimes taken back and counted again."""
    left = units
    while left > 0:
        former = tablet.task["step_token"]
        taken, answer = _count_some(tablet, carton.seller, sku, left if condition == "good" else units)
        expect(tablet, answer, f"counting {sku}")
        play.world.count(carton, [(sku, condition, taken)])
        left -= taken
        yield tablet.dice.uniform(2, 5)
        mischief(play, tablet, former)
        if tablet.dice.random() < 0.04 and not play.closing:
            # In bond what customs has booked already stays counted.
            if expect(tablet, tablet.scan("CMD-UNDO"), "taking a count back", "customs_permit_needed"):
                play.world.uncount(carton)
                left += taken
                if condition == "damaged":
                    expect(tablet, tablet.scan("CMD-DAMAGE"), "damage")
            yield 2.0


def _count_some(tablet: Tablet, seller: str, sku: str, left: int) -> tuple[int, Answer]:
    code, lot = code_of(seller, sku), _lot(tablet, sku)
    if left >= 12 and tablet.dice.random() < 0.5:
        return 12, tablet.scan(f"{code}:CASE12", **lot)
    if left <= 3 and tablet.dice.random() < 0.5:
        return 1, tablet.scan(code, **lot)
    return left, tablet.scan(code, quantity=left, **lot)


def _lot(tablet: Tablet, sku: str) -> dict[str, Any]:
    """Batch and expiry as printed on the goods: some will not be sold any more tomorrow."""
    if not has_lots(sku):
        return {}
    today = tablet.wire.timeline.start.date()
    name, days = tablet.dice.choice([("L1", 400), ("L2", 91), ("L3", 61)])
    return {"batch": name, "expires_on": (today + timedelta(days=days)).isoformat()}


def put_away(play: Play, house: House) -> Process:
    """The stower: what was counted goes to bins, by suggestion or by head."""
    tablet = play.tablet(house, "stower")
    tablet.start("putaway")
    while True:
        if not play.world.counted[house.code]:
            yield IDLE
            continue
        carton = play.world.counted[house.code].pop(0)
        expect(tablet, tablet.scan(carton.barcode), f"taking {carton.barcode}")
        yield tablet.dice.uniform(3, 10)
        while tablet.state == "scan_product":
            former = tablet.task["step_token"]
            if tablet.dice.random() < 0.15:
                yield from _stow_whole(play, house, tablet, carton)
            else:
                yield from _stow_line(play, house, tablet, carton)
            mischief(play, tablet, former)
        left = {key: units for key, units in carton.held.items() if units}
        if left:
            raise Untrue(f"{carton.barcode} was said to be empty, and holds {left}")


def _stow_whole(play: Play, house: House, tablet: Tablet, carton: Carton) -> Process:
    bin_code = tablet.dice.choice(list(house.bins))
    answer = tablet.scan(house.bins[bin_code])
    if expect(tablet, answer, f"the whole of {carton.barcode}", *BIN_REFUSALS):
        for (sku, condition), units in list(carton.held.items()):
            play.world.stow(carton, sku, condition, units, bin_code)
    yield tablet.dice.uniform(10, 40)


def _stow_line(play: Play, house: House, tablet: Tablet, carton: Carton) -> Process:
    line = tablet.data["lines"][0]
    sku, condition = line["sku"], line["condition"]
    units = line["quantity"] if tablet.dice.random() < 0.7 else tablet.dice.randint(1, line["quantity"])
    for _ in range(TRIES):
        expect(tablet, tablet.scan(code_of(carton.seller, sku), quantity=units), f"taking {sku}")
        yield tablet.dice.uniform(5, 30)
        suggested = tablet.data["location"]
        if suggested is None or tablet.dice.random() < 0.2:
            suggested = tablet.dice.choice(list(house.bins))
        if expect(tablet, tablet.scan(house.places[suggested]), f"{sku} to {suggested}", *BIN_REFUSALS):
            play.world.stow(carton, sku, condition, units, suggested)
            yield from _regret(play, tablet, carton, (sku, condition, units, suggested))
            return
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
        units = max(1, units // 2)
        yield 5.0
    raise Untrue(f"no bin in {house.code} takes {units} of {sku}")


def _regret(play: Play, tablet: Tablet, carton: Carton, done: tuple[str, str, int, str]) -> Process:
    """Sometimes it was the wrong bin: taken back, unless an order has its hand on it already."""
    if tablet.dice.random() > 0.03 or play.closing:
        return
    sku, condition, units, bin_code = done
    yield 3.0
    if expect(
        tablet,
        tablet.scan("CMD-UNDO"),
        "taking a putaway back",
        "not_enough_stock",
        "stock_is_allocated",
        "stock_is_held",
    ):
        play.world.stow(carton, sku, condition, -units, bin_code)
