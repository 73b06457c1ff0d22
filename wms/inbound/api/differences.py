"""`/api/v1/differences`: what came otherwise than announced, and what its seller wants done with it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.inbound import queries, schemas, service
from wms.inbound.api.bookings import after_of
from wms.platform.access import actor, requires
from wms.platform.http import answer_outcome, answer_page, encode_cursor, run_command

blueprint = Blueprint(
    "differences", __name__, url_prefix="/api/v1/differences",
    description="Differences of bookings (收货差异)",
)  # fmt: skip


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.DifferenceQuery, location="query")
@blueprint.response(200, schemas.DifferencePage)
def list_differences(query: dict[str, Any]) -> Response:
    """Differences in the order they were found. `decisions` says what you can decide about each now."""
    after = after_of(query["cursor"])
    limit = query["limit"]
    rows = queries.differences_page(
        actor(), booking_id=query["booking_id"], state=query["state"], after=after[1] if after else None,
        limit=limit + 1,
    )  # fmt: skip
    shown = rows[:limit]
    more = encode_cursor(shown[-1]["found_at"], shown[-1]["id"]) if len(rows) > limit else None
    return answer_page([schemas.difference_of(row) for row in shown], more)


@blueprint.post("/<uuid:difference_id>/decision")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.DecisionIn)
@blueprint.response(200, schemas.DecisionAccepted)
def decide(body: dict[str, Any], difference_id: uuid.UUID) -> Response:
    """Say what becomes of it: accepted it is settled; anything else the warehouse does, and until then you may say
    something else. After `due_at` your terms decide.
    """
    return answer_outcome(
        run_command(
            "differences.decide", {"id": difference_id, **body},
            lambda: service.decide(
                actor(), difference_id, body["decision"], relabel_to=body.get("relabel_to"), remark=body["remark"]
            ), schemas.decided,
        )
    )  # fmt: skip
