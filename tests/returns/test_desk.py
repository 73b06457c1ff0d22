"""The returns desk: what comes back, what becomes of it, and never more than was shipped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, SERUM, Stage, in_days
from wms.outbound.models import Order
from wms.platform.database import session
from wms.returns import service
from wms.returns.models import ReturnLine, ReturnOrder
from wms.returns.service import Disposition


def announce(stage: Stage, order: Order, lines: dict[str, int], **more: Any) -> ReturnOrder:
    body = {"order": order.number, "reason": "other",
            "lines": [{"sku": sku, "quantity": units} for sku, units in lines.items()], **more}  # fmt: skip
    return stage.do(service.announce, stage.cast.acme, body)


def receive(stage: Stage, found: ReturnOrder, sku: str, units: int) -> list[ReturnLine]:
    return stage.do(service.receive, stage.cast.receiver, found.id, stage.cast.ACME.products[sku], units)


def inspect(
    stage: Stage, found: ReturnOrder, sku: str, units: int, what: Disposition, place: str | None = None
) -> ReturnOrder:
    at = stage.cast.overseas.locations[place] if place else None
    return stage.do(service.inspect, stage.cast.receiver, found.id, stage.cast.ACME.products[sku], units, what, at)


def numbers(found: ReturnOrder) -> list[tuple[int, int, int, int, int]]:
    """(announced, received, restocked, damaged, scrapped) by line."""
    session().expire_all()
    lines = session().scalars(select(ReturnLine).where(ReturnLine.return_id == found.id).order_by(ReturnLine.id))
    return [(line.announced, line.received, line.restocked, line.damaged, line.scrapped) for line in lines]


def state(found: ReturnOrder) -> str:
    session().expire_all()
    return session().get_one(ReturnOrder, found.id).state


@pytest.fixture
def order(stage: Stage) -> Order:
    """Five mugs and two cables, shipped; five mugs are left."""
    stage.stock(MUG, 10, BIN1)
    stage.stock(CABLE, 2, BIN2)
    return stage.shipped({MUG: 5, CABLE: 2})


def test_what_comes_back_is_restocked_damaged_or_scrapped(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 4})
    assert (found.state, numbers(found)) == ("announced", [(4, 0, 0, 0, 0)])
    receive(stage, found, MUG, 4)
    assert (state(found), numbers(found), stage.free(MUG)) == ("receiving", [(4, 4, 0, 0, 0)], (5, 0))
    inspect(stage, found, MUG, 2, Disposition.RESTOCK, BIN3)
    assert stage.free(MUG) == (7, 0)
    inspect(stage, found, MUG, 1, Disposition.DAMAGED)
    assert state(found) == "receiving"
    inspect(stage, found, MUG, 1, Disposition.SCRAP)
    assert (state(found), numbers(found), stage.free(MUG)) == ("completed", [(4, 4, 2, 1, 1)], (7, 0))
    held = session().execute(
        text("SELECT condition, sum(on_hand) FROM balance WHERE product_id = :p AND on_hand > 0 GROUP BY 1 ORDER BY 1"),
        {"p": stage.cast.ACME.products[MUG]},
    )
    assert [(row[0], int(row[1])) for row in held] == [("damaged", 1), ("good", 7)]


def test_restocked_goods_serve_who_waits(stage: Stage, order: Order) -> None:
    waits = stage.order({MUG: 6})
    assert waits.state == "short"
    found = announce(stage, order, {MUG: 1})
    receive(stage, found, MUG, 1)
    inspect(stage, found, MUG, 1, Disposition.RESTOCK, BIN1)
    stage.jobs()
    assert stage.state(waits) == "promised"


def test_no_more_comes_back_than_was_shipped(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 4})
    other = announce(stage, order, {MUG: 1})
    refusal = stage.refused(announce, stage, order, {MUG: 1})
    assert refusal.errors == [{"pointer": "/lines/0/quantity", "code": "more_than_shipped", "params": {"left": 0}}]
    receive(stage, found, MUG, 5)  # more than announced, yet all of it was shipped
    refusal = stage.refused(receive, stage, other, MUG, 1)
    assert (refusal.code, refusal.params) == ("more_than_shipped", {"left": 0})


def test_lines_of_one_announcement_share_what_was_shipped(stage: Stage, order: Order) -> None:
    refusal = stage.refused(
        service.announce, stage.cast.acme,
        {"order": order.number, "reason": "other", "lines": [{"sku": MUG, "quantity": 3}, {"sku": MUG, "quantity": 3}]},
    )  # fmt: skip
    assert refusal.errors == [{"pointer": "/lines/1/quantity", "code": "more_than_shipped", "params": {"left": 2}}]


def test_only_what_is_part_of_the_return_is_taken(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 1})
    assert stage.refused(receive, stage, found, CABLE, 1).code == "not_in_return"
    assert stage.refused(receive, stage, found, MUG, 0).errors[0]["pointer"] == "/quantity"
    assert stage.refused(inspect, stage, found, MUG, 1, Disposition.SCRAP).code == "return_closed"
    receive(stage, found, MUG, 1)
    assert stage.refused(inspect, stage, found, MUG, 2, Disposition.SCRAP).code == "nothing_to_inspect"
    assert stage.refused(inspect, stage, found, MUG, 1, Disposition.RESTOCK).code == "not_found"
    assert stage.refused(service.close, stage.cast.receiver, found.id).code == "still_to_inspect"


def test_goods_are_not_restocked_to_a_place_that_does_not_sell(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 1})
    receive(stage, found, MUG, 1)
    dock = session().scalar(text("SELECT id FROM location WHERE kind = 'dock' AND warehouse_id = :w"),
                            {"w": stage.cast.overseas.id})  # fmt: skip
    refusal = stage.refused(
        service.inspect, stage.cast.receiver, found.id, stage.cast.ACME.products[MUG], 1, Disposition.RESTOCK, dock
    )
    assert refusal.code == "location_wrong_kind"


@pytest.mark.parametrize("name", ["number", "reference", "id", "tracking"])
def test_an_order_is_named_as_the_seller_knows_it(stage: Stage, order: Order, name: str) -> None:
    tracking = session().scalar(text("SELECT tracking_number FROM parcel"))
    named = {"number": order.number, "reference": order.reference, "id": str(order.id), "tracking": tracking}[name]
    body = {"order": named, "reason": "other", "lines": [{"sku": MUG, "quantity": 1}]}
    assert stage.do(service.announce, stage.cast.acme, body).order_id == order.id
    refusal = stage.refused(service.announce, stage.cast.rival, body)
    assert refusal.errors[0] == {"pointer": "/order", "code": "order_unknown", "params": {}}


def test_an_order_that_has_not_left_cannot_come_back(stage: Stage) -> None:
    stage.stock(MUG, 1)
    waiting = stage.order({MUG: 1})
    assert stage.refused(announce, stage, waiting, {MUG: 1}).code == "order_not_shipped"
    assert stage.refused(service.open_unannounced, stage.cast.receiver, waiting.id).code == "order_not_shipped"


def test_an_unannounced_parcel_is_opened_once_and_closed_by_the_desk(stage: Stage, order: Order) -> None:
    found = stage.do(service.open_unannounced, stage.cast.receiver, order.id)
    assert (found.announced, numbers(found)) == (False, [(0, 0, 0, 0, 0), (0, 0, 0, 0, 0)])
    assert stage.do(service.open_unannounced, stage.cast.receiver, order.id).id == found.id
    assert stage.refused(service.close, stage.cast.receiver, found.id).code == "not_allowed_now"
    receive(stage, found, MUG, 2)
    inspect(stage, found, MUG, 2, Disposition.RESTOCK, BIN3)
    assert state(found) == "receiving"  # the parcel holds more
    receive(stage, found, CABLE, 1)
    inspect(stage, found, CABLE, 1, Disposition.SCRAP)
    stage.do(service.close, stage.cast.receiver, found.id)
    assert (state(found), stage.free(MUG)) == ("completed", (7, 0))


def test_what_was_announced_and_never_came_stays_visible(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 3})
    receive(stage, found, MUG, 1)
    inspect(stage, found, MUG, 1, Disposition.SCRAP)
    stage.do(service.close, stage.cast.receiver, found.id)
    assert (state(found), numbers(found)) == ("completed", [(3, 1, 0, 0, 1)])
    later = announce(stage, order, {MUG: 4})  # what never came may be announced again
    assert numbers(later) == [(4, 0, 0, 0, 0)]


def test_only_an_announcement_nothing_came_of_is_withdrawn(stage: Stage, order: Order) -> None:
    found = announce(stage, order, {MUG: 1})
    assert stage.do(service.cancel, stage.cast.acme, found.id, 1).state == "cancelled"
    other = announce(stage, order, {MUG: 1})
    receive(stage, other, MUG, 1)
    assert stage.refused(service.cancel, stage.cast.acme, other.id, None).code == "not_allowed_now"
    assert stage.refused(receive, stage, found, MUG, 1).code == "not_allowed_now"
    inspect(stage, other, MUG, 1, Disposition.SCRAP)


def test_each_return_settles_its_own_lots(stage: Stage) -> None:
    soon, later = in_days(200), in_days(400)
    stage.stock(SERUM, 2, BIN1, batch="E", expires_on=soon)
    first = stage.shipped({SERUM: 2})
    stage.stock(SERUM, 2, BIN2, batch="L", expires_on=later)
    second = stage.shipped({SERUM: 2})
    one, other = announce(stage, first, {SERUM: 2}), announce(stage, second, {SERUM: 2})
    receive(stage, one, SERUM, 2)
    receive(stage, other, SERUM, 2)
    inspect(stage, other, SERUM, 2, Disposition.RESTOCK, BIN3)
    rows = session().execute(
        text("SELECT lot.batch, b.on_hand FROM balance b JOIN lot ON lot.id = b.lot_id WHERE b.location_id = :bin"),
        {"bin": stage.cast.overseas.locations[BIN3]},
    )
    assert [tuple(row) for row in rows] == [("L", 2)]
    inspect(stage, one, SERUM, 2, Disposition.SCRAP)


def test_one_parcel_of_two_lots_comes_back_in_both(stage: Stage) -> None:
    soon, later = in_days(200), in_days(400)
    stage.stock(SERUM, 1, BIN1, batch="E", expires_on=soon)
    stage.stock(SERUM, 2, BIN2, batch="L", expires_on=later)
    stage_order = stage.order([{"sku": SERUM, "quantity": 1}, {"sku": SERUM, "quantity": 2}])
    stage.wave()
    stage.pick_all(stage_order)
    stage.hand_over(stage.pack(stage_order))
    found = announce(stage, stage_order, {SERUM: 3})
    receive(stage, found, SERUM, 3)
    rows = session().execute(
        text("SELECT lot.batch, b.on_hand FROM balance b JOIN lot ON lot.id = b.lot_id"
             " WHERE b.condition = 'inspect' AND b.on_hand > 0 ORDER BY 1")
    )  # fmt: skip
    assert [tuple(row) for row in rows] == [("E", 1), ("L", 2)]
    inspect(stage, found, SERUM, 3, Disposition.RESTOCK, BIN3)
    assert stage.free(SERUM) == (3, 0)


def test_a_released_bonded_parcel_comes_back_duty_paid_and_does_not_sell(stage: Stage) -> None:
    house = stage.cast.bonded
    goods = stage.stock(MUG, 3, house=house)
    order = stage.bonded_order({MUG: 2})
    stage.release(order)
    stage.wave(house=house)
    stage.pick_all(order, house)
    stage.hand_over(stage.pack(order), house)
    found = announce(stage, order, {MUG: 2})
    receive(stage, found, MUG, 2)
    place = house.locations[BIN3]
    stage.do(service.inspect, stage.cast.receiver, found.id, goods.product_id, 2, Disposition.RESTOCK, place)
    rows = session().execute(
        text("SELECT customs_status, condition, on_hand, is_sellable FROM balance WHERE location_id = :bin"),
        {"bin": place},
    )
    assert [tuple(row) for row in rows] == [("duty_paid_returned", "good", 2, False)]
    assert stage.free(MUG, house) == (1, 0)
    booked = session().scalar(text("SELECT booked FROM book_item WHERE id = :i"), {"i": goods.book_item_id})
    assert booked == 1
