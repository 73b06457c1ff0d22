"""What a transfer sent of each product, and what came of it."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, Instant


class TransferLine(Base):
    """One product of a transfer, in base units. `sent` by the ledger of the sending warehouse; `lost` and `found` are
    settled each time the receiving booking is closed: sent + found = received + lost.
    """

    __tablename__ = "transfer_line"
    __table_args__ = (
        CheckConstraint("sent >= 0 AND lost >= 0 AND found >= 0 AND (lost = 0 OR found = 0)", name="one_difference"),
        CheckConstraint("settled_at IS NOT NULL OR (lost = 0 AND found = 0)", name="differs_when_settled"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    sent: Mapped[int] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer, default=0)
    found: Mapped[int] = mapped_column(Integer, default=0)
    settled_at: Mapped[Instant | None]
