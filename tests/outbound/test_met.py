"""Where the features of one day meet: parts of an order, labels of its seller, whole cartons, lanes, transfers, erasure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.carrier_server import CarrierSimulator
from tests.outbound.stage import BIN1, BIN2, MUG, RECEIPT, RED, SERUM, Stage, in_days
from tests.outbound.test_carrier_waybills import carrier, turn  # noqa: F401
from tests.outbound.test_fba import LABEL, amazon
from tests.outbound.test_lanes import take
from tests.outbound.test_own_labels import OTHER, UPS, bring, held, live, own  # noqa: F401
from tests.outbound.test_routing import create, routed
from tests.outbound.test_shortfalls import back_of, closed, go, units_of
from tests.outbound.test_whole import b2b, container, line, parcels
from tests.outbound.test_whole import take as take_whole
from tests.transfers.conftest import build
from wms.added_services.catalogue import define_service
from wms.core.refusals import Refused
from wms.inventory import service as inventory
from wms.inventory.models import Condition
from wms.outbound.erasure import erase_order
from wms.outbound.models import Order, ParcelPhoto
from wms.outbound.rules import Fill
from wms.outbound.service import bench_photos, changes, cut_offs, damage, joining, lanes, picking, shortfalls, whole
from wms.outbound.ways import Way
from wms.platform import files
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping.models import Carrier
from wms.shipping.number_ranges import ranges_left


def rows(statement: str, **values: Any) -> list[Any]:
    session().expire_all()
    return [tuple(row) for row in session().execute(text(statement), values)]


# Parts of an order


def further_house(stage: Stage) -> Any:
    """A second overseas warehouse, as `Stage.stock` knows one: its id, and a bin."""
    house = stage.do(build)
    query = text("SELECT id FROM location WHERE warehouse_id = :w AND kind = 'storage' ORDER BY code LIMIT 1")
    return SimpleNamespace(id=house, locations={BIN1: session().execute(query, {"w": house}).scalar_one()})


def test_a_part_of_another_warehouse_is_not_joined(stage: Stage) -> None:
    """Its lines are counted anew there: joined by their places, one mug and one red would be two mugs."""
    house = further_house(stage)
    stage.stock(MUG, 1)
    stage.stock(RED, 1, house=house)
    routed(stage, warehouses=[stage.cast.overseas.id, house.id], may_split=True)
    order = create(stage, {MUG: 1, RED: 1})
    other = back_of(order)
    assert (order.warehouse_id, other.warehouse_id) == (stage.cast.overseas.id, house.id)
    assert not joining.may_join(other)
    assert stage.refused(joining.join, stage.cast.acme, other.id).code == "join_too_late"


def test_what_a_part_of_another_warehouse_lacks_is_that_parts_back_order(stage: Stage) -> None:
    house = further_house(stage)
    stage.stock(MUG, 1)
    goods = stage.stock(RED, 2, house=house)
    routed(stage, warehouses=[stage.cast.overseas.id, house.id], may_split=True)
    order = create(stage, {MUG: 1, RED: 2})
    other = back_of(order)
    stage.do(inventory.recondition, stage.cast.supervisor, goods, Condition.DAMAGED, 1, RECEIPT)
    stage.jobs()
    assert stage.state(other) == "short"
    go(stage, other, Way.SPLIT)
    back = back_of(other)
    assert (units_of(other), units_of(back), back.reference) == ([1], [1], f"{other.reference}-B1")
    stage.do(joining.join, stage.cast.acme, back.id)
    assert (units_of(other), units_of(order)) == ([2], [1])


def test_a_back_order_waits_for_labels_of_its_own(own: Stage) -> None:  # noqa: F811
    order = own.order({MUG: 9}, service="OWN-UPS")
    bring(own, order, UPS)
    go(own, order, Way.SPLIT)
    back = back_of(order)
    assert held(back) == [("system", "label_missing", "open")]
    own.stock(MUG, 3)
    own.jobs()
    assert own.state(back) == "promised"
    assert own.refused(own.wave, back).code == "nothing_to_wave"
    bring(own, back, OTHER)
    assert held(back) == [("system", "label_missing", "ended")]
    own.wave(back)
    own.pick_all(back)
    assert own.pack(back) == OTHER


@pytest.mark.parametrize("brought", [False, True])
def test_joined_again_the_labels_of_the_back_order_are_void(own: Stage, brought: bool) -> None:  # noqa: F811
    order = own.order({MUG: 9}, service="OWN-UPS")
    bring(own, order, UPS)
    go(own, order, Way.SPLIT)
    back = back_of(order)
    if brought:
        bring(own, back, OTHER)
    assert joining.may_join(session().get_one(Order, back.id))
    own.do(joining.join, own.cast.acme, back.id)
    assert live(order) == [(UPS, "open")]
    assert (units_of(order), held(back)) == ([9], [("system", "label_missing", "ended")])
    assert set(session().scalars(select(LabelDocument.barcode).where(LabelDocument.state == "ready"))) == {UPS}


def test_a_back_order_that_somebody_holds_is_not_joined(stage: Stage) -> None:
    stage.stock(MUG, 3)
    order = stage.order({MUG: 5})
    go(stage, order, Way.SPLIT)
    back = back_of(order)
    go(stage, back, Way.HOLD, stage.cast.acme)
    assert stage.refused(joining.join, stage.cast.acme, back.id).code == "join_too_late"


def test_a_line_that_names_its_carton_is_not_split_at_the_pick(stage: Stage) -> None:
    """The rest could only come out of that carton, and never does."""
    container(stage, "CTN-1", {MUG: 6})
    stage.stock(MUG, 5, BIN2)
    order = b2b(stage, [line(MUG, 6, "CTN-1")])
    stage.wave(order)
    stop = stage.tasks(order)[0]
    stage.take()
    stage.tote(order)
    stage.do(picking.pick, stage.cast.picker, stop.id, 1)
    stage.do(damage.report, stage.cast.picker, stop.id, 1)
    stage.jobs()
    assert closed(stage, order)["split"] == "line_is_pinned"
    assert stage.refused(shortfalls.take, stage.cast.acme, order.id, Way.SPLIT).code == "way_closed"


# Numbers that sellers bring


def test_a_brought_number_is_nobody_elses_here(own: Stage) -> None:  # noqa: F811
    """Neither one that another carrier's parcel has, nor one that a range of the house will give."""
    other = own.order({MUG: 1})
    own.wave(other)
    given = str(own.parcel(other).tracking_number)
    (house,) = ranges_left(session().scalars(select(Carrier.id).where(Carrier.code == "HOUSE")).one())
    order = own.order({MUG: 1}, service="OWN-UPS")
    for number in (given, house.last):
        with pytest.raises(Refused) as refused:
            bring(own, order, UPS, number)
        assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [
            ("/tracking_numbers/1", "label_number_taken")
        ]
        session().rollback()


