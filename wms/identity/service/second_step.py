"""Two-step sign-in: switched on and off by its owner, taken away by who manages people, demanded by a role.

It belongs to the password. A badge with its PIN is two factors already and opens the floor only (docs/security.md).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Select, select

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, invalid, not_found
from wms.identity import queries, rules, totp
from wms.identity.events import SecondStepChanged
from wms.identity.models import LoginSession, Membership, Role, SecondFactor, StaffRole, User
from wms.identity.service import codes
from wms.identity.service.people import load_other, load_user_to_edit
from wms.identity.service.sessions import Opened, end_sessions, end_where, open_session, require_manager
from wms.platform.database import session
from wms.platform.events import record


@dataclass(frozen=True)
class SwitchedOn:
    """The new login, and the recovery codes: they are in no table and in no stored answer."""

    opened: Opened
    recovery_codes: list[str]


def begin_second_step(actor: Actor) -> str:
    """A new secret for the person's app, in base32. It asks for nothing until a code of it was shown."""
    user = _own(actor)
    factor = session().get(SecondFactor, user.id)
    if factor is not None and factor.confirmed_at is not None:
        raise Refused("second_step_is_on", {})
    secret = totp.new_secret()
    kept = codes.sealed(user.id, secret)
    if factor is None:
        session().add(
            SecondFactor(user_id=user.id, secret_sealed=kept.content, secret_key=kept.key_id, made_at=clock.now())
        )
    else:
        factor.secret_sealed, factor.secret_key, factor.made_at = kept.content, kept.key_id, clock.now()
    return secret


def begun_second_step(actor: Actor) -> str | None:
    """The secret that still waits for its first code, for the page that shows it; None when there is none, or it is
    older than the proof that made it.
    """
    factor = session().get(SecondFactor, actor.id)
    if factor is None or factor.confirmed_at is not None or clock.now() - factor.made_at > rules.FRESH_TIME:
        return None
    return codes.secret_of(factor)


def confirm_second_step(actor: Actor, typed: str) -> SwitchedOn:
    """Switch it on by the first code. Every other login ends, this one gets a new token (ASVS 5.0, 7.2.4, 7.4.3)."""
    user = _own(actor)
    secret, code = begun_second_step(actor), rules.read_code(typed)
    if secret is None:
        raise Refused("second_step_not_begun", {})
    step = totp.step_of(secret, code, clock.now(), 0) if code is not None else None
    if step is None:
        raise invalid("/code", "code_wrong")
    factor = session().get_one(SecondFactor, user.id)
    factor.confirmed_at, factor.last_step, factor.wrong_codes = clock.now(), step, 0
    made = codes.new_recovery_codes(user.id)
    end_sessions(user.id)
    _record("on", user.id, actor)
    return SwitchedOn(open_session(user.id, "portal"), made)


def renew_recovery_codes(actor: Actor) -> list[str]:
    """Ten new ones; what is left of the former ones opens nothing any more."""
    user = _own(actor)
    if not codes.is_on(user.id):
        raise not_found("second_step")
    _record("recovery_codes", user.id, actor)
    return codes.new_recovery_codes(user.id)


def remove_second_step(actor: Actor) -> Opened:
    """Switch one's own off, unless a role demands it. Every other login ends, this one gets a new token."""
    user = _own(actor)
    if queries.is_second_step_demanded(user.id):
        raise Refused("second_step_is_demanded", {})
    if not codes.forget(user.id):
        raise not_found("second_step")
    end_sessions(user.id)
    _record("off", user.id, actor)
    return open_session(user.id, "portal")


def reset_second_step(actor: Actor, user_id: uuid.UUID) -> None:
    """Take another person's away: phone and recovery codes are lost. Their open logins end; who does it has to know whom
    they speak to. A role that demands it has them set it up anew at the next sign-in (ASVS 5.0, 6.4.4).
    """
    user = load_other(actor, user_id)
    if not codes.forget(user.id):
        raise not_found("second_step")
    user.failed_logins, user.locked_until = 0, None
    end_sessions(user.id)
    _record("reset", user.id, actor)


def demand_second_step(actor: Actor, role_name: str, demanded: bool) -> Role:
    """Oblige everybody with a role, or no longer. Logins by password of those who have none end: the next one leads
    to setting it up. Never one's own role before one's own second step: who demands it can do it.
    """
    require_manager(actor)
    role = next((each for each in queries.roles() if each.name == role_name), None)
    if role is None:
        raise not_found("role")
    if demanded and role.name in actor.roles and not codes.is_on(actor.id):
        raise Refused("second_step_yours_first", {})
    role.demands_second_step = demanded
    if demanded:
        end_where(LoginSession.face != "floor", LoginSession.user_id.in_(_people_without(role.name)))
    return role


def _people_without(role: str) -> Select[uuid.UUID]:
    staff = select(StaffRole.user_id).where(StaffRole.role == role)
    theirs = staff.union_all(select(Membership.user_id).where(Membership.role == role))
    with_it = select(SecondFactor.user_id).where(SecondFactor.confirmed_at.is_not(None))
    return select(User.id).where(User.id.in_(theirs), User.id.not_in(with_it))


def _own(actor: Actor) -> User:
    """The actor's own row, locked; only from a login by password: a badge opens no door but the floor's."""
    if actor.face == "floor":
        raise Refused("second_step_by_password", {})
    return load_user_to_edit(actor, actor.id)


def _record(what: str, user_id: uuid.UUID, actor: Actor) -> None:
    record(SecondStepChanged(user_id, None, None, what=what, by=actor.id))
