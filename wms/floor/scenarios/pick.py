"""Picking: take a walk, bind a tote to each order, then bin after bin in walking order.

The picker's story: the screen shows the place, huge. Scan it; the screen shows how many of what. Scan the goods (each,
or the first with a quantity); they go into the order's tote. What is not there is reported with SHORT, twice.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.outbound.models import Order, PickBatch, PickTask
from wms.outbound.service import picking, waves
from wms.outbound.workflow import OrderState, TaskState
from wms.platform.database import session

BEGIN, TOTE, LOCATION, PRODUCT = "begin", "scan_tote", "scan_location", "scan_product"
# Why a stop is not this picker's to do any more, and what the screen says while it moves on.
GONE = {"order_cancelled": "stop_cancelled", "task_done": "stop_gone", "batch_taken": "walk_taken_over"}


class Pick:
    kind = "pick"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(BEGIN, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: begin (OK takes a walk) → [scan_tote] → scan_location → scan_product → … → begin.

        A stop that is gone meanwhile (cancelled, without goods, taken over by another picker) is never a dead end:
        whatever is scanned there leads on.
        """
        stop = self._stop(task)
        if stop is not None and stop.state != TaskState.OPEN.value:
            order = session().get_one(Order, stop.order_id, populate_existing=True)
            cancelled = order.state == OrderState.CANCELLED.value
            return self._lead_on(task, Refused("order_cancelled" if cancelled else "task_done"))
        try:
            return self._apply(actor, task, stop, scan)
        except Refused as refusal:
            if stop is None or refusal.code not in GONE:
                raise
            return self._lead_on(task, refusal)  # it was refused before anything was written

    def _lead_on(self, task: FloorTask, why: Refused) -> Step:
        code, params = GONE[why.code], {**why.params}
        if why.code == "batch_taken":
            return Step(BEGIN, {}, "warn", code, params)
        following = self._next(task.data["batch_id"], "warn", code, params)
        return replace(following, tone="warn", code=code, params=params)  # also where the walk ends with it

    def _apply(self, actor: Actor, task: FloorTask, stop: PickTask | None, scan: Scan) -> Step:
        expected = {TOTE: [Kind.TOTE], LOCATION: [Kind.LOCATION], PRODUCT: [Kind.PRODUCT]}.get(task.step, [])
        scope = Scope(task.warehouse_id, self._owner(stop))
        found = resolve(scan.raw, scope, expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, stop, found)
        if stop is None:
            raise Refused("command_not_here", {})
        if task.step == TOTE:
            assert found.id is not None
            picking.assign_tote(actor, stop.order_id, found.id)
            return Step(LOCATION, task.data, "ok", "tote_bound", {"tote": found.code})
        if task.step == LOCATION:
            return self._location(task, stop, found)
        return self._product(actor, task, stop, found, scan)

    def _stop(self, task: FloorTask) -> PickTask | None:
        stop_id = task.data.get("stop_id")
        return None if stop_id is None else session().get(PickTask, uuid.UUID(stop_id), populate_existing=True)

    def _owner(self, stop: PickTask | None) -> uuid.UUID | None:
        """The stop fixes the owner, so that a code several sellers use is never ambiguous here."""
        return None if stop is None else session().get_one(Product, stop.product_id).owner_id

    def _command(self, actor: Actor, task: FloorTask, stop: PickTask | None, found: Found) -> Step:
        if task.step == BEGIN and found.command == "OK":
            return self._begin(actor, task)
        if stop is None:
            raise Refused("command_not_here", {})
        if found.command == "SKIP":
            picking.skip(actor, stop.id)
            return self._next(task.data["batch_id"], "warn", "stop_skipped", {})
        if found.command == "SHORT" and task.step == PRODUCT:
            if not task.data.get("short_asked"):
                params = {"picked": stop.picked, "quantity": stop.quantity}
                return Step(PRODUCT, hand(task.data, short_asked=True), "warn", "short_confirm", params)
            picking.report_short(actor, stop.id)
            return self._next(task.data["batch_id"], "warn", "short_reported", {})
        raise Refused("command_not_here", {})

    def _begin(self, actor: Actor, task: FloorTask) -> Step:
        batch = picking.take_batch(actor, task.warehouse_id)
        if batch is None:
            try:
                waves.release_wave(actor, task.warehouse_id)
            except Refused as refusal:
                if refusal.code == "nothing_to_wave":
                    raise Refused("no_work", {}) from refusal
                raise
            return Step(BEGIN, {}, "ok", "walks_planned")
        orders, stops = (
            session()
            .execute(
                select(func.count(PickTask.order_id.distinct()), func.count()).where(
                    PickTask.batch_id == batch.id, PickTask.state == "open"
                )
            )
            .one()
        )
        return self._next(str(batch.id), "next", "walk_taken", {"orders": orders, "stops": stops})

    def _location(self, task: FloorTask, stop: PickTask, found: Found) -> Step:
        if found.id != stop.location_id:
            wanted = session().get_one(Location, stop.location_id).code
            raise Refused("wrong_location", {"wanted": wanted})
        return Step(PRODUCT, task.data, "ok", "bin_right", {"quantity": stop.quantity - stop.picked})

    def _product(self, actor: Actor, task: FloorTask, stop: PickTask, found: Found, scan: Scan) -> Step:
        if found.id != stop.product_id:
            raise Refused("wrong_item", {"wanted": session().get_one(Product, stop.product_id).sku})
        quantity = scan.quantity or found.pack
        done = picking.pick(actor, stop.id, quantity, serials=found.numbers)
        params = {"picked": done.picked, "quantity": done.quantity}
        if done.picked < done.quantity:
            return Step(PRODUCT, hand(task.data, short_asked=None), "ok", "item_picked", params)
        return self._next(task.data["batch_id"], "next", "stop_done", params)

    def _next(self, batch_id: str, tone: str, code: str, params: dict[str, Any]) -> Step:
        """The walk's next stop, or its end."""
        stop = picking.next_task(uuid.UUID(batch_id))
        if stop is None:
            return Step(BEGIN, {}, "done", "walk_done")
        order = session().get_one(Order, stop.order_id)
        data = {"batch_id": batch_id, "stop_id": str(stop.id)}
        return Step(TOTE if order.tote_id is None else LOCATION, data, tone, code, params)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        stop = self._stop(task)
        if stop is None:
            return {"waiting": self._waiting(task)}
        order = session().get_one(Order, stop.order_id)
        location = session().get_one(Location, stop.location_id)
        tote = session().get(HandlingUnit, order.tote_id) if order.tote_id else None
        open_stops = session().scalar(
            select(func.count()).where(PickTask.batch_id == stop.batch_id, PickTask.state == "open")
        )
        return {
            **goods(stop.product_id), "location": location.code,
            "quantity": stop.quantity - stop.picked, "order": order.number, "tote": tote.code if tote else None,
            "stops_left": open_stops, "location_barcode": location.barcode, "picked": stop.picked,
            "wanted": stop.quantity,
            "short_asked": bool(task.data.get("short_asked")),
        }  # fmt: skip

    def _waiting(self, task: FloorTask) -> int:
        return (
            session().scalar(
                select(func.count()).where(PickBatch.warehouse_id == task.warehouse_id, PickBatch.state == "open")
            )
            or 0
        )
