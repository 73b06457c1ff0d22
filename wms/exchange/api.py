"""`/api/v1/order-imports`: files of orders."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.core.refusals import invalid
from wms.exchange import queries, service
from wms.exchange.models import OrderImport
from wms.exchange.schemas import ImportAccepted, ImportIn, ImportOut, ImportPage, ImportQuery
from wms.platform import sheets
from wms.platform.access import actor, requires
from wms.platform.http import (
    answer_outcome,
    answer_page,
    command_id,
    decode_id_cursor,
    encode_cursor,
    run_command,
)

blueprint = Blueprint(
    "order_imports", __name__, url_prefix="/api/v1/order-imports", description="Files of orders (批量导入)"
)
BLUEPRINTS = [blueprint]


def accepted(found: OrderImport) -> dict[str, Any]:
    return {"id": str(found.id), "state": found.state}


@blueprint.post("")
@requires(Permission.ORDERS_WRITE)
@blueprint.arguments(ImportIn)
@blueprint.response(202, ImportAccepted)
def take(body: dict[str, Any]) -> Response:
    """Send a file. It is looked through by itself; read it again until it is `checked`. No order is made before you say so."""
    command_id()  # what is malformed is told before anything is stored
    try:
        content = base64.b64decode(body["content"], validate=True)
    except (binascii.Error, ValueError) as fault:
        raise invalid("/content", "file_not_base64") from fault
    upload = sheets.judged(content, body["name"], "/content")
    kept = upload.keep()
    given = {**body, "content": kept.sha256}
    outcome = run_command("imports.take", given, lambda: service.take(actor(), upload, kept, body), accepted, 202)
    return answer_outcome(outcome, lambda answer: f"/api/v1/order-imports/{answer['id']}")


@blueprint.get("")
@requires(Permission.ORDERS_READ)
@blueprint.arguments(ImportQuery, location="query")
@blueprint.response(200, ImportPage)
def index(query: dict[str, Any]) -> Response:
    """List files, newest first, by cursor."""
    limit = query["limit"]
    found = queries.imports_page(actor(), decode_id_cursor(query.get("cursor")), limit + 1)
    following = encode_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
    return answer_page([queries.import_row(each) for each in found[:limit]], following)


@blueprint.get("/<uuid:import_id>")
@requires(Permission.ORDERS_READ)
@blueprint.response(200, ImportOut)
def read(import_id: uuid.UUID) -> dict[str, Any]:
    """How far a file is, and what is wrong in which line and column."""
    return queries.import_detail(service.load_import(actor(), import_id))


@blueprint.post("/<uuid:import_id>/create")
@requires(Permission.ORDERS_WRITE)
@blueprint.response(202, ImportAccepted)
def create(import_id: uuid.UUID) -> Response:
    """Make the good orders. Those that cannot be made any more are told with the findings."""
    given = {"id": str(import_id)}
    return answer_outcome(
        run_command("imports.create", given, lambda: service.create(actor(), import_id), accepted, 202)
    )


@blueprint.post("/<uuid:import_id>/drop")
@requires(Permission.ORDERS_WRITE)
@blueprint.response(200, ImportAccepted)
def drop(import_id: uuid.UUID) -> Response:
    """Make no (further) orders of it; the file is forgotten."""
    given = {"id": str(import_id)}
    return answer_outcome(run_command("imports.drop", given, lambda: service.drop(actor(), import_id), accepted))
