"""Stock tables. Only `wms.inventory` writes them; `wms.inventory.ledger.post` is the only way stock changes.

Meanings: DESIGN.md section 4. A *balance* is a quantity now; a *move* is a quantity from one end to another; a
*posting* is the atomic set of moves that one command made. Counter-parties have no balance.
"""

from __future__ import annotations

import uuid
from datetime import date
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wms.inventory import following  # noqa: F401 - the tables of the parts below: who has the models has them all
from wms.inventory.adjusting import models as _adjusting  # noqa: F401
from wms.inventory.converting import models as _converting  # noqa: F401
from wms.inventory.counting import models as _counting  # noqa: F401
from wms.inventory.layers import models as _layers  # noqa: F401
from wms.inventory.relocating import models as _relocating  # noqa: F401
from wms.inventory.replenishment import models as _replenishment  # noqa: F401
from wms.platform.database import Base, DocumentId, Instant, Reference


class Condition(StrEnum):
    """Quality (品质). Only *good* sells. The operator's grades come beside these four."""

    GOOD = "good"
    DAMAGED = "damaged"
    INSPECT = "inspect"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"


class CustomsStatus(StrEnum):
    NONE = "none"  # outside bonded warehouses
    BONDED = "bonded"  # duty suspended
    DUTY_PAID_RETURNED = "duty_paid_returned"


PROMISABLE_STATUSES = frozenset({CustomsStatus.NONE, CustomsStatus.BONDED})


