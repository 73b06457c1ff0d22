"""Bringing the goods of cancelled orders back to bins: scan the tote or parcel, the item, the bin. Each product and each
batch goes to a bin of its own, which is asked as in putaway; a supervisor may insist by scanning it twice. Or damaged goods out of
their tote to a place for them: scan the tote, the place.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit
from wms.floor.beside import lot_label, read_beside, row_of_batch
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.overruling import against, insisting
from wms.floor.queries import goods, named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.floor.units import check_numbers
from wms.outbound.service import damage, interceptions, putback
from wms.platform.database import session
from wms.platform.statements import Statement

UNIT, PRODUCT, LOCATION = "scan_unit", "scan_product", "scan_location"

_HELD = Statement(
    "SELECT b.product_id, p.sku, p.name_en, p.name_zh, p.owner_id, b.lot_id, t.batch, t.expires_on,"
    f" {PICTURE}, sum(b.on_hand) AS units"
    " FROM balance b JOIN product p ON p.id = b.product_id LEFT JOIN lot t ON t.id = b.lot_id"
    " WHERE b.handling_unit_id = :unit AND b.is_there GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 2, t.expires_on, t.batch"
)
_UNIT_OF_PARCEL = Statement("SELECT handling_unit_id FROM parcel WHERE id = :id")


IN_HAND = ("product_id", "quantity", "serials", "lot_id", "lot", "against")


class PutBack:
    kind = "putback"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(UNIT, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_unit → scan_product → scan_location → scan_product … → scan_unit; a tote of damaged goods, which go as
        a whole: scan_unit → scan_location → scan_unit.
        """
        expected = {UNIT: [Kind.TOTE, Kind.PARCEL, Kind.UNIT], PRODUCT: [Kind.PRODUCT], LOCATION: [Kind.LOCATION]}[
            task.step
        ]
        owner = task.data.get("owner_id")
        found = resolve(scan.raw, Scope(task.warehouse_id, uuid.UUID(owner) if owner else None), expected)
        if found.kind is Kind.COMMAND:
            if found.command == "BACK":
                return Step(UNIT, {}, "warn", "step_back")
            raise Refused("command_not_here", {})
        if task.step == UNIT:
            return self._unit(actor, found)
        if task.step == PRODUCT:
            return self._product(task, found, scan)
        return self._location(actor, task, found)

    def _unit(self, actor: Actor, found: Found) -> Step:
        """What waits to be put back; goods of an intercepted order wait for it by being scanned here."""
        unit_id = found.id
        if found.kind is Kind.PARCEL:
            unit_id = _UNIT_OF_PARCEL.scalar({"id": found.id})
        if unit_id is not None and damage.is_tote(unit_id):
            return self._damaged(unit_id, found.code)
        caught = interceptions.catch(actor, unit_id) if unit_id is not None else None
        if caught is not None and caught.left:
            return Step(UNIT, {}, "warn", "intercept_more", {"left": caught.left})
        unit = session().get(HandlingUnit, unit_id) if unit_id else None
        if unit is None or unit.subject_kind != putback.PUT_BACK:
            raise Refused("nothing_to_put_back", {})
        rows = _HELD.all({"unit": unit.id})
        data = {"unit_id": str(unit.id), "unit": unit.code, "owner_id": str(rows[0].owner_id)}
        said = "intercept_caught" if caught is not None else "source_taken"
        return Step(PRODUCT, data, "next", said, {"units": int(sum(row.units for row in rows))})

    def _damaged(self, unit_id: uuid.UUID, code: str) -> Step:
        units = int(sum(row.units for row in _HELD.all({"unit": unit_id})))
        data = {"unit_id": str(unit_id), "unit": code, "damaged": True, "quantity": units}
        return Step(LOCATION, data, "next", "damage_tote_taken", {"units": units})

    def _product(self, task: FloorTask, found: Found, scan: Scan) -> Step:
        rows = [row for row in _HELD.all({"unit": uuid.UUID(task.data["unit_id"])}) if row.product_id == found.id]
        if not rows:
            raise Refused("wrong_item", {"wanted": "–"})
        meant = _meant(read_beside(found, scan), rows)
        held = int(sum(row.units for row in meant))
        quantity = scan.quantity or len(found.numbers) or held
        if quantity > held:
            raise Refused("quantity_too_large", {"left": held})
        check_numbers(found, quantity, held)
        (one,) = meant if len(meant) == 1 else (None,)
        data = hand(
            task.data, product_id=str(found.id), quantity=quantity, serials=found.numbers or None,
            lot_id=str(one.lot_id) if one and one.lot_id else None, lot=lot_label(one) if one else None,
        )  # fmt: skip
        return Step(LOCATION, data, "ok", "item_in_hand", {"quantity": quantity})

    def _location(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        assert found.id is not None
        unit_id = uuid.UUID(task.data["unit_id"])
        if task.data.get("damaged"):
            damage.bring(actor, unit_id, found.id)
            return Step(UNIT, {}, "done", "pick_damage_set_down", {"place": found.code})
        lot_id = task.data.get("lot_id")
        location_id = found.id
        posted = insisting(
            actor, task, found,
            lambda overruled: putback.put_back(
                actor, unit_id, uuid.UUID(task.data["product_id"]), task.data["quantity"], location_id,
                task.data.get("serials", ()), lot_id=uuid.UUID(lot_id) if lot_id else None, overruled=overruled,
            ),
        )  # fmt: skip
        if isinstance(posted, Step):
            return posted
        if _HELD.first({"unit": unit_id}) is None:
            return Step(UNIT, {}, "done", "item_put_back")
        return Step(PRODUCT, hand(task.data, **dict.fromkeys(IN_HAND)), "next", "item_put_back")

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "unit_id" not in task.data:
            return {}
        rows = _HELD.all({"unit": uuid.UUID(task.data["unit_id"])})
        lines = [{**named(row), "quantity": int(row.units), "lot": lot_label(row)} for row in rows]
        return {
            **goods(task.data.get("product_id")), "unit": task.data["unit"], "lines": lines,
            "quantity": task.data.get("quantity"), "lot": task.data.get("lot"),
            "is_damaged": bool(task.data.get("damaged")), "against": against(task),
        }  # fmt: skip


def _meant(found: Found, rows: Sequence[Any]) -> Sequence[Any]:
    """Which of a product's rows go: those with the number that was read; else the one of the batch that was read, or the
    first, and the screen says of which batch it is. Each batch goes to a bin of its own: the next scan takes the next one.
    """
    return rows if found.numbers else [row_of_batch(found, rows)]
