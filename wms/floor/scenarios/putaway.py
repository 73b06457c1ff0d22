"""Putaway: scan a counted carton, an item of it, and the bin it goes to; the screen suggests a bin and says why.

Goods that orders wait for are taken first, as many as they want, to a cross-dock place. A bin scanned right after the carton
takes all that is still in it, loose; after WHOLE it takes the carton as it is. The suggested bin is kept, for an item as for
a closed carton, until the goods are there or the person does something else. UNDO takes the last goods out of their bin
into the hand again; in the book they are in their carton (decision 119). A supervisor may insist on a bin by scanning it twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor import hands
from wms.floor.beside import lot_label, read_beside, row_of_batch
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.overruling import against, insisting
from wms.floor.queries import goods, named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.units import check_numbers, row_of_unit
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.inbound.workflow import CartonState
from wms.inventory.models import Condition
from wms.inventory.putaway import reservations
from wms.inventory.putaway.rules import Suggestion
from wms.inventory.service import Subject
from wms.outbound.service.crossing import Awaited, awaited
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.statements import Statement

CARTON, PRODUCT, LOCATION = "scan_carton", "scan_product", "scan_location"

_HELD = Statement(
    "SELECT b.product_id, p.sku, p.name_en, p.name_zh, b.condition, b.lot_id, b.handling_unit_id,"
    f" t.batch, t.expires_on, {PICTURE},"
    " sum(b.on_hand) AS units, array_agg(b.id ORDER BY b.id) AS rows, array_agg(b.on_hand ORDER BY b.id) AS parts,"
    " bool_or(EXISTS (SELECT 1 FROM awaited_stock a WHERE a.warehouse_id = b.warehouse_id"
    "  AND a.owner_id = b.owner_id AND a.product_id = b.product_id)) AS awaited,"
    " bool_or(EXISTS (SELECT 1 FROM inspection i WHERE i.carton_id = c.id AND i.state = 'open')) AS inspected FROM balance b"
    " JOIN product p ON p.id = b.product_id JOIN carton c ON c.handling_unit_id = b.handling_unit_id"
    " LEFT JOIN lot t ON t.id = b.lot_id"
    " WHERE c.id = :carton AND b.is_there GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY p.sku, b.condition DESC, b.lot_id"
)


class PutAway:
    kind = "putaway"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(CARTON, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_carton → scan_product (all of it, or a quantity) → scan_location → … → scan_carton; or scan_carton
        → scan_product (a bin, for the whole carton) → scan_carton; or scan_carton → scan_product (WHOLE) → scan_location
        → scan_carton.
        """
        owner = task.data.get("owner_id")
        expected = {CARTON: [Kind.CARTON], PRODUCT: [Kind.PRODUCT, Kind.LOCATION], LOCATION: [Kind.LOCATION]}[task.step]
        found = resolve(scan.raw, Scope(task.warehouse_id, uuid.UUID(owner) if owner else None), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == CARTON:
            return self._open(actor, found)
        if task.step == PRODUCT and found.kind is Kind.LOCATION:
            if scan.quantity is not None:  # it was meant for an item: it is not passed over
                raise Refused("whole_no_quantity", {})
            return self._stow_all(actor, task, found, inbound.put_away_all, "carton_stowed")
        if task.step == PRODUCT:
            return self._take(actor, task, found, scan)
        if task.data.get("unopened"):
            stow = partial(inbound.put_away_unopened, holder=_holder(task))  # the bin that is kept for it
            return self._stow_all(actor, task, found, stow, "carton_stowed_whole")
        return self._stow(actor, task, found)

    def _open(self, actor: Actor, found: Found) -> Step:
        carton = session().get_one(Carton, found.id, populate_existing=True)
        if carton.state not in (CartonState.COUNTED.value, CartonState.STOWING.value):
            raise Refused("carton_not_counted", {})
        rows = _HELD.all({"carton": carton.id})
        if not rows:
            return self._end(actor, carton.id)
        if rows[0].inspected:  # the bin would say so, after the walk
            raise Refused("carton_in_inspection", {})
        waited = any(_awaited(carton.warehouse_id, found.owner_id, row, int(row.units), None).units for row in rows)
        data = hand({}, carton_id=str(carton.id), owner_id=str(found.owner_id), orders_wait=waited or None)
        return Step(PRODUCT, data, "next", "source_taken", {"units": int(sum(row.units for row in rows))})

    def _take(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        rows = _HELD.all({"carton": uuid.UUID(task.data["carton_id"])})
        mine = [row for row in rows if row.product_id == found.id]
        if not rows:
            return self._end(actor, uuid.UUID(task.data["carton_id"]))
        if not mine:
            raise Refused("wrong_item", {"wanted": rows[0].sku})
        held = row_of_unit(found, mine) if found.numbers else row_of_batch(read_beside(found, scan), mine)
        quantity = scan.quantity or (len(found.numbers) or int(held.units))
        if quantity > held.units:
            raise Refused("quantity_too_large", {"left": int(held.units)})
        check_numbers(found, quantity, int(held.units))
        chosen = scan.quantity is not None or found.serial_control == "full"
        suggestion, quantity = self._lead(actor, task, held, quantity, chosen=chosen)
        data = hand(
            task.data, product_id=str(found.id), quantity=quantity, condition=held.condition,
            lot_id=str(held.lot_id) if held.lot_id else None, serials=found.numbers or None, suggestion=suggestion,
            lot=lot_label(held),
            in_hand=hands.share(zip(held.rows, held.parts, strict=True), quantity),
        )  # fmt: skip
        return Step(LOCATION, data, "ok", "item_in_hand", {"quantity": quantity})

    def _end(self, actor: Actor, carton_id: uuid.UUID) -> Step:
        """Its last goods went another way than into a bin: destroyed, sent back, moved or counted away. It keeps its booking
        open no longer.
        """
        inbound.finish_carton(actor, carton_id)
        return Step(CARTON, {}, "done", "carton_finished")

    def _lead(
        self, actor: Actor, task: FloorTask, held: Any, quantity: int, *, chosen: bool
    ) -> tuple[dict[str, Any] | None, int]:
        """The bin to go to, with the reason as code and parameters, and with how many units. Orders that wait get theirs
        first; when the person has `chosen` how many to take, only if these are all for them.
        """
        owner_id = uuid.UUID(task.data["owner_id"])
        wanted = _awaited(task.warehouse_id, owner_id, held, quantity, task.id)
        if wanted.units and (not chosen or wanted.units >= quantity):
            found = self._suggest(actor, task, held, wanted.units, wanted.units)
            if found is not None and found["reason"] == "putaway_orders_wait":
                told = {"order": wanted.number, "others": wanted.orders - 1, "quantity": wanted.units}
                reason = "crossing_one" if wanted.orders == 1 else "crossing_more"
                return {
                    "code": found["code"],
                    "reason": reason,
                    "params": {**told, "code": found["code"]},
                }, wanted.units
        found = self._suggest(actor, task, held, quantity)
        if found is not None and wanted.unbooked:  # why it is not led to them
            found = {"code": found["code"], "reason": "crossing_unbooked", "params": {"code": found["code"]}}
        return found, quantity

    def _suggest(
        self, actor: Actor, task: FloorTask, held: Any, quantity: int, awaited: int = 0
    ) -> dict[str, Any] | None:
        found = inbound.suggest_place(
            actor, uuid.UUID(task.data["carton_id"]), held.product_id, quantity, condition=held.condition,
            lot_id=held.lot_id, holder=_holder(task), awaited=awaited,
        )  # fmt: skip
        return _told(found)

    def _stow(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        location_id, lot_id = found.id, task.data.get("lot_id")

        def stow(overruled: bool) -> inbound.Stowed:
            return inbound.put_away(
                actor, uuid.UUID(task.data["carton_id"]), uuid.UUID(task.data["product_id"]), task.data["quantity"],
                location_id, condition=task.data["condition"], lot_id=uuid.UUID(lot_id) if lot_id else None,
                serial_numbers=task.data.get("serials"), holder=_holder(task), overruled=overruled,
            )  # fmt: skip

        stowed = insisting(actor, task, found, stow)
        if isinstance(stowed, Step):
            return stowed
        kept = _carton_of(task.data)
        if stowed.left == 0:
            return Step(CARTON, {"stowed": kept}, "done", "item_stowed", can_undo=True, put_down=True)
        return Step(PRODUCT, kept, "next", "item_stowed", can_undo=True, put_down=True)

    def _stow_all(
        self, actor: Actor, task: FloorTask, found: Found, put: Callable[..., inbound.StowedWhole], told: str
    ) -> Step:
        """All that is still in the carton: loose, or in it."""
        assert found.id is not None
        carton_id, location_id = uuid.UUID(task.data["carton_id"]), found.id
        whole = insisting(
            actor, task, found,
            lambda overruled: put(actor, carton_id, location_id, overruled=overruled),
        )  # fmt: skip
        if isinstance(whole, Step):
            return whole
        data, params = {"stowed": _carton_of(task.data)}, {"units": whole.units}
        return Step(CARTON, data, "done", told, params, can_undo=True, put_down=True)

    def _lift(self, actor: Actor, task: FloorTask) -> Step:
        """The carton in hand, to be put away as it is; what forbids that is said before anybody walks."""
        carton_id = uuid.UUID(task.data["carton_id"])
        units = inbound.check_unopened(carton_id)
        found = inbound.suggest_unopened(actor, carton_id, _holder(task))
        data = hand(_carton_of(task.data), unopened=True, quantity=units, suggestion=_told(found))
        rows = _HELD.all({"carton": carton_id})
        data[hands.IN_HAND] = hands.held(part for row in rows for part in zip(row.rows, row.parts, strict=True))
        return Step(LOCATION, data, "ok", "carton_in_hand", {"units": units})

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        kept = _carton_of(task.data)
        undone = task.data.get("stowed") if task.step == CARTON else kept if task.step == PRODUCT else None
        if found.command == "UNDO" and undone:
            back = inbound.undo_put_away(actor, uuid.UUID(undone["carton_id"])).back
            return Step(PRODUCT, {**undone, hands.IN_HAND: hands.held(back)}, "warn", "putaway_taken_back")
        if found.command == "WHOLE" and task.step == PRODUCT:
            return self._lift(actor, task)
        if found.command == "BACK":
            if task.step == LOCATION:
                reservations.release(_holder(task))
            step, data = (PRODUCT, kept) if task.step == LOCATION else (CARTON, {})
            return Step(step, data, "warn", "step_back")
        raise Refused("command_not_here", {})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "carton_id" not in task.data:
            return {"can_undo": "stowed" in task.data}
        carton = session().get_one(Carton, uuid.UUID(task.data["carton_id"]))
        rows = _HELD.all({"carton": carton.id})
        suggestion = task.data.get("suggestion")
        closed = carton.state == CartonState.COUNTED.value
        usual = "hint_unopened" if closed else "hint_carton_to_bin"
        hinted = "hint_orders_wait" if task.data.get("orders_wait") else usual
        hint = refusal_texts.translate(hinted, {}) if task.step == PRODUCT else None
        return {
            "hint": hint,
            "carton": carton.barcode, "closed": closed, "unopened": task.data.get("unopened", False),
            "lines": [
                {**named(row), "quantity": int(row.units), "condition": row.condition, "lot": lot_label(row)}
                for row in rows
            ],
            **goods(task.data.get("product_id")), "quantity": task.data.get("quantity"), "lot": task.data.get("lot"),
            "condition": task.data.get("condition"),
            "location": suggestion["code"] if suggestion else None, "against": against(task),
            "reason": refusal_texts.translate(suggestion["reason"], suggestion["params"]) if suggestion else None,
        }  # fmt: skip


def _told(found: Suggestion | None) -> dict[str, Any] | None:
    """A suggestion as codes and parameters, to be kept in hand."""
    return None if found is None else {
        "code": found.code, "reason": found.reason.code, "params": dict(found.reason.params)
    }  # fmt: skip


def _holder(task: FloorTask) -> Subject:
    """For whom the suggested bin is kept."""
    return Subject("floor_task", task.id)


def _carton_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What stays in hand from item to item."""
    return {key: data[key] for key in ("carton_id", "owner_id", "orders_wait") if key in data}


def _awaited(
    warehouse_id: uuid.UUID, owner_id: uuid.UUID | None, held: Any, quantity: int, holder_id: uuid.UUID | None
) -> Awaited:
    """How many of some units in the carton waiting orders can have; only what is good can be theirs."""
    if not held.awaited or held.condition != Condition.GOOD.value or owner_id is None:
        return Awaited()
    return awaited(warehouse_id, owner_id, held.product_id, quantity, holder_id)
