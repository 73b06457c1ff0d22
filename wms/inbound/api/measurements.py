"""`/api/v1/measurements`: what the dock measured and weighed."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.inbound import queries, schemas
from wms.inbound.api.bookings import after_of
from wms.platform.access import actor, requires
from wms.platform.http import answer_page, encode_cursor

blueprint = Blueprint(
    "measurements", __name__, url_prefix="/api/v1/measurements", description="Measured at receipt (收货实测)"
)


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.MeasurementQuery, location="query")
@blueprint.response(200, schemas.MeasurementPage)
def list_measurements(query: dict[str, Any]) -> Response:
    """Measures of single units beside what you declare, the newest first."""
    after = after_of(query["cursor"])
    limit = query["limit"]
    rows = queries.measurements_page(
        actor(), deviating=query["deviating"], after=after[1] if after else None, limit=limit + 1
    )
    shown = rows[:limit]
    more = encode_cursor(shown[-1]["measured_at"], shown[-1]["id"]) if len(rows) > limit else None
    names = schemas.MeasurementOut().fields
    return answer_page([{name: row[name] for name in names} for row in shown], more)
