"""What a wave is planned from, read without a lock, and the plan made of it. What changes until the release is noticed
there (`waves.release_plan`).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility import layout, queries
from wms.inventory import allocations
from wms.inventory.allocations import Offered
from wms.inventory.choosing import OfferKey, Why
from wms.outbound import bins, carts, lane_walks, rules, zoned
from wms.outbound.bins import Bin, Line
from wms.outbound.service import lanes
from wms.planning.distances import distance_of
from wms.planning.totes import Size
from wms.platform.statements import Statement

NOTHING = Offered([], {})

# Of orders by zone only their bins tell; so many of the most urgent are looked at.
LOOKED_AT = 2_000

_READY = Statement(
    "SELECT o.id, o.number FROM outbound_order o JOIN warehouse w ON w.id = o.warehouse_id"
    " LEFT JOIN service s ON s.id = o.service_id LEFT JOIN carrier c ON c.id = s.carrier_id"
    " CROSS JOIN LATERAL (SELECT sum(l.quantity) AS units, count(DISTINCT l.product_id) AS products FROM order_line l"
    "  WHERE l.order_id = o.id) x WHERE o.warehouse_id = :warehouse AND o.state = 'promised'"
    " AND o.holds = 0 AND o.interception <> 'requested'"
    " AND (CAST(:only AS uuid[]) IS NULL OR o.id = ANY(CAST(:only AS uuid[])))"
    " AND (o.customs_state IN ('none', 'released') OR (o.customs_state = 'waiting' AND w.before_release <> 'nothing'))"
    " AND (CAST(:carriers AS text[]) IS NULL OR c.code = ANY(CAST(:carriers AS text[])))"
    " AND (CAST(:before AS timestamptz) IS NULL OR o.ordered_at < CAST(:before AS timestamptz))"
    " AND (CAST(:kinds AS text[]) IS NULL OR CASE WHEN o.kind <> 'dropship' THEN 'b2b' WHEN x.units = 1 THEN"
    "  'single_unit' WHEN x.products = 1 THEN 'single_line' ELSE 'multi_line' END = ANY(CAST(:kinds AS text[])))"
    " ORDER BY o.priority DESC, o.ordered_at, o.id LIMIT :limit"
)
_DEMANDS = Statement(
    "SELECT d.id, d.order_id, d.product_id, p.sku, coalesce(p.measured_weight_g, p.declared_weight_g) AS weight,"
    " coalesce(p.measured_length_mm, p.declared_length_mm) AS length,"
    " coalesce(p.measured_width_mm, p.declared_width_mm) AS width,"
    " coalesce(p.measured_height_mm, p.declared_height_mm) AS height"
    " FROM demand d JOIN product p ON p.id = d.product_id WHERE d.order_id = ANY(CAST(:orders AS uuid[]))"
)
_STOPS = Statement(
    "SELECT a.id AS allocation_id, a.subject_id AS demand_id, a.balance_id, a.open_quantity, b.location_id,"
    " b.product_id, l.walk_order, l.zone_id, l.aisle, l.bay, l.code, b.handling_unit_id IS NOT NULL AND a.open_quantity ="
    " b.on_hand AND NOT EXISTS (SELECT 1 FROM balance x WHERE x.handling_unit_id = b.handling_unit_id AND x.on_hand > 0"
    "  AND x.id <> b.id) AS is_whole, CASE WHEN n.batch IS NOT NULL OR n.min_expires_on IS NOT NULL"
    "  OR n.handling_unit_id IS NOT NULL OR n.condition <> 'good'"
    f"  THEN '{Why.PINNED.value}' WHEN o.kind = ANY(ARRAY{sorted(rules.TAKES_EXPIRED)}) THEN '{Why.UNSOLD_FIRST.value}'"
    f"  ELSE '{Why.CLAIMED.value}' END AS why FROM allocation a"
    " JOIN balance b ON b.id = a.balance_id JOIN location l ON l.id = b.location_id JOIN demand d ON d.id = a.subject_id"
    " JOIN order_line n ON n.id = d.order_line_id JOIN outbound_order o ON o.id = d.order_id WHERE a.subject_kind = 'demand'"
    " AND a.subject_id = ANY(CAST(:demands AS uuid[])) AND a.open_quantity > 0"
    " AND NOT EXISTS (SELECT 1 FROM pick_task t WHERE t.allocation_id = a.id) ORDER BY l.walk_order, a.id"
)
_SETTINGS = Statement(
    f"SELECT {', '.join(f's.{each.name}' for each in fields(carts.Settings))} FROM warehouse w"
    " LEFT JOIN wave_setting s ON s.warehouse_id = w.id WHERE w.id = :warehouse"
)
_SLOTS = Statement("SELECT count(*) FROM put_wall_slot WHERE warehouse_id = :warehouse AND wall = :wall")
_ZONES = Statement("SELECT id FROM zone WHERE warehouse_id = :warehouse AND code = ANY(CAST(:codes AS text[]))")


def stops_of(demand_ids: Sequence[uuid.UUID]) -> Sequence[Any]:
    """Allocations of these demands that are not yet on a walk, in the order of bins."""
    return _STOPS.all({"demands": list(demand_ids)})


def settings_of(warehouse_id: uuid.UUID) -> carts.Settings | None:
    """Carts and rates of a warehouse, as the office said, or as is usual; None where there is no such warehouse."""
    row = _SETTINGS.first({"warehouse": warehouse_id})
    if row is None or row.cart_totes is None:
        return None if row is None else carts.Settings()
    return carts.Settings(**row._asdict())


@dataclass(frozen=True)
class Facts:
    """What was read. `lines` by order, the most urgent first. `zones`: those of the selection."""

    warehouse_id: uuid.UUID
    floor: layout.Floor
    settings: carts.Settings
    selection: carts.Selection
    lines: list[list[Line]]
    bins: dict[uuid.UUID, Bin]
    zones: frozenset[uuid.UUID]
    coming: Mapping[OfferKey, int]  # on their way to pick faces
    slots: int = 0  # of the selection's put wall
    singles: frozenset[uuid.UUID] = frozenset()  # orders of one piece, where the selection plans them as a fast lane


def read(
    actor: Actor, warehouse_id: uuid.UUID, selection: carts.Selection, order_ids: Sequence[uuid.UUID] | None = None
) -> Facts:
    """What a wave of this selection (of `order_ids` only, where given) is planned from. 404 outside the actor's scope."""
    settings = settings_of(warehouse_id) if actor.sees_warehouse(warehouse_id) else None
    if settings is None:
        raise not_found("warehouse")
    floor = queries.floor_of(warehouse_id)
    ready = _READY.all(_wanted(warehouse_id, selection, order_ids))
    numbers = {row.id: row.number for row in ready}
    demands = _DEMANDS.all({"orders": list(numbers)}) if numbers else []
    promises = allocations.open_promises(warehouse_id, "demand", [row.id for row in demands]) if demands else []
    pooled = [row for row in promises if row.any_bin and row.wanted > 0]
    faced = {row.product_id for row in pooled if row.is_faced}
    offered = allocations.offers(warehouse_id, {row.product_id for row in pooled}, faced)
    claimed = [row.subject_id for row in promises if row.wanted < row.open_quantity]
    standing = stops_of(claimed) if claimed else []
    rows = {row.location_id: row for each in offered.values() for row in each.rows.values()}
    rows |= {row.location_id: row for row in standing}
    places = {key: bin_of(floor, row) for key, row in rows.items()}
    lines = _lines(demands, promises, offered, standing, places, numbers)
    wall = selection.wall
    slots = _SLOTS.scalar({"warehouse": warehouse_id, "wall": wall}) if wall else 0
    if wall and not slots:
        raise Refused("no_such_wall", {"wall": wall})
    coming = allocations.coming_to_faces(warehouse_id, faced)
    singles = lanes.alike(numbers) if selection.is_lane else frozenset()
    return Facts(
        warehouse_id, floor, settings, selection, lines, places, _zones(warehouse_id, selection), coming, slots, singles
    )


