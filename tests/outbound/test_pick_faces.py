"""Orders for goods that are picked from a pick face: what waits for a walk, what does not, and who is told."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, Stage
from tests.outbound.test_destruction import given_up
from wms.core.actor import SYSTEM
from wms.facility.models import Location
from wms.inventory import holds
from wms.inventory import service as inventory
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance
from wms.inventory.replenishment import faces, planning, queries, service
from wms.inventory.replenishment.models import ReplenishTask
from wms.inventory.replenishment.rules import Tier
from wms.outbound.models import Order, OrderException
from wms.outbound.service import picking, shortage, waves
from wms.platform.database import session


class Faces:
    """A pick face for mugs (BIN3, between 2 and 10) beside reserve in BIN1, and hands that fill it."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.house = stage, stage.cast.overseas.id
        self.place = stage.cast.overseas.locations[BIN3]
        stage.do(self._set)

    def _set(self) -> None:
        session().get_one(Location, self.place).kind = "pick_face"
        faces.set_face(self.stage.cast.supervisor, self.place, self.stage.cast.ACME.products[MUG], 2, 10)

    def plan(self) -> planning.Planned:
        return self.stage.do(planning.plan, self.house)

    def take(self) -> ReplenishTask:
        return self.stage.do(service.take_next, self.stage.cast.receiver, self.house)

    def bring(self, task: ReplenishTask, quantity: int | None = None) -> None:
        units = service.left_of(task) if quantity is None else quantity
        self.stage.do(service.bring, self.stage.cast.receiver, task.id, units, self.place)

    def fill(self) -> None:
        self.plan()
        self.bring(self.take())


@pytest.fixture
def shelf(stage: Stage) -> Faces:
    return Faces(stage)


def test_an_order_waits_for_the_walk_and_is_never_short(stage: Stage, shelf: Faces) -> None:
    reserve = stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 3})
    shelf.plan()
    refusal = stage.refused(waves.release_wave, stage.cast.supervisor, shelf.house)
    assert (refusal.code, refusal.params) == ("faces_first", {"orders": 1})
    assert stage.state(order) == "promised"
    assert queries.listed(shelf.house)[0].urgency // 100 == Tier.WAVE
    shelf.bring(shelf.take())
    stage.wave()
    assert [task.location_id for task in stage.tasks(order)] == [shelf.place]
    assert stage.amounts(reserve) == (20, 0)


def test_an_order_that_waits_keeps_nobody_else_from_the_wave(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 30, BIN1)
    stage.stock(CABLE, 5, BIN2)
    waits, goes = stage.order({MUG: 3, CABLE: 1}), stage.order({CABLE: 1})
    shelf.plan()
    stage.wave()
    assert [stage.state(each) for each in (waits, goes)] == ["promised", "waved"]


def test_without_a_walk_planned_the_order_is_picked_from_reserve(stage: Stage, shelf: Faces) -> None:
    reserve = stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 3})
    stage.wave()
    assert (stage.state(order), stage.amounts(reserve)) == ("waved", (30, 3))


def exceptions_of(order: Order) -> int:
    rows = session().query(OrderException).filter_by(order_id=order.id, resolved_at=None)
    return int(rows.count())


def losing_its_bin(stage: Stage, shelf: Faces, *, picks: int = 1) -> tuple[Order, ReplenishTask]:
    """An order on a walk whose goods in the face a count did not find, while a walk with as many is under way."""
    shelf.plan()
    task = shelf.take()
    shelf.bring(task, 5)
    order = stage.order({MUG: 4})
    stage.wave()
    stage.take()
    stage.tote(order)
    (stop,) = stage.tasks(order)
    if picks:
        stage.do(picking.pick, stage.cast.picker, stop.id, picks)
    there = stock_of(session().get_one(Balance, stop.balance_id))
    stage.do(inventory.count, SYSTEM, there, 0, inventory.Subject("count", None))
    stage.jobs()
    return order, task


def open_stops(stage: Stage, order: Order) -> list[tuple[object, int]]:
    return [(stop.location_id, stop.quantity) for stop in stage.tasks(order) if stop.state == "open"]


def test_the_picker_waits_for_what_is_on_its_way_and_goes_on_when_it_is_there(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 10, BIN1)
    order, task = losing_its_bin(stage, shelf)
    assert (stage.state(order), exceptions_of(order), open_stops(stage, order)) == ("picking", 0, [])
    (walk,) = queries.listed(shelf.house)
    assert walk.picker_waits
    shelf.bring(task, 2)
    stage.jobs()
    assert open_stops(stage, order) == [(shelf.place, 2)]
    shelf.bring(task)
    stage.jobs()
    assert open_stops(stage, order) == [(shelf.place, 2), (shelf.place, 1)]
    assert session().execute(text("SELECT count(*) FROM awaited_stock")).scalar_one() == 0


