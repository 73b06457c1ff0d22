"""`/api/v1/orders/…/labels`: the labels that a seller brings."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields

from wms.core.permissions import Permission
from wms.outbound.own_labels import service
from wms.outbound.own_labels.service import Brought
from wms.outbound.service.orders import load_order
from wms.platform import uploads
from wms.platform.access import actor, requires
from wms.platform.http import answer_outcome, command_id, run_command
from wms.platform.schemas import CodedSchema, Items, Text

blueprint = Blueprint(
    "order_labels", __name__, url_prefix="/api/v1/orders/<uuid:order_id>/labels",
    description="Labels that sellers bring with their orders",
)  # fmt: skip


class OrderLabelsIn(CodedSchema):
    tracking_numbers = Items(Text(48, pattern="[0-9A-Z][0-9A-Z-]{3,46}[0-9A-Z]"), 1, service.MOST_LABELS, required=True,
                             metadata={"example": ["1Z5R89390357567127"]})  # fmt: skip
    content = Text(7_000_000, required=True, metadata={
        "description": "Base64 of a PDF of at most 5 MB with one page for each number, of the service's label size.",
        "example": "JVBERi0xLjQKJSVFT0YK"})  # fmt: skip


class OrderLabelsAccepted(CodedSchema):
    id = fields.UUID()
    state = fields.String(metadata={"example": "promised"})
    version = fields.Integer()
    doubtful = fields.List(fields.String(), metadata={
        "description": "Numbers that do not look like this carrier's: look again. They were taken."})  # fmt: skip


def accepted(found: Brought) -> dict[str, Any]:
    order = found.order
    return {"id": str(order.id), "state": order.state, "version": order.version, "doubtful": list(found.doubtful)}


@blueprint.post("")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(OrderLabelsIn)
@blueprint.response(200, OrderLabelsAccepted)
def bring(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """The labels of an order whose service has them from you (`brings_labels`): all of them, one page and one number a
    parcel. Until they are there the order waits. Again replaces them; what is not named any more is void.
    """
    command_id()  # what is malformed is told before anything is stored
    load_order(actor(), order_id)
    upload = uploads.decoded(body["content"], "labels.pdf", {uploads.PDF})
    pages = service.judged(actor(), order_id, upload.content, body["tracking_numbers"])
    given = {"id": order_id, "labels": [(page.tracking_number, page.kept.sha256) for page in pages]}
    return answer_outcome(
        run_command("orders.labels", given, lambda: service.bring(actor(), order_id, pages), accepted)
    )
