"""A wave of single pieces is planned as a fast lane: orders share containers, and what they want of a row is taken at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, SERUM, Stage, in_days
from tests.outbound.test_lanes import close, take, unit
from wms.core import clock
from wms.core.refusals import Refused
from wms.outbound import carts
from wms.outbound.audit import CHECKS
from wms.outbound.carts import Plan, Selection, Settings
from wms.outbound.models import Order, PickBatch, PickTask
from wms.outbound.service import (
    damage,
    full_totes,
    interceptions,
    lanes,
    lots,
    order_holds,
    picking,
    plans,
    putback,
    reading,
    single_units,
    sorting,
    together,
    wave_rules,
    waves,
)  # fmt: skip
from wms.outbound.service.stops import next_stop, see_together
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction

SINGLES = Selection(kinds=("single_unit",))


def planned(stage: Stage, selection: Selection = SINGLES) -> Plan:
    with transaction():
        return reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, selection))


def released(stage: Stage, selection: Selection = SINGLES) -> PickBatch:
    """As it was planned and shown; its first walk, taken."""
    plan = planned(stage, selection)
    plan_id = stage.do(plans.keep_plan, stage.cast.supervisor, plan, selection).id
    stage.do(plans.release_kept, stage.cast.supervisor, plan_id)
    stage.jobs("outbound.prepare_waybills")
    return stage.take()


def bound(stage: Stage, batch: PickBatch) -> uuid.UUID:
    tote = stage.totes()[0]
    stage.do(lanes.bind_to_walk, stage.cast.picker, batch.id, tote)
    return tote


def pick(stage: Stage, batch: PickBatch, units: int = 0) -> int:
    """At the walk's next stop; how many were wanted there."""
    stop = next_stop(batch.id)
    assert stop is not None
    stage.do(together.pick_together, stage.cast.picker, stop.id, units or stop.left)
    return stop.left


def walked(stage: Stage, batch: PickBatch) -> uuid.UUID:
    tote = bound(stage, batch)
    while next_stop(batch.id) is not None:
        pick(stage, batch)
    return tote


def states(stage: Stage, orders: list[Order]) -> list[str]:
    return [stage.state(order) for order in orders]


def holds(tote: uuid.UUID) -> int:
    statement = text("SELECT coalesce(sum(on_hand), 0)::int FROM balance WHERE handling_unit_id = :tote")
    return int(session().execute(statement, {"tote": tote}).scalar_one())


@pytest.fixture
def seven(stage: Stage) -> list[Order]:
    """Seven orders of a mug, all in one bin."""
    stage.stock(MUG, 9)
    return [stage.order({MUG: 1}) for _ in range(7)]


# The plan


def test_one_container_instead_of_a_tote_each(stage: Stage, seven: list[Order]) -> None:
    stage.stock(CABLE, 20, BIN2)
    more = [stage.order({CABLE: 1}) for _ in range(13)]
    plan = planned(stage)
    (walk,) = plan.walks
    assert (walk.is_lane, walk.totes, len(walk.orders), walk.halts) == (True, 1, 20, 2)
    own = planned(stage, replace(SINGLES, own_totes=True))
    assert [each.is_lane for each in own.walks] == [False, False]
    assert sum(each.totes for each in own.walks) == 20
    lane, cart = (carts.cost_of(each, Settings()) for each in (plan, own))
    assert (lane.orders, lane.units, lane.stops, lane.carts) == (20, 20, 2, 1)
    assert (cart.stops, cart.carts) == (20, 2)
    assert lane.metres < cart.metres
    assert lane.minutes < cart.minutes
    released(stage)
    assert set(states(stage, [*seven, *more])) == {"waved"}


@pytest.mark.parametrize(
    "selection",
    [Selection(), Selection(kinds=("single_unit", "single_line")), replace(SINGLES, wall="W1")],
    ids=["all kinds", "several kinds", "a wall"],
)  # fmt: skip
def test_only_where_it_takes_nothing_but_single_pieces(stage: Stage, seven: list[Order], selection: Selection) -> None:
    stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 8)
    assert [walk.is_lane for walk in planned(stage, selection).walks] == [False]


