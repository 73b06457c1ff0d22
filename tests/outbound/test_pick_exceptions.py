"""What a picker finds at the bin: damaged units, another batch, a bin that is empty or is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, SERUM, Stage, in_days
from wms.core import clock
from wms.facility.models import Location
from wms.inventory.counting import goods as shelf
from wms.inventory.counting import planning, queries, zero
from wms.inventory.counting import service as counts
from wms.inventory.counting.rules import Rule
from wms.inventory.models import Balance
from wms.outbound.carts import Selection
from wms.outbound.models import Order, PickTask
from wms.outbound.service import damage, lots, picking, shortage, sorting, together, waves
from wms.platform.database import session


def begun(stage: Stage, lines: dict[str, int]) -> tuple[Order, list[PickTask]]:
    """An order on a walk, with its tote on the cart."""
    order = stage.order(lines)
    stage.wave(order)
    stage.take()
    stage.tote(order)
    return order, stage.tasks(order)


def by_condition(stage: Stage, sku: str) -> dict[str, int]:
    session().expire_all()
    rows = session().execute(
        select(Balance.condition, Balance.on_hand).where(
            Balance.product_id == stage.cast.ACME.products[sku], Balance.on_hand > 0, Balance.handling_unit_id.is_(None)
        )
    )
    found: dict[str, int] = {}
    for row in rows:
        found[row.condition] = found.get(row.condition, 0) + row.on_hand
    return found


def test_damage_that_the_bin_can_spare_changes_no_stop(stage: Stage) -> None:
    stage.stock(MUG, 10)
    order, (task,) = begun(stage, {MUG: 3})
    found = stage.do(damage.report, stage.cast.picker, task.id, 4)
    assert found.left == 3
    assert by_condition(stage, MUG) == {"good": 6, "damaged": 4}
    assert stage.jobs() == []
    stage.do(picking.pick, stage.cast.picker, task.id, 3)
    assert stage.state(order) == "picked"


def test_what_the_bin_cannot_spare_is_found_elsewhere_at_once(stage: Stage) -> None:
    stage.stock(MUG, 3, BIN1)
    order, (task,) = begun(stage, {MUG: 3})
    stage.stock(MUG, 5, BIN2)
    found = stage.do(damage.report, stage.cast.picker, task.id, 2)
    assert found.left == 1
    assert stage.tasks(order)[0].quantity == 1
    stage.do(picking.pick, stage.cast.picker, task.id, 1)  # before any job
    stage.jobs()
    assert [(each.state, each.quantity) for each in stage.tasks(order)] == [("done", 1), ("open", 2)]
    stage.pick_all(order)
    assert stage.state(order) == "picked"
    assert stage.free(MUG) == (3, 0)


def test_a_bin_of_damaged_goods_ends_its_stop(stage: Stage) -> None:
    stage.stock(MUG, 2, BIN1)
    order, (task,) = begun(stage, {MUG: 2})
    assert stage.do(damage.report, stage.cast.picker, task.id, 2).left == 0
    assert stage.tasks(order)[0].state == "short"
    stage.jobs()
    assert stage.state(order) == "short"  # nobody had begun it: it leaves the wave and waits


def test_part_of_a_begun_stop_is_damaged(stage: Stage) -> None:
    stage.stock(MUG, 3, BIN1)
    order, (task,) = begun(stage, {MUG: 3})
    stage.do(picking.pick, stage.cast.picker, task.id, 1)
    assert stage.do(damage.report, stage.cast.picker, task.id, 2).left == 0
    (now,) = stage.tasks(order)
    assert (now.state, now.quantity, now.picked) == ("done", 1, 1)
    stage.jobs()
    assert stage.state(order) == "picking"
    stage.stock(MUG, 2, BIN2)
    stage.do(shortage.retry_order, order.id)
    stage.pick_all(order)
    assert stage.state(order) == "picked"


def test_damage_is_taken_back_by_who_reported_it(stage: Stage) -> None:
    stage.stock(MUG, 3)
    order, (task,) = begun(stage, {MUG: 3})
    found = stage.do(damage.report, stage.cast.picker, task.id, 2)
    assert stage.refused(damage.take_back, stage.cast.receiver, found.id).code == "nothing_to_take_back"
    stage.do(damage.take_back, stage.cast.picker, found.id)
    assert by_condition(stage, MUG) == {"good": 3}
    assert stage.refused(damage.take_back, stage.cast.picker, found.id).code == "nothing_to_take_back"
    stage.jobs()
    stage.pick_all(order)
    assert stage.state(order) == "picked"


def test_damage_that_was_set_down_is_not_taken_back_out_of_another(stage: Stage) -> None:
    """Other damaged units may lie in the bin still: they are not the ones that stand in the place for damage."""
    stage.stock(MUG, 3)
    _order, (task,) = begun(stage, {MUG: 3})
    picker, house = stage.cast.picker, stage.cast.overseas.id
    first = stage.do(damage.report, picker, task.id, 1)
    place = session().scalars(select(Location.id).where(Location.warehouse_id == house, Location.kind == "inspection"))
    stage.do(damage.set_down, picker, first.id, place.first())
    second = stage.do(damage.report, picker, task.id, 1)
    assert stage.refused(damage.take_back, picker, first.id).code == "damage_gone"
    stage.do(damage.take_back, picker, second.id)
    assert by_condition(stage, MUG) == {"good": 2, "damaged": 1}


def test_damage_is_taken_back_soon_or_not_at_all(stage: Stage) -> None:
    stage.stock(MUG, 3)
    _order, (task,) = begun(stage, {MUG: 2})
    found = stage.do(damage.report, stage.cast.picker, task.id, 1)
    late = clock.now() + damage.TAKEN_BACK_FOR + timedelta(seconds=1)
    former = clock.use(lambda: late)
    try:
        assert stage.refused(damage.take_back, stage.cast.picker, found.id).code == "nothing_to_take_back"
    finally:
        clock.use(former)


def test_damage_says_why(stage: Stage) -> None:
    stage.stock(MUG, 3)
    _order, (task,) = begun(stage, {MUG: 2})
    key = stage.do(damage.report, stage.cast.picker, task.id, 1).id
    stage.do(damage.describe, stage.cast.picker, key, "wet", "a puddle", None)
    (row,) = damage.newest([stage.cast.overseas.id])
    assert (row.reason, row.note, row.quantity) == ("wet", "a puddle", 1)
    assert damage.newest([stage.cast.bonded.id]) == []
    assert stage.refused(damage.describe, stage.cast.picker, key, "bored", "", None).errors[0]["pointer"] == "/reason"
    assert stage.refused(damage.describe, stage.cast.acme, key, "wet", "", None).kind.value == "not_found"
    for quantity, code in ((0, "invalid"), (4, "quantity_too_large")):
        refused = stage.refused(damage.report, stage.cast.picker, task.id, quantity)
        assert code in (refused.code, refused.kind.value)


def test_damage_where_goods_are_picked_together(stage: Stage) -> None:
    stage.stock(MUG, 5)
    stage.do(sorting.make_wall, stage.cast.supervisor, stage.cast.overseas.id, "W1", 4)
    orders = [stage.order({MUG: 2}) for _ in range(2)]
    stage.do(waves.release_wave, stage.cast.supervisor, stage.cast.overseas.id, selection=Selection(wall="W1"))
    batch = stage.take()
    stage.do(together.bind_tote, stage.cast.picker, batch.id, stage.totes()[0])
    first = stage.tasks(orders[0])[0]
    assert stage.do(damage.report, stage.cast.picker, first.id, 3).left == 2
    open_ones = [task for order in orders for task in stage.tasks(order) if task.state == "open"]
    stage.do(together.pick_together, stage.cast.picker, open_ones[0].id, 2)
    assert sum(task.picked for order in orders for task in stage.tasks(order)) == 2
    stage.jobs()


# Another batch


def test_a_batch_that_expires_first_is_taken_instead(stage: Stage) -> None:
    stage.stock(SERUM, 4, batch="LATE", expires_on=in_days(400))
    order, (task,) = begun(stage, {SERUM: 3})
    early = stage.stock(SERUM, 2, batch="EARLY", expires_on=in_days(300))
    assert not lots.is_other(task.id, "LATE")
    assert not lots.is_other(task.id, None)
    assert lots.is_other(task.id, "EARLY")
    changed = stage.do(lots.change, stage.cast.picker, task.id, "EARLY")
    assert (changed.units, stage.amounts(early)) == (2, (2, 2))
    assert sorted((each.quantity, each.id == changed.stop_id) for each in stage.tasks(order)) == [(1, False), (2, True)]
    stage.do(picking.pick, stage.cast.picker, changed.stop_id, 2)
    stage.pick_all(order)
    assert (stage.state(order), stage.amounts(early)) == ("picked", (0, 0))


def test_a_whole_stop_changes_its_batch(stage: Stage) -> None:
    late = stage.stock(SERUM, 4, batch="LATE", expires_on=in_days(400))
    order, (task,) = begun(stage, {SERUM: 3})
    stage.stock(SERUM, 5, batch="EARLY", expires_on=in_days(300))
    changed = stage.do(lots.change, stage.cast.picker, task.id, "EARLY")
    assert (changed.stop_id, changed.units, stage.amounts(late)) == (task.id, 3, (4, 0))
    stage.pick_all(order)
    assert stage.state(order) == "picked"


@pytest.mark.parametrize(
    ("line", "batch", "code"),
    [({}, "LATER", "lot_later"), ({}, "NOWHERE", "lot_not_here"), ({"batch": "NOW"}, "LATER", "lot_named")],
)
def test_a_batch_that_a_rule_forbids_is_refused_with_its_reason(
    stage: Stage, line: dict[str, str], batch: str, code: str
) -> None:
    stage.stock(SERUM, 4, batch="NOW", expires_on=in_days(300))
    stage.stock(SERUM, 4, batch="LATER", expires_on=in_days(400))
    order = stage.order([{"sku": SERUM, "quantity": 2, **line}])
    stage.wave(order)
    stage.take()
    stage.tote(order)
    (task,) = stage.tasks(order)
    assert stage.refused(lots.change, stage.cast.picker, task.id, batch).code == code


# Is it empty?


@pytest.fixture
def asking(stage: Stage) -> Stage:
    stage.do(planning.set_rule, stage.cast.supervisor, stage.cast.overseas.id, Rule(on_zero=True))
    return stage


def test_an_empty_bin_is_confirmed_and_not_counted_again(asking: Stage) -> None:
    asking.stock(MUG, 2)
    place = asking.cast.overseas.locations[BIN1]
    _order, (task,) = begun(asking, {MUG: 2})
    assert not zero.is_asked(place)
    assert not asking.do(picking.pick, asking.cast.picker, task.id, 1).emptied
    assert asking.do(picking.pick, asking.cast.picker, task.id, 1).emptied
    assert zero.is_asked(place)
    assert asking.do(zero.confirm_empty, asking.cast.picker, place)
    row = (
        session()
        .execute(text("SELECT t.state, c.kind FROM count_task t JOIN stock_count c ON c.id = t.count_id"))
        .one()
    )
    assert tuple(row) == ("done", "zero")
    assert asking.do(planning.plan_what_is_due) == 0
    assert queries.bins_being_counted([place]) == []


def test_a_bin_that_is_not_empty_is_counted(asking: Stage) -> None:
    asking.stock(MUG, 2)
    place = asking.cast.overseas.locations[BIN1]
    order, _tasks = begun(asking, {MUG: 2})
    asking.pick_all(order)
    assert asking.do(zero.doubt_empty, asking.cast.picker, place)
    assert not asking.do(zero.doubt_empty, asking.cast.picker, place)
    assert not asking.do(zero.confirm_empty, asking.cast.picker, place)
    assert list(queries.bins_being_counted([place])) == [place]


def test_what_is_in_a_bin_that_should_be_empty_waits_for_its_count(asking: Stage) -> None:
    """Nothing that is, or comes, there is sold before; the count ends the doubt, whatever it finds."""
    asking.stock(MUG, 2)
    place = asking.cast.overseas.locations[BIN1]
    order, _tasks = begun(asking, {MUG: 2})
    asking.pick_all(order)
    asking.do(zero.doubt_empty, asking.cast.picker, place)
    asking.do(zero.doubt_empty, asking.cast.picker, place)
    asking.stock(CABLE, 3)
    assert (asking.free(CABLE), asking.state(asking.order({CABLE: 1}))) == ((0, 0), "short")
    task = asking.do(counts.take, asking.cast.picker, asking.cast.overseas.id, place)
    goods = shelf.Goods(asking.cast.ACME.id, asking.cast.ACME.products[CABLE], None, None, "good")
    asking.do(counts.tally, asking.cast.picker, task.id, goods, 3)
    asking.do(counts.finish, asking.cast.picker, task.id)
    assert asking.free(CABLE)[0] == 3
    open_ = "SELECT count(*) FROM stock_hold WHERE ended_at IS NULL"
    assert session().execute(text(open_)).scalar() == 0


def test_nothing_is_confirmed_of_a_bin_that_got_goods_meanwhile(asking: Stage) -> None:
    asking.stock(MUG, 2)
    place = asking.cast.overseas.locations[BIN1]
    order, _tasks = begun(asking, {MUG: 2})
    asking.pick_all(order)
    asking.stock(CABLE, 1)
    assert not zero.is_asked(place)
    assert not asking.do(zero.confirm_empty, asking.cast.picker, place)
    assert asking.refused(zero.confirm_empty, asking.cast.acme, place).kind.value == "not_found"
