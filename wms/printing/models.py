"""Tables of printing. A *document* is one label; a *bundle* is the file that up to 100 of them are rendered into; a
*job* is one sending of a document to a printer, by an *agent* or a browser.

Printing knows what a label is about only as (subject kind, subject id): a bin, a product, a carton, a parcel; and the
document that stands over it as (parent kind, parent id): a booking, an order. What a label says is asked of its
feature when it is rendered (`sources.py`) and stored nowhere but in the file.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wms.platform.database import Base, DocumentId, Instant, Reference
from wms.printing.designs.models import LabelDesignVersion  # noqa: F401 - the table that documents point at


class LabelKind(StrEnum):
    LOCATION = "location"
    PRODUCT = "product"
    CARTON = "carton"
    WAYBILL = "waybill"
    TOTE = "tote"
    BAG = "bag"  # a bag or pallet of parcels
    STATION = "station"
    PRINTER = "printer"  # the test label of a printer
    MANIFEST = "manifest"  # the list of a load, which its driver signs
    ZONE = "zone"
    PALLET = "pallet"  # a container of the house that is no tote: pallet, carton, inner
    PUT_WALL = "put-wall"  # a slot of one
    PICK_LIST = "pick-list"
    PACKING_SLIP = "packing-slip"
    RETURN = "return"
    GATE_PASS = "gate-pass"  # noqa: S105 - a paper
    CART = "cart"
    SHEET = "sheet"  # labels of many things on A4 (`sheets.py`)


@dataclass(frozen=True)
class KindRules:
    """`one_valid`: a subject has one valid label of the kind, a new one supersedes it; others are made at will.
    `once`: never sent to a printer again without a person. `personal`: erased after its time. `size_mm`: by default.
    """

    one_valid: bool
    once: bool
    personal: bool
    size_mm: tuple[float, float]


KINDS: dict[str, KindRules] = {
    LabelKind.LOCATION: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 60)),
    LabelKind.PRODUCT: KindRules(one_valid=False, once=False, personal=False, size_mm=(60, 40)),
    LabelKind.CARTON: KindRules(one_valid=True, once=False, personal=False, size_mm=(100, 150)),
    LabelKind.WAYBILL: KindRules(one_valid=True, once=True, personal=True, size_mm=(100, 150)),
    LabelKind.TOTE: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 60)),
    LabelKind.BAG: KindRules(one_valid=True, once=False, personal=False, size_mm=(100, 150)),
    LabelKind.STATION: KindRules(one_valid=False, once=False, personal=False, size_mm=(297, 210)),
    LabelKind.PRINTER: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 150)),
    LabelKind.MANIFEST: KindRules(one_valid=False, once=False, personal=False, size_mm=(210, 297)),
    LabelKind.ZONE: KindRules(one_valid=False, once=False, personal=False, size_mm=(297, 210)),
    LabelKind.PALLET: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 150)),
    LabelKind.PUT_WALL: KindRules(one_valid=False, once=False, personal=False, size_mm=(60, 40)),
    LabelKind.PICK_LIST: KindRules(one_valid=False, once=False, personal=False, size_mm=(210, 297)),
    LabelKind.PACKING_SLIP: KindRules(one_valid=False, once=False, personal=False, size_mm=(210, 297)),
    LabelKind.RETURN: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 150)),
    LabelKind.GATE_PASS: KindRules(one_valid=False, once=False, personal=False, size_mm=(210, 297)),
    LabelKind.CART: KindRules(one_valid=False, once=False, personal=False, size_mm=(100, 60)),
    LabelKind.SHEET: KindRules(one_valid=False, once=False, personal=False, size_mm=(210, 297)),
}


class DocumentState(StrEnum):
    REQUESTED = "requested"
    READY = "ready"
    REFUSED = "refused"  # could not be drawn truthfully: `refusal` says why
    SUPERSEDED = "superseded"
    VOIDED = "voided"


class BundleState(StrEnum):
    REQUESTED = "requested"
    READY = "ready"
    FAILED = "failed"  # none of its labels could be drawn


class PrintState(StrEnum):
    """Up to *fetched* everything may be retried freely; from *dispatching* on a waybill waits for a person."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    FETCHED = "fetched"
    DISPATCHING = "dispatching"
    DISPATCHED = "dispatched"
    PRINTED = "printed"
    FAILED_SAFE = "failed_safe"  # proved not sent
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class Backend(StrEnum):
    """How an agent reaches a printer: a queue that takes PDF, a label printer's raw port, Windows, a folder."""

    IPP = "ipp"
    RAW = "raw"
    WINSPOOL = "winspool"
    FILE = "file"


