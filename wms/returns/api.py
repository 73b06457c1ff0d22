"""`/api/v1/returns`: announce, list, read, withdraw."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.platform.access import actor, requires
from wms.platform.api_completion import NEEDS_MATCH
from wms.platform.http import (
    answer_document,
    answer_outcome,
    answer_page,
    decode_id_cursor,
    encode_cursor,
    require_match,
    run_command,
)
from wms.returns import queries, service
from wms.returns.models import ReturnOrder
from wms.returns.schemas import ReturnAccepted, ReturnIn, ReturnOut, ReturnPage, ReturnQuery

blueprint = Blueprint("returns", __name__, url_prefix="/api/v1/returns", description="Returns (退件单)")
BLUEPRINTS = [blueprint]


def accepted(found: ReturnOrder) -> dict[str, Any]:
    return {
        "id": str(found.id), "number": found.number, "reference": found.reference, "state": found.state,
        "version": found.version,
    }  # fmt: skip


@blueprint.post("")
@requires(Permission.RETURNS_WRITE)
@blueprint.arguments(ReturnIn)
@blueprint.response(201, ReturnAccepted)
def create(body: dict[str, Any]) -> Response:
    """Announce a return of a shipped order."""
    outcome = run_command("returns.announce", body, lambda: service.announce(actor(), body), accepted, 201)
    return answer_outcome(outcome, lambda answer: f"/api/v1/returns/{answer['id']}")


@blueprint.get("")
@requires(Permission.RETURNS_READ)
@blueprint.arguments(ReturnQuery, location="query")
@blueprint.response(200, ReturnPage)
def index(query: dict[str, Any]) -> Response:
    """List returns, newest first, by cursor."""
    limit = query.pop("limit")
    after = decode_id_cursor(query.pop("cursor", None))
    found = queries.list_returns(actor(), **query, after=after, limit=limit)
    following = encode_cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
    return answer_page([queries.return_row(each) for each in found[:limit]], following)


@blueprint.get("/<uuid:return_id>")
@requires(Permission.RETURNS_READ)
@blueprint.response(200, ReturnOut)
def read(return_id: uuid.UUID) -> Response:
    """One return with what was announced, what came and what became of it."""
    found = service.load_return(actor(), return_id)
    return answer_document(queries.return_detail(found), found.version)


@blueprint.post("/<uuid:return_id>/cancel")
@requires(Permission.RETURNS_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.response(200, ReturnAccepted)
def cancel(return_id: uuid.UUID) -> Response:
    """Withdraw an announcement before anything came. Needs If-Match."""
    version = require_match()
    command = {"id": str(return_id), "version": version}
    outcome = run_command("returns.cancel", command, lambda: service.cancel(actor(), return_id, version), accepted)
    return answer_outcome(outcome)
