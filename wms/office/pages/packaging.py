"""Boxes and bags of a warehouse, that orders are packed in: all of them, one to change, a new one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.money import EXPONENTS
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.packaging import service
from wms.facility.packaging.models import Packaging
from wms.facility.packaging.queries import inserts_of, load_insert, load_packaging, packaging_seen
from wms.facility.packaging.schemas import BoxAimIn, InsertIn, NewPackagingIn, PackagingIn
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.identity.queries import platforms_known, sellers_seen
from wms.outbound.queries import learned_tares
from wms.planning.cartons import Aim
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.printing import service as printing
from wms.printing.label_files import to_files
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft

blueprint = Blueprint("office_packaging", __name__, url_prefix="/office/packaging", template_folder="../templates")
KIND_WORDS = {"carton": lazy("Carton"), "bag": lazy("Packing bag")}
AIM_WORDS = {
    Aim.FEWEST: lazy("the fewest boxes, then the cheapest"), Aim.CHEAPEST: lazy("the cheapest, also if more boxes"),
}  # fmt: skip
NUMBERS = [f"{where}_{side}_mm" for where in ("inner", "outer") for side in ("length", "width", "height")]

navigation.add(
    Entry(lazy("Packaging"), "office_packaging.index", "package", Permission.FACILITY_WRITE, staff=True, order=335)
)


@blueprint.get("")
@requires(Permission.FACILITY_WRITE)
def index() -> str:
    seen = warehouses_seen(actor())
    code = request.args.get("warehouse")
    warehouse = next((each for each in seen if code in (None, each.code)), None)
    if warehouse is None:
        raise not_found("warehouse")
    return _list(warehouse)


def _list(warehouse: Warehouse, refusal: Refused | None = None) -> str:
    rows = packaging_seen(actor(), warehouse.id)
    return render_template(
        "office/packaging.html", rows=rows, warehouse=warehouse, warehouses=warehouses_seen(actor()), kinds=KIND_WORDS,
        inserts=inserts_of(warehouse.id), platforms=platforms_known(), tares=learned_tares(row.id for row in rows),
        sellers={each.id: each for each in sellers_seen(actor())}, typed=request.form if refusal else {},
        errors=forms.field_messages(refusal), refusal=_told(refusal), aims=AIM_WORDS,
    )  # fmt: skip


@blueprint.post("/in/<uuid:warehouse_id>/inserts")
@requires(Permission.FACILITY_WRITE)
def add_insert(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """What goes into the first parcel of some orders."""
    warehouse = load_warehouse(actor(), warehouse_id)
    typed = {name: forms.typed_text(name) for name in ("name", "seller", "country", "platform")}
    typed["country"] = (typed["country"] or "").upper() or None
    body = forms.load_form(InsertIn(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else _add_insert(warehouse, body)
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "insert", ".index")
    return _said(warehouse, outcome)


def _add_insert(warehouse: Warehouse, body: dict[str, Any]) -> forms.Outcome:
    owner_id = _owner(body["seller"])
    if isinstance(owner_id, Refused):
        return owner_id
    return forms.run_form(
        "facility.add_insert", {"warehouse": warehouse.id, **body},
        lambda: service.add_insert(actor(), warehouse.id, body["name"], owner_id, body["country"], body["platform"]),
        lambda made: {"id": str(made.id)},
    )  # fmt: skip


@blueprint.post("/in/<uuid:warehouse_id>/aim")
@requires(Permission.FACILITY_WRITE)
def set_aim(warehouse_id: uuid.UUID) -> BaseResponse:
    """What boxes are suggested by at the bench."""
    warehouse = load_warehouse(actor(), warehouse_id)
    body = forms.load_form(BoxAimIn(), forms.given({"box_aim": forms.typed_text("box_aim")}))
    if isinstance(body, Refused):
        return _said(warehouse, body)
    outcome = forms.run_form(
        "facility.box_aim", {"warehouse": warehouse_id, **body},
        lambda: service.set_box_aim(actor(), warehouse_id, Aim(body["box_aim"])), lambda aim: {"box_aim": aim.value},
    )  # fmt: skip
    return _said(warehouse, outcome)


@blueprint.post("/in/<uuid:warehouse_id>/labels")
@requires(Permission.LABELS_REPRINT)
def labels(warehouse_id: uuid.UUID) -> BaseResponse:
    """The labels of all boxes and bags in use, for their shelves or for a card at the bench."""
    warehouse = load_warehouse(actor(), warehouse_id)
    drafts = [
        DocumentDraft(LabelKind.LOCATION, "packaging", each.id, barcode=each.barcode)
        for each in packaging_seen(actor(), warehouse.id) if each.is_active
    ]  # fmt: skip
    outcome = forms.run_form(
        "labels.packaging", {"warehouse": warehouse.id},
        lambda: printing.request_documents(actor(), warehouse.id, drafts), lambda made: {"bundles": made},
    )  # fmt: skip
    if isinstance(outcome, Refused) or not outcome.answer["bundles"]:
        return _said(warehouse, outcome)
    return to_files(outcome.answer["bundles"])


@blueprint.post("/inserts/<uuid:insert_id>/end")
@requires(Permission.FACILITY_WRITE)
def end_insert(insert_id: uuid.UUID) -> BaseResponse:
    warehouse = load_warehouse(actor(), load_insert(actor(), insert_id).warehouse_id)
    outcome = forms.run_form(
        "facility.end_insert", {"id": insert_id}, lambda: service.end_insert(actor(), insert_id), lambda _row: {}
    )
    return _said(warehouse, outcome)


def _said(warehouse: Warehouse, outcome: forms.Outcome) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


def _told(refusal: Refused | None) -> str | None:
    return show_refusal(refusal) if refusal is not None and not refusal.errors else None


@blueprint.post("/in/<uuid:warehouse_id>")
@requires(Permission.FACILITY_WRITE)
def add(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    warehouse = load_warehouse(actor(), warehouse_id)
    body = forms.load_form(NewPackagingIn(), _typed(warehouse, ("code", "seller")))
    if isinstance(body, Refused):
        return _list(warehouse, body), 422
    owner_id = _owner(body["seller"])
    if isinstance(owner_id, Refused):
        return _list(warehouse, owner_id), 422
    values = {name: value for name, value in body.items() if name not in ("code", "seller")}
    outcome = forms.run_form(
        "facility.add_packaging", {"warehouse": warehouse_id, **body},
        lambda: service.add_packaging(actor(), warehouse_id, body["code"], values, owner_id),
        lambda made: {"id": str(made.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _list(warehouse, outcome), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


def _typed(warehouse: Warehouse, names: tuple[str, ...] = ()) -> dict[str, Any]:
    body: dict[str, Any] = {name: forms.typed_text(name) for name in (*names, "name", "kind")}
    body |= {name: forms.typed_number(name) for name in (*NUMBERS, "empty_g", "max_g")}
    body["cost_minor"] = forms.minor_of(forms.typed_text("cost_minor"), warehouse.currency)
    return forms.given(body) | {name: name in request.form for name in ("takes_dangerous", "is_active")}


def _owner(code: str | None) -> uuid.UUID | Refused | None:
    if code is None:
        return None
    found = next((each.id for each in sellers_seen(actor()) if each.code == code), None)
    return invalid("/seller", "invalid") if found is None else found


@blueprint.get("/<uuid:packaging_id>")
@requires(Permission.FACILITY_WRITE)
def one(packaging_id: uuid.UUID) -> str:
    return _one(load_packaging(actor(), packaging_id))


def _one(found: Packaging, refusal: Refused | None = None) -> str:
    return render_template(
        "office/packaging_one.html", row=found, warehouse=load_warehouse(actor(), found.warehouse_id),
        kinds=KIND_WORDS, typed=request.form, errors=forms.field_messages(refusal), refusal=_told(refusal),
        cost=_as_typed(found),
    )  # fmt: skip


def _as_typed(found: Packaging) -> str:
    """Its cost as people write it."""
    exponent = EXPONENTS.get(load_warehouse(actor(), found.warehouse_id).currency, 2)
    return f"{found.cost_minor / 10**exponent:.{exponent}f}"


@blueprint.post("/<uuid:packaging_id>")
@requires(Permission.FACILITY_WRITE)
def edit(packaging_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    found = load_packaging(actor(), packaging_id)
    warehouse = load_warehouse(actor(), found.warehouse_id)
    body = forms.load_form(PackagingIn(), _typed(warehouse))
    if isinstance(body, Refused):
        return _one(found, body), 422
    version, changes = forms.typed_number("version"), dict(body)
    outcome = forms.run_form(
        "facility.edit_packaging", {"id": packaging_id, "version": version, **changes},
        lambda: service.edit_packaging(actor(), packaging_id, version if isinstance(version, int) else 0, changes),
        lambda row: {"version": row.version},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _one(found, outcome), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))
