"""Products of sellers. Sizes in mm and weights in g; declared and measured stand side by side, neither overwritten."""

from __future__ import annotations

import uuid
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class SerialControl(StrEnum):
    NONE = "none"
    EXIT = "exit"  # captured at packing
    FULL = "full"  # entry and exit


class BarcodeKind(StrEnum):
    GTIN = "gtin"  # EAN-8/13, UPC-A, GTIN-14: check digit verified
    FNSKU = "fnsku"
    SELLER = "seller"
    OWN = "own"  # drawn by the warehouse


class PackLevel(StrEnum):
    """What a scanned code is a code of."""

    EACH = "each"
    INNER = "inner"
    CASE = "case"
    PALLET = "pallet"


class Product(Base):
    """A seller's SKU. One without a barcode of the seller's gets one drawn by the warehouse (BarcodeKind.OWN)."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("owner_id", "sku"),
        UniqueConstraint("owner_id", "id"),
        CheckConstraint("declared_weight_g > 0 AND declared_length_mm > 0 AND declared_width_mm > 0"
                        " AND declared_height_mm > 0", name="declared_positive"),
        CheckConstraint("rotation IN ('fefo', 'fifo', 'lefo')", name="rotation_known"),
        Index("ix_product_sku", "sku"),
        Index("ix_product_owner_updated", "owner_id", "updated_at", "id"),
        Index("ix_product_picture", "picture_id", postgresql_where=text("picture_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[DocumentId]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    sku: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(255))
    name_zh: Mapped[str] = mapped_column(String(255))
    declared_weight_g: Mapped[int] = mapped_column(Integer)
    declared_length_mm: Mapped[int] = mapped_column(Integer)
    declared_width_mm: Mapped[int] = mapped_column(Integer)
    declared_height_mm: Mapped[int] = mapped_column(Integer)
    measured_weight_g: Mapped[int | None] = mapped_column(Integer)
    measured_length_mm: Mapped[int | None] = mapped_column(Integer)
    measured_width_mm: Mapped[int | None] = mapped_column(Integer)
    measured_height_mm: Mapped[int | None] = mapped_column(Integer)
    measured_at: Mapped[Instant | None]
    lot_controlled: Mapped[bool] = mapped_column(Boolean, default=False)
    expiry_controlled: Mapped[bool] = mapped_column(Boolean, default=False)
    pack_photo: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=text("false")
    )  # of each parcel with it
    outbound_days: Mapped[int] = mapped_column(Integer, default=0)  # last sale day = expiry less these days
    rotation: Mapped[str | None] = mapped_column(String(4))  # core.rotation; None: as its seller's
    serial_control: Mapped[str] = mapped_column(String(8), default=SerialControl.NONE.value)
    cargo_attributes: Mapped[list[str]] = mapped_column(ARRAY(String(16)), default=list)  # battery, liquid, fragile …
    velocity_class: Mapped[str] = mapped_column(String(1), default="C")  # pushed down by reports: A, B, C
    temperature: Mapped[str] = mapped_column(String(8), default="ambient")  # ambient | cool | frozen
    dangerous_class: Mapped[str | None] = mapped_column(String(3))  # UN class or division; None: not dangerous
    # customs columns (declared by the seller; the book item is what a bonded warehouse books it under)
    customs_name_zh: Mapped[str | None] = mapped_column(String(255))
    customs_name_en: Mapped[str | None] = mapped_column(String(255))
    hs_code: Mapped[str | None] = mapped_column(String(13))
    origin_country: Mapped[str | None] = mapped_column(String(2))
    declared_value_minor: Mapped[int | None] = mapped_column(Integer)
    declared_currency: Mapped[str | None] = mapped_column(String(3))
    customs_item_number: Mapped[str | None] = mapped_column(String(32))  # 账册项号
    customs_unit: Mapped[str | None] = mapped_column(String(3))
    customs_unit_factor: Mapped[Decimal | None] = mapped_column(Numeric(19, 5))
    picture_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_file.id"))  # what the floor knows it by
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    @property
    def weight_g(self) -> int:
        """The measured weight where there is one, else the declared."""
        return self.measured_weight_g or self.declared_weight_g


class ProductBarcode(Base):
    """A code that means this product, `quantity` base units a scan (a case code counts its content)."""

    __tablename__ = "product_barcode"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        UniqueConstraint("owner_id", "barcode"),
        Index("ix_product_barcode_barcode", "barcode"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("level IN ('each', 'inner', 'case', 'pallet')", name="level_known"),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference] = mapped_column(index=True)
    barcode: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int] = mapped_column(Integer, default=1)
    level: Mapped[str] = mapped_column(String(6), default=PackLevel.EACH.value)
    created_at: Mapped[Instant]
