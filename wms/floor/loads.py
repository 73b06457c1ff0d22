"""The loads at the gate: print the list of one, and close it when its driver has signed."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.core import clock
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.facility import queries as facility
from wms.facility.models import Warehouse
from wms.floor.bench_printer import print_or_show, station_of
from wms.outbound.service.load_lists import request_load_list
from wms.outbound.wanted_back import to_take_off
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.printing import queries as printing_queries
from wms.shipping import queries
from wms.shipping import service as shipping
from wms.shipping.service import docks

blueprint = Blueprint("floor_loads", __name__, url_prefix="/floor/loads", template_folder="templates")
BACK, SHOWN = timedelta(days=3), 40


@blueprint.get("")
@requires(Permission.SHIPPING_HANDOVER)
def index() -> Response | str:
    """The open loads of this warehouse, then those of three days."""
    warehouse = _warehouse()
    if warehouse is None:
        return redirect(url_for("floor_station.choose"))
    return _page(warehouse)


@blueprint.post("/<uuid:manifest_id>/list")
@requires(Permission.SHIPPING_HANDOVER)
def print_list(manifest_id: uuid.UUID) -> Response | tuple[str, int]:
    """On the bench's printer for such papers; without one the file opens when it is made."""
    outcome = forms.run_form(
        "loads.list", {"id": manifest_id}, lambda: print_or_show(actor(), request_load_list(actor(), manifest_id)),
        lambda made: made,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _refused(outcome)
    if outcome.answer["printer"] is None:
        return redirect(url_for("printing_pages.bundle", bundle_id=parse_id(str(outcome.answer["bundle"]))), 303)
    return redirect(url_for(".index", printer=outcome.answer["printer"]), 303)


@blueprint.post("/<uuid:manifest_id>/close")
@requires(Permission.SHIPPING_HANDOVER)
def close(manifest_id: uuid.UUID) -> Response | tuple[str, int]:
    """The driver has signed; the next parcel of this carrier begins another load."""
    outcome = forms.run_form(
        "manifests.close", {"id": manifest_id}, lambda: shipping.close_manifest(actor(), manifest_id),
        lambda done: {"id": done.id},
    )  # fmt: skip
    return _refused(outcome) if isinstance(outcome, Refused) else redirect(url_for(".index", closed=1), 303)


@blueprint.post("/<uuid:manifest_id>/dock")
@requires(Permission.SHIPPING_HANDOVER)
def put_at_dock(manifest_id: uuid.UUID) -> Response | tuple[str, int]:
    """Its lorry stands at this dock: what is scanned there goes on this load."""
    dock_id = parse_id(forms.typed_text("dock") or "")
    outcome = forms.run_form(
        "manifests.dock", {"id": manifest_id, "dock": dock_id},
        lambda: shipping.put_at_dock(actor(), manifest_id, dock_id), lambda done: {"id": done.id},
    )  # fmt: skip
    return _refused(outcome) if isinstance(outcome, Refused) else redirect(url_for(".index"), 303)


def _refused(refusal: Refused) -> tuple[str, int]:
    warehouse = _warehouse()
    if refusal.kind is RefusalKind.NOT_FOUND or warehouse is None:
        raise refusal
    return _page(warehouse, refusal), 409


def _page(warehouse: Warehouse, refusal: Refused | None = None) -> str:
    rows = queries.manifests(actor(), clock.now() - BACK, SHOWN, [warehouse.id])
    known = printing_queries.printers_of([parse_id(request.args.get("printer", ""))])
    return render_template(
        "floor/loads.html", rows=rows,
        refusal=" ".join(forms.told(refusal)) if refusal is not None else "", closed="closed" in request.args,
        asked=request.args.get("ask", ""), moving=request.args.get("dock", ""), docks=docks.docks_of(warehouse.id),
        to_take_off=to_take_off(),
        printer=next((printer.name for printer, _health in known.values() if printer.warehouse_id == warehouse.id), ""),
    )  # fmt: skip


def _warehouse() -> Warehouse | None:
    """The bench's; without a bench the only one there is."""
    seen = {each.id: each for each in facility.warehouses_seen(actor())}
    station_id = station_of(actor())
    bench = facility.station_by_id(station_id) if station_id is not None else None
    if bench is not None and bench.warehouse_id in seen:
        return seen[bench.warehouse_id]
    return next(iter(seen.values())) if len(seen) == 1 else None
