"""Tables of shipping. A *shipment* is one carrier transaction and groups the parcels of a consignment.

Shipping knows what it ships only as (subject kind, subject id): an order, a return to the seller.
"""

from __future__ import annotations

import uuid
from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, Data, DocumentId, Instant, Reference


class NumberScheme(StrEnum):
    PLAIN = "plain"  # prefix, ten digits, MOD 37,36 check character
    S10 = "s10"  # UPU S10: two letters, eight digits, check digit, country
    SSCC = "sscc"  # GS1 serial shipping container code


class NumberAt(StrEnum):
    """When a service's waybill number is drawn (DESIGN.md section 4, *Waybill*)."""

    PROMISE = "promise"
    WAVE = "wave"
    PACK = "pack"


class ShipmentState(StrEnum):
    OPEN = "open"
    NUMBERED = "numbered"
    LABELLED = "labelled"
    HANDED_OVER = "handed_over"
    VOIDED = "voided"


class ParcelState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    HANDED_OVER = "handed_over"
    VOIDED = "voided"


class ManifestState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class BagKind(StrEnum):
    BAG = "bag"
    PALLET = "pallet"


class BagState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"  # weighed, with its label on it
    LOADED = "loaded"
    DROPPED = "dropped"  # its last parcel was taken out: its number is never used again


class TaskAction(StrEnum):
    """What a remote carrier is asked to do."""

    CREATE = "create"
    VOID = "void"
    MANIFEST = "manifest"
    COLLECT = "collect"  # order a lorry
    CALL_OFF = "call_off"  # the lorry need not come


class TaskState(StrEnum):
    WAITING = "waiting"  # for its turn, or for the carrier to answer again
    ASKING = "asking"  # from now on the carrier may have done it, whatever became of us
    DONE = "done"
    REFUSED = "refused"  # the carrier, or our check of what it sent, said no: a person looks
    FAILED = "failed"  # it did not answer as often as we try: a person looks
    DROPPED = "dropped"  # nobody wants it any more


class QuoteState(StrEnum):
    WANTED = "wanted"  # asked, or about to be; the order waits until `until`
    QUOTED = "quoted"
    REFUSED = "refused"  # the carrier does not take these goods with this service
    SILENT = "silent"  # no answer in time, or none that can be used


class CollectionState(StrEnum):
    WANTED = "wanted"  # the carrier is asked
    CONFIRMED = "confirmed"  # it comes
    REFUSED = "refused"  # it says no
    CALLING_OFF = "calling_off"  # not wanted any more; the carrier is told
    CALLED_OFF = "called_off"
    COLLECTED = "collected"  # it came
    MISSED = "missed"  # it did not


class Carrier(Base):
    """Who carries. `kind` names the connection (`carriers/`); `capabilities` are data (`carriers/interface.py`)."""

    __tablename__ = "carrier"

    id: Mapped[DocumentId]
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(16))
    capabilities: Mapped[Data]
    number_format: Mapped[str | None] = mapped_column(String(16))  # of `number_formats`: what its numbers look like
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]


class NumberRange(Base):
    """Numbers a carrier gave us, drawn in blocks (gaps allowed, never twice). Serials are a closed range."""

    __tablename__ = "number_range"
    __table_args__ = (
        CheckConstraint("first_serial >= 0 AND last_serial >= first_serial AND low_water >= 0", name="serials"),
        Index("ix_number_range_carrier", "carrier_id", "created_at"),
    )

    id: Mapped[DocumentId]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    scheme: Mapped[str] = mapped_column(String(8))
    prefix: Mapped[str] = mapped_column(String(12))
    country: Mapped[str | None] = mapped_column(String(2))  # S10
    extension: Mapped[int | None] = mapped_column(Integer)  # SSCC
    first_serial: Mapped[int] = mapped_column(BigInteger)
    last_serial: Mapped[int] = mapped_column(BigInteger)
    low_water: Mapped[int] = mapped_column(BigInteger)  # announce when fewer are left
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]


