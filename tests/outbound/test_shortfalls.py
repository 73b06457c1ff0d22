"""What a person does about an order that lacks goods: other bins, the face first, a part of it, a hold; and taking it back."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, RECEIPT, SERUM, Stage, in_days
from tests.outbound.test_pick_faces import Faces
from wms.inventory import service as inventory
from wms.inventory.models import Condition
from wms.inventory.replenishment import queries
from wms.inventory.replenishment import service as replenishment
from wms.inventory.replenishment.models import ReplenishTask
from wms.outbound import ways
from wms.outbound.models import Order, OrderException, OrderLine
from wms.outbound.service import joining, order_holds, picking, shortfalls, waves
from wms.outbound.ways import Lack, Way
from wms.platform.database import session


@pytest.fixture
def shelf(stage: Stage) -> Faces:
    return Faces(stage)


def go(stage: Stage, order: Order, way: Way, who: Any = None) -> None:
    stage.do(shortfalls.take, who or stage.cast.supervisor, order.id, way)
    stage.jobs()


def closed(stage: Stage, order: Order) -> dict[str, str]:
    """Each way with the reason why it is closed; an open one with an empty reason."""
    session().expire_all()
    found = shortfalls.of_order(session().get_one(Order, order.id))
    return {} if found is None else {each.way.value: each.why for each in found.offers}


def back_of(order: Order) -> Order:
    return session().scalars(select(Order).where(Order.back_order_of == order.id)).one()


def units_of(order: Order) -> list[int]:
    return list(
        session().scalars(select(OrderLine.quantity).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    )


def test_a_short_order_is_split_and_joined_again(stage: Stage) -> None:
    stage.stock(MUG, 3)
    stage.stock(CABLE, 1)
    order = stage.order({MUG: 5, CABLE: 1})
    assert closed(stage, order) == {"bins": "no_other_bins", "face": "no_pick_face", "split": "", "hold": ""}
    go(stage, order, Way.SPLIT, stage.cast.acme)  # its seller may decide it, too
    back = back_of(order)
    assert (stage.state(order), stage.state(back)) == ("promised", "short")
    assert (units_of(order), units_of(back), back.reference) == ([3, 1], [2], f"{order.reference}-B1")
    assert joining.may_join(back) and not joining.may_join(order)
    assert stage.refused(joining.join, stage.cast.acme, order.id).code == "join_no_part"
    stage.do(joining.join, stage.cast.acme, back.id)
    stage.jobs()
    assert (stage.state(order), stage.state(back), units_of(order)) == ("short", "cancelled", [5, 1])
    assert stage.free(MUG) == (3, 0)
    stage.stock(MUG, 2)
    stage.do(shortfalls.take, stage.cast.supervisor, order.id, Way.BINS)
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("promised", (5, 5))
    assert closed(stage, order) == {}
    assert stage.refused(shortfalls.take, stage.cast.supervisor, order.id, Way.SPLIT).code == "nothing_lacks"


def test_parts_on_a_walk_are_not_joined(stage: Stage) -> None:
    stage.stock(MUG, 3)
    order = stage.order({MUG: 5})
    go(stage, order, Way.SPLIT)
    back = back_of(order)
    stage.wave(order)
    assert stage.refused(joining.join, stage.cast.acme, back.id).code == "join_too_late"
    assert stage.refused(joining.join, stage.cast.rival, back.id).kind.value == "not_found"


def test_an_order_that_goes_whole_is_not_split(stage: Stage) -> None:
    stage.stock(MUG, 3)
    home = stage.order({MUG: 5}, kind="return_to_seller")
    assert closed(stage, home)["split"] == "goes_whole"
    assert stage.refused(shortfalls.take, stage.cast.acme, home.id, Way.SPLIT).params == {
        "why": "goes_whole", "now": 3, "later": 2
    }  # fmt: skip
    bonded = stage.bonded_order({MUG: 2})
    assert closed(stage, bonded)["split"] == "goes_whole"
    nothing = stage.order({CABLE: 2})
    assert closed(stage, nothing)["split"] == "no_part_there"


def test_a_begun_order_goes_with_what_was_picked(stage: Stage) -> None:
    stage.stock(MUG, 3)
    stage.stock(CABLE, 1, BIN2)
    order = stage.order({MUG: 3, CABLE: 1})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    first, second = stage.tasks(order)
    stage.do(picking.pick, stage.cast.picker, first.id, first.quantity - (1 if first.quantity > 1 else 0))
    left = second if first.quantity == 1 else first
    if left is second:
        stage.do(picking.pick, stage.cast.picker, second.id, 2)
    else:
        stage.do(picking.pick, stage.cast.picker, second.id, 1)
    stage.do(picking.report_short, stage.cast.picker, left.id)
    stage.jobs()
    assert stage.state(order) == "picking"
    assert closed(stage, order) == {"bins": "no_other_bins", "face": "no_pick_face", "split": "", "hold": ""}
    go(stage, order, Way.SPLIT)
    back = back_of(order)
    assert (stage.state(order), stage.state(back), units_of(back)) == ("picked", "short", [1])
    assert session().scalars(select(OrderException.resolution).where(OrderException.order_id == order.id)).all() == [
        "split"
    ]
    number = stage.pack(order)
    stage.hand_over(number)
    assert stage.state(order) == "shipped"


def test_a_hold_stops_it_and_closes_the_other_ways(stage: Stage) -> None:
    stage.stock(MUG, 3)
    order = stage.order({MUG: 5})
    go(stage, order, Way.HOLD)
    assert set(closed(stage, order).values()) == {"already_held"}
    hold = session().execute(text("SELECT id FROM order_hold WHERE order_id = :o"), {"o": order.id}).scalar()
    assert stage.refused(shortfalls.take, stage.cast.supervisor, order.id, Way.SPLIT).params["why"] == "already_held"
    stage.do(order_holds.end_hold, stage.cast.supervisor, order.id, hold)
    assert closed(stage, order)["split"] == ""


def test_the_face_first_and_from_reserve_after_all(stage: Stage, shelf: Faces) -> None:
    reserve = stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 3})
    assert closed(stage, order) == {}  # reserve serves it
    shelf.plan()
    assert closed(stage, order) == {"bins": "", "face": "", "split": "all_there", "hold": ""}
    go(stage, order, Way.BINS)  # not to wait for the walk
    assert session().scalars(select(ReplenishTask.state)).all() == ["cancelled"]
    assert stage.amounts(reserve) == (30, 0)
    stage.wave(order)
    assert [task.location_id for task in stage.tasks(order)] == [stage.cast.overseas.locations[BIN1]]


def test_an_order_on_a_walk_waits_for_its_face(stage: Stage, shelf: Faces) -> None:
    face = stage.stock(MUG, 3, BIN3)
    order = stage.order({MUG: 3})
    stage.wave(order)
    stage.take()
    stage.tote(order)
    (task,) = stage.tasks(order)
    stage.do(picking.pick, stage.cast.picker, task.id, 1)
    stage.do(inventory.recondition, stage.cast.supervisor, face, Condition.DAMAGED, 2, RECEIPT)
    stage.jobs()
    assert (stage.state(order), closed(stage, order)["face"]) == ("picking", "nothing_in_reserve")
    stage.stock(MUG, 9, BIN1)  # nobody has looked again yet
    assert closed(stage, order) == {"bins": "", "face": "", "split": "", "hold": ""}
    go(stage, order, Way.FACE)
    assert [task.state for task in stage.tasks(order)] == ["done"]
    assert session().execute(text("SELECT at_pick FROM awaited_stock WHERE subject_id = :o"), {"o": order.id}).scalar()
    (walk,) = queries.listed(shelf.house)
    assert walk.picker_waits
    go(stage, order, Way.BINS)  # and not, after all
    assert [task.state for task in stage.tasks(order)] == ["done", "open"]


def test_a_walk_in_hand_is_not_dropped(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 3})
    shelf.plan()
    task = shelf.take()
    assert closed(stage, order)["bins"] == "walk_in_hand"
    assert stage.refused(shortfalls.take, stage.cast.supervisor, order.id, Way.BINS).code == "way_closed"
    stage.do(replenishment.put_back, stage.cast.receiver, task.id)
    assert closed(stage, order)["bins"] == ""


def test_the_warehouse_decides_over_its_bins(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 3})
    shelf.plan()
    for way in shortfalls.STAFF_WAYS:
        for who in (stage.cast.acme, stage.cast.picker):
            assert stage.refused(shortfalls.take, who, order.id, way).kind.value == "not_found"
    assert stage.refused(shortfalls.take, stage.cast.rival, order.id, Way.SPLIT).kind.value == "not_found"
    refusal = stage.refused(waves.release_wave, stage.cast.supervisor, shelf.house)
    assert refusal.code == "faces_first"


def test_the_face_is_filled_at_once_when_somebody_says_so(stage: Stage, shelf: Faces) -> None:
    stage.stock(MUG, 2, BIN3)
    stage.stock(MUG, 30, BIN1)
    order = stage.order({MUG: 6})
    shelf.plan()
    go(stage, order, Way.BINS)
    assert closed(stage, order) == {}
    shelf.plan()
    assert closed(stage, order)["face"] == ""
    go(stage, order, Way.FACE)
    assert [task.state for task in session().scalars(select(ReplenishTask).order_by(ReplenishTask.created_at))][
        -1
    ] == "open"


def lack(**more: Any) -> Lack:
    facts: dict[str, Any] = {
        "demand_id": uuid.uuid4(),
        "product_id": uuid.uuid4(),
        "sku": "A",
        "wanted": 5,
        "done": 0,
        "free": 0,
    }
    return Lack(**facts | more)


@pytest.mark.parametrize("stage_", list(ways.Stage))
@pytest.mark.parametrize("free", [0, 2, 5])
@pytest.mark.parametrize("coming", [0, 3])
@pytest.mark.parametrize("has_face", [False, True])
@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_every_way_is_open_or_says_why(
    stage_: ways.Stage, free: int, coming: int, has_face: bool, held: bool, whole: bool
) -> None:
    facts = [lack(free=free, coming=coming, has_face=has_face, done=1 if stage_ is ways.Stage.WALKED else 0)]
    found = {each.way: each for each in ways.ways_out(facts, stage_, may_split=not whole, is_held=held)}
    assert set(found) == set(Way)
    assert all(each.why == "already_held" for each in found.values()) == held
    if held:
        return
    assert found[Way.HOLD].is_open
    assert found[Way.SPLIT].is_open <= (not whole)
    if found[Way.SPLIT].is_open:
        params = found[Way.SPLIT].params
        assert params["now"] > 0 and params["later"] > 0 and params["now"] + params["later"] == 5
    assert found[Way.FACE].is_open <= (has_face and stage_ is not ways.Stage.SHORT and free > 0)
    assert found[Way.BINS].is_open == (coming > 0 or free >= facts[0].missing)


def test_demands_of_one_product_share_what_is_free() -> None:
    first = lack(free=6)
    second = lack(free=6, product_id=first.product_id)
    assert ways.available([first, second]) == {first.demand_id: 5, second.demand_id: 1}


def test_a_line_that_names_a_batch_is_told_of_that_batch_only(stage: Stage) -> None:
    """Units of other batches are no other bins for it; a container is looked for by itself."""
    stage.stock(SERUM, 20, BIN1, batch="L-1", expires_on=in_days(400))
    stage.stock(SERUM, 2, BIN2, batch="L-2", expires_on=in_days(500))
    for line, free in (({"batch": "L-2"}, 2), ({"min_expires_on": in_days(450).isoformat()}, 2), ({}, 22)):
        order = stage.order([{"sku": SERUM, "quantity": 30, **line}])
        found = shortfalls.of_order(session().get_one(Order, order.id))
        assert found is not None
        assert [lack.free for lack in found.lacks] == [free], line
        assert {each.way: each.why for each in found.offers}[Way.BINS] == "no_other_bins"
        stage.cancel(order)
