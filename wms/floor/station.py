"""Choosing the bench: it composes a person's login (identity) with the building (facility)."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility import queries as facility
from wms.identity import service as identity
from wms.platform.access import actor, requires
from wms.platform.database import transaction
from wms.platform.pages import show_refusal

blueprint = Blueprint("floor_station", __name__, url_prefix="/floor/station", template_folder="templates")


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def choose() -> str:
    return _page()


@blueprint.post("")
@requires(Permission.FLOOR_WORK)
def bind() -> Response | tuple[str, int]:
    """Tie this login to the scanned or tapped bench. Doing it twice changes nothing, so it needs no command id."""
    found = actor()
    try:
        with transaction():
            station = facility.station_by_barcode(found, request.form.get("barcode", "").strip().upper()[:64])
            if found.session_id is not None:
                identity.bind_station(found.session_id, station.warehouse_id, station.id)
    except Refused as refusal:
        return _page(refusal=show_refusal(refusal)), 404
    return redirect("/floor/" if request.form.get("next") == "/floor/" else url_for(".choose"))


def _page(refusal: str | None = None) -> str:
    found = actor()
    warehouses = {warehouse.id: warehouse for warehouse in facility.warehouses_seen(found)}
    stations = [station for station in facility.stations_seen(found) if station.warehouse_id in warehouses]
    return render_template(
        "floor/station.html", stations=stations, warehouses=warehouses, refusal=refusal,
        bound=found.extra.get("station_id"),
    )  # fmt: skip
