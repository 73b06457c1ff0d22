"""Setting up the building. Only staff who may write the facility, within their warehouses. Moving a container is
inventory's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from wms.core import clock
from wms.core.actor import Actor
from wms.core.barcodes import OwnCode
from wms.core.ids import new_id
from wms.core.money import is_currency
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility import layout, rules
from wms.facility.models import (
    ARROWS,
    HandlingUnit,
    HandlingUnitKind,
    Location,
    LocationKind,
    PickingLayout,
    Site,
    Station,
    Warehouse,
    WarehouseKind,
    Zone,
    ZoneLayout,
)
from wms.facility.queries import floor_facts
from wms.planning.budget import Budget
from wms.planning.layout import DOWN, UP
from wms.planning.route import NoWay, route_in_layout
from wms.platform.counters import next_sscc
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement


def create_site(actor: Actor, code: str, name: str, country: str) -> Site:
    """A building."""
    _require_builder(actor, None)
    _refuse_taken(Site.id, "site_code_taken", code, Site.code == code)
    site = Site(code=code, name=name, country=country)
    session().add(site)
    session().flush()
    return site


def create_warehouse(
    actor: Actor,
    site_id: uuid.UUID,
    code: str,
    name: str,
    kind: WarehouseKind,
    *,
    country: str,
    time_zone: str,
    currency: str,
    regime: str | None = None,
    before_release: str = "nothing",
    label_prefix: str | None = None,
) -> Warehouse:
    """A warehouse with the zones and locations that every one has (`rules.SYSTEM_PLACES`).

    `label_prefix` None means: none for the first warehouse of the installation, its code for every further one.
    """
    _require_builder(actor, None)
    _check_warehouse(kind, time_zone, currency, regime)
    if session().get(Site, site_id) is None:
        raise not_found("site")
    _refuse_taken(Warehouse.id, "warehouse_code_taken", code, Warehouse.code == code)
    if label_prefix is None:
        label_prefix = code if session().scalar(select(Warehouse.id).where(Warehouse.label_prefix == "")) else ""
    _refuse_taken(Warehouse.id, "label_prefix_taken", label_prefix, Warehouse.label_prefix == label_prefix)
    warehouse = Warehouse(
        site_id=site_id, code=code, name=name, kind=kind.value, country=country, time_zone=time_zone, currency=currency,
        regime=regime, before_release=before_release, label_prefix=label_prefix, created_at=clock.now(),
    )  # fmt: skip
    session().add(warehouse)
    session().flush()
    for place in rules.SYSTEM_PLACES:
        if warehouse.is_bonded or not place.bonded_only:
            zone = _add_zone(warehouse, place.code, place.name, LocationKind(place.kind))
            _add_location(warehouse, zone, place.code, LocationKind(place.kind))
    return warehouse


def create_zone(
    actor: Actor, warehouse_id: uuid.UUID, code: str, name: str, purpose: LocationKind,
    changes: Mapping[str, Any] | None = None,
) -> Zone:  # fmt: skip
    """A part of a warehouse; `purpose` is what its locations are by default, `changes` who may stand there
    (`ZONE_RULES`).
    """
    warehouse = load_warehouse_to_build(actor, warehouse_id)
    _refuse_taken(Zone.id, "zone_code_taken", code, Zone.warehouse_id == warehouse_id, Zone.code == code)
    zone = _add_zone(warehouse, code, name, purpose)
    return _change(zone, changes or {}, ZONE_RULES)


def edit_zone(actor: Actor, zone_id: uuid.UUID, changes: Mapping[str, Any]) -> Zone:
    """Its name, and who may stand there from now on; what stands there may stay."""
    zone = session().get(Zone, zone_id)
    if zone is None:
        raise not_found("zone")
    load_warehouse_to_build(actor, zone.warehouse_id)
    return _change(zone, changes, ZONE_RULES | {"name"})


def edit_location(actor: Actor, location_id: uuid.UUID, changes: Mapping[str, Any]) -> Location:
    """What a bin takes from now on (`LOCATION_RULES`); what stands there may stay."""
    found = session().get(Location, location_id)
    if found is None:
        raise not_found("location")
    load_warehouse_to_build(actor, found.warehouse_id)
    place = lock_one(Rank.HANDLING_UNIT, Location, location_id)  # nobody puts goods in meanwhile by the old rules
    if place is None:
        raise not_found("location")
    return _change(place, changes, LOCATION_RULES)


def point_labels(actor: Actor, warehouse_id: uuid.UUID, location_ids: Sequence[uuid.UUID], arrow: str) -> None:
    """The labels of these bins of a warehouse point that way from now on (`models.ARROWS`)."""
    load_warehouse_to_build(actor, warehouse_id)
    if arrow not in ARROWS:
        raise invalid("/arrow", "invalid")
    here = Location.warehouse_id == warehouse_id, Location.id.in_(location_ids)
    session().execute(update(Location).where(*here).values(label_arrow=arrow))


ZONE_RULES = frozenset({"owner_id", "temperature", "customs_area", "dangerous_classes"})
LOCATION_RULES = frozenset(
    {"max_weight_g", "max_volume_cm3", "max_units", "mixes_products", "mixes_lots", "owner_id", "velocity_class",
     "is_active"}
)  # fmt: skip
Row = TypeVar("Row", Zone, Location)


def _change(row: Row, changes: Mapping[str, Any], allowed: frozenset[str]) -> Row:
    for name, value in changes.items():
        if name not in allowed:
            raise ValueError(f"not to be changed: {name}")
        setattr(row, name, value)
    session().flush()
    return row


def generate_locations(
    actor: Actor,
    warehouse_id: uuid.UUID,
    zone_code: str,
    plan: rules.Plan,
    *,
    kind: LocationKind | None = None,
    max_weight_g: int | None = None,
    max_volume_cm3: int | None = None,
    max_units: int | None = None,
    mixes_products: bool = False,
    mixes_lots: bool = True,
    velocity_class: str = "",
) -> list[str]:
    """Make the bins of a plan, behind those that exist in the walk; returns their codes in walking order.

    All or nothing: one code or label that is already there refuses the whole (`location_exists`,
    `location_barcode_taken`).
    """
    warehouse = load_warehouse_to_build(actor, warehouse_id)
    zone = session().scalar(select(Zone).where(Zone.warehouse_id == warehouse_id, Zone.code == zone_code))
    if zone is None:
        raise not_found("zone")
    planned = rules.expand(plan)
    labels = {each.code: rules.own_label(OwnCode.LOCATION, warehouse.label_prefix, each.code) for each in planned}
    _refuse_existing(warehouse.id, labels)
    last = session().scalar(select(func.max(Location.walk_order)).where(Location.warehouse_id == warehouse_id)) or 0
    shared = {
        "warehouse_id": warehouse.id, "zone_id": zone.id, "kind": (kind or LocationKind(zone.purpose)).value,
        "max_weight_g": max_weight_g, "max_volume_cm3": max_volume_cm3, "mixes_products": mixes_products,
        "mixes_lots": mixes_lots, "max_units": max_units, "velocity_class": velocity_class, "is_active": True,
    }  # fmt: skip
    rows: list[dict[str, Any]] = [
        {**shared, "id": new_id(), "code": each.code, "barcode": labels[each.code], "walk_order": last + place,
         "aisle": each.aisle, "bay": each.bay, "level": each.level, "x_m": each.x_m, "y_m": each.y_m}
        for place, each in enumerate(planned, start=1)
    ]  # fmt: skip
    session().execute(insert(Location), rows)
    return [each.code for each in planned]


def _refuse_existing(warehouse_id: uuid.UUID, labels: dict[str, str]) -> None:
    same_code = select(Location.code).where(Location.warehouse_id == warehouse_id, Location.code.in_(labels))
    found = session().scalar(same_code.order_by(Location.code).limit(1))
    if found is not None:
        raise Refused("location_exists", {"code": found})
    same_label = select(Location.barcode).where(Location.barcode.in_(labels.values()))
    taken = session().scalar(same_label.order_by(Location.barcode).limit(1))
    if taken is not None:
        raise Refused("location_barcode_taken", {"code": taken})


def create_station(actor: Actor, warehouse_id: uuid.UUID, code: str, name: str, location_id: uuid.UUID) -> Station:
    """A bench at a location of the same warehouse."""
    warehouse = load_warehouse_to_build(actor, warehouse_id)
    _require_location(warehouse_id, location_id)
    _refuse_taken(Station.id, "station_code_taken", code, Station.warehouse_id == warehouse_id, Station.code == code)
    label = rules.own_label(OwnCode.STATION, warehouse.label_prefix, code)
    station = Station(warehouse_id=warehouse_id, code=code, barcode=label, name=name, location_id=location_id)
    session().add(station)
    session().flush()
    return station


def create_handling_unit(
    actor: Actor, warehouse_id: uuid.UUID, kind: HandlingUnitKind, code: str, location_id: uuid.UUID
) -> HandlingUnit:
    """A tote, carton or pallet. It is labelled `T-…` (tote) or `B-…` (all others); a pallet by its SSCC where the operator has
    a GS1 prefix.
    """
    warehouse = _load_warehouse(actor, warehouse_id, Permission.FLOOR_WORK, Permission.FACILITY_WRITE)
    _require_location(warehouse_id, location_id)
    _refuse_taken(
        HandlingUnit.id,
        "unit_code_taken",
        code,
        HandlingUnit.warehouse_id == warehouse_id,
        HandlingUnit.code == code,
    )
    unit = HandlingUnit(
        warehouse_id=warehouse_id, kind=kind.value, code=code, location_id=location_id, state="open",
        barcode=_unit_label(warehouse, kind, code), created_at=clock.now(),
    )  # fmt: skip
    session().add(unit)
    session().flush()
    return unit


def _unit_label(warehouse: Warehouse, kind: HandlingUnitKind, code: str) -> str:
    if kind is HandlingUnitKind.PALLET and (sscc := next_sscc()):
        return sscc
    own = OwnCode.TOTE if kind is HandlingUnitKind.TOTE else OwnCode.UNIT
    return rules.own_label(own, warehouse.label_prefix, code)


def load_warehouse_to_build(actor: Actor, warehouse_id: uuid.UUID) -> Warehouse:
    """A warehouse of the actor's that they may change, locked: building is done by one at a time."""
    return _load_warehouse(actor, warehouse_id, Permission.FACILITY_WRITE)


