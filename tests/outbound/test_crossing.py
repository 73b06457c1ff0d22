"""Cross-dock: which waiting orders arriving goods complete, and what then happens to them."""

from __future__ import annotations

import itertools
import uuid

import pytest

from tests.outbound.stage import BIN1, CABLE, MUG, Stage
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.customs import service as customs
from wms.facility.models import Location, LocationKind, Warehouse
from wms.facility.queries import system_location
from wms.inventory import service as inventory
from wms.outbound.rules import Waiting, served_by
from wms.outbound.service.crossing import Awaited, awaited
from wms.platform.database import session, transaction

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


def served(arriving: int, *wants: dict[uuid.UUID, int], ahead: int = 0, **free: int) -> list[tuple[str, int]]:
    orders = [Waiting(str(number), each) for number, each in enumerate(wants)]
    known = {ONE: free.get("one", 0), OTHER: free.get("other", 0)}
    return [(order.number, units) for order, units in served_by(ONE, arriving, orders, known, ahead)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (served(10, {ONE: 3}, {ONE: 4}), [("0", 3), ("1", 4)]),
        (served(6, {ONE: 3}, {ONE: 4}, {ONE: 2}), [("0", 3), ("2", 2)]),  # one that would still lack keeps nothing
        (served(5, {ONE: 3, OTHER: 1}), []),
        (served(5, {ONE: 3, OTHER: 1}, {ONE: 5}, other=0), [("1", 5)]),
        (served(5, {ONE: 3, OTHER: 1}, other=1), [("0", 3)]),
        (served(5, {ONE: 2, OTHER: 1}, {ONE: 2, OTHER: 1}, other=1), [("0", 2)]),
        (served(5, {ONE: 3}, one=2), [("0", 1)]),  # what is free already is theirs first
        (served(5, {ONE: 3}, one=-2), [("0", 3)]),
        (served(5, {ONE: 3}, ahead=3), []),
        (served(5, {ONE: 3}, {ONE: 3}, ahead=3), [("1", 3)]),
        (served(5), []),
    ],
)
def test_who_gets_what(found: list[tuple[str, int]], expected: list[tuple[str, int]]) -> None:
    assert found == expected


def test_no_more_is_given_than_arrives_and_no_order_more_than_it_wants() -> None:
    for arriving, first, second, free, ahead in itertools.product(
        range(5), range(1, 4), range(1, 4), range(3), range(3)
    ):
        found = dict(served(arriving, {ONE: first}, {ONE: second}, one=free, ahead=ahead))
        assert sum(found.values()) <= arriving
        assert all(found.get(str(number), 0) <= wanted for number, wanted in enumerate((first, second)))


def waiting(stage: Stage, sku: str, quantity: int) -> Awaited:
    return stage.do(awaited, stage.cast.overseas.id, stage.cast.ACME.id, stage.cast.ACME.products[sku], quantity)


def test_the_most_urgent_and_oldest_come_first(stage: Stage) -> None:
    assert waiting(stage, MUG, 5) == Awaited()
    first = stage.order({MUG: 4})
    second = stage.order({MUG: 3}, priority=5)
    assert waiting(stage, MUG, 3) == Awaited(3, second.number, 1)
    assert waiting(stage, MUG, 6) == Awaited(3, second.number, 1)
    assert waiting(stage, MUG, 24) == Awaited(7, second.number, 2)
    assert first.number != second.number
    rival = stage.cast.RIVAL
    assert stage.do(awaited, stage.cast.overseas.id, rival.id, rival.products[MUG], 5) == Awaited()


def test_an_order_that_lacks_something_else_is_not_led_past_the_shelf(stage: Stage) -> None:
    order = stage.order({MUG: 2, CABLE: 1})
    assert waiting(stage, MUG, 5) == Awaited()
    stage.stock(CABLE, 1, BIN1)
    stage.jobs()
    assert waiting(stage, MUG, 5) == Awaited(2, order.number, 1)


def test_orders_that_name_their_goods_are_not_led(stage: Stage) -> None:
    stage.order([{"sku": MUG, "quantity": 2, "condition": "damaged"}])
    assert waiting(stage, MUG, 5) == Awaited()


def test_in_bond_only_what_customs_has_booked_crosses_the_dock(stage: Stage) -> None:
    house, product_id = stage.cast.bonded, stage.cast.ACME.products[MUG]

    def led() -> Awaited:
        return stage.do(awaited, house.id, stage.cast.ACME.id, product_id, 5)

    order = stage.bonded_order({MUG: 2})
    assert led() == Awaited(unbooked=True)
    with transaction():
        warehouse, product = session().get_one(Warehouse, house.id), session().get_one(Product, product_id)
        arrived = inventory.goods(warehouse, product, system_location(house.id, LocationKind.DOCK).id)
        item = str(product.customs_item_number)
    stage.do(inventory.receive, SYSTEM, arrived, 5, inventory.Subject("test", None))
    assert led() == Awaited(unbooked=True)
    stage.do(customs.record_book_receipt, stage.cast.customs_clerk, house.id, item, "QD-1", 1)
    assert led() == Awaited(unbooked=True)  # one would not complete it
    stage.do(customs.record_book_receipt, stage.cast.customs_clerk, house.id, item, "QD-2", 3)
    assert led() == Awaited(2, order.number, 1)
    stage.do(inventory.relocate, SYSTEM, arrived, house.locations[BIN1], 2, inventory.Subject("test", None))
    stage.jobs()
    assert stage.state(order) in ("promised", "awaiting_customs")
    assert led() == Awaited()


def test_what_crosses_the_dock_is_promised_and_picked_from_there(stage: Stage) -> None:
    place = stage.cast.overseas.locations[BIN1]
    session().get_one(Location, place).kind = "cross_dock"
    session().commit()
    order = stage.order({MUG: 2})
    assert stage.state(order) == "short"
    stage.stock(MUG, 2, BIN1)
    assert waiting(stage, MUG, 22) == Awaited()  # free for it, although no job has promised it yet
    stage.jobs()
    assert stage.state(order) == "promised"
    stage.stock(MUG, 20, "A-01-02-1", days_old=9)
    stage.wave()
    assert [stop.location_id for stop in stage.tasks(order)] == [place]
