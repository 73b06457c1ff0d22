"""The put wall and the fast lane: what was picked together finds its order, and single pieces find a label."""

from __future__ import annotations

from wms.simulation.floor import GONE, take_label
from wms.simulation.play import Play, code_of, expect, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Tablet
from wms.simulation.world import Untrue

IDLE = 150.0
WALL_FULL = 300.0
LANE_REFUSALS = ("lane_empty", "waybill_not_ready", "relabel_first", *GONE)
_TO_SORT = (
    "SELECT h.barcode FROM handling_unit h WHERE h.warehouse_id = CAST(:house AS uuid) AND h.subject_kind = 'batch'"
    " AND EXISTS (SELECT 1 FROM balance b WHERE b.handling_unit_id = h.id AND b.on_hand > 0) ORDER BY h.code"
)
_IN_TOTE = (
    "SELECT s.code AS seller, p.sku, sum(b.on_hand)::int AS units FROM handling_unit h JOIN balance b"
    " ON b.handling_unit_id = h.id AND b.on_hand > 0 JOIN product p ON p.id = b.product_id JOIN seller s"
    " ON s.id = b.owner_id WHERE h.warehouse_id = CAST(:house AS uuid) AND h.barcode = :tote GROUP BY 1, 2 ORDER BY 1, 2"
)
_SINGLES = (
    "SELECT DISTINCT s.code AS seller, p.sku FROM handling_unit h JOIN outbound_order o ON o.tote_id = h.id"
    " JOIN demand d ON d.order_id = o.id JOIN product p ON p.id = d.product_id JOIN seller s ON s.id = o.owner_id"
    " WHERE h.warehouse_id = CAST(:house AS uuid) AND h.subject_kind = 'lane' AND o.state = 'picked' ORDER BY 1, 2"
)


def sort(play: Play, house: House) -> Process:
    """Tote by tote, item by item; now and then into the wrong slot, which is refused."""
    tablet = play.tablet(house, "sorter")
    tablet.start("sort")
    while True:
        totes = [row[0] for row in play.look(_TO_SORT, house=house.id)]
        if not totes:
            yield IDLE
            continue
        tote = tablet.dice.choice(totes)
        if expect(tablet, tablet.scan(tote), f"opening {tote}", "nothing_to_sort"):
            yield 4.0
            yield from _sort_tote(play, house, tablet, tote)


def _sort_tote(play: Play, house: House, tablet: Tablet, tote: str) -> Process:
    while tablet.state != "scan_tote":
        before = tablet.task["step_token"]
        row = tablet.dice.choice(play.look(_IN_TOTE, house=house.id, tote=tote))
        code = code_of(row.seller, row.sku)
        units = row.units if tablet.dice.random() < 0.5 else 1
        answer = tablet.scan(code, quantity=units)
        if not expect(tablet, answer, f"sorting {row.sku}", "sort_too_many", "wall_full"):
            if answer.code == "wall_full":
                expect(tablet, tablet.scan("CMD-BACK"), "leaving a tote for later")
                yield WALL_FULL
                return
            units = 1
            expect(tablet, tablet.scan(code), f"sorting one {row.sku}")
        yield tablet.dice.uniform(2, 6)
        slot = house.units[tablet.data["slot"]]
        if tablet.dice.random() < 0.04:
            wrong = next(each for name, each in house.units.items() if name.startswith("W1-") and each != slot)
            if expect(tablet, tablet.scan(wrong), "a wrong slot", "wrong_slot_scanned"):
                raise Untrue(f"{tablet.name}: {row.sku} was taken at the wrong slot")
        expect(tablet, tablet.scan(slot), f"{row.sku} into {slot}")
        play.world.units["sorted"] += units
        yield tablet.dice.uniform(2, 6)
        mischief(play, tablet, before)


def single_pieces(play: Play, house: House) -> Process:
    """The fast lane's bench: an item, its label, the next."""
    tablet = play.tablet(house, "laner")
    tablet.start("lane")
    while True:
        waiting = play.look(_SINGLES, house=house.id)
        if not waiting:
            yield IDLE
            continue
        row = tablet.dice.choice(waiting)
        answer = tablet.scan(code_of(row.seller, row.sku))
        if not expect(tablet, answer, f"{row.sku} at the lane", *LANE_REFUSALS):
            yield IDLE
            continue
        yield 4.0
        yield from _close(play, tablet, row.sku)


def _close(play: Play, tablet: Tablet, sku: str) -> Process:
    """Its label, scanned back; sometimes the item goes back into the container first."""
    order = play.order(tablet.data["order"])
    before = tablet.task["step_token"]
    if tablet.dice.random() < 0.05 and not play.closing:
        expect(tablet, tablet.scan("CMD-UNDO"), "putting a single piece back", *GONE)
        yield 5.0
        return
    order.checked[:] = [(sku, 1)]
    done = yield from take_label(play, tablet, order)
    if not done:
        order.checked.clear()
        expect(tablet, tablet.scan("CMD-BACK"), "giving a single piece back", "nothing_to_take_back")
        yield IDLE
        return
    play.world.units["at the fast lane"] += 1
    mischief(play, tablet, before)
