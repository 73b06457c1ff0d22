"""Tables of inbound. A booking's row guards all below it: whoever changes a carton has locked its booking first."""

from __future__ import annotations

import uuid
from datetime import date, time

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference
from wms.platform.listing import indexes_of


class Booking(Base):
    """Pre-stock announced by a seller (入库单). `state` is computed; `own_state` is the seller's own step."""

    __tablename__ = "booking"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("owner_id", "reference"),
        UniqueConstraint("owner_id", "id"),
        Index("ix_booking_board", "warehouse_id", "state"),
        Index("ix_booking_container", "container_number", postgresql_where=text("container_number IS NOT NULL")),
        *indexes_of("booking", ("completed", "cancelled")),
        Index("ix_booking_tracking", "tracking_number", postgresql_where=text("tracking_number IS NOT NULL")),
        Index(
            "uq_booking_transfer",
            "transfer_order_id",
            unique=True,
            postgresql_where=text("transfer_order_id IS NOT NULL"),
        ),
        CheckConstraint("own_state IN ('draft', 'submitted', 'in_transit', 'cancelled')", name="own_state_known"),
        CheckConstraint("counting IN ('guided', 'blind')", name="counting_known"),
        {"postgresql_with": {"fillfactor": "70"}},  # its version moves with every count
    )

    id: Mapped[DocumentId]
    number: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    reference: Mapped[str] = mapped_column(String(50))
    transport: Mapped[str] = mapped_column(String(8))
    expected_on: Mapped[date | None] = mapped_column(Date)
    tracking_number: Mapped[str | None] = mapped_column(String(64))
    container_number: Mapped[str | None] = mapped_column(String(16))
    air_waybill: Mapped[str | None] = mapped_column(String(12))
    remark: Mapped[str] = mapped_column(String(255), default="")
    own_state: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    carton_count: Mapped[int] = mapped_column(Integer)
    dock_cartons: Mapped[int | None] = mapped_column(Integer)  # counted off the lorry, before anything is scanned
    dock_counted_by: Mapped[uuid.UUID | None]
    dock_counted_at: Mapped[Instant | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    submitted_at: Mapped[Instant | None]
    arrived_at: Mapped[Instant | None]  # the first carton
    received_at: Mapped[Instant | None]  # every carton counted or given up
    completed_at: Mapped[Instant | None]
    cancelled_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]  # complete, and nothing that differs waits for anybody
    counting: Mapped[str | None] = mapped_column(
        String(6)
    )  # guided | blind, where the warehouse says it for this booking
    count_blind: Mapped[bool] = mapped_column(
        Boolean, default=False, server_default=text("false")
    )  # its seller asks for it
    # The order of another warehouse that sends it. No key: outbound stands beside.
    transfer_order_id: Mapped[uuid.UUID | None]


