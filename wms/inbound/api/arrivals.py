"""`/api/v1/arrivals`: what came without an announcement, and whose it is."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.inbound import queries, schemas, service
from wms.platform.access import actor, requires
from wms.platform.http import answer_outcome, run_command

blueprint = Blueprint(
    "arrivals", __name__, url_prefix="/api/v1/arrivals", description="Unknown arrivals and their claims (无主件认领)"
)


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.ArrivalQuery, location="query")
@blueprint.response(200, schemas.ArrivalsFound)
def find(query: dict[str, Any]) -> Response:
    """Unknown arrivals whose label says exactly `code`. They are never listed."""
    names = schemas.ArrivalOut().fields
    rows = queries.arrivals_by_code(actor(), query["code"].strip())
    return jsonify({"data": [{name: row[name] for name in names} for row in rows]})


@blueprint.post("/<uuid:arrival_id>/claim")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.ArrivalClaimIn)
@blueprint.response(200, schemas.ArrivalClaimed)
def claim(body: dict[str, Any], arrival_id: uuid.UUID) -> Response:
    """Say that it is yours, by what its label says. The dock looks and receives it under a booking of yours."""
    return answer_outcome(
        run_command(
            "arrivals.claim", {"id": arrival_id, **body},
            lambda: service.claim_arrival(
                actor(), arrival_id, body["code"], seller=body.get("seller"), note=body["note"]
            ), lambda found: {"id": str(found.id), "state": found.state},
        )
    )  # fmt: skip
