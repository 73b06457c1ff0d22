"""The gate, and everything that may stop an order before it: cancellation at every stage and the way back to a bin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, BIN3, MUG, Stage
from wms.outbound.models import Order, PickBatch
from wms.outbound.service import handover, orders, packing, picking, putback, release
from wms.platform.database import session


def at(stage: Stage, state: str) -> Order:
    """An order of three mugs in that state."""
    if state == "short":
        return stage.order({MUG: 3})
    stage.stock(MUG, 5, BIN1)
    order = stage.order({MUG: 3})
    if state == "promised":
        return order
    stage.wave()
    if state == "waved":
        stage.tote(order)
    elif state == "picking":
        stage.take()
        stage.tote(order)
        stage.do(picking.pick, stage.cast.picker, stage.tasks(order)[0].id, 2)
    elif state in ("picked", "packed"):
        stage.pick_all(order)
        if state == "packed":
            stage.pack(order)
    assert stage.state(order) == state
    return order


PICKED = {"short": 0, "promised": 0, "waved": 0, "picking": 2, "picked": 3, "packed": 3}


@pytest.mark.parametrize("state", PICKED)
def test_an_order_is_cancelled_at_every_stage_and_its_goods_come_back(stage: Stage, state: str) -> None:
    order = at(stage, state)
    cancelled = stage.cancel(order)
    assert (cancelled.state, cancelled.cancel_reason) == ("cancelled", "buyer_cancelled")
    have = 0 if state == "short" else 5
    assert stage.free(MUG) == (have - PICKED[state], 0)
    assert {task.state for task in stage.tasks(order)} <= {"cancelled", "done"}
    assert {batch.state for batch in session().query(PickBatch)} <= {"done"}
    assert len(stage.totes()) == (3 if state in ("picking", "picked") else 4)
    assert session().scalar(text("SELECT count(*) FROM awaited_stock")) == 0

    assert stage.put_back_all(order) == PICKED[state]
    assert (stage.free(MUG), len(stage.totes())) == ((have, 0), 4)
    assert session().get_one(Order, order.id).tote_id is None
    again = stage.do(orders.cancel_order, stage.cast.acme, order.id, 1, "other")  # a repeated cancel
    assert (again.state, again.cancel_reason) == ("cancelled", "buyer_cancelled")


def test_the_waybill_of_a_cancelled_parcel_stops_at_the_gate(stage: Stage) -> None:
    order = at(stage, "packed")
    number = str(stage.parcel(order).tracking_number)
    stage.cancel(order)
    assert stage.refused(stage.hand_over, number).code == "order_cancelled"
    states = session().execute(text("SELECT p.state, d.state FROM parcel p JOIN label_document d"
                                    " ON d.subject_id = p.id")).one()  # fmt: skip
    assert tuple(states) == ("voided", "voided")


def test_what_left_cannot_be_cancelled(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order = stage.shipped({MUG: 1})
    assert stage.refused(stage.cancel, order).code == "cancel_too_late"


def test_a_parcel_is_handed_over_once(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order, number = stage.packed({MUG: 2})
    assert (stage.hand_over(number).already, stage.hand_over(number).already) == (False, True)
    exits = session().scalar(text("SELECT sum(quantity) FROM stock_move WHERE to_party = 'customer'"))
    assert (stage.state(order), exits) == ("shipped", 2)


def test_a_parcel_that_was_closed_between_the_look_and_the_lock_goes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment of the look it was no handling unit yet (found by the chaos)."""
    stage.stock(MUG, 3)
    order, number = stage.packed({MUG: 3})
    look = handover.scanned_parcels
    monkeypatch.setattr(
        handover, "scanned_parcels", lambda *asked: [replace(each, handling_unit_id=None) for each in look(*asked)]
    )
    assert not stage.hand_over(number).already
    assert stage.state(order) == "shipped"


def test_only_a_packed_parcel_of_this_warehouse_is_handed_over(stage: Stage) -> None:
    order = at(stage, "picked")
    number = str(stage.parcel(order).tracking_number)
    house = stage.cast.overseas.id
    assert stage.refused(stage.hand_over, number).code == "not_packed"
    assert stage.refused(stage.hand_over, "HC9999999999X").code == "not_found"
    assert stage.refused(handover.hand_over, stage.cast.customs_clerk, house, number).code == "not_found"
    assert stage.refused(stage.hand_over, number, stage.cast.bonded).code == "not_found"