def _zones(warehouse_id: uuid.UUID, selection: carts.Selection) -> frozenset[uuid.UUID]:
    if not selection.zones:
        return frozenset()
    return frozenset(_ZONES.column({"warehouse": warehouse_id, "codes": list(selection.zones)}))


def _wanted(
    warehouse_id: uuid.UUID, selection: carts.Selection, order_ids: Sequence[uuid.UUID] | None
) -> dict[str, Any]:
    limit = min(selection.limit, carts.MOST_ORDERS)
    return {
        "warehouse": warehouse_id, "only": None if order_ids is None else list(order_ids),
        "carriers": list(selection.carriers) or None, "kinds": list(selection.kinds) or None,
        "before": selection.before, "limit": LOOKED_AT if selection.zones else limit,
    }  # fmt: skip


def bin_of(floor: layout.Floor, row: Any) -> Bin:
    """Where the bin of a row is that says its zone_id, aisle, bay, code and walk_order."""
    named = (row.aisle, row.bay) if row.aisle is not None and row.bay is not None else layout.numbers_of(row.code)
    aisle, bay = named or (None, None)
    return Bin(floor.place(row.zone_id, aisle, bay), row.walk_order, row.zone_id)


def _lines(
    demands: Sequence[Any], promises: Sequence[Any], offered: Mapping[OfferKey, Offered], standing: Sequence[Any],
    places: Mapping[uuid.UUID, Bin], numbers: Mapping[uuid.UUID, str],
) -> list[list[Line]]:  # fmt: skip
    """The lines of each order, in the order of `numbers`. A demand whose pinned bin was lost wants what no bin offers."""
    sizes = {row.id: _size(row) for row in demands}
    promised = {row.subject_id: row for row in promises}
    stops: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in standing:
        stops[row.demand_id].append(row)
    found: dict[uuid.UUID, list[Line]] = {order: [] for order in numbers}
    for row in demands:
        promise = promised.get(row.id)
        goods = None if promise is None or not promise.any_bin else _key(promise)
        own = NOTHING if goods is None else offered.get(goods, NOTHING)
        already = tuple(
            bins.pinned(
                row.order_id, each, places[each.location_id], bins.TAKES_NO_ROOM if each.is_whole else sizes[row.id]
            )
            for each in stops[row.id]
        )
        wanted = max(0, promise.wanted) if promise is not None else 0
        found[row.order_id].append(
            Line(
                row.order_id,
                numbers[row.order_id],
                row.id,
                row.product_id,
                row.sku,
                sizes[row.id],
                wanted,
                own.offers,
                already,
                own.reserve,
                goods,
            )
        )
    return list(found.values())


