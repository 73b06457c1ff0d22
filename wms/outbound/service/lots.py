"""Another batch than the one that was chosen, found at the pick: the claim moves to it, where a rule does not forbid that.

The picker scans what is in the hand; the book has to have it in the same bin, and free. A batch whose turn comes later by the
seller's rule is refused as long as the chosen one is there on the book. At the bench a batch that is scanned has to be one that
was picked.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.core.rotation import Rotation, asked
from wms.inventory import allocations
from wms.inventory.rotation import CAME_ON, RULE, in_turn
from wms.outbound.models import Demand, OrderLine, PickTask
from wms.outbound.service import walks
from wms.outbound.service.picking import work_on
from wms.outbound.workflow import TASK
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement

# The chosen row, and what else of these goods stands in its bin (or in its container) and may be sold.
_HERE = Statement(
    f"SELECT b.id, b.on_hand - b.allocated AS free, l.batch, l.expires_on, {CAME_ON} AS came_on, {RULE} AS rule,"
    " b.id = s.id AS is_chosen FROM balance s JOIN product p ON p.id = s.product_id JOIN seller e ON e.id = s.owner_id"
    " JOIN warehouse w ON w.id = s.warehouse_id"
    " JOIN balance b ON b.location_id = s.location_id AND b.handling_unit_id IS NOT DISTINCT FROM s.handling_unit_id"
    "  AND b.product_id = s.product_id AND b.owner_id = s.owner_id AND b.condition = s.condition"
    "  AND b.customs_status = s.customs_status AND b.book_item_id IS NOT DISTINCT FROM s.book_item_id"
    " LEFT JOIN lot l ON l.id = b.lot_id WHERE s.id = :row AND (b.id = s.id OR (b.is_sellable AND b.is_there))"
    f" ORDER BY {in_turn(RULE, 'l.expires_on')}, b.id"
)
_BATCH = Statement(
    "SELECT l.batch FROM pick_task t JOIN balance b ON b.id = t.balance_id JOIN lot l ON l.id = b.lot_id WHERE t.id = :stop"
)


_PICKED = Statement(
    "SELECT DISTINCT l.batch FROM balance b JOIN lot l ON l.id = b.lot_id WHERE b.handling_unit_id = ANY(CAST(:units AS uuid[]))"
    " AND b.product_id = :product AND b.is_there AND l.batch IS NOT NULL ORDER BY l.batch"
)


def check_picked(product_id: uuid.UUID, batch: str, unit_ids: Collection[uuid.UUID]) -> None:
    """A batch scanned at the bench is one that was picked, where the book knows batches of these goods. Refuses
    `lot_not_picked`: the book would say afterwards that another one left.
    """
    picked = _PICKED.column({"units": list(unit_ids), "product": product_id})
    if picked and batch not in picked:
        raise Refused("lot_not_picked", {"batch": batch, "picked": picked})


def is_other(stop_id: uuid.UUID, batch: str | None) -> bool:
    """Whether the batch that was scanned is not the one that the stop is for. Goods without a batch are never other."""
    if not batch:
        return False
    chosen = _BATCH.scalar({"stop": stop_id})
    return chosen is not None and chosen != batch


@dataclass(frozen=True)
class Changed:
    """The stop that is now for the scanned batch, and for how many units of it."""

    stop_id: uuid.UUID
    units: int
    batch: str


def change(actor: Actor, stop_id: uuid.UUID, batch: str) -> Changed:
    """Let the stop take its units from the row of this batch: all that are left of it, or as many as are free there; the
    rest stays a stop of its own. In the fast lane this goes for all orders that want some of its row.

    Refuses as `picking.work_on`; `lot_named` where the order's line asks for a batch, `lot_not_here` when the book has none
    of it free in this bin, `lot_later`, `lot_sooner` or `lot_newer` when it is the chosen one's turn.
    """
    stop = work_on(actor, stop_id)
    line = session().scalars(
        select(OrderLine).join(Demand, Demand.order_line_id == OrderLine.id).where(Demand.id == stop.demand_id)
    ).one()  # fmt: skip
    if line.batch is not None:
        raise Refused("lot_named", {"batch": line.batch})
    rows = _HERE.all({"row": stop.balance_id})
    chosen = next(row for row in rows if row.is_chosen)
    other = next((row for row in rows if row.batch == batch and row.free > 0 and not row.is_chosen), None)
    if other is None:
        raise Refused("lot_not_here", {"batch": batch})
    _refuse_later(chosen, other)
    if line.min_expires_on is not None and (other.expires_on or date.max) < line.min_expires_on:
        raise Refused("lot_too_soon", {"expires_on": line.min_expires_on.isoformat()})
    stops = _sharing(stop_id, stop.walk.id, stop.balance_id)
    given, free = dict[uuid.UUID, tuple[PickTask, int]](), other.free
    for task in stops:
        units = min(free, task.quantity - task.picked)
        if units:
            given[task.allocation_id] = (task, units)
            free -= units
    moved = allocations.move_claims({key: units for key, (_, units) in given.items()}, other.id)
    made = [_stop_for(task.id, moved[key], other.id, units) for key, (task, units) in given.items()]
    return Changed(made[0], sum(units for _, units in given.values()), batch)


_SHARING = Statement(
    "SELECT t.id FROM pick_task t JOIN pick_batch b ON b.id = t.batch_id WHERE t.batch_id = :walk AND t.balance_id = :row"
    " AND t.state = 'open' AND (t.id = :stop OR b.is_lane)"
)


def _sharing(stop_id: uuid.UUID, walk_id: uuid.UUID, balance_id: int) -> list[PickTask]:
    """The stop, and in the fast lane all that want goods of its row, under lock: it first."""
    ids = list(_SHARING.column({"walk": walk_id, "row": balance_id, "stop": stop_id}))
    return sorted(lock(Rank.TASK, PickTask, ids), key=lambda task: task.id != stop_id)


def _refuse_later(chosen: Any, other: Any) -> None:
    """Whether it is the chosen row's turn, by the rule of these goods, and the other's later."""
    rule = Rotation(chosen.rule)
    turn, later = (asked(rule, each.expires_on, each.came_on) for each in (chosen, other))
    if later <= turn:
        return
    if rule is Rotation.FIFO and later[0] != turn[0]:
        raise Refused("lot_newer", {"batch": chosen.batch, "came_on": chosen.came_on.isoformat()})
    code = "lot_sooner" if rule is Rotation.LEFO else "lot_later"
    raise Refused(code, {"batch": chosen.batch, "expires_on": chosen.expires_on.isoformat()})


def _stop_for(stop_id: uuid.UUID, allocation_id: uuid.UUID, balance_id: int, units: int) -> uuid.UUID:
    """The stop of the moved claim: right before what is left of the first."""
    task = session().get_one(PickTask, stop_id, populate_existing=True)
    if task.picked == 0 and units == task.quantity:
        task.allocation_id, task.balance_id = allocation_id, balance_id
        session().flush()
        return task.id
    row = {
        name: getattr(task, name)
        for name in (
            "warehouse_id",
            "batch_id",
            "order_id",
            "demand_id",
            "location_id",
            "product_id",
            "walk_order",
            "skipped",
        )
    }
    made = walks.stop_beside(row, allocation_id, balance_id, units)
    task.quantity -= units
    if task.picked == task.quantity:
        task.state = TASK.apply("finish", task.state).value
    session().flush()
    return made
