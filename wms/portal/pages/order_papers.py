"""Papers of an order: shown with it, added, opened, taken away."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.outbound.attachments import queries, service
from wms.outbound.models import Order
from wms.outbound.service.orders import load_order
from wms.outbound.workflow import OrderState
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pages import lazy
from wms.portal.pages.attaching import attach_paper

blueprint = Blueprint("portal_order_papers", __name__, url_prefix="/portal/orders", template_folder="../templates")
KIND_WORDS = {"invoice": lazy("Invoice"), "packing_list": lazy("Packing list"), "other": lazy("Another paper")}


def shown(order: Order) -> dict[str, Any]:
    """What the page of an order shows of its papers."""
    may = actor().may(Permission.ORDERS_WRITE) and order.state != OrderState.CANCELLED.value
    return {"papers": queries.papers_of(actor(), order.id), "paper_kinds": KIND_WORDS, "may_attach": may}


@blueprint.get("/<uuid:order_id>/papers/<uuid:paper_id>")
@requires(Permission.ORDERS_READ)
def paper(order_id: uuid.UUID, paper_id: uuid.UUID) -> Response:
    return uploads.hand_out(*queries.paper_content(actor(), order_id, paper_id))


@blueprint.post("/<uuid:order_id>/papers")
@requires(Permission.ORDERS_WRITE)
def add(order_id: uuid.UUID) -> BaseResponse | tuple[Any, int]:
    """One paper more."""
    load_order(actor(), order_id)
    return attach_paper(
        "orders.attach", order_id,
        lambda kind, kept, name: service.attach(actor(), order_id, kind, kept, name), lambda made: {"id": made.id},
        "portal_orders.detail", order_id=order_id,
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/papers/<uuid:paper_id>/remove")
@requires(Permission.ORDERS_WRITE)
def remove(order_id: uuid.UUID, paper_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "orders.detach", {"id": order_id, "paper": paper_id}, lambda: service.remove(actor(), order_id, paper_id),
        lambda found: {"id": found},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The paper is gone."), "ok")
    return redirect(url_for("portal_orders.detail", order_id=order_id))
