"""Tables of value-added services. What a service costs is not said here: charges are made from its event."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class Work(StrEnum):
    """What hands do; groups the catalogue and the floor's list."""

    LABEL = "label"  # 贴标 / 换标
    PHOTO = "photo"  # 拍照
    PACK = "pack"  # 换包装, 加固
    KIT = "kit"  # 组套 / 拆套
    SPLIT = "split"  # 分箱
    COUNT = "count"  # 清点
    CHECK = "check"  # 质检
    OTHER = "other"


class Unit(StrEnum):
    """In what its quantity is counted, and later charged."""

    UNIT = "unit"
    CARTON = "carton"
    PALLET = "pallet"
    REQUEST = "request"


class Effect(StrEnum):
    """What the book does when it is done: nothing, or a conversion of that kind."""

    NONE = "none"
    RELABEL = "relabel"
    GRADE = "grade"
    KIT = "kit"
    UNKIT = "unkit"


class ProofKind(StrEnum):
    PHOTO = "photo"
    COUNT = "count"
    WEIGHT = "weight"  # in g


class AddedService(Base):
    """One entry of the operator's catalogue, in both languages. It ends by not being active; requests keep theirs."""

    __tablename__ = "added_service"
    __table_args__ = (
        Index("uq_added_service_for_differences", "for_differences", unique=True,
              postgresql_where=text("for_differences AND is_active")),
        CheckConstraint("NOT for_differences OR effect = 'none'", name="differences_convert"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    code: Mapped[str] = mapped_column(String(24), unique=True)
    name_en: Mapped[str] = mapped_column(String(80))
    name_zh: Mapped[str] = mapped_column(String(80))
    about_en: Mapped[str] = mapped_column(String(400), default="")
    about_zh: Mapped[str] = mapped_column(String(400), default="")
    work: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(String(10))
    effect: Mapped[str] = mapped_column(String(10))
    proofs: Mapped[list[str]] = mapped_column(ARRAY(String(8)), default=list)
    asks_first: Mapped[bool] = mapped_column(Boolean, default=True)  # the operator accepts or rejects each request
    for_differences: Mapped[bool] = mapped_column(Boolean, default=False)  # follows from the decision to relabel
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    changed_by: Mapped[Reference]
    changed_at: Mapped[Instant]


class ServiceRequest(Base):
    """A service asked for: of a product, a container, or (`subject_…`) a carton of a booking or a difference.

    `quantity` in the service's unit, `done` so far; `conversion_id` keeps its goods where the book will change.
    """

    __tablename__ = "service_request"
    __table_args__ = (
        Index("ix_service_request_owner", "owner_id", "id"),
        Index("ix_service_request_open", "warehouse_id", "id",
              postgresql_where=text("state IN ('requested', 'accepted', 'working')")),
        Index("ix_service_request_subject", "subject_kind", "subject_id",
              postgresql_where=text("subject_id IS NOT NULL")),
        CheckConstraint("quantity > 0 AND done >= 0 AND done <= quantity", name="done_within"),
        CheckConstraint("product_id IS NOT NULL OR handling_unit_id IS NOT NULL OR subject_id IS NOT NULL",
                        name="about_something"),
        CheckConstraint("state <> 'working' OR worker_id IS NOT NULL", name="somebody_works"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("added_service.id"))
    product_id: Mapped[uuid.UUID | None]
    to_product_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("product.id"))
    location_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("location.id"))
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    conversion_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("conversion.id"))
    subject_kind: Mapped[str | None] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID | None]
    quantity: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str] = mapped_column(String(400), default="")  # what the seller wants
    answer: Mapped[str] = mapped_column(String(400), default="")  # what the warehouse says to it
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(Integer, default=1)
    asked_by: Mapped[Reference]
    asked_at: Mapped[Instant]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[Instant | None]
    worker_id: Mapped[uuid.UUID | None]
    begun_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]


class ServiceProof(Base):
    """What shows that it was done: a photo, a number counted, a weight in g."""

    __tablename__ = "service_proof"
    __table_args__ = (
        Index("ix_service_proof_request", "request_id", "id"),
        CheckConstraint("(kind = 'photo') = (file_id IS NOT NULL)", name="photo_is_kept"),
        CheckConstraint("(kind = 'photo') = (value IS NULL)", name="value_or_photo"),
        CheckConstraint("value >= 0", name="value_not_negative"),
    )

    id: Mapped[DocumentId]
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service_request.id"))
    kind: Mapped[str] = mapped_column(String(8))
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    name: Mapped[str] = mapped_column(String(120), default="")
    value: Mapped[int | None] = mapped_column(Integer)
    added_by: Mapped[Reference]
    added_at: Mapped[Instant]
