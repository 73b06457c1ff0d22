"""Logins. A refusal is returned, not raised: the count of wrong tries has to be committed with it."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.identity import rules
from wms.identity.hashing import hash_random, hash_weak, needs_new_hash, verify_weak
from wms.identity.models import LoginSession, User
from wms.identity.queries import permissions_of_user
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one

TOKEN_BYTES = 32


@dataclass(frozen=True)
class Opened:
    """An open login. `token` belongs into the cookie and nowhere else: only its hash is stored."""

    session_id: uuid.UUID
    user_id: uuid.UUID
    token: str
    face: str


def login(login_name: str, password: str, face: str = "portal") -> Opened | Refused:
    """Log in with a password. Unknown, wrong, locked and disabled are one answer and take one time."""
    key = session().scalar(select(User.id).where(User.login == login_name.strip().lower()))
    user = _verified(key, "password_hash", password)
    if user is None:
        return Refused("login_refused", {})
    if needs_new_hash(user.password_hash or ""):
        user.password_hash = hash_weak(password)
    return open_session(user.id, face)


def login_with_badge(badge: str, pin: str) -> Opened | Refused:
    """Log in on a tablet. The person's other floor logins end: they moved here."""
    code = rules.read_badge(badge)
    key = session().scalar(select(User.id).where(User.badge_hash == hash_random(code or "")))
    user = _verified(key, "pin_hash", pin)
    if user is None or Permission.FLOOR_WORK not in permissions_of_user(user.id):
        return Refused("badge_refused", {})
    end_sessions(user.id, face="floor")
    return open_session(user.id, "floor")


def _verified(user_id: uuid.UUID | None, column: str, given: str) -> User | None:
    """The user, if the secret is right and they are active and not locked. Counts wrong tries under the row's lock,
    so that many tries at once are one after the other.
    """
    user = lock_one(Rank.DOCUMENT, User, user_id) if user_id is not None else None
    right = verify_weak(getattr(user, column) if user is not None else None, given)
    if user is None or rules.is_locked(user.locked_until, clock.now()):
        return None
    if not right:
        user.failed_logins += 1
        if user.failed_logins >= rules.MAX_FAILURES:
            user.failed_logins = 0
            user.locked_until = clock.now() + rules.LOCK_TIME
        return None
    user.failed_logins, user.locked_until = 0, None
    return user if user.is_active else None


def open_session(user_id: uuid.UUID, face: str) -> Opened:
    """A new login with a token of its own (never a token that a browser brought)."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    opened = LoginSession(token_hash=hash_random(token), user_id=user_id, face=face, created_at=now, seen_at=now)
    session().add(opened)
    session().flush()
    return Opened(opened.id, user_id, token, face)


def logout(session_id: uuid.UUID) -> None:
    _end(LoginSession.id == session_id)


def end_sessions(user_id: uuid.UUID, face: str | None = None) -> int:
    """End a person's open logins (of one face, or all); returns how many."""
    conditions = [LoginSession.user_id == user_id]
    if face is not None:
        conditions.append(LoginSession.face == face)
    return _end(*conditions)


def _end(*conditions: Any) -> int:
    statement = update(LoginSession).where(LoginSession.ended_at.is_(None), *conditions).values(ended_at=clock.now())
    ended = session().execute(statement.returning(LoginSession.id)).all()
    return len(ended)


def bind_station(session_id: uuid.UUID, warehouse_id: uuid.UUID, station_id: uuid.UUID) -> None:
    """Tie a login to a bench. The caller has checked that the station is in that warehouse and the person may."""
    statement = update(LoginSession).where(LoginSession.id == session_id)
    session().execute(statement.values(warehouse_id=warehouse_id, station_id=station_id))
