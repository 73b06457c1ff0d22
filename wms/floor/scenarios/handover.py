"""Hand-over at the gate: scan every parcel, or a bag or pallet of them, onto the carrier's load."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import bagging, handover

PARCEL = "scan_parcel"


class HandOver:
    kind = "handover"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(PARCEL, {"loaded": 0})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """One step, again and again; a parcel or bag scanned twice is harmless."""
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.PARCEL, Kind.BAG])
        if found.kind is Kind.COMMAND:
            if found.command == "OK":
                return Step(PARCEL, {"loaded": 0}, "done", "scan_ok")
            raise Refused("command_not_here", {})
        if found.kind is Kind.BAG:
            return self._bag(actor, task, found)
        result = handover.hand_over(actor, task.warehouse_id, found.code)
        loaded = task.data["loaded"] + (0 if result.already else 1)
        data = hand(task.data, loaded=loaded, last=result.order.number)
        if result.already:
            return Step(PARCEL, data, "warn", "parcel_already")
        code = "parcel_loaded_more" if result.waits else "parcel_loaded"
        return Step(PARCEL, data, "ok", code, {"loaded": loaded})

    def _bag(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        gone = bagging.load(actor, found.id)
        loaded = task.data["loaded"] + (0 if gone.already else gone.parcels)
        data = hand(task.data, loaded=loaded, last=gone.number)
        if gone.already:
            return Step(PARCEL, data, "warn", "bag_already")
        return Step(PARCEL, data, "ok", "bag_loaded", {"parcels": gone.parcels})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        return {"loaded": task.data["loaded"], "last": task.data.get("last")}