class CounterParty(StrEnum):
    """The other end of a move, without a balance."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    ADJUSTMENT = "adjustment"
    SCRAP = "scrap"
    TRANSIT = "transit"
    CONVERSION = "conversion"


class Lot(Base):
    """Only what a person can read on the goods: batch and expiry."""

    __tablename__ = "lot"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index(
            "uq_lot_text",
            "product_id",
            "batch",
            "expires_on",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    batch: Mapped[str | None] = mapped_column(String(40))
    expires_on: Mapped[date | None] = mapped_column(Date)
    made_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[Instant]


class BookItem(Base):
    """A line of a bonded warehouse's electronic book (账册项号), as far as stock needs it; base units.

    Physical bonded stock of the item = booked + unbooked, over all owners. Available to promise = booked -
    pre_deducted - promised. `promised` stays until the goods have left the zone: the book is not free before.
    """

    __tablename__ = "book_item"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "item_number"),
        CheckConstraint("booked >= 0 AND unbooked >= 0 AND pre_deducted >= 0 AND promised >= 0", name="not_negative"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    item_number: Mapped[str] = mapped_column(String(32))
    booked: Mapped[int] = mapped_column(BigInteger, default=0)
    unbooked: Mapped[int] = mapped_column(BigInteger, default=0)  # received or surplus, not yet booked by customs
    pre_deducted: Mapped[int] = mapped_column(BigInteger, default=0)
    promised: Mapped[int] = mapped_column(BigInteger, default=0)
    booked_at: Mapped[Instant | None]  # first booking: from then on its stock may be sold
    created_at: Mapped[Instant]


def nothing_as_id(column: str) -> str:
    """An id that may be missing, as the unique key of stock has it."""
    return f"coalesce({column}, '00000000-0000-0000-0000-000000000000'::uuid)"


class Balance(Base):
    """Quantity now, by the balance key (law 3). Written by postings and claims only; CHECKs are the last guard."""

    __tablename__ = "balance"
    __table_args__ = (
        # Nothing is a value in it (`nothing_as_id`): so a row is one look by its whole key. `IS NOT DISTINCT FROM` cannot
        # enter an index, and would read every parcel's row of a product at a bench to find one.
        Index(
            "uq_balance_key", "warehouse_id", "product_id", "location_id", "owner_id",
            *(text(nothing_as_id(name)) for name in ("lot_id", "book_item_id", "handling_unit_id")),
            "condition", "customs_status", unique=True,
        ),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        # One look instead of two, and a stricter one: the place is of this warehouse.
        ForeignKeyConstraint(["warehouse_id", "location_id"], ["location.warehouse_id", "location.id"]),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("allocated >= 0 AND allocated <= on_hand", name="allocated_within"),
        Index("ix_balance_location", "location_id"),
        Index("ix_balance_handling_unit", "handling_unit_id", postgresql_where=text("handling_unit_id IS NOT NULL")),
        Index("ix_balance_lot", "lot_id", postgresql_where=text("lot_id IS NOT NULL")),
        Index("ix_balance_unfit", "owner_id", "product_id", "warehouse_id", postgresql_where=text("is_unfit")),
        # What is there, beside rows of years that are empty: every parcel and tote, every carton at the dock left some.
        Index("ix_balance_there", "id", postgresql_where=text("is_there")),
        Index("ix_balance_there_product", "product_id", "warehouse_id", postgresql_where=text("is_there")),
        Index("ix_balance_there_location", "location_id", postgresql_where=text("is_there")),
        Index("ix_balance_there_unit", "handling_unit_id",
              postgresql_where=text("is_there AND handling_unit_id IS NOT NULL")),
        {"postgresql_with": {"fillfactor": "70"}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    lot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("lot.id"))
    book_item_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("book_item.id"))
    location_id: Mapped[Reference]
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    condition: Mapped[str] = mapped_column(String(12))
    customs_status: Mapped[str] = mapped_column(String(20))
    on_hand: Mapped[int] = mapped_column(Integer, default=0)
    allocated: Mapped[int] = mapped_column(Integer, default=0)
    is_sellable: Mapped[bool] = mapped_column(Boolean)  # the property of section 4, kept by postings, holds, day job
    # What is not empty: who looks for goods says so, and `on_hand` may change without any index being written.
    is_there: Mapped[bool] = mapped_column(Boolean, Computed("on_hand > 0", persisted=True))
    held_by: Mapped[int] = mapped_column(Integer, default=0)  # number of open holds on this row
    # What the sums of a summary do not tell apart; the same for few rows.
    is_unfit: Mapped[bool] = mapped_column(
        Boolean, Computed("on_hand > 0 AND (held_by > 0 OR condition <> 'good')", persisted=True)
    )
    oldest_at: Mapped[Instant | None]  # when the oldest goods here were put away; steers FIFO


class Summary(Base):
    """What is there per (warehouse, owner, product, customs status, book item): on hand is sellable + staged + aside
    (`rules.figure_of`). Free = sellable - promised.
    """

    __tablename__ = "summary"
    __table_args__ = (
        Index("uq_summary_key", "warehouse_id", "owner_id", "product_id", "customs_status", "book_item_id",
              unique=True, postgresql_nulls_not_distinct=True),
        CheckConstraint("sellable >= 0", name="sellable_not_negative"),
        CheckConstraint("promised >= 0", name="promised_not_negative"),
        CheckConstraint("staged >= 0", name="staged_not_negative"),
        CheckConstraint("aside >= 0", name="aside_not_negative"),
        {"postgresql_with": {"fillfactor": "70"}},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    customs_status: Mapped[str] = mapped_column(String(20))
    book_item_id: Mapped[uuid.UUID | None]
    sellable: Mapped[int] = mapped_column(Integer, default=0)
    promised: Mapped[int] = mapped_column(Integer, default=0)
    staged: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    aside: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))


class Posting(Base):
    """The atomic set of moves of one command. `key` is unique for ever: the same command never posts twice."""

    __tablename__ = "stock_posting"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "key"),
        Index("ix_stock_posting_subject", "subject_kind", "subject_id"),
        Index(
            "uq_stock_posting_reverses",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    key: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(24))
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[Reference | None]
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[Reference]
    reverses_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
    business_date: Mapped[date] = mapped_column(Date)
    created_at: Mapped[Instant]


class Move(Base):
    """From → to, quantity > 0. Each end is a balance or a counter-party; never edited, never deleted."""

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(from_balance_id IS NULL) <> (from_party IS NULL)", name="one_source"),
        CheckConstraint("(to_balance_id IS NULL) <> (to_party IS NULL)", name="one_target"),
        CheckConstraint("from_balance_id IS NOT NULL OR to_balance_id IS NOT NULL", name="touches_stock"),
        CheckConstraint("from_balance_id IS DISTINCT FROM to_balance_id", name="goes_somewhere"),
        CheckConstraint("NOT crosses_bond OR permit_id IS NOT NULL", name="permit_at_the_gate"),
        Index("ix_stock_move_posting", "posting_id"),
        Index(
            "ix_stock_move_from",
            "from_balance_id",
            "id",
            postgresql_where=text("from_balance_id IS NOT NULL"),
        ),
        Index("ix_stock_move_to", "to_balance_id", "id", postgresql_where=text("to_balance_id IS NOT NULL")),
        # With all that the stock of a past moment is counted from: a month of a product lies on few pages of the index, where
        # each of its moves lies on a page of its own in the table.
        Index(
            "ix_stock_move_history",
            "owner_id",
            "product_id",
            "id",
            postgresql_include=["warehouse_id", "created_at", "from_balance_id", "to_balance_id", "quantity"],
        ),
        Index("ix_stock_move_lot", "lot_id", "id", postgresql_where=text("lot_id IS NOT NULL")),  # recalls
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    posting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_posting.id"))
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    lot_id: Mapped[uuid.UUID | None]
    book_item_id: Mapped[uuid.UUID | None]
    from_balance_id: Mapped[int | None] = mapped_column(ForeignKey("balance.id"))
    from_party: Mapped[str | None] = mapped_column(String(12))
    to_balance_id: Mapped[int | None] = mapped_column(ForeignKey("balance.id"))
    to_party: Mapped[str | None] = mapped_column(String(12))
    quantity: Mapped[int] = mapped_column(Integer)
    permit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("permit.id"))
    crosses_bond: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[Instant]


class Promise(Base):
    """Order-level claim (占用) on a summary row for one demand. `open_quantity` falls as it is picked or released."""

    __tablename__ = "promise"
    __table_args__ = (
        CheckConstraint("open_quantity >= 0 AND open_quantity <= quantity AND quantity > 0", name="open_within"),
        Index("ix_promise_subject", "subject_kind", "subject_id"),
        Index("ix_promise_open", "summary_id", "created_at", postgresql_where=text("open_quantity > 0")),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    summary_id: Mapped[int] = mapped_column(ForeignKey("summary.id"))
    subject_kind: Mapped[str] = mapped_column(String(24))  # demand, transfer …
    subject_id: Mapped[Reference]
    kind: Mapped[str] = mapped_column(String(8))  # pool | pinned
    claims_sellable: Mapped[bool] = mapped_column(Boolean)  # False: pinned to rows that do not sell (damaged …)
    book_item_id: Mapped[uuid.UUID | None]
    book_quantity: Mapped[int] = mapped_column(Integer, default=0)  # still claimed on the book: not yet left the zone
    priority: Mapped[int] = mapped_column(Integer, default=0)
    quantity: Mapped[int] = mapped_column(Integer)
    open_quantity: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Instant]


class Allocation(Base):
    """Bin-level claim (分配) on one balance. Without a promise it is an internal reservation (replenishment, move)."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("open_quantity >= 0 AND open_quantity <= quantity AND quantity > 0", name="open_within"),
        CheckConstraint("(promise_id IS NULL) <> (purpose IS NULL)", name="promise_or_purpose"),
        Index("ix_allocation_balance", "balance_id", postgresql_where=text("open_quantity > 0")),
        Index("ix_allocation_promise", "promise_id", postgresql_where=text("promise_id IS NOT NULL")),
        Index("ix_allocation_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"))
    promise_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("promise.id"))
    purpose: Mapped[str | None] = mapped_column(String(16))  # replenishment | relocation
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[Reference]
    quantity: Mapped[int] = mapped_column(Integer)
    open_quantity: Mapped[int] = mapped_column(Integer)
    broken_quantity: Mapped[int] = mapped_column(Integer, default=0)  # taken away by a loss
    created_at: Mapped[Instant]


