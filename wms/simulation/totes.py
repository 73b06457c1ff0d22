"""Totes that are full before their order is, and what pickers found broken on its way to a place for such goods."""

from __future__ import annotations

from wms.simulation.play import GONE_ON, Play, expect
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Place

FULL = 0.03  # of the times that a picker stands before a bin, or has goods of it in hand
SHARED = 0.7  # of the times that somebody has begun a tote for damaged goods
EMPTY_TOTES = (
    "SELECT barcode FROM handling_unit WHERE warehouse_id = CAST(:house AS uuid) AND kind = 'tote' AND state = 'open'"
    " AND id NOT IN (SELECT unit_id FROM put_wall_slot) ORDER BY code"
)
OF_DAMAGE = "SELECT barcode FROM handling_unit WHERE warehouse_id = CAST(:house AS uuid) AND subject_kind = 'damage' ORDER BY code"
_PLACES = "SELECT code FROM location WHERE warehouse_id = CAST(:house AS uuid) AND kind = 'inspection' ORDER BY code"
# Goods that are held, or that an order has its hand on, stay where they are.
STAYS = ("stock_is_held", "stock_is_allocated", "not_enough_stock")


def bind(play: Play, house: House, tablet: Tablet) -> bool:
    """A tote for the order, the walk or single pieces, or a further one. False when there is none."""
    full = tablet.data["is_full"]
    empty = [row[0] for row in play.look(EMPTY_TOTES, house=house.id)]
    if not empty:
        tablet.scan("CMD-BACK" if full else "CMD-SKIP")
        return False
    # No single piece is left to come: the last ones go into the full one after all.
    refusals = ("tote_taken", "no_singles") if full else ("tote_taken",)
    answer = tablet.scan(tablet.dice.choice(empty))
    if not expect(tablet, answer, "binding a tote", *refusals) and answer.code == "no_singles":
        expect(tablet, tablet.scan("CMD-BACK"), "going on with a full tote")
    return True


def is_full(play: Play, tablet: Tablet) -> bool:
    """Nothing more goes in, and the next scan is another tote. True when the screen leads on."""
    if play.closing or tablet.dice.random() > FULL:
        return False
    play.wire.record.faults["tote_full"] += 1
    expect(tablet, tablet.scan("CMD-FULL"), "saying that a tote is full")
    return True


def set_down(play: Play, tablet: Tablet, broken: Place, units: int) -> Process:
    """What was just found broken leaves its bin: to a place for it, or into a tote for such goods that is brought there later."""
    house = play.stage.houses[broken.house]
    into_tote = tablet.dice.random() < 0.75
    begun = [row[0] for row in play.look(OF_DAMAGE, house=house.id)]
    empty = [row[0] for row in play.look(EMPTY_TOTES, house=house.id)]
    yield 5.0
    if not into_tote:
        place = play.look(_PLACES, house=house.id)[0][0]
        answer = tablet.scan(house.places[place])
        if expect(tablet, answer, f"setting {broken.sku} down", *STAYS) and answer.code not in GONE_ON:
            play.world.take(broken, units)
            play.world.put(broken._replace(bin=place), units)
            play.world.units["damaged set down"] += units
        return
    tote = tablet.dice.choice(begun if begun and tablet.dice.random() < SHARED else empty or [None])
    if tote is None:
        return
    if tablet.state == "scan_tote" and tote not in begun:  # or it would be the next order's
        if expect(tablet, tablet.scan("CMD-DAMAGE"), "a tote for damaged goods") and not tablet.data["damage_tote"]:
            return
        yield 3.0
    answer = tablet.scan(tote)
    if expect(tablet, answer, f"{broken.sku} into a tote for damaged goods", *STAYS):
        if answer.code not in GONE_ON:
            play.world.set_aside(broken, units, tote)
    elif tablet.data["damage_tote"]:
        expect(tablet, tablet.scan("CMD-BACK"), "leaving it as it is")


def bring(play: Play, house: House, tablet: Tablet, tote: str) -> Process:
    """A tote of damaged goods goes to a place for them, and is free."""
    place = play.look(_PLACES, house=house.id)[0][0]
    tablet.start("putback")
    if tablet.state != "scan_unit":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    expect(tablet, tablet.scan(tote), f"opening {tote}")
    yield 10.0
    if expect(tablet, tablet.scan(house.places[place]), f"bringing {tote} to {place}", *STAYS):
        play.world.bring(house.code, tote, place)
    else:
        expect(tablet, tablet.scan("CMD-BACK"), "leaving it for later")
    yield 10.0
