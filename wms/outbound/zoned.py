"""Zone picking with a merge: the walks of a put wall parted by zone, each for a picker of its own. Pure.

A wall's walk takes as many orders as the wall has slots. Parted, each zone's goods come in a tote of their own, and the wall
is where they merge: an order is picked when the last of its units is in its slot, whichever tote brought it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from wms.outbound.carts import Plan, Stop, Walk, walk_through
from wms.planning.layout import Layout


def part_by_zone(plan: Plan, layout: Layout, zones: Mapping[uuid.UUID, uuid.UUID]) -> Plan:
    """The plan with every walk for its wall parted by zone (`zones`: by location). Walks of an order that fills more than
    the wall stay whole, as they are not sorted there. Metres as planned and by bins are those of the parts.
    """
    walks: list[Walk] = []
    for walk in plan.walks:
        if is_sorted(walk):
            walks += _parts(plan, walk, layout, zones)
        else:
            walks.append(walk)
    return replace(plan, walks=tuple(walks))


def is_sorted(walk: Walk) -> bool:
    """Whether a walk of a plan for a wall is sorted there: an order that fills more than a wall keeps its totes."""
    return walk.zone is not None or len(walk.orders) > 1 or walk.totes == 1


def _parts(plan: Plan, walk: Walk, layout: Layout, zones: Mapping[uuid.UUID, uuid.UUID]) -> list[Walk]:
    """In the order in which the whole walk would have come to them."""
    parted: dict[uuid.UUID, list[Stop]] = defaultdict(list)
    for stop in walk.stops:
        parted[zones[stop.location_id]].append(stop)
    return [replace(walk_through(layout, stops, 1, plan.seed), zone=zone) for zone, stops in parted.items()]
