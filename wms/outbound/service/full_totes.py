"""A tote that is full on a walk: of an order, or a container that single pieces share (walks for a wall: `together`)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit
from wms.outbound.service import lanes, totes
from wms.outbound.service.picking import check_free_tote, work_on
from wms.outbound.service.putback import free_if_empty
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.platform.statements import Statement

_CURRENT = Statement(
    "SELECT t.batch_id, b.is_lane, o.tote_id, u.subject_kind FROM pick_task t JOIN pick_batch b ON b.id = t.batch_id"
    " JOIN outbound_order o ON o.id = t.order_id LEFT JOIN handling_unit u ON u.id = o.tote_id WHERE t.id = :stop"
)
_GOES_ON_IN = Statement(
    "WITH tote AS (UPDATE handling_unit SET subject_kind = 'order', subject_id = :order, state = 'in_use'"
    " WHERE id = :tote) UPDATE outbound_order SET tote_id = :tote WHERE id = :order"
)


@dataclass(frozen=True)
class Further:
    """`totes`: codes of all that hold goods of the order now, with the new one; `orders`: how many go on in a container of
    single pieces, 0 for an order's own tote.
    """

    totes: list[str]
    orders: int = 0


def take_further(actor: Actor, task_id: uuid.UUID, tote_id: uuid.UUID) -> Further:
    """What a stop's order is picked into is full: from now on it is this empty tote. The full one stays the order's until
    it is packed, and the bench packs out of all of them; one that holds nothing is free. Again with the same is fine.

    Refuses as `picking.work_on`, `tote_needed` where none is bound yet, `not_a_tote`, `tote_taken`, and what
    `lanes.take_further` and `lanes.bind_to_walk` refuse.
    """
    seen = _CURRENT.first({"stop": task_id})
    if seen is not None and seen.is_lane:
        return Further([], lanes.bind_to_walk(actor, seen.batch_id, tote_id))
    if seen is not None and seen.subject_kind == lanes.LANE:
        return Further([], lanes.take_further(actor, seen.batch_id, seen.tote_id, tote_id))
    order = work_on(actor, task_id, with_order=True).order
    assert order is not None  # asked for
    order.refuse_cancelled()
    order.refuse_stopped()
    if order.tote_id is None:
        raise Refused("tote_needed", {})
    own = {row.id for row in totes.of_order(order.id)}
    held = {unit.id: unit for unit in lock(Rank.HANDLING_UNIT, HandlingUnit, own | {tote_id})}
    check_free_tote(order.warehouse_id, tote_id, order.id)
    for unit in held.values():
        if unit.id in own and unit.id != tote_id:
            free_if_empty(unit)
    session().flush()
    _GOES_ON_IN.run({"order": order.id, "tote": tote_id})
    return Further(totes.codes_of(order.id))
