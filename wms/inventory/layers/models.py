"""Tables of layers. Accounting only: no pick is steered by them, no posting waits for them."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class Layer(Base):
    """Goods of one owner put away together: the move that opened it, its date in the warehouse's calendar, the document
    they came with, and how many are still there.
    """

    __tablename__ = "stock_layer"
    __table_args__ = (
        CheckConstraint("remaining >= 0 AND remaining <= quantity AND quantity >= 0", name="remaining_within"),
        Index("ix_stock_layer_open", "owner_id", "product_id", "warehouse_id", "opened_on", "move_id",
              postgresql_include=["remaining"], postgresql_where=text("remaining > 0")),
        Index("ix_stock_layer_posting", "posting_id"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    book_item_id: Mapped[uuid.UUID | None]
    opened_on: Mapped[date] = mapped_column(Date)  # day of the putaway: age 1
    move_id: Mapped[int] = mapped_column(BigInteger)
    posting_id: Mapped[Reference]
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID | None]
    quantity: Mapped[int] = mapped_column(Integer)
    remaining: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Instant]


class LayerUse(Base):
    """How many of a layer left with a move; negative where a reversal brought them back."""

    __tablename__ = "layer_use"
    __table_args__ = (Index("ix_layer_use_layer", "layer_id"), Index("ix_layer_use_posting", "posting_id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    layer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_layer.id"))
    move_id: Mapped[int] = mapped_column(BigInteger)
    posting_id: Mapped[Reference]
    quantity: Mapped[int] = mapped_column(Integer)


class LayerPool(Base):
    """Goods of one owner, product and book item in a warehouse that stand where nothing has been put away yet: `fresh`
    never were on a shelf, `away` were, and keep their age.
    """

    __tablename__ = "layer_pool"
    __table_args__ = (
        CheckConstraint("fresh >= 0 AND away >= 0", name="not_negative"),
        Index("uq_layer_pool_key", "owner_id", "product_id", "warehouse_id", "book_item_id", unique=True,
              postgresql_nulls_not_distinct=True),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    book_item_id: Mapped[uuid.UUID | None]
    fresh: Mapped[int] = mapped_column(Integer)
    away: Mapped[int] = mapped_column(Integer)
