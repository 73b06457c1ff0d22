"""What people and systems see of the stock: figures by product with the rows behind them, and the ledger.

All reads take the sellers and warehouses the reader may see (None: all): a list is never wider than its reader.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select, text

from wms.catalog.queries import PICTURE
from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inventory.layers.rules import WAITING_KINDS
from wms.inventory.models import Lot
from wms.inventory.rotation import KEEPS
from wms.inventory.rules import (
    BUCKETS_IN_ORDER,
    ORDER_LOCATIONS,
    Bucket,
    bucket_of,
    last_sale_day,
    leaving,
)
from wms.platform.database import session
from wms.platform.statements import Statement

PAGE = 50
MAX_PAGE = 200
MOST_LINES = MAX_PAGE * 1_000  # products of a page in a thousand warehouses


@dataclass(frozen=True)
class Scope:
    """Whose goods, and where. None: no limit."""

    seller_ids: Collection[uuid.UUID] | None = None
    warehouse_ids: Collection[uuid.UUID] | None = None

    @classmethod
    def of(cls, actor: Actor) -> Scope:
        return cls(actor.seller_ids, actor.warehouse_ids)

    def parameters(self) -> dict[str, Any]:
        return {
            "sellers": None if self.seller_ids is None else sorted(self.seller_ids),
            "warehouses": None if self.warehouse_ids is None else sorted(self.warehouse_ids),
        }


_IN_SCOPE = (
    "(CAST(:sellers AS uuid[]) IS NULL OR {0}.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR {0}.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
)


class StockLine(NamedTuple):
    """A product in a warehouse. The five figures are disjoint and add up to `on_hand`; `short` stands beside them."""

    product_id: uuid.UUID
    warehouse_id: uuid.UUID
    warehouse_code: str
    sku: str
    name_en: str
    name_zh: str
    picture: str | None
    promised: int
    sellable: int  # by the summary: free = sellable - promised
    available: int
    outbound: int
    pending: int
    unqualified: int
    frozen: int

    @property
    def buckets(self) -> dict[Bucket, int]:
        figures = (self.available, self.outbound, self.pending, self.unqualified, self.frozen)
        return dict(zip(BUCKETS_IN_ORDER, figures, strict=True))

    @property
    def on_hand(self) -> int:
        return self.available + self.outbound + self.pending + self.unqualified + self.frozen

    @property
    def free(self) -> int:
        return self.sellable - self.promised

    @property
    def short(self) -> int:
        """缺货: promised beyond what can be sold."""
        return max(0, -self.free)


# Whether a lot is past its last sale day, by the warehouse's calendar (`rules.last_sale_day`).
_EXPIRED = "lot.expires_on - page.keeps_days < (CAST(:now AS timestamptz) AT TIME ZONE page.time_zone)::date"
_IN_ORDER = ", ".join(f"'{kind}'" for kind in sorted(ORDER_LOCATIONS))
_IS_STAGED = f"(SELECT l.kind IN ({_IN_ORDER}) FROM location l WHERE l.id = b.location_id) AS is_staged"


_OTHER_BUCKETS = (Bucket.PENDING, Bucket.UNQUALIFIED, Bucket.FROZEN)
# Rows of a product of the page in another bucket than the sum they are part of; each by one reason.
_OTHERWISE = (
    f"SELECT b.on_hand, b.is_sellable, CASE WHEN b.held_by > 0 THEN '{Bucket.FROZEN}' ELSE '{Bucket.UNQUALIFIED}' END AS"
    f" bucket, {_IS_STAGED} FROM balance b WHERE b.is_unfit AND b.owner_id = page.owner_id"
    "  AND b.product_id = page.product_id AND b.warehouse_id = page.warehouse_id"
    f" UNION ALL SELECT b.on_hand, b.is_sellable, '{Bucket.UNQUALIFIED}', {_IS_STAGED} FROM lot JOIN balance b"
    "  ON b.lot_id = lot.id AND b.warehouse_id = page.warehouse_id AND b.is_there AND NOT b.is_unfit"
    f"  WHERE lot.product_id = page.product_id AND {_EXPIRED}"
    f" UNION ALL SELECT * FROM (SELECT b.on_hand, b.is_sellable, '{Bucket.PENDING}', {_IS_STAGED} FROM put_back b"
    "  WHERE b.product_id = page.product_id AND b.warehouse_id = page.warehouse_id"
    f"  AND NOT EXISTS (SELECT 1 FROM lot WHERE lot.id = b.lot_id AND {_EXPIRED})) r WHERE r.is_staged"
)
_OTHERWISE_SUMS = ", ".join(
    f"coalesce(sum(x.on_hand) FILTER (WHERE {which}), 0)::bigint AS {name}"
    for name, which in {
        "expired": "x.is_sellable",
        "staged": "NOT x.is_sellable AND x.is_staged",
        "aside": "NOT x.is_sellable AND NOT x.is_staged",
        **{str(bucket): f"NOT x.is_sellable AND x.bucket = '{bucket}'" for bucket in _OTHER_BUCKETS},
    }.items()
)


# The page is found first, by SKU; only what lies on it is read. Where goods stand, the summary knows, however many bins and
# cartons they lie in: what is staged is on its way out, what is aside waits to be put away. Beside it stand the rows that
# are in another bucket than their sum says (`rules.bucket_of`; a test asks both for every kind of row): those held or not
# good (`is_unfit`, with an index of their own), those past their last sale day, and goods that are to be put back. So a page
# costs the same after years of moves, and with a full dock. Conditions are there or not, and the limit is a number in it,
# so that a plan can rely on them: with the limit as a parameter PostgreSQL plans each look anew (2.8 ms of 4.4), because a
# plan for any limit looks dear beside one for this.
@cache
def _lines_statement(conditions: tuple[str, ...], limit: int) -> Statement:
    return Statement(
        "WITH page AS MATERIALIZED (SELECT p.sku, p.id AS product_id, w.id AS warehouse_id, p.owner_id, p.name_en,"
        f" p.name_zh, {PICTURE}, greatest(p.outbound_days, (SELECT e.least_shelf_days FROM seller e WHERE e.id = p.owner_id))"
        "  AS keeps_days, w.code AS warehouse_code, w.time_zone FROM product p CROSS JOIN warehouse w"
        f" WHERE {''.join(f'{each} AND ' for each in conditions)}"
        # LIMIT: an EXISTS would be made a join with all balances there are
        " (SELECT true FROM balance b WHERE b.warehouse_id = w.id AND b.product_id = p.id LIMIT 1)"
        f" ORDER BY p.sku, p.id, w.id LIMIT {limit:d}),"
        # OFFSET: from the totes to what is in them, whatever a plan thinks of the sizes
        " put_back AS MATERIALIZED (SELECT b.* FROM handling_unit u CROSS JOIN LATERAL (SELECT b.product_id, b.warehouse_id,"
        "  b.lot_id, b.on_hand, b.is_sellable, b.location_id FROM balance b WHERE b.handling_unit_id = u.id"
        "  AND b.is_there AND NOT b.is_unfit OFFSET 0) b WHERE u.subject_kind = 'put_back'"
        "  AND u.warehouse_id IN (SELECT warehouse_id FROM page))"
        " SELECT page.product_id, page.warehouse_id, page.warehouse_code, page.sku, page.name_en, page.name_zh,"
        " page.picture, s.promised, s.sellable, o.expired, s.staged - o.staged AS outbound,"
        " s.aside - o.aside + o.pending AS pending, o.unqualified, o.frozen FROM page"
        " CROSS JOIN LATERAL (SELECT coalesce(sum(t.sellable), 0)::bigint AS sellable,"
        "  coalesce(sum(t.promised), 0)::bigint AS promised, coalesce(sum(t.staged), 0)::bigint AS staged,"
        "  coalesce(sum(t.aside), 0)::bigint AS aside FROM summary t WHERE t.warehouse_id = page.warehouse_id"
        "  AND t.owner_id = page.owner_id AND t.product_id = page.product_id) s"
        f" CROSS JOIN LATERAL (SELECT {_OTHERWISE_SUMS} FROM ({_OTHERWISE}) x) o"
        " ORDER BY page.sku, page.product_id, page.warehouse_id"
    )


_LINE_CONDITIONS = {
    "seller": "p.owner_id = :seller",  # one owner's SKUs stand in an index in their order
    "sellers": "p.owner_id = ANY(CAST(:sellers AS uuid[]))",
    "warehouses": "w.id = ANY(CAST(:warehouses AS uuid[]))",
    "warehouse": "w.code = :warehouse",
    "sku": "p.sku = :sku",
    "products": "p.id = ANY(CAST(:products AS uuid[]))",
    # The first of the two is what an index can be entered by.
    "after_sku": "p.sku >= :after_sku AND (p.sku, p.id, w.id) >"
    " (:after_sku, CAST(:after_product AS uuid), CAST(:after_warehouse AS uuid))",
}

LineKey = tuple[str, uuid.UUID, uuid.UUID]  # SKU, product, warehouse


def stock_lines(
    scope: Scope,
    *,
    warehouse: str | None = None,
    sku: str | None = None,
    products: Collection[uuid.UUID] | None = None,
    after: LineKey | None = None,
    limit: int = PAGE,
) -> tuple[list[StockLine], LineKey | None]:
    """A page of products by warehouse, and where the next page begins. One statement. `products`: of these only."""
    parameters = scope.parameters() | {
        "seller": None,
        "warehouse": warehouse,
        "sku": sku,
        "products": None if products is None else list(products),
        "after_sku": after[0] if after else None,
        "after_product": after[1] if after else None,
        "after_warehouse": after[2] if after else None,
        "now": clock.now(),
    }
    if scope.seller_ids is not None and len(scope.seller_ids) == 1:
        parameters |= {"seller": parameters["sellers"][0], "sellers": None}
    conditions = tuple(text for name, text in _LINE_CONDITIONS.items() if parameters[name] is not None)
    rows = _lines_statement(conditions, limit + 1).all(parameters)
    lines = [_line(*row) for row in rows[:limit]]
    last = lines[-1] if len(rows) > limit else None
    return lines, None if last is None else (last.sku, last.product_id, last.warehouse_id)


@dataclass(frozen=True)
class NetworkLine:
    """A product over all warehouses the reader sees: the sums of its lines, so they add up as those do."""

    product_id: uuid.UUID
    owner_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    picture: str | None
    warehouse_codes: list[str]
    on_hand: int
    promised: int
    short: int
    buckets: dict[Bucket, int]


_PRODUCTS = text(
    "SELECT p.sku, p.id, p.owner_id FROM product p"
    " WHERE (CAST(:sellers AS uuid[]) IS NULL OR p.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:sku AS text) IS NULL OR p.sku = :sku)"
    " AND (CAST(:products AS uuid[]) IS NULL OR p.id = ANY(CAST(:products AS uuid[])))"
    " AND (CAST(:after_sku AS text) IS NULL OR (p.sku, p.id) > (:after_sku, CAST(:after_product AS uuid)))"
    " AND (SELECT true FROM balance b WHERE b.owner_id = p.owner_id AND b.product_id = p.id"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR b.warehouse_id = ANY(CAST(:warehouses AS uuid[]))) LIMIT 1)"
    " ORDER BY p.sku, p.id LIMIT :limit"
)


def network_lines(
    scope: Scope,
    *,
    sku: str | None = None,
    products: Collection[uuid.UUID] | None = None,
    after: tuple[str, uuid.UUID] | None = None,
    limit: int = PAGE,
) -> tuple[list[NetworkLine], tuple[str, uuid.UUID] | None]:
    """A page of products over all warehouses, and the (SKU, product) that the next page comes after. `products`: of these
    only.
    """
    parameters = scope.parameters() | {
        "products": None if products is None else list(products), "sku": sku,
        "after_sku": after[0] if after else None, "after_product": after[1] if after else None,
        "limit": limit + 1,
    }  # fmt: skip
    found = session().execute(_PRODUCTS, parameters).all()
    wanted = found[:limit]
    by_product: dict[uuid.UUID, list[StockLine]] = {row.id: [] for row in wanted}
    if wanted:
        names = ("products", *(name for name in ("sellers", "warehouses") if parameters[name] is not None))
        more = {"products": list(by_product), "now": clock.now()}
        statement = _lines_statement(tuple(_LINE_CONDITIONS[name] for name in names), MOST_LINES)
        for row in statement.all(parameters | more):
            by_product[row.product_id].append(_line(*row))
    lines = [_summed(row.owner_id, by_product[row.id]) for row in wanted if by_product[row.id]]
    return lines, (wanted[-1].sku, wanted[-1].id) if len(found) > limit else None


def _summed(owner_id: uuid.UUID, lines: Sequence[StockLine]) -> NetworkLine:
    first = lines[0]
    return NetworkLine(
        first.product_id, owner_id, first.sku, first.name_en, first.name_zh, first.picture,
        [line.warehouse_code for line in lines], sum(line.on_hand for line in lines),
        sum(line.promised for line in lines), sum(line.short for line in lines),
        {bucket: sum(line.buckets[bucket] for line in lines) for bucket in BUCKETS_IN_ORDER},
    )  # fmt: skip


def _line(
    product_id: uuid.UUID,
    warehouse_id: uuid.UUID,
    warehouse_code: str,
    sku: str,
    name_en: str,
    name_zh: str,
    picture: str | None,
    promised: int,
    sellable: int,
    expired: int,
    outbound: int,
    pending: int,
    unqualified: int,
    frozen: int,
) -> StockLine:
    """The figures of a row of the statement, in its order."""
    gone = leaving(promised, sellable - expired)
    return StockLine(
        product_id, warehouse_id, warehouse_code, sku, name_en, name_zh, picture, promised, sellable,
        available=sellable - expired - gone, outbound=outbound + gone, pending=pending,
        unqualified=unqualified + expired, frozen=frozen,
    )  # fmt: skip


def _bucket(row: Any) -> Bucket:
    expired = row.expires_on is not None and clock.today(row.time_zone) > last_sale_day(row.expires_on, row.keeps_days)
    return bucket_of(
        held=row.held, condition=row.condition, expired=expired, location_kind=row.kind, is_sellable=row.is_sellable,
        put_back=row.put_back,
    )  # fmt: skip


@dataclass(frozen=True)
class StockRow:
    """One balance behind a figure. `allocated` of it are kept for orders or moves."""

    balance_id: int
    warehouse_id: uuid.UUID
    location_id: uuid.UUID
    location_code: str
    handling_unit_code: str | None
    batch: str | None
    expires_on: date | None
    condition: str
    customs_status: str
    item_number: str | None
    on_hand: int
    allocated: int
    bucket: Bucket
    oldest_at: datetime | None
    is_waiting: bool = False  # not put away: without an age


_ROWS = text(
    "SELECT b.id, b.warehouse_id, b.location_id, l.code AS location_code, u.code AS unit_code, lot.batch,"
    " lot.expires_on, b.condition, b.customs_status, bi.item_number, b.on_hand, b.allocated, b.oldest_at,"
    " b.held_by > 0 AS held, l.kind, b.is_sellable, coalesce(u.subject_kind = 'put_back', false) AS put_back,"
    f" w.time_zone, {KEEPS} AS keeps_days FROM balance b JOIN location l ON l.id = b.location_id"
    " JOIN seller e ON e.id = b.owner_id"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN product p ON p.id = b.product_id"
    " LEFT JOIN lot ON lot.id = b.lot_id LEFT JOIN handling_unit u ON u.id = b.handling_unit_id"
    " LEFT JOIN book_item bi ON bi.id = b.book_item_id"
    f" WHERE b.product_id = :product AND b.is_there AND {_IN_SCOPE.format('b')}"
    " AND (CAST(:only_warehouse AS uuid) IS NULL OR b.warehouse_id = :only_warehouse)"
    " AND b.id > :after ORDER BY b.id LIMIT :limit"
)


def stock_rows(
    scope: Scope,
    product_id: uuid.UUID,
    *,
    warehouse_id: uuid.UUID | None = None,
    after: int = 0,
    limit: int = MAX_PAGE,
) -> list[StockRow]:
    """The rows behind a product's figures, before promises, by id."""
    parameters = scope.parameters() | {
        "product": product_id,
        "only_warehouse": warehouse_id,
        "after": after,
        "limit": limit,
    }
    return [
        StockRow(
            row.id, row.warehouse_id, row.location_id, row.location_code, row.unit_code, row.batch, row.expires_on,
            row.condition, row.customs_status, row.item_number, row.on_hand, row.allocated, _bucket(row), row.oldest_at,
            row.kind in WAITING_KINDS,
        )
        for row in session().execute(_ROWS, parameters)
    ]  # fmt: skip


