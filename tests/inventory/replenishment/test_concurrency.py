"""Two devices at once, with real commits: nobody walks what another walks, and nothing is brought or reserved twice."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from tests.inventory.conftest import assert_books_balance
from tests.inventory.replenishment.house import ANN, BEN, SUE
from tests.inventory.world import make_house, make_product, make_seller, promised
from wms.catalog.models import Product
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.inventory.allocations import allocate
from wms.inventory.models import Balance
from wms.inventory.replenishment import faces, planning, service
from wms.inventory.replenishment.models import ReplenishTask
from wms.platform.database import session, transaction


class Shop:
    """One face and a hundred units in reserve, in a database of its own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            self.house, product = make_house("overseas", "UTC"), make_product(make_seller())
            self.reserve = self.house.stocked(product, 100, "storage")
            self.id, self.place, self.product_id = self.house.id, self.house.at("pick_face"), product.id
            with transaction():
                faces.set_face(SUE, self.place, self.product_id, 10, 50)

    def do(self, use_case: Any, *arguments: Any, **more: Any) -> Any:
        """One transaction; the code of a refusal, or a task's id."""
        with self.app.app_context():
            try:
                with transaction():
                    made = use_case(*arguments, **more)
                    return made.id if isinstance(made, ReplenishTask) else made
            except Refused as refusal:
                return refusal.code

    def promise(self, quantity: int) -> uuid.UUID:
        """A demand that is promised so many; its id."""
        with self.app.app_context():
            self.house.warehouse = session().get_one(Warehouse, self.id)
            return promised(self.house, session().get_one(Product, self.product_id), quantity)[0].subject_id

    def at_once(self, *calls: tuple[Any, ...]) -> list[Any]:
        gate = Barrier(len(calls))

        def run(call: tuple[Any, ...]) -> Any:
            gate.wait()
            return self.do(*call)

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    def amounts(self) -> tuple[int, int, int]:
        """(in reserve, reserved there, in the face)."""
        with self.app.app_context():
            rows = session().query(Balance).filter_by(product_id=self.product_id).all()
            there = {row.location_id: row for row in rows}
            found = there[self.reserve.location_id]
            face = there.get(self.place)
            return found.on_hand, found.allocated, 0 if face is None else face.on_hand

    def balances(self) -> None:
        with self.app.app_context():
            assert_books_balance()


@pytest.fixture
def shop(fresh_app: Flask) -> Shop:
    return Shop(fresh_app)


def test_two_people_two_plannings_and_two_hands(shop: Shop) -> None:
    """Planned twice at once: one task. Taken by two: one gets it. Brought by two scans at once: one counts."""
    made = shop.at_once((planning.plan, shop.id), (planning.plan, shop.id), (planning.plan, shop.id))
    assert sorted(each.made for each in made) == [0, 0, 1]
    assert shop.amounts() == (100, 50, 0)
    for _ in range(3):
        taken = shop.at_once((service.take_next, ANN, shop.id), (service.take_next, BEN, shop.id))
        assert sorted(str(each) == "nothing_to_replenish" for each in taken) == [False, True]
        who = ANN if taken[1] == "nothing_to_replenish" else BEN
        (task_id,) = [each for each in taken if each != "nothing_to_replenish"]
        other = BEN if who is ANN else ANN
        brought = shop.at_once(
            (service.bring, who, task_id, 5, shop.place), (service.bring, other, task_id, 5, shop.place)
        )
        assert "replenish_not_yours" in brought
        shop.do(service.put_back, who, task_id)
    assert shop.amounts() == (85, 35, 15)
    taken_id = shop.do(service.take_next, ANN, shop.id)
    both = shop.at_once((service.bring, ANN, taken_id, 35, shop.place), (service.bring, ANN, taken_id, 35, shop.place))
    assert sorted(str(each) for each in both) == sorted([str(taken_id), "replenish_gone"])
    assert shop.amounts() == (50, 0, 50)
    shop.balances()


def test_bringing_against_cancelling_planning_and_waves(shop: Shop) -> None:
    """Whatever comes first, no deadlock, nothing lost, nothing reserved that nobody fetches."""
    for number in range(6):
        shop.do(planning.plan, shop.id)
        task_id = shop.do(service.take_next, ANN, shop.id)
        ending = (service.report_short, ANN, task_id) if number == 5 else (service.cancel, SUE, task_id)
        shop.at_once(
            (service.bring, ANN, task_id, 3, shop.place), ending, (planning.plan, shop.id),
            (allocate, shop.id, "demand", [shop.promise(2)]),
        )  # fmt: skip
        reserve, _claimed, there = shop.amounts()
        assert reserve + there == 100
        shop.balances()
