"""Scanned on the task home, a code opens the work it belongs to, and is that work's first scan."""

from __future__ import annotations

import uuid

from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit
from wms.floor import contract
from wms.floor.contract import Scan
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.scenarios import SCENARIOS
from wms.inbound.models import Carton
from wms.outbound.service.damage import TOTE as DAMAGED
from wms.outbound.service.lane_totes import LANE
from wms.outbound.service.putback import PUT_BACK
from wms.outbound.service.together import WALK
from wms.platform.database import session
from wms.shipping.models import Bag, BagState

# Not the product: several sellers may use its code, and it alone does not say what to do.
OPENS = (Kind.CARTON, Kind.TOTE, Kind.RETURN, Kind.PARCEL, Kind.LOCATION, Kind.UNIT, Kind.BAG, Kind.ORDER, Kind.BOOKING)
TO_COUNT = {"declared", "arrived", "counting", "missing"}


def begin_with(actor: Actor, warehouse_id: uuid.UUID, raw: str) -> FloorTask | None:
    """Start (or turn to) the work of a scanned code. A task that has something in hand is not disturbed. None: it was
    the card that tests the scanner, and the scanner is well.
    """
    if contract.scanner_is_well(raw):
        return None
    found = resolve(raw, Scope(warehouse_id), OPENS)
    kind = _work_of(found)
    scenario = SCENARIOS[kind]
    task = contract.start_task(actor, scenario, warehouse_id)
    if task.step == scenario.start(actor, warehouse_id).step:
        scan = Scan(new_id(), raw)
        following = contract.apply_scan(actor, scenario, task, scan, task.step_token)
        contract.move_on(actor, task, scan, following)
        contract.advance(task, following)
    return task


def _work_of(found: Found) -> str:
    if found.kind is Kind.COMMAND:
        raise Refused("command_not_here", {})
    if found.kind is Kind.CARTON:
        return "receive" if session().get_one(Carton, found.id).state in TO_COUNT else "putaway"
    if found.kind is Kind.TOTE:
        unit = session().get_one(HandlingUnit, found.id)
        return {PUT_BACK: "putback", DAMAGED: "putback", LANE: "lane", WALK: "sort"}.get(
            unit.subject_kind or "", "pack"
        )
    if found.kind is Kind.BAG:
        return "bag" if session().get_one(Bag, found.id).state == BagState.OPEN.value else "handover"
    other = {
        Kind.RETURN: "return",
        Kind.PARCEL: "handover",
        Kind.LOCATION: "move",
        Kind.UNIT: "move",
        Kind.ORDER: "pickup",
        Kind.BOOKING: "receive",
    }
    return other[found.kind]
