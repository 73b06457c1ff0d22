"""`/healthz`: the process answers. `/readyz`: database and migrations; Redis, workers and the outbox only degrade it."""

from __future__ import annotations

from typing import Any

import redis
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from wms.platform.access import public
from wms.platform.database import session
from wms.platform.outbox import oldest_due_seconds, open_counts
from wms.platform.schema_version import schema_state

blueprint = Blueprint("health", __name__)
OUTBOX_LATE_SECONDS = 60.0


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
    degraded = _degraded()
    return jsonify({"ready": True, "degraded": degraded}), 200


def _archive_fails() -> bool:
    """Whether PostgreSQL's last attempt to archive its log failed: the log then fills the disk, and no moment after it
    can be restored.
    """
    statement = "SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_stat_archiver"
    return bool(session().execute(text(statement)).scalar())


def _degraded() -> dict[str, Any]:
    found: dict[str, Any] = {}
    courier: redis.Redis = current_app.extensions["wms_redis"]
    try:
        courier.ping()
        from rq import Worker

        if not Worker.all(connection=courier):
            found["workers"] = 0
    except redis.RedisError as fault:
        found["redis"] = type(fault).__name__
    if _archive_fails():
        found["wal_archive"] = "failing"
    late = oldest_due_seconds()
    if late > OUTBOX_LATE_SECONDS:
        found["outbox_seconds"] = round(late)
    dead = open_counts().get("dead", 0)
    if dead:
        found["dead_jobs"] = dead
    return found
