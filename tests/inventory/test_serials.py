"""Numbers go with their goods: the ledger keeps every row's numbers as many as its units, whatever is posted."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.inventory.world import TEST, World, balance, book_line, make_lot, make_product, move, post, refusal
from tests.sent import statements
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.inventory import holds, ledger, serials, service
from wms.inventory.converting.rules import RecipeKind, one_to_one
from wms.inventory.models import Condition
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.platform.database import session

THREE = ("S1", "S2", "S3")


@pytest.fixture
def phone(world: World) -> Product:
    return make_product(world.seller, serial_control="full")


@pytest.fixture
def shelf(world: World, phone: Product) -> Stock:
    """Three phones in a bin."""
    return world.overseas.stocked(phone, 3, serials=THREE)


def numbers(stock: Stock) -> list[str]:
    return sorted(serials.of_row(balance(stock).id))


def states(product: Product) -> dict[str, str]:
    rows = session().execute(text("SELECT number, state FROM serial WHERE product_id = :p"), {"p": product.id})
    return {row.number: row.state for row in rows}


def code(refused: Any) -> tuple[str, dict[str, Any]]:
    return refused.code, refused.params


def test_goods_come_in_only_with_their_numbers(world, phone):
    dock = world.overseas.goods(phone, "dock")
    for given, counted in ((), 0), (("S1",), 1), (("S1", "S1"), 1):
        refused = refusal(service.receive, SYSTEM, dock, 2, TEST, serials=given)
        assert code(refused) == ("serials_required", {"wanted": 2, "given": counted})
    service.receive(SYSTEM, dock, 2, TEST, serials=["S1", "S2"])
    session().commit()
    assert code(refusal(service.receive, SYSTEM, dock, 1, TEST, serials=["S2"])) == ("serial_known", {"number": "S2"})
    assert numbers(dock) == ["S1", "S2"]


def test_a_part_of_a_row_goes_by_its_numbers_and_the_rest_without_asking(world, phone, shelf):
    bin2 = world.overseas.at("bin2")
    refused = refusal(service.relocate, SYSTEM, shelf, bin2, 1, TEST)
    assert code(refused) == ("serials_required", {"wanted": 1, "given": 0})
    refused = refusal(service.relocate, SYSTEM, shelf, bin2, 1, TEST, serials=["S9"])
    assert code(refused) == ("serial_not_here", {"number": "S9"})
    service.relocate(SYSTEM, shelf, bin2, 1, TEST, serials=["S2"])
    session().commit()
    there = world.overseas.goods(phone, "bin2")
    assert (numbers(shelf), numbers(there)) == (["S1", "S3"], ["S2"])
    assert refusal(service.relocate, SYSTEM, shelf, bin2, 1, TEST, serials=["S2"]).code == "serial_not_here"
    service.relocate(SYSTEM, shelf, bin2, 2, TEST)
    session().commit()
    assert (numbers(shelf), numbers(there)) == ([], list(THREE))


def test_a_row_that_is_divided_says_which_go_where(world, phone, shelf):
    one, two = world.overseas.goods(phone, "bin2"), world.overseas.goods(phone, "storage3")
    legs = [MoveDraft(shelf, one, 1), MoveDraft(shelf, two, 2)]
    assert refusal(post, Reason.MOVE, *legs).code == "serials_required"
    post(Reason.MOVE, MoveDraft(shelf, one, 1, serials=["S3"]), MoveDraft(shelf, two, 2))  # the rest is named by that
    session().commit()
    assert (numbers(shelf), numbers(one), numbers(two)) == ([], ["S3"], ["S1", "S2"])


def test_one_number_is_not_taken_twice_in_a_posting(world, phone, shelf):
    one, two = world.overseas.goods(phone, "bin2"), world.overseas.goods(phone, "storage3")
    legs = [MoveDraft(shelf, place, 1, serials=["S1"]) for place in (one, two)]
    assert refusal(post, Reason.MOVE, *legs).code == "serial_not_here"
    other = world.overseas.goods(phone, "dock")
    legs = [MoveDraft("supplier", place, 1, serials=["N1"]) for place in (one, other)]
    assert refusal(post, Reason.RECEIVE, *legs).code == "serials_required"


def test_damage_scrap_and_holds_take_the_numbers_along(world, phone, shelf):
    assert refusal(service.recondition, SYSTEM, shelf, Condition.DAMAGED, 1, TEST).code == "serials_required"
    service.recondition(SYSTEM, shelf, Condition.DAMAGED, 1, TEST, serials=["S1"])
    session().commit()
    damaged = world.overseas.goods(phone, condition="damaged")
    assert (numbers(damaged), states(phone)["S1"]) == (["S1"], "in_stock")
    service.scrap(SYSTEM, damaged, 1, TEST)
    session().commit()
    assert (numbers(damaged), states(phone)["S1"]) == ([], "void")
    unit = world.overseas.unit()
    holds.hold_quantity(SYSTEM, shelf, 1, unit, "quarantine", serials=["S3"])
    session().commit()
    assert (numbers(shelf), numbers(world.overseas.goods(phone, unit=unit))) == (["S2"], ["S3"])


def test_a_number_that_left_may_come_in_again(world, phone, shelf):
    order = Subject("order", new_id())
    ledger.post(SYSTEM, ledger.PostingDraft(Reason.SHIP, order.kind, order.id,
                                            [MoveDraft(shelf, "customer", 1, serials=["S1"])]))  # fmt: skip
    session().commit()
    assert states(phone)["S1"] == "shipped"
    (gone,) = serials.went_out(phone.id, "order", order.id, [])
    assert (gone.number, gone.went_with) == ("S1", True)
    move("customer", world.overseas.goods(phone, "returns", condition="inspect"), 1, Reason.RETURN, serials=["S1"])
    session().commit()
    assert states(phone)["S1"] == "in_stock"


def test_a_reversal_takes_back_the_very_numbers(world, phone, shelf):
    bin2 = world.overseas.goods(phone, "bin2")
    first = service.relocate(SYSTEM, shelf, bin2.location_id, 1, TEST, serials=["S1"])
    session().commit()
    service.relocate(SYSTEM, shelf, bin2.location_id, 1, TEST, serials=["S2"])
    session().commit()
    ledger.reverse(SYSTEM, world.overseas.id, first.posting_id)
    session().commit()
    assert (numbers(shelf), numbers(bin2)) == (["S1", "S3"], ["S2"])
    lost = service.count(SYSTEM, shelf, 1, TEST, ["S1"])
    session().commit()
    assert states(phone)["S3"] == "void"
    assert lost is not None
    ledger.reverse(SYSTEM, world.overseas.id, lost.posting_id)
    session().commit()
    assert (numbers(shelf), states(phone)["S3"]) == (["S1", "S3"], "in_stock")


def test_a_reversal_is_refused_when_its_unit_has_moved_on(world, phone, shelf):
    """Two other phones are in the bin: the quantity is there, the goods are not."""
    bin2 = world.overseas.goods(phone, "bin2")
    moved = service.relocate(SYSTEM, shelf, bin2.location_id, 1, TEST, serials=["S1"])
    session().commit()
    service.relocate(SYSTEM, shelf, bin2.location_id, 2, TEST)
    session().commit()
    service.relocate(SYSTEM, bin2, world.overseas.at("storage3"), 1, TEST, serials=["S1"])
    session().commit()
    refused = refusal(ledger.reverse, SYSTEM, world.overseas.id, moved.posting_id)
    assert code(refused) == ("serial_not_here", {"number": "S1"})


def test_a_count_that_differs_names_what_is_there(world, phone, shelf):
    assert service.count(SYSTEM, shelf, 3, TEST) is None
    assert code(refusal(service.count, SYSTEM, shelf, 2, TEST)) == ("serials_required", {"wanted": 2, "given": 0})
    assert refusal(service.count, SYSTEM, shelf, 2, TEST, ["S1"]).params == {"wanted": 2, "given": 1}
    assert service.count(SYSTEM, shelf, 3, TEST, THREE) is None
    service.count(SYSTEM, shelf, 3, TEST, ["S1", "S2", "NEW"])  # as many as the book says, but another
    session().commit()
    assert numbers(shelf) == ["NEW", "S1", "S2"]
    assert states(phone)["S3"] == "void"
    service.count(SYSTEM, shelf, 0, TEST)  # nothing is nothing: no number to scan
    session().commit()
    assert set(states(phone).values()) == {"void"}


def test_a_count_finds_what_the_book_has_in_another_bin(world, phone, shelf):
    other = world.overseas.stocked(phone, 2, "bin2", serials=["T1", "T2"])
    service.count(SYSTEM, shelf, 3, TEST, ["S1", "S2", "T1"])
    session().commit()
    assert (numbers(shelf), numbers(other), states(phone)["S3"]) == (["S1", "S2", "T1"], ["T2"], "void")
    tote = world.overseas.goods(phone, "tote", unit=world.overseas.unit())
    move(other, tote, 1)
    session().commit()
    refused = refusal(service.count, SYSTEM, shelf, 4, TEST, ["S1", "S2", "T1", "T2"])
    assert code(refused) == ("serial_known", {"number": "T2"})  # in somebody's tote: not for a count to take


def test_in_bond_lost_and_found_numbers_wait_as_unaccounted(world):
    phone = make_product(world.seller, serial_control="full", customs_item_number="ITEM-PHONE")
    shelf = world.bonded.stocked(phone, 2, serials=["B1", "B2"])
    service.count(SYSTEM, shelf, 2, TEST, ["B1", "B3"])
    session().commit()
    aside = world.bonded.goods(phone, "unaccounted")
    assert (numbers(shelf), numbers(aside)) == (["B1"], ["B2", "B3"])
    assert book_line(shelf) == (2, 1, 0)
    service.count(SYSTEM, shelf, 2, TEST, ["B1", "B2"])  # it lay behind the box: back from unaccounted, no permit
    session().commit()
    assert (numbers(shelf), numbers(aside)) == (["B1", "B2"], ["B3"])


def test_a_lot_correction_keeps_the_numbers(world, phone, shelf):
    product = make_product(world.seller, serial_control="full", lot_controlled=True)
    wrong, right = (make_lot(product, batch=batch) for batch in ("A", "B"))
    here = world.overseas.stocked(product, 2, lot=wrong, serials=["L1", "L2"])
    there = world.overseas.goods(product, lot=right)
    recipe = one_to_one(RecipeKind.LOT, product.id, product.id)
    assert refusal(service.convert, SYSTEM, [(here, 1)], [(there, 1)], TEST, recipe).code == "serials_required"
    service.convert(SYSTEM, [(here, 1)], [(there, 1)], TEST, recipe, serials={here: ["L2"], there: ["L2"]})
    session().commit()
    assert (numbers(here), numbers(there)) == (["L1"], ["L2"])


def test_goods_without_control_need_no_numbers_and_no_statement_more(world):
    """The flag comes with the rows: nothing is asked of the serial tables."""
    stock = world.overseas.stocked(world.product, 3)
    with statements() as sent:
        service.relocate(SYSTEM, stock, world.overseas.at("bin2"), 1, TEST)
    assert [statement for statement in sent if "serial_move" in statement or "FROM serial" in statement] == []
    session().commit()
