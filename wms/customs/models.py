"""What the clerk records in customs' name: bookings of the bonded book, and decisions on orders."""

from __future__ import annotations

import uuid
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference


class Outcome(StrEnum):
    RELEASED = "released"
    REFUSED = "refused"


class BookReceipt(Base):
    """Customs booked units of an item: the bonded entry list (核注清单) that says so, and who typed it in."""

    __tablename__ = "book_receipt"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "book_item_id", "document"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    book_item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("book_item.id"))
    document: Mapped[str] = mapped_column(String(64))
    quantity: Mapped[int] = mapped_column(BigInteger)
    clerk_id: Mapped[Reference]
    created_at: Mapped[Instant]


class Release(Base):
    """Customs' decision (放行 or 退单) on a subject: an order's declaration list. A subject is released once."""

    __tablename__ = "customs_release"
    __table_args__ = (
        Index("uq_customs_release_subject", "subject_kind", "subject_id", unique=True,
              postgresql_where=text("outcome = 'released'")),
        Index("uq_customs_release_document", "warehouse_id", "document", unique=True,
              postgresql_where=text("outcome = 'released'")),
        Index("ix_customs_release_history", "subject_kind", "subject_id", "created_at"),
        CheckConstraint("(outcome = 'refused') = (reason IS NOT NULL)", name="refused_says_why"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[Reference]
    outcome: Mapped[str] = mapped_column(String(8))
    document: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(120))
    clerk_id: Mapped[Reference]
    created_at: Mapped[Instant]


class ReleaseLine(Base):
    """What was released, and the permit it wrote: the ledger uses the permit up as the goods leave."""

    __tablename__ = "customs_release_line"
    __table_args__ = (
        UniqueConstraint("release_id", "product_id", "book_item_id"),
        UniqueConstraint("permit_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    release_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("customs_release.id"))
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    book_item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("book_item.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    permit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("permit.id"))


class LinkedList(Base):
    """One of the two entry lists of a transfer between bonded warehouses: `out` of one book, `in` to the other, which names
    the first (`linked_to`).
    """

    __tablename__ = "linked_list"
    __table_args__ = (
        UniqueConstraint("order_id", "side"),
        UniqueConstraint("warehouse_id", "document"),
        CheckConstraint("(side = 'in') = (linked_to IS NOT NULL)", name="in_names_out"),
    )

    id: Mapped[DocumentId]
    order_id: Mapped[Reference]
    side: Mapped[str] = mapped_column(String(3))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    document: Mapped[str] = mapped_column(String(64))
    linked_to: Mapped[str | None] = mapped_column(String(64))
    clerk_id: Mapped[Reference]
    created_at: Mapped[Instant]


class SettlementKind(StrEnum):
    """What customs is asked for. Surplus is declared for entry, shortage taxed like a sale, and nothing is adjusted in
    silence; goods may be destroyed under supervision or sent back abroad (reference: bonded customs, section 2.5).
    """

    DUTY = "duty"  # missing goods: taxed as if sold inland (补税)
    ENTRY = "entry"  # goods over: entered in the book after the fact (补报入区)
    DESTRUCTION = "destruction"  # goods over: destroyed under supervision (销毁)
    RETURN_ABROAD = "return_abroad"  # goods over: sent back (退运)


class Settlement(Base):
    """One declaration about goods of one *unaccounted* row. Customs' answers stand in `customs_release`, and the permit."""

    __tablename__ = "customs_settlement"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(state = 'settled') = (posting_id IS NOT NULL)", name="settled_is_posted"),
        Index("ix_customs_settlement_open", "balance_id", postgresql_where=text("state IN ('declared', 'accepted')")),
        Index("ix_customs_settlement_warehouse", "warehouse_id", "declared_at"),
    )

    id: Mapped[DocumentId]
    number: Mapped[str] = mapped_column(String(40))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[Reference]
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    book_item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("book_item.id"))
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    kind: Mapped[str] = mapped_column(String(16))
    quantity: Mapped[int] = mapped_column(Integer)
    serials: Mapped[list[str]] = mapped_column(ARRAY(String(40)), default=list)
    note: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12))
    declared_by: Mapped[Reference]
    declared_at: Mapped[Instant]
    answered_at: Mapped[Instant | None]
    settled_by: Mapped[uuid.UUID | None]
    settled_at: Mapped[Instant | None]
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
