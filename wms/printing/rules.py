"""Pure decisions of printing: how long what may wait, which printer a label goes to, and codes for enrolling."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

# Minutes, never days (reference: printing.md, 2.3): a printer that comes back must not print what nobody waits for.
EXPIRES = timedelta(minutes=10)
EXPIRES_IN_BATCH = timedelta(seconds=6)  # more for each label before it
LEASE = timedelta(seconds=60)  # from a claim to the last look; then somebody else may claim
SIGHT = timedelta(seconds=60)  # from the last look to word of what came of it
LOST_AFTER = timedelta(seconds=15)  # agents ask every second
CODE_LIVES = timedelta(minutes=30)
MOST_TRIES = 3  # of a label that may be printed twice
MEDIUM_TOLERANCE_MM = 1.0
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that looks like another


class Health(StrEnum):
    """What can be expected of a printer now."""

    READY = "ready"
    BUSY = "busy"
    STOPPED = "stopped"
    UNREACHED = "unreached"
    PAUSED = "paused"
    LOST = "lost"  # its agent does not ask any more, or is shut out
    UNSEEN = "unseen"  # its agent was never there, or has not told of it yet


PRINTS = frozenset({Health.READY, Health.BUSY})  # now
WAITS = PRINTS | {Health.STOPPED, Health.UNREACHED, Health.PAUSED}  # somebody at the printer can make it go on


@dataclass(frozen=True)
class Sight:
    """What was last seen of a printer and its agent."""

    state: str
    seen_at: datetime | None
    paused: bool
    agent_seen_at: datetime | None
    agent_lives: bool  # enrolled and not revoked


def health_of(sight: Sight, now: datetime) -> Health:
    """The printer's state, unless there is no news of it."""
    if sight.agent_seen_at is None or sight.seen_at is None:
        return Health.UNSEEN
    if not sight.agent_lives or now - min(sight.agent_seen_at, sight.seen_at) > LOST_AFTER:
        return Health.LOST
    return Health.PAUSED if sight.paused else Health(sight.state)


def choose(candidates: Sequence[Health]) -> int | None:
    """Which of the printers, in order of preference: the first that prints, else the first that can be made to.

    None when no agent is there: the browser prints.
    """
    for wanted in (PRINTS, WAITS):
        for place, health in enumerate(candidates):
            if health in wanted:
                return place
    return None


def fits(size_mm: tuple[float, float], medium_mm: tuple[float, float]) -> bool:
    """Whether a label is of the loaded medium's size. Nothing is scaled or turned."""
    return all(abs(one - other) <= MEDIUM_TOLERANCE_MM for one, other in zip(size_mm, medium_mm, strict=True))


def expires_after(batch_seq: int | None) -> timedelta:
    """How long a job waits for its printer; `batch_seq` counts the labels before it."""
    return EXPIRES + (batch_seq or 0) * EXPIRES_IN_BATCH


SCHEMES = {"ipp": ("ipp", "ipps"), "raw": ("socket",)}


def is_address(backend: str, uri: str) -> bool:
    """Whether a backend can use an address: `ipp://host[:port]/path`, `socket://host[:port]`, else a plain name."""
    if backend not in SCHEMES:
        return bool(uri.strip()) and not any(each in uri for each in "/\\\0") and uri not in (".", "..")
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and not parts.query and not parts.fragment
    path = parts.path in ("", "/") if backend == "raw" else True
    return parts.scheme in SCHEMES[backend] and bool(parts.hostname) and port != 0 and plain and path


def new_code() -> str:
    """A one-time code that a person types: ten random letters (49 bits), in two groups."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def new_token() -> str:
    """What an agent proves itself with: 256 random bits."""
    return "wpa_" + secrets.token_urlsafe(32)


def hash_secret(text: str) -> bytes:
    """SHA-256 of a code as typed in any case and grouping, or of a token; both are random."""
    plain = text if text.startswith("wpa_") else text.upper().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()
