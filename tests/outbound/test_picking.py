"""The picker's walk: totes, stops, who holds it, and what is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, Stage
from wms.core import clock
from wms.core.ids import new_id
from wms.inventory import holds
from wms.inventory import service as inventory
from wms.inventory.models import Hold
from wms.outbound.models import Order, PickBatch, Wave
from wms.outbound.service import orders, picking
from wms.outbound.service.stops import next_stop
from wms.platform.database import session


@pytest.fixture
def walk(stage: Stage) -> Order:
    """An order of four mugs and two cables on a walk that the picker took."""
    stage.stock(MUG, 10, BIN1)
    stage.stock(CABLE, 10, BIN2)
    order = stage.order({MUG: 4, CABLE: 2})
    stage.wave()
    stage.take()
    return order


def exceptions(order: Order) -> list[tuple[str, str | None]]:
    rows = session().execute(
        text("SELECT kind, resolution FROM order_exception WHERE order_id = :id ORDER BY created_at"), {"id": order.id}
    )
    return [(row.kind, row.resolution) for row in rows]


def test_a_tote_is_bound_once_and_to_one_order(stage: Stage, walk: Order) -> None:
    other = stage.order({MUG: 1})
    stage.wave()
    tote, spare = stage.totes()[:2]
    picker = stage.cast.picker
    stage.do(picking.assign_tote, picker, walk.id, tote)
    stage.do(picking.assign_tote, picker, walk.id, tote)  # the scan came twice
    assert stage.refused(picking.assign_tote, picker, walk.id, spare).code == "wrong_tote"
    assert stage.refused(picking.assign_tote, picker, other.id, tote).code == "tote_taken"
    assert stage.refused(picking.assign_tote, picker, walk.id, new_id()).code == "not_a_tote"
    foreign = stage.totes(stage.cast.bonded)[0]
    assert stage.refused(picking.assign_tote, picker, other.id, foreign).code == "not_a_tote"


def test_units_are_picked_one_by_one_or_all_at_once(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    mugs, cables = stage.tasks(walk)
    stage.do(picking.pick, stage.cast.picker, mugs.id, 1)
    assert (stage.state(walk), stage.free(MUG)) == ("picking", (9, 3))
    assert stage.refused(picking.pick, stage.cast.picker, mugs.id, 4).params == {"left": 3}
    stage.do(picking.pick, stage.cast.picker, mugs.id, 3)
    assert stage.refused(picking.pick, stage.cast.picker, mugs.id, 1).code == "task_done"
    stage.do(picking.pick, stage.cast.picker, cables.id, 2)
    assert (stage.state(walk), [each.picked for each in stage.demands(walk)]) == ("picked", [4, 2])


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_cannot_be_picked(stage: Stage, walk: Order, quantity: int) -> None:
    stage.tote(walk)
    refusal = stage.refused(picking.pick, stage.cast.picker, stage.tasks(walk)[0].id, quantity)
    assert refusal.errors[0]["pointer"] == "/quantity"


def test_goods_go_into_the_orders_own_tote(stage: Stage, walk: Order) -> None:
    task = stage.tasks(walk)[0]
    assert stage.refused(picking.pick, stage.cast.picker, task.id, 1).code == "tote_needed"
    stage.tote(walk)
    assert stage.refused(picking.pick, stage.cast.picker, task.id, 1, stage.totes()[0]).code == "wrong_tote"


def test_a_skipped_stop_comes_last(stage: Stage, walk: Order) -> None:
    mugs, cables = stage.tasks(walk)
    assert next_stop(mugs.batch_id).id == mugs.id
    stage.do(picking.skip, stage.cast.picker, mugs.id)
    assert next_stop(mugs.batch_id).id == cables.id
    stage.do(picking.skip, stage.cast.picker, cables.id)
    assert next_stop(mugs.batch_id).id == mugs.id


def test_a_walk_belongs_to_one_picker_until_the_lease_runs_out(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    task = stage.tasks(walk)[0]
    assert stage.do(picking.take_batch, stage.cast.receiver, stage.cast.overseas.id) is None
    assert stage.refused(picking.pick, stage.cast.receiver, task.id, 1).code == "batch_taken"
    assert stage.refused(picking.skip, stage.cast.receiver, task.id).code == "batch_taken"
    assert stage.refused(picking.report_short, stage.cast.receiver, task.id).code == "batch_taken"

    now = clock.now()
    former = clock.use(lambda: now + timedelta(minutes=10))
    try:
        stage.do(picking.pick, stage.cast.picker, task.id, 1)  # who works keeps the walk
        clock.use(lambda: now + timedelta(minutes=20))
        assert stage.refused(picking.pick, stage.cast.receiver, task.id, 1).code == "batch_taken"
        clock.use(lambda: now + timedelta(minutes=26))
        taken = stage.do(picking.take_batch, stage.cast.receiver, stage.cast.overseas.id)
        assert taken is not None
        assert taken.picker_id == stage.cast.receiver.id
        assert stage.refused(picking.pick, stage.cast.picker, task.id, 1).code == "batch_taken"
        stage.do(picking.pick, stage.cast.receiver, task.id, 1)
    finally:
        clock.use(former)


def test_the_pickers_own_walk_comes_before_a_new_one(stage: Stage, walk: Order) -> None:
    mine = stage.tasks(walk)[0].batch_id
    stage.order({MUG: 1})
    stage.wave()
    assert stage.take().id == mine
    other = stage.do(picking.take_batch, stage.cast.receiver, stage.cast.overseas.id)
    assert other is not None
    assert other.id != mine


def test_a_stop_of_another_warehouse_does_not_exist(stage: Stage, walk: Order) -> None:
    task = stage.tasks(walk)[0]
    assert stage.refused(picking.skip, stage.cast.customs_clerk, task.id).code == "not_found"


def test_a_short_bin_is_doubted_and_other_stock_found(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    elsewhere = stage.stock(MUG, 5, BIN2)
    mugs, _ = stage.tasks(walk)
    stage.do(picking.pick, stage.cast.picker, mugs.id, 1)
    stage.do(picking.report_short, stage.cast.picker, mugs.id)
    doubt = session().query(Hold).one()
    assert (doubt.reason, doubt.scope_key) == ("in_doubt", str(mugs.balance_id))
    assert stage.free(MUG) == (5, 3)
    stage.jobs()
    assert (stage.state(walk), stage.amounts(elsewhere)) == ("picking", (5, 3))
    assert [(each.state, each.quantity, each.picked) for each in stage.tasks(walk)] == [
        ("short", 4, 1), ("open", 2, 0), ("open", 3, 0),
    ]  # fmt: skip
    assert len({each.batch_id for each in stage.tasks(walk)}) == 1  # the walk goes on
    stage.pick_all(walk)
    assert stage.state(walk) == "picked"


def test_everybody_who_counted_on_the_doubted_bin_is_looked_after(stage: Stage, walk: Order) -> None:
    other = stage.order({MUG: 5})
    stage.wave()
    stage.stock(MUG, 5, BIN2)
    stage.do(picking.report_short, stage.cast.picker, stage.tasks(walk)[0].id)
    stage.jobs()
    # Five elsewhere: one of the two is served from there, the other leaves its wave and waits.
    assert sorted((stage.state(walk), stage.state(other))) == ["short", "waved"]


def test_an_untouched_order_leaves_its_wave_when_nothing_is_left(stage: Stage, walk: Order) -> None:
    tote = stage.tote(walk)
    stage.do(picking.report_short, stage.cast.picker, stage.tasks(walk)[0].id)
    stage.jobs()
    assert (stage.state(walk), stage.free(MUG), stage.free(CABLE)) == ("short", (0, 0), (10, 0))
    assert [each.state for each in stage.tasks(walk)] == ["short", "cancelled"]
    assert (tote in stage.totes(), exceptions(walk)) == (True, [])
    assert session().query(PickBatch).one().state == "done"
    stage.stock(MUG, 4, BIN2)
    stage.jobs()
    assert stage.state(walk) == "promised"
    stage.wave()
    stage.pick_all(walk)
    assert stage.state(walk) == "picked"


def test_an_order_that_is_begun_before_it_left_its_wave_is_put_before_a_supervisor(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    mugs, cables = stage.tasks(walk)
    stage.do(picking.report_short, stage.cast.picker, mugs.id)
    stage.jobs("outbound.reallocate")  # nothing elsewhere: it is to leave its wave
    stage.do(picking.pick, stage.cast.picker, cables.id, 2)
    stage.jobs()
    assert (stage.state(walk), exceptions(walk)) == ("picking", [("short_at_pick", None)])
    stage.stock(MUG, 4, BIN2)
    stage.jobs()
    stage.pick_all(walk)
    assert stage.state(walk) == "picked"


def test_a_wave_does_not_stay_open_for_the_order_that_left_it(stage: Stage) -> None:
    """Its walk ends first and the wave with it; then other stock is looked for, for which it would open again."""
    stage.stock(MUG, 1, BIN2)
    order = stage.order({MUG: 1})
    wave = stage.wave(order)
    stage.take()
    stage.do(picking.report_short, stage.cast.picker, stage.tasks(order)[0].id)
    stage.jobs()
    assert stage.state(order) == "short"
    assert session().get_one(Wave, wave.id, populate_existing=True).state == "done"


def test_a_begun_order_that_falls_short_is_put_before_a_supervisor_until_stock_comes(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    mugs, cables = stage.tasks(walk)
    stage.do(picking.pick, stage.cast.picker, cables.id, 2)
    stage.do(picking.report_short, stage.cast.picker, mugs.id)
    stage.jobs()
    assert (stage.state(walk), exceptions(walk)) == ("picking", [("short_at_pick", None)])
    assert stage.free(MUG) == (0, 4)  # it keeps its promise: free is negative, shown and worked off
    stage.stock(MUG, 4, BIN2)
    stage.jobs()
    assert exceptions(walk) == [("short_at_pick", "found")]
    stage.pick_all(walk)
    assert stage.state(walk) == "picked"


def test_the_bin_was_right_after_all(stage: Stage, walk: Order) -> None:
    stage.tote(walk)
    mugs, cables = stage.tasks(walk)
    stage.do(picking.pick, stage.cast.picker, cables.id, 2)
    stage.do(picking.report_short, stage.cast.picker, mugs.id)
    stage.jobs()
    stage.do(holds.end_hold, stage.cast.supervisor, stage.cast.overseas.id, session().query(Hold).one().id)
    stage.jobs()
    assert exceptions(walk) == [("short_at_pick", "found")]
    stage.pick_all(walk)
    assert stage.state(walk) == "picked"


def test_a_claim_lost_meanwhile_stops_the_pick(stage: Stage, walk: Order) -> None:
    from wms.inventory.ledger import stock_of
    from wms.inventory.models import Balance

    stage.tote(walk)
    task = stage.tasks(walk)[0]
    stock = stock_of(session().get_one(Balance, task.balance_id))
    stage.do(inventory.count, stage.cast.supervisor, stock, 2, inventory.Subject("count", None))
    assert stage.refused(picking.pick, stage.cast.picker, task.id, 4).code == "allocation_changed"
    stage.jobs()
    assert stage.state(walk) == "short"  # nothing was picked yet and two are all there are


def test_a_partly_lost_claim_shrinks_the_stop_of_a_begun_order(stage: Stage, walk: Order) -> None:
    from wms.inventory.ledger import stock_of
    from wms.inventory.models import Balance

    stage.tote(walk)
    task = stage.tasks(walk)[0]
    stage.do(picking.pick, stage.cast.picker, task.id, 1)
    stock = stock_of(session().get_one(Balance, task.balance_id))
    stage.do(inventory.count, stage.cast.supervisor, stock, 2, inventory.Subject("count", None))
    stage.jobs()
    task = stage.tasks(walk)[0]
    assert (task.quantity, task.picked, task.state) == (3, 1, "open")
    assert exceptions(walk) == [("short_at_pick", None)]
    stage.do(picking.pick, stage.cast.picker, task.id, 2)
    assert stage.state(walk) == "picking"
    stage.do(orders.cancel_order, stage.cast.supervisor, walk.id, None, "out_of_stock")
    assert exceptions(walk) == [("short_at_pick", "cancelled")]
    assert stage.put_back_all(walk) == 3


def test_a_cancelled_order_stops_the_picker(stage: Stage, walk: Order) -> None:
    tote = stage.tote(walk)
    task = stage.tasks(walk)[0]
    stage.cancel(walk)
    assert stage.refused(picking.pick, stage.cast.picker, task.id, 1).code == "order_cancelled"
    assert stage.refused(picking.assign_tote, stage.cast.picker, walk.id, tote).code == "order_cancelled"
