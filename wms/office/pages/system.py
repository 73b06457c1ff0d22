"""The operator's page: engines, processes, workers, queue, disk, audit, and jobs that need a hand.

It shows the same state that `/readyz` and `/metrics` tell (`platform.vitals`), and asks for it again every few seconds;
an unchanged state costs a 304.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.office import queries
from wms.platform import forms, outbox, vitals
from wms.platform.access import requires
from wms.platform.auditing import last_audit
from wms.platform.live import answer_live, live_tag
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.schema_version import schema_state

blueprint = Blueprint("office_system", __name__, url_prefix="/office/system", template_folder="../templates")

navigation.add(Entry(lazy("System"), "office_system.index", "settings", Permission.OPERATE, staff=True, order=690))

# What limps, in words: the codes of `vitals.degraded`.
REASONS = {
    "redis": lazy("The queue is away. Jobs are done by the sweeper meanwhile, more slowly."),
    "workers": lazy("No worker is alive. Jobs wait until one is."),
    "outbox_seconds": lazy("The oldest job has been waiting for %(value)s s."),
    "dead_jobs": lazy("Jobs that have failed for good: %(value)s. They wait for a person, below."),
    "audit_violations": lazy("The last audit found wrong rows: %(value)s. “flask audit” names them."),
    "audit_hours": lazy("The books have not been audited for %(value)s hours. Does the sweeper run?"),
    "wal_archive": lazy("PostgreSQL cannot archive its log. Nothing after its last success can be restored."),
    "disk_low": lazy("Less than a tenth of the disk is free: %(value)s."),
}
JOB_WORDS = {"dead": (lazy("Failed"), "stop"), "new": (lazy("Will be tried again"), "warn")}
WORKER_WORDS = {
    "busy": (lazy("Working"), "info"),
    "idle": (lazy("Idle"), "ok"),
    "started": (lazy("Starting"), "idle"),
    "suspended": (lazy("Suspended"), "warn"),
}
ROLE_WORDS = {"web": lazy("Web"), "worker": lazy("Worker"), "sweeper": lazy("Sweeper"), "command": lazy("Command")}
FOLDER_WORDS = {"instance": lazy("Data"), "files": lazy("Files")}
WORDS = {"jobs": JOB_WORDS, "workers": WORKER_WORDS, "roles": ROLE_WORDS, "folders": FOLDER_WORDS}


@blueprint.get("")
@requires(Permission.OPERATE)
def index() -> str:
    live = _live()
    return render_template("office/system.html", live=Markup(live), etag=live_tag(live))  # noqa: S704 - our own template's


@blueprint.get("/now")
@requires(Permission.OPERATE)
def now() -> Response:
    """The live part of the page; 304 while it would show the same."""
    return answer_live(_live())


def _live() -> str:
    return render_template("office/system_now.html", words=WORDS, **_state())


@blueprint.post("/jobs/<uuid:job_id>/resume")
@requires(Permission.OPERATE)
def resume(job_id: uuid.UUID) -> BaseResponse:
    """One job is tried again now."""

    def use_case() -> None:
        if not outbox.resume(job_id):
            raise Refused("job_not_waiting")

    outcome = forms.run_form("system.resume", {"job": job_id}, use_case, lambda _none: {"job": job_id})
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The job is tried again."), "ok")
    return redirect(url_for(".index"))


@blueprint.post("/jobs/resume")
@requires(Permission.OPERATE)
def resume_topic() -> BaseResponse:
    """All stopped jobs of one topic are tried again now: what stopped them has been mended."""
    topic = forms.typed_text("topic", 64) or ""
    outcome = forms.run_form(
        "system.resume_topic", {"topic": topic}, lambda: outbox.resume_topic(topic), lambda jobs: {"jobs": jobs}
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        count = outcome.answer["jobs"]
        flash(ngettext("%(num)s job is tried again.", "%(num)s jobs are tried again.", count), "ok")
    return redirect(url_for(".index"))


def _state() -> dict[str, Any]:
    """All that the live part shows."""
    queue = vitals.courier()
    working = [worker.job_id for worker in queue.workers if worker.job_id] if queue else []
    return {
        "reasons": [(code, _reason(code, value)) for code, value in vitals.degraded().items()],
        "database": vitals.database(), "courier": queue, "schema": schema_state(), "processes": vitals.processes(),
        "disks": vitals.disks(), "audit": last_audit(), "outbox": outbox.open_counts(),
        "oldest": int(outbox.oldest_due_seconds()), "topics": queries.topics_of_jobs(working),
        "stopped": queries.stopped_jobs(), "stopped_topics": queries.stopped_topics(),
    }  # fmt: skip


def _reason(code: str, value: Any) -> str:
    if code == "disk_low":
        value = ", ".join(str(FOLDER_WORDS[each]) for each in value)
    return str(REASONS[code]) % {"value": value}
