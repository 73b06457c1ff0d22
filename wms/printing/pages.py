"""Label files for people who are logged in, and the bench's print buttons: `/labels/…`.

A waybill is handed to a bench's browser only after it was *armed* (a POST, on record): opening a link twice does not
print it twice. Labels that may be printed twice are simply files.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.platform import commands, forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, state_labels
from wms.platform.problems import refusal_problem
from wms.printing import queries, service
from wms.printing.api import answer_pdf
from wms.printing.models import KINDS, LabelDocument, LabelKind, PrintJob, PrintState
from wms.printing.rules import PRINTS
from wms.printing.words import sentence

blueprint = Blueprint("printing_pages", __name__, url_prefix="/labels", template_folder="templates")
BLUEPRINTS = [blueprint]

state_labels["label_document"] = {
    "requested": (lazy("Being made"), "info"),
    "ready": (lazy("Ready"), "ok"),
    "refused": (lazy("Cannot be printed"), "stop"),
    "superseded": (lazy("Replaced"), "idle"),
    "voided": (lazy("Void"), "stop"),
}
state_labels["label_bundle"] = {
    "requested": (lazy("Being made"), "info"),
    "ready": (lazy("Ready"), "ok"),
    "failed": (lazy("Cannot be printed"), "stop"),
}
state_labels["print_job"] = {
    "queued": (lazy("Waiting"), "idle"),
    "claimed": (lazy("Waiting"), "idle"),
    "fetched": (lazy("Waiting"), "idle"),
    "dispatching": (lazy("Being printed"), "info"),
    "dispatched": (lazy("At the printer"), "info"),
    "printed": (lazy("Printed"), "ok"),
    "failed_safe": (lazy("Not printed"), "warn"),
    "unknown": (lazy("Printed?"), "warn"),
    "expired": (lazy("Too late"), "warn"),
    "cancelled": (lazy("Cancelled"), "idle"),
    "voided": (lazy("Void"), "stop"),
}


@blueprint.get("/bundles/<uuid:bundle_id>")
@requires(Permission.LABELS_READ)
def bundle(bundle_id: uuid.UUID) -> str:
    """A file of labels: it looks again by itself until the file is made, then offers it."""
    found = queries.load_bundle(actor(), bundle_id)
    documents = queries.documents_of(found.id)
    ready = [each for each in documents if each.state == "ready"]
    may_print = bool(ready) and actor().is_staff and actor().may(Permission.FLOOR_WORK)
    return render_template(
        "printing/bundle.html", bundle=found, documents=documents, pages=sum(each.copies for each in documents),
        paper=sum(each.sheets for each in documents if each.kind == LabelKind.SHEET),
        refused=[each for each in documents if each.state == "refused"], sentence=sentence, prints=PRINTS,
        own=queries.choose_printer(_station(), ready[0]) if may_print else None,
        printers=queries.printers_for(found.warehouse_id, ready) if may_print else [],
    )  # fmt: skip


@blueprint.get("/bundles/<uuid:bundle_id>.pdf")
@requires(Permission.LABELS_READ)
def bundle_file(bundle_id: uuid.UUID) -> Response:
    """The file; for staff a bundle with waybills only once it was armed."""

    def make() -> bytes:
        _require_armed(queries.documents_of(queries.load_bundle(actor(), bundle_id).id))
        return service.bundle_pdf(actor(), bundle_id)

    return answer_pdf(make, f"labels-{bundle_id}.pdf")


@blueprint.get("/documents/<uuid:document_id>.pdf")
@requires(Permission.LABELS_READ)
def document_file(document_id: uuid.UUID) -> Response:
    """One label; a print that is under way at a bench gives that print, marked if it is a later one."""

    def make() -> bytes:
        document = queries.load_document(actor(), document_id)
        _require_armed([document])
        last = queries.last_job(document.id) if actor().is_staff else None
        if last is not None and last.reason != "original" and last.state == PrintState.DISPATCHING.value:
            return service.print_pdf(last).pdf
        return service.document_pdf(actor(), document_id)

    return answer_pdf(make, f"label-{document_id}.pdf")


def _require_armed(documents: Iterable[LabelDocument]) -> None:
    """Sellers may look at their own labels; a bench gets a waybill only while its print is under way."""
    found = actor()
    if not found.is_staff or found.may(Permission.LABELS_REPRINT):
        return
    for document in documents:
        last = queries.last_job(document.id) if KINDS[document.kind].once else None
        if KINDS[document.kind].once and (last is None or last.state != PrintState.DISPATCHING.value):
            raise Refused("arm_first", {})


@blueprint.post("/documents/<uuid:document_id>/print")
@requires(Permission.FLOOR_WORK)
def print_document(document_id: uuid.UUID) -> BaseResponse:
    """The bench prints a label: on its printer, or armed on record for its browser. The same command again does the same."""

    def use_case() -> PrintJob:
        return service.print_label(actor(), document_id, _station())

    return _printed("labels.print", {"document": document_id}, use_case, ".document_file", document_id=document_id)


@blueprint.post("/bundles/<uuid:bundle_id>/print")
@requires(Permission.FLOOR_WORK)
def print_bundle(bundle_id: uuid.UUID) -> BaseResponse:
    """A whole bundle, one print on record for each label: on the printer that the form names, or where the bench prints
    such labels.
    """
    printer_id = parse_id(request.form.get("printer", ""))

    def use_case() -> PrintJob:
        return service.print_bundle(actor(), bundle_id, _station(), printer_id)[-1]

    body = {"bundle": bundle_id, "printer": printer_id}
    return _printed("labels.print_bundle", body, use_case, ".bundle_file", bundle_id=bundle_id)


@blueprint.post("/documents/<uuid:document_id>/reprint")
@requires(Permission.FLOOR_WORK)
def reprint(document_id: uuid.UUID) -> BaseResponse:
    """Once more, with a reason; a waybill only with the permission to reprint."""
    reason = request.form.get("reason", "")[:120]

    def use_case() -> PrintJob:
        return service.send_again(actor(), service.reprint(actor(), document_id, reason, _station()))

    body = {"document": document_id, "reason": reason}
    return _printed("labels.reprint", body, use_case, ".document_file", document_id=document_id)


@blueprint.post("/prints/<uuid:job_id>/lost")
@requires(Permission.FLOOR_WORK)
def lost(job_id: uuid.UUID) -> BaseResponse:
    """ "No label came out": another print takes the place of the lost one, on the same way."""

    def use_case() -> PrintJob:
        return service.send_again(actor(), service.report_lost(actor(), job_id))

    return _printed("labels.lost", {"job": job_id}, use_case, ".print_file", job_id=job_id)


@blueprint.post("/prints/<uuid:job_id>/redirect")
@requires(Permission.FLOOR_WORK)
def redirect_print(job_id: uuid.UUID) -> BaseResponse:
    """A label that waits goes to the bench's other printer (`printer`), or to its browser (without)."""
    printer_id = parse_id(request.form.get("printer", ""))

    def use_case() -> PrintJob:
        return service.redirect(actor(), job_id, printer_id)

    body = {"job": job_id, "printer": printer_id}
    return _printed("labels.redirect", body, use_case, ".print_file", job_id=job_id)


