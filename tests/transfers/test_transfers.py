"""Goods go from one warehouse to another: what is sent is received, lost or found, and both sides see which."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import select, text

from tests.outbound.stage import CABLE, MUG, RED, SERUM, Stage, body
from tests.transfers.conftest import build
from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.facility.models import Location, WarehouseKind
from wms.floor.resolver import Kind, Scope, resolve
from wms.inbound import queries as inbound_queries
from wms.inbound import service as inbound
from wms.inbound.models import Booking, Carton
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.inbound.service import CountDraft
from wms.outbound import queries as outbound
from wms.outbound.models import Order
from wms.outbound.schemas import OrderIn
from wms.outbound.service import boxes, changes, handover, intake, interceptions, orders, packing, picking, waves, whole
from wms.platform.database import session
from wms.portal.queries import coming_units
from wms.returns import service as returns
from wms.shipping.models import Manifest
from wms.shipping.service import close_manifest
from wms.transfers import queries, service

TOPICS = ("transfers.book_inbound", "transfers.take_back", "transfers.settle")


def wanted(lines: Any, **more: Any) -> dict[str, Any]:
    given = body(lines, **{"kind": "transfer", "to_warehouse": "DE2", **more})
    given.pop("consignee")
    return given


def transfer(stage: Stage, lines: Any, **more: Any) -> Order:
    made = stage.do(intake.create_order, stage.cast.acme, OrderIn().load(wanted(lines, **more)))
    return session().get_one(Order, made.id)


def leave(stage: Stage, lines: dict[str, int], **more: Any) -> Order:
    """A transfer that is on its way, and booked where it goes."""
    for sku, units in lines.items():
        stage.stock(sku, units + 3)
    order = transfer(stage, lines, **more)
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    stage.jobs(*TOPICS)
    return order


def booking_of(order: Order) -> Booking:
    session().expire_all()
    return session().scalars(select(Booking).where(Booking.transfer_order_id == order.id)).one()


def cartons_of(order: Order) -> list[Carton]:
    query = select(Carton).where(Carton.booking_id == booking_of(order).id).order_by(Carton.number)
    return list(session().scalars(query))


def receive(stage: Stage, order: Order, counts: dict[str, int]) -> None:
    """Its only carton arrives, is counted as given, closed and put away; the seller accepts what differs."""
    carton = cartons_of(order)[0]
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton.barcode, warehouse_id=carton.warehouse_id)
    products = stage.cast.ACME.products
    for sku, units in counts.items():
        if units:
            stage.do(inbound.count_many, stage.cast.supervisor, carton.id, [CountDraft(products[sku], units)])
    stage.do(inbound.close_carton, stage.cast.supervisor, carton.id)
    settle_differences(stage, order)
    place = session().scalars(select(Location.id).where(Location.warehouse_id == carton.warehouse_id,
                                                        Location.kind == "storage").limit(1)).one()  # fmt: skip
    if any(counts.values()):
        stage.do(inbound.put_away_all, stage.cast.supervisor, carton.id, place)
    stage.jobs(*TOPICS)


def settle_differences(stage: Stage, order: Order) -> None:
    waiting = text("SELECT id FROM difference WHERE booking_id = :b AND state = 'open'")
    for key in session().execute(waiting, {"b": booking_of(order).id}).scalars().all():
        stage.do(inbound.decide, stage.cast.acme, key, "accept")


def figures(stage: Stage, order: Order, actor: Actor | None = None) -> dict[str, tuple[int, ...]]:
    """(sent, found, received, lost, in transit) by SKU; the identity holds for each."""
    session().expire_all()
    lines = queries.transfer(actor or stage.cast.acme, order.id)["lines"]
    names = ("sent", "found", "received", "lost", "in_transit")
    found = {line["sku"]: tuple(line[name] for name in names) for line in lines}
    for sent, more, received, lost, underway in found.values():
        assert sent + more == received + lost + underway
    return found


def sellable(house: uuid.UUID, sku: str, stage: Stage) -> int:
    query = text("SELECT coalesce(sum(sellable), 0) FROM summary WHERE warehouse_id = :w AND product_id = :p")
    return int(session().execute(query, {"w": house, "p": stage.cast.ACME.products[sku]}).scalar_one())


def test_what_is_sent_is_booked_received_and_sells_there(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 5, CABLE: 2})
    booking = booking_of(order)
    assert (stage.state(order), booking.state, booking.reference, booking.warehouse_id) == (
        "shipped", "in_transit", order.number, other
    )  # fmt: skip
    assert figures(stage, order) == {CABLE: (2, 0, 0, 0, 2), MUG: (5, 0, 0, 0, 5)}
    products = stage.cast.ACME.products
    assert coming_units(stage.cast.acme)[(products[MUG], other)] == 5  # 在途 where it goes
    gone = session().execute(
        text("SELECT to_party, sum(quantity) FROM stock_move WHERE to_party IS NOT NULL GROUP BY 1")
    )
    assert dict(map(tuple, gone)) == {"transit": 7}
    receive(stage, order, {MUG: 5, CABLE: 2})
    assert figures(stage, order) == {CABLE: (2, 0, 2, 0, 0), MUG: (5, 0, 5, 0, 0)}
    assert (sellable(other, MUG, stage), sellable(stage.cast.overseas.id, MUG, stage)) == (5, 3)
    assert (products[MUG], other) not in coming_units(stage.cast.acme)
    assert booking_of(order).closed_at is not None


def test_the_parcel_is_known_by_the_waybill_it_bears(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 2})
    carton = cartons_of(order)[0]
    number = stage.parcel(order).tracking_number
    assert carton.reference_box_no == number
    found = resolve(str(number), Scope(other), [Kind.CARTON])
    assert (found.kind, found.id) == (Kind.CARTON, carton.id)
    assert resolve(str(number), Scope(stage.cast.overseas.id), [Kind.PARCEL]).kind is Kind.PARCEL


def test_a_parcel_put_away_as_it_is_goes_on_under_its_waybill(stage: Stage, other: uuid.UUID) -> None:
    """Nothing else is on it, so that means the container in its bin, and the new parcel once that is an order's."""
    order = leave(stage, {MUG: 5})
    (carton,) = cartons_of(order)
    number = str(carton.reference_box_no)
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton.barcode, warehouse_id=other)
    stage.do(inbound.count_as_declared, stage.cast.supervisor, carton.id)
    stage.do(inbound.close_carton, stage.cast.supervisor, carton.id)
    assert resolve(number, Scope(other), [Kind.UNIT, Kind.CARTON]).kind is Kind.CARTON
    place = session().scalars(select(Location.id).where(Location.warehouse_id == other, Location.kind == "storage"))
    stage.do(inbound.put_away_unopened, stage.cast.supervisor, carton.id, place.first())
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 5, 0, 0)}
    unit_id = cartons_of(order)[0].handling_unit_id
    for code in (number, carton.barcode):
        found = resolve(code, Scope(other), [Kind.CARTON, Kind.PARCEL, Kind.UNIT])
        assert (found.kind, found.id) == (Kind.UNIT, unit_id)
    given = OrderIn().load(body({MUG: 5}, kind="b2b", warehouse="DE2"))
    sold = session().get_one(Order, stage.do(intake.create_order, stage.cast.acme, given).id)
    stage.do(waves.release_wave, stage.cast.supervisor, other, order_ids=[sold.id])
    stage.jobs("outbound.prepare_waybills")
    taken = stage.do(whole.take_whole, stage.cast.supervisor, unit_id)
    for code in (number, carton.barcode):
        assert resolve(code, Scope(other), [Kind.PARCEL]).code == taken.tracking_number
    stage.do(handover.hand_over, stage.cast.supervisor, other, taken.tracking_number)
    assert (stage.state(sold), sellable(other, MUG, stage)) == ("shipped", 0)


