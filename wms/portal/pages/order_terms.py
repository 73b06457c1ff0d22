"""What a seller's orders do without enough stock."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.identity.queries import sellers_seen
from wms.identity.words import ROTATION_NOTES, ROTATION_WORDS
from wms.outbound.rules import Fill
from wms.outbound.service import cut_offs
from wms.outbound.words import FILL_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy

blueprint = Blueprint("portal_order_terms", __name__, url_prefix="/portal/orders", template_folder="../templates")

NOTES = {
    Fill.ALL.value: lazy("The order waits, in order of its date, and goes whole."),
    Fill.KILL.value: lazy("It is refused; or cancelled, when it loses its stock before it is picked."),
    Fill.PARTIAL.value: lazy("The order is split; the rest is a back order, linked to it."),
}


@blueprint.get("/terms")
@requires(Permission.ORDERS_WRITE)
def terms() -> str:
    sellers = [
        (seller, cut_offs.fill_rule_of(seller.id), cut_offs.terms_of(seller.id)) for seller in sellers_seen(actor())
    ]
    return render_template(
        "portal/order_terms.html", sellers=sellers, rules=[(code, words, NOTES[code]) for code, words in FILL_WORDS.items()],
        rotations=ROTATION_WORDS, rotation_notes=ROTATION_NOTES,
    )  # fmt: skip


@blueprint.post("/terms")
@requires(Permission.ORDERS_WRITE)
def save() -> BaseResponse:
    wanted, code = request.form.get("fill", ""), request.form.get("seller", "")
    seller = next((each for each in sellers_seen(actor()) if each.code == code), None)
    if seller is None or wanted not in set(Fill):
        raise not_found("seller")
    photo, slip = (request.form.get(name) is not None for name in ("pack_photo", "pack_slip"))
    outcome = forms.run_form(
        "orders.terms", {"seller": seller.code, "fill": wanted, "photo": photo, "slip": slip},
        lambda: cut_offs.set_terms(actor(), seller.id, Fill(wanted), pack_photo=photo, pack_slip=slip),
        lambda found: {"fill": found.fill_rule},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Saved. It counts for orders from now on."), "ok")
    return redirect(url_for(".terms"))
