"""Reads behind the supervisor's board and the clerk's desk, within the actor's warehouses."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import parse_id
from wms.inventory.queries import Scope
from wms.outbound.models import Order
from wms.outbound.queries import ORDERS
from wms.outbound.service.stops import ONE_STOP
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.listing import in_order

IN_WAREHOUSES = "(CAST(:warehouses AS uuid[]) IS NULL OR {0}.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
OPEN = [state.value for state in OrderState if state not in (OrderState.SHIPPED, OrderState.CANCELLED)]
# What `wms.outbound.deadlines.risk` says, for lists: the truck left without it; or its wave is due within the hour.
LATE = "o.state NOT IN ('shipped', 'cancelled') AND o.ship_by < CAST(:now AS timestamptz)"
AT_RISK = (
    "o.state IN ('short', 'awaiting_customs', 'promised') AND o.ship_by >= CAST(:now AS timestamptz)"
    " AND o.release_by < CAST(:now AS timestamptz) + interval '60 minutes'"
)


def _rows(statement: str, actor: Actor, **more: Any) -> Sequence[Row[Any]]:
    parameters = {"warehouses": Scope.of(actor).parameters()["warehouses"], "now": clock.now(), **more}
    return session().execute(text(statement), parameters).all()


# What is open, and what left in a day: each by the index that knows it.
_BY_STATE = (
    "SELECT w.id, w.code, w.name, o.state, count(*) AS orders, count(*) FILTER (WHERE " + LATE + ") AS late,"
    " count(*) FILTER (WHERE " + AT_RISK + ") AS at_risk"
    " FROM warehouse w CROSS JOIN LATERAL (SELECT x.state, x.release_by, x.ship_by FROM outbound_order x"
    " WHERE x.warehouse_id = w.id"
    " AND x.state IN (" + ", ".join(f"'{state}'" for state in OPEN) + ") UNION ALL"
    " SELECT x.state, x.release_by, x.ship_by FROM outbound_order x"
    " WHERE x.warehouse_id = w.id AND x.state IN ('shipped', 'cancelled')"
    " AND x.shipped_at >= CAST(:now AS timestamptz) - interval '24 hours') o"
    " WHERE (CAST(:warehouses AS uuid[]) IS NULL OR w.id = ANY(CAST(:warehouses AS uuid[]))) GROUP BY 1, 2, 3, 4 ORDER BY 2"
)


def orders_by_state(actor: Actor) -> list[dict[str, Any]]:
    """Per warehouse: how many orders stand in each state, and how many of the open ones are late, or soon will be."""
    found: dict[uuid.UUID, dict[str, Any]] = {}
    for row in _rows(_BY_STATE, actor):
        new = {"id": row.id, "code": row.code, "name": row.name, "states": {}, "late": 0, "at_risk": 0}
        house = found.setdefault(row.id, new)
        house["states"][row.state] = int(row.orders)
        house["late"] += int(row.late)
        house["at_risk"] += int(row.at_risk)
    return list(found.values())


def orders_ready(actor: Actor) -> dict[uuid.UUID, int]:
    """Orders that a wave may take now, by warehouse."""
    statement = (
        "SELECT o.warehouse_id, count(*) AS orders FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
        " WHERE o.state = 'promised' AND o.holds = 0 AND o.interception <> 'requested'"
        " AND (o.customs_state IN ('none', 'released')"
        " OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing')) AND "
        + IN_WAREHOUSES.format("o") + " GROUP BY 1"
    )  # fmt: skip
    return {row.warehouse_id: int(row.orders) for row in _rows(statement, actor)}


_LIST = (
    "SELECT o.id, o.number, o.reference, o.state, o.customs_state, o.holds, o.interception,"
    " o.priority, o.ordered_at, o.release_by, o.ship_by, o.version, s.code"
    " AS seller,"
    " w.code AS warehouse, w.time_zone, (SELECT v.number FROM wave v WHERE v.id = o.wave_id) AS wave, {late} AS late,"
    " {at_risk} AS at_risk,"
    " (SELECT sum(l.quantity) FROM order_line l WHERE l.order_id = o.id) AS units"
    " FROM outbound_order o JOIN seller s ON s.id = o.owner_id JOIN warehouse w ON w.id = o.warehouse_id WHERE {scope}"
).format(late=f"({LATE})", at_risk=f"({AT_RISK})", scope=IN_WAREHOUSES.format("o"))


def worklist(
    actor: Actor, state: str | None, late: bool, after: uuid.UUID | None, limit: int, at_risk: bool = False
) -> Sequence[Row[Any]]:
    """Open orders (or those of one state), most urgent and oldest first; what is shipped or cancelled is urgent no more:
    the newest first. One more than `limit`.

    `late`, `at_risk`: only those whose truck left without them, or whose wave is due within the hour.
    """
    if state is not None and state not in OPEN:
        return [] if late or at_risk else _ended(actor, state, after, limit + 1)
    states = ", ".join(f"'{each}'" for each in (OPEN if state is None else [state]))
    statement = _LIST + (
        f" AND o.state IN ({states}) AND (NOT :late OR ({LATE})) AND (NOT :at_risk OR ({AT_RISK}))"
        " AND (CAST(:after AS uuid) IS NULL OR (-o.priority, o.ordered_at, o.id) >"
        " (SELECT -a.priority, a.ordered_at, a.id FROM outbound_order a WHERE a.id = :after))"
        " ORDER BY -o.priority, o.ordered_at, o.id LIMIT :limit"
    )
    return _rows(statement, actor, late=late, at_risk=at_risk, after=after, limit=limit + 1)


def _ended(actor: Actor, state: str, after: uuid.UUID | None, limit: int) -> Sequence[Row[Any]]:
    last = session().execute(select(Order.created_at, Order.id).where(Order.id == after)).one_or_none()
    found = ORDERS.page(actor, states=(state,), after=None if last is None else (last[0], last[1]), limit=limit)
    return in_order(found, _rows(_LIST + " AND o.id = ANY(CAST(:ids AS uuid[]))", actor, ids=found))


# The newest of each warehouse first, then what is told of them: an aggregate beside the list would be made for every wave
# there ever was.
_WAVES = (
    "SELECT v.id, v.number, v.state, v.released_at, v.planned_m, v.unplanned_m, v.warehouse, v.time_zone,"
    " (SELECT count(*) FROM outbound_order o WHERE o.wave_id = v.id) AS orders,"
    " (SELECT count(*) FROM outbound_order o WHERE o.wave_id = v.id AND o.state IN ('packed', 'shipped')) AS packed,"
    " (SELECT count(*) FROM pick_batch b WHERE b.wave_id = v.id) AS walks,"
    " coalesce(t.picked, 0) AS picked, coalesce(t.wanted, 0) AS wanted FROM ("
    "  SELECT n.*, w.code AS warehouse, w.time_zone FROM warehouse w CROSS JOIN LATERAL (SELECT * FROM wave x"
    "   WHERE x.warehouse_id = w.id{only} ORDER BY x.released_at DESC NULLS FIRST, x.id DESC LIMIT :limit) n"
    "  WHERE (CAST(:warehouses AS uuid[]) IS NULL OR w.id = ANY(CAST(:warehouses AS uuid[])))"
    "  ORDER BY n.released_at DESC NULLS FIRST, n.id DESC LIMIT :limit) v LEFT JOIN LATERAL ("
    "  SELECT sum(k.picked) AS picked, sum(k.quantity) AS wanted FROM pick_task k JOIN pick_batch b ON b.id = k.batch_id"
    "  WHERE b.wave_id = v.id AND k.state <> 'cancelled') t ON true"
    " ORDER BY v.released_at DESC NULLS FIRST, v.id DESC"
)


def waves(actor: Actor, limit: int = 50) -> Sequence[Row[Any]]:
    """The newest waves with how far their walks and orders are."""
    return _rows(_WAVES.format(only=""), actor, limit=limit)


def waves_under_way(actor: Actor, limit: int) -> Sequence[Row[Any]]:
    """The same of those whose walks are not done."""
    return _rows(_WAVES.format(only=" AND x.state = 'released'"), actor, limit=limit)


_STOP = ONE_STOP.format(walk="b", task="k")


def walks_of(wave_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The walks of a wave the caller has loaded, with who is on them and, of a walk of one zone (`zoned`), its code."""
    return (
        session()
        .execute(
            text(
                "SELECT b.id, b.state, u.name AS picker, b.lease_until, b.planned_m, b.bin_order_m, b.wall, b.is_lane,"
                " z.code AS zone,"
                f" count(DISTINCT {_STOP}) AS stops,"
                f" count(DISTINCT {_STOP}) - count(DISTINCT {_STOP}) FILTER (WHERE k.state = 'open') AS done,"
                " coalesce(sum(k.picked), 0) AS picked,"
                " coalesce(sum(k.quantity) FILTER (WHERE k.state <> 'cancelled'), 0) AS wanted"
                " FROM pick_batch b LEFT JOIN pick_task k ON k.batch_id = b.id LEFT JOIN app_user u ON u.id ="
                " b.picker_id LEFT JOIN zone z ON z.id = b.zone_id"
                " WHERE b.wave_id = :wave GROUP BY b.id, u.name, z.code ORDER BY b.created_at, b.id"
            ),
            {"wave": wave_id},
        )
        .all()
    )


