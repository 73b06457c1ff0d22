"""The returns desk: scan the parcel or the return, the item, then say what becomes of it.

After an item: the bin's code restocks it, DAMAGE sets it aside, SCRAP destroys it. OK at the end closes the return.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.beside import read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound import queries as outbound
from wms.platform.database import session
from wms.returns import queries, service
from wms.returns.models import ReturnOrder
from wms.returns.service import Disposition

RETURN, PRODUCT, DECIDE = "scan_return", "scan_product", "decide"


class ReturnDesk:
    kind = "return"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(RETURN, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_return → scan_product → decide → scan_product … → (OK) scan_return."""
        expected = {
            RETURN: [Kind.RETURN, Kind.PARCEL, Kind.ORDER], PRODUCT: [Kind.PRODUCT], DECIDE: [Kind.LOCATION]
        }[task.step]  # fmt: skip
        owner = task.data.get("owner_id")
        found = resolve(scan.raw, Scope(task.warehouse_id, uuid.UUID(owner) if owner else None), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == RETURN:
            return self._open(actor, found)
        if task.step == PRODUCT:
            return self._receive(actor, task, found, scan)
        return self._settle(actor, task, Disposition.RESTOCK, found.id)

    def _open(self, actor: Actor, found: Found) -> Step:
        assert found.id is not None
        if found.kind is Kind.RETURN:
            opened = service.load_return(actor, found.id)
        else:
            order_id = found.id if found.kind is Kind.ORDER else outbound.order_of_parcel(found.code)
            if order_id is None:
                raise Refused("order_unknown", {})
            opened = queries.open_return_of(order_id) or service.open_unannounced(actor, order_id)
        if opened.state not in ("announced", "receiving"):
            raise Refused("return_closed", {})
        data = {"return_id": str(opened.id), "owner_id": str(opened.owner_id)}
        units = sum(line["announced"] - line["received"] for line in queries.return_detail(opened)["lines"])
        return Step(PRODUCT, data, "next", "return_opened", {"number": opened.number, "units": max(0, units)})

    def _receive(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        found = read_beside(found, scan)
        assert found.id is not None
        quantity = scan.quantity or found.pack
        numbers = [found.serial] if found.serial and found.serial_control != "none" else []
        if found.serial_control != "none" and not numbers:
            raise Refused("serial_needed", {})  # it was captured when the unit left
        service.receive(actor, uuid.UUID(task.data["return_id"]), found.id, quantity, numbers)
        data = hand(task.data, product_id=str(found.id), quantity=quantity, serials=found.numbers or None)
        return Step(DECIDE, data, "ok", "return_item", {"quantity": quantity})

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if task.step == DECIDE and found.command == "DAMAGE":
            return self._settle(actor, task, Disposition.DAMAGED, None)
        if task.step == DECIDE and found.command == "SCRAP":
            return self._settle(actor, task, Disposition.SCRAP, None)
        if task.step == PRODUCT and found.command == "OK":
            service.close(actor, uuid.UUID(task.data["return_id"]))
            return Step(RETURN, {}, "done", "return_done")
        if task.step == PRODUCT and found.command == "BACK":
            return Step(RETURN, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _settle(self, actor: Actor, task: FloorTask, disposition: Disposition, location_id: uuid.UUID | None) -> Step:
        product_id = uuid.UUID(task.data["product_id"])
        settled = service.inspect(
            actor,
            uuid.UUID(task.data["return_id"]),
            product_id,
            task.data["quantity"],
            disposition,
            location_id,
            task.data.get("serials", ()),
        )
        if settled.state == "completed":
            return Step(RETURN, {}, "done", "return_done")
        return Step(
            PRODUCT,
            hand(task.data, product_id=None, quantity=None, serials=None),
            "next",
            f"return_{disposition.value}",
        )

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "return_id" not in task.data:
            return {}
        found = session().get_one(ReturnOrder, uuid.UUID(task.data["return_id"]))
        return {
            **goods(task.data.get("product_id")), "number": found.number,
            "lines": queries.return_detail(found)["lines"], "quantity": task.data.get("quantity"),
        }  # fmt: skip
