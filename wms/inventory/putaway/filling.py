"""How full bins are, as a hint for finding them: put right by a job, for picks and moves do not touch it."""

from __future__ import annotations

from sqlalchemy import text

from wms.platform.database import read_through, session

# Full means: the fullest of its limits is used to 95 %. A bin without limits is never full.
_FILL = text(
    "WITH used AS (SELECT l.id, CASE WHEN c.units IS NULL THEN 0 WHEN greatest(c.weight_g / l.max_weight_g,"
    "  c.volume_mm3 / (l.max_volume_cm3 * 1000.0), c.units::numeric / l.max_units) >= 0.95 THEN 2 ELSE 1 END AS fill"
    "  FROM location l LEFT JOIN (SELECT b.location_id, sum(b.on_hand) AS units,"
    "   sum(b.on_hand::numeric * coalesce(p.measured_weight_g, p.declared_weight_g)) AS weight_g,"
    "   sum(b.on_hand::numeric * coalesce(p.measured_length_mm, p.declared_length_mm)"
    "    * coalesce(p.measured_width_mm, p.declared_width_mm) * coalesce(p.measured_height_mm, p.declared_height_mm))"
    "    AS volume_mm3 FROM balance b JOIN product p ON p.id = b.product_id WHERE b.is_there GROUP BY 1) c"
    "  ON c.location_id = l.id WHERE l.kind IN ('storage', 'bulk', 'pick_face', 'cross_dock')),"
    " wrong AS (SELECT l.id, u.fill FROM location l JOIN used u ON u.id = l.id WHERE l.fill <> u.fill"
    "  ORDER BY l.id FOR NO KEY UPDATE OF l SKIP LOCKED)"  # one in use now is put right the next time
    " UPDATE location AS l SET fill = w.fill FROM wrong w WHERE w.id = l.id RETURNING l.id"
)


def note_fill() -> int:
    """The minute job. Returns how many hints were wrong."""
    read_through()
    return len(session().execute(_FILL).all())
