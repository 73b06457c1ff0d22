"""The orders that a plan leaves out for want of goods: what can be done about them, product by product."""

from __future__ import annotations

import uuid
from collections import Counter
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.inventory.replenishment import planning
from wms.office import wave_queries
from wms.outbound import carts, way_words
from wms.outbound.models import Order, WavePlan
from wms.outbound.service import plans, shortfalls
from wms.outbound.ways import Way
from wms.platform import commands, forms
from wms.platform.access import actor, requires
from wms.platform.database import session

blueprint = Blueprint(
    "office_wave_shortages", __name__, url_prefix="/office/waves/plans", template_folder="../templates"
)
MOST_ORDERS = 200  # decided with one tap


def shown(row: WavePlan) -> list[dict[str, Any]]:
    """By product, with how many of its orders each way is open to now."""
    found = wave_queries.shortages(row.warehouse_id, carts.from_data(row.plan).short)
    return [{"row": each, "ways": _open_ways(each.order_ids)} for each in found]


def _open_ways(order_ids: list[uuid.UUID]) -> list[tuple[str, Any, int]]:
    counted: Counter[Way] = Counter()
    for order_id in order_ids[:MOST_ORDERS]:
        short = shortfalls.of_order(session().get_one(Order, order_id))
        counted.update(each.way for each in (short.offers if short is not None else ()) if each.is_open)
    return [(way.value, way_words.TITLES[way], counted[way]) for way in Way if counted[way]]


@blueprint.post("/<uuid:plan_id>/ways")
@requires(Permission.WAVES_MANAGE)
def go(plan_id: uuid.UUID) -> BaseResponse:
    """One way for every order of the plan that lacks a product; each order is a command of its own."""
    row = plans.load_plan(actor(), plan_id)
    product_id, wanted = parse_id(request.form.get("product", "")), request.form.get("way", "")
    short = wave_queries.shortages(row.warehouse_id, carts.from_data(row.plan).short)
    order_ids = next((each.order_ids for each in short if each.product_id == product_id), None)
    if order_ids is None:
        raise not_found("product")
    command_id = request.form.get("command_id", "")
    if wanted not in set(Way) or parse_id(command_id) is None:
        forms.flash_or_raise(invalid("/way", "invalid"))
        return redirect(url_for("office_waves.planned", plan_id=plan_id))
    way = Way(wanted)
    base = commands.command_for(actor(), command_id, "waves.way", None)
    done, refused = 0, Counter[str]()
    for index, order_id in enumerate(order_ids[:MOST_ORDERS]):
        item = base.item(index, "waves.way", {"order": order_id, "way": way.value})
        outcome = commands.execute(item, partial(shortfalls.take, actor(), order_id, way), lambda made: {"id": made.id})
        if isinstance(outcome, Refused):
            refused[_why(outcome)] += 1
        else:
            done += 1
    told = ngettext(
        "%(num)s order: %(way)s. Plan again to see the wave.", "%(num)s orders: %(way)s. Plan again to see the wave.",
        done, way=way_words.TITLES[way],
    )  # fmt: skip
    flash(told, "ok" if done else "warn")
    for why, times in refused.items():
        flash(ngettext("Not for %(num)s order: %(why)s", "Not for %(num)s orders: %(why)s", times, why=why), "warn")
    return redirect(url_for("office_waves.planned", plan_id=plan_id))


def _why(refusal: Refused) -> str:
    words = way_words.WHY.get(refusal.params.get("why", ""))
    return str(words) if words is not None else " ".join(forms.told(refusal))


@blueprint.post("/<uuid:plan_id>/faces")
@requires(Permission.STOCK_ADJUST)
def fill_faces(plan_id: uuid.UUID) -> BaseResponse:
    """Walks that fill the pick faces are planned at once, instead of picking past them out of reserve."""
    row = plans.load_plan(actor(), plan_id)
    outcome = forms.run_form(
        "waves.fill_faces", {"plan": plan_id}, lambda: planning.plan_now(actor(), row.warehouse_id),
        lambda planned: {"made": planned.made},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        told = ngettext(
            "%(num)s walk to a pick face is planned. Plan again: its orders wait for it.",
            "%(num)s walks to pick faces are planned. Plan again: their orders wait for them.", outcome.answer["made"],
        )  # fmt: skip
        flash(told, "ok")
    return redirect(url_for("office_waves.planned", plan_id=plan_id))
