"""Pick-ups (自提): what waits at the counter, how long, and the slip that is signed."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, render_template

from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.office import stopped
from wms.outbound.kinds.papers import drawn
from wms.outbound.kinds.slips import slip_of
from wms.outbound.rules import PICK_UP
from wms.outbound.service.orders import load_order
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_pick_ups", __name__, url_prefix="/office/pick-ups", template_folder="../templates")

navigation.add(
    Entry(lazy("Pick-ups"), "office_pick_ups.index", "user", Permission.SHIPPING_HANDOVER, staff=True, order=247)
)


@blueprint.get("")
@requires(Permission.SHIPPING_HANDOVER)
def index() -> str:
    return render_template("office/pick_ups.html", rows=stopped.pick_ups(actor()))


@blueprint.get("/<uuid:order_id>/slip.pdf")
@requires(Permission.SHIPPING_HANDOVER)
def slip(order_id: uuid.UUID) -> Response:
    """Drawn anew each time, and not kept: it names the person."""
    order = load_order(actor(), order_id)
    if order.kind != PICK_UP or order.state == "cancelled":
        raise not_found("pick-up")
    return Response(
        drawn([slip_of(order)], order.owner_id), mimetype="application/pdf",
        headers={"Content-Disposition": 'inline; filename="slip.pdf"', "Cache-Control": "no-store"},
    )  # fmt: skip
