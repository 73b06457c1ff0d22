"""The choice of warehouses for an order. Pure: stock, distances and costs in, a decision with its reasons out.

One warehouse that has everything is taken before any two; of several the seller's rule takes the nearest, the cheapest or
the first. Where none has everything and the order may be split, the fewest that have it together; else the order waits where
most of it is. With at most `MOST_WAREHOUSES` every set of them is looked at, so the answer is the best there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from wms.core.tax_ids import CUSTOMS_UNION

MOST_WAREHOUSES = 10
MOST_PARTS = 3  # parcels from more places than this cost more than waiting does


class Prefer(StrEnum):
    NEAREST = "nearest"
    CHEAPEST = "cheapest"
    FIRST = "first"  # in the seller's own order


class WhyNot(StrEnum):
    """Why a warehouse is not one of those to choose from."""

    CLOSED = "closed"
    NO_SERVICE = "no_service"
    BONDED = "bonded"  # its regime does not allow this order


class Why(StrEnum):
    """What decided."""

    COMPLETE = "complete"  # the best of those that have everything
    SPLIT = "split"  # together they have everything
    MOST = "most"  # none has everything: most of it is there
    ONLY = "only"  # there is no other


@dataclass(frozen=True)
class Candidate:
    """A warehouse as it stands for one order. `free`: units of each product nobody is promised; `distance`: 0 nearest;
    `cost_minor`: of the order's carriage, None where no rate says.
    """

    code: str
    free: Mapping[str, int] = field(default_factory=dict)
    distance: int = 0
    cost_minor: int | None = None
    bonded: bool = False
    why_not: WhyNot | None = None


@dataclass(frozen=True)
class Part:
    """Units of each product that go from one warehouse."""

    warehouse: str
    units: Mapping[str, int]


@dataclass(frozen=True)
class Decision:
    """`parts`: the order's, or, of an order that is split, several; empty where no warehouse may take it."""

    why: Why
    parts: tuple[Part, ...]
    candidates: tuple[Candidate, ...]


def decide(wanted: Mapping[str, int], candidates: Sequence[Candidate], prefer: Prefer, *, may_split: bool) -> Decision:
    """Where an order of these units goes from. `candidates` in the seller's order."""
    ranked = sorted(
        (each for each in candidates if each.why_not is None), key=lambda each: _rank(each, candidates, prefer)
    )
    kept = tuple(candidates)
    if not ranked:
        return Decision(Why.ONLY, (), kept)
    whole = next((each for each in ranked if _covers([each], wanted)), None)
    if whole is not None:
        why = Why.COMPLETE if len(ranked) > 1 else Why.ONLY
        return Decision(why, (Part(whole.code, dict(wanted)),), kept)
    several = _fewest(wanted, ranked) if may_split else None
    if several is not None:
        return Decision(Why.SPLIT, several, kept)
    most = max(ranked, key=lambda each: held(each, wanted))  # the first of the best: they are in order
    return Decision(Why.MOST if len(ranked) > 1 else Why.ONLY, (Part(most.code, dict(wanted)),), kept)


def _rank(each: Candidate, candidates: Sequence[Candidate], prefer: Prefer) -> tuple[int, ...]:
    place = candidates.index(each)
    unknown = each.cost_minor is None
    cost = each.cost_minor or 0
    if prefer is Prefer.NEAREST:
        return each.distance, unknown, cost, place
    if prefer is Prefer.CHEAPEST:
        return unknown, cost, each.distance, place
    return (place,)


def _covers(those: Sequence[Candidate], wanted: Mapping[str, int]) -> bool:
    return all(sum(max(0, each.free.get(sku, 0)) for each in those) >= units for sku, units in wanted.items())


def held(each: Candidate, wanted: Mapping[str, int]) -> int:
    """Units of these that it has."""
    return sum(min(units, max(0, each.free.get(sku, 0))) for sku, units in wanted.items())


def _fewest(wanted: Mapping[str, int], ranked: Sequence[Candidate]) -> tuple[Part, ...] | None:
    """The smallest set that has everything, of equals the one whose members come first; each gives all it can, in order."""
    free = [each for each in ranked if not each.bonded and held(each, wanted)]  # bonded retail goes whole
    for count in range(2, min(MOST_PARTS, len(free)) + 1):
        for those in combinations(free, count):
            if _covers(those, wanted):
                return _shared(wanted, those)
    return None


def _shared(wanted: Mapping[str, int], those: Sequence[Candidate]) -> tuple[Part, ...]:
    left = dict(wanted)
    parts = []
    for each in those:
        units = {sku: min(left[sku], max(0, each.free.get(sku, 0))) for sku in wanted}
        given = {sku: count for sku, count in units.items() if count}
        for sku, count in given.items():
            left[sku] -= count
        if given:
            parts.append(Part(each.code, given))
    return tuple(parts)


@dataclass(frozen=True)
class Zone:
    """How far a warehouse is from addresses of a country whose postcode begins with `prefix`; the longest that fits counts."""

    warehouse: str
    country: str
    prefix: str
    distance: int


def distance_of(warehouse: str, here: str, country: str, postcode: str, zones: Sequence[Zone]) -> int:
    """As the seller's zones say; without one 1 within the country, 2 within one customs territory, 3 beyond."""
    plain = postcode.upper().replace(" ", "").replace("-", "")
    fitting = [
        each for each in zones
        if (each.warehouse, each.country) == (warehouse, country) and plain.startswith(each.prefix)
    ]  # fmt: skip
    if fitting:
        return max(fitting, key=lambda each: len(each.prefix)).distance
    if here == country:
        return 1
    return 2 if {here, country} <= CUSTOMS_UNION else 3


def may_take(is_bonded: bool, here: str, country: str, has_id_number: bool) -> WhyNot | None:
    """Bonded retail goes to a person of the same country who shows an ID number (GACC announcements 2014-57, 2016-75)."""
    return WhyNot.BONDED if is_bonded and not (here == country and has_id_number) else None
