"""An order is changed while its state allows: buyer, service, priority, remark, what it says besides. Only what was changed
is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.outbound import queries as outbound
from wms.outbound.models import Order
from wms.outbound.schemas import OrderPatch
from wms.outbound.service import changes
from wms.outbound.service import orders as service
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import show_refusal
from wms.portal.pages import order_extras
from wms.portal.pages.orders import CONSIGNEE
from wms.shipping.queries import services_offered

MASKED = ("vat_id", "eori")
blueprint = Blueprint("portal_order_change", __name__, url_prefix="/portal/orders", template_folder="../templates")


@blueprint.get("/<uuid:order_id>/change")
@requires(Permission.ORDERS_WRITE)
def form(order_id: uuid.UUID) -> str:
    order = service.load_order(actor(), order_id)
    shown = outbound.order_detail(order)
    fields = {name: [value] for name, value in _now(order, shown).items()} | order_extras.shown(shown)
    return _form(order, shown, MultiDict(fields))


@blueprint.post("/<uuid:order_id>/change")
@requires(Permission.ORDERS_WRITE)
def change(order_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    order = service.load_order(actor(), order_id)
    held = forms.as_number(forms.typed_text("version"))
    version = held if isinstance(held, int) else 0
    shown = outbound.order_detail(order)
    changes = _changed(_now(order, shown)) | order_extras.changed(shown)
    body = forms.load_form(OrderPatch(), changes)
    outcome: forms.Outcome = body if isinstance(body, Refused) else _save(order_id, version, body)
    if isinstance(outcome, Refused):
        order = service.load_order(actor(), order_id)
        return _form(order, outbound.order_detail(order), request.form, outcome), 422
    flash(_("The order is changed."), "ok")
    return redirect(url_for("portal_orders.detail", order_id=order_id))


def _save(order_id: uuid.UUID, version: int, body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "orders.edit", {"id": str(order_id), "version": version, "changes": body},
        lambda: changes.edit_order(actor(), order_id, version, body), lambda order: {"id": order.id},
    )  # fmt: skip


def _now(order: Order, shown: Mapping[str, Any]) -> dict[str, str]:
    """The order as the form shows it. Its buyer's ids are never shown; left empty with the rest unchanged they stay."""
    buyer = {f"consignee.{name}": value or "" for name, value in shown["consignee"].items() if name not in MASKED}
    return {**buyer, "service": shown["service"], "priority": str(order.priority), "remark": order.remark or ""}


def _changed(now: Mapping[str, str]) -> dict[str, Any]:
    """What differs from what is there, as a body of the API."""
    typed = {name: forms.typed_text(name) or "" for name in now if name in request.form}
    body: dict[str, Any] = {}
    for name in ("service", "remark"):
        if name in typed and typed[name] != now[name]:
            body[name] = typed[name] or None
    if typed.get("priority", now["priority"]) != now["priority"]:
        body["priority"] = forms.as_number(typed["priority"] or None)
    buyer = {name: forms.typed_text(f"consignee.{name}") for name in CONSIGNEE}
    shown = {name: buyer[name] or "" for name in CONSIGNEE if f"consignee.{name}" in now}
    is_same = all(now[f"consignee.{name}"] == value for name, value in shown.items())
    if "consignee.name" in request.form and (any(buyer[name] for name in ("id_number", *MASKED)) or not is_same):
        if buyer["country"]:
            buyer["country"] = buyer["country"].upper()
        body["consignee"] = forms.given(buyer)
    return body


def _form(order: Order, shown: Mapping[str, Any], typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    return render_template(
        "portal/order_change.html", order=order, typed=typed, errors=forms.field_messages(refusal), lines=shown["lines"],
        extras=order_extras.CHOICES,
        may_change=outbound.changeable_now(order), has_waybill=order.shipment_id is not None,
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        services=[(each.code, f"{each.code} · {each.name}") for each, _carrier in services_offered(order.warehouse_id)],
    )  # fmt: skip
