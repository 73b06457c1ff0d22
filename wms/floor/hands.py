"""What people have in hand on the floor: taken up with one scan, put down with another, and in the book where it was taken
from until then.

A step that leaves goods in somebody's hands keeps them in its data (`IN_HAND`: rows and units, as `held` makes it); whoever
counts their bin asks here (`wms.inventory.hands`). A work that nobody touched for `LEASE` holds nothing any more: a tablet
died, or somebody went home; what it held is taken for back in its bin. When a count has gone by that, the work is at its
beginning again and says so.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from wms.core import clock
from wms.inventory.counting import goods as shelf
from wms.inventory.hands import NOTHING, InHand
from wms.platform.statements import Statement

IN_HAND, LEFT = "in_hand", "left_in_hand"
LEASE = timedelta(minutes=20)
# Where each kind of work that takes goods up begins.
FIRST = {"move": "scan_location", "replenish": "begin", "repack": "scan_unit", "putaway": "scan_carton",
         "return": "scan_return"}  # fmt: skip


def held(rows: Iterable[tuple[int, int]]) -> list[list[int]]:
    """These units of these balance rows, as a step keeps them."""
    return [[row_id, units] for row_id, units in rows if units > 0]


def share(rows: Iterable[tuple[int, int]], quantity: int) -> list[list[int]]:
    """So many units out of rows (id, units there) that cannot be told apart, the first ones first."""
    taken = []
    for row_id, units in rows:
        taken.append((row_id, min(units, quantity)))
        quantity -= taken[-1][1]
    return held(taken)


_CARRIED = Statement(
    "SELECT t.id, t.updated_at, (e.value->>0)::bigint AS row_id, (e.value->>1)::int AS units,"
    " coalesce(t.data->'serials', '[]') AS numbers FROM floor_task t"
    " CROSS JOIN LATERAL jsonb_array_elements(t.data->'in_hand') e"
    " WHERE t.warehouse_id = :warehouse AND t.closed_at IS NULL AND (e.value->>0)::bigint = ANY(CAST(:rows AS bigint[]))"
)


def carried(warehouse_id: uuid.UUID, rows: Collection[int]) -> Mapping[int, InHand]:
    """What is in hand of these balance rows, and which works hold some that nobody touched for too long."""
    since = clock.now() - LEASE
    found: dict[int, InHand] = {}
    for row in _CARRIED.all({"warehouse": warehouse_id, "rows": list(rows)}):
        hand = (
            InHand(row.units, frozenset(row.numbers))
            if row.updated_at > since
            else InHand(left=frozenset({row.id}))
        )  # fmt: skip
        found[row.row_id] = found.get(row.row_id, NOTHING) + hand
    return found


_END = Statement(
    "UPDATE floor_task AS t SET step = k.step, data = '{\"left_in_hand\": true}', version = t.version + 1"
    " FROM unnest(CAST(:kinds AS text[]), CAST(:steps AS text[])) AS k(kind, step)"
    " WHERE t.id = ANY(CAST(:works AS uuid[])) AND t.kind = k.kind AND t.closed_at IS NULL AND t.updated_at <= :since"
    " AND t.data->'in_hand' IS NOT NULL"
)


def end(works: Collection[uuid.UUID]) -> None:
    """These works, left alone too long, begin again; a scan of them under way is answered with that step."""
    since = clock.now() - LEASE
    _END.run({"kinds": list(FIRST), "steps": list(FIRST.values()), "works": list(works), "since": since})


def let_go(data: Mapping[str, Any], after: Mapping[str, Any], *, put_down: bool) -> None:
    """What was in hand and is no longer: put down, which a posting says, or back where it was taken from."""
    before = data.get(IN_HAND)
    if before is not None and before != after.get(IN_HAND) and not put_down:
        shelf.given_back([row_id for row_id, _ in before])
