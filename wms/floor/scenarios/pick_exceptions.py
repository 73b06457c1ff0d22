"""What comes in a picker's way at the bin: damaged units, another batch, a bin that should be empty, a tote that is full."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inventory.counting import zero
from wms.outbound.service import damage, lots, picking
from wms.outbound.service.stops import Sight

TOTE, LOCATION, PRODUCT, DAMAGED, ZERO = "scan_tote", "scan_location", "scan_product", "scan_damaged", "zero_check"
Onwards = Callable[[FloorTask, str, str, dict[str, Any]], Step]


def command(actor: Actor, task: FloorTask, stop: Sight | None, name: str) -> Step:
    """DAMAGE before and BACK after it; UNDO of a damage just reported; FULL of the tote it goes into."""
    data = task.data
    if name == "UNDO" and "damaged" in data and task.step != DAMAGED:
        damage.take_back(actor, uuid.UUID(data["damaged"]))
        return Step(task.step, hand(data, damaged=None, damage_tote=None), "warn", "pick_damage_undone")
    if name == "DAMAGE" and "damaged" in data and task.step == TOTE and not data.get("full"):
        return Step(TOTE, hand(data, damage_tote=True), "warn", "pick_damage_tote")
    if name == "BACK" and data.get("damage_tote"):
        return Step(TOTE, hand(data, damage_tote=None), "warn", "step_back")
    if stop is None:
        raise Refused("command_not_here", {})
    if name == "DAMAGE" and task.step == PRODUCT:
        return Step(DAMAGED, hand(data, short_asked=None, damaged=None), "warn", "pick_damage_on")
    if name in ("BACK", "DAMAGE") and task.step == DAMAGED:
        return Step(PRODUCT, data, "warn", "step_back")
    if name == "FULL" and task.step in (LOCATION, PRODUCT) and stop.tote_id is not None:
        return Step(TOTE, hand(data, short_asked=None, full=True), "ok", "tote_full")
    if name == "BACK" and task.step == TOTE and data.get("lane"):
        return Step(TOTE, hand(data, lane=None), "warn", "step_back")
    if name == "BACK" and task.step == TOTE and data.get("full"):
        return Step(LOCATION, hand(data, full=None), "warn", "step_back")
    raise Refused("command_not_here", {})


def damaged(actor: Actor, task: FloorTask, stop: Sight, found: Found, scan: Scan, onwards: Onwards) -> Step:
    """So many units of the scanned item are damaged. With what is left the picker goes on here, else at the next stop."""
    if found.id != stop.product_id:
        raise Refused("wrong_item", {"wanted": stop.sku})
    quantity = scan.quantity or found.pack
    reported = damage.report(actor, stop.id, quantity, found.numbers)
    params = {"quantity": quantity}
    if reported.left:
        return Step(PRODUCT, hand(task.data, damaged=str(reported.id)), "warn", "pick_damaged", params, can_undo=True)
    following = onwards(task, "warn", "pick_damaged_all", params)
    return replace(
        following, data=hand(following.data, damaged=str(reported.id)), tone="warn", code="pick_damaged_all",
        params=params, can_undo=True,
    )  # fmt: skip


SET_DOWN = (Kind.LOCATION, Kind.TOTE, Kind.CART)


def is_set_down(task: FloorTask, found: Found) -> bool:
    """A place or a tote for damaged goods, scanned after a damage was reported. Where the next order waits for its tote, an
    empty one is that, unless DAMAGE said otherwise.
    """
    if "damaged" not in task.data or found.kind not in SET_DOWN:
        return False
    if found.kind is Kind.LOCATION:
        return damage.is_place_for(found.id)
    return task.step != TOTE or bool(task.data.get("damage_tote")) or damage.is_tote(found.id)


def set_down(actor: Actor, task: FloorTask, found: Found) -> Step:
    """The damaged units leave the bin for this place or tote; the walk goes on where it was."""
    assert found.id is not None
    key, data = uuid.UUID(task.data["damaged"]), hand(task.data, damaged=None, damage_tote=None)
    if found.kind is Kind.LOCATION:
        place = damage.set_down(actor, key, found.id)
        return Step(task.step, data, "ok", "pick_damage_set_down", {"place": place.code})
    tote_id = found.id if found.kind is Kind.TOTE else picking.free_tote_on(found.id, found.code)[0]
    tote = damage.put_into_tote(actor, key, tote_id)
    return Step(task.step, data, "ok", "pick_damage_in_tote", {"tote": tote.code})


def other_lot(actor: Actor, task: FloorTask, stop: Sight, batch: str) -> Step:
    """Another batch than the chosen one: the claim moves to it, and its second scan takes it."""
    if stop.wall is not None:  # one bin's units are several orders' there, and they are not alike
        raise Refused("lot_together", {"batch": batch})
    changed = lots.change(actor, stop.id, batch)
    data = hand(task.data, stop_id=str(changed.stop_id), short_asked=None)
    return Step(PRODUCT, data, "warn", "lot_changed", {"batch": batch, "quantity": changed.units})


def ask_zero(task: FloorTask, stop: Sight) -> Step:
    """The stop is done, and by the book its bin is empty now."""
    data = {"batch_id": task.data["batch_id"], "here": str(stop.location_id), "bin": stop.location}
    return Step(ZERO, data, "ok", "zero_asked", {"location": stop.location})


def zero_answered(actor: Actor, task: FloorTask, scan: Scan, onwards: Onwards) -> Step:
    """EMPTY (or OK, or the bin's own label): it is. NOTEMPTY: it is to be counted. Then the walk goes on."""
    here = uuid.UUID(task.data["here"])
    found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.LOCATION])
    told = "zero_confirmed"
    if found.command in ("EMPTY", "OK") or (found.kind is Kind.LOCATION and found.id == here):
        zero.confirm_empty(actor, here)
    elif found.command == "NOTEMPTY":
        zero.doubt_empty(actor, here)
        told = "zero_doubted"
    else:
        raise Refused("zero_first", {"location": task.data["bin"]})
    following = onwards(task, "next", told, {"location": task.data["bin"]})
    if "stop_id" not in following.data:
        return following  # the walk is done, which is told
    return replace(following, code=told, params={"location": task.data["bin"]})


def shown(task: FloorTask) -> dict[str, Any]:
    """What the screens show of all this."""
    data = task.data
    return {
        "damaged": data.get("damaged"),
        "bin": data.get("bin"),
        "is_full": bool(data.get("full")),
        "damage_tote": bool(data.get("damage_tote")),
    }
