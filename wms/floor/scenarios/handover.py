"""Hand-over at the gate: scan every parcel onto the carrier's load."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Kind, Scope, resolve
from wms.outbound.service import handover

PARCEL = "scan_parcel"


class HandOver:
    kind = "handover"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(PARCEL, {"loaded": 0})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """One step, again and again; a parcel scanned twice is harmless."""
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.PARCEL])
        if found.kind is Kind.COMMAND:
            if found.command == "OK":
                return Step(PARCEL, {"loaded": 0}, "done", "scan_ok")
            raise Refused("command_not_here", {})
        result = handover.hand_over(actor, task.warehouse_id, found.code)
        loaded = task.data["loaded"] + (0 if result.already else 1)
        data = hand(task.data, loaded=loaded, last=result.order.number)
        if result.already:
            return Step(PARCEL, data, "warn", "parcel_already")
        code = "parcel_loaded_more" if result.waits else "parcel_loaded"
        return Step(PARCEL, data, "ok", code, {"loaded": loaded})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        return {"loaded": task.data["loaded"], "last": task.data.get("last")}
