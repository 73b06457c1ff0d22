"""The counter: scan the pick-up slip, check who stands there, scan every parcel into their hands.

Who stands there says the code that the seller gave them, which is typed or scanned; or shows a document with the name that
is on the slip, and OK says so. The slip is signed.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.barcodes import BarcodeError, normalise_scan, parse_command
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Kind, Scope, resolve
from wms.outbound.kinds.pick_up import Checked
from wms.outbound.service import counter

ORDER, CODE, PARCEL = "scan_order", "scan_code", "scan_parcel"


class PickUp:
    kind = "pickup"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(ORDER, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_order → scan_code → scan_parcel … → scan_order."""
        if task.step == CODE:
            return self._code(actor, task, scan)
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.ORDER if task.step == ORDER else Kind.PARCEL])
        if found.kind is Kind.COMMAND:
            return self._command(task, found.command)
        assert found.id is not None
        if task.step == ORDER:
            waiting = counter.ask_for(actor, found.id)
            data = {"order_id": str(waiting.order_id), "order": waiting.number, "parcels": waiting.here}
            return Step(CODE, data, "next", "pick_up_asked", {"parcels": waiting.here})
        return self._parcel(actor, task, found.code)

    def _command(self, task: FloorTask, command: str | None) -> Step:
        if command == "BACK" and task.step != ORDER:
            return Step(ORDER, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _code(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """The code is no code of ours: it is compared, and looked up nowhere."""
        read = normalise_scan(scan.raw)
        if isinstance(read, BarcodeError):
            raise Refused("scan_unreadable", {"reason": read.code})
        command = parse_command(read.text)
        order_id = uuid.UUID(task.data["order_id"])
        if command is not None and command.name == "OK":
            counter.ask_for(actor, order_id)
            return Step(PARCEL, hand(task.data, checked=Checked.DOCUMENT.value), "next", "pick_up_document")
        if command is not None:
            return self._command(task, command.name)
        said = counter.say_code(actor, order_id, read.text.strip())
        if said.is_right:
            return Step(PARCEL, hand(task.data, checked=Checked.CODE.value), "next", "pick_up_code_right")
        code = "pick_up_code_wrong" if said.left else "pick_up_code_locked"
        return Step(CODE, dict(task.data), "warn", code, {"left": said.left})

    def _parcel(self, actor: Actor, task: FloorTask, number: str) -> Step:
        order_id = uuid.UUID(task.data["order_id"])
        gone = counter.collect(actor, task.warehouse_id, order_id, number, Checked(task.data["checked"]))
        if gone.already:
            return Step(PARCEL, dict(task.data), "warn", "parcel_already")
        if gone.waits:
            left = task.data["parcels"] - 1
            return Step(PARCEL, hand(task.data, parcels=left), "ok", "pick_up_more", {"left": left})
        return Step(ORDER, {}, "done", "pick_up_done")

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        return {name: task.data.get(name) for name in ("order", "parcels", "checked")}
