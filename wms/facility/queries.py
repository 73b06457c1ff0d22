"""Reads of the facility. Scans resolve through `location_by_barcode` and its like: one indexed row each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select, text

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility import layout
from wms.facility.models import (
    COUNTS,
    HandlingUnit,
    Location,
    LocationKind,
    Site,
    Station,
    Warehouse,
    Zone,
)
from wms.platform.database import session


def warehouses_seen(actor: Actor) -> Sequence[Warehouse]:
    """The active warehouses of the actor's scope (a seller may book into every one), by code."""
    return [each for each in warehouses_ever(actor) if each.is_active]


def warehouses_ever(actor: Actor) -> Sequence[Warehouse]:
    """Those that were closed since, too: what stood in them is of the past."""
    statement = select(Warehouse).order_by(Warehouse.code)
    if actor.warehouse_ids is not None:
        statement = statement.where(Warehouse.id.in_(actor.warehouse_ids))
    return session().scalars(statement).all()


def load_warehouse(actor: Actor, warehouse_id: uuid.UUID) -> Warehouse:
    """404 outside the actor's scope."""
    warehouse = session().get(Warehouse, warehouse_id) if actor.sees_warehouse(warehouse_id) else None
    if warehouse is None:
        raise not_found("warehouse")
    return warehouse


def warehouse_by_code(actor: Actor, code: str) -> Warehouse:
    """404 outside the actor's scope, and for what no code is: an address may hold anything."""
    warehouse = session().scalar(select(Warehouse).where(Warehouse.code == code)) if code.isprintable() else None
    if warehouse is None or not actor.sees_warehouse(warehouse.id):
        raise not_found("warehouse")
    return warehouse