def test_a_selection_of_before_is_a_lane_too_and_says_when_it_is_none() -> None:
    old = {"limit": 96, "kinds": ["single_unit"], "carriers": [], "zones": [], "wall": "", "by_zone": False}
    assert Selection.from_data(old).is_lane
    assert not Selection.from_data(old | {"own_totes": True}).is_lane
    assert Selection.from_data(replace(SINGLES, own_totes=True).as_data()).own_totes


def test_what_a_tote_holds_and_the_most_of_a_walk_part_it(stage: Stage, seven: list[Order]) -> None:
    house = stage.cast.overseas.id
    for settings, shape in (
        (Settings(lane_orders=6), [(6, 1), (1, 1)]), (Settings(tote_units=2), [(7, 4)]),
        (Settings(cart_totes=2, tote_units=3), [(6, 2), (1, 1)]),
    ):  # fmt: skip
        stage.do(wave_rules.edit_settings, stage.cast.supervisor, house, settings)
        walks = planned(stage).walks
        assert sorted(((len(walk.orders), walk.totes) for walk in walks), reverse=True) == shape


def test_orders_that_not_every_unit_serves_walk_on_a_cart(stage: Stage, seven: list[Order]) -> None:
    stage.stock(SERUM, 3, BIN2, batch="B1", expires_on=in_days(400))
    named = stage.order([{"sku": SERUM, "quantity": 1, "batch": "B1"}])
    plan = planned(stage)
    assert [(walk.is_lane, len(walk.orders)) for walk in plan.walks] == [(True, 7), (False, 1)]
    assert plan.walks[1].orders == (named.id,)
    assert plan.unplanned >= sum(walk.planned for walk in plan.walks)


def test_in_bond_every_order_has_its_own_tote(stage: Stage) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 3, house=house)
    for number in range(3):
        stage.release(stage.bonded_order({MUG: 1}), f"CEB-{number}")
    with transaction():
        plan = reading.plan(reading.read(stage.cast.supervisor, house.id, SINGLES))
    assert [(walk.is_lane, walk.totes) for walk in plan.walks] == [(False, 3)]


def test_what_is_to_be_photographed_since_it_was_planned_walks_on_a_cart(stage: Stage, seven: list[Order]) -> None:
    stage.stock(CABLE, 1, BIN2)
    cable = stage.order({CABLE: 1})
    plan = planned(stage)
    product = {"product": stage.cast.ACME.products[CABLE]}
    session().execute(text("UPDATE product SET pack_photo = true WHERE id = :product"), product)
    stage.do(waves.release_plan, stage.cast.supervisor, plan, exactly=True)
    found = dict(session().execute(
        text("SELECT t.order_id, b.is_lane FROM pick_task t JOIN pick_batch b ON b.id = t.batch_id")).all())  # fmt: skip
    assert found == {order.id: True for order in seven} | {cable.id: False}


def test_a_rule_by_the_clock_makes_a_lane(stage: Stage, seven: list[Order]) -> None:
    values = {"name": "Singles", "times": ["09:00"], "cut_off": None, "selection": SINGLES.as_data(), "fewest": 1,
              "is_active": True}  # fmt: skip
    rule = stage.do(wave_rules.save_rule, stage.cast.supervisor, stage.cast.overseas.id, None, values)
    assert stage.do(wave_rules.release_by_rule, rule.id, "2026-03-02") is not None
    assert session().scalars(select(PickBatch.is_lane)).all() == [True]


# The walk


