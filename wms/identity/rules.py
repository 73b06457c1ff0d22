"""Pure decisions: forms of codes and secrets, and when a login ends."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from zxcvbn import zxcvbn

from wms.core.barcodes import OwnCode, format_own, parse_own
from wms.core.permissions import KEY_SCOPES, Permission
from wms.core.refusals import FieldError

MAX_FAILURES = 5
LOCK_TIME = timedelta(minutes=5)
OLDEST_SESSION = timedelta(days=8)  # beyond what may be configured
FRESH_TIME = timedelta(minutes=15)  # since the last proof of who one is, for what changes a way in (ASVS 5.0, 7.5.1)
TEMPORARY_TIME = timedelta(hours=24)  # for a password that somebody else was shown (ASVS 5.0, 6.4.1)
STEP_TIME = timedelta(minutes=10)  # between the password and the code
LONGEST_LOCK = timedelta(hours=24)  # after wrong codes
RECOVERY_CODES = 10  # one digit says which
RECOVERY_LENGTH = 12  # of READABLE: 59 bits
PASSWORD_MIN, PASSWORD_MAX = 12, 200  # ASVS 5.0, 6.2.1 and 6.2.9; no rules of composition (6.2.5)
GUESSES_MIN = 10**9  # tries that a guesser needs who knows lists of leaked passwords, words and habits
LETTERS_OF_ONES_OWN = 6  # in a password that has one of the words below
MEASURED = 40  # characters that are measured: measuring takes longer than linear, and a good beginning is enough
# What people here would put into a password, and a guesser too; a person's own names are added (ASVS 5.0, 6.1.2, 6.2.11).
CONTEXT_WORDS = (
    "wms", "warehouse", "bonded", "overseas", "seller", "admin", "supervisor", "receiver", "picker", "packer", "clerk",
    "customs", "scanner", "tablet", "pallet", "carton", "inbound", "outbound", "cangku", "baoshui", "haiwaicang",
    "huozhu", "仓库", "保税", "保税仓", "海外仓", "货主", "海关",
)  # fmt: skip
WRITE_EVERY = timedelta(minutes=1)  # how exactly `seen_at` and `last_used_at` are kept

# A badge and a PIN of four digits are weaker than a password: they open the floor, never the keys to the house.
NOT_BY_BADGE = frozenset({Permission.PEOPLE_MANAGE, Permission.KEYS_MANAGE, Permission.OPERATE})

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # without what looks like something else
KEY_PREFIX = "wms_live_"  # a fixed prefix lets scanners for leaked secrets find our keys
KEY_PUBLIC_LENGTH = 8
KEY_SECRET_LENGTH = 43  # 43 base62 characters carry 256 bits
_KEY = re.compile(rf"{KEY_PREFIX}([0-9A-Za-z]{{{KEY_PUBLIC_LENGTH}}})_([0-9A-Za-z]{{{KEY_SECRET_LENGTH}}})")
_SELLER_CODE = re.compile(r"[A-Z][A-Z0-9]{1,7}")
_BETWEEN_WORDS = re.compile(r"[\W_]+")
_PIN = re.compile(r"[0-9]{4,6}")
_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(rf"([0-9])([{READABLE}]{{{RECOVERY_LENGTH}}})")


def new_key_parts() -> tuple[str, str]:
    """The public and the secret part of a new API key."""
    return _random(KEY_PUBLIC_LENGTH), _random(KEY_SECRET_LENGTH)


def _random(length: int) -> str:
    return "".join(secrets.choice(BASE62) for _ in range(length))


def write_key(public_part: str, secret: str) -> str:
    """The key as its holder sends it."""
    return f"{KEY_PREFIX}{public_part}_{secret}"


def read_key(text: str) -> tuple[str, str] | None:
    """The public and the secret part of a key; None if it has not the form of one."""
    match = _KEY.fullmatch(text)
    return (match[1], match[2]) if match else None


def new_badge() -> str:
    """A badge code of 128 random bits: `U-<32 hex>-<check>`. It says nothing about its owner."""
    return format_own(OwnCode.USER, secrets.token_hex(16))


def read_badge(text: str) -> str | None:
    """The badge code in its printed form, or None if the text is no badge."""
    own = parse_own(text)
    return own.text if own is not None and own.kind is OwnCode.USER else None


def is_seller_code(code: str) -> bool:
    """Two to eight of A-Z 0-9, a letter first: it is part of document numbers."""
    return _SELLER_CODE.fullmatch(code) is not None


def password_fault(password: str, known_words: Iterable[str] = ()) -> FieldError | None:
    """What is wrong with a new password, or None. `known_words`: the person's names.

    Any characters will do. Refused are lengths, and what stands on lists of leaked passwords or is built from words,
    names, dates, keyboard rows and repetition, as far as zxcvbn's lists and rules know them.
    """
    if len(password) < PASSWORD_MIN:
        return FieldError("/password", "too_short", {"min": PASSWORD_MIN})
    if len(password) > PASSWORD_MAX:
        return FieldError("/password", "too_long", {"max": PASSWORD_MAX})
    words = {*CONTEXT_WORDS, *(part for word in known_words for part in {word, *_BETWEEN_WORDS.split(word)})}
    words = {word.casefold() for word in words if len(word) > 1}
    guesses = zxcvbn(password[:MEASURED], user_inputs=sorted(words))["guesses"]
    if guesses < GUESSES_MIN or _is_made_of(password.casefold(), words):
        return FieldError("/password", "password_guessable", {})
    return None


def _is_made_of(password: str, words: Iterable[str]) -> bool:
    """Whether hardly any letters are left without these words."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != password and sum(letter.isalpha() for letter in rest) < LETTERS_OF_ONES_OWN


