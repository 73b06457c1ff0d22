"""How a seller's orders are routed, and what was decided for each."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, Instant


class OrderRouting(Base):
    """The seller lets the house choose: among these warehouses, in its own order. `zones`: rows of `rules.Zone`."""

    __tablename__ = "order_routing"

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    prefer: Mapped[str] = mapped_column(String(8))  # rules.Prefer
    may_split: Mapped[bool] = mapped_column(Boolean)
    warehouses: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(UUID(as_uuid=True)))
    zones: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    updated_at: Mapped[Instant]


class OrderRoute(Base):
    """Why an order goes from its warehouse: `service.reason_of`."""

    __tablename__ = "order_route"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    reason: Mapped[dict[str, Any]] = mapped_column(JSONB)
