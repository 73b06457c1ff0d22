"""GS1 element strings: the text of a GS1-128, GS1 DataMatrix, GS1 QR or DataBar symbol as a table of
elements.

`parse_gs1` takes what scanners and people send: `]C1…` with 0x1D between elements, the same with `|` or
`{GS}` where a keyboard wedge cannot type 0x1D, without any identifier, or the printed form `(01)…(10)…`.

Source: GS1 General Specifications: application identifiers and their formats, identifiers of pre-defined
length, character set 82, century of a two-digit year, day 00 as the last day of the month.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from wms.core.checkdigits import gs1_check_digit, is_digits

GS: Final = "\x1d"
MAX_LENGTH: Final = 256
GS1_SYMBOLOGIES: Final = frozenset({"C1", "d2", "Q3", "e0", "e1", "e2", "J1"})
_SYMBOL_PREFIX: Final = re.compile(r"\](?:C1|d2|Q3|e[012]|J1)")
_CHARSET_82: Final = re.compile(r"[!-\"%-?A-Z_a-z]*")
_PRINTED: Final = re.compile(r"\(([0-9]{2,4})\)")


class BarcodeError(ValueError):
    """Why a barcode cannot be used: a stable code and parameters for the message. Mostly returned, not
    raised.
    """

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, str | int] = params

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BarcodeError) and (self.code, self.params) == (other.code, other.params)

    def __hash__(self) -> int:
        return hash(self.code)


@dataclass(frozen=True, slots=True)
class _Format:
    """An element's value: shortest and longest length, digits only or not, and what else must hold."""

    shortest: int
    longest: int
    numeric: bool = True
    rule: str = ""  # "check": mod 10 over all digits; "date": YYMMDD first; "country": first three are digits
    ends_itself: bool = False  # pre-defined length: no separator needed after it


def _fixed(length: int, rule: str = "", *, ends_itself: bool = True) -> _Format:
    return _Format(length, length, True, rule, ends_itself)


def _text(longest: int, shortest: int = 1, rule: str = "") -> _Format:
    return _Format(shortest, longest, False, rule)


def _formats() -> dict[str, _Format]:
    table = {"00": _fixed(18, "check"), "20": _fixed(2), "30": _Format(1, 8), "37": _Format(1, 8)}
    table |= {ai: _fixed(14, "check") for ai in ("01", "02", "03")}
    table |= {ai: _fixed(6, "date") for ai in ("11", "12", "13", "15", "16", "17")}
    table |= {ai: _text(20) for ai in ("10", "21", "22", "243", "254", "420")}
    table |= {ai: _text(30) for ai in ("240", "241", "250", "251", "400", "401", "403", "90")}
    table |= {str(ai): _text(90) for ai in range(91, 100)}
    table |= {f"{ai}{places}": _fixed(6) for ai in (*range(310, 317), *range(320, 338)) for places in range(6)}
    table |= {f"{ai}": _fixed(13, "check") for ai in range(410, 418)}
    table |= {f"392{n}": _Format(1, 15) for n in range(10)}
    table["402"] = _fixed(17, "check", ends_itself=False)
    table["421"] = _text(12, 4, "country")
    table["422"] = _fixed(3, ends_itself=False)
    table["7003"] = _fixed(10, "date", ends_itself=False)
    table["8008"] = _Format(8, 12, True, "date")
    table["8020"] = _text(25)
    return table


_FORMATS: Final = _formats()


@dataclass(frozen=True, slots=True)
class Gs1:
    """The elements of one symbol: `values` by application identifier (with its fourth digit: `3102`), `dates`
    of those that are dates. Lengths and weights are read with `measure`.
    """

    values: Mapping[str, str]
    dates: Mapping[str, date] = field(default_factory=dict)

    @property
    def gtin(self) -> str | None:
        """The 14 digits of the item, or of the items contained."""
        return self.values.get("01") or self.values.get("02")

    @property
    def sscc(self) -> str | None:
        """The 18 digits of the logistic unit."""
        return self.values.get("00")

    @property
    def lot(self) -> str | None:
        """Batch or lot."""
        return self.values.get("10")

    @property
    def serial(self) -> str | None:
        """Serial number."""
        return self.values.get("21")

    @property
    def expiry(self) -> date | None:
        """Expiration date, or where there is none the best-before or sell-by date."""
        return self.dates.get("17") or self.dates.get("15") or self.dates.get("16")

    @property
    def count(self) -> int | None:
        """Units contained (37) or variable count (30)."""
        text = self.values.get("37") or self.values.get("30")
        return int(text) if text else None

    def measure(self, family: str) -> Decimal | None:
        """The measure of a family in its GS1 unit: `310` net kg, `311` length m, `330` gross kg … None if
        absent.
        """
        for ai, value in self.values.items():
            if len(ai) == 4 and ai.startswith(family):
                return Decimal(value).scaleb(-int(ai[3]))
        return None


