"""`/api/v1/orders/…/papers`: invoices, packing lists and whatever else comes with an order."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields

from wms.core.permissions import Permission
from wms.outbound.attachments import queries, service
from wms.outbound.attachments.models import OrderPaper
from wms.outbound.service.orders import load_order
from wms.platform import uploads
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY
from wms.platform.http import answer_outcome, command_id, run_command
from wms.platform.schemas import Choice, CodedSchema, Text

blueprint = Blueprint(
    "order_papers", __name__, url_prefix="/api/v1/orders/<uuid:order_id>/papers", description="Papers of orders"
)


class OrderPaperIn(CodedSchema):
    kind = Choice(list(service.KINDS), required=True)
    name = Text(120, required=True, metadata={"example": "invoice.pdf"})
    content = Text(7_000_000, required=True, metadata={"description": "Base64 of a PDF, JPEG or PNG of at most 5 MB.",
                                                       "example": "JVBERi0xLjQKJSVFT0YK"})  # fmt: skip


class OrderPaperAccepted(CodedSchema):
    id = fields.UUID()
    kind = fields.String(metadata={"example": "invoice"})
    name = fields.String(metadata={"example": "invoice.pdf"})


class OrderPaperOut(OrderPaperAccepted):
    size_bytes = fields.Integer()
    media_type = fields.String()
    added_at = fields.AwareDateTime()


class OrderPapers(CodedSchema):
    data = fields.List(fields.Nested(OrderPaperOut))


class OrderPaperRemoved(CodedSchema):
    id = fields.UUID()


def attached(paper: OrderPaper) -> dict[str, Any]:
    return {"id": str(paper.id), "kind": paper.kind, "name": paper.name}


@blueprint.get("")
@requires(Permission.ORDERS_READ)
@blueprint.response(200, OrderPapers)
def list_papers(order_id: uuid.UUID) -> Response:
    """The papers of an order, the newest first."""
    return jsonify({"data": queries.papers_of(actor(), order_id)})


@blueprint.post("")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(OrderPaperIn)
@blueprint.response(201, OrderPaperAccepted)
def add(body: dict[str, Any], order_id: uuid.UUID) -> Response:
    """Attach an invoice, a packing list or another paper: PDF, JPEG or PNG of at most 5 MB. At most 20 an order."""
    command_id()  # what is malformed is told before anything is stored
    load_order(actor(), order_id)
    upload = uploads.decoded(body["content"], body["name"], uploads.PAPERS)
    kept = upload.keep()
    given = {"id": order_id, "kind": body["kind"], "sha256": kept.sha256, "name": upload.name}
    return answer_outcome(
        run_command(
            "orders.attach", given, lambda: service.attach(actor(), order_id, body["kind"], kept, upload.name), attached,
            201,
        ),
        lambda answer: f"/api/v1/orders/{order_id}/papers/{answer['id']}",
    )  # fmt: skip


@blueprint.get("/<uuid:paper_id>")
@requires(Permission.ORDERS_READ)
@blueprint.response(200, BINARY, description="The paper", content_type="application/octet-stream")
def content(order_id: uuid.UUID, paper_id: uuid.UUID) -> Response:
    """The bytes, under the media type that the list tells."""
    return uploads.hand_out(*queries.paper_content(actor(), order_id, paper_id))


@blueprint.delete("/<uuid:paper_id>")
@requires(Permission.ORDERS_WRITE)
@blueprint.response(200, OrderPaperRemoved)
def remove(order_id: uuid.UUID, paper_id: uuid.UUID) -> Response:
    """Take a paper away; its bytes are not kept."""
    return answer_outcome(
        run_command(
            "orders.detach", {"id": order_id, "paper": paper_id}, lambda: service.remove(actor(), order_id, paper_id),
            lambda found: {"id": str(found)},
        )
    )  # fmt: skip
