"""Recording facts. The two reaction tables stand in `wms/reactions.py`; this file only obeys them.

*In the transaction*: the handler may only insert rows, takes no lock and cannot refuse. *After commit*: through the
outbox, at least once, idempotent by event id, in order per subject.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

import orjson
from sqlalchemy import BigInteger, Identity, Index, Integer, String, select
from sqlalchemy.orm import Mapped, mapped_column

from wms.core import clock
from wms.core.events import Event
from wms.core.ids import new_id
from wms.platform.database import Base, Data, Instant, Reference, session
from wms.platform.outbox import add_job
from wms.platform.statements import Statement


class EventRow(Base):
    """An announced fact: ids and numbers only. Append-only."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_subject", "subject_kind", "subject_id"),)

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    id: Mapped[Reference] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer)
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[Reference]
    warehouse_id: Mapped[Reference | None]
    owner_id: Mapped[Reference | None]
    data: Mapped[Data]
    occurred_at: Mapped[Instant]


InTransaction = Callable[[Event], None]


class ReactionTables:
    """Event class → handlers in the transaction, and → job topics after commit."""

    def __init__(self) -> None:
        self.in_transaction: Mapping[type[Event], Sequence[InTransaction]] = {}
        self.after_commit: Mapping[type[Event], Sequence[str]] = {}


reactions = ReactionTables()

_INSERT = Statement(
    "INSERT INTO event (id, name, version, subject_kind, subject_id, warehouse_id, owner_id, data, occurred_at)"
    " VALUES (:id, :name, :version, :subject_kind, :subject_id, :warehouse_id, :owner_id, CAST(:data AS jsonb), :now)"
)


def record(event: Event) -> uuid.UUID:
    """Store the fact with the current transaction and set its reactions going. Returns the event id."""
    event_id = new_id()
    values = {
        "id": event_id,
        "name": event.name,
        "version": event.version,
        "subject_kind": event.subject_kind,
        "subject_id": event.subject_id,
        "warehouse_id": event.warehouse_id,
        "owner_id": event.owner_id,
        "data": orjson.dumps(event.data(), default=str).decode(),
        "now": clock.now(),
    }
    _INSERT.run(values)
    for handler in reactions.in_transaction.get(type(event), ()):
        handler(event)
    for topic in reactions.after_commit.get(type(event), ()):
        payload = {"event_id": str(event_id), "subject_id": str(event.subject_id)}
        ordering_key = f"{topic}:{event.subject_kind}:{event.subject_id}"
        add_job(topic, payload, dedupe_key=f"{topic}:{event_id}", ordering_key=ordering_key)
    return event_id


def event_data(event_id: str) -> EventRow:
    """The stored fact, for a reaction that runs after the commit."""
    return session().scalars(select(EventRow).where(EventRow.id == uuid.UUID(event_id))).one()
