"""What was picked by a list on paper, entered when there are tablets again: stop by stop, into the totes that stand on the
cart. Each step is a command of its own, as a scan would have been; what one order cannot have does not keep the others.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import update

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.outbound.models import PickBatch
from wms.outbound.service import full_totes, lanes, picking, together, walks
from wms.outbound.service.picking import Picked
from wms.outbound.service.stops import TOTE_OF, Sight, see
from wms.outbound.workflow import BATCH
from wms.platform.database import session
from wms.platform.statements import Statement

# As the list has them, with what each order (or the walk, where it has one tote for all) is picked into now. `orders`: that want
# pieces of one row in the fast lane; the line then names one of them, and one of their stops.
_LINES = Statement(
    "SELECT (array_agg(t.id ORDER BY t.walk_order, t.id))[1] AS id, l.code AS location, p.sku, p.name_en, p.name_zh,"
    " min(o.number) AS number, (array_agg(o.id ORDER BY t.walk_order, t.id))[1] AS order_id,"
    " count(DISTINCT o.id)::int AS orders, g.batch, g.expires_on, sum(t.quantity - t.picked)::int AS units, u.code AS tote"
    " FROM pick_task t JOIN location l ON l.id = t.location_id"
    " JOIN pick_batch b ON b.id = t.batch_id JOIN product p ON p.id = t.product_id"
    " JOIN outbound_order o ON o.id = t.order_id JOIN balance c ON c.id = t.balance_id LEFT JOIN lot g ON g.id = c.lot_id"
    f" LEFT JOIN handling_unit u ON u.id = {TOTE_OF.format(walk='b', order='o')}"
    " WHERE t.batch_id = :batch AND t.state = 'open' AND t.picked < t.quantity"
    " GROUP BY l.code, p.id, g.id, u.code, t.balance_id, t.skipped,"
    "  CASE WHEN NOT b.is_lane THEN t.id END"
    " ORDER BY t.skipped, min(t.walk_order), min(t.id::text)"
)
_TOTES = Statement(
    "SELECT code, barcode, id FROM handling_unit WHERE warehouse_id = :warehouse AND kind = 'tote'"
    " AND code = ANY(CAST(:codes AS text[])) UNION ALL SELECT code, barcode, id FROM handling_unit"
    " WHERE barcode = ANY(CAST(:codes AS text[])) AND warehouse_id = :warehouse AND kind = 'tote'"
)


def load_walk(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    """A walk for who may enter what was picked on it; 404 for others."""
    batch = session().get(PickBatch, batch_id)
    may = actor.is_staff and actor.may(Permission.WAVES_MANAGE)
    if batch is None or not may or not actor.sees_warehouse(batch.warehouse_id):
        raise not_found("walk")
    return batch


def lines_of(batch: PickBatch) -> list[Any]:
    """What is still to be picked on a walk, in the order of its list."""
    return _LINES.all({"batch": batch.id})


def totes_named(warehouse_id: uuid.UUID, codes: Collection[str]) -> dict[str, uuid.UUID]:
    """Totes of a warehouse by what was typed or scanned of them: their code, or their label."""
    found = dict[str, uuid.UUID]()
    for row in _TOTES.all({"warehouse": warehouse_id, "codes": sorted(codes)}):
        found |= {row.code: row.id, row.barcode: row.id}
    return found


def begin(actor: Actor, batch_id: uuid.UUID) -> PickBatch:
    """The walk is this person's while they enter it. Refuses as `picking.take_this`."""
    load_walk(actor, batch_id)
    return picking.take_this(actor, batch_id)


def put_into(actor: Actor, stop_id: uuid.UUID, tote_id: uuid.UUID, *, is_shared: bool = False) -> None:
    """The units of a stop are in this tote: the first of its order, or a further one, since the one before was full.
    `is_shared`: single pieces of several orders lie in it. Refuses as `picking.assign_tote`, `full_totes.take_further`,
    `lanes.bind_container`, `lanes.bind_to_walk` and, for a put wall, `together.bind_tote`.
    """
    stop = _seen(actor, stop_id)
    if stop.tote_id == tote_id:
        return
    if stop.wall is not None:
        together.bind_tote(actor, stop.batch_id, tote_id)
    elif stop.is_lane:
        lanes.bind_to_walk(actor, stop.batch_id, tote_id)
    elif stop.tote_id is None and is_shared:
        lanes.bind_container(actor, stop.batch_id, tote_id)
    elif stop.tote_id is None:
        picking.assign_tote(actor, stop.order_id, tote_id)
    else:
        full_totes.take_further(actor, stop_id, tote_id)


def pick(actor: Actor, stop_id: uuid.UUID, units: int) -> Picked:
    """So many units of a stop were picked. Refuses as `picking.pick`; goods with numbers are scanned at the tablet."""
    stop = _seen(actor, stop_id)
    return (together.pick_together if stop.is_together else picking.pick)(actor, stop_id, units)


def leave(actor: Actor, batch_id: uuid.UUID) -> None:
    """What was not entered is for whoever takes the walk next."""
    batch = walks.hold_walk(actor, load_walk(actor, batch_id).id)
    if BATCH.permitted("take", batch.state) and batch.picker_id == actor.id:
        free = update(PickBatch).where(PickBatch.id == batch.id).values(picker_id=None, lease_until=None)
        session().execute(free)


def _seen(actor: Actor, stop_id: uuid.UUID) -> Sight:
    stop = see(stop_id)
    if stop is None:
        raise not_found("task")
    load_walk(actor, stop.batch_id)
    return stop
