"""Tables of conversions: bills of materials, the documents that ask for a conversion, and the recipe of each posting."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class KitRecipe(Base):
    """The bill of materials (组套清单) of a seller's product. Never edited: another one ends it and takes its place."""

    __tablename__ = "kit_recipe"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("uq_kit_recipe_current", "product_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_kit_recipe_owner", "owner_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    made_by: Mapped[Reference]
    made_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


class KitPart(Base):
    """So many units of a product in one kit."""

    __tablename__ = "kit_part"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        CheckConstraint("units > 0", name="units_positive"),
    )

    recipe_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("kit_recipe.id"), primary_key=True)
    product_id: Mapped[Reference] = mapped_column(primary_key=True)
    owner_id: Mapped[Reference]
    units: Mapped[int] = mapped_column(Integer)


class Conversion(Base):
    """Goods that are to become other goods. While it is open its goods are promised to it, part by part.

    `owner_id`: whose goods they are; `to_owner_id`: whose they become, where the owner changes. `quantity`: batches wanted
    (units where it is one to one, else kits), `done`: batches posted. `lot_id`, `location_id`, `handling_unit_id` and
    `condition` name the goods; `to_…` what they become. `subject_…`: the document it belongs to, which then decides on it.
    """

    __tablename__ = "conversion"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("ix_conversion_owner", "owner_id", "id"),
        Index("ix_conversion_taker", "to_owner_id", "id", postgresql_where=text("to_owner_id IS NOT NULL")),
        Index("ix_conversion_open", "warehouse_id", postgresql_where=text("state IN ('offered', 'open', 'short')")),
        CheckConstraint("done >= 0 AND done <= quantity AND quantity > 0", name="done_within"),
        CheckConstraint("(kind = 'owner') = (to_owner_id IS NOT NULL)", name="owner_changes"),
        CheckConstraint("(kind IN ('kit', 'unkit')) = (recipe_id IS NOT NULL)", name="kit_by_recipe"),
        CheckConstraint("state <> 'offered' OR kind = 'owner'", name="offered_to_somebody"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[Reference]
    kind: Mapped[str] = mapped_column(String(8))
    recipe_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("kit_recipe.id"))
    product_id: Mapped[Reference]  # what is consumed one to one, or the kit
    to_product_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("product.id"))
    to_owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    condition: Mapped[str] = mapped_column(String(12))
    to_condition: Mapped[str] = mapped_column(String(12))
    lot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("lot.id"))
    location_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("location.id"))
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    to_batch: Mapped[str | None] = mapped_column(String(40))
    to_expires_on: Mapped[date | None] = mapped_column(Date)
    quantity: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str] = mapped_column(String(200), default="")
    subject_kind: Mapped[str | None] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[Reference]
    asked_at: Mapped[Instant]
    agreed_by: Mapped[uuid.UUID | None]
    ended_at: Mapped[Instant | None]


class ConversionPart(Base):
    """Units of a product that one batch consumes or yields; the goods it consumes are promised to it."""

    __tablename__ = "conversion_part"
    __table_args__ = (
        Index("ix_conversion_part_conversion", "conversion_id"),
        CheckConstraint("units > 0", name="units_positive"),
    )

    id: Mapped[DocumentId]
    conversion_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversion.id"))
    is_yield: Mapped[bool] = mapped_column(Boolean)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    units: Mapped[int] = mapped_column(Integer)


class PostingRecipe(Base):
    """By which recipe a posting went through the *conversion* counter-party. Written with it, never changed."""

    __tablename__ = "posting_recipe"
    __table_args__ = (CheckConstraint("batches > 0", name="batches_positive"),)

    posting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_posting.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    batches: Mapped[int] = mapped_column(Integer)


class PostingRecipeLeg(Base):
    """Units of a product in one batch of a posting's recipe."""

    __tablename__ = "posting_recipe_leg"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    posting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("posting_recipe.posting_id"), primary_key=True)
    is_yield: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    units: Mapped[int] = mapped_column(Integer)
