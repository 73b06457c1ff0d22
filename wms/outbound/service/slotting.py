"""Which products to move where in a warehouse, from the walks of its last days, and the metres a day it saves.

The mathematics is `wms.planning.slotting`; here its problem is made of what was picked and of what stands where. A product
has one slot: the bin with nothing else in it that it was picked from most. Bins may be exchanged that are alike: same kind,
same seller, same climate, customs area and dangerous goods, same limits. Other bins of a product, and bins that several
products share, stay as they are.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.queries import floor_of
from wms.outbound.service.reading import bin_of
from wms.planning.batch import LayoutArea
from wms.planning.budget import Budget
from wms.planning.distances import distance_of
from wms.planning.improve import TooManyStops
from wms.planning.layout import UM_PER_M, Layout, Place
from wms.planning.slotting import NOBODY, Advice, Slot, advise
from wms.platform.database import session

MOST_DAYS = 90
MOST_MOVES = 50
LOOKED_AT = 300  # bins of the products walked to most, and as many others, the nearest to where walks begin
CEILING_MS = 4_000

_BINS = text(
    "SELECT l.id AS location_id, l.code, l.kind, l.zone_id, l.aisle, l.bay, l.walk_order, x.products, x.product_id,"
    " coalesce(l.owner_id, z.owner_id) AS owner_id, z.temperature, z.customs_area, z.dangerous_classes, l.max_weight_g,"
    " l.max_volume_cm3, l.max_units FROM location l JOIN zone z ON z.id = l.zone_id"
    " CROSS JOIN LATERAL (SELECT count(DISTINCT b.product_id) AS products, min(CAST(b.product_id AS text)) AS product_id"
    "  FROM balance b WHERE b.location_id = l.id AND b.is_there) x"
    " WHERE l.warehouse_id = :warehouse AND l.is_active AND l.kind IN ('storage', 'pick_face') ORDER BY l.walk_order, l.id"
)
_VISITS = text(
    "SELECT DISTINCT t.batch_id, CAST(t.product_id AS text) AS product_id, t.location_id FROM pick_task t"
    " JOIN pick_batch b ON b.id = t.batch_id WHERE b.warehouse_id = :warehouse AND b.created_at >= :since AND t.picked > 0"
    " LIMIT 200000"
)
_FIRST = text("SELECT min(created_at) FROM pick_batch WHERE warehouse_id = :warehouse AND created_at >= :since")
_NAMES = text(
    "SELECT CAST(p.id AS text) AS id, p.sku, p.name_en, p.name_zh, s.code AS seller FROM product p"
    " JOIN seller s ON s.id = p.owner_id WHERE p.id = ANY(CAST(:products AS uuid[]))"
)


@dataclass(frozen=True)
class History:
    """What was read: the layout, bins as rows with their place, and the products of each walk of so many `days`."""

    layout: Layout
    bins: Sequence[Any]
    places: Mapping[uuid.UUID, Place]
    visits: Sequence[Any]
    days: float


@dataclass(frozen=True)
class Move:
    """`product` from one bin to another, and `partner`, where there is one, back. `metres`: saved a day."""

    product: Any
    origin: str
    target: str
    partner: Any | None
    metres: float
    origin_id: uuid.UUID
    target_id: uuid.UUID


@dataclass(frozen=True)
class Found:
    """Moves in the order in which they are to be made; metres walked a day, before and after all of them."""

    moves: tuple[Move, ...]
    before: float
    after: float
    walks: int
    days: float


def read(actor: Actor, warehouse_id: uuid.UUID, days: int) -> History:
    """What was picked in the last so many days, and what stands where; no lock. 404 outside the actor's warehouses."""
    if not (actor.is_staff and actor.sees_warehouse(warehouse_id)):
        raise not_found("warehouse")
    since = clock.now() - timedelta(days=days)
    asked = {"warehouse": warehouse_id, "since": since}
    floor = floor_of(warehouse_id)
    bins = session().execute(_BINS, asked).all()
    first: datetime | None = session().execute(_FIRST, asked).scalar()
    passed = 0.0 if first is None else (clock.now() - first).total_seconds() / 86_400
    return History(
        floor.layout, bins, {row.location_id: bin_of(floor, row).place for row in bins},
        session().execute(_VISITS, asked).all(), max(1.0, passed),
    )  # fmt: skip


