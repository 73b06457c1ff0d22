"""Bins with what stands in them: one statement for the candidates of a suggestion, one for a scanned place.

Candidates are looked up, never read through: by the product's own rows, and along indexes of the bins that are hinted to
be empty or to have room (`location.fill`), zone by zone, a few of each kind and class. A hint only says where to look:
what stands in a bin is read anew.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from wms.core import clock
from wms.inventory.putaway.rules import Bin, Content, Goods, Room
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

NOBODY = uuid.UUID(int=0)  # a holder that holds nothing
FEW = 4  # of each kind and class
SHARED = 12
SOME = 256  # rows of the product that are looked at: it may stand in thousands of bins
CLASSES = ("A", "B", "C")

_WEIGHT = "{0} * coalesce(p.measured_weight_g, p.declared_weight_g)::bigint"
_VOLUME = (
    "{0}::bigint * coalesce(p.measured_length_mm, p.declared_length_mm)"
    " * coalesce(p.measured_width_mm, p.declared_width_mm) * coalesce(p.measured_height_mm, p.declared_height_mm)"
)
# A place, who may stand there, and the room that is kept for goods which others carry to it.
_PLACE = (
    "l.id, l.warehouse_id, l.code, l.kind, l.walk_order, l.x_m, l.y_m, l.is_active, l.max_weight_g, l.max_volume_cm3,"
    " (SELECT least(l.max_units, CASE WHEN bool_and(x.maximum IS NOT NULL) THEN sum(x.maximum)::int END) FROM fixed_bin x"
    "  WHERE x.location_id = l.id) AS max_units,"  # a pick face is never filled beyond its maximum
    " l.mixes_products, l.mixes_lots, coalesce(z.owner_id, l.owner_id) AS owner_id, z.temperature,"
    " z.customs_area, z.dangerous_classes, l.velocity_class,"
    " ARRAY(SELECT x.product_id FROM fixed_bin x WHERE x.location_id = l.id) AS kept_for,"
    " EXISTS (SELECT 1 FROM stock_hold h WHERE h.warehouse_id = l.warehouse_id AND h.scope_key = l.id::text"
    "  AND h.scope = 'location' AND h.ended_at IS NULL AND h.has_begun AND h.owner_id IS NULL) AS is_held,"
    " r.units AS reserved_units, r.weight_g AS reserved_weight_g, r.volume_mm3 AS reserved_volume_mm3,"
    " r.others AS reserved_others, r.classes AS reserved_classes, r.products AS reserved_products, r.lots AS reserved_lots"
)
_JOINED = (
    " JOIN zone z ON z.id = l.zone_id LEFT JOIN LATERAL (SELECT sum(v.quantity) AS units, sum(v.weight_g) AS weight_g,"
    "  sum(v.volume_mm3) AS volume_mm3, sum(v.quantity) FILTER (WHERE v.product_id <> ALL(CAST(:products AS uuid[]))"
    "  OR v.customs_status <> :status) AS others, array_agg(q.dangerous_class) AS classes,"
    "  array_agg(v.product_id) AS products, array_agg(v.lot_id) AS lots"
    "  FROM bin_reservation v JOIN product q ON q.id = v.product_id WHERE v.location_id = l.id"
    "  AND v.expires_at > :now AND v.holder_id <> :holder) r ON true"
)
_CONTENT = (
    f" LEFT JOIN LATERAL (SELECT sum({_WEIGHT.format('b.on_hand')}) AS weight_g,"
    f" sum({_VOLUME.format('b.on_hand')}) AS volume_mm3,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id = :product) AS same_product,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id = :product AND b.lot_id IS NOT DISTINCT FROM :lot"
    "   AND b.condition = :condition) AS same_lot,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id = :product AND b.lot_id IS DISTINCT FROM :lot) AS other_lots,"
    "  sum(b.on_hand) FILTER (WHERE b.product_id <> :product) AS other_products,"
    "  sum(b.on_hand) FILTER (WHERE b.customs_status <> :status) AS other_status,"
    "  array_agg(p.dangerous_class) FILTER (WHERE p.dangerous_class IS NOT NULL) AS classes"
    "  FROM balance b JOIN product p ON p.id = b.product_id WHERE b.location_id = l.id AND b.is_there) c ON true"
)
_SEEN = (
    f"SELECT {_PLACE}, c.weight_g, c.volume_mm3, c.same_product, c.same_lot, c.other_lots, c.other_products,"
    " c.other_status, c.classes"
)
_ONE = Statement(f"{_SEEN} FROM location l{_JOINED}{_CONTENT} WHERE l.id = :location")
_LOCK = Statement("SELECT fill FROM location WHERE id = :location FOR NO KEY UPDATE")

# Zones whose rules the goods keep. Where a zone is rented whole, its bins are its owner's.
_ZONES = (
    "zones AS MATERIALIZED (SELECT z.id FROM zone z WHERE z.warehouse_id = :warehouse"
    " AND z.temperature = :temperature AND (z.owner_id IS NULL OR z.owner_id = :owner)"
    " AND (z.customs_area = 'any' OR (z.customs_area = 'bonded') = (:status = 'bonded'))"
    " AND CASE WHEN CAST(:dangerous AS text) IS NULL THEN z.dangerous_classes = '{}'"
    "  ELSE CAST(:dangerous AS text) = ANY(z.dangerous_classes) END)"
)
# Empty ones that are big enough, nobody else's, and nobody's goal. What several products or lots are for mixes them.
_FREE = (
    " f.zone_id = z.id AND f.kind = k.kind AND f.velocity_class = v.class AND f.fill = 0 AND f.is_active"
    " AND (f.owner_id IS NULL OR f.owner_id = :owner)"
    " AND (f.max_weight_g IS NULL OR f.max_weight_g >= :weight)"
    " AND (f.max_volume_cm3 IS NULL OR f.max_volume_cm3::bigint * 1000 >= :volume)"
    " AND (f.max_units IS NULL OR f.max_units >= :quantity)"
    " AND (f.mixes_products OR NOT :products_meet) AND (f.mixes_lots OR NOT :lots_meet)"
    " AND NOT EXISTS (SELECT 1 FROM balance e WHERE e.location_id = f.id AND e.is_there)"
    " AND NOT EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = f.id)"
    " AND NOT EXISTS (SELECT 1 FROM bin_reservation r WHERE r.location_id = f.id AND r.expires_at > :now"
    "  AND r.holder_id <> :holder)"
)


def _first(reach: str, order: str) -> str:
    """The first few of one zone, kind and class: an index is entered for each."""
    return (
        "zones z CROSS JOIN LATERAL (SELECT f.id, f.walk_order FROM location f"
        f" WHERE{_FREE}{reach} ORDER BY f.walk_order{order} LIMIT {FEW}) f"
    )


# The first few of each kind and class along the walk, over all zones; and the nearest on either side of the pick face.
_EMPTY = (
    "(SELECT f.id FROM unnest(CAST(:classes AS text[])) AS v(class)"
    " CROSS JOIN unnest(CAST('{storage,bulk,pick_face,cross_dock}' AS text[])) AS k(kind)"
    f" CROSS JOIN LATERAL (SELECT f.id FROM {_first('', '')} ORDER BY f.walk_order LIMIT {FEW}) f)"
)


def _near(reach: str, order: str) -> str:
    return (
        "(SELECT f.id FROM unnest(CAST(:classes AS text[])) AS v(class)"
        f" CROSS JOIN unnest(CAST('{{storage,bulk}}' AS text[])) AS k(kind) CROSS JOIN {_first(reach, order)}"
        f" WHERE CAST(:anchor AS int) IS NOT NULL ORDER BY f.walk_order{order} LIMIT {2 * FEW})"
    )


_MANY = Statement(
    f"WITH {_ZONES}, found AS MATERIALIZED ("
    " (SELECT x.location_id AS id FROM fixed_bin x WHERE x.product_id = :product AND x.warehouse_id = :warehouse)"
    " UNION (SELECT f.id FROM (SELECT b.location_id, b.lot_id FROM balance b WHERE b.warehouse_id = :warehouse"
    f"  AND b.product_id = :product AND b.is_there LIMIT {SOME}) s JOIN location f ON f.id = s.location_id"
    "  WHERE f.fill < 2 AND f.is_active AND f.kind IN ('storage', 'bulk', 'pick_face') GROUP BY f.id"
    "  ORDER BY bool_or(s.lot_id IS NOT DISTINCT FROM :lot) DESC, min(f.walk_order) LIMIT 24)"
    f" UNION {_EMPTY}"
    " UNION " + _near(" AND f.walk_order >= CAST(:anchor AS int)", "")
    + " UNION " + _near(" AND f.walk_order < CAST(:anchor AS int)", " DESC")
    + " UNION (SELECT f.id FROM zones z CROSS JOIN LATERAL (SELECT f.id, f.walk_order FROM location f"
    "  WHERE f.zone_id = z.id AND f.fill = 1 AND f.mixes_products AND f.is_active AND f.kind IN ('storage', 'bulk')"
    f"  AND (f.owner_id IS NULL OR f.owner_id = :owner) ORDER BY f.walk_order LIMIT {SHARED}) f"
    f"  ORDER BY f.walk_order LIMIT {SHARED})"
    " UNION (SELECT f.id FROM location f WHERE CAST(:awaited AS int) > 0 AND f.warehouse_id = :warehouse"
    f"  AND f.kind = 'cross_dock' AND f.is_active ORDER BY f.walk_order LIMIT {SHARED})"
    " UNION (SELECT f.id FROM location f WHERE f.warehouse_id = :warehouse AND f.kind = 'inspection' AND f.is_active"
    "  AND :condition <> 'good' LIMIT 1)) "
    + _SEEN + f" FROM found JOIN location l ON l.id = found.id{_JOINED}{_CONTENT}"
)  # fmt: skip

_PICK_FACES = Statement(
    "SELECT f.walk_order, f.x_m, f.y_m FROM location f JOIN fixed_bin x ON x.location_id = f.id"
    " WHERE x.product_id = :product AND x.warehouse_id = :warehouse AND f.kind = 'pick_face'"
    " UNION SELECT f.walk_order, f.x_m, f.y_m FROM (SELECT b.location_id FROM balance b"
    "  WHERE b.warehouse_id = :warehouse AND b.product_id = :product AND b.is_there"
    f"  LIMIT {SOME}) s JOIN location f ON f.id = s.location_id WHERE f.kind = 'pick_face'"
    " ORDER BY 1 LIMIT 1"
)


@dataclass(frozen=True)
class PickFace:
    """Where a product is picked. Metres of the warehouse's grid, where they are known."""

    walk_order: int
    x_m: float | None
    y_m: float | None

    def distance_m(self, x_m: float | None, y_m: float | None) -> float | None:
        """Steps along the aisles, at the least: across plus along."""
        if x_m is None or y_m is None or self.x_m is None or self.y_m is None:
            return None
        return abs(x_m - self.x_m) + abs(y_m - self.y_m)


