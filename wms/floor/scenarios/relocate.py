"""Moves that were asked for (*Slotting*), part of *Move*: fetch a product out of its bin, exchange it for what stands in the
other one, and put that into the first. The book follows at the last bin, both ways at once.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.hands import held
from wms.floor.models import FloorTask
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inventory.relocating import queries, service

BEGIN = "scan_location"
FROM, ITEM, TO, PARTNER, HOME = "move_from", "move_item", "move_to", "move_partner", "move_home"
EXPECTED = {
    FROM: Kind.LOCATION, ITEM: Kind.PRODUCT, TO: Kind.LOCATION, PARTNER: Kind.PRODUCT, HOME: Kind.LOCATION,
}  # fmt: skip


def begin(actor: Actor, task: FloorTask, but: list[str] | None = None) -> Step:
    """The next move, or that there is none."""
    left = but or list(task.data.get("but", ()))
    found = service.take_next(actor, task.warehouse_id, [uuid.UUID(each) for each in left])
    if found is None:
        return Step(BEGIN, {}, "warn", "nothing_to_move")
    return Step(FROM, hand({}, move_task=str(found.id), but=left or None), "next", "move_begun")


def scan(actor: Actor, task: FloorTask, given: Scan) -> Step:
    """Steps: move_from → move_item → move_to → [move_partner → move_home] → scan_location. A move that is somebody else's
    meanwhile is no dead end.
    """
    try:
        return _apply(actor, task, given)
    except Refused as refusal:
        if refusal.code != "move_gone":
            raise
        return Step(BEGIN, {}, "warn", "move_lost")  # it was refused before anything was written


def _apply(actor: Actor, task: FloorTask, given: Scan) -> Step:
    asked = queries.seen(uuid.UUID(task.data["move_task"]))
    owner_id = asked.partner_owner_id if task.step == PARTNER else asked.owner_id  # a code may be other sellers' too
    found = resolve(given.raw, Scope(task.warehouse_id, owner_id), [EXPECTED[task.step]])
    if found.kind is Kind.COMMAND:
        return _command(actor, task, found)
    assert found.id is not None
    if task.step in (ITEM, PARTNER):
        return _take(actor, task, asked, found)
    wanted, code = (asked.target_id, asked.target) if task.step == TO else (asked.origin_id, asked.origin)
    if found.id != wanted:
        raise Refused("wrong_location", {"wanted": code})
    if task.step == FROM:
        return Step(ITEM, task.data, "ok", "bin_opened", {"location": code})
    if task.step == TO and asked.partner_id is not None:
        return Step(PARTNER, task.data, "ok", "move_take_out", {"sku": asked.partner})
    done = service.finish(actor, asked.id)
    data = hand({}, but=task.data.get("but"), moved={"move_task": str(asked.id)})
    return Step(BEGIN, data, "done", "move_made", {"quantity": done.moved + done.came_back}, can_undo=True)


def take_back(actor: Actor, task: FloorTask) -> Step:
    """The move that was just made is not: everything is carried back to where it came from, and somebody is asked again. In
    hand until the next scan.
    """
    key = uuid.UUID(task.data["moved"]["move_task"])
    taken = held((row.from_balance_id, row.quantity) for row in queries.TAKEN_FROM.all({"task": key}))
    service.undo(actor, key)
    return Step(BEGIN, hand({}, but=task.data.get("but"), in_hand=taken), "warn", "asked_move_taken_back")


def _take(actor: Actor, task: FloorTask, asked: Any, found: Found) -> Step:
    """All of it that is free: what orders have claimed stays for its pickers."""
    first = task.step == ITEM
    bin_id, product_id, sku = (
        (asked.origin_id, asked.product_id, asked.sku) if first else (asked.target_id, asked.partner_id, asked.partner)
    )
    if found.id != product_id:
        raise Refused("wrong_item", {"wanted": sku})
    units = service.hold(actor, asked.id, bin_id, product_id)
    goes_to = asked.target if first else asked.origin
    data = hand(task.data, quantity=units)
    return Step(TO if first else HOME, data, "ok", "face_in_hand", {"quantity": units, "location": goes_to})


def _command(actor: Actor, task: FloorTask, found: Found) -> Step:
    key = task.data["move_task"]
    if found.command == "SKIP" and task.step in (FROM, ITEM):
        service.put_back(actor, uuid.UUID(key))
        left = [*task.data.get("but", ()), key]
        return Step(BEGIN, {"but": left}, "warn", "move_left")
    if found.command == "BACK":  # what is in hand goes back to where it was
        service.put_back(actor, uuid.UUID(key))
        said = "move_left" if task.step in (FROM, ITEM) else "move_given_up"
        return Step(BEGIN, hand({}, but=task.data.get("but")), "warn", said)
    raise Refused("command_not_here", {})


def shown(task: FloorTask) -> dict[str, Any]:
    """What the screens of a move show: the product in hand or wanted, its bins, and what comes back."""
    asked = queries.seen(uuid.UUID(task.data["move_task"]))
    comes_back = task.step in (PARTNER, HOME)
    return {
        **goods(asked.partner_id if comes_back else asked.product_id),
        "location": asked.target if comes_back else asked.origin, "target": asked.origin if comes_back else asked.target,
        "partner": asked.partner, "quantity": task.data.get("quantity"), "saves_m": asked.saves_m,
    }  # fmt: skip
