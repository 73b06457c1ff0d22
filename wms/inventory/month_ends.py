"""Month-ends: what was on hand when a warehouse's month ended, kept; and stock as of any past moment, recomputed.

A kept month-end is a result, never a source of the books: the audit recomputes each from the moves. It only makes the
past near: as of a moment is the month-end before it and the moves since.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import invalid
from wms.facility.models import Warehouse
from wms.inventory import following
from wms.inventory.queries import MAX_PAGE, Scope, product_in_scope
from wms.platform.database import Base, DocumentId, Instant, Reference, session
from wms.platform.statements import Statement

PATIENCE = 2.0  # seconds to wait for postings of the old month that are under way


class MonthEnd(Base):
    """The end of a warehouse's month. Moves up to `low_move_id` happened before `moment`, those above `high_move_id` not
    before it; between the two the move's own time decides.
    """

    __tablename__ = "stock_month_end"
    __table_args__ = (UniqueConstraint("warehouse_id", "day"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    day: Mapped[date] = mapped_column(Date)  # the last of the month
    moment: Mapped[Instant]  # the first instant of the next month, by the warehouse's calendar
    low_move_id: Mapped[int] = mapped_column(BigInteger)
    high_move_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Instant]


class MonthEndRow(Base):
    """One balance row at a month-end; rows without goods are left out."""

    __tablename__ = "stock_month_end_row"
    __table_args__ = (Index("ix_stock_month_end_row_product", "month_end_id", "product_id"),)

    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"), primary_key=True)
    month_end_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_month_end.id"), primary_key=True)
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    on_hand: Mapped[int] = mapped_column(Integer)


def close_months() -> int:
    """Keep the month-end of every warehouse whose month is over and not kept yet. How many were kept.

    Called first thing in a transaction. A posting stamps its time after it has a transaction id: when everybody with a
    lower id than ours has ended, all of the old month is visible.
    """
    wanted = _over()
    if not wanted or not _old_month_is_visible():
        return 0
    for warehouse_id, day, moment in wanted:
        _keep(warehouse_id, day, moment)
    return len(wanted)


def _over() -> list[tuple[uuid.UUID, date, datetime]]:
    found = []
    kept = {(row[0], row[1]) for row in session().execute(select(MonthEnd.warehouse_id, MonthEnd.day))}
    for warehouse in session().scalars(select(Warehouse).order_by(Warehouse.code)):
        first = clock.today(warehouse.time_zone).replace(day=1)
        moment = datetime.combine(first, clock_time(), ZoneInfo(warehouse.time_zone))
        if (warehouse.id, first - timedelta(days=1)) not in kept and warehouse.created_at < moment:
            found.append((warehouse.id, first - timedelta(days=1), moment))
    return found


def _old_month_is_visible() -> bool:
    mine = following.my_transaction()
    until = time.monotonic() + PATIENCE
    while not following.all_ended_before(mine):
        if time.monotonic() > until:
            return False  # the next run is near
        time.sleep(0.05)
    return True


# What is there now less what moved since: balance and moves are read in one snapshot, and little has moved yet.
_KEEP = Statement(
    "WITH since AS (SELECT id, from_balance_id, to_balance_id, quantity FROM stock_move"
    "  WHERE id > :after AND warehouse_id = :warehouse AND created_at >= :moment),"
    " changed AS (SELECT x.id, sum(x.quantity) AS quantity FROM (SELECT to_balance_id AS id, quantity FROM since"
    "  UNION ALL SELECT from_balance_id, -quantity FROM since) x WHERE x.id IS NOT NULL GROUP BY 1),"
    " rows AS (INSERT INTO stock_month_end_row (balance_id, month_end_id, owner_id, product_id, on_hand)"
    "  SELECT b.id, :id, b.owner_id, b.product_id, b.on_hand - coalesce(c.quantity, 0) FROM balance b"
    "  LEFT JOIN changed c ON c.id = b.id WHERE b.warehouse_id = :warehouse AND b.on_hand <> coalesce(c.quantity, 0))"
    " SELECT coalesce((SELECT min(id) - 1 FROM since), 9223372036854775807) AS low"
)
_HIGH = Statement(
    "SELECT coalesce(max(id), 0) FROM stock_move WHERE id > :after AND warehouse_id = :warehouse AND created_at < :moment"
)
_BEFORE = Statement("SELECT low_move_id FROM stock_month_end WHERE warehouse_id = :warehouse ORDER BY day DESC LIMIT 1")


def _keep(warehouse_id: uuid.UUID, day: date, moment: datetime) -> None:
    after = int(_BEFORE.scalar({"warehouse": warehouse_id}) or 0)
    kept = MonthEnd(
        id=new_id(), warehouse_id=warehouse_id, day=day, moment=moment, low_move_id=0, high_move_id=0,
        created_at=clock.now(),
    )  # fmt: skip
    session().add(kept)
    session().flush()
    about = {"warehouse": warehouse_id, "moment": moment, "after": after, "id": kept.id}
    low = int(_KEEP.scalar(about))
    high = int(_HIGH.scalar({name: about[name] for name in ("warehouse", "moment", "after")}) or 0)
    kept.low_move_id, kept.high_move_id = min(low, max(high, after)), max(high, after)
    session().flush()


@dataclass(frozen=True)
class PastRow:
    """What was in a place at a moment."""

    warehouse_id: uuid.UUID
    warehouse_code: str
    location_code: str
    handling_unit_code: str | None
    batch: str | None
    expires_on: date | None
    condition: str
    customs_status: str
    on_hand: int


# For each warehouse the last month-end not after the moment, and how far the moves of its month go.
_AS_OF = Statement(
    "WITH houses AS MATERIALIZED (SELECT w.id, w.code, e.id AS month_end_id, coalesce(e.low_move_id, 0) AS low,"
    " coalesce(e.moment, '-infinity') AS since,"
    " coalesce((SELECT n.high_move_id FROM stock_month_end n WHERE n.warehouse_id = w.id AND n.moment > :moment"
    "  ORDER BY n.moment LIMIT 1), 9223372036854775807) AS high FROM warehouse w"
    " LEFT JOIN LATERAL (SELECT m.* FROM stock_month_end m WHERE m.warehouse_id = w.id AND m.moment <= :moment"
    "  ORDER BY m.moment DESC LIMIT 1) e ON true"
    " WHERE (CAST(:warehouses AS uuid[]) IS NULL OR w.id = ANY(CAST(:warehouses AS uuid[])))),"
    " moved AS MATERIALIZED (SELECT v.from_balance_id, v.to_balance_id, v.quantity FROM houses h"
    " JOIN stock_move v ON v.owner_id = :owner AND v.product_id = :product AND v.id > h.low AND v.id <= h.high"
    " AND v.warehouse_id = h.id AND v.created_at >= h.since AND v.created_at <= :moment),"
    " past AS (SELECT x.id, sum(x.quantity) AS on_hand FROM (SELECT to_balance_id AS id, quantity FROM moved"
    " UNION ALL SELECT from_balance_id, -quantity FROM moved UNION ALL SELECT r.balance_id, r.on_hand"
    # not by the rows there are: most of those are of parcels long gone
    "  FROM houses h JOIN stock_month_end_row r ON r.month_end_id = h.month_end_id AND r.product_id = :product) x"
    " WHERE x.id IS NOT NULL GROUP BY 1 HAVING sum(x.quantity) <> 0)"
    " SELECT b.warehouse_id, w.code AS warehouse_code, l.code AS location_code, u.code AS unit_code, lot.batch,"
    " lot.expires_on, b.condition, b.customs_status, past.on_hand FROM past JOIN balance b ON b.id = past.id"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN location l ON l.id = b.location_id"
    " LEFT JOIN handling_unit u ON u.id = b.handling_unit_id LEFT JOIN lot ON lot.id = b.lot_id"
    " ORDER BY w.code, l.code, b.id LIMIT :limit"
)


def stock_as_of(scope: Scope, product_id: uuid.UUID, moment: datetime, limit: int = 10 * MAX_PAGE) -> Sequence[PastRow]:
    """A product's rows as they were at a moment, that instant included. 404 outside the reader's scope.

    Refuses a moment that is still to come.
    """
    if moment > clock.now():
        raise invalid("/query/moment", "too_large", max=clock.now().isoformat(timespec="seconds"))
    parameters: dict[str, Any] = {
        "owner": product_in_scope(scope, product_id), "product": product_id, "moment": moment, "limit": limit,
        "warehouses": scope.parameters()["warehouses"],
    }  # fmt: skip
    return [
        PastRow(row.warehouse_id, row.warehouse_code, row.location_code, row.unit_code, row.batch, row.expires_on,
                row.condition, row.customs_status, int(row.on_hand))
        for row in _AS_OF.all(parameters)
    ]  # fmt: skip