def test_two_parcels_of_one_number_are_two_things(own: Stage) -> None:  # noqa: F811
    """Carriers do not ask each other: the goods of one parcel never lie in the other."""
    first = own.order({MUG: 1})
    own.wave(first)
    own.pick_all(first)
    number = own.pack(first)
    second = own.order({MUG: 2}, service="OWN-UPS")
    bring(own, second, UPS)
    own.wave(second)
    own.pick_all(second)
    session().execute(
        text("UPDATE parcel SET tracking_number = :n WHERE tracking_number = :ups"), {"n": number, "ups": UPS}
    )
    session().commit()
    assert own.pack(second) == number
    held_in = "SELECT count(DISTINCT handling_unit_id) FROM parcel WHERE state = 'closed'"
    assert rows(held_in) == [(2,)]
    inside = (
        "SELECT s.subject_id, sum(b.on_hand) FROM balance b JOIN parcel p ON p.handling_unit_id = b.handling_unit_id"
        " JOIN shipment s ON s.id = p.shipment_id GROUP BY 1"
    )
    assert dict(rows(inside)) == {first.id: 1, second.id: 2}


def test_a_number_longer_than_a_containers_code_closes_its_parcel(stage: Stage) -> None:
    stage.stock(MUG, 1)
    order = stage.order({MUG: 1})
    stage.wave(order)
    number = "N" * 48
    session().execute(text("UPDATE parcel SET tracking_number = :n"), {"n": number})
    session().commit()
    stage.pick_all(order)
    assert stage.pack(order) == number
    stage.hand_over(number)
    assert stage.state(order) == "shipped"


