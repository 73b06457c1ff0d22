"""The zero check: the book says that a bin is empty, and somebody stands before it. Is it?"""

from __future__ import annotations

import uuid

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.facility.models import Location, Warehouse
from wms.inventory import holds
from wms.inventory.counting import goods as shelf
from wms.inventory.counting import planning, queries
from wms.inventory.counting.models import CountTask, StockCount
from wms.inventory.counting.rules import CountKind
from wms.inventory.workflow import COUNT
from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.statements import Statement

_ASKED = Statement(
    "SELECT 1 FROM count_rule r JOIN location l ON l.warehouse_id = r.warehouse_id WHERE l.id = :location AND r.on_zero"
    " AND l.kind IN ('storage', 'bulk', 'pick_face')"
    " AND NOT EXISTS (SELECT 1 FROM balance b WHERE b.location_id = l.id AND b.is_there)"
)


def is_asked(location_id: uuid.UUID) -> bool:
    """Whether the book has nothing in this bin, and its warehouse wants that confirmed (`CountRule.on_zero`)."""
    return _ASKED.first({"location": location_id}) is not None


def confirm_empty(actor: Actor, location_id: uuid.UUID) -> bool:
    """It is empty: that is a count of the bin, done. False where the book has something in it by now, or somebody is
    counting it: then nothing is written, and that count decides.
    """
    warehouse = _warehouse_of(actor, location_id)
    if queries.bins_being_counted([location_id]):
        return False
    rows, doubts = shelf.lock_bin(location_id)
    if any(row.on_hand for row in rows):
        return False
    holds.end_doubts(actor, doubts)
    now = clock.now()
    sequence = next_in_range(f"CT:{warehouse.id}:{now:%y%m%d}")
    count = StockCount(
        id=new_id(), warehouse_id=warehouse.id, number=f"CT{warehouse.code}-{now:%y%m%d}-{sequence:04d}",
        kind=CountKind.ZERO.value, planned_by=actor.id, created_at=now,
    )  # fmt: skip
    session().add(count)
    session().flush()
    state = COUNT.apply("finish", COUNT.apply("take", COUNT.initial)).value
    session().add(
        CountTask(
            id=new_id(), count_id=count.id, warehouse_id=warehouse.id, location_id=location_id, state=state, round=1,
            base={}, counter_id=actor.id, counted_by=[actor.id], created_at=now, finished_at=now,
        )
    )  # fmt: skip
    session().flush()
    return True


def doubt_empty(actor: Actor, location_id: uuid.UUID) -> bool:
    """Something is in it that the book does not have: the bin is to be counted, and nobody relies on what is in it, or comes
    into it, before. False where it is being counted already.
    """
    warehouse = _warehouse_of(actor, location_id)
    planned = planning.plan_free(warehouse, CountKind.DOUBT, [location_id]) > 0
    holds.doubt_bin(actor, warehouse.id, location_id)
    return planned


def _warehouse_of(actor: Actor, location_id: uuid.UUID) -> Warehouse:
    place = session().get(Location, location_id)
    if place is None or not (
        actor.is_staff and actor.may(Permission.FLOOR_WORK) and actor.sees_warehouse(place.warehouse_id)
    ):
        raise not_found("location")
    return session().get_one(Warehouse, place.warehouse_id)
