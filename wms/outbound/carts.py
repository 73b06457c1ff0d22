"""Orders onto carts and carts through the aisles: what a wave will be, and what it will cost. Pure (docs/waves.md).

`wms.planning` does the mathematics; here its problem is made of an order's stops, and its answer is compared with bins in
the order of their codes, which it never exceeds.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from wms.outbound.rules import ORDERS_PER_BATCH
from wms.planning import batch
from wms.planning.budget import Budget
from wms.planning.distances import UNREACHABLE, distance_of
from wms.planning.improve import TooManyStops
from wms.planning.layout import UM_PER_M, Layout, Place
from wms.planning.route import NoWay, route_in_layout
from wms.planning.totes import UNLIMITED, Cart, Line, Size, TooLarge, fill

MOST_ORDERS: Final = 1_000  # of one wave
USUAL_ORDERS: Final = 96  # eight carts; one label bundle holds up to 100 waybills
ORDERS_PER_LANE: Final = 48  # of one piece, on a walk: four carts of totes
SINGLE_UNIT: Final = "single_unit"
KINDS: Final = (SINGLE_UNIT, "single_line", "multi_line", "b2b")
SEED: Final = 1
ROUTE_CEILING_MS: Final = 50


@dataclass(frozen=True)
class Settings:
    """A cart and its totes (None: without limit), how fast people are, and how long a plan may be searched for.
    `minutes_per_wave`: in which a wave is to be picked; so many people does it need. `lane_orders`: on a walk of the fast
    lane at most (`lane_walks`).
    """

    cart_totes: int = ORDERS_PER_BATCH
    tote_units: int | None = None
    tote_volume_cm3: int | None = None
    tote_weight_g: int | None = None
    metres_per_minute: int = 50
    seconds_per_walk: int = 90
    seconds_per_stop: int = 12
    seconds_per_unit: int = 3
    minutes_per_wave: int = 60
    planning_ms: int = 10_000
    lane_orders: int = ORDERS_PER_LANE

    @property
    def cart(self) -> Cart:
        limits = (self.tote_units, self.tote_volume_cm3, self.tote_weight_g)
        units, volume, weight = (UNLIMITED if limit is None else limit for limit in limits)
        return Cart(self.cart_totes, Size(units, volume, weight), split=True)


@dataclass(frozen=True)
class Selection:
    """Which ready orders a wave takes, the most urgent first. Empty `kinds`, `carriers`, `zones` (their codes): all.
    `before`: ordered before. `zones`: all of an order's goods lie in these. `wall`: the put wall to sort at; empty: each
    order is picked into a tote of its own. `by_zone`: for a wall, the goods of each zone on a walk of their own (`zoned`).
    `own_totes`: each order of one piece into a tote of its own as well.
    """

    limit: int = USUAL_ORDERS
    kinds: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    before: datetime | None = None
    wall: str = ""
    by_zone: bool = False
    own_totes: bool = False

    @property
    def is_lane(self) -> bool:
        """Whether orders of one piece share containers: where it takes no others, unless something else is said."""
        return self.kinds == (SINGLE_UNIT,) and not self.wall and not self.own_totes

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"before": self.before.isoformat() if self.before else None}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Selection:
        several = {name: tuple(data.get(name) or ()) for name in ("kinds", "carriers", "zones")}
        before = data.get("before")
        moment = datetime.fromisoformat(before) if before else None
        return cls(
            limit=data.get("limit", USUAL_ORDERS), before=moment, wall=data.get("wall") or "",
            by_zone=bool(data.get("by_zone")), own_totes=bool(data.get("own_totes")), **several,
        )  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """So many units of one row of stock for one demand. `each`: size of a unit (1, cm³, g). `allocation_id`: by which the
    row is claimed for it already.
    """

    order_id: uuid.UUID
    demand_id: uuid.UUID
    product_id: uuid.UUID
    balance_id: int
    location_id: uuid.UUID
    place: Place
    walk_order: int
    units: int
    each: Size
    why: str
    choices: int
    allocation_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Walk:
    """One cart: its stops in walking order; lengths in µm; `bin_order`: the same stops by the order of bins. `zone`: of all
    its stops, where a walk is parted by zones. `is_lane`: orders of one piece, together into `totes` containers.
    """

    stops: tuple[Stop, ...]
    planned: int
    bin_order: int
    totes: int
    zone: uuid.UUID | None = None
    is_lane: bool = False

    @property
    def orders(self) -> tuple[uuid.UUID, ...]:
        return tuple(dict.fromkeys(stop.order_id for stop in self.stops))

    @property
    def halts(self) -> int:
        """How often the picker stops: in the lane once for a row of stock, for however many orders."""
        return len({stop.balance_id for stop in self.stops}) if self.is_lane else len(self.stops)


@dataclass(frozen=True)
class Short:
    """An order that is left out: so many units of a product no bin can give now. `is_coming`: a walk brings them."""

    order_id: uuid.UUID
    number: str
    sku: str
    missing: int
    is_coming: bool = False


@dataclass(frozen=True)
class Plan:
    """`unplanned`: µm of carts filled as the orders came, walked by the order of bins."""

    warehouse_id: uuid.UUID
    walks: tuple[Walk, ...] = ()
    unplanned: int = 0
    short: tuple[Short, ...] = ()
    seed: int = SEED
    wall: str = ""

    @property
    def orders(self) -> list[uuid.UUID]:
        return list(dict.fromkeys(order for walk in self.walks for order in walk.orders))

    @property
    def stops(self) -> list[Stop]:
        return [stop for walk in self.walks for stop in walk.stops]


@dataclass(frozen=True)
class Cost:
    """What a plan takes: `totes` on all carts, `minutes` of all people together."""

    orders: int
    carts: int
    totes: int
    stops: int
    units: int
    metres: float
    bin_order_metres: float
    unplanned_metres: float
    minutes: int
    people: int


def cost_of(plan: Plan, settings: Settings) -> Cost:
    """By the stated rates: so long a walk, a stop, a unit, and metres a minute."""
    seconds = sum(seconds_of(walk, settings) for walk in plan.walks)
    minutes = -(-int(seconds) // 60)
    people = min(len(plan.walks), -(-minutes // settings.minutes_per_wave))
    return Cost(
        orders=len(plan.orders), carts=len(plan.walks), totes=sum(walk.totes for walk in plan.walks),
        stops=sum(walk.halts for walk in plan.walks), units=sum(stop.units for stop in plan.stops),
        metres=metres_of(sum(walk.planned for walk in plan.walks)),
        bin_order_metres=metres_of(sum(walk.bin_order for walk in plan.walks)),
        unplanned_metres=metres_of(plan.unplanned), minutes=minutes, people=people,
    )  # fmt: skip


def seconds_of(walk: Walk, settings: Settings) -> float:
    """How long one walk takes. Goods from one bin are one stop, for however many orders."""
    return (
        settings.seconds_per_walk + len({stop.location_id for stop in walk.stops}) * settings.seconds_per_stop
        + sum(stop.units for stop in walk.stops) * settings.seconds_per_unit
        + walk.planned / UM_PER_M / settings.metres_per_minute * 60
    )  # fmt: skip


def metres_of(length: int) -> float:
    return round(length / UM_PER_M, 1)


def plan_walks(
    warehouse_id: uuid.UUID, layout: Layout, orders: Sequence[Sequence[Stop]], settings: Settings,
    *, effort: float = 1.0, seed: int = SEED,
) -> Plan:  # fmt: skip
    """Walks for these orders (each its stops), the same for the same orders and seed unless the time ends first.

    An order that fills more totes than a cart has walks alone.
    """
    alone, shared = _by_size(orders, settings.cart)
    budget = Budget(seed=seed, effort=effort, ceiling_ms=settings.planning_ms)
    came = [list(itertools.chain(*cart)) for cart in _as_they_came(shared, settings.cart)]
    try:
        groups = group(layout, [stops for stops, _ in shared], settings.cart, budget)
    except (NoWay, TooManyStops):  # a layout that cannot be walked as it is drawn: by the order of bins
        groups = came
    totes = {stops[0].order_id: count for stops, count in [*shared, *alone]}
    by_themselves = [list(stops) for stops, _ in alone]
    walks = [_walk(layout, stops, totes, seed) for stops in [*groups, *by_themselves]]
    turn = {stops[0].order_id: at for at, stops in enumerate(orders)}
    walks.sort(
        key=lambda walk: min(turn[order] for order in walk.orders)
    )  # the most urgent order's walk is taken first
    unplanned = sum(length_by_bins(layout, stops) for stops in [*came, *by_themselves])
    return Plan(warehouse_id, tuple(walks), unplanned, seed=seed)


Sized = tuple[Sequence[Stop], int]  # an order's stops, and the totes it fills


def _by_size(orders: Sequence[Sequence[Stop]], cart: Cart) -> tuple[list[Sized], list[Sized]]:
    """Orders that walk alone, and those that may share a cart."""
    alone: list[Sized] = []
    shared: list[Sized] = []
    for stops in orders:
        lines = [Line(place, stop.units, stop.each) for place, stop in enumerate(stops)]
        try:
            totes = len(fill(lines, cart))
        except TooLarge:
            totes = (cart.totes or 1) + 1
        (alone if totes > (cart.totes or 1) else shared).append((stops, totes))
    return alone, shared


def _as_they_came(orders: Iterable[Sized], cart: Cart) -> list[list[Sequence[Stop]]]:
    """Carts filled in the order given."""
    carts: list[list[Sequence[Stop]]] = []
    left = 0
    for stops, totes in orders:
        if totes > left or not carts:
            carts.append([])
            left = cart.totes or 1
        carts[-1].append(stops)
        left -= totes
    return carts


def group(layout: Layout, orders: Sequence[Sequence[Stop]], cart: Cart, budget: Budget) -> list[list[Stop]]:
    """Stops by cart, as the planner groups orders. Raises `NoWay` and `TooManyStops`."""
    if not orders:
        return []
    places = sorted({stop.place for stops in orders for stop in stops})
    bits = {place: bit for bit, place in enumerate(places)}
    asked = [batch.Order(tuple(Line(bits[stop.place], stop.units, stop.each) for stop in stops)) for stops in orders]
    found = batch.plan(batch.LayoutArea(layout, places), asked, cart, budget)
    return [list(itertools.chain(*(orders[index] for index in each.orders))) for each in found.batches]


def _walk(layout: Layout, stops: Sequence[Stop], totes: dict[uuid.UUID, int], seed: int) -> Walk:
    filled = sum(totes[order] for order in dict.fromkeys(stop.order_id for stop in stops))
    return walk_through(layout, stops, filled, seed)


def walk_through(layout: Layout, stops: Sequence[Stop], totes: int, seed: int = SEED) -> Walk:
    """One cart's walk through these stops."""
    planned, ordered = in_sequence(layout, stops, seed)
    return Walk(tuple(ordered), planned, length_by_bins(layout, stops), totes)


