"""Picking: take a walk, bind a tote to each order (for a put wall or the fast lane: one to the walk), then bin after bin in
walking order.

The picker's story: the screen shows the place, huge. Scan it; the screen shows how many of what. Scan the goods (each,
or the first with a quantity); they go into the order's tote. What is not there is reported with SHORT, twice.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.beside import lot_label
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.scenarios import pick_exceptions as exceptions
from wms.inventory.counting import zero
from wms.inventory.putaway.rules import NEAR_M
from wms.inventory.replenishment import queries as replenishment
from wms.outbound.models import PickBatch
from wms.outbound.service import full_totes, lanes, lots, picking, together, waves
from wms.outbound.service.stops import Sight, next_stop, open_in, see_together, work_waiting
from wms.outbound.workflow import InterceptionState, OrderState, TaskState
from wms.platform.i18n import refusal_texts

BEGIN, TOTE, LOCATION, PRODUCT = "begin", "scan_tote", "scan_location", "scan_product"
DAMAGED, ZERO = "scan_damaged", "zero_check"
# Why a stop is not this picker's to do any more, and what the screen says while it moves on.
GONE = {
    "order_cancelled": "stop_cancelled", "task_done": "stop_gone", "batch_taken": "walk_taken_over",
    "stop_set_aside": "stop_refused", "intercepted": "stop_intercepted", "order_held": "stop_held", "walk_picked": "stop_gone",
}  # fmt: skip


def _why_gone(stop: Sight) -> str:
    if stop.order_state == OrderState.CANCELLED.value:
        return "intercepted" if stop.interception == InterceptionState.ACCEPTED.value else "order_cancelled"
    if stop.interception == InterceptionState.REQUESTED.value:
        return "intercepted"
    if stop.state == TaskState.SET_ASIDE.value:
        return "stop_set_aside"
    return "order_held" if stop.state == TaskState.HELD.value else "task_done"


class Pick:
    kind = "pick"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(BEGIN, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: begin (OK takes a walk, a pick list its own) → [scan_tote] → scan_location → scan_product → … → begin.

        A stop that is gone meanwhile (cancelled, without goods, taken over by another picker, refused by customs) is
        never a dead end: whatever is scanned there leads on. On the way: scan_damaged (after DAMAGE), and zero_check where
        the bin should be empty now.
        """
        if task.step == ZERO:
            return exceptions.zero_answered(actor, task, scan, self._next)
        stop = self._stop(task)
        if stop is not None and stop.state != TaskState.OPEN.value:
            return self._lead_on(task, stop, Refused(_why_gone(stop)))
        try:
            return self._apply(actor, task, stop, scan)
        except Refused as refusal:
            if stop is None or refusal.code not in GONE:
                raise
            return self._lead_on(task, stop, refusal)  # it was refused before anything was written

    def _lead_on(self, task: FloorTask, stop: Sight, why: Refused) -> Step:
        code, params = GONE[why.code], {**why.params}
        if code == "stop_refused" and stop.tote is not None:
            code, params = "tote_refused", {"tote": stop.tote}
        if why.code == "batch_taken":
            return Step(BEGIN, {}, "warn", code, params)
        following = self._next(task, "warn", code, params)
        return replace(following, tone="warn", code=code, params=params)  # also where the walk ends with it

    def _apply(self, actor: Actor, task: FloorTask, stop: Sight | None, scan: Scan) -> Step:
        expected = {
            BEGIN: [Kind.LOCATION, Kind.WALK],
            TOTE: [Kind.TOTE, Kind.CART], LOCATION: [Kind.LOCATION], PRODUCT: [Kind.PRODUCT], DAMAGED: [Kind.PRODUCT]
        }.get(task.step, [])  # fmt: skip
        if "damaged" in task.data:
            expected = [*expected, *exceptions.SET_DOWN]
        found = resolve(scan.raw, self._scope(task, stop), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, stop, found)
        if exceptions.is_set_down(task, found):
            return exceptions.set_down(actor, task, found)
        if stop is None:
            return self._somewhere(actor, task, found)
        return self._at_stop(actor, task, stop, found, scan)

    def _somewhere(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        """A walk's pick list, or a bin of the zone that the picker works in."""
        if found.kind is Kind.WALK:
            assert found.id is not None
            return self._take(picking.take_this(actor, found.id))
        return self._begin(actor, task, found.id)

    def _at_stop(self, actor: Actor, task: FloorTask, stop: Sight, found: Found, scan: Scan) -> Step:
        if task.step == TOTE:
            return self._bind(actor, task, stop, found)
        if task.step == LOCATION:
            if found.id != stop.location_id:
                raise Refused("wrong_location", {"wanted": stop.location})
            return Step(PRODUCT, task.data, "ok", "bin_right", {"quantity": stop.left}, carried=stop)
        if task.step == DAMAGED:
            return exceptions.damaged(actor, task, stop, found, scan, self._next)
        return self._product(actor, task, stop, found, scan)

    def _bind(self, actor: Actor, task: FloorTask, stop: Sight, found: Found) -> Step:
        """The tote that the order, the walk or the single pieces go into."""
        if found.id is None or found.kind not in (Kind.TOTE, Kind.CART):
            raise Refused("not_a_tote", {})
        tote_id, tote = found.id, found.code
        if found.kind is Kind.CART:  # its next free tote, whose code the screen says
            tote_id, tote = picking.free_tote_on(found.id, found.code)
        if stop.wall is not None:
            together.bind_tote(actor, stop.batch_id, tote_id)
            return Step(LOCATION, hand(task.data, full=None), "ok", "walk_tote_bound", {"tote": tote})
        if stop.is_lane:
            orders = lanes.bind_to_walk(actor, stop.batch_id, tote_id)
            return Step(LOCATION, hand(task.data, full=None), "ok", "lane_bound", {"orders": orders})
        if task.data.get("full"):
            further = full_totes.take_further(actor, stop.id, tote_id)
            data, params = hand(task.data, full=None), {"tote": tote, "totes": ", ".join(further.totes)}
            if further.orders:
                return Step(LOCATION, data, "ok", "lane_bound", {"orders": further.orders})
            return Step(LOCATION, data, "ok", "further_tote" if further.totes[1:] else "tote_bound", params)
        if task.data.get("lane"):
            return self._into_lane(actor, task, stop, tote_id)
        picking.assign_tote(actor, stop.order_id, tote_id)
        bound_stop = replace(stop, tote_id=tote_id, tote=tote)
        return Step(LOCATION, task.data, "ok", "tote_bound", {"tote": tote}, carried=bound_stop)

    def _into_lane(self, actor: Actor, task: FloorTask, stop: Sight, tote_id: uuid.UUID) -> Step:
        if not lanes.has_singles(stop.batch_id):  # they went meanwhile: this order has its own tote
            return Step(TOTE, hand(task.data, lane=None), "warn", "no_singles")
        bound = lanes.bind_container(actor, stop.batch_id, tote_id)
        following = self._next(task, "ok", "lane_bound", {"orders": bound})
        return replace(following, code="lane_bound", params={"orders": bound})

    def _stop(self, task: FloorTask) -> Sight | None:
        stop_id = task.data.get("stop_id")
        if isinstance(task.carried, Sight) and str(task.carried.id) == stop_id:
            return task.carried
        return None if stop_id is None else see_together(uuid.UUID(stop_id))

    def _scope(self, task: FloorTask, stop: Sight | None) -> Scope:
        """The stop fixes the owner, so that a code several sellers use is never ambiguous here."""
        if stop is None:
            return Scope(task.warehouse_id)
        known = {(Kind.LOCATION, stop.location_barcode): Found(Kind.LOCATION, stop.location_id, stop.location)}
        for code, units in stop.codes.items():
            known[Kind.PRODUCT, code] = Found(
                Kind.PRODUCT, stop.product_id, stop.sku, owner_id=stop.owner_id, pack=units,
                serial_control=stop.serial_control,
            )  # fmt: skip
        return Scope(task.warehouse_id, stop.owner_id, known)

    def _command(self, actor: Actor, task: FloorTask, stop: Sight | None, found: Found) -> Step:
        if task.step == BEGIN and found.command == "OK":
            return self._begin(actor, task, uuid.UUID(task.data["here"]) if "here" in task.data else None)
        if stop is None:
            return exceptions.command(actor, task, None, found.command or "")
        if found.command == "SKIP":
            picking.skip(actor, stop.id)
            return self._next(task, "warn", "stop_skipped", {})
        # One for all single pieces; a walk that was planned for them has one anyway.
        if found.command == "MIXED" and task.step == TOTE and not task.data.get("full") and not stop.is_lane:
            if task.data.get("damage_tote"):
                raise Refused("damage_tote_first", {})
            if not lanes.has_singles(stop.batch_id):
                raise Refused("no_singles", {})
            return Step(TOTE, hand(task.data, lane=True), "ok", "lane_next_tote")
        if found.command == "SHORT" and task.step == PRODUCT:
            if not task.data.get("short_asked"):
                params = {"picked": stop.picked, "quantity": stop.quantity}
                return Step(PRODUCT, hand(task.data, short_asked=True), "warn", "short_confirm", params)
            picking.report_short(actor, stop.id)
            return self._next(task, "warn", "short_reported", {})
        return exceptions.command(actor, task, stop, found.command or "")

    def _near(self, actor: Actor, task: FloorTask) -> str | None:
        """A pick face to fill that begins a few steps from where the last walk ended, in words."""
        if "here" not in task.data:
            return None
        found = replenishment.beside(actor.id, task.warehouse_id, uuid.UUID(task.data["here"]))
        if found is None:
            return None
        walk, metres = found
        if metres is None or metres > NEAR_M:
            return None
        params = {"metres": round(metres), "source": walk.source, "face": walk.face}
        return refusal_texts.translate("hint_face_near", params)

    def _begin(self, actor: Actor, task: FloorTask, here: uuid.UUID | None) -> Step:
        batch = picking.take_batch(actor, task.warehouse_id, here)
        if batch is None:
            try:
                waves.release_wave(actor, task.warehouse_id)
            except Refused as refusal:
                if refusal.code == "nothing_to_wave":
                    raise Refused("no_work", {}) from refusal
                raise
            return Step(BEGIN, hand({}, here=None if here is None else str(here)), "ok", "walks_planned")
        return self._take(batch)

    def _take(self, batch: PickBatch) -> Step:
        open_work = open_in(batch.id)
        params = {"orders": open_work.orders, "stops": open_work.stops}
        return self._lead_to(str(batch.id), next_stop(batch.id), "next", "walk_taken", params)

    def _product(self, actor: Actor, task: FloorTask, stop: Sight, found: Found, scan: Scan) -> Step:
        if found.id != stop.product_id:
            raise Refused("wrong_item", {"wanted": stop.sku})
        batch = scan.batch or found.batch
        if lots.is_other(stop.id, batch):
            return exceptions.other_lot(actor, task, stop, str(batch))
        take = together.pick_together if stop.is_together else picking.pick
        done = take(actor, stop.id, scan.quantity or found.pack, serials=found.numbers)
        params = {"picked": done.picked, "quantity": done.quantity}
        if done.picked < done.quantity:
            data = hand(task.data, short_asked=None, stop_id=str(stop.id))
            return Step(PRODUCT, data, "ok", "item_picked", params)
        if done.emptied and zero.is_asked(stop.location_id):
            return exceptions.ask_zero(task, stop)
        return self._lead_to(
            task.data["batch_id"], done.following, "next", "stop_done", params, here=str(stop.location_id)
        )

    def _next(self, task: FloorTask, tone: str, code: str, params: dict[str, Any]) -> Step:
        batch_id = task.data["batch_id"]
        return self._lead_to(batch_id, next_stop(uuid.UUID(batch_id)), tone, code, params, task.data.get("here"))

    def _lead_to(
        self, batch_id: str, stop: Sight | None, tone: str, code: str, params: dict[str, Any], here: str | None = None
    ) -> Step:
        """The walk's next stop, or its end, where the picker stands `here`."""
        if stop is None:
            return Step(BEGIN, hand({}, here=here), "done", "walk_done")
        data = {"batch_id": batch_id, "stop_id": str(stop.id)}
        return Step(TOTE if stop.tote_id is None else LOCATION, data, tone, code, params, carried=stop)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        stop, more = self._stop(task), exceptions.shown(task)
        if task.step == ZERO:
            return more
        if stop is None:
            work = work_waiting(task.warehouse_id)
            return {
                **more,
                "waiting": work.walks,
                "by_zone": work.by_zone,
                "near": self._near(actor, task) if work.faces else None,
            }
        return {
            **more,
            **named(stop), "barcode": stop.unit_code,
            "location": stop.location, "location_barcode": stop.location_barcode, "quantity": stop.left,
            "picked": stop.picked, "wanted": stop.quantity, "order": stop.order_number, "tote": stop.tote, "wall": stop.wall,
            "lane": stop.is_lane, "orders": stop.orders,
            "other_totes": list(stop.others or ()),
            "container": stop.container, "lot": lot_label(stop),
            "stops_left": open_in(stop.batch_id).stops if stop.stops_left is None else stop.stops_left,
            "short_asked": bool(task.data.get("short_asked")),
        }  # fmt: skip
