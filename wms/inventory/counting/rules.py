"""Pure decisions about counts: which places can be counted, what a variance leads to, which rows it falls on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wms.inventory.rules import COUNTING_LOCATIONS, UNACCOUNTED

# Elsewhere goods are on their way in somebody's hands: what is there changes by the minute and is checked where it goes.
COUNTABLE = COUNTING_LOCATIONS | {"inspection", "returns"}
LEASE_MINUTES = 30
MOST_BINS = 500  # that one count plans


class CountKind(StrEnum):
    CLASS = "class"  # A more often than C
    LOCATION = "location"
    PRODUCT = "product"
    ZERO = "zero"  # picked empty: is it?
    DOUBT = "doubt"  # a pick found less


class Verdict(StrEnum):
    """What becomes of a bin once it is counted."""

    POST = "finish"
    RECOUNT = "recount"
    SUBMIT = "submit"


@dataclass(frozen=True)
class Rule:
    """What a warehouse asks of its counts. Amounts in minor units of `currency`."""

    tolerance_units: int = 0
    tolerance_percent: int = 0
    approve_above_minor: int = 5_000
    currency: str = "USD"
    days_a: int = 30
    days_b: int = 90
    days_c: int = 180
    daily_bins: int = 0
    on_zero: bool = False
    on_doubt: bool = True

    def days_of(self, velocity_class: str) -> int:
        return {"A": self.days_a, "B": self.days_b}.get(velocity_class, self.days_c)


DEFAULT = Rule()


@dataclass(frozen=True)
class Result:
    """One kind of goods counted. `value_minor` is what the variance is worth; None when nobody declared a value."""

    goods: object
    book: int
    variance: int
    value_minor: int | None
    currency: str | None


def why_not_countable(location_kind: str) -> str | None:
    """The refusal of a place that is not counted."""
    if location_kind in COUNTABLE:
        return None
    return "unaccounted_not_counted" if location_kind == UNACCOUNTED else "location_in_transit"


def within_tolerance(rule: Rule, result: Result) -> bool:
    """The larger of the two tolerances counts."""
    allowed = max(rule.tolerance_units, result.book * rule.tolerance_percent // 100)
    return abs(result.variance) <= allowed


def needs_approval(rule: Rule, results: Iterable[Result]) -> bool:
    """By the value of all variances of the bin, short and over alike. What cannot be valued in the rule's currency does."""
    total = 0
    for each in results:
        if each.variance == 0:
            continue
        if each.value_minor is None or each.currency != rule.currency:
            return True
        total += abs(each.value_minor)
    return total > rule.approve_above_minor


def verdict(rule: Rule, results: Sequence[Result], before: Mapping[object, int] | None) -> Verdict:
    """What follows a counted bin. `before`: the variances of the round before, None in the first.

    A variance beyond tolerance is counted again by somebody else. Two people who differ, or a variance worth more than
    the limit, wait for a supervisor.
    """
    if before is None:
        if not all(within_tolerance(rule, each) for each in results):
            return Verdict.RECOUNT
    else:
        found = {each.goods: each.variance for each in results if each.variance}
        if found and found != {goods: variance for goods, variance in before.items() if variance}:
            return Verdict.SUBMIT
    return Verdict.SUBMIT if needs_approval(rule, results) else Verdict.POST


def spread(variance: int, rows: Sequence[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """Which rows (id, units there) of goods that look the same the variance falls on; None when less is there than lacks.

    A shortage takes from the fullest first, a surplus goes to it: the goods cannot be told apart.
    """
    fullest = sorted(rows, key=lambda row: (-row[1], row[0]))
    if variance >= 0:
        return [(fullest[0][0], variance)] if fullest and variance else []
    lacking, taken = -variance, []
    for row_id, on_hand in fullest:
        share = min(lacking, on_hand)
        if share:
            taken.append((row_id, -share))
            lacking -= share
    return taken if lacking == 0 else None
