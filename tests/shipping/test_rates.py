"""Zones, weights, surcharges, cut-offs, and the choice between services."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from itertools import permutations

import pytest

from wms.shipping.rates import (
    Choice,
    Goods,
    NoQuote,
    Price,
    Quote,
    RateCard,
    Rule,
    Surcharge,
    Zone,
    charged_weight,
    choose,
    quote,
    zone_of,
)

CARD = RateCard(
    "EUR", 2, divisor=5000, step_g=500, longest_mm=1200, cutoff=time(15, 0),
    zones=(Zone("DE", "", "1"), Zone("DE", "18", "2"), Zone("DE", "18565", "island"), Zone("GB", "BT", "2")),
    prices=(Price("1", 1000, 420), Price("1", 5000, 690), Price("2", 1000, 510), Price("island", 1000, 990)),
    surcharges=(Surcharge("fuel", permille=125), Surcharge("heavy", 300, over_g=2000), Surcharge("long", 500, longer_mm=600),
                Surcharge("island", 250, zone="island")),
)  # fmt: skip
NOON = time(12, 0)
BERLIN = Goods("DE", "10115", 800)


@pytest.mark.parametrize(
    ("country", "postcode", "zone"),
    [("DE", "10115", "1"), ("DE", "18055", "2"), ("DE", "18565", "island"), ("DE", "", "1"), ("GB", "bt1 5gs", "2"),
     ("GB", "SW1A 1AA", None), ("FR", "75001", None), ("DE", "1856 5", "island"), ("DE", "18-565", "island")],
)  # fmt: skip
def test_the_longest_prefix_counts(country: str, postcode: str, zone: str | None):
    assert zone_of(CARD.zones, country, postcode) == zone


@pytest.mark.parametrize(
    ("weight", "volume", "divisor", "step", "charged"),
    [(800, None, 5000, 1, 800), (800, 10_000_000, 5000, 1, 2000), (800, 10_000_001, 5000, 1, 2001),
     (800, 10_000_000, 0, 1, 800), (800, None, 0, 500, 1000), (1000, None, 0, 500, 1000), (1001, None, 0, 500, 1500),
     (1, 0, 5000, 0, 1)],
)  # fmt: skip
def test_the_greater_weight_is_charged_by_steps(weight, volume, divisor, step, charged):
    assert charged_weight(Goods("DE", "", weight, volume), divisor, step) == charged


def quoted(goods: Goods, at: time = NOON) -> Quote:
    found = quote(CARD, goods, at)
    assert isinstance(found, Quote)
    return found


def test_a_quote_says_what_it_is_made_of():
    found = quoted(BERLIN)
    assert (found.zone, found.charged_g, found.base_minor, found.surcharges) == ("1", 1000, 420, (("fuel", 53),))
    assert (found.total_minor, found.days) == (473, 2), "52.5 is rounded up"


@pytest.mark.parametrize(
    ("goods", "names"),
    [(BERLIN, ["fuel"]), (replace(BERLIN, weight_g=2000), ["fuel"]), (replace(BERLIN, weight_g=2001), ["fuel", "heavy"]),
     (replace(BERLIN, longest_mm=600), ["fuel"]), (replace(BERLIN, longest_mm=601), ["fuel", "long"]),
     (replace(BERLIN, postcode="18565"), ["fuel", "island"])],
)  # fmt: skip
def test_surcharges_come_where_their_conditions_hold(goods: Goods, names: list[str]):
    assert [name for name, _ in quoted(goods).surcharges] == names


def test_brackets_end_with_their_weight():
    assert [quoted(replace(BERLIN, weight_g=grams)).base_minor for grams in (1, 1000, 1001, 5000)] == [
        420,
        420,
        690,
        690,
    ]
    assert quote(CARD, replace(BERLIN, weight_g=5001), NOON) is NoQuote.TOO_HEAVY


def test_after_the_cutoff_it_takes_a_day_longer():
    assert [quoted(BERLIN, at).days for at in (time(0, 0), time(15, 0), time(15, 0, 1), time(23, 59))] == [2, 2, 3, 3]


def test_what_cannot_be_carried():
    assert quote(CARD, replace(BERLIN, longest_mm=1201), NOON) is NoQuote.TOO_LONG
    assert quote(CARD, replace(BERLIN, country="FR"), NOON) is NoQuote.NO_ZONE
    assert quote(CARD, Goods("GB", "BT1", 1001), NOON) is NoQuote.TOO_HEAVY


def offer(minor: int, days: int, currency: str = "EUR") -> Quote:
    return Quote("1", 1000, minor, (), currency, days)


OFFERS = [("slow", offer(300, 5)), ("fast", offer(900, 1)), ("fair", offer(300, 2)), ("none", NoQuote.NO_ZONE)]


@pytest.mark.parametrize("given", list(permutations(OFFERS)))
def test_the_choice_does_not_depend_on_the_order_but_where_it_is_the_rule(given):
    assert choose(Rule.CHEAPEST, given).service == "fair", "of equal prices the faster"
    assert choose(Rule.FASTEST, given).service == "fast"
    assert choose(Rule.FIRST, given).service == next(name for name, found in given if isinstance(found, Quote))
    assert choose(Rule.CHEAPEST, given).offers == tuple(given)


def test_currencies_are_not_compared():
    found = choose(Rule.CHEAPEST, [("a", offer(900, 1)), ("b", offer(1, 1, "USD"))])
    assert (found.service, found.offers[1]) == ("a", ("b", NoQuote.OTHER_CURRENCY))


@pytest.mark.parametrize("rule", Rule)
def test_nothing_to_choose_from(rule: Rule):
    assert choose(rule, []) == Choice(rule, None, ())
    assert choose(rule, [("a", NoQuote.NO_CARD)]).service is None
