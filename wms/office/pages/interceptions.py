"""Orders that are stopped: requests to intercept, which wait for an answer, and orders on hold."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.office import stopped
from wms.outbound.rules import INTERCEPT_REFUSALS
from wms.outbound.service import interceptions
from wms.outbound.words import HOLD_WORDS, INTERCEPT_WORDS, REFUSAL_WORDS, SIDE_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint(
    "office_interceptions", __name__, url_prefix="/office/interceptions", template_folder="../templates"
)

navigation.add(
    Entry(
        lazy("Stopped orders"), "office_interceptions.index", "ban", Permission.EXCEPTIONS_MANAGE, staff=True, order=240
    )
)


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    return render_template(
        "office/interceptions.html", requests=stopped.requests(actor()), holds=stopped.holds(actor()),
        hold_words=HOLD_WORDS, side_words=SIDE_WORDS, intercept_words=INTERCEPT_WORDS,
        refusals=[(code, REFUSAL_WORDS[code]) for code in INTERCEPT_REFUSALS],
    )  # fmt: skip


@blueprint.post("/<uuid:interception_id>/accept")
@requires(Permission.EXCEPTIONS_MANAGE)
def accept(interception_id: uuid.UUID) -> BaseResponse:
    """The goods were set aside: the order is cancelled and they are put back."""
    outcome = forms.run_form(
        "orders.accept_interception", {"id": interception_id},
        lambda: interceptions.accept(actor(), interception_id), lambda found: {"id": found.id},
    )  # fmt: skip
    return _back(outcome, _("The order is cancelled. Its goods are to be put back."))


@blueprint.post("/<uuid:interception_id>/refuse")
@requires(Permission.EXCEPTIONS_MANAGE)
def refuse(interception_id: uuid.UUID) -> BaseResponse:
    """The order goes on where it stood."""
    why = request.form.get("why", "")
    if why not in INTERCEPT_REFUSALS:
        raise not_found("reason")
    outcome = forms.run_form(
        "orders.refuse_interception", {"id": interception_id, "why": why},
        lambda: interceptions.refuse(actor(), interception_id, why), lambda found: {"id": found.id},
    )  # fmt: skip
    return _back(outcome, _("The order goes on where it stood."))


def _back(outcome: forms.Outcome, said: str) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(said, "ok")
    return redirect(url_for(".index"))