class Service(Base):
    """What a seller chooses. `warehouse_id` None: every warehouse offers it."""

    __tablename__ = "service"
    __table_args__ = (
        Index("uq_service_code", "code", "warehouse_id", unique=True, postgresql_nulls_not_distinct=True),
        CheckConstraint("label_width_mm > 0 AND label_height_mm > 0", name="label_size"),
    )

    id: Mapped[DocumentId]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    code: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(40))
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouse.id"))
    number_at: Mapped[str] = mapped_column(String(8))
    label_width_mm: Mapped[int] = mapped_column(Integer, default=100)
    label_height_mm: Mapped[int] = mapped_column(Integer, default=150)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[Instant]


class Shipment(Base):
    """One carrier transaction for one subject. A subject has at most one that is not voided."""

    __tablename__ = "shipment"
    __table_args__ = (
        Index("uq_shipment_subject", "subject_kind", "subject_id", unique=True,
              postgresql_where=text("state <> 'voided'")),
        Index("ix_shipment_owner", "owner_id", "created_at", "id"),
        Index("ix_shipment_warehouse", "warehouse_id", "created_at", "id"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("seller.id"))
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[Reference]
    state: Mapped[str] = mapped_column(String(12))
    void_reason: Mapped[str | None] = mapped_column(String(64))
    choice: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # why this service: `service/choices.py`
    created_at: Mapped[Instant]
    handed_over_at: Mapped[Instant | None]
    voided_at: Mapped[Instant | None]


class Manifest(Base):
    """The list a driver signs (交接单). One is open per warehouse, carrier and dock; without docks one per carrier."""

    __tablename__ = "manifest"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "number"),
        Index("ix_manifest_newest", "warehouse_id", "created_at"),
        Index("uq_manifest_open_at", "warehouse_id", "carrier_id", "dock_id", unique=True,
              postgresql_nulls_not_distinct=True, postgresql_where=text("state = 'open'")),
        ForeignKeyConstraint(["warehouse_id", "dock_id"], ["location.warehouse_id", "location.id"]),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    dock_id: Mapped[uuid.UUID | None]  # where its lorry stands
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[uuid.UUID | None]


class Bag(Base):
    """Parcels of one service that are closed, weighed and loaded together (集包); decision 083. `weight_g`: gross, by the
    scale; less what was taken out of it on the load.
    """

    __tablename__ = "bag"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "number"),
        UniqueConstraint("warehouse_id", "barcode"),
        Index("ix_bag_here", "warehouse_id", "created_at", postgresql_where=text("state IN ('open', 'closed')")),
        Index("ix_bag_manifest", "manifest_id", postgresql_where=text("manifest_id IS NOT NULL")),
        CheckConstraint("weight_g > 0", name="weight_positive"),
        CheckConstraint("state NOT IN ('closed', 'loaded') OR (weight_g IS NOT NULL AND closed_at IS NOT NULL)",
                        name="closed_is_weighed"),
        CheckConstraint("(state = 'loaded') = (manifest_id IS NOT NULL AND loaded_at IS NOT NULL)",
                        name="loaded_on_a_manifest"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"))
    kind: Mapped[str] = mapped_column(String(8))
    number: Mapped[str] = mapped_column(String(40))  # what people read: the SSCC, or the house's number
    barcode: Mapped[str] = mapped_column(String(48))  # what scanners read: 18 digits of an SSCC, or our own code
    state: Mapped[str] = mapped_column(String(8))
    weight_g: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    closed_by: Mapped[uuid.UUID | None]
    loaded_at: Mapped[Instant | None]
    manifest_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("manifest.id"))


