"""Which bins are kept for which product, and which are kept for goods that are on their way to them."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class FixedBin(Base):
    """A bin that is a product's own (固定库位): its goods go there first, and nobody else's. Where the bin is a pick
    face, it is the product's pick face; one with a maximum is filled from reserve (decision 027).
    """

    __tablename__ = "fixed_bin"
    __table_args__ = (
        ForeignKeyConstraint(["warehouse_id", "location_id"], ["location.warehouse_id", "location.id"]),
        Index("ix_fixed_bin_product", "product_id", "warehouse_id"),
        Index("ix_fixed_bin_face", "warehouse_id", "location_id", postgresql_where=text("maximum IS NOT NULL")),
        CheckConstraint("(minimum IS NULL) = (maximum IS NULL)", name="limits_together"),
        CheckConstraint("minimum >= 0 AND maximum > minimum", name="minimum_below_maximum"),
    )

    location_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    warehouse_id: Mapped[Reference]
    minimum: Mapped[int | None] = mapped_column(Integer)
    maximum: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[Instant]


class BinReservation(Base):
    """Room in a bin for goods that were sent to it, from the suggestion to the putaway: a row for each product, lot and
    customs status. Whoever carries them (`holder`: a floor task, a system's request) has one bin at a time; one that has
    expired is none.
    """

    __tablename__ = "bin_reservation"
    __table_args__ = (
        Index("uq_bin_reservation_holder", "holder_kind", "holder_id", "product_id", "lot_id", "customs_status", unique=True,
              postgresql_nulls_not_distinct=True),
        Index("ix_bin_reservation_location", "location_id"),
        Index("ix_bin_reservation_expires_at", "expires_at"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    lot_id: Mapped[uuid.UUID | None]
    customs_status: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(Integer)
    weight_g: Mapped[int] = mapped_column(BigInteger)
    volume_mm3: Mapped[int] = mapped_column(BigInteger)
    holder_kind: Mapped[str] = mapped_column(String(16))
    holder_id: Mapped[Reference]
    reserved_by: Mapped[Reference]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
