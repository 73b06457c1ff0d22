"""The fast lane: one container for orders of a single unit; any unit serves the oldest order that wants it."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.outbound.stage import BIN2, CABLE, LAMP, MUG, Stage
from tests.outbound.test_concurrency import at_once
from wms.facility.models import HandlingUnit
from wms.outbound.models import Order
from wms.outbound.service import interceptions, lanes, order_holds, packing, putback, single_units
from wms.outbound.service import orders as orders_of
from wms.platform.database import db, session, transaction


def lane(stage: Stage, *orders: Order) -> uuid.UUID:
    """These orders picked into one container; returns it."""
    stage.wave(*orders)
    batch = stage.take()
    tote = stage.totes()[0]
    assert stage.do(lanes.bind_container, stage.cast.picker, batch.id, tote) == len(orders)
    for order in orders:
        stage.pick_all(order)
    return tote


def unit(tote: uuid.UUID) -> tuple[str | None, str]:
    session().expire_all()
    found = session().get_one(HandlingUnit, tote)
    return found.subject_kind, found.state


def take(stage: Stage, sku: str, weight_g: int | None = None) -> single_units.Taken:
    product = stage.cast.ACME.products[sku]
    return stage.do(single_units.take, stage.cast.picker, stage.cast.overseas.id, product, weight_g)


def close(stage: Stage, taken: single_units.Taken) -> str:
    number = str(packing.parcel_of(taken.order_id).tracking_number)
    stage.do(single_units.close, stage.cast.picker, taken.order_id, number)
    return number


@pytest.fixture
def orders(stage: Stage) -> list[Order]:
    stage.stock(MUG, 5)
    stage.stock(CABLE, 5, BIN2)
    return [stage.order({sku: 1}) for sku in (MUG, CABLE, MUG)]


def test_two_steps_a_parcel_the_oldest_order_first(stage: Stage, orders: list[Order]) -> None:
    tote = lane(stage, *orders)
    assert unit(tote) == ("lane", "in_use")
    first = take(stage, MUG)
    assert first.number == orders[0].number
    number = close(stage, first)
    assert [stage.state(order) for order in orders] == ["packed", "picked", "picked"]
    second = take(stage, MUG)
    assert second.number == orders[2].number
    close(stage, second)
    assert unit(tote) == ("lane", "in_use")
    close(stage, take(stage, CABLE))
    assert unit(tote) == (None, "open")
    assert {stage.state(order) for order in orders} == {"packed"}
    stage.hand_over(number)
    assert stage.state(orders[0]) == "shipped"
    parcel = session().execute(text("SELECT p.weight_g, k.code FROM parcel p JOIN packaging k ON k.id = p.packaging_id"
                                    " WHERE p.tracking_number = :n"), {"n": number}).one()  # fmt: skip
    assert tuple(parcel) == (320 + 85, "BOX-S")


def somebody_waits() -> bool:
    """Seen until somebody waits for a lock of this database's."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with db.engine.connect() as watcher:
        for _ in range(500):
            if watcher.execute(text(waits)).scalar():
                return True
            watcher.rollback()
            time.sleep(0.01)
    return False


def test_an_order_in_other_hands_for_a_moment_is_waited_for(floor: Stage, fresh_app: Flask) -> None:
    """The job that makes the waybill holds the only order: the unit is not said to be nobody's."""
    floor.stock(MUG, 1)
    order = floor.order({MUG: 1})
    lane(floor, order)
    key, held = order.id, threading.Event()

    def hold() -> bool:
        with db.engine.connect() as other:
            other.execute(text("SELECT 1 FROM outbound_order WHERE id = :order FOR NO KEY UPDATE"), {"order": key})
            held.set()
            return somebody_waits()

    def take_it() -> str:
        held.wait(10)
        return take(floor, MUG).number

    waited, number = at_once(fresh_app, hold, take_it)
    assert (waited, number) == (True, order.number)


