"""Walks of the fast lane (单件快线): orders of one piece share containers, so a walk takes as many as these hold. Pure.

`wms.planning` groups them as orders that share one large box, the size of all totes of a cart together; what that box cannot
know, that a piece lies in one tote and not in two, is looked at afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from wms.outbound.carts import SEED, Plan, Settings, Stop, Walk, group, length_by_bins, seconds_of, walk_through
from wms.planning.budget import Budget
from wms.planning.improve import TooManyStops
from wms.planning.layout import Layout
from wms.planning.route import NoWay
from wms.planning.totes import UNLIMITED, Cart, Line, Size, fill


def may_share(stops: Sequence[Stop], settings: Settings) -> bool:
    """Whether an order is one piece that goes into a tote: no container that goes as it is, nothing larger than a tote."""
    if len(stops) != 1 or stops[0].units != 1:
        return False
    each = stops[0].each
    return each.units == 1 and each.fits(settings.cart.tote)


def plan_lanes(
    warehouse_id: uuid.UUID, layout: Layout, orders: Sequence[Sequence[Stop]], settings: Settings,
    *, effort: float = 1.0, seed: int = SEED,
) -> Plan:  # fmt: skip
    """Walks for orders that `may_share`; at most `lane_orders` and the totes of a cart each. Grouped for the fewest metres, bin
    after bin, or as they came, whichever takes the least time: a walk that is saved saves more than some metres.
    `unplanned`: of walks filled as the orders came.
    """
    budget = Budget(seed=seed, effort=effort, ceiling_ms=settings.planning_ms)
    came = _filled(orders, settings)
    fillings = [came, _filled(sorted(orders, key=_bin_of), settings)]
    try:
        groups = group(layout, orders, _box(settings), budget)
        fillings.append([part for stops in groups for part in _filled([[stop] for stop in stops], settings)])
    except (NoWay, TooManyStops):
        pass  # a layout that cannot be walked as it is drawn: by the order of bins
    plans = [_laid(layout, filling, settings, seed) for filling in fillings]
    walks = min(plans, key=lambda laid: sum(seconds_of(walk, settings) for walk in laid))
    return Plan(warehouse_id, tuple(walks), sum(length_by_bins(layout, stops) for stops in came), seed=seed)


def _bin_of(stops: Sequence[Stop]) -> tuple[int, int]:
    return (stops[0].walk_order, stops[0].balance_id)


def _laid(layout: Layout, groups: Iterable[Sequence[Stop]], settings: Settings, seed: int) -> list[Walk]:
    return [
        replace(walk_through(layout, stops, containers(stops, settings), seed), is_lane=True) for stops in groups
    ]  # fmt: skip


def containers(stops: Iterable[Stop], settings: Settings) -> int:
    """How many totes these pieces fill."""
    return len(fill([Line(place, stop.units, stop.each) for place, stop in enumerate(stops)], settings.cart))


def joined(lanes: Plan, carts: Plan, turn: Sequence[Sequence[Stop]]) -> Plan:
    """One plan of both, the walk of the most urgent order first. `turn`: all orders, the most urgent first."""
    place = {stops[0].order_id: at for at, stops in enumerate(turn)}

    def urgency(walk: Walk) -> int:
        return min(place[order] for order in walk.orders)

    walks = sorted([*lanes.walks, *carts.walks], key=urgency)
    return replace(carts, walks=tuple(walks), unplanned=lanes.unplanned + carts.unplanned)


def _box(settings: Settings) -> Cart:
    """All totes of a cart as one, in which orders share the room."""
    units, volume, weight = (
        limit if limit == UNLIMITED else limit * settings.cart_totes for limit in settings.cart.tote
    )  # fmt: skip
    return Cart(None, Size(min(units, settings.lane_orders), volume, weight), split=False)


def _filled(orders: Iterable[Sequence[Stop]], settings: Settings) -> list[list[Stop]]:
    """Walks filled in the order given."""
    walks: list[list[Stop]] = []
    for stops in orders:
        last = [*walks[-1], *stops] if walks else []
        if last and len(last) <= settings.lane_orders and containers(last, settings) <= settings.cart_totes:
            walks[-1] = last
        else:
            walks.append(list(stops))
    return walks