def test_lost_and_found_are_settled_when_it_is_closed(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 5, CABLE: 2})
    receive(stage, order, {MUG: 3, CABLE: 2, RED: 1})
    assert figures(stage, order) == {CABLE: (2, 0, 2, 0, 0), MUG: (5, 0, 3, 2, 0), RED: (0, 1, 1, 0, 0)}
    for actor in (stage.cast.acme, stage.cast.supervisor):
        seen = queries.transfers_page(actor, "differing")
        assert [(row.id, row.lost, row.found) for row in seen] == [(order.id, 2, 1)]
    assert queries.transfers_page(stage.cast.acme, "open") == []
    told = session().execute(text("SELECT data FROM event WHERE name = 'order.transfer_settled'")).scalars().one()
    assert (told["received"], told["lost"], told["found"]) == (6, 2, 1)


def test_a_carton_that_turns_up_is_lost_no_more(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 5})
    carton = cartons_of(order)[0]
    stage.do(inbound.mark_missing, stage.cast.supervisor, carton.id)
    settle_differences(stage, order)
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 0, 5, 0)}
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton.barcode, warehouse_id=other)
    assert figures(stage, order) == {MUG: (5, 0, 0, 0, 5)}  # it is open again: on its way, not lost
    stage.do(inbound.count_many, stage.cast.supervisor, carton.id, [CountDraft(stage.cast.ACME.products[MUG], 5)])
    stage.do(inbound.close_carton, stage.cast.supervisor, carton.id)
    place = session().scalars(select(Location.id).where(Location.warehouse_id == other, Location.kind == "storage"))
    stage.do(inbound.put_away_all, stage.cast.supervisor, carton.id, place.first())
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (5, 0, 5, 0, 0)}