def pick_face(warehouse_id: uuid.UUID, product_id: uuid.UUID) -> PickFace | None:
    """The product's own pick face, or the one it stands in; the first on the walk."""
    row = _PICK_FACES.first({"warehouse": warehouse_id, "product": product_id})
    return None if row is None else PickFace(row.walk_order, _metres(row.x_m), _metres(row.y_m))


def candidates(warehouse_id: uuid.UUID, goods: Goods, holder_id: uuid.UUID | None = None) -> list[Bin]:
    """The product's own bins, those it stands in, empty ones that are big enough (along the walk, and near its pick
    face), and shared ones.
    """
    return candidates_for_all(warehouse_id, goods, [goods], holder_id)


def candidates_for_all(
    warehouse_id: uuid.UUID, lead: Goods, goods: Sequence[Goods], holder_id: uuid.UUID | None = None
) -> list[Bin]:
    """The same for goods that stay together, as those that lead see the bins. Big enough for all of them; whether each may
    stand there is asked at the bin (`whole_bin`).
    """
    face = pick_face(warehouse_id, lead.product_id)
    products = {each.product_id for each in goods}
    values = {
        "warehouse": warehouse_id, "owner": lead.owner_id, "temperature": lead.temperature,
        "dangerous": lead.dangerous_class, "weight": sum(each.weight_g for each in goods),
        "volume": sum(each.volume_mm3 for each in goods), "quantity": sum(each.quantity for each in goods),
        "classes": ["", *CLASSES], "anchor": None if face is None else face.walk_order, "awaited": lead.awaited,
        "products_meet": len(products) > 1,
        "lots_meet": len({(each.product_id, each.lot_id) for each in goods}) > len(products),
    }  # fmt: skip
    return _bins(_MANY.all(values | _of(lead, holder_id)), face)


