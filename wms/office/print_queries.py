"""Reads of the printing pages: printers with their health, agents, what benches print where, and the job board."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.models import Station, Warehouse
from wms.platform.database import session
from wms.printing.models import (
    LabelDocument,
    PrintAgent,
    Printer,
    PrintEvent,
    PrintJob,
    StationPrinter,
)
from wms.printing.queries import document_of_job, health_of, load_printer
from wms.printing.rules import LOST_AFTER, PRINTS, Health

# What a person has to look at, and what waits: the tabs of the board.
GROUPS: dict[str, tuple[str, ...]] = {
    "doubt": ("unknown",),
    "waiting": ("queued", "claimed", "fetched", "failed_safe"),
    "moving": ("dispatching", "dispatched"),
    "expired": ("expired",),
    "printed": ("printed",),
    "ended": ("cancelled", "voided"),
}


@dataclass(frozen=True)
class SeenPrinter:
    printer: Printer
    agent: PrintAgent
    warehouse: Warehouse
    health: Health

    @property
    def is_down(self) -> bool:
        return self.health not in PRINTS


def printers_seen(actor: Actor) -> list[SeenPrinter]:
    """The printers of the actor's warehouses, those that do not print first."""
    query = (
        select(Printer, PrintAgent, Warehouse)
        .join(PrintAgent, PrintAgent.id == Printer.agent_id)
        .join(Warehouse, Warehouse.id == Printer.warehouse_id)
        .order_by(Warehouse.code, Printer.name)
    )
    rows = session().execute(_within(actor, query, Printer.warehouse_id))
    found = [SeenPrinter(printer, agent, warehouse, health_of(printer, agent)) for printer, agent, warehouse in rows]
    return sorted(found, key=lambda each: not each.is_down)


def agents_seen(actor: Actor) -> list[tuple[PrintAgent, Warehouse, str]]:
    """(agent, warehouse, state): live, lost, waiting for its code, revoked."""
    query = select(PrintAgent, Warehouse).join(Warehouse, Warehouse.id == PrintAgent.warehouse_id)
    rows = session().execute(_within(actor, query, PrintAgent.warehouse_id).order_by(Warehouse.code, PrintAgent.name))
    return [(agent, warehouse, _state_of(agent)) for agent, warehouse in rows]


def _state_of(agent: PrintAgent) -> str:
    if agent.token_hash is None:
        return "revoked" if agent.revoked_at is not None and agent.code_hash is None else "new"
    heard = agent.seen_at is not None and clock.now() - agent.seen_at <= LOST_AFTER
    return "live" if heard else "lost"


def bindings_seen(actor: Actor) -> Sequence[Any]:
    """Rows (binding, station, warehouse, printer) of what benches print where."""
    query = (
        select(StationPrinter, Station, Warehouse, Printer)
        .join(Station, Station.id == StationPrinter.station_id)
        .join(Warehouse, Warehouse.id == Station.warehouse_id)
        .join(Printer, Printer.id == StationPrinter.printer_id)
        .order_by(Warehouse.code, Station.code, StationPrinter.kind)
    )
    return session().execute(_within(actor, query, Station.warehouse_id)).all()


def _within(actor: Actor, query: Any, column: Any) -> Any:
    return query if actor.warehouse_ids is None else query.where(column.in_(actor.warehouse_ids))


DAYS = 30  # that the board looks back


def _oldest() -> uuid.UUID:
    """An id that is less than those of all prints of the last days: ids begin with their time."""
    began = clock.now() - timedelta(days=DAYS)
    return uuid.UUID(int=int(began.timestamp() * 1000) << 80)


def jobs_page(actor: Actor, wanted: Mapping[str, str], after: uuid.UUID | None, limit: int) -> Sequence[Any]:
    """Rows (job, label, printer, station) of the board, newest first, none older than DAYS, behind `after`; one more than
    `limit` if there are.

    `wanted`: group, printer, kind, and `code`, what a scanner reads from the label.
    """
    query = (
        select(PrintJob, LabelDocument, Printer, Station)
        .join(LabelDocument, LabelDocument.id == PrintJob.document_id)
        .outerjoin(Printer, Printer.id == PrintJob.printer_id)
        .outerjoin(Station, Station.id == PrintJob.station_id)
    )
    query = _within(actor, query, PrintJob.warehouse_id).where(PrintJob.id > _oldest())
    if wanted.get("group") in GROUPS:
        query = query.where(PrintJob.state.in_(GROUPS[wanted["group"]]))
    if wanted.get("printer"):
        query = query.where(PrintJob.printer_id == uuid.UUID(wanted["printer"]))
    if wanted.get("kind"):
        query = query.where(LabelDocument.kind == wanted["kind"])
    if wanted.get("code"):
        query = query.where(LabelDocument.barcode == wanted["code"])
    if after is not None:
        query = query.where(PrintJob.id < after)
    return session().execute(query.order_by(PrintJob.id.desc()).limit(limit + 1)).all()


@dataclass(frozen=True)
class JobDetail:
    """One job with its history and everything that was ever printed of its label. `others`: printers it could go to."""

    job: PrintJob
    document: LabelDocument
    printer: Printer | None
    station: Station | None
    events: Sequence[PrintEvent]
    prints: Sequence[PrintJob]
    others: Sequence[SeenPrinter]


def job_detail(actor: Actor, job_id: uuid.UUID) -> JobDetail:
    """404 outside the actor's scope."""
    document = document_of_job(actor, job_id)
    job = session().get(PrintJob, job_id)
    if job is None:
        raise not_found("print job")
    events = select(PrintEvent).where(PrintEvent.job_id == job_id).order_by(PrintEvent.at, PrintEvent.seq)
    prints = select(PrintJob).where(PrintJob.document_id == document.id).order_by(PrintJob.id)
    others = [
        each for each in printers_seen(actor)
        if each.printer.warehouse_id == job.warehouse_id and each.printer.id != job.printer_id
    ]  # fmt: skip
    return JobDetail(
        job, document, load_printer(actor, job.printer_id) if job.printer_id else None,
        session().get(Station, job.station_id) if job.station_id else None,
        _told_once(session().scalars(events).all()), session().scalars(prints).all(), others,
    )  # fmt: skip


def _told_once(events: Sequence[PrintEvent]) -> list[PrintEvent]:
    """Without the agent's word that the printer took it where the job went on by that very word: it says nothing more."""
    taken = {each.detail for each in events if (each.source, each.type) == ("server", "sent")}
    return [each for each in events if (each.source, each.type) != ("agent", "sent") or each.detail not in taken]
