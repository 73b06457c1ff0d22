"""Sorting at a put wall (播种墙): goods picked together go unit by unit into the slot of their order.

A slot is a container; it is bound to an order with the order's first unit, and the last one closes it: the order is then
packed from it as from a tote. What was picked for an order that has been cancelled since goes into a slot of its own, that
is put back to the bins as any other cancelled order.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from wms.catalog.queries import PICTURE
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit, HandlingUnitKind, LocationKind
from wms.facility.queries import load_warehouse, system_location
from wms.facility.service import create_handling_unit
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.rules import MoveDraft, Reason
from wms.outbound.models import Demand, Order, PickBatch, PickTask, PutWallSlot
from wms.outbound.service import halting
from wms.outbound.service.putback import PUT_BACK
from wms.outbound.service.together import WALK, unsorted_of
from wms.outbound.workflow import ORDER, BatchState, OrderState
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one
from wms.platform.statements import Statement


def make_wall(actor: Actor, warehouse_id: uuid.UUID, wall: str, slots: int) -> list[HandlingUnit]:
    """A wall of so many new slots, labelled as totes `<wall>-<number>` are. Refuses `wall_taken`, `unit_code_taken`."""
    if not actor.may(Permission.FACILITY_WRITE):
        raise not_found("warehouse")
    load_warehouse(actor, warehouse_id)
    known = (
        select(PutWallSlot.unit_id).where(PutWallSlot.warehouse_id == warehouse_id, PutWallSlot.wall == wall).limit(1)
    )
    if session().scalar(known) is not None:
        raise Refused("wall_taken", {"wall": wall})
    place = system_location(warehouse_id, LocationKind.PACKING)
    made = []
    for number in range(1, slots + 1):
        unit = create_handling_unit(actor, warehouse_id, HandlingUnitKind.TOTE, f"{wall}-{number:02d}", place.id)
        session().add(PutWallSlot(unit_id=unit.id, warehouse_id=warehouse_id, wall=wall, number=number))
        made.append(unit)
    session().flush()
    return made


def walls_of(warehouse_id: uuid.UUID) -> dict[str, int]:
    """The walls of a warehouse the caller has loaded, with how many slots each has."""
    return {row.wall: row.slots for row in _WALLS.all({"warehouse": warehouse_id})}


_WALLS = Statement(
    "SELECT wall, count(*) AS slots FROM put_wall_slot WHERE warehouse_id = :warehouse GROUP BY wall ORDER BY wall"
)


@dataclass(frozen=True)
class Tote:
    """A tote of a walk with goods to sort."""

    id: uuid.UUID
    code: str
    batch_id: uuid.UUID
    warehouse_id: uuid.UUID
    wall: str


def open_tote(actor: Actor, tote_id: uuid.UUID) -> Tote:
    """Refuses `nothing_to_sort` for a tote that no walk was picked into."""
    found = tote_of(tote_id)
    if found is not None and not actor.sees_warehouse(found.warehouse_id):
        raise not_found("tote")
    if found is None or not in_tote(found.id):
        raise Refused("nothing_to_sort", {})
    return found


def tote_of(tote_id: uuid.UUID) -> Tote | None:
    """The tote as a screen shows it; None when nothing of it is left to sort."""
    unit = session().get(HandlingUnit, tote_id, populate_existing=True)
    batch = session().get(PickBatch, unit.subject_id) if unit is not None and unit.subject_kind == WALK else None
    if unit is None or batch is None or batch.wall is None:
        return None
    return Tote(unit.id, unit.code, batch.id, unit.warehouse_id, batch.wall)


_IN_TOTE = Statement(
    f"SELECT b.product_id, p.owner_id, p.sku, p.name_en, p.name_zh, {PICTURE}, sum(b.on_hand)::int AS units FROM balance b"
    " JOIN product p ON p.id = b.product_id WHERE b.handling_unit_id = :tote AND b.is_there"
    " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 3"
)


def in_tote(tote_id: uuid.UUID) -> list[Any]:
    """What is in a tote, by product."""
    return _IN_TOTE.all({"tote": tote_id})


@dataclass(frozen=True)
class Goal:
    """Where a unit goes: the order, how many of this product it still gets, and its slot. `is_cancelled`: to be put back."""

    order_id: uuid.UUID
    order: str
    units: int
    slot_id: uuid.UUID
    slot: str
    number: int
    is_cancelled: bool


# Orders that have begun their slot first, the nearest to its end before; else the lowest free slot.
_GOAL = Statement(
    "SELECT o.id, o.number AS order_number, o.state, (SELECT sum(x.picked - x.sorted)::int FROM pick_task x"
    "  WHERE x.order_id = o.id AND x.batch_id = :batch AND x.product_id = :product) AS units,"
    " s.unit_id, s.number, u.code FROM outbound_order o"
    " LEFT JOIN handling_unit u ON u.warehouse_id = o.warehouse_id AND u.subject_id = o.id"
    "  AND u.subject_kind = CASE WHEN o.state = 'cancelled' THEN 'put_back' ELSE 'order' END"
    "  AND EXISTS (SELECT 1 FROM put_wall_slot y WHERE y.unit_id = u.id)"
    " LEFT JOIN put_wall_slot s ON s.unit_id = u.id"
    " WHERE o.id IN (SELECT t.order_id FROM pick_task t WHERE t.batch_id = :batch AND t.product_id = :product"
    "  AND t.picked > t.sorted)"
    " ORDER BY o.state = 'cancelled', s.unit_id IS NULL, (SELECT sum(d.quantity) FROM demand d WHERE d.order_id = o.id)"
    "  - (SELECT sum(x.sorted) FROM pick_task x WHERE x.order_id = o.id), o.priority DESC, o.ordered_at, o.id LIMIT 1"
)
_FREE_SLOT = Statement(
    "SELECT s.unit_id, s.number, u.code FROM put_wall_slot s JOIN handling_unit u ON u.id = s.unit_id"
    " WHERE s.warehouse_id = :warehouse AND s.wall = :wall AND u.subject_id IS NULL ORDER BY s.number LIMIT 1"
)


def goal_of(tote: Tote, product_id: uuid.UUID) -> Goal:
    """Where the next unit of a product goes. Refuses `not_in_tote`, `wall_full`."""
    row = _GOAL.first({"batch": tote.batch_id, "product": product_id})
    if row is None:
        raise Refused("not_in_tote", {})
    slot = row if row.unit_id is not None else _FREE_SLOT.first({"warehouse": tote.warehouse_id, "wall": tote.wall})
    if slot is None:
        raise Refused("wall_full", {"wall": tote.wall})
    cancelled = row.state == OrderState.CANCELLED.value
    return Goal(row.id, row.order_number, row.units, slot.unit_id, slot.code, slot.number, cancelled)


@dataclass(frozen=True)
class Sorted:
    """`left`: units of the order not in its slot yet, picked or not."""

    left: int
    number: int


def put(
    actor: Actor, tote: Tote, order_id: uuid.UUID, product_id: uuid.UUID, quantity: int, slot_id: uuid.UUID,
    serials: Sequence[str] = (),
) -> Sorted:  # fmt: skip
    """Units from the tote into the order's slot: one posting. The order is picked with its last unit.

    Refuses `wrong_slot`, `slot_taken`, `not_in_tote`, `serials_required`, `serial_not_here`.
    """
    order = lock_one(Rank.DOCUMENT, Order, order_id)
    batch = lock_one(Rank.TASK, PickBatch, tote.batch_id)
    if order is None or batch is None:
        raise not_found("order")
    waiting = select(PickTask.id).where(
        PickTask.batch_id == batch.id, PickTask.order_id == order_id, PickTask.product_id == product_id
    )
    tasks = [task for task in lock(Rank.TASK, PickTask, session().scalars(waiting)) if task.picked > task.sorted]
    units = {unit.id: unit for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, [tote.id, slot_id])}
    slot = _hold_slot(tote, order, units.get(slot_id))
    if sum(task.picked - task.sorted for task in tasks) < quantity:
        raise Refused("not_in_tote", {})
    moves = _moves(tasks, quantity, units[tote.id], units[slot_id], serials)
    ledger.post(actor, PostingDraft(Reason.MOVE, "order", order.id, moves))
    session().flush()
    if not in_tote(tote.id) and (batch.state == BatchState.DONE.value or batch.tote_id != tote.id):
        unit = units[tote.id]
        unit.subject_kind, unit.subject_id, unit.state = None, None, "open"
    left = sum(session().scalars(select(Demand.quantity - Demand.picked).where(Demand.order_id == order.id)))
    left += unsorted_of(order.id)
    if left == 0 and ORDER.permitted("finish_picking", order.state):
        order.state = ORDER.apply("finish_picking", order.state).value
        order.version += 1
        asked = halting.open_request(order.id)
        if asked is not None:  # it lies in its slot now, and goes on from there if it is refused
            asked.resume_state = order.state
    session().flush()
    return Sorted(left, slot.number)


def _hold_slot(tote: Tote, order: Order, unit: HandlingUnit | None) -> PutWallSlot:
    """The slot, bound to the order from its first unit on."""
    slot = session().get(PutWallSlot, unit.id) if unit is not None else None
    if unit is None or slot is None or (slot.warehouse_id, slot.wall) != (tote.warehouse_id, tote.wall):
        raise Refused("not_a_slot", {"wall": tote.wall})
    cancelled = order.state == OrderState.CANCELLED.value
    kind = PUT_BACK if cancelled else "order"
    if (unit.subject_kind, unit.subject_id) == (kind, order.id):
        return slot
    if not cancelled and order.tote_id is not None:
        raise Refused("wrong_slot", {})
    if unit.subject_id is not None:
        raise Refused("slot_taken", {})
    unit.subject_kind, unit.subject_id, unit.state = kind, order.id, "in_use"
    order.tote_id = unit.id
    session().flush()
    return slot


def _moves(
    tasks: Sequence[PickTask], quantity: int, tote: HandlingUnit, slot: HandlingUnit, serials: Sequence[str]
) -> list[MoveDraft]:
    """Each stop's goods are in the tote as they were in their bin: same lot, same book item."""
    numbers = list(serials)
    moves = []
    for task in tasks:
        share = min(quantity, task.picked - task.sorted)
        if not share:
            break
        picked = stock_of(session().get_one(Balance, task.balance_id))
        source = replace(picked, location_id=tote.location_id, handling_unit_id=tote.id)
        target = replace(source, location_id=slot.location_id, handling_unit_id=slot.id)
        own = [numbers.pop(0) for _ in range(share)] if serials else []
        moves.append(MoveDraft(source, target, share, serials=own))
        task.sorted += share
        quantity -= share
    return moves


_WALL = Statement(
    "SELECT s.number, u.code, u.subject_kind, o.state, o.number AS order_number FROM put_wall_slot s"
    " JOIN handling_unit u ON u.id = s.unit_id LEFT JOIN outbound_order o ON o.id = u.subject_id"
    " WHERE s.warehouse_id = :warehouse AND s.wall = :wall ORDER BY s.number"
)


def slots_of(warehouse_id: uuid.UUID, wall: str) -> list[Any]:
    """The slots of a wall as they stand: number, code, and the order in each with its state."""
    return _WALL.all({"warehouse": warehouse_id, "wall": wall})
