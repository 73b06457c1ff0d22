"""Sampling plans draw closed cartons, their goods are held, and somebody decides."""

from __future__ import annotations

import uuid
from itertools import product as pairs

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import CABLE, MUG, RED, deliver, sellable, service, stock
from tests.inbound.test_differences import fields, refused
from wms.core.refusals import Refused
from wms.inbound import queries
from wms.inbound.models import Inspection
from wms.inbound.rules import PlanDraft, is_drawn
from wms.inbound.workflow import INSPECTION, InspectionState
from wms.inventory.queries import Scope, stock_lines
from wms.platform.database import session

MOVES = {("open", "pass"): "passed", ("open", "fail"): "failed", ("open", "drop"): "dropped"}


def closed(cast, lines: dict[str, int], **header):
    """A carton counted as announced and closed."""
    found = deliver(cast.acme, cast.receiver, lines, **header)
    service.count_as_declared(cast.receiver, found.carton)
    service.close_carton(cast.receiver, found.carton)
    return found


def drawn(found) -> list[Inspection]:
    query = select(Inspection).where(Inspection.booking_id == found.booking_id).order_by(Inspection.id)
    return list(session().scalars(query.execution_options(populate_existing=True)))


def test_every_state_of_an_inspection_allows_exactly_its_actions():
    for state, action in pairs(InspectionState, INSPECTION.moves):
        wanted = MOVES.get((state.value, action))
        if wanted is not None:
            assert INSPECTION.apply(action, state) == wanted
        else:
            with pytest.raises(Refused):
                INSPECTION.apply(action, state)


@pytest.mark.parametrize(
    ("first", "nth", "wanted"),
    [(1, None, [1]), (2, None, [1, 2]), (0, 3, [3, 6, 9]), (1, 4, [1, 4, 8]), (0, 1, list(range(1, 10)))],
)
def test_which_cartons_are_drawn(first, nth, wanted):
    assert [seen for seen in range(1, 10) if is_drawn(first, nth, seen)] == wanted


def test_without_a_plan_nothing_is_held(cast, db_session):
    found = closed(cast, {MUG: 4})
    assert drawn(found) == []
    service.put_away_all(cast.picker, found.carton, cast.overseas.locations["A-01-01-1"])


def test_the_first_and_every_third_carton_of_a_product(cast, db_session):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(1, 3, 2))
    seen = [[each.sample for each in drawn(closed(cast, {MUG: 4}))] for _ in range(6)]
    assert seen == [[2], [], [2], [], [], [2]]
    assert [each.sample for each in drawn(closed(cast, {CABLE: 1}))] == [1]  # no more than there is


def test_the_narrowest_plan_counts(cast, db_session):
    for plan, named in ((PlanDraft(9, None, 1), {}), (PlanDraft(9, None, 2), {"seller": "ACME"}),
                        (PlanDraft(9, None, 3), {"seller": "ACME", "sku": MUG})):  # fmt: skip
        service.make_plan(cast.supervisor, cast.overseas.id, plan, **named)
    found = closed(cast, {MUG: 9, RED: 9})
    assert {each.product_id: each.sample for each in drawn(found)} == {
        cast.ACME.products[MUG]: 3, cast.ACME.products[RED]: 2
    }  # fmt: skip
    assert {row["drawn"] for row in queries.sampling_plans(cast.supervisor)} == {0, 1}


@pytest.fixture
def held(cast, db_session):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(5, None, 5))
    return closed(cast, {MUG: 10, RED: 6})


def test_nothing_leaves_a_carton_that_is_looked_into(cast, held):
    mug, place = cast.ACME.products[MUG], cast.overseas.locations["A-01-01-1"]
    assert refused(service.put_away, cast.picker, held.carton, mug, 1, place).code == "carton_in_inspection"
    assert refused(service.put_away_all, cast.picker, held.carton, place).code == "carton_in_inspection"
    first, second = drawn(held)
    service.inspect(cast.supervisor, first.id, 0)
    assert refused(service.put_away, cast.picker, held.carton, mug, 1, place).code == "carton_in_inspection"
    service.inspect(cast.supervisor, second.id, 0)
    service.put_away(cast.picker, held.carton, mug, 10, place)
    assert sellable(mug) == 10
    assert refused(service.inspect, cast.supervisor, first.id, 0).code == "not_allowed_now"


def test_its_seller_sees_it_as_frozen(cast, held):
    lines = {line.sku: line for line in stock_lines(Scope.of(cast.acme))[0]}
    assert {sku: lines[sku].buckets["frozen"] for sku in (MUG, RED)} == {MUG: 10, RED: 6}
    assert {row["sku"] for row in queries.inspections(cast.acme, booking_id=held.booking_id)} == {MUG, RED}
    assert queries.inspections(cast.rival, booking_id=held.booking_id) == []


