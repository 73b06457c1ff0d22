"""Postings: what is refused, what a loss breaks, and that history cannot be changed."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.inventory.world import (
    TEST,
    World,
    allocated,
    amounts,
    balance,
    book_line,
    make_lot,
    make_product,
    move,
    permit,
    post,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.inventory import ledger, service
from wms.inventory.converting.rules import Recipe, RecipeKind, one_to_one
from wms.inventory.ledger import Posted
from wms.inventory.models import Condition
from wms.inventory.rules import MoveDraft, Reason
from wms.inventory.sellable import book
from wms.inventory.service import Subject
from wms.inventory.summaries import together
from wms.platform.commands import Command, Done, execute
from wms.platform.database import session


def test_goods_are_pending_at_the_dock_and_sell_in_a_bin(world: World):
    dock = world.overseas.goods(world.product, "dock")
    service.receive(SYSTEM, dock, 10, TEST)
    assert (amounts(dock), summary(world.overseas, world.product)) == ((10, 0), (0, 0))
    bin_ = world.overseas.goods(world.product)
    move(dock, bin_, 7, Reason.PUTAWAY)
    assert (amounts(dock), amounts(bin_)) == ((3, 0), (7, 0))
    assert summary(world.overseas, world.product) == (7, 0)


def test_more_than_is_there_cannot_be_moved(world: World):
    source = world.overseas.stocked(world.product, 5)
    refused = refusal(move, source, world.overseas.goods(world.product, "bin2"), 6)
    assert (refused.code, refused.params) == ("not_enough_stock", {"on_hand": 5, "wanted": 6})
    assert amounts(source) == (5, 0)


def test_two_moves_of_one_posting_are_counted_together(world: World):
    source = world.overseas.stocked(world.product, 5)
    targets = [world.overseas.goods(world.product, place) for place in ("bin2", "storage3")]
    refused = refusal(post, Reason.MOVE, *[MoveDraft(source, target, 3) for target in targets])
    assert refused.params == {"on_hand": 5, "wanted": 6}


def test_claimed_goods_cannot_be_moved_away(world: World):
    source = world.overseas.stocked(world.product, 5)
    promised(world.overseas, world.product, 3)
    demand = promised(world.overseas, world.product, 2)[0].subject_id
    allocated(world.overseas, demand)
    session().commit()
    refused = refusal(move, source, world.overseas.goods(world.product, "bin2"), 4)
    assert (refused.code, refused.params) == ("stock_is_allocated", {"allocated": 2, "on_hand": 5})
    move(source, world.overseas.goods(world.product, "bin2"), 3)
    assert amounts(source) == (2, 2)


def test_a_pick_takes_goods_promise_and_claim_in_one_posting(world: World):
    source = world.overseas.stocked(world.product, 5)
    demand = promised(world.overseas, world.product, 3)[0].subject_id
    claim = allocated(world.overseas, demand)[0]
    session().commit()
    tote = world.overseas.goods(world.product, "tote", unit=world.overseas.unit())
    move(source, tote, 3, Reason.PICK, allocation_id=claim.allocation_id)
    assert (amounts(source), amounts(tote)) == ((2, 0), (3, 0))
    assert summary(world.overseas, world.product) == (2, 0)
    session().commit()
    again = refusal(move, source, tote, 1, Reason.PICK, allocation_id=claim.allocation_id)
    assert again.code == "allocation_changed"


def test_a_claim_on_another_row_does_not_serve(world: World):
    source = world.overseas.stocked(world.product, 2)
    other = world.overseas.stocked(world.product, 9, "bin2")
    demand = promised(world.overseas, world.product, 1)[0].subject_id
    claim = allocated(world.overseas, demand)[0]
    session().commit()
    wrong = other if claim.balance_id == balance(source).id else source
    tote = world.overseas.goods(world.product, "tote", unit=world.overseas.unit())
    assert refusal(move, wrong, tote, 1, Reason.PICK, allocation_id=claim.allocation_id).code == "allocation_changed"
    assert refusal(move, source, tote, 1, Reason.PICK, allocation_id=uuid.uuid4()).code == "allocation_changed"


def test_moves_must_be_whole(world: World):
    here = world.overseas.goods(world.product)
    elsewhere = world.bonded.goods(world.bonded_product)
    other = world.overseas.goods(make_product(world.seller))
    wrong = [
        (Reason.MOVE, []),
        (Reason.MOVE, [MoveDraft(here, here, 1)]),
        (Reason.MOVE, [MoveDraft("supplier", "customer", 1)]),
        (Reason.MOVE, [MoveDraft("supplier", here, 0)]),
        (Reason.MOVE, [MoveDraft("supplier", here, -1)]),
        (Reason.MOVE, [MoveDraft(here, other, 1)]),
        (Reason.MOVE, [MoveDraft(here, elsewhere, 1)]),
        (Reason.MOVE, [MoveDraft(here, "conversion", 1)]),
        (Reason.RECEIVE, [MoveDraft("supplier", here, 1), MoveDraft("supplier", elsewhere, 1)]),
    ]
    for reason, moves in wrong:
        with pytest.raises(ValueError, match=r"move|posting|conversion"):
            post(reason, *moves)
    assert session().execute(text("SELECT count(*) FROM stock_posting")).scalar() == 0


def test_a_place_lot_or_unit_of_another_warehouse_is_refused(world: World):
    from dataclasses import replace

    here = world.overseas.goods(world.product)
    lot = make_lot(make_product(world.seller))
    session().commit()
    for foreign in (
        replace(here, location_id=world.bonded.at("storage")), replace(here, lot_id=lot),
        replace(here, handling_unit_id=world.bonded.unit()), replace(here, owner_id=world.other_seller.id),
        replace(here, book_item_id=uuid.uuid4()),
    ):  # fmt: skip
        assert refusal(service.receive, SYSTEM, foreign, 1, TEST).code == "location_foreign"


def test_history_is_append_only(world: World):
    world.overseas.stocked(world.product, 1)
    for table in ("stock_move", "stock_posting"):
        for statement in (
            f"UPDATE {table} SET created_at = now()",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
                session().execute(text(statement))


def test_the_database_itself_refuses_impossible_rows(world: World):
    stock = world.overseas.stocked(world.product, 3)
    key = balance(stock).id
    for change in ("on_hand = -1", "allocated = 4", "allocated = -1"):
        with pytest.raises(IntegrityError), session().begin_nested():
            session().execute(text(f"UPDATE balance SET {change} WHERE id = :id"), {"id": key})


def test_one_command_never_posts_twice(world: World):
    dock = world.overseas.goods(world.product, "dock")
    session().commit()

    def use_case():
        return service.receive(SYSTEM, dock, 4, TEST)

    def answer(posted):
        return {"posting": str(posted.posting_id)}

    command = Command(str(uuid.uuid4()), "test", "receive", {"quantity": 4})
    first = execute(command, use_case, answer)
    again = execute(command, use_case, answer)
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert (again.answer, again.replayed) == (first.answer, True)
    assert amounts(dock) == (4, 0)
    other_body = execute(Command(command.id, "test", "receive", {"quantity": 5}), use_case, answer)
    assert isinstance(other_body, Refused)
    assert other_body.code == "command_id_reused"
    # even if the command row were forgotten, the posting's key is unique for ever
    session().execute(text("DELETE FROM command"))
    session().commit()
    with pytest.raises(IntegrityError, match="uq_stock_posting"):
        execute(command, use_case, answer)
    assert amounts(dock) == (4, 0)


def test_two_postings_of_one_command_have_keys_of_their_own(world: World):
    dock, bin_ = world.overseas.goods(world.product, "dock"), world.overseas.goods(world.product, "bulk")

    def use_case():
        with together():  # no balance may be locked behind the first one's summary
            service.receive(SYSTEM, dock, 4, TEST)
            move(dock, bin_, 4, Reason.PUTAWAY)

    execute(Command("two", "test", "both", None), use_case, lambda _: None)
    keys = session().execute(text("SELECT key FROM stock_posting ORDER BY created_at, key")).scalars().all()
    assert keys == ["test:two/1", "test:two/2"]


def test_a_posting_is_reversed_once_by_its_mirror(world: World):
    dock, bin_ = world.overseas.goods(world.product, "dock"), world.overseas.goods(world.product)
    service.receive(SYSTEM, dock, 10, TEST)
    session().commit()
    posted = move(dock, bin_, 10, Reason.PUTAWAY)
    session().commit()
    ledger.reverse(SYSTEM, world.overseas.id, posted.posting_id)
    session().commit()
    assert (amounts(dock), amounts(bin_), summary(world.overseas, world.product)) == ((10, 0), (0, 0), (0, 0))
    again = refusal(ledger.reverse, SYSTEM, world.overseas.id, posted.posting_id)
    assert again.code == "already_reversed"
    assert refusal(ledger.reverse, SYSTEM, world.bonded.id, posted.posting_id).code == "not_found"
    assert refusal(ledger.reverse, SYSTEM, world.overseas.id, uuid.uuid4()).code == "not_found"


def test_a_reversal_is_refused_when_the_goods_moved_on_or_left(world: World):
    source = world.overseas.stocked(world.product, 4)
    moved = move(source, world.overseas.goods(world.product, "bin2"), 4)
    session().commit()
    move(world.overseas.goods(world.product, "bin2"), world.overseas.goods(world.product, "storage3"), 1)
    session().commit()
    assert refusal(ledger.reverse, SYSTEM, world.overseas.id, moved.posting_id).code == "not_enough_stock"
    scrapped = service.scrap(SYSTEM, world.overseas.goods(world.product, "bin2"), 1, TEST)
    session().commit()
    assert refusal(ledger.reverse, SYSTEM, world.overseas.id, scrapped.posting_id).code == "not_reversible"
    tote = world.overseas.goods(world.product, "tote", unit=world.overseas.unit())
    picked = move(world.overseas.goods(world.product, "bin2"), tote, 1, Reason.PICK)
    session().commit()
    assert refusal(ledger.reverse, SYSTEM, world.overseas.id, picked.posting_id).code == "not_reversible"


def test_a_conversion_matches_its_recipe(world: World):
    part = world.overseas.stocked(world.product, 10)
    kit_product = make_product(world.seller)
    kit = world.overseas.goods(kit_product)
    recipe = Recipe(RecipeKind.KIT, consumes=((world.product.id, 3),), yields=((kit_product.id, 1),))
    for consumed, yielded in ((3, 2), (4, 1), (6, 1), (3, 3)):
        refused = refusal(service.convert, SYSTEM, [(part, consumed)], [(kit, yielded)], TEST, recipe)
        assert refused.code == "conversion_does_not_balance"
    service.convert(SYSTEM, [(part, 9)], [(kit, 3)], TEST, recipe)
    assert (amounts(part), amounts(kit)) == ((1, 0), (3, 0))
    session().commit()
    relabel = one_to_one(RecipeKind.RELABEL, world.product.id, kit_product.id)
    refused = refusal(service.convert, SYSTEM, [(part, 1)], [(kit, 2)], TEST, relabel)
    assert refused.code == "conversion_does_not_balance"
    service.convert(SYSTEM, [(part, 1)], [(kit, 1)], TEST, relabel)
    assert (amounts(part), amounts(kit)) == ((0, 0), (4, 0))


def test_an_intended_exit_leaves_what_is_promised(world: World):
    part = world.overseas.stocked(world.product, 5)
    made = make_product(world.seller)
    kit, recipe = world.overseas.goods(made), one_to_one(RecipeKind.RELABEL, world.product.id, made.id)
    demand = promised(world.overseas, world.product, 4)[0].subject_id
    session().commit()
    refused = refusal(service.convert, SYSTEM, [(part, 2)], [(kit, 2)], TEST, recipe)
    assert (refused.code, refused.params) == ("stock_is_promised", {"free": 1})
    claim = allocated(world.overseas, demand)[0]
    session().commit()
    post(
        Reason.CONVERT,
        MoveDraft(part, "conversion", 4, allocation_id=claim.allocation_id), MoveDraft("conversion", kit, 4),
        recipe=recipe,
    )  # fmt: skip
    assert summary(world.overseas, world.product) == (1, 0)


@pytest.mark.parametrize("how", ["damage", "count", "scrap"])
def test_a_loss_breaks_the_newest_claims_first(world: World, how):
    stock = world.overseas.stocked(world.product, 10)
    demands = [promised(world.overseas, world.product, 4)[0].subject_id for _ in range(2)]
    claims = [allocated(world.overseas, demand)[0] for demand in demands]
    session().commit()
    if how == "damage":
        posted: Posted | None = service.recondition(SYSTEM, stock, Condition.DAMAGED, 5, TEST)
    elif how == "count":
        posted = service.count(SYSTEM, stock, 5, TEST)
    else:
        posted = service.scrap(SYSTEM, stock, 5, TEST)
    assert posted is not None
    assert [(each.allocation_id, each.quantity) for each in posted.broken] == [(claims[1].allocation_id, 3)]
    assert amounts(stock) == (5, 5)
    assert summary(world.overseas, world.product) == (5, 8)
    told = {row.name: row.data for row in session().execute(text("SELECT name, data FROM event"))}
    assert told.keys() == {"stock.free_below_zero", "stock.allocation_broken"}
    assert (told["stock.free_below_zero"]["free"], told["stock.allocation_broken"]["quantity"]) == (-3, 3)


def test_a_count_up_comes_from_adjustment_and_an_equal_count_posts_nothing(world: World):
    stock = world.overseas.stocked(world.product, 2)
    assert service.count(SYSTEM, stock, 2, TEST) is None
    session().commit()
    assert service.count(SYSTEM, stock, 5, TEST) is not None
    assert (amounts(stock), summary(world.overseas, world.product)) == ((5, 0), (5, 0))


def test_bonded_stock_sells_from_its_first_booking_on(world: World):
    dock = world.bonded.goods(world.bonded_product, "dock")
    bin_ = world.bonded.goods(world.bonded_product)
    service.receive(SYSTEM, dock, 10, TEST)
    session().commit()
    move(dock, bin_, 6, Reason.PUTAWAY)
    session().commit()
    assert dock.book_item_id is not None
    assert (summary(world.bonded, world.bonded_product), book_line(dock)) == ((0, 0), (0, 10, 0))
    assert refusal(promised, world.bonded, world.bonded_product, 1).code == "stock_short"
    assert refusal(book, dock.book_item_id, 11).params == {"unbooked": 10, "wanted": 11}
    book(dock.book_item_id, 4)
    session().commit()
    assert (summary(world.bonded, world.bonded_product), book_line(dock)) == ((6, 0), (4, 6, 0))
    assert refusal(promised, world.bonded, world.bonded_product, 5).params["lines"][0]["free"] == 4
    promised(world.bonded, world.bonded_product, 4)
    session().commit()
    book(dock.book_item_id, 6)
    session().commit()
    assert book_line(dock) == (10, 0, 4)
    promised(world.bonded, world.bonded_product, 2)


def test_the_gate_opens_for_a_fitting_permit_only(world: World):
    stock = world.bonded.stocked(world.bonded_product, 10)
    other = world.bonded.stocked(make_product(world.seller, customs_item_number="OTHER"), 5)
    tote = world.bonded.goods(world.bonded_product, "gate", unit=world.bonded.unit("parcel", "gate"))
    line = promised(world.bonded, world.bonded_product, 4)[0]
    claim = allocated(world.bonded, line.subject_id)[0]
    session().commit()
    move(stock, tote, 4, Reason.PICK, allocation_id=claim.allocation_id)
    small, good = permit(world.bonded, stock, 3), permit(world.bonded, stock, 4)
    foreign, wrong_kind = permit(world.bonded, other, 9), permit(world.bonded, stock, 9, "destruction")
    session().commit()
    for key, code in (
        (None, "customs_permit_needed"), (small, "permit_used_up"), (foreign, "permit_does_not_fit"),
        (wrong_kind, "permit_does_not_fit"),
    ):  # fmt: skip
        assert refusal(move, tote, "customer", 4, Reason.SHIP, permit_id=key).code == code
    post(Reason.SHIP, MoveDraft(tote, "customer", 4, permit_id=good), settles={line.promise_id: 4})
    session().commit()
    assert (amounts(tote), book_line(stock)) == ((0, 0), (6, 0, 0))
    assert refusal(move, stock, "customer", 1, Reason.SHIP, permit_id=good).code == "permit_used_up"


@pytest.mark.parametrize("party", ["customer", "supplier", "scrap", "transit", "adjustment", "conversion"])
def test_bonded_stock_leaves_to_nobody_without_a_permit(world: World, party):
    stock = world.bonded.stocked(world.bonded_product, 2)
    reason = Reason.CONVERT if party == "conversion" else Reason.LOSS
    moves, more = [MoveDraft(stock, party, 1)], {}
    if party == "conversion":
        other = make_product(world.seller, customs_item_number="OTHER")
        moves.append(MoveDraft("conversion", world.bonded.goods(other, "bin2"), 1))
        more = {"recipe": one_to_one(RecipeKind.RELABEL, stock.product_id, other.id)}
    assert refusal(post, reason, *moves, **more).code == "customs_permit_needed"
    assert amounts(stock) == (2, 0)


def test_a_shortage_in_bond_is_unaccounted_and_the_book_keeps_it(world: World):
    stock = world.bonded.stocked(world.bonded_product, 10)
    unaccounted = world.bonded.goods(world.bonded_product, "unaccounted")
    service.count(SYSTEM, stock, 7, TEST)
    session().commit()
    assert (amounts(stock), amounts(unaccounted)) == ((7, 0), (3, 0))
    assert (summary(world.bonded, world.bonded_product), book_line(stock)) == ((7, 0), (10, 0, 0))
    service.count(SYSTEM, stock, 9, TEST)  # two more than the book says are there: a surplus
    session().commit()
    assert (amounts(stock), amounts(unaccounted), book_line(stock)) == ((7, 0), (5, 0), (10, 2, 0))
    assert refusal(service.count, SYSTEM, unaccounted, 0, TEST).code == "customs_permit_needed"
    settlement = permit(world.bonded, stock, 3, "settlement")
    session().commit()
    move(unaccounted, "adjustment", 3, Reason.SETTLE, permit_id=settlement)
    assert book_line(stock) == (7, 2, 0)


def test_a_surplus_at_the_dock_waits_unaccounted(world: World):
    stock = world.bonded.stocked(world.bonded_product, 1)
    dock = world.bonded.goods(world.bonded_product, "dock")
    assert refusal(service.receive, SYSTEM, dock, 2, TEST, surplus=True).code == "customs_permit_needed"
    service.receive(SYSTEM, world.bonded.goods(world.bonded_product, "unaccounted"), 2, TEST, surplus=True)
    assert book_line(stock) == (1, 2, 0)


def test_what_came_into_bond_goes_back_while_customs_has_not_booked_it(world: World):
    stock = world.bonded.stocked(world.bonded_product, 10)
    dock = world.bonded.goods(world.bonded_product, "dock")
    first = service.receive(SYSTEM, dock, 4, TEST)
    session().commit()
    found = service.count(SYSTEM, stock, 12, TEST)  # a surplus, into unaccounted
    session().commit()
    assert found is not None
    assert book_line(stock) == (10, 6, 0)
    book(dock.book_item_id, 1)
    session().commit()
    ledger.reverse(SYSTEM, world.bonded.id, first.posting_id)
    session().commit()
    assert (amounts(dock), book_line(stock)) == ((0, 0), (11, 1, 0))
    refused = refusal(ledger.reverse, SYSTEM, world.bonded.id, found.posting_id)  # one of its two is declared
    assert (refused.code, book_line(stock)) == ("customs_permit_needed", (11, 1, 0))
    # what leaves otherwise needs leave as before, a receipt or not
    move("supplier", dock, 1, Reason.RECEIVE)
    session().commit()
    assert refusal(move, dock, "supplier", 1).code == "customs_permit_needed"


def test_put_back_goods_free_the_book(world: World):
    stock = world.bonded.stocked(world.bonded_product, 10)
    line = promised(world.bonded, world.bonded_product, 4)[0]
    claim = allocated(world.bonded, line.subject_id)[0]
    session().commit()
    tote = world.bonded.goods(world.bonded_product, "tote", unit=world.bonded.unit())
    move(stock, tote, 4, Reason.PICK, allocation_id=claim.allocation_id)
    session().commit()
    assert (summary(world.bonded, world.bonded_product), book_line(stock)) == ((6, 0), (10, 0, 4))
    post(Reason.PUT_BACK, MoveDraft(tote, stock, 4), settles={line.promise_id: 4})
    assert (summary(world.bonded, world.bonded_product), book_line(stock)) == ((10, 0), (10, 0, 0))


def test_subject_and_actor_stand_in_the_history(world: World):
    order = uuid.uuid4()
    service.receive(SYSTEM, world.overseas.goods(world.product, "dock"), 1, Subject("booking", order))
    row = session().execute(text("SELECT subject_kind, subject_id, actor_kind, reason FROM stock_posting")).one()
    assert tuple(row) == ("booking", order, "system", "receive")


def test_age_runs_from_the_first_putaway(world: World, test_clock):
    first = world.overseas.stocked(world.product, 5)
    put_away = balance(first).oldest_at
    test_clock.forward(days=3)
    second = world.overseas.stocked(world.product, 5, "bin2")
    assert balance(second).oldest_at == test_clock.now
    move(first, second, 2)
    assert balance(second).oldest_at == put_away
    move(first, world.overseas.goods(world.product, "storage3"), 1)
    assert balance(world.overseas.goods(world.product, "storage3")).oldest_at == put_away
