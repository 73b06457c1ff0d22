"""What came otherwise than announced: the seller's list of what waits for a decision, the decision, photos and papers."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.inbound import queries as inbound
from wms.inbound import schemas, service
from wms.inbound.words import DECISION_WORDS, DIFFERENCE_WORDS
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.portal.pages.attaching import attach_paper

blueprint = Blueprint("portal_differences", __name__, url_prefix="/portal", template_folder="../templates")


@blueprint.get("/differences")
@requires(Permission.BOOKINGS_READ)
def index() -> str:
    """What waits for the seller's word, the nearest deadline first."""
    rows = inbound.open_differences(actor(), ["open"])
    return render_template(
        "portal/differences.html", rows=rows,
        measured=inbound.measurements_page(actor(), limit=50), kinds=DIFFERENCE_WORDS, decisions=DECISION_WORDS,
        may=actor().may(Permission.BOOKINGS_WRITE),
    )  # fmt: skip


@blueprint.post("/differences/<uuid:difference_id>")
@requires(Permission.BOOKINGS_WRITE)
def decide(difference_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """The decision, from the list or from the booking's page, to which it leads."""
    booking_id = inbound.booking_of_difference(actor(), difference_id)
    wanted = {name: forms.typed_text(name) for name in ("decision", "relabel_to", "remark")}
    body = forms.load_form(schemas.DecisionIn(), forms.given(wanted))
    outcome = body if isinstance(body, Refused) else _decide(difference_id, body)
    if isinstance(outcome, Refused):
        form = f"decide-{difference_id}"
        if request.form.get("from") == "booking":
            return forms.shown_again(outcome, form, "portal_bookings.detail", booking_id=booking_id)
        return forms.shown_again(outcome, form, ".index")
    flash(_("Decided."), "ok")
    return redirect(_back(outcome.answer["booking_id"]))


def _decide(difference_id: uuid.UUID, body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "differences.decide", {"id": difference_id, **body},
        lambda: service.decide(
            actor(), difference_id, body["decision"], relabel_to=body.get("relabel_to"), remark=body["remark"]
        ), schemas.decided,
    )  # fmt: skip


def _back(booking_id: str) -> str:
    """The booking where the form stood, or the list."""
    if request.form.get("from") == "booking":
        return url_for("portal_bookings.detail", booking_id=booking_id)
    return url_for(".index")


@blueprint.get("/bookings/<uuid:booking_id>/files/<uuid:file_id>")
@requires(Permission.BOOKINGS_READ)
def file(booking_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    return uploads.hand_out(*inbound.file_content(actor(), booking_id, file_id))


@blueprint.post("/bookings/<uuid:booking_id>/files")
@requires(Permission.BOOKINGS_WRITE)
def add_file(booking_id: uuid.UUID) -> BaseResponse | tuple[Any, int]:
    """A paper or photo more."""
    inbound.load_booking(actor(), booking_id)
    return attach_paper(
        "bookings.attach", booking_id,
        lambda kind, kept, name: service.attach(actor(), booking_id, kind, kept, name), schemas.attached,
        "portal_bookings.detail", booking_id=booking_id,
    )  # fmt: skip
