"""What may be said, and what it means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from wms.core.tax_ids import CUSTOMS_UNION

PLATFORMS = (
    "aliexpress", "allegro", "amazon", "cdiscount", "ebay", "etsy", "kaufland", "lazada", "mercadolibre", "otto", "own_shop",
    "shein", "shopee", "shopify", "temu", "tiktok", "walmart", "wayfair", "other",
)  # fmt: skip


class Signature(StrEnum):
    """Against whose signature a parcel is handed over."""

    ANYBODY = "anybody"  # who opens the door
    RECIPIENT = "recipient"
    ADULT = "adult"  # of age, by a paper


AGES = (16, 18)
OF_AGE = 18  # what an adult is, so nobody younger can be asked for with an adult's signature


SLIP = "packing_slip"  # printed at the bench, put into the first parcel
# What goods are packed into: of these an order wants one (reference: overseas warehouse, section 5.4).
MATERIALS = ("carton", "courier_bag", "bubble_bag", "eco_bag")
PACKING = (*MATERIALS, "gift_wrap", "no_prices", "neutral", "cushioned", "upright", SLIP)
# Of a CN 22 (UPU, Convention Manual, art. 20-001).
CONTENTS = ("goods", "gift", "documents", "sample", "returned", "other")

# Up to here a CN 22 will do: 300 SDR (UPU, Convention Manual), in units that are well below any rate of the last ten
# years; a CN 23 is taken everywhere in its place. Other currencies get a CN 23.
_CN22_UP_TO = {"EUR": 300, "USD": 360, "GBP": 260, "CHF": 300, "CNY": 2_400, "HKD": 2_800, "CAD": 480, "AUD": 500}


def crosses_a_border(here: str, there: str) -> bool:
    """Whether a customs form goes with a parcel between these countries."""
    return here != there and not {here, there} <= CUSTOMS_UNION


def form_for(units: float, currency: str) -> str:
    """The form for goods of this value, in whole units of the currency."""
    return "CN 22" if units <= _CN22_UP_TO.get(currency, -1) else "CN 23"


def odd_currency(currencies: Sequence[str | None]) -> int | None:
    """The first line whose currency is another than the first one named: a form has one."""
    first = next((each for each in currencies if each), None)
    return next((place for place, each in enumerate(currencies) if each and each != first), None)


def share(insured_minor: int, part: int, whole: int) -> int:
    """What of an insured sum falls on a part of the goods, rounded up: never less cover than was asked for."""
    return insured_minor if whole <= 0 else -(-insured_minor * min(part, whole) // whole)


def money_share(minor: int, before: int, part: int, whole: int) -> int:
    """What of a sum to collect falls on a part of the goods, `before` of which had their shares: all shares make the sum."""
    return minor * (before + part) // whole - minor * before // whole


def age_told(signature: str | None, age_check: int | None) -> int | None:
    """The age that a driver asks for: who signs as an adult is of age."""
    return OF_AGE if signature == Signature.ADULT.value else age_check