def test_seven_of_a_row_are_one_scan_and_the_bench_needs_two_a_parcel(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    stop = next_stop(batch.id)
    assert stop is not None
    assert (stop.is_lane, stop.left, stop.orders, stop.tote_id) == (True, 7, 7, None)
    assert stage.refused(together.pick_together, stage.cast.picker, stop.id, 7).code == "tote_needed"
    assert stage.refused(picking.pick, stage.cast.picker, stop.id, 1).code == "tote_needed"
    tote = bound(stage, batch)
    assert stage.refused(together.pick_together, stage.cast.picker, stop.id, 8).code == "too_many_picked"
    postings = "SELECT count(*) FROM stock_posting WHERE reason = 'pick'"
    assert pick(stage, batch) == 7
    assert session().execute(text(postings)).scalar() == 1
    assert states(stage, seven) == ["picked"] * 7
    assert {session().get_one(Order, order.id).tote_id for order in seven} == {tote}
    assert session().get_one(PickBatch, batch.id).state == "done"
    stage.jobs("outbound.finish_wave")
    assert (unit(tote), holds(tote)) == (("lane", "in_use"), 7)
    for _ in seven:
        close(stage, take(stage, MUG))
    assert (states(stage, seven), unit(tote)) == (["packed"] * 7, (None, "open"))


def test_with_too_few_the_most_urgent_have_theirs_and_the_rest_is_fetched_elsewhere(stage: Stage) -> None:
    stage.stock(MUG, 5)
    orders = [stage.order({MUG: 1}) for _ in range(4)]
    urgent = stage.order({MUG: 1}, priority=5)
    batch = released(stage)
    bound(stage, batch)
    stage.stock(MUG, 5, BIN3)
    assert pick(stage, batch, 2) == 5
    assert stage.state(urgent) == stage.state(orders[0]) == "picked"
    stop = next_stop(batch.id)
    assert stop is not None
    stage.do(picking.report_short, stage.cast.picker, stop.id)
    assert next_stop(batch.id) is None, "nobody of this walk finds more in that bin"
    assert session().get_one(PickBatch, batch.id, populate_existing=True).state == "done"
    stage.jobs()
    again = session().scalars(select(PickBatch).where(PickBatch.state == "open")).one()
    assert (again.id, again.is_lane, again.tote_id) == (batch.id, True, None)
    stage.take()
    other = stage.totes()[0]
    stage.do(lanes.bind_to_walk, stage.cast.picker, batch.id, other)
    stop = next_stop(batch.id)
    assert stop is not None
    assert (stop.location_id, stop.left) == (stage.cast.overseas.locations[BIN3], 3)
    pick(stage, batch)
    assert set(states(stage, [*orders, urgent])) == {"picked"}
    assert holds(other) == 3


def test_short_everywhere_they_leave_the_wave_and_the_container_is_free(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    tote = bound(stage, batch)
    stop = next_stop(batch.id)
    assert stop is not None
    stage.do(picking.report_short, stage.cast.picker, stop.id)
    stage.jobs()
    assert states(stage, seven) == ["short"] * 7
    assert unit(tote) == (None, "open")
    assert session().get_one(PickBatch, batch.id, populate_existing=True).state == "done"


def test_a_damaged_unit_is_the_last_order_s_and_the_others_go_on(stage: Stage, seven: list[Order]) -> None:
    stage.stock(MUG, 1, BIN2)
    batch = released(stage)
    bound(stage, batch)
    stop = next_stop(batch.id)
    assert stop is not None
    assert stage.do(damage.report, stage.cast.picker, stop.id, 3).left == 6
    stage.jobs()
    wanted = [(each.location_id, each.left) for each in [next_stop(batch.id)] if each]
    assert wanted == [(stage.cast.overseas.locations[BIN1], 6)]
    pick(stage, batch)
    assert pick(stage, batch) == 1  # found elsewhere, on the same walk
    assert states(stage, seven) == ["picked"] * 7


def test_another_batch_in_hand_is_taken_for_as_many_as_it_has(stage: Stage) -> None:
    stage.stock(SERUM, 5, BIN1, batch="B1", expires_on=in_days(400))
    orders = [stage.order({SERUM: 1}) for _ in range(5)]
    batch = released(stage)
    bound(stage, batch)
    stage.stock(SERUM, 3, BIN1, batch="B2", expires_on=in_days(300))
    stop = next_stop(batch.id)
    assert stop is not None
    assert stage.refused(lots.change, stage.cast.picker, stop.id, "B9").code == "lot_not_here"
    changed = stage.do(lots.change, stage.cast.picker, stop.id, "B2")
    assert (changed.units, changed.batch) == (3, "B2")
    now = see_together(changed.stop_id)
    assert now is not None
    assert (now.batch, now.left) == ("B2", 3)
    stage.do(together.pick_together, stage.cast.picker, changed.stop_id, 3)
    assert (pick(stage, batch), next_stop(batch.id)) == (2, None)
    assert states(stage, orders) == ["picked"] * 5


def test_a_full_container_is_followed_by_another_and_both_are_packed(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    first, second, third = stage.totes()[:3]
    stage.do(lanes.bind_to_walk, stage.cast.picker, batch.id, first)
    assert stage.do(lanes.bind_to_walk, stage.cast.picker, batch.id, first) == 7  # again with the same
    pick(stage, batch, 3)
    stop = next_stop(batch.id)
    assert stop is not None
    further = stage.do(full_totes.take_further, stage.cast.picker, stop.id, second)
    assert (further.totes, further.orders) == ([], 4)
    stage.do(full_totes.take_further, stage.cast.picker, stop.id, third)
    assert (unit(first), unit(second)) == (("lane", "in_use"), (None, "open"))  # the second held nothing
    pick(stage, batch)
    assert (holds(first), holds(third)) == (3, 4)
    for _ in seven:
        close(stage, take(stage, MUG))
    stage.jobs("outbound.finish_wave")
    assert {unit(first), unit(third)} == {(None, "open")}


def test_only_a_free_tote_or_one_of_the_wave_is_bound(stage: Stage, seven: list[Order]) -> None:
    stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 2)
    slot = session().execute(text("SELECT unit_id FROM put_wall_slot LIMIT 1")).scalar_one()
    other = stage.order({MUG: 1})
    stage.wave(other)
    taken = stage.tote(other)
    stage.do(wave_rules.edit_settings, stage.cast.supervisor, stage.cast.overseas.id, Settings(lane_orders=4))
    lapsed = clock.now() - timedelta(hours=1)
    session().execute(
        update(PickBatch).values(picker_id=stage.cast.receiver.id, lease_until=lapsed + timedelta(hours=2))
    )
    batch = released(stage)
    bind = (lanes.bind_to_walk, stage.cast.picker, batch.id)
    free = next(each for each in stage.totes() if each != slot)
    assert [stage.refused(*bind, tote).code for tote in (slot, taken, uuid.uuid4())] == [
        "not_a_tote", "tote_taken", "not_a_tote",
    ]  # fmt: skip
    assert stage.refused(lanes.bind_to_walk, stage.cast.customs_clerk, batch.id, free).code == "not_found"
    assert stage.refused(lanes.bind_to_walk, stage.cast.receiver, batch.id, free).code == "batch_taken"
    stage.do(*bind, free)
    pick(stage, batch)
    second = stage.take()  # the wave's other walk goes into the same container
    assert (second.id != batch.id, second.wave_id) == (True, batch.wave_id)
    stage.do(lanes.bind_to_walk, stage.cast.picker, second.id, free)
    pick(stage, second)
    assert holds(free) == 7


def test_put_off_and_taken_over_it_goes_on(stage: Stage, seven: list[Order]) -> None:
    stage.stock(CABLE, 2, BIN2)
    cables = [stage.order({CABLE: 1}) for _ in range(2)]
    batch = released(stage)
    bound(stage, batch)
    first = next_stop(batch.id)
    assert first is not None
    stage.do(picking.skip, stage.cast.picker, first.id)
    second = next_stop(batch.id)
    assert second is not None
    assert second.product_id != first.product_id
    pick(stage, batch)
    lapsed = clock.now() - timedelta(minutes=1)
    session().execute(update(PickBatch).values(lease_until=lapsed))
    assert stage.do(picking.take_batch, stage.cast.receiver, stage.cast.overseas.id).id == batch.id
    again = next_stop(batch.id)
    assert again is not None
    assert stage.refused(together.pick_together, stage.cast.picker, again.id, again.left).code == "batch_taken"
    stage.do(together.pick_together, stage.cast.receiver, again.id, again.left)
    assert set(states(stage, [*seven, *cables])) == {"picked"}


# Stopped orders


def test_cancelled_meanwhile_fewer_are_taken_and_what_was_taken_serves_another(
    stage: Stage, seven: list[Order]
) -> None:
    batch = released(stage)
    tote = bound(stage, batch)
    pick(stage, batch, 2)
    stage.cancel(seven[0])  # picked
    stage.cancel(seven[3])  # not yet
    assert (unit(tote), pick(stage, batch)) == (("lane", "in_use"), 4)
    assert holds(tote) == 6
    for _ in range(5):
        close(stage, take(stage, MUG))
    product = stage.cast.ACME.products[MUG]
    assert stage.refused(single_units.take, stage.cast.picker, stage.cast.overseas.id, product).code == "lane_empty"
    stage.jobs("outbound.finish_wave")
    assert unit(tote) == (putback.PUT_BACK, "in_use")
    assert stage.put_back_all(seven[0]) == 1
    assert unit(tote) == (None, "open")


def test_all_picked_ones_cancelled_the_walk_keeps_its_container(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    tote = bound(stage, batch)
    pick(stage, batch, 1)
    stage.cancel(next(order for order in seven if stage.state(order) == "picked"))
    assert unit(tote) == ("lane", "in_use"), "the walk goes on into it"
    for order in seven:
        if stage.state(order) == "waved":
            stage.cancel(order)
    stage.jobs("outbound.finish_wave")
    assert unit(tote) == (putback.PUT_BACK, "in_use")


def test_nothing_picked_and_all_cancelled_the_container_is_free(stage: Stage, seven: list[Order]) -> None:
    tote = bound(stage, released(stage))
    for order in seven:
        stage.cancel(order)
    stage.jobs("outbound.finish_wave")
    assert unit(tote) == (None, "open")


def test_a_held_order_waits_and_joins_the_walk_again(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    bound(stage, batch)
    held = stage.do(order_holds.place_hold, stage.cast.acme, seven[2].id, "address")
    assert pick(stage, batch) == 6
    assert session().get_one(PickBatch, batch.id, populate_existing=True).state == "done"
    stage.do(order_holds.end_hold, stage.cast.acme, seven[2].id, held.id)
    stage.jobs()
    assert stage.take().id == batch.id
    tote = bound(stage, batch)
    assert (pick(stage, batch), holds(tote)) == (1, 1)
    assert states(stage, seven) == ["picked"] * 7


def test_intercepted_before_and_after_the_pick_it_is_stopped_at_once(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    bound(stage, batch)
    stage.do(interceptions.request_interception, stage.cast.acme, seven[0].id, "other")
    assert pick(stage, batch) == 6
    stage.do(interceptions.request_interception, stage.cast.acme, seven[1].id, "other")
    assert states(stage, seven) == ["cancelled", "cancelled", *["picked"] * 5]


def test_the_audit_sees_what_is_no_lane(stage: Stage, seven: list[Order]) -> None:
    batch = released(stage)
    walked(stage, batch)
    check = next(each for each in CHECKS if each.name.startswith("a walk of the fast lane"))

    def violations() -> int:
        return len(run_checks([check])["checks"][0]["violations"])

    assert violations() == 0
    session().execute(update(PickTask).where(PickTask.order_id == seven[0].id).values(quantity=2))
    assert violations() == 1
    session().rollback()
    session().execute(update(Order).where(Order.id == seven[0].id).values(tote_id=None))
    assert violations() == 1
    session().rollback()


def test_no_container_is_bound_to_a_walk_that_is_over(stage: Stage) -> None:
    stage.stock(MUG, 2, BIN1)
    orders = [stage.order({MUG: 1}) for _ in range(2)]
    batch = released(stage)
    for order in orders:
        stage.cancel(order)
    with pytest.raises(Refused) as refused:
        bound(stage, batch)
    assert refused.value.code == "walk_picked"
    assert session().scalars(text("SELECT code FROM handling_unit WHERE subject_kind = 'lane'")).all() == []
