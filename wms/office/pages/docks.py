"""The docks' calendar: which lorry comes when, at which dock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint, render_template, request
from flask_babel import get_locale

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.facility.models import LocationKind, Warehouse
from wms.facility.queries import locations_page, warehouses_seen
from wms.inbound import queries as inbound
from wms.inbound.words import TRANSPORT_WORDS
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_docks", __name__, url_prefix="/office/docks", template_folder="../templates")
DAYS = 7

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
    docks = [dock.code for dock in locations_page(warehouse.id, kind=LocationKind.DOCK.value, limit=200)]
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
        earlier=first - timedelta(DAYS), later=first + timedelta(DAYS),
    )  # fmt: skip


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
