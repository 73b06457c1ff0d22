"""Repacking (拆箱 / 合箱): scan a container, what of it, and where that goes: another container, or loose into the bin.

A second container scanned instead of an item: the first one goes into it whole (a carton onto a pallet). FULL takes all
of its goods; OK takes it out of the container it stands in.
"""

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
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.units import check_numbers, row_of_unit
from wms.inventory import repacking, units
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.repacking import Part
from wms.inventory.service import Subject
from wms.platform.database import session
from wms.platform.i18n import refusal_texts
from wms.platform.statements import Statement

UNIT, PRODUCT, TARGET = "scan_unit", "scan_product", "scan_target"
UNITS = (Kind.UNIT, Kind.TOTE)
EXPECTED = {UNIT: UNITS, PRODUCT: (Kind.PRODUCT, *UNITS), TARGET: (*UNITS, Kind.LOCATION)}

_INSIDE = Statement(
    "SELECT b.id, b.product_id, p.sku, p.name_en, p.name_zh, b.condition, b.lot_id, b.handling_unit_id, b.on_hand,"
    " b.allocated, t.batch, t.expires_on FROM balance b JOIN product p ON p.id = b.product_id"
    " LEFT JOIN lot t ON t.id = b.lot_id WHERE b.handling_unit_id = :unit"
    " AND b.is_there ORDER BY p.sku, b.condition DESC, b.id"
)
_CHILDREN = Statement("SELECT code, kind FROM handling_unit WHERE parent_id = :unit AND state <> 'gone' ORDER BY code")


class Repack:
    kind = "repack"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(UNIT, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_unit → scan_product (all of it, or a quantity; FULL for everything) → scan_target → scan_product
        …; or scan_unit → scan_product (another container: this one goes into it) → scan_unit.
        """
        found = resolve(scan.raw, Scope(task.warehouse_id, place_id=task.id_of("unit_id")), list(EXPECTED[task.step]))
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == UNIT:
            return self._open(found)
        if task.step == TARGET:
            return self._put(actor, task, found)
        if found.kind is Kind.PRODUCT:
            return self._take(task, found, scan)
        assert found.id is not None
        repacking.nest(actor, uuid.UUID(task.data["unit_id"]), found.id)
        return Step(UNIT, {}, "done", "unit_nested", {"into": found.code})

    def _open(self, found: Found) -> Step:
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
        unit_id, subject = uuid.UUID(task.data["unit_id"]), Subject("floor_task", task.id)
        into_id = found.id
        if found.kind is Kind.LOCATION:
            place = session().get_one(Location, session().get_one(HandlingUnit, unit_id).location_id)
            if place.id != found.id:
                raise Refused("wrong_location", {"wanted": place.code})  # carrying goods elsewhere is a move
            into_id = None
        if "balance_id" not in task.data:
            repacking.merge(actor, unit_id, into_id, subject)
            return Step(UNIT, {}, "done", "part_packed", put_down=True)
        row = session().get_one(Balance, task.data["balance_id"], populate_existing=True)
        part = Part(stock_of(row), task.data["quantity"], task.data.get("serials", ()))
        repacking.split(actor, unit_id, [part], into_id, subject)
        return Step(PRODUCT, _unit_of(task), "next", "part_packed", put_down=True)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if found.command == "FULL" and task.step == PRODUCT:
            inside = sum(row.on_hand for row in _inside(task))
            if not inside and not _children(task):
                raise Refused("unit_empty", {})
            rows = units.content(*units.within(uuid.UUID(task.data["unit_id"])))
            data = {**_unit_of(task), "quantity": inside, IN_HAND: held((row.balance_id, row.quantity) for row in rows)}
            return Step(TARGET, data, "ok", "all_in_hand", {"units": inside})
        if found.command == "OK" and task.step == PRODUCT:
            repacking.take_out(actor, uuid.UUID(task.data["unit_id"]))
            return Step(PRODUCT, _unit_of(task), "next", "unit_taken_out")
        if found.command == "BACK":
            step, data = (PRODUCT, _unit_of(task)) if task.step == TARGET else (UNIT, {})
            return Step(step, data, "warn", "step_back")
        raise Refused("command_not_here", {})

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "unit_id" not in task.data:
            return {}
        unit = session().get_one(HandlingUnit, uuid.UUID(task.data["unit_id"]), populate_existing=True)
        parent = session().get(HandlingUnit, unit.parent_id) if unit.parent_id else None
        return {
            "unit": task.data["unit"], "unit_id": task.data["unit_id"],
            "location": session().get_one(Location, unit.location_id).code,
            "parent": parent.code if parent else None, "children": [row.code for row in _children(task)],
            "lines": [
                {"sku": row.sku, "name_en": row.name_en, "name_zh": row.name_zh, "quantity": row.on_hand,
                 "condition": row.condition, "lot": lot_label(row)}
                for row in _inside(task)
            ],
            **goods(task.data.get("product_id")), "quantity": task.data.get("quantity"), "lot": task.data.get("lot"),
            "condition": task.data.get("condition"),
            "hint": refusal_texts.translate("hint_repack", {}),
        }  # fmt: skip


def _inside(task: FloorTask) -> list[Any]:
    return _INSIDE.all({"unit": uuid.UUID(task.data["unit_id"])})


def _children(task: FloorTask) -> list[Any]:
    return _CHILDREN.all({"unit": uuid.UUID(task.data["unit_id"])})


def _unit_of(task: FloorTask) -> dict[str, Any]:
    """What stays in hand from item to item."""
    return {key: task.data[key] for key in ("unit_id", "unit")}
