"""Filling pick faces: go to the bin in reserve, take what the screen says, put it into the pick face.

The person gets the most urgent walk, of equally urgent ones the nearest. What is in hand can be brought in parts. SKIP
leaves a walk for later, SHORT (twice) says that the reserve holds less than the book, UNDO takes back what was brought last.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.beside import lot_label, read_beside, row_of_batch
from wms.floor.contract import Scan, Step, hand
from wms.floor.hands import IN_HAND, held
from wms.floor.models import FloorTask
from wms.floor.overruling import against, insisting
from wms.floor.queries import goods, last_place
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.units import check_numbers
from wms.inbound.models import Carton
from wms.inventory.replenishment import queries, service
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.replenishment.rules import Tier
from wms.inventory.words import URGENCY_WORDS
from wms.platform.database import session

BEGIN, SOURCE, PRODUCT, TARGET = "begin", "scan_location", "scan_product", "scan_target"
CONTAINERS = (Kind.UNIT, Kind.CARTON, Kind.TOTE)
# Why a walk is not this person's any more, and what the screen says while it moves on.
GONE = {"replenish_gone": "walk_gone", "replenish_not_yours": "walk_gone"}


class Replenish:
    kind = "replenish"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        here = last_place(actor, warehouse_id)
        return Step(BEGIN, hand({}, here=None if here is None else str(here)))

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: begin (OK takes a walk) → scan_location → scan_product (all of it, or a quantity; or its container) →
        scan_target → … → begin. A walk that is gone meanwhile is never a dead end.
        """
        try:
            return self._apply(actor, task, scan)
        except Refused as refusal:
            if refusal.code not in GONE:
                raise
            # What is in hand is carried back: until the next scan it is not in its bin.
            kept = hand(
                {}, here=task.data.get("here"), in_hand=task.data.get(IN_HAND), serials=task.data.get("serials")
            )
            return Step(BEGIN, kept, "warn", GONE[refusal.code])  # it was refused before anything was written

    def _apply(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        walk = self._walk(task)
        expected = {SOURCE: [Kind.LOCATION], PRODUCT: [Kind.PRODUCT, *CONTAINERS], TARGET: [Kind.LOCATION]}
        owner_id = None if walk is None else walk.owner_id
        found = resolve(scan.raw, Scope(task.warehouse_id, owner_id), expected.get(task.step, []))
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if walk is None or found.id is None:
            raise Refused("command_not_here", {})
        if task.step == SOURCE:
            service.check_source(actor, walk.id, found.id)
            data = hand(task.data, here=str(found.id), in_hand=None, serials=None)
            return Step(PRODUCT, data, "ok", "bin_right", {"quantity": walk.left})
        if task.step == PRODUCT:
            return self._take(task, walk, found, scan)
        return self._bring(actor, task, walk, found)

    def _walk(self, task: FloorTask) -> Any:
        walk_id = task.data.get("walk_id")
        return None if walk_id is None else queries.seen(uuid.UUID(walk_id))

    def _take(self, task: FloorTask, walk: Any, found: Found, scan: Scan) -> Step:
        """What is taken: all that is asked for, or so many. The container's own label stands for what is in it."""
        if found.kind is not Kind.PRODUCT:
            unit_id = session().get_one(Carton, found.id).handling_unit_id if found.kind is Kind.CARTON else found.id
            if unit_id != walk.unit_id:
                raise Refused("wrong_item", {"wanted": walk.unit or walk.sku})
        elif found.id != walk.product_id:
            raise Refused("wrong_item", {"wanted": walk.sku})
        else:
            row_of_batch(read_beside(found, scan), [walk])
        quantity = scan.quantity or (len(found.numbers) or walk.left)
        if not 1 <= quantity <= walk.left:
            raise Refused("too_many_brought", {"left": walk.left})
        check_numbers(found, quantity, walk.on_hand)
        taken = held([(walk.balance_id, quantity)])
        data = hand(task.data, quantity=quantity, serials=found.numbers or None, short_asked=None, in_hand=taken)
        return Step(TARGET, data, "ok", "face_in_hand", {"quantity": quantity, "location": walk.face})

    def _bring(self, actor: Actor, task: FloorTask, walk: Any, found: Found) -> Step:
        assert found.id is not None
        location_id, quantity, but = found.id, task.data["quantity"], task.data.get("but")

        def put(overruled: bool) -> tuple[ReplenishTask, ReplenishTask | None]:
            # The next walk first: the order of locks.
            following = None if quantity < walk.left else self._following(actor, task, location_id, walk.id)
            serials = task.data.get("serials", ())
            return service.bring(actor, walk.id, quantity, location_id, serials, overruled=overruled), following

        put_down = insisting(actor, task, found, put)
        if isinstance(put_down, Step):
            return put_down
        brought, following = put_down
        params = {"quantity": quantity, "location": found.code}
        back = hand({}, in_hand=task.data[IN_HAND], serials=task.data.get("serials"))
        data = hand({}, here=str(location_id), brought=str(walk.id), back=back, but=but)
        if service.left_of(brought):
            following = brought
        if following is None:
            return Step(BEGIN, data, "done", "face_filled", params, can_undo=True, put_down=True)
        data = hand(data, walk_id=str(following.id))
        return Step(SOURCE, data, "next", "face_filled", params, can_undo=True, put_down=True)

    def _following(
        self, actor: Actor, task: FloorTask, here: uuid.UUID | None, current: uuid.UUID | None = None
    ) -> ReplenishTask | None:
        """The next walk, for somebody who stands `here`; None when nothing waits."""
        but = [uuid.UUID(each) for each in task.data.get("but", ())]
        try:
            return service.take_next(actor, task.warehouse_id, here, but, current)
        except Refused as refusal:
            if refusal.code != "nothing_to_replenish":
                raise
            return None

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        command, data = found.command, task.data
        if task.step == BEGIN and command == "OK":
            walk = service.take_next(actor, task.warehouse_id, _here(data))
            taken = hand(data, walk_id=str(walk.id), but=None, in_hand=None, serials=None)
            return Step(SOURCE, taken, "next", "face_walk")
        if command == "UNDO" and task.step in (BEGIN, SOURCE) and "brought" in data:
            return self._undo(actor, task)
        if "walk_id" not in data:
            raise Refused("command_not_here", {})
        walk_id = uuid.UUID(data["walk_id"])
        if command == "SKIP" and task.step in (SOURCE, PRODUCT):
            return self._skip(actor, task, walk_id)
        if command == "SHORT" and task.step == PRODUCT:
            if not data.get("short_asked"):
                return Step(PRODUCT, hand(data, short_asked=True), "warn", "short_reserve_confirm")
            service.report_short(actor, walk_id)
            return Step(BEGIN, hand({}, here=data.get("here")), "warn", "short_reported")
        if command == "BACK" and task.step in (PRODUCT, TARGET):
            step = SOURCE if task.step == PRODUCT else PRODUCT
            kept = hand(data, quantity=None, serials=None, against=None, short_asked=None, in_hand=None)
            return Step(step, kept, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _skip(self, actor: Actor, task: FloorTask, walk_id: uuid.UUID) -> Step:
        """Left for later, or for somebody else; alone it comes again at once."""
        service.put_back(actor, walk_id)
        but = [*task.data.get("but", ()), str(walk_id)]
        walk = service.take_next(actor, task.warehouse_id, _here(task.data), [uuid.UUID(each) for each in but])
        data = hand({}, here=task.data.get("here"), but=but, walk_id=str(walk.id))
        return Step(SOURCE, data, "warn", "walk_skipped")

    def _undo(self, actor: Actor, task: FloorTask) -> Step:
        """What was brought last is carried back to its reserve bin, and the walk begins there again. In hand until then."""
        brought_id, walk_id = task.data["brought"], task.data.get("walk_id")
        leaving = None if walk_id in (None, brought_id) else uuid.UUID(walk_id)
        service.undo(actor, uuid.UUID(brought_id), leaving)
        data = hand(task.data.get("back", {}), here=task.data.get("here"), walk_id=brought_id)
        return Step(SOURCE, data, "warn", "face_undone")

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        shown = {"can_undo": "brought" in task.data, "against": against(task)}
        walk = self._walk(task)
        if walk is None:
            return shown
        held = walk.lease_until is not None and walk.lease_until > clock.now() and walk.worker_id == actor.id
        tier = Tier.PICKER if walk.picker_waits else Tier(walk.urgency // 100)
        return {
            **shown, **goods(walk.product_id), "location": walk.source, "location_barcode": walk.source_barcode,
            "unit": walk.unit, "face": walk.face, "face_barcode": walk.face_barcode, "left": walk.left,
            "wanted": walk.quantity, "moved": walk.moved, "quantity": task.data.get("quantity"), "batch": walk.batch,
            "expires_on": walk.expires_on, "lot": lot_label(walk), "urgency": str(URGENCY_WORDS[tier]), "tier": tier.name.lower(),
            "short_asked": bool(task.data.get("short_asked")), "is_held": held,
        }  # fmt: skip


def _here(data: dict[str, Any]) -> uuid.UUID | None:
    """The bin scanned last."""
    return uuid.UUID(data["here"]) if "here" in data else None
