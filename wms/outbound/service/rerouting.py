"""The rest of a walk laid anew, when it is not what was planned: a stop put off, goods found elsewhere."""

from __future__ import annotations

import uuid
from dataclasses import replace

from wms.facility import queries
from wms.outbound import carts
from wms.outbound.bins import pinned
from wms.outbound.service.reading import bin_of
from wms.planning.layout import Layout, Place, Trip
from wms.planning.totes import Size
from wms.platform.statements import Statement

# The open stops, and last the bin where the picker was seen last.
_REST = Statement(
    "SELECT t.id, t.order_id, t.demand_id, t.product_id, t.allocation_id, t.balance_id, t.location_id, "
    " t.quantity - t.picked AS open_quantity, t.skipped, coalesce(t.why, '') AS why,"
    " l.walk_order, l.zone_id, l.aisle, l.bay, l.code FROM pick_task t JOIN location l ON l.id = t.location_id"
    " WHERE t.batch_id = :batch AND t.state = 'open' ORDER BY l.walk_order, t.id"
)
_HERE = Statement(
    "SELECT t.walk_order AS turn, t.location_id, l.walk_order, l.zone_id, l.aisle, l.bay, l.code FROM pick_task t"
    " JOIN location l ON l.id = t.location_id WHERE t.batch_id = :batch AND (t.id = :seen OR t.state <> 'open'"
    " AND t.state <> 'cancelled') ORDER BY t.id = :seen DESC, t.walk_order DESC LIMIT 1"
)
_TURN = Statement(
    "UPDATE pick_task AS t SET walk_order = k.turn FROM unnest(CAST(:stops AS uuid[]), CAST(:turns AS int[]))"
    " AS k(id, turn) WHERE t.id = k.id"
)
UNSIZED = Size(0, 0, 0)  # what is on the cart already is no question of the walk


def reroute(batch_id: uuid.UUID, warehouse_id: uuid.UUID, seen_at: uuid.UUID | None = None) -> None:
    """The open stops of a walk in the best order from where its picker is: at the stop `seen_at`, or the last one done.
    Stops that were put off stay behind the others. The caller holds the walk.
    """
    rest = [row for row in _REST.all({"batch": batch_id}) if row.id != seen_at]
    groups = [[row for row in rest if row.skipped == times] for times in sorted({row.skipped for row in rest})]
    if not rest:
        return
    floor = queries.floor_of(warehouse_id)
    last = _HERE.first({"batch": batch_id, "seen": seen_at})
    here = None if last is None else bin_of(floor, last).place
    turns: list[uuid.UUID] = []
    for group in groups:
        stops = [pinned(row.order_id, row, bin_of(floor, row), UNSIZED) for row in group]
        _, ordered = carts.in_sequence(_from_here(floor.layout, here), stops)
        stop_of = {row.allocation_id: row.id for row in group}  # a demand may have two claims on one row
        turns += [stop_of[stop.allocation_id] for stop in ordered if stop.allocation_id is not None]
        here = ordered[-1].place
    if seen_at is not None:
        turns.append(seen_at)  # put off just now: behind those that were put off as often
    first = 0 if last is None else last.turn
    _TURN.run({"stops": turns, "turns": list(range(first + 1, first + 1 + len(turns)))})


def _from_here(layout: Layout, here: Place | None) -> Layout:
    """The same aisles for somebody who is on the way: from here to where walks end."""
    if here is None:
        return layout
    trips = tuple(dict.fromkeys(Trip(here, trip.end) for trip in layout.trips))
    return replace(layout, trips=trips)
