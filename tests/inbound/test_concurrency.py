"""Two devices at once, the same scan twice, and what a count and a putaway cost; commits are real here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.inbound.dock import CABLE, MUG, RED, announce, bins, deliver, draft, line, sellable, stock
from tests.sent import statements
from wms.catalog import service as catalog
from wms.cli import audit
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.facility.models import LocationKind
from wms.inbound import service
from wms.inbound.models import Carton
from wms.inbound.service import CountDraft
from wms.platform.commands import Done, Outcome, command_for, execute
from wms.platform.database import commit, db


def run(app: Flask, actor: Actor, name: str, use_case: Any, key: str | None = None) -> Outcome:
    """A command in a context of its own, as a request runs it."""
    with app.app_context():
        return execute(command_for(actor, key or str(new_id()), name, None), use_case, lambda _: {"ok": True})


def at_once(app: Flask, jobs: Sequence[tuple[Actor, Any, str | None]]) -> list[Outcome]:
    """Commands that start in the same moment on connections of their own."""
    barrier = Barrier(len(jobs))

    def work(job: tuple[Actor, Any, str | None]) -> Outcome:
        barrier.wait()
        return run(app, job[0], "test", job[1], job[2])

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))


@pytest.fixture
def books_balance(fresh_app) -> Iterator[None]:
    yield
    with fresh_app.app_context():
        result = audit()
    assert [check for check in result["checks"] if check["violations"]] == []


def codes(outcomes: list[Outcome]) -> list[str]:
    return sorted("done" if isinstance(each, Done) else each.code for each in outcomes)


def test_two_devices_count_the_same_carton(cast, fresh_app, books_balance):
    """Every count counts once, and none is lost, however they interleave; the surplus is seen by one of them."""
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    with fresh_app.app_context():
        found = deliver(cast.acme, cast.receiver, {MUG: 30, RED: 8})
    scans = [(cast.receiver, mug), (cast.picker, mug), (cast.picker, red)] * 8

    def scan(actor: Actor, product: uuid.UUID) -> Any:
        return lambda: service.count(actor, found.carton, product, 1)

    jobs = [(actor, scan(actor, product), None) for actor, product in scans]
    outcomes = [outcome for start in range(0, len(jobs), 4) for outcome in at_once(fresh_app, jobs[start : start + 4])]
    assert codes(outcomes) == ["done"] * 24
    with fresh_app.app_context():
        assert (line(found.carton, mug)[1], line(found.carton, red)[1]) == (16, 8)
        assert stock(mug) == {("DOCK", "good", False): 16}
        assert found.states() == ["counting"]


def test_the_same_scan_sent_twice_counts_once(cast, fresh_app, books_balance):
    mug = cast.ACME.products[MUG]
    with fresh_app.app_context():
        found = deliver(cast.acme, cast.receiver, {MUG: 30})
    key = str(new_id())
    scan = (cast.receiver, lambda: service.count(cast.receiver, found.carton, mug, 7), key)
    outcomes = at_once(fresh_app, [scan, scan, scan])
    assert codes(outcomes) == ["done"] * 3
    assert sorted(each.replayed for each in outcomes) == [False, True, True]
    with fresh_app.app_context():
        assert stock(mug) == {("DOCK", "good", False): 7}


def test_counting_and_closing_at_once_leave_a_true_difference(cast, fresh_app, books_balance):
    mug = cast.ACME.products[MUG]
    for _ in range(5):
        with fresh_app.app_context():
            found = deliver(cast.acme, cast.receiver, {MUG: 2})
            service.count(cast.receiver, found.carton, mug, 1)
            db.session.commit()
        outcomes = at_once(fresh_app, [
            (cast.receiver, lambda carton=found.carton: service.count(cast.receiver, carton, mug, 1), None),
            (cast.picker, lambda carton=found.carton: service.close_carton(cast.picker, carton), None),
        ])  # fmt: skip
        with fresh_app.app_context():
            counted = line(found.carton, mug)[1]
            assert found.differences() == ({"short": 1} if counted == 1 else {})
            assert codes(outcomes) == (["done", "not_allowed_now"] if counted == 1 else ["done", "done"])


def test_two_people_arrive_with_one_carton(cast, fresh_app, books_balance):
    with fresh_app.app_context():
        found = announce(cast.acme, {MUG: 1}, {MUG: 1})
        barcode = db.session.get_one(Carton, found.carton).barcode
    arrive = (cast.receiver, lambda: service.arrive_carton(cast.receiver, barcode), None)
    assert codes(at_once(fresh_app, [arrive, arrive])) == ["done", "not_allowed_now"]


def test_one_bin_is_not_filled_twice(cast, fresh_app, books_balance):
    """Ten mugs fit; two people bring seven each from cartons of different sellers' bookings."""
    mug = cast.ACME.products[MUG]
    with fresh_app.app_context():
        small = bins(cast.overseas.id, "S", LocationKind.STORAGE, max_weight_g=3_200)["S-1"]
        cartons = []
        for _ in range(2):
            found = deliver(cast.acme, cast.receiver, {MUG: 7})
            for use_case in (lambda carton=found.carton: service.count(cast.receiver, carton, mug, 7),
                             lambda carton=found.carton: service.close_carton(cast.receiver, carton)):  # fmt: skip
                use_case()
                db.session.commit()
            cartons.append(found.carton)
    outcomes = at_once(fresh_app, [
        (cast.picker, lambda carton=carton: service.put_away(cast.picker, carton, mug, 7, small), None)
        for carton in cartons
    ])  # fmt: skip
    assert codes(outcomes) == ["done", "location_full"]
    with fresh_app.app_context():
        assert sellable(mug) == 7


