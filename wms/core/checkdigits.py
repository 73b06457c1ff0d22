"""Check digits of the numbers that goods, parcels and containers carry.

Shapes: every number is `str`; serial numbers given to a formatter are `int`. A function that *computes* a
check digit takes the payload without it, returns one character and raises `CheckDigitError` for a payload of
the wrong shape. A function named `is_valid_...` takes any text at all, never raises, and is strict: no
blanks, no separators, upper case, ASCII digits only.

Validate a number by the rules of the carrier that the shipping product names; several formats are look-alikes
of equal length.

Sources: GS1 General Specifications (check digit calculation, SSCC); UPU S10 (item identifiers); ISO/IEC 7064
(MOD 37,36); ISO 6346 (containers); the carriers' published rules (UPS 1Z, FedEx, DHL, Purolator).
"""

from __future__ import annotations

from typing import Final

ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS: Final = ALPHANUMERIC[10:]
_S10_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_ISO6346_VALUES: Final = dict(zip(_LETTERS, (v for v in range(10, 39) if v % 11), strict=True))


class CheckDigitError(ValueError):
    """A payload of the wrong shape. `code` is stable: `not_digits`, `not_alphanumeric`, `bad_length`,
    `out_of_range`.
    """

    def __init__(self, code: str, value: object) -> None:
        super().__init__(f"{code}: {value!r}")
        self.code = code
        self.value = value


def is_digits(text: str) -> bool:
    """True for one or more ASCII digits (`str.isdigit` alone also takes Arabic, superscript and other
    digits).
    """
    return text.isascii() and text.isdigit()


def _digits(payload: str, length: int | None = None) -> list[int]:
    if not is_digits(payload):
        raise CheckDigitError("not_digits", payload)
    if length is not None and len(payload) != length:
        raise CheckDigitError("bad_length", payload)
    return [int(character) for character in payload]


def _ends_right(code: str, payload_length: int) -> bool:
    return is_digits(code) and len(code) == payload_length + 1 and code[-1] == gs1_check_digit(code[:-1])


# --- GS1 ----------------------------------------------------------------------------------------------------


def gs1_check_digit(payload: str) -> str:
    """GS1 mod 10: from the right ×3, ×1, ×3 …; for EAN-8/13, UPC-A, ITF-14, SSCC, GLN, and USPS IMpb without
    its routing prefix.
    """
    total = sum(digit * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(_digits(payload))))
    return str(-total % 10)


def is_valid_gtin(code: str) -> bool:
    """True for an EAN-8, UPC-A (12), EAN-13 or GTIN-14 with the right check digit."""
    return len(code) in _GTIN_LENGTHS and _ends_right(code, len(code) - 1)


def is_valid_gln(code: str) -> bool:
    """True for a 13-digit global location number with the right check digit."""
    return _ends_right(code, 12)


def sscc(extension: int, prefix: str, serial: int) -> str:
    """The 18 digits of a serial shipping container code: extension digit 0-9, GS1 company prefix (4-12
    digits), serial, check.

    The serial fills the 16 - len(prefix) digits that remain; one that does not fit raises `out_of_range`, it
    is never cut.
    """
    if not 0 <= extension <= 9:
        raise CheckDigitError("out_of_range", extension)
    _digits(prefix)
    if not 4 <= len(prefix) <= 12:
        raise CheckDigitError("bad_length", prefix)
    width = 16 - len(prefix)
    if not 0 <= serial < 10**width:
        raise CheckDigitError("out_of_range", serial)
    payload = f"{extension}{prefix}{serial:0{width}d}"
    return payload + gs1_check_digit(payload)


def is_valid_sscc(code: str) -> bool:
    """True for 18 digits with the right check digit; the application identifier (00) is not part of the
    number.
    """
    return _ends_right(code, 17)


# --- post and couriers --------------------------------------------------------------------------------------


def s10_check_digit(serial: str) -> str:
    """UPU S10: eight digits, weights 8 6 4 2 3 5 9 7, 11 - (sum mod 11); 10 becomes 0 and 11 becomes 5."""
    total = sum(digit * weight for digit, weight in zip(_digits(serial, 8), _S10_WEIGHTS, strict=True))
    return {10: "0", 11: "5"}.get(11 - total % 11, str(11 - total % 11))


def format_s10(prefix: str, serial: int, country: str) -> str:
    """A 13-character S10 number: service indicator (two letters), serial 0 to 99,999,999, check digit, ISO
    country (two letters).
    """
    for part in (prefix, country):
        if len(part) != 2:
            raise CheckDigitError("bad_length", part)
        if not _is_letters(part):
            raise CheckDigitError("not_alphanumeric", part)
    if not 0 <= serial <= 99_999_999:
        raise CheckDigitError("out_of_range", serial)
    digits = f"{serial:08d}"
    return f"{prefix}{digits}{s10_check_digit(digits)}{country}"


def is_valid_s10(code: str) -> bool:
    """True for two letters, eight digits, the right check digit, two letters. The country itself is not
    looked up.
    """
    if len(code) != 13 or not _is_letters(code[:2] + code[11:]) or not is_digits(code[2:11]):
        return False
    return code[10] == s10_check_digit(code[2:10])


