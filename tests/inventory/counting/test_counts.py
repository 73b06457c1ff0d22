"""Counting a bin from the plan to the book: blind, by other eyes, with a supervisor's word, in and out of bond."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from tests.inventory.counting.people import (
    ANN,
    BEN,
    CAI,
    SUE,
    counted,
    goods_of,
    person,
    planned,
    state,
    taken,
    told,
)  # fmt: skip
from tests.inventory.world import (
    TEST,
    World,
    allocated,
    amounts,
    balance,
    book_line,
    make_house,
    make_lot,
    make_product,
    move,
    promised,
    refusal,
)  # fmt: skip
from wms.core.actor import SYSTEM
from wms.inventory import holds, ledger, serials
from wms.inventory import service as stock
from wms.inventory.counting import deciding, planning, queries, service, zero
from wms.inventory.counting.models import CountLine, CountTask
from wms.inventory.counting.rules import CountKind, Rule, Verdict
from wms.inventory.models import Posting
from wms.inventory.queries import Scope
from wms.inventory.rules import Reason
from wms.platform.database import session


def lines(task: CountTask) -> list[tuple[int, int, int, int]]:
    rows = session().query(CountLine).filter_by(task_id=task.id).order_by(CountLine.round, CountLine.id)
    return [(row.round, row.book, row.counted, row.variance) for row in rows]


def lenient(house, **rule) -> None:
    planning.set_rule(SUE, house.id, Rule(**{"tolerance_units": 99, "approve_above_minor": 10**9, **rule}))
    session().commit()


@pytest.fixture
def priced(world: World):
    """A product with a declared value of 10.00 USD, twenty of them in the bin."""
    product = make_product(world.seller, declared_value_minor=1_000, declared_currency="USD")
    return world.overseas.stocked(product, 20)


def test_a_right_book_needs_one_person(world: World, priced):
    (task,) = planned(world.overseas, "storage")
    assert counted(ANN, world.overseas, (priced, 12), (priced, 8)).verdict is Verdict.POST
    assert state(task) == ("done", 1)
    assert (lines(task), amounts(priced)) == ([(1, 20, 20, 0)], (20, 0))


def test_a_variance_is_counted_by_somebody_else_and_posted_once_both_agree(world: World, priced):
    house = world.overseas
    (task,) = planned(house, "storage")
    first = counted(ANN, house, (priced, 17))
    assert (first.verdict, first.variances, state(task)) == (Verdict.RECOUNT, 1, ("open", 2))
    assert amounts(priced) == (20, 0)
    assert refusal(service.take, ANN, house.id, house.at("storage")).code == "count_same_person"
    assert counted(BEN, house, (priced, 17)).verdict is Verdict.POST
    assert (state(task), amounts(priced)) == (("done", 2), (17, 0))
    posting = session().query(Posting).filter_by(subject_kind="count").one()
    assert (posting.reason, posting.subject_id) == (Reason.COUNT.value, task.count_id)
    assert lines(task) == [(1, 20, 17, -3), (2, 20, 17, -3)]


def test_two_who_differ_and_what_is_worth_much_wait_for_a_supervisor(world: World, priced):
    house = world.overseas
    (task,) = planned(house, "storage")
    counted(ANN, house, (priced, 19))
    assert counted(BEN, house, (priced, 18)).verdict is Verdict.SUBMIT
    assert (state(task), amounts(priced)) == (("review", 2), (20, 0))
    deciding.recount(SUE, task.id)
    session().commit()
    assert refusal(service.take, BEN, house.id, house.at("storage")).code == "count_same_person"
    assert counted(CAI, house, (priced, 12)).verdict is Verdict.SUBMIT
    session().query(CountTask).filter_by(id=task.id).update({"counted_by": [*task.counted_by, SUE.id]})
    assert refusal(deciding.approve, SUE, task.id).code == "count_own_approval"
    assert refusal(deciding.approve, ANN, task.id).code == "not_found"
    deciding.approve(person("supervisor"), task.id)
    session().commit()
    assert (state(task), amounts(priced)) == (("done", 3), (12, 0))
    assert refusal(deciding.cancel, SUE, task.id).code == "not_allowed_now"


@pytest.mark.parametrize(("found", "verdict"), [(15, Verdict.POST), (14, Verdict.SUBMIT), (26, Verdict.SUBMIT)])
def test_the_limit_is_by_value(world: World, priced, found, verdict):
    lenient(world.overseas, approve_above_minor=5_000)
    planned(world.overseas, "storage")
    assert counted(ANN, world.overseas, (priced, found)).verdict is verdict


@pytest.mark.parametrize("declared", [{}, {"declared_value_minor": 1, "declared_currency": "EUR"}])
def test_what_cannot_be_valued_needs_approval(world: World, declared):
    lenient(world.overseas)
    here = world.overseas.stocked(make_product(world.seller, **declared), 5)
    planned(world.overseas, "storage")
    assert counted(ANN, world.overseas, (here, 4)).verdict is Verdict.SUBMIT


def test_what_moves_while_it_is_counted_is_counted_again_and_nothing_else(world: World, priced):
    house = world.overseas
    still = house.stocked(world.product, 4)
    planned(house, "storage")
    task_id = taken(ANN, house)
    service.tally(ANN, task_id, goods_of(priced), 20)
    service.tally(ANN, task_id, goods_of(still), 4)
    move(priced, replace(priced, location_id=house.at("bin2")), 5)
    session().commit()
    finished = service.finish(ANN, task_id)
    session().commit()
    assert (finished.verdict, finished.again) == (None, [goods_of(priced)])
    assert told(ANN, task_id, (priced, 15)).verdict is Verdict.POST
    assert amounts(priced) == (15, 0)


def test_what_came_in_behind_the_counter_is_asked_for(world: World, priced):
    house = world.overseas
    planned(house, "storage")
    task_id = taken(ANN, house)
    service.tally(ANN, task_id, goods_of(priced), 20)
    late = house.stocked(world.product, 3)
    assert service.finish(ANN, task_id).again == [goods_of(late)]
    session().commit()
    assert told(ANN, task_id, (late, 3)).verdict is Verdict.POST


def test_moves_between_the_count_and_its_approval_are_not_lost(world: World, priced):
    house = world.overseas
    lenient(house, approve_above_minor=0)
    (task,) = planned(house, "storage")
    counted(ANN, house, (priced, 17))  # three are lacking
    move(priced, replace(priced, location_id=house.at("bin2")), 10)
    house.stocked(session().get_one(type(world.product), priced.product_id), 6)
    assert amounts(priced) == (16, 0)
    deciding.approve(SUE, task.id)
    session().commit()
    assert amounts(priced) == (13, 0)


def test_a_correction_after_the_count_makes_it_outdated(world: World, priced):
    house = world.overseas
    lenient(house, approve_above_minor=0)
    (task,) = planned(house, "storage")
    counted(ANN, house, (priced, 17))
    stock.count(SYSTEM, priced, 17, TEST)
    session().commit()
    assert refusal(deciding.approve, SUE, task.id).code == "count_outdated"
    deciding.recount(SUE, task.id)
    session().commit()
    assert counted(BEN, house, (priced, 17)).verdict is Verdict.POST
    assert amounts(priced) == (17, 0)


def test_found_goods_come_into_the_book_and_lacking_ones_leave_it(world: World, priced):
    house = world.overseas
    lenient(house)
    planned(house, "storage")
    found = house.goods(make_product(world.seller, declared_value_minor=1, declared_currency="USD"))
    finished = counted(ANN, house, (found, 7))
    assert (finished.verdict, finished.variances) == (Verdict.POST, 2)
    assert (amounts(found), amounts(priced)) == ((7, 0), (0, 0))


def test_a_loss_breaks_the_claims_it_cannot_keep(world: World, priced):
    house = world.overseas
    lenient(house)
    product = session().get_one(type(world.product), priced.product_id)
    demand = promised(house, product, 18)[0].subject_id
    allocated(house, demand)
    planned(house, "storage")
    counted(ANN, house, (priced, 15))
    assert amounts(priced) == (15, 15)


def test_a_counted_doubt_is_over_and_a_waiting_one_is_not(world: World, priced):
    house = world.overseas
    lenient(house, approve_above_minor=5_000)
    for found, held in ((20, 0), (10, 1)):
        holds.doubt(SYSTEM, house.id, balance(priced).id)
        session().commit()
        planned(house, "storage")
        counted(ANN, house, (priced, found))
        assert balance(priced).held_by == held
    deciding.approve(SUE, session().query(CountTask).filter_by(state="review").one().id)
    session().commit()
    assert (balance(priced).held_by, amounts(priced)) == (0, (10, 0))


def test_in_bond_shortage_and_surplus_are_unaccounted_until_a_permit(world: World):
    house = world.bonded
    product = make_product(world.seller, customs_item_number="7", declared_value_minor=1, declared_currency="USD")
    here = house.stocked(product, 20)
    lenient(house)
    aside = replace(here, location_id=house.at("unaccounted"))
    planned(house, "storage")
    counted(ANN, house, (here, 18))
    assert (amounts(here), amounts(aside), book_line(here)[:2]) == ((18, 0), (2, 0), (20, 0))
    planned(house, "storage")
    counted(ANN, house, (here, 21))
    assert (amounts(here), amounts(aside), book_line(here)[:2]) == ((18, 0), (5, 0), (20, 3))
    reasons = {row.reason for row in session().query(Posting).filter_by(subject_kind="count")}
    assert reasons == {"unaccounted", "count"}
    assert refusal(planning.plan_bins, SUE, house.id, [house.at("unaccounted")]).code == "unaccounted_not_counted"


def test_goods_that_look_the_same_are_counted_as_one(world: World):
    """Two book items of one product in a bin: the shortage falls on the fuller row."""
    house = world.bonded
    product = make_product(world.seller, customs_item_number="8", declared_value_minor=1, declared_currency="USD")
    first = house.stocked(product, 4)
    session().execute(text("UPDATE product SET customs_item_number = '9' WHERE id = :id"), {"id": product.id})
    session().commit()
    second = house.stocked(product, 10)
    assert first.book_item_id != second.book_item_id
    lenient(house)
    (task,) = planned(house, "storage")
    counted(ANN, house, (first, 11))
    assert (lines(task), amounts(first), amounts(second)) == ([(1, 14, 11, -3)], (4, 0), (7, 0))


@pytest.mark.parametrize("place", ["tote", "packing", "gate", "dock"])
def test_goods_on_their_way_are_not_counted(world: World, place):
    house = world.overseas
    assert refusal(planning.plan_bins, SUE, house.id, [house.at(place)]).code == "location_in_transit"
    assert refusal(service.take, ANN, house.id, house.at(place)).code == "location_in_transit"


def test_who_may_count_what(world: World, priced):
    house = world.overseas
    assert refusal(service.take, ANN, house.id, house.at("storage")).code == "count_not_planned"
    assert refusal(service.take, ANN, world.bonded.id, house.at("storage")).code == "not_found"
    seller = replace(person("seller"), seller_ids=frozenset({world.seller.id}))
    assert refusal(service.take, seller, house.id, house.at("storage")).code == "not_found"
    assert refusal(planning.plan_bins, ANN, house.id, [house.at("storage")]).code == "not_found"
    planned(house, "storage")
    assert refusal(planned, house, "storage").code == "nothing_to_count"
    task_id = taken(ANN, house)
    assert refusal(service.take, BEN, house.id, house.at("storage")).code == "count_taken"
    assert refusal(service.tally, BEN, task_id, goods_of(priced), 1).code == "count_not_yours"
    assert refusal(service.finish, ANN, task_id).code == "nothing_counted"
    service.tally(ANN, task_id, goods_of(priced), 1)
    session().commit()
    assert refusal(service.finish, ANN, task_id, empty=True).code == "not_empty"
    assert refusal(service.tally, ANN, task_id, goods_of(priced), 0).code == "invalid_input"


def test_who_goes_home_lets_go(world: World, priced, test_clock):
    house = world.overseas
    planned(house, "storage")
    mine = taken(ANN, house)
    service.tally(ANN, mine, goods_of(priced), 5)
    session().commit()
    test_clock.forward(minutes=31)
    assert taken(BEN, house) == mine
    assert told(BEN, mine, (priced, 20)).verdict is Verdict.POST
    planned(house, "storage")
    mine = taken(ANN, house)
    service.put_back(ANN, mine)
    session().commit()
    assert counted(BEN, house, (priced, 20)).verdict is Verdict.POST


def test_taking_a_count_back_counts_it_anew(world: World, priced):
    house = world.overseas
    planned(house, "storage")
    mine = taken(ANN, house)
    service.tally(ANN, mine, goods_of(priced), 30)
    session().commit()
    service.take_back(ANN, mine, goods_of(priced))
    session().commit()
    assert refusal(service.take_back, ANN, mine, goods_of(priced)).code == "nothing_counted"
    assert told(ANN, mine, (priced, 20)).verdict is Verdict.POST


def test_lots_and_qualities_and_containers_are_kinds_of_their_own(world: World):
    house = world.overseas
    product = make_product(world.seller, lot_controlled=True, declared_value_minor=1, declared_currency="USD")
    lenient(house)
    old, new = make_lot(product, batch="OLD"), make_lot(product, batch="NEW")
    a, b = house.stocked(product, 5, lot=old), house.stocked(product, 5, lot=new)
    broken = house.stocked(product, 2, lot=new, condition="damaged")
    pallet = house.unit("pallet", "storage")
    above = replace(a, handling_unit_id=pallet)
    move(a, above, 2)
    session().commit()
    planned(house, "storage")
    counted(ANN, house, (a, 3), (above, 1), (b, 6), (broken, 2))
    assert [amounts(each)[0] for each in (a, above, b, broken)] == [3, 1, 6, 2]


def test_numbered_units_are_counted_by_their_numbers(world: World):
    house = world.overseas
    product = make_product(world.seller, serial_control="full", declared_value_minor=1, declared_currency="USD")
    lenient(house)
    here = house.stocked(product, 3, serials=["A", "B", "C"])
    there = house.stocked(product, 1, "bin2", serials=["D"])
    planned(house, "storage")
    mine = taken(ANN, house)
    assert refusal(service.tally, ANN, mine, goods_of(here), 2, ["A"]).code == "serials_required"
    service.tally(ANN, mine, goods_of(here), 2, ["A", "D"])
    session().commit()
    assert refusal(service.tally, ANN, mine, goods_of(here), 1, ["D"]).code == "serial_scanned"
    service.tally(ANN, mine, goods_of(here), 1, ["E"])
    assert service.finish(ANN, mine).verdict is Verdict.POST
    session().commit()
    assert serials.of_row(balance(here).id) == {"A", "D", "E"}
    assert serials.of_row(balance(there).id) == set()


def test_a_count_can_be_reversed(world: World, priced):
    house = world.overseas
    lenient(house)
    planned(house, "storage")
    counted(ANN, house, (priced, 17))
    posting = session().query(Posting).filter_by(subject_kind="count").one()
    ledger.reverse(SYSTEM, house.id, posting.id)
    session().commit()
    assert amounts(priced) == (20, 0)


# Plans


def test_plans_by_class_take_the_most_overdue_first(world: World, test_clock):
    house = make_house("overseas", "UTC")
    fast, slow = make_product(world.seller), make_product(world.seller)
    fast.velocity_class = "A"
    house.stocked(fast, 1, "storage")
    house.stocked(slow, 1, "bin2")
    assert queries.bins_due(house.id, Rule(), test_clock(), 9) == []
    test_clock.forward(days=31)
    assert queries.bins_due(house.id, Rule(), test_clock(), 9) == [house.at("storage")]
    test_clock.forward(days=160)
    assert queries.bins_due(house.id, Rule(), test_clock(), 9) == [house.at("storage"), house.at("bin2")]
    planning.plan_class(SUE, house.id, 1)
    session().commit()
    assert queries.bins_due(house.id, Rule(), test_clock(), 9) == [house.at("bin2")]
    counted(ANN, house, (house.goods(fast), 1))
    assert queries.bins_due(house.id, Rule(), test_clock(), 9) == [house.at("bin2")]


def test_the_clock_plans_doubts_emptied_bins_and_a_days_share(world: World, test_clock):
    house, product = world.overseas, world.product
    planning.plan_what_is_due()  # from here on what picks empty is told
    planning.set_rule(SUE, house.id, Rule(on_zero=True, daily_bins=1))
    here = house.stocked(product, 3)
    doubtful = house.stocked(product, 3, "bin2")
    claim = allocated(house, promised(house, product, 3)[0].subject_id)[0]
    move(here, house.goods(product, "tote", unit=house.unit()), 3, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    holds.doubt(SYSTEM, house.id, balance(doubtful).id)
    session().commit()
    house.stocked(product, 1, "bulk")
    house.stocked(product, 1, "storage3")
    test_clock.forward(days=200)
    session().commit()
    assert planning.plan_what_is_due() == 3
    kinds = {row.location_id: row.kind for row in session().execute(
        text("SELECT t.location_id, c.kind FROM count_task t JOIN stock_count c ON c.id = t.count_id"
             " WHERE t.warehouse_id = :id"), {"id": house.id})}  # fmt: skip
    assert kinds.pop(house.at("storage")) == CountKind.ZERO
    assert kinds.pop(house.at("bin2")) == CountKind.DOUBT
    assert list(kinds.values()) == [CountKind.CLASS]
    assert planning.plan_what_is_due() == 0


def test_a_bin_that_held_what_the_book_does_not_know_is_planned_until_it_is_counted(world: World):
    """Its count may be cancelled: the doubt stays, and nobody may rely on the bin before."""
    house = world.overseas
    house.stocked(world.product, 3)
    assert zero.doubt_empty(ANN, house.at("bin2"))
    session().commit()
    (task,) = session().scalars(select(CountTask)).all()
    deciding.cancel(SUE, task.id)
    session().commit()
    assert planning.plan_what_is_due() == 1
    (again,) = session().scalars(select(CountTask).where(CountTask.id != task.id)).all()
    assert again.location_id == house.at("bin2")


def test_plans_by_zone_prefix_and_product(world: World):
    house = world.overseas
    here = house.stocked(world.product, 3)
    house.stocked(world.product, 3, "bin2")
    house.stocked(make_product(world.seller), 1, "bulk")
    assert set(queries.bins_by_place(house.id, "Z", None)) == {house.at(each) for each in ("storage", "bin2", "bulk")}
    assert queries.bins_by_place(house.id, None, "bin") == [house.at("bin2")]
    count = planning.plan_products(SUE, house.id, [here.product_id])
    assert len(queries.tasks_of(Scope(), count.id)) == 2
    assert refusal(planning.plan_zone, SUE, house.id, "NONE", None).code == "nothing_to_count"


def test_accuracy_is_that_of_the_first_blind_look(world: World, priced, test_clock):
    house = world.overseas
    house.stocked(world.product, 10, "bin2")
    planned(house, "storage", "bin2")
    counted(ANN, house, (priced, 19))
    counted(BEN, house, (priced, 20))
    counted(ANN, house, (house.goods(world.product, "bin2"), 10), place="bin2")
    (row,) = [each for each in queries.accuracy(Scope(), test_clock()) if each.warehouse == house.warehouse.code]
    assert (row.lines, row.right, row.units, row.off) == (2, 1, 30, 1)
    test_clock.forward(days=91)
    assert [each for each in queries.accuracy(Scope(), test_clock()) if each.warehouse == house.warehouse.code] == []


def test_a_seller_sees_what_counts_changed_of_his_goods(world: World, priced):
    house = world.overseas
    lenient(house)
    planned(house, "storage")
    counted(ANN, house, (priced, 17))
    rows, more = queries.variances(Scope({world.seller.id}))
    assert ([(row.book, row.counted, row.variance, row.location) for row in rows], more) == (
        [(20, 17, -3, "storage")],
        None,
    )
    assert queries.variances(Scope({world.other_seller.id}))[0] == []
