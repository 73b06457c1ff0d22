"""Which way a label goes: to the bench's printer through its agent, or to the browser; and what people do about jams."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.platform.database import session
from wms.platform.locks import Rank, lock
from wms.printing import queries, rules
from wms.printing.models import DocumentState, LabelBundle, LabelDocument, Printer, PrintJob, PrintState
from wms.printing.service import prints
from wms.printing.service.ageing import ONCE
from wms.printing.workflow import PRINT_JOB

AT_A_PRINTER = frozenset({PrintState.QUEUED, PrintState.CLAIMED, PrintState.FETCHED})


def print_label(actor: Actor, document_id: uuid.UUID, station_id: uuid.UUID | None = None) -> PrintJob:
    """Print a label where the bench prints it: it waits for the agent, or it is armed for the browser.

    Asking again gives the job that waits. Refuses `sent_before`, `printed_before`, and what `request_print` refuses.
    """
    document = prints.load_document_to_print(actor, document_id)
    return _send(actor, document, station_id, queries.choose_printer(station_id, document), None)


@dataclass(frozen=True)
class Place:
    """Where a job stands in the batch of its request."""

    batch_id: uuid.UUID
    seq: int


def print_bundle(
    actor: Actor, bundle_id: uuid.UUID, station_id: uuid.UUID | None = None, printer_id: uuid.UUID | None = None
) -> list[PrintJob]:
    """Print a whole bundle, one job a label, in its order: at `printer_id` where a person chose one, else where the bench
    prints such labels. All or none: `sent_before` when one waybill was sent, `media_differs`.

    Through an agent it is a batch: it goes on behind a jam when that label has been settled.
    """
    bundle = queries.load_bundle(actor, bundle_id)
    at = _chosen_printer(actor, bundle, printer_id) if printer_id is not None else None
    queries.require_file(bundle)
    ready = [each for each in queries.documents_of(bundle.id) if each.state == DocumentState.READY.value]
    lock(Rank.DOCUMENT, LabelDocument, [document.id for document in ready])
    batch_id, made = new_id(), []
    chosen: dict[tuple[str, float, float], Printer | None] = {}
    for seq, document in enumerate(ready, 1):
        key = (document.kind, *document.size_mm)
        if at is not None and not rules.fits(document.size_mm, (at.width_mm, at.height_mm)):
            raise Refused("media_differs", {"printer": at.name})
        if key not in chosen:
            chosen[key] = at or queries.choose_printer(station_id, document)
        made.append(_send(actor, document, station_id, chosen[key], Place(batch_id, seq)))
    return made


def _chosen_printer(actor: Actor, bundle: LabelBundle, printer_id: uuid.UUID) -> Printer:
    printer = queries.load_printer(actor, printer_id)
    if printer.warehouse_id != bundle.warehouse_id:
        raise not_found("printer")
    return printer


def _send(
    actor: Actor, document: LabelDocument, station_id: uuid.UUID | None, printer: Printer | None, place: Place | None
) -> PrintJob:
    """The document is locked."""
    last = queries.last_job(document.id)
    job = prints.lock_job((last or prints.original_of(actor, document, station_id)).id)
    if job.printer_id is not None and job.state in AT_A_PRINTER:
        return job
    if job.dup_policy == ONCE:
        prints.refuse_sent(job)
    elif printer is not None and job.state not in AT_A_PRINTER | {PrintState.EXPIRED}:
        job = prints.insert_job(actor, document, station_id, prints.REPRINT, "again")
    if printer is None:
        _to(job, None, None)
        return prints.arm(actor, job.id)
    PRINT_JOB.apply("redirect", job.state)
    _to(job, printer.id, place)
    return job


def send_again(actor: Actor, job: PrintJob) -> PrintJob:
    """Put a reprint on its way: where the lost one went, else where the bench prints such labels."""
    if job.printer_id is not None:
        return job
    document = prints.load_document_to_print(actor, job.document_id)
    printer = queries.choose_printer(job.station_id, document)
    if printer is None:
        return prints.arm(actor, job.id)
    _to(job, printer.id, None)
    return job


def _to(job: PrintJob, printer_id: uuid.UUID | None, place: Place | None) -> None:
    """Let a job that was not sent wait for this printer (None: for the browser), from now on. Older claims lapse."""
    if not PRINT_JOB.permitted("redirect", job.state):
        return
    if job.printer_id is not None or job.state != PrintState.QUEUED.value:
        prints.move_job(job, "redirect")
    job.printer_id, job.claimed_by, job.lease_until, job.claim_token = printer_id, None, None, None
    if place is not None:
        job.batch_id, job.batch_seq = place.batch_id, place.seq
    job.expires_at = clock.now() + rules.expires_after(job.batch_seq)
    session().flush()


def redirect(actor: Actor, job_id: uuid.UUID, printer_id: uuid.UUID | None) -> PrintJob:
    """Print it elsewhere: on another printer with that medium, or (None) in the browser, armed.

    Whoever had claimed it is told at the last look that its claim is gone. Refuses `sent_before`, `printed_before`,
    `media_differs`.
    """
    document = prints.load_document_to_print(actor, queries.document_of_job(actor, job_id).id)
    job = prints.lock_job(job_id)
    prints.refuse_sent(job)
    if printer_id is not None:
        printer = queries.load_printer(actor, printer_id)
        if printer.warehouse_id != document.warehouse_id:
            raise not_found("printer")
        if not rules.fits(document.size_mm, (printer.width_mm, printer.height_mm)):
            raise Refused("media_differs", {"printer": printer.name})
    PRINT_JOB.apply("redirect", job.state)
    _to(job, printer_id, None)
    return job if printer_id is not None else prints.arm(actor, job.id)


def print_when_made(actor: Actor, bundle_id: uuid.UUID, printer_id: uuid.UUID) -> PrintJob:
    """The first label of a bundle that is still being made waits at a printer: it is offered once it is ready."""
    printer = queries.load_printer(actor, printer_id)
    document = queries.documents_of(queries.load_bundle(actor, bundle_id).id)[0]
    lock(Rank.DOCUMENT, LabelDocument, [document.id])
    job = prints.original_of(actor, document, None)
    _to(job, printer.id, None)
    return job


def reprint_job(actor: Actor, job_id: uuid.UUID, reason: str) -> PrintJob:
    """Once more, at the printer where this print went; without one it waits for the bench's browser."""
    before = queries.load_job(actor, job_id)
    job = prints.reprint(actor, before.document_id, reason, before.station_id)
    _to(job, before.printer_id, None)
    return job


