"""API keys: a seller's system. The whole key is returned once and cannot be shown again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, invalid, invalid_fields, not_found
from wms.identity import rules
from wms.identity.hashing import hash_key
from wms.identity.models import ApiKey, Seller
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


@dataclass(frozen=True)
class IssuedKey:
    """`text` is the key as its holder sends it. It is in no table and in no stored answer."""

    id: uuid.UUID
    text: str


def issue_api_key(
    actor: Actor,
    seller_id: uuid.UUID,
    name: str,
    scopes: list[str],
    *,
    expires_at: datetime | None = None,
    parts: tuple[str, str] | None = None,
) -> IssuedKey:
    """A new key of a seller's system. `scopes` are permissions out of KEY_SCOPES; `parts` are given only by the seed
    of the demonstration, whose keys are published.
    """
    if not _manages_keys(actor, seller_id) or session().get(Seller, seller_id) is None:
        raise not_found("seller")
    wrong = rules.wrong_scopes(scopes)
    if wrong:
        raise invalid_fields([FieldError("/scopes", "scope_not_for_keys", {"scope": scope}) for scope in wrong])
    if not scopes:
        raise invalid("/scopes", "required")
    if expires_at is not None and expires_at <= clock.now():
        raise invalid("/expires_at", "key_expiry_past")
    public_part, secret = parts or rules.new_key_parts()
    key = ApiKey(
        seller_id=seller_id, public_part=public_part, secret_hash=hash_key(secret), name=name,
        scopes=sorted(set(scopes)), created_by=actor.id, created_at=clock.now(), expires_at=expires_at,
    )  # fmt: skip
    session().add(key)
    session().flush()
    return IssuedKey(key.id, rules.write_key(public_part, secret))


def revoke_api_key(actor: Actor, key_id: uuid.UUID) -> ApiKey:
    """The key stops working with the commit of this call. Revoking twice keeps the first time."""
    key = lock_one(Rank.DOCUMENT, ApiKey, key_id)
    if key is None or not _manages_keys(actor, key.seller_id):
        raise not_found("api_key")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
    return key


def _manages_keys(actor: Actor, seller_id: uuid.UUID) -> bool:
    return actor.may(Permission.KEYS_MANAGE) and actor.sees_seller(seller_id)
