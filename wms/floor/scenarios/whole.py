"""Whole cartons and pallets: scan one where it stands, and it is an order's parcel, ready to be handed over.

The screen lists those that orders want whole, in walking order. Nothing is opened, put into a tote or weighed.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Kind, Scope, resolve
from wms.outbound.service import whole

UNIT = "scan_unit"


class Whole:
    kind = "whole"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(UNIT, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """One step, again and again."""
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.UNIT])
        if found.kind is Kind.COMMAND:
            raise Refused("command_not_here", {})
        assert found.id is not None
        taken = whole.take_whole(actor, found.id)
        params = {"units": taken.units, "order": taken.order.number}
        code = "whole_packed" if taken.is_packed else "whole_taken"
        return Step(UNIT, hand(task.data, last=taken.code), "ok", code, params)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        rows = whole.waiting(task.warehouse_id)
        wanted = [
            {"code": row.code, "location": row.location, "order": row.number, "kind": row.kind, "units": row.units}
            for row in rows
        ]
        return {"wanted": wanted, "last": task.data.get("last")}