_PAGE = Statement(
    f"{_SEEN} FROM location l{_JOINED}{_CONTENT} WHERE l.id = ANY(CAST(:locations AS uuid[])) ORDER BY l.code"
)


def bins_of(locations: Sequence[uuid.UUID], warehouse_id: uuid.UUID, goods: Goods) -> list[Bin]:
    """These places as the goods see them, by code."""
    face = pick_face(warehouse_id, goods.product_id)
    return _bins(_PAGE.all({"locations": list(locations), **_of(goods, None)}), face)


def _of(goods: Goods, holder_id: uuid.UUID | None) -> dict[str, Any]:
    return {
        "product": goods.product_id, "products": [goods.product_id], "lot": goods.lot_id, "condition": goods.condition,
        "status": goods.customs_status, "now": clock.now(), "holder": holder_id or NOBODY,
    }  # fmt: skip


def bin_of(location_id: uuid.UUID, goods: Goods, holder_id: uuid.UUID | None = None) -> Bin | None:
    """A place with its content, kept still until the end of the transaction: two people filling one bin at once see
    each other's goods. None when there is no such place. `holder_id`: whose reservation is not counted.
    """
    if not lock_bin(location_id):
        return None
    return _bins(_ONE.all({"location": location_id, **_of(goods, holder_id)}), None)[0]