def ups_1z_check_digit(payload: str) -> str:
    """UPS: the 15 characters between `1Z` and the check digit; a letter counts (ASCII - 3) mod 10; odd places
    ×1, even ×2.
    """
    values = _alphanumeric_values(payload, [int(c) if c.isdigit() else (ord(c) - 3) % 10 for c in ALPHANUMERIC])
    if len(values) != 15:
        raise CheckDigitError("bad_length", payload)
    return str(-sum(value * (1 + index % 2) for index, value in enumerate(values)) % 10)


def fedex_express_check_digit(payload: str) -> str:
    """FedEx Express: 11 digits, weights 3 1 7 repeating, sum mod 11 mod 10."""
    return str(sum(d * (3, 1, 7)[i % 3] for i, d in enumerate(_digits(payload, 11))) % 11 % 10)


def luhn_check_digit(payload: str) -> str:
    """Luhn (ISO/IEC 7812-1 annex B): doubled from the right, digits of the products summed; Purolator and
    others.
    """
    doubled = [digit * 2 if index % 2 == 0 else digit for index, digit in enumerate(reversed(_digits(payload)))]
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def mod7_check_digit(payload: str) -> str:
    """The number itself mod 7: DHL Express (9-10 digits) and air waybills (the 7 digits after the airline
    code).
    """
    remainder = 0
    for digit in _digits(payload):
        remainder = (remainder * 10 + digit) % 7
    return str(remainder)


# --- alphanumeric -------------------------------------------------------------------------------------------


def mod37_36_check(payload: str) -> str:
    """ISO 7064 MOD 37,36 over 0-9 A-Z; one check character of the same alphabet. DPD parcel numbers use it.

    It finds every substitution but *not* every adjacent transposition: in each state one pair of neighbouring
    letters (sums 18 and 19) swaps unseen. Our own codes therefore use `house_check`.
    """
    state = 36
    for value in _alphanumeric_values(payload, range(36)):
        state = ((state + value) % 36 or 36) * 2 % 37
    return ALPHANUMERIC[(37 - state) % 36]


def is_valid_mod37_36(code: str) -> bool:
    """True for at least two characters 0-9 A-Z of which the last is the MOD 37,36 check character of the
    others.
    """
    return len(code) > 1 and _is_alphanumeric(code) and code[-1] == mod37_36_check(code[:-1])


def house_check(payload: str) -> str:
    """The check character of our own codes: one of 0-9 A-Z for a payload of the same 36 characters.

    A weighted sum over the ring GF(4) × GF(9), which has 36 elements: a character of value v stands for (v
    div 9, v mod 9), and each further character multiplies what came before by (w, 1 + i), w a generator of
    GF(4), i² = -1 in GF(9). That pair, less one, plus one, and squared less or plus one are all units, so
    every single substitution, adjacent transposition, twin error (aa → bb), jump transposition (abc → cba)
    and jump twin (aba → cbc) changes the result; a dropped or added character goes unseen once in 36. A plain
    sum mod 36 cannot do that, and MOD 37,36 misses some transpositions. The start value is chosen so that
    `L-A-03-12-2-K`, the example in our documents, is right. Proved by `tests/core/test_barcodes.py` for all
    cases.
    """
    four, real, imaginary = _HOUSE_START
    for value in _alphanumeric_values(payload, range(36)):
        four = _TIMES_W[four ^ (value // 9)]
        real, imaginary = (real + value % 3) % 3, (imaginary + value % 9 // 3) % 3
        real, imaginary = (real - imaginary) % 3, (real + imaginary) % 3
    return ALPHANUMERIC[four * 9 + (-imaginary % 3) * 3 + (-real % 3)]


_TIMES_W: Final = (0, 2, 3, 1)
_HOUSE_START: Final = (3, 0, 2)


def is_valid_iso6346(code: str) -> bool:
    """True for a container number: owner code and category (4 letters, the last U, J or Z), 6 digits, check
    digit.
    """
    if len(code) != 11 or not _is_letters(code[:4]) or code[3] not in "UJZ" or not is_digits(code[4:]):
        return False
    return code[10] == iso6346_check_digit(code[:10])


def iso6346_check_digit(payload: str) -> str:
    """ISO 6346: 4 letters (10 upward, skipping 11, 22, 33) and 6 digits; sum of value · 2^place, mod 11, mod
    10.
    """
    if len(payload) != 10:
        raise CheckDigitError("bad_length", payload)
    if not _is_letters(payload[:4]):
        raise CheckDigitError("not_alphanumeric", payload)
    values = [_ISO6346_VALUES[letter] for letter in payload[:4]] + _digits(payload[4:])
    return str(sum(value << place for place, value in enumerate(values)) % 11 % 10)


def _is_letters(text: str) -> bool:
    return text.isascii() and text.isalpha() and text.isupper()


def _is_alphanumeric(text: str) -> bool:
    return bool(text) and all(character in ALPHANUMERIC for character in text)


def _alphanumeric_values(payload: str, values: range | list[int]) -> list[int]:
    if not _is_alphanumeric(payload):
        raise CheckDigitError("not_alphanumeric", payload)
    return [values[ALPHANUMERIC.index(character)] for character in payload]
