"""Money is an integer of minor units with a currency; the exponent belongs to the currency (ISO 4217)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

# ISO 4217 exponents of the currencies of the platforms that orders come from, of the countries goods are stored in, and of
# Chinese customs; a currency not listed is refused, not guessed.
EXPONENTS = {
    "CNY": 2, "USD": 2, "EUR": 2, "GBP": 2, "CAD": 2, "AUD": 2, "HKD": 2, "PLN": 2, "CZK": 2, "SEK": 2,
    "CHF": 2, "MXN": 2, "BRL": 2, "SGD": 2, "MYR": 2, "THB": 2, "PHP": 2, "AED": 2, "SAR": 2, "NZD": 2,
    "DKK": 2, "NOK": 2, "HUF": 2, "RON": 2, "TRY": 2, "ILS": 2, "INR": 2, "ZAR": 2, "MOP": 2, "TWD": 2,
    "IDR": 2, "COP": 2, "ARS": 2, "PEN": 2, "UYU": 2, "UAH": 2, "KZT": 2, "QAR": 2, "EGP": 2, "NGN": 2,
    "JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3,
}  # fmt: skip

_MOST_MINOR = 10**12
_AMOUNT = re.compile(r"[+-]?(?:[0-9]{1,13}(?:[.,][0-9]{0,10})?|[.,][0-9]{1,10})")
# 1,500 is fifteen hundred to one reader and one and a half to the next.
_EITHER = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def is_currency(code: str) -> bool:
    return code in EXPONENTS


@dataclass(frozen=True)
class Money:
    """`Money(1999, "EUR")` is 19.99 euro."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise ValueError(f"unknown currency {self.currency!r}")

    def as_decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])


def minor_of(text: str, exponent: int) -> int | None:
    """An amount as people write it (12.50 or 12,50) in minor units; None for what is none, is finer than the unit, may be
    meant in thousands (1,500; not where the unit has three decimals), or large beyond 10¹² of them.
    """
    if _AMOUNT.fullmatch(text) is None or (exponent != 3 and _EITHER.fullmatch(text)):
        return None
    amount = Decimal(text.replace(",", ".")).scaleb(exponent)
    if amount != amount.to_integral_value() or abs(amount) > _MOST_MINOR:
        return None
    return int(amount)
