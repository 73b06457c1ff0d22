"""Counting a bin: scan it, scan what is in it with how many, OK. The screen never says what the book expects.

Goods that somebody moved meanwhile are asked for once more. A container in the bin is scanned before what is in it, the
bin again for what lies loose. EMPTY says that nothing is there, UNDO takes the last kind of goods back, DAMAGE marks the
next scan, BACK leaves the bin to somebody else.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.catalog.queries import PICTURE, products_by_ids
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location
from wms.floor.beside import read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inbound.models import Carton
from wms.inventory import service as inventory
from wms.inventory.counting import service as counting
from wms.inventory.counting.goods import Goods
from wms.inventory.counting.rules import Verdict
from wms.platform.database import session
from wms.platform.statements import Statement

LOCATION, PRODUCT = "scan_location", "scan_product"
CONTAINERS = (Kind.UNIT, Kind.CARTON, Kind.TOTE)
TOLD = {Verdict.POST: "count_done", Verdict.RECOUNT: "count_other", Verdict.SUBMIT: "count_submitted"}

_NEXT = Statement(
    "SELECT l.code FROM count_task t JOIN location l ON l.id = t.location_id WHERE t.warehouse_id = :warehouse"
    " AND t.state = 'open' AND (t.round = 1 OR NOT (CAST(:user AS uuid) = ANY(t.counted_by)))"
    " ORDER BY l.walk_order, l.code LIMIT 1"
)
# What the book has of a product in the bin: which lots, qualities and owners there are, never how many.
_KNOWN = Statement(
    "SELECT DISTINCT owner_id, product_id, lot_id, condition FROM balance WHERE location_id = :location AND is_there"
)
_LINES = Statement(
    f"SELECT n.counted, n.condition, p.sku, p.name_en, p.name_zh, {PICTURE}, t.batch, h.code AS unit"
    " FROM count_task k JOIN count_line n ON n.task_id = k.id AND n.round = k.round JOIN product p ON p.id = n.product_id"
    " LEFT JOIN lot t ON t.id = n.lot_id LEFT JOIN handling_unit h ON h.id = n.handling_unit_id"
    " WHERE k.id = :task ORDER BY n.id DESC"
)


class Count:
    kind = "count"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(LOCATION, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_location → scan_product … → (OK) scan_location."""
        expected = [Kind.LOCATION] if task.step == LOCATION else [Kind.PRODUCT, *CONTAINERS, Kind.LOCATION]
        found = resolve(scan.raw, Scope(task.warehouse_id, place_id=task.id_of("location_id")), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == LOCATION:
            return self._open(actor, task, found)
        if found.kind is Kind.PRODUCT:
            return self._product(actor, task, found, scan)
        return self._place(task, found, scan)

    def _open(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        begun = counting.take(actor, task.warehouse_id, found.id)
        data = {"count_id": str(begun.id), "location_id": str(found.id), "location": found.code}
        return Step(PRODUCT, data, "next", "count_opened", {"location": found.code})

    def _place(self, task: FloorTask, found: Found, scan: Scan) -> Step:
        """A container in the bin, or the bin itself for what lies loose."""
        if scan.quantity is not None:
            raise Refused("whole_no_quantity", {})
        if found.kind is Kind.LOCATION:
            if str(found.id) != task.data["location_id"]:
                raise Refused("count_other_bin", {"location": task.data["location"]})
            return Step(PRODUCT, hand(task.data, unit_id=None, unit=None), "ok", "count_loose")
        unit_id = session().get_one(Carton, found.id).handling_unit_id if found.kind is Kind.CARTON else found.id
        unit = session().get(HandlingUnit, unit_id) if unit_id is not None else None
        if unit is None or str(unit.location_id) != task.data["location_id"]:
            place = session().get(Location, unit.location_id) if unit is not None else None
            raise Refused("counted_elsewhere", {"code": place.code if place is not None else "–"})
        return Step(PRODUCT, hand(task.data, unit_id=str(unit.id), unit=found.code), "ok", "count_unit")

    def _product(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        found = read_beside(found, scan)
        quantity = scan.quantity or task.data.get("quantity") or (len(found.numbers) or found.pack)
        counted = _goods(task, found)
        line = counting.tally(actor, uuid.UUID(task.data["count_id"]), counted, quantity, found.numbers)
        again = [sku for sku in task.data.get("again", ()) if sku != found.code]
        data = hand(
            task.data, quantity=None, damaged=None, again=again or None,
            last=[None if each is None else str(each) for each in counted],
        )  # fmt: skip
        return Step(PRODUCT, data, "ok", "count_tally", {"counted": line.counted}, can_undo=True)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if task.step != PRODUCT:
            raise Refused("command_not_here", {})
        count_id = uuid.UUID(task.data["count_id"])
        if found.command in {"OK", "EMPTY"}:
            return self._finish(actor, task, count_id, empty=found.command == "EMPTY")
        if found.command == "UNDO":
            if "last" not in task.data:
                raise Refused("nothing_counted", {})
            counting.take_back(actor, count_id, _goods_of(task.data["last"]))
            return Step(PRODUCT, hand(task.data, last=None), "warn", "count_undone")
        if found.command == "DAMAGE":
            return Step(PRODUCT, hand(task.data, damaged=True), "warn", "damage_on")
        if found.command == "QTY" and found.command_quantity:
            params = {"quantity": found.command_quantity}
            return Step(PRODUCT, hand(task.data, quantity=found.command_quantity), "ok", "quantity_set", params)
        if found.command == "BACK":
            counting.put_back(actor, count_id)
            return Step(LOCATION, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _finish(self, actor: Actor, task: FloorTask, count_id: uuid.UUID, *, empty: bool) -> Step:
        finished = counting.finish(actor, count_id, empty=empty)
        if finished.again:
            products = products_by_ids(each.product_id for each in finished.again)
            skus = sorted(product.sku for product in products.values())
            data = hand(task.data, last=None, again=skus)
            return Step(PRODUCT, data, "warn", "count_moved", {"kinds": len(skus)})
        assert finished.verdict is not None
        return Step(LOCATION, {}, "done", TOLD[finished.verdict])

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "count_id" not in task.data:
            return {"next": _NEXT.scalar({"warehouse": task.warehouse_id, "user": actor.id})}
        lines = [
            {
                **named(row), "counted": row.counted,
                "damaged": row.condition == "damaged", "batch": row.batch, "unit": row.unit,
            }
            for row in _LINES.all({"task": uuid.UUID(task.data["count_id"])})
        ]  # fmt: skip
        return {
            "location": task.data["location"], "unit": task.data.get("unit"), "lines": lines,
            "damaged": bool(task.data.get("damaged")), "quantity": task.data.get("quantity"),
            "again": task.data.get("again", []),
        }  # fmt: skip


def _goods(task: FloorTask, found: Found) -> Goods:
    """What was scanned, as a row of the shelf. Where the book has one lot only, or one quality, it is that one."""
    assert found.id is not None
    assert found.owner_id is not None
    known = [row for row in _KNOWN.all({"location": uuid.UUID(task.data["location_id"])}) if row.product_id == found.id]
    unit = task.data.get("unit_id")
    return Goods(
        found.owner_id, found.id, _lot(found, {row.lot_id for row in known}), uuid.UUID(unit) if unit else None,
        "damaged" if task.data.get("damaged") else _condition({row.condition for row in known}),
    )  # fmt: skip


def _condition(known: set[str]) -> str:
    return known.pop() if len(known) == 1 else "good"


def _lot(found: Found, known: set[uuid.UUID | None]) -> uuid.UUID | None:
    assert found.id is not None
    product = products_by_ids([found.id])[found.id]
    if found.batch is None and found.expires_on is None and len(known) == 1:
        return next(iter(known))
    return inventory.lot_of(product, found.batch, found.expires_on, found.made_on)


def _goods_of(last: list[str | None]) -> Goods:
    owner, product, lot, unit, condition = last
    assert owner is not None
    assert product is not None
    assert condition is not None
    return Goods(
        uuid.UUID(owner), uuid.UUID(product), uuid.UUID(lot) if lot else None, uuid.UUID(unit) if unit else None, condition
    )  # fmt: skip
