"""What a cell of a packing list means, as people write it: ranges of cartons, amounts, sizes, days. None: it cannot be read."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from wms.inbound.packing.columns import UNITS
from wms.platform.columns import plain

KEPT = 2_000  # cells that were read: a list says the same of many cartons
_BEFORE = r"(?:(?:cartons?|ctns?|c/?nos?|c|boxe?s?|nos?|#|第|箱|号)[\s.:]*)*"
_NUMBER = r"(\d{1,9})(?:\.0+)?\s*[箱号]*"
_CARTONS = re.compile(rf"{_BEFORE}{_NUMBER}(?:\s*(?:-+|~|to|至|到)\s*{_BEFORE}{_NUMBER})?", re.IGNORECASE)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣～〜", "-"))
# What spreadsheets make of "1-10" typed into a cell that is no text.
_BECAME_DATE = re.compile(r"\d{4}-\d\d-\d\d(T.*)?|\d{1,2}月\d{1,2}日|\d{1,2}-[a-z]{3}|[a-z]{3}-\d{1,2}", re.IGNORECASE)
_WHOLE = re.compile(
    r"(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.0+)?\s*(?:pcs?|units?|ea|ctns?|plts?|件|个|箱|托)?\.?", re.IGNORECASE
)
_PALLET = re.compile(
    r"(?:(?:pallets?|plts?|p|nos?|#|第|托盘?|板|号)[\s.:-]*)*(\d{1,9})(?:\.0+)?\s*[托板号]*", re.IGNORECASE
)
_AMOUNT = re.compile(r"(\d{1,7}(?:[.,]\d{1,10})?)\s*([a-z]{1,6}|[\u4e00-\u9fff]{1,2})?", re.IGNORECASE)
_BY_THREE = re.compile(r"\d{1,3},\d{3}")  # 1,250 is one and a quarter, or over a thousand
_TIMES = re.compile(r"\s*[x×*✕]\s*", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:T.*)?")
_YEAR_FIRST_BARE = re.compile(r"(\d{4})(\d\d)(\d\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_TOTALS = ("total", "grandtotal", "subtotal", "ttl", "合计", "总计", "小计", "共计", "总共")


@lru_cache(KEPT)
def cartons_in(text: str) -> tuple[int, int] | None:
    """The first and the last of "1-10", "C/NO. 3", "11～20", "第5箱"."""
    found = _CARTONS.fullmatch(_told(text))
    if found is None or int(found[2] or found[1]) < int(found[1]):
        return None
    return int(found[1]), int(found[2] or found[1])


def became_date(text: str) -> bool:
    """Whether a spreadsheet took a range for a day."""
    return _BECAME_DATE.fullmatch(text.strip()) is not None


@lru_cache(KEPT)
def whole(text: str) -> int | None:
    """A count: "24", "1,200", "24.0", "24 pcs"."""
    found = _WHOLE.fullmatch(_told(text))
    return None if found is None else int(found[1].replace(",", ""))


def pallet_in(text: str) -> int | None:
    found = _PALLET.fullmatch(_told(text))
    return None if found is None else int(found[1])


@lru_cache(KEPT)
def measure(text: str, factor: float, units: str) -> int | None:
    """Whole millimetres or grams of an amount; a unit in the cell goes before that of the heading. `units`: size | weight."""
    found = _AMOUNT.fullmatch(_told(text))
    if found is None or _BY_THREE.fullmatch(found[1]):
        return None
    if found[2] is not None:
        factor = UNITS[units].get(found[2].lower(), 0.0)
        if not factor:
            return None
    exact = Decimal(found[1].replace(",", ".")) * Decimal(str(factor))
    return int(exact.to_integral_value(ROUND_HALF_UP))


@lru_cache(KEPT)
def three_sides(text: str, factor: float) -> tuple[int, int, int] | None:
    """Millimetres of "60*40*40", "60 x 40 x 40 cm"; a unit behind the last is that of all."""
    parts = _TIMES.split(_told(text))
    if len(parts) != 3:
        return None
    last = _AMOUNT.fullmatch(parts[2])
    if last is not None and last[2] is not None:
        factor = UNITS["size"].get(last[2].lower(), factor)
    sides = [measure(part, factor, "size") for part in parts]
    one, two, three = sides
    return None if one is None or two is None or three is None else (one, two, three)


def numbers_in(text: str) -> list[str]:
    """Serial numbers of one cell, as they are separated there: by blanks, line ends, commas or semicolons."""
    return [part for part in re.split(r"[\s,;，；、]+", text) if part]


@lru_cache(KEPT)
def day_in(text: str) -> date | None:
    """2026-12-31 in its usual writings. Of 03/04/2026 nobody knows which is the month."""
    text = _told(text)
    if found := _YEAR_FIRST.fullmatch(text) or _YEAR_FIRST_BARE.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def is_total(text: str) -> bool:
    """Whether a cell heads a row of sums: "TOTAL:", "合计 200 箱"."""
    return plain(re.sub(r"\d.*$", "", text)) in _TOTALS


def _told(text: str) -> str:
    """With full-width digits and every dash as the plain ones."""
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
