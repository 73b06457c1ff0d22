"""Bins by zone with what lies in them; making bins by a pattern; labels for them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.facility.rules import Plan
from wms.facility.service import generate_locations
from wms.office import queries
from wms.office.pages import bin_labels
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text

blueprint = Blueprint("office_bins", __name__, url_prefix="/office/bins", template_folder="../templates")
PAGE = 50
RANGES = ("aisles", "bays", "levels", "positions")
KIND_WORDS = {
    "storage": lazy("Storage"), "bulk": lazy("Bulk"), "pick_face": lazy("Pick face"), "cross_dock": lazy("Cross-dock"),
    "dock": lazy("Dock"), "inspection": lazy("Inspection"), "returns": lazy("Returns"), "packing": lazy("Packing"),
    "tote": lazy("Totes"), "gate": lazy("Gate"), "unaccounted": lazy("Unaccounted"),
}  # fmt: skip

navigation.add(
    Entry(lazy("Bins"), "office_bins.index", "pin", Permission.FLOOR_WORK, staff=True, order=330, phone=True)
)


class PlanForm(CodedSchema):
    """A block of bins as it is typed: first and last of each range."""

    zone = Text(16, required=True)
    pattern = Text(60, required=True)
    mixes_products = fields.Boolean(load_default=False)
    mixes_lots = fields.Boolean(load_default=False)
    velocity_class = Choice(["A", "B", "C"], load_default="")
    max_weight_kg = Count(1, 100_000, load_default=None)
    max_volume_l = Count(1, 1_000_000, load_default=None)
    max_units = Count(1, 10_000_000, load_default=None)
    aisles_first = Count(0, 9999, load_default=1)
    aisles_last = Count(0, 9999, load_default=1)
    bays_first = Count(0, 9999, load_default=1)
    bays_last = Count(0, 9999, load_default=1)
    levels_first = Count(0, 9999, load_default=1)
    levels_last = Count(0, 9999, load_default=1)
    positions_first = Count(0, 9999, load_default=1)
    positions_last = Count(0, 9999, load_default=1)


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def index() -> str:
    return _page(_chosen(request.args.get("warehouse", "")))


def _chosen(code: str) -> Warehouse | None:
    """The warehouse that the address names, else the first that the reader sees."""
    seen = warehouses_seen(actor())
    return next((each for each in seen if each.code == code), seen[0] if seen else None)


def _page(warehouse: Warehouse | None, typed: Mapping[str, Any] | None = None, refusal: Refused | None = None) -> str:
    zone, search = request.args.get("zone") or None, request.args.get("q", "").strip() or None
    after = request.args.get("after", "")
    rows = queries.bins_of(warehouse.id, zone, search, after, PAGE) if warehouse else []
    here: dict[str, Any] = {"warehouse": warehouse.code if warehouse else None, "zone": zone, "q": search}
    return render_template(
        "office/bins.html", warehouse=warehouse, warehouses=warehouses_seen(actor()), rows=rows[:PAGE], zone=zone,
        zones=queries.zones_of(warehouse.id) if warehouse else [], search=search, kinds=KIND_WORDS, typed=typed or {},
        errors=forms.field_messages(refusal), ranges=RANGES, labels=bin_labels.shown(),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        next_url=url_for(".index", **here, after=rows[PAGE - 1].code) if len(rows) > PAGE else "",
        back_url=url_for(".index", **here) if after else "",
    )  # fmt: skip


@blueprint.post("/<uuid:warehouse_id>")
@requires(Permission.FACILITY_WRITE)
def generate(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Make the bins of a pattern, all or none."""
    warehouse = load_warehouse(actor(), warehouse_id)
    body = forms.load_form(PlanForm(), _typed())
    outcome = body if isinstance(body, Refused) else _generate(warehouse, body)
    if isinstance(outcome, Refused):
        return _page(warehouse, request.form, outcome), 422
    flash(ngettext("%(num)s bin is made.", "%(num)s bins are made.", outcome.answer["count"]), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


def _typed() -> dict[str, Any]:
    body: dict[str, Any] = {name: forms.typed_text(name) for name in ("zone", "pattern")}
    body["velocity_class"] = forms.typed_text("velocity_class")
    names = [f"{each}_{end}" for each in RANGES for end in ("first", "last")]
    body |= {name: forms.typed_number(name) for name in (*names, "max_weight_kg", "max_volume_l", "max_units")}
    return forms.given(body) | {name: name in request.form for name in ("mixes_products", "mixes_lots")}


def _generate(warehouse: Warehouse, body: dict[str, Any]) -> forms.Outcome:
    spans = {each: (body[f"{each}_first"], body[f"{each}_last"]) for each in RANGES}
    limits = limits_of(body)
    plan = Plan(body["pattern"], spans["aisles"], spans["bays"], spans["levels"], spans["positions"])
    return forms.run_form(
        "facility.generate", {"warehouse": warehouse.id, **body},
        lambda: generate_locations(
            actor(), warehouse.id, body["zone"], plan, mixes_products=body["mixes_products"],
            mixes_lots=body["mixes_lots"], velocity_class=body["velocity_class"], max_weight_g=limits["max_weight_g"],
            max_volume_cm3=limits["max_volume_cm3"], max_units=limits["max_units"],
        ),
        lambda codes: {"count": len(codes)},
    )  # fmt: skip


def limits_of(body: Mapping[str, Any]) -> dict[str, int | None]:
    """Limits as people type them (kg, litres, pieces) in the units that bins have."""
    weight, volume = body["max_weight_kg"], body["max_volume_l"]
    return {
        "max_weight_g": None if weight is None else weight * 1000,
        "max_volume_cm3": None if volume is None else volume * 1000,
        "max_units": body["max_units"],
    }
