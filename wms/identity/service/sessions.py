"""Logins. A refusal is returned, not raised: the count of wrong tries has to be committed with it."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import delete, select, update

from wms.core import clock
from wms.core.actor import MUST_CHOOSE, MUST_ENROL, Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.identity import rules
from wms.identity.hashing import hash_random, hash_weak, needs_new_hash, verify_weak
from wms.identity.models import LoginSession, LoginStep, User
from wms.identity.queries import is_second_step_demanded, permissions_of_user
from wms.identity.service import codes
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one

log = structlog.get_logger(__name__)
TOKEN_BYTES = 32


@dataclass(frozen=True)
class Opened:
    """An open login. `token` belongs into the cookie and nowhere else: only its hash is stored."""

    session_id: uuid.UUID
    user_id: uuid.UUID
    token: str
    face: str


@dataclass(frozen=True)
class CodeAwaited:
    """The password was right, the code is still to come. `token` belongs into a cookie of its own: it is no login."""

    token: str


def login(login_name: str, password: str, face: str = "portal") -> Opened | CodeAwaited | Refused:
    """Log in with a password, or take the first of two steps. Unknown, wrong, locked, disabled and expired are one
    answer and take one time.

    A temporary password opens a login that can only choose another.
    """
    name = login_name.strip().lower()
    key = session().scalar(select(User.id).where(User.login == name)) if name.isprintable() else None
    user = verified(key, "password_hash", password)
    if user is None or _has_expired(user):
        return Refused("login_refused", {})
    if needs_new_hash(user.password_hash or ""):
        user.password_hash = hash_weak(password)
    return _await_code(user) if codes.is_on(user.id) else open_session(user.id, face_of(user, face))


def face_of(user: User, face: str = "portal") -> str:
    """What a login by password may do: everything of the person, or first the one thing that is still to do."""
    if user.password_expires_at is not None:
        return MUST_CHOOSE
    return MUST_ENROL if is_second_step_demanded(user.id) and not codes.is_on(user.id) else face


def _await_code(user: User) -> CodeAwaited:
    """Note that the password was right. Steps that nobody finished go with the next one of the person."""
    token, now = secrets.token_urlsafe(TOKEN_BYTES), clock.now()
    stale = LoginStep.user_id == user.id, LoginStep.created_at <= now - rules.STEP_TIME
    session().execute(delete(LoginStep).where(*stale))
    session().add(LoginStep(token_hash=hash_random(token), user_id=user.id, created_at=now))
    return CodeAwaited(token)


def whose_step(token: str | None) -> uuid.UUID | None:
    """Whose code is awaited; None when the step is over, used or nobody's."""
    since = clock.now() - rules.STEP_TIME
    found = select(LoginStep.user_id).where(
        LoginStep.token_hash == hash_random(token or ""), LoginStep.created_at > since
    )
    return session().scalar(found)


def login_with_code(token: str, typed: str) -> Opened | Refused:
    """The second step: a code of the person's app, or a recovery code. Only now there is a login."""
    user_id = whose_step(token)
    if user_id is None:
        return Refused("step_over", {})
    user = verified_code(user_id, typed)
    if user is None:
        return Refused("code_refused", {})
    done = delete(LoginStep).where(LoginStep.token_hash == hash_random(token)).returning(LoginStep.id)
    if session().execute(done).first() is None:  # used or ended by somebody else while we waited for the person's row
        return Refused("step_over", {})
    return open_session(user.id, face_of(user))


def _has_expired(user: User) -> bool:
    return user.password_expires_at is not None and user.password_expires_at <= clock.now()


def login_with_badge(badge: str, pin: str) -> Opened | Refused:
    """Log in on a tablet. The person's other floor logins end: they moved here."""
    code = rules.read_badge(badge)
    key = session().scalar(select(User.id).where(User.badge_hash == hash_random(code or "")))
    user = verified(key, "pin_hash", pin)
    if user is None or Permission.FLOOR_WORK not in permissions_of_user(user.id):
        return Refused("badge_refused", {})
    end_sessions(user.id, face="floor")
    return open_session(user.id, "floor")


def prove(actor: Actor, secret: str, typed: str = "") -> Opened | Refused:
    """Show once more who one is, by what opened this login, the code `typed` included where there is a second step: a
    new login in the place of the old one, at the same bench (ASVS 5.0, 7.2.4, 7.5.1).
    """
    user = verified(actor.id, "pin_hash" if actor.face == "floor" else "password_hash", secret)
    if user is None or _has_expired(user) or actor.session_id is None:
        return Refused("proof_refused", {})
    if actor.face != "floor" and codes.is_on(user.id) and verified_code(user.id, typed) is None:
        return Refused("proof_refused", {})
    former = session().get_one(LoginSession, actor.session_id)
    opened = open_session(user.id, former.face, former.warehouse_id, former.station_id)
    logout(former.id)
    return opened


