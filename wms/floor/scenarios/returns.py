"""The returns desk: scan the parcel or the return, the item, then say what becomes of it.

After an item: the bin's code restocks it, DAMAGE sets it aside, SCRAP destroys it. OK at the end closes the return. Until
that is said the item is in somebody's hand (decision 119): in the book it stands at the desk. One that was received and never
decided about, because a tablet died, is taken up again by scanning it.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.catalog.queries import pictures_of
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.floor import hands
from wms.floor.beside import lot_label, read_beside
from wms.floor.contract import Scan, Step, hand
from wms.floor.models import FloorTask
from wms.floor.overruling import against, insisting
from wms.floor.queries import goods
from wms.floor.resolver import Found, Kind, Scope, resolve
from wms.inventory import serials
from wms.inventory.hands import NOTHING
from wms.outbound import queries as outbound
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.returns import queries, service
from wms.returns.models import ReturnOrder
from wms.returns.service import Disposition

RETURN, PRODUCT, DECIDE = "scan_return", "scan_product", "decide"


class ReturnDesk:
    kind = "return"

    def start(self, actor: Actor, warehouse_id: uuid.UUID) -> Step:
        return Step(RETURN, {})

    def scan(self, actor: Actor, task: FloorTask, scan: Scan) -> Step:
        """Steps: scan_return → scan_product → decide → scan_product … → (OK) scan_return."""
        expected = {
            RETURN: [Kind.RETURN, Kind.PARCEL, Kind.ORDER], PRODUCT: [Kind.PRODUCT], DECIDE: [Kind.LOCATION]
        }[task.step]  # fmt: skip
        owner = task.data.get("owner_id")
        found = resolve(scan.raw, Scope(task.warehouse_id, uuid.UUID(owner) if owner else None), expected)
        if found.kind is Kind.COMMAND:
            return self._command(actor, task, found)
        if task.step == RETURN:
            return self._open(actor, found)
        if task.step == PRODUCT:
            return self._receive(actor, task, found, scan)
        return self._settle(actor, task, Disposition.RESTOCK, found)

    def _open(self, actor: Actor, found: Found) -> Step:
        assert found.id is not None
        if found.kind is Kind.RETURN:
            opened = service.load_return(actor, found.id)
        else:
            order_id = found.id if found.kind is Kind.ORDER else outbound.order_of_parcel(found.code)
            if order_id is None:
                raise Refused("order_unknown", {})
            opened = queries.open_return_of(order_id) or service.open_unannounced(actor, order_id)
        if opened.state not in ("announced", "receiving"):
            raise Refused("return_closed", {})
        data = {"return_id": str(opened.id), "owner_id": str(opened.owner_id)}
        units = sum(line["announced"] - line["received"] for line in queries.return_detail(opened)["lines"])
        return Step(PRODUCT, data, "next", "return_opened", {"number": opened.number, "units": max(0, units)})

    def _receive(self, actor: Actor, task: FloorTask, found: Found, scan: Scan) -> Step:
        found = read_beside(found, scan)
        assert found.id is not None
        quantity = scan.quantity or found.pack
        numbers = [found.serial] if found.serial and found.serial_control != "none" else []
        if found.serial_control != "none" and not numbers:
            raise Refused("serial_needed", {})  # it was captured when the unit left
        return_id = uuid.UUID(task.data["return_id"])
        service.load_return_to_edit(
            actor, return_id
        )  # of two desks one after the other: neither takes what the other holds
        lying = self._lying(task, return_id, found)
        short = quantity - sum(lying.values())
        if short > 0:  # nobody has said yet that these came: what is in the hand is in the book, or it is refused
            service.receive(actor, return_id, found.id, short, numbers)
            lying = self._lying(task, return_id, found)
        data = hand(
            task.data, product_id=str(found.id), quantity=quantity, serials=found.numbers or None,
            in_hand=hands.share(lying.items(), quantity),
        )  # fmt: skip
        return Step(DECIDE, data, "ok", "return_item", {"quantity": quantity})

    def _lying(self, task: FloorTask, return_id: uuid.UUID, found: Found) -> dict[int, int]:
        """What of a product is at the desk, to be decided about and in nobody's hand, by row; of a number, its unit. A number
        that is only read at exit names no row: it is any of those that lie there once it is back with this return, and else
        none.
        """
        assert found.id is not None
        if found.serial and found.serial_control == "exit" and not serials.is_back(found.id, found.serial, [return_id]):
            return {}
        rows = service.at_desk(return_id, found.id)
        held = hands.carried(task.warehouse_id, rows.keys())
        left = {row_id: units - held.get(row_id, NOTHING).units for row_id, units in rows.items()}
        if found.numbers:
            own = serials.by_row(found.id, found.numbers)
            left = {row_id: len(own.get(row_id, ())) for row_id in left}
        return {row_id: units for row_id, units in left.items() if units > 0}

    def _command(self, actor: Actor, task: FloorTask, found: Found) -> Step:
        if task.step == DECIDE and found.command == "DAMAGE":
            return self._settle(actor, task, Disposition.DAMAGED, None)
        if task.step == DECIDE and found.command == "SCRAP":
            return self._settle(actor, task, Disposition.SCRAP, None)
        if task.step == PRODUCT and found.command == "OK":
            service.close(actor, uuid.UUID(task.data["return_id"]))
            return Step(RETURN, {}, "done", "return_done")
        if task.step == PRODUCT and found.command == "BACK":
            return Step(RETURN, {}, "warn", "step_back")
        raise Refused("command_not_here", {})

    def _settle(self, actor: Actor, task: FloorTask, disposition: Disposition, place: Found | None) -> Step:
        product_id = uuid.UUID(task.data["product_id"])

        def inspect(overruled: bool) -> ReturnOrder:
            return service.inspect(
                actor, uuid.UUID(task.data["return_id"]), product_id, task.data["quantity"], disposition,
                None if place is None else place.id, task.data.get("serials", ()), overruled=overruled,
            )  # fmt: skip

        settled = inspect(False) if place is None else insisting(actor, task, place, inspect)
        if isinstance(settled, Step):
            return settled
        if settled.state == "completed":
            return Step(RETURN, {}, "done", "return_done", put_down=True)
        kept = hand(task.data, product_id=None, quantity=None, serials=None, in_hand=None, against=None)
        return Step(PRODUCT, kept, "next", f"return_{disposition.value}", put_down=True)

    def view(self, actor: Actor, task: FloorTask) -> dict[str, Any]:
        if "return_id" not in task.data:
            return {}
        found = session().get_one(ReturnOrder, uuid.UUID(task.data["return_id"]))
        lines = queries.return_detail(found)["lines"]
        pictures = pictures_of(found.owner_id, lines)
        lots = _LOTS.all({"rows": [row_id for row_id, _units in task.data.get(hands.IN_HAND, ())]})
        return {
            **goods(task.data.get("product_id")), "number": found.number,
            "lines": [{**line, "picture": pictures[line["sku"]]} for line in lines], "quantity": task.data.get("quantity"),
            "lot": " / ".join(label for lot in lots if (label := lot_label(lot))) or None,
            "serials": task.data.get("serials", []), "against": against(task),
        }  # fmt: skip


_LOTS = Statement(
    "SELECT DISTINCT t.batch, t.expires_on FROM balance b JOIN lot t ON t.id = b.lot_id"
    " WHERE b.id = ANY(CAST(:rows AS bigint[])) ORDER BY t.expires_on, t.batch"
)
