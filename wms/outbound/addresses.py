"""The address of a buyer as it stands on paper, from the house to the country."""

from __future__ import annotations

from typing import Any

MOST_LINES = 6  # besides the name, as labels have them


def address_lines(buyer: Any) -> tuple[str, ...]:
    """Of a row with company, address1 to address3, district, postcode, city, state and country; what is empty is left out.
    Where there are more than a label has lines for, state and country share one.
    """
    lines = [buyer.company, buyer.address1, buyer.address2, buyer.address3, place_of(buyer), buyer.state, buyer.country]
    if sum(map(bool, lines)) > MOST_LINES:
        lines[-2:] = [joined(" ", buyer.state, buyer.country)]
    return tuple(line for line in lines if line)


def place_of(buyer: Any) -> str:
    """Mitte, 10115 Berlin."""
    return joined(", ", buyer.district, joined(" ", buyer.postcode, buyer.city))


def joined(between: str, *parts: str | None) -> str:
    """What there is of it."""
    return between.join(part for part in parts if part)
