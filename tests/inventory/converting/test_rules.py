"""Recipes: what legs match them, and what each kind may change and must keep."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.core.refusals import Refused
from wms.inventory.converting.rules import (
    Claimed,
    Recipe,
    RecipeKind,
    check_recipe,
    kit_expiry,
    one_to_one,
    take,
    take_numbered,
)
from wms.inventory.rules import MoveDraft, Stock

K = RecipeKind
HERE = Stock(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), lot_id=uuid.uuid4())
THERE = replace(HERE, location_id=uuid.uuid4())


def test_a_conversion_has_no_other_party():
    with pytest.raises(ValueError, match="conversion counter-party"):
        check_recipe([MoveDraft(HERE, THERE, 1)], one_to_one(RecipeKind.RELABEL, HERE.product_id, THERE.product_id))


@given(consumed=st.integers(1, 40), yielded=st.integers(1, 40), per_in=st.integers(1, 6), per_out=st.integers(1, 6))
def test_a_recipe_is_met_a_whole_number_of_times(consumed, yielded, per_in, per_out):
    kit = replace(HERE, product_id=uuid.uuid4())
    recipe = Recipe(RecipeKind.KIT, ((HERE.product_id, per_in),), ((kit.product_id, per_out),))
    moves = [MoveDraft(HERE, "conversion", consumed), MoveDraft("conversion", kit, yielded)]
    fits = any(consumed == n * per_in and yielded == n * per_out for n in range(1, 41))
    if fits:
        check_recipe(moves, recipe)
    else:
        with pytest.raises(Refused, match="conversion_does_not_balance"):
            check_recipe(moves, recipe)


def test_a_recipe_knows_no_other_goods_and_needs_all_of_its_own():
    kit, stranger = replace(HERE, product_id=uuid.uuid4()), replace(HERE, product_id=uuid.uuid4())
    recipe = Recipe(RecipeKind.KIT, ((HERE.product_id, 1), (stranger.product_id, 2)), ((kit.product_id, 1),))
    whole = [MoveDraft(HERE, "conversion", 2), MoveDraft(stranger, "conversion", 4), MoveDraft("conversion", kit, 2)]
    check_recipe(whole, recipe)
    with pytest.raises(Refused):
        check_recipe([whole[0], whole[2]], recipe)
    with pytest.raises(Refused):
        check_recipe([*whole, MoveDraft(replace(HERE, product_id=uuid.uuid4()), "conversion", 2)], recipe)


def test_large_recipes_do_not_round():
    kit = replace(HERE, product_id=uuid.uuid4())
    recipe = Recipe(RecipeKind.KIT, ((HERE.product_id, 3),), ((kit.product_id, 1),))
    moves = [MoveDraft(HERE, "conversion", 3 * 10**17 + 1), MoveDraft("conversion", kit, 10**17)]
    with pytest.raises(Refused):
        check_recipe(moves, recipe)


def test_a_conversion_without_a_recipe_is_a_fault():
    moves = [MoveDraft(HERE, "conversion", 1), MoveDraft("conversion", replace(HERE, product_id=uuid.uuid4()), 1)]
    with pytest.raises(ValueError, match="names its recipe"):
        check_recipe(moves, None)


# What each kind has to change, and what it may change as well; anything else has to stay.
HAS_TO: dict[RecipeKind, set[str]] = {
    K.RELABEL: {"product_id"}, K.GRADE: {"product_id", "condition"}, K.LOT: {"lot_id"},
    K.OWNER: {"owner_id", "product_id"}, K.KIT: {"product_id"}, K.UNKIT: {"product_id"},
}  # fmt: skip
PLACES = {"location_id", "handling_unit_id"}
MAY: dict[RecipeKind, set[str]] = {
    kind: PLACES | {"book_item_id"} | (set() if kind is K.LOT else {"lot_id"}) for kind in K
}
OTHER = {
    "product_id": uuid.uuid4(), "condition": "damaged", "lot_id": uuid.uuid4(), "owner_id": uuid.uuid4(),
    "location_id": uuid.uuid4(), "handling_unit_id": uuid.uuid4(), "customs_status": "bonded",
}  # fmt: skip


def every_change():
    for kind in RecipeKind:
        for size in range(4):
            for names in itertools.combinations(OTHER, size):
                yield kind, frozenset(names)


def test_each_kind_changes_what_it_is_for_and_keeps_the_rest():
    """Every kind with every set of up to three changes: allowed exactly where all that it has to change does, and
    nothing that it may not.
    """
    seen = allowed = 0
    for kind, names in every_change():
        made = replace(HERE, **{name: OTHER[name] for name in names})
        moves = [MoveDraft(HERE, "conversion", 2), MoveDraft("conversion", made, 2)]
        right = HAS_TO[kind] <= names <= HAS_TO[kind] | MAY[kind]
        recipe = one_to_one(kind, HERE.product_id, made.product_id)
        if right:
            assert check_recipe(moves, recipe) == 2
            allowed += 1
        else:
            with pytest.raises(ValueError, match="a conversion of kind"):
                check_recipe(moves, recipe)
        seen += 1
    assert (seen, allowed) == (6 * 64, 33)


def test_owners_and_lots_are_not_mixed_within_a_leg():
    kit = replace(HERE, product_id=uuid.uuid4(), lot_id=None)
    foreign = replace(HERE, owner_id=uuid.uuid4())
    moves = [MoveDraft(HERE, "conversion", 1), MoveDraft(foreign, "conversion", 1), MoveDraft("conversion", kit, 2)]
    with pytest.raises(ValueError, match="owner_id"):
        check_recipe(moves, one_to_one(K.RELABEL, HERE.product_id, kit.product_id))
    right, wrong = replace(HERE, lot_id=uuid.uuid4()), replace(HERE, lot_id=uuid.uuid4())
    moves = [MoveDraft(HERE, "conversion", 1), MoveDraft(wrong, "conversion", 1), MoveDraft("conversion", right, 2)]
    recipe = one_to_one(K.LOT, HERE.product_id, HERE.product_id)
    assert check_recipe(moves, recipe) == 2
    moves[2] = MoveDraft("conversion", replace(HERE, location_id=uuid.uuid4()), 2)
    with pytest.raises(ValueError, match="lot_id"):
        check_recipe(moves, recipe)


def test_a_relabel_keeps_how_many_are_good():
    broken, other = replace(HERE, condition="damaged"), uuid.uuid4()
    made, made_broken = replace(HERE, product_id=other), replace(broken, product_id=other)
    recipe = one_to_one(K.RELABEL, HERE.product_id, other)
    consumed = [MoveDraft(HERE, "conversion", 3), MoveDraft(broken, "conversion", 2)]
    assert check_recipe(
        [*consumed, MoveDraft("conversion", made, 3), MoveDraft("conversion", made_broken, 2)], recipe
    ) == 5  # fmt: skip
    with pytest.raises(ValueError, match="as good"):
        check_recipe([*consumed, MoveDraft("conversion", made, 4), MoveDraft("conversion", made_broken, 1)], recipe)


def claimed(units: int) -> Claimed:
    return Claimed(uuid.uuid4(), HERE, units, 1, units)


@given(rows=st.lists(st.integers(1, 9), max_size=5), wanted=st.integers(1, 50))
def test_goods_are_taken_in_order_and_exactly(rows, wanted):
    claims = [claimed(units) for units in rows]
    if sum(rows) < wanted:
        with pytest.raises(Refused) as refused:
            take(claims, wanted)
        assert refused.value.params == {"left": sum(rows), "wanted": wanted}
        return
    taken = take(claims, wanted)
    assert sum(units for _, units in taken) == wanted
    assert [each for each, _ in taken] == claims[: len(taken)]
    assert all(units == each.quantity for each, units in taken[:-1])


def test_numbered_goods_are_taken_where_their_numbers_are():
    first, second = claimed(2), claimed(1)
    by_claim = {first.allocation_id: ["A"], second.allocation_id: ["B"]}
    assert take_numbered([first, second], 2, by_claim) == [(first, 1), (second, 1)]
    with pytest.raises(Refused, match="serials_required"):
        take_numbered([first, second], 3, by_claim)
    with pytest.raises(Refused, match="conversion_goods_gone"):
        take_numbered([second], 2, {second.allocation_id: ["A", "B"]})


@pytest.mark.parametrize(("told", "parts", "expected"), [
    (None, [], None), (None, [None, None], None), (None, [date(2027, 5, 1), None, date(2027, 4, 1)], date(2027, 4, 1)),
    (date(2027, 3, 1), [date(2027, 4, 1)], date(2027, 3, 1)), (date(2027, 4, 1), [date(2027, 4, 1)], date(2027, 4, 1)),
    (date(2027, 9, 1), [], date(2027, 9, 1)),
])  # fmt: skip
def test_a_kit_is_good_as_long_as_its_first_part(told, parts, expected):
    assert kit_expiry(told, parts) == expected


def test_a_kit_does_not_outlive_a_part():
    with pytest.raises(Refused, match="kit_outlives_part"):
        kit_expiry(date(2027, 4, 2), [date(2027, 4, 1), date(2028, 1, 1)])
