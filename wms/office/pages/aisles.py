"""How the aisles of a warehouse stand, as walks are planned on."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility import layout
from wms.facility import service as facility
from wms.facility.models import Warehouse
from wms.facility.queries import FloorFacts, floor_facts, warehouse_by_code
from wms.office import queries
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.schemas import CodedSchema, Count, DecimalText, Text

blueprint = Blueprint("office_aisles", __name__, url_prefix="/office/aisles", template_folder="../templates")
PITCHES = ("aisle_pitch", "bay_pitch", "cross_aisle")


class LayoutForm(CodedSchema):
    """Metres as they are typed."""

    aisle_pitch = DecimalText(50, 3, required=True)
    bay_pitch = DecimalText(50, 3, required=True)
    cross_aisle = DecimalText(50, 3, required=True)
    blocks = Count(1, 20, required=True)
    bays_face = fields.Boolean(load_default=False)
    one_way = Text(500, load_default="")
    starts = Text(120, required=True)
    ends = Text(120, load_default="")


class ZoneForm(CodedSchema):
    first_aisle = Count(1, 999, required=True)
    first_block = Count(1, 20, load_default=1)


@blueprint.get("/<warehouse>")
@requires(Permission.FACILITY_WRITE)
def index(warehouse: str) -> str:
    return _page(warehouse_by_code(actor(), warehouse))


def _page(warehouse: Warehouse, refusal: Refused | None = None) -> str:
    facts = floor_facts(warehouse.id)
    settings = facts.settings
    typed = {
        **{name: f"{getattr(settings, f'{name}_mm') / 1_000:g}" for name in PITCHES}, "blocks": settings.blocks,
        "bays_face": settings.bays_face, "one_way": layout.write_one_way(settings.one_way),
        "starts": layout.write_depots(settings.starts), "ends": layout.write_depots(settings.ends),
    }  # fmt: skip
    drawn = layout.draw(settings, facts.aisles, facts.zones)
    return render_template(
        "office/aisles.html", warehouse=warehouse, shown=request.form if refusal else typed, zones=_zones(warehouse, facts, drawn),
        errors=forms.field_messages(refusal), drawn=drawn.layout, own=refusal is not None,
    )  # fmt: skip


def _zones(warehouse: Warehouse, facts: FloorFacts, drawn: layout.Floor) -> list[dict[str, Any]]:
    """The zones that have aisles, with where these stand."""
    rows = []
    for zone in queries.zones_of(warehouse.id):
        columns = sorted(column + 1 for (zone_id, _number), column in drawn.columns.items() if zone_id == zone.id)
        if columns:
            rows.append({"id": zone.id, "code": zone.code, "name": zone.name, "first": columns[0], "last": columns[-1],
                         "block": drawn.blocks[zone.id] + 1, "place": facts.zones.get(zone.id)})  # fmt: skip
    return rows


@blueprint.post("/<warehouse>")
@requires(Permission.FACILITY_WRITE)
def save(warehouse: str) -> BaseResponse | tuple[str, int]:
    """From the next plan on."""
    found = warehouse_by_code(actor(), warehouse)
    warehouse_id = found.id
    settings = _typed_settings()
    if isinstance(settings, Refused):
        return _page(found, settings), 422
    zones = _typed_zones(found)
    if isinstance(zones, Refused):
        return _page(found, zones), 422
    body = {
        "warehouse": warehouse_id,
        "layout": vars(settings),
        "zones": {str(key): vars(each) for key, each in zones.items()},
    }
    outcome = forms.run_form(
        "facility.edit_layout",
        body,
        lambda: facility.edit_layout(actor(), warehouse_id, settings, zones),
        lambda _done: {},
    )
    if isinstance(outcome, Refused):
        return _page(warehouse_by_code(actor(), warehouse), outcome), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse))


def _typed_settings() -> layout.Settings | Refused:
    body: dict[str, Any] = {name: forms.typed_text(name, 500) for name in (*PITCHES, "one_way", "starts", "ends")}
    body |= {"blocks": forms.typed_number("blocks")}
    loaded = forms.load_form(LayoutForm(), forms.given(body) | {"bays_face": "bays_face" in request.form})
    if isinstance(loaded, Refused):
        return loaded
    for name in ("aisle_pitch", "bay_pitch"):
        if loaded[name] <= 0:
            return invalid(f"/{name}", "too_small", min=0.1)
    if (one_way := layout.read_one_way(loaded["one_way"])) is None:
        return invalid("/one_way", "one_way_form", part=layout.unread_in(loaded["one_way"], layout.read_one_way))
    if not (starts := layout.read_depots(loaded["starts"])):
        return _odd_depots("starts", loaded["starts"])
    if (ends := layout.read_depots(loaded["ends"])) is None:
        return _odd_depots("ends", loaded["ends"])
    pitches = {f"{name}_mm": int(loaded[name] * Decimal(1_000)) for name in PITCHES}
    return layout.Settings(
        **pitches, blocks=loaded["blocks"], bays_face=loaded["bays_face"], one_way=one_way, starts=starts, ends=ends
    )


def _odd_depots(name: str, text: str) -> Refused:
    return invalid(f"/{name}", "depot_form", part=layout.unread_in(text, layout.read_depots), most=layout.MOST_DEPOTS)


def _typed_zones(warehouse: Warehouse) -> dict[uuid.UUID, layout.ZonePlace] | Refused:
    """Zones of this warehouse whose place was said."""
    found: dict[uuid.UUID, layout.ZonePlace] = {}
    for zone in queries.zones_of(warehouse.id):
        typed = {name: forms.typed_number(f"zone.{zone.id}.{name}") for name in ("first_aisle", "first_block")}
        if typed["first_aisle"] is None:
            continue
        loaded = forms.load_form(ZoneForm(), forms.given(typed))
        if isinstance(loaded, Refused):
            wrong, code = loaded.errors[0], str(loaded.errors[0]["code"])
            return invalid(f"/zone/{zone.id}{wrong['pointer']}", code, **wrong.get("params") or {})
        found[zone.id] = layout.ZonePlace(**loaded)
    return found