def test_a_more_urgent_order_goes_before_an_older_one(stage: Stage) -> None:
    stage.stock(MUG, 2)
    old, urgent = stage.order({MUG: 1}), stage.order({MUG: 1}, priority=5)
    lane(stage, old, urgent)
    assert take(stage, MUG).number == urgent.number


def test_what_was_taken_is_not_taken_again_until_it_is_given_back(stage: Stage, orders: list[Order]) -> None:
    lane(stage, *orders)
    taken = take(stage, CABLE)
    product = stage.cast.ACME.products[CABLE]
    again = (single_units.take, stage.cast.picker, stage.cast.overseas.id, product)
    assert stage.refused(*again).code == "lane_empty"
    assert stage.do(single_units.give_back, stage.cast.picker, taken.order_id) is True
    assert stage.do(single_units.give_back, stage.cast.picker, taken.order_id) is False
    assert take(stage, CABLE).order_id == taken.order_id
    lamp = stage.cast.ACME.products[LAMP]
    assert stage.refused(*again[:-1], lamp).code == "lane_empty"


def test_a_scale_s_word_must_be_within_the_band(stage: Stage, orders: list[Order]) -> None:
    lane(stage, *orders)
    product = stage.cast.ACME.products[MUG]
    refused = stage.refused(single_units.take, stage.cast.picker, stage.cast.overseas.id, product, 900)
    assert refused.code == "weight_off"
    assert take(stage, MUG, 410).weight_g == 410


def test_only_orders_of_one_unit_share_and_a_container_is_the_wave_s(stage: Stage, orders: list[Order]) -> None:
    pair = stage.order({MUG: 1, CABLE: 1})
    stage.wave(*orders, pair)
    batch = stage.take()
    first, second = stage.totes()[:2]
    bind = (lanes.bind_container, stage.cast.picker, batch.id)
    assert stage.do(*bind, first) == 3
    assert stage.refused(*bind, second).code == "no_singles"
    assert session().get_one(Order, pair.id, populate_existing=True).tote_id is None
    other = stage.order({MUG: 1})
    stage.wave(other)
    session().execute(text("UPDATE pick_batch SET picker_id = NULL, lease_until = NULL"))
    rows = session().execute(text("SELECT batch_id FROM pick_task WHERE order_id = :o"), {"o": other.id}).scalar_one()
    assert stage.refused(lanes.bind_container, stage.cast.picker, rows, first).code == "tote_taken"
    assert stage.refused(lanes.bind_container, stage.cast.customs_clerk, rows, second).code == "not_found"


def test_in_bond_there_is_no_lane(stage: Stage) -> None:
    stage.stock(MUG, 1, house=stage.cast.bonded)
    order = stage.bonded_order({MUG: 1})
    stage.release(order)
    stage.wave(order, house=stage.cast.bonded)
    batch = stage.take(stage.cast.bonded)
    tote = stage.totes(stage.cast.bonded)[0]
    assert stage.refused(lanes.bind_container, stage.cast.supervisor, batch.id, tote).code == "lane_in_bond"


def test_a_cancelled_order_s_unit_serves_another_and_the_rest_is_put_back(stage: Stage, orders: list[Order]) -> None:
    tote = lane(stage, *orders)
    stage.cancel(orders[0])
    stage.cancel(orders[1])
    assert unit(tote) == ("lane", "in_use")
    assert take(stage, MUG).number == orders[2].number
    stage.do(single_units.give_back, stage.cast.picker, orders[2].id)
    close(stage, take(stage, MUG))
    assert unit(tote) == (putback.PUT_BACK, "in_use")
    for sku in (MUG, CABLE):
        stage.do(putback.put_back, stage.cast.picker, tote, stage.cast.ACME.products[sku], 1,
                 stage.cast.overseas.locations[BIN2])  # fmt: skip
    assert unit(tote) == (None, "open")
    assert session().scalars(select(Order.id).where(Order.tote_id == tote)).all() == []
    assert (stage.free(MUG), stage.free(CABLE)) == ((4, 0), (5, 0))


