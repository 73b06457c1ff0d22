"""Files of orders. The file itself names buyers: it is forgotten when its orders are made, when it is dropped, or after a day."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class OrderImport(Base):
    """One file. `warehouse`, `service`: of rows that name none. `handled`: orders looked at (or made) so far of `orders`;
    `good`, `there` (their references were used before) and `refused` add up to it once it is checked.

    `findings`: `{"line", "column", "code", "params"}`, at most `service.MOST_FINDINGS`; `more` that are not kept. None of
    them repeats what a cell says of a buyer. `unread`: headings of columns that mean nothing here. `chosen`: the good
    orders, by their place in the file.
    """

    __tablename__ = "order_import"
    __table_args__ = (
        Index("ix_order_import_owner", "owner_id", "created_at", "id"),
        Index("ix_order_import_open", "created_at", postgresql_where=text("file_id IS NOT NULL")),
        CheckConstraint("created <= good AND good + there + refused <= orders", name="orders_add_up"),
        CheckConstraint(
            "(state IN ('checking', 'checked', 'creating')) = (file_id IS NOT NULL)", name="file_while_open"
        ),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    name: Mapped[str] = mapped_column(String(120))
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    state: Mapped[str] = mapped_column(String(10))
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[Reference]
    warehouse: Mapped[str | None] = mapped_column(String(16))
    service: Mapped[str | None] = mapped_column(String(32))
    lines: Mapped[int] = mapped_column(Integer, default=0)
    orders: Mapped[int] = mapped_column(Integer, default=0)
    handled: Mapped[int] = mapped_column(Integer, default=0)
    good: Mapped[int] = mapped_column(Integer, default=0)
    there: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    created: Mapped[int] = mapped_column(Integer, default=0)
    more: Mapped[int] = mapped_column(Integer, default=0)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    unread: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    chosen: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
