"""Waves by the clock: which orders, at which times of the warehouse's day."""

from __future__ import annotations

import re
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, invalid
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouse_by_code
from wms.office.wave_forms import KIND_WORDS, RULE_REFUSALS, choices_of, selection_words, typed_selection
from wms.outbound.carts import MOST_ORDERS, USUAL_ORDERS
from wms.outbound.models import WaveRule
from wms.outbound.service import wave_rules
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.schemas import CodedSchema, Count, Items, Text

blueprint = Blueprint("office_wave_rules", __name__, url_prefix="/office/waves/rules", template_folder="../templates")
_BETWEEN = re.compile(r"[,;\s]+")
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"


class RuleForm(CodedSchema):
    name = Text(60, required=True)
    times = Items(Text(5, pattern=TIME), 1, 48, required=True)
    cut_off = Text(5, pattern=TIME, load_default=None)
    fewest = Count(1, MOST_ORDERS, load_default=1)


@blueprint.get("/<warehouse>")
@requires(Permission.WAVES_MANAGE)
def index(warehouse: str) -> str:
    return _page(warehouse_by_code(actor(), warehouse), None)


@blueprint.get("/<warehouse>/<uuid:rule_id>")
@requires(Permission.WAVES_MANAGE)
def detail(warehouse: str, rule_id: uuid.UUID) -> str:
    return _page(warehouse_by_code(actor(), warehouse), wave_rules.load_rule(actor(), rule_id))


def _page(warehouse: Warehouse, rule: WaveRule | None, refusal: Refused | None = None) -> str:
    return render_template(
        "office/wave_rules.html", warehouse=warehouse, rules=wave_rules.rules_of(warehouse.id), rule=rule,
        shown=request.form if refusal else _shown(rule), errors=forms.field_messages(refusal), kinds=KIND_WORDS,
        choices=choices_of(warehouse.id), words=selection_words, most=MOST_ORDERS, refusals=RULE_REFUSALS,
    )  # fmt: skip


def _shown(rule: WaveRule | None) -> MultiDict[str, Any]:
    """The form of a rule as it is, or of a new one."""
    if rule is None:
        return MultiDict({"limit": USUAL_ORDERS, "fewest": 1, "is_active": "1"})
    return MultiDict({
        "name": rule.name, "times": ", ".join(rule.times), "cut_off": rule.cut_off or "", "fewest": rule.fewest,
        **({"is_active": "1"} if rule.is_active else {}), **rule.selection,
    })  # fmt: skip


@blueprint.post("/<warehouse>")
@requires(Permission.WAVES_MANAGE)
def create(warehouse: str) -> BaseResponse | tuple[str, int]:
    return _save(warehouse_by_code(actor(), warehouse), None)


@blueprint.post("/<warehouse>/<uuid:rule_id>")
@requires(Permission.WAVES_MANAGE)
def change(warehouse: str, rule_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    return _save(warehouse_by_code(actor(), warehouse), wave_rules.load_rule(actor(), rule_id))


def _save(warehouse: Warehouse, rule: WaveRule | None) -> BaseResponse | tuple[str, int]:
    values = _typed(warehouse)
    if isinstance(values, Refused):
        return _page(warehouse, rule, values), 422
    rule_id = rule.id if rule else None
    outcome = forms.run_form(
        "waves.save_rule", {"warehouse": warehouse.id, "rule": rule_id, **values},
        lambda: wave_rules.save_rule(actor(), warehouse.id, rule_id, values), lambda saved: {"id": saved.id},
    )  # fmt: skip
    warehouse = load_warehouse(actor(), warehouse.id)
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        named = invalid("/name", "rule_name_taken") if outcome.code == "rule_name_taken" else outcome
        return _page(warehouse, wave_rules.load_rule(actor(), rule_id) if rule_id else None, named), 422
    flash(_("It is saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


def _typed(warehouse: Warehouse) -> dict[str, Any] | Refused:
    body: dict[str, Any] = {name: forms.typed_text(name) for name in ("name", "cut_off")}
    body |= {"times": [part for part in _BETWEEN.split(forms.typed_text("times") or "") if part]}
    loaded = forms.load_form(RuleForm(), forms.given(body | {"fewest": forms.typed_number("fewest")}))
    if isinstance(loaded, Refused):
        return loaded
    selection = typed_selection(ZoneInfo(warehouse.time_zone))
    if isinstance(selection, Refused):
        return selection
    return {
        **loaded, "times": sorted(set(loaded["times"])), "is_active": "is_active" in request.form,
        "selection": {name: value for name, value in selection.as_data().items() if name != "before"},
    }  # fmt: skip


@blueprint.post("/<warehouse>/<uuid:rule_id>/end")
@requires(Permission.WAVES_MANAGE)
def drop(warehouse: str, rule_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "waves.drop_rule", {"rule": rule_id}, lambda: wave_rules.drop_rule(actor(), rule_id), lambda _gone: {}
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The rule is gone."), "ok")
    return redirect(url_for(".index", warehouse=warehouse))