def open_exceptions(actor: Actor, limit: int = 100) -> Sequence[Row[Any]]:
    """What a supervisor has to decide, oldest first."""
    return _rows(
        "SELECT e.id, e.kind, e.detail, e.created_at, o.id AS order_id, o.number, o.reference, o.state, o.version,"
        " s.code AS seller, w.code AS warehouse, w.time_zone,"
        " (SELECT string_agg(p.sku || ' × ' || CASE e.kind WHEN 'customs_refused' THEN d.quantity"
        "  ELSE d.quantity - d.picked END, ', ' ORDER BY p.sku) FROM demand d"
        "  JOIN product p ON p.id = d.product_id WHERE d.order_id = o.id"
        "  AND (d.picked < d.quantity OR e.kind = 'customs_refused')) AS lacking,"
        " (SELECT r.reason FROM customs_release r WHERE e.kind = 'customs_refused' AND r.subject_kind = 'order'"
        "  AND r.subject_id = o.id AND r.reason IS NOT NULL ORDER BY r.created_at DESC LIMIT 1) AS reason"
        " FROM order_exception e JOIN outbound_order o ON o.id = e.order_id JOIN seller s ON s.id = o.owner_id"
        " JOIN warehouse w ON w.id = e.warehouse_id WHERE e.resolved_at IS NULL AND " + IN_WAREHOUSES.format("e") +
        " ORDER BY e.created_at, e.id LIMIT :limit", actor, limit=limit,
    )  # fmt: skip