def cancel_print(actor: Actor, job_id: uuid.UUID, why: str) -> PrintJob:
    """Nobody wants it any more. What was sent is not called back by this: it is only no longer waited for."""
    queries.document_of_job(actor, job_id)
    _require_boss(actor)
    job = prints.lock_job(job_id)
    if prints.is_being_sent(job):
        raise Refused("still_sending", {}, next_step="wait")
    prints.move_job(job, "cancel", why[:120] or None)
    return job


def resume_batch(actor: Actor, batch_id: uuid.UUID) -> Sequence[PrintJob]:
    """What expired behind a jam waits for its printer again; labels in doubt stay for a person to settle.

    Returns the jobs of the batch in its order.
    """
    jobs = batch_jobs(actor, batch_id)
    lock(Rank.DOCUMENT, LabelDocument, {job.document_id for job in jobs})
    first = None
    for job in lock(Rank.DOCUMENT, PrintJob, [job.id for job in jobs]):
        if job.state == PrintState.EXPIRED.value and job.batch_seq is not None:
            first = job.batch_seq if first is None else min(first, job.batch_seq)
            prints.move_job(job, "queue_again")
            job.expires_at = clock.now() + rules.expires_after(job.batch_seq - first)
    session().flush()
    return batch_jobs(actor, batch_id)


def batch_jobs(actor: Actor, batch_id: uuid.UUID) -> Sequence[PrintJob]:
    """The jobs of a batch in its order, each label's newest last; 404 when one is not the actor's."""
    query = select(PrintJob).where(PrintJob.batch_id == batch_id).order_by(PrintJob.batch_seq, PrintJob.id)
    jobs = session().scalars(query.execution_options(populate_existing=True)).all()
    if not jobs:
        raise not_found("batch")
    for job in jobs:
        queries.document_of_job(actor, job.id)
    return jobs


def _require_boss(actor: Actor) -> None:
    if not actor.may(Permission.LABELS_REPRINT):
        raise Refused("reprint_not_permitted", {}, next_step="ask_supervisor")
