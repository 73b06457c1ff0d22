"""Sealing single personal values (ID numbers): AES-256-GCM with a key id, bound to the record they belong to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

NONCE_BYTES = 12  # NIST SP 800-38D


@dataclass(frozen=True)
class Sealed:
    """`content` is nonce + ciphertext + tag; `index` finds equal values without opening them."""

    content: bytes
    key_id: str
    index: bytes


def seal(value: str, context: str) -> Sealed:
    """Encrypt `value`; only the same `context` (a record's id) opens it again."""
    config = current_app.extensions["wms_config"]
    key = base64.b64decode(config.pii_key)
    nonce = os.urandom(NONCE_BYTES)
    content = nonce + AESGCM(key).encrypt(nonce, value.encode(), context.encode())
    return Sealed(content, config.pii_key_id, blind_index(value))


def unseal(sealed: bytes, context: str) -> str:
    """The value again; `cryptography.exceptions.InvalidTag` when key or context do not fit."""
    key = base64.b64decode(current_app.extensions["wms_config"].pii_key)
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()).decode()


def blind_index(value: str) -> bytes:
    """A keyed hash: equal values have equal indexes, and nobody without the key can test a guess."""
    key = base64.b64decode(current_app.extensions["wms_config"].pii_key)
    derived = hmac.new(key, b"blind index", hashlib.sha256).digest()
    return hmac.new(derived, value.encode(), hashlib.sha256).digest()
