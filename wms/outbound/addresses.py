"""The address of a buyer as it stands on paper, from the house to the country."""

from __future__ import annotations

from typing import Any

from babel import Locale

MOST_LINES = 6  # besides the name, as labels have them


# As customs want it on goods and papers; the tables of languages name it alone.
_NAMED_OTHERWISE = {"TW": "Taiwan, China"}


def address_lines(buyer: Any) -> tuple[str, ...]:
    """Of a row with company, address1 to address3, district, postcode, city, state, country and from_country; what is empty
    is left out. Where there are more than a label has lines for, state and country share one.
    """
    country = country_line(buyer.country, buyer.from_country)
    lines = [buyer.company, buyer.address1, buyer.address2, buyer.address3, place_of(buyer), buyer.state, country]
    if sum(map(bool, lines)) > MOST_LINES:
        lines[-2:] = [joined(" ", buyer.state, country)]
    return tuple(line for line in lines if line)


def country_line(country: str, other: str) -> str:
    """The last line of an address: FRANCE. Between countries it is the name in capitals, in English, which every post reads
    (UPU S42); the code within the country of the other address, where nobody looks for it.
    """
    if country == other:
        return country
    name = _NAMED_OTHERWISE.get(country) or Locale("en").territories.get(country, country)
    return name.upper()


def place_of(buyer: Any) -> str:
    """Mitte, 10115 Berlin."""
    return joined(", ", buyer.district, joined(" ", buyer.postcode, buyer.city))


def joined(between: str, *parts: str | None) -> str:
    """What there is of it."""
    return between.join(part for part in parts if part)
