"""What a service would cost and how long it takes, and which of several to take. Pure: figures in, figures out.

A rate card is a table: postcodes make zones, zones and weight brackets make a price, surcharges come on top. Money is in
minor units of the card's currency, weight in g, lengths in mm. The weight charged is the greater of the real and the
*dimensional* one (volume over the carrier's divisor in cm³ a kg; IATA's is 6,000, parcel carriers use 5,000 or 4,000),
rounded up to the carrier's step. The parts follow karrio's generic carrier (zones, surcharges fixed or in percent).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum


@dataclass(frozen=True)
class Zone:
    """Where a zone is. `prefix`: of the postcode, empty for the whole country; the longest that fits counts."""

    country: str
    prefix: str
    zone: str


@dataclass(frozen=True)
class Price:
    """Up to and with this weight, to this zone."""

    zone: str
    up_to_g: int
    minor: int


@dataclass(frozen=True)
class Surcharge:
    """A fixed amount, or thousandths of the price, where all conditions hold (0 or empty: none)."""

    name: str
    minor: int = 0
    permille: int = 0
    zone: str = ""
    over_g: int = 0
    longer_mm: int = 0


@dataclass(frozen=True)
class RateCard:
    """`divisor` 0: no dimensional weight; `longest_mm` 0: no limit; after `cutoff` (local) a parcel leaves a day later."""

    currency: str
    days: int
    divisor: int = 0
    step_g: int = 1
    longest_mm: int = 0
    cutoff: time | None = None
    zones: tuple[Zone, ...] = ()
    prices: tuple[Price, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()


@dataclass(frozen=True)
class Goods:
    """What goes where; volume and longest side where known."""

    country: str
    postcode: str
    weight_g: int
    volume_mm3: int | None = None
    longest_mm: int | None = None


@dataclass(frozen=True)
class Quote:
    """A price. `days` None: nobody says. `by` the table, or the carrier itself: then without a zone. `silent`: why the carrier's
    own word is missing where the table stands in for it.
    """

    zone: str
    charged_g: int
    base_minor: int
    surcharges: tuple[tuple[str, int], ...]
    currency: str
    days: int | None
    by: str = "table"
    silent: str | None = None

    @property
    def total_minor(self) -> int:
        return self.base_minor + sum(minor for _, minor in self.surcharges)


class NoQuote(StrEnum):
    """Why a service cannot be taken."""

    NO_CARD = "no_card"
    NO_ZONE = "no_zone"
    TOO_HEAVY = "too_heavy"
    TOO_LONG = "too_long"
    OTHER_CURRENCY = "other_currency"
    NO_SIGNATURE = "no_signature"
    NO_INSURANCE = "no_insurance"
    NO_COD = "no_cod"
    NO_AGE_CHECK = "no_age_check"
    NO_LIFTGATE = "no_liftgate"
    NO_DELIVERY = "no_delivery"
    SAYS_NO = "says_no"  # the carrier was asked, and does not take these goods
    SILENT = "silent"  # the carrier did not answer, or not rightly, and no table stands in for it


def dimensional_weight(goods: Goods, divisor: int) -> int:
    """g: mm³ over cm³ a kg is g, because a thousand of one is a thousandth of the other. 0 where nothing is known of it."""
    return -(-goods.volume_mm3 // divisor) if divisor and goods.volume_mm3 else 0


def charged_weight(goods: Goods, divisor: int, step_g: int) -> int:
    """The greater of both in g, rounded up to the step."""
    step = max(step_g, 1)
    return -(-max(goods.weight_g, dimensional_weight(goods, divisor)) // step) * step


def zone_of(zones: Sequence[Zone], country: str, postcode: str) -> str | None:
    """The zone with the longest prefix; blanks and hyphens of a postcode do not count."""
    plain = postcode.upper().replace(" ", "").replace("-", "")
    fitting = [each for each in zones if each.country == country and plain.startswith(each.prefix)]
    return max(fitting, key=lambda each: len(each.prefix)).zone if fitting else None


def quote(card: RateCard, goods: Goods, at: time) -> Quote | NoQuote:
    """The price of a parcel that is ready at this local time."""
    if card.longest_mm and (goods.longest_mm or 0) > card.longest_mm:
        return NoQuote.TOO_LONG
    zone = zone_of(card.zones, goods.country, goods.postcode)
    if zone is None:
        return NoQuote.NO_ZONE
    charged = charged_weight(goods, card.divisor, card.step_g)
    fitting = [each for each in card.prices if each.zone == zone and each.up_to_g >= charged]
    if not fitting:
        return NoQuote.TOO_HEAVY
    base = min(fitting, key=lambda each: each.up_to_g).minor
    extra = tuple((each.name, _amount(each, base)) for each in card.surcharges if _applies(each, zone, charged, goods))
    late = card.cutoff is not None and at > card.cutoff
    return Quote(zone, charged, base, extra, card.currency, card.days + late)


def _applies(surcharge: Surcharge, zone: str, charged_g: int, goods: Goods) -> bool:
    return (
        surcharge.zone in ("", zone)
        and (not surcharge.over_g or charged_g > surcharge.over_g)
        and (not surcharge.longer_mm or (goods.longest_mm or 0) > surcharge.longer_mm)
    )


def _amount(surcharge: Surcharge, base_minor: int) -> int:
    """Halves of a minor unit are rounded up, as invoices do."""
    return surcharge.minor + (base_minor * surcharge.permille + 500) // 1000


class Rule(StrEnum):
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    FIRST = "first"  # in the order the operator prefers


@dataclass(frozen=True)
class Choice:
    """`service`: what was taken, None where nothing could be; `offers` are what it was taken from, in the order given.
    `gave_way`: a carrier did not answer, and the rule says that the service that was named is taken then.
    """

    rule: Rule
    service: str | None
    offers: tuple[tuple[str, Quote | NoQuote], ...] = field(default=())
    gave_way: bool = False


class WhenSilent(StrEnum):
    """What is used where a carrier that says its prices itself did not, in time and rightly."""

    TABLE = "table"  # its table; without one the service is passed over
    NAMED = "named"  # nothing is compared: the service that the order names


NEVER = 10**6  # days: slower than all that say theirs


def choose(rule: Rule, offers: Sequence[tuple[str, Quote | NoQuote]]) -> Choice:
    """One of these services. Equal ones: the cheaper, then the faster, then the one named first.

    Amounts of different currencies are not compared: the first quote's currency counts.
    """
    quotes = [found for _, found in offers if isinstance(found, Quote)]
    currency = quotes[0].currency if quotes else ""
    judged = tuple(
        (name, NoQuote.OTHER_CURRENCY if isinstance(found, Quote) and found.currency != currency else found)
        for name, found in offers
    )
    good = [(name, found) for name, found in judged if isinstance(found, Quote)]
    if not good:
        return Choice(rule, None, judged)
    if rule is Rule.CHEAPEST:
        taken = min(good, key=lambda pair: (pair[1].total_minor, _days(pair[1])))
    elif rule is Rule.FASTEST:
        taken = min(good, key=lambda pair: (_days(pair[1]), pair[1].total_minor))
    else:
        taken = good[0]
    return Choice(rule, taken[0], judged)


def _days(quoted: Quote) -> int:
    return NEVER if quoted.days is None else quoted.days
