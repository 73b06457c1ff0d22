"""Value-added services: sellers ask, the office accepts, a craftsman does them; relabelled goods become others."""

from __future__ import annotations

from wms.simulation.play import Act, Play, code_of, expect, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Goods, Place

IDLE = 240.0
FROM, TO = "MUG-450-BLUE", "MUG-450-RED"  # without lots: one is relabelled as the other
# service → what is asked for, and what it becomes
ASKED = {"COUNT": (None, None), "REPACK": (None, None), "RELABEL": (FROM, TO)}
# Goods were lost since, or are being looked for.
NOT_NOW = ("conversion_short", "allocation_changed", "stock_is_held", "not_enough_stock")
_WAITING = (
    "SELECT EXISTS (SELECT 1 FROM service_request WHERE warehouse_id = CAST(:house AS uuid) AND state = 'accepted')"
)
_REQUEST = (
    "SELECT s.code AS seller, p.sku, t.sku AS becomes FROM service_request r JOIN seller s ON s.id = r.owner_id"
    " JOIN product p ON p.id = r.product_id LEFT JOIN product t ON t.id = r.to_product_id"
    " WHERE r.id = CAST(:id AS uuid)"
)


def craft(play: Play, house: House) -> Process:
    """The oldest that waits, all of it at once, into one bin where it becomes something else."""
    tablet = play.tablet(house, "craftsman")
    tablet.start("service")
    while True:
        if tablet.state == "take_work":
            if not play.look(_WAITING, house=house.id)[0][0]:
                yield IDLE
                continue
            if not expect(tablet, tablet.scan("CMD-OK"), "taking on a service", "no_service_work"):
                yield IDLE
                continue
            yield 5.0
        before = tablet.task["step_token"]
        yield from _do(play, house, tablet)
        mischief(play, tablet, before)


def _do(play: Play, house: House, tablet: Tablet) -> Process:
    data = tablet.data
    row = play.look(_REQUEST, id=data["request_id"])[0]
    left = data["quantity"] - data["done"]
    if row.becomes is None:
        expect(tablet, tablet.scan(code_of(row.seller, row.sku), quantity=left), f"{left} of {row.sku} done")
        yield tablet.dice.uniform(30, 300)
    else:
        done = yield from _relabel(play, house, tablet, row.seller, left)
        if not done:
            expect(tablet, tablet.scan("CMD-BACK"), "leaving a service for later")
            yield IDLE * 3
            return
    expect(tablet, tablet.scan("CMD-OK"), "ending a service")
    yield 5.0


def _relabel(play: Play, house: House, tablet: Tablet, seller: str, left: int) -> Act:
    """Take what is kept for it from its bins to one bin, under the new label. False when not all of it is there."""
    target = tablet.dice.choice(list(house.bins))
    expect(tablet, tablet.scan(house.bins[target]), f"working at {target}")
    yield tablet.dice.uniform(20, 200)
    tablet.look()
    taken = {
        Place(house.code, each["code"], seller, each["sku"], "good"): each["quantity"] for each in tablet.data["places"]
    }
    if sum(taken.values()) != left or any(play.world.really_there(place) < units for place, units in taken.items()):
        return False
    answer = tablet.scan(code_of(seller, TO), quantity=left)
    if not expect(tablet, answer, f"{left} of {FROM} relabelled", *NOT_NOW):
        return False
    for place, units in taken.items():
        play.world.take(place, units)
    play.world.put(Place(house.code, target, seller, TO, "good"), left)
    play.world.goods[Goods(house.code, seller, FROM)] -= left
    play.world.goods[Goods(house.code, seller, TO)] += left
    play.world.units["relabelled"] += left
    return True
