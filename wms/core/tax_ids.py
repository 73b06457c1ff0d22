"""Numbers of traders at customs and tax offices: VAT ids, EORI, IOSS. Their form only; whether one is registered, VIES knows.

People type them with blanks, dots and hyphens, which are no part of them (`plain`). Sources: VIES FAQ, question 11, the
structure of VAT numbers; Regulation (EU) 952/2013 and its guidance on EORI (country, then up to 15 characters; GB and XI:
12 digits); Regulation (EU) 2020/194 on the IOSS number (IM, the member state by ISO 3166-1 numeric, seven digits).
"""

from __future__ import annotations

import re

_EUROPEAN = {
    "AT": "U[0-9]{8}", "BE": "[01][0-9]{9}", "BG": "[0-9]{9,10}", "CY": "[0-9]{8}[A-Z]", "CZ": "[0-9]{8,10}",
    "DE": "[0-9]{9}", "DK": "[0-9]{8}", "EE": "[0-9]{9}", "EL": "[0-9]{9}", "ES": "[0-9A-Z][0-9]{7}[0-9A-Z]",
    "FI": "[0-9]{8}", "FR": "[0-9A-HJ-NP-Z]{2}[0-9]{9}", "HR": "[0-9]{11}", "HU": "[0-9]{8}",
    "IE": "[0-9][0-9A-Z+*][0-9]{5}[A-Z]{1,2}", "IT": "[0-9]{11}", "LT": "([0-9]{9}|[0-9]{12})", "LU": "[0-9]{8}",
    "LV": "[0-9]{11}", "MT": "[0-9]{8}", "NL": "[0-9A-Z+*]{10}[0-9]{2}", "PL": "[0-9]{10}", "PT": "[0-9]{9}",
    "RO": "[0-9]{2,10}", "SE": "[0-9]{10}01", "SI": "[0-9]{8}", "SK": "[0-9]{10}",
}  # fmt: skip
_BRITISH = "([0-9]{9}|[0-9]{12}|GD[0-4][0-9]{2}|HA[5-9][0-9]{2})"
_VAT = {
    **_EUROPEAN, "GB": _BRITISH, "XI": _BRITISH, "CH": "E[0-9]{9}(MWST|TVA|IVA)?", "NO": "[0-9]{9}(MVA)?",
}  # fmt: skip
_ELSEWHERE = "[0-9A-Z]{2,15}"
_EORI_COUNTRIES = (_EUROPEAN.keys() - {"EL"}) | {"EL", "GR", "GB", "XI"}
# ISO 3166-1 numeric codes of the member states.
_STATES = frozenset(
    {
        "040", "056", "100", "191", "196", "203", "208", "233", "246", "250", "276", "300", "348", "372", "380", "428",
        "440", "442", "470", "528", "616", "620", "642", "703", "705", "724", "752",
    }
)  # fmt: skip
# Between these no customs form goes with a parcel. Monaco is of the customs territory (Reg. 952/2013, art. 4).
CUSTOMS_UNION = (_EUROPEAN.keys() - {"EL"}) | {"GR", "MC"}


def plain(typed: str) -> str:
    """The id as it is registered: capitals, without what people put between."""
    return re.sub(r"[\s.\-/]", "", typed).upper()


def is_vat_id(number: str) -> bool:
    """Of the form of its country where that is known, else two letters and 2 to 15 letters and digits."""
    country = re.match("[A-Z]{2}", number)
    return country is not None and bool(re.fullmatch(_VAT.get(country[0], _ELSEWHERE), number[2:]))


def is_eori(number: str) -> bool:
    country, rest = number[:2], number[2:]
    if country in ("GB", "XI"):
        return bool(re.fullmatch("[0-9]{12}([0-9]{3})?", rest))
    return country in _EORI_COUNTRIES and bool(re.fullmatch("[0-9A-Z]{1,15}", rest))


def is_ioss(number: str) -> bool:
    return bool(re.fullmatch("IM[0-9]{10}", number)) and number[2:5] in _STATES


def masked(number: str) -> str:
    """Enough for who gave it to know it again."""
    return f"{number[:2]}…{number[-3:]}" if len(number) > 7 else "…"
