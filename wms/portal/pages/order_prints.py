"""Papers and labels of an order as PDF: packing lists by carton; for Amazon its carton labels and those of units."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Blueprint, Response

from labels import Label
from wms.core.permissions import Permission
from wms.outbound.kinds import fba
from wms.outbound.kinds.papers import drawn
from wms.outbound.kinds.slips import packing_lists
from wms.outbound.service.orders import load_order
from wms.platform.access import actor, requires

blueprint = Blueprint("portal_order_prints", __name__, url_prefix="/portal/orders")


@blueprint.get("/<uuid:order_id>/packing-list.pdf")
@requires(Permission.LABELS_READ)
def packing_list(order_id: uuid.UUID) -> Response:
    """A page for each carton that is closed, with what is in it."""
    return _pdf(packing_lists(load_order(actor(), order_id)), "packing-list")


@blueprint.get("/<uuid:order_id>/fba-cartons.pdf")
@requires(Permission.LABELS_READ)
def fba_cartons(order_id: uuid.UUID) -> Response:
    """Amazon's label for each carton that is closed."""
    return _pdf(fba.carton_labels(load_order(actor(), order_id)), "fba-cartons")


@blueprint.get("/<uuid:order_id>/fba-units.pdf")
@requires(Permission.LABELS_READ)
def fba_units(order_id: uuid.UUID) -> Response:
    """The new label of each unit that gets one."""
    return _pdf(fba.unit_labels(load_order(actor(), order_id)), "fba-units")


def _pdf(pages: Sequence[Label], name: str) -> Response:
    """Drawn anew each time, and not kept: it may name a person. 404 where there is nothing to draw."""
    return Response(
        drawn(pages), mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"},
    )  # fmt: skip
