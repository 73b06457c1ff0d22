"""The catalogue of packaging, and what is put in with the goods. How much of either is left is not tracked."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant


class PackagingKind(StrEnum):
    CARTON = "carton"
    BAG = "bag"  # measured as the box it becomes when it is filled


class Packaging(Base):
    """A box or bag of a warehouse. `owner_id`: a seller's own, used for their orders only; None: the operator's.

    Sizes in mm, the third upwards; `max_g` is gross. `cost_minor` in the warehouse's currency.
    """

    __tablename__ = "packaging"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "code"),
        Index("ix_packaging_barcode", "barcode", unique=True),
        CheckConstraint("inner_length_mm > 0 AND inner_width_mm > 0 AND inner_height_mm > 0", name="inner_positive"),
        CheckConstraint(
            "outer_length_mm >= inner_length_mm AND outer_width_mm >= inner_width_mm"
            " AND outer_height_mm >= inner_height_mm", name="outer_around_inner",
        ),
        CheckConstraint("empty_g >= 0 AND max_g > empty_g AND cost_minor >= 0", name="weights_and_cost"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[str] = mapped_column(String(16))
    barcode: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(8))
    inner_length_mm: Mapped[int] = mapped_column(Integer)
    inner_width_mm: Mapped[int] = mapped_column(Integer)
    inner_height_mm: Mapped[int] = mapped_column(Integer)
    outer_length_mm: Mapped[int] = mapped_column(Integer)
    outer_width_mm: Mapped[int] = mapped_column(Integer)
    outer_height_mm: Mapped[int] = mapped_column(Integer)
    empty_g: Mapped[int] = mapped_column(Integer)
    max_g: Mapped[int] = mapped_column(Integer)
    cost_minor: Mapped[int] = mapped_column(Integer)
    takes_dangerous: Mapped[bool] = mapped_column(Boolean, default=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    @property
    def is_own(self) -> bool:
        """A seller's own."""
        return self.owner_id is not None


class PackingInsert(Base):
    """A leaflet, sample or note that goes into an order's first parcel: for one seller or all, to one country or all, sold on
    one platform or all.
    """

    __tablename__ = "packing_insert"
    __table_args__ = (Index("ix_packing_insert_current", "warehouse_id", postgresql_where=text("ended_at IS NULL")),)

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    country: Mapped[str | None] = mapped_column(String(2))
    platform: Mapped[str | None] = mapped_column(String(32))  # of the order's shop
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