# Cartons that go whole


def test_two_cartons_take_the_two_labels_that_were_brought(own: Stage) -> None:  # noqa: F811
    units = [container(own, f"CTN-{number}", {RED: 6}) for number in (1, 2)]
    order = b2b(own, {RED: 12}, service="OWN-UPS")
    bring(own, order, UPS, OTHER)
    own.wave(order)
    assert [take_whole(own, unit).tracking_number for unit in units] == [UPS, OTHER]
    for number in (UPS, OTHER):
        own.hand_over(number)
    assert own.state(order) == "shipped"


def test_a_label_that_no_carton_needs_is_dropped(own: Stage) -> None:  # noqa: F811
    unit = container(own, "CTN-1", {RED: 6})
    order = b2b(own, {RED: 6}, service="OWN-UPS")
    bring(own, order, UPS, OTHER)
    own.wave(order)
    assert take_whole(own, unit).is_packed
    assert live(order) == [(UPS, "closed")]
    own.hand_over(UPS)
    assert own.state(order) == "shipped"


def test_cartons_go_whole_with_a_remote_carrier(stage: Stage, carrier: CarrierSimulator) -> None:  # noqa: F811
    units = [container(stage, f"CTN-{number}", {RED: 6}) for number in (1, 2)]
    order = b2b(stage, {RED: 12}, service="EXPRESS")
    stage.wave(order)
    turn()
    assert not take_whole(stage, units[0]).is_packed
    assert stage.refused(whole.take_whole, stage.cast.picker, units[1].id).code == "waybill_not_ready"
    turn()
    assert take_whole(stage, units[1]).is_packed
    for each in parcels(order):
        stage.hand_over(str(each.tracking_number))
    assert stage.state(order) == "shipped"
    assert [each["contents"][0]["quantity"] for each in carrier.bodies] == [12, 6]


def test_a_weight_that_the_label_wants_is_said_by_the_carton(stage: Stage) -> None:
    house = session().scalars(select(Carrier).where(Carrier.code == "HOUSE")).one()
    house.capabilities = {**house.capabilities, "needs_weight_before_label": True}
    session().commit()
    units = [container(stage, f"CTN-{number}", {MUG: 6}) for number in (1, 2)]
    order = b2b(stage, {MUG: 12})
    stage.wave(order)
    assert [take_whole(stage, unit).is_packed for unit in units] == [False, True]
    numbers = [str(each.tracking_number) for each in parcels(order)]
    asked = "SELECT barcode FROM label_document WHERE kind = 'waybill' AND state IN ('requested', 'ready') ORDER BY 1"
    assert [row[0] for row in rows(asked)] == sorted(numbers)
    for number in numbers:
        stage.hand_over(number)
    assert stage.state(order) == "shipped"


def test_a_remote_carrier_that_wants_the_weight_first_is_told_at_the_bench(
    stage: Stage,
    carrier: CarrierSimulator,  # noqa: F811
) -> None:
    remote = session().scalars(select(Carrier).where(Carrier.code == "SIM")).one()
    remote.capabilities = {**remote.capabilities, "needs_weight_before_label": True}
    session().commit()
    unit = container(stage, "CTN-1", {RED: 6})
    order = b2b(stage, {RED: 6}, service="EXPRESS")
    stage.wave(order)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_scale"


