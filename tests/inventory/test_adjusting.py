"""Adjustments: only with a reason, above the limit with another's word, and taken back only while the goods are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.inventory.counting.people import ANN, SUE, person
from tests.inventory.world import World, amounts, balance, book_line, make_product, move, refusal
from wms.core.refusals import RefusalKind
from wms.inventory import holds
from wms.inventory.adjusting import counted, queries, service
from wms.inventory.adjusting.service import AdjustmentReason, Change
from wms.inventory.models import Posting
from wms.inventory.queries import Scope
from wms.inventory.rules import Reason, Stock
from wms.platform.database import session

LOST, FOUND = AdjustmentReason.LOST, AdjustmentReason.FOUND
BOSS = person("supervisor")


@pytest.fixture
def here(world: World) -> Stock:
    product = make_product(world.seller, declared_value_minor=1_000, declared_currency="USD")
    return world.overseas.stocked(product, 20)


def ask(stock: Stock, units: int, reason=LOST, **more):
    made = service.request(SUE, balance(stock).id, Change(units, more.pop("to_condition", None)), reason, **more)
    session().commit()
    return made


def test_up_to_the_limit_it_is_posted_at_once(world: World, here):
    made = ask(here, -5)
    assert (made.state, amounts(here)) == ("posted", (15, 0))
    posting = session().get_one(Posting, made.posting_id)
    assert (posting.reason, posting.subject_kind, posting.subject_id) == (Reason.ADJUST, "adjustment", made.id)
    assert ask(here, 3, FOUND).state == "posted"
    assert amounts(here) == (18, 0)


def test_more_than_is_there_is_refused_before_anybody_is_asked(world: World, here):
    for units, more in ((-21, {}), (21, {"to_condition": "damaged"})):
        refused = refusal(service.request, SUE, balance(here).id, Change(units, more.get("to_condition")), LOST)
        assert (refused.code, refused.params) == ("not_enough_stock", {"on_hand": 20, "wanted": 21})
    assert (ask(here, 21, FOUND).state, amounts(here)) == ("requested", (20, 0))


def test_above_the_limit_somebody_else_decides(world: World, here):
    made = ask(here, -6)
    assert (made.state, amounts(here)) == ("requested", (20, 0))
    assert refusal(service.approve, SUE, made.id).code == "own_approval"
    assert refusal(service.approve, ANN, made.id).kind is RefusalKind.NOT_FOUND
    service.approve(BOSS, made.id)
    session().commit()
    assert (made.state, amounts(here)) == ("posted", (14, 0))
    assert refusal(service.reject, BOSS, made.id).code == "not_allowed_now"
    other = ask(here, -7)
    service.reject(BOSS, other.id)
    session().commit()
    assert (other.state, amounts(here)) == ("rejected", (14, 0))
    assert refusal(service.approve, BOSS, other.id).code == "not_allowed_now"


def test_what_nobody_valued_needs_approval(world: World):
    stock = world.overseas.stocked(world.product, 3)
    assert ask(stock, -1).state == "requested"


def test_an_adjustment_is_taken_back_by_a_posting_of_its_own(world: World, here):
    made = ask(here, -5)
    service.reverse(BOSS, made.id)
    session().commit()
    assert (made.state, amounts(here)) == ("reversed", (20, 0))
    assert refusal(service.reverse, BOSS, made.id).code == "not_allowed_now"
    found = ask(here, 4, FOUND)
    move(here, replace(here, location_id=world.overseas.at("bin2")), 24)
    session().commit()
    assert refusal(service.reverse, BOSS, found.id).code == "not_enough_stock"


def test_another_quality_stays_in_its_bin(world: World, here):
    ask(here, 2, AdjustmentReason.BROKEN, to_condition="damaged")
    assert (amounts(here), amounts(replace(here, condition="damaged"))) == ((18, 0), (2, 0))


def test_in_bond_it_is_unaccounted_until_a_permit_and_not_reversed(world: World):
    product = make_product(world.seller, customs_item_number="5", declared_value_minor=1, declared_currency="USD")
    here = world.bonded.stocked(product, 10)
    aside = replace(here, location_id=world.bonded.at("unaccounted"))
    lost = ask(here, -2)
    assert (amounts(here), amounts(aside), book_line(here)[:2]) == ((8, 0), (2, 0), (10, 0))
    ask(here, 1, FOUND)
    assert (amounts(here), amounts(aside), book_line(here)[:2]) == ((8, 0), (3, 0), (10, 1))
    assert refusal(service.reverse, BOSS, lost.id).code == "not_reversible"


def test_what_cannot_be_is_refused(world: World, here):
    row = balance(here).id
    assert refusal(service.request, SUE, row, Change(0), LOST).kind is RefusalKind.INVALID
    assert refusal(service.request, SUE, row, Change(-1, "damaged"), LOST).kind is RefusalKind.INVALID
    assert refusal(service.request, SUE, row, Change(-1), AdjustmentReason.OTHER).code == "note_needed"
    assert refusal(service.request, SUE, row, Change(1, "good"), LOST).code == "condition_same"
    assert refusal(service.request, ANN, row, Change(-1), LOST).kind is RefusalKind.NOT_FOUND
    tote = world.overseas.goods(world.product, "tote", unit=world.overseas.unit())
    move("supplier", tote, 1, Reason.RECEIVE)
    session().commit()
    assert refusal(service.request, SUE, balance(tote).id, Change(-1), LOST).code == "location_in_transit"


def test_those_that_wait_are_shown_first(world: World, here):
    waiting = ask(here, -19)
    ask(here, -1)
    rows = queries.adjustments(Scope(None, [world.overseas.id]))
    assert [row.state for row in rows] == ["requested", "posted"]
    assert rows[0].id == waiting.id


# A row counted by hand


def tell(stock: Stock, units: int, who=SUE, **more):
    told = counted.count(who, balance(stock).id, units, **more)
    session().commit()
    return told


def test_a_count_is_believed_at_once_up_to_the_limit(world: World, here):
    doubt(here)
    assert (tell(here, 15).changed, amounts(here), doubts(here)) == (True, (15, 0), 0)
    assert (tell(here, 15).changed, tell(here, 20).waiting) == (False, [])
    assert amounts(here) == (20, 0)


def test_a_count_above_the_limit_waits_for_somebody_else(world: World, here):
    doubt(here)
    told = tell(here, 14)
    (made,) = told.waiting
    assert (told.changed, made.reason, made.change, made.value_minor) == (False, "counted", -6, 6_000)
    assert (made.state, amounts(here), doubts(here)) == ("requested", (20, 0), 1)
    assert refusal(service.approve, SUE, made.id).code == "own_approval"
    service.approve(BOSS, made.id)
    session().commit()
    assert (made.state, amounts(here), doubts(here)) == ("posted", (14, 0), 0)
    (more,) = tell(here, 20).waiting  # found is worth as much as lost
    service.reject(BOSS, more.id)
    assert amounts(here) == (14, 0)


def test_goods_that_move_meanwhile_do_not_change_what_was_found(world: World, here):
    (made,) = tell(here, 13).waiting
    move(here, replace(here, location_id=world.overseas.at("bin2")), 5)
    session().commit()
    service.approve(BOSS, made.id)
    session().commit()
    assert amounts(here) == (8, 0)


def test_a_later_count_takes_the_place_of_the_one_that_waits(world: World, here):
    (first,) = tell(here, 13).waiting
    (second,) = tell(here, 12).waiting
    assert (first.state, second.state) == ("rejected", "requested")
    assert tell(here, 19).waiting == []
    assert (second.state, amounts(here)) == ("rejected", (19, 0))


def test_what_was_corrected_since_is_out_of_date(world: World, here):
    (made,) = tell(here, 13).waiting
    ask(here, -2)
    assert refusal(service.approve, BOSS, made.id).code == "count_outdated"


def test_in_bond_the_approved_count_is_unaccounted(world: World):
    product = make_product(world.seller, customs_item_number="17", declared_value_minor=9_000, declared_currency="USD")
    there = world.bonded.stocked(product, 10)
    (made,) = tell(there, 9).waiting
    service.approve(BOSS, made.id)
    session().commit()
    assert (made.state, amounts(there)) == ("posted", (9, 0))
    assert session().get_one(Posting, made.posting_id).reason == Reason.UNACCOUNTED


def test_numbers_lost_and_found_wait_each(world: World):
    product = make_product(
        world.seller, serial_control="full", declared_value_minor=4_000, declared_currency="USD"
    )  # fmt: skip
    there = world.overseas.stocked(product, 3, serials=["A", "B", "C"])
    told = tell(there, 3, serials=["A", "B", "X"])
    assert [(each.change, each.serials) for each in told.waiting] == [(-1, ["C"]), (1, ["X"])]
    for each in told.waiting:
        service.approve(BOSS, each.id)
        session().commit()
    assert amounts(there) == (3, 0)


def test_who_may_not_adjust_counts_nothing_here(world: World, here):
    assert refusal(counted.count, ANN, balance(here).id, 1).kind is RefusalKind.NOT_FOUND


def doubt(stock: Stock) -> None:
    holds.doubt(SUE, stock.warehouse_id, balance(stock).id)
    session().commit()


def doubts(stock: Stock) -> int:
    session().expire_all()
    return balance(stock).held_by