def new_password() -> str:
    """A temporary password of 80 random bits, to be read from one screen and typed on another."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(4)) for _ in range(4))


def new_recovery_code() -> str:
    return "".join(secrets.choice(READABLE) for _ in range(RECOVERY_LENGTH))


def write_recovery_code(number: int, code: str) -> str:
    """As it is shown and kept on paper: `4-k7mf-9xqt-2bwc`."""
    return "-".join((str(number), *(code[at : at + 4] for at in range(0, RECOVERY_LENGTH, 4))))


def read_recovery_code(text: str) -> tuple[int, str] | None:
    """Which of the ten, and its secret part; blanks, hyphens and case are as one likes. None if it has not the form."""
    match = _RECOVERY_CODE.fullmatch(_together(text))
    return (int(match[1]), match[2]) if match else None


def read_code(text: str) -> str | None:
    """The six digits of an app, which shows them with a gap; None if the text is no code."""
    code = _together(text)
    return code if _CODE.fullmatch(code) else None


def _together(text: str) -> str:
    return re.sub(r"[\s-]", "", text).lower()


def lock_time(wrong_codes: int) -> timedelta:
    """How long five wrong tries lock. Who tries codes has the password already: after each further five codes in a row
    it is twice as long, so that a million codes are not tried in a person's lifetime.
    """
    rounds = min(max(wrong_codes // MAX_FAILURES - 1, 0), 20)
    return min(LOCK_TIME * (1 << rounds), LONGEST_LOCK)


def new_pin() -> str:
    while not is_pin(pin := f"{secrets.randbelow(10**6):06}"):
        pass
    return pin


def is_pin(pin: str) -> bool:
    """Four to six digits, neither all the same nor counting up or down."""
    steps = {int(after) - int(before) for before, after in pairwise(pin)} if _PIN.fullmatch(pin) else {0}
    return steps not in ({0}, {1}, {-1})


def is_locked(locked_until: datetime | None, now: datetime) -> bool:
    return locked_until is not None and now < locked_until


def wrong_scopes(scopes: Iterable[str]) -> list[str]:
    """Those that a key may not have."""
    allowed = {scope.value for scope in KEY_SCOPES}
    return sorted(set(scopes) - allowed)


def session_has_ended(
    created_at: datetime, seen_at: datetime, now: datetime, idle: timedelta, absolute: timedelta
) -> bool:
    """True when a login was not used for `idle`, or is older than `absolute`."""
    return now - seen_at >= idle or now - created_at >= absolute


def may_join(existing: Iterable[tuple[str, object]], role: str, place: object) -> bool:
    """May a person who has `existing` (role, place) pairs also get `role` at `place`?

    Permissions of a person are the union of their roles, and so are their places. The union is exact only while all
    roles are the same or all places are the same: otherwise "supervisor here, floor there" would make a supervisor of
    both.
    """
    pairs = {*existing, (role, place)}
    return len({each for each, _ in pairs}) == 1 or len({each for _, each in pairs}) == 1


def permissions_of(roles: Mapping[str, Iterable[str]]) -> frozenset[Permission]:
    """The union of what the roles allow. A word the program does not know (an older role) allows nothing."""
    known = {permission.value: permission for permission in Permission}
    return frozenset(known[word] for words in roles.values() for word in words if word in known)