def _size(row: Any) -> Size:
    """One unit: volume in cm³, weight in g."""
    return Size(1, -(-row.length * row.width * row.height // 1_000), row.weight)


def _key(promise: Any) -> OfferKey:
    return (promise.owner_id, promise.product_id, promise.customs_status, promise.book_item_id)


def plan(facts: Facts, *, effort: float = 1.0) -> carts.Plan:
    """The plan of what was read: bins, carts, walks. No question to the database."""
    drawn = facts.floor.layout
    chosen = bins.choose_bins(
        facts.lines, facts.bins, distance_of(drawn), drawn.trips[0].start,
        limit=facts.selection.limit, zones=facts.zones if facts.selection.zones else None, coming=facts.coming,
    )  # fmt: skip
    settings = facts.settings
    if facts.slots:  # as many orders to a walk as the wall has slots
        settings = replace(settings, cart_totes=facts.slots)
    made = _plan_walks(facts, chosen.orders, settings, effort)
    made = replace(made, short=tuple(chosen.short), wall=facts.selection.wall)
    if facts.slots and facts.selection.by_zone:
        made = zoned.part_by_zone(made, drawn, {place: each.zone for place, each in facts.bins.items()})
    return made


def _plan_walks(
    facts: Facts, orders: Sequence[Sequence[carts.Stop]], settings: carts.Settings, effort: float
) -> carts.Plan:
    """Orders of one piece that any unit serves on walks of the fast lane, the others on carts; the time is shared."""
    shared = [
        stops for stops in orders if stops[0].order_id in facts.singles and lane_walks.may_share(stops, settings)
    ]  # fmt: skip
    if not shared:
        return carts.plan_walks(facts.warehouse_id, facts.floor.layout, orders, settings, effort=effort)
    theirs = {stops[0].order_id for stops in shared}
    others = [stops for stops in orders if stops[0].order_id not in theirs]
    share = settings.planning_ms * len(shared) // len(orders)
    lane = lane_walks.plan_lanes(
        facts.warehouse_id, facts.floor.layout, shared, replace(settings, planning_ms=max(1, share)), effort=effort
    )
    left = replace(settings, planning_ms=max(1, settings.planning_ms - share))
    made = carts.plan_walks(facts.warehouse_id, facts.floor.layout, others, left, effort=effort)
    return lane_walks.joined(lane, made, orders)
