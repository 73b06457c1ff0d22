"""A photo of a carton at the dock, taken with the tablet."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import FileKind
from wms.platform import forms, uploads
from wms.platform.access import actor, requires

blueprint = Blueprint("floor_photos", __name__, url_prefix="/floor/photos", template_folder="templates")


@blueprint.get("/<uuid:carton_id>")
@requires(Permission.FLOOR_WORK)
def take(carton_id: uuid.UUID) -> str:
    return _page(carton_id)


@blueprint.post("/<uuid:carton_id>")
@requires(Permission.FLOOR_WORK)
def store(carton_id: uuid.UUID) -> Response | tuple[str, int]:
    """The photo goes to the carton's booking, where its seller sees it; then counting goes on."""
    card = inbound.carton_by_id(actor(), carton_id)
    try:
        upload = uploads.received("file", uploads.PHOTOS)
    except Refused as refusal:
        return _page(carton_id, refusal), 422
    kept, note = upload.keep(), forms.typed_text("note") or ""
    outcome = forms.run_form(
        "bookings.attach", {"id": card.booking_id, "carton": carton_id, "sha256": kept.sha256, "note": note},
        lambda: service.attach(
            actor(), card.booking_id, FileKind.PHOTO, kept, upload.name, carton_id=carton_id, note=note
        ),
        lambda row: {"id": str(row.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _page(carton_id, outcome), 409
    if request.form.get("another"):
        return redirect(url_for(".take", carton_id=carton_id, taken=1), 303)
    return redirect(url_for("floor_pages.work", kind="receive"), 303)


def _page(carton_id: uuid.UUID, refusal: Refused | None = None) -> str:
    card = inbound.carton_by_id(actor(), carton_id)
    told = " ".join(forms.told(refusal)) if refusal is not None else None
    return render_template("floor/photo.html", card=card, refusal=told, taken="taken" in request.args)
