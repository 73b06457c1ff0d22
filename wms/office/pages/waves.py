"""Waves: what one would cost, releasing it by hand, and how far each is."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.office import queries, wave_queries
from wms.office.pages import wave_shortages
from wms.office.wave_forms import KIND_WORDS, WHY_WORDS, choices_of, selection_words, typed_selection
from wms.outbound import carts
from wms.outbound.carts import MOST_ORDERS, Selection
from wms.outbound.models import Wave
from wms.outbound.pick_lists import request_pick_list
from wms.outbound.service import plans, reading
from wms.outbound.service.waves import ORDERS_PER_WAVE, release_wave
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import end_reading, session
from wms.platform.pages import Entry, lazy, navigation
from wms.printing.label_files import to_file

blueprint = Blueprint("office_waves", __name__, url_prefix="/office/waves", template_folder="../templates")

navigation.add(
    Entry(lazy("Waves"), "office_waves.index", "waves", Permission.WAVES_MANAGE, staff=True, order=220, phone=True)
)


@blueprint.get("")
@requires(Permission.WAVES_MANAGE)
def index() -> str:
    return _page()


def _page(refusal: Refused | None = None) -> str:
    seen = warehouses_seen(actor())
    code = request.args.get("warehouse") or request.form.get("code")
    chosen = next((each for each in seen if each.code == code), seen[0] if seen else None)
    return render_template(
        "office/waves.html", rows=queries.waves(actor()), warehouses=seen, chosen=chosen, kinds=KIND_WORDS,
        ready=queries.orders_ready(actor()), usual=ORDERS_PER_WAVE, most=MOST_ORDERS,
        choices=choices_of(chosen.id) if chosen else {}, typed=request.form, errors=forms.field_messages(refusal),
    )  # fmt: skip


@blueprint.get("/<uuid:wave_id>")
@requires(Permission.WAVES_MANAGE)
def detail(wave_id: uuid.UUID) -> str:
    wave = session().get(Wave, wave_id)
    if wave is None or not actor().sees_warehouse(wave.warehouse_id):
        raise not_found("wave")
    return render_template(
        "office/wave.html", wave=wave, walks=queries.walks_of(wave.id), lines=wave_queries.lines_of(wave.id),
        whys=WHY_WORDS,
    )  # fmt: skip


@blueprint.post("")
@requires(Permission.WAVES_MANAGE)
def release() -> BaseResponse | tuple[str, int]:
    """The most urgent of these orders at once, planned no longer than a request may take."""
    warehouse = load_warehouse(actor(), parse_id(request.form.get("warehouse", "")) or uuid.UUID(int=0))
    selection = typed_selection(ZoneInfo(warehouse.time_zone))
    if isinstance(selection, Refused):
        return _page(selection), 422
    outcome = forms.run_form(
        "waves.release", {"warehouse": warehouse.id, "selection": selection.as_data()},
        lambda: release_wave(actor(), warehouse.id, selection=selection),
        lambda wave: {"id": wave.id, "number": wave.number},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".index"))
    flash(_("Wave %(number)s is released.", number=outcome.answer["number"]), "ok")
    return redirect(url_for(".detail", wave_id=outcome.answer["id"]))


@blueprint.post("/walks/<uuid:batch_id>/list")
@requires(Permission.WAVES_MANAGE)
def pick_list(batch_id: uuid.UUID) -> BaseResponse:
    """What is left of a walk, on paper."""
    return to_file(
        "waves.pick_list", {"walk": batch_id}, lambda: request_pick_list(actor(), batch_id), url_for(".index")
    )


@blueprint.post("/plans")
@requires(Permission.WAVES_MANAGE)
def plan() -> BaseResponse | tuple[str, int]:
    """What a wave of these orders would be and cost. Nothing is claimed."""
    warehouse = load_warehouse(actor(), parse_id(request.form.get("warehouse", "")) or uuid.UUID(int=0))
    selection = typed_selection(ZoneInfo(warehouse.time_zone))
    if isinstance(selection, Refused):
        return _page(selection), 422
    return _planned(warehouse, selection)


def _planned(warehouse: Warehouse, selection: Selection) -> BaseResponse:
    """Planned between two transactions: it takes seconds."""
    facts = reading.read(actor(), warehouse.id, selection)
    end_reading()
    made = reading.plan(facts)
    outcome = forms.run_form(
        "waves.plan", {"warehouse": facts.warehouse_id, "selection": selection.as_data()},
        lambda: plans.keep_plan(actor(), made, selection), lambda kept: {"id": kept.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".index"))
    return redirect(url_for(".planned", plan_id=outcome.answer["id"]))


@blueprint.get("/plans/<uuid:plan_id>")
@requires(Permission.WAVES_MANAGE)
def planned(plan_id: uuid.UUID) -> str:
    """The plan, what it costs, and what is not so any more."""
    row = plans.load_plan(actor(), plan_id)
    made = carts.from_data(row.plan)
    settings = reading.settings_of(row.warehouse_id) or carts.Settings()
    return render_template(
        "office/wave_plan.html", row=row, plan=made, cost=carts.cost_of(made, settings), settings=settings,
        warehouse=load_warehouse(actor(), row.warehouse_id), numbers=plans.numbers_of(made), words=selection_words(row.selection),
        gone=plans.changes_of(made) if row.wave_id is None else [], metres=carts.metres_of, whys=WHY_WORDS,
        shortages=wave_shortages.shown(row), selection=row.selection,
        past_faces=wave_queries.past_faces(made) if row.wave_id is None else 0,
        zones={zone.id: zone.code for zone in queries.zones_of(row.warehouse_id)},
        walks=[(walk, -(-int(carts.seconds_of(walk, settings)) // 60)) for walk in made.walks],
    )  # fmt: skip


@blueprint.post("/plans/<uuid:plan_id>/again")
@requires(Permission.WAVES_MANAGE)
def plan_again(plan_id: uuid.UUID) -> BaseResponse:
    """The same selection, planned as things are now."""
    row = plans.load_plan(actor(), plan_id)
    return _planned(load_warehouse(actor(), row.warehouse_id), Selection.from_data(row.selection))


@blueprint.post("/plans/<uuid:plan_id>")
@requires(Permission.WAVES_MANAGE)
def release_planned(plan_id: uuid.UUID) -> BaseResponse:
    """Exactly what was shown, or what changed."""
    outcome = forms.run_form(
        "waves.release_plan", {"plan": plan_id}, lambda: plans.release_kept(actor(), plan_id),
        lambda wave: {"id": wave.id, "number": wave.number},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".planned", plan_id=plan_id))
    flash(_("Wave %(number)s is released.", number=outcome.answer["number"]), "ok")
    return redirect(url_for(".detail", wave_id=outcome.answer["id"]))