def verified(user_id: uuid.UUID | None, column: str, given: str) -> User | None:
    """The user, if the secret is right and they are active and not locked. Counts wrong tries under the row's lock,
    so that many tries at once are one after the other. The log names the person by id only, and nobody who is unknown.
    """
    user = lock_one(Rank.DOCUMENT, User, user_id) if user_id is not None else None
    # Nothing longer than a password may be is one: cut only so that hashing has an end, never so that it could match.
    right = verify_weak(getattr(user, column) if user is not None else None, given[: rules.PASSWORD_MAX + 1])
    is_half = right and column == "password_hash" and user is not None and codes.is_on(user.id)
    return _told(user, user_id, column.removesuffix("_hash"), _objection(user, right, is_half=is_half))


def verified_code(user_id: uuid.UUID, typed: str) -> User | None:
    """The user, if this is a code of their second step, which is used up by it. Wrong ones count as wrong passwords do,
    and a locked account's codes are not looked at.
    """
    user = lock_one(Rank.DOCUMENT, User, user_id)
    may_try = user is not None and not rules.is_locked(user.locked_until, clock.now())
    form = codes.use(user_id, typed) if may_try else None
    return _told(user, user_id, form or "code", _objection(user, form is not None))


def _told(user: User | None, user_id: uuid.UUID | None, form: str, fault: str | None) -> User | None:
    """Tell the log how the try ended."""
    if fault is not None:
        log.warning("identity.proof_refused", form=form, user=str(user_id) if user_id else None, fault=fault)
        return None
    log.info("identity.proved", form=form, user=str(user_id))
    return user


def _objection(user: User | None, right: bool, *, is_half: bool = False) -> str | None:
    """Why this try is refused; counts it. `is_half`: the code is still to come, so that the count stands: otherwise who
    has the password could try codes without end, with the password in between.
    """
    if user is None:
        return "unknown"
    if rules.is_locked(user.locked_until, clock.now()):
        return "locked"
    if not right:
        user.failed_logins += 1
        if user.failed_logins >= rules.MAX_FAILURES:
            lasting = rules.lock_time(codes.wrong_in_a_row(user.id))
            user.failed_logins, user.locked_until = 0, clock.now() + lasting
        return "wrong"
    if not is_half:
        user.failed_logins, user.locked_until = 0, None
    return None if user.is_active else "disabled"


def open_session(
    user_id: uuid.UUID, face: str, warehouse_id: uuid.UUID | None = None, station_id: uuid.UUID | None = None
) -> Opened:
    """A new login with a token of its own (never a token that a browser brought)."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    opened = LoginSession(
        token_hash=hash_random(token), user_id=user_id, face=face, warehouse_id=warehouse_id, station_id=station_id,
        created_at=now, seen_at=now,
    )  # fmt: skip
    session().add(opened)
    session().flush()
    return Opened(opened.id, user_id, token, face)


def logout(session_id: uuid.UUID) -> None:
    end_where(LoginSession.id == session_id)


def end_sessions(user_id: uuid.UUID, face: str | None = None, but: uuid.UUID | None = None) -> int:
    """End a person's open logins (of one face, or all; all `but` one), and steps to one; returns how many logins."""
    conditions = [LoginSession.user_id == user_id]
    if face is not None:
        conditions.append(LoginSession.face == face)
    else:
        session().execute(delete(LoginStep).where(LoginStep.user_id == user_id))
    if but is not None:
        conditions.append(LoginSession.id != but)
    return end_where(*conditions)


def end_session(actor: Actor, user_id: uuid.UUID, session_id: uuid.UUID) -> None:
    """End one login: one's own, or anybody's for those who manage people. 404 for the login of somebody else."""
    if user_id != actor.id:
        require_manager(actor)
    if end_where(LoginSession.id == session_id, LoginSession.user_id == user_id) == 0:
        raise not_found("login_session")


def end_all_sessions(actor: Actor) -> int:
    """Everybody signs in again, but for who asks (ASVS 5.0, 7.4.5); returns how many logins ended."""
    require_manager(actor)
    return end_where(LoginSession.id != actor.session_id if actor.session_id is not None else True)


def require_manager(actor: Actor) -> None:
    """404 for those who do not manage people: to them nobody is there."""
    if not (actor.is_staff and actor.may(Permission.PEOPLE_MANAGE)):
        raise not_found("user")


def end_where(*conditions: Any) -> int:
    """End the open logins that meet all conditions; returns how many."""
    statement = update(LoginSession).where(LoginSession.ended_at.is_(None), *conditions).values(ended_at=clock.now())
    ended = session().execute(statement.returning(LoginSession.id)).all()
    return len(ended)


def bind_station(session_id: uuid.UUID, warehouse_id: uuid.UUID, station_id: uuid.UUID) -> None:
    """Tie a login to a bench. The caller has checked that the station is in that warehouse and the person may."""
    statement = update(LoginSession).where(LoginSession.id == session_id)
    session().execute(statement.values(warehouse_id=warehouse_id, station_id=station_id))
