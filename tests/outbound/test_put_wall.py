"""Picking together and sorting at a put wall, from the plan to the packed parcel, also when orders are cancelled midway."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN3, CABLE, MUG, Stage
from wms.core.refusals import Refused
from wms.outbound.carts import Selection
from wms.outbound.models import Order, PickBatch
from wms.outbound.service import packing, picking, plans, reading, sorting, together, waves
from wms.outbound.service.stops import next_stop
from wms.platform.database import session, transaction


@pytest.fixture
def wall(stage: Stage) -> list[Any]:
    return stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 4)


def released(stage: Stage, *orders: Order) -> PickBatch:
    with transaction():
        facts = reading.read(stage.cast.supervisor, stage.cast.overseas.id, Selection(wall="W1"))
        plan = reading.plan(facts)
    plan_id = stage.do(plans.keep_plan, stage.cast.supervisor, plan, Selection(wall="W1")).id
    stage.do(plans.release_kept, stage.cast.supervisor, plan_id)
    stage.jobs("outbound.prepare_waybills")
    return stage.take()


def free_tote(stage: Stage) -> uuid.UUID:
    slots = {row[0] for row in session().execute(text("SELECT unit_id FROM put_wall_slot"))}
    return next(key for key in stage.totes() if key not in slots)


def picked(stage: Stage, batch: PickBatch) -> uuid.UUID:
    """The whole walk, into one tote."""
    tote = free_tote(stage)
    stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    while (stop := next_stop(batch.id)) is not None:
        stage.do(together.pick_together, stage.cast.picker, stop.id, stop.left)
    return tote


def sort_one(stage: Stage, tote_id: uuid.UUID, product_id: uuid.UUID) -> tuple[sorting.Goal, sorting.Sorted]:
    with transaction():
        tote = sorting.open_tote(stage.cast.picker, tote_id)
        goal = sorting.goal_of(tote, product_id)
    return goal, stage.do(sorting.put, stage.cast.picker, tote, goal.order_id, product_id, 1, goal.slot_id)


def sort_all(stage: Stage, tote_id: uuid.UUID) -> None:
    while rows := sorting.in_tote(tote_id):
        sort_one(stage, tote_id, rows[0].product_id)


def test_goods_are_picked_together_sorted_and_packed(stage: Stage, wall: list[Any]) -> None:
    stage.stock(MUG, 9, BIN1)
    stage.stock(CABLE, 9, BIN3)
    orders = [stage.order({MUG: 2}), stage.order({MUG: 1, CABLE: 1}), stage.order({CABLE: 3})]
    batch = released(stage)
    assert (batch.wall, [stage.state(order) for order in orders]) == ("W1", ["waved"] * 3)
    first = next_stop(batch.id)
    assert first is not None
    assert first.left == 3  # of two orders at once
    refusal = stage.refused(together.pick_together, stage.cast.picker, first.id, 1)
    assert refusal.code == "tote_needed"
    tote = picked(stage, batch)
    assert [stage.state(order) for order in orders] == ["picking"] * 3
    assert {row.sku: row.units for row in sorting.in_tote(tote)} == {MUG: 3, CABLE: 4}
    assert stage.free(MUG) == (6, 0)
    assert stage.refused(packing.start_packing, stage.cast.picker, tote).code
    sort_all(stage, tote)
    assert [stage.state(order) for order in orders] == ["picked"] * 3
    assert tote in stage.totes()  # free again
    for order in orders:
        slot = session().get_one(Order, order.id, populate_existing=True).tote_id
        stage.do(packing.start_packing, stage.cast.picker, slot)
        stage.pack(order)
    assert session().scalar(text("SELECT count(*) FROM handling_unit h JOIN put_wall_slot s ON s.unit_id = h.id"
                                 " WHERE h.subject_id IS NOT NULL")) == 0  # fmt: skip
    stage.jobs()


def test_an_order_keeps_its_slot_and_the_last_item_closes_it(stage: Stage, wall: list[Any]) -> None:
    stage.stock(MUG, 9)
    one, other = stage.order({MUG: 2}), stage.order({MUG: 2})
    tote = picked(stage, released(stage))
    product = stage.cast.ACME.products[MUG]
    found = [sort_one(stage, tote, product) for _ in range(4)]
    assert [goal.number for goal, _ in found] == [1, 1, 2, 2]  # one order to its end, then the next
    assert [done.left for _, done in found] == [1, 0, 1, 0]
    assert {stage.state(order) for order in (one, other)} == {"picked"}


def test_a_wrong_slot_a_taken_one_and_a_stranger_are_refused(stage: Stage, wall: list[Any]) -> None:
    stage.stock(MUG, 9)
    stage.order({MUG: 2})
    stage.order({MUG: 1})
    tote_id = picked(stage, released(stage))
    product = stage.cast.ACME.products[MUG]
    goal, _ = sort_one(stage, tote_id, product)
    tote = sorting.open_tote(stage.cast.picker, tote_id)
    other = next(unit.id for unit in wall if unit.id != goal.slot_id)
    put = (stage.cast.picker, tote, goal.order_id, product)
    assert stage.refused(sorting.put, *put, 1, other).code == "wrong_slot"
    assert stage.refused(sorting.put, *put, 1, free_tote(stage)).code == "not_a_slot"
    assert stage.refused(sorting.put, *put, 5, goal.slot_id).code == "not_in_tote"
    assert stage.refused(sorting.goal_of, tote, stage.cast.ACME.products[CABLE]).code == "not_in_tote"
    assert stage.refused(sorting.open_tote, stage.cast.picker, free_tote(stage)).code == "nothing_to_sort"
    assert stage.refused(sorting.open_tote, stage.cast.customs_clerk, tote_id).code == "not_found"
    assert stage.refused(together.bind_tote, stage.cast.picker, tote.batch_id, wall[3].id).code == "not_a_tote"
    third = session().scalar(text("SELECT id FROM outbound_order WHERE id <> :id"), {"id": goal.order_id})
    assert stage.refused(sorting.put, stage.cast.picker, tote, third, product, 1, goal.slot_id).code == "slot_taken"


@pytest.mark.parametrize("when", ["before the pick", "in the tote", "half sorted", "sorted"])
def test_a_cancelled_order_comes_back_from_wherever_it_is(stage: Stage, wall: list[Any], when: str) -> None:
    stage.stock(MUG, 9)
    gone, stays = stage.order({MUG: 2}), stage.order({MUG: 1})
    batch = released(stage)
    if when == "before the pick":
        stage.cancel(gone)
    tote = picked(stage, batch)
    if when == "in the tote":
        stage.cancel(gone)
    product = stage.cast.ACME.products[MUG]
    if when in ("half sorted", "sorted"):
        while session().scalar(text("SELECT sum(sorted) FROM pick_task WHERE order_id = :o"), {"o": gone.id}) < (
            1 if when == "half sorted" else 2
        ):
            sort_one(stage, tote, product)
        stage.cancel(gone)
    sort_all(stage, tote)
    assert (stage.state(gone), stage.state(stays)) == ("cancelled", "picked")
    back = stage.put_back_all(gone)
    assert back == (0 if when == "before the pick" else 2)
    assert stage.free(MUG) == (8, 0)
    stage.jobs()


def test_a_full_wall_says_so_until_a_slot_is_packed(stage: Stage) -> None:
    stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 1)
    stage.stock(MUG, 9)
    first, second = stage.order({MUG: 1}), stage.order({MUG: 1})
    product = stage.cast.ACME.products[MUG]
    tote = picked(stage, released(stage))  # a wall of one slot: one order to a walk
    sort_one(stage, tote, product)
    batch = stage.take()
    tote = picked(stage, batch)
    with pytest.raises(Refused) as refused:
        sort_one(stage, tote, product)
    assert refused.value.code == "wall_full"
    session().rollback()
    done = first if stage.state(first) == "picked" else second
    stage.pack(done)
    sort_one(stage, tote, product)
    assert {stage.state(first), stage.state(second)} == {"packed", "picked"}


def test_what_is_put_off_is_put_off_for_all_and_what_is_missing_is_found_elsewhere(
    stage: Stage, wall: list[Any]
) -> None:
    stage.stock(MUG, 3, BIN1)
    stage.stock(CABLE, 9, BIN3)
    orders = [stage.order({MUG: 1, CABLE: 1}), stage.order({MUG: 1})]
    batch = released(stage)
    stage.stock(MUG, 9, BIN3)
    stop = next_stop(batch.id)
    assert stop is not None
    stage.do(picking.skip, stage.cast.picker, stop.id)
    following = next_stop(batch.id)
    assert following is not None
    assert following.product_id != stop.product_id
    stage.do(picking.report_short, stage.cast.picker, stop.id)
    stage.jobs()
    tote = picked(stage, session().get_one(PickBatch, batch.id))
    sort_all(stage, tote)
    assert [stage.state(order) for order in orders] == ["picked", "picked"]


def test_a_wall_is_made_once_and_by_builders(stage: Stage, wall: list[Any]) -> None:
    house = stage.cast.overseas.id
    assert sorting.walls_of(house) == {"W1": 4}
    assert stage.refused(sorting.make_wall, stage.cast.supervisor, house, "W1", 2).code == "wall_taken"
    for actor in (stage.cast.picker, stage.cast.customs_clerk, stage.cast.acme):
        assert stage.refused(sorting.make_wall, actor, house, "W2", 2).code == "not_found"
    stage.stock(MUG, 1)
    stage.order({MUG: 1})
    unknown = Selection(wall="W9")
    assert stage.refused(reading.read, stage.cast.supervisor, house, unknown).code == "no_such_wall"
    assert stage.do(waves.release_wave, stage.cast.supervisor, house, selection=Selection(wall="W1"))


def test_a_wave_whose_walk_was_begun_again_is_over_when_that_ends(stage: Stage, wall: list[Any]) -> None:
    stage.stock(MUG, 1, BIN1)
    stage.stock(CABLE, 1, BIN3)
    stage.order({MUG: 1, CABLE: 1})
    batch = released(stage)
    tote = free_tote(stage)
    stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    stage.do(together.pick_together, stage.cast.picker, next_stop(batch.id).id, 1)
    lacking = next_stop(batch.id)
    stage.do(picking.report_short, stage.cast.picker, lacking.id)
    stage.jobs()
    assert session().scalar(text("SELECT state FROM wave")) == "done"
    stage.stock(lacking.sku, 1, BIN1)
    stage.jobs()
    assert (stage.take().id, session().scalar(text("SELECT state FROM wave"))) == (batch.id, "released")
    stage.do(together.pick_together, stage.cast.picker, next_stop(batch.id).id, 1)
    stage.jobs()
    assert session().scalar(text("SELECT state FROM wave")) == "done"


def test_no_tote_is_bound_to_a_walk_that_is_over(stage: Stage, wall: list[Any]) -> None:
    """The walk's only order is cancelled between the screen that asks for a tote and the scan: the tote stays free."""
    stage.stock(MUG, 1, BIN1)
    order = stage.order({MUG: 1})
    batch, tote = released(stage), free_tote(stage)
    stage.cancel(order)
    with pytest.raises(Refused) as refused:
        stage.do(together.bind_tote, stage.cast.picker, batch.id, tote)
    assert refused.value.code == "walk_picked"
    assert session().scalar(text("SELECT state FROM handling_unit WHERE id = :tote"), {"tote": tote}) == "open"
