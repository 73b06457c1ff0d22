"""Walks of a put wall parted by zone: several pickers on one order, whose goods meet in its slot."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, RECEIPT, Stage
from tests.outbound.test_put_wall import free_tote, sort_all
from wms.core.ids import new_id
from wms.facility.models import Zone
from wms.inventory import service as inventory
from wms.inventory.models import Condition
from wms.outbound import carts, zoned
from wms.outbound.carts import Selection
from wms.outbound.models import PickBatch
from wms.outbound.service import packing, picking, plans, reading, sorting, together, waves
from wms.outbound.service.stops import next_stop, work_waiting
from wms.platform.database import session, transaction

PARTED = Selection(wall="W1", by_zone=True)


@pytest.fixture
def far(stage: Stage) -> uuid.UUID:
    """A wall, and BIN3 in a zone of its own."""
    stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 4)
    place = stage.cast.overseas.locations[BIN3]
    own = session().execute(text("SELECT zone_id FROM location WHERE id = :id"), {"id": place}).scalar_one()
    zone = session().get_one(Zone, own)
    values = {each.key: getattr(zone, each.key) for each in Zone.__mapper__.column_attrs}
    made = Zone(**values | {"id": new_id(), "code": "FAR", "name": "Far"})

    def write() -> None:
        session().add(made)
        session().flush()
        session().execute(text("UPDATE location SET zone_id = :zone WHERE id = :id"), {"zone": made.id, "id": place})

    stage.do(write)
    return made.id


def released(stage: Stage) -> list[PickBatch]:
    """The walks of a wave that was shown and released as shown."""
    with transaction():
        plan = reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, PARTED))
    assert carts.from_data(carts.as_data(plan)) == plan
    kept = stage.do(plans.keep_plan, stage.cast.supervisor, plan, PARTED).id
    wave = stage.do(plans.release_kept, stage.cast.supervisor, kept)
    stage.jobs("outbound.prepare_waybills")
    session().expire_all()
    return list(session().query(PickBatch).filter_by(wave_id=wave.id).order_by(PickBatch.created_at, PickBatch.id))


def take(stage: Stage, who: Any, here: str | None = None) -> PickBatch:
    place = None if here is None else stage.cast.overseas.locations[here]
    found = stage.do(picking.take_batch, who, stage.cast.overseas.id, place)
    assert found is not None
    return found


def walk(stage: Stage, who: Any, batch: PickBatch) -> uuid.UUID:
    tote = free_tote(stage)
    stage.do(together.bind_tote, who, batch.id, tote)
    while (stop := next_stop(batch.id)) is not None:
        stage.do(together.pick_together, who, stop.id, stop.left)
    return tote


def test_two_pickers_serve_one_order_and_the_last_tote_completes_it(stage: Stage, far: uuid.UUID) -> None:
    stage.stock(MUG, 9, BIN1)
    stage.stock(CABLE, 9, BIN3)
    orders = [stage.order({MUG: 1, CABLE: 2}), stage.order({CABLE: 1})]
    batches = released(stage)
    assert sorted(batch.zone_id == far for batch in batches) == [False, True]
    assert {batch.wall for batch in batches} == {"W1"}
    assert work_waiting(stage.cast.overseas.id).by_zone
    there = take(stage, stage.cast.picker, BIN3)
    assert there.zone_id == far
    near = take(stage, stage.cast.receiver, BIN3)  # nothing is left in that zone: the oldest
    assert near.zone_id != far
    second = walk(stage, stage.cast.picker, there)
    first = walk(stage, stage.cast.receiver, near)
    sort_all(stage, second)
    assert [stage.state(order) for order in orders] == ["picking", "picked"]
    sort_all(stage, first)
    assert stage.state(orders[0]) == "picked"
    number = stage.pack(orders[0])
    assert stage.hand_over(number)
    assert packing.pack_lines(orders[0].id)[0].left == 0


def test_a_line_from_two_zones_is_one_stop_in_each(stage: Stage, far: uuid.UUID) -> None:
    stage.stock(MUG, 2, BIN1)
    stage.stock(MUG, 2, BIN3)
    order = stage.order({MUG: 4})
    batches = released(stage)
    assert len(batches) == 2
    assert sorted(task.quantity for task in stage.tasks(order)) == [2, 2]
    assert {task.batch_id for task in stage.tasks(order)} == {batch.id for batch in batches}
    totes = [walk(stage, who, take(stage, who)) for who in (stage.cast.picker, stage.cast.receiver)]
    for tote in totes:
        sort_all(stage, tote)
    assert stage.state(order) == "picked"


def test_what_was_taken_since_is_fetched_by_one_walk_only(stage: Stage, far: uuid.UUID) -> None:
    near = stage.stock(MUG, 2, BIN1)
    stage.stock(MUG, 2, BIN3)
    order = stage.order({MUG: 4})
    with transaction():
        plan = reading.plan(reading.read(stage.cast.supervisor, stage.cast.overseas.id, PARTED))
    stage.stock(MUG, 9, BIN2)
    stage.do(inventory.recondition, stage.cast.supervisor, near, Condition.DAMAGED, 1, RECEIPT)
    stage.do(waves.release_plan, stage.cast.supervisor, plan)
    assert sum(task.quantity for task in stage.tasks(order)) == 4
    assert len({task.allocation_id for task in stage.tasks(order)}) == len(stage.tasks(order))


@pytest.mark.parametrize("walked", [True, False])
def test_goods_found_elsewhere_lead_nobody_out_of_their_zone(stage: Stage, far: uuid.UUID, walked: bool) -> None:
    """They go on the order's walk of their zone where one is open, else on a new one there."""
    stage.stock(MUG, 1, BIN1)
    stage.stock(CABLE, 1, BIN3)
    order = stage.order({MUG: 1, CABLE: 1} if walked else {MUG: 1})
    batches = {batch.zone_id: batch.id for batch in released(stage)}
    stage.stock(MUG, 5, BIN3)
    near = take(stage, stage.cast.picker)
    assert near.zone_id != far
    stop = next_stop(near.id)
    assert stop is not None
    stage.do(picking.report_short, stage.cast.picker, stop.id)
    stage.jobs()
    assert next_stop(near.id) is None
    there = take(stage, stage.cast.receiver, BIN3)
    assert (there.zone_id, there.wall, there.id == batches.get(far)) == (far, "W1", walked)
    sort_all(stage, walk(stage, stage.cast.receiver, there))
    assert stage.state(order) == "picked"


def test_an_order_that_fills_more_than_the_wall_is_not_parted() -> None:
    stop = carts.Stop(
        new_id(), new_id(), new_id(), 1, new_id(), carts.Place(0, 0, 0, 0), 1, 1, carts.Size(1, 1, 1), "", 1
    )
    alone = carts.Walk((stop,), 0, 0, 9)
    assert not zoned.is_sorted(alone)
    assert zoned.is_sorted(replace(alone, totes=1))
    assert zoned.is_sorted(replace(alone, zone=new_id()))
    assert Selection.from_data(PARTED.as_data()) == PARTED