class Carton(Base):
    """Carton n of N. It becomes a handling unit when it arrives, under the same barcode."""

    __tablename__ = "carton"
    __table_args__ = (
        UniqueConstraint("booking_id", "number"),
        UniqueConstraint("booking_id", "reference_box_no"),
        UniqueConstraint("barcode"),
        UniqueConstraint("owner_id", "id"),
        ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        Index("ix_carton_box", "warehouse_id", "reference_box_no",
              postgresql_where=text("reference_box_no IS NOT NULL")),
        Index("ix_carton_states", "booking_id", "state"),  # a booking's state is computed from those its cartons are in
        Index("ix_carton_open", "warehouse_id", "state", postgresql_where=text(
            "state IN ('declared', 'arrived', 'counting', 'counted', 'stowing')")),
        Index("ix_carton_handling_unit", "handling_unit_id", postgresql_where=text("handling_unit_id IS NOT NULL")),
        Index("ix_carton_counted_blind", "owner_id",
              postgresql_where=text("counting = 'blind' AND counted_at IS NULL")),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("(state IN ('declared', 'missing')) = (handling_unit_id IS NULL)", name="unit_when_here"),
        CheckConstraint("counting IN ('guided', 'blind')", name="counting_known"),
        CheckConstraint("recount_at IS NULL OR counting IS NOT NULL", name="recounted_blind"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    booking_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    number: Mapped[int] = mapped_column(Integer)
    barcode: Mapped[str] = mapped_column(String(48))
    pallet: Mapped[int | None] = mapped_column(Integer)  # it stands on pallet n of its booking
    reference_box_no: Mapped[str | None] = mapped_column(String(50))
    declared_weight_g: Mapped[int | None] = mapped_column(Integer)
    declared_length_mm: Mapped[int | None] = mapped_column(Integer)
    declared_width_mm: Mapped[int | None] = mapped_column(Integer)
    declared_height_mm: Mapped[int | None] = mapped_column(Integer)
    measured_weight_g: Mapped[int | None] = mapped_column(Integer)
    measured_length_mm: Mapped[int | None] = mapped_column(Integer)
    measured_width_mm: Mapped[int | None] = mapped_column(Integer)
    measured_height_mm: Mapped[int | None] = mapped_column(Integer)
    measured_at: Mapped[Instant | None]
    state: Mapped[str] = mapped_column(String(10))
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    arrived_at: Mapped[Instant | None]
    counted_at: Mapped[Instant | None]
    stowed_at: Mapped[Instant | None]
    counting: Mapped[str | None] = mapped_column(String(6))  # blind from its first count on; guided when opened again
    recount_at: Mapped[Instant | None]  # counted blind and not what was announced: the second count began


class CartonLine(Base):
    """One product in one carton: declared beside received and put away. Nothing declared: it was found there."""

    __tablename__ = "carton_line"
    __table_args__ = (
        UniqueConstraint("carton_id", "product_id"),
        ForeignKeyConstraint(["owner_id", "carton_id"], ["carton.owner_id", "carton.id"]),
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("ix_carton_line_booking", "booking_id", "product_id"),
        CheckConstraint("declared >= 0 AND received_good >= 0 AND received_damaged >= 0", name="not_negative"),
        CheckConstraint("unaccounted >= 0 AND put_away >= 0", name="fate_not_negative"),
        CheckConstraint("put_away + unaccounted <= received_good + received_damaged", name="put_away_within"),
        CheckConstraint(
            "unlabelled BETWEEN 0 AND received_good + received_damaged AND mixed BETWEEN 0 AND"
            " received_good + received_damaged",
            name="found_within",
        ),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[DocumentId]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("booking.id"))
    carton_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    position: Mapped[int] = mapped_column(Integer)
    declared: Mapped[int] = mapped_column(Integer)
    received_good: Mapped[int] = mapped_column(Integer, default=0)
    received_damaged: Mapped[int] = mapped_column(Integer, default=0)
    unaccounted: Mapped[int] = mapped_column(Integer, default=0)  # bonded surplus, outside the carton, part of received
    put_away: Mapped[int] = mapped_column(Integer, default=0)
    unlabelled: Mapped[int] = mapped_column(
        Integer, default=0
    )  # counted without a label of their own, part of received
    mixed: Mapped[int] = mapped_column(Integer, default=0)  # found among other goods, part of received


class AnnouncedLot(Base):
    """Units of a line that a paper announces of one batch, with its days and serial numbers. A line has none, or as many
    units in them as it declares; of some nothing may be said.
    """

    __tablename__ = "announced_lot"
    __table_args__ = (
        UniqueConstraint("carton_line_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("cardinality(serial_numbers) IN (0, quantity)", name="numbers_of_units"),
    )

    id: Mapped[DocumentId]
    # A set of cartons is replaced as a whole, by a release that does not know this table, too.
    carton_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton_line.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    batch: Mapped[str | None] = mapped_column(String(40))
    made_on: Mapped[date | None] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    serial_numbers: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))


class Receipt(Base):
    """What was counted: product, lot, condition, quantity, by whom, and the posting it made. Kept when undone.

    `act_id` binds the rows of one count: a batch, or a bonded count of which a part went to *unaccounted*.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        Index("ix_receipt_carton", "carton_id", "id"),
        Index("ix_receipt_booking", "booking_id", "id"),
        Index("ix_receipt_act", "act_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    act_id: Mapped[Reference]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("booking.id"))
    carton_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton.id"))
    carton_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton_line.id"))
    product_id: Mapped[Reference]
    lot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("lot.id"))
    condition: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int] = mapped_column(Integer)
    is_surplus: Mapped[bool] = mapped_column(Boolean)  # went to *unaccounted*
    finding: Mapped[str | None] = mapped_column(String(12))  # unlabelled | mixed
    posting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_posting.id"))
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))  # the reversing posting
    counted_by: Mapped[Reference]
    counted_at: Mapped[Instant]


class CartonTally(Base):
    """What was counted blind: noted, and posted when the carton is closed. Of two counts the second is what is so; the
    first is kept beside it.
    """

    __tablename__ = "carton_tally"
    __table_args__ = (
        Index("ix_carton_tally_carton", "carton_id", "id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[DocumentId]
    act_id: Mapped[Reference]
    carton_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton.id"))
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    is_second: Mapped[bool] = mapped_column(Boolean)
    condition: Mapped[str] = mapped_column(String(12))
    batch: Mapped[str | None] = mapped_column(String(40))
    expires_on: Mapped[date | None] = mapped_column(Date)
    made_on: Mapped[date | None] = mapped_column(Date)
    finding: Mapped[str | None] = mapped_column(String(12))
    serial_numbers: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    quantity: Mapped[int] = mapped_column(Integer)
    counted_by: Mapped[Reference]
    counted_at: Mapped[Instant]
    is_taken_back: Mapped[bool] = mapped_column(Boolean)


class Difference(Base):
    """What differs from the announcement on one line: at most one row of each kind, as large as it is now.

    It is the seller's to decide from the moment its carton is closed until `due_at`; then the seller's terms decide.
    """

    __tablename__ = "difference"
    __table_args__ = (
        UniqueConstraint("carton_line_id", "kind"),
        Index("ix_difference_booking", "booking_id"),
        Index("ix_difference_due", "due_at", postgresql_where=text("state = 'open'")),
        Index("ix_difference_decided", "booking_id", postgresql_where=text("state = 'decided'")),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("state <> 'open' OR due_at IS NOT NULL", name="open_until"),
        CheckConstraint("state NOT IN ('decided', 'settled') OR decision IS NOT NULL", name="decided_how"),
    )

    id: Mapped[DocumentId]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("booking.id"))
    carton_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton.id"))
    carton_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton_line.id"))
    kind: Mapped[str] = mapped_column(String(12))
    quantity: Mapped[int] = mapped_column(Integer)
    found_by: Mapped[Reference]
    found_at: Mapped[Instant]
    state: Mapped[str] = mapped_column(String(8))
    due_at: Mapped[Instant | None]
    decision: Mapped[str | None] = mapped_column(String(8))
    relabel_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("product.id"))
    remark: Mapped[str] = mapped_column(String(255), default="")
    by_default: Mapped[bool] = mapped_column(Boolean, default=False)
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[Instant | None]
    settled_by: Mapped[uuid.UUID | None]
    settled_at: Mapped[Instant | None]
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))  # goods that went


class InboundTerms(Base):
    """What the operator has agreed with a seller about goods that do not match the paper. No row: `rules.TERMS`."""

    __tablename__ = "inbound_terms"
    __table_args__ = (
        CheckConstraint("decide_hours BETWEEN 1 AND 720", name="hours_sane"),
        CheckConstraint("min_shelf_days BETWEEN 0 AND 3650", name="shelf_sane"),
        CheckConstraint("default_decision IN ('accept', 'return', 'destroy')", name="default_known"),
        CheckConstraint("counting IN ('guided', 'blind')", name="counting_known"),
    )

    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    decide_hours: Mapped[int] = mapped_column(Integer)
    default_decision: Mapped[str] = mapped_column(String(8))
    min_shelf_days: Mapped[int | None] = mapped_column(Integer)
    counting: Mapped[str | None] = mapped_column(String(6))  # of their cartons; None: as the warehouse does
    changed_by: Mapped[Reference]
    changed_at: Mapped[Instant]


class ReceivingRule(Base):
    """How a warehouse counts cartons. No row: guided."""

    __tablename__ = "receiving_rule"
    __table_args__ = (CheckConstraint("counting IN ('guided', 'blind')", name="counting_known"),)

    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"), primary_key=True)
    counting: Mapped[str] = mapped_column(String(6))
    changed_by: Mapped[Reference]
    changed_at: Mapped[Instant]


class InboundFile(Base):
    """A photo taken at the dock, or a paper of the booking (packing list, invoice, customs). The bytes: `stored_file`.
    `product_id`: of which line of the carton. Not the line itself: what is counted blind has none before the close.
    """

    __tablename__ = "inbound_file"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        Index("ix_inbound_file_booking", "booking_id", "id"),
        Index("ix_inbound_file_arrival", "arrival_id", postgresql_where=text("arrival_id IS NOT NULL")),
        CheckConstraint("(booking_id IS NULL) <> (arrival_id IS NULL)", name="of_one_thing"),
        CheckConstraint("(booking_id IS NULL) = (owner_id IS NULL)", name="owned_with_booking"),
        CheckConstraint("product_id IS NULL OR carton_id IS NOT NULL", name="line_of_carton"),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[uuid.UUID | None]
    booking_id: Mapped[uuid.UUID | None]
    carton_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("carton.id"))
    product_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("product.id"))
    arrival_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unidentified_arrival.id"))
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(255), default="")
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    added_by: Mapped[Reference]
    added_at: Mapped[Instant]


class UnidentifiedArrival(Base):
    """Something arrived that no booking announces. It waits at the dock, outside stock, until somebody knows it."""

    __tablename__ = "unidentified_arrival"
    __table_args__ = (
        Index("ix_unidentified_open", "warehouse_id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_unidentified_code", "code", postgresql_where=text("closed_at IS NULL")),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_when"),
        CheckConstraint("state <> 'claimed' OR claimed_owner_id IS NOT NULL", name="claimed_by"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    code: Mapped[str] = mapped_column(String(80))  # what its label says: a waybill, a foreign code
    remark: Mapped[str] = mapped_column(String(255))
    registered_by: Mapped[Reference]
    registered_at: Mapped[Instant]
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    claimed_owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    claim_note: Mapped[str] = mapped_column(String(255), default="")
    claimed_at: Mapped[Instant | None]
    outcome: Mapped[str | None] = mapped_column(String(10))  # claimed | sent_back | destroyed
    booking_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("booking.id"))  # claimed by
    closed_by: Mapped[uuid.UUID | None]
    closed_at: Mapped[Instant | None]


class DockHours(Base):
    """When a dock takes lorries on one weekday (0 is Monday), by the warehouse's clock. A dock without a row: at any time."""

    __tablename__ = "dock_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_known"),
        CheckConstraint("opens < closes OR closes = '00:00'", name="closes_later"),
    )

    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)  # 00:00 is the end of the day


