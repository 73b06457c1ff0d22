"""Moving goods from bin to bin: scan where from, what, where to. Or a container and where to: it goes as a whole."""

from __future__ import annotations

import uuid
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location
from wms.floor.beside import lot_label, read_beside, row_of_batch
from wms.floor.contract import Scan, Step, hand
from wms.floor.hands import IN_HAND, held
from wms.floor.models import FloorTask
from wms.floor.overruling import against, insisting
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.scenarios import relocate
from wms.floor.units import check_numbers, loose_row_of_unit
from wms.inbound import service as inbound
from wms.inbound.models import Carton
from wms.inventory import ledger, units
from wms.inventory import service as inventory
from wms.inventory.ledger import Posted, stock_of
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import COUNTING_LOCATIONS, Reason
from wms.inventory.service import Subject
from wms.inventory.units import MovedUnit
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.statements import Statement

SOURCE, PRODUCT, TARGET = "scan_location", "scan_product", "scan_target"
SOURCES = (Kind.LOCATION, Kind.CARTON, Kind.TOTE, Kind.UNIT)


# What of a product lies loose in a bin: first what came first, and may be moved.
_LOOSE = Statement(
    "SELECT b.id, b.on_hand, b.allocated, b.held_by, b.lot_id, b.condition, t.batch, t.expires_on FROM balance b"
    " LEFT JOIN lot t ON t.id = b.lot_id WHERE b.location_id = :location AND b.product_id = :product"
    " AND b.handling_unit_id IS NULL AND b.is_there ORDER BY b.held_by > 0, b.oldest_at, b.id"
)
_SOURCE_AND_TARGET = Statement(
    "SELECT b.warehouse_id, b.owner_id, b.product_id, b.location_id, b.lot_id, b.book_item_id, b.handling_unit_id,"
    " b.condition, b.customs_status, l.is_active, l.kind FROM balance b, location l"
    " WHERE b.id = :balance AND l.id = :location"
)