@blueprint.get("/prints/<uuid:job_id>.pdf")
@requires(Permission.LABELS_READ)
def print_file(job_id: uuid.UUID) -> BaseResponse:
    """The label of a print or of the one that took its place."""
    document = queries.document_of_job(actor(), job_id)
    return redirect(url_for(".document_file", document_id=document.id), 303)


def _printed(
    name: str, body: object, use_case: Callable[[], PrintJob], endpoint: str, **address: uuid.UUID
) -> BaseResponse:
    """Run a print command of the form's id; then back to the bench, where a printer prints it, or to the file."""
    command_id = request.form.get("command_id", "")
    if parse_id(command_id) is None:
        raise invalid("/command_id", "required")
    command = commands.command_for(actor(), command_id, name, body)
    outcome = commands.execute(
        command, use_case, lambda job: {"job_id": job.id, "at_a_printer": job.printer_id is not None}
    )
    if isinstance(outcome, Refused):
        if request.form.get("next") is None or _back().startswith("/floor/"):
            return refusal_problem(outcome)
        forms.flash_or_raise(outcome)
        return redirect(_back(), 303)
    if outcome.answer.get("at_a_printer"):
        if not _back().startswith("/floor/"):  # the tablet's screens say themselves where a label waits
            flash(_("It waits for its printer, and is printed as soon as that can."), "ok")
        return redirect(_back(), 303)
    return redirect(url_for(endpoint, **address), 303)  # type: ignore[arg-type]


def _back() -> str:
    """A page of ours that the form names; never another host's."""
    wanted = request.form.get("next", "")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/floor/"


def _station() -> uuid.UUID | None:
    return parse_id(actor().extra.get("station_id", ""))
