"""The other hands of the floor: bringing cancelled goods back, tidying bins, the returns desk, and what disappears."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from wms.simulation import slots, totes
from wms.simulation.dock import BIN_REFUSALS
from wms.simulation.play import Play, code_of, expect, expect_into, has_lots, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Order, Place, Untrue

IDLE = 240.0
_TO_PUT_BACK = (
    "SELECT h.barcode, p.tracking_number FROM handling_unit h LEFT JOIN parcel p ON p.handling_unit_id = h.id"
    " WHERE h.warehouse_id = CAST(:house AS uuid) AND h.subject_kind = 'put_back' ORDER BY h.code, h.id"
)
# What is to be stopped and stands somewhere: a tote, or the parcels of the order.
_TO_CATCH = (
    "SELECT o.number, h.barcode, NULL AS parcel FROM interception i JOIN outbound_order o ON o.id = i.order_id"
    " JOIN handling_unit h ON h.subject_kind = 'order' AND h.subject_id = o.id AND h.kind = 'tote' WHERE"
    " i.state = 'requested' AND h.warehouse_id = CAST(:house AS uuid) UNION ALL"
    " SELECT o.number, p.tracking_number, p.tracking_number FROM interception i JOIN outbound_order o ON o.id = i.order_id"
    " JOIN parcel p ON p.shipment_id = o.shipment_id AND p.state IN ('closed', 'handed_over') WHERE"
    " i.state = 'requested' AND p.warehouse_id = CAST(:house AS uuid) ORDER BY 1, 2"
)
NOT_CAUGHT = ("nothing_to_put_back", "parcel_gone")
_HELD = (
    "SELECT s.code AS seller, p.sku, t.batch, t.expires_on, sum(b.on_hand)::int AS units FROM handling_unit h JOIN balance b"
    " ON b.handling_unit_id = h.id AND b.on_hand > 0 JOIN product p ON p.id = b.product_id JOIN seller s ON s.id = b.owner_id"
    " LEFT JOIN lot t ON t.id = b.lot_id WHERE h.warehouse_id = CAST(:house AS uuid) AND h.barcode = :unit"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)


def tidy(play: Play, house: House) -> Process:
    """One pair of hands: goods of cancelled orders back to bins; else a bin tidied now and then."""
    tablet = play.tablet(house, "mover")
    while True:
        waiting = play.look(_TO_PUT_BACK, house=house.id)
        stopped = play.look(_TO_CATCH, house=house.id)
        damaged = play.look(totes.OF_DAMAGE, house=house.id)
        if stopped and (play.closing or tablet.dice.random() < 0.25):
            yield from _catch(play, tablet, tablet.dice.choice(stopped))
        elif waiting:
            row = tablet.dice.choice(waiting)
            yield from _put_back(play, house, tablet, row.barcode, row.tracking_number)
        elif damaged and (play.closing or tablet.dice.random() < 0.2):
            yield from totes.bring(play, house, tablet, tablet.dice.choice(damaged).barcode)
        elif play.look(slots.WAITING, house=house.id) and tablet.dice.random() < 0.5:
            yield from slots.relocate(play, house, tablet)
        elif not play.closing and tablet.dice.random() < 0.25:
            yield from _move(play, house, tablet)
        yield tablet.dice.uniform(60, IDLE)


def _catch(play: Play, tablet: Tablet, row: Any) -> Process:
    """Goods of an order that is to be stopped are in these hands: off the load and out of the bag, and with the last of
    them the answer is yes. They are put back afterwards.
    """
    order = play.order(row.number)
    tablet.start("putback")
    if tablet.state != "scan_unit":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    answer = tablet.scan(row.barcode)
    if not expect(tablet, answer, f"stopping {row.number}", *NOT_CAUGHT):
        return
    parcel = play.world.parcels.get(row.parcel)
    if parcel is not None:
        parcel.bag = None
        if parcel.on_load:
            play.world.take_off(parcel.number)
            play.world.gate[order.house].append(parcel.number)
    if answer.code == "intercept_caught":
        play.world.cancel(order)
        play.world.units["interceptions caught"] += 1
        expect(tablet, tablet.scan("CMD-BACK"), "putting it aside")
    yield 20.0


def _put_back(play: Play, house: House, tablet: Tablet, barcode: str, number: str | None) -> Process:
    """What is in it to any bins. A container of single pieces may hold goods of two sellers: one after the other then."""
    tablet.start("putback")
    if tablet.state != "scan_unit":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    expect(tablet, tablet.scan(barcode), f"opening {barcode}")
    if number in play.world.parcels:
        play.world.parcels[number].bag = None
    yield 4.0
    while tablet.state == "scan_product":
        before = tablet.task["step_token"]
        rows = list(play.look(_HELD, house=house.id, unit=barcode))
        tablet.dice.shuffle(rows)
        for row in rows:
            units = tablet.dice.randint(1, row.units)
            printed = {"batch": row.batch, "expires_on": row.expires_on.isoformat()} if row.batch else {}
            answer = tablet.scan(code_of(row.seller, row.sku), quantity=units, **printed)
            if expect(tablet, answer, f"taking {row.sku}", "scan_unknown", "wrong_item"):
                break
        else:  # what is left is another seller's: opened once more, the screen asks for it
            expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
            return
        yield 10.0
        bin_code = yield from _into_some_bin(play, house, tablet, row.sku)
        if bin_code is None:
            expect(tablet, tablet.scan("CMD-BACK"), "leaving it for later")
            return
        play.world.put(Place(house.code, bin_code, row.seller, row.sku, "good"), units)
        play.world.units["put back"] += units
        yield 5.0
        mischief(play, tablet, before)


def _into_some_bin(play: Play, house: House, tablet: Tablet, sku: str) -> Generator[float, None, str | None]:
    """What is in hand goes to the first bin that takes it; None where none does."""
    bins = list(house.bins)
    tablet.dice.shuffle(bins)
    for code in bins:
        answer = tablet.scan(house.bins[code])
        if expect_into(play, house, code, tablet, answer, f"{sku} into {code}", "location_held", *BIN_REFUSALS):
            return code
        yield 6.0
    return None


def _move(play: Play, house: House, tablet: Tablet) -> Process:
    """Some of one bin to another; only where all of a product is of one quality, as the screen does not ask."""
    kinds: dict[tuple[str, str, str], int] = {}
    for place, units in play.world.shelf.items():
        if units and place.house == house.code:
            kinds[place.bin, place.seller, place.sku] = kinds.get((place.bin, place.seller, place.sku), 0) + 1
    places = [
        place
        for place in play.world.shelf
        if place.house == house.code and play.world.really_there(place) > 0
        and kinds[place.bin, place.seller, place.sku] == 1
    ]  # fmt: skip
    if not places:
        return
    place = tablet.dice.choice(places)
    units = tablet.dice.randint(1, play.world.really_there(place))
    target = tablet.dice.choice([code for code in house.bins if code != place.bin])
    tablet.start("move")
    if tablet.state != "scan_location":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    expect(tablet, tablet.scan(house.places[place.bin]), f"opening {place.bin}")
    yield 4.0
    answer = tablet.scan(code_of(place.seller, place.sku), quantity=units)
    if not expect(tablet, answer, f"taking {place.sku}", "quantity_too_large", "nothing_there", "stock_is_held"):
        return
    play.world.take_up(tablet.name, place, units)
    yield tablet.dice.uniform(5, 60)
    answer = tablet.scan(house.bins[target])
    play.world.let_go(tablet.name)
    moved = ("stock_is_allocated", "stock_is_held", "not_enough_stock", *BIN_REFUSALS)
    if expect_into(play, house, target, tablet, answer, f"{units} of {place.sku} to {target}", *moved):
        play.world.take(place, units)
        play.world.put(place._replace(bin=target), units)
        play.world.units["moved"] += units
    else:
        expect(tablet, tablet.scan("CMD-BACK"), "putting it back")


def take_back(play: Play, house: House) -> Process:
    """The returns desk: announced or not, most of it sells again."""
    tablet = play.tablet(house, "returns_clerk")
    tablet.start("return")
    while True:
        yield tablet.dice.uniform(120, 600)
        waiting = play.world.returns[house.code]
        if waiting:
            number, order, lines = waiting.pop(0)
            yield from _settle(play, house, tablet, number, order, lines)
        elif not play.closing and tablet.dice.random() < 0.1:
            yield from _unannounced(play, house, tablet)


def _unannounced(play: Play, house: House, tablet: Tablet) -> Process:
    shipped = [
        order for order in play.world.orders.values()
        if order.house == house.code and order.parcel is not None and order.kind == "dropship" and not order.returned
    ]  # fmt: skip
    if shipped:
        order = tablet.dice.choice(shipped)
        yield from _settle(play, house, tablet, str(order.parcel), order, dict(list(order.lines.items())[:1]))


def _settle(play: Play, house: House, tablet: Tablet, number: str, order: Order, lines: dict[str, int]) -> Process:
    # Closed: somebody settled it under the number of its parcel.
    opened = expect(tablet, tablet.scan(number), f"opening return {number}", "return_closed")
    yield 5.0
    if not opened:
        return
    for sku, units in lines.items():
        units = min(units, order.lines[sku] - order.returned[sku])
        if units < 1 or tablet.state != "scan_product":
            continue
        before = tablet.task["step_token"]
        expect(tablet, tablet.scan(code_of(order.seller, sku), quantity=units), f"taking {sku} back")
        play.world.come_back(order, sku, units)
        yield 10.0
        mischief(play, tablet, before)
        yield from _decide(play, house, tablet, order, sku, units)
        yield 5.0
    if tablet.state == "scan_product":
        expect(tablet, tablet.scan("CMD-OK"), "closing the return")
    if tablet.state != "scan_return":
        raise Untrue(f"{tablet.name}: the return {number} does not end: {tablet.state}")


def _decide(play: Play, house: House, tablet: Tablet, order: Order, sku: str, units: int) -> Process:
    throw = tablet.dice.random()
    if throw < 0.15:
        expect(tablet, tablet.scan("CMD-DAMAGE"), f"{sku} is damaged")
    elif throw < 0.25:
        expect(tablet, tablet.scan("CMD-SCRAP"), f"scrapping {sku}")
        play.world.scrap(order, sku, units)
    else:
        bin_code = yield from _into_some_bin(play, house, tablet, sku)
        if bin_code is None:
            expect(tablet, tablet.scan("CMD-DAMAGE"), f"{sku}, which no bin takes, is set aside")
            return
        play.world.put(Place(house.code, bin_code, order.seller, sku, "good"), units)


def disappear(play: Play) -> Process:
    """Now and then units are not where the book says, and nobody knows yet; mostly where few are left anyway."""
    dice = play.dice("thief")
    while not play.closing:
        yield dice.uniform(400, 2_000)
        places = [
            place for place in play.world.shelf
            if place.condition == "good" and play.world.really_there(place) > 0 and not has_lots(place.sku)
        ]  # fmt: skip
        if places:
            place = min(dice.choices(places, k=4), key=play.world.really_there)
            play.world.vanish(place, dice.randint(1, min(5, play.world.really_there(place))))