def test_two_bookings_with_one_reference(cast, fresh_app, books_balance):
    create = (cast.acme, lambda: service.create_booking(cast.acme, draft({MUG: 1}, reference="TWICE")), None)
    assert codes(at_once(fresh_app, [create, create, create])) == ["done", "reference_taken", "reference_taken"]


def cost(use_case: Any) -> list[str]:
    with statements() as sent:
        use_case()
    db.session.commit()
    return sent


def test_what_a_count_and_a_putaway_cost(cast, fresh_app, books_balance, record_property):
    """Upper bounds in statements; a count into a row that exists already is the cheap one."""
    mug, red, cable = (cast.ACME.products[sku] for sku in (MUG, RED, CABLE))
    with fresh_app.app_context():
        found = deliver(cast.acme, cast.receiver, {MUG: 30, RED: 8, CABLE: 50})
        bin_id = cast.overseas.locations["A-01-01-1"]
        carton = found.carton
        costs = {
            "first count of a carton": cost(lambda: service.count(cast.receiver, carton, mug, 10)),
            "first count of a line": cost(lambda: service.count(cast.receiver, carton, red, 8)),
            "further count of a line": cost(lambda: service.count(cast.receiver, carton, mug, 10)),
            "count beyond the declaration": cost(lambda: service.count(cast.receiver, carton, mug, 11)),
            "two lines in one act": cost(
                lambda: service.count_many(
                    cast.receiver, carton, [CountDraft(cable, 50), CountDraft(red, 1, "damaged")]
                )
            ),
            "close": cost(lambda: service.close_carton(cast.receiver, carton)),
            "first putaway": cost(lambda: service.put_away(cast.picker, carton, mug, 10, bin_id)),
            "further putaway": cost(lambda: service.put_away(cast.picker, carton, mug, 10, bin_id)),
        }
    for name, sent in costs.items():
        record_property(name, len(sent))
    bounds = {"further count of a line": 7, "first count of a line": 11, "first count of a carton": 14,
              "two lines in one act": 14, "further putaway": 13}  # fmt: skip
    over = {name: costs[name] for name, bound in bounds.items() if len(costs[name]) > bound}
    assert over == {}


def test_a_refused_count_leaves_nothing(cast, fresh_app, books_balance):
    with fresh_app.app_context():
        found = deliver(cast.acme, cast.receiver, {MUG: 1})
        before = found.booking.version
    outcome = run(fresh_app, cast.receiver, "count",
                  lambda: service.count(cast.receiver, found.carton, uuid.uuid4(), 1))  # fmt: skip
    assert isinstance(outcome, Refused)
    with fresh_app.app_context():
        assert found.booking.version == before
        assert db.session.execute(text("SELECT count(*) FROM receipt")).scalar_one() == 0