def test_a_count_taken_back_is_in_transit_again(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 4})
    carton = cartons_of(order)[0]
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton.barcode, warehouse_id=other)
    stage.do(inbound.count_many, stage.cast.supervisor, carton.id, [CountDraft(stage.cast.ACME.products[MUG], 3)])
    assert figures(stage, order) == {MUG: (4, 0, 3, 0, 1)}
    stage.do(inbound.uncount, stage.cast.supervisor, carton.id)
    assert figures(stage, order) == {MUG: (4, 0, 0, 0, 4)}


def test_taken_off_the_load_nothing_comes(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 4})
    stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    unit = stage.parcel_unit(order)
    stage.do(interceptions.catch, stage.cast.picker, unit)
    assert stage.jobs(*TOPICS) == ["transfers.take_back"]
    session().expire_all()
    (booking,) = session().scalars(select(Booking)).all()
    assert (stage.state(order), booking.state, booking.transfer_order_id) == ("cancelled", "cancelled", None)
    assert stage.put_back_all(order) == 4
    assert figures(stage, order) == {MUG: (0, 0, 0, 0, 0)}
    assert stage.free(MUG) == (7, 0)


def test_it_came_off_its_load_before_anybody_was_told(stage: Stage, other: uuid.UUID) -> None:
    stage.stock(MUG, 4)
    order = transfer(stage, {MUG: 4})
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    stage.do(interceptions.catch, stage.cast.picker, stage.parcel_unit(order))
    stage.jobs(*TOPICS)
    assert session().scalar(select(Booking.id).where(Booking.transfer_order_id == order.id)) is None
    stage.put_back_all(order)


def test_the_truck_is_gone_so_it_is_not_taken_back(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 1})
    manifest = session().scalars(select(Manifest.id).where(Manifest.state == "open")).one()
    stage.do(close_manifest, stage.cast.supervisor, manifest)
    refused = stage.refused(interceptions.request_interception, stage.cast.acme, order.id, "other")
    assert refused.code == "intercept_too_late"
    assert stage.refused(stage_cancel, stage, order).code == "cancel_too_late"


