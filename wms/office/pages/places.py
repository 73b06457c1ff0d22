"""One bin, and one zone: what may stand there, whose own it is, and what is on its way there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import products_by_skus
from wms.catalog.schemas import DANGEROUS, TEMPERATURES
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility import service as facility
from wms.facility.models import CustomsArea, Location, LocationKind, Warehouse, Zone
from wms.facility.queries import load_location, load_warehouse, load_zone
from wms.identity.queries import sellers_seen
from wms.inventory.putaway import fixed
from wms.office import queries
from wms.office.pages.bins import KIND_WORDS, limits_of
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Items, Text

blueprint = Blueprint("office_places", __name__, url_prefix="/office/places", template_folder="../templates")
TEMPERATURE_WORDS = {"ambient": lazy("Ambient"), "cool": lazy("Cool, 2 to 8 °C"), "frozen": lazy("Frozen")}
AREA_WORDS = {
    "any": lazy("Goods of any status"), "bonded": lazy("Bonded goods only"), "free": lazy("Only goods not in bond"),
}  # fmt: skip


class BinForm(CodedSchema):
    max_weight_kg = Count(1, 100_000, load_default=None)
    max_volume_l = Count(1, 1_000_000, load_default=None)
    max_units = Count(1, 10_000_000, load_default=None)
    velocity_class = Choice(["A", "B", "C"], load_default="")
    owner = Text(8, load_default=None)
    mixes_products = fields.Boolean(load_default=False)
    mixes_lots = fields.Boolean(load_default=False)
    is_active = fields.Boolean(load_default=False)


class ZoneForm(CodedSchema):
    name = Text(80, required=True)
    owner = Text(8, load_default=None)
    temperature = Choice(TEMPERATURES, load_default="ambient")
    customs_area = Choice([each.value for each in CustomsArea], load_default="any")
    dangerous_classes = Items(Choice(DANGEROUS), 0, len(DANGEROUS), load_default=list)


class NewZoneForm(ZoneForm):
    code = Text(16, required=True, pattern=r"[A-Z0-9.-]*")
    purpose = Choice([each.value for each in LocationKind], load_default=LocationKind.STORAGE.value)


class OwnForm(CodedSchema):
    seller = Text(8, required=True)
    sku = Text(40, required=True)


@blueprint.get("/bin/<uuid:location_id>")
@requires(Permission.FLOOR_WORK)
def place(location_id: uuid.UUID) -> str:
    return _place(load_location(actor(), location_id))


def _place(found: Location, refusal: Refused | None = None) -> str:
    warehouse = load_warehouse(actor(), found.warehouse_id)
    zone = load_zone(actor(), found.zone_id)
    return render_template(
        "office/place.html", place=found, zone=zone, warehouse=warehouse, kinds=KIND_WORDS, typed=request.form,
        content=queries.content_of(found.id), sellers=sellers_seen(actor()), errors=forms.field_messages(refusal),
        owned=fixed.products_of(found.id), coming=fixed.on_their_way(found.id), temperatures=TEMPERATURE_WORDS,
        areas=AREA_WORDS, refusal=_told(refusal),
    )  # fmt: skip


def _told(refusal: Refused | None) -> str | None:
    return show_refusal(refusal) if refusal is not None and not refusal.errors else None


@blueprint.post("/bin/<uuid:location_id>")
@requires(Permission.FACILITY_WRITE)
def edit(location_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """What the bin takes from now on."""
    found = load_location(actor(), location_id)
    body = forms.load_form(BinForm(), _typed_bin())
    changes = body if isinstance(body, Refused) else _bin_changes(body)
    outcome = changes if isinstance(changes, Refused) else forms.run_form(
        "facility.edit_location", {"id": location_id, **changes},
        lambda: facility.edit_location(actor(), location_id, changes), lambda _changed: {},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _place(found, outcome), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for(".place", location_id=location_id))


def _typed_bin() -> dict[str, Any]:
    body: dict[str, Any] = {name: forms.typed_text(name) for name in ("velocity_class", "owner")}
    body |= {name: forms.typed_number(name) for name in ("max_weight_kg", "max_volume_l", "max_units")}
    return forms.given(body) | {name: name in request.form for name in ("mixes_products", "mixes_lots", "is_active")}


def _bin_changes(body: Mapping[str, Any]) -> dict[str, Any] | Refused:
    owner_id = _owner(body["owner"])
    if isinstance(owner_id, Refused):
        return owner_id
    kept = {name: body[name] for name in ("velocity_class", "mixes_products", "mixes_lots", "is_active")}
    return {**kept, **limits_of(body), "owner_id": owner_id}


def _owner(code: str | None) -> uuid.UUID | Refused | None:
    """The seller that alone may stand there; None for all."""
    if code is None:
        return None
    found = next((seller.id for seller in sellers_seen(actor()) if seller.code == code), None)
    return invalid("/owner", "invalid") if found is None else found


@blueprint.post("/bin/<uuid:location_id>/own")
@requires(Permission.FACILITY_WRITE)
def keep(location_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """The bin becomes a product's own."""
    load_location(actor(), location_id)
    body = forms.load_form(OwnForm(), forms.given({name: forms.typed_text(name) for name in ("seller", "sku")}))
    product = body if isinstance(body, Refused) else _product(body)
    outcome = product if isinstance(product, Refused) else forms.run_form(
        "putaway.keep_bin", {"location": location_id, "product": product},
        lambda: fixed.keep_for(actor(), location_id, product), lambda _kept: {},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "own", ".place", location_id=location_id)
    return _back(location_id, outcome)


