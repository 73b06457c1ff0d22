"""Moves that a supervisor asked for, as work of the floor."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference

OPEN_STATES = "state IN ('open', 'moving')"


class MoveTask(Base):
    """All of a product in one bin goes to another (移库任务); `partner_id`: and all of this one comes back, in one posting.
    `turn`: its place among the moves asked for with it. `saves_m`: metres a day, as reckoned when it was asked for. What
    somebody has in hand is reserved in its bin (allocations of subject `move_task`).
    """

    __tablename__ = "move_task"
    __table_args__ = (
        ForeignKeyConstraint(["warehouse_id", "origin_id"], ["location.warehouse_id", "location.id"]),
        ForeignKeyConstraint(["warehouse_id", "target_id"], ["location.warehouse_id", "location.id"]),
        CheckConstraint("origin_id <> target_id AND partner_id IS DISTINCT FROM product_id", name="between_two"),
        CheckConstraint("moved >= 0 AND came_back >= 0", name="counted"),
        # Who asks for moves takes turns in a warehouse; this keeps the same move from being there twice whatever happens.
        Index("uq_move_task_open", "warehouse_id", "origin_id", "product_id", unique=True,
              postgresql_where=text(OPEN_STATES)),
        Index("ix_move_task_done", "warehouse_id", "finished_at", postgresql_where=text("state = 'done'")),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    origin_id: Mapped[Reference]
    target_id: Mapped[Reference]
    partner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("product.id"))
    turn: Mapped[int] = mapped_column(Integer)
    saves_m: Mapped[float] = mapped_column(Numeric(10, 1, asdecimal=False))
    state: Mapped[str] = mapped_column(String(12))
    worker_id: Mapped[uuid.UUID | None]
    lease_until: Mapped[Instant | None]
    moved: Mapped[int] = mapped_column(Integer, default=0)
    came_back: Mapped[int] = mapped_column(Integer, default=0)
    asked_by: Mapped[Reference]
    created_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
