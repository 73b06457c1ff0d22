"""Which bin serves which line of a wave. Pure: the rules of `inventory.choosing`, with the walk as the last of them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wms.inventory.choosing import Choice, Offer, OfferKey, serve
from wms.outbound.carts import Short, Stop
from wms.planning.distances import Distance
from wms.planning.layout import Place
from wms.planning.totes import NOTHING as TAKES_NO_ROOM
from wms.planning.totes import Size


@dataclass(frozen=True)
class Line:
    """What a demand wants: `allocated` stops stand already; `units` more of what `offers` have."""

    order_id: uuid.UUID
    number: str
    demand_id: uuid.UUID
    product_id: uuid.UUID
    sku: str
    each: Size
    units: int
    offers: Sequence[Offer]
    allocated: tuple[Stop, ...] = ()
    reserve: frozenset[int] = frozenset()  # rows of `offers` behind its pick faces
    goods: OfferKey | None = None  # what it shares `coming` with


@dataclass(frozen=True)
class Bin:
    """Where a bin is: for the walk, in the order of bins, and in which zone."""

    place: Place
    walk_order: int
    zone: uuid.UUID


@dataclass(frozen=True)
class Chosen:
    """Orders with their stops, in the order given, and those that cannot be served."""

    orders: list[list[Stop]]
    short: list[Short]


def choose_bins(
    orders: Iterable[Sequence[Line]], bins: Mapping[uuid.UUID, Bin], distance: Distance, start: Place,
    *, limit: int, zones: Collection[uuid.UUID] | None = None, coming: Mapping[OfferKey, int] | None = None,
) -> Chosen:  # fmt: skip
    """Bins for the first `limit` orders that can be served whole (and, with `zones`, from these alone), one after the
    other: what one takes the next does not see. `coming`: units on their way to pick faces, which an order waits for.
    """
    taken: dict[int, int] = defaultdict(int)
    expected = dict(coming or {})
    found = Chosen([], [])
    for lines in orders:
        if len(found.orders) == limit:
            break
        stops, missing, own = _serve(lines, bins, distance, start, taken, expected)
        if missing is not None:
            found.short.append(missing)
        elif stops and (zones is None or all(bins[stop.location_id].zone in zones for stop in stops)):
            found.orders.append(stops)
            for balance_id, units in own.items():
                taken[balance_id] += units
    return found


def _serve(
    lines: Sequence[Line],
    bins: Mapping[uuid.UUID, Bin],
    distance: Distance,
    start: Place,
    taken: Mapping[int, int],
    expected: dict[OfferKey, int],
) -> tuple[list[Stop], Short | None, dict[int, int]]:
    """The stops of one order, or what it lacks; and what that takes of each row. Lines that leave no choice first: the
    others are then fetched near them.
    """
    stops = [stop for line in lines for stop in line.allocated]
    used: dict[int, int] = defaultdict(int)
    for line in sorted((line for line in lines if line.units), key=lambda line: (len(line.offers), line.demand_id)):
        reach = _reach(bins, distance, [stop.place for stop in stops] or [start])
        both = {offer.balance_id: taken.get(offer.balance_id, 0) + used[offer.balance_id] for offer in line.offers}
        on_its_way = expected.get(line.goods, 0) if line.goods is not None else 0
        served = serve(line.offers, line.reserve, line.units, both, reach, on_its_way)
        if served.coming and line.goods is not None:
            expected[line.goods] -= served.coming
        missing = line.units - sum(choice.units for choice in served.choices)
        if missing:
            return [], Short(line.order_id, line.number, line.sku, missing, is_coming=served.coming == missing), {}
        for choice in served.choices:
            used[choice.offer.balance_id] += choice.units
            stops.append(_stop(line, choice, bins[choice.offer.location_id]))
    return stops, None, used


def _reach(bins: Mapping[uuid.UUID, Bin], distance: Distance, near: Sequence[Place]) -> Callable[[Offer], int]:
    """How far a bin is from where the picker has to be anyway."""

    def reach(offer: Offer) -> int:
        place = bins[offer.location_id].place
        return min(distance(each, place) for each in near)

    return reach


def _stop(line: Line, choice: Choice, bin_: Bin) -> Stop:
    offer = choice.offer
    whole = offer.unit_whole is not None and choice.units == offer.unit_whole  # it goes as it is, into no tote
    return Stop(
        line.order_id, line.demand_id, line.product_id, offer.balance_id, offer.location_id, bin_.place, bin_.walk_order,
        choice.units, TAKES_NO_ROOM if whole else line.each, choice.why.value, choice.choices,
    )  # fmt: skip


def pinned(order_id: uuid.UUID, row: Any, bin_: Bin, each: Size) -> Stop:
    """A stop whose bin is chosen: when the order was promised, or for a walk that is laid anew. The row says `why`."""
    return Stop(
        order_id, row.demand_id, row.product_id, row.balance_id, row.location_id, bin_.place, bin_.walk_order,
        row.open_quantity, each, row.why, 1, row.allocation_id,
    )  # fmt: skip
