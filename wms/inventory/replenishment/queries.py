"""Pick faces with what stands in them and is wanted of them, where they are filled from, and the open walks."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from wms.core import clock
from wms.core.rotation import Rotation, asked
from wms.inventory.replenishment.rules import Face, Reserve
from wms.inventory.rotation import CAME_ON, RULE, in_turn
from wms.platform.statements import Statement

GoodsKey = tuple[uuid.UUID, uuid.UUID, str, uuid.UUID | None]  # owner, product, customs status, book item


class Place(NamedTuple):
    """Which face of which product."""

    location_id: uuid.UUID
    product_id: uuid.UUID


@dataclass(frozen=True)
class FaceNow:
    """A pick face of a warehouse with its figures."""

    place: Place
    owner_id: uuid.UUID
    face: Face


# A face in doubt is filled when it has been counted: what came to those goods would be held with them. (`{}`: whose
# warehouse, product and place.)
_IN_DOUBT = (
    "(EXISTS (SELECT 1 FROM balance d JOIN held_balance y ON y.balance_id = d.id JOIN stock_hold i ON i.id = y.hold_id"
    "  WHERE d.warehouse_id = {0}.warehouse_id AND d.product_id = {0}.product_id AND d.location_id = {0}.location_id"
    "  AND d.held_by > 0 AND i.scope = 'balance')"
    " OR EXISTS (SELECT 1 FROM stock_hold i WHERE i.warehouse_id = {0}.warehouse_id"
    "  AND i.scope_key = CAST({0}.location_id AS text) AND i.ended_at IS NULL AND i.scope = 'location'"
    "  AND i.reason = 'in_doubt'))"
)
_NOT_IN_DOUBT = f" AND NOT {_IN_DOUBT.format('t')}"
_FACES = Statement(
    "SELECT x.location_id, x.product_id, p.owner_id, x.minimum, x.maximum, s.stands, s.free, c.coming,"
    f" w.promised - w.claimed - w.crossing AS wanted, w.awaited, {_IN_DOUBT.format('x')} AS in_doubt"
    " FROM fixed_bin x JOIN product p ON p.id = x.product_id JOIN location l ON l.id = x.location_id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(b.on_hand), 0) AS stands, coalesce(sum(b.on_hand - b.allocated)"
    "  FILTER (WHERE b.is_sellable), 0) AS free FROM balance b WHERE b.warehouse_id = x.warehouse_id"
    "  AND b.product_id = x.product_id AND b.location_id = x.location_id AND b.is_there) s"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(a.open_quantity), 0) AS coming FROM replenish_task t"
    "  JOIN allocation a ON a.id = t.allocation_id WHERE t.warehouse_id = x.warehouse_id"
    "  AND t.product_id = x.product_id AND t.location_id = x.location_id AND t.state IN ('open', 'walking')) c"
    " CROSS JOIN LATERAL (SELECT"
    "  coalesce((SELECT sum(y.promised) FROM summary y WHERE y.warehouse_id = x.warehouse_id"
    "   AND y.owner_id = p.owner_id AND y.product_id = x.product_id), 0) AS promised,"
    "  coalesce((SELECT sum(a.open_quantity) FROM balance b JOIN allocation a ON a.balance_id = b.id"
    "   AND a.open_quantity > 0 JOIN promise o ON o.id = a.promise_id AND o.claims_sellable"
    "   WHERE b.warehouse_id = x.warehouse_id AND b.product_id = x.product_id AND b.is_there AND b.allocated > 0), 0) AS claimed,"
    "  coalesce((SELECT sum(b.on_hand - b.allocated) FROM balance b JOIN location k ON k.id = b.location_id"
    "   WHERE b.warehouse_id = x.warehouse_id AND b.product_id = x.product_id AND b.is_there AND b.is_sellable"
    "   AND k.kind = 'cross_dock'), 0) AS crossing,"
    "  EXISTS (SELECT 1 FROM awaited_stock q WHERE q.warehouse_id = x.warehouse_id AND q.owner_id = p.owner_id"
    "   AND q.product_id = x.product_id AND q.at_pick) AS awaited) w"
    " WHERE x.warehouse_id = :warehouse AND x.maximum IS NOT NULL AND l.is_active"
    " AND (CAST(:location AS uuid) IS NULL OR x.location_id = :location)"
    " ORDER BY l.walk_order, x.location_id, x.product_id"
)


def faces(warehouse_id: uuid.UUID, location_id: uuid.UUID | None = None) -> list[FaceNow]:
    """The faces of a warehouse that are in use, along the walk. What is wanted of a product and stands in, or comes to,
    one of its faces is not wanted of another.
    """
    rows = _FACES.all({"warehouse": warehouse_id, "location": location_id})
    ready: dict[uuid.UUID, int] = defaultdict(int)
    for row in rows:
        ready[row.product_id] += int(row.free + row.coming)
    return [
        FaceNow(
            Place(row.location_id, row.product_id), row.owner_id,
            Face(
                row.minimum, row.maximum, int(row.stands), int(row.free), int(row.coming),
                max(0, int(row.wanted) - (ready[row.product_id] - int(row.free + row.coming))), row.awaited,
                row.in_doubt,
            ),
        )
        for row in rows
    ]  # fmt: skip


# In their turn, then as walked: `rules.share_out` puts whole cartons before. Not out of another face,
# nor out of a container that somebody works with.
_RESERVES = Statement(
    f"SELECT b.id, b.on_hand - b.allocated AS free, t.expires_on, {CAME_ON} AS came_on, {RULE} AS rule, b.handling_unit_id,"
    " b.lot_id, b.customs_status,"
    " b.condition, h.id IS NOT NULL AND b.allocated = 0 AND NOT EXISTS (SELECT 1 FROM balance o"
    "  WHERE o.handling_unit_id = h.id AND o.id <> b.id AND o.is_there) AS whole"
    " FROM balance b JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN product p ON p.id = b.product_id JOIN seller e ON e.id = b.owner_id LEFT JOIN lot t ON t.id = b.lot_id"
    " LEFT JOIN handling_unit h ON h.id = b.handling_unit_id"
    " WHERE b.warehouse_id = :warehouse AND b.product_id = :product AND b.is_sellable AND b.is_there AND b.on_hand > b.allocated"
    " AND l.kind IN ('storage', 'bulk') AND l.is_active AND (h.id IS NULL OR h.subject_kind IS NULL)"
    " AND NOT EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = b.location_id AND x.product_id = b.product_id"
    "  AND x.maximum IS NOT NULL)"
    f" ORDER BY {in_turn(RULE, 't.expires_on')}, l.walk_order, b.id LIMIT 40"
)


@dataclass(frozen=True)
class ReserveRow:
    """A row that may fill a face, with what the rules of the bin ask about its goods."""

    reserve: Reserve
    lot_id: uuid.UUID | None
    condition: str
    customs_status: str


def reserves(warehouse_id: uuid.UUID, product_id: uuid.UUID) -> list[ReserveRow]:
    """Where the product could be taken from; read, not locked."""
    return [
        ReserveRow(
            Reserve(
                row.id, row.free, asked(Rotation(row.rule), row.expires_on, row.came_on),
                row.handling_unit_id is not None, row.whole,
            ),
            row.lot_id, row.condition, row.customs_status,
        )
        for row in _RESERVES.all({"warehouse": warehouse_id, "product": product_id})
    ]  # fmt: skip


_STANDS = Statement(
    "SELECT 1 FROM balance b JOIN location l ON l.id = b.location_id WHERE b.warehouse_id = :warehouse"
    " AND b.product_id = :product AND b.is_there AND l.kind IN ('storage', 'bulk')"
    " AND NOT EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = b.location_id AND x.product_id = b.product_id"
    "  AND x.maximum IS NOT NULL) LIMIT 1"
)


def stands_in_reserve(warehouse_id: uuid.UUID, product_id: uuid.UUID) -> bool:
    """Whether any of a product stands where faces are filled from, free or not."""
    return _STANDS.first({"warehouse": warehouse_id, "product": product_id}) is not None


_OPEN = Statement(
    "SELECT t.id, t.location_id, t.product_id, t.balance_id, t.urgency, a.open_quantity, t.created_at,"
    " t.state = 'walking' AND t.lease_until > :now AS is_held"
    " FROM replenish_task t JOIN allocation a ON a.id = t.allocation_id WHERE t.warehouse_id = :warehouse"
    " AND t.state IN ('open', 'walking') ORDER BY t.created_at DESC, t.id DESC"
)


def open_tasks(warehouse_id: uuid.UUID) -> Sequence[Any]:
    """The tasks that are not over, the newest first, with what they still hold."""
    return _OPEN.all({"warehouse": warehouse_id, "now": clock.now()})


# What is on its way to pick faces, by what promises ask for.
_COMING = Statement(
    "SELECT b.id, b.owner_id, b.product_id, b.customs_status, b.book_item_id, a.open_quantity"
    " FROM replenish_task t JOIN allocation a ON a.id = t.allocation_id JOIN balance b ON b.id = t.balance_id"
    " WHERE t.product_id = ANY(CAST(:products AS uuid[])) AND t.warehouse_id = :warehouse"
    f" AND t.state IN ('open', 'walking') AND a.open_quantity > 0{_NOT_IN_DOUBT}"
)


def coming(warehouse_id: uuid.UUID, products: Collection[uuid.UUID]) -> dict[GoodsKey, int]:
    """Units on their way to the faces of these products, by what an order is promised of."""
    return _by_goods(_COMING.all({"warehouse": warehouse_id, "products": list(products)}))


def rows_coming(warehouse_id: uuid.UUID, products: Collection[uuid.UUID]) -> set[int]:
    """The rows that those units still stand in."""
    return {row.id for row in _COMING.all({"warehouse": warehouse_id, "products": list(products)})}


def _by_goods(rows: Iterable[Any]) -> dict[GoodsKey, int]:
    found: dict[GoodsKey, int] = defaultdict(int)
    for row in rows:
        found[(row.owner_id, row.product_id, row.customs_status, row.book_item_id)] += row.open_quantity
    return found


_DOUBT = Statement("SELECT 1 FROM replenish_task t WHERE t.id = :task AND " + _IN_DOUBT.format("t"))


def is_in_doubt(task_id: uuid.UUID) -> bool:
    """Whether the face that a task fills waits to be counted."""
    return _DOUBT.first({"task": task_id}) is not None


_TASKS = (
    "SELECT t.id, t.warehouse_id, t.state, t.quantity, t.moved, t.urgency, t.worker_id, t.lease_until, t.created_at,"
    " t.balance_id, t.product_id, t.location_id, a.open_quantity AS left, f.code AS face, f.barcode AS face_barcode,"
    " s.id AS source_id, s.code AS source, s.barcode AS source_barcode, h.id AS unit_id, h.code AS unit, b.on_hand,"
    " b.lot_id, o.batch, o.expires_on, p.sku, p.name_en, p.name_zh, p.owner_id, e.code AS seller, u.name AS worker,"
    " w.time_zone, EXISTS (SELECT 1 FROM awaited_stock q WHERE q.warehouse_id = t.warehouse_id"
    "  AND q.owner_id = t.owner_id AND q.product_id = t.product_id AND q.at_pick) AS picker_waits"
    " FROM replenish_task t JOIN allocation a ON a.id = t.allocation_id JOIN balance b ON b.id = t.balance_id"
    " JOIN location s ON s.id = b.location_id JOIN location f ON f.id = t.location_id"
    " JOIN product p ON p.id = t.product_id JOIN seller e ON e.id = p.owner_id JOIN warehouse w ON w.id = t.warehouse_id"
    " LEFT JOIN handling_unit h ON h.id = b.handling_unit_id LEFT JOIN lot o ON o.id = b.lot_id"
    " LEFT JOIN app_user u ON u.id = t.worker_id AND t.state = 'walking'"
)
_SEEN = Statement(f"{_TASKS} WHERE t.id = :task")
_LISTED = Statement(
    f"{_TASKS} WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'walking')"
    " ORDER BY picker_waits DESC, t.urgency DESC, s.walk_order, t.id LIMIT 200"
)


def seen(task_id: uuid.UUID) -> Any:
    """A task as a screen shows it: from where, what, how many are `left`, to which face; None when there is none."""
    return _SEEN.first({"task": task_id})


def listed(warehouse_id: uuid.UUID) -> Sequence[Any]:
    """The open tasks of a warehouse, the most urgent first."""
    return _LISTED.all({"warehouse": warehouse_id})


# The nearest of the most urgent. `here` is where the person scanned last.
_NEAR = (
    " CASE WHEN EXISTS (SELECT 1 FROM awaited_stock q WHERE q.warehouse_id = t.warehouse_id"
    "  AND q.owner_id = t.owner_id AND q.product_id = t.product_id AND q.at_pick) THEN 4 ELSE t.urgency / 100 END DESC,"
    " abs(l.x_m - g.x_m) + abs(l.y_m - g.y_m) NULLS LAST, abs(l.walk_order - g.walk_order) NULLS LAST,"
    " t.urgency DESC, l.walk_order, t.id LIMIT 1"
)
_FREE = (
    " FROM replenish_task t JOIN allocation a ON a.id = t.allocation_id JOIN balance b ON b.id = t.balance_id"
    " JOIN location l ON l.id = b.location_id LEFT JOIN location g ON g.id = CAST(:here AS uuid)"
    " WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'walking') AND a.open_quantity > 0"
    f" AND (t.worker_id = :user OR t.lease_until IS NULL OR t.lease_until < :now){_NOT_IN_DOUBT}"
)
NEXT = Statement(
    f"SELECT t.id{_FREE} AND t.id <> :current"
    " ORDER BY t.worker_id IS NOT DISTINCT FROM CAST(:user AS uuid) AND t.state = 'walking' DESC,"
    f" t.id = ANY(CAST(:but AS uuid[])),{_NEAR} FOR NO KEY UPDATE OF t SKIP LOCKED"
)
_BESIDE = Statement(f"SELECT t.id, abs(l.x_m - g.x_m) + abs(l.y_m - g.y_m) AS metres{_FREE} ORDER BY{_NEAR}")


def beside(user_id: uuid.UUID, warehouse_id: uuid.UUID, here: uuid.UUID) -> tuple[Any, float | None] | None:
    """The task that somebody who stands here would be given, and how many metres away it begins."""
    row = _BESIDE.first({"warehouse": warehouse_id, "user": user_id, "now": clock.now(), "here": here})
    return None if row is None else (seen(row.id), None if row.metres is None else float(row.metres))


_PAGE = Statement(
    "SELECT x.location_id, x.product_id, l.code, l.kind, p.sku, p.name_en, p.name_zh, e.code AS seller, x.minimum,"
    " x.maximum FROM fixed_bin x JOIN location l ON l.id = x.location_id JOIN product p ON p.id = x.product_id"
    " JOIN seller e ON e.id = p.owner_id WHERE x.warehouse_id = :warehouse AND x.maximum IS NOT NULL"
    " AND (CAST(:search AS text) IS NULL OR l.code ILIKE :search OR p.sku ILIKE :search)"
    " AND (l.code, p.sku, e.code) > (:code, :sku, :seller) ORDER BY l.code, p.sku, e.code LIMIT :limit"
)


def faces_page(
    warehouse_id: uuid.UUID, search: str | None, after: tuple[str, str, str], limit: int
) -> tuple[Sequence[Any], Mapping[Place, Face]]:
    """A page of faces by bin, SKU and seller, and the figures of those."""
    escaped = (
        None if search is None else "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    )
    rows = _PAGE.all({
        "warehouse": warehouse_id, "search": escaped, "code": after[0], "sku": after[1], "seller": after[2],
        "limit": limit,
    })  # fmt: skip
    figures = {
        each.place: each.face
        for location_id in {row.location_id for row in rows}
        for each in faces(warehouse_id, location_id)
    }
    return rows, figures
