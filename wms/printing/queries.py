"""Reads of printing. A label of another seller, or of a warehouse outside the actor's scope, does not exist (404)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.queries import station_by_id
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.printing import rules
from wms.printing.models import (
    BundleState,
    DocumentState,
    LabelBundle,
    LabelDocument,
    PrintAgent,
    Printer,
    PrintJob,
    StationPrinter,
)  # fmt: skip


def sees(actor: Actor, row: Any) -> bool:
    """A label without an owner (a bin, a bundle of several sellers) is for staff only."""
    owned = actor.is_staff if row.owner_id is None else actor.sees_seller(row.owner_id)
    return owned and actor.sees_warehouse(row.warehouse_id)


def load_bundle(actor: Actor, bundle_id: uuid.UUID) -> LabelBundle:
    bundle = session().get(LabelBundle, bundle_id, populate_existing=True)
    if bundle is None or not sees(actor, bundle):
        raise not_found("bundle")
    return bundle


def load_document(actor: Actor, document_id: uuid.UUID) -> LabelDocument:
    document = session().get(LabelDocument, document_id, populate_existing=True)
    if document is None or not sees(actor, document):
        raise not_found("document")
    return document


def documents_of(bundle_id: uuid.UUID) -> Sequence[LabelDocument]:
    """The labels of a bundle in its order."""
    statement = select(LabelDocument).where(LabelDocument.bundle_id == bundle_id)
    return session().scalars(statement.order_by(LabelDocument.position).execution_options(populate_existing=True)).all()


_BUNDLE = Statement(
    "SELECT id, warehouse_id, owner_id, state, pages, created_at, ready_at, erased_at FROM label_bundle WHERE id = :id"
)
_DOCUMENTS = Statement(
    "SELECT id, kind, subject_kind, subject_id, version, state, refusal, refusal_field, barcode, page_index, copies"
    " FROM label_document WHERE bundle_id = :id ORDER BY position"
)


def bundle_to_show(actor: Actor, bundle_id: uuid.UUID, *, with_documents: bool = True) -> tuple[Any, list[Any]]:
    """The facts of a bundle, and those of its labels in its order: for clients that ask until it is ready."""
    bundle = _BUNDLE.first({"id": bundle_id})
    if bundle is None or not sees(actor, bundle):
        raise not_found("bundle")
    return bundle, _DOCUMENTS.all({"id": bundle_id}) if with_documents else []


def newest_documents(kind: str, subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, LabelDocument]:
    """The newest label of each subject, by the subject's id."""
    rows = session().scalars(
        select(LabelDocument)
        .where(
            LabelDocument.kind == kind,
            LabelDocument.subject_kind == subject_kind,
            LabelDocument.subject_id.in_(set(subject_ids)),
        )
        .order_by(LabelDocument.version)
    )
    return {row.subject_id: row for row in rows}


def was_sent(kind: str, subject_kind: str, subject_id: uuid.UUID) -> bool:
    """Whether any label of this kind of a subject was sent to a printer."""
    sent = (
        select(PrintJob.id).join(LabelDocument, LabelDocument.id == PrintJob.document_id)
        .where(LabelDocument.kind == kind, LabelDocument.subject_kind == subject_kind,
               LabelDocument.subject_id == subject_id, PrintJob.printer_id.is_not(None))
    )  # fmt: skip
    return session().scalars(sent.limit(1)).first() is not None


def last_job(document_id: uuid.UUID) -> PrintJob | None:
    return session().scalar(
        select(PrintJob)
        .where(PrintJob.document_id == document_id)
        .order_by(PrintJob.created_at.desc(), PrintJob.id.desc())
        .limit(1)
    )


@dataclass(frozen=True)
class LastPrint:
    """The newest label of a subject, and the state of its last print. `has_printer`: that print has one, or the bench."""

    document_id: uuid.UUID
    state: str
    job_id: uuid.UUID | None
    job_state: str | None
    has_printer: bool


_LAST_PRINT = Statement(
    "SELECT d.id, d.state, j.id AS job_id, j.state AS job_state, j.printer_id IS NOT NULL OR EXISTS (SELECT 1"
    " FROM station_printer s WHERE s.station_id = :station) AS has_printer FROM label_document d LEFT JOIN LATERAL"
    " (SELECT id, state, printer_id FROM print_job WHERE document_id = d.id ORDER BY created_at DESC, id DESC LIMIT 1) j ON true"
    " WHERE d.kind = :kind AND d.subject_kind = :subject_kind AND d.subject_id = :subject"
    " ORDER BY d.version DESC LIMIT 1"
)


def last_print(kind: str, subject_kind: str, subject_id: uuid.UUID, station_id: uuid.UUID | None) -> LastPrint | None:
    parameters = {"kind": kind, "subject_kind": subject_kind, "subject": subject_id, "station": station_id}
    row = _LAST_PRINT.first(parameters)
    return None if row is None else LastPrint(*row)


def jobs_of(document_id: uuid.UUID) -> Sequence[PrintJob]:
    """All prints of a label, oldest first: shown before a reprint."""
    statement = select(PrintJob).where(PrintJob.document_id == document_id)
    return session().scalars(statement.order_by(PrintJob.created_at, PrintJob.id)).all()


def document_of_job(actor: Actor, job_id: uuid.UUID) -> LabelDocument:
    """One look: a print that is not the actor's is answered as one that is not there."""
    statement = select(LabelDocument).join(PrintJob, PrintJob.document_id == LabelDocument.id)
    document = session().scalar(statement.where(PrintJob.id == job_id))
    if document is None or not sees(actor, document):
        raise not_found("print job")
    return document