def stage_cancel(stage: Stage, order: Order) -> None:
    orders.cancel_order(stage.cast.acme, order.id, None, "other")


@pytest.mark.parametrize("state", ["promised", "waved", "picking", "picked", "packed"])
def test_it_is_cancelled_at_every_step_before(stage: Stage, other: uuid.UUID, state: str) -> None:
    stage.stock(MUG, 6)
    order = transfer(stage, {MUG: 4})
    if state != "promised":
        stage.wave(order)
    if state == "picking":
        stage.take()
        stage.tote(order)
        stage.do(picking.pick, stage.cast.picker, stage.tasks(order)[0].id, 1)
    if state in {"picked", "packed"}:
        stage.pick_all(order)
    if state == "packed":
        stage.pack(order)
    assert stage.state(order) == state
    stage.cancel(order)
    stage.put_back_all(order)
    stage.jobs(*TOPICS)
    assert (stage.free(MUG), session().scalars(select(Booking)).all()) == ((6, 0), [])


def test_jobs_run_twice_do_it_once(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 3})
    assert stage.do(service.book_inbound, order.id) is False
    receive(stage, order, {MUG: 2})
    before = figures(stage, order)
    assert stage.do(service.settle, booking_of(order).id) is True
    assert figures(stage, order) == before == {MUG: (3, 0, 2, 1, 0)}


def test_its_booking_is_nobodys_to_change(stage: Stage, other: uuid.UUID) -> None:
    booking = booking_of(leave(stage, {MUG: 1}))
    for step in (inbound.cancel, inbound.mark_in_transit, inbound.submit):
        assert stage.refused(step, stage.cast.acme, booking.id).code == "booking_of_transfer"
    edited = stage.refused(inbound.edit_booking, stage.cast.acme, booking.id, {"remark": "x"}, None)
    assert edited.code == "booking_of_transfer"


def test_a_reference_in_use_does_not_stop_goods_underway(stage: Stage, other: uuid.UUID) -> None:
    stage.stock(MUG, 2)
    order = transfer(stage, {MUG: 2})
    draft = BookingDraft("DE1", [CartonDraft(1, [LineDraft(MUG, 1)])], order.number)
    stage.do(inbound.create_booking, stage.cast.acme, draft)
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    stage.jobs(*TOPICS)
    booking = booking_of(order)
    assert booking.reference == booking.number


def test_nobody_else_sees_it_and_nobody_returns_it(stage: Stage, other: uuid.UUID) -> None:
    order = leave(stage, {MUG: 1})
    with pytest.raises(Refused) as raised:
        queries.transfer(stage.cast.rival, order.id)
    assert raised.value.code == "not_found"
    assert queries.transfers_page(stage.cast.rival) == []
    assert outbound.order_detail(session().get_one(Order, order.id))["to_warehouse"] == "DE2"
    announced = {"order": order.number, "reason": "changed_mind", "lines": [{"sku": MUG, "quantity": 1}]}
    assert stage.refused(returns.announce, stage.cast.acme, announced).errors[0]["code"] == "order_unknown"


