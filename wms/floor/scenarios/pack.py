"""Packing at the bench: open a tote, check every item, weigh, stick the waybill and scan it back."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.floor.bench_printer import station_of, way_of
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import packing
from wms.printing.queries import last_print

TOTE, PRODUCT, WEIGH, WAYBILL = "scan_tote", "scan_product", "weigh", "scan_waybill"


class Pack:
    kind = "pack"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(TOTE, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_tote → scan_product … → weigh → scan_waybill → scan_tote."""
        if task.step == WEIGH and scan.weight_g is not None:
            return self._weigh(actor, task, scan.weight_g)
        expected = {TOTE: [Kind.TOTE], PRODUCT: [Kind.PRODUCT], WAYBILL: [Kind.PARCEL]}.get(task.step, [])
        owner_id = task.data.get("owner_id")  # the order's: a code several sellers use is not ambiguous here
        found = resolve(scan.raw, Scope(task.warehouse_id, owner_id and uuid.UUID(owner_id)), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == TOTE:
            return self._open(actor, found)
        if task.step == PRODUCT:
            return self._verify(actor, task, found, scan)
        if task.step == WAYBILL:
            packing.close_parcel(actor, uuid.UUID(task.data["order_id"]), found.code)
            return Step(TOTE, {}, "done", "parcel_closed")
        raise Refused("scale_first", {})

    def _open(self, actor: Actor, found: Found) -> Step:
        assert found.id is not None
        opened = packing.start_packing(actor, found.id)
        order, left = opened.order, opened.left
        data = {"order_id": str(order.id), "owner_id": str(order.owner_id), "order": order.number, "tote": found.code}
        return Step(PRODUCT if left else WEIGH, data, "next", "tote_opened", {"units": left})

    def _verify(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        assert found.id is not None
        order_id = uuid.UUID(task.data["order_id"])
        quantity = scan.quantity or found.pack
        done = packing.verify(actor, order_id, found.id, quantity, found.pack, serial=found.serial)
        params = {
            "verified": done.verified,
            "quantity": done.quantity,
            "units": quantity,
            "profile": done.profile.value,
        }
        if done.verified < done.quantity:
            return Step(PRODUCT, task.data, "ok", "item_verified", params, can_undo=True)
        return Step(WEIGH, task.data, "next", "all_checked", params, can_undo=True)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if found.command == "UNDO" and task.step in (PRODUCT, WEIGH):
            if not packing.unverify(actor, uuid.UUID(task.data["order_id"])):
                raise Refused("nothing_to_take_back", {})
            return Step(PRODUCT, task.data, "warn", "check_undone")
        if found.command == "BACK":
            return Step(TOTE, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _weigh(self, actor: Actor, task: FloorTask, weight_g: int) -> Step:
        order_id, again = uuid.UUID(task.data["order_id"]), task.data.get("weight_asked") == weight_g
        may_accept = actor.may(Permission.EXCEPTIONS_MANAGE)
        try:
            packing.weigh(actor, order_id, weight_g, accept_anyway=again and may_accept)
        except Refused as refusal:
            if refusal.code != "weight_off" or not may_accept:
                raise
            # a supervisor looks twice: the same weight once more is accepted, and noted on the order
            return Step(WEIGH, hand(task.data, weight_asked=weight_g), "warn", "weight_confirm", refusal.params)
        data = hand(task.data, weight_g=weight_g, weight_asked=None)
        return Step(WAYBILL, data, "next", "weighed", {"weight": weight_g})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "order_id" not in task.data:
            return {}
        order_id = uuid.UUID(task.data["order_id"])
        bench = packing.bench(order_id)
        band = packing.weight_of(bench.lines)
        label = last_print("waybill", "parcel", bench.parcel.id, station_of(actor)) if bench.parcel else None
        lines = [
            {
                "sku": line.sku, "name_en": line.name_en, "name_zh": line.name_zh, "quantity": line.quantity,
                "verified": line.verified,
            }
            for line in bench.lines
        ]  # fmt: skip
        return {
            "order": task.data["order"], "tote": task.data.get("tote"), "lines": lines,
            "weight_g": task.data.get("weight_g"),
            "expected_g": band.expected_g, "low_g": band.low_g, "high_g": band.high_g,
            "tracking_number": bench.parcel.tracking_number if bench.parcel else None,
            "document_id": str(label.document_id) if label else None,
            "document_ready": label is not None and label.state == "ready",
            "print_id": str(label.job_id) if label and label.job_id else None,
            "print_state": label.job_state if label else None,
            "way": way_of(actor, label) if label else {},
        }  # fmt: skip
