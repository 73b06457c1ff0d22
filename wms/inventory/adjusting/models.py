"""The table of adjustments."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class Adjustment(Base):
    """A change of one balance row that somebody asked for: more or less of it, or another quality."""

    __tablename__ = "stock_adjustment"
    __table_args__ = (
        CheckConstraint("(change <> 0) <> (to_condition IS NOT NULL)", name="quantity_or_condition"),
        CheckConstraint("to_condition IS NULL OR units > 0", name="units_positive"),
        Index("ix_stock_adjustment_warehouse", "warehouse_id", "created_at"),
        Index("ix_stock_adjustment_waiting", "warehouse_id", postgresql_where=text("state = 'requested'")),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    change: Mapped[int] = mapped_column(Integer)  # units more (+) or less (-); 0 where the quality changes
    to_condition: Mapped[str | None] = mapped_column(String(12))
    units: Mapped[int] = mapped_column(Integer)
    serials: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)
    reason: Mapped[str] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(String(200))
    value_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(12))
    requested_by: Mapped[Reference]
    decided_by: Mapped[uuid.UUID | None]
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
    created_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
