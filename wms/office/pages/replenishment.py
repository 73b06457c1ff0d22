"""Pick faces with their limits, and the walks that fill them, the most urgent first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.replenishment import faces, planning, queries, service
from wms.inventory.replenishment.rules import Tier
from wms.inventory.words import URGENCY_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.i18n import refusal_texts
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema, Count, Items, Text

blueprint = Blueprint(
    "office_replenishment", __name__, url_prefix="/office/replenishment", template_folder="../templates"
)
PAGE = 50
FIELD_OF = {"bin_unknown": "bin", "face_wrong_kind": "bin", "sku_not_found": "sku", "face_limits_of": "maximum"}
TONES = {Tier.PICKER: "stop", Tier.WAVE: "warn", Tier.BELOW_MINIMUM: "info", Tier.TOP_UP: "idle"}

navigation.add(
    Entry(lazy("Pick faces"), "office_replenishment.index", "layers", Permission.STOCK_ADJUST, staff=True, order=333)
)


class FaceForm(CodedSchema):
    """One pick face as it is typed; limits in pieces."""

    bin = Text(24, required=True)
    seller = Text(8, required=True)
    sku = Text(40, required=True)
    minimum = Count(0, 10_000_000, required=True)
    maximum = Count(1, 10_000_000, required=True)


class ListForm(CodedSchema):
    lines = Items(Text(120, min_length=0), 1, faces.MOST_LINES, required=True)


@blueprint.get("")
@requires(Permission.STOCK_ADJUST)
def index() -> str:
    return _page(_chosen(request.args.get("warehouse", "")))


def _chosen(code: str) -> Warehouse | None:
    """The warehouse that the address names, else the first that the reader sees."""
    seen = warehouses_seen(actor())
    return next((each for each in seen if each.code == code), seen[0] if seen else None)


def _page(warehouse: Warehouse | None, refusal: Refused | None = None, typed: Mapping[str, Any] | None = None) -> str:
    search = request.args.get("q", "").strip()[:60] or None
    after = (request.args.get("bin", ""), request.args.get("sku", ""), request.args.get("seller", ""))
    rows, figures = queries.faces_page(warehouse.id, search, after, PAGE + 1) if warehouse else ([], {})
    here: dict[str, Any] = {"warehouse": warehouse.code if warehouse else None, "q": search}
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    why_not = planning.hindrances(warehouse.id, figures) if warehouse else {}
    return render_template(
        "office/replenishment.html", warehouse=warehouse, warehouses=warehouses_seen(actor()), rows=rows[:PAGE],
        figures=figures, why_not={place: refusal_texts.translate(why.code, why.params) for place, why in why_not.items()},
        tasks=queries.listed(warehouse.id) if warehouse else [], tier=_tier, words=URGENCY_WORDS,
        tones=TONES, search=search, sellers=[(each.code, f"{each.code} · {each.name}") for each in sellers_seen(actor())],
        typed=typed or {}, errors=forms.field_messages(refusal), most_lines=faces.MOST_LINES,
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        next_url=url_for(".index", **here, bin=last.code, sku=last.sku, seller=last.seller) if last else "",
        back_url=url_for(".index", **here) if after[0] else "",
    )  # fmt: skip


def _tier(task: Any) -> Tier:
    """Why a walk is asked for, as it is now."""
    return Tier.PICKER if task.picker_waits else Tier(task.urgency // 100)


@blueprint.post("/<uuid:warehouse_id>/faces")
@requires(Permission.FACILITY_WRITE)
def set_face(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Make a bin a product's pick face, or change its limits."""
    warehouse = load_warehouse(actor(), warehouse_id)
    typed: dict[str, Any] = {name: forms.typed_text(name) for name in ("bin", "seller", "sku")}
    typed |= {name: forms.typed_number(name) for name in ("minimum", "maximum")}
    body = forms.load_form(FaceForm(), forms.given(typed))
    if isinstance(body, Refused):
        return _page(warehouse, body, request.form), 422
    line = faces.FaceLine(body["bin"].upper(), body["seller"], body["sku"], body["minimum"], body["maximum"])
    return _set(warehouse, [line], body, FIELD_OF)


@blueprint.post("/<uuid:warehouse_id>/list")
@requires(Permission.FACILITY_WRITE)
def set_list(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """A whole list of faces, as it is copied out of a spreadsheet: all or none."""
    warehouse = load_warehouse(actor(), warehouse_id)
    typed = request.form.get("lines", "").replace("\t", ";").splitlines()
    body = forms.load_form(ListForm(), forms.given({"lines": typed or None}))
    try:
        lines = [] if isinstance(body, Refused) else faces.read_lines("\n".join(body["lines"]))
    except Refused as refusal:
        body = refusal
    if isinstance(body, Refused):
        return _page(warehouse, body, request.form), 422
    return _set(warehouse, lines, body)


def _set(
    warehouse: Warehouse, lines: list[faces.FaceLine], body: Mapping[str, Any], fields: Mapping[str, str] | None = None
) -> BaseResponse | tuple[str, int]:
    """`fields`: where a refusal is said, by its code; of a whole list it is said above, and names the line's bin."""
    outcome = forms.run_form(
        "replenishment.faces", {"warehouse": warehouse.id, **body},
        lambda: faces.set_faces(actor(), warehouse.id, lines), lambda count: {"count": count},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(warehouse, forms.at_fields(outcome, fields or {}), request.form), 422
    count = int(outcome.answer["count"])
    flash(ngettext("%(num)s pick face is set.", "%(num)s pick faces are set.", count), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


@blueprint.post("/<uuid:warehouse_id>/faces/<uuid:location_id>/<uuid:product_id>/drop")
@requires(Permission.FACILITY_WRITE)
def drop_face(warehouse_id: uuid.UUID, location_id: uuid.UUID, product_id: uuid.UUID) -> BaseResponse:
    """The bin is no pick face of the product any more."""
    warehouse = load_warehouse(actor(), warehouse_id)
    outcome = forms.run_form(
        "replenishment.drop", {"location": location_id, "product": product_id},
        lambda: faces.drop_face(actor(), location_id, product_id),
    )  # fmt: skip
    return _told(outcome, _("It is no pick face any more. What stands there stays."), warehouse)


@blueprint.post("/<uuid:warehouse_id>/plan")
@requires(Permission.STOCK_ADJUST)
def plan(warehouse_id: uuid.UUID) -> BaseResponse:
    """What the clock does every few seconds, at once."""
    warehouse = load_warehouse(actor(), warehouse_id)
    outcome = forms.run_form(
        "replenishment.plan", {"warehouse": warehouse.id}, lambda: planning.plan_now(actor(), warehouse.id),
        lambda planned: {"made": planned.made, "dropped": planned.dropped},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _told(outcome, "", warehouse)
    counts = outcome.answer
    said = _("%(made)s replenishments planned, %(dropped)s dropped.", made=counts["made"], dropped=counts["dropped"])
    return _told(outcome, said, warehouse)


@blueprint.post("/<uuid:warehouse_id>/tasks/<uuid:task_id>/cancel")
@requires(Permission.STOCK_ADJUST)
def cancel(warehouse_id: uuid.UUID, task_id: uuid.UUID) -> BaseResponse:
    """Drop a walk; its units are free again."""
    warehouse = load_warehouse(actor(), warehouse_id)
    outcome = forms.run_form("replenishment.cancel", {"task": task_id}, lambda: service.cancel(actor(), task_id))
    return _told(outcome, _("Dropped. Its goods are free again."), warehouse)


def _told(outcome: forms.Outcome, said: str, warehouse: Warehouse) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(said, "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))
