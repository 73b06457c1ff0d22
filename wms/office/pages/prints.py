"""The job board: every print, why it is where it is, and what a supervisor can do about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.office import print_queries
from wms.office.pages.printers import HEALTH_WORDS, KIND_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.printing import service as printing
from wms.printing.reasons import in_words

blueprint = Blueprint("office_prints", __name__, url_prefix="/office/prints", template_folder="../templates")
PAGE = 50
GROUP_WORDS = {
    "doubt": lazy("In doubt"), "waiting": lazy("Waiting"), "moving": lazy("At the printer"), "expired": lazy("Too late"),
    "printed": lazy("Printed"), "ended": lazy("Ended"),
}  # fmt: skip
# The steps of a job's history, in words: our own, and what agents tell.
EVENT_WORDS = {
    "requested": lazy("Asked for"), "claim": lazy("Taken by the agent"), "fetch": lazy("Fetched"),
    "requeue": lazy("Waits again"), "arm": lazy("Sent to the printer from here on"), "sent": lazy("The printer has it"),
    "prove_unsent": lazy("Surely not printed"), "lose_sight": lazy("Nobody knows whether it came out"),
    "retry": lazy("Sent again by itself"), "confirm": lazy("Seen"), "expire": lazy("Waited too long"),
    "queue_again": lazy("Asked for again"), "redirect": lazy("Sent elsewhere"), "cancel": lazy("Cancelled"),
    "void": lazy("The label became void"), "voided": lazy("The label became void"),
    "unsent": lazy("Agent: not sent"), "lost": lazy("Agent: cannot say"), "completed": lazy("Printer: done"),
    "note": lazy("Agent"),
}  # fmt: skip
# Reasons that the system writes itself; a person's own stand as they were typed.
AGAIN_WORDS = {
    "lost": lazy("no label came out"),
    "seen": lazy("seen without a print"),
    "again": lazy("asked for again"),
}

navigation.add(
    Entry(lazy("Print jobs"), "office_prints.index", "list", Permission.LABELS_REPRINT, staff=True, order=520)
)


@blueprint.get("")
@requires(Permission.LABELS_REPRINT)
def index() -> str:
    wanted = {name: request.args.get(name, "").strip()[:80] for name in ("group", "printer", "kind", "code")}
    if parse_id(wanted["printer"]) is None:
        wanted["printer"] = ""
    rows = print_queries.jobs_page(actor(), wanted, parse_id(request.args.get("after", "")), PAGE)
    more = len(rows) > PAGE
    here: dict[str, Any] = dict(wanted)
    return render_template(
        "office/prints.html", rows=rows[:PAGE], wanted=wanted, groups=GROUP_WORDS, kinds=KIND_WORDS,
        printers=print_queries.printers_seen(actor()), reasons=in_words, again=AGAIN_WORDS,
        next_url=url_for(".index", **here, after=rows[PAGE - 1].PrintJob.id) if more else "",
        back_url=url_for(".index", **here) if "after" in request.args else "",
    )  # fmt: skip


@blueprint.get("/<uuid:job_id>")
@requires(Permission.LABELS_REPRINT)
def detail(job_id: uuid.UUID) -> str:
    found = print_queries.job_detail(actor(), job_id)
    batch = printing.batch_jobs(actor(), found.job.batch_id) if found.job.batch_id else []
    return render_template(
        "office/print.html",
        found=found,
        batch=batch,
        kinds=KIND_WORDS,
        words=EVENT_WORDS,
        health=HEALTH_WORDS,
        again=AGAIN_WORDS,
        reasons=in_words,
    )


@blueprint.post("/<uuid:job_id>/cancel")
@requires(Permission.LABELS_REPRINT)
def cancel(job_id: uuid.UUID) -> BaseResponse:
    why = forms.typed_text("why", 120) or ""
    return _done("printing.cancel", {"job": job_id, "why": why}, lambda: printing.cancel_print(actor(), job_id, why),
                 job_id, _("The print is cancelled."))  # fmt: skip


@blueprint.post("/<uuid:job_id>/reprint")
@requires(Permission.LABELS_REPRINT)
def reprint(job_id: uuid.UUID) -> BaseResponse:
    """Once more, where the last one went: at its printer, or from the bench."""
    reason = forms.typed_text("reason", 120) or ""

    def use_case() -> Any:
        return printing.reprint_job(actor(), job_id, reason)

    return _done("printing.reprint", {"job": job_id, "reason": reason}, use_case, job_id, _("It is printed again."))


@blueprint.post("/<uuid:job_id>/redirect")
@requires(Permission.LABELS_REPRINT)
def send_elsewhere(job_id: uuid.UUID) -> BaseResponse:
    printer_id = parse_id(request.form.get("printer", ""))
    if printer_id is None:
        flash(_("Choose a printer."), "warn")
        return redirect(url_for(".detail", job_id=job_id), 303)
    return _done("printing.redirect", {"job": job_id, "printer": printer_id},
                 lambda: printing.redirect(actor(), job_id, printer_id), job_id, _("It waits at that printer now."))  # fmt: skip


@blueprint.post("/<uuid:job_id>/resume")
@requires(Permission.LABELS_REPRINT)
def resume(job_id: uuid.UUID) -> BaseResponse:
    """The rest of the job's batch goes on behind the jam."""
    found = print_queries.job_detail(actor(), job_id)
    batch_id = found.job.batch_id
    if batch_id is None:
        return redirect(url_for(".detail", job_id=job_id), 303)
    return _done("printing.resume", {"batch": batch_id}, lambda: printing.resume_batch(actor(), batch_id), job_id,
                 _("What had waited too long waits for its printer again."))  # fmt: skip


def _done(name: str, body: object, use_case: Callable[[], Any], job_id: uuid.UUID, words: str) -> BaseResponse:
    outcome = forms.run_form(name, body, use_case)
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(words, "ok")
    return redirect(url_for(".detail", job_id=job_id), 303)
