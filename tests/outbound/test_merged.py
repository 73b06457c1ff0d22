"""What several features do to one order: a lane, a put wall, several parcels, remote carriers, and orders that are stopped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.carrier_server import CarrierSimulator
from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, Stage
from tests.outbound.test_carrier_waybills import carrier, turn  # noqa: F401
from tests.outbound.test_customs_refuses import exception, refuse, states, walked
from tests.outbound.test_destruction import given_up
from tests.outbound.test_lanes import close as close_lane
from tests.outbound.test_lanes import lane, take, unit
from tests.outbound.test_parcels import bench, close, verify  # noqa: F401
from tests.outbound.test_put_wall import free_tote, picked, released, sort_all, wall  # noqa: F401
from wms.inventory import allocations
from wms.outbound.carts import Selection
from wms.outbound.models import Order
from wms.outbound.service import (
    boxes,
    changes,
    decisions,
    destruction,
    interceptions,
    lanes,
    order_holds,
    picking,
    plans,
    reading,
    together,
)
from wms.outbound.service.crossing import Awaited, awaited
from wms.outbound.service.stops import next_stop
from wms.platform.database import session, transaction


def rows(statement: str, **values: Any) -> list[Any]:
    session().expire_all()
    return list(session().execute(text(statement), values))


def hold(stage: Stage, order_id: Any, **more: Any) -> Any:
    return stage.do(order_holds.place_hold, stage.cast.acme, order_id, "address", **more)


def test_what_is_destroyed_is_in_no_lane(stage: Stage) -> None:
    stage.stock(MUG, 5)
    gone, other = given_up(stage, {MUG: 1}), stage.order({MUG: 1})
    stage.wave(gone, other)
    tote = stage.totes()[0]
    assert stage.do(lanes.bind_container, stage.cast.picker, stage.take().id, tote) == 1
    stage.pick_all(other)
    stage.pick_all(gone)
    stage.do(destruction.destroy, stage.cast.supervisor, gone.id, "Max Meier")
    assert rows("SELECT sum(quantity) FROM stock_move WHERE to_party = 'scrap'") == [(1,)]
    assert take(stage, MUG).order_id == other.id


@pytest.mark.parametrize("how", ["held", "intercepted"])
def test_a_stopped_order_keeps_no_lane_waiting(stage: Stage, how: str) -> None:
    stage.stock(MUG, 5)
    stopped, other = stage.order({MUG: 1}), stage.order({MUG: 1})
    tote = lane(stage, stopped, other)
    if how == "held":
        hold(stage, stopped.id)
    else:
        stage.do(interceptions.request_interception, stage.cast.acme, stopped.id, "duplicate")
        assert stage.state(stopped) == "cancelled"  # in nobody's hands
    taken = take(stage, MUG)
    assert taken.order_id == other.id
    close_lane(stage, taken)
    assert unit(tote) == (("lane" if how == "held" else "put_back"), "in_use")


def test_an_order_that_leaves_its_wave_leaves_the_lane_to_the_others(stage: Stage) -> None:
    stage.stock(MUG, 5)
    stage.stock(CABLE, 5, BIN2)
    stays, leaves = stage.order({MUG: 1}), stage.order({CABLE: 1})
    stage.wave(stays, leaves)
    tote = stage.totes()[0]
    stage.do(lanes.bind_container, stage.cast.picker, stage.take().id, tote)
    stage.pick_all(stays)
    hold(stage, leaves.id, keeps_stock=False)
    assert unit(tote) == ("lane", "in_use")
    close_lane(stage, take(stage, MUG))
    assert unit(tote) == (None, "open")


def test_with_a_box_closed_the_waybill_stays(stage: Stage, bench: Order) -> None:  # noqa: F811
    verify(stage, bench, MUG, 2)
    stage.do(boxes.begin_next, stage.cast.picker, bench.id)
    close(stage, bench)
    edit = (changes.edit_order, stage.cast.acme, bench.id, None)
    assert stage.refused(*edit, {"service": "HOUSE-STD"}).code == "edit_too_late"
    stage.do(*edit, {"remark": "x"})


def test_what_is_found_later_is_sorted_with_the_rest(stage: Stage, wall: list[Any]) -> None:  # noqa: F811
    stage.stock(MUG, 1, BIN1)
    stage.stock(CABLE, 1, BIN3)
    order = stage.order({MUG: 1, CABLE: 1})
    batch = released(stage)
    tote = free_tote(stage)
    stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    first = next_stop(batch.id)
    stage.do(together.pick_together, stage.cast.picker, first.id, 1)
    second = next_stop(batch.id)
    stage.do(picking.report_short, stage.cast.picker, second.id)
    stage.jobs()
    stage.stock(second.sku, 1, BIN2)
    stage.jobs()
    again = stage.take()
    assert (again.id, again.wall) == (batch.id, "W1")
    found = next_stop(again.id)
    stage.do(together.pick_together, stage.cast.picker, found.id, 1)
    assert stage.state(order) == "picking"
    sort_all(stage, tote)
    assert stage.state(order) == "picked"
    stage.jobs()


def test_a_half_picked_stop_of_a_wall_goes_on_where_it_stood(stage: Stage, wall: list[Any]) -> None:  # noqa: F811
    stage.stock(MUG, 9, BIN1)
    orders = [stage.order({MUG: 2}), stage.order({MUG: 2})]
    batch = released(stage)
    tote = free_tote(stage)
    stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    stop = next_stop(batch.id)
    stage.do(together.pick_together, stage.cast.picker, stop.id, 3)
    half = rows("SELECT order_id FROM pick_task WHERE picked = 1")[0][0]
    held = hold(stage, half)
    stage.jobs()
    stage.do(order_holds.end_hold, stage.cast.acme, half, held.id)
    stage.jobs()
    again = stage.take()
    stage.do(together.pick_together, stage.cast.picker, next_stop(again.id).id, 1)
    sort_all(stage, tote)
    assert [stage.state(order) for order in orders] == ["picked", "picked"]


def test_sorting_goes_on_while_an_interception_waits(stage: Stage, wall: list[Any]) -> None:  # noqa: F811
    stage.stock(MUG, 9, BIN1)
    order = stage.order({MUG: 1})
    tote = picked(stage, released(stage))
    asked = stage.do(interceptions.request_interception, stage.cast.acme, order.id, "duplicate")
    sort_all(stage, tote)
    session().refresh(asked)
    assert (stage.state(order), asked.resume_state) == ("picked", "picked")


def test_a_walk_that_ends_short_leaves_no_tote_behind(stage: Stage, wall: list[Any]) -> None:  # noqa: F811
    stage.stock(MUG, 1, BIN1)
    stage.order({MUG: 1})
    batch = released(stage)
    tote = free_tote(stage)
    stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    stage.do(picking.report_short, stage.cast.picker, next_stop(batch.id).id)
    assert unit(tote) == (None, "open")


def test_a_remote_carrier_s_label_outlives_a_second_parcel(stage: Stage, carrier: CarrierSimulator) -> None:  # noqa: F811
    order = stage.order({MUG: 4}, service="EXPRESS")
    stage.wave(order)
    turn()
    stage.pick_all(order)
    verify(stage, order, MUG, 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    labels = "SELECT p.n, d.state FROM label_document d JOIN parcel p ON p.id = d.subject_id ORDER BY p.n"
    assert rows(labels) == [(1, "ready")]
    stage.do(boxes.take_back_next, stage.cast.picker, order.id)
    assert rows("SELECT state FROM shipment") == [("labelled",)]
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    turn()
    assert rows(labels) == [(1, "ready"), (3, "ready")]
    assert [each["contents"][0]["quantity"] for each in carrier.bodies] == [4, 3]
    first = close(stage, order)
    verify(stage, order, MUG, 3)
    second = close(stage, order)
    for number in (first, second):
        stage.hand_over(number)
    assert stage.state(order) == "shipped"


def test_a_demand_with_two_claims_on_a_row_joins_a_wave(stage: Stage) -> None:
    stage.stock(MUG, 5, BIN1)
    order = stage.order({MUG: 3})
    demands = [stage.demands(order)[0].id]
    session().execute(text("UPDATE balance SET allocated = allocated + 3 WHERE on_hand = 5"))
    stage.do(allocations.allocate, stage.cast.overseas.id, "demand", demands)  # others have the rest at this moment
    session().execute(text("UPDATE balance SET allocated = allocated - 3 WHERE on_hand = 5"))
    session().commit()
    stage.wave(order)
    assert sorted(task.quantity for task in stage.tasks(order)) == [1, 2]


def test_a_plan_says_which_order_is_held(stage: Stage) -> None:
    stage.stock(MUG, 5, BIN1)
    held, _ = stage.order({MUG: 1}), stage.order({MUG: 1})
    with transaction():
        plan = reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, Selection()))
    hold(stage, held.id)
    assert [each.id for each in plans.changes_of(plan)] == [held.id]


def test_customs_refuses_again_while_it_is_held(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    held = hold(stage, order.id)
    stage.do(decisions.decide, stage.cast.supervisor, exception().id, decisions.Decision.WAIT)
    stage.jobs()
    refuse(stage, order)
    assert states(stage, order) == ["set_aside", "set_aside"]
    stage.release(order)
    stage.do(order_holds.end_hold, stage.cast.acme, order.id, held.id)
    stage.jobs()
    assert states(stage, order) == ["open", "open"]


def test_goods_cross_the_dock_for_nobody_who_will_not_have_them(stage: Stage) -> None:
    asked = (stage.cast.overseas.id, stage.cast.ACME.id, stage.cast.ACME.products[MUG], 5)
    gone = given_up(stage, {MUG: 2})
    assert (stage.state(gone), awaited(*asked)) == ("short", Awaited())
    hold(stage, stage.order({MUG: 2}).id, keeps_stock=False)
    assert awaited(*asked) == Awaited()