def find(history: History, most: int) -> Found:
    """At most so many moves. Refuses `slotting_no_history`, and `slotting_layout` where walks are too many to measure."""
    walks: dict[uuid.UUID, set[str]] = defaultdict(set)
    times: Counter[tuple[str, uuid.UUID]] = Counter()
    for visit in history.visits:
        walks[visit.batch_id].add(visit.product_id)
        times[visit.product_id, visit.location_id] += 1
    slot_of = _slot_of(history.bins, times)
    walked = [frozenset(walk & slot_of.keys()) for walk in walks.values()]
    walked = [walk for walk in walked if walk]
    if not walked:
        raise Refused("slotting_no_history", {})
    products = sorted(slot_of)
    number = {product: at for at, product in enumerate(products)}
    chosen = _looked_at(history, slot_of, Counter(product for walk in walked for product in walk))
    places = sorted({history.places[row.location_id] for row in [*chosen, *slot_of.values()]})
    bits = {place: bit for bit, place in enumerate(places)}

    def slot(row: Any) -> Slot:
        holds = row.products and slot_of.get(row.product_id) is row
        return Slot(bits[history.places[row.location_id]], number[row.product_id] if holds else NOBODY, _alike(row))

    try:
        length = LayoutArea(history.layout, places).measure().length
    except TooManyStops:
        raise Refused("slotting_layout", {}) from None
    moving = {row.location_id for row in chosen}
    fixed = [slot(row) for row in slot_of.values() if row.location_id not in moving]
    numbered = [frozenset(number[product] for product in walk) for walk in walked]
    advice = advise([slot(row) for row in chosen], fixed, numbered, length, most, Budget(ceiling_ms=CEILING_MS))
    return _in_words(advice, chosen, products, len(walked), history.days)


def _slot_of(bins: Sequence[Any], times: Mapping[tuple[str, uuid.UUID], int]) -> dict[str, Any]:
    """The bin of each product: of those that hold nothing else the one it was picked from most."""
    found: dict[str, Any] = {}
    for row in bins:
        if row.products != 1:
            continue
        known = found.get(row.product_id)
        if known is None or times.get((row.product_id, row.location_id), 0) > times.get(
            (row.product_id, known.location_id), 0
        ):
            found[row.product_id] = row
    return found


def _looked_at(history: History, slot_of: Mapping[str, Any], walked: Mapping[str, int]) -> list[Any]:
    """The bins that may be exchanged: of the products walked to most, and the nearest ones, empty or with a product's slot."""
    often = sorted(slot_of, key=lambda product: (-walked.get(product, 0), product))[:LOOKED_AT]
    chosen = {slot_of[product].location_id: slot_of[product] for product in often if walked.get(product)}
    distance, start = distance_of(history.layout), history.layout.trips[0].start
    others = [row for row in history.bins if row.products == 0 or slot_of.get(row.product_id) is row]
    others.sort(key=lambda row: (distance(start, history.places[row.location_id]), row.walk_order))
    chosen |= {row.location_id: row for row in others[:LOOKED_AT] if row.location_id not in chosen}
    return list(chosen.values())


def _alike(row: Any) -> str:
    """Bins with the same words here may be exchanged."""
    limits = (row.max_weight_g, row.max_volume_cm3, row.max_units)
    return repr((row.kind, row.owner_id, row.temperature, row.customs_area, sorted(row.dangerous_classes), limits))


def _in_words(advice: Advice, bins: Sequence[Any], products: Sequence[str], walks: int, days: float) -> Found:
    wanted = {each for move in advice.exchanges for each in (move.product, move.partner) if each != NOBODY}
    asked = {"products": [products[each] for each in wanted]}
    named = {row.id: row for row in session().execute(_NAMES, asked)} if wanted else {}

    def name(product: int) -> Any | None:
        return None if product == NOBODY else named[products[product]]

    moves = tuple(
        Move(name(each.product), bins[each.origin].code, bins[each.target].code, name(each.partner),
             each.saved / UM_PER_M / days, bins[each.origin].location_id, bins[each.target].location_id)
        for each in advice.exchanges
    )  # fmt: skip
    return Found(moves, advice.before / UM_PER_M / days, advice.after / UM_PER_M / days, walks, days)