class PrinterState(StrEnum):
    """What the agent last saw. *unreached*: it got no answer from the printer."""

    UNSEEN = "unseen"
    READY = "ready"
    BUSY = "busy"
    STOPPED = "stopped"  # `reasons` say why: paper out, head open, paused at the printer
    UNREACHED = "unreached"


# Versions of labels that are made at will: only their difference matters.
label_version = Sequence("label_version", metadata=Base.metadata)


class LabelBundle(Base):
    """One file of up to 100 pages in the order asked for. `owner_id` is set when all labels are one seller's."""

    __tablename__ = "label_bundle"
    __table_args__ = (
        CheckConstraint("state <> 'ready' OR file_id IS NOT NULL OR erased_at IS NOT NULL", name="ready_has_a_file"),
        CheckConstraint("dpi IN (203, 300, 600)", name="dpi"),
        Index("ix_label_bundle_erase", "erase_on", postgresql_where=text("file_id IS NOT NULL")),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    state: Mapped[str] = mapped_column(String(12))
    revision: Mapped[int] = mapped_column(Integer, default=0)  # counts renderings asked for
    pages: Mapped[int] = mapped_column(Integer, default=0)
    dpi: Mapped[int] = mapped_column(Integer, default=203, server_default="203")  # whose dots its bars stand on
    file_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("stored_file.id"))
    erase_on: Mapped[date | None] = mapped_column(Date)
    erased_at: Mapped[Instant | None]
    requested_by: Mapped[Reference]
    created_at: Mapped[Instant]
    ready_at: Mapped[Instant | None]


class LabelDocument(Base):
    """One label, printed `copies` times. `barcode` is what a scanner must read from it. A copy of a label is one page; one
    of a paper is as many as its list needs (`sheets`, known once it is rendered).
    """

    __tablename__ = "label_document"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "kind", "version"),
        Index("uq_label_document_valid", "subject_kind", "subject_id", "kind", unique=True,
              postgresql_where=text("kind IN ('carton', 'waybill') AND state IN ('requested', 'ready')")),
        Index("ix_label_document_bundle", "bundle_id", "position"),
        Index("ix_label_document_barcode", "barcode", postgresql_where=text("barcode IS NOT NULL")),
        Index("ix_label_document_parent", "parent_kind", "parent_id",
              postgresql_where=text("parent_id IS NOT NULL")),
        CheckConstraint("copies BETWEEN 1 AND 100", name="copies"),
        CheckConstraint("sheets BETWEEN 1 AND 100", name="sheets"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused_says_why"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    kind: Mapped[str] = mapped_column(String(12))
    subject_kind: Mapped[str] = mapped_column(String(16))
    subject_id: Mapped[Reference]
    parent_kind: Mapped[str | None] = mapped_column(String(16))
    parent_id: Mapped[uuid.UUID | None]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("seller.id"))
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    version: Mapped[int] = mapped_column(Integer)
    width_mm: Mapped[float]
    height_mm: Mapped[float]
    barcode: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12))
    refusal: Mapped[str | None] = mapped_column(String(40))
    refusal_field: Mapped[str | None] = mapped_column(String(40))
    refusal_facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)  # numbers only: a text may be a person's
    design_version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("label_design_version.id"))  # drew it
    bundle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("label_bundle.id"))
    position: Mapped[int] = mapped_column(Integer)  # in the bundle, as asked for
    page_index: Mapped[int | None] = mapped_column(Integer)  # of its first copy, once rendered
    copies: Mapped[int] = mapped_column(Integer, default=1)
    sheets: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    created_at: Mapped[Instant]
    erased_at: Mapped[Instant | None]

    @property
    def size_mm(self) -> tuple[float, float]:
        return self.width_mm, self.height_mm


# Fencing tokens of claims: a claim has a greater one than all before it, so that an older one is known as such.
print_claim = Sequence("print_claim", metadata=Base.metadata)


