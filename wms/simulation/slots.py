"""Moves that the office asks for, because they save steps, and that are made on the tablet: goods out, others back."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from wms.simulation.dock import BIN_REFUSALS
from wms.simulation.play import Play, code_of, expect, mischief
from wms.simulation.stage import House
from wms.simulation.timeline import Process
from wms.simulation.wire import Desk, Tablet
from wms.simulation.world import Place, Untrue

WAITING = (
    "SELECT CAST(t.id AS text) AS id, CAST(t.warehouse_id AS text) AS house FROM move_task t"
    " WHERE t.state IN ('open', 'moving') AND (:house = '' OR CAST(t.warehouse_id AS text) = :house)"
    " ORDER BY t.created_at, t.turn, t.id"
)
_IN_HAND = (
    "SELECT a.code AS origin, z.code AS target, e.code AS seller, p.sku, f.code AS other, q.sku AS partner FROM move_task t"
    " JOIN location a ON a.id = t.origin_id JOIN location z ON z.id = t.target_id JOIN product p ON p.id = t.product_id"
    " JOIN seller e ON e.id = p.owner_id LEFT JOIN product q ON q.id = t.partner_id LEFT JOIN seller f ON f.id = q.owner_id"
    " WHERE t.state = 'moving' AND CAST(t.warehouse_id AS text) = :house"
)
_LINE = re.compile(r'name="move" value="([^"]+)"')
# What orders have claimed stays for its pickers, what is held stays, and what a bin does not take goes back.
LEFT = ("stock_is_allocated", "stock_is_held", "not_enough_stock", "nothing_there", "location_held", *BIN_REFUSALS)


def ask(desk: Desk, house: House) -> None:
    """Two or three moves of the list become work of the floor; what changed since is refused."""
    address = f"warehouse={house.code}&days=1&most=3"
    shown = desk.read(f"/office/slotting?{address}")
    if shown.status not in (200, 422):
        raise Untrue(f"the moves of {house.code} are not shown: {shown.status}")
    lines = [html.unescape(each) for each in _LINE.findall(shown.body.decode())]
    if lines:
        form = {"move": lines}
        desk.form("ask for moves", f"/office/slotting/{house.id}/moves?{address}", form, f"{house.code} {len(lines)}")


def drop_all(play: Play, desk: Desk) -> None:
    """At the end nobody needs them any more."""
    for row in play.look(WAITING, house=""):
        desk.form("drop move", f"/office/slotting/{row.house}/moves/{row.id}/cancel", {}, row.id[-8:])


def relocate(play: Play, house: House, tablet: Tablet) -> Process:
    """The next move as the screen leads: from, what, to, and where something stands there, that back."""
    if not _begin(tablet):
        return
    row = play.look(_IN_HAND, house=house.id)[0]
    out = Place(house.code, row.origin, row.seller, row.sku, "good")
    back = [Place(house.code, row.target, row.other, row.partner, "good")] if row.partner else []
    if not all(_is_plain(play, place) for place in (out, *back)):
        expect(tablet, tablet.scan("CMD-SKIP"), "leaving a move for later")
        return
    yield 10.0
    yield from _make(play, house, tablet, row, out, back)
    play.world.let_go(tablet.name)


def _make(play: Play, house: House, tablet: Tablet, row: Any, out: Place, back: Sequence[Place]) -> Process:
    carried: list[tuple[Place, int, str]] = []
    said = _step(play, house, tablet, house.places[row.origin], f"moving {row.sku} out of {row.origin}")
    for place, target in [(out, row.target), *((each, row.origin) for each in back)]:
        if said is None:
            return
        before = tablet.task["step_token"]
        taken = _step(play, house, tablet, code_of(place.seller, place.sku), f"taking {place.sku} out of {place.bin}")
        if taken is None:
            return
        units = tablet.data["quantity"]
        if units > play.world.really_there(place):
            expect(tablet, tablet.scan("CMD-BACK"), "finding less than the screen says")
            return
        carried.append((place, units, target))
        play.world.take_up(tablet.name, place, units)
        yield tablet.dice.uniform(10, 60)
        mischief(play, tablet, before)
        said = _step(play, house, tablet, house.places[target], f"{units} of {place.sku} to {target}")
    if said is None:
        return
    if said != "move_made" or tablet.state != "scan_location":
        raise Untrue(f"{tablet.name}: the move {tuple(row)} does not end: {said}, {tablet.state}")
    _put_down(play, house, tablet, carried)


def _put_down(play: Play, house: House, tablet: Tablet, carried: Sequence[tuple[Place, int, str]]) -> None:
    for place, units, target in carried:
        if play.is_frozen(house, target):
            raise Untrue(f"{tablet.name}: {units} of {place.sku} went to {target}, which is frozen")
        play.world.take(place, units)
        play.world.put(place._replace(bin=target), units)
        play.world.units["moved to save steps"] += units


def _begin(tablet: Tablet) -> bool:
    """False when there is none."""
    tablet.start("move")
    if tablet.state != "scan_location":
        expect(tablet, tablet.scan("CMD-BACK"), "stepping back")
    expect(tablet, tablet.scan("CMD-OK"), "asking for a move")
    return tablet.state == "move_from"


def _is_plain(play: Play, place: Place) -> bool:
    """Whether all of it there is of one quality, as the screen says one number."""
    return not any(
        units for each, units in play.world.shelf.items()
        if each._replace(condition="good") == place and each.condition != "good"
    )  # fmt: skip


def _step(play: Play, house: House, tablet: Tablet, raw: str, what: str) -> str | None:
    """What the screen said; None when the move is left, or is another's."""
    answer = tablet.scan(raw)
    if not expect(tablet, answer, what, *LEFT):
        if answer.code == "location_held" and not play.is_frozen(house, answer.body["feedback"]["params"]["code"]):
            raise Untrue(f"{tablet.name}, {what}: {answer.body['feedback']}, and no such bin is frozen")
        expect(tablet, tablet.scan("CMD-BACK"), "leaving a move")
        return None
    return None if answer.code == "move_lost" else answer.code
