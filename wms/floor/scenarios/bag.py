"""Bagging (集包): parcels of one service are scanned into a bag or onto a pallet, which is weighed, closed and labelled.

A parcel begins a bag; a parcel that is in one, or the bag's label, takes that one up again. Loading is under Hand over.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.bench_printer import station_of, way_of
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import bagging
from wms.printing.queries import last_print
from wms.shipping import loads, rules
from wms.shipping import service as shipping
from wms.shipping.models import Bag, BagKind, BagState
from wms.shipping.queries import load_carrier, load_service

BEGIN, FILL, TAKE_OUT, WEIGH, CLOSED = "scan_first", "fill_bag", "take_out", "weigh", "closed_bag"


class Bags:
    kind = "bag"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(BEGIN, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_first → fill_bag … (FULL) → weigh → scan_first. UNDO at fill_bag → take_out → fill_bag; a closed
        bag scanned at scan_first → closed_bag, where OK opens it again and PRINT makes its label anew.
        """
        if task.step == WEIGH and scan.weight_g is not None:
            return self._weigh(actor, task, scan.weight_g)
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.PARCEL, Kind.BAG])
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == WEIGH:
            raise Refused("scale_first", {})
        if task.step in (BEGIN, CLOSED):
            return self._begin(actor, task, found)
        if found.kind is Kind.BAG:
            return self._take_up(loads.bag_at(actor, _id(found)))
        return self._put(actor, task, found) if task.step == FILL else self._take_out(actor, task, found)

    def _begin(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if found.kind is Kind.BAG:
            return self._take_up(loads.bag_at(actor, _id(found)))
        inside = loads.bag_of(_id(found))
        if inside is not None:
            return self._take_up(loads.bag_at(actor, inside))
        kind = BagKind(task.data.get("kind", BagKind.BAG.value))
        begun = bagging.put_in(actor, task.warehouse_id, found.code, None, kind)
        return Step(FILL, {"bag_id": str(begun.bag_id)}, "next", "bag_begun", {"bag": begun.number})

    def _take_up(self, bag: Bag) -> Step:
        if bag.state == BagState.LOADED.value:
            raise Refused("bag_already", {})
        if bag.state == BagState.DROPPED.value:
            raise Refused("scan_unknown", {"code": f"…{bag.number[-4:]}"})
        params = {"bag": bag.number, "parcels": len(loads.bag_parcels(bag.id))}
        step = FILL if bag.state == BagState.OPEN.value else CLOSED
        return Step(step, {"bag_id": str(bag.id)}, "next", "bag_opened", params)

    def _put(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        done = bagging.put_in(actor, task.warehouse_id, found.code, uuid.UUID(task.data["bag_id"]))
        if done.already:
            return Step(FILL, task.data, "warn", "bag_again")
        return Step(FILL, task.data, "ok", "bag_filled", {"parcels": done.parcels, "bag": done.number})

    def _take_out(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if loads.bag_of(_id(found)) != uuid.UUID(task.data["bag_id"]):
            raise Refused("not_in_bag", {})
        bag = shipping.take_out_of_bag(actor, _id(found))
        if bag is None or bag.state == BagState.DROPPED.value:
            return Step(BEGIN, {}, "done", "bag_empty")
        return Step(FILL, task.data, "ok", "bag_taken_out")

    def _weigh(self, actor: Actor, task: FloorTask, weight_g: int) -> Step:
        bag_id, again = uuid.UUID(task.data["bag_id"]), task.data.get("weight_asked") == weight_g
        try:
            bagging.close(actor, bag_id, weight_g, accept_anyway=again)
        except Refused as refusal:
            if refusal.code != "bag_weight_off":
                raise
            # the parcels were weighed one by one: the same weight once more says that somebody counted them
            return Step(WEIGH, hand(task.data, weight_asked=weight_g), "warn", "bag_weight_confirm", refusal.params)
        return Step(CLOSED, {"bag_id": str(bag_id)}, "done", "bag_is_closed")

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        command, bag_id = found.command, task.data.get("bag_id")
        if command == "BACK":
            step = FILL if task.step in (TAKE_OUT, WEIGH) else BEGIN
            return Step(step, {"bag_id": bag_id} if step == FILL else {}, "warn", "step_back")
        if command == "FULL" and task.step == BEGIN:
            pallet = task.data.get("kind") != BagKind.PALLET.value
            return Step(
                BEGIN, {"kind": BagKind.PALLET.value} if pallet else {}, "ok", "pallet_next" if pallet else "bag_next"
            )
        if command == "FULL" and task.step == FILL:
            return Step(WEIGH, {"bag_id": bag_id}, "next", "bag_to_weigh")
        if command == "UNDO" and task.step == FILL:
            return Step(TAKE_OUT, {"bag_id": bag_id}, "next", "bag_take_out")
        if command == "OK" and task.step == CLOSED:
            return self._take_up(shipping.reopen_bag(actor, uuid.UUID(bag_id)))
        if command == "PRINT" and task.step in (FILL, CLOSED):
            bagging.request_label(actor, loads.bag_at(actor, uuid.UUID(bag_id)))
            return Step(task.step, task.data, "ok", "bag_printed")
        raise Refused("command_not_here", {})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "bag_id" not in task.data:
            return {"kind": task.data.get("kind", BagKind.BAG.value)}
        bag = loads.bag_at(actor, uuid.UUID(task.data["bag_id"]))
        parcels = loads.bag_parcels(bag.id)
        net_g = sum(each.weight_g for each in parcels)
        low, high = rules.bag_weight_band(bag.kind, net_g)
        label = last_print("bag", "bag", bag.id, station_of(actor))
        return {
            "bag": bag.number, "kind": bag.kind, "state": bag.state, "carrier": load_carrier(bag.carrier_id).name,
            "service": load_service(bag.service_id).name, "count": len(parcels), "net_g": net_g,
            "weight_g": bag.weight_g, "low_g": low, "high_g": high,
            "parcels": [each.tracking_number for each in parcels],
            "document_id": str(label.document_id) if label else None,
            "document_ready": label is not None and label.state == "ready",
            "print_id": str(label.job_id) if label and label.job_id else None,
            "print_state": label.job_state if label else None,
            "way": way_of(actor, label) if label else {},
        }  # fmt: skip


def _id(found: Found) -> uuid.UUID:
    assert found.id is not None  # parcels and bags are rows
    return found.id