def test_two_who_count_a_carton_as_declared_count_it_once(cast, fresh_app, books_balance):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    with fresh_app.app_context():
        carton = deliver(cast.acme, cast.receiver, {MUG: 30, RED: 8}).carton
    whole = (cast.receiver, lambda: service.count_as_declared(cast.receiver, carton), None)
    one = (cast.picker, lambda: service.count(cast.picker, carton, mug, 30), None)
    assert codes(at_once(fresh_app, [whole, whole])) == ["done", "nothing_left_to_count"]
    with fresh_app.app_context():
        assert (line(carton, mug), line(carton, red)) == ((30, 30, 0, 0, 0), (8, 8, 0, 0, 0))
        carton = deliver(cast.acme, cast.receiver, {MUG: 30, RED: 8}).carton
    assert codes(at_once(fresh_app, [whole, one, whole]))[:2] == ["done", "done"]
    with fresh_app.app_context():
        assert line(carton, red) == (8, 8, 0, 0, 0)
        assert line(carton, mug)[1] in (30, 60)  # the single count came first, or is over


def test_a_whole_carton_and_an_item_of_it_are_put_away_once(cast, fresh_app, books_balance):
    mug = cast.ACME.products[MUG]
    with fresh_app.app_context():
        carton = deliver(cast.acme, cast.receiver, {MUG: 30}).carton
        for step in (service.count_as_declared, service.close_carton):
            step(cast.receiver, carton)
            db.session.commit()
    places = cast.overseas.locations
    jobs = [
        (cast.picker, lambda: service.put_away_all(cast.picker, carton, places["A-01-01-1"]), None),
        (cast.receiver, lambda: service.put_away(cast.receiver, carton, mug, 30, places["A-01-02-1"]), None),
        (cast.receiver, lambda: service.put_away_all(cast.receiver, carton, places["A-01-03-1"]), None),
        (cast.picker, lambda: service.put_away_unopened(cast.picker, carton, places["A-02-01-1"]), None),
    ]
    assert codes(at_once(fresh_app, jobs)) == ["done"] + ["not_allowed_now"] * 3
    with fresh_app.app_context():
        assert (sellable(mug), line(carton, mug)) == (30, (30, 30, 0, 0, 30))


def _switch(cast: Any) -> Any:
    """ACME asks for the batches of its mugs from now on."""
    return lambda: catalog.edit_product(cast.acme, cast.ACME.products[MUG], {"lot_controlled": True}, 1)


@pytest.mark.parametrize("counting", ["guided", "blind"])
@pytest.mark.parametrize("first", ["count", "switch"])
def test_the_first_count_and_a_switch_of_what_is_kept_take_turns(cast, fresh_app, books_balance, first, counting):
    """Whichever comes second knows of the other: no unit is in the book without the batch that its product asks for."""
    with fresh_app.app_context():
        found = deliver(cast.acme, cast.receiver, {MUG: 5})
        service.choose_counting(cast.supervisor, found.booking_id, counting)
        commit()
    count = (cast.receiver, lambda: service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 5))
    switch = (cast.acme, _switch(cast))
    (actor, use_case), (other, then) = (count, switch) if first == "count" else (switch, count)
    done, go_on = Event(), Event()

    def hold() -> None:
        use_case()
        done.set()
        assert go_on.wait(30)

    with ThreadPoolExecutor(2) as pool:
        begun = pool.submit(run, fresh_app, actor, "test", hold)
        assert done.wait(30)
        second = pool.submit(run, fresh_app, other, "test", then)
        with fresh_app.app_context():
            while not second.done() and not _somebody_waits():
                pass
        go_on.set()
    assert isinstance(begun.result(), Done)
    told = second.result()
    assert not isinstance(told, Done)
    assert [told.code, *(each["code"] for each in told.errors)] == (
        ["invalid_input", "control_in_stock"] if first == "count" else ["lot_required"]
    )


def _somebody_waits() -> bool:
    """For a lock that another transaction holds."""
    with db.engine.connect() as connection:
        return bool(connection.execute(text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")).scalar())