class Move:
    kind = "move"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(SOURCE, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_location → scan_product (all that is free, or a quantity) → scan_target → scan_location; or
        scan_location (a container) → scan_target → scan_location. UNDO right after a move takes it back into the hand: the
        bin it goes to is scanned, or the one it came from. OK begins a move that was asked for (`relocate`).
        """
        if "move_task" in task.data:
            return relocate.scan(actor, task, scan)
        expected = {SOURCE: SOURCES, PRODUCT: [Kind.PRODUCT], TARGET: [Kind.LOCATION]}[task.step]
        found = resolve(scan.raw, Scope(task.warehouse_id, place_id=task.id_of("location_id")), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == SOURCE and found.kind is not Kind.LOCATION:
            return self._unit(found, scan)
        if task.step == SOURCE:
            data = {"location_id": str(found.id), "location": found.code}
            return Step(PRODUCT, data, "next", "bin_opened", {"location": found.code})
        if task.step == PRODUCT:
            return self._product(task, found, scan)
        if found.code == task.data["location"]:
            return Step(SOURCE, {}, "warn", "move_undone")
        if "unit_id" in task.data:
            return self._unit_target(actor, task, found)
        return self._target(actor, task, found)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        moved = task.data.get("moved")
        if found.command == "OK" and task.step == SOURCE:
            return relocate.begin(actor, task)
        if found.command == "UNDO" and task.step == SOURCE and moved is not None:
            if "move_task" in moved:
                return relocate.take_back(actor, task)
            self._undo(actor, task, moved)
            return Step(TARGET, moved["held"], "warn", "move_taken_back")
        if found.command == "BACK":
            return Step(SOURCE, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _undo(self, actor: Actor, task: FloorTask, moved: dict[str, Any]) -> None:
        posting_id = uuid.UUID(moved["posting_id"]) if moved["posting_id"] else None
        if "unit_id" not in moved:
            assert posting_id is not None
            ledger.reverse(actor, task.warehouse_id, posting_id)
            return
        parent_id = uuid.UUID(moved["parent_id"]) if moved["parent_id"] else None
        done = MovedUnit(uuid.UUID(moved["unit_id"]), 0, posting_id, uuid.UUID(moved["from_id"]), parent_id)
        to_id = uuid.UUID(moved["to_id"])
        if moved["carton_id"]:
            inbound.undo_move_carton(actor, uuid.UUID(moved["carton_id"]), done, to_id)
        else:
            units.undo_move(actor, done, to_id)

    def _unit(self, found: Found, scan: Scan) -> Step:
        """A container in hand; what may not be moved is said before anybody walks."""
        if scan.quantity is not None:
            raise Refused("whole_no_quantity", {})
        data: dict[str, Any] = {"unit": found.code}
        unit_id = found.id
        if found.kind is Kind.CARTON:
            carton = session().get_one(Carton, found.id, populate_existing=True)
            inbound.check_movable(carton.state)
            unit_id = carton.handling_unit_id
            data["carton_id"] = str(carton.id)
        unit = session().get_one(HandlingUnit, unit_id, populate_existing=True)
        units.check_free(unit, "carton" if found.kind is Kind.CARTON else None)
        rows = units.content(*units.within(unit.id))
        inside = sum(row.quantity for row in rows)
        place = session().get_one(Location, unit.location_id).code
        data |= {"unit_id": str(unit.id), "location": place, "quantity": inside}
        data[IN_HAND] = held((row.balance_id, row.quantity) for row in rows)
        return Step(TARGET, data, "next", "unit_in_hand", {"units": inside})

    def _unit_target(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        subject, location_id, carton_id = Subject("floor_task", task.id), found.id, task.data.get("carton_id")

        def carry(overruled: bool) -> MovedUnit:
            if carton_id is not None:
                return inbound.move_carton(actor, uuid.UUID(carton_id), location_id, subject)
            unit_id = uuid.UUID(task.data["unit_id"])
            return units.move_unit(actor, unit_id, location_id, subject, overruled=overruled)

        moved = insisting(actor, task, found, carry)
        if isinstance(moved, Step):
            return moved
        undo = {
            "posting_id": str(moved.posting_id) if moved.posting_id else None, "unit_id": str(moved.unit_id),
            "from_id": str(moved.from_location_id), "to_id": str(location_id), "carton_id": carton_id,
            "parent_id": str(moved.from_parent_id) if moved.from_parent_id else None, "held": hand(task.data, against=None),
        }  # fmt: skip
        return Step(SOURCE, {"moved": undo}, "done", "unit_moved", can_undo=True, put_down=True)

    def _product(self, task: FloorTask, found: Found, scan: Scan) -> Step:
        row = (
            loose_row_of_unit(found, task.data["location_id"])
            if found.numbers
            else row_of_batch(
                read_beside(found, scan), _LOOSE.all({"location": task.data["location_id"], "product": found.id})
            )
        )
        if row is None:
            raise Refused("nothing_there", {})
        if row.held_by:
            raise Refused("stock_is_held", {})  # the ledger would say so at the bin, after the walk
        free = row.on_hand - row.allocated
        quantity = scan.quantity or (len(found.numbers) or free)
        if quantity > row.on_hand or quantity < 1:
            raise Refused("quantity_too_large", {"left": free})
        check_numbers(found, quantity, row.on_hand)
        data = hand(
            task.data, balance_id=row.id, product_id=str(found.id), quantity=quantity, serials=found.numbers or None,
            lot=None if found.numbers else lot_label(row), condition=row.condition,
            in_hand=held([(row.id, quantity)]),
        )  # fmt: skip
        return Step(TARGET, data, "ok", "item_in_hand", {"quantity": quantity})

    def _target(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        """Into a bin as in putaway: the same rules of what may stand there. Anywhere else without them."""
        assert found.id is not None
        location_id = found.id
        row = _SOURCE_AND_TARGET.first({"balance": task.data["balance_id"], "location": location_id})
        if not row.is_active:
            raise Refused("location_closed", {"code": found.code})
        source, quantity, subject = stock_of(row), task.data["quantity"], Subject("floor_task", task.id)
        serials = task.data.get("serials", ())

        def put(overruled: bool) -> Posted:
            if row.kind not in COUNTING_LOCATIONS:
                return inventory.relocate(actor, source, location_id, quantity, subject, serials=serials)
            return putaway.place(
                actor, source, location_id, quantity, subject, reason=Reason.MOVE, serials=serials, overruled=overruled
            )

        posted = insisting(actor, task, found, put)
        if isinstance(posted, Step):
            return posted
        moved = {"posting_id": str(posted.posting_id), "held": hand(task.data, against=None)}
        return Step(SOURCE, {"moved": moved}, "done", "item_moved", can_undo=True, put_down=True)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "move_task" in task.data:
            return relocate.shown(task)
        return {
            **goods(task.data.get("product_id")),
            "location": task.data.get("location"),
            "quantity": task.data.get("quantity"),
            "lot": task.data.get("lot"),
            "condition": task.data.get("condition"),
            "unit": task.data.get("unit"),
            "against": against(task),
            "can_undo": "moved" in task.data,
            "hint": refusal_texts.translate("hint_whole_unit", {}) if task.step == SOURCE else None,
        }
