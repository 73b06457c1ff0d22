"""The fast lane: scan an item, its label prints; scan the label, the parcel is closed. Two scans a parcel, no tote."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.bench_printer import print_slip_once, station_of, way_of
from wms.floor.contract import Scan, Step
from wms.floor.models import FloorTask
from wms.floor.queries import named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import packing, single_units
from wms.platform.database import session
from wms.printing import service as printing
from wms.printing.models import LabelDocument
from wms.printing.queries import choose_printer, last_print

PRODUCT, WAYBILL = "scan_item", "scan_waybill"
EXPECTED = {PRODUCT: [Kind.PRODUCT, Kind.TOTE], WAYBILL: [Kind.PARCEL]}


class Lane:
    kind = "lane"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(PRODUCT, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_item → scan_waybill → scan_item. A container of a lane may be scanned first: it says nothing new."""
        owner_id = single_units.owner_in_lanes(task.warehouse_id) if task.step == PRODUCT else None
        found = resolve(scan.raw, Scope(task.warehouse_id, owner_id), EXPECTED[task.step])
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if found.kind is Kind.TOTE:
            return Step(PRODUCT, {}, "ok", "lane_opened")
        if task.step == PRODUCT:
            return self._take(actor, task, found, scan)
        single_units.close(actor, uuid.UUID(task.data["order_id"]), found.code)
        return Step(PRODUCT, {}, "done", "parcel_closed")

    def _take(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        assert found.id is not None
        if found.pack != 1:
            raise Refused("scan_each", {})
        taken = single_units.take(actor, task.warehouse_id, found.id, scan.weight_g)
        self._print(actor, taken.parcel_id)
        if taken.plan.get("slip"):
            print_slip_once(actor, taken.order_id)
        data = {"order_id": str(taken.order_id), "owner_id": str(taken.owner_id), "order": taken.number,
                "weight_g": taken.weight_g, "plan": taken.plan}  # fmt: skip
        return Step(WAYBILL, data, "next", "lane_label", {"order": taken.number}, can_undo=True)

    def _print(self, actor: Actor, parcel_id: uuid.UUID) -> None:
        """At the bench's printer, where one is to be reached and the label is there and was not sent before. Else the screen
        offers the ways there are.
        """
        bench = station_of(actor)
        label = last_print("waybill", "parcel", parcel_id, bench)
        if label is None or label.state != "ready" or not label.has_printer or label.job_state not in (None, "queued"):
            return
        if choose_printer(bench, session().get_one(LabelDocument, label.document_id)) is not None:
            printing.print_label(actor, label.document_id, bench)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if task.step == WAYBILL and found.command in ("UNDO", "BACK"):
            try:
                given_back = single_units.give_back(actor, uuid.UUID(task.data["order_id"]))
            except Refused as refusal:
                if refusal.code != "order_cancelled":
                    raise
                return Step(PRODUCT, {}, "warn", refusal.code, refusal.params)  # nothing holds this bench to it
            if not given_back:
                raise Refused("nothing_to_take_back", {})
            return Step(PRODUCT, {}, "warn", "lane_given_back")
        raise Refused("command_not_here", {})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "order_id" not in task.data:
            return {}
        bench = packing.bench(uuid.UUID(task.data["order_id"]))
        parcel = bench.parcel
        label = last_print("waybill", "parcel", parcel.id, station_of(actor)) if parcel else None
        line = bench.lines[0]
        return {
            "order_id": task.data["order_id"], "order": task.data["order"],
            **named(line),
            "weight_g": task.data["weight_g"], "plan": {**task.data["plan"], "choices": []}, "packaging": None, "in_box": 0,
            "tracking_number": parcel.tracking_number if parcel else None, "fault": None,
            "document_id": str(label.document_id) if label else None,
            "document_ready": label is not None and label.state == "ready",
            "print_id": str(label.job_id) if label and label.job_id else None,
            "print_state": label.job_state if label else None,
            "way": way_of(actor, label) if label else {},
        }  # fmt: skip