def jobs_health() -> Row[Any]:
    """The outbox: what waits, since when, and what is dead."""
    return session().execute(
        text(
            "SELECT x.waiting, extract(epoch FROM CAST(:now AS timestamptz) - x.oldest) AS oldest_seconds,"
            " (SELECT count(*) FROM outbox_job WHERE state = 'dead') AS dead FROM (SELECT count(*) AS waiting,"
            " min(created_at) AS oldest FROM outbox_job WHERE state IN ('new', 'leased')) x"
        ),
        {"now": clock.now()},
    ).one()  # fmt: skip


def dead_jobs(limit: int = 20) -> Sequence[Row[Any]]:
    return session().execute(
        text(
            "SELECT id, topic, attempts, last_error, created_at FROM outbox_job WHERE state = 'dead'"
            " ORDER BY sequence DESC LIMIT :limit"
        ),
        {"limit": limit},
    ).all()  # fmt: skip


_STOPPED = " FROM outbox_job WHERE state = 'dead' OR (state = 'new' AND attempts > 0)"


def stopped_jobs(limit: int = 50) -> Sequence[Row[Any]]:
    """Jobs that failed: for good first, then those that will be tried again; the newest of each first."""
    statement = (
        "SELECT id, topic, state, attempts, last_error, created_at, next_at, cause" + _STOPPED +
        " ORDER BY state = 'dead' DESC, sequence DESC LIMIT :limit"
    )  # fmt: skip
    return session().execute(text(statement), {"limit": limit}).all()


def stopped_topics() -> Sequence[Row[Any]]:
    """How many of them there are by topic, most first."""
    return session().execute(text("SELECT topic, count(*) AS jobs" + _STOPPED + " GROUP BY 1 ORDER BY 2 DESC, 1")).all()


def topics_of_jobs(job_ids: Sequence[str]) -> dict[str, str]:
    """Topic by job id."""
    rows = session().execute(
        text("SELECT id, topic FROM outbox_job WHERE id = ANY(CAST(:ids AS uuid[]))"), {"ids": list(job_ids)}
    )
    return {str(row.id): row.topic for row in rows}


