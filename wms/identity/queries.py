"""Reads of identity. The two that run on every request are one indexed statement each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select, text

from wms.core import clock
from wms.core.actor import UNFINISHED, Actor, ActorKind
from wms.core.permissions import Permission
from wms.core.refusals import invalid, not_found
from wms.identity import rules
from wms.identity.models import AllocationRule, ApiKey, LoginSession, Membership, Role, Seller, Shop, StaffRole, User
from wms.platform.database import session
from wms.platform.statements import Statement

_KEY_BY_PUBLIC_PART = Statement(
    "SELECT k.id, k.seller_id, k.name, k.secret_hash, k.scopes, k.expires_at, k.last_used_at FROM api_key k"
    " JOIN seller s ON s.id = k.seller_id AND s.is_active WHERE k.public_part = :public AND k.revoked_at IS NULL"
)
_PERSON = """
    u.id AS user_id, u.name, u.language, u.handedness, u.theme,
    (SELECT json_agg(json_build_array(r.name, r.permissions, g.warehouse_id))
       FROM staff_role g JOIN role r ON r.name = g.role WHERE g.user_id = u.id) AS staff_roles,
    (SELECT json_agg(json_build_array(r.name, r.permissions, m.seller_id)) FROM membership m
       JOIN role r ON r.name = m.role JOIN seller s ON s.id = m.seller_id AND s.is_active
      WHERE m.user_id = u.id) AS memberships
"""
_SESSION_BY_HASH = Statement(
    "SELECT l.id AS session_id, l.face, l.created_at, l.seen_at, l.warehouse_id, l.station_id,"
    + _PERSON
    + " FROM login_session l JOIN app_user u ON u.id = l.user_id AND u.is_active"
    " WHERE l.token_hash = :hash AND l.ended_at IS NULL"
)
_PERSON_BY_ID = Statement("SELECT " + _PERSON + " FROM app_user u WHERE u.id = :id AND u.is_active")

_ACCOUNT = (
    "SELECT u.login, u.is_active, u.created_at, u.locked_until, u.password_expires_at,"
    " u.badge_hash IS NOT NULL AS has_badge, u.password_hash IS NOT NULL AS has_password,"
    " (SELECT confirmed_at FROM second_factor f WHERE f.user_id = u.id) AS second_step_since,"
    " (SELECT count(*) FROM recovery_code c WHERE c.user_id = u.id AND c.used_at IS NULL) AS recovery_codes, "
    + _PERSON
    + " FROM app_user u"
)
_PEOPLE = Statement(_ACCOUNT + " ORDER BY u.login")
_ONE_OF_PEOPLE = Statement(_ACCOUNT + " WHERE u.id = :id")
_OPEN_SESSIONS = Statement(
    "SELECT id, face, created_at, seen_at FROM login_session WHERE user_id = :user AND ended_at IS NULL"
    " AND created_at > :after ORDER BY seen_at DESC, id DESC"
)

_SECOND_STEPS = Statement(
    "SELECT e.data ->> 'what' AS what, e.occurred_at, coalesce(u.name, '') AS by FROM event e"
    " LEFT JOIN app_user u ON u.id = CAST(e.data ->> 'by' AS uuid)"
    " WHERE e.subject_kind = 'user' AND e.subject_id = :user AND e.name = 'identity.second_step_changed'"
    " ORDER BY e.sequence DESC LIMIT 5"
)


def key_by_public_part(public_part: str) -> Any:
    """A live key of an active seller. Expiry and secret are for the caller to check."""
    return _KEY_BY_PUBLIC_PART.first({"public": public_part})


def session_by_hash(token_hash: bytes) -> Any:
    """An open login of an active person with their roles. Its age is for the caller to check."""
    return _SESSION_BY_HASH.first({"hash": token_hash})


def actor_of_user(user_id: uuid.UUID) -> Actor:
    """The person as an actor outside a login: for tests, seeds and command-line tools."""
    row = _PERSON_BY_ID.first({"id": user_id})
    if row is None:
        raise not_found("user")
    return actor_from_person(row)


def actor_from_person(
    row: Any,
    session_id: uuid.UUID | None = None,
    face: str = "portal",
    extra: dict[str, str] | None = None,
) -> Actor:
    """Staff see all sellers and their warehouses; a seller's person sees their sellers and every warehouse."""
    staff, memberships = row.staff_roles or [], row.memberships or []
    granted = staff or memberships
    permissions = rules.permissions_of({name: words for name, words, _ in granted if face not in UNFINISHED})
    places = {place for _, _, place in staff}
    return Actor(
        kind=ActorKind.USER,
        id=row.user_id,
        name=row.name,
        permissions=permissions - rules.NOT_BY_BADGE if face == "floor" else permissions,
        seller_ids=None if staff else frozenset(uuid.UUID(seller) for _, _, seller in memberships),
        warehouse_ids=None if None in places or not staff else frozenset(uuid.UUID(place) for place in places),
        language=row.language,
        roles=tuple(sorted({name for name, _, _ in granted})),
        session_id=session_id,
        face=face,
        handedness=row.handedness,
        extra={"theme": row.theme, **(extra or {})},
    )


def actor_from_key(row: Any) -> Actor:
    """A seller's system: it sees that seller only."""
    permissions = rules.permissions_of({"key": set(row.scopes)}) - {Permission.KEYS_MANAGE}
    return Actor(ActorKind.API_KEY, row.id, row.name, permissions, frozenset({row.seller_id}))