@dataclass(frozen=True)
class MoveEnd:
    """A place with the quantity on its row after the move, or a counter-party (`party`) without either."""

    party: str | None
    location_code: str | None
    handling_unit_code: str | None
    condition: str | None
    balance_after: int | None
    batch: str | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class MoveLine:
    """One move of a product's history."""

    id: int
    at: datetime
    business_date: date
    warehouse_id: uuid.UUID
    warehouse_code: str
    posting_id: uuid.UUID
    reason: str
    reverses_id: uuid.UUID | None
    subject_kind: str
    subject_id: uuid.UUID | None
    actor_kind: str
    actor_id: uuid.UUID
    quantity: int
    source: MoveEnd
    target: MoveEnd


def _end(name: str) -> str:
    """The columns of one end, and what was on its row after the newest move of the page."""
    return (
        f"m.{name}_balance_id, m.{name}_party, {name}_place.code AS {name}_place, {name}_unit.code AS {name}_unit,"
        f" {name}_lot.batch AS {name}_batch, {name}_lot.expires_on AS {name}_expires_on,"
        f" {name}_row.condition AS {name}_condition, {name}_row.on_hand - coalesce((SELECT x.came FROM later x"
        f" WHERE x.id = {name}_row.id), 0) AS {name}_then"
    )


