"""Orders that work has stopped on, and the supervisor's decision."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.queries import warehouses_seen
from wms.office import queries
from wms.outbound.service import damage
from wms.outbound.service.decisions import Decision, decide
from wms.outbound.words import DAMAGE_WORDS
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_exceptions", __name__, url_prefix="/office/exceptions", template_folder="../templates")
KIND_WORDS = {
    "short_at_pick": lazy("Too little at the bin"),
    "damaged": lazy("Damaged"),
    "weight": lazy("The weight is off"),
    "customs_refused": lazy("Refused by customs"),
    "not_collected": lazy("Nobody came for it"),
}

navigation.add(
    Entry(
        lazy("Exceptions"), "office_exceptions.index", "alert", Permission.EXCEPTIONS_MANAGE, staff=True, order=20,
        phone=True,
    )
)  # fmt: skip


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    return render_template(
        "office/exceptions.html", rows=queries.open_exceptions(actor()), kinds=KIND_WORDS,
        damages=damage.newest([each.id for each in warehouses_seen(actor())]), damage_words=DAMAGE_WORDS,
    )  # fmt: skip


@blueprint.post("/<uuid:exception_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def settle(exception_id: uuid.UUID) -> BaseResponse:
    """Cancel the order, look for stock (or wait for customs) once more, or say that it is settled."""
    wanted = request.form.get("decision", "")
    if wanted not in set(Decision):
        raise not_found("decision")
    outcome = forms.run_form(
        "exceptions.decide", {"id": exception_id, "decision": wanted},
        lambda: decide(actor(), exception_id, Decision(wanted)), lambda found: {"id": found.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Decided."), "ok")
    return redirect(url_for(".index"))


@blueprint.get("/damage/<uuid:damage_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def damage_photo(damage_id: uuid.UUID) -> BaseResponse:
    """What the picker photographed."""
    return uploads.hand_out(*damage.photo_of(actor(), damage_id))