@pytest.mark.parametrize(
    ("more", "code"),
    [({"to_warehouse": "DE1"}, "transfer_same"), ({"to_warehouse": "NGB1"}, "transfer_bonded"),
     ({"to_warehouse": "NOWHERE"}, "unknown_warehouse"), ({"to_warehouse": "BND2"}, "transfer_bonded"),
     ({"warehouse": "NGB1"}, "transfer_bonded"), ({"warehouse": "NGB1", "to_warehouse": "NGB1"}, "transfer_same")],
)  # fmt: skip
def test_wrong_targets_are_refused_at_their_field(
    stage: Stage, other: uuid.UUID, more: dict[str, str], code: str
) -> None:
    stage.do(build, "BND2", WarehouseKind.BONDED)
    with pytest.raises(Refused) as raised:
        transfer(stage, {MUG: 1}, **more)
    assert [(each["pointer"], each["code"]) for each in raised.value.errors] == [("/to_warehouse", code)]


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [({"kind": "transfer", "to_warehouse": None}, "to_warehouse", "required"),
     ({"kind": "dropship", "to_warehouse": "DE2"}, "to_warehouse", "transfer_only"),
     ({"kind": "transfer", "service": None}, "service", "required")],
)  # fmt: skip
def test_only_transfers_go_to_a_warehouse(given: dict[str, Any], field: str, code: str) -> None:
    order = body({MUG: 1}, to_warehouse="DE2")
    order.update(given)
    order = {key: value for key, value in order.items() if value is not None}
    with pytest.raises(ValidationError) as raised:
        OrderIn().load(order)
    assert raised.value.messages == {field: [code]}


def test_the_address_it_goes_to_is_not_changed(stage: Stage, other: uuid.UUID) -> None:
    stage.stock(MUG, 1)
    order = transfer(stage, {MUG: 1})
    buyer = {"name": "A", "country": "DE", "city": "B", "address1": "C"}
    refused = stage.refused(changes.edit_order, stage.cast.acme, order.id, order.version, {"consignee": buyer})
    assert refused.code == "edit_too_late"
    stage.do(changes.edit_order, stage.cast.acme, order.id, order.version, {"service": "HOUSE-EXP"})


def two_parcels(stage: Stage) -> tuple[Order, list[str]]:
    """A transfer of three mugs, packed into two boxes."""
    stage.stock(MUG, 3)
    order = transfer(stage, {MUG: 3})
    stage.wave(order)
    stage.pick_all(order)
    return order, in_two_boxes(stage, order)


def in_two_boxes(stage: Stage, order: Order) -> list[str]:
    """Three mugs that were picked: one in the first box, two in the second; the numbers of their waybills."""
    product = stage.cast.ACME.products[MUG]
    stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    numbers = []
    for units in (0, 2):
        for _ in range(units):
            stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
        stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
        numbers.append(str(stage.parcel(order).tracking_number))
        stage.do(packing.close_parcel, stage.cast.picker, order.id, numbers[-1])
    return numbers


def test_one_of_its_parcels_is_taken_off_and_goes_again(stage: Stage, other: uuid.UUID) -> None:
    """What was booked is withdrawn, and booked anew when all of it has left once more."""
    order, numbers = two_parcels(stage)
    for number in numbers:
        stage.hand_over(number)
    stage.jobs(*TOPICS)
    first = booking_of(order).id
    asked = stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    caught = stage.do(interceptions.catch, stage.cast.picker, stage.parcel_unit(order))
    assert caught is not None and caught.left == 1
    stage.jobs(*TOPICS)
    assert session().get_one(Booking, first, populate_existing=True).state == "cancelled"
    stage.do(interceptions.refuse, stage.cast.supervisor, asked.id, "other")
    assert stage.state(order) == "packed"
    stage.hand_over(numbers[0])
    stage.jobs(*TOPICS)
    again = booking_of(order)
    assert (again.id != first, again.state) == (True, "in_transit")
    assert figures(stage, order) == {MUG: (3, 0, 0, 0, 3)}


def test_it_goes_again_though_some_of_it_was_received(stage: Stage, other: uuid.UUID) -> None:
    """Its booking cannot be withdrawn any more: what leaves the second time is what was sent."""
    order, numbers = two_parcels(stage)
    for number in numbers:
        stage.hand_over(number)
    stage.jobs(*TOPICS)
    carton = cartons_of(order)[1]
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton.barcode, warehouse_id=other)
    stage.do(inbound.count_many, stage.cast.supervisor, carton.id, [CountDraft(stage.cast.ACME.products[MUG], 2)])
    asked = stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    stage.do(interceptions.catch, stage.cast.picker, stage.parcel_unit(order))
    stage.jobs(*TOPICS)
    stage.do(interceptions.refuse, stage.cast.supervisor, asked.id, "other")
    stage.hand_over(numbers[0])
    stage.jobs(*TOPICS)
    assert figures(stage, order) == {MUG: (3, 0, 2, 0, 1)}
    stage.do(inbound.close_carton, stage.cast.supervisor, carton.id)
    receive(stage, order, {MUG: 1})
    assert figures(stage, order) == {MUG: (3, 0, 3, 0, 0)}