@pytest.mark.parametrize("condition", ["damaged", "grade_b", "grade_c"])
def test_what_fails_is_of_another_condition(cast, held, condition):
    mug = cast.ACME.products[MUG]
    mine = next(each for each in drawn(held) if each.product_id == mug)
    other = next(each for each in drawn(held) if each.product_id != mug)
    service.inspect(cast.supervisor, mine.id, 3, condition=condition, remark="cracked")
    service.inspect(cast.supervisor, other.id, 0)
    assert stock(mug) == {("DOCK", "good", False): 7, ("DOCK", condition, False): 3}
    service.put_away(cast.picker, held.carton, mug, 7, cast.overseas.locations["A-01-01-1"])
    service.put_away(cast.picker, held.carton, mug, 3, cast.overseas.locations["A-01-01-2"], condition=condition)
    assert sellable(mug) == 7
    query = text("SELECT data->>'failed' FROM event WHERE name = 'booking.inspected' ORDER BY sequence")
    assert list(session().scalars(query)) == ["3", "0"]


def test_a_carton_counted_again_is_drawn_again(cast, held):
    mug, place = cast.ACME.products[MUG], cast.overseas.locations["A-01-01-1"]
    service.reopen_carton(cast.receiver, held.carton)
    assert {each.state for each in drawn(held)} == {"dropped"}
    service.uncount(cast.receiver, held.carton)
    service.count(cast.receiver, held.carton, mug, 10)
    service.close_carton(cast.receiver, held.carton)
    again = [each for each in drawn(held) if each.state == "open"]
    assert [each.product_id for each in again] == [mug]
    service.inspect(cast.supervisor, again[0].id, 0)
    service.put_away(cast.picker, held.carton, mug, 10, place)


def test_goods_that_differ_stay_until_the_carton_is_looked_into(cast, db_session):
    service.make_plan(cast.supervisor, cast.overseas.id, PlanDraft(1, None, 1))
    found = deliver(cast.acme, cast.receiver, {MUG: 2})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 3)
    service.close_carton(cast.receiver, found.carton)
    (row,) = queries.differences_page(cast.acme, booking_id=found.booking_id)
    service.decide(cast.acme, row["id"], "destroy")
    assert refused(service.carry_out, cast.supervisor, row["id"]).code == "carton_in_inspection"
    service.inspect(cast.supervisor, drawn(found)[0].id, 0)
    service.carry_out(cast.supervisor, row["id"])
    assert stock(cast.ACME.products[MUG]) == {("DOCK", "good", False): 2}


@pytest.mark.parametrize(("failed", "condition", "wrong"), [(-1, "damaged", "/failed"), (11, "damaged", "/failed"),
                                                            (1, "good", "/condition"), (1, "nice", "/condition")])  # fmt: skip
def test_results_that_cannot_be(cast, held, failed, condition, wrong):
    mine = next(each for each in drawn(held) if each.product_id == cast.ACME.products[MUG])
    assert list(fields(refused(service.inspect, cast.supervisor, mine.id, failed, condition=condition))) == [wrong]
    assert {each.state for each in drawn(held)} == {"open"}


@pytest.mark.parametrize(
    ("plan", "named", "wrong"),
    [
        (PlanDraft(0, None, 1), {}, "/every_nth"), (PlanDraft(-1, None, 1), {}, "/first_receipts"),
        (PlanDraft(1, 0, 1), {}, "/every_nth"), (PlanDraft(1, None, 0), {}, "/sample_units"),
        (PlanDraft(1, None, 10_001), {}, "/sample_units"), (PlanDraft(1), {"seller": "NOBODY"}, "/seller"),
        (PlanDraft(1), {"sku": MUG}, "/seller"), (PlanDraft(1), {"seller": "ACME", "sku": "NO-SUCH"}, "/sku"),
    ],
)  # fmt: skip
def test_plans_that_cannot_be(cast, db_session, plan, named, wrong):
    assert wrong in fields(refused(service.make_plan, cast.supervisor, cast.overseas.id, plan, **named))


def test_plans_and_results_are_the_supervisor_s(cast, held):
    key = drawn(held)[0].id
    for who in (cast.acme, cast.receiver):
        assert refused(service.make_plan, who, cast.overseas.id, PlanDraft(1)).code == "not_found"
        assert refused(service.inspect, who, key, 0).code == "not_found"
    assert refused(service.inspect, cast.supervisor, uuid.uuid4(), 0).code == "not_found"
    (plan,) = queries.sampling_plans(cast.supervisor)
    assert refused(service.end_plan, cast.receiver, plan["id"]).code == "not_found"
    service.end_plan(cast.supervisor, plan["id"])
    assert queries.sampling_plans(cast.supervisor) == []
    assert drawn(closed(cast, {MUG: 1})) == []


def test_bonded_goods_are_held_and_degraded_inside_the_zone(cast, db_session):
    service.make_plan(cast.supervisor, cast.bonded.id, PlanDraft(1, None, 1))
    found = closed(cast, {MUG: 5}, warehouse="NGB1")
    (mine,) = drawn(found)
    service.inspect(cast.supervisor, mine.id, 2)
    assert {units for (_, condition, _), units in stock(cast.ACME.products[MUG]).items() if condition == "damaged"} == {
        2
    }