class Parcel(Base):
    """What is weighed and handed over. Its number is the waybill's; a number once drawn is never used again."""

    __tablename__ = "parcel"
    __table_args__ = (
        UniqueConstraint("shipment_id", "n"),
        UniqueConstraint("carrier_id", "tracking_number"),
        UniqueConstraint("client_reference"),
        Index("ix_parcel_tracking", "tracking_number"),
        Index("ix_parcel_manifest", "manifest_id", postgresql_where=text("manifest_id IS NOT NULL")),
        Index("ix_parcel_bag", "bag_id", postgresql_where=text("bag_id IS NOT NULL")),
        Index("ix_parcel_waiting", "warehouse_id", "carrier_id", "owner_id", postgresql_where=text("state = 'closed'")),
        Index("ix_parcel_handling_unit", "handling_unit_id", postgresql_where=text("handling_unit_id IS NOT NULL")),
        CheckConstraint("n > 0 AND weight_g > 0 AND length_mm > 0 AND width_mm > 0 AND height_mm > 0",
                        name="measures_positive"),
        CheckConstraint("state NOT IN ('closed', 'handed_over') OR (weight_g IS NOT NULL"
                        " AND tracking_number IS NOT NULL)", name="closed_is_complete"),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("(state = 'handed_over') = (manifest_id IS NOT NULL AND handed_over_at IS NOT NULL)",
                        name="handed_over_on_a_manifest"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    shipment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shipment.id"))
    warehouse_id: Mapped[Reference]
    owner_id: Mapped[Reference]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    n: Mapped[int] = mapped_column(Integer)  # 1, 2 … within the shipment
    state: Mapped[str] = mapped_column(String(12))
    weight_g: Mapped[int | None] = mapped_column(Integer)
    length_mm: Mapped[int | None] = mapped_column(Integer)
    width_mm: Mapped[int | None] = mapped_column(Integer)
    height_mm: Mapped[int | None] = mapped_column(Integer)
    tracking_number: Mapped[str | None] = mapped_column(String(48))
    client_reference: Mapped[str] = mapped_column(String(48))  # ours, told to the carrier: nothing is bought twice
    # What was weighed: so many units, in this box or bag; and the one that the plan had named.
    units: Mapped[int | None] = mapped_column(Integer)
    packaging_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("packaging.id"))
    planned_packaging_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("packaging.id"))
    is_weighed: Mapped[bool] = mapped_column(Boolean, default=True, server_default="true")  # by a scale, not computed
    handling_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("handling_unit.id"))
    carrier_reference: Mapped[str | None] = mapped_column(String(64))  # what a remote carrier calls it
    manifest_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("manifest.id"))
    bag_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("bag.id"))  # the one it is in, or left in
    created_at: Mapped[Instant]
    closed_at: Mapped[Instant | None]
    handed_over_at: Mapped[Instant | None]


class CarrierAccount(Base):
    """How a remote carrier is reached. The token is sealed (AES-GCM, bound to this row) and never shown again."""

    __tablename__ = "carrier_account"
    __table_args__ = (UniqueConstraint("carrier_id"),)

    id: Mapped[DocumentId]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    base_url: Mapped[str] = mapped_column(String(200))
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    token_key: Mapped[str] = mapped_column(String(16))
    updated_at: Mapped[Instant]


class CarrierTask(Base):
    """One thing a remote carrier is asked to do, under our reference. At most one of an action is open for it.

    `attempts` counts exchanges that were begun: at the first, nobody at the carrier can know the reference yet.
    `fault` and `facts` are what the last one ended with.
    """

    __tablename__ = "carrier_task"
    __table_args__ = (
        Index("uq_carrier_task_open", "client_reference", "action", unique=True,
              postgresql_where=text("state NOT IN ('done', 'dropped')")),
        Index("ix_carrier_task_open", "warehouse_id", "created_at",
              postgresql_where=text("state NOT IN ('done', 'dropped')")),
        Index("ix_carrier_task_parcel", "parcel_id"),
        Index("ix_carrier_task_manifest", "manifest_id"),
        Index("ix_carrier_task_collection", "collection_id", postgresql_where=text("collection_id IS NOT NULL")),
        CheckConstraint("(action = 'manifest') = (manifest_id IS NOT NULL)"
                        " AND (action IN ('collect', 'call_off')) = (collection_id IS NOT NULL)"
                        " AND (action IN ('create', 'void')) = (parcel_id IS NOT NULL)", name="one_subject"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    warehouse_id: Mapped[Reference]
    action: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))
    parcel_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("parcel.id"))
    manifest_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("manifest.id"))
    collection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("collection.id"))
    client_reference: Mapped[str] = mapped_column(String(48))
    carrier_reference: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    rounds: Mapped[int] = mapped_column(Integer, default=1)  # how often a person had it tried anew, plus one
    fault: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class ParcelTracking(Base):
    """How far a parcel has come by its carrier's word, and when it is asked again (None: no more)."""

    __tablename__ = "parcel_tracking"
    __table_args__ = (Index("ix_parcel_tracking_due", "next_at", postgresql_where=text("next_at IS NOT NULL")),)

    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))  # `tracking.TrackState`
    began_at: Mapped[Instant]
    asked_at: Mapped[Instant | None]
    next_at: Mapped[Instant | None]
    faults: Mapped[int] = mapped_column(Integer)  # in a row
    fault: Mapped[str | None] = mapped_column(String(40))


