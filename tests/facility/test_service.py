"""Building the warehouse."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from wms.core.refusals import Refused
from wms.facility import queries, service
from wms.facility.models import HandlingUnitKind, Location, LocationKind, Warehouse, WarehouseKind
from wms.facility.rules import Plan


def refusal_of(call, *arguments, **options) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return refused.value.errors[0]["code"] if refused.value.errors else refused.value.code


def kinds(warehouse) -> set[str]:
    return {code for code in warehouse.locations if "-" not in code}


def test_every_warehouse_has_its_system_places_and_only_bonded_an_unaccounted_one(cast):
    everywhere = {"DOCK", "INSP", "RETURNS", "PACK", "GATE", "TOTES"}
    assert kinds(cast.overseas) == everywhere
    assert kinds(cast.bonded) == everywhere | {"UNACC"}


def test_a_label_names_one_place_in_the_world(cast, db_session):
    assert cast.overseas.labels["A-01-01-1"].startswith("L-A-01-01-1-")
    assert cast.bonded.labels["A-01-01-1"].startswith("L-NGB1-A-01-01-1-")
    found = queries.location_by_barcode(cast.bonded.labels["A-01-01-1"])
    assert (found.warehouse_id, found.code) == (cast.bonded.id, "A-01-01-1")


def test_generated_bins_follow_those_that_exist_and_a_clash_refuses_all(cast, db_session):
    count = select(func.count(Location.id))
    last = db_session.scalar(select(func.max(Location.walk_order)).where(Location.warehouse_id == cast.overseas.id))
    plan = Plan("A-{aisle:02}-{bay:02}-{level}", (9, 9), (1, 2))
    assert service.generate_locations(cast.supervisor, cast.overseas.id, "A", plan) == ["A-09-01-1", "A-09-02-1"]
    assert queries.location_by_code(cast.overseas.id, "A-09-01-1").walk_order == last + 1
    before = db_session.scalar(count)
    wider = Plan("A-{aisle:02}-{bay:02}-{level}", (8, 9), (1, 2))
    assert refusal_of(service.generate_locations, cast.supervisor, cast.overseas.id, "A", wider) == "location_exists"
    assert db_session.scalar(count) == before


def test_nobody_builds_outside_their_scope(cast, db_session):
    plan = Plan("Z-{aisle}", (1, 2), (1, 1))
    before = db_session.scalar(select(func.count(Location.id)))
    for actor in (cast.acme, cast.acme_person, cast.receiver, cast.customs_clerk):
        assert refusal_of(service.generate_locations, actor, cast.overseas.id, "A", plan) == "not_found"
    assert db_session.scalar(select(func.count(Location.id))) == before


def test_a_bonded_warehouse_has_a_regime_and_no_other_one(cast, db_session):
    site = db_session.scalars(select(Warehouse.site_id).where(Warehouse.code == "DE1")).one()
    rest = {"country": "DE", "time_zone": "Europe/Berlin", "currency": "EUR"}
    make = service.create_warehouse
    assert refusal_of(make, cast.admin, site, "X1", "X", WarehouseKind.BONDED, **rest) == "regime_needed"
    assert (
        refusal_of(make, cast.admin, site, "X1", "X", WarehouseKind.OVERSEAS, regime="1210", **rest)
        == "regime_not_bonded"
    )
    wrong = {**rest, "time_zone": "Europe/Atlantis"}
    assert refusal_of(make, cast.admin, site, "X1", "X", WarehouseKind.OVERSEAS, **wrong) == "time_zone_unknown"
    assert make(cast.admin, site, "X1", "X", WarehouseKind.OVERSEAS, **rest).label_prefix == "X1"


def test_totes_and_cartons_have_labels_of_their_own(cast, db_session):
    parking = queries.system_location(cast.bonded.id, LocationKind.TOTE)
    make = service.create_handling_unit
    tote = make(cast.picker, cast.bonded.id, HandlingUnitKind.TOTE, "9001", parking.id)
    carton = make(cast.picker, cast.bonded.id, HandlingUnitKind.CARTON, "9002", parking.id)
    assert tote.barcode.startswith("T-NGB1-9001-")
    assert carton.barcode.startswith("B-NGB1-9002-")
    assert refusal_of(make, cast.picker, cast.bonded.id, HandlingUnitKind.TOTE, "9001", parking.id) == "unit_code_taken"
    foreign = cast.overseas.locations["TOTES"]
    assert refusal_of(make, cast.picker, cast.bonded.id, HandlingUnitKind.TOTE, "9003", foreign) == "not_found"


def test_sellers_read_warehouses_and_their_locations_page_by_page(cast, client):
    api = cast.api(client, "ACME")
    warehouses = api.get("/api/v1/warehouses").json["data"]
    assert [(each["code"], each["kind"]) for each in warehouses] == [("DE1", "overseas"), ("NGB1", "bonded")]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/api/v1/warehouses/{cast.overseas.id}/locations?limit=7{cursor and '&cursor=' + cursor}").json
        seen += [each["code"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert seen == sorted(cast.overseas.locations)
    assert api.get("/api/v1/warehouses/01939000-0000-7000-8000-000000000000/locations").status_code == 404