def test_goods_go_back_to_places_that_sell_and_no_more_than_there_is(stage: Stage) -> None:
    order = at(stage, "picked")
    tote = session().get_one(Order, order.id).tote_id
    mug, places = stage.cast.ACME.products[MUG], stage.cast.overseas.locations
    back, picker = putback.put_back, stage.cast.picker
    assert stage.refused(back, picker, tote, mug, 1, places[BIN3]).code == "nothing_to_put_back"  # not cancelled
    stage.cancel(order)
    assert stage.refused(back, picker, tote, mug, 4, places[BIN3]).code == "nothing_to_put_back"
    assert stage.refused(back, picker, tote, mug, 0, places[BIN3]).code == "invalid_input"
    dock = session().scalar(text("SELECT id FROM location WHERE kind = 'dock' AND warehouse_id = :w"),
                            {"w": stage.cast.overseas.id})  # fmt: skip
    assert stage.refused(back, picker, tote, mug, 1, dock).code == "location_wrong_kind"
    foreign = stage.cast.bonded.locations[BIN1]
    assert stage.refused(back, picker, tote, mug, 1, foreign).code == "not_found"
    assert stage.refused(back, stage.cast.customs_clerk, tote, mug, 1, places[BIN3]).code == "not_found"
    stage.do(back, picker, tote, mug, 1, places[BIN2])
    assert (stage.free(MUG), tote in stage.totes()) == ((3, 0), False)
    stage.do(back, picker, tote, mug, 2, places[BIN3])
    assert (stage.free(MUG), tote in stage.totes()) == ((5, 0), True)


def test_stock_put_back_serves_who_waits(stage: Stage) -> None:
    order = at(stage, "picked")
    waits = stage.order({MUG: 5})
    assert waits.state == "short"
    stage.cancel(order)
    stage.put_back_all(order)
    stage.jobs()
    assert stage.state(waits) == "promised"


@pytest.mark.parametrize("state", ["promised", "picked", "packed"])
def test_a_cancelled_bonded_order_gives_its_permit_and_the_book_back(stage: Stage, state: str) -> None:
    house = stage.cast.bonded
    goods = stage.stock(MUG, 5, house=house)
    order = stage.order([{"sku": MUG, "quantity": 2}, {"sku": MUG, "quantity": 1}], warehouse="NGB1",
                        consignee={"country": "CN", "id_number": "11010519491231002X"})  # fmt: skip
    stage.release(order)
    if state != "promised":
        stage.wave(house=house)
        stage.pick_all(order, house)
    if state == "packed":
        stage.pack(order)
    stage.cancel(order)
    assert session().scalar(text("SELECT count(*) FROM permit WHERE withdrawn_at IS NULL")) == 0
    unit = session().scalar(text("SELECT id FROM handling_unit WHERE subject_kind = 'put_back'"))
    for _ in range(3 if unit else 0):  # one by one: each gives back one of the book
        stage.do(putback.put_back, stage.cast.picker, unit, goods.product_id, 1, house.locations[BIN2])
    row = session().execute(text("SELECT booked, promised FROM book_item WHERE id = :id"), {"id": goods.book_item_id})
    assert (stage.free(MUG, house), tuple(row.one())) == ((5, 0), (5, 0))


def test_customs_refuses_work_stops_and_a_later_release_lets_it_go(stage: Stage) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 5, house=house)
    order = stage.bonded_order({MUG: 1})
    clerk = stage.cast.customs_clerk
    stage.do(release.record_refusal, clerk, order.id, "CEB-9", "name and number differ")
    assert stage.refused(stage.wave, order, house=house).code == "nothing_to_wave"
    stage.release(order, "CEB-10")
    rows = session().execute(text("SELECT kind, resolution FROM order_exception")).all()
    assert [tuple(row) for row in rows] == [("customs_refused", "released")]
    stage.wave(order, house=house)
    stage.pick_all(order, house)
    stage.hand_over(stage.pack(order), house)
    assert stage.state(order) == "shipped"
    assert stage.refused(release.record_refusal, clerk, order.id, "CEB-11", "late").code == "not_released_twice"


def test_only_customs_clerks_release_and_only_what_needs_it(stage: Stage) -> None:
    house = stage.cast.bonded
    short = stage.bonded_order({MUG: 1})
    assert stage.refused(stage.release, short).code == "not_allowed_now"
    stage.stock(MUG, 5, house=house)
    order = stage.bonded_order({MUG: 1})
    assert stage.refused(release.record_release, stage.cast.acme, order.id, "D").code == "not_found"
    free = stage.order({MUG: 1})
    assert stage.refused(release.record_release, stage.cast.admin, free.id, "D").code == "no_customs_here"


def test_pack_before_release_where_the_warehouse_allows_it_but_never_hand_over(stage: Stage) -> None:
    house = stage.cast.bonded
    session().execute(text("UPDATE warehouse SET before_release = 'pack' WHERE id = :w"), {"w": house.id})
    session().commit()
    stage.stock(MUG, 2, house=house)
    order = stage.bonded_order({MUG: 1})
    stage.wave(house=house)
    stage.pick_all(order, house)
    number = stage.pack(order)
    assert stage.refused(stage.hand_over, number, house).code == "customs_not_released"
    stage.release(order)
    stage.hand_over(number, house)
    assert stage.state(order) == "shipped"
    assert packing.pack_lines(order.id)[0].verified == 1