class TrackingEvent(Base):
    """What a carrier said happened to a parcel, once, however often it says so. Append-only in use."""

    __tablename__ = "tracking_event"
    __table_args__ = (UniqueConstraint("parcel_id", "fingerprint"),)

    id: Mapped[DocumentId]
    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"))
    state: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))  # the carrier's
    place: Mapped[str] = mapped_column(String(80))
    happened_at: Mapped[Instant]
    told_at: Mapped[Instant]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)


class RateTable(Base):
    """What a service costs: the rows of its table as they were uploaded and found right (`rate_tables.card_of`)."""

    __tablename__ = "rate_table"

    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"), primary_key=True)
    rows: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    updated_at: Mapped[Instant]


class ServiceRule(Base):
    """What is done with orders that name a service: which one is taken, by which rule, from which. For one seller and
    warehouse or all (None); the narrower rule counts, a seller's before a warehouse's."""

    __tablename__ = "service_rule"
    __table_args__ = (
        Index(
            "uq_service_rule", "service_id", "owner_id", "warehouse_id", unique=True, postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[DocumentId]
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"))  # the one orders name
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("warehouse.id"))
    rule: Mapped[str] = mapped_column(String(8))  # `rates.Rule`
    candidates: Mapped[list[str]] = mapped_column(JSONB)  # codes of services, the preferred first
    when_silent: Mapped[str] = mapped_column(String(8), server_default=text("'table'"))  # `rates.WhenSilent`
    updated_at: Mapped[Instant]


class ParcelRate(Base):
    """What a parcel costs by its service's table, with what its scale and its box said, as its lorry left: what an invoice
    points at. Written once. `why`: `rates.NoQuote` where the table has no price for it.
    """

    __tablename__ = "parcel_rate"
    __table_args__ = (
        CheckConstraint("(why IS NULL) = (total_minor IS NOT NULL AND currency IS NOT NULL AND zone IS NOT NULL)",
                        name="priced_or_not"),
    )  # fmt: skip

    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"), primary_key=True)
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"))
    table_of: Mapped[Instant]  # when the table was saved that this is by
    rated_at: Mapped[Instant]
    weight_g: Mapped[int] = mapped_column(Integer)  # by the scale
    dimensional_g: Mapped[int] = mapped_column(Integer)  # 0 where the table has no divisor or the box is not known
    charged_g: Mapped[int | None] = mapped_column(Integer)
    zone: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str | None] = mapped_column(String(3))
    base_minor: Mapped[int | None] = mapped_column(BigInteger)
    surcharges: Mapped[list[list[Any]]] = mapped_column(JSONB)  # [name, minor], in the table's order
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    why: Mapped[str | None] = mapped_column(String(16))


class CostSource(StrEnum):
    WAYBILL = "waybill"  # the carrier said what it charges when it gave the waybill
    QUOTE = "quote"  # it did not: what it had quoted for the order


class ParcelCost(Base):
    """What a parcel's waybill costs by its carrier's own word, kept as the waybill came. Written once.

    `quoted_*`: what the carrier had said of the whole order before, where that chose the service; with the first parcel of a
    shipment, so that sums of both agree. `surcharges` are part of the total. `fault`: what the carrier said of its price with
    the waybill could not be read.
    """

    __tablename__ = "parcel_cost"
    __table_args__ = (
        CheckConstraint("total_minor >= 0 AND quoted_minor >= 0", name="no_price_below_nothing"),
        CheckConstraint("(quoted_minor IS NULL) = (quoted_currency IS NULL)", name="quoted_in_a_currency"),
        CheckConstraint("source = 'waybill' AND fault IS NULL OR source = 'quote' AND quoted_minor IS NOT NULL"
                        " AND quoted_minor = total_minor AND quoted_currency = currency", name="said_or_quoted"),
        Index("ix_parcel_cost_said", "said_at"),
    )  # fmt: skip

    parcel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parcel.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    surcharges: Mapped[list[list[Any]]] = mapped_column(JSONB)  # [name, minor]
    quoted_currency: Mapped[str | None] = mapped_column(String(3))
    quoted_minor: Mapped[int | None] = mapped_column(BigInteger)
    fault: Mapped[str | None] = mapped_column(String(40))
    said_at: Mapped[Instant]


