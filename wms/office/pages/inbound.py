"""The dock's desk: what sellers decided about goods that differ, what they have not decided yet, and their terms."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import DEFAULT_DECISIONS, Terms
from wms.inbound.words import COUNTING_WORDS, DECISION_WORDS, DIFFERENCE_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_inbound", __name__, url_prefix="/office/inbound", template_folder="../templates")

navigation.add(
    Entry(
        lazy("Dock desk"), "office_inbound.index", "package-open", Permission.EXCEPTIONS_MANAGE, staff=True, order=120
    )
)


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    return render_template(
        "office/inbound.html", to_do=inbound.open_differences(actor(), ["decided"]),
        waiting=inbound.open_differences(actor(), ["open"]), kinds=DIFFERENCE_WORDS, decisions=DECISION_WORDS,
        sellers=inbound.sellers_with_terms(), defaults=DEFAULT_DECISIONS, houses=inbound.countings(actor()),
        countings=COUNTING_WORDS,
    )  # fmt: skip


@blueprint.post("/differences/<uuid:difference_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def carry_out(difference_id: uuid.UUID) -> BaseResponse:
    """It is done: with the stock that it takes, or without."""
    moves_stock = request.form.get("stock") != "no"
    outcome = forms.run_form(
        "differences.carry_out", {"id": difference_id, "moves_stock": moves_stock},
        lambda: service.carry_out(actor(), difference_id, moves_stock=moves_stock),
        lambda done: {"id": str(done.difference_id), "state": done.state},
    )  # fmt: skip
    say(outcome, _("Done."))
    return redirect(url_for(".index"))


@blueprint.post("/terms/<uuid:seller_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def terms(seller_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """What holds for a seller from the next closed carton on."""
    hours = forms.typed_number("decide_hours")
    shelf = forms.typed_number("min_shelf_days")
    agreed = Terms(
        hours if isinstance(hours, int) else 0, request.form.get("default_decision", "")[:8],
        -1 if isinstance(shelf, str) else shelf, forms.typed_text("counting", 8),
    )  # fmt: skip
    outcome = forms.run_form(
        "inbound.terms", {"id": seller_id, **vars(agreed)}, lambda: service.set_terms(actor(), seller_id, agreed)
    )
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, f"terms-{seller_id}", ".index")
    flash(_("Agreed."), "ok")
    return redirect(url_for(".index"))


@blueprint.post("/counting/<uuid:warehouse_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def counting(warehouse_id: uuid.UUID) -> BaseResponse:
    """How a warehouse counts the cartons for which nothing else is said."""
    wanted = forms.typed_text("counting", 8) or ""
    outcome = forms.run_form(
        "inbound.counting", {"id": warehouse_id, "counting": wanted},
        lambda: service.set_counting(actor(), warehouse_id, wanted), lambda rule: {"counting": rule.counting},
    )  # fmt: skip
    say(outcome, _("So it is from the next carton on."))
    return redirect(url_for(".index"))


@blueprint.post("/bookings/<uuid:booking_id>/counting")
@requires(Permission.EXCEPTIONS_MANAGE)
def counting_of_booking(booking_id: uuid.UUID) -> BaseResponse:
    """How the cartons of one booking are counted, those excepted whose count has begun."""
    wanted = forms.typed_text("counting", 8)
    outcome = forms.run_form(
        "bookings.counting", {"id": booking_id, "counting": wanted},
        lambda: service.choose_counting(actor(), booking_id, wanted), lambda version: {"version": version},
    )  # fmt: skip
    say(outcome, _("So it is from the next carton on."))
    return redirect(url_for("portal_bookings.detail", booking_id=booking_id))


def say(outcome: forms.Outcome, done: str) -> None:
    """What came of a button, above the page."""
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(done, "ok")
