"""The second step itself: the codes of a person's app and their recovery codes, each taken once.

The caller holds the lock of the person's row, so that the same code twice at once is one after the other.
"""

from __future__ import annotations

import uuid

from sqlalchemy import delete

from wms.core import clock
from wms.identity import rules, totp
from wms.identity.hashing import hash_recovery_code, verify_weak
from wms.identity.models import RecoveryCode, SecondFactor
from wms.platform.database import session
from wms.platform.secrecy import Sealed, seal, unseal


def is_on(user_id: uuid.UUID) -> bool:
    """Whether this person's password opens nothing without a code."""
    factor = session().get(SecondFactor, user_id)
    return factor is not None and factor.confirmed_at is not None


def use(user_id: uuid.UUID, typed: str) -> str | None:
    """Take a code and use it up: "code" or "recovery_code"; None when it is wrong, used, or there is no second step."""
    factor = session().get(SecondFactor, user_id)
    if factor is None or factor.confirmed_at is None:
        return None
    form = _use_code(factor, typed) or _use_recovery_code(user_id, typed)
    factor.wrong_codes = 0 if form else factor.wrong_codes + 1
    return form


def wrong_in_a_row(user_id: uuid.UUID) -> int:
    factor = session().get(SecondFactor, user_id)
    return 0 if factor is None else factor.wrong_codes


def _use_code(factor: SecondFactor, typed: str) -> str | None:
    code = rules.read_code(typed)
    step = totp.step_of(secret_of(factor), code, clock.now(), factor.last_step) if code is not None else None
    if step is None:
        return None
    factor.last_step = step
    return "code"


def _use_recovery_code(user_id: uuid.UUID, typed: str) -> str | None:
    """Its first digit says which of the ten it is: one verification, not ten."""
    parts = rules.read_recovery_code(typed)
    if parts is None:
        return None
    kept = session().get(RecoveryCode, (user_id, parts[0]))
    if not verify_weak(kept.code_hash if kept is not None and kept.used_at is None else None, parts[1]):
        return None
    if kept is not None:
        kept.used_at = clock.now()
    return "recovery_code"


def secret_of(factor: SecondFactor) -> str:
    return unseal(factor.secret_sealed, _context(factor.user_id))


def sealed(user_id: uuid.UUID, secret: str) -> Sealed:
    return seal(secret, _context(user_id))


def _context(user_id: uuid.UUID) -> str:
    return f"second step of {user_id}"


def new_recovery_codes(user_id: uuid.UUID) -> list[str]:
    """Ten codes, to be shown once; the former ones are dead. They have 59 random bits each, fewer than a plain hash
    would be enough for (ASVS 5.0, 6.5.2).
    """
    session().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    made = [rules.new_recovery_code() for _ in range(rules.RECOVERY_CODES)]
    session().add_all(
        RecoveryCode(user_id=user_id, number=number, code_hash=hash_recovery_code(code))
        for number, code in enumerate(made)
    )
    session().flush()
    return [rules.write_recovery_code(number, code) for number, code in enumerate(made)]


def forget(user_id: uuid.UUID) -> bool:
    """Take the second step away; False when there was none."""
    session().execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = session().execute(
        delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.user_id)
    )
    return gone.first() is not None