def in_sequence(layout: Layout, stops: Sequence[Stop], seed: int = SEED) -> tuple[int, list[Stop]]:
    """The length (µm) of the walk through these stops, and the stops as it passes them; never longer than by bins."""
    by_bins = _by_bins(layout, stops)
    try:
        found = route_in_layout(layout, [stop.place for stop in stops], Budget(seed=seed, ceiling_ms=ROUTE_CEILING_MS))
    except (NoWay, TooManyStops):
        return by_bins
    if found.length >= by_bins[0]:
        return by_bins
    turn = {place: at for at, place in enumerate(dict.fromkeys(stops[index].place for index in found.sequence))}
    return found.length, sorted(stops, key=lambda stop: (turn[stop.place], *_bin_order(stop)))


def length_by_bins(layout: Layout, stops: Sequence[Stop]) -> int:
    """µm of the walk through these stops by the order of bins."""
    return _by_bins(layout, stops)[0]


def _by_bins(layout: Layout, stops: Sequence[Stop]) -> tuple[int, list[Stop]]:
    ordered = sorted(stops, key=_bin_order)
    return length_of(layout, [stop.place for stop in ordered]), ordered


def _bin_order(stop: Stop) -> tuple[int, int, uuid.UUID]:
    return (stop.walk_order, stop.balance_id, stop.demand_id)


