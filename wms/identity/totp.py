"""One-time passwords by time (RFC 6238 over RFC 4226), as every authenticator app makes them: six digits of
HMAC-SHA-1, others every 30 seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20  # the length of what SHA-1 puts out, as RFC 4226 (4) recommends
CLOCKS_DIFFER = 1  # steps that a phone's clock may be ahead or behind (RFC 6238, 5.2)
LONGEST_NAME = 100  # characters of a name in the address, escaped: the QR code stays one that phones read


def new_secret() -> str:
    """A secret of 160 random bits, in base32 as apps want it typed."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_at(moment: datetime) -> int:
    """The number of the time step: 30 seconds each since 1970."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one time step, with its leading zeros."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}}"


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The step that this is the code of, or None. Steps up to `after` are used up. Every one is compared, so that
    the time taken tells nothing.
    """
    here, found = step_at(now), None
    for step in range(here - CLOCKS_DIFFER, here + CLOCKS_DIFFER + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode("utf-8", "replace")) and step > after:
            found = step
    return found


def address(secret: str, issuer: str, login: str) -> str:
    """What the QR code says to an app (otpauth). It holds the secret: it is drawn, never sent as an address."""
    label = f"{_escaped(issuer)}:{_escaped(login)}"
    return f"otpauth://totp/{label}?" + urlencode({
        "secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS,
    }, quote_via=quote)  # fmt: skip


def _escaped(name: str) -> str:
    while len(escaped := quote(name, safe="@")) > LONGEST_NAME:
        name = name[:-1]
    return escaped
