"""Reads of counts: what a warehouse asks, which bins are due, how counts stand, and how exact the book was."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from wms.core import clock
from wms.inventory import following
from wms.inventory.counting.models import CountRule
from wms.inventory.counting.rules import COUNTABLE, DEFAULT, Rule
from wms.inventory.queries import Scope
from wms.platform.database import session
from wms.platform.statements import Statement

ACCURACY_DAYS = 90
_KINDS = ", ".join(f"'{kind}'" for kind in sorted(COUNTABLE))


def rule_of(warehouse_id: uuid.UUID) -> Rule:
    row = session().get(CountRule, warehouse_id)
    return DEFAULT if row is None else Rule(**{each.name: getattr(row, each.name) for each in fields(Rule)})


# Which bins


_BUSY = Statement(
    "SELECT location_id FROM count_task WHERE location_id = ANY(CAST(:ids AS uuid[]))"
    " AND state IN ('open', 'counting', 'review')"
)


def bins_being_counted(location_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    return _BUSY.column({"ids": list(location_ids)})


_BY_PLACE = text(
    "SELECT l.id FROM location l JOIN zone z ON z.id = l.zone_id WHERE l.warehouse_id = :warehouse"
    f" AND l.kind IN ({_KINDS}) AND (CAST(:zone AS text) IS NULL OR z.code = :zone)"
    " AND (CAST(:prefix AS text) IS NULL OR starts_with(upper(l.code), upper(:prefix)))"
    " AND EXISTS (SELECT 1 FROM balance b WHERE b.location_id = l.id) ORDER BY l.walk_order, l.code"
)
_OF_PRODUCT = text(
    "SELECT DISTINCT l.id FROM balance b JOIN location l ON l.id = b.location_id WHERE b.warehouse_id = :warehouse"
    f" AND b.product_id = ANY(CAST(:products AS uuid[])) AND b.is_there AND l.kind IN ({_KINDS})"
)
_IN_DOUBT = text(
    "SELECT DISTINCT b.location_id FROM stock_hold h JOIN balance b ON b.id = CAST(h.scope_key AS bigint)"
    f" JOIN location l ON l.id = b.location_id WHERE h.warehouse_id = :warehouse AND h.ended_at IS NULL"
    f" AND h.scope = 'balance' AND h.reason = 'in_doubt' AND l.kind IN ({_KINDS})"
    # the whole bin is, where it was to be empty and was not
    " UNION SELECT l.id FROM stock_hold h JOIN location l ON l.id = CAST(h.scope_key AS uuid)"
    " WHERE h.warehouse_id = :warehouse AND h.ended_at IS NULL AND h.scope = 'location' AND h.reason = 'in_doubt'"
    f" AND l.kind IN ({_KINDS})"
)
# By the best class of what lies in a bin, and how long ago it was counted: the most overdue first.
_DUE = text(
    "SELECT d.location_id FROM (SELECT b.location_id, min(p.velocity_class) AS class, min(b.oldest_at) AS since"
    " FROM balance b JOIN product p ON p.id = b.product_id JOIN location l ON l.id = b.location_id"
    f" WHERE b.warehouse_id = :warehouse AND b.is_there AND l.kind IN ({_KINDS}) GROUP BY 1) d"
    " CROSS JOIN LATERAL (SELECT coalesce((SELECT max(t.finished_at) FROM count_task t WHERE t.location_id = d.location_id"
    "  AND t.state = 'done'), d.since) AS last) c"
    " WHERE NOT EXISTS (SELECT 1 FROM count_task o WHERE o.location_id = d.location_id"
    "  AND o.state IN ('open', 'counting', 'review'))"
    " AND c.last < CAST(:now AS timestamptz) - make_interval(days => CASE d.class WHEN 'A' THEN :days_a"
    "  WHEN 'B' THEN :days_b ELSE :days_c END)"
    " ORDER BY extract(epoch FROM CAST(:now AS timestamptz) - c.last) / CASE d.class WHEN 'A' THEN :days_a"
    "  WHEN 'B' THEN :days_b ELSE :days_c END DESC, d.location_id LIMIT :limit"
)


def bins_by_place(warehouse_id: uuid.UUID, zone: str | None, prefix: str | None) -> list[uuid.UUID]:
    """Bins that the book knows goods in, now or before, in the order of the walk."""
    parameters = {"warehouse": warehouse_id, "zone": zone, "prefix": prefix}
    return list(session().execute(_BY_PLACE, parameters).scalars())


def bins_of_products(warehouse_id: uuid.UUID, product_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    parameters = {"warehouse": warehouse_id, "products": list(product_ids)}
    return list(session().execute(_OF_PRODUCT, parameters).scalars())


def bins_in_doubt(warehouse_id: uuid.UUID) -> list[uuid.UUID]:
    return list(session().execute(_IN_DOUBT, {"warehouse": warehouse_id}).scalars())


def bins_due(warehouse_id: uuid.UUID, rule: Rule, now: datetime, limit: int) -> list[uuid.UUID]:
    parameters = {
        "warehouse": warehouse_id, "now": now, "days_a": rule.days_a, "days_b": rule.days_b, "days_c": rule.days_c,
        "limit": limit,
    }  # fmt: skip
    return list(session().execute(_DUE, parameters).scalars())


_EMPTIED = Statement(
    "SELECT DISTINCT b.warehouse_id, b.location_id FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id"
    " JOIN balance b ON b.id = m.from_balance_id JOIN location l ON l.id = b.location_id"
    " WHERE m.id > :after AND m.id <= :upto AND p.reason = 'pick' AND l.kind IN ('storage', 'bulk', 'pick_face')"
    " AND NOT EXISTS (SELECT 1 FROM balance o WHERE o.location_id = b.location_id AND o.is_there)"
    # Who picked it empty may have said so at once (`zero`).
    " AND NOT EXISTS (SELECT 1 FROM count_task t WHERE t.location_id = b.location_id AND t.state = 'done'"
    "  AND t.finished_at >= p.created_at)"
)


def bins_picked_empty() -> dict[uuid.UUID, list[uuid.UUID]]:
    """By warehouse, the bins that picks emptied since this was asked last. What is told once is not told again."""
    after, upto = following.settled("count_zero")
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for row in _EMPTIED.all({"after": after, "upto": upto}):
        found.setdefault(row.warehouse_id, []).append(row.location_id)
    following.go_on("count_zero", upto)
    return found


_TODAY = text(
    "SELECT count(*) FROM count_task t JOIN stock_count c ON c.id = t.count_id WHERE c.warehouse_id = :warehouse"
    " AND c.kind = 'class' AND (c.created_at AT TIME ZONE :zone)::date = :today"
    " AND c.created_at > CAST(:now AS timestamptz) - interval '2 days'"
)


def planned_today(warehouse_id: uuid.UUID, today: date, time_zone: str) -> int:
    """How many bins were planned by class on this day of the warehouse."""
    parameters = {"warehouse": warehouse_id, "today": today, "zone": time_zone, "now": clock.now()}
    return int(session().execute(_TODAY, parameters).scalar_one())


def zone_codes(warehouse_id: uuid.UUID) -> list[str]:
    found = session().execute(text("SELECT code FROM zone WHERE warehouse_id = :id"), {"id": warehouse_id})
    return list(found.scalars())


# How they stand


def _rows(statement: str, scope: Scope, **more: Any) -> Sequence[Row[Any]]:
    return session().execute(text(statement), scope.parameters() | more).all()


_IN = "(CAST(:warehouses AS uuid[]) IS NULL OR {0}.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
_TASKS = (
    "SELECT t.id, t.count_id, t.state, t.round, t.created_at, t.finished_at, t.warehouse_id, l.code AS location,"
    " c.number, c.kind, w.code AS warehouse, w.time_zone, u.name AS counter,"
    " (SELECT count(*) FROM count_line n WHERE n.task_id = t.id AND n.round = t.round AND (n.variance <> 0"
    "  OR cardinality(n.lost) > 0)) AS differing,"
    " (SELECT sum(abs(n.value_minor)) FROM count_line n WHERE n.task_id = t.id AND n.round = t.round"
    "  AND n.variance <> 0) AS value_minor,"
    " (SELECT min(n.currency) FROM count_line n WHERE n.task_id = t.id AND n.round = t.round AND n.variance <> 0)"
    " AS currency FROM count_task t JOIN stock_count c ON c.id = t.count_id JOIN location l ON l.id = t.location_id"
    " JOIN warehouse w ON w.id = t.warehouse_id LEFT JOIN app_user u ON u.id = t.counter_id"
)


def open_tasks(scope: Scope, limit: int = 200) -> Sequence[Row[Any]]:
    """Bins to count or to decide on: decisions first, then as they are walked."""
    return _rows(
        f"{_TASKS} WHERE t.state IN ('open', 'counting', 'review') AND {_IN.format('t')}"
        " ORDER BY t.state = 'review' DESC, t.state DESC, w.code, l.walk_order, l.code LIMIT :limit", scope, limit=limit,
    )  # fmt: skip


def tasks_of(scope: Scope, count_id: uuid.UUID) -> Sequence[Row[Any]]:
    return _rows(
        f"{_TASKS} WHERE t.count_id = :count AND {_IN.format('t')} ORDER BY l.walk_order, l.code", scope, count=count_id
    )


def counts_page(scope: Scope, limit: int = 50) -> Sequence[Row[Any]]:
    """Counts, newest first, with how far their bins are."""
    return _rows(
        "SELECT c.id, c.number, c.kind, c.created_at, w.code AS warehouse, w.time_zone, u.name AS planner,"
        f" t.bins, t.done, t.review FROM (SELECT * FROM stock_count c WHERE {_IN.format('c')}"
        "  ORDER BY c.created_at DESC, c.id DESC LIMIT :limit) c JOIN warehouse w ON w.id = c.warehouse_id"
        " LEFT JOIN app_user u ON u.id = c.planned_by CROSS JOIN LATERAL (SELECT count(*) AS bins,"
        "  count(*) FILTER (WHERE k.state IN ('done', 'cancelled')) AS done,"
        "  count(*) FILTER (WHERE k.state = 'review') AS review FROM count_task k WHERE k.count_id = c.id) t"
        " ORDER BY c.created_at DESC, c.id DESC", scope, limit=limit,
    )  # fmt: skip


def lines_of(task_id: uuid.UUID) -> Sequence[Row[Any]]:
    """Every line of a task that was compared with the book, round by round."""
    statement = text(
        "SELECT n.round, n.counted, n.book, n.variance, n.lost, n.found, n.value_minor, n.currency, n.condition,"
        " n.counted_at, n.posting_id, p.sku, p.name_en, p.name_zh, s.code AS seller, t.batch, t.expires_on,"
        " h.code AS unit, u.name AS counter FROM count_line n JOIN product p ON p.id = n.product_id"
        " JOIN seller s ON s.id = n.owner_id LEFT JOIN lot t ON t.id = n.lot_id"
        " LEFT JOIN handling_unit h ON h.id = n.handling_unit_id LEFT JOIN app_user u ON u.id = n.counted_by"
        " WHERE n.task_id = :task AND n.book IS NOT NULL ORDER BY n.round DESC, n.variance = 0, p.sku, n.id"
    )
    return session().execute(statement, {"task": task_id}).all()


def accuracy(scope: Scope, now: datetime) -> Sequence[Row[Any]]:
    """How exact the book was, by warehouse and class of the product: of the first, blind look at each bin.

    `lines` kinds of goods counted, `right` of them without variance, `units` in the book and `off` of them wrong.
    """
    return _rows(
        "SELECT w.code AS warehouse, p.velocity_class AS class, count(*) AS lines,"
        " count(*) FILTER (WHERE n.variance = 0 AND cardinality(n.lost) = 0) AS right, sum(n.book) AS units,"
        " sum(abs(n.variance)) AS off FROM count_line n JOIN count_task t ON t.id = n.task_id"
        " JOIN product p ON p.id = n.product_id JOIN warehouse w ON w.id = t.warehouse_id"
        f" WHERE n.round = 1 AND n.book IS NOT NULL AND n.counted_at > :since AND {_IN.format('t')}"
        " GROUP BY 1, 2 ORDER BY 1, 2", scope, since=now - timedelta(days=ACCURACY_DAYS),
    )  # fmt: skip


_VARIANCES = text(
    "SELECT n.id, n.counted_at, n.product_id, p.sku, w.code AS warehouse, l.code AS location, t.batch, t.expires_on,"
    " n.condition, n.book, n.counted, n.variance, n.posting_id, c.number FROM count_line n"
    " JOIN count_task k ON k.id = n.task_id JOIN stock_count c ON c.id = k.count_id"
    " JOIN location l ON l.id = k.location_id JOIN warehouse w ON w.id = k.warehouse_id"
    " JOIN product p ON p.id = n.product_id LEFT JOIN lot t ON t.id = n.lot_id"
    " WHERE n.variance <> 0 AND n.posting_id IS NOT NULL"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR n.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR n.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:sku AS text) IS NULL OR p.sku = :sku) AND (CAST(:warehouse AS text) IS NULL OR w.code = :warehouse)"
    " AND (CAST(:before AS bigint) IS NULL OR n.id < :before) ORDER BY n.id DESC LIMIT :limit"
)


def variances(
    scope: Scope, *, warehouse: str | None = None, sku: str | None = None, before: int | None = None, limit: int = 50
) -> tuple[Sequence[Row[Any]], int | None]:
    """What counts changed, newest first, and the number the next page comes before."""
    parameters = scope.parameters() | {"warehouse": warehouse, "sku": sku, "before": before, "limit": limit + 1}
    rows = session().execute(_VARIANCES, parameters).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
