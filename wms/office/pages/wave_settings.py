"""What a cart holds and how fast people are: what plans of waves reckon with."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.facility.queries import warehouse_by_code
from wms.outbound.carts import MOST_ORDERS, ORDERS_PER_LANE, Settings
from wms.outbound.service import reading, sorting, wave_rules
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.schemas import CodedSchema, Count, Text
from wms.printing.label_files import sizes_of

blueprint = Blueprint(
    "office_wave_settings", __name__, url_prefix="/office/waves/settings", template_folder="../templates"
)


class SettingsForm(CodedSchema):
    """Litres and kilograms as they are typed; what is empty has no limit."""

    cart_totes = Count(1, 200, required=True)
    tote_units = Count(1, 100_000, load_default=None)
    tote_volume_l = Count(1, 10_000, load_default=None)
    tote_weight_kg = Count(1, 10_000, load_default=None)
    metres_per_minute = Count(1, 400, required=True)
    seconds_per_walk = Count(0, 3_600, required=True)
    seconds_per_stop = Count(0, 600, required=True)
    seconds_per_unit = Count(0, 600, required=True)
    minutes_per_wave = Count(1, 1_440, required=True)
    planning_seconds = Count(1, 60, required=True)
    lane_orders = Count(1, MOST_ORDERS, load_default=ORDERS_PER_LANE)


class WallForm(CodedSchema):
    wall = Text(8, required=True, pattern=r"[A-Z0-9]*")
    slots = Count(1, 99, required=True)


@blueprint.get("/<warehouse>")
@requires(Permission.WAVES_MANAGE)
def index(warehouse: str) -> str:
    found = warehouse_by_code(actor(), warehouse)
    settings = reading.settings_of(found.id) or Settings()
    shown: dict[str, Any] = asdict(settings) | {
        "tote_volume_l": settings.tote_volume_cm3 and settings.tote_volume_cm3 // 1_000,
        "tote_weight_kg": settings.tote_weight_g and settings.tote_weight_g // 1_000,
        "planning_seconds": settings.planning_ms // 1_000,
    }
    return render_template(
        "office/wave_settings.html", warehouse=found, shown=shown, walls=sorting.walls_of(found.id), sizes=sizes_of,
    )  # fmt: skip


@blueprint.post("/<warehouse>")
@requires(Permission.WAVES_MANAGE)
def save(warehouse: str) -> BaseResponse | tuple[str, int]:
    """From the next plan on."""
    found = warehouse_by_code(actor(), warehouse)
    body = forms.load_form(
        SettingsForm(), forms.given({name: forms.typed_number(name) for name in SettingsForm().fields})
    )
    outcome = body if isinstance(body, Refused) else _save(found, _settings(body))
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "settings", ".index", warehouse=warehouse)
    flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse))


def _save(warehouse: Warehouse, settings: Settings) -> forms.Outcome:
    return forms.run_form(
        "waves.settings", {"warehouse": warehouse.id, **asdict(settings)},
        lambda: wave_rules.edit_settings(actor(), warehouse.id, settings),
    )  # fmt: skip


def _settings(body: dict[str, Any]) -> Settings:
    litres, kilograms, seconds = (body.pop(name) for name in ("tote_volume_l", "tote_weight_kg", "planning_seconds"))
    return Settings(
        **body, tote_volume_cm3=litres and litres * 1_000, tote_weight_g=kilograms and kilograms * 1_000,
        planning_ms=seconds * 1_000,
    )  # fmt: skip


@blueprint.post("/<warehouse>/walls")
@requires(Permission.FACILITY_WRITE)
def make_wall(warehouse: str) -> BaseResponse | tuple[str, int]:
    """A put wall: its slots are containers, with labels of their own."""
    found = warehouse_by_code(actor(), warehouse)
    typed = {"wall": forms.typed_text("wall"), "slots": forms.typed_number("slots")}
    body = forms.load_form(WallForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "waves.make_wall", {"warehouse": found.id, **body},
        lambda: sorting.make_wall(actor(), found.id, body["wall"], body["slots"]), lambda made: {"slots": len(made)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        refused = forms.at_fields(outcome, {"wall_taken": "wall"})
        return forms.shown_again(refused, "wall", ".index", warehouse=warehouse)
    flash(_("The wall is there. Print the labels of its slots."), "ok")
    return redirect(url_for(".index", warehouse=warehouse))
