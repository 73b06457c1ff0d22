"""Tables of designs. A *design* restyles one kind of label at one size, for the house or for one seller.

Its versions are never changed: saving adds one, restoring adds a copy of an old one, publishing chooses the one that
labels are drawn with. A design without a published version leaves the built-in template in force.
"""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, Data, DocumentId, Instant, Reference


class LabelDesign(Base):
    """One kind (of `labels.KINDS`) at one size; `owner_id` None is the house's, for every seller without their own."""

    __tablename__ = "label_design"
    __table_args__ = (
        Index("uq_label_design_place", "kind", "width_mm", "height_mm", "owner_id", unique=True,
              postgresql_nulls_not_distinct=True),
        CheckConstraint("width_mm BETWEEN 20 AND 300 AND height_mm BETWEEN 20 AND 300", name="size"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    kind: Mapped[str] = mapped_column(String(32))
    width_mm: Mapped[float]
    height_mm: Mapped[float]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    newest: Mapped[int] = mapped_column(Integer)  # the number of its newest version
    published: Mapped[int | None] = mapped_column(Integer)  # the number of the one in force
    created_at: Mapped[Instant]

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.width_mm, self.height_mm


class LabelDesignVersion(Base):
    """What a design was at one time: a template as JSON (`labels.template_data`), its pictures by their SHA-256."""

    __tablename__ = "label_design_version"
    __table_args__ = (
        UniqueConstraint("design_id", "number"),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[DocumentId]
    design_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("label_design.id"))
    number: Mapped[int] = mapped_column(Integer)
    data: Mapped[Data]
    note: Mapped[str | None] = mapped_column(String(120))
    restored_from: Mapped[int | None] = mapped_column(Integer)
    made_by: Mapped[Reference]
    made_at: Mapped[Instant]
    published_by: Mapped[uuid.UUID | None]
    published_at: Mapped[Instant | None]  # the last time


class LabelPicture(Base):
    """A logo, stored once however many versions show it. Checked before it comes in (`labels.images.check_image`)."""

    __tablename__ = "label_picture"
    __table_args__ = (CheckConstraint(text("octet_length(content) BETWEEN 1 AND 1000000"), name="size"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
