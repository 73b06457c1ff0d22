"""What an order says besides. Most orders say nothing and have no row. The buyer's own ids stand with the buyer, sealed."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base


class OrderExtra(Base):
    """`contents`: why goods cross a border, as CN 22 asks (`rules.CONTENTS`). `ioss`, `vat_id`, `eori`: the seller's."""

    __tablename__ = "order_extra"
    __table_args__ = (
        CheckConstraint("(insured_minor IS NULL) = (insured_currency IS NULL)", name="insured_in_a_currency"),
        CheckConstraint("insured_minor > 0", name="insured_positive"),
    )

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("outbound_order.id"), primary_key=True)
    platform: Mapped[str | None] = mapped_column(String(16))  # rules.PLATFORMS
    signature: Mapped[str | None] = mapped_column(String(12))  # rules.Signature
    insured_minor: Mapped[int | None] = mapped_column(Integer)
    insured_currency: Mapped[str | None] = mapped_column(String(3))
    packing: Mapped[list[str]] = mapped_column(ARRAY(String(12)))  # rules.PACKING
    packing_remark: Mapped[str | None] = mapped_column(String(255))
    contents: Mapped[str | None] = mapped_column(String(12))
    ioss: Mapped[str | None] = mapped_column(String(12))
    vat_id: Mapped[str | None] = mapped_column(String(17))
    eori: Mapped[str | None] = mapped_column(String(17))
