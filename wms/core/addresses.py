"""What looks wrong with an address, in the format of the country it goes to. Warnings only: people live at addresses that
no table knows, and an order is never refused for one.

Postcode forms after the postal authorities' own (UPU, *Postal addressing systems*), as they are written and as people
type them: letters of either case, a blank that is left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

from wms.core.countries import COUNTRIES, MEANT


@dataclass(frozen=True)
class AddressWarning:
    """`field`: of the consignee; `code`: its words; `params`: what they name."""

    field: str
    code: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


# Country → the form of its postcodes, and an example that people recognise.
POSTCODES: dict[str, tuple[str, str]] = {
    "AT": (r"[1-9]\d{3}", "1010"), "AU": (r"\d{4}", "2000"), "BE": (r"[1-9]\d{3}", "1000"),
    "BG": (r"[1-9]\d{3}", "1000"), "BR": (r"\d{5}-?\d{3}", "01310-100"),
    "CA": (r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d", "K1A 0B1"),
    "CH": (r"[1-9]\d{3}", "8001"), "CN": (r"\d{6}", "310000"), "CZ": (r"[1-7]\d{2} ?\d{2}", "110 00"),
    "DE": (r"\d{5}", "10115"), "DK": (r"\d{4}", "1050"), "EE": (r"\d{5}", "10111"),
    "ES": (r"(0[1-9]|[1-4]\d|5[0-2])\d{3}", "28013"), "FI": (r"\d{5}", "00100"), "FR": (r"\d{5}", "75001"),
    "GB": (r"(GIR ?0AA|[A-PR-UWYZ]([A-HK-Y]?\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY]) ?\d[ABD-HJLNP-UW-Z]{2})",
           "SW1A 1AA"),
    "GR": (r"\d{3} ?\d{2}", "104 31"), "HR": (r"\d{5}", "10000"), "HU": (r"[1-9]\d{3}", "1051"),
    "IE": (r"(D6W|[AC-FHKNPRTV-Y]\d{2}) ?[0-9AC-FHKNPRTV-Y]{4}", "D02 AF30"), "IL": (r"\d{7}", "9414201"),
    "IN": (r"[1-9]\d{2} ?\d{3}", "110001"), "IT": (r"\d{5}", "00184"), "JP": (r"\d{3}-?\d{4}", "100-0001"),
    "KR": (r"\d{5}", "04524"), "LT": (r"(LT-?)?\d{5}", "LT-01100"), "LU": (r"(L-?)?\d{4}", "1009"),
    "LV": (r"LV-?\d{4}", "LV-1010"), "MX": (r"\d{5}", "06000"), "MY": (r"\d{5}", "50000"),
    "NL": (r"[1-9]\d{3} ?[A-Z]{2}", "1012 JS"), "NO": (r"\d{4}", "0150"), "NZ": (r"\d{4}", "1010"),
    "PL": (r"\d{2}-?\d{3}", "00-001"), "PT": (r"\d{4}-?\d{3}", "1100-148"), "RO": (r"\d{6}", "010011"),
    "RU": (r"\d{6}", "101000"), "SE": (r"\d{3} ?\d{2}", "111 20"), "SG": (r"\d{6}", "018956"),
    "SI": (r"\d{4}", "1000"), "SK": (r"\d{3} ?\d{2}", "811 01"), "TH": (r"\d{5}", "10200"),
    "TR": (r"\d{5}", "34000"), "UA": (r"\d{5}", "01001"), "US": (r"\d{5}(-?\d{4})?", "10001"),
}  # fmt: skip
# Countries that work without postcodes; one that is given there is no fault.
NO_POSTCODES = frozenset({"AE", "HK", "MO", "QA", "BS", "PA"})
STATES: dict[str, str] = {
    "US": "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|"
    "DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|"
    "KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|"
    "MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|"
    "ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|"
    "TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|"
    "PR Puerto Rico|GU Guam|VI Virgin Islands|AS American Samoa|MP Northern Mariana Islands|AA Armed Forces Americas|"
    "AE Armed Forces Europe|AP Armed Forces Pacific",
    "CA": "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|NS Nova Scotia|"
    "NT Northwest Territories|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|QC Québec|SK Saskatchewan|YT Yukon",
    "AU": "ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|SA South Australia|"
    "TAS Tasmania|VIC Victoria|WA Western Australia",
}  # fmt: skip
# Where mail is sorted by the state, though its name is free text to us.
STATE_WANTED = frozenset({*STATES, "BR", "CN", "IN", "MX", "MY"})
# Where a street has numbers and a parcel without one comes back.
NUMBERED_STREETS = frozenset(
    {"AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "HU", "IT", "LU", "NL", "NO", "PL", "PT", "SE", "SK"}
)
_PO_BOX = re.compile(
    r"\b(p\.? ?o\.? ?box|postfach|packstation|apartado( de correos)?|bo[iî]te postale|postbus|casella postale)\b",
    re.IGNORECASE,
)
_NAMES = {
    country: {word.casefold() for each in listed.split("|") for word in each.split(" ", 1)}
    for country, listed in STATES.items()
}


def warnings_of(consignee: Mapping[str, str | None]) -> list[AddressWarning]:
    """What a person should look at before a parcel goes there; empty when nothing is known against it."""
    given = {name: (value or "").strip() for name, value in consignee.items()}
    country = given.get("country", "").upper()
    street = " ".join(given.get(name, "") for name in ("address1", "address2", "address3"))
    found = [_country(country), _postcode(country, given.get("postcode", "")), _state(country, given.get("state", ""))]
    if country in NUMBERED_STREETS and not any(character.isdigit() for character in street):
        found.append(AddressWarning("address1", "address_no_house_number"))
    if _PO_BOX.search(street):
        found.append(AddressWarning("address1", "address_po_box"))
    return [each for each in found if each is not None]


def _country(country: str) -> AddressWarning | None:
    if not country or country in COUNTRIES:
        return None
    if country in MEANT:
        return AddressWarning("country", "address_country_meant", {"country": country, "meant": MEANT[country]})
    return AddressWarning("country", "address_country_unknown", {"country": country})


def _postcode(country: str, postcode: str) -> AddressWarning | None:
    known = POSTCODES.get(country)
    if known is None:
        return None
    form, example = known
    if not postcode:
        return AddressWarning("postcode", "address_postcode_missing", {"country": country, "example": example})
    # Typed behind the country as on letters: D-10115.
    bare = (
        re.sub(rf"^{country[0]}?{country[1]}?[- ](?=\d)", "", postcode.upper()) if country != "LV" else postcode.upper()
    )
    if re.fullmatch(form, bare) is None:
        return AddressWarning("postcode", "address_postcode_form", {"country": country, "example": example})
    return None


def _state(country: str, state: str) -> AddressWarning | None:
    if country not in STATE_WANTED:
        return None
    if not state:
        return AddressWarning("state", "address_state_missing", {"country": country})
    if country in _NAMES and state.casefold() not in _NAMES[country]:
        return AddressWarning("state", "address_state_unknown", {"country": country, "state": state})
    return None
