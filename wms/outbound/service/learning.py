"""Weights that parcels teach: of a product's unit, and of a box with its filling. By the clock, out of everybody's way.

The last WINDOW parcels of one product count, once there are ENOUGH; they agree when each is within max(2 g, 3 %) of the
median. While they do, the median is what the bench reckons with where nothing was measured; it overwrites nothing.
"""

from __future__ import annotations

from sqlalchemy import text

from wms.core import clock
from wms.platform.database import session

WINDOW, ENOUGH = 8, 5
# A box with its filling differs more than a product does.
AGREES_G, AGREES_TARE_G = 2, 12


def _learn(table: str, key: str, each_g: str, join: str, agrees_g: int) -> str:
    return (
        f"WITH numbered AS (SELECT w.{key}, {each_g} AS g, row_number() OVER (PARTITION BY w.{key}"
        f"  ORDER BY w.weighed_at DESC) AS n FROM weighing w {join}),"
        f" found AS (SELECT {key}, percentile_cont(0.5) WITHIN GROUP (ORDER BY g) AS g, count(*)::int AS parcels,"
        f"  min(g) AS least, max(g) AS most FROM numbered WHERE n <= {WINDOW} GROUP BY {key}),"
        f" agreed AS (SELECT * FROM found WHERE parcels >= {ENOUGH} AND g >= 0.5"
        f"  AND greatest(most - g, g - least) <= greatest({agrees_g}, g * 0.03)),"
        f" gone AS (DELETE FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM agreed a WHERE a.{key} = t.{key}))"
        f" INSERT INTO {table} ({key}, weight_g, parcels, learned_at) SELECT {key}, round(g)::int, parcels, :now FROM agreed"
        f" ON CONFLICT ({key}) DO UPDATE SET weight_g = excluded.weight_g, parcels = excluded.parcels,"
        f"  learned_at = excluded.learned_at WHERE ({table}.weight_g, {table}.parcels) <>"
        f"  (excluded.weight_g, excluded.parcels)"
    )


# Boxes are learned from products that were measured, products from boxes as they are known then: neither from itself.
_TARES = text(
    _learn(
        "learned_tare", "packaging_id", "w.weight_g - w.units * p.measured_weight_g",
        "JOIN product p ON p.id = w.product_id AND p.measured_weight_g > 0", AGREES_TARE_G,
    )
)  # fmt: skip
_WEIGHTS = text(
    _learn(
        "learned_weight", "product_id", "CAST(w.weight_g - coalesce(t.weight_g, k.empty_g) AS float) / w.units",
        "JOIN packaging k ON k.id = w.packaging_id LEFT JOIN learned_tare t ON t.packaging_id = w.packaging_id", AGREES_G,
    )
)  # fmt: skip
_DROP = text("DELETE FROM weighing WHERE weighed_at < CAST(:now AS timestamptz) - interval '180 days'")


def learn() -> None:
    """What the parcels of the last half year say now."""
    now = clock.now()
    for statement in (_DROP, _TARES, _WEIGHTS):
        session().execute(statement, {"now": now})