def load_job(actor: Actor, job_id: uuid.UUID) -> PrintJob:
    """404 outside the actor's scope."""
    document_of_job(actor, job_id)
    return session().get_one(PrintJob, job_id, populate_existing=True)


_ENDED = {DocumentState.VOIDED.value: "label_voided", DocumentState.SUPERSEDED.value: "label_superseded"}


def require_usable(document: LabelDocument) -> None:
    """Refuse a label that must not be used any more."""
    if document.state in _ENDED:
        raise Refused(_ENDED[document.state], {})


def require_ready(document: LabelDocument) -> None:
    """Refuse a label that is not there, or must not be used any more."""
    require_usable(document)
    if document.erased_at is not None:
        raise Refused("label_erased", {})
    if document.state == DocumentState.REFUSED.value:
        facts = {"reason": document.refusal, "field": document.refusal_field or "–"}
        raise Refused("label_refused", {**(document.refusal_facts or {}), **facts})
    if document.state != DocumentState.READY.value:
        raise Refused("not_ready", {})


def require_file(bundle: LabelBundle) -> uuid.UUID:
    """The id of the bundle's file; refuses `not_ready`, `bundle_failed`, `label_erased`."""
    if bundle.erased_at is not None:
        raise Refused("label_erased", {})
    if bundle.state == BundleState.FAILED.value:
        raise Refused("bundle_failed", {})
    if bundle.state != BundleState.READY.value or bundle.file_id is None:
        raise Refused("not_ready", {})
    return bundle.file_id


def load_printer(actor: Actor, printer_id: uuid.UUID) -> Printer:
    """404 outside the actor's scope."""
    printer = session().get(Printer, printer_id, populate_existing=True)
    if printer is None or not actor.is_staff or not actor.sees_warehouse(printer.warehouse_id):
        raise not_found("printer")
    return printer


def health_of(printer: Printer, agent: PrintAgent) -> rules.Health:
    """What can be expected of a printer now."""
    lives = agent.token_hash is not None
    sight = rules.Sight(printer.state, printer.seen_at, printer.paused_at is not None, agent.seen_at, lives)
    return rules.health_of(sight, clock.now())


def printers_of(printer_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, tuple[Printer, rules.Health]]:
    """Printers with their health, by id."""
    query = select(Printer, PrintAgent).join(PrintAgent, PrintAgent.id == Printer.agent_id)
    rows = session().execute(
        query.where(Printer.id.in_({each for each in printer_ids if each})).execution_options(populate_existing=True)
    )
    return {printer.id: (printer, health_of(printer, agent)) for printer, agent in rows}


def printers_of_agent(agent_id: uuid.UUID) -> Sequence[Printer]:
    """What an agent prints on, as it is set up."""
    return session().scalars(select(Printer).where(Printer.agent_id == agent_id).order_by(Printer.id)).all()


def bindings_of(station_id: uuid.UUID) -> Sequence[StationPrinter]:
    """What a bench prints where."""
    statement = select(StationPrinter).where(StationPrinter.station_id == station_id)
    return session().scalars(statement.order_by(StationPrinter.kind, StationPrinter.id)).all()


def choose_printer(station_id: uuid.UUID | None, document: LabelDocument) -> Printer | None:
    """The printer of this bench for this label; None when the browser prints it: nothing bound that fits, no agent."""
    station = station_by_id(station_id) if station_id is not None else None
    if station is None or station.warehouse_id != document.warehouse_id:
        return None
    for binding in bindings_of(station.id):
        if binding.kind != document.kind or not rules.fits(document.size_mm, (binding.width_mm, binding.height_mm)):
            continue
        known = printers_of([binding.printer_id, binding.fallback_printer_id])
        order = [known[each] for each in (binding.printer_id, binding.fallback_printer_id) if each in known]
        order = [each for each in order if rules.fits(document.size_mm, (each[0].width_mm, each[0].height_mm))]
        place = rules.choose([health for _, health in order])
        if place is not None:
            return order[place][0]
    return None


def printers_for(warehouse_id: uuid.UUID, documents: Sequence[LabelDocument]) -> list[tuple[Printer, rules.Health]]:
    """The printers of a warehouse whose loaded labels have the size of all of these, with how they are: those that print
    now first. None where the sizes are mixed.
    """
    ids = session().scalars(select(Printer.id).where(Printer.warehouse_id == warehouse_id))
    found = [
        each for each in printers_of(ids).values()
        if documents and all(rules.fits(one.size_mm, (each[0].width_mm, each[0].height_mm)) for one in documents)
    ]  # fmt: skip
    return sorted(found, key=lambda each: (each[1] not in rules.PRINTS, each[0].name))


def fallback_of(job: PrintJob) -> Printer | None:
    """Another printer of the job's bench that would print it now."""
    if job.station_id is None or job.printer_id is None:
        return None
    for binding in bindings_of(job.station_id):
        pair = (binding.printer_id, binding.fallback_printer_id)
        if job.printer_id in pair:
            for other, health in printers_of(set(pair) - {job.printer_id}).values():
                if health in rules.PRINTS:
                    return other
    return None


def print_number(job: PrintJob) -> int:
    """1 for the first print of a label, 2 for the one after it …"""
    ids = [each.id for each in jobs_of(job.document_id)]
    return ids.index(job.id) + 1 if job.id in ids else len(ids) + 1