class DockAppointment(Base):
    """A dock is kept free for a booking's lorry from then to then. The dock's row guards its calendar."""

    __tablename__ = "dock_appointment"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        Index("uq_dock_appointment_booking", "booking_id", unique=True, postgresql_where=text("state = 'booked'")),
        Index("ix_dock_appointment_calendar", "location_id", "starts_at"),
        Index("ix_dock_appointment_day", "warehouse_id", "starts_at"),
        CheckConstraint("starts_at < ends_at", name="ends_later"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    location_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("location.id"))
    owner_id: Mapped[Reference]
    booking_id: Mapped[Reference]
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    state: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(String(120), default="")
    made_by: Mapped[Reference]
    made_at: Mapped[Instant]


class Measurement(Base):
    """One unit of a product measured at receipt, beside what was declared then. The newest counts (`product`)."""

    __tablename__ = "measurement"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("ix_measurement_product", "product_id", "id"),
        Index("ix_measurement_deviating", "owner_id", "id", postgresql_where=text("deviates")),
    )

    id: Mapped[DocumentId]
    owner_id: Mapped[Reference]
    product_id: Mapped[Reference]
    carton_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton.id"))
    declared_weight_g: Mapped[int] = mapped_column(Integer)
    declared_length_mm: Mapped[int] = mapped_column(Integer)
    declared_width_mm: Mapped[int] = mapped_column(Integer)
    declared_height_mm: Mapped[int] = mapped_column(Integer)
    weight_g: Mapped[int] = mapped_column(Integer)
    length_mm: Mapped[int] = mapped_column(Integer)
    width_mm: Mapped[int] = mapped_column(Integer)
    height_mm: Mapped[int] = mapped_column(Integer)
    deviates: Mapped[bool] = mapped_column(Boolean)
    measured_by: Mapped[Reference]
    measured_at: Mapped[Instant]