def test_a_face_in_doubt_is_not_waited_for_nor_filled_until_it_is_counted(stage: Stage, shelf: Faces) -> None:
    reserve = stage.stock(MUG, 40, BIN1)
    shelf.plan()
    task = shelf.take()
    shelf.bring(task, 5)
    order = stage.order({MUG: 4})
    stage.wave()
    stage.take()
    (stop,) = stage.tasks(order)
    stage.do(picking.report_short, stage.cast.picker, stop.id)
    stage.jobs()
    assert open_stops(stage, order) == [(reserve.location_id, 4)]  # at once, from reserve
    refusal = stage.refused(service.bring, stage.cast.receiver, task.id, 1, shelf.place)
    assert refusal.code == "face_in_doubt"
    stage.do(service.put_back, stage.cast.receiver, task.id)
    assert stage.refused(service.take_next, stage.cast.receiver, shelf.house).code == "nothing_to_replenish"
    planned = shelf.plan()
    assert (planned.made, planned.dropped) == (0, 1)
    there = stock_of(session().get_one(Balance, stop.balance_id))
    stage.do(inventory.count, SYSTEM, there, 1, inventory.Subject("count", None))
    assert shelf.plan().made == 1


def test_a_face_that_was_not_empty_is_filled_when_it_has_been_counted(stage: Stage, shelf: Faces) -> None:
    """At the zero check somebody found goods in it that the book does not have."""
    stage.stock(MUG, 40, BIN1)
    shelf.plan()
    task = shelf.take()
    stage.do(holds.doubt_bin, SYSTEM, shelf.house, shelf.place)
    assert stage.refused(service.bring, stage.cast.receiver, task.id, 1, shelf.place).code == "face_in_doubt"
    stage.do(service.put_back, stage.cast.receiver, task.id)
    assert stage.refused(service.take_next, stage.cast.receiver, shelf.house).code == "nothing_to_replenish"
    planned = shelf.plan()
    assert (planned.made, planned.dropped) == (0, 1)


@pytest.mark.parametrize("ending", ["cancel", "report_short", "loss"])
def test_when_the_walk_fails_the_picker_gets_other_stock_or_the_supervisor_is_told(
    stage: Stage, shelf: Faces, ending: str
) -> None:
    reserve = stage.stock(MUG, 10, BIN1)
    order, task = losing_its_bin(stage, shelf)
    assert exceptions_of(order) == 0
    if ending == "cancel":
        stage.do(service.cancel, stage.cast.supervisor, task.id)
    elif ending == "report_short":
        stage.do(service.report_short, stage.cast.receiver, task.id)
    else:
        stage.do(inventory.count, SYSTEM, reserve, 0, inventory.Subject("count", None))
        shelf.plan()
    stage.jobs()
    if ending == "cancel":
        assert open_stops(stage, order) == [(reserve.location_id, 3)]
    else:
        assert (open_stops(stage, order), exceptions_of(order)) == ([], 1)


def test_an_untouched_order_whose_walk_fails_leaves_the_wave(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 10, BIN1)
    order, task = losing_its_bin(stage, shelf, picks=0)
    assert stage.state(order) == "waved"
    stage.do(service.report_short, stage.cast.receiver, task.id)
    stage.jobs()
    assert stage.state(order) == "short"
    at_pick = session().execute(text("SELECT count(*) FROM awaited_stock WHERE at_pick")).scalar_one()
    assert at_pick == 0


def test_a_walk_that_ended_unseen_while_the_order_began_to_wait_is_noticed(stage: Stage, shelf: Faces) -> None:
    """The wait was not committed when the walk's end asked who waits: the job behind the commit sees that it is over."""
    stage.stock(MUG, 10, BIN1)
    order, task = losing_its_bin(stage, shelf)
    session().execute(text("DELETE FROM awaited_stock"))  # as the walk's end sees it
    session().commit()
    rows = queries.rows_coming(shelf.house, {stage.cast.ACME.products[MUG]})
    assert not stage.do(shortage.check_face_wait, order.id, sorted(rows))
    shelf.bring(task)
    stage.jobs()
    assert open_stops(stage, order) == []
    assert stage.do(shortage.check_face_wait, order.id, sorted(rows))
    stage.jobs()
    assert open_stops(stage, order) == [(shelf.place, 3)]


@pytest.mark.parametrize("ended", ["brought", "dropped", "planned away"])
def test_who_needs_a_bin_at_once_is_told_when_a_walk_lets_goods_go(stage: Stage, shelf: Faces, ended: str) -> None:
    """What is destroyed claims its bins when it is ordered: while they are kept for a walk it is short."""
    stage.stock(MUG, 8, BIN1)
    shelf.plan()
    order = given_up(stage, {MUG: 3})
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("short", (8, 0))
    if ended == "brought":
        shelf.bring(shelf.take())
    elif ended == "dropped":
        stage.do(service.cancel, stage.cast.supervisor, session().scalars(text("SELECT id FROM replenish_task")).one())
    else:
        stage.do(faces.drop_face, stage.cast.supervisor, shelf.place, stage.cast.ACME.products[MUG])
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("promised", (8, 3))
