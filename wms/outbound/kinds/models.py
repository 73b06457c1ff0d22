"""Tables of single kinds of orders, one row an order."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, Instant


class TransferOrder(Base):
    """Where an order of kind *transfer* (调拨) goes: another warehouse of the operator, that receives it for its owner."""

    __tablename__ = "transfer_order"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    to_warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), index=True)


class FbaOrder(Base):
    """An order of kind *fba* (FBA 中转): Amazon's shipment, which numbers its cartons, and the centre that receives it."""

    __tablename__ = "fba_order"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    shipment_id: Mapped[str] = mapped_column(String(12), index=True)
    reference_id: Mapped[str | None] = mapped_column(String(20))
    centre: Mapped[str] = mapped_column(String(8))


class FbaLine(Base):
    """A line whose units get another label before they are packed (换标)."""

    __tablename__ = "fba_line"

    order_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_line.id"), primary_key=True)
    fnsku: Mapped[str] = mapped_column(String(10))


class PickUp(Base):
    """How an order of kind *pick-up* (自提) is fetched at the counter. `code`: what the consignee says there; `checked`:
    by the code, or by a document with their name.
    """

    __tablename__ = "pick_up"
    __table_args__ = (
        CheckConstraint("(collected_at IS NULL) = (checked IS NULL)", name="collected_is_checked"),
        CheckConstraint("wrong_codes >= 0", name="wrong_codes_counted"),
        Index("ix_pick_up_waiting", "keep_until",
              postgresql_where=text("ready_at IS NOT NULL AND collected_at IS NULL AND reminded_at IS NULL")),
    )  # fmt: skip

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(6))
    wrong_codes: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    ready_at: Mapped[Instant | None]  # packed, and waiting at the counter
    keep_until: Mapped[Instant | None]
    reminded_at: Mapped[Instant | None]
    collected_at: Mapped[Instant | None]
    collected_by: Mapped[uuid.UUID | None]  # who handed it out
    collected_by_name: Mapped[str | None] = mapped_column(String(80))
    checked: Mapped[str | None] = mapped_column(String(8))
