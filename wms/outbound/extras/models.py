"""What an order says besides. Most orders say nothing and have no row. The buyer's own ids stand with the buyer, sealed."""

from __future__ import annotations

import uuid
from datetime import date, time

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Integer, String, Time, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base


class OrderExtra(Base):
    """`contents`: why goods cross a border, as CN 22 asks (`rules.CONTENTS`). `ioss`, `vat_id`, `eori`: the seller's.

    `cod_minor`: what the driver collects for the whole order. `deliver_from`, `deliver_until`: by the buyer's clock.
    """

    __tablename__ = "order_extra"
    __table_args__ = (
        CheckConstraint("(insured_minor IS NULL) = (insured_currency IS NULL)", name="insured_in_a_currency"),
        CheckConstraint("insured_minor > 0", name="insured_positive"),
        CheckConstraint("(cod_minor IS NULL) = (cod_currency IS NULL)", name="cod_in_a_currency"),
        CheckConstraint("cod_minor > 0", name="cod_positive"),
        CheckConstraint("age_check IN (16, 18)", name="age_is_checked"),
        CheckConstraint(
            "(deliver_from IS NULL) = (deliver_until IS NULL) AND (deliver_from IS NULL OR deliver_on IS NOT NULL)",
            name="hours_of_a_day",
        ),
        CheckConstraint("deliver_from < deliver_until", name="hours_in_order"),
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
    cod_minor: Mapped[int | None] = mapped_column(Integer)
    cod_currency: Mapped[str | None] = mapped_column(String(3))
    age_check: Mapped[int | None] = mapped_column(Integer)  # rules.AGES
    liftgate: Mapped[bool] = mapped_column(Boolean, default=False, server_default=text("false"))
    deliver_on: Mapped[date | None] = mapped_column(Date)
    deliver_from: Mapped[time | None] = mapped_column(Time)
    deliver_until: Mapped[time | None] = mapped_column(Time)