class SamplingPlan(Base):
    """Which cartons are looked into before their goods are put away (抽检方案). The narrowest plan of a product counts."""

    __tablename__ = "sampling_plan"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "product_id"], ["product.owner_id", "product.id"]),
        Index("ix_sampling_plan_active", "warehouse_id", postgresql_where=text("is_active")),
        CheckConstraint("first_receipts >= 0 AND sample_units > 0 AND (every_nth IS NULL OR every_nth > 0)",
                        name="numbers_sane"),
        CheckConstraint("first_receipts > 0 OR every_nth IS NOT NULL", name="draws_something"),
        CheckConstraint("product_id IS NULL OR owner_id IS NOT NULL", name="product_of_owner"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))  # None: every seller
    product_id: Mapped[uuid.UUID | None]  # None: every product
    first_receipts: Mapped[int] = mapped_column(Integer)  # the first so many cartons of a product
    every_nth: Mapped[int | None] = mapped_column(Integer)  # and every n-th
    sample_units: Mapped[int] = mapped_column(Integer)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    made_by: Mapped[Reference]
    made_at: Mapped[Instant]


class SamplingCount(Base):
    """How many cartons of a product a plan has seen."""

    __tablename__ = "sampling_count"

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sampling_plan.id"), primary_key=True)
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    seen: Mapped[int] = mapped_column(Integer)