def test_the_last_order_cancelled_leaves_the_goods_to_be_put_back(stage: Stage, orders: list[Order]) -> None:
    tote = lane(stage, *orders[:2])
    close(stage, take(stage, MUG))
    taken = take(stage, CABLE)
    stage.cancel(orders[1])
    refused = stage.refused(single_units.close, stage.cast.picker, taken.order_id, "HC")
    assert refused.code == "order_cancelled"
    assert unit(tote) == (putback.PUT_BACK, "in_use")
    assert stage.put_back_all(orders[1]) == 1
    assert unit(tote) == (None, "open")


@pytest.mark.parametrize("how", ["held", "intercepted"])
def test_what_was_stopped_at_the_bench_and_may_go_on_is_taken_again(
    stage: Stage, orders: list[Order], how: str
) -> None:
    """The bench gave the unit back while the order was stopped: nobody has it in their hands when it goes on."""
    tote = lane(stage, orders[0])
    taken, key, seller = take(stage, MUG), orders[0].id, stage.cast.acme
    if how == "held":
        stop_id = stage.do(order_holds.place_hold, seller, key, "address").id
    else:
        stop_id = stage.do(interceptions.request_interception, seller, key, "other").id
    number = str(packing.parcel_of(key).tracking_number)
    assert stage.refused(single_units.close, stage.cast.picker, key, number).code in ("order_held", "intercepted")
    assert stage.do(single_units.give_back, stage.cast.picker, key) is True
    assert stage.do(single_units.give_back, stage.cast.picker, key) is False
    again = (single_units.take, stage.cast.picker, stage.cast.overseas.id, stage.cast.ACME.products[MUG])
    assert stage.refused(*again).code == "lane_empty", "not while it is stopped"
    if how == "held":
        stage.do(order_holds.end_hold, seller, key, stop_id)
    else:
        stage.do(interceptions.refuse, stage.cast.supervisor, stop_id, "not_found")
    assert take(stage, MUG).order_id == taken.order_id
    close(stage, taken)
    assert unit(tote) == (None, "open")


def test_cancelled_before_the_pick_nothing_is_left_behind(stage: Stage, orders: list[Order]) -> None:
    stage.wave(orders[0])
    batch, tote = stage.take(), stage.totes()[0]
    stage.do(lanes.bind_container, stage.cast.picker, batch.id, tote)
    stage.cancel(orders[0])
    assert unit(tote) == (None, "open")


def test_two_last_orders_that_end_at_the_same_moment_leave_the_container_free(floor: Stage, fresh_app: Flask) -> None:
    """The second waits for the container while the first is committed: it sees that nobody comes any more."""
    floor.stock(MUG, 1)
    floor.stock(CABLE, 1, BIN2)
    first, second = (floor.order({sku: 1}) for sku in (MUG, CABLE))
    floor.wave(first, second)
    batch, tote = floor.take(), floor.totes()[0]
    floor.do(lanes.bind_container, floor.cast.picker, batch.id, tote)
    floor.pick_all(first)
    taken, doomed, seller, picker, closed = (
        take(floor, MUG),
        second.id,
        floor.cast.acme,
        floor.cast.picker,
        threading.Event(),
    )
    number = str(packing.parcel_of(taken.order_id).tracking_number)

    def close_first() -> bool:
        with transaction():
            single_units.close(picker, taken.order_id, number)
            session().flush()
            closed.set()
            return somebody_waits()

    def cancel_second() -> None:
        closed.wait(10)
        with transaction():
            orders_of.cancel_order(seller, doomed, None, "buyer_cancelled")

    assert at_once(fresh_app, close_first, cancel_second) == [True, None]
    assert unit(tote) == (None, "open")
