"""Conversions from the asking to the undoing: promised first, posted by the recipe, and the books balance after each."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from tests.inventory.counting.people import person
from tests.inventory.world import (
    TEST,
    World,
    amounts,
    make_lot,
    make_product,
    make_seller,
    move,
    permit,
    promised,
    refusal,
    summary,
)  # fmt: skip
from wms.catalog.models import Product
from wms.core.actor import SYSTEM, Actor, ActorKind
from wms.core.ids import new_id
from wms.core.permissions import ROLE_PERMISSIONS
from wms.core.refusals import RefusalKind, Refused
from wms.identity.models import Seller
from wms.inventory import holds, queries, service
from wms.inventory.converting import asking, kits
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind, one_to_one
from wms.inventory.converting.service import Made
from wms.inventory.models import HoldScope, Lot
from wms.inventory.rules import Stock
from wms.inventory.workflow import CONVERSION, ConversionState
from wms.platform.database import session

K = RecipeKind
BOSS = person("supervisor")


def seller(*owners: Seller) -> Actor:
    ids = frozenset(owner.id for owner in owners)
    return Actor(ActorKind.USER, new_id(), "seller", ROLE_PERMISSIONS["seller"], seller_ids=ids, roles=("seller",))


def ask(world: World, kind: RecipeKind, product: Product, quantity: int, **more) -> Conversion:
    wanted = Wanted(kind, product.sku, quantity, **more)
    made = asking.ask(seller(world.seller), world.overseas.id, product.owner_id, wanted)
    session().commit()
    return made


def make(conversion: Conversion, quantity: int, **more):
    posted = converting.convert(BOSS, conversion.id, Made(quantity, **more))
    session().commit()
    return posted


def kit_of(world: World, parts: dict[Product, int], **more) -> Product:
    kit = make_product(world.seller, **more)
    define(world, kit, parts)
    return kit


def define(world: World, kit: Product, parts: dict[Product, int]):
    made = kits.define_kit(
        seller(world.seller), world.seller.id, kit.sku, {part.sku: units for part, units in parts.items()}
    )
    session().commit()
    return made


def state_of(conversion: Conversion) -> tuple[str, int]:
    session().expire_all()
    return conversion.state, conversion.done


# -- one to one ---------------------------------------------------------------------------------------------------


def test_a_relabel_promises_first_and_stays_in_its_bin(world: World):
    here, other = world.overseas.stocked(world.product, 10), make_product(world.seller)
    asked = ask(world, K.RELABEL, world.product, 6, to_sku=other.sku)
    assert (asked.state, amounts(here), summary(world.overseas, world.product)) == ("open", (10, 6), (10, 6))
    assert refusal(promised, world.overseas, world.product, 5).code == "stock_short"
    make(asked, 2)
    there = replace(here, product_id=other.id)
    assert (state_of(asked), amounts(here), amounts(there)) == (("open", 2), (8, 4), (2, 0))
    make(asked, 4)
    assert (state_of(asked), amounts(here), amounts(there)) == (("done", 6), (4, 0), (6, 0))
    assert (summary(world.overseas, world.product), summary(world.overseas, other)) == ((4, 0), (6, 0))
    assert refusal(make, asked, 1).code == "not_allowed_now"


def test_a_relabel_makes_nothing_younger(world: World):
    old = make_product(world.seller, lot_controlled=True, expiry_controlled=True)
    new = make_product(world.seller, lot_controlled=True, expiry_controlled=True)
    lot = make_lot(old, date(2099, 1, 1), "B1")
    here = world.overseas.stocked(old, 3, lot=lot)
    asked = ask(world, K.RELABEL, old, 3, to_sku=new.sku)
    make(asked, 3, lots={new.id: ("B2", date(2099, 12, 31))})
    row = session().execute(
        text("SELECT l.batch, l.expires_on, b.location_id FROM balance b JOIN lot l ON l.id = b.lot_id"
             " WHERE b.product_id = :p AND b.on_hand = 3"), {"p": new.id},
    ).one()  # fmt: skip
    assert (row.batch, row.expires_on, row.location_id) == ("B1", date(2099, 1, 1), here.location_id)


def test_a_product_that_asks_for_more_is_told_more(world: World):
    world.overseas.stocked(world.product, 2)
    dated = make_product(world.seller, expiry_controlled=True)
    asked = ask(world, K.RELABEL, world.product, 2, to_sku=dated.sku)
    assert refusal(make, asked, 2).code == "expiry_required"
    make(asked, 2, lots={dated.id: (None, date(2099, 5, 1))})
    assert summary(world.overseas, dated) == (2, 0)


def test_goods_of_another_quality_become_a_product_that_sells(world: World):
    broken = world.overseas.stocked(world.product, 5, condition="damaged")
    world.overseas.stocked(world.product, 5)
    other = make_product(world.seller)
    asked = ask(world, K.GRADE, world.product, 3, condition="damaged", to_condition="good", to_sku=other.sku)
    assert summary(world.overseas, world.product) == (5, 0)  # what does not sell is promised beside the summary
    make(asked, 3)
    assert (amounts(broken), summary(world.overseas, other)) == ((2, 0), (3, 0))


def test_a_lot_is_put_right_even_when_it_stands_as_expired(world: World):
    product = make_product(world.seller, expiry_controlled=True)
    wrong = make_lot(product, date(2020, 2, 1))
    here = world.overseas.stocked(product, 4, lot=wrong)
    asked = ask(world, K.LOT, product, 4, lot_id=wrong, to_expires_on=date(2099, 2, 1))
    assert summary(world.overseas, product) == (0, 0)
    make(asked, 4)
    assert (amounts(here), summary(world.overseas, product)) == ((0, 0), (4, 0))
    again = Wanted(K.LOT, product.sku, 1, lot_id=wrong, to_expires_on=date(2020, 2, 1))
    assert refusal(asking.ask, BOSS, world.overseas.id, product.owner_id, again).code == "lot_same"


def test_numbers_go_with_their_goods(world: World):
    phone, other = (make_product(world.seller, serial_control="full") for _ in range(2))
    here = world.overseas.stocked(phone, 3, serials=["A", "B", "C"])
    asked = ask(world, K.RELABEL, phone, 2, to_sku=other.sku)
    assert refusal(make, asked, 2).code == "serials_required"
    assert refusal(make, asked, 2, consumed={phone.id: ["A", "X"]}).code == "serial_not_here"
    make(asked, 1, consumed={phone.id: ["B"]})
    make(asked, 1, consumed={phone.id: ["C"]}, yielded={other.id: ["NEW"]})
    there = replace(here, product_id=other.id)
    rows = {row.number: row.state for row in session().execute(text("SELECT number, state FROM serial WHERE product_id ="
                                                                   " :p"), {"p": phone.id})}  # fmt: skip
    assert rows == {"A": "in_stock", "B": "void", "C": "void"}
    assert service.number_book.of_row(service.find_balance(there).id) == {"B", "NEW"}
    converting.undo(BOSS, asked.id)
    session().commit()
    assert service.number_book.of_row(service.find_balance(here).id) == {"A", "B", "C"}


def test_a_row_that_goes_whole_needs_no_numbers(world: World):
    phone, other = (make_product(world.seller, serial_control="full") for _ in range(2))
    here = world.overseas.stocked(phone, 2, serials=["A", "B"])
    make(ask(world, K.RELABEL, phone, 2, to_sku=other.sku), 2)
    assert service.number_book.of_row(service.find_balance(replace(here, product_id=other.id)).id) == {"A", "B"}


# -- kits ---------------------------------------------------------------------------------------------------------


def test_a_kit_is_made_of_its_parts_and_taken_apart_again(world: World):
    cup, box = world.product, make_product(world.seller)
    kit = kit_of(world, {cup: 2, box: 1})
    cups, boxes = world.overseas.stocked(cup, 7), world.overseas.stocked(box, 5, "bin2")
    asked = ask(world, K.KIT, kit, 3)
    assert (summary(world.overseas, cup), summary(world.overseas, box)) == ((7, 6), (5, 3))
    make(asked, 3, location_id=world.overseas.at("storage3"))
    made = world.overseas.goods(kit, "storage3")
    assert (amounts(cups), amounts(boxes), amounts(made)) == ((1, 0), (2, 0), (3, 0))
    apart = ask(world, K.UNKIT, kit, 2)
    make(apart, 2)
    again = world.overseas.goods(cup, "storage3")
    assert (amounts(made), amounts(again), summary(world.overseas, box)) == ((1, 0), (4, 0), (4, 0))


def test_a_kit_without_all_its_parts_names_what_is_short(world: World):
    cup, box = world.product, make_product(world.seller)
    kit = kit_of(world, {cup: 2, box: 1})
    world.overseas.stocked(cup, 4)
    short = refusal(ask, world, K.KIT, kit, 3)
    assert short.code == "conversion_short"
    assert sorted((line["sku"], line["wanted"], line["free"]) for line in short.params["lines"]) == sorted(
        [(cup.sku, 6, 4), (box.sku, 3, 0)]
    )
    assert summary(world.overseas, cup) == (4, 0)


def test_a_kit_is_good_as_long_as_its_first_part(world: World):
    tea, tin = make_product(world.seller, expiry_controlled=True), world.product
    kit = kit_of(world, {tea: 1, tin: 1}, expiry_controlled=True)
    for expires_on in (date(2099, 3, 1), date(2099, 1, 1)):
        world.overseas.stocked(tea, 1, lot=make_lot(tea, expires_on))
    world.overseas.stocked(tin, 2)
    asked = ask(world, K.KIT, kit, 2)
    assert refusal(make, asked, 2, lots={kit.id: (None, date(2099, 2, 1))}).code == "kit_outlives_part"
    make(asked, 2)
    expiries = session().query(Lot.expires_on).filter_by(product_id=kit.id).all()
    assert expiries == [(date(2099, 1, 1),)]


def test_a_recipe_is_kept_in_versions_and_open_kits_keep_theirs(world: World):
    cup, box = world.product, make_product(world.seller)
    kit = kit_of(world, {cup: 1})
    world.overseas.stocked(cup, 5)
    world.overseas.stocked(box, 5)
    asked = ask(world, K.KIT, kit, 2)
    newer = define(world, kit, {box: 3})
    make(asked, 2)
    assert (summary(world.overseas, cup), summary(world.overseas, box)) == ((3, 0), (5, 0))
    make(ask(world, K.KIT, kit, 1), 1)
    assert summary(world.overseas, box) == (2, 0)
    kits.end_kit(seller(world.seller), newer.id)
    session().commit()
    assert refusal(ask, world, K.KIT, kit, 1).code == "not_a_kit"


def test_what_no_kit_can_be_is_refused_at_its_field(world: World):
    me, kit = seller(world.seller), make_product(world.seller)
    other = make_product(world.other_seller)
    for sku, parts, pointer, code in (
        (kit.sku, {}, "/parts", "not_between"), (kit.sku, {kit.sku: 1}, "/parts/0/sku", "kit_of_itself"),
        (kit.sku, {other.sku: 1}, "/parts/0/sku", "product_unknown"),
        (kit.sku, {world.product.sku: 0}, "/parts/0/units", "not_between"),
        ("NONE", {world.product.sku: 1}, "/sku", "product_unknown"),
    ):  # fmt: skip
        refused = refusal(kits.define_kit, me, world.seller.id, sku, parts)
        assert [(each["pointer"], each["code"]) for each in refused.errors] == [(pointer, code)]
    foreign = refusal(kits.define_kit, me, world.other_seller.id, other.sku, {other.sku: 1})
    assert foreign.kind is RefusalKind.NOT_FOUND


# -- another owner ------------------------------------------------------------------------------------------------


def test_one_seller_offers_and_the_other_agrees(world: World):
    theirs = make_product(world.other_seller)
    here = world.overseas.stocked(world.product, 8)
    offered = ask(world, K.OWNER, world.product, 5, to_seller=world.other_seller.code)
    assert (offered.state, summary(world.overseas, world.product)) == ("offered", (8, 5))
    giver, taker = seller(world.seller), seller(world.other_seller)
    for who in (giver, BOSS, seller()):
        assert refusal(converting.agree, who, offered.id, theirs.sku).kind is RefusalKind.NOT_FOUND
    assert refusal(converting.convert, BOSS, offered.id, Made(5)).code == "not_allowed_now"
    assert refusal(converting.agree, taker, offered.id, world.product.sku).errors[0]["code"] == "product_unknown"
    converting.agree(taker, offered.id, theirs.sku)
    session().commit()
    there = replace(here, owner_id=world.other_seller.id, product_id=theirs.id)
    assert (state_of(offered), amounts(here), amounts(there)) == (("done", 5), (3, 0), (5, 0))
    assert summary(world.overseas, theirs) == (5, 0)
    assert refusal(converting.decline, taker, offered.id).code == "not_allowed_now"


@pytest.mark.parametrize("who", ["taker declines", "giver withdraws"])
def test_an_offer_that_comes_to_nothing_frees_the_goods(world: World, who):
    world.overseas.stocked(world.product, 8)
    offered = ask(world, K.OWNER, world.product, 5, to_seller=world.other_seller.code)
    if who == "taker declines":
        assert refusal(converting.decline, seller(world.seller), offered.id).kind is RefusalKind.NOT_FOUND
        converting.decline(seller(world.other_seller), offered.id)
    else:
        assert refusal(converting.cancel, seller(world.other_seller), offered.id).kind is RefusalKind.NOT_FOUND
        converting.cancel(seller(world.seller), offered.id)
    session().commit()
    assert state_of(offered)[0] == ("declined" if who == "taker declines" else "cancelled")
    assert summary(world.overseas, world.product) == (8, 0)


def test_nothing_is_offered_to_nobody_or_oneself(world: World):
    world.overseas.stocked(world.product, 1)
    for code in ("NOBODY", world.seller.code, None):
        refused = refusal(ask, world, K.OWNER, world.product, 1, to_seller=code)
        assert [(each["pointer"], each["code"]) for each in refused.errors] == [("/to_seller", "seller_unknown")]


# -- every action in every state ----------------------------------------------------------------------------------


def at(world: World, state: ConversionState) -> Conversion:
    """A conversion of two units that got that far."""
    world.overseas.stocked(world.product, 8)
    other = make_product(world.seller)
    if state in {ConversionState.OFFERED, ConversionState.DECLINED}:
        found = ask(world, K.OWNER, world.product, 2, to_seller=world.other_seller.code)
        if state is ConversionState.DECLINED:
            converting.decline(seller(world.other_seller), found.id)
    else:
        found = ask(world, K.RELABEL, world.product, 2, to_sku=other.sku)
        if state in {ConversionState.DONE, ConversionState.UNDONE}:
            make(found, 2)
        if state is ConversionState.UNDONE:
            converting.undo(BOSS, found.id)
        if state is ConversionState.SHORT:
            converting.give_back(BOSS, found.id)
        if state is ConversionState.CANCELLED:
            converting.cancel(BOSS, found.id)
    session().commit()
    return found


@pytest.mark.parametrize("state", list(ConversionState))
def test_every_action_in_every_state(world: World, state: ConversionState):
    theirs = make_product(world.other_seller)
    found = at(world, state)
    taker = seller(world.other_seller)
    acts = {
        "agree": lambda: converting.agree(taker, found.id, theirs.sku),
        "decline": lambda: converting.decline(taker, found.id),
        "convert": lambda: converting.convert(BOSS, found.id, Made(1)),
        "finish": lambda: converting.convert(BOSS, found.id, Made(2)),
        "give_back": lambda: converting.give_back(BOSS, found.id),
        "promise": lambda: converting.promise_again(BOSS, found.id),
        "cancel": lambda: converting.cancel(BOSS, found.id),
        "undo": lambda: converting.undo(BOSS, found.id),
    }
    leads = {"agree": "done"}  # there is nothing else to be done then
    for action, act in acts.items():
        mine = action in {"agree", "decline"} and found.to_owner_id is None
        with session().begin_nested() as savepoint:
            if CONVERSION.permitted(action, state) and not mine:
                act()
                session().expire_all()
                assert found.state == leads.get(action, CONVERSION.moves[action].target)
            else:
                with pytest.raises(Refused, match="not_found" if mine else "not_allowed_now"):
                    act()
            savepoint.rollback()
        session().info.pop("locks", None)
        session().expire_all()
        assert found.state == state


# -- what goes wrong ----------------------------------------------------------------------------------------------


def test_goods_lost_meanwhile_are_looked_for_again(world: World):
    here, other = world.overseas.stocked(world.product, 5), make_product(world.seller)
    asked = ask(world, K.RELABEL, world.product, 5, to_sku=other.sku)
    service.count(SYSTEM, here, 2, TEST)
    session().commit()
    refused = refusal(make, asked, 5)
    assert (refused.code, refused.params) == ("conversion_goods_gone", {"left": 2, "wanted": 5})
    make(asked, 2)
    converting.give_back(BOSS, asked.id)
    session().commit()
    assert (state_of(asked), summary(world.overseas, world.product)) == (("short", 2), (0, 0))
    assert refusal(make, asked, 1).code == "not_allowed_now"
    assert refusal(converting.promise_again, BOSS, asked.id).code == "conversion_short"
    world.overseas.stocked(world.product, 4, "bin2")
    converting.promise_again(BOSS, asked.id)
    session().commit()
    make(asked, 3)
    assert (state_of(asked), summary(world.overseas, other)) == (("done", 5), (5, 0))


def test_held_goods_are_neither_promised_nor_converted(world: World):
    here, other = world.overseas.stocked(world.product, 3), make_product(world.seller)
    asked = ask(world, K.RELABEL, world.product, 2, to_sku=other.sku)
    holds.place_hold(SYSTEM, world.overseas.id, HoldScope.PRODUCT, str(here.product_id), "recall")
    session().commit()
    assert refusal(make, asked, 2).code == "conversion_goods_gone"
    assert refusal(ask, world, K.RELABEL, world.product, 1, to_sku=other.sku).code == "conversion_short"


def test_what_is_stopped_keeps_what_was_made(world: World):
    here, other = world.overseas.stocked(world.product, 5), make_product(world.seller)
    asked = ask(world, K.RELABEL, world.product, 4, to_sku=other.sku)
    make(asked, 1)
    converting.cancel(seller(world.seller), asked.id)
    session().commit()
    assert (state_of(asked), amounts(here)) == (("done", 1), (4, 0))
    untouched = ask(world, K.RELABEL, world.product, 4, to_sku=other.sku)
    converting.cancel(seller(world.seller), untouched.id)
    session().commit()
    assert state_of(untouched) == ("cancelled", 0)


def test_it_is_undone_by_its_mirror_while_all_is_there(world: World):
    cup, box = world.product, make_product(world.seller)
    kit = kit_of(world, {cup: 2, box: 1})
    world.overseas.stocked(cup, 6)
    world.overseas.stocked(box, 3, "bin2")
    asked = ask(world, K.KIT, kit, 3)
    make(asked, 1)
    make(asked, 2)
    assert refusal(converting.undo, seller(world.seller), asked.id).kind is RefusalKind.NOT_FOUND
    made = world.overseas.goods(kit, "storage")
    elsewhere = replace(made, location_id=world.overseas.at("storage3"))
    move(made, elsewhere, 1)
    session().commit()
    assert refusal(converting.undo, BOSS, asked.id).code == "not_enough_stock"
    move(elsewhere, made, 1)
    session().commit()
    converting.undo(BOSS, asked.id)
    session().commit()
    assert state_of(asked) == ("undone", 3)
    assert [summary(world.overseas, each) for each in (cup, box, kit)] == [(6, 0), (3, 0), (0, 0)]
    assert refusal(converting.undo, BOSS, asked.id).code == "not_allowed_now"


def test_goods_in_bond_are_converted_with_leave_only_and_never_change_their_seller(world: World):
    other = make_product(world.seller, customs_item_number="OTHER")
    here = world.bonded.stocked(world.bonded_product, 4)
    ask = (asking.ask, seller(world.seller), world.bonded.id, world.seller.id)
    sold = refusal(*ask, Wanted(K.OWNER, world.bonded_product.sku, 1, to_seller=make_seller().code))
    assert (sold.code, sold.params) == ("conversion_in_bond", {"warehouse": world.bonded.warehouse.code})
    unknown = make_product(world.seller)
    assert refusal(*ask, Wanted(K.RELABEL, world.bonded_product.sku, 1, to_sku=unknown.sku)).code == "book_item_missing"
    there = world.bonded.goods(other)
    recipe = one_to_one(K.RELABEL, here.product_id, other.id)
    legs = [(here, 2)], [(there, 2)]
    assert refusal(service.convert, SYSTEM, *legs, TEST, recipe).code == "customs_permit_needed"
    one = {here: permit(world.bonded, here, 2)}
    assert refusal(service.convert, SYSTEM, *legs, TEST, recipe, permits=one).code == "customs_permit_needed"
    both = one | {there: permit(world.bonded, there, 2)}  # customs' leave for what goes and for what comes
    service.convert(SYSTEM, *legs, TEST, recipe, permits=both)
    session().commit()
    assert (amounts(here), amounts(there)) == ((2, 0), (2, 0))


BAD = [
    ({"quantity": 0}, "/quantity", "not_between"), ({"quantity": 10**9}, "/quantity", "not_between"),
    ({"sku": "NONE"}, "/sku", "product_unknown"), ({"to_sku": "NONE"}, "/to_sku", "product_unknown"),
    ({"to_sku": None}, "/to_sku", "required"), ({"condition": "shiny"}, "/condition", "invalid"),
    ({"to_condition": "damaged"}, "/to_condition", "relabel_keeps_quality"),
    ({"kind": K.LOT}, "/sku", "lot_not_kept"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "code"), BAD)
def test_a_wish_that_cannot_be_is_refused_at_its_field(world: World, changes, pointer, code):
    other = make_product(world.seller)
    wanted = replace(Wanted(K.RELABEL, world.product.sku, 1, to_sku=other.sku), **changes)
    refused = refusal(asking.ask, seller(world.seller), world.overseas.id, world.seller.id, wanted)
    assert [(each["pointer"], each["code"]) for each in refused.errors] == [(pointer, code)]


def test_goods_that_would_become_themselves_are_no_wish(world: World):
    wanted = Wanted(K.RELABEL, world.product.sku, 1, to_sku=world.product.sku)
    refused = refusal(asking.ask, seller(world.seller), world.overseas.id, world.seller.id, wanted)
    assert [(each["pointer"], each["code"]) for each in refused.errors] == [("/to_sku", "sku_same")]


def test_the_batch_to_be_put_right_is_named(world: World):
    kept = make_product(world.seller, lot_controlled=True)
    refused = refusal(asking.ask, BOSS, world.overseas.id, world.seller.id, Wanted(K.LOT, kept.sku, 1, to_batch="B2"))
    assert [(each["pointer"], each["code"]) for each in refused.errors] == [("/lot", "required")]


def test_places_and_people_of_others_are_not_found(world: World):
    here, other = world.overseas.stocked(world.product, 2), make_product(world.seller)
    wanted = Wanted(K.RELABEL, world.product.sku, 2, to_sku=other.sku)
    foreign = refusal(asking.ask, seller(world.other_seller), world.overseas.id, world.seller.id, wanted)
    assert foreign.kind is RefusalKind.NOT_FOUND
    stranger = replace(wanted, lot_id=make_lot(other))
    assert refusal(asking.ask, BOSS, world.overseas.id, world.seller.id, stranger).kind is RefusalKind.NOT_FOUND
    asked = ask(world, K.RELABEL, world.product, 2, to_sku=other.sku)
    assert refusal(converting.convert, seller(world.seller), asked.id, Made(1)).kind is RefusalKind.NOT_FOUND
    assert refusal(make, asked, 1, location_id=world.bonded.at("storage")).code == "location_foreign"
    assert refusal(make, asked, 1, location_id=world.overseas.at("dock")).code == "location_wrong_kind"
    assert refusal(make, asked, 3).errors[0]["pointer"] == "/quantity"
    assert refusal(converting.convert, BOSS, uuid.uuid4(), Made(1)).kind is RefusalKind.NOT_FOUND
    assert isinstance(here, Stock)
    assert queries.Scope.of(BOSS).seller_ids is None
