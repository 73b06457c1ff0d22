"""Papers and labels of an order as PDF: its packing slip, packing lists by carton; for Amazon labels of cartons and units."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from labels import Label
from wms.core.permissions import Permission
from wms.outbound.kinds import fba
from wms.outbound.kinds.papers import drawn
from wms.outbound.kinds.slips import packing_lists
from wms.outbound.models import Order
from wms.outbound.packing_slips import request_packing_slip
from wms.outbound.service.orders import load_order
from wms.platform.access import actor, requires
from wms.printing.label_files import to_file, typed_size

blueprint = Blueprint("portal_order_prints", __name__, url_prefix="/portal/orders")


@blueprint.get("/<uuid:order_id>/packing-list.pdf")
@requires(Permission.LABELS_READ)
def packing_list(order_id: uuid.UUID) -> Response:
    """A page for each carton that is closed, with what is in it."""
    return _pdf(order_id, packing_lists, "packing-list")


@blueprint.post("/<uuid:order_id>/packing-slip")
@requires(Permission.LABELS_READ)
def packing_slip(order_id: uuid.UUID) -> BaseResponse:
    """The slip that goes into the first parcel, in a size."""
    load_order(actor(), order_id)  # whose it is comes before what is wrong with the form
    size = typed_size("packing-slip")
    return to_file(
        "orders.packing_slip", {"id": order_id, "size": size}, lambda: request_packing_slip(actor(), order_id, size),
        url_for("portal_orders.detail", order_id=order_id),
    )  # fmt: skip


@blueprint.get("/<uuid:order_id>/fba-cartons.pdf")
@requires(Permission.LABELS_READ)
def fba_cartons(order_id: uuid.UUID) -> Response:
    """Amazon's label for each carton that is closed."""
    return _pdf(order_id, fba.carton_labels, "fba-cartons")


@blueprint.get("/<uuid:order_id>/fba-units.pdf")
@requires(Permission.LABELS_READ)
def fba_units(order_id: uuid.UUID) -> Response:
    """The new label of each unit that gets one."""
    return _pdf(order_id, fba.unit_labels, "fba-units")


def _pdf(order_id: uuid.UUID, contents: Callable[[Order], Sequence[Label]], name: str) -> Response:
    """Drawn anew each time, and not kept: it may name a person. 404 where there is nothing to draw."""
    order = load_order(actor(), order_id)
    return Response(
        drawn(contents(order), order.owner_id), mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"},
    )  # fmt: skip
