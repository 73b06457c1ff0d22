"""Cut-offs (截单时间) of carriers and services, and the days on which a warehouse sends nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.models import Warehouse
from wms.facility.queries import warehouses_seen
from wms.office import cut_offs as reads
from wms.outbound.service import cut_offs
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text
from wms.shipping.queries import services_offered

blueprint = Blueprint("office_cut_offs", __name__, url_prefix="/office/cut-offs", template_folder="../templates")
DAY_WORDS = [lazy("Mon"), lazy("Tue"), lazy("Wed"), lazy("Thu"), lazy("Fri"), lazy("Sat"), lazy("Sun")]
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
MOST_TYPED = 8_000


class CutOffForm(CodedSchema):
    """Times as the warehouse's clock shows them."""

    warehouse = Text(16, required=True)
    carrier = Text(12, required=True)
    service = Text(24, load_default=None)
    orders_until = Text(5, required=True, pattern=_TIME.pattern)
    truck_at = Text(5, required=True, pattern=_TIME.pattern)
    work_minutes = Count(0, 1440, required=True)
    priority = Count(0, 9, load_default=0)
    days = fields.List(Choice([str(number) for number in range(7)]), required=True)


@blueprint.get("")
@requires(Permission.FACILITY_WRITE)
def index() -> str:
    return _page()


def _page(refusal: Refused | None = None) -> str:
    offered = [(service, carrier) for service, carrier in services_offered()]
    return render_template(
        "office/cut_offs.html", rows=reads.listed(actor()), closed=reads.closed(actor()), days=DAY_WORDS,
        warehouses=warehouses_seen(actor()), typed=request.form, errors=forms.field_messages(refusal),
        carriers=sorted({(carrier.code, f"{carrier.code} · {carrier.name}") for _service, carrier in offered}),
        services=sorted({(service.code, f"{service.code} · {service.name}") for service, _carrier in offered}),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.post("")
@requires(Permission.FACILITY_WRITE)
def save() -> BaseResponse | tuple[str, int]:
    typed: dict[str, Any] = forms.given(
        {name: forms.typed_text(name) for name in CutOffForm().fields if name != "days"}
    )
    typed |= {name: forms.as_number(typed[name]) for name in ("work_minutes", "priority") if name in typed}
    body = forms.load_form(CutOffForm(), typed | {"days": request.form.getlist("days")[:7]})
    outcome = body if isinstance(body, Refused) else _save(body)
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    flash(_("The cut-off is saved. It counts for orders from now on."), "ok")
    return redirect(url_for(".index"))


def _save(body: dict[str, Any]) -> forms.Outcome:
    warehouse = _warehouse(body["warehouse"])
    if warehouse is None:
        return invalid("/warehouse", "unknown_warehouse")
    if not body["days"]:
        return invalid("/days", "required")
    return forms.run_form(
        "orders.cut_off", body,
        lambda: cut_offs.set_cut_off(actor(), warehouse.id, body["carrier"], body["service"], _times(body)),
        lambda found: {"id": found.id},
    )  # fmt: skip


def _warehouse(code: str) -> Warehouse | None:
    return next((each for each in warehouses_seen(actor()) if each.code == code), None)


def _times(body: Mapping[str, Any]) -> dict[str, int]:
    return {
        "orders_until": _minutes(body["orders_until"]), "truck_at": _minutes(body["truck_at"]),
        "work_minutes": body["work_minutes"], "priority": body["priority"],
        "weekdays": sum(1 << int(day) for day in set(body["days"])),
    }  # fmt: skip


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


@blueprint.post("/<uuid:cut_off_id>/drop")
@requires(Permission.FACILITY_WRITE)
def drop(cut_off_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "orders.drop_cut_off", {"id": cut_off_id}, lambda: cut_offs.drop_cut_off(actor(), cut_off_id),
        lambda dropped: {"id": dropped},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The cut-off is gone. Orders keep what they were promised."), "ok")
    return redirect(url_for(".index"))


@blueprint.post("/closed")
@requires(Permission.FACILITY_WRITE)
def close_days() -> BaseResponse | tuple[str, int]:
    """All closed days of a warehouse anew, one a line."""
    warehouse = _warehouse(forms.typed_text("closed_warehouse") or "")
    days = _days(request.form.get("closed_days", "")[:MOST_TYPED])
    if warehouse is None:
        return _page(invalid("/closed_warehouse", "unknown_warehouse")), 422
    if isinstance(days, str):
        return _page(invalid("/closed_days", "day_form", day=days)), 422
    outcome = forms.run_form(
        "orders.closed_days", {"warehouse": warehouse.id, "days": [day.isoformat() for day in days]},
        lambda: cut_offs.set_closed_days(actor(), warehouse.id, days), lambda count: {"days": count},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    flash(_("The closed days are saved."), "ok")
    return redirect(url_for(".index"))


def _days(text: str) -> list[date] | str:
    """The dates of a text, one a line; the first that is none, as it was typed."""
    days = []
    for line in text.split():
        try:
            days.append(date.fromisoformat(line))
        except ValueError:
            return line[:20]
    return days