def zones_of(warehouse_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The zones of a warehouse the caller has loaded, with how full they are."""
    return (
        session()
        .execute(
            text(
                "SELECT z.id, z.code, z.name, z.purpose, count(DISTINCT l.id) AS bins,"
                " count(DISTINCT l.id) FILTER (WHERE b.is_there) AS used, coalesce(sum(b.on_hand), 0) AS units"
                " FROM zone z LEFT JOIN location l ON l.zone_id = z.id LEFT JOIN balance b ON b.location_id = l.id"
                " AND b.is_there WHERE z.warehouse_id = :warehouse GROUP BY z.id ORDER BY min(l.walk_order), z.code"
            ),
            {"warehouse": warehouse_id},
        )
        .all()
    )


def bins_of(
    warehouse_id: uuid.UUID, zone: str | None, search: str | None, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Bins by code behind `after`, with what lies in them; one more than `limit`."""
    return (
        session()
        .execute(
            text(
                "SELECT l.id, l.code, l.barcode, l.kind, l.is_active, z.code AS zone, coalesce(sum(b.on_hand),"
                " 0) AS units,"
                " coalesce(sum(b.allocated), 0) AS allocated, string_agg(DISTINCT s.code || ' ' || p.sku, ', ')"
                " AS goods"
                " FROM location l JOIN zone z ON z.id = l.zone_id LEFT JOIN balance b ON b.location_id = l.id"
                " AND b.is_there"
                " LEFT JOIN product p ON p.id = b.product_id LEFT JOIN seller s ON s.id = b.owner_id"
                " WHERE l.warehouse_id = :warehouse AND l.code > :after AND (CAST(:zone AS text) IS NULL OR"
                " z.code = :zone)"
                " AND (CAST(:search AS text) IS NULL OR starts_with(l.code, upper(:search)) OR l.barcode ="
                " upper(:search))"
                " GROUP BY l.id, z.code ORDER BY l.code LIMIT :limit"
            ),
            {"warehouse": warehouse_id, "zone": zone, "search": search, "after": after, "limit": limit + 1},
        )
        .all()
    )


def orders_at_customs(actor: Actor, limit: int = 100) -> Sequence[Row[Any]]:
    """Bonded orders whose release customs has not given, oldest first."""
    return _rows(
        _LIST + " AND o.customs_state IN ('waiting', 'refused') AND o.state NOT IN ('short', 'shipped', 'cancelled')"
        " ORDER BY o.ordered_at, o.id LIMIT :limit", actor, limit=limit,
    )  # fmt: skip


_STOCK = (
    "SELECT b.id, b.on_hand, b.allocated, b.held_by, b.condition, b.customs_status, l.code AS location, l.kind, p.sku,"
    " p.name_en, p.name_zh, s.code AS seller, w.id AS warehouse_id, w.code AS warehouse, u.code AS unit,"
    " t.batch, t.expires_on"
    " FROM balance b JOIN location l ON l.id = b.location_id JOIN product p ON p.id = b.product_id"
    " JOIN seller s ON s.id = b.owner_id JOIN warehouse w ON w.id = b.warehouse_id"
    " LEFT JOIN handling_unit u ON u.id = b.handling_unit_id LEFT JOIN lot t ON t.id = b.lot_id WHERE "
) + IN_WAREHOUSES.format("b")


def stock_found(actor: Actor, search: str | None, after: int, limit: int) -> Sequence[Row[Any]]:
    """Rows of the stock by bin, SKU or barcode; one more than `limit`."""
    statement = _STOCK + (
        " AND b.is_there AND b.id > :after AND (CAST(:search AS text) IS NULL OR l.code = upper(:search)"
        " OR l.barcode = upper(:search) OR p.sku = :search OR EXISTS (SELECT 1 FROM product_barcode c"
        " WHERE c.product_id = p.id AND c.barcode = :search)) ORDER BY b.id LIMIT :limit"
    )
    return _rows(statement, actor, search=search, after=after, limit=limit + 1)


def holds_list(actor: Actor, ended: bool, after: str, limit: int) -> Sequence[Row[Any]]:
    """Holds that are open or planned, or those that have ended, newest first; one more than `limit`."""
    key = parse_id(after)
    return _rows(
        "SELECT h.id, h.warehouse_id, h.scope, h.reason, h.note, h.created_at, h.begins_at, h.ends_at, h.has_begun,"
        " h.ended_at, w.code AS warehouse, w.time_zone, u.name AS placed_by, e.name AS ended_by, s.code AS seller,"
        " coalesce(l.code, c.code, n.number, lot.batch) AS what, coalesce(p.sku, lp.sku, np.sku) AS sku,"
        " (SELECT coalesce(sum(b.on_hand), 0) FROM held_balance x JOIN balance b ON b.id = x.balance_id"
        "  WHERE x.hold_id = h.id) AS units,"
        " (SELECT string_agg(DISTINCT g.sku || ' · ' || f.code, ', ') FROM held_balance x JOIN balance b"
        "  ON b.id = x.balance_id JOIN product g ON g.id = b.product_id JOIN location f ON f.id = b.location_id"
        "  WHERE x.hold_id = h.id AND b.is_there) AS places"
        " FROM stock_hold h JOIN warehouse w ON w.id = h.warehouse_id LEFT JOIN app_user u ON u.id = h.placed_by"
        " LEFT JOIN app_user e ON e.id = h.ended_by LEFT JOIN seller s ON s.id = h.owner_id"
        " LEFT JOIN location l ON l.id = CASE WHEN h.scope = 'location' THEN h.scope_key::uuid END"
        " LEFT JOIN handling_unit c ON c.id = CASE WHEN h.scope = 'handling_unit' THEN h.scope_key::uuid END"
        " LEFT JOIN product p ON p.id = CASE WHEN h.scope = 'product' THEN h.scope_key::uuid END"
        " LEFT JOIN (lot JOIN product lp ON lp.id = lot.product_id) ON lot.id ="
        "  CASE WHEN h.scope = 'lot' THEN h.scope_key::uuid END"
        " LEFT JOIN (serial n JOIN product np ON np.id = n.product_id) ON n.id ="
        "  CASE WHEN h.scope = 'serial' THEN h.scope_key::uuid END"
        " WHERE (h.ended_at IS NOT NULL) = :ended AND (CAST(:after AS uuid) IS NULL OR h.id < CAST(:after AS uuid)) AND "
        + IN_WAREHOUSES.format("h") + " ORDER BY h.id DESC LIMIT :limit",
        actor, ended=ended, after=key, limit=limit + 1,
    )  # fmt: skip


def open_holds(actor: Actor, limit: int = 100) -> Sequence[Row[Any]]:
    """Holds that are not ended, newest first, with what they hold."""
    return _rows(
        "SELECT h.id, h.warehouse_id, h.scope, h.scope_key, h.reason, h.created_at, w.code AS warehouse, w.time_zone,"
        " u.name AS placed_by, count(x.balance_id) AS rows, coalesce(sum(b.on_hand), 0) AS units,"
        " string_agg(DISTINCT p.sku, ', ') AS skus, string_agg(DISTINCT l.code, ', ') AS places"
        " FROM stock_hold h JOIN warehouse w ON w.id = h.warehouse_id LEFT JOIN app_user u ON u.id = h.placed_by"
        " LEFT JOIN held_balance x ON x.hold_id = h.id LEFT JOIN balance b ON b.id = x.balance_id"
        " LEFT JOIN product p ON p.id = b.product_id LEFT JOIN location l ON l.id = b.location_id"
        " WHERE h.ended_at IS NULL AND " + IN_WAREHOUSES.format("h") +
        " GROUP BY h.id, w.code, w.time_zone, u.name ORDER BY h.created_at DESC, h.id LIMIT :limit", actor, limit=limit,
    )  # fmt: skip


def content_of(location_id: uuid.UUID) -> Sequence[Row[Any]]:
    """What stands in a bin that the caller has loaded, by SKU."""
    return session().execute(
        text(
            "SELECT b.id, b.on_hand, b.allocated, b.held_by, b.condition, p.sku, p.name_en, p.name_zh, s.code AS seller,"
            " u.id AS unit_id, u.code AS unit, u.kind AS unit_kind, t.batch, t.expires_on FROM balance b"
            " JOIN product p ON p.id = b.product_id"
            " JOIN seller s ON s.id = b.owner_id LEFT JOIN handling_unit u ON u.id = b.handling_unit_id"
            " LEFT JOIN lot t ON t.id = b.lot_id WHERE b.location_id = :location AND b.is_there"
            " ORDER BY p.sku, b.id LIMIT 200"
        ),
        {"location": location_id},
    ).all()  # fmt: skip
