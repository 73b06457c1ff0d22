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
from collections.abc import Iterable, Mapping
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
    """All identifiers in use: one that is missing makes the whole label unreadable."""
    return {**_goods(), **_measures(), **_parties(), **_of_trades(), **_in_house()}


def _each(identifiers: Iterable[int | str], wanted: _Format) -> dict[str, _Format]:
    return {str(ai): wanted for ai in identifiers}


def _goods() -> dict[str, _Format]:
    """What goods are, their batch, days and serial numbers."""
    return {
        "00": _fixed(18, "check"), "20": _fixed(2), "242": _Format(1, 6), "235": _text(28),
        "253": _text(30, 13), "255": _Format(13, 25),
        **_each(("01", "02", "03"), _fixed(14, "check")),
        **_each((11, 12, 13, 15, 16, 17), _fixed(6, "date")),
        **_each((10, 21, 22, 243, 254), _text(20)),
        **_each((240, 241, 250, 251), _text(30)),
    }  # fmt: skip


def _measures() -> dict[str, _Format]:
    """Counts, measures (trade and logistic, metric and not), amounts."""
    families = (*range(310, 317), *range(320, 338), *range(340, 358), *range(360, 370))
    return {
        **_each((30, 37), _Format(1, 8)),
        **_each((f"{family}{places}" for family in families for places in range(6)), _fixed(6)),
        **_each((f"{family}{places}" for family in (390, 392) for places in range(10)), _Format(1, 15)),
        **_each((f"{family}{places}" for family in (391, 393) for places in range(10)), _Format(4, 18)),
        **_each((f"394{places}" for places in range(4)), _fixed(4, ends_itself=False)),
        **_each((f"395{places}" for places in range(6)), _fixed(6, ends_itself=False)),
    }


def _parties() -> dict[str, _Format]:
    """Orders, consignments, places and addresses."""
    return {
        "402": _fixed(17, "check", ends_itself=False), "420": _text(20), "421": _text(12, 4, "country"), "427": _text(3),
        **_each((400, 401, 403), _text(30)),
        **_each(range(410, 418), _fixed(13, "check")),
        **_each((422, 424, 426), _fixed(3, ends_itself=False)),
        **_each((423, 425), _Format(3, 15)),
        **_each((4300, 4301, 4310, 4311, 4320), _text(35)),
        **_each((*range(4302, 4307), *range(4312, 4317)), _text(70)),
        **_each((4307, 4317), _text(2, 2)),
        **_each((4308, 4319), _text(30)),
        "4309": _fixed(20, ends_itself=False), "4318": _text(20), "4326": _fixed(6, ends_itself=False),
        **_each((4321, 4322, 4323), _fixed(1, ends_itself=False)),
        **_each((4324, 4325), _fixed(10, ends_itself=False)),
        **_each(range(4330, 4334), _text(7, 6)),
    }  # fmt: skip


def _of_trades() -> dict[str, _Format]:
    """Of one trade: food, medicines, paper, coupons, documents."""
    return {
        "7001": _fixed(13, ends_itself=False), "7002": _text(30), "7003": _fixed(10, "date", ends_itself=False),
        "7004": _Format(1, 4), "7005": _text(12), "7006": _fixed(6, "date", ends_itself=False), "7007": _Format(6, 12),
        "7008": _text(3), "7009": _text(10), "7010": _text(2), "7011": _Format(6, 10), "7023": _text(30),
        **_each((7020, 7021, 7022), _text(20)),
        **_each(range(7030, 7040), _text(30, 4, "country")),
        "7040": _text(4, 4), "7041": _text(4),
        **_each(range(710, 718), _text(20)),  # national numbers of medicines: PZN, CIP, CN, AIM …
        **_each(range(7230, 7240), _text(30, 3)),
        "7240": _text(20), "7241": _fixed(2, ends_itself=False), "7242": _text(25),
        "8001": _fixed(14, ends_itself=False), "8002": _text(20), "8003": _text(30, 14), "8004": _text(30),
        "8005": _fixed(6, ends_itself=False), "8007": _text(34), "8008": _Format(8, 12, True, "date"),
        "8009": _text(50), "8010": _text(30), "8011": _Format(1, 12), "8012": _text(20),
        **_each((8006, 8026), _fixed(18, ends_itself=False)),
        **_each((8013, 8014, 8020), _text(25)),
        **_each((8017, 8018), _fixed(18, "check", ends_itself=False)),
        "8019": _Format(1, 10), "8030": _text(90), "8111": _fixed(4, ends_itself=False),
        **_each((8110, 8112, 8200), _text(70)),
    }  # fmt: skip


def _in_house() -> dict[str, _Format]:
    """Agreed between partners, or within a company."""
    return {"90": _text(30), **_each(range(91, 100), _text(90))}


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
        """Expiration date (17, or 7003 with its time), or where there is none the best-before or sell-by date."""
        return next((self.dates[ai] for ai in ("17", "7003", "15", "16") if ai in self.dates), None)

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
