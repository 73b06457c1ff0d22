"""Cycle counts: plan them, follow them, decide on what differs, and see how exact the book was."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog import queries as catalog
from wms.core import clock
from wms.core.money import EXPONENTS
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, location_by_code, warehouses_seen
from wms.inventory.counting import deciding, planning, queries
from wms.inventory.counting.models import CountTask, StockCount
from wms.inventory.counting.rules import MOST_BINS, Rule
from wms.inventory.queries import Scope
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text

blueprint = Blueprint("office_counts", __name__, url_prefix="/office/counts", template_folder="../templates")
KIND_WORDS = {
    "class": lazy("By class"), "location": lazy("By place"), "product": lazy("By product"),
    "zero": lazy("Picked empty"), "doubt": lazy("Bin in doubt"),
}  # fmt: skip
HOW = ["class", "zone", "bin", "product"]
DECISIONS: dict[str, Callable[..., CountTask]] = {
    "approve": deciding.approve, "recount": deciding.recount, "cancel": deciding.cancel
}  # fmt: skip

navigation.add(Entry(lazy("Counts"), "office_counts.index", "list", Permission.STOCK_ADJUST, staff=True, order=340))


class PlanForm(CodedSchema):
    """Which bins: those due by class, a zone or the beginning of a code, one bin, or a product's."""

    how = Choice(HOW, required=True)
    what = Text(40, load_default=None)
    most = Count(1, MOST_BINS, load_default=20)


class RuleForm(CodedSchema):
    tolerance_units = Count(0, 1_000_000, required=True)
    tolerance_percent = Count(0, 100, required=True)
    approve_above_minor = Count(0, 10**12, required=True)
    currency = Choice(sorted(EXPONENTS), required=True)
    days_a = Count(1, 3_650, required=True)
    days_b = Count(1, 3_650, required=True)
    days_c = Count(1, 3_650, required=True)
    daily_bins = Count(0, MOST_BINS, required=True)
    on_zero = fields.Boolean(load_default=False)
    on_doubt = fields.Boolean(load_default=False)


@blueprint.get("")
@requires(Permission.STOCK_ADJUST)
def index() -> str:
    return _page(_chosen(request.args.get("warehouse", "")))


def _chosen(code: str) -> Warehouse | None:
    seen = warehouses_seen(actor())
    return next((each for each in seen if each.code == code), seen[0] if seen else None)