def _load_warehouse(actor: Actor, warehouse_id: uuid.UUID, *permissions: Permission) -> Warehouse:
    if not actor.is_staff or not any(map(actor.may, permissions)) or not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    warehouse = lock_one(Rank.DOCUMENT, Warehouse, warehouse_id)
    if warehouse is None:
        raise not_found("warehouse")
    return warehouse


def _require_builder(actor: Actor, warehouse_id: uuid.UUID | None) -> None:
    """Sites and warehouses are made by those who may build everywhere."""
    everywhere = actor.warehouse_ids is None or warehouse_id in actor.warehouse_ids
    if not (actor.is_staff and actor.may(Permission.FACILITY_WRITE) and everywhere):
        raise not_found("warehouse")


def _check_warehouse(kind: WarehouseKind, time_zone: str, currency: str, regime: str | None) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as fault:
        raise invalid("/time_zone", "time_zone_unknown") from fault
    if not is_currency(currency):
        raise invalid("/currency", "invalid")
    if kind is WarehouseKind.BONDED and not regime:
        raise invalid("/regime", "regime_needed")
    if kind is not WarehouseKind.BONDED and regime:
        raise invalid("/regime", "regime_not_bonded")


def _refuse_taken(key: InstrumentedAttribute[uuid.UUID], refusal: str, code: str, *conditions: Any) -> None:
    if session().scalar(select(key).where(*conditions)) is not None:
        raise Refused(refusal, {"code": code})