def test_several_parcels_are_several_cartons(stage: Stage, other: uuid.UUID) -> None:
    """Booked when the last of them left."""
    order, numbers = two_parcels(stage)
    assert stage.do(handover.hand_over, stage.cast.picker, stage.cast.overseas.id, numbers[0]).waits
    assert stage.jobs(*TOPICS) == []
    stage.hand_over(numbers[1])
    stage.jobs(*TOPICS)
    assert [carton.reference_box_no for carton in cartons_of(order)] == numbers
    assert figures(stage, order) == {MUG: (3, 0, 0, 0, 3)}


def test_the_batches_that_were_sent_are_announced(stage: Stage, other: uuid.UUID) -> None:
    """And so received with FULL as they left; another one than sent is told."""
    for units, batch in ((2, "B1"), (4, "B2")):
        stage.stock(SERUM, units, batch=batch, expires_on=date(2030, 1, units))
    stage.stock(MUG, 1)
    order = transfer(stage, {SERUM: 5, MUG: 1})
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    stage.jobs(*TOPICS)
    (carton,) = inbound_queries.booking_detail(stage.cast.acme, booking_of(order).id)["cartons"]
    assert {line["sku"]: [(lot["batch"], lot["expires_on"], lot["quantity"]) for lot in line["lots"]]
            for line in carton["lines"]} == {
        SERUM: [("B1", date(2030, 1, 2), 2), ("B2", date(2030, 1, 4), 3)], MUG: [],
    }  # fmt: skip
    stage.do(inbound.arrive_carton, stage.cast.supervisor, carton["barcode"], warehouse_id=other)
    stage.do(inbound.count_as_declared, stage.cast.supervisor, carton["id"])
    assert stage.do(inbound.close_carton, stage.cast.supervisor, carton["id"]).differences == ()
    came = session().execute(
        text("SELECT t.expires_on, sum(b.on_hand)::int FROM balance b JOIN lot t ON t.id = b.lot_id"
             " WHERE b.warehouse_id = :w AND b.is_there GROUP BY 1 ORDER BY 1"), {"w": other},
    )  # fmt: skip
    assert list(map(tuple, came)) == [(date(2030, 1, 2), 2), (date(2030, 1, 4), 3)]


def test_a_number_captured_on_the_way_out_is_sold_where_it_arrives(stage: Stage, other: uuid.UUID) -> None:
    """Exit control: the unit was moved, not sold; at the next bench its number is new again."""
    stage.do(_control_exit, stage.cast.ACME.products[MUG])
    stage.stock(MUG, 2)
    order = transfer(stage, {MUG: 1})
    stage.wave(order)
    stage.pick_all(order)
    stage.do(packing.verify, stage.cast.picker, order.id, stage.cast.ACME.products[MUG], 1, serial="SN-1")
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    number = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    stage.hand_over(number)
    stage.jobs(*TOPICS)
    assert session().execute(text("SELECT state FROM serial WHERE number = 'SN-1'")).scalar_one() == "void"
    sold = stage.order({MUG: 1})
    stage.wave(sold)
    stage.pick_all(sold)
    stage.do(packing.verify, stage.cast.picker, sold.id, stage.cast.ACME.products[MUG], 1, serial="SN-1")


def _control_exit(product_id: uuid.UUID) -> None:
    session().get_one(Product, product_id).serial_control = "exit"
    session().flush()
