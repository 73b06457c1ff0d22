"""Sorting at a put wall: scan the tote that was picked together, then unit by unit the slot that lights up.

The sorter's story: scan an item; a number and a colour say the slot, huge; put it there and scan the slot. The last item
of an order closes its slot, and the packer takes it from behind. What belongs to a cancelled order goes to a slot too, and from
there back to the bins.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import goods, named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import sorting
from wms.outbound.workflow import OrderState

TOTE, PRODUCT, SLOT = "scan_tote", "scan_product", "scan_slot"


class Sort:
    kind = "sort"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(TOTE, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_tote → scan_product → scan_slot → scan_product … → scan_tote."""
        expected = {TOTE: [Kind.TOTE], PRODUCT: [Kind.PRODUCT], SLOT: [Kind.TOTE]}[task.step]
        found = resolve(scan.raw, Scope(task.warehouse_id, _owner_in(task)), expected)
        if found.kind is Kind.COMMAND:
            return self._command(task, found)
        assert found.id is not None
        if task.step == TOTE:
            tote = sorting.open_tote(actor, found.id)
            units = sum(row.units for row in sorting.in_tote(tote.id))
            return Step(PRODUCT, {"tote_id": str(tote.id)}, "next", "sort_opened", {"units": units, "wall": tote.wall})
        tote = sorting.open_tote(actor, uuid.UUID(task.data["tote_id"]))
        if task.step == PRODUCT:
            return self._product(task, tote, found, scan)
        return self._slot(actor, task, tote, found)

    def _command(self, task: FloorTask, found: Found) -> Step:
        if found.command == "BACK" and task.step == SLOT:
            return Step(PRODUCT, _without_item(task), "warn", "step_back")
        if found.command == "BACK":
            return Step(TOTE, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _product(self, task: FloorTask, tote: sorting.Tote, found: Found, scan: Scan) -> Step:
        assert found.id is not None
        goal = sorting.goal_of(tote, found.id)
        quantity = scan.quantity or len(found.numbers) or found.pack
        if quantity > goal.units:
            raise Refused("sort_too_many", {"left": goal.units})
        data = hand(
            task.data, product_id=str(found.id), quantity=quantity, serials=list(found.numbers) or None,
            order_id=str(goal.order_id), order=goal.order, slot_id=str(goal.slot_id), slot=goal.slot, number=goal.number,
            cancelled=goal.is_cancelled or None,
        )  # fmt: skip
        if goal.is_cancelled:
            return Step(SLOT, data, "warn", "sort_cancelled", {"number": goal.number})
        return Step(SLOT, data, "ok", "sort_to", {"number": goal.number, "quantity": quantity})

    def _slot(self, actor: Actor, task: FloorTask, tote: sorting.Tote, found: Found) -> Step:
        if str(found.id) != task.data["slot_id"]:
            raise Refused("wrong_slot_scanned", {"number": task.data["number"]})
        assert found.id is not None
        done = sorting.put(
            actor, tote, uuid.UUID(task.data["order_id"]), uuid.UUID(task.data["product_id"]), task.data["quantity"],
            found.id, task.data.get("serials", ()),
        )  # fmt: skip
        step, data = (PRODUCT, _without_item(task)) if sorting.in_tote(tote.id) else (TOTE, {})
        if done.left == 0 and not task.data.get("cancelled"):
            return Step(step, data, "done", "slot_closed", {"number": done.number})
        if step == TOTE:
            return Step(TOTE, {}, "done", "tote_sorted")
        return Step(step, data, "next", "sorted", {"number": done.number})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "tote_id" not in task.data:
            return {}
        tote = sorting.tote_of(uuid.UUID(task.data["tote_id"]))
        if tote is None:  # somebody else sorted the last of it
            return {"lines": [], "slots": [], "tote": "–", "left": 0, "wall": "–"}
        lines = [{**named(row), "quantity": row.units} for row in sorting.in_tote(tote.id)]
        return {
            **goods(task.data.get("product_id")), "tote": tote.code, "wall": tote.wall, "lines": lines,
            "left": sum(line["quantity"] for line in lines), "slots": _slots(tote),
            **{name: task.data.get(name) for name in ("quantity", "order", "slot", "number", "cancelled")},
        }  # fmt: skip


def _owner_in(task: FloorTask) -> uuid.UUID | None:
    """Whose goods the tote holds, where they are one seller's now: a walk that goes on may bring another's."""
    if task.step != PRODUCT:
        return None
    owners = {row.owner_id for row in sorting.in_tote(uuid.UUID(task.data["tote_id"]))}
    return owners.pop() if len(owners) == 1 else None


def _without_item(task: FloorTask) -> dict[str, Any]:
    names = ("product_id", "quantity", "serials", "order_id", "order", "slot_id", "slot", "number", "cancelled")
    return hand(task.data, **dict.fromkeys(names))


def _slots(tote: sorting.Tote) -> list[dict[str, Any]]:
    """The wall as `floor.wall` shows it; the order's last digits are its note."""
    states = {OrderState.PICKED.value: "ready", None: "free"}
    return [
        {"label": str(row.number), "note": (row.order_number or "")[-4:],
         "state": states.get(row.state if row.subject_kind == "order" else row.subject_kind, "filling")}
        for row in sorting.slots_of(tote.warehouse_id, tote.wall)
    ]  # fmt: skip