# The page is found first; what came and went behind it is summed once for each row, out of the index of the product's
# history. What was there after each move of the page is reckoned from move to move (`_moved`): asked for each by itself, a
# hot bin's later moves would be read fifty times.
_MOVES = text(
    "WITH page AS MATERIALIZED (SELECT m.* FROM stock_move m WHERE m.owner_id = :owner AND m.product_id = :product"
    f" AND m.id < :before AND {_IN_SCOPE.format('m')} AND (CAST(:warehouse AS text) IS NULL OR m.warehouse_id ="
    "  (SELECT h.id FROM warehouse h WHERE h.code = :warehouse)) ORDER BY m.id DESC LIMIT :limit),"
    " later AS MATERIALIZED (SELECT y.id, sum(y.quantity) AS came FROM (SELECT v.to_balance_id, v.from_balance_id, v.quantity"
    "  FROM stock_move v WHERE v.owner_id = :owner AND v.product_id = :product AND v.id > (SELECT max(id) FROM page)) v"
    "  CROSS JOIN LATERAL (VALUES (v.to_balance_id, v.quantity), (v.from_balance_id, -v.quantity)) AS y(id, quantity)"
    "  WHERE y.id IS NOT NULL GROUP BY 1)"
    " SELECT m.id, m.created_at, p.business_date, m.warehouse_id, w.code AS warehouse_code, m.posting_id, p.reason,"
    f" p.reverses_id, p.subject_kind, p.subject_id, p.actor_kind, p.actor_id, m.quantity, {_end('from')}, {_end('to')}"
    " FROM page m JOIN stock_posting p ON p.id = m.posting_id JOIN warehouse w ON w.id = m.warehouse_id"
    " LEFT JOIN balance from_row ON from_row.id = m.from_balance_id"
    " LEFT JOIN location from_place ON from_place.id = from_row.location_id"
    " LEFT JOIN handling_unit from_unit ON from_unit.id = from_row.handling_unit_id"
    " LEFT JOIN lot from_lot ON from_lot.id = from_row.lot_id"
    " LEFT JOIN balance to_row ON to_row.id = m.to_balance_id"
    " LEFT JOIN location to_place ON to_place.id = to_row.location_id"
    " LEFT JOIN handling_unit to_unit ON to_unit.id = to_row.handling_unit_id"
    " LEFT JOIN lot to_lot ON to_lot.id = to_row.lot_id ORDER BY m.id DESC"
)
_LAST_ID = 2**63 - 1
_OWNER = text("SELECT owner_id FROM product WHERE id = :product")


