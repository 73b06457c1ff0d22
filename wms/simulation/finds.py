"""What pickers find in a bin besides what they came for: broken units, another batch, a bin that should be empty."""

from __future__ import annotations

from wms.simulation import totes
from wms.simulation.play import GONE_ON, Act, Play, code_of, expect, has_lots
from wms.simulation.stage import House
from wms.simulation.wire import Tablet
from wms.simulation.world import Place

DAMAGED, OTHER_BATCH, STILL_FULL = 0.03, 0.5, 0.1  # of the looks into a bin, of those at lots, of the empty bins
STOP_LOST = ("allocation_changed", "quantity_too_large", "stock_is_held")
# The batch in hand may not go in the place of the one that was chosen.
NOT_THAT_BATCH = ("lot_named", "lot_not_here", "lot_later", "lot_sooner", "lot_newer", "lot_too_soon", "lot_together")
_BATCHES = (
    "SELECT DISTINCT t.batch FROM balance b JOIN location l ON l.id = b.location_id JOIN lot t ON t.id = b.lot_id"
    " JOIN product p ON p.id = b.product_id JOIN seller s ON s.id = b.owner_id JOIN warehouse w ON w.id = l.warehouse_id"
    " WHERE w.code = :house AND l.code = :bin AND s.code = :seller AND p.sku = :sku AND b.on_hand > 0"
    " AND b.handling_unit_id IS NULL AND t.batch IS NOT NULL ORDER BY 1"
)


def find(play: Play, tablet: Tablet, place: Place, there: int) -> Act:
    """Now and then something comes in the way. True when the step is over: the screen leads on."""
    if play.closing:
        return False
    throw = tablet.dice.random()
    if throw < DAMAGED:
        return (yield from _damaged(play, tablet, place, there))
    if has_lots(place.sku) and tablet.dice.random() < OTHER_BATCH:
        return (yield from _other_batch(play, tablet, place))
    return False


def _damaged(play: Play, tablet: Tablet, place: Place, there: int) -> Act:
    """Some units are broken where they lie; sometimes on a second look they are not."""
    asked = tablet.scan("CMD-DAMAGE")
    if asked.code in GONE_ON:
        return True
    expect(tablet, asked, "saying that something is broken")
    yield 4.0
    units = 1 if there < 3 or tablet.dice.random() < 0.7 else 2
    answer = tablet.scan(code_of(place.seller, place.sku), quantity=units)
    if answer.code in GONE_ON:
        return True
    if not expect(tablet, answer, f"{units} of {place.sku} broken at {place.bin}", *STOP_LOST):
        expect(tablet, tablet.scan("CMD-BACK"), "leaving it as it is")
        return True
    broken = place._replace(condition="damaged")
    play.world.take(place, units)
    play.world.put(broken, units)
    play.world.units["found damaged"] += units
    yield 5.0
    throw = tablet.dice.random()
    if throw < 0.25:
        undone = tablet.scan("CMD-UNDO")
        refusals = (
            "nothing_to_take_back",
            "not_enough_stock",
            "stock_is_allocated",
            "stock_is_held",
            "command_not_here",
        )
        if undone.code not in GONE_ON and expect(tablet, undone, "taking the damage back", *refusals):
            play.world.take(broken, units)
            play.world.put(place, units)
            play.world.units["found damaged"] -= units
    elif throw < 0.75 and tablet.data["damaged"]:
        yield from totes.set_down(play, tablet, broken, units)
    return True


def _other_batch(play: Play, tablet: Tablet, place: Place) -> Act:
    """The batch is scanned with the goods; it may be another one than the screen chose."""
    batches = [
        row.batch for row in play.look(_BATCHES, house=place.house, bin=place.bin, seller=place.seller, sku=place.sku)
    ]
    if not batches:
        return False
    answer = tablet.scan(code_of(place.seller, place.sku), batch=tablet.dice.choice(batches))
    if answer.code in GONE_ON or answer.code in NOT_THAT_BATCH:
        return True
    if expect(tablet, answer, f"picking {place.sku} by its batch", *STOP_LOST):
        play.world.take(place, 0 if answer.code == "lot_changed" else 1)
        yield 3.0
    elif answer.code == "allocation_changed":
        expect(tablet, tablet.scan("CMD-SKIP"), "leaving a stop for later")
        yield 90.0
    return True


def say_whether_empty(play: Play, house: House, tablet: Tablet) -> None:
    """The book says that the bin is empty now. Mostly it is; somebody who looks wrongly has it counted."""
    wrong = not play.closing and tablet.dice.random() < STILL_FULL
    label = house.places[tablet.data["bin"]]
    said = "CMD-NOTEMPTY" if wrong else tablet.dice.choice(["CMD-EMPTY", "CMD-OK", label])
    play.wire.record.faults["bin_emptied"] += 1
    expect(tablet, tablet.scan(said), f"whether {tablet.data['bin']} is empty")