def codes_of(warehouse_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The codes of these warehouses."""
    rows = session().execute(select(Warehouse.id, Warehouse.code).where(Warehouse.id.in_(set(warehouse_ids))))
    return {row.id: row.code for row in rows}


def locations_page(
    warehouse_id: uuid.UUID, *, after_code: str = "", limit: int = 50, kind: str | None = None
) -> Sequence[Location]:
    """Locations by code, beginning behind `after_code`."""
    statement = select(Location).where(Location.warehouse_id == warehouse_id, Location.code > after_code)
    if kind is not None:
        statement = statement.where(Location.kind == kind)
    return session().scalars(statement.order_by(Location.code).limit(limit)).all()


def system_location(warehouse_id: uuid.UUID, kind: LocationKind) -> Location:
    """The location of a kind that the warehouse was made with (the first one by walk, then code, if there are more)."""
    statement = select(Location).where(Location.warehouse_id == warehouse_id, Location.kind == kind.value)
    found = session().scalar(statement.order_by(Location.walk_order, Location.code).limit(1))
    if found is None:
        raise not_found("location")
    return found


def load_zone(actor: Actor, zone_id: uuid.UUID) -> Zone:
    """404 outside the actor's scope."""
    zone = session().get(Zone, zone_id)
    if zone is None or not actor.is_staff or not actor.sees_warehouse(zone.warehouse_id):
        raise not_found("zone")
    return zone


def load_location(actor: Actor, location_id: uuid.UUID) -> Location:
    """404 outside the actor's scope."""
    place = session().get(Location, location_id)
    if place is None or not actor.is_staff or not actor.sees_warehouse(place.warehouse_id):
        raise not_found("location")
    return place


def location_by_barcode(barcode: str) -> Location | None:
    """The place that a label names, in any warehouse."""
    return session().scalar(select(Location).where(Location.barcode == barcode))


def location_by_code(warehouse_id: uuid.UUID, code: str) -> Location | None:
    return session().scalar(select(Location).where(Location.warehouse_id == warehouse_id, Location.code == code))


def locations_by_ids(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Location]:
    return {each.id: each for each in session().scalars(select(Location).where(Location.id.in_(set(ids))))}


def stations_seen(actor: Actor) -> Sequence[Station]:
    statement = select(Station).order_by(Station.warehouse_id, Station.code)
    if actor.warehouse_ids is not None:
        statement = statement.where(Station.warehouse_id.in_(actor.warehouse_ids))
    return session().scalars(statement).all()


def stations_of(warehouse_id: uuid.UUID) -> Sequence[Station]:
    return session().scalars(select(Station).where(Station.warehouse_id == warehouse_id).order_by(Station.code)).all()


def sites() -> Sequence[Site]:
    """The operator's buildings, by code."""
    return session().scalars(select(Site).order_by(Site.code)).all()


def site_by_code(code: str) -> Site | None:
    return session().scalar(select(Site).where(Site.code == code))


def station_by_barcode(actor: Actor, barcode: str) -> Station:
    """404 outside the actor's scope."""
    station = session().scalar(select(Station).where(Station.barcode == barcode))
    if station is None or not actor.sees_warehouse(station.warehouse_id):
        raise not_found("station")
    return station


def station_by_id(station_id: uuid.UUID) -> Station | None:
    return session().get(Station, station_id)


def unit_by_code(warehouse_id: uuid.UUID, text: str) -> HandlingUnit | None:
    """The container with this code, or label where only one bears it."""
    wanted = (HandlingUnit.code == text.upper()) | (HandlingUnit.barcode == text)
    statement = select(HandlingUnit).where(HandlingUnit.warehouse_id == warehouse_id, wanted).limit(2)
    found = session().scalars(statement).all()
    return found[0] if len(found) == 1 else None


# One question: it is asked while a picker waits. Bins that do not say their aisle are told by their code.
_FLOOR = text(
    "SELECT to_jsonb(p) AS layout, (SELECT jsonb_agg(jsonb_build_array(y.zone_id, y.first_aisle, y.first_block))"
    "  FROM zone_layout y JOIN zone z ON z.id = y.zone_id WHERE z.warehouse_id = w.id) AS zones,"
    " (SELECT jsonb_agg(jsonb_build_array(a.zone_id, a.aisle, a.low, a.high, a.walk_order, a.code)) FROM ("
    "  SELECT zone_id, aisle, min(bay) AS low, max(bay) AS high, min(walk_order) AS walk_order, NULL AS code FROM location"
    "  WHERE warehouse_id = w.id AND kind = ANY(CAST(:kinds AS text[])) AND aisle IS NOT NULL AND bay IS NOT NULL"
    "  GROUP BY 1, 2 UNION ALL SELECT zone_id, NULL, NULL, NULL, walk_order, code FROM location"
    "  WHERE warehouse_id = w.id AND kind = ANY(CAST(:kinds AS text[])) AND (aisle IS NULL OR bay IS NULL)) a) AS aisles"
    " FROM warehouse w LEFT JOIN picking_layout p ON p.warehouse_id = w.id WHERE w.id = :warehouse"
)


@dataclass(frozen=True)
class FloorFacts:
    """What a floor is drawn from: `layout.draw`."""

    settings: layout.Settings
    aisles: list[layout.Aisle]
    zones: dict[uuid.UUID, layout.ZonePlace]


def floor_facts(warehouse_id: uuid.UUID) -> FloorFacts:
    """How the aisles of a warehouse stand as the office said, or as is usual; and which its bins stand in."""
    row = session().execute(_FLOOR, {"warehouse": warehouse_id, "kinds": [kind.value for kind in COUNTS]}).one()
    zones = {uuid.UUID(zone): layout.ZonePlace(aisle, block) for zone, aisle, block in row.zones or ()}
    return FloorFacts(_settings(row.layout), _aisles(row.aisles or ()), zones)


def _settings(data: dict[str, Any] | None) -> layout.Settings:
    if data is None:
        return layout.Settings()
    several = {name: tuple(tuple(each) for each in data[name]) for name in ("one_way", "starts", "ends")}
    return layout.Settings(**{each.name: data[each.name] for each in fields(layout.Settings)} | several)


def _aisles(rows: Iterable[Any]) -> list[layout.Aisle]:
    found: dict[tuple[uuid.UUID, int], layout.Aisle] = {}
    for zone, number, low, high, walk_order, code in rows:
        if code is not None:
            named = layout.numbers_of(code)
            if named is None:
                continue
            number, low, high = named[0], named[1], named[1]
        key = (uuid.UUID(zone), number)
        known = found.get(key)
        if known is not None:
            low, high, walk_order = min(low, known.low), max(high, known.high), min(walk_order, known.walk_order)
        found[key] = layout.Aisle(*key, low, high, walk_order)
    return list(found.values())


def floor_of(warehouse_id: uuid.UUID) -> layout.Floor:
    """Where its aisles stand, for planning walks."""
    facts = floor_facts(warehouse_id)
    return layout.draw(facts.settings, facts.aisles, facts.zones)