class Inspection(Base):
    """A product of a closed carton that is looked into. Its carton is held and not put away while one is open."""

    __tablename__ = "inspection"
    __table_args__ = (
        ForeignKeyConstraint(["owner_id", "booking_id"], ["booking.owner_id", "booking.id"]),
        Index("ix_inspection_carton", "carton_id"),
        Index("ix_inspection_open", "warehouse_id", postgresql_where=text("state = 'open'")),
        CheckConstraint("failed BETWEEN 0 AND quantity", name="failed_within"),
        CheckConstraint("(state = 'failed') = (failed > 0)", name="failed_some"),
    )

    id: Mapped[DocumentId]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sampling_plan.id"))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[Reference]
    booking_id: Mapped[Reference]
    carton_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carton.id"))
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("product.id"))
    hold_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stock_hold.id"))
    quantity: Mapped[int] = mapped_column(Integer)  # good units of it in the carton
    sample: Mapped[int] = mapped_column(Integer)  # how many of them are to be looked at
    state: Mapped[str] = mapped_column(String(8))
    failed: Mapped[int] = mapped_column(Integer, default=0)
    condition: Mapped[str | None] = mapped_column(String(12))  # what those that failed are now
    remark: Mapped[str] = mapped_column(String(255), default="")
    posting_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stock_posting.id"))
    drawn_at: Mapped[Instant]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[Instant | None]
