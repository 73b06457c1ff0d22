"""Waves: what joins, which bins serve, how the walks are laid out, and the waybills that follow."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, SERUM, Stage, in_days
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import allocations
from wms.inventory import service as inventory
from wms.outbound.models import Order, PickBatch, Wave
from wms.outbound.service import waves, waybills
from wms.outbound.workflow import WAVE
from wms.platform.database import session


def documents() -> int:
    return session().scalar(text("SELECT count(*) FROM label_document WHERE kind = 'waybill'")) or 0


def test_nothing_ready_is_refused(stage: Stage) -> None:
    stage.order({MUG: 1})
    house = stage.cast.overseas.id
    assert stage.refused(waves.release_wave, stage.cast.supervisor, house).code == "nothing_to_wave"
    assert stage.refused(waves.release_wave, stage.cast.supervisor, house, order_ids=[]).code == "nothing_to_wave"


def test_a_warehouse_out_of_scope_does_not_exist(stage: Stage) -> None:
    refusal = stage.refused(waves.release_wave, stage.cast.customs_clerk, stage.cast.overseas.id)
    assert refusal.code == "not_found"


def test_first_expiring_then_oldest_goods_are_taken(stage: Stage) -> None:
    soon, later = in_days(200), in_days(400)
    late = stage.stock(SERUM, 5, BIN1, batch="L", expires_on=later)
    early = stage.stock(SERUM, 5, BIN2, batch="E", expires_on=soon)
    fresh = stage.stock(MUG, 5, BIN1)
    old = stage.stock(MUG, 5, BIN2, days_old=30)
    stage.order({SERUM: 6, MUG: 6})
    stage.wave()
    assert (stage.amounts(early), stage.amounts(late)) == ((5, 5), (5, 1))
    assert (stage.amounts(old), stage.amounts(fresh)) == ((5, 5), (5, 1))


def test_the_most_urgent_and_oldest_orders_join_up_to_the_limit(stage: Stage) -> None:
    stage.stock(MUG, 10)
    young, old, urgent = (
        stage.order({MUG: 1}, ordered_at=datetime(2026, 11, day, tzinfo=UTC).isoformat(), priority=priority)
        for day, priority in ((9, 0), (3, 0), (20, 7))
    )
    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id, limit=2)
    assert [stage.state(each) for each in (urgent, old, young)] == ["waved", "waved", "promised"]


def test_at_most_twelve_orders_share_a_cart_and_are_walked_in_walking_order(stage: Stage) -> None:
    stage.stock(MUG, 20, BIN3)
    stage.stock(CABLE, 20, BIN1)
    orders = [stage.order({MUG: 1, CABLE: 1}) for _ in range(13)]
    wave = stage.wave()
    batches = session().scalars(select(PickBatch).where(PickBatch.wave_id == wave.id)).all()
    assert sorted(len(stage.tasks(order)) for order in orders) == [2] * 13
    sizes = [
        session().scalar(text("SELECT count(DISTINCT order_id) FROM pick_task WHERE batch_id = :b"), {"b": batch.id})
        for batch in batches
    ]
    assert (len(sizes), sum(sizes), max(sizes) <= 12) == (2, 13, True)
    order = orders[0]
    assert [task.location_id for task in stage.tasks(order)] == [
        stage.cast.overseas.locations[BIN1], stage.cast.overseas.locations[BIN3],
    ]  # fmt: skip


def test_each_order_gets_one_waybill_however_often_the_job_runs(stage: Stage) -> None:
    stage.stock(MUG, 3)
    orders = [stage.order({MUG: 1}) for _ in range(3)]
    wave = stage.wave()
    assert documents() == 3
    numbers = {stage.parcel(order).tracking_number for order in orders}
    assert len(numbers) == 3
    assert stage.do(waybills.prepare_wave, wave.id) == 3
    assert documents() == 3
    assert {stage.parcel(order).tracking_number for order in orders} == numbers


def test_a_cancelled_order_of_the_wave_gets_no_waybill(stage: Stage) -> None:
    stage.stock(MUG, 3)
    kept, gone = stage.order({MUG: 1}), stage.order({MUG: 1})
    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id)
    stage.cancel(gone)
    stage.jobs()
    assert documents() == 1
    assert stage.parcel(kept).state == "open"
    assert session().get_one(Order, gone.id).shipment_id is None


def test_an_order_whose_goods_are_kept_for_a_move_waits_for_the_next_wave(stage: Stage) -> None:
    stock = stage.stock(MUG, 2)
    balance = inventory.find_balance(stock)
    assert balance is not None
    order = stage.order({MUG: 2})
    kept = stage.do(allocations.reserve, stage.cast.overseas.id, balance.id, 2, "move", "task", new_id())
    refusal = stage.refused(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id)
    assert (refusal.code, stage.state(order)) == ("nothing_to_wave", "promised")
    stage.do(allocations.release_allocation, kept)
    stage.wave()
    assert stage.state(order) == "waved"


def test_what_was_lost_just_before_the_wave_is_left_out_of_it(stage: Stage) -> None:
    stock = stage.stock(MUG, 4)
    first, second = stage.order({MUG: 2}), stage.order({MUG: 2})
    stage.do(inventory.count, SYSTEM, stock, 3, inventory.Subject("count", None))
    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id)
    assert [stage.state(each) for each in (first, second)] == ["waved", "promised"]
    stage.jobs()
    assert [stage.state(each) for each in (first, second)] == ["waved", "short"]
    assert stage.free(MUG) == (3, 2)


def test_the_wave_is_done_with_its_last_walk(stage: Stage) -> None:
    stage.stock(MUG, 2)
    one, other = stage.order({MUG: 1}), stage.order({MUG: 1})
    wave = stage.wave()
    stage.pick_all(one)
    stage.jobs()
    assert session().get_one(Wave, wave.id, populate_existing=True).state == WAVE.initial.value
    stage.pick_all(other)
    stage.jobs()
    assert session().get_one(Wave, wave.id, populate_existing=True).state == "done"
