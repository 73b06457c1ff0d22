"""Docks of loads: at which one somebody works, and which ones a warehouse lets be chosen (decision 116)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wms.core.refusals import Refused
from wms.facility import queries as facility
from wms.facility.models import Location, LocationKind


@dataclass(frozen=True)
class Gate:
    """Where a parcel is handed over: at a dock; at none (`dock_id` None: over the counter); or nobody said where
    (`is_anywhere`), which means the one load of its carrier that is open.
    """

    dock_id: uuid.UUID | None = None
    is_anywhere: bool = False


ANYWHERE, COUNTER = Gate(is_anywhere=True), Gate()


def gate_at(dock_id: uuid.UUID | None) -> Gate:
    """The gate of who works at this dock; None: they did not say."""
    return ANYWHERE if dock_id is None else Gate(dock_id)


def docks_of(warehouse_id: uuid.UUID) -> Sequence[Location]:
    """The docks to choose from, by code; none where there is only one, which tells no load from another."""
    rows = facility.locations_page(warehouse_id, kind=LocationKind.DOCK.value, limit=200)
    found = [row for row in rows if row.is_active]
    return found if len(found) > 1 else []


def require_dock(warehouse_id: uuid.UUID, dock_id: uuid.UUID) -> Location:
    """The dock; refuses `no_such_dock` for what is none of the warehouse's in use."""
    place = facility.locations_by_ids([dock_id]).get(dock_id)
    if place is None or place.warehouse_id != warehouse_id or not is_dock(place):
        raise Refused("no_such_dock", {})
    return place


def is_dock(place: Location) -> bool:
    return place.kind == LocationKind.DOCK.value and place.is_active


def codes_of(dock_ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """What the docks are called; a load at none has no entry."""
    return {key: place.code for key, place in facility.locations_by_ids(each for each in dock_ids if each).items()}
