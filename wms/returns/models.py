"""Return orders (退件单). A line says what was announced, what came, and what became of it."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference
from wms.platform.listing import indexes_of


class ReturnOrder(Base):
    """Against a shipped order. `announced` is False when the parcel came first and the desk wrote it."""

    __tablename__ = "return_order"
    __table_args__ = (
        UniqueConstraint("owner_id", "reference"),
        UniqueConstraint("owner_id", "id"),
        ForeignKeyConstraint(["owner_id", "order_id"], ["outbound_order.owner_id", "outbound_order.id"]),
        *indexes_of("return_order", ("completed", "cancelled")),
        Index("ix_return_order_tracking", "tracking_number"),
        Index("ix_return_order_here", "warehouse_id", postgresql_where=text("state IN ('announced', 'receiving')")),
        Index("ix_return_order_order", "order_id"),
        Index("ix_return_order_changed", "owner_id", "updated_at"),  # sellers' systems ask for it every few minutes
    )

    id: Mapped[DocumentId]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    order_id: Mapped[Reference]
    reference: Mapped[str] = mapped_column(String(50))
    tracking_number: Mapped[str | None] = mapped_column(String(48))
    reason: Mapped[str] = mapped_column(String(24))
    announced: Mapped[bool]
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class ReturnLine(Base):
    __tablename__ = "return_line"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "return_id"], ["return_order.owner_id", "return_order.id"]),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        UniqueConstraint("return_id", "demand_id"),
        CheckConstraint("announced >= 0 AND received >= 0 AND restocked >= 0 AND damaged >= 0 AND scrapped >= 0",
                        name="not_negative"),
        CheckConstraint("restocked + damaged + scrapped <= received", name="settled_within"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    return_id: Mapped[Reference]
    demand_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("demand.id"))
    product_id: Mapped[Reference]
    announced: Mapped[int] = mapped_column(Integer)
    received: Mapped[int] = mapped_column(Integer, default=0)
    restocked: Mapped[int] = mapped_column(Integer, default=0)
    damaged: Mapped[int] = mapped_column(Integer, default=0)
    scrapped: Mapped[int] = mapped_column(Integer, default=0)

    @property
    def to_inspect(self) -> int:
        return self.received - self.restocked - self.damaged - self.scrapped
