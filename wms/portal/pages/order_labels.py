"""Labels that a seller brings to an order."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.outbound.models import Order
from wms.outbound.own_labels import service
from wms.outbound.own_labels.api import OrderLabelsIn, accepted
from wms.outbound.service.orders import load_order
from wms.outbound.workflow import ENDED
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.shipping.queries import brings_labels

blueprint = Blueprint("portal_order_labels", __name__, url_prefix="/portal/orders", template_folder="../templates")


def shown(order: Order) -> dict[str, Any]:
    """Whether labels may be brought to this order now."""
    may = actor().may(Permission.ORDERS_WRITE) and order.state not in {*ENDED, "packed"}
    return {"may_bring_labels": may and brings_labels(order.service_id)}


@blueprint.post("/<uuid:order_id>/labels")
@requires(Permission.ORDERS_WRITE)
def bring(order_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """All labels of the order: numbers, one a line, and a file with a page for each."""
    load_order(actor(), order_id)
    outcome = _brought(order_id)
    if isinstance(outcome, Refused):
        called = {"content": "label_file"}
        return forms.shown_again(outcome, "labels", "portal_orders.detail", called=called, order_id=order_id)
    flash(_("The labels are taken."), "ok")
    for number in outcome.answer["doubtful"]:
        flash(_("%(number)s does not look like a number of this carrier. Look again.", number=number), "warn")
    return redirect(url_for("portal_orders.detail", order_id=order_id))


def _brought(order_id: uuid.UUID) -> forms.Outcome:
    typed = request.form.get("tracking_numbers", "")[:2_000].upper().split()
    loaded = forms.load_form(OrderLabelsIn(only=("tracking_numbers",)), {"tracking_numbers": typed})
    try:
        if isinstance(loaded, Refused):
            raise loaded
        upload = uploads.received("label_file", {uploads.PDF})
        pages = service.judged(actor(), order_id, upload.content, loaded["tracking_numbers"])
    except Refused as refusal:
        return refusal
    given = {"id": order_id, "labels": [(page.tracking_number, page.kept.sha256) for page in pages]}
    return forms.run_form("orders.labels", given, lambda: service.bring(actor(), order_id, pages), accepted)
