"""People: their logins, badges and roles. A change of what somebody may do ends their open logins (ASVS 7.4.2)."""

from __future__ import annotations

import uuid

from sqlalchemy import delete, select

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, invalid_fields, not_found
from wms.identity import rules
from wms.identity.hashing import hash_random, hash_weak
from wms.identity.models import Membership, Role, Seller, StaffRole, User
from wms.identity.service.sellers import ensure_roles
from wms.identity.service.sessions import Opened, end_sessions, face_of, open_session, require_manager, verified
from wms.platform.database import session
from wms.platform.i18n import LANGUAGES
from wms.platform.locks import Rank, lock_one


def create_user(actor: Actor, login: str, name: str, *, language: str = "en", handedness: str = "right") -> User:
    """A person without password, badge or role: they can do nothing yet. Logins compare without case."""
    require_manager(actor)
    if language not in LANGUAGES:
        raise invalid("/language", "not_a_choice", choices=list(LANGUAGES))
    login = login.strip().lower()
    if not login:
        raise invalid("/login", "required")
    if not (login + name).isprintable():
        raise invalid("/login" if not login.isprintable() else "/name", "unprintable")
    if session().scalar(select(User.id).where(User.login == login)) is not None:
        raise Refused("login_taken", {"login": login})
    user = User(login=login, name=name, language=language, handedness=handedness, created_at=clock.now())
    session().add(user)
    session().flush()
    return user


def deactivate_user(actor: Actor, user_id: uuid.UUID) -> User:
    """Lock a person out: no further login, and the open ones end now. Never oneself: the last key stays outside."""
    user = load_other(actor, user_id)
    user.is_active = False
    end_sessions(user.id)
    return user


def reopen_user(actor: Actor, user_id: uuid.UUID) -> User:
    """Let a person in again: one who was locked out, or one who tried too often."""
    require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    user.is_active = True
    user.failed_logins, user.locked_until = 0, None
    return user


def set_password(actor: Actor, user_id: uuid.UUID, password: str, *, published: bool = False) -> None:
    """Give a person a lasting password, as installers and seeds do. Their open logins end.

    `published` is for the demonstration only, whose passwords everybody knows: it is not measured.
    """
    user = load_user_to_edit(actor, user_id)
    if not published:
        _require_good(user, password)
    _store_password(user, password)
    end_sessions(user.id)


def reset_password(actor: Actor, user_id: uuid.UUID) -> str:
    """A temporary password, shown once to who manages people: good for a day and for choosing another. Nobody but the
    person ever knows the one they choose (ASVS 5.0, 6.4.1, 6.4.6). Their open logins end, a lockout too.
    """
    user = load_other(actor, user_id)
    password = rules.new_password()
    _store_password(user, password)
    user.password_expires_at = clock.now() + rules.TEMPORARY_TIME
    end_sessions(user.id)
    return password


def let_first_admin_in(login: str, name: str) -> str:
    """The first administrator of an installation, made at its console; returns the temporary password.

    Refuses `not_the_first` where somebody could sign in already: those people give others their ways in.
    """
    ensure_roles()
    can_sign_in = select(User.id).where(User.password_hash.is_not(None), User.is_active).limit(1)
    if session().scalar(can_sign_in) is not None:
        raise Refused("not_the_first", {})
    user = create_user(SYSTEM, login, name)
    add_staff_role(SYSTEM, user.id, "admin")
    return reset_password(SYSTEM, user.id)


def change_password(actor: Actor, current: str, password: str) -> Opened | Refused:
    """One's own password. The other logins end, and this one gets a new token (ASVS 5.0, 6.2.3, 7.2.4, 7.4.3).

    A refusal is returned: a wrong `current` has been counted.
    """
    user = verified(actor.id, "password_hash", current)
    if user is None:
        return Refused("proof_refused", {})
    if password == current:
        return invalid("/password", "password_same")
    fault = rules.password_fault(password, (user.login, user.name))
    if fault is not None:
        return invalid_fields([fault])
    _store_password(user, password)
    end_sessions(user.id)
    return open_session(user.id, face_of(user) if actor.must_choose else actor.face)


def _require_good(user: User, password: str) -> None:
    fault = rules.password_fault(password, (user.login, user.name))
    if fault is not None:
        raise invalid_fields([fault])


def _store_password(user: User, password: str) -> None:
    user.password_hash, user.password_expires_at = hash_weak(password), None
    user.failed_logins, user.locked_until = 0, None


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
    end_sessions(user.id, face="floor")
    return code


def set_pin(actor: Actor, user_id: uuid.UUID, pin: str) -> None:
    """A new PIN for the badge they have; a lockout by wrong PINs ends, and so does the login on a tablet."""
    require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    if user.badge_hash is None:
        raise not_found("badge")
    if not rules.is_pin(pin):
        raise invalid("/pin", "pin_form")
    user.pin_hash = hash_weak(pin)
    user.failed_logins, user.locked_until = 0, None
    end_sessions(user.id, face="floor")


def remove_badge(actor: Actor, user_id: uuid.UUID) -> None:
    """A lost badge opens nothing from now on."""
    require_manager(actor)
    user = load_user_to_edit(actor, user_id)
    user.badge_hash, user.pin_hash = None, None
    end_sessions(user.id, face="floor")


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
    require_manager(actor)
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
    require_manager(actor)
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
    require_manager(actor)
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


def load_other(actor: Actor, user_id: uuid.UUID) -> User:
    """Anybody but oneself, for those who manage people; locked."""
    require_manager(actor)
    if user_id == actor.id:
        raise Refused("own_account", {})
    return load_user_to_edit(actor, user_id)


def _load_role(name: str, *, is_staff: bool) -> Role:
    role = session().get(Role, name)
    if role is None:
        raise invalid("/role", "role_unknown")
    if role.is_staff and not is_staff:
        raise invalid("/role", "role_is_staff")
    if is_staff and not role.is_staff:
        raise invalid("/role", "role_is_seller")
    return role
