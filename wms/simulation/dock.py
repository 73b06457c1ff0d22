"""At the dock: cartons are counted as they are, not as they were announced, and their goods brought to bins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wms.simulation.play import Act, Play, code_of, expect, expect_into, has_lots, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Answer, Tablet
from wms.simulation.world import Carton, Untrue

IDLE = 90.0
TRIES = 40
HURRIED = 0.15  # of the cartons that are counted blind: one unit is overlooked
CLOSED = 0.15  # of the times that a carton is taken
# Why a carton may not be left closed.
NOT_CLOSED = ("carton_begun", "carton_undecided", "carton_in_inspection", "stock_is_held")
# What a bin may say to goods: the next one is tried then.
BIN_REFUSALS = ("location_full", "location_other_product", "location_other_status", "location_reserved")

# And why goods may not go: an order has its hand on some of them in the carton. Fewer of them may, or all when it has picked.
MAY_NOT_GO = (*BIN_REFUSALS, "stock_is_allocated")
GONE = "nothing_to_put_away"


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
        if tablet.data["blind"]:
            yield from _count_blind(play, tablet, carton)
        elif (yield from _take_pallet(play, house, tablet, carton)):
            continue
        else:
            yield from _count_all(play, tablet, carton, carton.inside)
            expect(tablet, tablet.scan("CMD-OK"), f"closing {carton.barcode}")
        play.world.counted[house.code].append(carton)
        yield tablet.dice.uniform(20, 120)


def _count_blind(play: Play, tablet: Tablet, carton: Carton) -> Process:
    """Nobody says what should be in it: what is not as announced, or was counted in a hurry, is counted once more."""
    inside = dict(carton.inside)
    if tablet.dice.random() < HURRIED:
        sku, (good, damaged) = next(iter(inside.items()))
        inside[sku] = (good - 1, damaged)
    yield from _count_all(play, tablet, carton, inside)
    answer = tablet.scan("CMD-OK")
    expect(tablet, answer, f"closing {carton.barcode}")
    if (answer.code == "count_once_more") != (_totals(inside) != carton.declared):
        raise Untrue(f"{carton.barcode} holds {inside}, {carton.declared} was announced: {answer.code}")
    if answer.code == "count_once_more":
        play.wire.record.faults[answer.code] += 1
        carton.noted.clear()
        yield from _count_all(play, tablet, carton, carton.inside)
        answer = tablet.scan("CMD-OK")
        expect(tablet, answer, f"closing {carton.barcode} at last")
        if answer.code == "count_once_more":
            raise Untrue(f"{carton.barcode} is asked for a third time")
    for entries in carton.noted:
        play.world.count(carton, entries)


def _totals(inside: dict[str, tuple[int, int]]) -> dict[str, int]:
    return {sku: sum(units) for sku, units in inside.items() if sum(units)}


def _take_pallet(play: Play, house: House, tablet: Tablet, carton: Carton) -> Act:
    """What stands on one pallet and looks as its paper says is taken by one tap, whatever was counted of the carton in hand.
    Of goods whose batch the paper does not say the whole pallet is refused.
    """
    beside = [each for each in play.world.dock[house.code] if each.pallet is not None and each.pallet == carton.pallet]
    shown = tablet.data["beside"] if tablet.data["pallet"] else 0
    pallet = [carton, *beside]
    plain = all(each.inside == {sku: (units, 0) for sku, units in each.declared.items()} for each in pallet)
    if not beside or len(beside) != shown or not plain:
        return False
    lots = any(has_lots(sku) for each in pallet for sku in each.declared)
    if not lots and tablet.dice.random() < 0.3:
        sku, units = next(iter(carton.declared.items()))
        yield from _count(play, tablet, carton, sku, "good", units)
    if not expect(tablet, tablet.scan("CMD-WHOLE"), "taking a whole pallet", *(["expiry_required"] if lots else [])):
        return False
    if lots:
        raise Untrue(f"{carton.barcode} was taken with its pallet, and nobody knows its batches")
    for each in pallet:
        left = {sku: units - each.counted[sku] for sku, units in each.declared.items()}
        play.world.count(each, [(sku, "good", units) for sku, units in left.items() if units])
    for each in beside:
        play.world.dock[house.code].remove(each)
    play.world.counted[house.code] += pallet
    play.world.units["by whole pallet"] += sum(sum(each.declared.values()) for each in pallet)
    yield 20.0
    return True


def _count_all(play: Play, tablet: Tablet, carton: Carton, inside: dict[str, tuple[int, int]]) -> Process:
    undamaged = not any(damaged for _, damaged in inside.values())
    plain = undamaged and not tablet.data["blind"] and not any(map(has_lots, carton.declared))
    if plain and _totals(inside) == carton.declared and tablet.dice.random() < 0.4:
        expect(tablet, tablet.scan("CMD-FULL"), "counting as announced")
        play.world.count(carton, [(sku, "good", units) for sku, units in carton.declared.items()])
        yield 3.0
        return
    for sku, (good, damaged) in inside.items():
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
        blind = tablet.data["blind"]
        if blind:
            carton.noted.append([(sku, condition, taken)])
        else:
            play.world.count(carton, [(sku, condition, taken)])
        left -= taken
        yield tablet.dice.uniform(2, 5)
        mischief(play, tablet, former)
        if tablet.dice.random() < 0.04 and not play.closing:
            # In bond what customs has booked already stays counted.
            if expect(tablet, tablet.scan("CMD-UNDO"), "taking a count back", "customs_permit_needed"):
                if blind:
                    carton.noted.pop()
                else:
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
    closed = play.dice(f"closed cartons of {house.code}")
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
            if closed.random() < CLOSED and (yield from _leave_closed(play, house, tablet, carton)):
                pass
            elif tablet.dice.random() < 0.15:
                yield from _stow_whole(play, house, tablet, carton)
            else:
                yield from _stow_line(play, house, tablet, carton)
            mischief(play, tablet, former)
        left = {key: units for key, units in carton.held.items() if units}
        if left:
            raise Untrue(f"{carton.barcode} was said to be empty, and holds {left}")


def _leave_closed(play: Play, house: House, tablet: Tablet, carton: Carton) -> Act:
    """The carton as it is into the bin that is kept for it, and there it is emptied after all: so it lies loose, as all
    others that work at bins expect it.
    """
    if not expect(tablet, tablet.scan("CMD-WHOLE"), f"leaving {carton.barcode} closed", *NOT_CLOSED):
        return False
    suggested = tablet.data["location"] or tablet.dice.choice(list(house.bins))
    answer = tablet.scan(house.places[suggested])
    if not expect_into(play, house, suggested, tablet, answer, f"{carton.barcode} to {suggested}", *MAY_NOT_GO):
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
        yield 5.0
        return False
    tablet.start("repack")
    if tablet.state != "scan_unit":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    for scanned in (carton.barcode, "CMD-FULL", house.places[suggested]):
        expect(tablet, tablet.scan(scanned), f"emptying {carton.barcode} into {suggested}")
    for (sku, condition), units in list(carton.held.items()):
        play.world.stow(carton, sku, condition, units, suggested)
        play.world.units["came closed"] += units
    tablet.start("putaway")
    yield tablet.dice.uniform(10, 40)
    return True


def _stow_whole(play: Play, house: House, tablet: Tablet, carton: Carton) -> Process:
    bin_code = tablet.dice.choice(list(house.bins))
    answer = tablet.scan(house.bins[bin_code])
    if expect_into(play, house, bin_code, tablet, answer, f"the whole of {carton.barcode}", *MAY_NOT_GO):
        for (sku, condition), units in list(carton.held.items()):
            play.world.stow(carton, sku, condition, units, bin_code)
    yield tablet.dice.uniform(10, 40)


def _stow_line(play: Play, house: House, tablet: Tablet, carton: Carton) -> Process:
    line = tablet.data["lines"][0]
    sku, condition = line["sku"], line["condition"]
    units = line["quantity"] if tablet.dice.random() < 0.7 else tablet.dice.randint(1, line["quantity"])
    for _ in range(TRIES):
        expect(tablet, tablet.scan(code_of(carton.seller, sku), quantity=units), f"taking {sku}")
        if tablet.state == "scan_carton":  # a picker took the last of it at the dock, for an order to destroy it
            carton.held[sku, condition] = 0
            return
        yield tablet.dice.uniform(5, 30)
        suggested = tablet.data["location"]
        if suggested is None or tablet.dice.random() < 0.2:
            suggested = tablet.dice.choice(list(house.bins))
        answer = tablet.scan(house.places[suggested])
        if expect_into(play, house, suggested, tablet, answer, f"{sku} to {suggested}", *MAY_NOT_GO, GONE):
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