def product_in_scope(scope: Scope, product_id: uuid.UUID) -> uuid.UUID:
    """The owner of a product; 404 outside the reader's scope."""
    owner_id: uuid.UUID | None = session().execute(_OWNER, {"product": product_id}).scalar()
    if owner_id is None or (scope.seller_ids is not None and owner_id not in scope.seller_ids):
        raise not_found("product")
    return owner_id


def moves_of(
    scope: Scope,
    product_id: uuid.UUID,
    *,
    warehouse: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> tuple[list[MoveLine], int | None]:
    """A product's ledger, newest first, and the id the next page comes before. 404 outside the reader's scope.

    A counter-party has no balance, so a move has a figure only where it has a place.
    """
    owner_id = product_in_scope(scope, product_id)
    parameters = scope.parameters() | {
        "owner": owner_id,
        "product": product_id,
        "warehouse": warehouse,
        "before": _LAST_ID if before is None else before,
        "limit": limit + 1,
    }
    rows = session().execute(_MOVES, parameters).all()
    there: dict[int, int] = {}  # row → what was on it, going back from the newest move
    lines = [_move_line(row, there) for row in rows[:limit]]
    return lines, lines[-1].id if len(rows) > limit else None


def _move_line(row: Any, there: dict[int, int]) -> MoveLine:
    """`there` is moved on to before this move."""
    after_source = _moved(there, row.from_balance_id, row.from_then, -row.quantity)
    after_target = _moved(there, row.to_balance_id, row.to_then, row.quantity)
    return MoveLine(
        row.id, row.created_at, row.business_date, row.warehouse_id, row.warehouse_code, row.posting_id, row.reason,
        row.reverses_id, row.subject_kind, row.subject_id, row.actor_kind, row.actor_id, row.quantity,
        MoveEnd(row.from_party, row.from_place, row.from_unit, row.from_condition, after_source, row.from_batch,
                row.from_expires_on),
        MoveEnd(row.to_party, row.to_place, row.to_unit, row.to_condition, after_target, row.to_batch, row.to_expires_on),
    )  # fmt: skip


def _moved(there: dict[int, int], row_id: int | None, newest: int | None, change: int) -> int | None:
    """What was on a row after a move that changed it so; None for a counter-party."""
    if row_id is None or newest is None:
        return None
    after = there.get(row_id, int(newest))
    there[row_id] = after - change
    return after


def lots_by_batch(product_id: uuid.UUID, batch: str) -> Sequence[Lot]:
    """The lots of a product that bear a batch: more than one where it came with several expiry dates."""
    statement = select(Lot).where(Lot.product_id == product_id, Lot.batch == batch)
    return session().scalars(statement.order_by(Lot.expires_on, Lot.id)).all()


def lot_named(product_id: uuid.UUID, batch: str | None, expires_on: date | None) -> uuid.UUID | None:
    """The lot of a product that the book knows by exactly this."""
    return session().scalar(
        select(Lot.id).where(
            Lot.product_id == product_id, Lot.batch.is_not_distinct_from(batch),
            Lot.expires_on.is_not_distinct_from(expires_on),
        )
    )  # fmt: skip


_IN_STOCK = Statement("SELECT true FROM balance WHERE product_id = :product AND is_there LIMIT 1")


def is_in_stock(product_id: uuid.UUID) -> bool:
    """Whether any unit of a product is on hand, wherever."""
    return _IN_STOCK.first({"product": product_id}) is not None
