"""Which bins are counted when: by class, by place, by product, when one was picked empty, when one is in doubt."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.inventory.counting import posting, queries, rules
from wms.inventory.counting.models import CountRule, StockCount
from wms.inventory.counting.rules import CountKind, Rule
from wms.inventory.workflow import COUNT
from wms.platform.counters import next_in_range
from wms.platform.database import session
from wms.platform.statements import Statement


def plan_bins(
    actor: Actor, warehouse_id: uuid.UUID, location_ids: Sequence[uuid.UUID], kind: CountKind = CountKind.LOCATION
) -> StockCount:
    """Have these bins counted. Bins that are being counted already are left out.

    Refuses `location_in_transit`, `unaccounted_not_counted`, and `nothing_to_count` when no bin is left.
    """
    warehouse = _warehouse(actor, warehouse_id)
    for location_id in location_ids:
        posting.check_countable(warehouse_id, location_id)
    return _plan(actor, warehouse, list(location_ids), kind)


def plan_zone(actor: Actor, warehouse_id: uuid.UUID, zone: str | None, prefix: str | None) -> StockCount:
    """Every bin of a zone, or whose code begins so, that holds or held goods. Refuses as `plan_bins`."""
    warehouse = _warehouse(actor, warehouse_id)
    return _plan(actor, warehouse, queries.bins_by_place(warehouse_id, zone, prefix), CountKind.LOCATION)


def plan_products(actor: Actor, warehouse_id: uuid.UUID, product_ids: Sequence[uuid.UUID]) -> StockCount:
    """Every bin that the book has one of these products in."""
    warehouse = _warehouse(actor, warehouse_id)
    return _plan(actor, warehouse, queries.bins_of_products(warehouse_id, product_ids), CountKind.PRODUCT)


def plan_class(actor: Actor, warehouse_id: uuid.UUID, limit: int) -> StockCount:
    """The bins that are due by the best class of what they hold, the most overdue first."""
    warehouse = _warehouse(actor, warehouse_id)
    due = queries.bins_due(warehouse_id, queries.rule_of(warehouse_id), clock.now(), min(limit, rules.MOST_BINS))
    return _plan(actor, warehouse, due, CountKind.CLASS)


def set_rule(actor: Actor, warehouse_id: uuid.UUID, rule: Rule) -> None:
    """What a warehouse asks of its counts from now on."""
    _warehouse(actor, warehouse_id, Permission.STOCK_APPROVE)
    row = session().get(CountRule, warehouse_id)
    if row is None:
        session().add(CountRule(warehouse_id=warehouse_id, **vars(rule)))
    else:
        for name, value in vars(rule).items():
            setattr(row, name, value)
    session().flush()


def _warehouse(actor: Actor, warehouse_id: uuid.UUID, permission: Permission = Permission.STOCK_ADJUST) -> Warehouse:
    warehouse = session().get(Warehouse, warehouse_id)
    if warehouse is None or not (actor.is_staff and actor.may(permission) and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    return warehouse


_ADD = Statement(
    "INSERT INTO count_task (id, count_id, warehouse_id, location_id, state, round, base, counted_by, created_at)"
    " SELECT k.id, :count, :warehouse, k.location, :state, 1, '{}', '{}', :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:locations AS uuid[])) AS k(id, location)"
    " ON CONFLICT (location_id) WHERE state IN ('open', 'counting', 'review') DO NOTHING RETURNING id"
)


def _plan(actor: Actor, warehouse: Warehouse, location_ids: Sequence[uuid.UUID], kind: CountKind) -> StockCount:
    wanted = sorted(set(location_ids))
    busy = set(queries.bins_being_counted(wanted))
    free = [each for each in wanted if each not in busy]
    if not free:
        raise Refused("nothing_to_count", {})
    if len(free) > rules.MOST_BINS:
        raise Refused("count_too_large", {"bins": len(free), "most": rules.MOST_BINS})
    now = clock.now()
    sequence = next_in_range(f"CT:{warehouse.id}:{now:%y%m%d}")
    count = StockCount(
        id=new_id(), warehouse_id=warehouse.id, number=f"CT{warehouse.code}-{now:%y%m%d}-{sequence:04d}",
        kind=kind.value, planned_by=actor.id, created_at=now,
    )  # fmt: skip
    session().add(count)
    session().flush()
    made = _ADD.all(
        {"count": count.id, "warehouse": warehouse.id, "state": COUNT.initial.value, "now": now,
         "ids": [new_id() for _ in free], "locations": free}
    )  # fmt: skip
    if not made:  # somebody planned the same bins at the same moment
        raise Refused("nothing_to_count", {})
    return count


def plan_what_is_due() -> int:
    """The clock's share: doubtful bins at once, emptied ones where a warehouse asks, classes day by day. How many bins."""
    emptied = queries.bins_picked_empty()
    warehouses = session().scalars(select(Warehouse).where(Warehouse.is_active).order_by(Warehouse.code)).all()
    return sum(
        plan_free(warehouse, kind, bins)
        for warehouse in warehouses
        for kind, bins in _due(warehouse, queries.rule_of(warehouse.id), emptied.get(warehouse.id, []))
    )


def _due(warehouse: Warehouse, rule: Rule, emptied: list[uuid.UUID]) -> Iterator[tuple[CountKind, Sequence[uuid.UUID]]]:
    if rule.on_doubt:
        yield CountKind.DOUBT, queries.bins_in_doubt(warehouse.id)
    if rule.on_zero:
        yield CountKind.ZERO, emptied
    left = rule.daily_bins - queries.planned_today(warehouse.id, clock.today(warehouse.time_zone), warehouse.time_zone)
    if left > 0:
        yield CountKind.CLASS, queries.bins_due(warehouse.id, rule, clock.now(), left)


def plan_free(warehouse: Warehouse, kind: CountKind, bins: Sequence[uuid.UUID]) -> int:
    """Those of the bins that nobody is to count yet."""
    busy = set(queries.bins_being_counted(bins))
    free = [each for each in bins if each not in busy][: rules.MOST_BINS]
    if free:
        _plan(SYSTEM, warehouse, free, kind)
    return len(free)