def looks_like_gs1(text: str) -> bool:
    """True for the forms no seller's code has: a GS1 symbology prefix, a group separator, or `(01)` and the
    like first.
    """
    printed = _PRINTED.match(text)
    return bool(_SYMBOL_PREFIX.match(text) or GS in text or (printed and printed[1] in _FORMATS))


def parse_gs1(text: str, *, year: int) -> Gs1 | BarcodeError:
    """Read an element string; `year` is the current one and settles the century of two-digit years.

    Errors, returned: `scan_too_long`, `gs1_empty`, `gs1_unknown_ai` (at), `gs1_bad_length`,
    `gs1_bad_character`, `gs1_bad_check_digit`, `gs1_bad_date`, `gs1_conflict` (an identifier twice with
    different values), each with `ai` and `value` where there is one. One wrong element refuses the whole: a
    half-read label is worse than none.
    """
    if len(text) > MAX_LENGTH:
        return BarcodeError("scan_too_long", length=len(text), limit=MAX_LENGTH)
    stripped = text.strip("\r\n\t ")
    body = _SYMBOL_PREFIX.sub("", stripped, count=1) if stripped.startswith("]") else stripped
    values: dict[str, str] = {}
    dates: dict[str, date] = {}
    try:
        for ai, value in _printed(body) if body.startswith("(") else _raw(body):
            _verify(ai, value)
            if values.setdefault(ai, value) != value:
                return BarcodeError("gs1_conflict", ai=ai, value=value)
            if _FORMATS[ai].rule == "date":
                dates[ai] = _day(ai, value, year)
    except BarcodeError as error:
        return error
    return Gs1(values, dates) if values else BarcodeError("gs1_empty")


def _printed(body: str) -> list[tuple[str, str]]:
    """`(01)…(10)…`; a bracket that encloses no identifier we know belongs to the value before it."""
    parts = _PRINTED.split(body)[1:]
    elements: list[tuple[str, str]] = []
    for ai, value in zip(parts[::2], parts[1::2], strict=True):
        if ai in _FORMATS:
            elements.append((ai, value.strip()))
        elif elements:
            last, before = elements[-1]
            elements[-1] = (last, f"{before}({ai}){value}".strip())
        else:
            raise BarcodeError("gs1_unknown_ai", at=ai)
    if not elements:
        raise BarcodeError("gs1_unknown_ai", at=body[:4])
    return elements


def _raw(body: str) -> list[tuple[str, str]]:
    """Elements with separators; those of pre-defined length may follow each other without one."""
    elements: list[tuple[str, str]] = []
    for group in re.split(r"\x1d|\||\{GS\}", body):
        rest = group
        while rest:
            ai = next((rest[:length] for length in (2, 3, 4) if rest[:length] in _FORMATS), None)
            if ai is None:
                raise BarcodeError("gs1_unknown_ai", at=rest[:4])
            rest, wanted = rest[len(ai) :], _FORMATS[ai]
            end = wanted.longest if wanted.ends_itself else len(rest)
            elements.append((ai, rest[:end]))
            rest = rest[end:]
    return elements


def _verify(ai: str, value: str) -> None:
    wanted = _FORMATS[ai]
    if not wanted.shortest <= len(value) <= wanted.longest:
        raise BarcodeError("gs1_bad_length", ai=ai, value=value)
    if not (is_digits(value) if wanted.numeric else _CHARSET_82.fullmatch(value)):
        raise BarcodeError("gs1_bad_character", ai=ai, value=value)
    if wanted.rule == "country" and not is_digits(value[:3]):
        raise BarcodeError("gs1_bad_character", ai=ai, value=value)
    if wanted.rule == "check" and value[-1] != gs1_check_digit(value[:-1]):
        raise BarcodeError("gs1_bad_check_digit", ai=ai, value=value)
    if ai == "8008" and (len(value) % 2 or value[6:8] > "23" or value[8:10] > "59" or value[10:12] > "59"):
        raise BarcodeError("gs1_bad_date", ai=ai, value=value)
    if ai == "7003" and (value[6:8] > "23" or value[8:10] > "59"):
        raise BarcodeError("gs1_bad_date", ai=ai, value=value)


def _day(ai: str, value: str, year: int) -> date:
    """YYMMDD with the century that puts it 49 years before to 50 after `year`; day 00 is the month's last."""
    two, month, day = int(value[:2]), int(value[2:4]), int(value[4:6])
    distance = two - year % 100
    full = year - year % 100 + two + (-100 if distance >= 51 else 100 if distance <= -50 else 0)
    timed = ai in ("7003", "8008")
    try:
        return date(full, month, day if day or timed else calendar.monthrange(full, month)[1])
    except (ValueError, IndexError):  # monthrange: IllegalMonthError is one of them
        raise BarcodeError("gs1_bad_date", ai=ai, value=value) from None
