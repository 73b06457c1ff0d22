"""Receiving: scan a carton, count what is in it, close it. Differences are recorded, never argued about at the dock.

The receiver's story: the carton's label says who and which booking. Every product scanned counts one (or a case, or a
quantity keyed in), FULL all that was announced and is not counted yet. DAMAGE marks the next scan as damaged, NOLABEL
as unlabelled, MIXED as found among other goods; UNDO takes the last count back; OK closes the carton.

The booking's own number opens its goods where they came loose, announced as one carton. WHOLE receives a pallet: the carton
in hand and all that stand with it, as announced; UNDO right after it takes all of them back.

Batches and days that were announced stand on their lines, and are offered where the code says none: whoever receives taps
what is printed, or types what is. What comes of another batch or number is counted, and told at once.

A carton that is counted blind shows what was counted, and nothing of what was announced: not its products, not its
quantities, not whether more is to come. If it differs at the close, it is counted once more from nothing.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor.beside import read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.queries import named
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inbound import service as inbound
from wms.inbound.lots import label, lots_of
from wms.inbound.queries.lots import ANNOUNCED
from wms.inbound.rules import DifferenceKind, Finding
from wms.inbound.service.tallying import IS_BLIND
from wms.inbound.workflow import CARTON as CARTONS
from wms.inbound.workflow import CartonState
from wms.platform.i18n import refusal_texts
from wms.platform.statements import Statement, pipelined

CARTON, PRODUCT = "scan_carton", "scan_product"
PACKS = {"inner": "inner_counted", "case": "case_counted", "pallet": "pallet_counted"}
PACKS_BLIND = {"inner": "inner_tally", "case": "case_tally", "pallet": "pallet_tally"}
OTHERS = {DifferenceKind.OTHER_LOT: "item_counted_other_lot", DifferenceKind.OTHER_SERIAL: "item_counted_other_serial"}
FINDINGS = {"NOLABEL": Finding.UNLABELLED.value, "MIXED": Finding.MIXED.value}

_LINES = Statement(
    f"SELECT p.sku, p.name_en, p.name_zh, {PICTURE}, l.declared, l.received_good, l.received_damaged, p.id,"
    f" p.measured_at IS NULL AS unmeasured, ({ANNOUNCED}) AS lots FROM carton_line l"
    " JOIN product p ON p.id = l.product_id WHERE l.carton_id = :carton ORDER BY p.sku"
)


# Blind: what this count says so far.
_TALLIES = Statement(
    f"SELECT p.sku, p.name_en, p.name_zh, {PICTURE}, p.id, p.measured_at IS NULL AS unmeasured, sum(t.quantity)::int AS received,"
    " coalesce(sum(t.quantity) FILTER (WHERE t.condition <> 'good'), 0)::int AS damaged FROM carton_tally t"
    " JOIN product p ON p.id = t.product_id WHERE t.carton_id = :carton AND t.is_second = :second"
    " AND NOT t.is_taken_back GROUP BY p.id ORDER BY p.sku"
)
_CARTON = Statement(
    "SELECT id, state, barcode, number, owner_id, (SELECT count(*) FROM carton o WHERE o.booking_id = c.booking_id)"
    " AS total FROM carton c WHERE id = :carton"
)
_SHOWN = Statement(
    "SELECT c.pallet, CASE WHEN c.pallet IS NOT NULL THEN (SELECT count(*) FROM carton p WHERE p.booking_id = c.booking_id"
    "  AND p.pallet = c.pallet AND p.id <> c.id AND p.state IN ('declared', 'arrived')) ELSE 0 END AS beside,"
    f" c.barcode, c.number, c.recount_at IS NOT NULL AS second, {IS_BLIND} AS is_blind,"
    " b.number AS booking, s.name AS seller, (SELECT count(*) FROM carton o"
    " WHERE o.booking_id = c.booking_id) AS total FROM carton c JOIN booking b ON b.id = c.booking_id"
    " JOIN seller s ON s.id = b.owner_id WHERE c.id = :carton"
)


class Receive:
    kind = "receive"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(CARTON, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_carton → scan_product … → (OK) scan_carton."""
        owner = task.data.get("owner_id")
        expected = [Kind.CARTON, Kind.BOOKING] if task.step == CARTON else [Kind.PRODUCT]
        found = resolve(scan.raw, Scope(task.warehouse_id, uuid.UUID(owner) if owner else None), expected)
        if found.kind is Kind.COMMAND and task.step == CARTON:
            return self._undo_pallet(actor, task, found)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == CARTON:
            return self._open(actor, task, found)
        return self._count(actor, task, found, scan)

    def _open(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        """A carton that was only announced arrives with its first scan, and so does one that was given up."""
        key = _only_carton(found) if found.kind is Kind.BOOKING else found.id
        carton = _CARTON.first({"carton": key})
        if CARTONS.permitted("arrive", carton.state):
            inbound.arrive_carton(actor, carton.barcode, warehouse_id=task.warehouse_id)
        elif carton.state not in (CartonState.ARRIVED.value, CartonState.COUNTING.value):
            raise Refused("carton_done", {})
        data = {"carton_id": str(carton.id), "owner_id": str(carton.owner_id)}
        return Step(PRODUCT, data, "next", "carton_opened", {"number": carton.number, "total": carton.total})

    def _count(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        found = read_beside(found, scan)
        assert found.id is not None
        quantity = scan.quantity or task.data.get("quantity") or found.pack
        counted = inbound.count(
            actor, uuid.UUID(task.data["carton_id"]), found.id, quantity,
            condition="damaged" if task.data.get("damaged") else "good", batch=found.batch,
            expires_on=found.expires_on, serial_numbers=found.numbers,
            finding=task.data.get("finding"), made_on=found.made_on,
        )  # fmt: skip
        line = next(line for line in counted.lines if line.product_id == found.id)
        received = line.received_good + line.received_damaged
        data = hand(task.data, quantity=None, damaged=None, finding=None, last=found.code)
        if line.declared is None:  # blind
            params = {"counted": received, "pack": quantity}
            return Step(PRODUCT, data, "ok", PACKS_BLIND.get(found.level, "count_tally"), params, can_undo=True)
        params = {"counted": received, "declared": line.declared, "pack": quantity}
        if received > line.declared:
            return Step(PRODUCT, data, "warn", "item_counted_over", params, can_undo=True)
        if line.other is not None:
            kind, read = line.other
            return Step(PRODUCT, data, "warn", OTHERS[kind], {**params, "read": read}, can_undo=True)
        return Step(PRODUCT, data, "ok", PACKS.get(found.level, "item_counted"), params, can_undo=True)

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        carton_id = uuid.UUID(task.data["carton_id"])
        if found.command == "OK":
            return self._close(actor, task, carton_id)
        if found.command == "UNDO":
            inbound.uncount(actor, carton_id)
            return Step(PRODUCT, task.data, "warn", "count_undone")
        if found.command == "FULL":
            return self._count_whole(actor, task, carton_id)
        if found.command == "WHOLE":
            return self._receive_pallet(actor, carton_id)
        if found.command == "DAMAGE":
            return Step(PRODUCT, hand(task.data, damaged=True), "warn", "damage_on")
        if found.command in FINDINGS:
            finding = FINDINGS[found.command]
            return Step(PRODUCT, hand(task.data, finding=finding), "warn", f"{finding}_on")
        if found.command == "QTY" and found.command_quantity:
            params = {"quantity": found.command_quantity}
            return Step(PRODUCT, hand(task.data, quantity=found.command_quantity), "ok", "quantity_set", params)
        if found.command == "BACK":
            return Step(CARTON, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _close(self, actor: Actor, task: FloorTask, carton_id: uuid.UUID) -> Step:
        closed = inbound.close_carton(actor, carton_id)
        if closed.again:
            data = hand(task.data, quantity=None, damaged=None, finding=None, last=None)
            return Step(PRODUCT, data, "warn", "count_once_more")
        if closed.differences:
            params = {"differences": len(closed.differences)}
            return Step(CARTON, {}, "warn", "carton_closed_difference", params)
        return Step(CARTON, {}, "done", "carton_closed")

    def _receive_pallet(self, actor: Actor, carton_id: uuid.UUID) -> Step:
        came = inbound.receive_pallet(actor, carton_id)
        params = {"pallet": came.pallet, "cartons": came.cartons, "units": came.units}
        undo = {"pallet": {str(key): None if act is None else str(act) for key, act in came.acts.items()}}
        return Step(CARTON, undo, "warn" if came.differences else "done", "pallet_received", params, can_undo=True)

    def _undo_pallet(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        """The only command where no carton is open."""
        received = task.data.get("pallet")
        if found.command != "UNDO" or received is None:
            raise Refused("command_not_here", {})
        acts = {uuid.UUID(key): None if act is None else uuid.UUID(act) for key, act in received.items()}
        return Step(CARTON, {}, "warn", "pallet_undone", {"cartons": inbound.undo_pallet(actor, acts)})

    def _count_whole(self, actor: Actor, task: FloorTask, carton_id: uuid.UUID) -> Step:
        """All that is still to be counted, as announced; after DAMAGE all of it is damaged."""
        damaged = bool(task.data.get("damaged"))
        whole = inbound.count_as_declared(actor, carton_id, condition="damaged" if damaged else "good")
        data = hand(task.data, quantity=None, damaged=None, finding=None, last=None)
        if damaged:
            return Step(PRODUCT, data, "warn", "counted_as_damaged", {"units": whole.units}, can_undo=True)
        return Step(PRODUCT, data, "ok", "counted_as_declared", {"units": whole.units}, can_undo=True)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "carton_id" not in task.data:
            return {"can_undo": "pallet" in task.data}
        of_carton = {"carton": uuid.UUID(task.data["carton_id"])}
        with pipelined():
            shown, held = _SHOWN.send(of_carton), _LINES.send(of_carton)
        carton = shown.first()
        about = {
            "booking": carton.booking, "seller": carton.seller, "carton": carton.barcode, "number": carton.number,
            "total": carton.total, "last": task.data.get("last"), "damaged": bool(task.data.get("damaged")),
            "finding": task.data.get("finding"), "carton_id": task.data["carton_id"],
            "quantity": task.data.get("quantity"), "blind": carton.is_blind, "second": carton.is_blind and carton.second,
        }  # fmt: skip
        if carton.is_blind:
            rows = _TALLIES.all({**of_carton, "second": carton.second})
            return {**about, "lines": [_as_counted(row) for row in rows], "left": None, "hint": None}
        lines = [
            {
                **named(row), "declared": row.declared,
                "received": row.received_good + row.received_damaged, "damaged": row.received_damaged,
                "product_id": str(row.id), "unmeasured": row.unmeasured,
                "lots": [{"lot": label(lot), "units": lot.units} for lot in lots_of(row.lots) if label(lot)],
            }
            for row in held.all()
        ]  # fmt: skip
        left = sum(max(0, line["declared"] - line["received"]) for line in lines)
        hint = refusal_texts.translate("hint_as_declared", {}) if left else None
        return {**about, "lines": lines, "left": left, "hint": hint,
                "pallet": carton.pallet if carton.beside else None, "beside": carton.beside}  # fmt: skip


_OF_BOOKING = Statement(
    "SELECT id, state FROM carton WHERE booking_id = :booking AND state IN ('declared', 'arrived', 'counting', 'missing')"
    " ORDER BY number"
)


def _only_carton(found: Found) -> uuid.UUID:
    """The one carton of a booking that is to be counted: what came loose is announced so."""
    rows = _OF_BOOKING.all({"booking": found.id})
    awaited = [row for row in rows if row.state != CartonState.MISSING.value] or rows
    if len(awaited) > 1:
        raise Refused("booking_has_cartons", {"number": found.code, "cartons": len(awaited)})
    if not awaited:
        raise Refused("carton_done", {})
    key: uuid.UUID = awaited[0].id
    return key


def _as_counted(row: Any) -> dict[str, Any]:
    """A line of a carton that is counted blind."""
    return {
        **named(row), "received": row.received, "damaged": row.damaged,
        "product_id": str(row.id), "unmeasured": row.unmeasured,
    }  # fmt: skip
