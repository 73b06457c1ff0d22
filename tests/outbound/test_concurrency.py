"""The same thing at the same time, with real threads on a database of its own."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import SeparateRequests
from tests.outbound.stage import BIN1, MUG, Stage, body
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.outbound.models import Order
from wms.outbound.service import handover, orders, picking, waves
from wms.platform.commands import Done, command_for, execute
from wms.platform.database import session

PATH = "/api/v1/orders"


def at_once(app: Flask, *calls: Callable[[], Any]) -> list[Any]:
    """Run the calls in threads that start together; their results in order. A fault of one is raised."""
    session().rollback()
    gate = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait()
            try:
                results[index] = call()
            except BaseException as fault:  # noqa: BLE001 - handed to the test below
                results[index] = fault
            session().close()

    threads = [threading.Thread(target=run, args=row) for row in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for each in results:
        if isinstance(each, BaseException) and not isinstance(each, Refused):
            raise each
    session().expire_all()
    return results


def command(stage: Stage, actor: Any, use_case: Callable[[], Any], key: str | None = None) -> Callable[[], str]:
    """A command that runs as the platform runs it; its outcome in a word."""

    def call() -> str:
        outcome = execute(command_for(actor, key or str(new_id()), "test", None), use_case, lambda _: {"done": True})
        return "done" if isinstance(outcome, Done) else outcome.code

    return call


def test_two_clients_at_the_last_unit_fifty_times(floor: Stage, fresh_app: Flask) -> None:
    stage = floor
    tried: Counter[tuple[str, ...]] = Counter()
    for round_number in range(50):
        stage.stock(MUG, 1)
        clients = [SeparateRequests(fresh_app, fresh_app.response_class) for _ in range(2)]

        def call(client: Any) -> str:
            answer: Any = stage.cast.api(client).post(PATH, body({MUG: 1}))
            assert answer.status_code == 201, answer.json
            return str(answer.json["state"])

        states = at_once(fresh_app, *(lambda client=client: call(client) for client in clients))
        tried[tuple(sorted(states))] += 1
        assert stage.free(MUG) == (round_number + 1, round_number + 1)
        # who lost must not take the next round's unit
        session().execute(text("DELETE FROM awaited_stock"))
        session().execute(text("UPDATE outbound_order SET state = 'cancelled' WHERE state = 'short'"))
        session().commit()
    assert tried == {("promised", "short"): 50}


def test_the_same_command_five_times_at_once_happens_once(floor: Stage, fresh_app: Flask) -> None:
    floor.stock(MUG, 5)
    sent, key = body({MUG: 1}), str(new_id())

    def call() -> tuple[int, str]:
        client = SeparateRequests(fresh_app, fresh_app.response_class)
        answer: Any = floor.cast.api(client).post(PATH, sent, key=key)
        return answer.status_code, answer.json["id"]

    answers = at_once(fresh_app, *[call] * 5)
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert (session().query(Order).count(), floor.free(MUG)) == (1, (5, 1))


def test_one_reference_from_five_clients_makes_one_order(floor: Stage, fresh_app: Flask) -> None:
    floor.stock(MUG, 5)
    sent = body({MUG: 1})

    def call() -> int:
        client = SeparateRequests(fresh_app, fresh_app.response_class)
        return floor.cast.api(client).post(PATH, sent).status_code

    assert Counter(at_once(fresh_app, *[call] * 5)) == {201: 1, 409: 4}
    assert (session().query(Order).count(), floor.free(MUG)) == (1, (5, 1))


def test_stock_that_comes_while_an_order_is_refused_is_never_missed(floor: Stage, fresh_app: Flask) -> None:
    stage = floor
    for _ in range(15):
        order_id, _ = at_once(fresh_app, lambda: stage.order({MUG: 1}).id, lambda: stage.stock(MUG, 1))
        stage.jobs()
        assert session().get_one(Order, order_id, populate_existing=True).state == "promised"


@pytest.mark.parametrize("round_number", range(6))
def test_cancel_and_wave_at_once(floor: Stage, fresh_app: Flask, round_number: int) -> None:
    stage = floor
    stage.stock(MUG, 2)
    order, other = stage.order({MUG: 1}), stage.order({MUG: 1})
    cast, order_id = stage.cast, order.id
    cancelled, waved = at_once(
        fresh_app,
        command(stage, cast.acme, lambda: orders.cancel_order(cast.acme, order_id, None, "other")),
        command(stage, cast.supervisor, lambda: waves.release_wave(cast.supervisor, cast.overseas.id)),
    )
    assert (cancelled, waved) == ("done", "done")
    stage.jobs()
    assert (stage.state(order), stage.state(other), stage.free(MUG)) == ("cancelled", "waved", (2, 1))
    assert {task.state for task in stage.tasks(order)} <= {"cancelled"}


@pytest.mark.parametrize("round_number", range(6))
def test_cancel_and_pick_at_once(floor: Stage, fresh_app: Flask, round_number: int) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2})
    stage.wave()
    stage.take()
    stage.tote(order)
    task, order_id = stage.tasks(order)[0].id, order.id
    cancelled, picked = at_once(
        fresh_app,
        command(stage, cast.acme, lambda: orders.cancel_order(cast.acme, order_id, None, "other")),
        command(stage, cast.picker, lambda: picking.pick(cast.picker, task, 2)),
    )
    assert cancelled == "done"
    assert picked in {"done", "order_cancelled"}
    assert stage.state(order) == "cancelled"
    assert stage.put_back_all(order) == (2 if picked == "done" else 0)
    assert (stage.free(MUG), len(stage.totes())) == ((2, 0), 4)


def test_two_scans_of_one_parcel_at_the_gate(floor: Stage, fresh_app: Flask) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 5, BIN1)
    for _ in range(5):
        order, number = stage.packed({MUG: 1})

        def scan(number: str = number) -> bool:
            return stage.do(handover.hand_over, cast.picker, cast.overseas.id, number).already

        assert sorted(at_once(fresh_app, *[scan] * 3)) == [False, True, True]
        assert stage.state(order) == "shipped"
    assert session().scalar(text("SELECT sum(quantity) FROM stock_move WHERE to_party = 'customer'")) == 5


def test_one_pick_twice_at_once_takes_the_units_once(floor: Stage, fresh_app: Flask) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2})
    stage.wave()
    stage.take()
    stage.tote(order)
    task = stage.tasks(order)[0].id
    key = str(new_id())
    same = command(stage, cast.picker, lambda: picking.pick(cast.picker, task, 1), key)
    assert at_once(fresh_app, *[same] * 4) == ["done"] * 4
    assert stage.demands(order)[0].picked == 1
    other = command(stage, cast.picker, lambda: picking.pick(cast.picker, task, 1))
    assert sorted(at_once(fresh_app, *[other] * 3)) == ["done", "task_done", "task_done"]
    assert (stage.demands(order)[0].picked, stage.state(order)) == (2, "picked")


def test_two_pickers_ask_for_work_at_once_and_get_different_walks(floor: Stage, fresh_app: Flask) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 2)
    for _ in range(2):
        stage.order({MUG: 1})
        stage.wave()

    def take(actor: Any) -> Callable[[], Any]:
        def call() -> Any:
            batch = stage.do(picking.take_batch, actor, cast.overseas.id)
            return None if batch is None else batch.id

        return call

    taken = at_once(fresh_app, take(cast.picker), take(cast.receiver))
    assert None not in taken
    assert taken[0] != taken[1]


def test_the_last_stops_of_a_walk_at_once_end_it(floor: Stage, fresh_app: Flask) -> None:
    stage, cast = floor, floor.cast
    stage.stock(MUG, 6)
    made = [stage.order({MUG: 1}) for _ in range(3)]
    wave = stage.wave()
    stage.take()
    for order in made:
        stage.tote(order)
    tasks = [stage.tasks(order)[0].id for order in made]
    picks = [command(stage, cast.picker, partial(picking.pick, cast.picker, task, 1)) for task in tasks]
    assert at_once(fresh_app, *picks) == ["done"] * 3
    stage.jobs()
    states = session().execute(text("SELECT b.state, w.state FROM pick_batch b JOIN wave w ON w.id = b.wave_id"
                                    " WHERE w.id = :id"), {"id": wave.id}).one()  # fmt: skip
    assert tuple(states) == ("done", "done")


def test_two_returns_of_one_order_at_once_bring_back_no_more_than_left(floor: Stage, fresh_app: Flask) -> None:
    from wms.returns import service as returns

    stage, cast = floor, floor.cast
    stage.stock(MUG, 3)
    order = stage.shipped({MUG: 3})

    order_id = order.id
    sent = {"order": str(order_id), "reason": "other", "lines": [{"sku": MUG, "quantity": 2}]}
    both = at_once(fresh_app, *[command(stage, cast.acme, lambda: returns.announce(cast.acme, sent))] * 2)
    assert sorted(both) == ["done", "invalid_input"]
    mug = cast.ACME.products[MUG]
    opened = at_once(fresh_app, *[lambda: stage.do(returns.open_unannounced, cast.receiver, order_id).id] * 2)
    assert opened[0] == opened[1]
    receive = command(stage, cast.receiver, lambda: returns.receive(cast.receiver, opened[0], mug, 2))
    assert sorted(at_once(fresh_app, *[receive] * 2)) == ["done", "more_than_shipped"]