def bin_seen(location_id: uuid.UUID, goods: Goods) -> Bin:
    """The same of a place that there is, only looked at."""
    return _bins(_ONE.all({"location": location_id, **_of(goods, None)}), None)[0]


_FILLED = Statement("UPDATE location SET fill = 1 WHERE id = :location AND fill = 0")


def lock_bin(location_id: uuid.UUID) -> bool:
    """Keep a place still. False when there is none."""
    claim(Rank.HANDLING_UNIT)
    return _LOCK.first({"location": location_id}) is not None


def note_filled(location_id: uuid.UUID) -> None:
    """A hint: the bin is not empty any more."""
    _FILLED.run({"location": location_id})


_WHOLE = Statement(
    f"SELECT {_PLACE}, b.product_id, b.lot_id, b.customs_status, p.dangerous_class, b.on_hand AS units,"
    f" {_WEIGHT.format('b.on_hand')} AS weight_g, {_VOLUME.format('b.on_hand')} AS volume_mm3"
    f" FROM location l{_JOINED} LEFT JOIN (balance b JOIN product p ON p.id = b.product_id)"
    " ON b.location_id = l.id AND b.is_there WHERE l.id = :location"
)


def whole_bin(
    location_id: uuid.UUID, goods: Sequence[Goods], holder_id: uuid.UUID | None = None
) -> tuple[Bin, Content] | None:
    """A place with all that stands in it, by product, lot and customs status; kept still as by `bin_of`."""
    if not lock_bin(location_id):
        return None
    rows = _WHOLE.all({
        "location": location_id, "products": list({each.product_id for each in goods}), "now": clock.now(),
        "status": goods[0].customs_status if goods else "none", "holder": holder_id or NOBODY,
    })  # fmt: skip
    products: Counter[uuid.UUID] = Counter()
    statuses: Counter[str] = Counter()
    lots: Counter[tuple[uuid.UUID, uuid.UUID | None]] = Counter()
    for row in rows:
        if row.units:
            products[row.product_id] += row.units
            statuses[row.customs_status] += row.units
            lots[(row.product_id, row.lot_id)] += row.units
    weight, volume = (int(sum(getattr(row, name) or 0 for row in rows)) for name in ("weight_g", "volume_mm3"))
    classes = {row.dangerous_class for row in rows}
    return Bin(**_place(rows[0], classes), weight_g=weight, volume_mm3=volume), Content(products, statuses, lots)


def _bins(rows: Sequence[Row[Any]], face: PickFace | None) -> list[Bin]:
    return [
        Bin(
            **_place(row, row.classes or ()),
            distance_m=None if face is None else face.distance_m(_metres(row.x_m), _metres(row.y_m)),
            weight_g=int(row.weight_g or 0), volume_mm3=int(row.volume_mm3 or 0), same_product=row.same_product or 0,
            same_lot=row.same_lot or 0, other_lots=row.other_lots or 0, other_products=row.other_products or 0,
            other_status=row.other_status or 0,
        )
        for row in rows
    ]  # fmt: skip


def _place(row: Any, classes: Any) -> dict[str, Any]:
    """What is so of a place whoever asks, and what is kept there for others."""
    standing = {each for each in (*classes, *(row.reserved_classes or ())) if each is not None}
    return {
        "location_id": row.id, "warehouse_id": row.warehouse_id, "code": row.code, "kind": row.kind,
        "walk_order": row.walk_order, "is_active": row.is_active, "max_weight_g": row.max_weight_g,
        "max_volume_mm3": None if row.max_volume_cm3 is None else row.max_volume_cm3 * 1000,
        "max_units": row.max_units, "mixes_products": row.mixes_products, "mixes_lots": row.mixes_lots,
        "owner_id": row.owner_id, "temperature": row.temperature, "customs_area": row.customs_area,
        "dangerous_classes": frozenset(row.dangerous_classes), "velocity_class": row.velocity_class,
        "kept_for": frozenset(row.kept_for), "is_held": row.is_held, "standing_classes": frozenset(standing),
        "reserved": Room(
            row.reserved_units or 0, int(row.reserved_weight_g or 0), int(row.reserved_volume_mm3 or 0)
        ),
        "reserved_others": row.reserved_others or 0,
        "reserved_lots": frozenset(zip(row.reserved_products or (), row.reserved_lots or (), strict=True)),
    }  # fmt: skip


def _metres(value: Any) -> float | None:
    return None if value is None else float(value)
