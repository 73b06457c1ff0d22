"""Loads at docks: whoever says where they work scans onto the load there, whoever does not is asked when it matters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

import labels
from tests.abuse.ways import Scene
from tests.cast import Cast
from tests.office.test_pages import form
from tests.outbound.stage import MUG
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility import service as facility
from wms.facility.models import Location, LocationKind, Station
from wms.facility.queries import system_location
from wms.floor.models import FloorTask
from wms.outbound.service import interceptions
from wms.outbound.service.load_lists import load_lists, request_load_list
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping import queries
from wms.shipping import service as shipping
from wms.shipping.models import Bag, Manifest, ManifestState, Parcel
from wms.shipping.service import docks


@pytest.fixture
def scene(cast: Cast, client: FlaskClient, app: Any, db_session: Any, books: None) -> Scene:
    found = Scene(cast, client)
    found.stock(MUG, 20)
    return found


def second_dock(cast: Cast, code: str = "DOCK-2") -> Location:
    first = system_location(cast.overseas.id, LocationKind.DOCK)
    place = Location(
        id=new_id(), warehouse_id=first.warehouse_id, zone_id=first.zone_id, code=code, barcode=f"L-{code}",
        kind=LocationKind.DOCK.value, walk_order=first.walk_order,
    )  # fmt: skip
    session().add(place)
    session().flush()
    return place


def load_of(number: str) -> Manifest:
    query = select(Manifest).join(Parcel, Parcel.manifest_id == Manifest.id).where(Parcel.tracking_number == number)
    return session().scalars(query.execution_options(populate_existing=True)).one()


def test_with_one_dock_nobody_is_asked_anything(scene: Scene) -> None:
    _, number = scene.packed({MUG: 1})
    gate = scene.tablet("handover", number)
    assert (gate.seen["docks"], gate.seen["dock"]) == ([], None)
    assert load_of(number).dock_id is None
    boss = scene.person("supervisor")
    assert "Its lorry stands at" not in boss.get(f"/office/manifests/{load_of(number).id}").text
    assert f"dock={load_of(number).id}" not in scene.person("picker").get("/floor/loads").text


def test_who_closes_a_load_at_the_lorry_sees_what_is_wanted_back(scene: Scene) -> None:
    """On the tablet as in the office, and where it is asked whether the driver has signed; until it is put back."""
    (order, number), (_, other) = scene.packed({MUG: 1}), scene.packed({MUG: 1})
    gate = scene.tablet("handover", number)
    gate.scan(other)
    load, tablet = load_of(number).id, gate.caller
    pages = ("/floor/loads", f"/floor/loads?ask={load}")
    assert [(other in tablet.get(page).text, number in tablet.get(page).text) for page in pages] == [(False, False)] * 2
    scene.do(interceptions.request_interception, scene.cast.acme, order.id, "buyer_cancelled")
    for page in pages:
        told = tablet.get(page).text
        assert (number in told, other in told, "1 件待卸下" in told) == (True, False, True)
    assert "1 to take off" in scene.person("supervisor").get("/office/manifests").text
    gate = scene.tablet("putback", number)
    assert [number in gate.caller.get(page).text for page in pages] == [False, False]


def test_the_loads_of_other_warehouses_hide_none_at_this_gate(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    _, number = scene.packed({MUG: 1})
    scene.tablet("handover", number)
    mine, elsewhere = load_of(number), scene.cast.bonded
    newer = Manifest(
        id=new_id(), warehouse_id=elsewhere.id, carrier_id=mine.carrier_id, number="M-ELSEWHERE",
        state=ManifestState.OPEN.value, created_at=mine.created_at + timedelta(minutes=1),
    )  # fmt: skip
    session().add(newer)
    session().flush()
    monkeypatch.setattr("wms.floor.loads.SHOWN", 1)
    boss = scene.person("supervisor")  # who sees both warehouses, and stands in one
    bench = session().scalars(select(Station.barcode).where(Station.warehouse_id == mine.warehouse_id)).first()
    boss.post("/floor/station", data={"barcode": bench})
    told = boss.get("/floor/loads").text
    assert (mine.number in told, newer.number in told) == (True, False)


def test_two_lorries_of_one_carrier_are_told_apart_on_the_tablet(scene: Scene) -> None:
    first, second = system_location(scene.cast.overseas.id, LocationKind.DOCK), second_dock(scene.cast)
    numbers = [scene.packed({MUG: 1})[1] for _ in range(5)]
    gate = scene.tablet("handover", numbers[0])  # nobody said where: as in a house without docks
    assert [each["code"] for each in gate.seen["docks"]] == [first.code, second.code]
    assert load_of(numbers[0]).dock_id is None
    assert gate.scan(second.barcode)["code"] == "dock_chosen"
    assert (gate.scan(numbers[1])["code"], gate.seen["dock"]) == ("parcel_loaded", second.code)
    assert load_of(numbers[1]).dock_id == second.id
    assert load_of(numbers[1]).id != load_of(numbers[0]).id
    gate.scan("CMD-OK")
    assert gate.seen["dock"] == second.code
    gate.scan(first.barcode)
    gate.scan(numbers[2])
    assert load_of(numbers[2]).dock_id == first.id
    packing = system_location(scene.cast.overseas.id, LocationKind.PACKING)
    assert gate.scan(packing.barcode)["code"] == "not_a_dock"
    told = scene.tablet("bag", numbers[3], "CMD-FULL")
    told.scan("CMD-OK", weight_g=told.seen["low_g"])
    gate = scene.tablet("handover")
    gate.scan(second.barcode)
    assert gate.scan(numbers[3])["code"] == "parcel_in_bag"
    (bag_code,) = session().scalars(select(Bag.barcode))
    assert gate.scan(bag_code)["code"] == "bag_loaded"
    assert load_of(numbers[3]).id == load_of(numbers[1]).id
    screen = gate.caller.get(f"/floor/tasks/{gate.next['task_id']}/screen").text
    assert f'data-command="{second.barcode}" aria-pressed="true"' in screen


def test_who_has_not_said_where_goes_on_with_the_one_load_and_is_asked_between_two(scene: Scene) -> None:
    second = second_dock(scene.cast)
    numbers = [scene.packed({MUG: 1})[1] for _ in range(4)]
    gate = scene.tablet("handover", numbers[0])
    boss, load = scene.person("supervisor"), load_of(numbers[0])
    page = boss.get(f"/office/manifests/{load.id}").text
    assert "Its lorry stands at" in page and f'value="{second.id}"' in page
    boss.post(f"/office/manifests/{load.id}/dock", data=form(dock=second.id))
    assert load_of(numbers[0]).dock_id == second.id
    assert f"Dock {second.code}" in boss.get("/office/manifests").text
    gate = scene.tablet("handover", numbers[1])
    assert load_of(numbers[1]).id == load.id
    shipping.open_manifest(SYSTEM, scene.cast.overseas.id, load.carrier_id)
    told = gate.scan(numbers[2])
    assert told["code"] == "which_dock" and second.code in told["title"], told
    gate.scan(second.barcode)
    assert gate.scan(numbers[2])["code"] == "parcel_loaded"
    assert load_of(numbers[2]).id == load.id
    request_load_list(SYSTEM, load.id)
    (paper,) = load_lists(session().scalars(select(LabelDocument).where(LabelDocument.kind == "manifest")).all())
    assert isinstance(paper, labels.Manifest)
    assert f"dock/月台 {second.code}" in paper.warehouse


def test_a_bench_at_a_dock_loads_there(scene: Scene) -> None:
    second = second_dock(scene.cast)
    desk = facility.create_station(SYSTEM, scene.cast.overseas.id, "D02", "Dock 2", second.id)
    _, number = scene.packed({MUG: 1})
    gate = scene.tablet("handover")
    assert gate.caller.post("/floor/station", data={"barcode": desk.barcode}).status_code == 302
    session().execute(update(FloorTask).where(FloorTask.kind == "handover").values(closed_at=func.now()))
    gate.start("handover")
    assert gate.seen["dock"] == second.code
    gate.scan(number)
    assert load_of(number).dock_id == second.id


def test_the_tablet_puts_a_load_at_a_dock(scene: Scene) -> None:
    second = second_dock(scene.cast)
    _, number = scene.packed({MUG: 1})
    gate, load = scene.tablet("handover", number), load_of(number)
    assert f"dock={load.id}" in gate.caller.get("/floor/loads").text
    assert str(second.id) in gate.caller.get(f"/floor/loads?dock={load.id}").text
    address = f"/floor/loads/{load.id}/dock"
    assert gate.caller.post(address, data=form(dock=second.id)).status_code == 303
    assert load_of(number).dock_id == second.id
    assert second.code in gate.caller.get("/floor/loads").text
    assert gate.caller.post(address, data=form(dock="")).status_code == 303
    assert load_of(number).dock_id is None
    gate.caller.post(f"/floor/loads/{load.id}/close", data=form())
    refused = gate.caller.post(address, data=form(dock=second.id))
    assert refused.status_code == 409 and load.number in refused.text


def test_what_may_not_be_a_loads_dock_is_refused(scene: Scene) -> None:
    cast, place = scene.cast, second_dock(scene.cast)
    _, number = scene.packed({MUG: 1})
    scene.tablet("handover", number)
    load = load_of(number)
    other = shipping.open_manifest(SYSTEM, cast.overseas.id, load.carrier_id, place.id)
    packing = system_location(cast.overseas.id, LocationKind.PACKING).id
    elsewhere = system_location(cast.bonded.id, LocationKind.DOCK).id
    for dock_id, code in ((place.id, "load_at_dock"), (packing, "no_such_dock"), (elsewhere, "no_such_dock"),
                          (new_id(), "no_such_dock")):  # fmt: skip
        assert refusal(shipping.put_at_dock, cast.supervisor, load.id, dock_id).code == code
    for dock_id in (packing, elsewhere):
        assert (
            refusal(shipping.open_manifest, SYSTEM, cast.overseas.id, load.carrier_id, dock_id).code == "no_such_dock"
        )
    assert refusal(shipping.put_at_dock, cast.acme, load.id, place.id).code == "not_found"
    assert shipping.put_at_dock(cast.supervisor, other.id, place.id).dock_id == place.id  # again
    assert shipping.open_manifest(SYSTEM, cast.overseas.id, load.carrier_id, place.id).id == other.id
    place.is_active = False
    session().flush()
    assert docks.docks_of(cast.overseas.id) == []
    assert refusal(shipping.open_manifest, SYSTEM, cast.overseas.id, load.carrier_id, place.id).code == "no_such_dock"


def refusal(use: Any, *arguments: Any) -> Refused:
    with pytest.raises(Refused) as caught, session().begin_nested():
        use(*arguments)
    return caught.value


def test_a_load_opened_there_at_the_same_moment_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look before sees nothing of what another bench has not committed: the index does."""
    place = second_dock(scene.cast)
    _, number = scene.packed({MUG: 1})
    scene.tablet("handover", number)
    load = load_of(number)
    other = shipping.open_manifest(SYSTEM, scene.cast.overseas.id, load.carrier_id, place.id)
    seen = iter([None, other])
    monkeypatch.setattr(queries, "open_manifest_of", lambda *_: next(seen))
    told = refusal(shipping.put_at_dock, SYSTEM, load.id, place.id)
    assert (told.code, told.params) == ("load_at_dock", {"number": other.number})
    assert load_of(number).dock_id is None
