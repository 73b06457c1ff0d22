"""Something at the dock that no booking has: its code, a word and a photo."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.core.actor import Actor
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, invalid
from wms.facility import queries as facility
from wms.inbound import service
from wms.inbound.models import UnidentifiedArrival
from wms.platform import forms, uploads
from wms.platform.access import actor, requires

blueprint = Blueprint("floor_unknown", __name__, url_prefix="/floor/unknown", template_folder="templates")


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def form() -> Response | str:
    return _page() if _warehouse(actor()) else redirect(url_for("floor_station.choose"))


@blueprint.post("")
@requires(Permission.FLOOR_WORK)
def store() -> Response | str | tuple[str, int]:
    """One entry of the register, with its photo if one was taken."""
    warehouse = _warehouse(actor())
    if warehouse is None:
        return redirect(url_for("floor_station.choose"))
    code, remark = forms.typed_text("code", 80), forms.typed_text("remark") or ""
    if code is None:
        return _page(forms.field_messages(invalid("/code", "required"))), 422
    try:
        upload = uploads.received_if_any("file", uploads.PHOTOS)
    except Refused as refusal:
        return _page(forms.field_messages(refusal)), 422
    kept = upload.keep() if upload else None

    def write() -> UnidentifiedArrival:
        made = service.register_arrival(actor(), warehouse, code, remark)
        if upload is not None and kept is not None:
            service.photograph_arrival(actor(), made.id, kept, upload.name)
        return made

    body = {"code": code, "remark": remark, "sha256": kept.sha256 if kept else None}
    outcome = forms.run_form("arrivals.register", body, write, lambda made: {"id": str(made.id)})
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _page(forms.field_messages(outcome)), 422
    return redirect(url_for(".form", kept=1), 303)


def _warehouse(found: Actor) -> uuid.UUID | None:
    """The warehouse of this login's bench, or the only one there is."""
    bench_id = parse_id(found.extra.get("station_id", ""))
    bench = facility.station_by_id(bench_id) if bench_id else None
    seen = [warehouse.id for warehouse in facility.warehouses_seen(found)]
    if bench is not None and bench.warehouse_id in seen:
        return bench.warehouse_id
    return seen[0] if len(seen) == 1 else None


def _page(errors: dict[str, list[str]] | None = None) -> str:
    return render_template("floor/unknown.html", errors=errors or {}, typed=request.form, kept="kept" in request.args)
