"""People: their logins, badges and roles. A change of what somebody may do ends their open logins (ASVS 7.4.2)."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.identity import rules
from wms.identity.hashing import hash_random, hash_weak
from wms.identity.models import Membership, Role, Seller, StaffRole, User
from wms.identity.service.sessions import end_sessions
from wms.platform.database import session
from wms.platform.i18n import LANGUAGES
from wms.platform.locks import Rank, lock_one


def create_user(actor: Actor, login: str, name: str, *, language: str = "en", handedness: str = "right") -> User:
    """A person without password, badge or role: they can do nothing yet. Logins compare without case."""
    _require_manager(actor)
    if language not in LANGUAGES:
        raise invalid("/language", "not_a_choice", choices=list(LANGUAGES))
    login = login.strip().lower()
    if not login:
        raise invalid("/login", "required")
    if session().scalar(select(User.id).where(User.login == login)) is not None:
        raise Refused("login_taken", {"login": login})
    user = User(login=login, name=name, language=language, handedness=handedness, created_at=clock.now())
    session().add(user)
    session().flush()
    return user


def deactivate_user(actor: Actor, user_id: uuid.UUID) -> User:
    """No further login, and the open ones end now."""
    _require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    user.is_active = False
    end_sessions(user.id)
    return user


def set_password(actor: Actor, user_id: uuid.UUID, password: str) -> None:
    """Give a person a password (by themselves or by who manages people). Their open logins end."""
    user = load_user_to_edit(actor, user_id)
    if not rules.is_password(password, user.login):
        raise invalid("/password", "password_weak", min=rules.PASSWORD_MIN)
    user.password_hash = hash_weak(password)
    user.failed_logins, user.locked_until = 0, None
    end_sessions(user.id)


def set_badge(actor: Actor, user_id: uuid.UUID, pin: str, badge: str | None = None) -> str:
    """Give a person a badge and its PIN; returns the code to print, which is not kept. The former badge is dead."""
    user = load_user_to_edit(actor, user_id)
    if not rules.is_pin(pin):
        raise invalid("/pin", "pin_form")
    code = rules.new_badge() if badge is None else rules.read_badge(badge)
    if code is None:
        raise invalid("/badge", "badge_form")
    badge_hash = hash_random(code)
    if session().scalar(select(User.id).where(User.badge_hash == badge_hash, User.id != user.id)) is not None:
        raise Refused("badge_taken", {})
    user.badge_hash, user.pin_hash = badge_hash, hash_weak(pin)
    end_sessions(user.id)
    return code


def set_language(actor: Actor, language: str) -> None:
    """The language a person reads from now on."""
    if language not in LANGUAGES:
        raise invalid("/language", "not_a_choice", choices=list(LANGUAGES))
    user = session().get(User, actor.id)
    if user is None:
        raise not_found("user")
    user.language = language


def add_staff_role(actor: Actor, user_id: uuid.UUID, role: str, warehouse_id: uuid.UUID | None = None) -> StaffRole:
    """Make a person the operator's staff, in one warehouse or (None) in every one."""
    _require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    _load_role(role, is_staff=True)
    if session().scalar(select(Membership.user_id).where(Membership.user_id == user.id).limit(1)) is not None:
        raise Refused("person_is_seller", {})
    existing = session().scalars(select(StaffRole).where(StaffRole.user_id == user.id)).all()
    for one in existing:
        if (one.role, one.warehouse_id) == (role, warehouse_id):
            return one
    if not rules.may_join([(one.role, one.warehouse_id) for one in existing], role, warehouse_id):
        raise Refused("role_scope_differs", {})
    added = StaffRole(user_id=user.id, role=role, warehouse_id=warehouse_id)
    session().add(added)
    end_sessions(user.id)
    session().flush()
    return added


def add_membership(actor: Actor, user_id: uuid.UUID, seller_id: uuid.UUID, role: str = "seller") -> Membership:
    """Let a person work for a seller; an agency's person works for many."""
    _require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    _load_role(role, is_staff=False)
    if session().get(Seller, seller_id) is None:
        raise not_found("seller")
    if session().scalar(select(StaffRole.id).where(StaffRole.user_id == user.id).limit(1)) is not None:
        raise Refused("person_is_staff", {})
    existing = session().scalars(select(Membership).where(Membership.user_id == user.id)).all()
    for one in existing:
        if one.seller_id == seller_id and one.role == role:
            return one
    if not rules.may_join([(one.role, one.seller_id) for one in existing], role, seller_id):
        raise Refused("role_scope_differs", {})
    added = Membership(user_id=user.id, seller_id=seller_id, role=role)
    session().add(added)
    end_sessions(user.id)
    session().flush()
    return added


def remove_membership(actor: Actor, user_id: uuid.UUID, seller_id: uuid.UUID) -> None:
    """End a person's work for a seller. Nothing happens if there was none."""
    _require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    statement = delete(Membership).where(Membership.user_id == user.id, Membership.seller_id == seller_id)
    session().execute(statement)
    end_sessions(user.id)


def load_user_to_edit(actor: Actor, user_id: uuid.UUID) -> User:
    """Oneself, or anybody for those who manage people; locked."""
    manages = actor.is_staff and actor.may(Permission.PEOPLE_MANAGE)
    user = lock_one(Rank.DOCUMENT, User, user_id) if manages or user_id == actor.id else None
    if user is None:
        raise not_found("user")
    return user


def _require_manager(actor: Actor) -> None:
    if not (actor.is_staff and actor.may(Permission.PEOPLE_MANAGE)):
        raise not_found("user")


def _load_role(name: str, *, is_staff: bool) -> Role:
    role = session().get(Role, name)
    if role is None:
        raise invalid("/role", "role_unknown")
    if role.is_staff and not is_staff:
        raise invalid("/role", "role_is_staff")
    if is_staff and not role.is_staff:
        raise invalid("/role", "role_is_seller")
    return role
