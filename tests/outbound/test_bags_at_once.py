"""Two hands on one bag, or on one parcel of it, at the same moment: one of them is first, and nothing leaves twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.outbound.stage import MUG, Stage
from tests.outbound.test_bags import bag, close, exits, filled, load, parcel, put
from tests.outbound.test_concurrency import at_once, command
from wms.outbound.service import bagging, handover, interceptions, orders
from wms.platform.database import session
from wms.shipping import loads
from wms.shipping import service as shipping

ROUNDS = 3
Hands = tuple[Callable[[], str], Callable[[], str], Callable[[], None]]


def two_orders(stage: Stage) -> tuple[Any, list[str]]:
    made = [stage.packed({MUG: 1}) for _ in range(2)]
    return made[0][0], [number for _, number in made]


def closed(stage: Stage, numbers: list[str]) -> uuid.UUID:
    bag_id = filled(stage, *numbers)
    close(stage, bag_id)
    return bag_id


def loaded_twice(stage: Stage) -> Hands:
    _, numbers = two_orders(stage)
    bag_id, picker = closed(stage, numbers), stage.cast.picker
    loading = command(stage, picker, lambda: bagging.load(picker, bag_id))
    before = exits()

    def after() -> None:
        assert exits() == before + 2
        assert bag(bag_id).state == "loaded"

    return loading, command(stage, picker, lambda: bagging.load(picker, bag_id)), after


def loaded_and_cancelled(stage: Stage) -> Hands:
    order, numbers = two_orders(stage)
    bag_id, picker, key, seller = closed(stage, numbers), stage.cast.picker, order.id, stage.cast.acme
    before = exits()

    def after() -> None:
        gone = bag(bag_id).state == "loaded"
        assert (exits() == before + 2) == gone
        assert stage.state(order) == ("shipped" if gone else "cancelled")

    loading = command(stage, picker, lambda: bagging.load(picker, bag_id))
    return loading, command(stage, seller, lambda: orders.cancel_order(seller, key, None, "buyer_cancelled")), after


def loaded_and_intercepted(stage: Stage) -> Hands:
    order, numbers = two_orders(stage)
    bag_id, picker, key, seller = closed(stage, numbers), stage.cast.picker, order.id, stage.cast.acme

    def after() -> None:
        unit = parcel(numbers[0]).handling_unit_id
        assert stage.do(interceptions.catch, picker, unit) == interceptions.Caught(0)
        assert stage.state(order) == "cancelled"
        assert [each.tracking_number for each in loads.bag_parcels(bag_id)] == [numbers[1]]

    asking = command(stage, seller, lambda: interceptions.request_interception(seller, key, "other"))
    return command(stage, picker, lambda: bagging.load(picker, bag_id)), asking, after


def loaded_and_taken_out(stage: Stage) -> Hands:
    _, numbers = two_orders(stage)
    bag_id, picker, key = closed(stage, numbers), stage.cast.picker, parcel(numbers[0]).id
    before = exits()

    def after() -> None:
        if bag(bag_id).state == "loaded":
            assert exits() == before + 2
        else:
            assert (bag(bag_id).state, exits(), len(loads.bag_parcels(bag_id))) == ("open", before, 1)

    loading = command(stage, picker, lambda: bagging.load(picker, bag_id))
    return loading, command(stage, picker, lambda: shipping.take_out_of_bag(picker, key)), after


def one_parcel_into_two_bags(stage: Stage) -> Hands:
    (_, numbers), (_, lone) = two_orders(stage), stage.packed({MUG: 1})
    one, two = put(stage, numbers[0]), put(stage, numbers[1])
    picker, house = stage.cast.picker, stage.cast.overseas.id

    def after() -> None:
        assert sorted(len(loads.bag_parcels(each)) for each in (one, two)) == [1, 2]

    return (
        command(stage, picker, lambda: bagging.put_in(picker, house, lone, one)),
        command(stage, picker, lambda: bagging.put_in(picker, house, lone, two)),
        after,
    )


def bagged_and_handed_over(stage: Stage) -> Hands:
    _, number = stage.packed({MUG: 1})
    picker, house, before = stage.cast.picker, stage.cast.overseas.id, exits()

    def after() -> None:
        row = parcel(number)
        assert (row.state == "handed_over") == (row.bag_id is None)
        assert exits() == before + (row.state == "handed_over")

    return (
        command(stage, picker, lambda: bagging.put_in(picker, house, number, None)),
        command(stage, picker, lambda: handover.hand_over(picker, house, number)),
        after,
    )


def put_in_and_closed(stage: Stage) -> Hands:
    (_, first), (_, second) = stage.packed({MUG: 1}), stage.packed({MUG: 1})
    bag_id, picker, house = put(stage, first), stage.cast.picker, stage.cast.overseas.id
    grams = sum(each.weight_g for each in loads.bag_parcels(bag_id))
    session().rollback()

    def after() -> None:
        inside = sum(each.weight_g for each in loads.bag_parcels(bag_id))
        assert bag(bag_id).state == ("closed" if inside == grams else "open")  # never closed with what was not weighed

    return (
        command(stage, picker, lambda: bagging.put_in(picker, house, second, bag_id)),
        command(stage, picker, lambda: bagging.close(picker, bag_id, grams + 90)),
        after,
    )


# What one of the two may be told when the other was first.
LOSES: dict[Callable[[Stage], Hands], set[str]] = {
    loaded_twice: {"done"},
    loaded_and_cancelled: {"done", "bag_cancelled", "cancel_too_late"},
    loaded_and_intercepted: {"done", "bag_intercepted"},
    loaded_and_taken_out: {"done", "bag_changed", "bag_open", "parcel_gone"},
    one_parcel_into_two_bags: {"done", "parcel_in_bag"},
    bagged_and_handed_over: {"done", "parcel_in_bag", "not_packed"},
    put_in_and_closed: {"done", "bag_closed", "bag_weight_off"},
}


@pytest.mark.parametrize("hands", LOSES, ids=lambda hands: hands.__name__)
def test_one_of_them_is_first(floor: Stage, fresh_app: Flask, hands: Callable[[Stage], Hands]) -> None:
    floor.stock(MUG, 3 * ROUNDS)
    for _ in range(ROUNDS):
        first, second, after = hands(floor)
        session().rollback()
        told: list[Any] = at_once(fresh_app, first, second)
        assert set(told) <= LOSES[hands], told
        assert "done" in told
        after()
        session().rollback()


def test_two_bags_with_parcels_of_the_same_orders_go_at_once(floor: Stage, fresh_app: Flask) -> None:
    """Each order has a parcel in each bag: both lock the same orders, one after the other, and each order is shipped once."""
    floor.stock(MUG, 6)
    made = [floor.packed_in_two({MUG: 2}) for _ in range(3)]
    bags = [closed(floor, [numbers[each] for _, numbers in made]) for each in (0, 1)]
    picker = floor.cast.picker
    told = at_once(fresh_app, *(command(floor, picker, lambda key=key: bagging.load(picker, key)) for key in bags))
    assert told == ["done", "done"]
    assert [floor.state(order) for order, _ in made] == ["shipped"] * 3
    shipped = "SELECT count(*) FROM event WHERE name = 'order.shipped'"
    assert (exits(), session().scalar(text(shipped))) == (6, 3)
    assert load(floor, bags[0]).already
