"""Walks to pick faces against the tables: planned, taken, brought, taken back; the books balance after each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from tests.inventory.replenishment.house import (
    ANN,
    BEN,
    SUE,
    brought,
    face,
    kept,
    plan,
    reserved,
    source_of,
    taken,
    tasks,
)
from tests.inventory.world import (
    TEST,
    allocated,
    amounts,
    balance,
    make_lot,
    make_product,
    move,
    promised,
    refusal,
)
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.facility.models import HandlingUnit, Location
from wms.inventory import holds
from wms.inventory import service as stock_service
from wms.inventory.counting import queries as counting
from wms.inventory.models import Hold
from wms.inventory.putaway import reservations
from wms.inventory.putaway import service as putaway
from wms.inventory.replenishment import faces, planning, service
from wms.inventory.replenishment.rules import Tier
from wms.inventory.rules import Reason
from wms.inventory.workflow import REPLENISHMENT, ReplenishState
from wms.platform.database import session


def test_a_face_below_its_minimum_is_filled_to_its_maximum(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 100, "bulk")
    place = face(house, product)
    assert plan(house).made == 1
    (task,) = tasks(house)
    assert (task.quantity, task.urgency // 100, reserved(task), kept(task)) == (50, Tier.BELOW_MINIMUM, 50, 50)
    assert amounts(stock) == (100, 50)
    assert plan(house).made == 0
    found = taken(ANN, house)
    assert (found.id, found.state, found.worker_id) == (task.id, "walking", ANN.id)
    brought(ANN, task, 20)
    assert (task.state, task.moved, reserved(task), kept(task)) == ("walking", 20, 30, 30)
    brought(ANN, task, 30)
    assert (task.state, task.moved, reserved(task), kept(task)) == ("done", 50, 0, 0)
    assert amounts(stock) == (50, 0)
    assert amounts(replace(stock, location_id=place)) == (50, 0)
    assert plan(house).made == 0


def test_what_stands_there_counts_even_when_it_is_claimed(world):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    there = house.stocked(product, 48, "pick_face")
    face(house, product)
    given = promised(house, product, 48)
    allocated(house, given[0].subject_id)
    assert amounts(there) == (48, 48)
    assert plan(house).made == 1
    assert tasks(house)[0].quantity == 2


def test_orders_ask_for_more_than_the_minimum_does(world):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    house.stocked(product, 40, "pick_face")
    face(house, product)
    assert plan(house).made == 0
    promised(house, product, 41)
    assert plan(house).made == 1
    (task,) = tasks(house)
    assert (task.quantity, task.urgency // 100) == (10, Tier.WAVE)


def test_scarce_reserve_goes_to_the_most_urgent_face_and_nothing_is_given_twice(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 30, "storage")
    face(house, product, 10, 20)
    session().get_one(Location, house.at("bin2")).kind = "pick_face"
    face(house, product, 5, 40, place="bin2")
    assert plan(house).made == 2
    assert sum(task.quantity for task in tasks(house)) == 30
    assert amounts(stock) == (30, 30)


def test_first_expiring_first_and_never_what_does_not_sell(world):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True, expiry_controlled=True)
    today = date.today()
    lots = [make_lot(product, today + timedelta(days=days), str(days)) for days in (400, 200, 300)]
    for lot, place in zip(lots, ("storage", "bulk", "bin2"), strict=True):
        house.stocked(product, 10, place, lot=lot)
    damaged = house.stocked(product, 5, "storage", lot=lots[1], condition="damaged")
    face(house, product, 10, 25)
    assert plan(house).made == 3
    assert [(source_of(task).lot_id, task.quantity) for task in tasks(house)] == [
        (lots[1], 10), (lots[2], 10), (lots[0], 5)
    ]  # fmt: skip
    assert amounts(damaged) == (5, 0)


def test_whole_cartons_first_and_what_comes_out_of_them_lies_loose(world):
    house, product = world.overseas, world.product
    loose = house.stocked(product, 40, "storage")
    carton = house.unit("carton", "bulk")
    boxed = house.stocked(product, 24, "bulk", unit=carton)
    place = face(house, product, 10, 30)
    assert plan(house).made == 2
    first, second = tasks(house)
    assert (first.quantity, source_of(first).handling_unit_id, second.quantity) == (24, carton, 6)
    for _ in range(2):
        task = taken(ANN, house)
        brought(ANN, task, task.quantity)
    assert amounts(replace(loose, location_id=place)) == (30, 0)
    assert (balance(boxed).on_hand, session().get_one(HandlingUnit, carton).state) == (0, "open")


def test_no_more_is_planned_than_the_face_has_room_for(world):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    place = face(house, product)
    session().get_one(Location, place).max_units = 12
    session().commit()
    plan(house)
    assert [task.quantity for task in tasks(house)] == [12]


def test_goods_that_may_not_stand_in_the_face_are_not_planned(world):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True)
    first, second = make_lot(product, batch="1"), make_lot(product, batch="2")
    house.stocked(product, 3, "pick_face", lot=first)
    house.stocked(product, 30, "storage", lot=second)
    place = face(house, product)
    session().get_one(Location, place).mixes_lots = False
    session().commit()
    assert plan(house).made == 0


def test_a_loss_of_the_reserved_goods_ends_the_walk_and_another_row_is_taken(world):
    house, product = world.overseas, world.product
    lost = house.stocked(product, 50, "storage")
    face(house, product)
    plan(house)
    other = house.stocked(product, 50, "bin2")
    task = taken(ANN, house)
    move(lost, "adjustment", 30, Reason.LOSS)
    session().commit()
    assert reserved(task) == 20
    assert refusal(service.bring, ANN, task.id, 21, task.location_id).code == "too_many_brought"
    move(lost, "adjustment", 20, Reason.LOSS)
    session().commit()
    assert refusal(service.bring, ANN, task.id, 1, task.location_id).code == "replenish_gone"
    assert refusal(service.take_next, BEN, house.id).code == "nothing_to_replenish"
    planned = plan(house)
    assert (planned.made, planned.dropped) == (1, 1)
    assert [(each.state, each.quantity) for each in tasks(house)] == [("cancelled", 50), ("open", 50)]
    assert amounts(other) == (50, 50)


def test_a_walk_that_lost_its_reason_is_dropped_but_not_out_of_somebodys_hands(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 100, "storage")
    place = face(house, product)
    plan(house)
    task = taken(ANN, house)
    other = house.stocked(product, 30, "bin2")
    move(other, replace(other, location_id=place), 30)
    session().commit()
    assert plan(house).dropped == 0
    service.put_back(ANN, task.id)
    session().commit()
    assert plan(house).dropped == 1
    assert amounts(stock)[1] == sum(each.quantity for each in tasks(house, "open"))


def test_ranks_follow_the_orders(world):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    promised(house, product, 5)
    plan(house)
    assert tasks(house)[0].urgency // 100 == Tier.WAVE


def test_undo_puts_it_back_reserved_and_in_hand(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 100, "storage")
    place = face(house, product)
    plan(house)
    task = taken(ANN, house)
    brought(ANN, task, 20)
    brought(ANN, task, 30)
    assert refusal(service.undo, BEN, task.id).code == "replenish_not_yours"
    service.undo(ANN, task.id)
    session().commit()
    assert (task.state, task.moved, reserved(task), kept(task)) == ("walking", 20, 30, 30)
    assert amounts(stock) == (80, 30)
    assert amounts(replace(stock, location_id=place)) == (20, 0)
    assert refusal(service.undo, ANN, task.id).code == "nothing_to_take_back"
    brought(ANN, task, 30)
    given = promised(house, product, 45)
    allocated(house, given[0].subject_id)
    assert refusal(service.undo, ANN, task.id).code == "stock_is_allocated"


def test_numbered_units_go_by_their_numbers_and_come_back_by_them(world):
    house = world.overseas
    product = make_product(world.seller, serial_control="full")
    house.stocked(product, 3, "storage", serials=["N1", "N2", "N3"])
    face(house, product, 1, 2)
    plan(house)
    task = taken(ANN, house)
    assert refusal(service.bring, ANN, task.id, 1, task.location_id).code == "serials_required"
    brought(ANN, task, 1, serials=["N2"])
    brought(ANN, task, 1, serials=["N3"])
    service.undo(ANN, task.id)
    session().commit()
    brought(ANN, task, 1, serials=["N1"])
    there = session().execute(
        text("SELECT s.number FROM serial s JOIN balance b ON b.id = s.balance_id WHERE b.location_id = :face"),
        {"face": task.location_id},
    )
    assert set(there.scalars()) == {"N1", "N2"}


def test_short_at_the_source_puts_it_in_doubt_and_another_row_is_taken(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 60, "storage")
    face(house, product)
    plan(house)
    other = house.stocked(product, 60, "bin2")
    task = taken(ANN, house)
    service.report_short(ANN, task.id)
    session().commit()
    assert (task.state, reserved(task), kept(task), balance(stock).held_by) == ("short", 0, 0, 1)
    assert session().query(Hold).filter_by(reason=holds.IN_DOUBT).count() == 1
    assert house.at("storage") in counting.bins_in_doubt(house.id)
    assert plan(house).made == 1
    assert amounts(other) == (60, 50)


def test_a_lease_that_ran_out_lets_another_person_take_over(world, test_clock):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    task = taken(ANN, house)
    brought(ANN, task, 5)
    assert refusal(service.take_next, BEN, house.id).code == "nothing_to_replenish"
    assert taken(ANN, house).id == task.id  # one's own again
    test_clock.forward(minutes=16)
    assert taken(BEN, house).id == task.id
    assert refusal(service.bring, ANN, task.id, 1, task.location_id).code == "replenish_not_yours"
    assert refusal(service.undo, BEN, task.id).code == "nothing_to_take_back"  # it was not theirs to take back
    brought(BEN, task, 45)
    assert task.state == "done"


def test_of_equally_urgent_walks_the_nearest_is_given(world):
    house = world.overseas
    for x, place in ((1.0, "storage"), (40.0, "bin2"), (20.0, "bulk")):
        session().get_one(Location, house.at(place)).x_m = x
        session().get_one(Location, house.at(place)).y_m = 0.0
    products = {place: make_product(world.seller) for place in ("storage", "bin2", "bulk")}
    for number, (place, product) in enumerate(products.items()):
        house.stocked(product, 20, place)
        name = ("pick_face", "storage3", "cross_dock")[number]
        session().get_one(Location, house.at(name)).kind = "pick_face"
        face(house, product, 5, 10, place=name)
    plan(house)
    near = {place: taken(ANN, house, here=house.at(place)) for place in ("bin2",)}
    assert near["bin2"].product_id == products["bin2"].id
    service.put_back(ANN, near["bin2"].id)
    session().commit()
    promised(house, products["storage"], 3)
    plan(house)
    assert taken(ANN, house, here=house.at("bin2")).product_id == products["storage"].id  # more urgent, though far


def test_what_was_left_for_later_comes_last(world):
    house = world.overseas
    for place in ("pick_face", "storage3"):
        product = make_product(world.seller)
        house.stocked(product, 20, "storage")
        session().get_one(Location, house.at(place)).kind = "pick_face"
        face(house, product, 5, 10, place=place)
    plan(house)
    first = taken(ANN, house)
    service.put_back(ANN, first.id)
    session().commit()
    second = taken(ANN, house, but=[first.id])
    assert second.id != first.id
    service.put_back(ANN, second.id)
    session().commit()
    assert taken(ANN, house, but=[first.id, second.id]).id in {first.id, second.id}


def test_room_stays_kept_while_the_walk_is_open(world, test_clock):
    house, product = world.overseas, world.product
    house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    for _ in range(3):
        test_clock.forward(minutes=20)
        planning.plan_where_due()
        reservations.drop_expired()
        session().commit()
    (task,) = tasks(house)
    assert kept(task) == 50
    test_clock.forward(minutes=50)
    reservations.drop_expired()
    assert kept(task) == 0
    plan(house)
    assert kept(task) == 50


def test_the_clock_plans_only_where_something_changes(world):
    house, product = world.overseas, world.product
    face(house, product)
    assert not planning.is_due(house.id)  # nothing in reserve
    house.stocked(product, 100, "storage")
    assert planning.is_due(house.id)
    assert planning.plan_where_due() == 1
    jobs = session().execute(
        text("SELECT payload->>'warehouse_id' FROM outbox_job WHERE topic = 'inventory.replenish'")
    )
    assert list(jobs.scalars()) == [str(house.id)]
    plan(house)
    assert not planning.is_due(house.id)


# Every state with every action: what the diagram allows works, everything else is refused and changes nothing.


def _in_state(house, product, state: str):
    house.stocked(product, 100, "storage")
    face(house, product)
    plan(house)
    (task,) = tasks(house)
    if state != "open":
        taken(ANN, house)
    if state == "done":
        brought(ANN, task, 50)
    if state == "short":
        service.report_short(ANN, task.id)
    if state == "cancelled":
        service.cancel(SUE, task.id)
    if state == "walking":
        brought(ANN, task, 10)
    session().commit()
    assert task.state == state
    return task


ACTIONS = {
    "take": lambda task: service.take_next(ANN, task.warehouse_id),
    "bring": lambda task: service.bring(ANN, task.id, 1, task.location_id),
    "finish": lambda task: service.bring(ANN, task.id, service.left_of(task) or 1, task.location_id),
    "put_back": lambda task: service.put_back(ANN, task.id),
    "report_short": lambda task: service.report_short(ANN, task.id),
    "undo": lambda task: service.undo(ANN, task.id),
    "cancel": lambda task: service.cancel(SUE, task.id),
}


@pytest.mark.parametrize("state", [each.value for each in ReplenishState])
@pytest.mark.parametrize("action", list(ACTIONS))
def test_every_action_in_every_state(world, state, action):
    assert set(ACTIONS) == set(REPLENISHMENT.moves)
    task = _in_state(world.overseas, world.product, state)
    before = (task.state, task.moved, reserved(task))
    if REPLENISHMENT.permitted(action, state):
        ACTIONS[action](task)
        session().commit()
        assert task.state == REPLENISHMENT.apply(action, state).value
        return
    with pytest.raises(Refused):
        ACTIONS[action](task)
    session().rollback()
    assert (task.state, task.moved, reserved(task)) == before


# Who may


@pytest.mark.parametrize("action", list(ACTIONS))
def test_only_staff_of_the_warehouse_may(world, cast, action):
    task = _in_state(world.overseas, world.product, "walking")
    calls = {
        "take": lambda who: service.take_next(who, task.warehouse_id),
        "bring": lambda who: service.bring(who, task.id, 1, task.location_id),
        "finish": lambda who: service.bring(who, task.id, 40, task.location_id),
        "put_back": lambda who: service.put_back(who, task.id),
        "report_short": lambda who: service.report_short(who, task.id),
        "undo": lambda who: service.undo(who, task.id),
        "cancel": lambda who: service.cancel(who, task.id),
    }
    strangers = [cast.acme, cast.acme_person, cast.customs_clerk] + ([ANN] if action == "cancel" else [])
    for who in strangers:
        assert refusal(calls[action], who).kind.value == "not_found", who


def test_who_may_set_faces_and_plan(world, cast):
    house, product = world.overseas, world.product
    for who in (cast.acme, ANN, cast.customs_clerk):
        assert refusal(faces.set_face, who, house.at("pick_face"), product.id, 1, 2).kind.value == "not_found"
        assert refusal(planning.plan_now, who, house.id).kind.value == "not_found"
        assert refusal(faces.drop_face, who, house.at("pick_face"), product.id).kind.value == "not_found"


# Setting faces


def test_limits_and_kind_of_a_face(world):
    house, product = world.overseas, world.product
    place = house.at("pick_face")
    for minimum, maximum in ((-1, 5), (5, 5), (6, 5)):
        assert refusal(faces.set_face, SUE, place, product.id, minimum, maximum).code == "face_limits"
    assert refusal(faces.set_face, SUE, house.at("storage"), product.id, 1, 5).code == "face_wrong_kind"
    face(house, product, 1, 5)
    assert face(house, product, 2, 9) == place


def test_dropping_a_face_ends_its_walks(world):
    house, product = world.overseas, world.product
    stock = house.stocked(product, 100, "storage")
    place = face(house, product)
    plan(house)
    taken(ANN, house)
    faces.drop_face(SUE, place, product.id)
    session().commit()
    (task,) = tasks(house)
    assert (task.state, reserved(task), kept(task), amounts(stock)) == ("cancelled", 0, 0, (100, 0))
    assert plan(house).made == 0


def test_a_list_of_faces_is_read_and_set_whole(world):
    house, product, other = world.overseas, world.product, make_product(world.seller)
    seller = world.seller.code
    session().get_one(Location, house.at("pick_face")).code = "PF-1"
    session().commit()
    lines = faces.read_lines(
        f"bin;seller;sku;min;max\npf-1;{seller};{product.sku};2;9\n\nPF-1;{seller};{other.sku};0;4\n"
    )
    assert [(line.bin, line.minimum, line.maximum) for line in lines] == [("PF-1", 2, 9), ("PF-1", 0, 4)]
    assert faces.set_faces(SUE, house.id, lines) == 2
    session().commit()
    assert faces.read_lines(f"PF-1,{seller},{product.sku},1,3") == faces.read_lines(
        f"PF-1\t{seller}\t{product.sku}\t1\t3"
    )
    for wrong, says in (
        ("PF-1,A,B,1", "face_line"), ("PF-1,A,B,one,2", "face_line"), (f"PF-1,{seller},NONE,1,2", "sku_not_found"),
        (f"NO-1,{seller},{product.sku},1,2", "bin_unknown"), (f"PF-1,{seller},{product.sku},3,3", "face_limits_of"),
        (f"storage,{seller},{product.sku},1,3", "bin_unknown"),
    ):  # fmt: skip
        assert refusal(lambda text: faces.set_faces(SUE, house.id, faces.read_lines("\n" + text)), wrong).code == says
    with pytest.raises(Refused):
        faces.read_lines("a,b,c,1,2\n" * (faces.MOST_LINES + 1))


def test_goods_put_away_fill_a_face_only_to_its_maximum(world):
    house, product = world.overseas, world.product
    place = face(house, product, 2, 9)
    dock = house.goods(product, "dock")
    stock_service.receive(SYSTEM, dock, 30, TEST)
    session().commit()
    assert refusal(putaway.place, SYSTEM, dock, place, 10, TEST).code == "location_full"
    putaway.place(SYSTEM, dock, place, 9, TEST)
    session().commit()
