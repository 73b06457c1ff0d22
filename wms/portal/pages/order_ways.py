"""What can be done about an order that lacks goods, on its page: each way with its explanation, a button, and the way back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.outbound import way_words
from wms.outbound.models import Order
from wms.outbound.service import joining, shortfalls
from wms.outbound.service.orders import load_order
from wms.outbound.ways import Way
from wms.platform import forms
from wms.platform.access import actor, requires

blueprint = Blueprint("portal_order_ways", __name__, url_prefix="/portal/orders", template_folder="../templates")


def shown(order: Order) -> dict[str, Any]:
    """What the order's page needs: the ways this reader may go, and whether a back order can be joined again.

    Sellers decide whether their order goes in parts; bins and people are the warehouse's.
    """
    may = actor().may(Permission.ORDERS_WRITE)
    found = shortfalls.of_order(order) if may else None
    decides = actor().is_staff and actor().may(Permission.WAVES_MANAGE)
    offers = [] if found is None else [each for each in found.offers if decides or each.way is Way.SPLIT]
    return {
        "lacks": [each for each in found.lacks if each.missing > 0] if found is not None and decides else [],
        "offers": [(each, way_words.TITLES[each.way], way_words.explained(each), way_words.BACK[each.way]) for each in offers],
        "may_join": may and joining.may_join(order),
    }  # fmt: skip


@blueprint.post("/<uuid:order_id>/ways")
@requires(Permission.ORDERS_WRITE)
def go(order_id: uuid.UUID) -> BaseResponse:
    load_order(actor(), order_id)  # whose order it is comes before what is typed
    wanted = request.form.get("way", "")
    if wanted not in set(Way):
        return _told(order_id, invalid("/way", "invalid"))
    way = Way(wanted)
    return _run(
        "orders.way", order_id, {"way": way.value}, lambda: shortfalls.take(actor(), order_id, way),
        _("Done: %(way)s.", way=way_words.TITLES[way]),
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/join")
@requires(Permission.ORDERS_WRITE)
def join(order_id: uuid.UUID) -> BaseResponse:
    return _run(
        "orders.join", order_id, {}, lambda: joining.join(actor(), order_id), _("The parts are one order again.")
    )


def _run(
    name: str, order_id: uuid.UUID, body: dict[str, Any], use_case: Callable[[], Order], said: str
) -> BaseResponse:
    outcome = forms.run_form(name, {"id": order_id, **body}, use_case, lambda made: {"id": made.id})
    if isinstance(outcome, Refused):
        return _told(order_id, outcome)
    flash(said, "ok")
    return redirect(url_for("portal_orders.detail", order_id=outcome.answer["id"]))


def _told(order_id: uuid.UUID, refusal: Refused) -> BaseResponse:
    forms.flash_or_raise(refusal)
    return redirect(url_for("portal_orders.detail", order_id=order_id))
