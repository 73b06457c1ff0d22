"""The walks that fill pick faces. A *pick face* is a fixed bin with a minimum and a maximum (`putaway.models.FixedBin`)."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference

OPEN_STATES = "state IN ('open', 'walking')"


class ReplenishTask(Base):
    """Units of one reserve row for a pick face (补货任务). What is still to bring is what its reservation (`allocation`)
    still holds: a loss that breaks the reservation shrinks the task with it. `urgency`: `rules.urgency`.
    """

    __tablename__ = "replenish_task"
    __table_args__ = (
        ForeignKeyConstraint(["warehouse_id", "location_id"], ["location.warehouse_id", "location.id"]),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        CheckConstraint("quantity > 0 AND moved >= 0 AND moved <= quantity", name="moved_within"),
        Index("ix_replenish_task_open", "warehouse_id", "urgency", postgresql_where=text(OPEN_STATES)),
        Index("ix_replenish_task_product", "product_id", "warehouse_id", postgresql_where=text(OPEN_STATES)),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    location_id: Mapped[Reference]  # the pick face
    balance_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("balance.id"))  # where to take from
    allocation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("allocation.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    moved: Mapped[int] = mapped_column(Integer, default=0)
    urgency: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(12))
    worker_id: Mapped[uuid.UUID | None]  # who walks it, or walked it last
    lease_until: Mapped[Instant | None]
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))  # the last that can be undone
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
