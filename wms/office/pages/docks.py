"""The docks' calendar: which lorry comes when, at which dock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid_fields, not_found
from wms.facility.models import Location, LocationKind, Warehouse
from wms.facility.queries import locations_page, warehouses_seen
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.docks import Hours
from wms.inbound.words import TRANSPORT_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_docks", __name__, url_prefix="/office/docks", template_folder="../templates")
DAYS = 7
WEEKDAYS = (
    lazy("Monday"), lazy("Tuesday"), lazy("Wednesday"), lazy("Thursday"), lazy("Friday"), lazy("Saturday"), lazy("Sunday"),
)  # fmt: skip

navigation.add(
    Entry(lazy("Docks"), "office_docks.index", "calendar", Permission.EXCEPTIONS_MANAGE, staff=True, order=140)
)


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    """A week from `day` on, by the warehouse's calendar: a row for each day and dock."""
    seen = warehouses_seen(actor())
    warehouse = _chosen(seen)
    zone = ZoneInfo(warehouse.time_zone)
    first = _day() or clock.now().astimezone(zone).date()
    since = datetime.combine(first, time(), zone)
    rows = inbound.dock_calendar(actor(), warehouse.id, since, datetime.combine(first + timedelta(DAYS), time(), zone))
    places = locations_page(warehouse.id, kind=LocationKind.DOCK.value, limit=200)
    docks = [dock.code for dock in places]
    week = [
        {
            "day": day, "name": format_skeleton("MMMEd", day, locale=get_locale()),
            "docks": {dock: [row for row in rows if row["dock"] == dock
                             and row["starts_at"].astimezone(zone).date() == day] for dock in docks},
        }
        for day in (first + timedelta(back) for back in range(DAYS))
    ]  # fmt: skip
    for row in rows:
        row["hours"] = " – ".join(row[end].astimezone(zone).strftime("%H:%M") for end in ("starts_at", "ends_at"))
    return render_template(
        "office/docks.html", week=week, docks=docks, warehouse=warehouse, warehouses=seen, transports=TRANSPORT_WORDS,
        earlier=first - timedelta(DAYS), later=first + timedelta(DAYS), hours=_hours(places), weekdays=WEEKDAYS,
    )  # fmt: skip


def _hours(places: Sequence[Location]) -> list[dict[str, Any]]:
    """Each dock with what stands in the form of its week."""
    known = inbound.dock_hours([place.id for place in places])
    return [
        {"id": place.id, "code": place.code, "days": {each.weekday: each for each in known[place.id]}}
        for place in places
    ]


@blueprint.post("/<uuid:location_id>/hours")
@requires(Permission.EXCEPTIONS_MANAGE)
def hours(location_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """When a dock takes lorries: a day left empty, never; all of them empty, at any time."""
    told = _typed_hours()
    outcome = told if isinstance(told, Refused) else forms.run_form(
        "docks.hours", {"dock": location_id, "hours": [[each.weekday, str(each.opens), str(each.closes)] for each in told]},
        lambda: service.set_dock_hours(actor(), location_id, told),
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, f"hours-{location_id}", ".index")
    flash(_("The hours of the dock are kept."), "ok")
    return redirect(url_for(".index", warehouse=request.args.get("warehouse")))


def _typed_hours() -> list[Hours] | Refused:
    found, faults = [], []
    for weekday in range(len(WEEKDAYS)):
        typed = {end: forms.typed_text(f"{weekday}.{end}", 5) for end in ("opens", "closes")}
        if not any(typed.values()):
            continue
        opens, closes = (_time_of(each) for each in typed.values())
        if opens is None or closes is None:
            wrong = "opens" if opens is None else "closes"
            faults.append(FieldError(f"/{weekday}/{wrong}", "type", {"wanted": "time"}))
        else:
            found.append(Hours(weekday, opens, closes))
    return invalid_fields(faults) if faults else found


def _time_of(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        return None


def _chosen(seen: Sequence[Warehouse]) -> Warehouse:
    code = request.args.get("warehouse")
    found = next((each for each in seen if code in (None, each.code)), None)
    if found is None:
        raise not_found("warehouse")
    return found


def _day() -> date | None:
    try:
        day = date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None
    return day if 2000 < day.year < 2900 else None
