"""The appointment of a booking at the dock, in the warehouse's own time."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.queries import load_warehouse
from wms.inbound import queries as inbound
from wms.inbound import schemas, service
from wms.platform import forms
from wms.platform.access import actor, requires

blueprint = Blueprint("portal_appointments", __name__, url_prefix="/portal/bookings/<uuid:booking_id>/appointment")


@blueprint.post("")
@requires(Permission.BOOKINGS_WRITE)
def make(booking_id: uuid.UUID) -> BaseResponse:
    """Make it or move it. What is typed is the time on the warehouse's clock."""
    booking = inbound.load_booking(actor(), booking_id)
    zone = load_warehouse(actor(), booking.warehouse_id).time_zone
    starts_at, minutes = _typed_time(zone), forms.typed_number("minutes")
    note = forms.typed_text("note", 120) or ""
    if starts_at is None or not isinstance(minutes, int):
        outcome: forms.Outcome = invalid("/starts_at", "required")
    else:
        outcome = forms.run_form(
            "bookings.appoint", {"id": booking_id, "starts_at": starts_at, "minutes": minutes, "note": note},
            lambda: service.make_appointment(actor(), booking_id, starts_at, minutes, note=note), schemas.appointed,
        )  # fmt: skip
    return _answer(outcome, booking_id, _("The dock is kept free."), zone)


@blueprint.post("/cancel")
@requires(Permission.BOOKINGS_WRITE)
def cancel(booking_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "bookings.cancel_appointment", {"id": booking_id}, lambda: service.cancel_appointment(actor(), booking_id),
        schemas.appointed,
    )  # fmt: skip
    return _answer(outcome, booking_id, _("The appointment is cancelled."))


def _typed_time(zone: str) -> datetime | None:
    try:
        typed = datetime.fromisoformat(request.form.get("starts_at", "")[:16])
    except ValueError:
        return None
    return typed.replace(tzinfo=ZoneInfo(zone)) if typed.tzinfo is None and 2000 < typed.year < 2999 else None


def _answer(outcome: forms.Outcome, booking_id: uuid.UUID, done: str, zone: str = "UTC") -> BaseResponse:
    if isinstance(outcome, Refused):
        if outcome.code == "docks_taken":  # in the time that was typed
            free_from = datetime.fromisoformat(outcome.params["free_from"]).astimezone(ZoneInfo(zone))
            outcome = Refused(outcome.code, {"free_from": free_from.strftime("%Y-%m-%d %H:%M")})
        forms.flash_or_raise(outcome)
    else:
        flash(done, "ok")
    return redirect(url_for("portal_bookings.detail", booking_id=booking_id))
