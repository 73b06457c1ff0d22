"""`/healthz`: the process answers. `/readyz`: database and migrations; what else limps only degrades it (`vitals`)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from wms.platform.access import public
from wms.platform.database import session
from wms.platform.schema_version import schema_state
from wms.platform.vitals import degraded

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    return jsonify({"ok": True})


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """200 with `degraded` naming what limps; 503 only when database or schema do not fit."""
    try:
        session().execute(text("SELECT 1"))
        state = schema_state()
    except OperationalError:
        return jsonify({"ready": False, "reason": "database"}), 503
    if not state.usable:
        return jsonify({"ready": False, "reason": "schema", "found": state.found, "wanted": state.wanted}), 503
    return jsonify({"ready": True, "degraded": degraded()}), 200