class PrintAgent(Base):
    """A program at a bench that fetches jobs. Its token is kept as a hash; the one-time code that makes one, too."""

    __tablename__ = "print_agent"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "name"),
        UniqueConstraint("token_hash"),
        UniqueConstraint("code_hash"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    name: Mapped[str] = mapped_column(String(40))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[Instant | None]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    host: Mapped[str | None] = mapped_column(String(80))  # as the program tells it
    version: Mapped[str | None] = mapped_column(String(20))
    pending: Mapped[int] = mapped_column(Integer, default=0)  # of its journal: not told to us yet
    created_at: Mapped[Instant]
    enrolled_at: Mapped[Instant | None]
    seen_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


class Printer(Base):
    """A printer that an agent reaches. `uri` is an address in the agent's own network, or a name on its machine."""

    __tablename__ = "printer"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "name"),
        Index("ix_printer_agent", "agent_id"),
        CheckConstraint("width_mm BETWEEN 10 AND 320 AND height_mm BETWEEN 10 AND 460", name="medium"),
        CheckConstraint("offset_x_mm BETWEEN -10 AND 10 AND offset_y_mm BETWEEN -10 AND 10", name="offset"),
        CheckConstraint("dpi IN (203, 300, 600)", name="dpi"),
    )

    id: Mapped[DocumentId]
    warehouse_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("warehouse.id"))
    agent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("print_agent.id"))
    name: Mapped[str] = mapped_column(String(40))
    backend: Mapped[str] = mapped_column(String(8))
    uri: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(4))  # zpl | tspl; on a Windows queue also pdf: its driver draws
    dpi: Mapped[int] = mapped_column(Integer)
    width_mm: Mapped[float]  # the loaded medium
    height_mm: Mapped[float]
    offset_x_mm: Mapped[float] = mapped_column(default=0.0)  # to the right
    offset_y_mm: Mapped[float] = mapped_column(default=0.0)  # down
    state: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[str] = mapped_column(String(120), default="")
    seen_at: Mapped[Instant | None]
    paused_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class StationPrinter(Base):
    """Which printer a bench uses for a kind of label on a medium, and which when that one is down."""

    __tablename__ = "station_printer"
    __table_args__ = (
        UniqueConstraint("station_id", "kind", "width_mm", "height_mm"),
        Index("ix_station_printer_printer", "printer_id"),
        CheckConstraint("fallback_printer_id <> printer_id", name="two_printers"),
    )

    id: Mapped[DocumentId]
    station_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("station.id"))
    kind: Mapped[str] = mapped_column(String(12))
    width_mm: Mapped[float]
    height_mm: Mapped[float]
    printer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("printer.id"))
    fallback_printer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("printer.id"))


class PrintJob(Base):
    """One sending of a document to a printer. A second *original* is impossible: asking gives the first.

    Without `printer_id` a browser prints it. A batch is the jobs of one request, in the order of `batch_seq`.
    `claim_token` is the fencing token of the newest claim: what an older one says counts for nothing.
    """

    __tablename__ = "print_job"
    __table_args__ = (
        Index("uq_print_job_original", "document_id", unique=True, postgresql_where=text("reason = 'original'")),
        Index("ix_print_job_document", "document_id", "created_at"),
        Index("ix_print_job_moving", "state", "expires_at",
              postgresql_where=text("state IN ('queued', 'claimed', 'fetched', 'dispatching')")),
        Index("ix_print_job_printer", "printer_id", "batch_seq",
              postgresql_where=text("state IN ('queued', 'claimed', 'fetched', 'dispatching', 'unknown')")),
        Index("ix_print_job_batch", "batch_id", "batch_seq", postgresql_where=text("batch_id IS NOT NULL")),
        CheckConstraint("(batch_id IS NULL) = (batch_seq IS NULL)", name="batch_has_an_order"),
        CheckConstraint("reason IN ('original', 'reprint', 'auto')", name="reason"),
        CheckConstraint("(reason = 'reprint') = (reprint_reason IS NOT NULL)", name="reprint_says_why"),
    )  # fmt: skip

    id: Mapped[DocumentId]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("label_document.id"))
    warehouse_id: Mapped[Reference]
    station_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("station.id"))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[str] = mapped_column(String(8))
    reprint_reason: Mapped[str | None] = mapped_column(String(120))
    requested_by: Mapped[Reference]
    dup_policy: Mapped[str] = mapped_column(String(8))  # once | retry_ok
    state: Mapped[str] = mapped_column(String(12))
    expires_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    printer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("printer.id"))
    batch_id: Mapped[uuid.UUID | None]
    batch_seq: Mapped[int | None] = mapped_column(Integer)
    claim_token: Mapped[int | None] = mapped_column(BigInteger)
    claimed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("print_agent.id"))
    lease_until: Mapped[Instant | None]
    spool_id: Mapped[str | None] = mapped_column(String(120))  # the printer's or queue's name of it
    last_error: Mapped[str | None] = mapped_column(String(120))
    confirmed_by: Mapped[str | None] = mapped_column(String(8))  # scan | printer | human
    created_at: Mapped[Instant]
    dispatching_at: Mapped[Instant | None]
    printed_at: Mapped[Instant | None]


class PrintEvent(Base):
    """What happened to a print job, by whom it was told. Append-only in use."""

    __tablename__ = "print_event"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("print_job.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(8), primary_key=True)  # server | agent
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    type: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[Instant]
