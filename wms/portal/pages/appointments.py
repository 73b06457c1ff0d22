"""The appointment of a booking at the dock, in the warehouse's own time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.queries import load_warehouse
from wms.inbound import queries as inbound
from wms.inbound import schemas, service
from wms.inbound.docks import Offer
from wms.inbound.rules import AHEAD_DAYS
from wms.platform import forms
from wms.platform.access import actor, requires

LENGTHS = (30, 60, 120, 240)  # minutes
blueprint = Blueprint("portal_appointments", __name__, url_prefix="/portal/bookings/<uuid:booking_id>/appointment")


@blueprint.post("")
@requires(Permission.BOOKINGS_WRITE)
def make(booking_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Make it or move it. What is typed is the time on the warehouse's clock."""
    booking = inbound.load_booking(actor(), booking_id)
    zone = load_warehouse(actor(), booking.warehouse_id).time_zone
    (starts_at, dock), minutes = _chosen(zone), forms.typed_number("minutes")
    note = forms.typed_text("note", 120) or ""
    if starts_at is None or not isinstance(minutes, int):
        outcome: forms.Outcome = invalid("/starts_at", "required")
    else:
        outcome = forms.run_form(
            "bookings.appoint", {"id": booking_id, "starts_at": starts_at, "minutes": minutes, "dock": dock, "note": note},
            lambda: service.make_appointment(actor(), booking_id, starts_at, minutes, dock=dock, note=note),
            schemas.appointed,
        )  # fmt: skip
    if isinstance(outcome, Refused):
        refused = forms.at_fields(_in_zone(outcome, zone), {"docks_taken": "starts_at"})
        called = {"dock": "starts_at", "minutes": "starts_at"}  # one choice has them all
        return forms.shown_again(refused, "appointment", "portal_bookings.detail", called=called, booking_id=booking_id)
    return _answer(outcome, booking_id, _("The dock is kept free."))


@blueprint.post("/cancel")
@requires(Permission.BOOKINGS_WRITE)
def cancel(booking_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "bookings.cancel_appointment", {"id": booking_id}, lambda: service.cancel_appointment(actor(), booking_id),
        schemas.appointed,
    )  # fmt: skip
    return _answer(outcome, booking_id, _("The appointment is cancelled."))


def _chosen(zone: str) -> tuple[datetime | None, str | None]:
    """The time and the dock of what was offered (`2026-12-01T09:00 DOCK`); the time alone means any dock."""
    starts_at, _blank, dock = request.form.get("starts_at", "").partition(" ")
    return _time_of(starts_at, zone), dock.strip()[:24] or None


def _time_of(text: str, zone: str) -> datetime | None:
    """With its offset: on the day that the clocks change back an hour is there twice."""
    try:
        typed = datetime.fromisoformat(text[:25])
    except ValueError:
        return None
    if not 2000 < typed.year < 2999:
        return None
    return (typed.replace(tzinfo=ZoneInfo(zone)) if typed.tzinfo is None else typed).astimezone(ZoneInfo(zone))


@dataclass(frozen=True)
class Choice:
    """The times of one day that a booking's page offers. `first`, `last`: the days that may be asked for."""

    day: date
    minutes: int
    first: date
    last: date
    times: list[tuple[str, str]]


def choice_of(found: Mapping[str, Any], zone: str, now: Mapping[str, Any] | None) -> Choice:
    """As the page asks (`day`, `minutes`); else the day of the appointment there is (`now`), or the day that the goods are
    expected.
    """
    today = clock.today(zone)
    last = today + timedelta(days=AHEAD_DAYS)
    usual = now["starts_at"].astimezone(ZoneInfo(zone)).date() if now else found["expected_on"]
    day = min(max(_asked_day() or usual or today + timedelta(days=1), today), last)
    minutes = forms.as_number(request.args.get("minutes"))
    length = minutes if isinstance(minutes, int) and minutes in LENGTHS else LENGTHS[1]
    offered = inbound.offered_times(actor(), found["id"], day, length)
    return Choice(day, length, today, last, [_option(each) for each in offered])


def _option(offer: Offer) -> tuple[str, str]:
    """What the form sends of an offered time, and what the page shows of it."""
    value = f"{offer.starts_at.isoformat(timespec='minutes')} {offer.dock}"
    return value, f"{offer.starts_at:%H:%M} – {offer.ends_at:%H:%M} · {offer.dock}"


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _in_zone(refusal: Refused, zone: str) -> Refused:
    """When a dock is free again, in the time that was typed."""
    if refusal.code != "docks_taken":
        return refusal
    free_from = datetime.fromisoformat(refusal.params["free_from"]).astimezone(ZoneInfo(zone))
    return Refused(refusal.code, {"free_from": free_from.strftime("%Y-%m-%d %H:%M")})


def _answer(outcome: forms.Outcome, booking_id: uuid.UUID, done: str) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(done, "ok")
    return redirect(url_for("portal_bookings.detail", booking_id=booking_id))
