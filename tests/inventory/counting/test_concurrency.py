"""A count and a posting at the same instant, with real commits: the count waits for the posting, and sees it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from flask import Flask

from tests.inventory.counting.people import ANN, BEN, SUE, goods_of
from tests.inventory.world import make_house, make_product, make_seller, move
from wms.core.refusals import Refused
from wms.inventory.counting import planning, service
from wms.platform.database import session, transaction


def test_a_posting_under_way_is_waited_for_and_counted_again(fresh_app: Flask):
    with fresh_app.app_context():
        house, product = make_house("overseas", "UTC"), make_product(make_seller())
        stock = house.stocked(product, 10)
        away = replace(stock, location_id=house.at("bin2"))
        warehouse_id, place = house.id, house.at("storage")
        with transaction():
            planning.plan_bins(SUE, warehouse_id, [place])
        with transaction():
            task_id = service.take(ANN, warehouse_id, place).id
        with transaction():
            service.tally(ANN, task_id, goods_of(stock), 10)
    posted, may_commit, found = threading.Event(), threading.Event(), []

    def carry() -> None:
        with fresh_app.app_context(), transaction():
            move(stock, away, 3)
            posted.set()
            assert may_commit.wait(20)

    def count() -> None:
        with fresh_app.app_context(), transaction():
            found.append(service.finish(ANN, task_id).again)

    carrier, counter = threading.Thread(target=carry), threading.Thread(target=count)
    carrier.start()
    assert posted.wait(20)
    counter.start()
    counter.join(0.5)
    waited = counter.is_alive()
    may_commit.set()
    carrier.join()
    counter.join()
    assert (waited, found) == (True, [[goods_of(stock)]])


def test_two_people_at_one_bin_and_two_plans_of_it(fresh_app: Flask):
    """One of them counts it; one of the plans has it."""
    with fresh_app.app_context():
        house, product = make_house("overseas", "UTC"), make_product(make_seller())
        house.stocked(product, 10)
        warehouse_id, place = house.id, house.at("storage")
        session().commit()
    start = threading.Barrier(2)
    told: list[Any] = []

    def attempt(call: Any, *arguments: Any) -> None:
        with fresh_app.app_context():
            start.wait(20)
            try:
                with transaction():
                    call(*arguments)
                told.append("done")
            except Refused as refusal:
                told.append(refusal.code)

    for pair in (
        [(planning.plan_bins, SUE, warehouse_id, [place])] * 2,
        [(service.take, who, warehouse_id, place) for who in (ANN, BEN)],
    ):
        threads = [threading.Thread(target=attempt, args=each) for each in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(told[:2]) == ["done", "nothing_to_count"]
    assert sorted(told[2:]) == ["count_taken", "done"]
