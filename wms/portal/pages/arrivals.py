"""Parcels that stand at a dock without an announcement: found by what their label says, and claimed."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.identity.queries import sellers_seen
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import MIN_CODE
from wms.platform import forms
from wms.platform.access import actor, requires

blueprint = Blueprint("portal_arrivals", __name__, url_prefix="/portal/arrivals", template_folder="../templates")


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
def index() -> str:
    """By the whole code and nothing less: nobody browses what others have lost."""
    code = request.args.get("code", "").strip()[:80]
    rows = inbound.arrivals_by_code(actor(), code) if code else []
    return render_template(
        "portal/arrivals.html", code=code, rows=rows, least=MIN_CODE, sellers=sellers_seen(actor()),
        may=actor().may(Permission.BOOKINGS_WRITE) and not actor().is_staff,
    )  # fmt: skip


@blueprint.post("/<uuid:arrival_id>")
@requires(Permission.BOOKINGS_WRITE)
def claim(arrival_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    code, seller, note = (forms.typed_text(name) or "" for name in ("code", "seller", "note"))
    outcome = forms.run_form(
        "arrivals.claim", {"id": arrival_id, "code": code, "seller": seller, "note": note},
        lambda: service.claim_arrival(actor(), arrival_id, code, seller=seller or None, note=note),
        lambda found: {"id": str(found.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, f"claim-{arrival_id}", ".index")
    flash(_("Claimed. The dock looks at it and receives it under your booking."), "ok")
    return redirect(url_for(".index", code=code))
