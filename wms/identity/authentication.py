"""From a request to an actor: a bearer key on `/api/`, the session cookie elsewhere. Nothing is cached, so that
revoking a key or ending a login works at once.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Response, current_app, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config import Config
from wms.core import clock
from wms.core.actor import Actor
from wms.identity import queries, rules
from wms.identity.hashing import hash_key, hash_random
from wms.platform.access import Authenticators
from wms.platform.database import db
from wms.platform.statements import looking

log = structlog.get_logger(__name__)

# Written on a connection of its own, so that a refused or read-only request is noted too; a row that somebody else is
# noting just now is left to them.
_NOTE_KEY = text(
    "UPDATE api_key SET last_used_at = :now WHERE id IN (SELECT id FROM api_key WHERE id = :id"
    " AND (last_used_at IS NULL OR last_used_at <= :before) FOR UPDATE SKIP LOCKED)"
)
_NOTE_SESSION = text(
    "UPDATE login_session SET seen_at = :now WHERE id IN (SELECT id FROM login_session WHERE id = :id"
    " AND seen_at <= :before FOR UPDATE SKIP LOCKED)"
)
_PAUSE = timedelta(seconds=10)  # between two tries of this process to note the same use
tried: dict[uuid.UUID, datetime] = {}  # when this process last did


def register(authenticators: Authenticators) -> None:
    """Tell the platform how a surface finds its actor."""
    authenticators.bearer = by_key
    authenticators.session = by_cookie
    authenticators.cookie = session_token


def by_key(token: str) -> Actor | None:
    """The seller's system that holds this key; None for any key that is not live."""
    parts = rules.read_key(token)
    if parts is None:
        return None
    with looking():
        row = queries.key_by_public_part(parts[0])
    given = hash_key(parts[1])
    if row is None or not hmac.compare_digest(bytes(row.secret_hash), given):
        return None
    now = clock.now()
    if row.expires_at is not None and row.expires_at <= now:
        return None
    _note(_NOTE_KEY, row.id, row.last_used_at, now)
    return queries.actor_from_key(row)


def session_limits(face: str) -> tuple[timedelta, timedelta]:
    """How long a login may rest, and how old it may become. A tablet lies about: it rests a shorter time."""
    config = _config()
    idle = config.tablet_idle_minutes if face == "floor" else config.session_idle_minutes
    return timedelta(minutes=idle), timedelta(hours=config.session_absolute_hours)


def open_logins(user_id: uuid.UUID) -> list[Any]:
    """A person's logins that would still be let in, the last used first."""
    now = clock.now()
    return [
        row
        for row in queries.open_sessions(user_id)
        if not rules.session_has_ended(row.created_at, row.seen_at, now, *session_limits(row.face))
    ]


def session_token() -> str | None:
    """What the browser brought as its login."""
    return request.cookies.get(cookie_name())


def by_cookie() -> Actor | None:
    """The person whose open login the cookie names."""
    token = session_token()
    if not token:
        return None
    with looking():
        row = queries.session_by_hash(hash_random(token))
    if row is None:
        return None
    now = clock.now()
    idle, absolute = session_limits(row.face)
    if rules.session_has_ended(row.created_at, row.seen_at, now, idle, absolute):
        return None
    if "X-Poll" not in request.headers:  # a page that looks again by itself is no sign of a person
        _note(_NOTE_SESSION, row.session_id, row.seen_at, now)
    places = {"warehouse_id": row.warehouse_id, "station_id": row.station_id}
    extra = {name: str(value) for name, value in places.items() if value is not None}
    return queries.actor_from_person(row, row.session_id, row.face, extra)


def _note(statement: object, key: uuid.UUID, noted: datetime | None, now: datetime) -> None:
    """Write the time of use, once a minute. A fault here is logged and never reaches the request."""
    before = now - rules.WRITE_EVERY
    if noted is not None and noted > before:
        return
    last = tried.get(key)
    if last is not None and abs(now - last) < _PAUSE:  # either way: a clock may be set back
        return
    if len(tried) > 10_000:
        tried.clear()
    tried[key] = now
    try:
        with db.engine.begin() as connection:
            connection.execute(statement, {"now": now, "id": key, "before": before})  # type: ignore[call-overload]
    except SQLAlchemyError as fault:
        log.warning("identity.use_not_noted", error=type(fault).__name__)


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to https; a browser refuses that name on plain http."""
    return "__Host-wms" if _config().is_https else "wms_session"


def set_session_cookie(response: Response, token: str) -> None:
    """A cookie of the browser session; when the login ends is decided by the server."""
    response.set_cookie(cookie_name(), token, secure=_config().is_https, httponly=True, samesite="Lax", path="/")


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), secure=_config().is_https, httponly=True, samesite="Lax", path="/")


def step_cookie_name() -> str:
    """Of the first of two steps. Not the login's cookie: what it holds opens nothing."""
    return cookie_name() + "_step"


def step_token() -> str | None:
    return request.cookies.get(step_cookie_name())


def set_step_cookie(response: Response, token: str) -> None:
    lasting = int(rules.STEP_TIME.total_seconds())
    response.set_cookie(
        step_cookie_name(), token, max_age=lasting, secure=_config().is_https, httponly=True, samesite="Lax", path="/"
    )


def clear_step_cookie(response: Response) -> None:
    response.delete_cookie(step_cookie_name(), secure=_config().is_https, httponly=True, samesite="Lax", path="/")


def _config() -> Config:
    config: Config = current_app.extensions["wms_config"]
    return config
