"""What a service asks for besides scans: photos of what was done, and why less was done than asked for."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.added_services import queries, working
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.floor import contract
from wms.floor.models import FloorTask
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.database import session

blueprint = Blueprint("floor_serving", __name__, url_prefix="/floor/services", template_folder="templates")


@blueprint.get("/<uuid:request_id>")
@requires(Permission.FLOOR_WORK)
def take(request_id: uuid.UUID) -> str:
    return _page(request_id)


@blueprint.post("/<uuid:request_id>/photo")
@requires(Permission.FLOOR_WORK)
def photo(request_id: uuid.UUID) -> Response | tuple[str, int]:
    """The photo is a proof of the service, which its seller sees."""
    queries.request_row(actor(), request_id)
    try:
        upload = uploads.received("file", uploads.PHOTOS)
    except Refused as refusal:
        return _page(request_id, refusal), 422
    kept = upload.keep()
    outcome = forms.run_form(
        "added_services.photo", {"id": request_id, "sha256": kept.sha256},
        lambda: working.add_photo(actor(), request_id, kept, upload.name), lambda proof: {"id": proof.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _refused(request_id, outcome)
    if request.form.get("another"):
        return redirect(url_for(".take", request_id=request_id, taken=1), 303)
    return redirect(url_for("floor_pages.work", kind="service"), 303)


@blueprint.post("/<uuid:request_id>/less")
@requires(Permission.FLOOR_WORK)
def less(request_id: uuid.UUID) -> Response | tuple[str, int]:
    """It ends with less than was asked for, and why; the seller reads it."""
    answer = forms.typed_text("answer", 400) or ""
    outcome = forms.run_form(
        "added_services.finish", {"id": request_id, "answer": answer}, lambda: _finish(request_id, answer),
        lambda found: {"id": found.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _refused(request_id, outcome)
    return redirect(url_for("floor_pages.home"), 303)


def _finish(request_id: uuid.UUID, answer: str) -> Any:
    found = working.finish(actor(), request_id, answer)
    _begin_anew(request_id)
    return found


def _begin_anew(request_id: uuid.UUID) -> None:
    """The tablet that was at it asks for the next work."""
    task = session().query(FloorTask).filter_by(user_id=actor().id, kind="service", closed_at=None).one_or_none()
    if task is not None and task.data.get("request_id") == str(request_id):
        first = contract.Step("take_work", {})
        task.step, task.data, task.version = first.step, first.data, task.version + 1
        session().flush()


def _refused(request_id: uuid.UUID, refusal: Refused) -> tuple[str, int]:
    if refusal.kind is RefusalKind.NOT_FOUND:
        raise refusal
    return _page(request_id, refusal), 409


def _page(request_id: uuid.UUID, refusal: Refused | None = None) -> str:
    told = " ".join(forms.told(refusal)) if refusal is not None else None
    return render_template(
        "floor/serving.html", row=queries.request_row(actor(), request_id), refusal=told, taken="taken" in request.args
    )
