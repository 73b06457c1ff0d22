"""Stopping an order: holds placed and ended, an interception asked for and taken back. Shown on the order's page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.outbound import rules
from wms.outbound.models import Order
from wms.outbound.schemas import InterceptIn, OrderHoldIn
from wms.outbound.service import interceptions, order_holds
from wms.outbound.service.orders import load_order
from wms.outbound.words import HOLD_WORDS, INTERCEPT_WORDS, REFUSAL_WORDS, SIDE_WORDS
from wms.outbound.workflow import ENDED, InterceptionState
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, state_labels

blueprint = Blueprint("portal_order_stops", __name__, url_prefix="/portal/orders", template_folder="../templates")
state_labels["order_hold"] = {"open": (lazy("On hold"), "hold"), "ended": (lazy("Ended"), "idle")}
state_labels["interception"] = {
    "requested": (lazy("Interception asked for"), "hold"),
    "accepted": (lazy("Intercepted"), "ok"),
    "refused": (lazy("Not intercepted"), "stop"),
    "withdrawn": (lazy("Taken back"), "idle"),
}


def shown(order: Order) -> dict[str, Any]:
    """What the order's page needs beside the order: words, and what this reader may do now."""
    may = actor().may(Permission.ORDERS_WRITE)
    side = order_holds.side_of(actor())
    is_asked = order.interception == InterceptionState.REQUESTED.value
    return {
        "hold_words": HOLD_WORDS, "side_words": SIDE_WORDS, "intercept_words": INTERCEPT_WORDS,
        "refusal_words": REFUSAL_WORDS,
        "hold_reasons": [(code, HOLD_WORDS[code]) for code in rules.HOLD_REASONS[side]],
        "intercept_reasons": list(INTERCEPT_WORDS.items()),
        "may_hold": may and order.state not in ENDED,
        "may_release_stock": order.state in {"short", "promised", "awaiting_customs", "waved"},
        "may_intercept": may and not is_asked and interceptions.why_not(order) is None,
        "may_withdraw": may and is_asked,
        "ends_sides": set(rules.Side) if actor().may(Permission.EXCEPTIONS_MANAGE) else {side},
    }  # fmt: skip


@blueprint.post("/<uuid:order_id>/hold")
@requires(Permission.ORDERS_WRITE)
def hold(order_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    load_order(actor(), order_id)  # whose order it is comes before what is typed
    typed = forms.given({name: forms.typed_text(name) for name in ("reason", "note")})
    body = forms.load_form(OrderHoldIn(), typed | {"keeps_stock": request.form.get("release_stock") is None})
    outcome = body if isinstance(body, Refused) else _hold(order_id, body)
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "hold", "portal_orders.detail", order_id=order_id)
    return _back(order_id, outcome, _("The order is on hold."))


def _hold(order_id: uuid.UUID, body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "orders.hold", {"id": str(order_id), **body},
        lambda: order_holds.place_hold(
            actor(), order_id, body["reason"], note=body.get("note"), keeps_stock=body["keeps_stock"]
        ), lambda made: {"id": made.id},
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/holds/<uuid:order_hold_id>/end")
@requires(Permission.ORDERS_WRITE)
def end_hold(order_id: uuid.UUID, order_hold_id: uuid.UUID) -> BaseResponse:
    return _run(
        "orders.end_hold", order_id, {"hold": str(order_hold_id)}, _("The hold is ended."),
        lambda who: order_holds.end_hold(who, order_id, order_hold_id),
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/intercept")
@requires(Permission.ORDERS_WRITE)
def intercept(order_id: uuid.UUID) -> BaseResponse:
    load_order(actor(), order_id)
    body = forms.load_form(InterceptIn(), forms.given({"reason": forms.typed_text("reason")}))
    if isinstance(body, Refused):
        return _back(order_id, body, "")
    return _run(
        "orders.intercept", order_id, body, _("The interception is asked for."),
        lambda who: interceptions.request_interception(who, order_id, body["reason"]),
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/intercept/withdraw")
@requires(Permission.ORDERS_WRITE)
def withdraw(order_id: uuid.UUID) -> BaseResponse:
    return _run(
        "orders.withdraw_interception", order_id, {}, _("The request is taken back. The order goes on."),
        lambda who: interceptions.withdraw(who, order_id),
    )  # fmt: skip


def _run(
    name: str, order_id: uuid.UUID, body: dict[str, Any], said: str, use_case: Callable[[Actor], Any]
) -> BaseResponse:
    outcome = forms.run_form(
        name, {"id": str(order_id), **body}, lambda: use_case(actor()), lambda made: {"id": made.id}
    )
    return _back(order_id, outcome, said)


def _back(order_id: uuid.UUID, outcome: forms.Outcome, said: str) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(said, "ok")
    return redirect(url_for("portal_orders.detail", order_id=order_id))