class AwaitedStock(Base):
    """Somebody upstairs waits for stock of this product; the ledger announces when some comes."""

    __tablename__ = "awaited_stock"

    warehouse_id: Mapped[Reference] = mapped_column(primary_key=True)
    owner_id: Mapped[Reference] = mapped_column(primary_key=True)
    product_id: Mapped[Reference] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    subject_id: Mapped[Reference] = mapped_column(primary_key=True)
    since: Mapped[Instant]
    at_pick: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=text("false")
    )  # goods come to its face


class HoldScope(StrEnum):
    LOT = "lot"
    LOCATION = "location"
    HANDLING_UNIT = "handling_unit"
    SERIAL = "serial"
    PRODUCT = "product"
    BALANCE = "balance"  # a bin in doubt: this row only


class Hold(Base):
    """Stock hold (冻结) on everything in its scope, now and later. Open while `ended_at` is empty."""

    __tablename__ = "stock_hold"
    __table_args__ = (
        Index("ix_stock_hold_key", "warehouse_id", "scope_key", postgresql_where=text("ended_at IS NULL")),
        Index("ix_stock_hold_to_begin", "begins_at", postgresql_where=text("ended_at IS NULL AND NOT has_begun")),
        Index("ix_stock_hold_to_end", "ends_at", postgresql_where=text("ended_at IS NULL AND ends_at IS NOT NULL")),
        CheckConstraint("ends_at IS NULL OR ends_at > coalesce(begins_at, created_at)", name="ends_after_it_begins"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[uuid.UUID | None]  # None: whoever's goods (a location)
    scope: Mapped[str] = mapped_column(String(16))
    scope_key: Mapped[str] = mapped_column(String(64))  # the scope's id as text
    reason: Mapped[str] = mapped_column(String(32))
    note: Mapped[str | None] = mapped_column(String(255))
    placed_by: Mapped[Reference]
    begins_at: Mapped[Instant | None]  # None: at once
    ends_at: Mapped[Instant | None]  # when it ends by itself; None: when somebody ends it
    has_begun: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[uuid.UUID | None]


class HeldBalance(Base):
    """Which rows an open hold holds; `balance.held_by` counts these."""

    __tablename__ = "held_balance"

    hold_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_hold.id"), primary_key=True)
    balance_id: Mapped[int] = mapped_column(ForeignKey("balance.id"), primary_key=True, index=True)


class Permit(Base):
    """Customs' leave (出区凭证) for bonded stock to go. Only `customs` writes `quantity`; the ledger uses it up."""

    __tablename__ = "permit"
    __table_args__ = (
        CheckConstraint("used >= 0 AND used <= quantity AND quantity > 0", name="used_within"),
        Index("ix_permit_subject", "subject_kind", "subject_id"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    # release | processing | destruction | return_abroad | settlement | back_into_bond
    kind: Mapped[str] = mapped_column(String(24))
    document: Mapped[str] = mapped_column(String(64))
    subject_kind: Mapped[str] = mapped_column(String(24))
    subject_id: Mapped[Reference]
    product_id: Mapped[Reference]
    book_item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("book_item.id"))
    quantity: Mapped[int] = mapped_column(Integer)
    used: Mapped[int] = mapped_column(Integer, default=0)
    withdrawn_at: Mapped[Instant | None]  # its subject was cancelled: what is unused may not be used any more
    created_at: Mapped[Instant]


class Serial(Base):
    """A serial number of a product under serial control. For full control it names its balance."""

    __tablename__ = "serial"
    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("ix_serial_balance", "balance_id", postgresql_where=text("balance_id IS NOT NULL")),
        Index("ix_serial_number", "number"),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(8))  # in_stock | shipped | void
    balance_id: Mapped[int | None] = mapped_column(ForeignKey("balance.id"))
    subject_kind: Mapped[str | None] = mapped_column(String(24))
    subject_id: Mapped[uuid.UUID | None]
    created_at: Mapped[Instant]


class SerialMove(Base):
    """Which numbers a posting moved, from row to row or from or to outside (None). Never edited, never deleted."""

    __tablename__ = "serial_move"
    __table_args__ = (
        CheckConstraint("from_balance_id IS NOT NULL OR to_balance_id IS NOT NULL", name="touches_stock"),
        Index("ix_serial_move_posting", "posting_id"),
        Index("ix_serial_move_serial", "serial_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    posting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_posting.id"))
    serial_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("serial.id"))
    from_balance_id: Mapped[int | None] = mapped_column(ForeignKey("balance.id"))
    to_balance_id: Mapped[int | None] = mapped_column(ForeignKey("balance.id"))
