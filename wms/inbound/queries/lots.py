"""Lots of carton lines: as announced, and as they were counted."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from wms.platform.statements import Statement

_ANNOUNCED = Statement(
    "SELECT carton_line_id AS line, quantity, batch, made_on, expires_on, serial_numbers FROM announced_lot"
    " WHERE carton_line_id = ANY(CAST(:lines AS uuid[])) ORDER BY carton_line_id, position"
)
_CAME = Statement(
    "SELECT r.carton_line_id AS line, sum(r.quantity)::int AS quantity, t.batch, t.made_on, t.expires_on"
    " FROM carton_line l JOIN receipt r ON r.carton_id = l.carton_id AND r.carton_line_id = l.id AND r.undone_by IS NULL"
    " JOIN lot t ON t.id = r.lot_id WHERE l.id = ANY(CAST(:lines AS uuid[]))"
    " GROUP BY r.carton_line_id, t.id ORDER BY r.carton_line_id, t.expires_on, t.batch"
)

# Of a carton's line `l`, as selects that may be narrowed by one more AND. Its lots on paper and what came of it by lot, each
# as `wms.inbound.lots.lots_of` reads it, None where there are none; the serial numbers read off what came.
ANNOUNCED = (
    "SELECT json_agg(json_build_array(n.batch, n.made_on, n.expires_on, n.quantity) ORDER BY n.position) AS lots"
    " FROM announced_lot n WHERE n.carton_line_id = l.id"
)
CAME = (
    "SELECT json_agg(json_build_array(k.batch, k.made_on, k.expires_on, k.units) ORDER BY k.id) FROM"
    " (SELECT t.id, t.batch, t.made_on, t.expires_on, sum(r.quantity) AS units FROM receipt r LEFT JOIN lot t ON t.id = r.lot_id"
    "  WHERE r.carton_id = l.carton_id AND r.carton_line_id = l.id AND r.undone_by IS NULL GROUP BY t.id) k"
)
NUMBERS_READ = (
    "SELECT array_agg(DISTINCT s.number) FROM receipt r JOIN serial_move m ON m.posting_id = r.posting_id"
    " AND m.from_balance_id IS NULL JOIN serial s ON s.id = m.serial_id AND s.product_id = l.product_id"
    " WHERE r.carton_id = l.carton_id AND r.carton_line_id = l.id AND r.undone_by IS NULL"
)

# By lot, how many more units of the line came than were announced of lots that they may be (`lots.others` in SQL).
OTHERS = (
    "SELECT k.line, k.lot_id, greatest(0, k.units - coalesce((SELECT sum(a.quantity) FROM announced_lot a"
    "  WHERE a.carton_line_id = k.line AND (a.batch = k.batch) IS NOT FALSE AND (a.made_on = k.made_on) IS NOT FALSE"
    "  AND (a.expires_on = k.expires_on) IS NOT FALSE), 0))::int AS more FROM (SELECT r.carton_line_id AS line, t.id AS lot_id,"
    "  t.batch, t.made_on, t.expires_on, sum(r.quantity) AS units FROM receipt r LEFT JOIN lot t ON t.id = r.lot_id"
    "  WHERE r.undone_by IS NULL {which} GROUP BY 1, t.id) k"
)


class LineLots(NamedTuple):
    """`announced`: quantity, batch, made_on, expires_on, serial_numbers; `came`: the same without numbers."""

    announced: list[dict[str, Any]]
    came: list[dict[str, Any]]


def lots_of_lines(line_ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, LineLots]:
    """By line; the caller has loaded what they are of. A product that keeps neither batch nor expiry came in none."""
    found: dict[uuid.UUID, LineLots] = defaultdict(lambda: LineLots([], []))
    if line_ids:
        asked = {"lines": list(line_ids)}
        for place, statement in enumerate((_ANNOUNCED, _CAME)):
            for row in statement.all(asked):
                told = row._asdict()
                found[told.pop("line")][place].append(told)
    return found
