"""Pure decisions: how a waybill number is written in each scheme, and how many a range holds.

The plain scheme of the house is `<prefix><10 digits><check>` with the ISO/IEC 7064 MOD 37,36 check character over all
that stands before it. MOD 37,36 and not the GS1 digit: the prefix has letters, which GS1 cannot weigh, and it finds
every single wrong character and almost every exchange, where the GS1 digit misses one exchange of neighbours in nine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wms.core import checkdigits

PLAIN_DIGITS = 10
_PREFIX = {"plain": "[A-Z]{1,4}", "s10": "[A-Z]{2}", "sscc": "[0-9]{4,12}"}


@dataclass(frozen=True)
class NumberForm:
    """What every number of a range shares. `country` is for S10, `extension` (0-9) for SSCC."""

    scheme: str
    prefix: str
    country: str | None = None
    extension: int | None = None


def capacity(form: NumberForm) -> int:
    """How many serials the form has room for; they count from 0."""
    digits = {"plain": PLAIN_DIGITS, "s10": 8, "sscc": 16 - len(form.prefix)}[form.scheme]
    return int(10**digits)


def form_fault(form: NumberForm) -> str | None:
    """The code of what is wrong with a form, or None."""
    if form.scheme not in _PREFIX or not re.fullmatch(_PREFIX[form.scheme], form.prefix):
        return "range_prefix"
    if form.scheme == "s10" and not re.fullmatch("[A-Z]{2}", form.country or ""):
        return "range_country"
    if form.scheme == "sscc" and form.extension not in range(10):
        return "range_extension"
    return None


def write_number(form: NumberForm, serial: int) -> str:
    """The tracking number of a serial, with its check character. ``CheckDigitError`` when it does not fit."""
    if form.scheme == "s10":
        return checkdigits.format_s10(form.prefix, serial, form.country or "")
    if form.scheme == "sscc":
        return checkdigits.sscc(form.extension or 0, form.prefix, serial)
    if not 0 <= serial < capacity(form):
        raise checkdigits.CheckDigitError("out_of_range", serial)
    payload = f"{form.prefix}{serial:0{PLAIN_DIGITS}d}"
    return payload + checkdigits.mod37_36_check(payload)


# What a bag or pallet may weigh empty, with straps and film; and what the parcels' own weighings may be off together.
EMPTY_G = {"bag": 2_000, "pallet": 40_000}
_SLACK_G, _SLACK_SHARE = 100, 50


def bag_weight_band(kind: str, parcels_g: int) -> tuple[int, int]:
    """What a bag with parcels of this weight must weigh, g, both included. Outside it one is missing or one too many."""
    slack = max(_SLACK_G, parcels_g // _SLACK_SHARE)
    return max(1, parcels_g - slack), parcels_g + EMPTY_G[kind] + slack


def is_valid_number(form: NumberForm, number: str) -> bool:
    """True for a number that could be of this form: shape and check character."""
    if form.scheme == "s10":
        return checkdigits.is_valid_s10(number) and number[:2] == form.prefix and number[-2:] == form.country
    if form.scheme == "sscc":
        return checkdigits.is_valid_sscc(number) and number.startswith(f"{form.extension}{form.prefix}")
    shape = re.fullmatch(rf"{form.prefix}[0-9]{{{PLAIN_DIGITS}}}[0-9A-Z]", number)
    return shape is not None and checkdigits.is_valid_mod37_36(number)


def as_reference(typed: str) -> str | None:
    """What a carrier calls something, as a person copied it; None for what is no name of anything."""
    known = typed.strip()
    return known if re.fullmatch(r"[\x21-\x7e]{1,64}", known) else None