def _product(body: Mapping[str, Any]) -> uuid.UUID | Refused:
    owner_id = _owner(body["seller"])
    if owner_id is None or isinstance(owner_id, Refused):
        return invalid("/seller", "invalid")
    found = products_by_skus(owner_id, [body["sku"]]).get(body["sku"])
    return invalid("/sku", "product_unknown", sku=body["sku"]) if found is None else found.id


@blueprint.post("/bin/<uuid:location_id>/own/<uuid:product_id>/end")
@requires(Permission.FACILITY_WRITE)
def give_up(location_id: uuid.UUID, product_id: uuid.UUID) -> BaseResponse:
    load_location(actor(), location_id)
    outcome = forms.run_form(
        "putaway.give_up_bin", {"location": location_id, "product": product_id},
        lambda: fixed.give_up(actor(), location_id, product_id), lambda _done: {},
    )  # fmt: skip
    return _back(location_id, outcome)


def _back(location_id: uuid.UUID, outcome: forms.Outcome) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("It is saved."), "ok")
    return redirect(url_for(".place", location_id=location_id))


@blueprint.get("/zone/<uuid:zone_id>")
@requires(Permission.FACILITY_WRITE)
def zone(zone_id: uuid.UUID) -> str:
    return _zone(load_zone(actor(), zone_id))


@blueprint.post("/zone/<uuid:zone_id>")
@requires(Permission.FACILITY_WRITE)
def edit_zone(zone_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Who may stand in the zone from now on."""
    found = load_zone(actor(), zone_id)
    body = forms.load_form(ZoneForm(), _typed_zone())
    changes = body if isinstance(body, Refused) else _zone_changes(body)
    outcome = changes if isinstance(changes, Refused) else forms.run_form(
        "facility.edit_zone", {"id": zone_id, **changes},
        lambda: facility.edit_zone(actor(), zone_id, changes), lambda _changed: {},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _zone(found, outcome), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for("office_bins.index", warehouse=load_warehouse(actor(), found.warehouse_id).code))


def _typed_zone() -> dict[str, Any]:
    names = ("code", "name", "purpose", "owner", "temperature", "customs_area")
    body: dict[str, Any] = {name: forms.typed_text(name) for name in names if name in request.form}
    return forms.given(body) | {"dangerous_classes": request.form.getlist("dangerous_classes")}


def _zone_changes(body: Mapping[str, Any]) -> dict[str, Any] | Refused:
    owner_id = _owner(body["owner"])
    if isinstance(owner_id, Refused):
        return owner_id
    changes = {name: value for name, value in body.items() if name not in ("owner", "code", "purpose")}
    return {**changes, "owner_id": owner_id, "dangerous_classes": sorted(set(changes["dangerous_classes"]))}


def _zone(found: Zone, refusal: Refused | None = None) -> str:
    return _zone_page(found, load_warehouse(actor(), found.warehouse_id), refusal)


def _zone_page(found: Zone | None, warehouse: Warehouse, refusal: Refused | None = None) -> str:
    return render_template(
        "office/zone.html", zone=found, warehouse=warehouse, typed=request.form,
        sellers=sellers_seen(actor()), errors=forms.field_messages(refusal), temperatures=TEMPERATURE_WORDS,
        areas=AREA_WORDS, dangerous=DANGEROUS, kinds=KIND_WORDS, refusal=_told(refusal),
        chosen=request.form.getlist("dangerous_classes") if request.form else found.dangerous_classes if found else [],
    )  # fmt: skip


@blueprint.get("/<uuid:warehouse_id>/zones/new")
@requires(Permission.FACILITY_WRITE)
def new_zone(warehouse_id: uuid.UUID) -> str:
    return _zone_page(None, load_warehouse(actor(), warehouse_id))


@blueprint.post("/<uuid:warehouse_id>/zones/new")
@requires(Permission.FACILITY_WRITE)
def create_zone(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    warehouse = load_warehouse(actor(), warehouse_id)
    body = forms.load_form(NewZoneForm(), _typed_zone())
    changes = body if isinstance(body, Refused) else _zone_changes(body)
    if isinstance(body, Refused):
        return _zone_page(None, warehouse, body), 422
    if isinstance(changes, Refused):
        return _zone_page(None, warehouse, changes), 422
    purpose, rest = LocationKind(body["purpose"]), {key: value for key, value in changes.items() if key != "name"}
    outcome = forms.run_form(
        "facility.create_zone", {"warehouse": warehouse_id, **body},
        lambda: facility.create_zone(actor(), warehouse_id, body["code"], body["name"], purpose, rest),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _zone_page(None, warehouse, outcome), 422
    flash(_("The zone is there. Make its bins below."), "ok")
    return redirect(url_for("office_bins.index", warehouse=warehouse.code))
