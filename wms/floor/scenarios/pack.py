"""Packing at the bench: open a tote, check every item, weigh, stick the waybill and scan it back; box after box.

The plan of the boxes is made when the tote is opened and stays in hand with the task (decision 067).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.packaging.queries import load_packaging
from wms.floor.bench_printer import print_slip_once, station_of, way_of
from wms.floor.beside import read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import bench_photos, boxes, packing
from wms.platform.i18n import refusal_texts
from wms.printing.queries import last_print
from wms.shipping.queries import label_fault

TOTE, PRODUCT, WEIGH, WAYBILL, REOPEN = "scan_tote", "scan_product", "weigh", "scan_waybill", "reopen_tote"
INSERTS = "inserts"
EXPECTED = {
    TOTE: [Kind.TOTE, Kind.PARCEL], PRODUCT: [Kind.PRODUCT, Kind.PACKAGING], WEIGH: [Kind.PACKAGING],
    WAYBILL: [Kind.PARCEL], REOPEN: [Kind.TOTE], INSERTS: [],
}  # fmt: skip


class Pack:
    kind = "pack"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(TOTE, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_tote → scan_product … → [inserts, OK] → weigh → scan_waybill → scan_tote, or scan_product of the next
        box.

        A closed parcel's label instead of a tote: reopen_tote → scan_product.
        """
        if task.step == WEIGH and scan.weight_g is not None:
            return self._weigh(actor, task, scan.weight_g)
        owner_id = task.data.get("owner_id")  # the order's: a code several sellers use is not ambiguous here
        scope = Scope(task.warehouse_id, owner_id and uuid.UUID(owner_id))
        found = resolve(scan.raw, scope, EXPECTED[task.step])
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if found.kind is Kind.PACKAGING:
            return self._choose(actor, task, found)
        if task.step == TOTE and found.kind is Kind.PARCEL:
            boxes.closed_parcel(actor, task.warehouse_id, found.code)
            return Step(REOPEN, {"parcel": found.code}, "warn", "parcel_to_reopen")
        if task.step == REOPEN:
            assert found.id is not None
            boxes.reopen(actor, task.warehouse_id, task.data["parcel"], found.id)
            return self._open(actor, found, reopened=True)
        if task.step == TOTE:
            return self._open(actor, found)
        if task.step == PRODUCT:
            return self._verify(actor, task, found, scan)
        if task.step == WAYBILL:
            return self._close(actor, task, found.code)
        raise Refused("scale_first", {})

    def _open(self, actor: Actor, found: Found, reopened: bool = False) -> Step:
        assert found.id is not None
        opened = packing.start_packing(actor, found.id)
        order, left = opened.order, opened.left
        data = {"order_id": str(order.id), "owner_id": str(order.owner_id), "order": order.number, "tote": found.code,
                "plan": opened.plan}  # fmt: skip
        if opened.totes[1:]:
            data["totes"] = opened.totes
        if opened.plan.get("slip"):
            print_slip_once(actor, order.id)
        if reopened:
            return Step(PRODUCT if left else _checked(data), data, "next", "parcel_reopened", can_undo=True)
        told = {"units": left, "count": len(opened.totes)}
        code = "totes_opened" if "totes" in data else "tote_opened"
        return Step(PRODUCT if left else _checked(data), data, "next", code, told)

    def _choose(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        """Another box or bag than the planned one, or one where nothing was planned."""
        assert found.id is not None
        chosen = load_packaging(actor, found.id)
        if chosen.owner_id is not None and str(chosen.owner_id) != task.data["owner_id"]:
            raise Refused("packaging_foreign", {})
        used = {"id": str(chosen.id), "code": chosen.code, "name": chosen.name}
        return Step(task.step, hand(task.data, packaging=used), "ok", "packaging_chosen", {"name": chosen.name})

    def _close(self, actor: Actor, task: FloorTask, number: str) -> Step:
        order_id = uuid.UUID(task.data["order_id"])
        if _asks_photo(task.data) and not bench_photos.of_open_parcel(order_id):
            raise Refused("photo_needed", {})
        left = packing.close_parcel(actor, order_id, number)
        if not left:
            return Step(TOTE, {}, "done", "parcel_closed")
        data = hand(task.data, plan=packing.plan_boxes(order_id), packaging=None, full=None, weight_g=None)
        return Step(PRODUCT, data, "next", "box_closed", {"units": left})

    def _verify(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        found = read_beside(found, scan)
        assert found.id is not None
        order_id = uuid.UUID(task.data["order_id"])
        quantity = scan.quantity or found.pack
        done = packing.verify(actor, order_id, found.id, quantity, found.pack, found.serial, found.batch)
        params = {
            "verified": done.verified,
            "quantity": done.quantity,
            "units": quantity,
            "profile": done.profile.value,
        }
        if done.verified < done.quantity:
            return Step(PRODUCT, task.data, "ok", "item_verified", params, can_undo=True)
        step = _checked(task.data)
        return Step(step, task.data, "next", "all_checked" if step == WEIGH else "inserts_first", params, can_undo=True)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if found.command == "FULL" and task.step == PRODUCT:
            boxes.begin_next(actor, uuid.UUID(task.data["order_id"]))
            step = _checked(task.data)
            told = "box_full" if step == WEIGH else "box_inserts_first"
            return Step(step, hand(task.data, full=True), "next", told, can_undo=True)
        if found.command == "OK" and task.step == INSERTS:  # the packer says that they are in
            return Step(WEIGH, hand(task.data, inserts_in=True), "next", "inserts_in")
        if found.command == "UNDO" and task.step in (WEIGH, INSERTS) and task.data.get("full"):
            boxes.take_back_next(actor, uuid.UUID(task.data["order_id"]))
            return Step(PRODUCT, hand(task.data, full=None, weight_asked=None), "warn", "box_goes_on")
        if found.command == "UNDO" and task.step in (PRODUCT, WEIGH, INSERTS):
            if not packing.unverify(actor, uuid.UUID(task.data["order_id"])):
                raise Refused("nothing_to_take_back", {})
            return Step(PRODUCT, task.data, "warn", "check_undone")
        if found.command == "UNDO" and task.step == WAYBILL:
            return Step(WEIGH, hand(task.data, weight_g=None), "warn", "weigh_again")
        if found.command == "BACK":
            return Step(TOTE, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _weigh(self, actor: Actor, task: FloorTask, weight_g: int) -> Step:
        order_id, again = uuid.UUID(task.data["order_id"]), task.data.get("weight_asked") == weight_g
        may_accept = actor.may(Permission.EXCEPTIONS_MANAGE)
        try:
            packing.weigh(
                actor, order_id, weight_g, packaging_id=_used(task.data), planned_id=_planned(task.data),
                accept_anyway=again and may_accept,
            )  # fmt: skip
        except Refused as refusal:
            if refusal.code != "weight_off" or not may_accept:
                raise
            # a supervisor looks twice: the same weight once more is accepted, and noted on the order
            return Step(WEIGH, hand(task.data, weight_asked=weight_g), "warn", "weight_confirm", refusal.params)
        data = hand(task.data, weight_g=weight_g, weight_asked=None)
        return Step(WAYBILL, data, "next", "weighed", {"weight": weight_g})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "order_id" not in task.data:
            return {"parcel": task.data.get("parcel")}
        bench = packing.bench(uuid.UUID(task.data["order_id"]), _used(task.data))
        band, parcel = bench.whole if task.step == PRODUCT else bench.band, bench.parcel
        label = last_print("waybill", "parcel", parcel.id, station_of(actor)) if parcel else None
        fault = label_fault(parcel.id) if parcel and parcel.tracking_number is None else None
        lines = [
            {**named(line), "quantity": line.quantity, "verified": line.verified, "in_box": line.in_box}
            for line in bench.lines
        ]  # fmt: skip
        return {
            "order": task.data["order"], "tote": task.data.get("tote"), "totes": task.data.get("totes", []), "lines": lines,
            "weight_g": task.data.get("weight_g"),
            "expected_g": band.expected_g, "low_g": band.low_g, "high_g": band.high_g,
            "parcel_number": 1 + (bench.parcels.index(parcel) if parcel else 0), "parcels": len(bench.parcels),
            "in_box": bench.in_box, "left": bench.left,
            "plan": task.data.get("plan", {}), "packaging": task.data.get("packaging"),
            "tracking_number": parcel.tracking_number if parcel else None,
            "fault": refusal_texts.translate(fault.code, fault.facts) if fault else None,
            "fault_stops": fault is not None and fault.stopped,
            "document_id": str(label.document_id) if label else None,
            "document_ready": label is not None and label.state == "ready",
            "print_id": str(label.job_id) if label and label.job_id else None,
            "print_state": label.job_state if label else None,
            "way": way_of(actor, label) if label else {}, "order_id": task.data["order_id"],
            "photos": bench_photos.of_open_parcel(uuid.UUID(task.data["order_id"])) if _asks_photo(task.data) else None,
        }  # fmt: skip


def _asks_photo(data: Mapping[str, Any]) -> bool:
    return bool(data.get("plan", {}).get("photo"))


def _checked(data: Mapping[str, Any]) -> str:
    """What follows when the box is checked: what goes in besides, which is confirmed once, or the scale."""
    plan = data.get("plan", {})
    return INSERTS if (plan.get("inserts") or plan.get("slip")) and not data.get("inserts_in") else WEIGH


def _planned(data: Mapping[str, Any]) -> uuid.UUID | None:
    """The box that the plan wants filled now."""
    planned = data.get("plan", {}).get("boxes")
    return uuid.UUID(planned[0]["id"]) if planned and planned[0]["id"] else None


def _used(data: Mapping[str, Any]) -> uuid.UUID | None:
    """The box in hand: the one the packer took, else the planned one."""
    return uuid.UUID(data["packaging"]["id"]) if "packaging" in data else _planned(data)
