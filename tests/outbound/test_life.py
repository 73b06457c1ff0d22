"""One order's whole life, as it should go."""

from __future__ import annotations

from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, Stage
from wms.outbound.models import Order
from wms.platform.database import session


def test_an_order_goes_from_promise_to_the_carrier(stage: Stage) -> None:
    mugs = stage.stock(MUG, 10, BIN1)
    cables = stage.stock(CABLE, 30, BIN2)
    order = stage.order({MUG: 2, CABLE: 15})
    assert (order.state, stage.free(MUG), stage.free(CABLE)) == ("promised", (10, 2), (30, 15))

    stage.wave()
    assert stage.state(order) == "waved"
    assert (stage.amounts(mugs), stage.amounts(cables)) == ((10, 2), (30, 15))
    assert [(task.quantity, task.state) for task in stage.tasks(order)] == [(2, "open"), (15, "open")]

    stage.pick_all(order)
    assert stage.state(order) == "picked"
    assert (stage.amounts(mugs), stage.free(MUG)) == ((8, 0), (8, 0))

    number = stage.pack(order)
    assert (stage.state(order), stage.parcel(order).state) == ("packed", "closed")

    assert stage.hand_over(number).already is False
    assert stage.state(order) == "shipped"
    assert [each.shipped for each in stage.demands(order)] == [2, 15]
    left = session().scalar(
        text("SELECT sum(on_hand) FROM balance WHERE product_id = :p"), {"p": stage.cast.ACME.products[MUG]}
    )
    assert left == 8

    assert stage.hand_over(number).already is True
    assert session().get_one(Order, order.id).tote_id is None
    assert len(stage.totes()) == 4


def test_a_bonded_order_waits_for_customs_and_leaves_under_its_permit(stage: Stage) -> None:
    house = stage.cast.bonded
    goods = stage.stock(MUG, 5, BIN1, house=house)
    book = "SELECT booked, unbooked, promised FROM book_item WHERE id = :id"
    item = {"id": goods.book_item_id}
    assert tuple(session().execute(text(book), item).one()) == (5, 0, 0)

    order = stage.bonded_order({MUG: 3})
    assert (order.state, order.customs_state) == ("promised", "waiting")  # NGB1 may pick before release
    assert tuple(session().execute(text(book), item).one()) == (5, 0, 3)
    stage.wave(house=house)
    stage.pick_all(order, house)
    assert stage.state(order) == "picked"

    refusal = stage.refused(stage.pack, order)
    assert refusal.code == "customs_not_released"
    stage.release(order)
    number = stage.pack(order)
    stage.hand_over(number, house)
    assert stage.state(order) == "shipped"
    assert tuple(session().execute(text(book), item).one()) == (2, 0, 0)
    assert tuple(session().execute(text("SELECT quantity, used FROM permit")).one()) == (3, 3)