def _page(warehouse: Warehouse | None, refusal: Refused | None = None, typed: Mapping[str, Any] | None = None) -> str:
    scope = Scope.of(actor()) if warehouse is None else Scope(None, [warehouse.id])
    return render_template(
        "office/counts.html", warehouse=warehouse, warehouses=warehouses_seen(actor()), kinds=KIND_WORDS, how=HOW_WORDS,
        tasks=queries.open_tasks(scope), counts=queries.counts_page(scope, 20), days=queries.ACCURACY_DAYS,
        accuracy=queries.accuracy(scope, clock.now()), rule=queries.rule_of(warehouse.id) if warehouse else None,
        typed=typed or {}, errors=forms.field_messages(refusal), currencies=[(each, each) for each in sorted(EXPONENTS)],
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


HOW_WORDS = [
    ("class", lazy("What is due by class A, B, C")), ("zone", lazy("A zone, or the beginning of bin codes")),
    ("bin", lazy("One bin")), ("product", lazy("All bins of a SKU")),
]  # fmt: skip


@blueprint.post("/<uuid:warehouse_id>/plan")
@requires(Permission.STOCK_ADJUST)
def plan(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Plan a count now."""
    warehouse = load_warehouse(actor(), warehouse_id)
    typed = {"how": forms.typed_text("how"), "what": forms.typed_text("what"), "most": forms.typed_number("most")}
    body = forms.load_form(PlanForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "count.plan", {"warehouse": warehouse.id, **body}, lambda: _plan(warehouse, body), lambda made: {"id": made.id}
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(warehouse, outcome, request.form), 422
    flash(_("The count is planned. It waits on the tablets under Count."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


def _plan(warehouse: Warehouse, body: dict[str, Any]) -> StockCount:
    how, what = body["how"], body["what"]
    if how == "class":
        return planning.plan_class(actor(), warehouse.id, body["most"])
    if what is None:  # of a beginning of codes it would mean every bin there is
        raise invalid("/what", "required")
    if how == "zone":
        zone = what if any(each == what for each in queries.zone_codes(warehouse.id)) else None
        return planning.plan_zone(actor(), warehouse.id, zone, None if zone else what)
    if how == "bin":
        location = location_by_code(warehouse.id, what.upper())
        if location is None:
            raise Refused("bin_unknown", {"code": what})
        return planning.plan_bins(actor(), warehouse.id, [location.id])
    products = catalog.ids_of_sku(what)
    if not products:
        raise Refused("sku_not_found", {"sku": what})
    return planning.plan_products(actor(), warehouse.id, products)


@blueprint.post("/<uuid:warehouse_id>/rule")
@requires(Permission.STOCK_APPROVE)
def set_rule(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Tolerances, the limit of approval, how often each class is counted, and what is planned by itself."""
    warehouse = load_warehouse(actor(), warehouse_id)
    numbers = ("tolerance_units", "tolerance_percent", "days_a", "days_b", "days_c", "daily_bins")
    typed: dict[str, Any] = {name: forms.typed_number(name) for name in numbers}
    typed["currency"] = forms.typed_text("currency")
    typed["approve_above_minor"] = forms.minor_of(forms.typed_text("approve_above_minor"), typed["currency"])
    body = forms.load_form(
        RuleForm(), forms.given(typed) | {name: name in request.form for name in ("on_zero", "on_doubt")}
    )
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "count.rule", {"warehouse": warehouse.id, **body}, lambda: planning.set_rule(actor(), warehouse.id, Rule(**body))
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(warehouse, outcome, request.form), 422
    flash(_("Saved."), "ok")
    return redirect(url_for(".index", warehouse=warehouse.code))


@blueprint.get("/<uuid:count_id>")
@requires(Permission.STOCK_ADJUST)
def detail(count_id: uuid.UUID) -> str:
    """A count with its bins."""
    found = session().get(StockCount, count_id)
    if found is None or not actor().sees_warehouse(found.warehouse_id):
        raise not_found("count")
    rows = queries.tasks_of(Scope.of(actor()), count_id)
    return render_template("office/count.html", count=found, rows=rows, kinds=KIND_WORDS)


@blueprint.get("/bins/<uuid:task_id>")
@requires(Permission.STOCK_ADJUST)
def bin_(task_id: uuid.UUID) -> str:
    """What was counted in a bin, round by round, beside the book at that very moment."""
    task = session().get(CountTask, task_id)
    if task is None or not actor().sees_warehouse(task.warehouse_id):
        raise not_found("count")
    (row,) = [each for each in queries.tasks_of(Scope.of(actor()), task.count_id) if each.id == task_id]
    return render_template(
        "office/count_bin.html", task=row, lines=queries.lines_of(task_id), conditions=CONDITION_WORDS, kinds=KIND_WORDS,
        mine=actor().id in task.counted_by,
    )  # fmt: skip


@blueprint.post("/bins/<uuid:task_id>/<any(approve, recount, cancel):decision>")
@requires(Permission.STOCK_ADJUST)
def decide(task_id: uuid.UUID, decision: str) -> BaseResponse:
    """Let the book follow, have it counted by somebody else, or drop it."""
    outcome = forms.run_form(
        f"count.{decision}", {"task": task_id}, lambda: DECISIONS[decision](actor(), task_id), lambda done: {"id": done.id}
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Decided."), "ok")
    return redirect(url_for(".bin_", task_id=task_id))