class CarrierQuote(Base):
    """What a service would cost a subject by its carrier's own word, and until when that word holds (decision 118).

    `asked_of` is a keyed hash of the goods and where they go: another address or weight is another question.
    """

    __tablename__ = "carrier_quote"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "service_id"),
        Index("ix_carrier_quote_wanted", "until", postgresql_where=text("state = 'wanted'")),
        Index("ix_carrier_quote_carrier", "carrier_id", "wanted_at"),
        Index("ix_carrier_quote_old", "wanted_at"),
        CheckConstraint("(state = 'quoted') = (total_minor IS NOT NULL) AND (total_minor IS NULL OR (currency IS NOT NULL"
                        " AND base_minor >= 0 AND total_minor >= base_minor))", name="quoted_has_a_price"),
        CheckConstraint("(state = 'wanted') = (valid_until IS NULL)", name="answers_hold_for_a_time"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[Reference]
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    service_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service.id"))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[Reference]
    state: Mapped[str] = mapped_column(String(8))
    asked_of: Mapped[bytes] = mapped_column(LargeBinary)
    wanted_at: Mapped[Instant]
    until: Mapped[Instant]  # an answer is waited for
    valid_until: Mapped[Instant | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    base_minor: Mapped[int | None] = mapped_column(BigInteger)
    surcharges: Mapped[list[list[Any]]] = mapped_column(JSONB)  # [name, minor]
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    days: Mapped[int | None] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(String(40))  # of `carriers.interface.CarrierFault`, or the carrier's no
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class Collection(Base):
    """A lorry that was ordered of a carrier (揽收) for a dock, a day of the warehouse's calendar and a time of it.

    Its id is our reference at the carrier. `fault`, `facts`: why the carrier will not come, or would not be called off.
    """

    __tablename__ = "collection"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "number"),
        Index("ix_collection_day", "warehouse_id", "day"),
        Index("ix_collection_carrier", "carrier_id", "day"),
        Index("ix_collection_manifest", "manifest_id", postgresql_where=text("manifest_id IS NOT NULL")),
        Index("uq_collection_live", "warehouse_id", "carrier_id", "dock_id", "day", "ready_at", unique=True,
              postgresql_nulls_not_distinct=True, postgresql_where=text("state IN ('wanted', 'confirmed')")),
        ForeignKeyConstraint(["warehouse_id", "dock_id"], ["location.warehouse_id", "location.id"]),
        CheckConstraint("ready_at < close_at AND parcels >= 0 AND bags >= 0 AND pallets >= 0 AND weight_g > 0"
                        " AND parcels + bags + pallets > 0", name="something_to_take"),
        CheckConstraint("state NOT IN ('confirmed', 'collected', 'missed') OR carrier_reference IS NOT NULL",
                        name="confirmed_by_a_reference"),
        CheckConstraint("manifest_id IS NULL OR state = 'collected'", name="a_load_is_of_a_lorry_that_came"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    carrier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("carrier.id"))
    dock_id: Mapped[uuid.UUID | None]
    number: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    day: Mapped[date]
    ready_at: Mapped[time]
    close_at: Mapped[time]
    parcels: Mapped[int] = mapped_column(Integer)  # by themselves, outside bags
    bags: Mapped[int] = mapped_column(Integer)
    pallets: Mapped[int] = mapped_column(Integer)
    weight_g: Mapped[int] = mapped_column(BigInteger)
    remark: Mapped[str] = mapped_column(String(120))  # for the driver
    carrier_reference: Mapped[str | None] = mapped_column(String(64))
    agreed_from: Mapped[time | None]  # where the carrier named its own time
    agreed_to: Mapped[time | None]
    fault: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    manifest_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("manifest.id"))  # the load it took
    created_at: Mapped[Instant]
    created_by: Mapped[uuid.UUID | None]
    updated_at: Mapped[Instant]
