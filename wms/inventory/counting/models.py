"""Tables of cycle counts. A *count* is what was planned together, a *task* one bin of it, a *line* one kind of goods."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference

OPEN_STATES = "state IN ('open', 'counting', 'review')"


class CountRule(Base):
    """What a warehouse asks of its counts; without a row `rules.DEFAULT` holds."""

    __tablename__ = "count_rule"
    __table_args__ = (
        CheckConstraint("tolerance_units >= 0 AND tolerance_percent BETWEEN 0 AND 100", name="tolerance_within"),
        CheckConstraint("approve_above_minor >= 0 AND daily_bins >= 0", name="not_negative"),
        CheckConstraint("days_a > 0 AND days_b > 0 AND days_c > 0", name="days_positive"),
    )

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    tolerance_units: Mapped[int] = mapped_column(Integer)
    tolerance_percent: Mapped[int] = mapped_column(Integer)
    approve_above_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    days_a: Mapped[int] = mapped_column(Integer)
    days_b: Mapped[int] = mapped_column(Integer)
    days_c: Mapped[int] = mapped_column(Integer)
    daily_bins: Mapped[int] = mapped_column(Integer)  # bins planned by class a day; 0: none by itself
    on_zero: Mapped[bool] = mapped_column(Boolean)  # confirm that a bin picked empty is empty
    on_doubt: Mapped[bool] = mapped_column(Boolean)


class StockCount(Base):
    """A count (盘点单): bins planned together, and why."""

    __tablename__ = "stock_count"
    __table_args__ = (Index("ix_stock_count_warehouse", "warehouse_id", "created_at"),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(12))  # class | location | product | zero | doubt
    planned_by: Mapped[Reference]
    created_at: Mapped[Instant]


class CountTask(Base):
    """One bin to count. `base` is the version of its rows when the counting of this round began: what the book said and
    the last move of each; `round` begins at 1 and grows with each recount.
    """

    __tablename__ = "count_task"
    __table_args__ = (
        Index("uq_count_task_location_open", "location_id", unique=True, postgresql_where=text(OPEN_STATES)),
        Index("ix_count_task_waiting", "warehouse_id", "state", postgresql_where=text(OPEN_STATES)),
        Index("ix_count_task_count", "count_id"),
        Index("ix_count_task_done", "location_id", "finished_at", postgresql_where=text("state = 'done'")),
    )

    id: Mapped[DocumentId]
    count_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_count.id"))
    warehouse_id: Mapped[Reference]
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    state: Mapped[str] = mapped_column(String(12))
    round: Mapped[int] = mapped_column(Integer, default=1)
    base: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    counter_id: Mapped[uuid.UUID | None]  # who counts, or counted last
    counted_by: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), default=list)  # in earlier rounds and this one
    lease_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    decided_by: Mapped[uuid.UUID | None]


class CountLine(Base):
    """What a person counted of one kind of goods in one round: goods as an eye sees them (owner, product, lot,
    container, quality). `book` is what the ledger said at the very version at which it was counted.
    """

    __tablename__ = "count_line"
    __table_args__ = (
        Index("uq_count_line_goods", "task_id", "round", "owner_id", "product_id", "lot_id", "handling_unit_id",
              "condition", unique=True, postgresql_nulls_not_distinct=True),
        Index("ix_count_line_owner", "owner_id", "product_id", "counted_at", postgresql_where=text("variance <> 0")),
        CheckConstraint("counted >= 0", name="counted_not_negative"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    task_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("count_task.id"))
    warehouse_id: Mapped[Reference]
    round: Mapped[int] = mapped_column(Integer)
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    lot_id: Mapped[uuid.UUID | None]
    handling_unit_id: Mapped[uuid.UUID | None]
    condition: Mapped[str] = mapped_column(String(12))
    counted: Mapped[int] = mapped_column(Integer)
    serials: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)
    lost: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)  # numbers of the book that were not seen
    found: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)  # numbers seen that the book has not here
    book: Mapped[int | None] = mapped_column(Integer)  # None while it is being counted
    variance: Mapped[int | None] = mapped_column(Integer)
    versions: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # last move of each row, by row, when it was counted
    value_minor: Mapped[int | None] = mapped_column(BigInteger)  # of the variance, as the seller declared the product
    currency: Mapped[str | None] = mapped_column(String(3))
    counted_by: Mapped[Reference]
    counted_at: Mapped[Instant]
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