def length_of(layout: Layout, places: Sequence[Place]) -> int:
    """µm of the walk through these places in this order, on the best of the layout's trips; 0 where there is no way."""
    distance = distance_of(layout)
    inner = sum(distance(here, there) for here, there in itertools.pairwise(places))
    ways = [distance(trip.start, places[0]) + inner + distance(places[-1], trip.end) for trip in layout.trips]
    shortest = min(ways)
    return 0 if shortest >= UNREACHABLE else shortest


def as_data(plan: Plan) -> dict[str, Any]:
    """The plan as JSON keeps it."""
    return {
        "warehouse_id": str(plan.warehouse_id), "unplanned": plan.unplanned, "seed": plan.seed, "wall": plan.wall,
        "walks": [
            {"planned": walk.planned, "bin_order": walk.bin_order, "totes": walk.totes,
             "stops": [_stop_as_data(stop) for stop in walk.stops], "zone": str(walk.zone) if walk.zone else None,
             "is_lane": walk.is_lane}
            for walk in plan.walks
        ],
        "short": [[str(each.order_id), each.number, each.sku, each.missing, each.is_coming] for each in plan.short],
    }  # fmt: skip


def _stop_as_data(stop: Stop) -> list[Any]:
    ids = [str(stop.order_id), str(stop.demand_id), str(stop.product_id), str(stop.location_id)]
    claimed = str(stop.allocation_id) if stop.allocation_id else None
    return [ids, stop.balance_id, stop.place, stop.walk_order, stop.units, stop.each, stop.why, stop.choices, claimed]


def from_data(data: dict[str, Any]) -> Plan:
    """The plan that `as_data` wrote."""
    walks = tuple(
        Walk(
            tuple(_stop_from_data(stop) for stop in walk["stops"]),
            walk["planned"],
            walk["bin_order"],
            walk["totes"],
            uuid.UUID(walk["zone"]) if walk.get("zone") else None,
            bool(walk.get("is_lane")),
        )
        for walk in data["walks"]
    )
    short = tuple(Short(uuid.UUID(order), *rest) for order, *rest in data["short"])
    return Plan(uuid.UUID(data["warehouse_id"]), walks, data["unplanned"], short, data["seed"], data["wall"])


def _stop_from_data(row: list[Any]) -> Stop:
    ids, balance, place, walk_order, units, each, why, choices, claimed = row
    order, demand, product, location = (uuid.UUID(key) for key in ids)
    return Stop(
        order, demand, product, balance, location, Place(*place), walk_order, units, Size(*each), why, choices,
        claimed and uuid.UUID(claimed),
    )  # fmt: skip
