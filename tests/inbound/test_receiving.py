"""At the dock: arrival, counting, every kind of difference, undoing, closing, missing cartons."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import CABLE, MUG, RED, SERUM, announce, deliver, line, product, sellable, service, stock
from tests.inbound.test_bookings import events
from wms.core.refusals import RefusalKind, Refused
from wms.facility.models import HandlingUnit
from wms.inbound import queries
from wms.inbound.models import Carton
from wms.inbound.service import CountDraft
from wms.inventory.models import Posting


def test_a_carton_that_arrives_becomes_a_handling_unit_at_the_dock(cast, db_session):
    found = announce(cast.acme, {MUG: 1}, {RED: 1})
    barcode = db_session.scalar(select(Carton.barcode).where(Carton.id == found.carton))
    arrived = service.arrive_carton(cast.receiver, f" {barcode.lower()} ")
    assert (arrived.carton_ids, arrived.awaited, arrived.booking_state) == ((found.carton,), 1, "arrived")
    unit = db_session.get(HandlingUnit, db_session.get(Carton, found.carton).handling_unit_id)
    assert (unit.barcode, unit.kind, unit.location_id) == (barcode, "carton", cast.overseas.locations["DOCK"])
    with pytest.raises(Refused) as refusal:
        service.arrive_carton(cast.receiver, barcode)
    assert (refusal.value.code, refusal.value.params["document"]) == ("not_allowed_now", "carton")


def test_a_seller_s_box_number_will_do_where_it_means_one_carton(cast, db_session):
    from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft

    cartons = [CartonDraft(1, [LineDraft(MUG, 1)], reference_box_no="FBA15X")]
    mine = service.create_booking(cast.acme, BookingDraft("DE1", cartons), submitted=True)
    with pytest.raises(Refused) as refusal:
        service.arrive_carton(cast.receiver, "FBA15X")
    assert refusal.value.code == "carton_unknown"
    arrived = service.arrive_carton(cast.receiver, "FBA15X", warehouse_id=cast.overseas.id)
    assert arrived.booking_id == mine.id
    for seller in (cast.acme, cast.rival):
        service.create_booking(seller, BookingDraft("DE1", cartons), submitted=True)
    with pytest.raises(Refused):
        service.arrive_carton(cast.receiver, "FBA15X", warehouse_id=cast.overseas.id)


def test_a_draft_or_cancelled_booking_takes_no_carton(cast, db_session):
    found = announce(cast.acme, {MUG: 1})
    service.cancel(cast.acme, found.booking_id)
    with pytest.raises(Refused) as refusal:
        service.arrive_booking(cast.receiver, found.booking_id)
    assert (refusal.value.code, refusal.value.params["state"]) == ("not_allowed_now", "cancelled")


def test_counted_goods_stand_in_their_carton_and_do_not_sell(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 24})
    counted = service.count(cast.receiver, found.carton, mug, 10)
    assert (counted.booking_state, counted.carton_state) == ("receiving", "counting")
    assert (counted.lines[0].declared, counted.lines[0].received_good) == (24, 10)
    counted = service.count(cast.receiver, found.carton, mug, 14)
    assert line(found.carton, mug) == (24, 24, 0, 0, 0)
    assert stock(mug) == {("DOCK", "good", False): 24}
    assert sellable(mug) == 0
    assert found.differences() == {}
    posting = db_session.scalars(select(Posting).order_by(Posting.id.desc()).limit(1)).one()
    assert (posting.reason, posting.subject_kind, posting.subject_id) == ("receive", "carton", found.carton)
    assert posting.actor_id == cast.receiver.id


def test_over_short_wrong_and_damaged(cast, db_session):
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 10})
    service.count(cast.receiver, found.carton, mug, 12)
    assert found.differences() == {"over": 2}
    service.count(cast.receiver, found.carton, cable, 3)
    assert found.differences() == {"over": 2, "wrong": 3}
    service.count(cast.receiver, found.carton, red, 5)
    service.count(cast.receiver, found.carton, red, 2, condition="damaged")
    assert found.differences() == {"over": 2, "wrong": 3, "damaged": 2}
    closed = service.close_carton(cast.receiver, found.carton)
    assert set(closed.differences) == {(mug, "over", 2), (cable, "wrong", 3), (red, "short", 3), (red, "damaged", 2)}
    assert (closed.carton_state, closed.booking_state, closed.left) == ("counted", "received", 22)
    assert line(found.carton, red) == (10, 5, 2, 0, 0)
    assert stock(red) == {("DOCK", "good", False): 5, ("DOCK", "damaged", False): 2}
    assert events(db_session, found.booking_id) == [
        "booking.submitted", "booking.carton_arrived", *["booking.difference_found"] * 4, "booking.received",
    ]  # fmt: skip
    detail = queries.booking_detail(cast.acme, found.booking_id)
    shown = {each["sku"]: (each["declared"], each["received"], each["difference"], each["differences"])
             for each in detail["cartons"][0]["lines"]}  # fmt: skip
    assert shown == {
        MUG: (10, 12, 2, {"over": 2}),
        RED: (10, 7, -3, {"short": 3, "damaged": 2}),
        CABLE: (0, 3, 3, {"wrong": 3}),
    }


def test_what_another_carton_of_the_booking_declares_is_over_here_and_short_there(cast, db_session):
    red = cast.ACME.products[RED]
    found = deliver(cast.acme, cast.receiver, {MUG: 1}, {RED: 2})
    service.count(cast.receiver, found.cartons[0], red, 2)
    for carton in found.cartons:
        service.close_carton(cast.receiver, carton)
    assert found.differences(found.cartons[0]) == {"over": 2, "short": 1}
    assert found.differences(found.cartons[1]) == {"short": 2}


def test_another_seller_s_goods_are_refused_and_written_down(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    with pytest.raises(Refused) as refusal:
        service.count(cast.receiver, found.carton, cast.RIVAL.products[MUG], 1)
    assert (refusal.value.code, refusal.value.next_step) == ("product_not_of_owner", "register_arrival")
    assert stock(cast.RIVAL.products[MUG]) == {}
    arrival = service.register_arrival(cast.receiver, cast.overseas.id, "6901", "Rival's mugs in a carton of Acme")
    assert [each.id for each in queries.unidentified_arrivals(cast.supervisor, cast.overseas.id)] == [arrival.id]
    with pytest.raises(Refused):
        service.settle_arrival(cast.receiver, arrival.id, "sent_back")
    theirs = announce(cast.rival, {MUG: 1})
    service.settle_arrival(cast.supervisor, arrival.id, "claimed", theirs.booking_id)
    assert queries.unidentified_arrivals(cast.supervisor, cast.overseas.id) == []
    with pytest.raises(Refused) as refusal:
        service.settle_arrival(cast.supervisor, arrival.id, "destroyed")
    assert refusal.value.code == "arrival_closed"


@pytest.mark.parametrize(
    ("read", "refused"),
    [({}, "expiry_required"), ({"expires_on": date(2027, 5, 1)}, "lot_required"), ({"batch": "L1"}, "expiry_required")],
)
def test_lot_and_expiry_are_asked_for(cast, db_session, read, refused):
    found = deliver(cast.acme, cast.receiver, {SERUM: 10})
    with pytest.raises(Refused) as refusal:
        service.count(cast.receiver, found.carton, cast.ACME.products[SERUM], 10, **read)
    assert refusal.value.code == refused


def test_two_lots_stand_apart(cast, db_session):
    serum = cast.ACME.products[SERUM]
    found = deliver(cast.acme, cast.receiver, {SERUM: 10})
    for batch, quantity in (("L1", 6), ("L2", 4), ("L1", 1)):
        service.count(cast.receiver, found.carton, serum, quantity, batch=batch, expires_on=date(2027, 5, 1))
    rows = {row.batch: row.on_hand for row in queries.dock_stock(cast.receiver, cast.overseas.id, found.carton)}
    assert rows == {"L1": 7, "L2": 4}
    assert found.differences() == {"over": 1}


def test_serial_numbers_are_captured_once_each(cast, db_session):
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    found = deliver(cast.acme, cast.receiver, {"PHONE": 3, MUG: 1})
    for given in ((), ("S1",)):
        with pytest.raises(Refused) as refusal:
            service.count(cast.receiver, found.carton, phone, 2, serial_numbers=given)
        assert refusal.value.code == "item_needs_serials"
    with pytest.raises(Refused) as refusal:
        service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 1, serial_numbers=["X"])
    assert refusal.value.code == "serials_not_kept"
    service.count(cast.receiver, found.carton, phone, 2, serial_numbers=["S1", "S2"])
    with pytest.raises(Refused) as refusal:
        service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S2"])
    assert (refusal.value.code, refusal.value.params["number"]) == ("serial_known", "S2")
    service.uncount(cast.receiver, found.carton)
    service.count(cast.receiver, found.carton, phone, 1, serial_numbers=["S2"])
    numbers = text("SELECT number, state FROM serial WHERE product_id = :p ORDER BY number")
    assert db_session.execute(numbers, {"p": phone}).all() == [("S1", "void"), ("S2", "in_stock")]


def test_many_counts_are_one_act_with_one_posting(cast, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    found = deliver(cast.acme, cast.receiver, {MUG: 10, RED: 5})
    counted = service.count_many(
        cast.receiver, found.carton, [CountDraft(mug, 8), CountDraft(red, 4), CountDraft(mug, 2, "damaged")]
    )
    assert {each.sku: (each.received_good, each.received_damaged) for each in counted.lines} == {
        MUG: (8, 2),
        RED: (4, 0),
    }
    assert len(queries.receipts_page(cast.acme, found.booking_id)) == 3
    assert len({row["posting_id"] for row in queries.receipts_page(cast.acme, found.booking_id)}) == 1
    service.uncount(cast.receiver, found.carton)
    assert line(found.carton, mug) == (10, 0, 0, 0, 0)
    assert stock(red) == {}


def test_the_last_count_is_taken_back_by_a_reversing_posting(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    first = service.count(cast.receiver, found.carton, mug, 10)
    second = service.count(cast.receiver, found.carton, mug, 5, condition="damaged")
    assert found.differences() == {"over": 5, "damaged": 5}
    with pytest.raises(Refused) as refusal:
        service.uncount(cast.receiver, found.carton, first.act_id)
    assert refusal.value.code == "nothing_to_undo"
    service.uncount(cast.receiver, found.carton, second.act_id)
    assert found.differences() == {}
    assert line(found.carton, mug) == (10, 10, 0, 0, 0)
    service.uncount(cast.receiver, found.carton)
    assert stock(mug) == {}
    with pytest.raises(Refused) as refusal:
        service.uncount(cast.receiver, found.carton)
    assert refusal.value.code == "nothing_to_undo"
    assert [row["undone"] for row in queries.receipts_page(cast.acme, found.booking_id)] == [True, True]


def test_a_closed_carton_is_counted_no_more_unless_opened_again(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    service.count(cast.receiver, found.carton, mug, 9)
    service.close_carton(cast.receiver, found.carton)
    assert found.differences() == {"short": 1}
    for attempt in (lambda: service.count(cast.receiver, found.carton, mug, 1),
                    lambda: service.uncount(cast.receiver, found.carton),
                    lambda: service.close_carton(cast.receiver, found.carton)):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            attempt()
        assert (refusal.value.code, refusal.value.params["state"]) == ("not_allowed_now", "counted")
    reopened = service.reopen_carton(cast.receiver, found.carton)
    assert (reopened.carton_state, reopened.booking_state) == ("counting", "receiving")
    assert found.booking.received_at is None
    service.count(cast.receiver, found.carton, mug, 1)
    assert found.differences() == {}


def test_an_empty_carton_is_finished_at_once(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 10})
    closed = service.close_carton(cast.receiver, found.carton)
    assert (closed.carton_state, closed.booking_state, found.differences()) == ("stowed", "completed", {"short": 10})


def test_a_missing_carton_keeps_nothing_open_and_may_turn_up(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = announce(cast.acme, {MUG: 1}, {MUG: 5})
    barcodes = db_session.scalars(
        select(Carton.barcode).where(Carton.booking_id == found.booking_id).order_by(Carton.number)
    ).all()
    service.arrive_carton(cast.receiver, barcodes[0])
    service.count(cast.receiver, found.cartons[0], mug, 1)
    service.close_carton(cast.receiver, found.cartons[0])
    assert found.booking.state == "receiving"
    with pytest.raises(Refused) as refusal:
        service.mark_missing(cast.receiver, found.cartons[1])
    assert refusal.value.kind is RefusalKind.NOT_FOUND
    lost = service.mark_missing(cast.supervisor, found.cartons[1])
    assert (lost.booking_state, lost.awaited) == ("received", 0)
    assert found.differences(found.cartons[1]) == {"short": 5}
    service.put_away(cast.picker, found.cartons[0], mug, 1, cast.overseas.locations["A-01-01-1"])
    assert found.booking.state == "completed"
    assert found.booking.completed_at
    again = service.arrive_carton(cast.receiver, barcodes[1])
    assert (again.booking_state, found.differences(found.cartons[1])) == ("receiving", {})
    assert queries.booking_detail(cast.acme, found.booking_id)["completed_at"] is None
    service.count(cast.receiver, found.cartons[1], mug, 5)
    service.close_carton(cast.receiver, found.cartons[1])
    service.put_away(cast.picker, found.cartons[1], mug, 5, cast.overseas.locations["A-01-01-1"])
    assert found.booking.state == "completed"
    assert sellable(mug) == 6


def test_measures_stand_beside_the_declared(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    service.measure_carton(cast.receiver, found.carton, weight_g=900, length_mm=300, width_mm=200, height_mm=200)
    shown = queries.booking_detail(cast.acme, found.booking_id)["cartons"][0]
    assert (shown["measured_weight_g"], shown["declared_weight_g"]) == (900, None)
    with pytest.raises(Refused):
        service.measure_carton(cast.receiver, found.carton, weight_g=0, length_mm=1, width_mm=1, height_mm=1)


@pytest.mark.parametrize("quantity", [0, -1, 100_000])
def test_absurd_quantities_are_refused(cast, db_session, quantity):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    with pytest.raises(Refused) as refusal:
        service.count(cast.receiver, found.carton, cast.ACME.products[MUG], quantity)
    assert refusal.value.kind is RefusalKind.INVALID
    assert stock(cast.ACME.products[MUG]) == {}


@pytest.mark.parametrize("person", ["acme", "acme_person", "rival", "customs_clerk"])
def test_the_dock_is_for_the_warehouse_s_people(cast, db_session, person):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 5}, {MUG: 5})
    service.count(cast.receiver, found.carton, mug, 5)
    before = queries.booking_detail(cast.admin, found.booking_id), stock(mug)
    actor, bin_id = getattr(cast, person), cast.overseas.locations["A-01-01-1"]
    for attempt in (
        lambda: service.arrive_booking(actor, found.booking_id),
        lambda: service.count(actor, found.carton, mug, 1),
        lambda: service.uncount(actor, found.carton),
        lambda: service.close_carton(actor, found.carton),
        lambda: service.mark_missing(actor, found.cartons[1]),
        lambda: service.put_away(actor, found.carton, mug, 1, bin_id),
        lambda: service.register_arrival(actor, cast.overseas.id, "X"),
        lambda: queries.dock_stock(actor, cast.overseas.id),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.kind is RefusalKind.NOT_FOUND
    assert (queries.booking_detail(cast.admin, found.booking_id), stock(mug)) == before


def test_a_carton_is_found_by_its_label_within_the_actor_s_scope(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 5}, {MUG: 5})
    barcode = db_session.scalar(select(Carton.barcode).where(Carton.id == found.cartons[1]))
    card = queries.carton_by_barcode(cast.receiver, barcode)
    assert (card.id, card.number, card.total, card.state) == (found.cartons[1], 2, 2, "arrived")
    assert queries.cartons_by_code(cast.receiver, barcode.lower()) == [card]
    for actor in (cast.rival, cast.customs_clerk):
        with pytest.raises(Refused):
            queries.carton_by_barcode(actor, barcode)
    assert [each.id for each in queries.cartons_in_work(cast.receiver, cast.overseas.id, ["arrived"])] == found.cartons