def test_what_is_to_be_photographed_is_opened(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    stage.do(cut_offs.set_terms, stage.cast.acme, stage.cast.ACME.id, Fill.ALL, pack_photo=True)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_photo"
    stage.pick_all(order)
    stage.pack(order)
    assert stage.state(order) == "packed"


def test_both_labels_say_that_there_are_two(stage: Stage) -> None:
    """The first one's was asked for by the wave, when it was the only parcel."""
    units = [container(stage, f"CTN-{number}", {MUG: 6}) for number in (1, 2)]
    order = b2b(stage, {MUG: 12})
    stage.wave(order)
    take_whole(stage, units[0])
    found = "SELECT p.n, d.version, d.state FROM label_document d JOIN parcel p ON p.id = d.subject_id ORDER BY 1, 2"
    assert [(n, version) for n, version, state in rows(found) if state in ("requested", "ready")] == [(1, 2), (2, 1)]


# Lanes


@pytest.mark.parametrize("how", ["label", "batch", "quality", "home"])
def test_an_order_that_not_every_unit_serves_is_in_no_lane(stage: Stage, how: str) -> None:
    stage.do(define_service, stage.cast.supervisor, LABEL)
    sku, lot = (SERUM, {"batch": "L1", "expires_on": in_days(400)}) if how == "batch" else (MUG, {})
    stage.stock(sku, 5, **lot)
    if how == "quality":
        loose = stage.stock(sku, 1, BIN2)
        stage.do(inventory.recondition, stage.cast.supervisor, loose, Condition.DAMAGED, 1, RECEIPT)
    wants: dict[str, Any] = {"sku": sku, "quantity": 1}
    special = {
        "label": lambda: amazon(stage, [{**wants, "fnsku": "X001ABCDEF"}]),
        "batch": lambda: stage.order([{**wants, "batch": "L1"}]),
        "quality": lambda: stage.order([{**wants, "condition": "damaged"}], kind="return_to_seller"),
        "home": lambda: stage.order([wants], kind="return_to_seller"),
    }[how]()
    other = stage.order({sku: 1})
    assert stage.state(special) == "promised"
    stage.wave(special, other)
    batch, tote = stage.take(), stage.totes()[0]
    assert stage.do(lanes.bind_container, stage.cast.picker, batch.id, tote) == 1
    stage.pick_all(other)
    assert take(stage, sku).order_id == other.id


# What an order says


def test_goods_without_a_value_are_not_sent_over_a_border_by_a_change(stage: Stage) -> None:
    stage.stock(MUG, 5)
    session().execute(text("UPDATE product SET declared_value_minor = NULL, declared_currency = NULL"))
    session().commit()
    order = stage.order({MUG: 1}, declaration={})
    buyer = {"name": "Anna", "city": "Boston", "postcode": "02108", "address1": "Park Street 1"}
    edit = (changes.edit_order, stage.cast.acme, order.id, None)
    refused = stage.refused(*edit, {"consignee": {**buyer, "country": "US"}})
    assert [(each["pointer"], each["code"]) for each in refused.errors] == [
        ("/consignee/country", "customs_value_needed")
    ]
    stage.do(*edit, {"consignee": {**buyer, "country": "FR"}})


def test_photos_of_parcels_are_forgotten_with_the_buyer(stage: Stage) -> None:
    stage.stock(MUG, 5)
    orders = [stage.order({MUG: 1}), stage.order({MUG: 1})]
    stage.wave(*orders)
    for order in orders:
        stage.pick_all(order)
        kept = files.keep(f"photo of {order.number}".encode(), "image/jpeg")
        stage.do(bench_photos.add, stage.cast.picker, order.id, kept, "packed.jpg")
    stage.do(erase_order, orders[0].id)
    assert list(session().scalars(select(ParcelPhoto.order_id))) == [orders[1].id]
    assert rows("SELECT count(*) FROM stored_file WHERE media_type = 'image/jpeg'") == [(1,)]
