"""What an express waybill within China shows of its consignee. Pure.

GB/T 41833-2022, 快递电子运单, in force since February 2023: of a name at least one character is hidden, of a phone number at
least six digits, and the unit and room of an address; who delivers looks them up by the waybill's number. Labels that
carriers draw come so from them; on those that we draw it is done here.
"""

from __future__ import annotations

import re

HERE = "CN"
_HIDDEN = "*"
_MOST_SHOWN_OF_END = 2  # digits of a phone number, by which people know their own
_DIGITS_HIDDEN = 6
# 3单元, 1203室, and what closes an address: 3单元1203, 5栋1203, A座1203, 5-1-1203. The number of a street, house or building
# stays, and six digits before 房县 are its postcode.
_UNIT = re.compile(
    r"(?<![0-9A-Za-z])(?![0-9]{6}(?![0-9A-Za-z]))[0-9A-Za-z]+(?=\s*(?:单元|室|房|户))"
    r"|(?:(?<=[座栋幢楼])|(?<=单元))\s*[0-9]{2,5}\s*$|(?<=[0-9]-)[0-9]{1,5}\s*$"
)


def is_masked(from_country: str, country: str) -> bool:
    """Whether a parcel between these countries is express mail within China."""
    return from_country == country == HERE


def masked_name(name: str) -> str:
    """王明 → 王*, 王小明 → 王*明; of a name of several words each."""
    return " ".join(_word(each) for each in name.split())


def _word(word: str) -> str:
    if len(word) < 3:
        return word[:1] * (len(word) > 1) + _HIDDEN
    return word[0] + _HIDDEN * (len(word) - 2) + word[-1]


def masked_phone(phone: str) -> str:
    """13812345678 → 138******78. One with fewer digits shows none of them."""
    places = [place for place, character in enumerate(phone) if character.isdigit()]
    hidden = places[-_MOST_SHOWN_OF_END - _DIGITS_HIDDEN : -_MOST_SHOWN_OF_END]
    if len(hidden) < _DIGITS_HIDDEN:
        hidden = places
    return "".join(_HIDDEN if place in hidden else character for place, character in enumerate(phone))


def masked_address(line: str) -> str:
    """龙湖路 1 号 5 栋 3单元1203室 → 龙湖路 1 号 5 栋 *单元*室."""
    return _UNIT.sub(_HIDDEN, line)
