"""Destructions (销毁): orders whose goods are in a tote and wait to be destroyed before a witness."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.office import stopped
from wms.outbound.service import destruction
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint(
    "office_destructions", __name__, url_prefix="/office/destructions", template_folder="../templates"
)

navigation.add(
    Entry(lazy("Destructions"), "office_destructions.index", "trash", Permission.STOCK_APPROVE, staff=True, order=245)
)


@blueprint.get("")
@requires(Permission.STOCK_APPROVE)
def index() -> str:
    return render_template("office/destructions.html", rows=stopped.destructions(actor()))


@blueprint.post("/<uuid:order_id>")
@requires(Permission.STOCK_APPROVE)
def destroy(order_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """All of it was destroyed; a witness is named, another person than who records it."""
    witness, note = forms.typed_text("witness", 80), forms.typed_text("note")
    outcome: forms.Outcome = invalid("/witness", "required")
    if witness is not None:
        outcome = forms.run_form(
            "orders.destroy", {"id": order_id, "witness": witness, "note": note},
            lambda: destruction.destroy(actor(), order_id, witness, note), lambda order: {"id": order.id},
        )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, f"destroy-{order_id}", ".index")
    flash(_("The destruction is recorded."), "ok")
    return redirect(url_for(".index"))
