"""Repacking (拆箱 / 合箱): scan a container, what of it, and where that goes: another container, or loose into the bin. A
bin scanned first: what lies loose in it goes into a container there.

A second container scanned instead of an item: the first one goes into it whole (a carton onto a pallet). FULL takes all
of its goods; OK takes it out of the container it stands in; UNDO takes back what was done last.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location
from wms.floor.beside import lot_label, read_beside, row_of_batch
from wms.floor.contract import Scan, Step, hand
from wms.floor.hands import IN_HAND, held
from wms.floor.models import FloorTask
from wms.floor.queries import goods, named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.units import check_numbers, row_of_unit
from wms.inventory import repacking, units
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.repacking import Part, Repacked
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.statements import Statement

UNIT, PRODUCT, TARGET = "scan_unit", "scan_product", "scan_target"
UNITS = (Kind.UNIT, Kind.TOTE)
EXPECTED = {UNIT: (*UNITS, Kind.LOCATION), PRODUCT: (Kind.PRODUCT, *UNITS), TARGET: (*UNITS, Kind.LOCATION)}
FROM_BIN = {UNIT: EXPECTED[UNIT], PRODUCT: (Kind.PRODUCT,), TARGET: UNITS}
SOURCE = ("unit_id", "unit", "place_id", "place")  # a container, or a bin for what lies loose in it

_ROWS = (
    "SELECT b.id, b.product_id, p.sku, p.name_en, p.name_zh, b.condition, b.lot_id, b.handling_unit_id, b.on_hand,"
    f" b.allocated, t.batch, t.expires_on, {PICTURE} FROM balance b JOIN product p ON p.id = b.product_id"
    " LEFT JOIN lot t ON t.id = b.lot_id WHERE {} AND b.is_there ORDER BY p.sku, b.condition DESC, b.id"
)
_INSIDE = Statement(_ROWS.format("b.handling_unit_id = :unit"))
_LOOSE = Statement(_ROWS.format("b.location_id = :place AND b.handling_unit_id IS NULL"))
_CHILDREN = Statement("SELECT code, kind FROM handling_unit WHERE parent_id = :unit AND state <> 'gone' ORDER BY code")


class Repack:
    kind = "repack"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(UNIT, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_unit → scan_product (all of it, or a quantity; FULL for everything) → scan_target → scan_product
        …; or scan_unit → scan_product (another container: this one goes into it) → scan_unit.
        """
        standing = task.id_of("unit_id") or task.id_of("place_id")
        expected = (EXPECTED if "unit_id" in task.data else FROM_BIN)[task.step]
        found = resolve(scan.raw, Scope(task.warehouse_id, place_id=standing), list(expected))
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == UNIT:
            return self._open(found)
        if task.step == TARGET:
            return self._put(actor, task, found)
        if found.kind is Kind.PRODUCT:
            return self._take(task, found, scan)
        assert found.id is not None
        done = repacking.nest(actor, uuid.UUID(task.data["unit_id"]), found.id)
        return Step(UNIT, _undoable(done, PRODUCT, _source_of(task)), "done", "unit_nested", {"into": found.code},
                    can_undo=True)  # fmt: skip

    def _open(self, found: Found) -> Step:
        if found.kind is Kind.LOCATION:
            assert found.id is not None
            repacking.check_bin(found.id)
            data = {"place_id": str(found.id), "place": found.code}
            return Step(PRODUCT, data, "next", "loose_opened", {"location": found.code})
        unit = session().get_one(HandlingUnit, found.id, populate_existing=True)
        units.check_free(unit)
        inside = sum(row.quantity for row in units.content(*units.within(unit.id)))
        data = {"unit_id": str(unit.id), "unit": found.code}
        return Step(PRODUCT, data, "next", "unit_opened", {"units": inside})

    def _take(self, task: FloorTask, found: Found, scan: Scan) -> Step:
        rows = [row for row in _inside(task) if row.product_id == found.id]
        if not rows:
            raise Refused("nothing_there", {})
        row = row_of_unit(found, rows) if found.numbers else row_of_batch(read_beside(found, scan), rows)
        quantity = scan.quantity or (len(found.numbers) or row.on_hand)
        if quantity > row.on_hand:
            raise Refused("quantity_too_large", {"left": row.on_hand})
        check_numbers(found, quantity, row.on_hand)
        data = hand(
            task.data, balance_id=row.id, product_id=str(found.id), quantity=quantity, serials=found.numbers or None,
            lot=lot_label(row), condition=row.condition,
            in_hand=held([(row.id, quantity)]),
        )  # fmt: skip
        return Step(TARGET, data, "ok", "part_in_hand", {"quantity": quantity})

    def _put(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        subject = Subject("floor_task", task.id)
        into_id = found.id
        if found.kind is Kind.LOCATION:
            place = self._place(task)
            if place.id != found.id:
                raise Refused("wrong_location", {"wanted": place.code})  # carrying goods elsewhere is a move
            into_id = None
        if "balance_id" not in task.data:
            done = repacking.merge(actor, uuid.UUID(task.data["unit_id"]), into_id, subject)
            return Step(
                UNIT, _undoable(done, TARGET, _held_of(task)), "done", "part_packed", can_undo=True, put_down=True
            )
        row = session().get_one(Balance, task.data["balance_id"], populate_existing=True)
        part = Part(stock_of(row), task.data["quantity"], task.data.get("serials", ()))
        if "unit_id" in task.data:
            done = repacking.split(actor, uuid.UUID(task.data["unit_id"]), [part], into_id, subject)
        else:
            assert into_id is not None  # loose goods go into containers only
            done = repacking.pack(actor, uuid.UUID(task.data["place_id"]), [part], into_id, subject)
        data = {**_source_of(task), **_undoable(done, TARGET, _held_of(task))}
        return Step(PRODUCT, data, "next", "part_packed", can_undo=True, put_down=True)

    def _place(self, task: FloorTask) -> Location:
        """Where it is repacked."""
        unit_id = task.id_of("unit_id")
        place_id = task.id_of("place_id") if unit_id is None else session().get_one(HandlingUnit, unit_id).location_id
        return session().get_one(Location, place_id)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if found.command == "UNDO" and task.step != TARGET and "packed" in task.data:
            packed = task.data["packed"]
            repacking.take_back(actor, task.warehouse_id, _done(packed))
            return Step(packed["step"], packed["held"], "warn", "repack_taken_back")
        if found.command == "FULL" and task.step == PRODUCT and "unit_id" in task.data:
            inside = sum(row.on_hand for row in _inside(task))
            if not inside and not _children(task):
                raise Refused("unit_empty", {})
            rows = units.content(*units.within(uuid.UUID(task.data["unit_id"])))
            data = {
                **_source_of(task),
                "quantity": inside,
                IN_HAND: held((row.balance_id, row.quantity) for row in rows),
            }
            return Step(TARGET, data, "ok", "all_in_hand", {"units": inside})
        if found.command == "OK" and task.step == PRODUCT and "unit_id" in task.data:
            done = repacking.take_out(actor, uuid.UUID(task.data["unit_id"]))
            data = {**_source_of(task), **_undoable(done, PRODUCT, _source_of(task))}
            return Step(PRODUCT, data, "next", "unit_taken_out", can_undo=True)
        if found.command == "BACK":
            step, data = (PRODUCT, _source_of(task)) if task.step == TARGET else (UNIT, {})
            return Step(step, data, "warn", "step_back")
        raise Refused("command_not_here", {})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        shown = {"can_undo": "packed" in task.data and task.step != TARGET}
        if not _source_of(task):
            return shown
        unit_id = task.id_of("unit_id")
        unit = None if unit_id is None else session().get_one(HandlingUnit, unit_id, populate_existing=True)
        parent = session().get(HandlingUnit, unit.parent_id) if unit is not None and unit.parent_id else None
        return {
            **shown, "unit": task.data.get("unit"), "unit_id": task.data.get("unit_id"), "location": self._place(task).code,
            "parent": parent.code if parent else None, "children": [row.code for row in _children(task)],
            "lines": [
                {**named(row), "quantity": row.on_hand, "condition": row.condition, "lot": lot_label(row)}
                for row in _inside(task)
            ],
            **goods(task.data.get("product_id")), "quantity": task.data.get("quantity"), "lot": task.data.get("lot"),
            "condition": task.data.get("condition"),
            "hint": refusal_texts.translate("hint_repack", {}) if unit is not None else None,
        }  # fmt: skip


def _inside(task: FloorTask) -> list[Any]:
    """The rows in the container, or loose in the bin, that is being repacked."""
    if "unit_id" in task.data:
        return _INSIDE.all({"unit": uuid.UUID(task.data["unit_id"])})
    return _LOOSE.all({"place": uuid.UUID(task.data["place_id"])})


def _children(task: FloorTask) -> list[Any]:
    return _CHILDREN.all({"unit": uuid.UUID(task.data["unit_id"])}) if "unit_id" in task.data else []


def _source_of(task: FloorTask) -> dict[str, Any]:
    """What stays in hand from item to item."""
    return {key: task.data[key] for key in SOURCE if key in task.data}


def _held_of(task: FloorTask) -> dict[str, Any]:
    """What was in hand, without what was done before it: only the last act is taken back."""
    return {key: value for key, value in task.data.items() if key != "packed"}


def _undoable(done: Repacked, step: str, held_then: dict[str, Any]) -> dict[str, Any]:
    """What was done, and the step with what was in hand that UNDO leads back to."""
    parents = {str(unit): None if parent is None else str(parent) for unit, parent in done.parents.items()}
    return {
        "packed": {
            "units": [str(each) for each in done.unit_ids], "parents": parents, "step": step, "held": held_then,
            "posting": None if done.posting_id is None else str(done.posting_id),
            "into": None if done.into_id is None else str(done.into_id),
        }
    }  # fmt: skip


def _done(packed: dict[str, Any]) -> Repacked:
    def key(said: str | None) -> uuid.UUID | None:
        return None if said is None else uuid.UUID(said)

    parents = {uuid.UUID(unit): key(parent) for unit, parent in packed["parents"].items()}
    unit_ids = tuple(uuid.UUID(each) for each in packed["units"])
    return Repacked(unit_ids, posting_id=key(packed["posting"]), into_id=key(packed["into"]), parents=parents)