def permissions_of_user(user_id: uuid.UUID) -> frozenset[Permission]:
    return actor_of_user(user_id).permissions


def seller_codes(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = session().execute(select(Seller.id, Seller.code).where(Seller.id.in_(set(ids))))
    return {row[0]: row[1] for row in rows}


def sellers_seen(actor: Actor) -> Sequence[Seller]:
    """The sellers whose records the actor sees, by code."""
    statement = select(Seller).order_by(Seller.code)
    if actor.seller_ids is not None:
        statement = statement.where(Seller.id.in_(actor.seller_ids))
    return session().scalars(statement).all()


def sellers_with_counts() -> Sequence[Row[Any]]:
    """Every seller by code, with how many people and shops they have here; for who manages people."""
    return (
        session()
        .execute(
            text(
                "SELECT s.id, s.code, s.name, s.created_at,"
                " (SELECT count(DISTINCT m.user_id) FROM membership m WHERE m.seller_id = s.id) AS people,"
                " (SELECT count(*) FROM shop h WHERE h.seller_id = s.id) AS shops FROM seller s ORDER BY s.code"
            )
        )
        .all()
    )


def allocation_rules(seller_id: uuid.UUID) -> Sequence[Any]:
    """What was agreed about a seller's goods: (rotation, least_shelf_days, reason, changed_at, by), the last ten, newest
    first.
    """
    rule = AllocationRule
    statement = select(rule.rotation, rule.least_shelf_days, rule.reason, rule.changed_at, User.name.label("by"))
    statement = statement.outerjoin(User, User.id == rule.changed_by).where(rule.seller_id == seller_id)
    return session().execute(statement.order_by(rule.id.desc()).limit(10)).all()


class Owner(NamedTuple):
    """The seller a command is about."""

    id: uuid.UUID
    code: str
    name: str
    credit_state: str


_OWNER = Statement(
    "SELECT id, code, name, credit_state FROM seller WHERE id = CAST(:id AS uuid) OR code = CAST(:code AS text)"
)


def choose_owner(actor: Actor, seller_code: str | None, pointer: str = "/seller") -> Owner:
    """Whose goods a command is about: named by code, or implied for somebody who works for one seller only.

    Refused: 422 when it must be named and is not, or names nobody the actor sees.
    """
    only = None
    if seller_code is None:
        if actor.seller_ids is None or len(actor.seller_ids) != 1:
            raise invalid(pointer, "required")
        only = next(iter(actor.seller_ids))
    row = _OWNER.first({"id": only, "code": seller_code})
    if row is None or not actor.sees_seller(row.id):
        raise invalid(pointer, "unknown_seller")
    return Owner(*row)


def shops_of(actor: Actor, seller_id: uuid.UUID) -> Sequence[Shop]:
    if not actor.sees_seller(seller_id):
        raise not_found("seller")
    return session().scalars(select(Shop).where(Shop.seller_id == seller_id).order_by(Shop.name)).all()


def keys_seen(actor: Actor) -> list[tuple[ApiKey, str]]:
    """The keys of the actor's sellers with the seller's code, newest first."""
    statement = select(ApiKey, Seller.code).join(Seller, Seller.id == ApiKey.seller_id)
    if actor.seller_ids is not None:
        statement = statement.where(ApiKey.seller_id.in_(actor.seller_ids))
    rows = session().execute(statement.order_by(ApiKey.created_at.desc(), ApiKey.id.desc()))
    return [(row[0], row[1]) for row in rows]


def people() -> Sequence[Any]:
    """Everybody with their roles in words, by login."""
    return _PEOPLE.all()


def person(user_id: uuid.UUID) -> Any:
    """One of them; 404 for nobody."""
    row = _ONE_OF_PEOPLE.first({"id": user_id})
    if row is None:
        raise not_found("user")
    return row


def open_sessions(user_id: uuid.UUID) -> Sequence[Any]:
    """A person's logins that nobody ended, the last used first. Their age is for the caller to check."""
    return _OPEN_SESSIONS.all({"user": user_id, "after": clock.now() - rules.OLDEST_SESSION})


def is_second_step_demanded(user_id: uuid.UUID) -> bool:
    """Whether one of the person's roles obliges them to two-step sign-in."""
    staff = select(StaffRole.role).where(StaffRole.user_id == user_id)
    theirs = staff.union_all(select(Membership.role).where(Membership.user_id == user_id))
    demanding = select(Role.name).where(Role.demands_second_step, Role.name.in_(theirs))
    return session().scalar(demanding.limit(1)) is not None


def second_step_history(user_id: uuid.UUID) -> Sequence[Any]:
    """What became of a person's second step, and by whom: rows of what, occurred_at, by; the last five, newest first."""
    return _SECOND_STEPS.all({"user": user_id})


def proved_at(session_id: uuid.UUID) -> datetime | None:
    """When the person of this login last showed who they are: every proof opens a new login."""
    return session().scalar(select(LoginSession.created_at).where(LoginSession.id == session_id))


def roles() -> Sequence[Role]:
    return session().scalars(select(Role).order_by(Role.name)).all()


def user_by_login(login: str) -> User | None:
    return session().scalar(select(User).where(User.login == login.strip().lower()))


def seller_by_code(code: str) -> Seller | None:
    return session().scalar(select(Seller).where(Seller.code == code))


def platforms_known() -> list[str]:
    """The platforms that any shop sells on."""
    return list(session().scalars(select(Shop.platform).distinct().order_by(Shop.platform)))
