"""Hashing. Passwords and PINs are weak, so argon2id; keys, badges and session tokens are random, so fast hashes."""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

_hasher = PasswordHasher()  # argon2id with the library's parameters, which follow RFC 9106
_lighter = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_weak(secret: str) -> str:
    """argon2id of a password or PIN."""
    return _hasher.hash(secret)


def hash_recovery_code(code: str) -> str:
    """argon2id of 59 random bits: with the least parameters that OWASP names, as ten are made in one request."""
    return _lighter.hash(code)


def verify_weak(stored: str | None, given: str) -> bool:
    """Compare a password, PIN or recovery code. Without a stored hash it takes the same time and is False."""
    try:
        return _hasher.verify(stored or _nobodys_hash(), given) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_new_hash(stored: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def hash_random(secret: str) -> bytes:
    """SHA-256 of a session token or badge (at least 128 random bits)."""
    return hashlib.sha256(secret.encode()).digest()


def hash_key(secret: str) -> bytes:
    """HMAC-SHA256 of an API key's secret under the installation's secret: a stolen table alone proves nothing."""
    pepper = current_app.config["SECRET_KEY"].encode()
    return hmac.new(pepper, b"api-key:" + secret.encode(), hashlib.sha256).digest()
