"""Papers of orders. They name the buyer, so they go when the buyer is forgotten (`service.erase`)."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class OrderPaper(Base):
    """A paper of an order. The bytes: `stored_file`."""

    __tablename__ = "order_paper"
    __table_args__ = (Index("ix_order_paper_order", "order_id", "id"),)

    id: Mapped[DocumentId]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"))
    kind: Mapped[str] = mapped_column(String(12))  # rules.KINDS
    name: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    added_by: Mapped[Reference]
    added_at: Mapped[Instant]
