"""Which rows of stock serve a promise, and why. Pure.

In this order: what has to go first by the seller's rule (`core.rotation`), a whole container before a part of one, as few
touches as can be, the shortest walk. The first criterion that leaves one row is the reason that people are shown.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from wms.core.rotation import Rotation, due

# What rows of stock share that serve the same promises: owner, product, customs status, book item.
OfferKey = tuple[uuid.UUID, uuid.UUID, str, uuid.UUID | None]


class Why(StrEnum):
    ONLY_BIN = "only_bin"
    EXPIRES_FIRST = "expires_first"
    OLDEST_FIRST = "oldest_first"
    OLDEST_ASKED = "oldest_asked"  # whatever its expiry: the seller asked for it
    KEEPS_LONGEST = "keeps_longest"  # the same
    WHOLE_UNIT = "whole_unit"
    FEWEST_TOUCHES = "fewest_touches"
    SHORTEST_WALK = "shortest_walk"
    # Chosen when the order was promised:
    PINNED = "pinned"  # it names these goods, by batch, expiry, quality or container
    UNSOLD_FIRST = "unsold_first"  # they are not sold on: what does not sell goes first
    CLAIMED = "claimed"  # it claimed them before, as they came in or from another wave


# What decided, where the first or the second part of `due` left one row.
DECIDED = {
    Rotation.FEFO: (Why.EXPIRES_FIRST, Why.OLDEST_FIRST),
    Rotation.FIFO: (Why.OLDEST_ASKED, Why.EXPIRES_FIRST),
    Rotation.LEFO: (Why.KEEPS_LONGEST, Why.OLDEST_FIRST),
}


@dataclass(frozen=True)
class Offer:
    """A row of sellable stock. `came_on`: the warehouse's day its oldest goods came in. `unit_whole`: all that is in its
    container, or None where it stands in none (or in one with other goods). `rule`: of the product, so that the offers of
    one promise share it.
    """

    balance_id: int
    location_id: uuid.UUID
    free: int
    expires_on: date | None = None
    came_on: date | None = None
    unit_whole: int | None = None
    in_unit: bool = False
    rule: Rotation = Rotation.FEFO


@dataclass(frozen=True)
class Choice:
    """`units` of `offer`, one of `choices` rows that had some."""

    offer: Offer
    units: int
    why: Why
    choices: int


Reach = Callable[[Offer], int]  # how far a picker walks for it, in whatever unit


def rotation(offer: Offer) -> tuple[int, int]:
    return due(offer.rule, offer.expires_on, offer.came_on)


def choose(offers: Sequence[Offer], units: int, taken: Mapping[int, int], reach: Reach) -> list[Choice]:
    """Rows for so many units, minding what is `taken` of them already; may give less than asked."""
    room = {offer.balance_id: offer.free - taken.get(offer.balance_id, 0) for offer in offers}
    open_ = sorted((offer for offer in offers if room[offer.balance_id] > 0), key=rotation)
    found: list[Choice] = []
    for turn, group in itertools.groupby(open_, key=rotation):
        equal = list(group)
        later = [offer for offer in open_ if rotation(offer) > turn]
        while units > 0 and equal:
            offer, why = _best(equal, units, room, reach)
            if len(open_) == 1:
                why = Why.ONLY_BIN
            elif len(equal) == 1 and later:
                why = DECIDED[offer.rule][0 if turn[0] != rotation(later[0])[0] else 1]
            share = min(units, room[offer.balance_id])
            found.append(Choice(offer, share, why, len(open_)))
            units -= share
            equal.remove(offer)
    return found


@dataclass(frozen=True)
class Served:
    """What is taken now, and how many units more are worth waiting for: a walk is bringing them to a pick face."""

    choices: list[Choice]
    coming: int = 0


def serve(
    offers: Sequence[Offer], reserve: Collection[int], units: int, taken: Mapping[int, int], reach: Reach, coming: int
) -> Served:
    """As `choose`, of goods with pick faces: from the faces; what these lack is waited for if all of it is `coming`, and
    else taken from `reserve` (balance ids).
    """
    found = choose([offer for offer in offers if offer.balance_id not in reserve], units, taken, reach)
    lacking = units - sum(choice.units for choice in found)
    if 0 < lacking <= coming:
        return Served(found, lacking)
    if lacking and reserve:
        found += choose([offer for offer in offers if offer.balance_id in reserve], lacking, taken, reach)
    return Served(found)


def _best(equal: Sequence[Offer], units: int, room: Mapping[int, int], reach: Reach) -> tuple[Offer, Why]:
    """The row to take from, of rows that are due equally, and what decided."""
    whole = [offer for offer in equal if offer.unit_whole is not None and offer.unit_whole == room[offer.balance_id]
             and offer.unit_whole <= units]  # fmt: skip
    if whole:
        largest = max(room[offer.balance_id] for offer in whole)
        return _nearest([offer for offer in whole if room[offer.balance_id] == largest], reach)[0], Why.WHOLE_UNIT
    enough = [offer for offer in equal if room[offer.balance_id] >= units]
    if not enough:
        largest = max(room[offer.balance_id] for offer in equal)
        chosen, decided = _nearest([offer for offer in equal if room[offer.balance_id] == largest], reach)
        return chosen, Why.SHORTEST_WALK if decided else Why.FEWEST_TOUCHES
    loose = [offer for offer in enough if not offer.in_unit] or enough  # a container is not opened without need
    chosen, decided = _nearest(loose, reach)
    return chosen, Why.SHORTEST_WALK if decided else Why.FEWEST_TOUCHES


def _nearest(offers: Sequence[Offer], reach: Reach) -> tuple[Offer, bool]:
    """The nearest row, and whether there was another to walk to."""
    return min(offers, key=lambda offer: (reach(offer), offer.balance_id)), len(offers) > 1
