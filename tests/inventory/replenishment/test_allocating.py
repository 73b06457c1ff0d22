"""Which rows a wave takes when a product has a pick face, and what it leaves for a walk to bring."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import select

from tests.inventory.replenishment.house import ANN, SUE, brought, face, plan, taken, tasks
from tests.inventory.world import amounts, make_lot, make_product, promised, refusal
from wms.inventory import jobs, waiting
from wms.inventory.allocations import AllocationResult, allocate
from wms.inventory.events import AwaitedStockCame
from wms.inventory.replenishment import queries, service
from wms.inventory.replenishment.rules import Tier
from wms.inventory.waiting import LET_GO_TOPIC
from wms.platform.database import session
from wms.platform.events import EventRow
from wms.platform.outbox import OutboxJob


def given(house, product, *quantities: int) -> tuple[AllocationResult, list[uuid.UUID]]:
    """These orders, promised and then allocated in one go."""
    subjects = [promised(house, product, quantity)[0].subject_id for quantity in quantities]
    return again(house, subjects), subjects


def again(house, subjects: list[uuid.UUID]) -> AllocationResult:
    result = allocate(house.id, "demand", subjects)
    session().commit()
    return result


def test_the_face_comes_first_and_reserve_when_no_walk_brings_the_rest(world):
    house, product = world.overseas, world.product
    reserve, there = house.stocked(product, 100, "storage"), house.stocked(product, 8, "pick_face")
    face(house, product)
    result, _ = given(house, product, 5)
    assert (result.missing, amounts(there), amounts(reserve)) == ({}, (8, 5), (100, 0))
    result, _ = given(house, product, 5)
    assert (result.missing, amounts(there), amounts(reserve)) == ({}, (8, 8), (100, 2))


def test_a_product_without_a_face_is_taken_from_any_bin(world):
    house, product = world.overseas, world.product
    face(house, make_product(world.seller))
    first, second = house.stocked(product, 3, "storage"), house.stocked(product, 8, "pick_face")
    given(house, product, 5)
    assert (amounts(first), amounts(second)) == ((3, 0), (8, 5))  # of two that came the same day: one touch


def test_what_a_walk_brings_is_waited_for_and_then_taken_from_the_face(world):
    house, product = world.overseas, world.product
    reserve, there = house.stocked(product, 100, "storage"), house.stocked(product, 8, "pick_face")
    face(house, product)
    plan(house)
    result, subjects = given(house, product, 10, 35)
    assert result.missing == {subjects[0]: 2, subjects[1]: 35}
    assert result.coming == result.missing
    assert all(result.is_coming(each) for each in subjects)
    assert (amounts(there), amounts(reserve)) == ((8, 8), (100, 42))
    task = taken(ANN, house)
    brought(ANN, task, 42)
    result = again(house, subjects)
    assert (result.missing, amounts(there), amounts(reserve)) == ({}, (50, 45), (58, 0))


def test_what_is_more_than_the_walks_bring_comes_from_reserve_at_once(world):
    house, product = world.overseas, world.product
    reserve = house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    result, subjects = given(house, product, 30, 21)
    assert (result.missing, result.coming) == ({subjects[0]: 30}, {subjects[0]: 30})
    assert amounts(reserve) == (100, 50 + 21)  # the walk's, and the second order's


def test_nothing_waits_for_reserve_that_is_not_enough(world):
    house, product = world.overseas, world.product
    house.stocked(product, 20, "storage")
    face(house, product)
    plan(house)
    task = taken(ANN, house)
    result, subjects = given(house, product, 20)
    assert result.is_coming(subjects[0])
    service.report_short(ANN, task.id)
    session().commit()
    result = again(house, subjects)
    assert result.missing == {subjects[0]: 20}
    assert not result.is_coming(subjects[0])


def test_what_expires_first_is_taken_first_wherever_it_stands(world):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True, expiry_controlled=True)
    today = date.today()
    soon, late = (make_lot(product, today + timedelta(days=days), str(days)) for days in (100, 200))
    old, new = house.stocked(product, 10, "storage", lot=soon), house.stocked(product, 10, "pick_face", lot=late)
    face(house, product, 2, 40)
    given(house, product, 4)
    assert (amounts(old), amounts(new)) == ((10, 4), (10, 0))
    same = house.stocked(product, 10, "pick_face", lot=soon)
    given(house, product, 12)
    assert (amounts(same), amounts(old), amounts(new)) == ((10, 10), (10, 6), (10, 0))


def test_what_crosses_the_dock_leaves_first(world):
    house, product = world.overseas, world.product
    old, crossing = house.stocked(product, 10, "storage"), house.stocked(product, 4, "cross_dock")
    given(house, product, 5)
    assert (amounts(old), amounts(crossing)) == ((10, 1), (4, 4))
    face(house, product)
    there = house.stocked(product, 5, "pick_face")
    more = house.stocked(product, 2, "cross_dock")
    given(house, product, 3)
    assert (amounts(more), amounts(there)) == ((6, 6), (5, 1))


def test_bonded_goods_wait_only_for_what_comes_of_their_book_line(world):
    house, product = world.bonded, world.bonded_product
    house.stocked(product, 30, "storage")
    face(house, product)
    plan(house)
    result, subjects = given(house, product, 10)
    assert result.is_coming(subjects[0])
    key = next(iter(queries.coming(house.id, {product.id})))
    assert key[2] == "bonded" and key[3] is not None
    brought(ANN, taken(ANN, house), 30)
    assert again(house, subjects).missing == {}


def test_who_waits_at_the_pick_makes_the_walk_most_urgent_and_is_told(world):
    house, product = world.overseas, world.product
    reserve = house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    (task,) = tasks(house)

    def wait() -> None:
        waiting.wait_for_stock(
            house.id, product.owner_id, [product.id], "order", uuid.uuid4(), task.created_at, at_pick=True
        )
        session().commit()

    def told() -> int:
        for job in session().scalars(
            select(OutboxJob).where(OutboxJob.topic == LET_GO_TOPIC, OutboxJob.state == "new")
        ):
            jobs.tell_of_let_go(job.payload)
            job.state = "done"
        name = AwaitedStockCame.name
        return session().query(EventRow).filter_by(name=name, warehouse_id=house.id).count()

    wait()
    assert queries.listed(house.id)[0].picker_waits
    plan(house)
    assert tasks(house)[0].urgency // 100 == Tier.PICKER
    before = told()
    taken(ANN, house)
    brought(ANN, task, 10)
    assert told() == before + 1
    service.cancel(SUE, task.id)
    session().commit()
    assert told() == before + 2
    plan(house)
    task = taken(ANN, house)
    service.report_short(ANN, task.id)
    session().commit()
    assert told() == before + 3
    assert amounts(reserve)[1] == 0
    assert refusal(service.take_next, ANN, house.id).code == "nothing_to_replenish"
