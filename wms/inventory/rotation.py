"""What was agreed with sellers about which goods leave first (`core.rotation`) and how long these keep, for statements."""

from __future__ import annotations

# Of a product `p` and its seller `e`.
RULE = "coalesce(p.rotation, e.rotation)"
# The warehouse's day on which the oldest goods of a row `b` came in; of a warehouse `w`.
CAME_ON = "(b.oldest_at AT TIME ZONE w.time_zone)::date"
# How many days goods have to keep when they leave: the product's travel, or what the seller's buyers are promised.
KEEPS = "greatest(p.outbound_days, e.least_shelf_days)"
_DAY = "date '2000-01-01'"


def in_turn(rule: str, expires_on: str) -> str:
    """ORDER BY for rows `b` of a warehouse `w`: as `core.rotation.due`, then the oldest of the day."""
    return (
        f"CASE {rule} WHEN 'fifo' THEN {CAME_ON} - {_DAY} WHEN 'lefo' THEN {_DAY} - {expires_on}"
        f" ELSE {expires_on} - {_DAY} END NULLS LAST, CASE {rule} WHEN 'fifo' THEN {expires_on} - {_DAY}"
        f" ELSE {CAME_ON} - {_DAY} END NULLS LAST, b.oldest_at NULLS LAST"
    )