def _require_location(warehouse_id: uuid.UUID, location_id: uuid.UUID) -> None:
    location = session().get(Location, location_id)
    if location is None or location.warehouse_id != warehouse_id:
        raise not_found("location")


def _add_zone(warehouse: Warehouse, code: str, name: str, purpose: LocationKind) -> Zone:
    zone = Zone(warehouse_id=warehouse.id, code=code, name=name, purpose=purpose.value)
    session().add(zone)
    session().flush()
    return zone


def _add_location(warehouse: Warehouse, zone: Zone, code: str, kind: LocationKind) -> Location:
    """A location outside the walk (order 0) that takes anything."""
    label = rules.own_label(OwnCode.LOCATION, warehouse.label_prefix, code)
    location = Location(warehouse_id=warehouse.id, zone_id=zone.id, code=code, barcode=label, kind=kind.value,
                        walk_order=0, mixes_products=True, is_active=True)  # fmt: skip
    session().add(location)
    session().flush()
    return location


_ENTER = Statement(
    "INSERT INTO handling_unit (id, warehouse_id, kind, code, barcode, location_id, state, subject_kind, subject_id,"
    " created_at) SELECT k.id, :warehouse, :kind, k.code, k.barcode, :location, 'in_use', :subject_kind, k.subject, :now"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:codes AS text[]), CAST(:barcodes AS text[]), CAST(:subjects AS uuid[]))"
    " AS k(id, code, barcode, subject)"
)


