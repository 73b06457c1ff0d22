"""A scenario somebody is in: which step, with what in hand. Survives a reload, a sleeping tablet and a lost answer."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class FloorTask(Base):
    """`step` and `data` say where the person is; `version` makes the step token."""

    __tablename__ = "floor_task"
    __table_args__ = (
        Index("ix_floor_task_open", "user_id", "kind", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_floor_task_here", "warehouse_id", postgresql_where=text("closed_at IS NULL")),  # what is in hands
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    user_id: Mapped[Reference]
    kind: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(24))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]

    @property
    def step_token(self) -> str:
        return f"{self.id}.{self.version}"

    def id_of(self, name: str) -> uuid.UUID | None:
        """An id that the task keeps under this name, or None."""
        kept = self.data.get(name)
        return None if kept is None else uuid.UUID(kept)

    @property
    def carried(self) -> Any:
        """What the scan that led here read for the next step, within one request; None in any other."""
        return vars(self).get("_carried")

    def carry(self, what: Any) -> None:
        vars(self)["_carried"] = what


class ScanEvent(Base):
    """Every accepted scan as it came: for the typed-instead-of-scanned rate and for disputes. No personal data."""

    __tablename__ = "scan_event"
    __table_args__ = (Index("ix_scan_event_task", "task_id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    scan_id: Mapped[Reference]
    warehouse_id: Mapped[Reference]
    task_id: Mapped[Reference]
    user_id: Mapped[Reference]
    device_id: Mapped[str | None] = mapped_column(String(40))
    device_seq: Mapped[int | None] = mapped_column(BigInteger)
    step: Mapped[str] = mapped_column(String(24))
    source: Mapped[str] = mapped_column(String(8))
    received_at: Mapped[Instant]
