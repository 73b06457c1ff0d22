"""`route`: one walk."""

from __future__ import annotations

from typing import Any, Final

from wms.planning import exact
from wms.planning.budget import Budget
from wms.planning.improve import TooManyStops
from wms.planning.route import NoWay, Route, best_of_trips, route_by_matrix, route_in_layout
from wms.planning.wire.fields import Field, InputError, metres, read_budget
from wms.planning.wire.places import Mapped, Measured, read_area

MAX_STOPS: Final = 100_000


def plan(problem: Field) -> dict[str, Any]:
    """The plan of a route problem. Raises `InputError`."""
    area = read_area(problem.get("layout"))
    fields = list(problem.get("stops").items(MAX_STOPS))
    budget = read_budget(problem)
    found = _route(area, fields, budget)
    written = {
        "sequence": [fields[index].value for index in found.sequence],
        "length_m": metres(found.length),
        "proved_optimal": found.proved_optimal,
        "stopped_by": found.stopped_by.value,
    }
    if len(area.ends) > 1:
        written |= {"start": area.ends[found.trip].start, "end": area.ends[found.trip].end}
    return written


def _route(area: Mapped | Measured, fields: list[Field], budget: Budget) -> Route:
    if isinstance(area, Measured):
        points = [area.stop(field) for field in fields]
        return best_of_trips(route_by_matrix(area.matrix, points, begin, end, budget) for begin, end in area.trips)
    places = [area.stop(field) for field in fields]
    try:
        return route_in_layout(area.layout, places, budget)
    except NoWay as fault:
        raise fields[fault.stop].wrong("reachable", "one-way aisles leave no walk to it and on to the end") from None
    except TooManyStops:
        message = (
            f"too many for a layout that cannot be solved exactly (more than {exact.MAX_ROWS - 1} blocks, or one-way)"
        )
        raise InputError("/stops", "too_many", message) from None
