"""Pure decisions: truth tables over every combination where there are finitely many."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wms.facility.models import COUNTS, LocationKind
from wms.inventory import rules
from wms.inventory.models import PROMISABLE_STATUSES, Condition, CounterParty, CustomsStatus
from wms.inventory.rules import Bucket, Claim, MoveDraft, Reason, Stock

DAY = date(2026, 3, 1)
HERE = Stock(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), uuid.uuid4())
BONDED = replace(HERE, customs_status="bonded")
PAID = replace(HERE, customs_status="duty_paid_returned")
THERE = replace(HERE, location_id=uuid.uuid4())


def test_the_names_repeated_from_the_tables_are_theirs():
    assert {kind.value for kind in COUNTS} == rules.COUNTING_LOCATIONS
    assert {status.value for status in PROMISABLE_STATUSES} == rules.PROMISABLE
    assert {party.value for party in CounterParty} == rules.OUTSIDE
    assert {kind.value for kind in LocationKind} >= rules.ORDER_LOCATIONS | {rules.UNACCOUNTED}
    assert (Condition.GOOD.value, CustomsStatus.NONE.value) == (rules.GOOD, rules.NO_STATUS)


def test_sellable_in_every_combination():
    combinations = itertools.product(
        Condition, (False, True), LocationKind, CustomsStatus, (None, -1, 0, 1), (0, 2), (None, False, True)
    )
    seen = 0
    for condition, held, kind, status, left, travels, booked in combinations:
        expires_on = None if left is None else DAY + timedelta(days=travels + left)
        got = rules.is_sellable(
            condition=condition.value, held=held, location_kind=kind.value, customs_status=status.value,
            expires_on=expires_on, keeps_days=travels, today=DAY, book_item_booked=booked,
        )  # fmt: skip
        expected = (
            condition is Condition.GOOD
            and not held
            and kind in {LocationKind.STORAGE, LocationKind.BULK, LocationKind.PICK_FACE, LocationKind.CROSS_DOCK}
            and (left is None or left >= 0)
            and (status is CustomsStatus.NONE or (status is CustomsStatus.BONDED and booked is True))
        )
        assert got is expected, (condition, held, kind, status, left, travels, booked)
        seen += 1
    assert seen == 5 * 2 * 11 * 3 * 4 * 2 * 3


def test_the_last_sale_day_leaves_the_parcel_its_travel():
    assert rules.last_sale_day(date(2026, 3, 10), 7) == date(2026, 3, 3)


def test_the_bond_is_crossed_in_every_combination():
    inside = [BONDED, replace(BONDED, location_id=uuid.uuid4())]
    for party in CounterParty:
        assert rules.crosses_bond(MoveDraft(BONDED, party.value, 1), None) is True
        assert rules.crosses_bond(MoveDraft(HERE, party.value, 1), None) is False
        assert rules.crosses_bond(MoveDraft(party.value, HERE, 1), "dock") is False
        for kind in LocationKind:
            into = rules.crosses_bond(MoveDraft(party.value, BONDED, 1), kind.value)
            aside = kind is LocationKind.UNACCOUNTED and party is not CounterParty.TRANSIT
            free = party is CounterParty.SUPPLIER or aside
            assert into is not free
    for source, target, crosses in (
        (inside[0], inside[1], False), (BONDED, PAID, True), (PAID, BONDED, True), (HERE, THERE, False),
        (PAID, replace(PAID, location_id=uuid.uuid4()), False),
    ):  # fmt: skip
        assert rules.crosses_bond(MoveDraft(source, target, 1), "storage") is crosses


def test_goods_leave_unaccounted_for_a_bin_with_a_permit_only():
    move = MoveDraft(BONDED, replace(BONDED, location_id=uuid.uuid4()), 1)
    for source in LocationKind:
        for target in LocationKind:
            leaves = source is LocationKind.UNACCOUNTED and target is not LocationKind.UNACCOUNTED
            assert rules.crosses_bond(move, target.value, source.value) is leaves
    assert rules.permit_kind(move) == "settlement"
    outside = MoveDraft(HERE, THERE, 1)
    assert rules.crosses_bond(outside, "storage", "unaccounted") is False


def test_only_as_many_found_as_missed_are_set_off():
    back, struck = MoveDraft(BONDED, replace(BONDED, location_id=uuid.uuid4()), 2), MoveDraft(BONDED, "adjustment", 2)
    assert rules.sets_off(Reason.SETTLE, [back, struck])
    permit = uuid.uuid4()
    for reason, moves in (
        (Reason.MOVE, [back, struck]), (Reason.SETTLE, [back]), (Reason.SETTLE, [struck, back]),
        (Reason.SETTLE, [back, struck, back]), (Reason.SETTLE, [replace(back, quantity=3), struck]),
        (Reason.SETTLE, [back, replace(struck, target="scrap")]), (Reason.SETTLE, [back, replace(struck, source=HERE)]),
        (Reason.SETTLE, [replace(back, permit_id=permit), struck]),
        (Reason.SETTLE, [back, replace(struck, permit_id=permit)]),
    ):  # fmt: skip
        assert not rules.sets_off(reason, moves)


def test_the_permit_a_move_needs():
    kinds = {party: rules.permit_kind(MoveDraft(BONDED, party.value, 1)) for party in CounterParty}
    assert kinds == {
        CounterParty.CUSTOMER: "release", CounterParty.SCRAP: "destruction", CounterParty.SUPPLIER: "return_abroad",
        CounterParty.ADJUSTMENT: "settlement", CounterParty.TRANSIT: None, CounterParty.CONVERSION: None,
    }  # fmt: skip
    assert rules.permit_kind(MoveDraft("customer", BONDED, 1)) == "back_into_bond"
    assert rules.permit_kind(MoveDraft(PAID, BONDED, 1)) == "back_into_bond"
    assert rules.permit_kind(MoveDraft("adjustment", BONDED, 1)) is None
    assert rules.permit_kind(MoveDraft("transit", BONDED, 1)) == "transfer_in"
    assert rules.permit_kind(MoveDraft(BONDED, PAID, 1)) is None


@pytest.mark.parametrize("name", ["warehouse_id", "owner_id", "product_id", "lot_id", "book_item_id"])
def test_both_ends_are_the_same_goods(name):
    other: dict[str, Any] = {name: uuid.uuid4()}
    with pytest.raises(ValueError, match=name):
        rules.check_moves(Reason.MOVE, [MoveDraft(HERE, replace(THERE, **other), 1)])


@pytest.mark.parametrize("change", [
    {"location_id": uuid.uuid4()}, {"handling_unit_id": uuid.uuid4()}, {"condition": "damaged"},
    {"customs_status": "bonded"},
])  # fmt: skip
def test_place_unit_condition_and_status_may_change(change):
    rules.check_moves(Reason.MOVE, [MoveDraft(HERE, replace(HERE, **change), 1)])


def test_only_conversions_use_the_conversion_party():
    for reason in Reason:
        moves = [MoveDraft(HERE, "conversion", 1), MoveDraft("conversion", THERE, 1)]
        if reason in {Reason.CONVERT, Reason.REVERSE}:
            rules.check_moves(reason, moves)
        else:
            with pytest.raises(ValueError, match="conversion"):
                rules.check_moves(reason, moves)


@given(quantities=st.lists(st.integers(1, 9), max_size=6), excess=st.integers(-2, 60))
def test_a_loss_breaks_just_enough_from_the_newest(quantities, excess):
    claims = [Claim(uuid.uuid4(), quantity) for quantity in quantities]
    broken = rules.claims_to_break(claims, excess)
    assert sum(quantity for _, quantity in broken) == max(0, min(excess, sum(quantities)))
    assert [key for key, _ in broken] == [claim.id for claim in claims[: len(broken)]]
    for (_, given_up), claim in zip(broken[:-1], claims, strict=False):
        assert given_up == claim.quantity


def test_buckets_in_every_combination_follow_the_precedence():
    combinations = itertools.product(
        (False, True), Condition, (False, True), LocationKind, (False, True), (False, True)
    )
    for held, condition, expired, kind, sellable, put_back in combinations:
        got = rules.bucket_of(
            held=held, condition=condition.value, expired=expired, location_kind=kind.value, is_sellable=sellable,
            put_back=put_back,
        )  # fmt: skip
        on_its_way = kind in {LocationKind.TOTE, LocationKind.PACKING, LocationKind.GATE}
        ranked = [
            (held, Bucket.FROZEN),
            (condition is not Condition.GOOD or expired, Bucket.UNQUALIFIED),
            (not on_its_way and not sellable, Bucket.PENDING),
            (on_its_way and put_back, Bucket.PENDING),
            (on_its_way, Bucket.OUTBOUND),
            (True, Bucket.AVAILABLE),
        ]
        assert got is next(bucket for applies, bucket in ranked if applies)


def test_losses_and_reversals_are_the_agreed_ones():
    assert {each.value for each in rules.LOSSES} == {
        "adjust", "count", "damage", "loss", "scrap", "hold", "unaccounted",
    }  # fmt: skip
    assert rules.REVERSIBLE.isdisjoint({Reason.PICK, Reason.PACK, Reason.SHIP, Reason.SCRAP, Reason.RETURN})
    assert Reason.REVERSE not in rules.REVERSIBLE
