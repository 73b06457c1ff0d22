"""`/api/v1/transfers`: what one warehouse sends to another. They are made as orders of that kind."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, decode_id_cursor, encode_cursor
from wms.transfers import queries
from wms.transfers.schemas import TransferOut, TransferPage, TransferQuery

blueprint = Blueprint(
    "transfers", __name__, url_prefix="/api/v1/transfers", description="Transfers between warehouses (调拨)"
)
BLUEPRINTS = [blueprint]
SHOWN = (
    "id", "number", "reference", "state", "from_warehouse", "to_warehouse", "booking_id", "booking", "booking_state",
    "created_at", "shipped_at", "closed_at", "ordered", "sent", "lost", "found",
)  # fmt: skip


@blueprint.get("")
@requires(Permission.ORDERS_READ)
@blueprint.arguments(TransferQuery, location="query")
@blueprint.response(200, TransferPage)
def index(query: dict[str, Any]) -> Response:
    """List transfers, newest first, by cursor."""
    limit = query["limit"]
    found = queries.transfers_page(actor(), query["which"], decode_id_cursor(query["cursor"]), limit + 1)
    following = encode_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
    return answer_page([{name: getattr(row, name) for name in SHOWN} for row in found[:limit]], following)


@blueprint.get("/<uuid:order_id>")
@requires(Permission.ORDERS_READ)
@blueprint.response(200, TransferOut)
def read(order_id: uuid.UUID) -> dict[str, Any]:
    """One transfer, by the id of its order, with what became of each product."""
    return queries.transfer(actor(), order_id)
