"""What is to be looked into before its goods are put away, and the plans that say so."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import FAILED_CONDITIONS, PlanDraft
from wms.inventory.words import CONDITION_WORDS
from wms.office.pages.inbound import say
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_inspections", __name__, url_prefix="/office/inspections", template_folder="../templates")

navigation.add(
    Entry(lazy("Inspections"), "office_inspections.index", "eye", Permission.STOCK_HOLD, staff=True, order=150)
)


@blueprint.get("")
@requires(Permission.STOCK_HOLD)
def index() -> str:
    return render_template(
        "office/inspections.html", rows=inbound.inspections(actor(), state="open"),
        plans=inbound.sampling_plans(actor()), warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()),
        conditions=[(code, CONDITION_WORDS[code]) for code in FAILED_CONDITIONS],
    )  # fmt: skip


@blueprint.post("/<uuid:inspection_id>")
@requires(Permission.STOCK_HOLD)
def decide(inspection_id: uuid.UUID) -> BaseResponse:
    """So many failed; none is a pass."""
    failed = forms.typed_number("failed")
    number = 0 if failed is None else failed if isinstance(failed, int) else -1
    condition, remark = request.form.get("condition", "damaged")[:12], forms.typed_text("remark") or ""
    outcome = forms.run_form(
        "inspections.decide", {"id": inspection_id, "failed": number, "condition": condition, "remark": remark},
        lambda: service.inspect(actor(), inspection_id, number, condition=condition, remark=remark),
        lambda row: {"state": row.state},
    )  # fmt: skip
    say(outcome, _("Decided."))
    return redirect(url_for(".index"))


@blueprint.post("/plans")
@requires(Permission.STOCK_HOLD)
def plan() -> BaseResponse:
    """A new plan: for everybody, one seller, or one product of theirs."""
    warehouse = next((each for each in warehouses_seen(actor()) if each.code == request.form.get("warehouse")), None)
    if warehouse is None:
        raise not_found("warehouse")
    typed = {name: forms.typed_number(name) for name in ("first_receipts", "every_nth", "sample_units")}
    first, nth, sample = (-1 if isinstance(each, str) else each for each in typed.values())
    draft = PlanDraft(first or 0, nth, 1 if sample is None else sample)
    seller, sku = forms.typed_text("seller", 8), forms.typed_text("sku", 40)
    outcome = forms.run_form(
        "inspections.plan", {"warehouse": warehouse.code, **vars(draft), "seller": seller, "sku": sku},
        lambda: service.make_plan(actor(), warehouse.id, draft, seller=seller, sku=sku), lambda row: {"id": str(row.id)},
    )  # fmt: skip
    say(outcome, _("The plan holds from the next carton on."))
    return redirect(url_for(".index"))


@blueprint.post("/plans/<uuid:plan_id>/end")
@requires(Permission.STOCK_HOLD)
def end(plan_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "inspections.end_plan",
        {"id": plan_id},
        lambda: service.end_plan(actor(), plan_id),
        lambda row: {"id": str(row.id)},
    )
    say(outcome, _("The plan draws no more."))
    return redirect(url_for(".index"))
