"""Cartons and pallets that go whole: one scan takes one, it is the parcel, and it keeps its label."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, Stage, body
from tests.outbound.test_concurrency import at_once, command
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, HandlingUnitKind
from wms.facility.packaging import service as catalogue
from wms.facility.service import create_handling_unit
from wms.floor.resolver import Kind, Scope, resolve
from wms.inventory import service as inventory
from wms.inventory.rules import Reason
from wms.outbound import queries
from wms.outbound.carts import Selection
from wms.outbound.models import Order
from wms.outbound.schemas import OrderIn
from wms.outbound.service import intake, interceptions, order_holds, orders, packing, picking, reading, whole
from wms.platform.database import session
from wms.shipping.models import Parcel

RECEIPT = inventory.Subject("test", None)


def container(
    stage: Stage, code: str, lines: dict[str, int], place: str = BIN1, kind: HandlingUnitKind = HandlingUnitKind.CARTON,
    parent: HandlingUnit | None = None,
) -> HandlingUnit:  # fmt: skip
    """A labelled container with goods, standing in a bin."""
    house = stage.cast.overseas
    unit = stage.do(create_handling_unit, SYSTEM, house.id, kind, code, house.locations[place])
    for sku, units in lines.items():
        loose = stage.stock(sku, units, place)
        stage.do(inventory.relocate, SYSTEM, loose, house.locations[place], units, RECEIPT, reason=Reason.MOVE,
                 handling_unit_id=unit.id)  # fmt: skip
    if parent is not None:
        stage.do(_stand_in, unit.id, parent.id)
    return session().get_one(HandlingUnit, unit.id)


def _stand_in(unit_id: uuid.UUID, parent_id: uuid.UUID) -> None:
    session().get_one(HandlingUnit, unit_id).parent_id = parent_id
    session().flush()


def b2b(stage: Stage, lines: Any, **more: Any) -> Order:
    made = stage.do(intake.create_order, stage.cast.acme, OrderIn().load(body(lines, kind="b2b", **more)))
    return session().get_one(Order, made.id)


def line(sku: str, units: int, code: str | None = None) -> dict[str, Any]:
    return {"sku": sku, "quantity": units, **({"container": code} if code else {})}


def take(stage: Stage, unit: HandlingUnit) -> whole.TakenWhole:
    return stage.do(whole.take_whole, stage.cast.picker, unit.id)


def parcels(order: Order) -> list[Parcel]:
    session().expire_all()
    shipment = session().get_one(Order, order.id).shipment_id
    query = select(Parcel).where(Parcel.shipment_id == shipment, Parcel.state != "voided")
    return list(session().scalars(query.order_by(Parcel.n)))


def label(unit: HandlingUnit) -> str:
    return session().get_one(HandlingUnit, unit.id, populate_existing=True).barcode


def test_one_scan_takes_a_carton_from_the_bin_to_the_load(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6, CABLE: 4})
    order = b2b(stage, {MUG: 6, CABLE: 4})
    stage.wave(order)
    assert [(row.code, row.units, row.number) for row in whole.waiting(stage.cast.overseas.id)] == [
        ("CTN-1", 10, order.number)
    ]
    taken = take(stage, unit)
    assert (taken.units, taken.is_packed, stage.state(order)) == (10, True, "packed")
    (parcel,) = parcels(order)
    assert (parcel.state, parcel.units, parcel.is_weighed, parcel.handling_unit_id) == ("closed", 10, False, unit.id)
    assert whole.waiting(stage.cast.overseas.id) == []
    found = resolve(label(unit), Scope(stage.cast.overseas.id), [Kind.PARCEL])
    assert (found.kind, found.code) == (Kind.PARCEL, parcel.tracking_number)
    stage.hand_over(found.code)
    assert (stage.state(order), stage.free(MUG), stage.free(CABLE)) == ("shipped", (0, 0), (0, 0))
    listed = queries.order_detail(session().get_one(Order, order.id))["parcels"][0]["contents"]
    assert [(each["sku"], each["quantity"]) for each in listed] == [(CABLE, 4), (MUG, 6)]


def test_the_loose_rest_is_picked_and_packed(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    stage.stock(CABLE, 5, BIN2)
    order = b2b(stage, {MUG: 6, CABLE: 2})
    stage.wave(order)
    taken = take(stage, unit)
    assert (taken.is_packed, stage.state(order)) == (False, "picking")
    stage.pick_all(order)
    assert stage.state(order) == "picked"
    loose = stage.pack(order)
    assert (stage.state(order), len(parcels(order))) == ("packed", 2)
    assert stage.hand_over(loose).waits
    stage.hand_over(taken.tracking_number)
    assert stage.state(order) == "shipped"


def test_the_rest_was_picked_before(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    stage.stock(CABLE, 5, BIN2)
    order = b2b(stage, {MUG: 6, CABLE: 2})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    loose = next(each for each in stage.tasks(order) if each.product_id == stage.cast.ACME.products[CABLE])
    stage.do(picking.pick, stage.cast.picker, loose.id, 2)
    assert not take(stage, unit).is_packed
    assert stage.state(order) == "picked"
    stage.pack(order)
    assert stage.state(order) == "packed"


def test_a_pallet_goes_with_the_cartons_on_it(stage: Stage) -> None:
    pallet = container(stage, "PAL-1", {}, kind=HandlingUnitKind.PALLET)
    inner = [container(stage, f"CTN-{number}", {MUG: 6}, parent=pallet) for number in (1, 2)]
    order = b2b(stage, {MUG: 12})
    stage.wave(order)
    assert take(stage, pallet).units == 12
    states = {each.code: session().get_one(HandlingUnit, each.id, populate_existing=True).state for each in inner}
    assert states == {"CTN-1": "gone", "CTN-2": "gone"}
    stage.hand_over(parcels(order)[0].tracking_number)
    assert stage.state(order) == "shipped"


def test_a_line_names_a_pallet_with_the_cartons_on_it(stage: Stage) -> None:
    """All that is on it and nothing else, of each product a line; the floor is sent to the pallet."""
    stage.stock(MUG, 30, BIN2)  # loose, and in older stock
    pallet = container(stage, "PAL-1", {}, kind=HandlingUnitKind.PALLET)
    for number, goods in enumerate(({MUG: 6}, {MUG: 6}, {CABLE: 4}), 1):
        container(stage, f"CTN-{number}", goods, parent=pallet)
    for wrong in (6, 13):
        with pytest.raises(Refused) as refusal:
            b2b(stage, [line(MUG, wrong, "PAL-1")])
        assert (refusal.value.errors[0]["pointer"], refusal.value.errors[0]["code"]) == (
            "/lines/0/quantity",
            "container_holds",
        )
    order = b2b(stage, [line(MUG, 12, pallet.barcode), line(CABLE, 4, "PAL-1")])
    assert stage.state(order) == "promised"
    stage.wave(order)
    assert [(each.code, each.kind, each.units) for each in whole.waiting(stage.cast.overseas.id)] == [
        ("PAL-1", "pallet", 16)
    ]
    assert take(stage, pallet).is_packed
    stage.hand_over(parcels(order)[0].tracking_number)
    assert stage.state(order) == "shipped"


def test_what_lies_on_a_pallet_beside_its_cartons_is_asked_for_with_them(stage: Stage) -> None:
    pallet = container(stage, "PAL-1", {MUG: 3}, kind=HandlingUnitKind.PALLET)
    container(stage, "CTN-1", {MUG: 6}, parent=pallet)
    order = b2b(stage, [line(MUG, 9, "PAL-1")])
    stage.wave(order)
    assert [(each.code, each.kind, each.units) for each in whole.waiting(stage.cast.overseas.id)] == [
        ("PAL-1", "pallet", 9)
    ]
    assert take(stage, pallet).is_packed


@pytest.mark.parametrize(
    ("named", "at"),
    [(("CTN-1", "CTN-1"), 1), (("PAL-1", "CTN-1"), 1), (("CTN-2", "PAL-1"), 1), (("CTN-1", "CTN-2"), None)],
)
def test_no_two_lines_mean_the_same_goods(stage: Stage, named: tuple[str, str], at: int | None) -> None:
    pallet = container(stage, "PAL-1", {}, kind=HandlingUnitKind.PALLET)
    for number in (1, 2):
        container(stage, f"CTN-{number}", {MUG: 6}, parent=pallet)
    lines = [line(MUG, 12 if code == "PAL-1" else 6, code) for code in named]
    if at is None:
        assert stage.state(b2b(stage, lines)) == "promised"
        return
    with pytest.raises(Refused) as refusal:
        b2b(stage, lines)
    assert [(each["pointer"], each["code"]) for each in refusal.value.errors] == [
        (f"/lines/{at}/container", "container_twice"),
    ]  # fmt: skip


def test_cartons_of_a_pallet_that_two_orders_want_are_fetched_one_by_one(stage: Stage) -> None:
    pallet = container(stage, "PAL-1", {}, kind=HandlingUnitKind.PALLET)
    for number in (1, 2):
        container(stage, f"CTN-{number}", {MUG: 6}, parent=pallet)
    made = [b2b(stage, [line(MUG, 6, f"CTN-{number}")]) for number in (1, 2)]
    stage.wave(*made)
    assert [(each.code, each.units) for each in whole.waiting(stage.cast.overseas.id)] == [("CTN-1", 6), ("CTN-2", 6)]


def test_two_cartons_are_two_parcels(stage: Stage) -> None:
    units = [container(stage, f"CTN-{number}", {MUG: 6}) for number in (1, 2)]
    order = b2b(stage, {MUG: 12})
    stage.wave(order)
    assert [take(stage, unit).is_packed for unit in units] == [False, True]
    assert [(each.state, each.units) for each in parcels(order)] == [("closed", 6), ("closed", 6)]


def test_a_line_names_its_carton(stage: Stage) -> None:
    """And gets that one, though another would be nearer."""
    container(stage, "CTN-1", {MUG: 6}, BIN1)
    named = container(stage, "CTN-2", {MUG: 6}, BIN2)
    order = b2b(stage, [line(MUG, 6, "CTN-2")])
    stage.wave(order)
    assert [row.code for row in whole.waiting(stage.cast.overseas.id)] == ["CTN-2"]
    take(stage, named)
    assert stage.state(order) == "packed"
    detail = queries.order_detail(session().get_one(Order, order.id))
    assert detail["lines"][0]["container"] == "CTN-2"


@pytest.mark.parametrize(
    ("lines", "pointer", "code"),
    [([line(MUG, 5, "CTN-1")], "/lines/0/quantity", "container_holds"),
     ([line(CABLE, 6, "CTN-1")], "/lines/0/quantity", "container_holds"),
     ([line(MUG, 6, "NOWHERE")], "/lines/0/container", "container_not_here"),
     ([{**line(MUG, 6, "CTN-1"), "batch": "B"}], "/lines/0/container", "container_elsewhere")],
)  # fmt: skip
def test_wrong_containers_are_refused_at_their_field(
    stage: Stage, lines: list[dict[str, Any]], pointer: str, code: str
) -> None:
    container(stage, "CTN-1", {MUG: 6})
    with pytest.raises(Refused) as raised:
        b2b(stage, lines)
    assert [(each["pointer"], each["code"]) for each in raised.value.errors] == [(pointer, code)]


def test_another_sellers_carton_is_not_there(stage: Stage) -> None:
    container(stage, "CTN-1", {MUG: 6})
    given = OrderIn().load(body([line(MUG, 6, "CTN-1")], kind="b2b"))
    refused = stage.refused(intake.create_order, stage.cast.rival, given)
    assert refused.errors[0]["code"] == "container_not_here"


@pytest.mark.parametrize("wanted", [5, 7])
def test_an_order_for_less_or_more_than_a_carton(stage: Stage, wanted: int) -> None:
    """Of five it is opened; of seven it goes whole, with one from elsewhere."""
    unit = container(stage, "CTN-1", {MUG: 6})
    stage.stock(MUG, 1, BIN2)
    order = b2b(stage, {MUG: wanted})
    stage.wave(order)
    if wanted == 7:
        assert not take(stage, unit).is_packed
        stage.pick_all(order)
        stage.pack(order)
        assert stage.state(order) == "packed"
    else:
        assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_not_all"
        stage.cancel(order)


def test_what_nobody_wants_stays(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_not_wanted"
    tote = stage.totes()[0]
    assert stage.refused(whole.take_whole, stage.cast.picker, tote).code == "whole_not_wanted"
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    take(stage, unit)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_not_wanted"


@pytest.mark.parametrize("how", ["order_held", "intercepted"])
def test_a_stopped_order_takes_nothing(stage: Stage, how: str) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    stage.stock(CABLE, 3, BIN2)
    order = b2b(stage, {MUG: 6, CABLE: 1})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    loose = next(each for each in stage.tasks(order) if each.product_id == stage.cast.ACME.products[CABLE])
    stage.do(picking.pick, stage.cast.picker, loose.id, 1)
    if how == "order_held":
        stage.do(order_holds.place_hold, stage.cast.acme, order.id, "other")
    else:
        stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code in {how, "whole_not_wanted"}
    assert whole.waiting(stage.cast.overseas.id) == []


def test_taken_and_cancelled_it_is_put_back(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    take(stage, unit)
    stage.cancel(order)
    assert stage.put_back_all(order) == 6
    assert stage.free(MUG) == (6, 0)


def test_taken_off_its_load_it_is_put_back(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    stage.hand_over(take(stage, unit).tracking_number)
    stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    stage.do(interceptions.catch, stage.cast.picker, unit.id)
    assert stage.put_back_all(order) == 6
    assert (stage.state(order), stage.free(MUG)) == ("cancelled", (6, 0))


def test_another_pickers_walk_is_left_alone(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    stage.do(picking.take_batch, stage.cast.receiver, stage.cast.overseas.id)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "batch_taken"


def test_goods_of_two_orders_are_not_taken_for_one(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    first, second = (b2b(stage, {MUG: 3}) for _ in range(2))
    stage.wave(first, second)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "whole_not_all"


def test_the_books_say_where_it_went(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = b2b(stage, {MUG: 6})
    stage.wave(order)
    take(stage, unit)
    rows = session().execute(text("SELECT reason, count(*) FROM stock_posting WHERE subject_kind = 'order' GROUP BY 1"))
    assert dict(map(tuple, rows)) == {"pick": 1}
    held = session().execute(
        text("SELECT l.kind, sum(b.on_hand) FROM balance b JOIN location l ON l.id = b.location_id"
             " WHERE b.handling_unit_id = :u AND b.on_hand > 0 GROUP BY 1"), {"u": unit.id},
    ).all()  # fmt: skip
    assert [tuple(row) for row in held] == [("packing", 6)]


def test_two_hands_at_one_carton(floor: Stage, fresh_app: Flask) -> None:
    """One of them has it; a cancel in the middle leaves a state with a name, and the books balance."""
    unit = container(floor, "CTN-1", {MUG: 6}).id
    order = b2b(floor, {MUG: 6})
    floor.wave(order)
    took = [
        command(floor, floor.cast.picker, lambda: whole.take_whole(floor.cast.picker, unit)),
        command(floor, floor.cast.supervisor, lambda: whole.take_whole(floor.cast.supervisor, unit)),
    ]
    said = sorted(at_once(fresh_app, *took))
    assert said[0] == "done"
    assert said[1] in {"whole_not_wanted", "whole_not_all", "waybill_not_ready", "unit_in_use"}
    assert floor.state(order) == "packed"


def test_a_cancel_while_it_is_taken(floor: Stage, fresh_app: Flask) -> None:
    unit = container(floor, "CTN-1", {MUG: 6}).id
    order_id = b2b(floor, {MUG: 6}).id
    floor.wave(session().get_one(Order, order_id))
    at_once(
        fresh_app,
        command(floor, floor.cast.picker, lambda: whole.take_whole(floor.cast.picker, unit)),
        command(floor, floor.cast.acme, lambda: orders.cancel_order(floor.cast.acme, order_id, None, "other")),
    )
    order = session().get_one(Order, order_id)
    assert floor.state(order) == "cancelled"
    floor.put_back_all(order)
    assert floor.free(MUG) == (6, 0)


@pytest.mark.parametrize("whole_first", [True, False])
def test_what_goes_in_besides_is_asked_for_at_the_first_parcel_that_is_packed(stage: Stage, whole_first: bool) -> None:
    """A carton that goes as it is takes no leaflet: the bench still asks. The platform that the order says counts."""
    add = (catalogue.add_insert, stage.cast.admin, stage.cast.overseas.id)
    stage.do(*add, "Flyer", None, None)
    stage.do(*add, "Temu card", None, None, "temu")
    unit = container(stage, "BOX-1", {MUG: 6})
    stage.stock(CABLE, 2, BIN2)
    order = b2b(stage, [line(MUG, 6, "BOX-1"), line(CABLE, 2)], platform="temu", packing=["packing_slip"])
    stage.wave(order)
    if whole_first:
        take(stage, unit)
    plan = packing.plan_boxes(order.id)
    assert (plan["inserts"], plan.get("slip")) == (["Flyer", "Temu card"], True)


def test_a_carton_that_goes_whole_takes_no_room_in_totes(stage: Stage) -> None:
    container(stage, "BOX-1", {MUG: 30})
    stage.stock(CABLE, 2, BIN2)
    named = b2b(stage, [line(MUG, 30, "BOX-1"), line(CABLE, 2)])
    container(stage, "BOX-2", {MUG: 30})
    chosen = b2b(stage, {MUG: 30})
    for order in (named, chosen):
        facts = reading.read(stage.cast.supervisor, stage.cast.overseas.id, Selection(), [order.id])
        plan = reading.plan(replace(facts, settings=replace(facts.settings, tote_units=5)))
        assert [walk.totes for walk in plan.walks] == [1]


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [("UPDATE product SET pack_photo = true WHERE sku = :sku", "whole_photo"),
     ("INSERT INTO order_terms (owner_id, fill_rule, pack_photo) SELECT owner_id, 'fill_all', true FROM product WHERE sku = :sku",
      "whole_photo"),
     ("UPDATE product SET serial_control = 'exit' WHERE sku = :sku", "whole_serials")],
)  # fmt: skip
def test_what_would_be_refused_is_not_offered(stage: Stage, rule: str, refusal: str) -> None:
    """The tablet lists what a scan takes; goods of another kind stay on the list."""
    unit, other = container(stage, "CTN-1", {MUG: 6}), container(stage, "CTN-2", {CABLE: 4}, BIN2)
    order = b2b(stage, [line(MUG, 6, "CTN-1"), line(CABLE, 4, "CTN-2")])
    stage.wave(order)
    stage.jobs()
    assert [row.code for row in whole.waiting(stage.cast.overseas.id)] == ["CTN-1", "CTN-2"]
    session().execute(text(rule), {"sku": MUG})
    left = [] if "order_terms" in rule else ["CTN-2"]  # a seller's rule is about all its goods
    assert [row.code for row in whole.waiting(stage.cast.overseas.id)] == left
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == refusal
    assert (other.code, stage.state(order)) == ("CTN-2", "waved")