def enter_units(
    warehouse_id: uuid.UUID,
    kind: HandlingUnitKind,
    location_id: uuid.UUID,
    units: Sequence[tuple[str, str, uuid.UUID]],
    subject_kind: str,
) -> list[uuid.UUID]:
    """Containers that come in with a document: (code, barcode, subject id) each, one statement; returns their ids.

    The caller has authorised and holds its document's lock; a code that is there already is the caller's fault.
    """
    ids = [new_id() for _ in units]
    _ENTER.run({
        "ids": ids, "codes": [code for code, _, _ in units], "barcodes": [barcode for _, barcode, _ in units],
        "subjects": [subject for _, _, subject in units], "warehouse": warehouse_id, "kind": kind.value,
        "location": location_id, "subject_kind": subject_kind, "now": clock.now(),
    })  # fmt: skip
    return ids


_UNIT_STATE = Statement("UPDATE handling_unit SET state = :state WHERE id = :unit")


def set_unit_state(unit_id: uuid.UUID, state: str) -> None:
    """Called by the owner of the document that the container came with; that document's lock guards it."""
    _UNIT_STATE.run({"unit": unit_id, "state": state})


def edit_layout(
    actor: Actor, warehouse_id: uuid.UUID, settings: layout.Settings, zones: Mapping[uuid.UUID, layout.ZonePlace]
) -> None:
    """How the aisles stand from now on; walks that are planned already stay. Zones not named stand beside the one before.

    Refuses depots that are not there (422), and `aisle_cut_off` when one-way aisles leave no way to an aisle and back.
    """
    load_warehouse_to_build(actor, warehouse_id)
    facts = floor_facts(warehouse_id)
    _check_layout(layout.draw(settings, facts.aisles, zones), settings)
    row = session().get(PickingLayout, warehouse_id) or PickingLayout(warehouse_id=warehouse_id)
    for name in ("aisle_pitch_mm", "bay_pitch_mm", "cross_aisle_mm", "blocks", "bays_face"):
        setattr(row, name, getattr(settings, name))
    for name in ("one_way", "starts", "ends"):
        setattr(row, name, [list(each) for each in getattr(settings, name)])
    session().add(row)
    for zone_id in {*zones, *facts.zones}:
        _place_zone(zone_id, zones.get(zone_id))
    session().flush()


def _place_zone(zone_id: uuid.UUID, place: layout.ZonePlace | None) -> None:
    row = session().get(ZoneLayout, zone_id)
    if place is None:
        if row is not None:
            session().delete(row)
        return
    row = row or ZoneLayout(zone_id=zone_id)
    row.first_aisle, row.first_block = place.first_aisle, place.first_block
    session().add(row)


def _check_layout(floor: layout.Floor, settings: layout.Settings) -> None:
    drawn = floor.layout
    for name, depots in (("starts", settings.starts), ("ends", settings.ends)):
        if any(row > drawn.rows or aisle > drawn.aisles for row, aisle in depots) or (name == "starts" and not depots):
            raise invalid(f"/{name}", "depot_not_there", rows=drawn.rows, aisles=drawn.aisles)
    if any(aisle > drawn.aisles or block > drawn.blocks for aisle, block, _ in settings.one_way):
        raise invalid("/one_way", "aisle_not_there", aisles=drawn.aisles, blocks=drawn.blocks)
    ways = {(aisle, block, direction) for aisle, block, direction in settings.one_way}
    for aisle, block, direction in sorted(ways):
        if direction == UP and (aisle, block, DOWN) in ways:
            raise invalid("/one_way", "aisle_both_ways", aisle=aisle)
    for block, aisle in sorted(drawn.one_way):
        try:
            route_in_layout(drawn, [drawn.bay(block, aisle, 0)], Budget())
        except NoWay:
            raise invalid("/one_way", "aisle_cut_off", aisle=aisle + 1) from None
