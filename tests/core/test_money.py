"""Amounts as people write them: what is one, in minor units of a currency with so many decimals."""

from __future__ import annotations

import pytest
from babel.numbers import get_currency_precision

from wms.core.money import EXPONENTS, minor_of


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [("4.90", 2, 490), ("4,90", 2, 490), ("4,9", 2, 490), ("4.", 2, 400), (",5", 2, 50), ("+7", 2, 700), ("-1", 2, -100),
     ("0", 2, 0), ("7", 0, 7), ("1.234", 3, 1234), ("10000000000", 2, 10**12),
     ("4.905", 2, None), ("0,5", 0, None), ("10000000000.01", 2, None), ("", 2, None), (".", 2, None), ("1e3", 2, None),
     ("1_000", 2, None), ("1,234.5", 2, None), ("NaN", 2, None), ("٣", 2, None), (" 4", 2, None), ("4\n", 2, None),
     ("9" * 300, 2, None), ("0.500", 2, 50), ("1234.500", 2, 123450), ("4.9000", 2, 490), ("1,500", 3, 1500),
     ("1,500", 2, None), ("1.000", 0, None), ("-25,000", 0, None), ("100.000", 2, None), ("4.900", 2, None)],
)  # fmt: skip
def test_an_amount_as_people_write_it(text: str, exponent: int, minor: int | None) -> None:
    assert minor_of(text, exponent) == minor


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_a_currency_has_the_decimals_that_the_world_gives_it(currency: str) -> None:
    """As CLDR has it, but for those of which it gives what people still count by: ISO 4217 has two."""
    assert EXPONENTS[currency] == (2 if currency in {"COP", "HUF", "IDR"} else get_currency_precision(currency))


@pytest.mark.parametrize(
    "currency",
    ["DKK", "NOK", "MOP",  # of Chinese customs' own table
     "HUF", "RON", "TRY",  # Allegro, eMAG, Trendyol
     "TWD", "IDR",  # Shopee, Lazada
     "COP", "ARS", "PEN", "UYU"],  # MercadoLibre
)  # fmt: skip
def test_an_order_of_a_platform_can_say_what_it_is_worth(currency: str) -> None:
    assert currency in EXPONENTS
