"""Hand-over at the gate: scan every parcel, or a bag or pallet of them, onto the carrier's load at the dock where one works:
the one whose label was scanned last, or the bench's (decision 116).
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility import queries as facility
from wms.floor.bench_printer import station_of
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.service import bagging, handover
from wms.shipping.service import docks

PARCEL = "scan_parcel"


class HandOver:
    kind = "handover"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(PARCEL, _begin(actor, warehouse_id))

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """One step, again and again; a parcel or bag scanned twice is harmless; a dock's label says where one works."""
        found = resolve(scan.raw, Scope(task.warehouse_id), [Kind.PARCEL, Kind.BAG, Kind.LOCATION])
        if found.kind is Kind.COMMAND:
            if found.command == "OK":
                return Step(PARCEL, hand(task.data, loaded=0, last=None), "done", "scan_ok")
            raise Refused("command_not_here", {})
        if found.kind is Kind.BAG:
            return self._bag(actor, task, found)
        if found.kind is Kind.LOCATION:
            return self._dock(task, found)
        result = handover.hand_over(actor, task.warehouse_id, found.code, dock_id=_at(task))
        loaded = task.data["loaded"] + (0 if result.already else 1)
        data = hand(task.data, loaded=loaded, last=result.order.number)
        if result.already:
            return Step(PARCEL, data, "warn", "parcel_already")
        code = "parcel_loaded_more" if result.waits else "parcel_loaded"
        return Step(PARCEL, data, "ok", code, {"loaded": loaded})

    def _bag(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        gone = bagging.load(actor, found.id, _at(task))
        loaded = task.data["loaded"] + (0 if gone.already else gone.parcels)
        data = hand(task.data, loaded=loaded, last=gone.number)
        if gone.already:
            return Step(PARCEL, data, "warn", "bag_already")
        return Step(PARCEL, data, "ok", "bag_loaded", {"parcels": gone.parcels})

    def _dock(self, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        place = facility.locations_by_ids([found.id])[found.id]
        if not docks.is_dock(place):
            raise Refused("not_a_dock", {"location": place.code})
        data = hand(task.data, loaded=0, last=None, dock=[str(place.id), place.code])
        return Step(PARCEL, data, "next", "dock_chosen", {"dock": place.code})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        chosen = [{"barcode": barcode, "code": code} for barcode, code in task.data.get("docks", ())]
        dock = task.data.get("dock")
        return {
            "loaded": task.data["loaded"], "last": task.data.get("last"), "docks": chosen, "dock": dock[1] if dock else None,
        }  # fmt: skip


def _begin(actor: Actor, warehouse_id: uuid.UUID) -> dict[str, Any]:
    """Nothing is loaded yet; where there are docks to choose from, the bench's dock is the one."""
    found = docks.docks_of(warehouse_id)
    if not found:
        return {"loaded": 0}
    station_id = station_of(actor)
    bench = facility.station_by_id(station_id) if station_id is not None else None
    here = next((each for each in found if bench is not None and each.id == bench.location_id), None)
    return hand(
        {"loaded": 0}, docks=[[each.barcode, each.code] for each in found],
        dock=[str(here.id), here.code] if here is not None else None,
    )  # fmt: skip


def _at(task: FloorTask) -> uuid.UUID | None:
    dock = task.data.get("dock")
    return uuid.UUID(dock[0]) if dock else None
